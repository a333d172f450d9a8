// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/rtcp.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

#include <algorithm>

namespace godwit::rtp {

namespace {

// RFC 3550 section 12.1, RFC 4585 section 6.1.
enum PacketType : std::uint8_t {
    sender_report = 200,
    receiver_report = 201,
    source_description = 202,
    bye = 203,
    transport_layer_feedback = 205,
    payload_specific_feedback = 206,
};
constexpr std::uint8_t nack_format = 1, pli_format = 1;
constexpr std::uint8_t cname_item = 1;

// ---- out ----

/// `count`: the five bits beside the version; the body is padded to whole words with zeros.
void put_packet(Bytes& out, std::size_t count, PacketType type, Bytes body)
{
    body.resize((body.size() + 3) / 4 * 4, 0);
    GODWIT_ASSERT(count < 32 && body.size() / 4 <= 0xffff);
    put8(out, 2 << 6 | count);
    put8(out, type);
    put16(out, body.size() / 4);
    append(out, body);
}

void put_blocks(Bytes& body, const std::vector<ReportBlock>& blocks)
{
    GODWIT_ASSERT(blocks.size() <= report_blocks_max);
    for (const ReportBlock& one : blocks) {
        put32(body, one.ssrc);
        put8(body, one.fraction_lost);
        put(body, static_cast<std::uint32_t>(one.cumulative_lost) & 0xffffff, 3);
        put32(body, one.extended_highest_sequence_number);
        put32(body, one.jitter);
        put32(body, one.last_sender_report);
        put32(body, one.delay_since_last_sender_report);
    }
}

struct Put {
    Bytes& out;

