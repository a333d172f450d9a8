// SPDX-License-Identifier: Apache-2.0
// What others chose, made harmless: names to show, and to suggest when a file is saved.
#pragma once

#include <string>
#include <string_view>

namespace godwit {

/// What file systems take (255), with room for what a program may hang on.
inline constexpr std::size_t harmless_name_bytes_max = 200;

/// One component of a path on any system, never empty: what stands before the last / or \ is gone; bytes that are no
/// UTF-8, controls, characters that turn or hide text, and <>:"|?* become _; no leading dot or space, no trailing one,
/// no name that Windows keeps for devices; cut to harmless_name_bytes_max before the suffix. Of a harmless name,
/// itself.
[[nodiscard]] std::string harmless_name(std::string_view name);

/// A name that is shown in a line, as of a group: line breaks and tabs become spaces; bytes that are no UTF-8, other
/// controls, and characters that turn or hide text become _. No longer than it was. Of a harmless line, itself.
[[nodiscard]] std::string harmless_line(std::string_view text);
[[nodiscard]] inline bool is_harmless_line(std::string_view text)
{
    return harmless_line(text) == text;
}

/// An address that opens something elsewhere: a scheme (RFC 3986; an app's own is one), no control or direction
/// character and no space; not one that runs or reads what is here (javascript, data, file …). Empty is harmless.
[[nodiscard]] bool is_harmless_url(std::string_view url);

/// Printable ASCII without spaces, or application/octet-stream; empty stays empty.
[[nodiscard]] std::string harmless_media_type(std::string_view type);

} // namespace godwit
