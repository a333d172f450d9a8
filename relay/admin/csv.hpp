// SPDX-License-Identifier: Apache-2.0
// CSV (RFC 4180) by libcsv: strict about quotes, LF taken for CRLF, spaces around a field without quotes dropped, empty
// lines passed over.
#pragma once

#include <godwit/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::relay::admin {

inline constexpr std::size_t csv_fields_max = 64;      ///< In one record.
inline constexpr std::size_t csv_records_max = 10'001; ///< The header among them.

struct CsvRecord {
    std::size_t line = 0; ///< Where it begins, from 1.
    std::vector<std::string> fields;
};

/// A mark in front (U+FEFF), which spreadsheets write, is dropped. Errors: invalid_argument, "line N: …".
[[nodiscard]] Result<std::vector<CsvRecord>> read_csv(std::string_view text);

} // namespace godwit::relay::admin
