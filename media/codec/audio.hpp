// SPDX-License-Identifier: Apache-2.0
// codec: the libraries that make little of much, each behind verbs that are hard to use wrongly. The only room that
// sees their headers.
//
//   audio.hpp             Opus (RFC 6716)
//   audio_processing.hpp  echo, noise, gain (webrtc-audio-processing)
//   video.hpp             VP8 (RFC 6386) and VP9, by libvpx
//   stream_header.hpp     how large a picture a stranger's frame wants, before libvpx believes it
//   convert.hpp           what cameras and screens give, as I420; scaling, turning (libyuv)
//
// No object here has a thread of its own, except libvpx's inside one call. One thread at a time.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "media/base/pcm.hpp"

#include <memory>

struct OpusEncoder;
struct OpusDecoder;

namespace godwit::codec {

using media::Pcm;
using media::PcmView;

inline constexpr int audio_bitrate_min_bps = 6'000;
inline constexpr int audio_bitrate_max_bps = 64'000;
/// RFC 6716 section 3.2.1: the longest frame of one packet is 120 ms; that much is decoded of a stranger's.
inline constexpr int audio_packet_samples_max = 120 * media::samples_per_ms;
/// Of an encoded frame: RFC 6716 allows 1,275 bytes for 20 ms; ours must fit a datagram.
inline constexpr std::size_t audio_frame_bytes_max = 1'000;

struct AudioEncoderConfig {
    int channels = 1;
    int frame_ms = 20; ///< 10, 20, 40 or 60.
    int bitrate_bps = 32'000;
    int expected_loss_percent = 0; ///< In-band FEC spends bits by it.
    bool fec = true;
    bool dtx = true;    ///< Silence is sent as a few bytes every 400 ms.
    int complexity = 8; ///< 0 to 10.
};

class AudioEncoder {
public:
    /// Errors: invalid_argument; detail names the field.
    [[nodiscard]] static Result<AudioEncoder> create(const AudioEncoderConfig& config);

    /// `frame`: exactly frame_samples() of each channel. An empty answer: silence, nothing need be sent (DTX).
    /// Errors: invalid_argument (another length).
    [[nodiscard]] Result<Bytes> encode(PcmView frame);

    /// From the next frame on. What lies outside the range is brought into it.
    void set_bitrate(int bps);
    void set_expected_loss(int percent);
    /// Errors: invalid_argument.
    [[nodiscard]] Result<void> set_frame_ms(int ms);
    [[nodiscard]] int frame_samples() const noexcept { return config_.frame_ms * media::samples_per_ms; }
    [[nodiscard]] const AudioEncoderConfig& config() const noexcept { return config_; }

private:
    struct Free {
        void operator()(OpusEncoder* encoder) const noexcept;
    };
    AudioEncoder(const AudioEncoderConfig& config, OpusEncoder* encoder) : config_(config), encoder_(encoder) {}

    AudioEncoderConfig config_;
    std::unique_ptr<OpusEncoder, Free> encoder_;
};

/// Remembers the signal: packets come in order, and each loss is told by conceal() or recover(). Total.
class AudioDecoder {
public:
    /// Errors: invalid_argument.
    [[nodiscard]] static Result<AudioDecoder> create(int channels);

    /// Errors: malformed, after which the decoder goes on with the next packet.
    [[nodiscard]] Result<Pcm> decode(BytesView packet);
    /// What was lost just before `next`, out of its in-band FEC; concealed where it has none. `samples` of a channel, a
    /// multiple of 2.5 ms up to audio_packet_samples_max. Errors: malformed.
    [[nodiscard]] Result<Pcm> recover(BytesView next, int samples);
    /// Makes up what was lost. `samples` as above.
    [[nodiscard]] Result<Pcm> conceal(int samples);

    [[nodiscard]] int channels() const noexcept { return channels_; }

private:
    struct Free {
        void operator()(OpusDecoder* decoder) const noexcept;
    };
    AudioDecoder(int channels, OpusDecoder* decoder) : channels_(channels), decoder_(decoder) {}
    [[nodiscard]] Result<Pcm> run(const std::uint8_t* data, std::size_t bytes, int samples, bool fec);

    int channels_;
    std::unique_ptr<OpusDecoder, Free> decoder_;
};

/// Samples of one channel that a packet decodes to; 0: it is none, or longer than audio_packet_samples_max.
[[nodiscard]] int audio_samples_of(BytesView packet) noexcept;
/// Whether recover() has more than silence or concealment to give (RFC 6716 section 4.2.4: LBRR flags).
[[nodiscard]] bool has_fec(BytesView packet) noexcept;

} // namespace godwit::codec
