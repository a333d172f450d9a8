// SPDX-License-Identifier: Apache-2.0
// What stands inside RTP packets and around them: descriptors, markings, fragments, redundancy, flows.
#include "media/rtp/flow.hpp"
#include "media/rtp/fragments.hpp"
#include "media/rtp/frame_marking.hpp"
#include "media/rtp/red.hpp"
#include "media/rtp/vp8.hpp"
#include "media/rtp/vp9.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::rtp;

TEST_CASE("vp8 descriptor: name, value, bytes (RFC 7741 section 4.2)")
{
    Vp8Descriptor start, full, small, key;
    start.start_of_partition = true;
    full.non_reference = true;
    full.start_of_partition = true;
    full.picture_id = 0x1234;
    full.tl0_pic_idx = 0xab;
    full.temporal_id = 2;
    full.layer_sync = true;
    full.key_index = 0x11;
    small.picture_id = 0x7f;
    small.long_picture_id = false;
    small.partition = 7;
    key.key_index = 31;
    const struct {
        const char* name;
        Vp8Descriptor descriptor;
        const char* hex;
    } table[] = {
        {"one byte", start, "10"},
        {"everything", full, "b0f09234abb1"},
        {"a short picture id", small, "87807f"},
        {"a key index alone", key, "80101f"},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Bytes bytes = encode(row.descriptor);
        CHECK(to_hex(bytes) == row.hex);
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut)
            CHECK_FALSE(decode_vp8(BytesView(bytes).first(cut)).has_value()); // without a payload it is none
        bytes.push_back(0x55);
        const auto got = decode_vp8(bytes);
        REQUIRE(got.has_value());
        CHECK(got->descriptor == row.descriptor);
        CHECK(to_hex(got->payload) == "55");
    }
    CHECK(start.starts_frame());
    CHECK_FALSE(small.starts_frame());
    CHECK_FALSE(decode_vp8(*from_hex("8040aa55")).has_value()); // L without T
}

TEST_CASE("vp9 descriptor: name, value, bytes (RFC 9628 section 4.2)")
{
    Vp9Descriptor key, delta, flexible, structure;
    key.picture_id = 0x0102;
    key.start_of_frame = true;
    key.layer = Vp9Layer{0, false, 0, false, 7};
    delta.picture_id = 5;
    delta.long_picture_id = false;
    delta.inter_predicted = true;
    delta.end_of_frame = true;
    delta.not_reference_for_upper = true;
    delta.layer = Vp9Layer{2, true, 1, true, 0xff};
    flexible.picture_id = 0x7fff;
    flexible.inter_predicted = true;
    flexible.flexible = true;
    flexible.layer = Vp9Layer{1, false, 0, false, 0};
    flexible.reference_diffs = {1, 2, 127};
    structure.start_of_frame = true;
    structure.structure = Vp9ScalabilityStructure{
        2, {{320, 180}, {640, 360}}, std::vector<Vp9GroupPicture>{{0, true, {}}, {1, false, {1, 2, 3}}}};
    const struct {
        const char* name;
        Vp9Descriptor descriptor;
        const char* hex;
    } table[] = {
        {"a keyframe's first", key, "a881020007"},
        {"a delta frame's last", delta, "e50553ff"},
        {"flexible", flexible, "f0ffff200305fe"},
        {"a scalability structure", structure, "0a38014000b40280016802102c010203"},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Bytes bytes = encode(row.descriptor);
        CHECK(to_hex(bytes) == row.hex);
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut)
            CHECK_FALSE(decode_vp9(BytesView(bytes).first(cut)).has_value());
        bytes.push_back(0x55);
        const auto got = decode_vp9(bytes);
        REQUIRE(got.has_value());
        CHECK(got->descriptor == row.descriptor);
        CHECK(to_hex(got->payload) == "55");
    }
    CHECK_FALSE(decode_vp9(*from_hex("105555")).has_value()); // F without I
    CHECK_FALSE(decode_vp9(*from_hex("d00503050709"
                                     "55"))
                    .has_value()); // a fourth reference is announced
    CHECK(decode_vp9(*from_hex("d005030504"
                               "55"))
              .has_value()); // three
}

TEST_CASE("vp9 descriptor: the largest structure there can be")
{
    Vp9Descriptor descriptor;
    descriptor.structure.emplace();
    descriptor.structure->spatial_layers = vp9_spatial_layers_max;
    descriptor.structure->sizes.assign(vp9_spatial_layers_max, {0xffff, 0xffff});
    descriptor.structure->group.emplace(vp9_group_pictures_max, Vp9GroupPicture{7, true, {1, 2, 3}});
    Bytes bytes = encode(descriptor);
    bytes.push_back(1);
    const auto got = decode_vp9(bytes);
    REQUIRE(got.has_value());
    CHECK(got->descriptor == descriptor);
}

