// SPDX-License-Identifier: Apache-2.0
// The other side of a call, gone bad: it has the keys, so what it seals opens, and what it seals is damaged at whatever
// layer the dice say: the coded frame, what is sealed, the payload descriptor, the frame marking, RED, RTP, RTCP.
//
//   picture, sound ─> codec ─> spoilt ─> SFrame ─> spoilt ─> descriptor, marking, header ─> spoilt ─> datagrams
#pragma once

#include "media/codec/audio.hpp"
#include "media/codec/video.hpp"
#include "media/pipeline/sealing.hpp"
#include "media/pipeline/session.hpp"
#include "media/pipeline/stream.hpp"
#include "media/rtp/flow.hpp"
#include "media/rtp/fragments.hpp"
#include "media/rtp/frame_marking.hpp"
#include "media/rtp/red.hpp"
#include "media/rtp/rtcp.hpp"
#include "media/rtp/vp8.hpp"
#include "media/rtp/vp9.hpp"
#include "tests/media/support/signals.hpp"

#include <algorithm>
#include <optional>
#include <random>

namespace godwit::test {

class HostileMember {
public:
    /// `ssrc`: of its sound, as pipeline::SessionConfig. `victim`: of the other side's sound.
    HostileMember(std::uint64_t seed, pipeline::Sealing sealing, std::uint32_t ssrc, std::uint32_t victim)
        : random_(seed), sealing_(std::move(sealing)), ssrc_(ssrc), victim_(victim)
    {
    }

    void seed(std::uint64_t seed) { random_.seed(seed); }
    /// Datagrams of the next frame, in which something or everything is damaged; often more than one.
    std::vector<Bytes> next()
    {
        spoilt_ = false;
        auto out = frame();
        if (!spoilt_ && !out.empty()) spoil(out[dice(out.size())]);
        if (dice(16) == 0 && out.size() > 1) out.erase(out.begin() + static_cast<std::ptrdiff_t>(dice(out.size())));
        if (dice(16) == 0 && !out.empty()) out.push_back(out[dice(out.size())]);
        if (dice(16) == 0) std::shuffle(out.begin(), out.end(), random_);
        return out;
    }

private:
    static constexpr int width = 64, height = 48;
    static constexpr std::size_t film_frames = 24;

    struct Coded {
        Bytes data;
        bool keyframe = false;
    };

    std::size_t dice(std::size_t sides) { return static_cast<std::size_t>(random_() % sides); }

    /// One to four edits: a bit, a byte, a cut, an insertion, a part twice.
    void spoil(Bytes& bytes)
    {
        spoilt_ = true;
        for (auto edits = dice(4) + 1; edits > 0; --edits) {
            const auto at = bytes.empty() ? 0 : dice(bytes.size());
            const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
            switch (dice(5)) {
            case 0:
                if (!bytes.empty()) *here = static_cast<std::uint8_t>(*here ^ (1U << dice(8)));
                break;
            case 1:
                if (!bytes.empty()) *here = static_cast<std::uint8_t>(random_());
                break;
            case 2: bytes.resize(at); break;
            case 3: {
                Bytes more(dice(24));
                for (auto& byte : more)
                    byte = static_cast<std::uint8_t>(random_());
                bytes.insert(here, more.begin(), more.end());
                break;
            }
            default: {
                const auto count = std::min<std::size_t>(bytes.size() - at, dice(64));
                const Bytes part(here, here + static_cast<std::ptrdiff_t>(count));
                bytes.insert(here, part.begin(), part.end());
            }
            }
        }
    }
    void perhaps_spoil(Bytes& bytes, std::size_t one_in)
    {
        if (dice(one_in) == 0) spoil(bytes);
    }

