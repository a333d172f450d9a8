// SPDX-License-Identifier: Apache-2.0
// Names of files that others chose, made harmless: to show, and to suggest when one is saved.
#pragma once

#include <string>
#include <string_view>

namespace godwit::transfer {

/// What file systems take (255), with room for what a program may hang on.
inline constexpr std::size_t harmless_name_bytes_max = 200;

/// One component of a path on any system, never empty: what stands before the last / or \ is gone; bytes that are no
/// UTF-8, controls, characters that turn or hide text, and <>:"|?* become _; no leading dot or space, no trailing one,
/// no name that Windows keeps for devices; cut to harmless_name_bytes_max before the suffix. Of a harmless name,
/// itself.
[[nodiscard]] std::string harmless_name(std::string_view name);

} // namespace godwit::transfer
