// SPDX-License-Identifier: Apache-2.0
// What comes in the datagrams of a call. Whatever decodes encodes to something that decodes to the same.
#include "tests/fuzz/target.hpp"

#include "media/rtp/flexfec.hpp"
#include "media/rtp/flow.hpp"
#include "media/rtp/frame_marking.hpp"
#include "media/rtp/packet.hpp"
#include "media/rtp/red.hpp"
#include "media/rtp/rtcp.hpp"
#include "media/rtp/vp8.hpp"
#include "media/rtp/vp9.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::rtp;

namespace {

std::vector<Bytes> packets()
{
    const Bytes two = {0x12, 0x34}, seventeen(17, 1), payload = {1, 2, 3};
    Packet packet;
    packet.payload_type = 96;
    packet.payload = payload;
    std::vector<Bytes> out = {encode(packet)};
    packet.extensions = {{1, two}, {2, two}};
    packet.csrc = {1, 2};
    packet.marker = true;
    out.push_back(encode(packet));
    packet.extensions.push_back({15, seventeen});
    out.push_back(encode(packet));
    out.push_back(*from_hex("a060000100000000"
                            "00000001aabb000003"));
    return out;
}

std::vector<Bytes> compounds()
{
    const ReportBlock block{9, 51, -1000, 0x1ffff, 77, 0x11223344, 65536};
    return {encode({SenderReport{1, 2, 3, 4, 5, {block, block}}, SourceDescription{1, "somebody"}}),
            encode({ReceiverReport{1, {block}}, Bye{{1, 2}}}),
            encode({Nack{1, 2, {1, 2, 17, 40}}, PictureLossIndication{1, 2}}),
            encode({TransportFeedback{1, 2, 65'530, 1, -3, {1, std::nullopt, 300, -5, std::nullopt, std::nullopt, 0}}}),
            encode({TransportFeedback{1, 2, 0, 1, 3, std::vector<std::optional<std::int16_t>>(500)}})};
}

std::vector<Bytes> payloads()
{
    Vp8Descriptor vp8;
    vp8.picture_id = 0x1234;
    vp8.tl0_pic_idx = 1;
    vp8.temporal_id = 2;
    vp8.key_index = 3;
    Vp9Descriptor vp9;
    vp9.picture_id = 7;
    vp9.inter_predicted = vp9.flexible = true;
    vp9.layer = Vp9Layer{};
    vp9.reference_diffs = {1, 2, 3};
    vp9.structure =
        Vp9ScalabilityStructure{2, {{320, 180}, {640, 360}}, std::vector<Vp9GroupPicture>{{0, true, {1, 2}}}};
    const Bytes old = {1, 2}, now = {3};
    std::vector<Bytes> out = {encode(vp8), encode(vp9)};
    for (Bytes& one : out)
        one.push_back(0x55);
    out.push_back(encode_red({{111, 960, old}, {111, 0, now}}));
    out.push_back(encode(FrameMarking{true, false, true, false, true, 2, 0, 7}));
    for (const std::uint64_t flow : {std::uint64_t{1}, std::uint64_t{1} << 20, flow_id_max})
        out.push_back(encode_datagram(flow, now));
    return out;
}

std::vector<Bytes> parities()
{
    const auto one = packets();
    const std::vector<BytesView> three = {one[0], one[1], one[2]};
    return {protect({5, 1, 3}, three), protect({5, 4, 3}, three), protect({65'535, 1, 1}, std::span(three).first(1))};
}

} // namespace

FUZZ_TARGET(media_packet, "", 400, packets)
{
    const auto packet = decode(input);
    if (!packet) return;
    FUZZ_CHECK(packet->csrc.size() <= csrc_max && packet->extensions.size() <= extensions_max);
    FUZZ_CHECK(packet->payload.size() + header_bytes <= input.size());
    const Bytes bytes = encode(*packet);
    const auto again = decode(bytes);
    FUZZ_CHECK(again.has_value() && encode(*again) == bytes);
    FUZZ_CHECK(to_bytes(again->payload) == to_bytes(packet->payload) && again->csrc == packet->csrc);
    FUZZ_CHECK(again->extensions.size() == packet->extensions.size());
}

FUZZ_TARGET(media_rtcp, "", 600, compounds)
{
    const auto compound = decode_rtcp(input);
    if (!compound) return;
    const auto again = decode_rtcp(encode(*compound));
    if (compound->empty()) return; // only what is not understood was in it
    FUZZ_CHECK(again.has_value() && *again == *compound);
    FeedbackReader reader;
    for (const RtcpPacket& one : *compound)
        if (const auto* feedback = std::get_if<TransportFeedback>(&one))
            FUZZ_CHECK(reader.read(*feedback).size() == feedback->deltas.size());
}

FUZZ_TARGET(media_payload, "", 400, payloads)
{
    const auto with = [](Bytes head, BytesView tail) {
        append(head, tail);
        return head;
    };
    if (const auto got = decode_vp8(input)) {
        const Bytes bytes = with(encode(got->descriptor), got->payload);
        const auto again = decode_vp8(bytes);
        FUZZ_CHECK(again.has_value() && again->descriptor == got->descriptor);
        FUZZ_CHECK(to_bytes(again->payload) == to_bytes(got->payload));
    }
    if (const auto got = decode_vp9(input)) {
        const Bytes bytes = with(encode(got->descriptor), got->payload);
        const auto again = decode_vp9(bytes);
        FUZZ_CHECK(again.has_value() && again->descriptor == got->descriptor);
        FUZZ_CHECK(to_bytes(again->payload) == to_bytes(got->payload));
    }
    if (const auto got = decode_red(input)) FUZZ_CHECK(encode_red(*got) == to_bytes(input));
    if (const auto got = decode_frame_marking(input)) FUZZ_CHECK(decode_frame_marking(encode(*got)) == *got);
    if (const auto got = decode_datagram(input))
        FUZZ_CHECK(encode_datagram(got->flow_id, got->packet) == to_bytes(input));
}

FUZZ_TARGET(media_parity, "", 1500, parities)
{
    const auto header = decode_fec_header(input);
    const auto one = packets();
    const std::vector<BytesView> others = {one[0], one[1]};
    // Whatever it says: no more than it is long.
    if (const auto made = recover(input, others, 7, 9)) {
        FUZZ_CHECK(made->size() <= input.size());
        if (const auto packet = decode(*made)) FUZZ_CHECK(packet->sequence_number == 7 && packet->ssrc == 9);
    }
    if (!header) return;
    FUZZ_CHECK(header->count >= 1 && header->count <= fec_protected_max && header->step >= 1);
    for (std::size_t i = 0; i < header->count; ++i)
        FUZZ_CHECK(header->protects(header->number(i)));
}
