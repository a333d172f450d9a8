// SPDX-License-Identifier: Apache-2.0
// Private to daemon: a TOML document as text.
#pragma once

#include <sstream>
#include <string>
#include <toml++/toml.h>

namespace godwit::relay {

/// Every text in quotes, on one line: of three quotes in a row within a longer form toml++ 3.3 writes what nobody
/// reads.
[[nodiscard]] inline std::string toml_text(const toml::table& table)
{
    using toml::format_flags;
    constexpr auto flags = toml::toml_formatter::default_flags &
                           ~(format_flags::allow_literal_strings | format_flags::allow_multi_line_strings);
    std::ostringstream out;
    out << toml::toml_formatter(table, flags) << '\n';
    return out.str();
}

[[nodiscard]] inline std::string node_text(const toml::node& node)
{
    toml::table out;
    node.visit([&](const auto& one) { out.insert("value", one); });
    return toml_text(out);
}

} // namespace godwit::relay
