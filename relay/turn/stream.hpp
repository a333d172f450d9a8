// SPDX-License-Identifier: Apache-2.0
// STUN messages and ChannelData one after another on a TCP connection (RFC 8489 section 6.2.2, RFC 8656 section 12.5):
// both say how long they are in their first four bytes, and end at a multiple of four.
#pragma once

#include "lib/base/bytes.hpp"

#include <functional>

namespace godwit::relay::turn {

/// The longest: ChannelData with 65,535 bytes, and one of padding.
inline constexpr std::size_t stream_message_bytes_max = 4 + 65'536;

/// How long the message that begins with these four bytes is, with its padding. nullopt: it is neither STUN nor
/// ChannelData, and nobody knows where the next one begins.
[[nodiscard]] std::optional<std::size_t> stream_message_bytes(BytesView first_four);

class StreamReader {
public:
    enum class Outcome { fed, stopped, malformed };
    /// Gets one message, ChannelData with its padding; false stops the reader for good.
    using Sink = std::function<bool(BytesView)>;

    /// `bytes_max`: a longer message is malformed. Call with less for those who have shown no credential.
    [[nodiscard]] Outcome feed(BytesView chunk, std::size_t bytes_max, const Sink& sink);
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_.size(); }

private:
    Bytes held_; ///< The beginning of a message.
};

} // namespace godwit::relay::turn
