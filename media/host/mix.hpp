// SPDX-License-Identifier: Apache-2.0
// The sound of several at once. Few speak at the same time, so it is a sum; where it is too loud, all of it is softer
// for a moment instead of being cut off.
#pragma once

#include "media/base/pcm.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace godwit::media_host {

class Mixer {
public:
    explicit Mixer(std::size_t samples) : sum_(samples) {}

    /// As many samples as there are at most.
    void add(media::PcmView samples)
    {
        for (std::size_t i = 0; i < std::min(samples.size(), sum_.size()); ++i)
            sum_[i] += samples[i];
    }
    /// What was added since, softer where it must be; as long as it takes to be as loud again, a step at a time.
    [[nodiscard]] media::Pcm take()
    {
        std::int32_t peak = 1;
        for (const auto one : sum_)
            peak = std::max(peak, std::abs(one));
        constexpr std::int32_t loudest = 32'000;
        const double wanted = peak > loudest ? static_cast<double>(loudest) / peak : 1.0;
        const double before = gain_;
        gain_ = wanted < gain_ ? wanted : std::min(wanted, gain_ + 0.02);
        media::Pcm out(sum_.size());
        for (std::size_t i = 0; i < sum_.size(); ++i) {
            // Down at once, since the peak may be the first sample; up within the step.
            const double part = static_cast<double>(i + 1) / static_cast<double>(sum_.size());
            const double gain = gain_ < before ? gain_ : before + (gain_ - before) * part;
            out[i] = static_cast<std::int16_t>(std::clamp(static_cast<double>(sum_[i]) * gain, -32768.0, 32767.0));
        }
        std::fill(sum_.begin(), sum_.end(), 0);
        return out;
    }

private:
    std::vector<std::int32_t> sum_;
    double gain_ = 1;
};

} // namespace godwit::media_host
