// SPDX-License-Identifier: Apache-2.0
#include "media/device/sound.hpp"

#include <portaudio.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include <dlfcn.h>

namespace godwit::device {

namespace {

constexpr unsigned long step_samples = 10 * media::samples_per_ms;
constexpr std::size_t devices_named_max = 8;

constexpr const char* alsa = "libasound.so.2";
constexpr const char* jack = "libjack.so.0";

void say_nothing(const char*, int, const char*, int, const char*, ...) {}

/// Of a library that PortAudio has brought along; null where it has not. Asked by its name, since who loads godwit at
/// run time does not see the symbols of what comes with it.
template <class What>
What* of_backend(const char* library, const char* name)
{
    void* const loaded = ::dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (loaded == nullptr) return nullptr;
    auto* const out = reinterpret_cast<What*>(::dlsym(loaded, name));
    ::dlclose(loaded); // PortAudio holds it
    return out;
}

/// PortAudio's backends speak to the standard error about every device that they do not find; that is the screen of a
/// program that has one.
void silence_backends()
{
    using AlsaHandler = void (*)(const char*, int, const char*, int, const char*, ...);
    if (auto* const set = of_backend<int(AlsaHandler)>(alsa, "snd_lib_error_set_handler")) set(&say_nothing);
    using JackHandler = void (*)(const char*);
    for (const char* const name : {"jack_set_error_function", "jack_set_info_function"})
        if (auto* const set = of_backend<void(JackHandler)>(jack, name)) set([](const char*) {});
}

/// PortAudio 19.6 ends the process (pa_linux_alsa.c, BuildDeviceList: "devIdx < numDeviceNames") where ALSA's
/// configuration has neither a default nor a mixed device: of a machine without sound, or by a file of somebody's own.
bool is_fatal_to_begin()
{
    auto* const update = of_backend<int()>(alsa, "snd_config_update");
    auto* const search = of_backend<int(void*, const char*, void**)>(alsa, "snd_config_search");
    auto* const top = of_backend<void*>(alsa, "snd_config");
    if (update == nullptr || search == nullptr || top == nullptr) return false; // no ALSA
    if (update() < 0 || *top == nullptr) return false;                          // PortAudio refuses that by itself
    void* found = nullptr;
    return search(*top, "pcm.default", &found) < 0 && search(*top, "pcm.dmix", &found) < 0;
}

/// PortAudio is one for the process, counts who began, and is not safe to be begun by two threads.
std::mutex& portaudio_mutex()
{
    static std::mutex mutex;
    return mutex;
}

class Begun {
public:
    Begun()
    {
        const std::lock_guard lock(portaudio_mutex());
        silence_backends();
        // Not begun, PortAudio knows of no devices: what is asked of it then says that there are none.
        if (is_fatal_to_begin()) return;
        error_ = Pa_Initialize();
        begun_ = error_ == paNoError;
    }
    ~Begun()
    {
        if (!begun_) return;
        const std::lock_guard lock(portaudio_mutex());
        Pa_Terminate();
    }
    Begun(const Begun&) = delete;
    Begun& operator=(const Begun&) = delete;
    [[nodiscard]] std::optional<Error> trouble() const
    {
        if (error_ == paNoError) return std::nullopt;
        return Error{ErrorCode::internal, std::string("sound system: ") + Pa_GetErrorText(error_), 0};
    }

private:
    PaError error_ = paNoError;
    bool begun_ = false;
};

bool fits(PaDeviceIndex index, bool source)
{
    const auto* const info = Pa_GetDeviceInfo(index);
    return info != nullptr && (source ? info->maxInputChannels : info->maxOutputChannels) > 0;
}

Result<PaDeviceIndex> find(const std::string& name, bool source)
{
    const std::string what = source ? "microphone" : "loudspeaker";
    const auto usual = source ? Pa_GetDefaultInputDevice() : Pa_GetDefaultOutputDevice();
    if (name.empty() && usual != paNoDevice && fits(usual, source)) return usual;
    std::string known;
    std::size_t count = 0;
    for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); ++i) {
        if (!fits(i, source)) continue;
        if (name.empty() || Pa_GetDeviceInfo(i)->name == name) return i;
        if (++count <= devices_named_max)
            known += std::string(count > 1 ? ", " : "") + "\"" + Pa_GetDeviceInfo(i)->name + "\"";
    }
    if (count == 0)
        return Error{ErrorCode::no_such_file,
                     "this machine has no " + what + ": connect one, or name a file or \"none\"", 0};
    return Error{ErrorCode::no_such_file, "there is no such " + what + "; there is " + known, 0};
}

PaStreamParameters parameters(PaDeviceIndex index, bool source)
{
    PaStreamParameters out{};
    out.device = index;
    out.channelCount = 1;
    out.sampleFormat = paInt16;
    const auto* const info = Pa_GetDeviceInfo(index);
    out.suggestedLatency = source ? info->defaultLowInputLatency : info->defaultLowOutputLatency;
    return out;
}

