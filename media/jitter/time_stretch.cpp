// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/time_stretch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace godwit::jitter {

namespace {

constexpr std::size_t decimation = 8; ///< 6 kHz: voices have their periods far below that.
constexpr double likeness_min = 0.85;
/// Below this, in squares of 16-bit samples, any period will do: nobody hears a joint in silence (-60 dBov).
constexpr double silence = 33.0 * 33.0;

/// One channel, at the lower rate: means of `decimation` samples of all channels.
std::vector<float> thinned(media::PcmView sound, std::size_t channels)
{
    const std::size_t step = decimation * channels;
    std::vector<float> out(sound.size() / step);
    for (std::size_t i = 0; i < out.size(); ++i) {
        float sum = 0;
        for (const std::int16_t one : sound.subspan(i * step, step))
            sum += one;
        out[i] = sum / static_cast<float>(step);
    }
    return out;
}

struct Products {
    double cross = 0, first = 0, second = 0;
    [[nodiscard]] double likeness() const { return first <= 0 || second <= 0 ? 0 : cross / std::sqrt(first * second); }
};

template <class Samples>
Products compare(const Samples& samples, std::size_t lag, std::size_t count, std::size_t stride)
{
    Products out;
    for (std::size_t i = 0; i < count; i += stride) {
        const double a = samples[i], b = samples[i + lag];
        out.cross += a * b;
        out.first += a * a;
        out.second += b * b;
    }
    return out;
}

/// The lag, in samples of one channel, at which the beginning is most like what follows it. 0: none is like enough.
std::size_t find_period(media::PcmView sound, std::size_t channels)
{
    const std::size_t samples = sound.size() / channels;
    const std::size_t lag_max = std::min(period_max, samples / 2);
    if (lag_max < period_min) return 0;
    double energy = 0;
    for (const std::int16_t one : sound)
        energy += static_cast<double>(one) * one;
    if (energy / static_cast<double>(sound.size()) < silence) return lag_max;

    const std::vector<float> low = thinned(sound, channels);
    std::size_t best = 0;
    double best_likeness = 0;
    for (std::size_t lag = period_min / decimation; lag <= lag_max / decimation && 2 * lag <= low.size(); ++lag) {
        const double likeness = compare(low, lag, lag, 1).likeness();
        // A whole number of periods is as good as one; the longer one makes more of a difference.
        if (likeness > best_likeness - 0.005) {
            best = lag;
            best_likeness = std::max(best_likeness, likeness);
        }
    }
    if (best == 0 || best_likeness < likeness_min - 0.1) return 0;
    // Again around it, at the full rate.
    const std::size_t from = std::max(period_min, (best - 1) * decimation),
                      to = std::min(lag_max, (best + 1) * decimation);
    std::size_t period = 0;
    best_likeness = likeness_min;
    for (std::size_t lag = from; lag <= to; ++lag) {
        const double likeness = compare(sound, lag * channels, lag * channels, channels).likeness();
        if (likeness >= best_likeness) {
            period = lag;
            best_likeness = likeness;
        }
    }
    return period;
}

std::int16_t mixed(std::int16_t from, std::int16_t to, std::size_t at, std::size_t of)
{
    const auto weight = static_cast<std::int64_t>(at), whole = static_cast<std::int64_t>(of);
    return static_cast<std::int16_t>((from * (whole - weight) + to * weight) / whole);
}

} // namespace

std::optional<media::Pcm> accelerate(media::PcmView sound, int channels)
{
    const auto c = static_cast<std::size_t>(channels);
    const std::size_t period = find_period(sound, c);
    if (period == 0) return std::nullopt;
    // Of two periods one remains, which begins as the first and ends as the second.
    media::Pcm out;
    out.reserve(sound.size() - period * c);
    for (std::size_t i = 0; i < period * c; ++i)
        out.push_back(mixed(sound[i], sound[i + period * c], i / c, period));
    out.insert(out.end(), sound.begin() + static_cast<std::ptrdiff_t>(2 * period * c), sound.end());
    return out;
}

std::optional<media::Pcm> expand(media::PcmView sound, int channels)
{
    const auto c = static_cast<std::size_t>(channels);
    const std::size_t period = find_period(sound, c);
    if (period == 0) return std::nullopt;
    // first, then second turning into first, then second: three periods of two.
    media::Pcm out;
    out.reserve(sound.size() + period * c);
    out.insert(out.end(), sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(period * c));
    for (std::size_t i = 0; i < period * c; ++i)
        out.push_back(mixed(sound[i + period * c], sound[i], i / c, period));
    out.insert(out.end(), sound.begin() + static_cast<std::ptrdiff_t>(period * c), sound.end());
    return out;
}

} // namespace godwit::jitter
