// SPDX-License-Identifier: Apache-2.0
// Packets of video to frames, frames into the order of decoding. Nothing is given out that refers to a frame that was
// not.
//
//   next number ───────────────────────────────> give out
//   a gap, and the frame is a keyframe ────────> give out, what is older is worth nothing
//   a gap of upper layers only (TL0PICIDX) ────> wait a little for a repetition, then give out
//   any other gap ─────────────────────────────> wait; who asks for repetitions or a keyframe is nack_list.hpp
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

#include <map>
#include <optional>

namespace godwit::jitter {

/// Packets that wait: two seconds at 8 Mbit/s.
inline constexpr std::size_t video_packets_max = 2048;
inline constexpr std::size_t video_bytes_max = std::size_t{4} << 20;
/// A frame has no more of either; what has is no frame.
inline constexpr std::size_t frame_packets_max = 1024;
inline constexpr std::size_t frame_bytes_max = std::size_t{1} << 20;

struct VideoPacket {
    std::int64_t sequence_number = 0; ///< Unwrapped.
    std::int64_t timestamp = 0;       ///< Unwrapped; the same in all packets of a frame.
    bool start_of_frame = false, end_of_frame = false;
    // What the frame marking says, of the frame.
    bool keyframe = false;
    bool layer_sync = false; ///< Refers to layer 0 only.
    int temporal_id = 0;
    std::uint8_t tl0_pic_idx = 0;
    Bytes payload;
};

struct VideoFrame {
    std::int64_t timestamp = 0;
    std::int64_t first_sequence_number = 0, last_sequence_number = 0;
    bool keyframe = false;
    int temporal_id = 0;
    Bytes data;
};

struct FrameStatistics {
    std::uint64_t packets = 0, late = 0, duplicates = 0;
    std::uint64_t frames = 0;     ///< Given out.
    std::uint64_t overflowed = 0; ///< How often everything was dropped for want of room.
};

class FrameBuffer {
public:
    /// False: dropped (late, duplicate). Beyond the bounds everything is dropped, and a keyframe is needed.
    bool insert(VideoPacket packet, Instant now);
    /// The next frame to decode; ask until there is none.
    [[nodiscard]] std::optional<VideoFrame> next(Instant now);

    /// How long a gap of upper layers waits for its repetition.
    void set_round_trip(Duration round_trip) noexcept;
    /// What was given out could not be decoded: begin with a keyframe.
    void need_keyframe();
    /// Nothing can be given out before a keyframe.
    [[nodiscard]] bool needs_keyframe() const noexcept { return !last_; }
    /// Numbers before this one are of no use any more.
    [[nodiscard]] std::int64_t floor() const noexcept { return floor_; }
    /// When next() may say something else without a packet; never when only packets help.
    [[nodiscard]] Instant deadline() const noexcept { return deadline_; }
    [[nodiscard]] const FrameStatistics& statistics() const noexcept { return statistics_; }

private:
    struct Held {
        VideoPacket packet;
        Instant came;
    };
    using Place = std::map<std::int64_t, Held>::iterator;
    struct Last {
        std::int64_t sequence_number;
        std::uint8_t tl0_pic_idx;
    };
    enum class Verdict : std::uint8_t { now, after_a_while, never };

    /// The packet behind the last one of the frame that begins here; nullopt: not whole.
    [[nodiscard]] std::optional<Place> end_of(Place start);
    [[nodiscard]] Verdict judge(const VideoPacket& first) const noexcept;
    [[nodiscard]] VideoFrame give(Place from, Place to);
    void drop_before(std::int64_t sequence_number);

    std::map<std::int64_t, Held> packets_;
    std::size_t bytes_ = 0;
    std::optional<Last> last_; ///< Frame that was given out last.
    std::int64_t floor_ = 0;
    bool any_ = false;
    Duration wait_ = std::chrono::milliseconds(60);
    Instant deadline_ = never;
    FrameStatistics statistics_;
};

} // namespace godwit::jitter
