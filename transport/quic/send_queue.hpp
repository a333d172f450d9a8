// SPDX-License-Identifier: Apache-2.0
// Private to this room: bytes of the stream, at stable addresses from send() until the far side acknowledged them.
//
//   acked_ <= written_ <= end_     stream offsets; [acked_, end_) is in memory, [written_, end_) was never sent
#pragma once

#include "lib/base/bytes.hpp"

#include <deque>
#include <memory>

namespace godwit::quic {

class SendQueue {
public:
    void append(BytesView bytes);
    /// The next bytes to send, in up to out.size() pieces. Returns the number of pieces.
    std::size_t peek(std::span<BytesView> out) const;
    /// `count` of the peeked bytes went into a packet.
    void written(std::size_t count) { written_ += count; }
    /// The far side has everything below stream offset `end`.
    void acked(std::uint64_t end);
    [[nodiscard]] std::size_t held_bytes() const noexcept { return static_cast<std::size_t>(end_ - acked_); }
    [[nodiscard]] bool has_unsent() const noexcept { return written_ < end_; }

private:
    struct Chunk {
        std::uint64_t start = 0; ///< Stream offset of bytes[0].
        std::size_t used = 0;
        std::size_t room = 0;
        std::unique_ptr<std::uint8_t[]> bytes;
    };
    std::deque<Chunk> chunks_;
    std::uint64_t acked_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t end_ = 0;
};

} // namespace godwit::quic
