// SPDX-License-Identifier: Apache-2.0
#include "media/host/devices.hpp"

#include "media/host/names.hpp"

namespace godwit::media_host {

namespace {

constexpr std::size_t step_samples = 10 * media::samples_per_ms;

/// As long as so much sound takes.
Duration lasting(std::size_t samples)
{
    return std::chrono::microseconds(static_cast<std::int64_t>(samples) * 1000 / media::samples_per_ms);
}

} // namespace

Result<std::unique_ptr<Devices>> Devices::open(const CallDevices& names)
{
    if (auto fine = check_names(names); !fine) return fine.error();
    std::unique_ptr<Devices> out(new Devices);
    out->video_codec_ = names.video_codec;
    out->of_app_ = {names.audio_source == "app", names.audio_sink == "app", names.video_source == "app"};
    if (auto opened = out->open_pictures(names); !opened) return opened.error();
    if (auto opened = out->open_sound(names); !opened) return opened.error();
    return out;
}

Result<void> Devices::open_sound(const CallDevices& names)
{
    const auto microphone = of_machine(names.audio_source, "sound"),
               loudspeaker = of_machine(names.audio_sink, "sound");
    if (names.audio_source == "app" || microphone) {
        audio_in_ = From::app;
    } else if (names.audio_source == "tone") {
        audio_in_ = From::made;
    } else if (names.audio_source != "none") {
        auto opened = pipeline::SoundReader::open(names.audio_source);
        if (!opened) return about("audio_source", names.audio_source, opened.error());
        sound_.emplace(std::move(*opened));
        audio_in_ = From::file;
    }
    audio_to_app_ = names.audio_sink == "app" || loudspeaker;
    if (!is_word(names.audio_sink) && !loudspeaker) {
        auto made = pipeline::SoundWriter::create(names.audio_sink);
        if (!made) return about("audio_sink", names.audio_sink, made.error());
        sound_out_.emplace(std::move(*made));
    }
    if (names.processed.value_or(microphone.has_value())) {
        auto made = codec::AudioProcessing::create({});
        if (!made) return made.error();
        processing_.emplace(std::move(*made));
    }
    if (!microphone && !loudspeaker) return {};
    auto opened = device::open_sound(
        {microphone, loudspeaker, [this](media::PcmView samples) { app_.audio_in.write(samples); },
         [this](std::span<std::int16_t> samples) {
             const auto had = app_.audio_out.read(samples);
             std::fill(samples.begin() + static_cast<std::ptrdiff_t>(had), samples.end(), std::int16_t{0});
         }});
    if (!opened)
        return about(microphone ? "audio_source" : "audio_sink", microphone ? names.audio_source : names.audio_sink,
                     opened.error());
    machine_sound_ = std::move(*opened);
    return {};
}

Result<void> Devices::open_pictures(const CallDevices& names)
{
    const auto camera = of_machine(names.video_source, "camera");
    if (names.video_source == "app" || camera) {
        video_in_ = From::app;
    } else if (names.video_source == "pattern") {
        video_in_ = From::made;
    } else if (names.video_source != "none") {
        auto opened = pipeline::Y4mReader::open(names.video_source);
        if (!opened) return about("video_source", names.video_source, opened.error());
        fps_ = opened->fps();
        y4m_.emplace(std::move(*opened));
        y4m_path_ = names.video_source;
        video_in_ = From::file;
    }
    video_to_app_ = names.video_sink == "app";
    if (!is_word(names.video_sink)) video_sink_ = names.video_sink;
    if (!camera) return {};
    device::CameraConfig config;
    config.name = *camera;
    config.fps = pattern_fps;
    config.captured = [this](media::Picture picture) {
        const std::lock_guard lock(app_.mutex);
        app_.picture_in = std::move(picture);
    };
    auto opened = device::open_camera(std::move(config), device::system_v4l2());
    if (!opened) return about("video_source", names.video_source, opened.error());
    camera_ = std::move(*opened);
    fps_ = camera_->fps();
    return {};
}

void Devices::close()
{
    camera_.reset();
    machine_sound_.reset();
    sinks_.clear();
    sound_out_.reset();
    sound_.reset();
    y4m_.reset();
}

media::Pcm Devices::read_raw()
{
    media::Pcm out;
    switch (audio_in_) {
    case From::none: break;
    case From::made: return tone_.read(step_samples);
    case From::app: {
        // What waits longer than that was captured too fast, or before anybody listened.
        if (app_.audio_in.held() > static_cast<std::size_t>(2 * ring_kept_ms * media::samples_per_ms))
            app_.audio_in.drop_to(static_cast<std::size_t>(ring_kept_ms * media::samples_per_ms));
        out.resize(step_samples);
        out.resize(app_.audio_in.read(out));
        break;
    }
    case From::file: {
        auto read = sound_->read(step_samples);
        if (read)
            out = std::move(*read);
        else
            trouble_ = read.error();
        if (out.empty()) audio_in_ = From::none; // the end, or no further
        break;
    }
    }
    out.resize(step_samples);
    return out;
}

media::Pcm Devices::read_audio()
{
    auto out = read_raw();
    if (!processing_) return out;
    // What was rendered last is heard when the rings and the devices have let it through.
    Duration delay = lasting(app_.audio_in.held() + (audio_to_app_ ? app_.audio_out.held() : 0));
    if (machine_sound_) delay += machine_sound_->latency();
    processing_->set_delay(delay);
    processing_->capture(out);
    return out;
}

void Devices::write_audio(media::PcmView samples)
{
    if (processing_) processing_->render(samples);
    if (audio_to_app_) app_.audio_out.write(samples);
    if (!sound_out_) return;
    if (auto written = sound_out_->write(samples); !written) {
        trouble_ = written.error();
        sound_out_.reset();
    }
}

std::optional<media::Picture> Devices::read_picture()
{
    switch (video_in_) {
    case From::none: break;
    case From::made: return pattern_.read();
    case From::app: {
        const std::lock_guard lock(app_.mutex);
        return std::exchange(app_.picture_in, std::nullopt);
    }
    case From::file: {
        for (int again = 0; again < 2; ++again) {
            auto read = y4m_->read();
            if (read && *read) return std::move(**read);
            auto anew = pipeline::Y4mReader::open(y4m_path_);
            if (!read) trouble_ = read.error();
            if (!read || !anew) break;
            y4m_.emplace(std::move(*anew));
        }
        video_in_ = From::none;
        break;
    }
    }
    return std::nullopt;
}

VideoSink* Devices::sink_of(const DeviceId& from)
{
    const auto at = sinks_.find(from);
    if (at != sinks_.end()) return &at->second;
    if (sinks_.size() >= video_sinks_max) return nullptr;
    return &sinks_.emplace(from, VideoSink(name_for(video_sink_, from))).first->second;
}

void Devices::note(const Result<void>& result)
{
    if (!result && !trouble_) trouble_ = result.error();
}

void Devices::write_picture(const DeviceId& from, media::Picture picture)
{
    if (!video_sink_.empty() && !wants_frames())
        if (auto* sink = sink_of(from)) note(sink->write(picture));
    if (!video_to_app_) return;
    const std::lock_guard lock(app_.mutex);
    if (app_.pictures_out.size() < video_sinks_max || app_.pictures_out.contains(from))
        app_.pictures_out.insert_or_assign(from, std::move(picture));
}

void Devices::write_frame(const DeviceId& from, codec::VideoCodec codec, BytesView frame, std::int64_t timestamp,
                          int width, int height)
{
    if (!wants_frames()) return;
    if (auto* sink = sink_of(from)) note(sink->write(codec, frame, timestamp, width, height));
}

void Devices::forget(const DeviceId& from)
{
    const std::lock_guard lock(app_.mutex);
    app_.pictures_out.erase(from);
}

std::optional<Error> Devices::trouble()
{
    if (!trouble_ && machine_sound_) trouble_ = machine_sound_->trouble();
    if (!trouble_ && camera_) trouble_ = camera_->trouble();
    return std::exchange(trouble_, std::nullopt);
}

} // namespace godwit::media_host
