// SPDX-License-Identifier: Apache-2.0
// Sources and sinks of one call, by the names in CallDevices. Opened on any thread, used on the media thread.
#pragma once

#include <godwit/call.hpp>
#include <godwit/result.hpp>

#include "media/host/ring.hpp"
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/synthetic.hpp"

#include <mutex>
#include <optional>

namespace godwit::media_host {

/// What an application's sound may be late or early: rings of that length ...
inline constexpr int ring_ms = 200;
/// ... and of what it gives, so much is kept back and no more: two callbacks of 20 ms.
inline constexpr int ring_kept_ms = 60;
/// Of "pattern".
inline constexpr int pattern_width = 640, pattern_height = 360, pattern_fps = 30;

/// What the application and the media thread share.
struct AppSide {
    Ring audio_in{static_cast<std::size_t>(ring_ms * media::samples_per_ms)};
    Ring audio_out{static_cast<std::size_t>(ring_ms * media::samples_per_ms)};
    std::mutex mutex; ///< Of the pictures: the newest each way, nothing else.
    std::optional<media::Picture> picture_in;
    std::optional<media::Picture> picture_out;
};

class Devices {
public:
    /// Errors: no_such_file, invalid_argument: which one, and why.
    [[nodiscard]] static Result<std::unique_ptr<Devices>> open(const CallDevices& names);
    /// As open(), and makes nothing.
    [[nodiscard]] static Result<void> check(const CallDevices& names);

    /// 10 ms of sound to be sent.
    [[nodiscard]] media::Pcm read_audio();
    /// 10 ms that are played.
    void write_audio(media::PcmView samples);
    /// A picture to be sent, when it is time for one at `fps()`.
    [[nodiscard]] std::optional<media::Picture> read_picture();
    [[nodiscard]] int fps() const noexcept { return fps_; }
    void write_picture(media::Picture picture);
    /// The frame that a picture was made of, as it came. `timestamp`: 90 kHz.
    [[nodiscard]] bool wants_frames() const noexcept { return !ivf_path_.empty(); }
    void write_frame(codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width, int height);

    /// nullptr: nothing of it is the application's.
    [[nodiscard]] AppSide& app() noexcept { return app_; }
    [[nodiscard]] bool app_pictures() const noexcept { return video_in_ == From::app; }
    /// The first that went wrong since it was asked last.
    [[nodiscard]] std::optional<Error> trouble() { return std::exchange(trouble_, std::nullopt); }

private:
    enum class From : std::uint8_t { none, app, made, file };
    Devices() = default;

    From audio_in_ = From::none, video_in_ = From::none;
    bool audio_to_app_ = false, video_to_app_ = false;
    AppSide app_;
    pipeline::Tone tone_;
    std::optional<pipeline::SoundReader> sound_;
    std::optional<pipeline::SoundWriter> sound_out_;
    pipeline::Pattern pattern_{pattern_width, pattern_height};
    std::string y4m_path_; ///< To begin anew.
    std::optional<pipeline::Y4mReader> y4m_;
    int fps_ = pattern_fps;
    std::optional<pipeline::Y4mWriter> y4m_out_;
    int out_width_ = 0, out_height_ = 0;
    std::string ivf_path_;
    std::optional<pipeline::IvfWriter> ivf_;
    std::int64_t ivf_first_ = 0;
    std::optional<Error> trouble_;
};

} // namespace godwit::media_host
