// SPDX-License-Identifier: Apache-2.0
#include "media/codec/audio_processing.hpp"

#include "lib/base/check.hpp"

#include <webrtc/modules/audio_processing/include/audio_processing.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace godwit::codec {

namespace {

using Step = std::array<float, AudioProcessing::step_samples>;

Step to_float(media::PcmView samples)
{
    Step out{};
    std::transform(samples.begin(), samples.end(), out.begin(),
                   [](std::int16_t s) { return static_cast<float>(s) / 32768.0F; });
    return out;
}

std::int16_t to_sample(float value)
{
    return static_cast<std::int16_t>(std::lround(std::clamp(value * 32768.0F, -32768.0F, 32767.0F)));
}

} // namespace

struct AudioProcessing::Impl {
    std::unique_ptr<webrtc::AudioProcessing> apm;
    webrtc::StreamConfig mono{media::sample_rate_hz, 1};
    int delay_ms = 0;
};

AudioProcessing::AudioProcessing(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AudioProcessing::AudioProcessing(AudioProcessing&&) noexcept = default;
AudioProcessing& AudioProcessing::operator=(AudioProcessing&&) noexcept = default;
AudioProcessing::~AudioProcessing() = default;

Result<AudioProcessing> AudioProcessing::create(const AudioProcessingConfig& config)
{
    webrtc::Config extra;
    extra.Set<webrtc::ExtendedFilter>(new webrtc::ExtendedFilter(true));
    extra.Set<webrtc::DelayAgnostic>(new webrtc::DelayAgnostic(true));
    auto impl = std::make_unique<Impl>();
    impl->apm.reset(webrtc::AudioProcessing::Create(extra));
    if (impl->apm == nullptr) return Error{ErrorCode::internal, "audio processing: the library gave none", 0};
    auto& apm = *impl->apm;
    const webrtc::ProcessingConfig formats = {{impl->mono, impl->mono, impl->mono, impl->mono}};
    bool good = apm.Initialize(formats) == apm.kNoError;
    good = good && apm.high_pass_filter()->Enable(true) == apm.kNoError;
    good = good && apm.echo_cancellation()->Enable(config.echo_cancellation) == apm.kNoError;
    good = good && apm.noise_suppression()->set_level(webrtc::NoiseSuppression::kHigh) == apm.kNoError;
    good = good && apm.noise_suppression()->Enable(config.noise_suppression) == apm.kNoError;
    // Digital: no knob of a sound card is turned.
    good = good && apm.gain_control()->set_mode(webrtc::GainControl::kAdaptiveDigital) == apm.kNoError;
    good = good && apm.gain_control()->Enable(config.gain_control) == apm.kNoError;
    if (!good) return Error{ErrorCode::unsupported, "audio processing: the library refuses this configuration", 0};
    return AudioProcessing(std::move(impl));
}

void AudioProcessing::set_delay(Duration delay)
{
    impl_->delay_ms = static_cast<int>(std::clamp<std::int64_t>(delay / std::chrono::milliseconds(1), 0, 500));
}

void AudioProcessing::render(media::PcmView samples)
{
    GODWIT_ASSERT(samples.size() % step_samples == 0);
    for (; !samples.empty(); samples = samples.subspan(step_samples)) {
        Step step = to_float(samples.first(step_samples));
        float* const channel = step.data();
        impl_->apm->ProcessReverseStream(&channel, impl_->mono, impl_->mono, &channel);
    }
}

void AudioProcessing::capture(std::span<std::int16_t> samples)
{
    GODWIT_ASSERT(samples.size() % step_samples == 0);
    for (; !samples.empty(); samples = samples.subspan(step_samples)) {
        Step step = to_float(samples.first(step_samples));
        float* const channel = step.data();
        impl_->apm->set_stream_delay_ms(impl_->delay_ms);
        if (impl_->apm->ProcessStream(&channel, impl_->mono, impl_->mono, &channel) !=
            webrtc::AudioProcessing::kNoError)
            continue; // left as it was
        std::transform(step.begin(), step.end(), samples.begin(), to_sample);
    }
}

} // namespace godwit::codec
