// SPDX-License-Identifier: Apache-2.0
// base: the words the core adds to the public ones. Byte strings, checks, bounded queues, time.
// No room below this one; nothing here does I/O.
#pragma once

#include <godwit/ids.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

[[nodiscard]] inline BytesView as_bytes(std::string_view text) noexcept
{
    return BytesView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

[[nodiscard]] inline std::string_view as_text(BytesView bytes) noexcept
{
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

[[nodiscard]] inline Bytes to_bytes(BytesView view)
{
    return Bytes(view.begin(), view.end());
}

inline void append(Bytes& out, BytesView more)
{
    out.insert(out.end(), more.begin(), more.end());
}

/// Lower-case hexadecimal, two characters a byte.
[[nodiscard]] std::string to_hex(BytesView bytes);
/// nullopt on an odd length or a character outside [0-9a-fA-F].
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
/// URL-safe base64 without padding (RFC 4648 section 5): how keys are printed in relay addresses.
[[nodiscard]] std::string to_base64url(BytesView bytes);
/// nullopt on any character outside the alphabet, padding, or non-zero trailing bits.
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);
/// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

} // namespace godwit
