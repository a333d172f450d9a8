// SPDX-License-Identifier: Apache-2.0
// Sources and sinks of one call, by the names in CallDevices. Opened on any thread, used on the media thread.
#pragma once

#include <godwit/call.hpp>
#include <godwit/result.hpp>

#include "media/codec/audio_processing.hpp"
#include "media/device/camera.hpp"
#include "media/device/sound.hpp"
#include "media/host/ring.hpp"
#include "media/host/video_sink.hpp"
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/synthetic.hpp"

#include <map>
#include <mutex>
#include <optional>

namespace godwit::media_host {

/// What an application's sound may be late or early: rings of that length ...
inline constexpr int ring_ms = 200;
/// ... and of what it gives, so much is kept back and no more: two callbacks of 20 ms.
inline constexpr int ring_kept_ms = 60;
/// Of "pattern".
inline constexpr int pattern_width = 640, pattern_height = 360, pattern_fps = 30;
/// Files of pictures that one call makes, and other devices whose newest picture waits for the application.
inline constexpr std::size_t video_sinks_max = 32;

/// What the application, or a device of this machine, and the media thread share.
struct AppSide {
    Ring audio_in{static_cast<std::size_t>(ring_ms * media::samples_per_ms)};
    Ring audio_out{static_cast<std::size_t>(ring_ms * media::samples_per_ms)};
    std::mutex mutex; ///< Of the pictures: the newest each way, nothing else.
    std::optional<media::Picture> picture_in;
    std::map<DeviceId, media::Picture> pictures_out; ///< By whose they are; zero in a call of two.
};

/// Which devices are the application's, and so which of its functions do anything. Where there is a device of the
/// machine its thread is the ring's other end: a ring has one writer and one reader.
struct OfApp {
    bool audio_source = false;
    bool audio_sink = false;
    bool video_source = false;
};

class Devices {
public:
    /// Errors: no_such_file, invalid_argument, unsupported: which one, and why.
    [[nodiscard]] static Result<std::unique_ptr<Devices>> open(const CallDevices& names);

    /// 10 ms of sound to be sent.
    [[nodiscard]] media::Pcm read_audio();
    /// 10 ms that are played.
    void write_audio(media::PcmView samples);
    /// A picture to be sent, when it is time for one at `fps()`.
    [[nodiscard]] std::optional<media::Picture> read_picture();
    [[nodiscard]] int fps() const noexcept { return fps_; }
    /// That pictures should be sent in.
    [[nodiscard]] codec::VideoCodec video_codec() const noexcept { return video_codec_; }
    /// `from`: zero in a call of two.
    void write_picture(const DeviceId& from, media::Picture picture);
    /// The frame that a picture was made of, as it came. `timestamp`: 90 kHz.
    [[nodiscard]] bool wants_frames() const noexcept { return is_ivf(video_sink_); }
    void write_frame(const DeviceId& from, codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width,
                     int height);
    /// That device is not in the call any more. Its file stays open, should it come back.
    void forget(const DeviceId& from);

    /// Files are whole afterwards, and the machine's devices are let go. Their threads and the media thread have to be
    /// done with the rest; app() stays, for threads of the application that are in it.
    void close();

    [[nodiscard]] AppSide& app() noexcept { return app_; }
    /// Any thread: never changes.
    [[nodiscard]] const OfApp& of_app() const noexcept { return of_app_; }
    /// Pictures come when somebody else has taken them.
    [[nodiscard]] bool app_pictures() const noexcept { return video_in_ == From::app; }
    /// The first that went wrong since it was asked last.
    [[nodiscard]] std::optional<Error> trouble();

private:
    /// app: by its ring or slot, also what a microphone or camera brings there.
    enum class From : std::uint8_t { none, app, made, file };
    Devices() = default;
    [[nodiscard]] Result<void> open_sound(const CallDevices& names);
    [[nodiscard]] Result<void> open_pictures(const CallDevices& names);
    [[nodiscard]] media::Pcm read_raw();
    [[nodiscard]] VideoSink* sink_of(const DeviceId& from);
    void note(const Result<void>& result);

    From audio_in_ = From::none, video_in_ = From::none;
    bool audio_to_app_ = false, video_to_app_ = false;
    OfApp of_app_;
    AppSide app_;
    pipeline::Tone tone_;
    std::optional<pipeline::SoundReader> sound_;
    std::optional<pipeline::SoundWriter> sound_out_;
    std::optional<codec::AudioProcessing> processing_;
    pipeline::Pattern pattern_{pattern_width, pattern_height};
    std::string y4m_path_; ///< To begin anew.
    std::optional<pipeline::Y4mReader> y4m_;
    int fps_ = pattern_fps;
    codec::VideoCodec video_codec_ = codec::VideoCodec::vp8;
    std::string video_sink_; ///< A file; empty: none.
    std::map<DeviceId, VideoSink> sinks_;
    std::optional<Error> trouble_;
    // Last: their threads use what stands above.
    std::unique_ptr<device::Sound> machine_sound_;
    std::unique_ptr<device::Camera> camera_;
};

} // namespace godwit::media_host
