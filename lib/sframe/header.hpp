// SPDX-License-Identifier: Apache-2.0
// sframe: SFrame (RFC 9605), pure. Media frames are encrypted end to end, so that whoever forwards them cannot open
// them.
//
//   header.hpp         KID and CTR in 1 to 17 bytes
//   cipher_suite.hpp   keys from base keys, and the AEADs
//   frame_key.hpp      one key: the sender's, which counts, and the receiver's, which refuses what it has had
//   mls_keys.hpp       keys of a group call: from the MLS exporter, by epoch and leaf
//
//   encrypt: next CTR -> header -> AEAD(key, salt xor CTR, header || metadata, frame) -> header || ciphertext
//   decrypt: header -> key by KID -> seen that CTR? -> AEAD -> mark the CTR
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace godwit::sframe {

/// Section 4.3. The config byte, KID and CTR of 8 bytes at most.
inline constexpr std::size_t header_bytes_max = 17;

struct Header {
    std::uint64_t kid = 0; ///< Key ID.
    std::uint64_t ctr = 0; ///< Counter.
    friend bool operator==(const Header&, const Header&) = default;
};

[[nodiscard]] Bytes encode_header(const Header& header);

struct ParsedHeader {
    Header header;
    std::size_t size_bytes = 0;
};
/// From the start of `in`, which may go on. nullopt when it is cut short, or longer than it need be: "the value MUST be
/// encoded with the minimum number of bytes".
[[nodiscard]] std::optional<ParsedHeader> decode_header(BytesView in);

} // namespace godwit::sframe
