// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/framing.hpp"

#include "lib/base/check.hpp"

namespace godwit::tls {
namespace {

std::uint32_t read_head(const std::uint8_t* at) noexcept
{
    return (std::uint32_t{at[0]} << 24) | (std::uint32_t{at[1]} << 16) | (std::uint32_t{at[2]} << 8) |
           std::uint32_t{at[3]};
}

} // namespace

std::array<std::uint8_t, frame_head_bytes> frame_head(std::uint32_t value) noexcept
{
    return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

void append_frame(Bytes& out, BytesView frame)
{
    GODWIT_ASSERT(frame.size() <= port::frame_bytes_max);
    append(out, frame_head(static_cast<std::uint32_t>(frame.size())));
    append(out, frame);
}

FrameAssembler::Outcome FrameAssembler::feed(BytesView chunk, FrameSink& sink)
{
    const auto take = [&](std::size_t wanted_total) {
        const std::size_t n = std::min(wanted_total - held_.size(), chunk.size());
        append(held_, chunk.first(n));
        chunk = chunk.subspan(n);
    };
    while (!chunk.empty()) {
        // The head: in place when it is whole, else gathered.
        std::uint32_t length = 0;
        if (held_.empty() && chunk.size() >= frame_head_bytes) {
            length = read_head(chunk.data());
        } else {
            if (held_.size() < frame_head_bytes) take(frame_head_bytes);
            if (held_.size() < frame_head_bytes) return Outcome::fed;
            length = read_head(held_.data());
        }
        const bool in_place = held_.empty();
        if (length > port::frame_bytes_max) {
            if (!sink.control(length)) return Outcome::malformed;
            if (in_place) chunk = chunk.subspan(frame_head_bytes);
            held_.clear();
            continue;
        }
        if (length > bytes_max_) return Outcome::malformed;
        // The payload: likewise.
        const std::size_t whole = frame_head_bytes + length;
        if (in_place && chunk.size() >= whole) {
            const BytesView frame = chunk.subspan(frame_head_bytes, length);
            chunk = chunk.subspan(whole);
            if (!sink.frame(frame)) return Outcome::stopped;
            continue;
        }
        take(whole);
        if (held_.size() < whole) return Outcome::fed;
        const Bytes frame = std::exchange(held_, Bytes());
        if (!sink.frame(BytesView(frame).subspan(frame_head_bytes))) return Outcome::stopped;
    }
    return Outcome::fed;
}

} // namespace godwit::tls