    void operator()(const SenderReport& v) const
    {
        Bytes body;
        put32(body, v.ssrc);
        put(body, v.ntp_timestamp, 8);
        put32(body, v.rtp_timestamp);
        put32(body, v.packet_count);
        put32(body, v.octet_count);
        put_blocks(body, v.blocks);
        put_packet(out, v.blocks.size(), sender_report, std::move(body));
    }
    void operator()(const ReceiverReport& v) const
    {
        Bytes body;
        put32(body, v.ssrc);
        put_blocks(body, v.blocks);
        put_packet(out, v.blocks.size(), receiver_report, std::move(body));
    }
    void operator()(const SourceDescription& v) const
    {
        GODWIT_ASSERT(v.cname.size() <= cname_bytes_max);
        Bytes body;
        put32(body, v.ssrc);
        put8(body, cname_item);
        put8(body, v.cname.size());
        append(body, as_bytes(v.cname));
        put8(body, 0); // ends the chunk's list; padding to the next word is of the same value
        put_packet(out, 1, source_description, std::move(body));
    }
    void operator()(const Bye& v) const
    {
        GODWIT_ASSERT(v.ssrcs.size() <= report_blocks_max);
        Bytes body;
        for (const std::uint32_t one : v.ssrcs)
            put32(body, one);
        put_packet(out, v.ssrcs.size(), bye, std::move(body));
    }
    void operator()(const Nack& v) const
    {
        GODWIT_ASSERT(v.sequence_numbers.size() <= nack_numbers_max);
        Bytes body;
        put32(body, v.sender_ssrc);
        put32(body, v.media_ssrc);
        for (std::size_t i = 0; i < v.sequence_numbers.size();) {
            const std::uint16_t pid = v.sequence_numbers[i++];
            std::uint32_t blp = 0; // bit n: pid + n + 1 is missing too
            for (int last = 0; i < v.sequence_numbers.size(); ++i) {
                const int ahead = static_cast<std::uint16_t>(v.sequence_numbers[i] - pid);
                if (ahead <= last || ahead > 16) break; // what goes back begins a pair of its own
                blp |= std::uint32_t{1} << (ahead - 1);
                last = ahead;
            }
            put16(body, pid);
            put16(body, blp);
        }
        put_packet(out, nack_format, transport_layer_feedback, std::move(body));
    }
    void operator()(const PictureLossIndication& v) const
    {
        Bytes body;
        put32(body, v.sender_ssrc);
        put32(body, v.media_ssrc);
        put_packet(out, pli_format, payload_specific_feedback, std::move(body));
    }
    void operator()(const TransportFeedback& v) const
    {
        put_packet(out, transport_feedback_format, transport_layer_feedback, encode_body(v));
    }
};

// ---- in ----

std::vector<ReportBlock> take_blocks(Reader& in, std::size_t count)
{
    std::vector<ReportBlock> out;
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        ReportBlock one;
        one.ssrc = in.u32();
        one.fraction_lost = in.u8();
        const auto lost = static_cast<std::int32_t>(in.number(3));
        one.cumulative_lost = lost >= 0x800000 ? lost - 0x1000000 : lost;
        one.extended_highest_sequence_number = in.u32();
        one.jitter = in.u32();
        one.last_sender_report = in.u32();
        one.delay_since_last_sender_report = in.u32();
        out.push_back(one);
    }
    return out;
}

std::optional<RtcpPacket> take_sdes(Reader& in)
{
    SourceDescription out;
    out.ssrc = in.u32();
    for (;;) {
        const std::uint8_t item = in.u8();
        if (!in.ok()) return std::nullopt;
        if (item == 0) return out;
        const BytesView text = in.bytes(in.u8());
        if (item == cname_item) out.cname = as_text(text);
    }
}

std::optional<RtcpPacket> take_nack(Reader& in)
{
    Nack out;
    out.sender_ssrc = in.u32();
    out.media_ssrc = in.u32();
    while (in.ok() && in.left() > 0) {
        const std::uint16_t pid = in.u16();
        const std::uint32_t blp = in.u16();
        for (unsigned ahead = 0; ahead <= 16; ++ahead) {
            if (ahead > 0 && (blp >> (ahead - 1) & 1) == 0) continue;
            if (out.sequence_numbers.size() == nack_numbers_max) return std::nullopt;
            out.sequence_numbers.push_back(static_cast<std::uint16_t>(pid + ahead));
        }
    }
    if (!in.ok()) return std::nullopt;
    return out;
}

/// Whether the type is one of ours is said apart from whether the packet is sound.
struct Taken {
    bool known = true;
    std::optional<RtcpPacket> packet;
};

Taken take_packet(std::uint8_t type, std::size_t count, BytesView body)
{
    Reader in(body);
    const auto sound = [&](RtcpPacket packet) {
        return Taken{true, in.ok() ? std::optional(std::move(packet)) : std::nullopt};
    };
    switch (type) {
    case sender_report: {
        SenderReport out;
        out.ssrc = in.u32();
        out.ntp_timestamp = in.number(8);
        out.rtp_timestamp = in.u32();
        out.packet_count = in.u32();
        out.octet_count = in.u32();
        out.blocks = take_blocks(in, count);
        return sound(std::move(out)); // section 6.4.3: profile-specific extensions may follow
    }
    case receiver_report: {
        ReceiverReport out;
        out.ssrc = in.u32();
        out.blocks = take_blocks(in, count);
        return sound(std::move(out));
    }
    case source_description:
        if (count == 0) return {false, std::nullopt};
        return {true, take_sdes(in)};
    case bye: {
        Bye out;
        for (std::size_t i = 0; i < count && in.ok(); ++i)
            out.ssrcs.push_back(in.u32());
        return sound(std::move(out));
    }
    case transport_layer_feedback:
        if (count == nack_format) return {true, take_nack(in)};
        if (count == transport_feedback_format) {
            auto feedback = decode_body(body);
            if (!feedback) return {true, std::nullopt};
            return {true, std::move(*feedback)};
        }
        return {false, std::nullopt};
    case payload_specific_feedback: {
        if (count != pli_format) return {false, std::nullopt};
        PictureLossIndication out;
        out.sender_ssrc = in.u32();
        out.media_ssrc = in.u32();
        return sound(out);
    }
    default: return {false, std::nullopt};
    }
}

} // namespace

Bytes encode(const std::vector<RtcpPacket>& compound)
{
    GODWIT_ASSERT(compound.size() <= compound_packets_max);
    Bytes out;
    for (const RtcpPacket& one : compound)
        std::visit(Put{out}, one);
    return out;
}

std::optional<std::vector<RtcpPacket>> decode_rtcp(BytesView bytes)
{
    std::vector<RtcpPacket> out;
    Reader in(bytes);
    for (std::size_t packets = 0; in.left() > 0; ++packets) {
        const std::uint8_t first = in.u8(), type = in.u8();
        const std::size_t body_bytes = std::size_t{4} * in.u16();
        BytesView body = in.bytes(body_bytes);
        if (!in.ok() || (first & 0xc0) != 2 << 6 || packets == compound_packets_max) return std::nullopt;
        if ((first & 0x20) != 0) {
            if (body.empty() || body.back() == 0 || body.back() > body.size()) return std::nullopt;
            body = body.first(body.size() - body.back());
        }
        Taken taken = take_packet(type, first & 31, body);
        if (taken.known && !taken.packet) return std::nullopt;
        if (taken.packet) out.push_back(std::move(*taken.packet));
    }
    if (bytes.empty()) return std::nullopt;
    return out;
}

} // namespace godwit::rtp
