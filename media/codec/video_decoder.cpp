// SPDX-License-Identifier: Apache-2.0
#include "media/codec/video.hpp"

#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#include <algorithm>
#include <string>

namespace godwit::codec {

struct VideoDecoder::Impl {
    VideoCodec codec{};
    vpx_codec_ctx_t context{};
    bool made = false;
    bool needs_keyframe = true;

    Bytes chunk; ///< VP9: what libvpx gets.

    /// libvpx decodes as many VP9 frames as stand in a chunk, and only the first one's size was judged. An index
    /// behind it (VP9 bitstream specification, annex B) says that all of it is one frame.
    BytesView alone(BytesView frame)
    {
        constexpr std::uint8_t one_frame_of_four_bytes_length = 0xd8;
        chunk.assign(frame.begin(), frame.end());
        chunk.push_back(one_frame_of_four_bytes_length);
        for (int shift = 0; shift < 32; shift += 8)
            chunk.push_back(static_cast<std::uint8_t>(frame.size() >> shift));
        chunk.push_back(one_frame_of_four_bytes_length);
        return chunk;
    }

    ~Impl()
    {
        if (made) vpx_codec_destroy(&context);
    }
};

namespace {

media::Picture copy_of(const vpx_image_t& image)
{
    media::Picture out(static_cast<int>(image.d_w), static_cast<int>(image.d_h));
    const auto plane = [](const std::uint8_t* from, int stride, std::uint8_t* to, int width, int height) {
        for (int row = 0; row < height; ++row, from += stride, to += width)
            std::copy(from, from + width, to);
    };
    plane(image.planes[VPX_PLANE_Y], image.stride[VPX_PLANE_Y], out.y(), out.width(), out.height());
    plane(image.planes[VPX_PLANE_U], image.stride[VPX_PLANE_U], out.u(), out.chroma_width(), out.chroma_height());
    plane(image.planes[VPX_PLANE_V], image.stride[VPX_PLANE_V], out.v(), out.chroma_width(), out.chroma_height());
    return out;
}

} // namespace

VideoDecoder::VideoDecoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoDecoder::VideoDecoder(VideoDecoder&&) noexcept = default;
VideoDecoder& VideoDecoder::operator=(VideoDecoder&&) noexcept = default;
VideoDecoder::~VideoDecoder() = default;

Result<VideoDecoder> VideoDecoder::create(VideoCodec codec, int threads)
{
    if (threads < 1 || threads > video_threads_max)
        return Error{ErrorCode::invalid_argument, "video decoder: threads is 1 to 8", 0};
    auto impl = std::make_unique<Impl>();
    impl->codec = codec;
    const vpx_codec_dec_cfg_t config{static_cast<unsigned>(threads), 0, 0};
    vpx_codec_iface_t* const iface = codec == VideoCodec::vp8 ? vpx_codec_vp8_dx() : vpx_codec_vp9_dx();
    if (vpx_codec_dec_init(&impl->context, iface, &config, 0) != VPX_CODEC_OK)
        return Error{ErrorCode::internal, "video decoder: no decoder of this kind in libvpx", 0};
    impl->made = true;
    return VideoDecoder(std::move(impl));
}

Result<std::optional<media::Picture>> VideoDecoder::decode(BytesView frame)
{
    Impl& it = *impl_;
    const auto refuse = [&](ErrorCode code, std::string detail) {
        it.needs_keyframe = true;
        return Error{code, "video decoder: " + std::move(detail), 0};
    };
    if (frame.size() > encoded_frame_bytes_max)
        return refuse(ErrorCode::message_too_large, "a frame of more than 1 MiB");
    const auto header = read_stream_header(it.codec, frame);
    if (!header) return refuse(ErrorCode::malformed, "no frame of this codec");
    if (it.needs_keyframe && !header->keyframe) return refuse(ErrorCode::malformed, "a keyframe is needed first");
    if (header->width != 0 && !media::is_picture_size(header->width, header->height))
        return refuse(ErrorCode::message_too_large,
                      "a picture of " + std::to_string(header->width) + " x " + std::to_string(header->height));
    if (it.codec == VideoCodec::vp9) frame = it.alone(frame);
    if (vpx_codec_decode(&it.context, frame.data(), static_cast<unsigned>(frame.size()), nullptr, 0) != VPX_CODEC_OK)
        return refuse(ErrorCode::malformed, vpx_codec_error(&it.context));
    it.needs_keyframe = false;

    std::optional<media::Picture> out;
    vpx_codec_iter_t iterator = nullptr;
    while (const vpx_image_t* image = vpx_codec_get_frame(&it.context, &iterator)) {
        int corrupted = 0;
        if (vpx_codec_control(&it.context, VP8D_GET_FRAME_CORRUPTED, &corrupted) == VPX_CODEC_OK && corrupted != 0)
            return refuse(ErrorCode::malformed, "damaged");
        if (image->fmt != VPX_IMG_FMT_I420 || !media::is_picture_size(image->d_w, image->d_h))
            return refuse(ErrorCode::malformed, "not I420, or of another size than it said");
        out = copy_of(*image);
    }
    return out;
}

} // namespace godwit::codec
