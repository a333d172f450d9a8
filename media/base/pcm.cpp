// SPDX-License-Identifier: Apache-2.0
#include "media/base/pcm.hpp"

#include <algorithm>
#include <cmath>

namespace godwit::media {

int level_dbov(PcmView samples) noexcept
{
    double energy = 0;
    for (const std::int16_t one : samples)
        energy += static_cast<double>(one) * one;
    if (energy == 0) return -127;
    // RFC 6464: relative to a square wave of full scale.
    const double mean_square = energy / static_cast<double>(samples.size()) / (32767.0 * 32767.0);
    return std::clamp(static_cast<int>(std::lround(10 * std::log10(mean_square))), -127, 0);
}

} // namespace godwit::media