    static std::vector<Coded> film(codec::VideoCodec codec)
    {
        std::vector<Coded> out;
        codec::VideoEncoderConfig config;
        config.codec = codec;
        config.width = width;
        config.height = height;
        config.temporal_layers = 2;
        auto encoder = codec::VideoEncoder::create(config);
        if (!encoder) return out;
        for (int i = 0; i < static_cast<int>(film_frames); ++i) {
            const auto coded = encoder->encode(moving_square(width, height, i).view(),
                                               i * std::chrono::microseconds(33'333), i % 4 == 0);
            if (coded && *coded) out.push_back({(*coded)->data, (*coded)->keyframe});
        }
        return out;
    }
    static std::vector<Bytes> talk()
    {
        std::vector<Bytes> out;
        codec::AudioEncoderConfig config;
        config.expected_loss_percent = 20; // with FEC
        auto encoder = codec::AudioEncoder::create(config);
        const auto sound = voice(960 * film_frames);
        for (std::size_t i = 0; encoder.ok() && i < film_frames; ++i) {
            const auto packet = encoder->encode(media::PcmView(sound).subspan(i * 960, 960));
            if (packet && !packet->empty()) out.push_back(*packet);
        }
        return out;
    }

    std::vector<Bytes> frame()
    {
        switch (dice(9)) {
        case 0: return {control()};
        case 8: return {padding()};
        case 1:
        case 2:
        case 3: return spoken();
        default: return shown(dice(2) == 0 ? codec::VideoCodec::vp8 : codec::VideoCodec::vp9);
        }
    }

    std::vector<Bytes> shown(codec::VideoCodec codec)
    {
        static const std::vector<Coded> vp8 = film(codec::VideoCodec::vp8), vp9 = film(codec::VideoCodec::vp9);
        const auto& all = codec == codec::VideoCodec::vp8 ? vp8 : vp9;
        auto [data, keyframe] = all.at(dice(all.size()));
        if (dice(16) == 0) append(data, all.at(dice(all.size())).data); // two in one
        if (dice(4) != 0) spoil(data);
        auto sealed = sealing_.seal(pipeline::Kind::video, data);
        if (!sealed) return {};
        perhaps_spoil(*sealed, 16);
        const auto parts = rtp::fragment(*sealed, dice(8) == 0 ? 40 + dice(200) : pipeline::payload_bytes_max - 6);
        std::vector<Bytes> out;
        if (dice(16) != 0) timestamp_ += 3'000; // else in the same place as the one before
        ++tl0_;
        picture_id_ = (picture_id_ + 1) & 0x7fff;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const bool first = i == 0, last = i + 1 == parts.size();
            Bytes payload =
                codec == codec::VideoCodec::vp8 ? descriptor_vp8(first) : descriptor_vp9(keyframe, first, last);
            perhaps_spoil(payload, 16);
            append(payload, parts[i]);
            // What is called a keyframe gets to the decoder.
            Bytes marking = encode(rtp::FrameMarking{first, last, keyframe || dice(2) == 0, dice(8) == 0, dice(8) == 0,
                                                     static_cast<std::uint8_t>(dice(8) == 0 ? dice(8) : 0), 0, tl0_});
            perhaps_spoil(marking, 16);
            rtp::Packet packet;
            packet.marker = last;
            packet.payload_type = codec == codec::VideoCodec::vp8 ? pipeline::payload_vp8 : pipeline::payload_vp9;
            packet.sequence_number = next_number(video_number_);
            packet.timestamp = timestamp_;
            packet.ssrc = ssrc_ + 1;
            if (marking.size() <= 16 && !marking.empty()) packet.extensions = {{pipeline::extension_marking, marking}};
            packet.payload = payload;
            out.push_back(datagram(packet));
        }
        return out;
    }
    Bytes descriptor_vp8(bool first)
    {
        rtp::Vp8Descriptor out;
        out.start_of_partition = first;
        out.picture_id = picture_id_;
        out.tl0_pic_idx = tl0_;
        out.temporal_id = 0;
        return encode(out);
    }
    Bytes descriptor_vp9(bool keyframe, bool first, bool last)
    {
        rtp::Vp9Descriptor out;
        out.picture_id = picture_id_;
        out.inter_predicted = !keyframe;
        out.start_of_frame = first;
        out.end_of_frame = last;
        out.layer = rtp::Vp9Layer{0, false, 0, false, tl0_};
        return encode(out);
    }

    std::vector<Bytes> spoken()
    {
        static const std::vector<Bytes> packets = talk();
        Bytes data = packets.at(dice(packets.size()));
        perhaps_spoil(data, 2);
        const bool red = dice(3) == 0;
        if (red) {
            const Bytes& before = packets.at(dice(packets.size()));
            const auto offset = static_cast<std::uint32_t>(dice(rtp::red_offset_max));
            data = data.empty()
                       ? before
                       : rtp::encode_red({{pipeline::payload_opus, offset, before}, {pipeline::payload_opus, 0, data}});
            perhaps_spoil(data, 3);
        }
        auto sealed = sealing_.seal(pipeline::Kind::audio, data);
        if (!sealed) return {};
        perhaps_spoil(*sealed, 16);
        rtp::Packet packet;
        packet.marker = dice(8) == 0;
        packet.payload_type = red ? pipeline::payload_red : pipeline::payload_opus;
        packet.sequence_number = next_number(audio_number_);
        packet.timestamp = sound_ += 960;
        packet.ssrc = ssrc_;
        packet.payload = *sealed;
        return {datagram(packet)};
    }

    /// Of any length, also of none.
    Bytes padding()
    {
        const Bytes nothing(dice(pipeline::payload_bytes_max));
        rtp::Packet packet;
        packet.payload_type = pipeline::payload_padding;
        packet.sequence_number = static_cast<std::uint16_t>(random_());
        packet.timestamp = static_cast<std::uint32_t>(random_());
        packet.ssrc = ssrc_ + static_cast<std::uint32_t>(dice(3));
        packet.payload = nothing;
        return datagram(packet);
    }

    Bytes control()
    {
        const auto word = [this] { return static_cast<std::uint32_t>(random_()); };
        const rtp::ReportBlock block{victim_ + static_cast<std::uint32_t>(dice(2)),
                                     static_cast<std::uint8_t>(word()),
                                     static_cast<std::int32_t>(dice(1 << 23)),
                                     word(),
                                     word(),
                                     word(),
                                     word()};
        std::vector<std::optional<std::int16_t>> deltas(dice(300) + 1);
        for (auto& one : deltas)
            if (dice(3) != 0) one = static_cast<std::int16_t>(random_());
        Bytes out;
        switch (dice(4)) {
        case 0:
            out = rtp::encode({rtp::SenderReport{
                ssrc_ + static_cast<std::uint32_t>(dice(2)), random_(), word(), word(), word(), {block}}});
            break;
        case 1: out = rtp::encode({rtp::Nack{ssrc_, victim_ + 1, {static_cast<std::uint16_t>(dice(60'000))}}}); break;
        case 2:
            out = rtp::encode({rtp::PictureLossIndication{ssrc_, victim_ + 1}, rtp::ReceiverReport{ssrc_, {block}}});
            break;
        default:
            out = rtp::encode({rtp::TransportFeedback{ssrc_, victim_, static_cast<std::uint16_t>(word()),
                                                      static_cast<std::uint8_t>(word()),
                                                      static_cast<std::int32_t>(dice(1 << 23)), std::move(deltas)}});
        }
        perhaps_spoil(out, 2);
        return rtp::encode_datagram(pipeline::media_flow, out);
    }

    /// Mostly the one after; now and then anywhere.
    std::uint16_t next_number(std::uint16_t& last)
    {
        return last = static_cast<std::uint16_t>(dice(64) == 0 ? last + dice(0x8000) : last + 1U);
    }
    Bytes datagram(const rtp::Packet& packet)
    {
        Bytes out = pipeline::encode_unnumbered(packet);
        pipeline::write_transport_number(out, next_number(transport_number_));
        perhaps_spoil(out, 16);
        Bytes whole = rtp::encode_datagram(pipeline::media_flow, out.empty() ? Bytes{0} : out);
        perhaps_spoil(whole, 32);
        return whole;
    }

    std::mt19937_64 random_;
    pipeline::Sealing sealing_;
    std::uint32_t ssrc_, victim_;
    bool spoilt_ = false;
    std::uint8_t tl0_ = 0;
    std::uint16_t picture_id_ = 0, video_number_ = 0, audio_number_ = 0, transport_number_ = 0;
    std::uint32_t timestamp_ = 0, sound_ = 0;
};

} // namespace godwit::test
