// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "media/base/pcm.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace godwit::media_host {

/// Loudness since it was asked last, dB of full scale.
class Level {
public:
    void add(media::PcmView samples)
    {
        for (const auto sample : samples)
            sum_ += static_cast<double>(sample) * sample;
        count_ += samples.size();
    }
    [[nodiscard]] double take()
    {
        const double mean = count_ == 0 ? 0 : std::exchange(sum_, 0) / static_cast<double>(std::exchange(count_, 0));
        constexpr double full = 32768.0 * 32768.0;
        return mean < 1e-3 ? -127 : std::max(-127.0, 10 * std::log10(mean / full));
    }

private:
    double sum_ = 0;
    std::size_t count_ = 0;
};

} // namespace godwit::media_host
