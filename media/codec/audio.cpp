// SPDX-License-Identifier: Apache-2.0
#include "media/codec/audio.hpp"

#include <opus.h>

#include <algorithm>

namespace godwit::codec {

namespace {

Error wrong(const char* detail)
{
    return {ErrorCode::invalid_argument, detail, 0};
}

bool is_frame_ms(int ms)
{
    return ms == 10 || ms == 20 || ms == 40 || ms == 60;
}

/// Concealment works in steps of 2.5 ms.
constexpr int concealment_step = media::sample_rate_hz / 400;

bool is_concealable(int samples)
{
    return samples > 0 && samples <= audio_packet_samples_max && samples % concealment_step == 0;
}

} // namespace

void AudioEncoder::Free::operator()(OpusEncoder* encoder) const noexcept
{
    opus_encoder_destroy(encoder);
}

Result<AudioEncoder> AudioEncoder::create(const AudioEncoderConfig& config)
{
    if (config.channels < 1 || config.channels > media::channels_max) return wrong("audio encoder: channels is 1 or 2");
    if (!is_frame_ms(config.frame_ms)) return wrong("audio encoder: frame_ms is 10, 20, 40 or 60");
    if (config.bitrate_bps < audio_bitrate_min_bps || config.bitrate_bps > audio_bitrate_max_bps)
        return wrong("audio encoder: bitrate_bps is 6000 to 64000");
    if (config.expected_loss_percent < 0 || config.expected_loss_percent > 100)
        return wrong("audio encoder: expected_loss_percent is 0 to 100");
    if (config.complexity < 0 || config.complexity > 10) return wrong("audio encoder: complexity is 0 to 10");
    int code = OPUS_OK;
    ::OpusEncoder* const made =
        opus_encoder_create(media::sample_rate_hz, config.channels, OPUS_APPLICATION_VOIP, &code);
    if (made == nullptr) return Error{ErrorCode::internal, opus_strerror(code), 0};
    AudioEncoder out(config, made);
    // Each of these is within the range that the library documents, so none can fail.
    opus_encoder_ctl(made, OPUS_SET_BITRATE(config.bitrate_bps));
    opus_encoder_ctl(made, OPUS_SET_INBAND_FEC(config.fec ? 1 : 0));
    opus_encoder_ctl(made, OPUS_SET_PACKET_LOSS_PERC(config.expected_loss_percent));
    opus_encoder_ctl(made, OPUS_SET_DTX(config.dtx ? 1 : 0));
    opus_encoder_ctl(made, OPUS_SET_COMPLEXITY(config.complexity));
    opus_encoder_ctl(made, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    return out;
}

Result<Bytes> AudioEncoder::encode(PcmView frame)
{
    const auto samples = static_cast<std::size_t>(frame_samples() * config_.channels);
    if (frame.size() != samples)
        return Error{ErrorCode::invalid_argument,
                     "audio encoder: a frame has " + std::to_string(samples) + " samples, this one " +
                         std::to_string(frame.size()),
                     0};
    Bytes out(audio_frame_bytes_max);
    const auto bytes =
        opus_encode(encoder_.get(), frame.data(), frame_samples(), out.data(), static_cast<opus_int32>(out.size()));
    if (bytes < 0) return Error{ErrorCode::internal, opus_strerror(bytes), 0};
    // opus_encode(3): two bytes or less need not be transmitted.
    out.resize(bytes <= 2 ? 0 : static_cast<std::size_t>(bytes));
    return out;
}

void AudioEncoder::set_bitrate(int bps)
{
    config_.bitrate_bps = std::clamp(bps, audio_bitrate_min_bps, audio_bitrate_max_bps);
    opus_encoder_ctl(encoder_.get(), OPUS_SET_BITRATE(config_.bitrate_bps));
}

void AudioEncoder::set_expected_loss(int percent)
{
    config_.expected_loss_percent = std::clamp(percent, 0, 100);
    opus_encoder_ctl(encoder_.get(), OPUS_SET_PACKET_LOSS_PERC(config_.expected_loss_percent));
}

Result<void> AudioEncoder::set_frame_ms(int ms)
{
    if (!is_frame_ms(ms)) return wrong("audio encoder: frame_ms is 10, 20, 40 or 60");
    config_.frame_ms = ms;
    return {};
}

void AudioDecoder::Free::operator()(OpusDecoder* decoder) const noexcept
{
    opus_decoder_destroy(decoder);
}

Result<AudioDecoder> AudioDecoder::create(int channels)
{
    if (channels < 1 || channels > media::channels_max) return wrong("audio decoder: channels is 1 or 2");
    int code = OPUS_OK;
    ::OpusDecoder* const made = opus_decoder_create(media::sample_rate_hz, channels, &code);
    if (made == nullptr) return Error{ErrorCode::internal, opus_strerror(code), 0};
    return AudioDecoder(channels, made);
}

Result<Pcm> AudioDecoder::run(const std::uint8_t* data, std::size_t bytes, int samples, bool fec)
{
    Pcm out(static_cast<std::size_t>(samples * channels_));
    const int got = opus_decode(decoder_.get(), data, static_cast<opus_int32>(bytes), out.data(), samples, fec ? 1 : 0);
    if (got < 0) return Error{ErrorCode::malformed, std::string("opus packet: ") + opus_strerror(got), 0};
    out.resize(static_cast<std::size_t>(got * channels_));
    return out;
}

Result<Pcm> AudioDecoder::decode(BytesView packet)
{
    const int samples = audio_samples_of(packet);
    if (samples == 0) return Error{ErrorCode::malformed, "opus packet: no frames in it", 0};
    return run(packet.data(), packet.size(), samples, false);
}

Result<Pcm> AudioDecoder::recover(BytesView next, int samples)
{
    if (!is_concealable(samples)) return wrong("audio decoder: samples is a multiple of 120 up to 5760");
    if (audio_samples_of(next) == 0) return Error{ErrorCode::malformed, "opus packet: no frames in it", 0};
    return run(next.data(), next.size(), samples, true);
}

Result<Pcm> AudioDecoder::conceal(int samples)
{
    if (!is_concealable(samples)) return wrong("audio decoder: samples is a multiple of 120 up to 5760");
    return run(nullptr, 0, samples, false);
}

int audio_samples_of(BytesView packet) noexcept
{
    if (packet.empty() || packet.size() > 0xffff) return 0;
    const int samples =
        opus_packet_get_nb_samples(packet.data(), static_cast<opus_int32>(packet.size()), media::sample_rate_hz);
    return samples <= 0 || samples > audio_packet_samples_max ? 0 : samples;
}

bool has_fec(BytesView packet) noexcept
{
    if (packet.size() < 2 || audio_samples_of(packet) == 0) return false;
    const unsigned toc = packet[0];
    if ((toc & 0x80) != 0) return false; // CELT only: no LBRR
    // Section 3.1: configuration in five bits, of which SILK uses 10, 20, 40, 60 ms, hybrid 10 and 20.
    const unsigned config = toc >> 3;
    const unsigned silk_frames = config < 12 ? (config % 4 < 2 ? 1 : config % 4) : 1;
    if ((toc & 3) != 0) return true; // several frames in a packet, which our encoder does not make: ask the decoder
    // Section 4.2.3: a VAD flag for each SILK frame, then the LBRR flag, from the first bit on, of the middle channel.
    return (packet[1] >> (7 - silk_frames) & 1) != 0;
}

} // namespace godwit::codec
