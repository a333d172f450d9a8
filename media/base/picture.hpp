// SPDX-License-Identifier: Apache-2.0
// media/base: the words that media rooms share.
//
//   pcm.hpp      sound
//   picture.hpp  pictures
//
// A picture is I420 (planar YUV 4:2:0, BT.601, as cameras and codecs mean it by default): a plane of luma, then two of
// chroma at half the width and height, rounded up.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>

namespace godwit::media {

/// Longest side of a picture, upright or lying, that is captured, encoded or decoded ...
inline constexpr int picture_side_max = 1920;
/// ... and how many pixels: 1920 x 1080, its height rounded up to whole blocks.
inline constexpr int picture_pixels_max = 1920 * 1088;

/// Whether anything may be allocated for it.
[[nodiscard]] constexpr bool is_picture_size(std::int64_t width, std::int64_t height) noexcept
{
    return width >= 1 && height >= 1 && width <= picture_side_max && height <= picture_side_max &&
           width * height <= picture_pixels_max;
}

/// Planes of a picture that somebody else keeps.
struct PictureView {
    int width = 0, height = 0;
    const std::uint8_t *y = nullptr, *u = nullptr, *v = nullptr;
    int stride_y = 0, stride_u = 0, stride_v = 0; ///< Bytes from one row to the next.
};

/// A picture, its planes packed one after another.
class Picture {
public:
    Picture() = default;
    /// Precondition: is_picture_size(). Black.
    Picture(int width, int height);

    [[nodiscard]] int width() const noexcept { return width_; }
    [[nodiscard]] int height() const noexcept { return height_; }
    [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
    [[nodiscard]] std::uint8_t* y() noexcept { return bytes_.data(); }
    [[nodiscard]] std::uint8_t* u() noexcept { return y() + luma_bytes(); }
    [[nodiscard]] std::uint8_t* v() noexcept { return u() + chroma_bytes(); }
    [[nodiscard]] int chroma_width() const noexcept { return (width_ + 1) / 2; }
    [[nodiscard]] int chroma_height() const noexcept { return (height_ + 1) / 2; }
    [[nodiscard]] PictureView view() const noexcept;
    [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
    /// As bytes(): y, u, v. False, and nothing changed: of another length.
    bool assign(BytesView planes);

    [[nodiscard]] static constexpr std::size_t bytes_of(int width, int height) noexcept
    {
        const auto w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height);
        return w * h + 2 * ((w + 1) / 2) * ((h + 1) / 2);
    }

private:
    [[nodiscard]] std::size_t luma_bytes() const noexcept
    {
        return static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_);
    }
    [[nodiscard]] std::size_t chroma_bytes() const noexcept
    {
        return static_cast<std::size_t>(chroma_width()) * static_cast<std::size_t>(chroma_height());
    }

    int width_ = 0, height_ = 0;
    Bytes bytes_;
};

} // namespace godwit::media
