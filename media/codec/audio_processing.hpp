// SPDX-License-Identifier: Apache-2.0
// What a microphone hears besides the speaker's voice: the loudspeaker, the room, too little and too much.
#pragma once

#include <godwit/result.hpp>

#include "media/base/pcm.hpp"

#include <memory>

namespace godwit::codec {

struct AudioProcessingConfig {
    bool echo_cancellation = true;
    bool noise_suppression = true;
    bool gain_control = true;
};

/// Mono, in steps of 10 ms. render() tells what the loudspeaker plays, before it is heard; capture() cleans what the
/// microphone brought.
class AudioProcessing {
public:
    static constexpr int step_samples = 10 * media::samples_per_ms;

    /// Errors: internal, unsupported (the library refuses).
    [[nodiscard]] static Result<AudioProcessing> create(const AudioProcessingConfig& config);
    AudioProcessing(AudioProcessing&&) noexcept;
    AudioProcessing& operator=(AudioProcessing&&) noexcept;
    ~AudioProcessing();

    /// From render() until capture() of the same sound: what devices and their buffers take. 0 to 500 ms; beyond is
    /// brought into it. Wrong by some tens of milliseconds is found out by the canceller itself.
    void set_delay(Duration delay);
    /// Precondition of both: a multiple of step_samples.
    void render(media::PcmView samples);
    void capture(std::span<std::int16_t> samples);

private:
    struct Impl;
    explicit AudioProcessing(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::codec
