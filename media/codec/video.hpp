// SPDX-License-Identifier: Apache-2.0
// VP8 and VP9 for conversations: real time, constant bit rate, temporal layers, no frame that waits for a later one.
//
// Layers: a frame of layer n refers to layers up to n only, so that whoever forwards can leave out the upper ones.
//
//   1 layer    0 0 0 0
//   2 layers   0 1 0 1      layer 1 is referred to by nobody
//   3 layers   0 2 1 2      layer 2 is referred to by nobody
#pragma once

#include <godwit/result.hpp>

#include "lib/base/time.hpp"
#include "media/base/picture.hpp"
#include "media/codec/stream_header.hpp"

#include <memory>
#include <optional>

namespace godwit::codec {

inline constexpr int video_bitrate_min_bps = 30'000;
inline constexpr int video_bitrate_max_bps = 8'000'000;
inline constexpr int video_fps_max = 60;
inline constexpr int video_side_min = 16; ///< The smallest that libvpx's search is fond of.
inline constexpr int temporal_layers_max = 3;
inline constexpr int video_threads_max = 8;
/// Of an encoded frame that is decoded; as much as a sealed one may have (media/rtp).
inline constexpr std::size_t encoded_frame_bytes_max = std::size_t{1} << 20;

struct VideoEncoderConfig {
    VideoCodec codec = VideoCodec::vp8;
    int width = 640, height = 360; ///< media::is_picture_size, and at least video_side_min a side.
    int fps = 30;                  ///< What is meant; pictures may come more seldom.
    int bitrate_bps = 500'000;
    int temporal_layers = 1;
    int threads = 1;
    bool screen = false; ///< Text and edges rather than motion.
};

struct EncodedFrame {
    Bytes data;
    bool keyframe = false;
    int temporal_id = 0;
    bool layer_sync = false;  ///< Refers to layer 0 only.
    bool discardable = false; ///< Nobody refers to it.
};

class VideoEncoder {
public:
    /// Errors: invalid_argument; detail names the field.
    [[nodiscard]] static Result<VideoEncoder> create(const VideoEncoderConfig& config);
    VideoEncoder(VideoEncoder&&) noexcept;
    VideoEncoder& operator=(VideoEncoder&&) noexcept;
    ~VideoEncoder();

    /// A picture of the configured size, taken at `at`, later than the one before. nullopt: dropped, for the rate's
    /// sake. `keyframe`: must be one. Errors: invalid_argument (another size, no later time), internal.
    [[nodiscard]] Result<std::optional<EncodedFrame>> encode(const media::PictureView& picture, Duration at,
                                                             bool keyframe);

    /// From the next picture on. What lies outside the range is brought into it.
    void set_rate(int bitrate_bps, int fps);
    [[nodiscard]] const VideoEncoderConfig& config() const noexcept;

private:
    struct Impl;
    explicit VideoEncoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Total, and bounded: no picture is allocated that is not media::is_picture_size. After an error a keyframe is needed.
class VideoDecoder {
public:
    /// Errors: invalid_argument (threads), internal.
    [[nodiscard]] static Result<VideoDecoder> create(VideoCodec codec, int threads = 1);
    VideoDecoder(VideoDecoder&&) noexcept;
    VideoDecoder& operator=(VideoDecoder&&) noexcept;
    ~VideoDecoder();

    /// nullopt: decoded, and nothing to show. Errors: malformed (no such frame, damaged, a delta before any keyframe),
    /// message_too_large (frame or picture).
    [[nodiscard]] Result<std::optional<media::Picture>> decode(BytesView frame);

private:
    struct Impl;
    explicit VideoDecoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::codec
