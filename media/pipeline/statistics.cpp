// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/statistics.hpp"

#include <algorithm>

namespace godwit::pipeline {

double estimate_mos(Duration mouth_to_ear, double concealed) noexcept
{
    // G.107 section 7: R = Ro - Id - Ie,eff, with the default Ro; Id in the short form of ITU-T G.108.
    constexpr double r_best = 93.2;
    const double ms = static_cast<double>(mouth_to_ear.count()) / 1000;
    const double delay = 0.024 * ms + (ms > 177.3 ? 0.11 * (ms - 177.3) : 0);
    // No impairment of the codec's own; robustness to loss (Bpl) as G.113 has it for codecs with concealment.
    constexpr double robustness = 20;
    const double percent = 100 * std::clamp(concealed, 0.0, 1.0);
    const double equipment = 95 * percent / (percent + robustness);
    const double r = std::clamp(r_best - delay - equipment, 0.0, 100.0);
    return std::clamp(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6, 1.0, 4.5);
}

} // namespace godwit::pipeline
