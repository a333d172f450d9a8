// SPDX-License-Identifier: Apache-2.0
// device: microphones, loudspeakers and cameras of a desktop, for programs that do not bring their own.
//
//   sound.hpp    microphone and loudspeaker, by PortAudio
//   camera.hpp   pictures of a camera, by V4L2
//
// Optional at build: without PortAudio or V4L2 the same functions say so. Each has threads of its own (PortAudio's, or
// one for a camera) and gives what comes to a function of who opened it.
#pragma once

#include <godwit/call.hpp>
#include <godwit/result.hpp>

#include "lib/base/time.hpp"
#include "media/base/pcm.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace godwit::device {

struct SoundConfig {
    /// Name of a device, empty: the default one. nullopt: not wanted.
    std::optional<std::string> source, sink;
    /// 48 kHz, mono. Called on the sound system's thread: must not wait, nor allocate.
    std::function<void(media::PcmView)> captured;
    /// Fills all of it. Likewise.
    std::function<void(std::span<std::int16_t>)> wanted;
};

class Sound {
public:
    virtual ~Sound() = default;
    /// How long sound takes in the devices, out and in.
    [[nodiscard]] virtual Duration latency() const = 0;
    /// The device has gone, or its driver has stopped. Once.
    [[nodiscard]] virtual std::optional<Error> trouble() = 0;
};

/// Errors: no_such_file (no such device, or none at all; what there is stands in the detail), invalid_argument (it
/// gives no 48 kHz), unsupported (a build without PortAudio), internal.
[[nodiscard]] Result<std::unique_ptr<Sound>> open_sound(SoundConfig config);
/// As open_sound, and opens nothing.
[[nodiscard]] Result<void> check_sound(const std::optional<std::string>& source,
                                       const std::optional<std::string>& sink);
/// Default devices first; names as in SoundConfig. Errors: unsupported, internal.
[[nodiscard]] Result<std::vector<CallDevice>> list_sound();

} // namespace godwit::device
