// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/ladder.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace godwit::pipeline {

namespace {

/// Share of the source's sides in quarters, and of its pictures a second.
struct Step {
    int quarters, fps_percent;
};
/// From the best down: pictures become fewer only when they cannot become smaller without becoming unreadable.
constexpr Step steps[] = {{4, 100}, {3, 100}, {2, 100}, {2, 50}, {1, 100}, {1, 50}};
/// Of a screen the other way round: letters that are made smaller cannot be read, and little moves.
constexpr Step screen_steps[] = {{4, 100}, {4, 50}, {4, 20}, {3, 20}, {2, 20}};
/// Bits that a pixel of conversation wants with VP8, about.
constexpr double bits_per_pixel = 0.055;
/// Small pictures are not made smaller.
constexpr int side_min = 120;
/// Up only when the rate is that much above what the larger one wants.
constexpr double up = 1.25;

Rung rung_of(const Rung& source, const Step& step)
{
    const auto side = [&](int whole) { return std::max(2, whole * step.quarters / 4 / 2 * 2); };
    return {side(source.width), side(source.height), std::max(1, source.fps * step.fps_percent / 100)};
}

double wants_bps(const Rung& rung)
{
    return bits_per_pixel * rung.width * rung.height * rung.fps;
}

} // namespace

Rung climb(const Rung& source, const Rung& now, double bps, bool screen) noexcept
{
    Rung lowest = rung_of(source, steps[0]);
    for (const Step& step : screen ? std::span<const Step>(screen_steps) : std::span<const Step>(steps)) {
        const Rung rung = rung_of(source, step);
        if (std::min(rung.width, rung.height) < std::min(side_min, std::min(source.width, source.height))) continue;
        lowest = rung;
        const bool larger = now.width > 0 && wants_bps(rung) > wants_bps(now);
        if (bps >= wants_bps(rung) * (larger ? up : 1.0)) return rung;
    }
    return lowest;
}

} // namespace godwit::pipeline
