// SPDX-License-Identifier: Apache-2.0
// Sound a little shorter or longer at the same pitch: one period of it left out, or played twice, with a cross-fade
// where both sides are alike (overlap and add at the best correlation, as WSOLA; the periods of a voice are 2.5 to 15
// ms).
#pragma once

#include "media/base/pcm.hpp"

#include <optional>

namespace godwit::jitter {

/// Periods that are looked for, in samples of one channel.
inline constexpr std::size_t period_min = static_cast<std::size_t>(media::sample_rate_hz) / 400;
inline constexpr std::size_t period_max = static_cast<std::size_t>(media::sample_rate_hz) / 1000 * 15;

/// Shorter by one period. nullopt: too short for one, or nothing in it repeats well enough; leave it.
[[nodiscard]] std::optional<media::Pcm> accelerate(media::PcmView sound, int channels);
/// Longer by one period. nullopt: as above.
[[nodiscard]] std::optional<media::Pcm> expand(media::PcmView sound, int channels);

} // namespace godwit::jitter
