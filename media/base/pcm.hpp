// SPDX-License-Identifier: Apache-2.0
// Sound, as all media rooms mean it: 16-bit samples at 48 kHz, the channels interleaved.
#pragma once

#include "lib/base/time.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace godwit::media {

inline constexpr int sample_rate_hz = 48'000;
inline constexpr int samples_per_ms = sample_rate_hz / 1000;
/// Mono or stereo.
inline constexpr int channels_max = 2;

using Pcm = std::vector<std::int16_t>;
using PcmView = std::span<const std::int16_t>;

/// Of one channel.
[[nodiscard]] constexpr Duration duration_of(std::int64_t samples) noexcept
{
    return Duration(samples * 1'000'000 / sample_rate_hz);
}
[[nodiscard]] constexpr std::int64_t samples_in(Duration duration) noexcept
{
    return duration.count() * sample_rate_hz / 1'000'000;
}

/// Level of a signal in dBov, as RFC 6464 gives it: 0 is the loudest there is, -127 silence.
[[nodiscard]] int level_dbov(PcmView samples) noexcept;

} // namespace godwit::media