TEST_CASE("frame marking: name, value, bytes (RFC 9626)")
{
    CHECK(to_hex(encode(FrameMarking{true, false, true, false, true, 0, 0, 9})) == "a80009");
    CHECK(to_hex(encode(FrameMarking{false, true, false, true, false, 7, 3, 255})) == "5703ff");
    for (unsigned flags = 0; flags < 256; ++flags) {
        const Bytes data = {static_cast<std::uint8_t>(flags), 1, 2};
        const auto got = decode_frame_marking(data);
        REQUIRE(got.has_value());
        CHECK(encode(*got) == data);
    }
    const auto brief = decode_frame_marking(*from_hex("e0"));
    REQUIRE(brief.has_value());
    CHECK(*brief == FrameMarking{true, true, true, false, false, 0, 0, 0});
    CHECK_FALSE(decode_frame_marking({}).has_value());
    CHECK_FALSE(decode_frame_marking(*from_hex("e000")).has_value());
    CHECK_FALSE(decode_frame_marking(*from_hex("e0000000")).has_value());
}

TEST_CASE("fragments: nearly equal, nothing lost")
{
    Bytes frame(10'007);
    for (std::size_t i = 0; i < frame.size(); ++i)
        frame[i] = static_cast<std::uint8_t>(i * 7);
    for (const std::size_t bytes_max : {10UL, 1000UL, 1100UL, 10'006UL, 10'007UL, 20'000UL}) {
        CAPTURE(bytes_max);
        const auto parts = fragment(frame, bytes_max);
        Bytes together;
        std::size_t shortest = frame.size(), longest = 0;
        for (const BytesView part : parts) {
            append(together, part);
            shortest = std::min(shortest, part.size());
            longest = std::max(longest, part.size());
        }
        if (frame.size() > bytes_max * video_fragments_max) {
            CHECK(parts.empty());
            continue;
        }
        CHECK(together == frame);
        CHECK(longest <= bytes_max);
        CHECK(longest - shortest <= 1);
        CHECK(parts.size() == (frame.size() + bytes_max - 1) / bytes_max);
    }
    CHECK(fragment({}, 100).empty());
    CHECK(fragment(frame, 0).empty());
    CHECK(fragment(Bytes(video_fragments_max * 100), 100).size() == video_fragments_max);
    CHECK(fragment(Bytes(video_fragments_max * 100 + 1), 100).empty());
    CHECK(fragment(Bytes(video_frame_bytes_max), 2000).size() == 525);
    CHECK(fragment(Bytes(video_frame_bytes_max + 1), 2000).empty());
}

TEST_CASE("red: name, value, bytes (RFC 2198)")
{
    const Bytes older = {1, 2, 3}, old = {4}, now = {5, 6};
    const Bytes bytes = encode_red({{111, 1920, older}, {111, 960, old}, {111, 0, now}});
    CHECK(to_hex(bytes) == "ef1e0003ef0f00016f010203040506");
    const auto got = decode_red(bytes);
    REQUIRE(got.has_value());
    REQUIRE(got->size() == 3);
    CHECK((*got)[0].timestamp_offset == 1920);
    CHECK(to_bytes((*got)[0].data) == older);
    CHECK((*got)[1].payload_type == 111);
    CHECK(to_bytes((*got)[1].data) == old);
    CHECK(to_bytes((*got)[2].data) == now);
    CHECK(decode_red(encode_red({{96, 0, now}}))->size() == 1);
    // Cut short anywhere but in the primary block it is refused.
    for (std::size_t cut = 0; cut <= 13; ++cut)
        CHECK_FALSE(decode_red(BytesView(bytes).first(cut)).has_value());
}

TEST_CASE("red: every bound, and one past it")
{
    const Bytes longest(red_block_bytes_max, 7), primary(5000, 8);
    std::vector<RedBlock> blocks(red_blocks_max - 1, {127, red_offset_max, longest});
    blocks.push_back({127, 0, primary});
    Bytes bytes = encode_red(blocks);
    const auto got = decode_red(bytes);
    REQUIRE(got.has_value());
    CHECK(got->size() == red_blocks_max);
    CHECK(got->front().timestamp_offset == red_offset_max);
    CHECK(got->front().data.size() == red_block_bytes_max);
    bytes.insert(bytes.begin(), {0xef, 0, 0, 0});
    CHECK_FALSE(decode_red(bytes).has_value());
}

TEST_CASE("flow: RFC 9000's numbers, one spelling each")
{
    const Bytes packet = {0xaa};
    const struct {
        std::uint64_t flow;
        const char* hex;
    } table[] = {
        {0, "00aa"},
        {63, "3faa"},
        {64, "4040aa"},
        {15'293, "7bbdaa"},
        {494'878'333, "9d7f3e7daa"},
        {151'288'809'941'952'652, "c2197c5eff14e88caa"},
        {flow_id_max, "ffffffffffffffffaa"},
    };
    for (const auto& row : table) {
        CAPTURE(row.flow);
        const Bytes bytes = encode_datagram(row.flow, packet);
        CHECK(to_hex(bytes) == row.hex);
        const auto got = decode_datagram(bytes);
        REQUIRE(got.has_value());
        CHECK(got->flow_id == row.flow);
        CHECK(to_bytes(got->packet) == packet);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut)
            CHECK_FALSE(decode_datagram(BytesView(bytes).first(cut)).has_value());
    }
    CHECK_FALSE(decode_datagram(*from_hex("403faa")).has_value());
    CHECK_FALSE(decode_datagram(*from_hex("800000ffaa")).has_value());
}
