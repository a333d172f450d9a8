// SPDX-License-Identifier: Apache-2.0
// Frames on a byte stream: 4 bytes of length, big-endian, then so many bytes. The same on TLS and on a QUIC stream.
//
//   00 00 00 05  68 65 6c 6c 6f        a frame of five bytes
//   ff ff ff ff                        TLS only: are you there?  (control_ping)
//   ff ff ff fe                        TLS only: I am            (control_pong)
#pragma once

#include "lib/port/link.hpp"

#include <algorithm>

namespace godwit::tls {

inline constexpr std::size_t frame_head_bytes = 4;
inline constexpr std::uint32_t control_ping = 0xffffffff;
inline constexpr std::uint32_t control_pong = 0xfffffffe;

/// Appends length and frame. Precondition: at most port::frame_bytes_max.
void append_frame(Bytes& out, BytesView frame);
/// The four bytes of `value`.
[[nodiscard]] std::array<std::uint8_t, frame_head_bytes> frame_head(std::uint32_t value) noexcept;

/// Where the frames go.
class FrameSink {
public:
    /// False stops: the rest of what was fed is dropped, and the assembler is not touched again.
    virtual bool frame(BytesView frame) = 0;
    /// A length above frame_bytes_max. False: malformed.
    virtual bool control(std::uint32_t value) = 0;

protected:
    ~FrameSink() = default;
};

/// Turns chunks of a stream into frames. Holds at most one unfinished frame, and memory only for bytes that really
/// came: a length alone costs nothing.
class FrameAssembler {
public:
    enum class Outcome { fed, stopped, malformed };
    /// A frame that is whole inside `chunk` is delivered without a copy.
    [[nodiscard]] Outcome feed(BytesView chunk, FrameSink& sink);
    /// Longer frames are malformed, from their length on. At first: port::frame_bytes_max, which is the most.
    void limit(std::size_t bytes_max) noexcept { bytes_max_ = std::min(bytes_max, port::frame_bytes_max); }
    [[nodiscard]] std::size_t held_bytes() const noexcept { return held_.size(); }

private:
    std::size_t bytes_max_ = port::frame_bytes_max;
    Bytes held_; ///< Head and payload so far of the unfinished frame.
};

} // namespace godwit::tls
