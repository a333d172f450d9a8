// SPDX-License-Identifier: Apache-2.0
#include "media/codec/stream_header.hpp"

namespace godwit::codec {

namespace {

/// RFC 6386 section 9.1: a frame tag of three bytes; of a keyframe a start code and the size follow.
std::optional<StreamHeader> read_vp8(BytesView frame)
{
    if (frame.size() < 3) return std::nullopt;
    StreamHeader out;
    out.keyframe = (frame[0] & 1) == 0;
    if (!out.keyframe) return out;
    if (frame.size() < 10 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a) return std::nullopt;
    // 14 bits each; the upper two say how to scale what is shown, which nobody does.
    out.width = frame[6] | (frame[7] & 0x3f) << 8;
    out.height = frame[8] | (frame[9] & 0x3f) << 8;
    if (out.width == 0 || out.height == 0) return std::nullopt;
    return out;
}

class BitReader {
public:
    explicit BitReader(BytesView in) : in_(in) {}
    unsigned bits(unsigned count)
    {
        unsigned out = 0;
        for (unsigned i = 0; i < count; ++i, ++at_) {
            if (at_ / 8 >= in_.size()) {
                ok_ = false;
                return 0;
            }
            out = out << 1 | (in_[at_ / 8] >> (7 - at_ % 8) & 1U);
        }
        return out;
    }
    bool bit() { return bits(1) != 0; }
    [[nodiscard]] bool ok() const noexcept { return ok_; }

private:
    BytesView in_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

/// "A superframe index is present": the last byte has the marker, and so has the index's first one (VP9 bitstream
/// specification, annex B.2).
bool is_superframe(BytesView frame)
{
    const std::uint8_t marker = frame.back();
    if ((marker & 0xe0) != 0xc0) return false;
    const std::size_t frames = static_cast<std::size_t>(marker & 7) + 1,
                      size_bytes = static_cast<std::size_t>(marker >> 3 & 3) + 1;
    const std::size_t index_bytes = 2 + size_bytes * frames;
    return frame.size() >= index_bytes && frame[frame.size() - index_bytes] == marker;
}

bool frame_sync_code(BitReader& in)
{
    return in.bits(24) == 0x498342;
}

/// Section 6.2.2, profile 0: color_space, and color_range except for sRGB, which profile 0 has not.
bool color_config(BitReader& in)
{
    constexpr unsigned srgb = 7;
    if (in.bits(3) == srgb) return false;
    in.bit();
    return true;
}

void frame_size(BitReader& in, StreamHeader& out)
{
    out.width = static_cast<int>(in.bits(16)) + 1;
    out.height = static_cast<int>(in.bits(16)) + 1;
}

/// Section 6.2, uncompressed_header(), up to the size.
std::optional<StreamHeader> read_vp9(BytesView frame)
{
    if (frame.empty() || is_superframe(frame)) return std::nullopt;
    BitReader in(frame);
    StreamHeader out;
    if (in.bits(2) != 2) return std::nullopt; // frame_marker
    const unsigned low = in.bits(1), high = in.bits(1);
    if (low != 0 || high != 0) return std::nullopt; // profile
    out.shows_existing = in.bit();
    if (out.shows_existing) {
        in.bits(3);
        if (!in.ok()) return std::nullopt;
        return out;
    }
    out.keyframe = !in.bit();
    const bool shown = in.bit();
    const bool error_resilient = in.bit();
    if (out.keyframe) {
        if (!frame_sync_code(in) || !color_config(in)) return std::nullopt;
        frame_size(in, out);
    } else {
        const bool intra_only = shown ? false : in.bit();
        if (!error_resilient) in.bits(2); // reset_frame_context
        if (intra_only) {
            if (!frame_sync_code(in)) return std::nullopt;
            in.bits(8); // refresh_frame_flags; profile 0 says nothing of colours here
            frame_size(in, out);
        } else {
            in.bits(8);
            in.bits(3 * 4); // three references, each an index and a sign bias
            bool found = false;
            for (int i = 0; i < 3 && !found; ++i)
                found = in.bit();
            if (!found) frame_size(in, out);
        }
    }
    if (!in.ok()) return std::nullopt;
    return out;
}

} // namespace

std::optional<StreamHeader> read_stream_header(VideoCodec codec, BytesView frame)
{
    return codec == VideoCodec::vp8 ? read_vp8(frame) : read_vp9(frame);
}

} // namespace godwit::codec
