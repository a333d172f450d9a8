// SPDX-License-Identifier: Apache-2.0
// What cameras and screens give, as I420; scaling and turning. By libyuv.
#pragma once

#include <godwit/result.hpp>

#include "media/base/picture.hpp"

namespace godwit::codec {

/// By the names of their bytes in memory, first one first.
enum class PixelFormat : std::uint8_t {
    i420 = 1, ///< Planes of Y, U, V.
    nv12 = 2, ///< A plane of Y, one of U and V in turn: most phones.
    nv21 = 3, ///< As nv12, V first: Android.
    yuy2 = 4, ///< Y U Y V: most webcams.
    uyvy = 5,
    bgra = 6,  ///< Screens; FOURCC ARGB.
    rgba = 7,  ///< FOURCC ABGR.
    rgb24 = 8, ///< B G R, as libyuv and Windows name it.
};

/// Bytes of a picture whose rows follow each other without a gap.
[[nodiscard]] std::size_t bytes_of(PixelFormat format, int width, int height) noexcept;

/// Errors: invalid_argument (no picture size, odd width of a format with pairs, fewer or more bytes than bytes_of).
[[nodiscard]] Result<media::Picture> to_i420(PixelFormat format, BytesView bytes, int width, int height);

/// Box filter: good for making smaller. Errors: invalid_argument (no picture size).
[[nodiscard]] Result<media::Picture> scale(const media::PictureView& picture, int width, int height);

/// Clockwise. Errors: invalid_argument (not 0, 90, 180 or 270).
[[nodiscard]] Result<media::Picture> rotate(const media::PictureView& picture, int degrees);

/// How like two pictures of one size are: peak signal to noise in dB (128 when equal), and structural similarity (0 to
/// 1), as libyuv counts them over all planes. Precondition: the same size.
[[nodiscard]] double psnr(const media::PictureView& a, const media::PictureView& b);
[[nodiscard]] double ssim(const media::PictureView& a, const media::PictureView& b);

} // namespace godwit::codec
