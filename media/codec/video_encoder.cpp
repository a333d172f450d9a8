// SPDX-License-Identifier: Apache-2.0
#include "media/codec/video.hpp"

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace godwit::codec {

namespace {

Error wrong(const char* detail)
{
    return {ErrorCode::invalid_argument, detail, 0};
}

constexpr int timebase_per_s = 90'000; // RTP's clock for video

/// A place in the pattern of layers: what it may refer to, what it becomes.
struct Place {
    int temporal_id;
    bool layer_sync, discardable;
    vpx_enc_frame_flags_t flags;
};
constexpr vpx_enc_frame_flags_t no_golden = VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_UPD_GF;
constexpr vpx_enc_frame_flags_t no_alternate = VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_ARF;
constexpr vpx_enc_frame_flags_t base_only = no_golden | no_alternate;
constexpr vpx_enc_frame_flags_t updates_nothing =
    VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_UPD_ENTROPY;

/// Layer 0 lives in LAST, layer 1 of three in GOLDEN.
Place place_of(int layers, unsigned frame)
{
    if (layers == 2 && frame % 2 == 1)
        return {1, true, true, updates_nothing | VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF};
    if (layers == 3) {
        switch (frame % 4) {
        case 1: return {2, true, true, updates_nothing | VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF};
        case 2: return {1, true, false, VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_REF_GF | no_alternate};
        case 3: return {2, false, true, updates_nothing | VP8_EFLAG_NO_REF_ARF};
        default: break;
        }
    }
    return {0, true, false, layers == 1 ? 0 : base_only};
}

/// Of each layer, with those below it, in percent of the whole.
constexpr std::array<std::array<unsigned, 3>, 3> layer_percent = {{{100, 0, 0}, {60, 100, 0}, {40, 60, 100}}};

} // namespace

struct VideoEncoder::Impl {
    VideoEncoderConfig config;
    vpx_codec_ctx_t context{};
    vpx_codec_enc_cfg_t vpx{};
    bool made = false;
    unsigned frame = 0;
    std::optional<Duration> last_at;

    ~Impl()
    {
        if (made) vpx_codec_destroy(&context);
    }

    void fill_rates()
    {
        const auto kbps = static_cast<unsigned>(config.bitrate_bps / 1000);
        vpx.rc_target_bitrate = kbps;
        const auto layers = static_cast<std::size_t>(config.temporal_layers);
        for (std::size_t i = 0; i < layers; ++i) {
            const unsigned rate = std::max(1U, kbps * layer_percent.at(layers - 1).at(i) / 100);
            vpx.ts_target_bitrate[i] = rate;
            vpx.layer_target_bitrate[i] = rate;
        }
        // A keyframe may have what half a second of buffer holds, no more: it has to go through the same bottleneck.
        if (made) vpx_codec_control_(&context, VP8E_SET_MAX_INTRA_BITRATE_PCT, std::max(300, 500 * config.fps / 100));
    }

    [[nodiscard]] bool make()
    {
        vpx_codec_iface_t* const iface = config.codec == VideoCodec::vp8 ? vpx_codec_vp8_cx() : vpx_codec_vp9_cx();
        if (vpx_codec_enc_config_default(iface, &vpx, 0) != VPX_CODEC_OK) return false;
        vpx.g_w = static_cast<unsigned>(config.width);
        vpx.g_h = static_cast<unsigned>(config.height);
        vpx.g_threads = static_cast<unsigned>(config.threads);
        vpx.g_timebase = {1, timebase_per_s};
        vpx.g_lag_in_frames = 0;
        vpx.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
        vpx.g_pass = VPX_RC_ONE_PASS;
        vpx.rc_end_usage = VPX_CBR;
        vpx.rc_min_quantizer = 2;
        vpx.rc_max_quantizer = 56;
        vpx.rc_undershoot_pct = 100;
        vpx.rc_overshoot_pct = 15;
        vpx.rc_buf_initial_sz = 500;
        vpx.rc_buf_optimal_sz = 600;
        vpx.rc_buf_sz = 1000;
        vpx.rc_dropframe_thresh = config.screen ? 0 : 30;
        vpx.kf_mode = VPX_KF_DISABLED; // when somebody asks, not by the clock
        const auto layers = static_cast<unsigned>(config.temporal_layers);
        vpx.ss_number_layers = 1;
        vpx.ts_number_layers = layers;
        vpx.ts_periodicity = layers == 3 ? 4 : layers;
        for (unsigned i = 0; i < vpx.ts_periodicity; ++i)
            vpx.ts_layer_id[i] = static_cast<unsigned>(place_of(config.temporal_layers, i).temporal_id);
        for (unsigned i = 0; i < layers; ++i)
            vpx.ts_rate_decimator[i] = 1U << (layers - 1 - i);
        if (config.codec == VideoCodec::vp9 && layers > 1)
            vpx.temporal_layering_mode = VP9E_TEMPORAL_LAYERING_MODE_BYPASS;
        fill_rates();
        if (vpx_codec_enc_init(&context, iface, &vpx, 0) != VPX_CODEC_OK) return false;
        made = true;
        bool good = true;
        const auto control = [&](int id, auto value) {
            good = good && vpx_codec_control_(&context, id, value) == VPX_CODEC_OK;
        };
        if (config.codec == VideoCodec::vp8) {
            control(VP8E_SET_CPUUSED, -8); // below zero: keeps within the time of a frame
            control(VP8E_SET_NOISE_SENSITIVITY, 0U);
            control(VP8E_SET_TOKEN_PARTITIONS, static_cast<int>(VP8_ONE_TOKENPARTITION));
            control(VP8E_SET_STATIC_THRESHOLD, 1U);
            control(VP8E_SET_SCREEN_CONTENT_MODE, config.screen ? 1U : 0U);
        } else {
            control(VP8E_SET_CPUUSED, 8);
            control(VP9E_SET_AQ_MODE, 3U); // cyclic refresh
            control(VP9E_SET_GF_CBR_BOOST_PCT, 0U);
            control(VP9E_SET_FRAME_PERIODIC_BOOST, 0U);
            control(VP9E_SET_NOISE_SENSITIVITY, 0U);
            control(VP9E_SET_TUNE_CONTENT,
                    static_cast<int>(config.screen ? VP9E_CONTENT_SCREEN : VP9E_CONTENT_DEFAULT));
            control(VP9E_SET_ROW_MT, 0U);
            if (layers > 1) {
                control(VP9E_SET_SVC, 1);
                vpx_svc_extra_cfg_t svc{};
                for (unsigned i = 0; i < layers; ++i) {
                    svc.max_quantizers[i] = static_cast<int>(vpx.rc_max_quantizer);
                    svc.min_quantizers[i] = static_cast<int>(vpx.rc_min_quantizer);
                }
                svc.scaling_factor_num[0] = svc.scaling_factor_den[0] = 1;
                svc.speed_per_layer[0] = 8;
                svc.temporal_layering_mode = vpx.temporal_layering_mode;
                control(VP9E_SET_SVC_PARAMETERS, &svc);
            }
        }
        fill_rates();
        return good;
    }
};

VideoEncoder::VideoEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoEncoder::VideoEncoder(VideoEncoder&&) noexcept = default;
VideoEncoder& VideoEncoder::operator=(VideoEncoder&&) noexcept = default;
VideoEncoder::~VideoEncoder() = default;

const VideoEncoderConfig& VideoEncoder::config() const noexcept
{
    return impl_->config;
}

Result<VideoEncoder> VideoEncoder::create(const VideoEncoderConfig& config)
{
    if (!media::is_picture_size(config.width, config.height) || config.width < video_side_min ||
        config.height < video_side_min)
        return wrong("video encoder: width and height are 16 to 1920, and no more than 1920 x 1088 together");
    if (config.fps < 1 || config.fps > video_fps_max) return wrong("video encoder: fps is 1 to 60");
    if (config.bitrate_bps < video_bitrate_min_bps || config.bitrate_bps > video_bitrate_max_bps)
        return wrong("video encoder: bitrate_bps is 30000 to 8000000");
    if (config.temporal_layers < 1 || config.temporal_layers > temporal_layers_max)
        return wrong("video encoder: temporal_layers is 1 to 3");
    if (config.threads < 1 || config.threads > video_threads_max) return wrong("video encoder: threads is 1 to 8");
    auto impl = std::make_unique<Impl>();
    impl->config = config;
    if (!impl->make()) {
        const char* const why = impl->made ? vpx_codec_error(&impl->context) : "no encoder of this kind in libvpx";
        return Error{ErrorCode::internal, std::string("video encoder: ") + why, 0};
    }
    return VideoEncoder(std::move(impl));
}

Result<std::optional<EncodedFrame>> VideoEncoder::encode(const media::PictureView& picture, Duration at, bool keyframe)
{
    Impl& it = *impl_;
    if (picture.width != it.config.width || picture.height != it.config.height)
        return wrong("video encoder: the picture has another size than the encoder");
    if (it.last_at && at <= *it.last_at) return wrong("video encoder: pictures come in the order of their times");
    const auto ticks = [](Duration t) { return t.count() * timebase_per_s / 1'000'000; };
    const auto pts = ticks(at);
    const auto length =
        it.last_at ? std::max<std::int64_t>(1, pts - ticks(*it.last_at)) : timebase_per_s / it.config.fps;
    it.last_at = at;

    // A keyframe begins the pattern anew: it is of layer 0.
    if (keyframe) it.frame = 0;
    const Place place = place_of(it.config.temporal_layers, it.frame);
    if (it.config.temporal_layers > 1) {
        if (it.config.codec == VideoCodec::vp8) {
            vpx_codec_control(&it.context, VP8E_SET_TEMPORAL_LAYER_ID, place.temporal_id);
        } else {
            vpx_svc_layer_id_t id{};
            id.temporal_layer_id = place.temporal_id;
            id.temporal_layer_id_per_spatial[0] = place.temporal_id;
            vpx_codec_control(&it.context, VP9E_SET_SVC_LAYER_ID, &id);
        }
    }

    vpx_image_t image{};
    // The library reads planes only; its struct has no const.
    vpx_img_wrap(&image, VPX_IMG_FMT_I420, static_cast<unsigned>(picture.width), static_cast<unsigned>(picture.height),
                 1, const_cast<std::uint8_t*>(picture.y));
    image.planes[VPX_PLANE_Y] = const_cast<std::uint8_t*>(picture.y);
    image.planes[VPX_PLANE_U] = const_cast<std::uint8_t*>(picture.u);
    image.planes[VPX_PLANE_V] = const_cast<std::uint8_t*>(picture.v);
    image.stride[VPX_PLANE_Y] = picture.stride_y;
    image.stride[VPX_PLANE_U] = picture.stride_u;
    image.stride[VPX_PLANE_V] = picture.stride_v;

    const vpx_enc_frame_flags_t flags = keyframe ? VPX_EFLAG_FORCE_KF : place.flags;
    if (vpx_codec_encode(&it.context, &image, pts, static_cast<unsigned long>(length), flags, VPX_DL_REALTIME) !=
        VPX_CODEC_OK)
        return Error{ErrorCode::internal, std::string("video encoder: ") + vpx_codec_error(&it.context), 0};

    std::optional<EncodedFrame> out;
    vpx_codec_iter_t iterator = nullptr;
    while (const vpx_codec_cx_pkt_t* packet = vpx_codec_get_cx_data(&it.context, &iterator)) {
        if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
        if (!out) out.emplace();
        const auto* const from = static_cast<const std::uint8_t*>(packet->data.frame.buf);
        out->data.insert(out->data.end(), from, from + packet->data.frame.sz);
        out->keyframe = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    }
    if (out && out->data.empty()) out.reset();
    if (!out) return out; // its place stays free for the next one
    ++it.frame;
    out->temporal_id = out->keyframe ? 0 : place.temporal_id;
    out->layer_sync = out->keyframe || place.layer_sync;
    out->discardable = !out->keyframe && place.discardable;
    return out;
}

void VideoEncoder::set_rate(int bitrate_bps, int fps)
{
    Impl& it = *impl_;
    it.config.bitrate_bps = std::clamp(bitrate_bps, video_bitrate_min_bps, video_bitrate_max_bps);
    it.config.fps = std::clamp(fps, 1, video_fps_max);
    it.fill_rates();
    vpx_codec_enc_config_set(&it.context, &it.vpx);
}

} // namespace godwit::codec
