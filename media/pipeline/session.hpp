// SPDX-License-Identifier: Apache-2.0
// The media of one call between two devices. Who owns it calls it from one thread at a time, with a time that never
// goes back; it keeps what it is given and gives what it owns, and refers to nobody.
//
//   every 10 ms    push_audio(), pull_audio()
//   every picture  push_picture()
//   a datagram     receive(), then next_picture() until there is none
//   afterwards     next_datagram() until there is none; again at deadline()
#pragma once

#include "media/pipeline/statistics.hpp"
#include "media/rate/pacer.hpp"
#include "media/rate/send_rate.hpp"

#include <array>
#include <memory>

namespace godwit::pipeline {

/// Flow identifiers of RTP over QUIC: one for a call's media.
inline constexpr std::uint64_t media_flow = 2;

struct SessionConfig {
    /// Of this device: ssrc of its sound is this, of its pictures one more, of their parity and of padding two more.
    /// The other device has others.
    std::uint32_t ssrc = 0;
    std::uint32_t peer_ssrc = 0;
    /// 12 random bytes: where counters begin.
    std::array<std::uint8_t, 12> entropy{};
    VideoConfig video;
    rate::Wishes wishes;
    std::size_t overhead_bytes = 60; ///< Of QUIC, UDP and IP around a datagram.
};

class Session {
public:
    /// `sealing` has its first epoch. Errors: invalid_argument (the same ssrc twice), those of the codecs.
    [[nodiscard]] static Result<std::unique_ptr<Session>> create(const SessionConfig& config, Sealing sealing,
                                                                 Instant now);

    /// Keys of the next epoch of the conversation's group.
    [[nodiscard]] Sealing& sealing() noexcept { return sealing_; }
    /// Mono. Errors: internal.
    [[nodiscard]] Result<void> push_audio(media::PcmView samples, Instant now);
    /// Errors: those of codec::VideoEncoder. Pictures are left out when the path does not pay for them.
    [[nodiscard]] Result<void> push_picture(const media::PictureView& picture, Instant now);
    /// 10 ms, always.
    [[nodiscard]] jitter::AudioBuffer::Pulled pull_audio(Instant now) { return audio_in_->pull(now); }
    [[nodiscard]] std::optional<VideoReceiver::Shown> next_picture(Instant now) { return video_in_.next(now); }

    /// Of the pictures that come, the frames as they were coded.
    void tap_video(VideoReceiver::Tap tap) { video_in_.set_tap(std::move(tap)); }

    /// A datagram of the peer link. Total; what is not of this call is ignored.
    void receive(BytesView datagram, Instant now);
    /// What leaves now, in order.
    [[nodiscard]] std::optional<Bytes> next_datagram(Instant now);
    [[nodiscard]] Instant deadline() const noexcept;
    void path_changed(Instant now) { rate_.path_changed(now); }
    void set_wishes(const rate::Wishes& wishes);
    /// Whether the pictures are of a screen: text and edges, rather than motion. The next one is a keyframe.
    void set_screen(bool screen) { video_out_.set_screen(screen); }
    /// Of pictures that are sent. The next one after a change is a keyframe.
    void set_video_codec(codec::VideoCodec codec) { video_out_.set_codec(codec); }

    [[nodiscard]] Statistics statistics(Instant now);

private:
    Session(const SessionConfig& config, Sealing sealing, Instant now);
    void on_rtcp(BytesView packet, Instant now);
    void apply_rate();
    void make_feedback(Instant now);
    void make_reports(Instant now);
    void ask(Instant now);
    [[nodiscard]] Bytes number(Bytes packet, Instant now);

    SessionConfig config_;
    Sealing sealing_;
    rate::Wishes wishes_;
    std::optional<AudioSender> audio_out_;
    std::unique_ptr<AudioReceiver> audio_in_;
    VideoSender video_out_;
    VideoReceiver video_in_;
    rate::SendRate rate_;
    rate::Pacer pacer_;
    rate::Shares shares_;
    rtp::FeedbackBuilder feedback_;
    rtp::FeedbackReader feedback_reader_;
    std::deque<Bytes> control_; ///< RTCP, which waits for nobody.
    std::int64_t next_number_ = 0;
    Duration round_trip_ = std::chrono::milliseconds(100);
    Instant feedback_at_, reports_at_;
};

} // namespace godwit::pipeline
