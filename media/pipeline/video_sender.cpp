// SPDX-License-Identifier: Apache-2.0
#include "media/codec/convert.hpp"
#include "media/pipeline/stream.hpp"
#include "media/pipeline/video_stream.hpp"
#include "media/rtp/fragments.hpp"
#include "media/rtp/frame_marking.hpp"
#include "media/rtp/vp8.hpp"
#include "media/rtp/vp9.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace godwit::pipeline {

namespace {

constexpr std::uint16_t picture_id_mask = 0x7fff;
/// The longest descriptor that we write.
constexpr std::size_t descriptor_bytes_max = 6;
/// A change of size is a keyframe; so not more often than that.
constexpr Duration rung_for = std::chrono::seconds(3);
/// What was given to the encoder did not come out for so long, or for so many: it makes up for a rate that is past (of
/// a path that was narrow, pictures that were left out), for many seconds. A new one owes nothing.
constexpr Duration starved_for = std::chrono::seconds(1);
constexpr int starved_pictures = 4;

} // namespace

std::uint32_t VideoSender::timestamp_at(Instant now) const noexcept
{
    if (!first_at_) return first_timestamp_;
    return first_timestamp_ + static_cast<std::uint32_t>((now - *first_at_).count() * 9 / 100);
}

Result<void> VideoSender::prepare(const Rung& rung)
{
    const auto bps =
        static_cast<int>(std::clamp(bps_, double{codec::video_bitrate_min_bps}, double{codec::video_bitrate_max_bps}));
    if (!encoder_ || rung.width != rung_.width || rung.height != rung_.height) {
        auto made = codec::VideoEncoder::create({.codec = config_.codec,
                                                 .width = rung.width,
                                                 .height = rung.height,
                                                 .fps = rung.fps,
                                                 .bitrate_bps = bps,
                                                 .temporal_layers = config_.temporal_layers,
                                                 .threads = config_.threads,
                                                 .screen = config_.screen});
        if (!made) return made.error();
        encoder_ = std::move(*made);
        encoder_bps_ = bps;
        made_at_ = last_at_;
        keyframe_wanted_ = true;
    } else if (std::abs(bps - encoder_bps_) > 0.05 * encoder_bps_ || rung.fps != rung_.fps) {
        encoder_->set_rate(bps, rung.fps);
        encoder_bps_ = bps;
    }
    rung_ = rung;
    return {};
}

