// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace godwit::relay {

/// "1.2.3" as numbers; what follows the last number ("-rc1", "+git") does not count. nullopt when there is no number.
[[nodiscard]] inline std::optional<std::vector<std::uint32_t>> parse_version(std::string_view text)
{
    std::vector<std::uint32_t> out;
    for (;;) {
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc()) break;
        out.push_back(number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (!text.starts_with('.')) break;
        text.remove_prefix(1);
    }
    if (out.empty()) return std::nullopt;
    while (out.size() > 1 && out.back() == 0)
        out.pop_back(); // 1.2 is 1.2.0
    return out;
}

/// True when `version` is older than `than`. A version that says nothing is older than any; `than` empty: nothing is
/// older.
[[nodiscard]] inline bool is_older(std::string_view version, std::string_view than)
{
    const auto right = parse_version(than);
    if (!right) return false;
    const auto left = parse_version(version);
    return !left || *left < *right;
}

} // namespace godwit::relay
