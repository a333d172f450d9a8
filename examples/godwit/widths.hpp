// SPDX-License-Identifier: Apache-2.0
// How wide text is on a terminal: letters take a column, Chinese characters and emoji two, accents that stand on the
// letter before none. What is no UTF-8 takes a column a byte, as terminals show it.
#pragma once

#include <cstddef>
#include <string_view>

[[nodiscard]] std::size_t columns_of(std::string_view text);
/// The most of it from its beginning, or up to its end, that is no wider than that: whole characters.
[[nodiscard]] std::string_view first_columns(std::string_view text, std::size_t columns);
[[nodiscard]] std::string_view last_columns(std::string_view text, std::size_t columns);
