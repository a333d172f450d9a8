// SPDX-License-Identifier: Apache-2.0
#include "lib/json/get.hpp"

namespace godwit::json {

std::optional<std::uint8_t> choose(Fields& in, std::string_view name, Choices choices, bool needed)
{
    if (!needed && !in.has(name)) return std::nullopt;
    const auto given = in.text(name, "");
    std::string expected;
    for (std::size_t at = 0; at < choices.size(); ++at) {
        if (choices[at].name == given) return choices[at].number;
        if (at > 0) expected += at + 1 == choices.size() ? " or " : ", ";
        expected += choices[at].name;
    }
    in.fail(name, expected);
    return std::nullopt;
}

void missing(Fields& in, std::string_view name, std::string_view expected)
{
    in.fail(name, "given: " + std::string(expected));
}

} // namespace godwit::json
