// SPDX-License-Identifier: Apache-2.0
// One other device in a call: its pipeline::Session and what goes with it. The media thread's.
#pragma once

#include "lib/port/media.hpp"
#include "media/host/level.hpp"
#include "media/pipeline/session.hpp"

#include <array>
#include <deque>

namespace godwit::media_host {

/// What a call gives to the loop. Called on the media thread; short, never waits for anybody.
class Out {
public:
    /// False: dropped, because nobody fetches.
    virtual bool datagram(std::uint64_t link, Bytes bytes) = 0;
    virtual void report(const CallId& call, port::MediaReport report) = 0;

protected:
    ~Out() = default;
};

/// Random, for one session: where its counters begin, and which stream it is among those of its device.
using PeerEntropy = std::array<std::uint8_t, 20>;

/// What is said of concealment is said of so many reports: how it goes now, not how it went an hour ago.
inline constexpr std::size_t concealed_over_reports = 10;

class Peer {
public:
    struct Config {
        CallId call;
        DeviceId device;
        bool in_group = false; ///< Then reports name the device.
        bool offerer = false;
        CallMedia theirs;
        int fps = 30;
        codec::VideoCodec video_codec = codec::VideoCodec::vp8; ///< Wished; who does not take it gets VP8.
        PeerEntropy entropy{};
    };
    /// `keys`: of the newest epochs, the oldest first; not empty. Errors: internal, those of pipeline::Session::create.
    [[nodiscard]] static Result<std::unique_ptr<Peer>>
    create(const Config& config, const std::vector<port::CallKeys>& keys, Out& out, Instant now);

    void keys(const port::CallKeys& keys, Instant now);
    void way(std::uint64_t link, Instant now);
    void parts(const CallMedia& own, const CallMedia& theirs);
    void files(bool under_way);

    void receive(BytesView datagram, Instant now);
    /// 10 ms of this device, as it is to be heard there. Errors: those of the session.
    [[nodiscard]] Result<void> push_audio(media::PcmView samples, Instant now);
    [[nodiscard]] Result<void> push_picture(const media::PictureView& picture, Instant now);
    /// 10 ms of that device.
    [[nodiscard]] media::Pcm pull_audio(Instant now);
    [[nodiscard]] std::optional<pipeline::VideoReceiver::Shown> next_picture(Instant now)
    {
        return session_->next_picture(now);
    }
    void tap_video(pipeline::VideoReceiver::Tap tap) { session_->tap_video(std::move(tap)); }

    /// What leaves now, and what the engine is told.
    void send(Instant now);
    void look(Instant now);
    /// Once a second. `level_in_db`: of what this device says; `dropped_in`: before they came here.
    void report(double level_in_db, std::uint64_t dropped_in, Instant now);
    [[nodiscard]] Instant deadline() const noexcept;
    [[nodiscard]] const DeviceId& device() const noexcept { return config_.device; }

private:
    Peer(const Config& config, Out& out) : config_(config), out_(out) {}
    [[nodiscard]] DeviceId named() const { return config_.in_group ? config_.device : DeviceId{}; }
    void wish();
    /// The share that had to be made up, 0 to 1, of the last concealed_over_reports; what nobody was to send is none of
    /// it.
    [[nodiscard]] double concealed_lately(const jitter::AudioStatistics& now);

    Config config_;
    Out& out_;
    std::unique_ptr<pipeline::Session> session_;
    CallMedia own_;
    std::uint64_t link_ = 0;
    bool had_way_ = false, files_ = false, flows_ = false;
    Instant heard_{}, doubted_{};
    std::optional<Instant> use_newest_at_;
    std::uint64_t sent_ = 0, received_ = 0, dropped_ = 0, sent_bytes_ = 0;
    Level level_out_;
    struct Sound { // samples
        std::int64_t played = 0, concealed = 0;
    };
    Sound sound_before_;
    std::deque<Sound> sound_; ///< Of one report each.
};

} // namespace godwit::media_host
