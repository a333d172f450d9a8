// SPDX-License-Identifier: Apache-2.0
#include "media/codec/convert.hpp"

#include "lib/base/check.hpp"

#include <libyuv.h>

#include <string>

namespace godwit::codec {

namespace {

Error wrong(std::string detail)
{
    return {ErrorCode::invalid_argument, "picture: " + std::move(detail), 0};
}

constexpr const char* size_words = "width and height are 1 to 1920, and no more than 1920 x 1088 together";

} // namespace

std::size_t bytes_of(PixelFormat format, int width, int height) noexcept
{
    const auto w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height);
    switch (format) {
    case PixelFormat::i420:
    case PixelFormat::nv12:
    case PixelFormat::nv21: return media::Picture::bytes_of(width, height);
    case PixelFormat::yuy2:
    case PixelFormat::uyvy: return (w + 1) / 2 * 4 * h;
    case PixelFormat::bgra:
    case PixelFormat::rgba: return w * 4 * h;
    case PixelFormat::rgb24: return w * 3 * h;
    }
    return 0;
}

Result<media::Picture> to_i420(PixelFormat format, BytesView bytes, int width, int height)
{
    if (!media::is_picture_size(width, height)) return wrong(size_words);
    const std::size_t wanted = bytes_of(format, width, height);
    if (wanted == 0) return wrong("this pixel format is unknown");
    if (bytes.size() != wanted)
        return wrong("this size and format have " + std::to_string(wanted) + " bytes, not " +
                     std::to_string(bytes.size()));
    media::Picture out(width, height);
    if (format == PixelFormat::i420) {
        out.assign(bytes);
        return out;
    }
    const int half = out.chroma_width();
    const std::uint8_t* const from = bytes.data();
    // In NV12 and NV21 the pairs of chroma follow the luma.
    const std::uint8_t* const pairs = from + static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const auto with = [&](auto convert, int stride) {
        return convert(from, stride, out.y(), width, out.u(), half, out.v(), half, width, height);
    };
    int code = -1;
    switch (format) {
    case PixelFormat::nv12:
        code = libyuv::NV12ToI420(from, width, pairs, 2 * half, out.y(), width, out.u(), half, out.v(), half, width,
                                  height);
        break;
    case PixelFormat::nv21:
        code = libyuv::NV21ToI420(from, width, pairs, 2 * half, out.y(), width, out.u(), half, out.v(), half, width,
                                  height);
        break;
    case PixelFormat::yuy2: code = with(libyuv::YUY2ToI420, (width + 1) / 2 * 4); break;
    case PixelFormat::uyvy: code = with(libyuv::UYVYToI420, (width + 1) / 2 * 4); break;
    case PixelFormat::bgra: code = with(libyuv::ARGBToI420, width * 4); break;
    case PixelFormat::rgba: code = with(libyuv::ABGRToI420, width * 4); break;
    case PixelFormat::rgb24: code = with(libyuv::RGB24ToI420, width * 3); break;
    case PixelFormat::i420: break;
    }
    if (code != 0) return Error{ErrorCode::internal, "picture: libyuv refuses it", 0};
    return out;
}

Result<media::Picture> scale(const media::PictureView& picture, int width, int height)
{
    if (!media::is_picture_size(width, height)) return wrong(size_words);
    media::Picture out(width, height);
    const int code =
        libyuv::I420Scale(picture.y, picture.stride_y, picture.u, picture.stride_u, picture.v, picture.stride_v,
                          picture.width, picture.height, out.y(), width, out.u(), out.chroma_width(), out.v(),
                          out.chroma_width(), width, height, libyuv::kFilterBox);
    if (code != 0) return Error{ErrorCode::internal, "picture: libyuv refuses it", 0};
    return out;
}

Result<media::Picture> rotate(const media::PictureView& picture, int degrees)
{
    libyuv::RotationMode mode = libyuv::kRotate0;
    switch (degrees) {
    case 0: break;
    case 90: mode = libyuv::kRotate90; break;
    case 180: mode = libyuv::kRotate180; break;
    case 270: mode = libyuv::kRotate270; break;
    default: return wrong("it is turned by 0, 90, 180 or 270 degrees");
    }
    const bool lies = degrees == 90 || degrees == 270;
    media::Picture out(lies ? picture.height : picture.width, lies ? picture.width : picture.height);
    const int code = libyuv::I420Rotate(picture.y, picture.stride_y, picture.u, picture.stride_u, picture.v,
                                        picture.stride_v, out.y(), out.width(), out.u(), out.chroma_width(), out.v(),
                                        out.chroma_width(), picture.width, picture.height, mode);
    if (code != 0) return Error{ErrorCode::internal, "picture: libyuv refuses it", 0};
    return out;
}

double psnr(const media::PictureView& a, const media::PictureView& b)
{
    GODWIT_ASSERT(a.width == b.width && a.height == b.height);
    return libyuv::I420Psnr(a.y, a.stride_y, a.u, a.stride_u, a.v, a.stride_v, b.y, b.stride_y, b.u, b.stride_u, b.v,
                            b.stride_v, a.width, a.height);
}

double ssim(const media::PictureView& a, const media::PictureView& b)
{
    GODWIT_ASSERT(a.width == b.width && a.height == b.height);
    return libyuv::I420Ssim(a.y, a.stride_y, a.u, a.stride_u, a.v, a.stride_v, b.y, b.stride_y, b.u, b.stride_u, b.v,
                            b.stride_v, a.width, a.height);
}

} // namespace godwit::codec
