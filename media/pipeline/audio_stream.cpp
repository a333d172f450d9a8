// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/audio_stream.hpp"

#include "media/pipeline/stream.hpp"
#include "media/rtp/red.hpp"

namespace godwit::pipeline {

Result<AudioSender> AudioSender::create(const StreamStart& start, Sealing& sealing)
{
    auto encoder = codec::AudioEncoder::create({.bitrate_bps = rate::audio_best_bps});
    if (!encoder) return encoder.error();
    AudioSender out(start, sealing, std::move(*encoder));
    out.plan_ = {rate::audio_best_bps, 20, 0, 0};
    return out;
}

void AudioSender::set_plan(const rate::AudioPlan& plan)
{
    if (plan == plan_) return;
    plan_ = plan;
    encoder_.set_bitrate(plan.bitrate_bps);
    encoder_.set_expected_loss(plan.expected_loss_percent);
    static_cast<void>(encoder_.set_frame_ms(plan.frame_ms)); // the ladder's rungs are all lengths that it has
}

std::uint32_t AudioSender::timestamp() const noexcept
{
    return start_.timestamp + static_cast<std::uint32_t>(waiting_.size());
}

Result<std::vector<Bytes>> AudioSender::capture(media::PcmView samples)
{
    std::vector<Bytes> out;
    waiting_.insert(waiting_.end(), samples.begin(), samples.end());
    for (;;) {
        const auto frame = static_cast<std::size_t>(encoder_.frame_samples());
        if (waiting_.size() < frame) return out;
        auto encoded = encoder_.encode(media::PcmView(waiting_).first(frame));
        if (!encoded) return encoded.error();
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(frame));
        if (encoded->empty())
            silent_ = true;
        else if (auto packet = packet_of(std::move(*encoded)))
            out.push_back(std::move(*packet));
        start_.timestamp += static_cast<std::uint32_t>(frame);
    }
}

std::optional<Bytes> AudioSender::packet_of(Bytes frame)
{
    std::vector<rtp::RedBlock> blocks;
    const auto redundancy = static_cast<std::size_t>(plan_.redundancy);
    while (before_.size() > redundancy)
        before_.pop_front();
    for (const Frame& one : before_) {
        const std::uint32_t offset = start_.timestamp - one.timestamp;
        if (offset <= rtp::red_offset_max && one.data.size() <= rtp::red_block_bytes_max)
            blocks.push_back({payload_opus, offset, one.data});
        else // the receiver counts their numbers back from this packet's
            blocks.clear();
    }
    blocks.push_back({payload_opus, 0, frame});
    const bool red = redundancy > 0;
    auto sealed = sealing_->seal(Kind::audio, red ? encode_red(blocks) : frame);
    if (!sealed) return std::nullopt;
    if (redundancy > 0) before_.push_back({start_.timestamp, std::move(frame)});
    rtp::Packet packet;
    packet.marker = silent_; // RFC 3551 section 4.1: the first one of a talkspurt
    packet.payload_type = red ? payload_red : payload_opus;
    packet.sequence_number = start_.sequence_number++;
    packet.timestamp = start_.timestamp;
    packet.ssrc = start_.ssrc;
    packet.payload = *sealed;
    silent_ = false;
    ++packets_;
    octets_ += static_cast<std::uint32_t>(sealed->size());
    return encode_unnumbered(packet);
}

class AudioReceiver::Decoder final : public jitter::AudioDecoder {
public:
    explicit Decoder(codec::AudioDecoder decoder) : decoder_(std::move(decoder)) {}
    int channels() const noexcept override { return decoder_.channels(); }
    int samples_of(BytesView packet) const noexcept override { return codec::audio_samples_of(packet); }
    bool has_fec(BytesView packet) const noexcept override { return codec::has_fec(packet); }
    Result<media::Pcm> decode(BytesView packet) override { return decoder_.decode(packet); }
    Result<media::Pcm> recover(BytesView next, int samples) override { return decoder_.recover(next, samples); }
    Result<media::Pcm> conceal(int samples) override { return decoder_.conceal(samples); }

private:
    codec::AudioDecoder decoder_;
};

AudioReceiver::AudioReceiver(std::uint32_t ssrc, Sealing& sealing, std::unique_ptr<jitter::AudioDecoder> decoder)
    : sealing_(sealing), decoder_(std::move(decoder)), buffer_(*decoder_), reception_(ssrc, media::sample_rate_hz)
{
}

Result<std::unique_ptr<AudioReceiver>> AudioReceiver::create(std::uint32_t ssrc, Sealing& sealing)
{
    auto decoder = codec::AudioDecoder::create(1);
    if (!decoder) return decoder.error();
    return std::unique_ptr<AudioReceiver>(
        new AudioReceiver(ssrc, sealing, std::make_unique<Decoder>(std::move(*decoder))));
}

void AudioReceiver::receive(const rtp::Packet& packet, Instant now)
{
    auto payload = sealing_.open(Kind::audio, packet.payload);
    if (!payload) return;
    reception_.packet(packet.sequence_number, packet.timestamp, now);
    const std::int64_t number = sequence_.unwrap(packet.sequence_number),
                       timestamp = timestamp_.unwrap(packet.timestamp);
    if (packet.payload_type == payload_opus) {
        buffer_.insert({timestamp, number, std::move(*payload)}, now);
    } else if (packet.payload_type == payload_red) {
        const auto blocks = rtp::decode_red(*payload);
        if (!blocks) return;
        for (std::size_t i = 0; i < blocks->size(); ++i) {
            const rtp::RedBlock& one = (*blocks)[i];
            if (one.payload_type != payload_opus) continue;
            const auto back = static_cast<std::int64_t>(blocks->size() - 1 - i); // each is what a packet before carried
            buffer_.insert({timestamp - one.timestamp_offset, number - back, to_bytes(one.data), back > 0}, now);
        }
    }
}

} // namespace godwit::pipeline
