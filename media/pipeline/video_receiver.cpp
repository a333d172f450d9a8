// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/stream.hpp"
#include "media/pipeline/video_stream.hpp"
#include "media/rtp/frame_marking.hpp"
#include "media/rtp/vp8.hpp"
#include "media/rtp/vp9.hpp"

#include <algorithm>

namespace godwit::pipeline {

namespace {

/// So long nothing but packets without a keyframe is borne.
constexpr Duration keyframe_patience = std::chrono::milliseconds(200);

} // namespace

Instant VideoReceiver::deadline() const noexcept
{
    const Instant patience = stuck_since_ ? *stuck_since_ + keyframe_patience : never;
    return earlier(patience, earlier(nacks_.deadline(), frames_.deadline()));
}

void VideoReceiver::set_round_trip(Duration round_trip)
{
    frames_.set_round_trip(round_trip);
    nacks_.set_round_trip(round_trip);
}

bool VideoReceiver::take(const rtp::Packet& packet, Instant now)
{
    // The frame marking speaks for the frame; the descriptor is what a forwarder looks at, and must be there.
    const rtp::Extension* const extension = packet.find(extension_marking);
    const auto marking = extension == nullptr ? std::nullopt : rtp::decode_frame_marking(extension->data);
    if (!marking) return false;
    BytesView part;
    codec::VideoCodec codec{};
    if (packet.payload_type == payload_vp8) {
        const auto parsed = rtp::decode_vp8(packet.payload);
        if (!parsed) return false;
        part = parsed->payload;
        codec = codec::VideoCodec::vp8;
    } else if (packet.payload_type == payload_vp9) {
        const auto parsed = rtp::decode_vp9(packet.payload);
        if (!parsed) return false;
        part = parsed->payload;
        codec = codec::VideoCodec::vp9;
    } else {
        return false;
    }
    const std::int64_t number = sequence_.unwrap(packet.sequence_number);
    if (codec != codec_) {                                           // the sender has changed it
        if (statistics_.shown > 0 && number < newest_) return false; // ... and this one comes late
        codec_ = codec;
        decoder_.reset();
        frames_.need_keyframe();
    }
    newest_ = std::max(newest_, number);
    nacks_.arrived(number, now);
    frames_.insert({number, timestamp_.unwrap(packet.timestamp), marking->start_of_frame, marking->end_of_frame,
                    marking->independent, marking->base_layer_sync, marking->temporal_id, marking->tl0_pic_idx,
                    to_bytes(part)},
                   now);
    return true;
}

void VideoReceiver::receive(const rtp::Packet& packet, BytesView whole, Instant now)
{
    if (!take(packet, now)) return;
    reception_.packet(packet.sequence_number, packet.timestamp, now);
    Bytes kept = to_bytes(whole);
    clear_transport_number(kept);
    take_repaired(repair_.packet(packet.sequence_number, std::move(kept), ssrc_), now);
}

void VideoReceiver::receive_parity(const rtp::Packet& packet, Instant now)
{
    if (packet.payload_type == payload_parity) take_repaired(repair_.parity(packet.payload, ssrc_), now);
}

/// As if they had come.
void VideoReceiver::take_repaired(const std::vector<Bytes>& packets, Instant now)
{
    for (const Bytes& one : packets)
        if (const auto packet = rtp::decode(one); packet && take(*packet, now)) ++statistics_.repaired;
}

std::optional<media::Picture> VideoReceiver::decode(const jitter::VideoFrame& frame)
{
    const auto opened = sealing_.open(Kind::video, frame.data);
    if (!opened) return std::nullopt;
    if (!decoder_) {
        auto made = codec::VideoDecoder::create(codec_);
        if (!made) return std::nullopt;
        decoder_ = std::move(*made);
    }
    auto picture = decoder_->decode(*opened);
    if (!picture || !*picture) return std::nullopt;
    if (tap_) tap_(codec_, *opened, frame.timestamp, (*picture)->width(), (*picture)->height());
    return std::move(**picture);
}

std::optional<VideoReceiver::Shown> VideoReceiver::next(Instant now)
{
    while (const auto frame = frames_.next(now)) {
        nacks_.forget_before(frames_.floor());
        auto picture = decode(*frame);
        if (!picture) {
            ++statistics_.refused;
            frames_.need_keyframe();
            nacks_.want_keyframe();
            continue;
        }
        if (frame->keyframe) nacks_.keyframe_came();
        if (last_shown_ && now - *last_shown_ > freeze_min) {
            ++statistics_.freezes;
            statistics_.frozen += now - *last_shown_;
        }
        last_shown_ = now;
        ++statistics_.shown;
        statistics_.width = picture->width();
        statistics_.height = picture->height();
        return Shown{std::move(*picture), frame->timestamp};
    }
    return std::nullopt;
}

VideoReceiver::Ask VideoReceiver::poll(Instant now)
{
    Ask out;
    // Before the first packet there is nobody to ask, and of the first keyframe the end may be under way.
    if (!frames_.needs_keyframe() || frames_.statistics().packets == 0)
        stuck_since_.reset();
    else if (!stuck_since_)
        stuck_since_ = now;
    else if (now - *stuck_since_ >= keyframe_patience) {
        nacks_.want_keyframe();
        stuck_since_ = now;
    }
    const auto ask = nacks_.poll(now);
    for (const std::int64_t number : ask.sequence_numbers)
        out.sequence_numbers.push_back(static_cast<std::uint16_t>(number));
    out.keyframe = ask.keyframe;
    return out;
}

VideoStatistics VideoReceiver::statistics() const noexcept
{
    VideoStatistics out = statistics_;
    out.codec = codec_;
    out.frames = frames_.statistics();
    out.nacks = nacks_.statistics();
    return out;
}

} // namespace godwit::pipeline
