// SPDX-License-Identifier: Apache-2.0
// Sounds and pictures that tests make: the same for the same seed.
#pragma once

#include "media/base/pcm.hpp"
#include "media/base/picture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace godwit::test {

/// A sine, `amplitude` of full scale, from sample `from` on.
inline media::Pcm tone(double hz, std::size_t samples, double amplitude = 0.3, std::size_t from = 0)
{
    media::Pcm out(samples);
    for (std::size_t i = 0; i < samples; ++i)
        out[i] = static_cast<std::int16_t>(
            std::lround(32767 * amplitude *
                        std::sin(2 * std::numbers::pi * hz * static_cast<double>(from + i) / media::sample_rate_hz)));
    return out;
}

/// Something like a voice: a pitch that wanders around 140 Hz with its harmonics, in syllables with pauses between.
inline media::Pcm voice(std::size_t samples, std::uint64_t seed = 1)
{
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 1);
    media::Pcm out(samples);
    double phase = 0;
    for (std::size_t i = 0; i < samples; ++i) {
        const double t = static_cast<double>(i) / media::sample_rate_hz;
        const double pitch =
            140 + 25 * std::sin(2 * std::numbers::pi * 0.9 * t) + 8 * std::sin(2 * std::numbers::pi * 3.1 * t);
        phase += 2 * std::numbers::pi * pitch / media::sample_rate_hz;
        const double syllable = std::pow(std::max(0.0, std::sin(2 * std::numbers::pi * 1.7 * t)), 0.5);
        double sum = 0;
        for (int h = 1; h <= 20; ++h) {
            const double hz = h * pitch;
            const double formant =
                std::exp(-std::pow((hz - 600) / 300, 2)) + 0.5 * std::exp(-std::pow((hz - 1500) / 400, 2)) + 0.05;
            sum += formant * std::sin(h * phase);
        }
        const double value = syllable * (0.15 * sum + 0.01 * noise(random));
        out[i] = static_cast<std::int16_t>(std::lround(std::clamp(value, -0.99, 0.99) * 32767));
    }
    return out;
}

/// A gradient with a square that moves over it: something to predict, and something that is new.
inline media::Picture moving_square(int width, int height, int frame)
{
    media::Picture out(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            out.y()[y * width + x] =
                static_cast<std::uint8_t>(40 + (x * 100 / width) + (y * 60 / height) + ((x ^ y) & 7));
    const int side = height / 4, left = (frame * 5) % (width - side), top = (frame * 3) % (height - side);
    for (int y = top; y < top + side; ++y)
        for (int x = left; x < left + side; ++x)
            out.y()[y * width + x] = static_cast<std::uint8_t>(200 + ((x + y) & 15));
    for (int y = 0; y < out.chroma_height(); ++y)
        for (int x = 0; x < out.chroma_width(); ++x) {
            out.u()[y * out.chroma_width() + x] = static_cast<std::uint8_t>(100 + x * 50 / out.chroma_width());
            out.v()[y * out.chroma_width() + x] = static_cast<std::uint8_t>(160 - y * 50 / out.chroma_height());
        }
    return out;
}

/// Of luma, in dB; 99 when equal.
inline double psnr(const media::Picture& a, const media::Picture& b)
{
    double sum = 0;
    const auto pixels = static_cast<std::size_t>(a.width()) * static_cast<std::size_t>(a.height());
    for (std::size_t i = 0; i < pixels; ++i) {
        const double d = static_cast<double>(a.view().y[i]) - b.view().y[i];
        sum += d * d;
    }
    return sum == 0 ? 99 : 10 * std::log10(255.0 * 255.0 * static_cast<double>(pixels) / sum);
}

/// Signal to noise in dB of `got` against `want`, at the shift up to `shift_max` samples at which it is best.
inline double best_snr(media::PcmView want, media::PcmView got, std::size_t shift_max)
{
    double best = -99;
    for (std::size_t shift = 0; shift <= shift_max; ++shift) {
        if (got.size() <= shift) break;
        const std::size_t n = std::min(want.size(), got.size() - shift);
        double signal = 0, noise = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double s = want[i], e = s - got[i + shift];
            signal += s * s;
            noise += e * e;
        }
        if (noise == 0) return 99;
        best = std::max(best, 10 * std::log10(signal / noise));
    }
    return best;
}

} // namespace godwit::test
