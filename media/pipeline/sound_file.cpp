// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/sound_file.hpp"

#include <sndfile.h>
#include <speex/speex_resampler.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace godwit::pipeline {

namespace {

struct CloseFile {
    void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
struct FreeResampler {
    void operator()(SpeexResamplerState* resampler) const noexcept { speex_resampler_destroy(resampler); }
};
using File = std::unique_ptr<SNDFILE, CloseFile>;

constexpr std::size_t read_at_once = 4800;
constexpr int rate_min_hz = 8'000, rate_max_hz = 192'000;

} // namespace

struct SoundReader::Impl {
    File file;
    SF_INFO info{};
    std::unique_ptr<SpeexResamplerState, FreeResampler> resampler; ///< Null: it is 48 kHz already.
    media::Pcm ready;
    bool done = false;

    void convert(media::Pcm mono)
    {
        if (!resampler) {
            ready.insert(ready.end(), mono.begin(), mono.end());
            return;
        }
        const std::int16_t* from = mono.data();
        auto left = static_cast<spx_uint32_t>(mono.size());
        while (left > 0) {
            std::int16_t out[2048];
            spx_uint32_t used = left, made = std::size(out);
            speex_resampler_process_int(resampler.get(), 0, from, &used, out, &made);
            ready.insert(ready.end(), out, out + made);
            from += used;
            left -= used;
            if (used == 0 && made == 0) break;
        }
    }
};

SoundReader::SoundReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SoundReader::SoundReader(SoundReader&&) noexcept = default;
SoundReader& SoundReader::operator=(SoundReader&&) noexcept = default;
SoundReader::~SoundReader() = default;

Result<SoundReader> SoundReader::open(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error))
        return Error{ErrorCode::no_such_file, "sound: " + path + " is no file that can be read", 0};
    auto impl = std::make_unique<Impl>();
    impl->file.reset(sf_open(path.c_str(), SFM_READ, &impl->info));
    const auto refuse = [&](const std::string& why) {
        return Error{ErrorCode::invalid_argument, "sound: " + path + " " + why, 0};
    };
    if (!impl->file) return refuse(std::string("is no WAV, FLAC or Ogg file: ") + sf_strerror(nullptr));
    const SF_INFO& info = impl->info;
    if (info.channels < 1 || info.channels > sound_file_channels_max)
        return refuse("has " + std::to_string(info.channels) + " channels; 1 to 8 can be read");
    if (info.samplerate < rate_min_hz || info.samplerate > rate_max_hz)
        return refuse("has " + std::to_string(info.samplerate) + " samples a second; 8000 to 192000 can be read");
    if (info.frames / info.samplerate > sound_file_max / std::chrono::seconds(1))
        return refuse("is longer than four hours");
    if (info.samplerate != media::sample_rate_hz) {
        int code = 0;
        impl->resampler.reset(
            speex_resampler_init(1, static_cast<spx_uint32_t>(info.samplerate), media::sample_rate_hz, 5, &code));
        if (!impl->resampler) return Error{ErrorCode::internal, "sound: no resampler", 0};
        speex_resampler_skip_zeros(impl->resampler.get());
    }
    return SoundReader(std::move(impl));
}

Result<media::Pcm> SoundReader::read(std::size_t samples)
{
    Impl& it = *impl_;
    const auto channels = static_cast<std::size_t>(it.info.channels);
    while (it.ready.size() < samples && !it.done) {
        media::Pcm interleaved(read_at_once * channels);
        const auto got = sf_readf_short(it.file.get(), interleaved.data(), read_at_once);
        if (sf_error(it.file.get()) != SF_ERR_NO_ERROR)
            return Error{ErrorCode::malformed, std::string("sound: the file breaks off: ") + sf_strerror(it.file.get()),
                         0};
        it.done = got < static_cast<sf_count_t>(read_at_once);
        media::Pcm mono(static_cast<std::size_t>(got));
        for (std::size_t i = 0; i < mono.size(); ++i) {
            int sum = 0;
            for (std::size_t c = 0; c < channels; ++c)
                sum += interleaved[i * channels + c];
            mono[i] = static_cast<std::int16_t>(sum / it.info.channels);
        }
        it.convert(std::move(mono));
    }
    const std::size_t count = std::min(samples, it.ready.size());
    media::Pcm out(it.ready.begin(), it.ready.begin() + static_cast<std::ptrdiff_t>(count));
    it.ready.erase(it.ready.begin(), it.ready.begin() + static_cast<std::ptrdiff_t>(count));
    return out;
}

struct SoundWriter::Impl {
    File file;
};

SoundWriter::SoundWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SoundWriter::SoundWriter(SoundWriter&&) noexcept = default;
SoundWriter& SoundWriter::operator=(SoundWriter&&) noexcept = default;
SoundWriter::~SoundWriter() = default;

Result<SoundWriter> SoundWriter::create(const std::string& path)
{
    SF_INFO info{};
    info.samplerate = media::sample_rate_hz;
    info.channels = 1;
    info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    auto impl = std::make_unique<Impl>();
    impl->file.reset(sf_open(path.c_str(), SFM_WRITE, &info));
    if (!impl->file)
        return Error{ErrorCode::invalid_argument, "sound: " + path + " cannot be written: " + sf_strerror(nullptr), 0};
    return SoundWriter(std::move(impl));
}

Result<void> SoundWriter::write(media::PcmView samples)
{
    const auto count = static_cast<sf_count_t>(samples.size());
    if (sf_write_short(impl_->file.get(), samples.data(), count) != count)
        return Error{ErrorCode::storage_failed, std::string("sound: writing failed: ") + sf_strerror(impl_->file.get()),
                     0};
    return {};
}

} // namespace godwit::pipeline
