// SPDX-License-Identifier: Apache-2.0
#include "media/rate/share.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace godwit::rate {

namespace {

/// Voice may have so much of the budget: beside a picture of 300 kbit/s the best voice, on a narrow path nearly all.
constexpr double audio_share(double budget_bps)
{
    return budget_bps < 100'000 ? 0.9 : 0.5;
}

/// How much repeating is worth it. Opus' own FEC reaches one packet back, so two lost in a row are what RED is for.
constexpr int redundancy_for(double loss)
{
    return loss >= 0.15 ? 2 : loss >= 0.06 ? 1 : 0;
}

/// Files fill what there is; so much of it is looked for by probes.
constexpr double files_most_bps = 2'000'000;

} // namespace

double cost_bps(const AudioPlan& plan) noexcept
{
    return plan.bitrate_bps * (1.0 + plan.redundancy) + packet_overhead_bytes * 8 * 1000.0 / plan.frame_ms;
}

AudioPlan plan_audio(double budget_bps, double loss) noexcept
{
    // From the best to the cheapest: longer frames first, they cost delay only, then bits, then redundancy.
    static constexpr AudioPlan ladder[] = {
        {audio_best_bps, 20, 0, 0}, {24'000, 20, 0, 0}, {20'000, 40, 0, 0}, {16'000, 40, 0, 0},
        {14'000, 60, 0, 0},         {10'000, 60, 0, 0}, {6'000, 60, 0, 0},
    };
    const int percent = static_cast<int>(std::lround(std::clamp(loss, 0.0, 1.0) * 100));
    for (int redundancy = redundancy_for(loss); redundancy >= 0; --redundancy) {
        for (const AudioPlan& rung : ladder) {
            AudioPlan plan = rung;
            plan.redundancy = redundancy;
            plan.expected_loss_percent = percent;
            // Repeating is worth a step down of the codec, not the last one.
            if (redundancy > 0 && plan.bitrate_bps < 10'000) break;
            if (cost_bps(plan) <= budget_bps) return plan;
        }
    }
    AudioPlan cheapest = ladder[std::size(ladder) - 1];
    cheapest.expected_loss_percent = percent;
    return cheapest;
}

double wanted_bps(const Wishes& wishes, double loss) noexcept
{
    double out = 0;
    if (wishes.audio) out += cost_bps({audio_best_bps, 20, redundancy_for(loss), 0});
    if (wishes.video) out += wishes.video_bps_max;
    if (wishes.files) out += files_most_bps;
    return out;
}

Shares share(double budget_bps, double loss, const Wishes& wishes) noexcept
{
    Shares out;
    double left = budget_bps;
    if (wishes.audio) {
        out.audio = plan_audio(wishes.video || wishes.files ? budget_bps * audio_share(budget_bps) : budget_bps, loss);
        out.audio_bps = cost_bps(out.audio);
        left = std::max(0.0, left - out.audio_bps);
    }
    if (wishes.video) {
        const double files = wishes.files ? files_share * left : 0;
        out.video_bps = std::min(left - files, wishes.video_bps_max);
        if (out.video_bps < video_bps_min) out.video_bps = 0;
        left -= out.video_bps;
    }
    if (wishes.files) out.files_bps = left;
    return out;
}

} // namespace godwit::rate