Result<std::vector<Bytes>> VideoSender::capture(const media::PictureView& picture, Instant now)
{
    std::vector<Bytes> out;
    if (bps_ <= 0) return out;
    if (!first_at_) first_at_ = now;
    Rung rung = climb({picture.width, picture.height, config_.fps}, rung_, bps_, config_.screen);
    const bool resized = rung_.width != 0 && (rung.width != rung_.width || rung.height != rung_.height);
    if (resized && now - rung_since_ < rung_for) rung = rung_;
    if (rung_.width == 0 || resized) rung_since_ = rung == rung_ ? rung_since_ : now;
    // Fewer pictures than come: those are left out that come too soon, by a quarter of their distance.
    if (encoder_ && (now - last_at_).count() * rung.fps < 750'000) return out;
    const Duration starved_after = std::max(starved_for, Duration(starved_pictures * 1'000'000 / rung.fps));
    if (encoder_ && last_at_ > made_at_ && now - made_at_ > starved_after) encoder_.reset();
    last_at_ = now;
    if (auto prepared = prepare(rung); !prepared) return prepared.error();

    std::optional<media::Picture> scaled;
    if (picture.width != rung.width || picture.height != rung.height) {
        auto made = codec::scale(picture, rung.width, rung.height);
        if (!made) return made.error();
        scaled = std::move(*made);
    }
    auto frame = encoder_->encode(scaled ? scaled->view() : picture, now - *first_at_, keyframe_wanted_);
    if (!frame) return frame.error();
    if (!*frame) return out;
    made_at_ = now;
    if ((*frame)->keyframe) keyframe_wanted_ = false;
    return packets_of(**frame, timestamp_at(now), now);
}

std::vector<Bytes> VideoSender::packets_of(const codec::EncodedFrame& frame, std::uint32_t timestamp, Instant now)
{
    std::vector<Bytes> out;
    const auto sealed = sealing_.seal(Kind::video, frame.data);
    if (!sealed) return out;
    const auto parts = rtp::fragment(*sealed, payload_bytes_max - descriptor_bytes_max - parity_bytes_max);
    if (parts.empty()) { // larger than a frame may be: the next one is a keyframe again, at a smaller rate
        keyframe_wanted_ = true;
        return out;
    }
    if (frame.temporal_id == 0) ++tl0_pic_idx_;
    picture_id_ = (picture_id_ + 1) & picture_id_mask;
    const std::uint16_t first_number = start_.sequence_number;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool first = i == 0, last = i + 1 == parts.size();
        Bytes payload;
        if (config_.codec == codec::VideoCodec::vp8) {
            rtp::Vp8Descriptor descriptor;
            descriptor.non_reference = frame.discardable;
            descriptor.start_of_partition = first;
            descriptor.picture_id = picture_id_;
            descriptor.tl0_pic_idx = tl0_pic_idx_;
            descriptor.temporal_id = static_cast<std::uint8_t>(frame.temporal_id);
            descriptor.layer_sync = frame.layer_sync && frame.temporal_id > 0;
            payload = encode(descriptor);
        } else {
            rtp::Vp9Descriptor descriptor;
            descriptor.picture_id = picture_id_;
            descriptor.inter_predicted = !frame.keyframe;
            descriptor.start_of_frame = first;
            descriptor.end_of_frame = last;
            descriptor.layer =
                rtp::Vp9Layer{static_cast<std::uint8_t>(frame.temporal_id), frame.layer_sync, 0, false, tl0_pic_idx_};
            payload = encode(descriptor);
        }
        append(payload, parts[i]);
        const Bytes marking = encode(rtp::FrameMarking{first, last, frame.keyframe, frame.discardable, frame.layer_sync,
                                                       static_cast<std::uint8_t>(frame.temporal_id), 0, tl0_pic_idx_});
        rtp::Packet packet;
        packet.marker = last;
        packet.payload_type = config_.codec == codec::VideoCodec::vp8 ? payload_vp8 : payload_vp9;
        packet.sequence_number = start_.sequence_number++;
        packet.timestamp = timestamp;
        packet.ssrc = start_.ssrc;
        packet.extensions = {{extension_marking, marking}};
        packet.payload = payload;
        ++packets_;
        octets_ += static_cast<std::uint32_t>(payload.size());
        out.push_back(encode_unnumbered(packet));
        history_.emplace(numbers_.unwrap(packet.sequence_number), Kept{out.back(), 0, now});
        if (history_.size() > video_history_max) history_.erase(history_.begin());
    }
    // Of upper layers one that is lost is left out, and nobody waits for it.
    if (frame.temporal_id > 0) return out;
    const auto parities = protect_frame(out, first_number, protection_);
    for (const Bytes& payload : parities) {
        rtp::Packet packet;
        packet.payload_type = payload_parity;
        packet.sequence_number = parity_number_++;
        packet.timestamp = timestamp;
        packet.ssrc = start_.ssrc + 1;
        packet.payload = payload;
        out.push_back(encode_unnumbered(packet));
    }
    return out;
}

Bytes VideoSender::padding(std::size_t bytes, Instant now)
{
    static constexpr std::array<std::uint8_t, payload_bytes_max> zeros{};
    rtp::Packet packet;
    packet.payload_type = payload_padding;
    packet.sequence_number = parity_number_++;
    packet.timestamp = timestamp_at(now);
    packet.ssrc = start_.ssrc + 1;
    const std::size_t around = encode_unnumbered(packet).size();
    packet.payload = BytesView(zeros).first(std::min(zeros.size(), bytes - std::min(bytes, around)));
    return encode_unnumbered(packet);
}

std::vector<Bytes> VideoSender::repeat(const std::vector<std::uint16_t>& numbers, Duration round_trip, Instant now)
{
    std::vector<Bytes> out;
    for (const std::uint16_t number : numbers) {
        const auto at = history_.find(numbers_.peek(number));
        if (at == history_.end()) continue;
        Kept& one = at->second;
        if (one.repeated >= repetitions_max || (one.repeated > 0 && now - one.last < round_trip * 3 / 4)) continue;
        ++one.repeated;
        one.last = now;
        out.push_back(one.packet);
    }
    return out;
}

} // namespace godwit::pipeline
