// SPDX-License-Identifier: Apache-2.0
// What whoever puts a store into a folder needs of it: file_swap, and the homes and daemons above.
#pragma once

#include <godwit/result.hpp>

#include <filesystem>
#include <string>
#include <system_error>

namespace godwit::sqlite {

/// storage_failed: "cannot `what` `path`", and why.
[[nodiscard]] Error cannot(const std::string& what, const std::filesystem::path& path, const std::error_code& why);
/// errno.
[[nodiscard]] std::error_code last_error();
/// Makes names that came or went durable. Always ok on Windows, which has no such call.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

} // namespace godwit::sqlite
