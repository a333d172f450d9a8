// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace godwit::pipeline {

media::Pcm Tone::read(std::size_t samples)
{
    media::Pcm out(samples);
    for (std::size_t i = 0; i < samples; ++i, ++at_) {
        const bool on = at_ / (media::sample_rate_hz / 2) % 2 == 0;
        const double value =
            on ? amplitude_ * std::sin(2 * std::numbers::pi * hz_ * static_cast<double>(at_) / media::sample_rate_hz)
               : 0;
        out[i] = static_cast<std::int16_t>(std::lround(value * 32767));
    }
    return out;
}

media::Picture Pattern::read()
{
    media::Picture out(width_, height_);
    const int side = std::max(2, height_ / 5), number_height = std::max(1, height_ / 16);
    const int left = number_ * 4 % std::max(1, width_ - side), top = number_ * 2 % std::max(1, height_ - side);
    for (int y = 0; y < height_; ++y)
        for (int x = 0; x < width_; ++x) {
            int luma = 30 + 140 * (x * 8 / width_) / 8 + 50 * y / height_;
            if (x >= left && x < left + side && y >= top && y < top + side)
                luma = ((x - left) / 4 + (y - top) / 4) % 2 == 0 ? 220 : 90;
            if (y >= height_ - number_height) luma = (number_ >> (15 - x * 16 / width_) & 1) != 0 ? 235 : 16;
            out.y()[y * width_ + x] = static_cast<std::uint8_t>(luma);
        }
    for (int y = 0; y < out.chroma_height(); ++y)
        for (int x = 0; x < out.chroma_width(); ++x) {
            out.u()[y * out.chroma_width() + x] = static_cast<std::uint8_t>(90 + 70 * (x * 8 / out.chroma_width()) / 8);
            out.v()[y * out.chroma_width() + x] =
                static_cast<std::uint8_t>(160 - 60 * (x * 8 / out.chroma_width()) / 8);
        }
    ++number_;
    return out;
}

} // namespace godwit::pipeline