Error refused(PaError error, const std::string& name)
{
    const bool format =
        error == paInvalidSampleRate || error == paSampleFormatNotSupported || error == paInvalidChannelCount;
    return {format ? ErrorCode::invalid_argument : ErrorCode::internal,
            "\"" + name + "\": " + (format ? "it does not do 48 kHz, 16 bits, mono: " : "") + Pa_GetErrorText(error),
            0};
}

class PortAudioSound final : public Sound {
public:
    explicit PortAudioSound(SoundConfig config) : config_(std::move(config)) {}
    ~PortAudioSound() override
    {
        const std::lock_guard lock(portaudio_mutex());
        closing_ = true;
        for (auto* const stream : {source_, sink_})
            if (stream != nullptr) Pa_CloseStream(stream); // stops it: no callback runs any more
    }

    [[nodiscard]] std::optional<Error> open()
    {
        if (auto trouble = begun_.trouble()) return trouble;
        const std::lock_guard lock(portaudio_mutex());
        if (config_.source)
            if (auto trouble = open_one(*config_.source, true, source_)) return trouble;
        if (config_.sink)
            if (auto trouble = open_one(*config_.sink, false, sink_)) return trouble;
        for (auto* const stream : {source_, sink_})
            if (stream != nullptr)
                if (const auto error = Pa_StartStream(stream); error != paNoError) return refused(error, "sound");
        return std::nullopt;
    }

    Duration latency() const override
    {
        double seconds = 0;
        if (source_ != nullptr) seconds += Pa_GetStreamInfo(source_)->inputLatency;
        if (sink_ != nullptr) seconds += Pa_GetStreamInfo(sink_)->outputLatency;
        return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    }
    std::optional<Error> trouble() override
    {
        if (!stopped_.exchange(false)) return std::nullopt;
        return Error{ErrorCode::internal, "sound: the device has stopped; is it still connected?", 0};
    }

private:
    std::optional<Error> open_one(const std::string& name, bool source, PaStream*& stream)
    {
        const auto index = find(name, source);
        if (!index) return index.error();
        const auto wanted = parameters(*index, source);
        const auto error = Pa_OpenStream(&stream, source ? &wanted : nullptr, source ? nullptr : &wanted,
                                         media::sample_rate_hz, step_samples, paNoFlag, &call_back, this);
        if (error != paNoError) {
            stream = nullptr;
            return refused(error, Pa_GetDeviceInfo(*index)->name);
        }
        Pa_SetStreamFinishedCallback(stream, [](void* self) {
            auto& sound = *static_cast<PortAudioSound*>(self);
            if (!sound.closing_) sound.stopped_ = true;
        });
        return std::nullopt;
    }
    static int call_back(const void* in, void* out, unsigned long count, const PaStreamCallbackTimeInfo*,
                         PaStreamCallbackFlags, void* self)
    {
        const auto& config = static_cast<PortAudioSound*>(self)->config_;
        if (in != nullptr && config.captured) config.captured({static_cast<const std::int16_t*>(in), count});
        if (out != nullptr && config.wanted) config.wanted({static_cast<std::int16_t*>(out), count});
        return paContinue;
    }

    SoundConfig config_;
    Begun begun_;
    PaStream* source_ = nullptr;
    PaStream* sink_ = nullptr;
    std::atomic<bool> stopped_ = false, closing_ = false;
};

} // namespace

Result<std::unique_ptr<Sound>> open_sound(SoundConfig config)
{
    auto made = std::make_unique<PortAudioSound>(std::move(config));
    if (auto trouble = made->open()) return *trouble;
    return Result<std::unique_ptr<Sound>>(std::move(made));
}

Result<void> check_sound(const std::optional<std::string>& source, const std::optional<std::string>& sink)
{
    if (!source && !sink) return {};
    const Begun begun;
    if (auto trouble = begun.trouble()) return *trouble;
    const std::lock_guard lock(portaudio_mutex());
    if (source)
        if (const auto found = find(*source, true); !found) return found.error();
    if (sink)
        if (const auto found = find(*sink, false); !found) return found.error();
    return {};
}

Result<std::vector<CallDevice>> list_sound()
{
    const Begun begun;
    if (auto trouble = begun.trouble()) return *trouble;
    const std::lock_guard lock(portaudio_mutex());
    std::vector<CallDevice> out;
    const auto usual_in = Pa_GetDefaultInputDevice(), usual_out = Pa_GetDefaultOutputDevice();
    for (PaDeviceIndex i = 0; i < Pa_GetDeviceCount(); ++i) {
        CallDevice one{Pa_GetDeviceInfo(i)->name, Pa_GetDeviceInfo(i)->name, fits(i, true), fits(i, false), false};
        if (!one.audio_source && !one.audio_sink) continue;
        const bool usual = i == usual_in || i == usual_out;
        out.insert(usual ? out.begin() : out.end(), std::move(one));
    }
    return out;
}

} // namespace godwit::device
