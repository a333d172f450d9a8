// SPDX-License-Identifier: Apache-2.0
// A tone and a pattern, for trying a call without devices or files.
#pragma once

#include "media/base/pcm.hpp"
#include "media/base/picture.hpp"

namespace godwit::pipeline {

/// A sine that is switched on and off every half second, so that delay can be heard.
class Tone {
public:
    explicit Tone(double hz = 440, double amplitude = 0.25) : hz_(hz), amplitude_(amplitude) {}
    [[nodiscard]] media::Pcm read(std::size_t samples);

private:
    double hz_, amplitude_;
    std::int64_t at_ = 0;
};

/// Bars, a gradient, and a block that moves by each picture; its number in blocks of light and dark along the lower
/// edge.
class Pattern {
public:
    /// Precondition: media::is_picture_size.
    Pattern(int width, int height) : width_(width), height_(height) {}
    [[nodiscard]] media::Picture read();

private:
    int width_, height_;
    int number_ = 0;
};

} // namespace godwit::pipeline
