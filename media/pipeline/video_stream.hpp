// SPDX-License-Identifier: Apache-2.0
// Pictures: to packets, and back.
#pragma once

#include "media/codec/video.hpp"
#include "media/jitter/frame_buffer.hpp"
#include "media/jitter/nack_list.hpp"
#include "media/pipeline/audio_stream.hpp"
#include "media/pipeline/ladder.hpp"
#include "media/pipeline/protection.hpp"

#include <functional>
#include <utility>

namespace godwit::pipeline {

inline constexpr std::uint32_t video_clock_hz = 90'000;
/// Packets kept for repetition: a second and a half at 8 Mbit/s.
inline constexpr std::size_t video_history_max = 1'500;
/// A packet is repeated so often, and not within a round trip of the last time.
inline constexpr int repetitions_max = 4;

struct VideoConfig {
    codec::VideoCodec codec = codec::VideoCodec::vp8;
    int temporal_layers = 2;
    int fps = 30; ///< At which pictures come.
    int threads = 1;
    bool screen = false;
};

class VideoSender {
public:
    VideoSender(const StreamStart& start, const VideoConfig& config, Sealing& sealing)
        : start_(start), config_(config), sealing_(sealing), first_timestamp_(start.timestamp)
    {
    }

    /// A picture taken at `now`. Its packets, not yet numbered; none when it was left out (rate, ladder). Errors: those
    /// of codec::VideoEncoder.
    [[nodiscard]] Result<std::vector<Bytes>> capture(const media::PictureView& picture, Instant now);
    void set_rate(double bps) noexcept { bps_ = bps; }
    void request_keyframe() noexcept { keyframe_wanted_ = true; }
    /// Text and edges, rather than motion: coded and made smaller otherwise. A change is a keyframe.
    void set_screen(bool screen) noexcept
    {
        if (std::exchange(config_.screen, screen) == screen) return;
        encoder_.reset();
        rung_ = {};
    }
    /// A change is a keyframe.
    void set_codec(codec::VideoCodec codec) noexcept
    {
        if (std::exchange(config_.codec, codec) != codec) encoder_.reset();
    }
    [[nodiscard]] codec::VideoCodec codec() const noexcept { return config_.codec; }
    /// As protection_for().
    void set_protection(int group) noexcept { protection_ = group; }
    /// Packets to repeat. What is not known any more is left out.
    [[nodiscard]] std::vector<Bytes> repeat(const std::vector<std::uint16_t>& numbers, Duration round_trip,
                                            Instant now);
    /// A packet of about so many bytes that carries nothing, on the stream of the parity: who gets it says that it
    /// came.
    [[nodiscard]] Bytes padding(std::size_t bytes, Instant now);
    [[nodiscard]] std::uint32_t timestamp_at(Instant now) const noexcept;
    [[nodiscard]] std::uint32_t ssrc() const noexcept { return start_.ssrc; }
    [[nodiscard]] std::uint32_t packets() const noexcept { return packets_; }
    [[nodiscard]] std::uint32_t octets() const noexcept { return octets_; }
    [[nodiscard]] const Rung& rung() const noexcept { return rung_; }

private:
    [[nodiscard]] Result<void> prepare(const Rung& rung);
    [[nodiscard]] std::vector<Bytes> packets_of(const codec::EncodedFrame& frame, std::uint32_t timestamp, Instant now);

    StreamStart start_;
    VideoConfig config_;
    Sealing& sealing_;
    std::uint32_t first_timestamp_;
    std::optional<codec::VideoEncoder> encoder_;
    Rung rung_;
    double bps_ = 300'000, encoder_bps_ = 0;
    bool keyframe_wanted_ = true;
    int protection_ = 0;
    std::uint16_t parity_number_ = 0;
    std::optional<Instant> first_at_;
    Instant last_at_{}, made_at_{}; ///< Given to the encoder; come out of it, or given to a new one.
    Instant rung_since_{};
    std::uint16_t picture_id_ = 0;
    std::uint8_t tl0_pic_idx_ = 0;
    struct Kept {
        Bytes packet;
        int repeated = 0;
        Instant last;
    };
    std::map<std::int64_t, Kept> history_;
    rtp::SequenceUnwrapper numbers_;
    std::uint32_t packets_ = 0, octets_ = 0;
};

struct VideoStatistics {
    std::uint64_t shown = 0, refused = 0; ///< Pictures; frames that did not open or decode.
    std::uint64_t freezes = 0;            ///< Gaps of more than freeze_min between two pictures.
    Duration frozen{};                    ///< All of them together.
    std::uint64_t repaired = 0;           ///< Packets that were lost, and made anew from what was sent beside them.
    int width = 0, height = 0;
    codec::VideoCodec codec = codec::VideoCodec::vp8; ///< Of what comes.
    jitter::FrameStatistics frames;
    jitter::NackStatistics nacks;
};
inline constexpr Duration freeze_min = std::chrono::milliseconds(250);

class VideoReceiver {
public:
    VideoReceiver(std::uint32_t ssrc, Sealing& sealing)
        : ssrc_(ssrc), sealing_(sealing), reception_(ssrc, video_clock_hz)
    {
    }

    /// `whole`: what `packet` was decoded from.
    void receive(const rtp::Packet& packet, BytesView whole, Instant now);
    void receive_parity(const rtp::Packet& packet, Instant now);
    struct Shown {
        media::Picture picture;
        std::int64_t timestamp = 0; ///< Unwrapped.
    };
    /// Told of each frame that was decoded, as it was coded. `timestamp`: unwrapped.
    using Tap =
        std::function<void(codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width, int height)>;
    void set_tap(Tap tap) { tap_ = std::move(tap); }
    /// The next picture; ask until there is none.
    [[nodiscard]] std::optional<Shown> next(Instant now);
    struct Ask {
        std::vector<std::uint16_t> sequence_numbers;
        bool keyframe = false;
    };
    [[nodiscard]] Ask poll(Instant now);
    [[nodiscard]] Instant deadline() const noexcept;
    void set_round_trip(Duration round_trip);
    [[nodiscard]] VideoStatistics statistics() const noexcept;
    [[nodiscard]] rtp::Reception& reception() noexcept { return reception_; }

private:
    [[nodiscard]] std::optional<media::Picture> decode(const jitter::VideoFrame& frame);
    /// False: it makes no sense.
    bool take(const rtp::Packet& packet, Instant now);
    void take_repaired(const std::vector<Bytes>& packets, Instant now);

    std::uint32_t ssrc_;
    Sealing& sealing_;
    Repair repair_;
    rtp::Reception reception_;
    rtp::SequenceUnwrapper sequence_;
    rtp::TimestampUnwrapper timestamp_;
    jitter::FrameBuffer frames_;
    jitter::NackList nacks_;
    codec::VideoCodec codec_ = codec::VideoCodec::vp8;
    std::int64_t newest_ = 0; ///< Sequence number.
    std::optional<codec::VideoDecoder> decoder_;
    std::optional<Instant> last_shown_, stuck_since_;
    VideoStatistics statistics_;
    Tap tap_;
};

} // namespace godwit::pipeline
