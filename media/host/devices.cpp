// SPDX-License-Identifier: Apache-2.0
#include "media/host/devices.hpp"

#include "media/codec/convert.hpp"

#include <filesystem>

namespace godwit::media_host {

namespace {

constexpr std::size_t step_samples = 10 * media::samples_per_ms;
constexpr int y4m_fps = 30;

Error about(const char* device, const std::string& name, Error why)
{
    why.detail = std::string(device) + " \"" + name + "\": " + why.detail;
    return why;
}

bool is_ivf(const std::string& name)
{
    return name.size() > 4 && name.compare(name.size() - 4, 4, ".ivf") == 0;
}

bool is_word(const std::string& name)
{
    return name == "app" || name == "none";
}

/// A folder that can be written into is there; the file itself is made when the call has media.
Result<void> may_make(const char* device, const std::string& name)
{
    std::error_code trouble;
    const std::filesystem::path path(name);
    const auto folder = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
    if (std::filesystem::is_directory(path, trouble) || path.filename().empty())
        return about(device, name, {ErrorCode::invalid_argument, "this is a folder: name a file in it", 0});
    if (!std::filesystem::is_directory(folder, trouble))
        return about(device, name, {ErrorCode::invalid_argument, "there is no folder for it: make it first", 0});
    return {};
}

} // namespace

Result<void> Devices::check(const CallDevices& names)
{
    if (!is_word(names.audio_source) && names.audio_source != "tone")
        if (const auto opened = pipeline::SoundReader::open(names.audio_source); !opened)
            return about("audio_source", names.audio_source, opened.error());
    if (!is_word(names.video_source) && names.video_source != "pattern")
        if (const auto opened = pipeline::Y4mReader::open(names.video_source); !opened)
            return about("video_source", names.video_source, opened.error());
    if (!is_word(names.audio_sink))
        if (auto may = may_make("audio_sink", names.audio_sink); !may) return may;
    if (!is_word(names.video_sink))
        if (auto may = may_make("video_sink", names.video_sink); !may) return may;
    return {};
}

Result<std::unique_ptr<Devices>> Devices::open(const CallDevices& names)
{
    if (auto fine = check(names); !fine) return fine.error();
    std::unique_ptr<Devices> out(new Devices);

    if (names.audio_source == "app") {
        out->audio_in_ = From::app;
    } else if (names.audio_source == "tone") {
        out->audio_in_ = From::made;
    } else if (names.audio_source != "none") {
        auto opened = pipeline::SoundReader::open(names.audio_source);
        if (!opened) return about("audio_source", names.audio_source, opened.error());
        out->sound_.emplace(std::move(*opened));
        out->audio_in_ = From::file;
    }

    if (names.video_source == "app") {
        out->video_in_ = From::app;
    } else if (names.video_source == "pattern") {
        out->video_in_ = From::made;
    } else if (names.video_source != "none") {
        auto opened = pipeline::Y4mReader::open(names.video_source);
        if (!opened) return about("video_source", names.video_source, opened.error());
        out->fps_ = opened->fps();
        out->y4m_.emplace(std::move(*opened));
        out->y4m_path_ = names.video_source;
        out->video_in_ = From::file;
    }

    out->audio_to_app_ = names.audio_sink == "app";
    if (!is_word(names.audio_sink)) {
        auto made = pipeline::SoundWriter::create(names.audio_sink);
        if (!made) return about("audio_sink", names.audio_sink, made.error());
        out->sound_out_.emplace(std::move(*made));
    }
    out->video_to_app_ = names.video_sink == "app";
    if (is_ivf(names.video_sink)) {
        out->ivf_path_ = names.video_sink; // its header wants a size: made with the first frame
    } else if (!is_word(names.video_sink)) {
        auto made = pipeline::Y4mWriter::create(names.video_sink, y4m_fps);
        if (!made) return about("video_sink", names.video_sink, made.error());
        out->y4m_out_.emplace(std::move(*made));
    }
    return out;
}

media::Pcm Devices::read_audio()
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

void Devices::write_audio(media::PcmView samples)
{
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

void Devices::write_picture(media::Picture picture)
{
    if (y4m_out_) {
        if (out_width_ == 0) {
            out_width_ = picture.width();
            out_height_ = picture.height();
        }
        Result<void> written = {};
        if (picture.width() == out_width_ && picture.height() == out_height_) {
            written = y4m_out_->write(picture);
        } else if (auto scaled = codec::scale(picture.view(), out_width_, out_height_)) {
            written = y4m_out_->write(*scaled);
        }
        if (!written) {
            trouble_ = written.error();
            y4m_out_.reset();
        }
    }
    if (!video_to_app_) return;
    const std::lock_guard lock(app_.mutex);
    app_.picture_out = std::move(picture);
}

void Devices::write_frame(codec::VideoCodec codec, BytesView frame, std::int64_t timestamp, int width, int height)
{
    if (ivf_path_.empty()) return;
    if (!ivf_) {
        auto made = pipeline::IvfWriter::create(ivf_path_, codec, width, height);
        if (!made) {
            trouble_ = made.error();
            return ivf_path_.clear();
        }
        ivf_.emplace(std::move(*made));
        ivf_first_ = timestamp;
    }
    if (auto written = ivf_->write(frame, static_cast<std::uint64_t>(timestamp - ivf_first_)); !written) {
        trouble_ = written.error();
        ivf_path_.clear();
        ivf_.reset();
    }
}

} // namespace godwit::media_host
