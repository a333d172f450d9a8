// SPDX-License-Identifier: Apache-2.0
// Private to lib/seal: the bytes of a sealed envelope, version 1, and nothing about keys.
//
//   sealed = head ‖ body
//   head   = version 0x01 ‖ slots - 1 (1 byte) ‖ ephemeral X25519 public key (32) ‖ slot × slots
//   slot   = tag (8) ‖ content key, wrapped (48)        strictly ascending as byte strings
//   body   = XChaCha20-Poly1305 of inner, as long as its padding says
//   inner  = signature (64) ‖ generation (8, big-endian) ‖ length of content (4, big-endian) ‖ content ‖ zeroes
//
// One envelope has one spelling: what parses is what format wrote.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace godwit::seal {

inline constexpr std::uint8_t sealed_version = 1;
inline constexpr std::size_t ephemeral_bytes = 32;
inline constexpr std::size_t slot_tag_bytes = 8;
inline constexpr std::size_t slot_wrap_bytes = 32 + 16;
inline constexpr std::size_t slot_bytes = slot_tag_bytes + slot_wrap_bytes;
inline constexpr std::size_t head_fixed_bytes = 1 + 1 + ephemeral_bytes;
inline constexpr std::size_t signature_bytes = 64;
inline constexpr std::size_t inner_fixed_bytes = signature_bytes + 8 + 4;
inline constexpr std::size_t body_tag_bytes = 16;

/// Shortest inner: a receipt and every text of up to about 120 bytes look alike on the wire.
inline constexpr std::size_t inner_bytes_min = 256;

/// `inner_bytes` with its padding: inner_bytes_min, above that the next Padmé length (Nikitin et al., "Reducing
/// Metadata Leakage from Encrypted Files and Communication with PURBs", section 4): at most 12 % more, and log log of
/// the size is all that leaks.
[[nodiscard]] std::size_t padded_bytes(std::size_t inner_bytes) noexcept;

/// Views into the sealed bytes.
struct SealedView {
    BytesView head;
    BytesView ephemeral_key;
    BytesView slots;
    BytesView body;
};
/// nullopt unless version, counts, lengths and order are as format writes them.
[[nodiscard]] std::optional<SealedView> parse_sealed(BytesView sealed) noexcept;

struct InnerView {
    BytesView signature;
    std::uint64_t generation = 0;
    BytesView content;
};
[[nodiscard]] Bytes format_inner(BytesView signature, std::uint64_t generation, BytesView content);
/// nullopt unless lengths and padding are as format_inner writes them.
[[nodiscard]] std::optional<InnerView> parse_inner(BytesView inner) noexcept;

} // namespace godwit::seal
