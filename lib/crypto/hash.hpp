// SPDX-License-Identifier: Apache-2.0
// BLAKE2b (RFC 7693), always with a context. Parts are length-prefixed, so ("ab","c") and ("a","bc") differ:
//
//   input = le64(bytes of context) ‖ context ‖ for each part: le64(bytes of part) ‖ part
//
// The personalisation field says which verb it is ("godwit hash 1", "godwit derive 1"); the output length is bound by
// BLAKE2b itself.
#pragma once

#include "lib/crypto/secret.hpp"

#include <initializer_list>
#include <string_view>

namespace godwit::crypto {

using Hash32 = std::array<std::uint8_t, 32>;

/// The collision-resistant name of `parts` in `context`.
[[nodiscard]] Hash32 transcript_hash(std::string_view context, std::initializer_list<BytesView> parts);

/// Fills `out` (16..64 bytes) with a key derived from `key` (32..64 bytes, uniformly random or a Diffie-Hellman value)
/// for `context` and `parts`. Different contexts, parts or lengths give independent keys.
void derive(BytesView key, std::string_view context, std::initializer_list<BytesView> parts,
            std::span<std::uint8_t> out);

/// derive() with 32 bytes out.
[[nodiscard]] SecretArray<32> derive_key(BytesView key, std::string_view context,
                                         std::initializer_list<BytesView> parts);

/// BLAKE2b-256 of `parts` as one string, personalised by `personal` (1..16 bytes): for nodes of hash trees, each kind
/// of which has one length and a personalisation of its own.
[[nodiscard]] Hash32 node_hash(std::string_view personal, std::initializer_list<BytesView> parts);

/// Plain BLAKE2b as RFC 7693 has it: `key` empty or up to 64 bytes, `out` 16..64 bytes. For interoperation and vectors;
/// prefer the verbs above.
void blake2b(BytesView key, BytesView message, std::span<std::uint8_t> out);

} // namespace godwit::crypto
