// SPDX-License-Identifier: Apache-2.0
// Bytes were made by pion/rtcp 1.2.10, an implementation that has nothing in common with this one.
#include "media/rtp/packet.hpp"
#include "media/rtp/rtcp.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace godwit;
using namespace godwit::rtp;

namespace {

ReportBlock block()
{
    return {9, 51, 1000, 0x1ffff, 77, 0x11223344, 65536};
}

} // namespace

TEST_CASE("rtcp: name, value, bytes (pion)")
{
    const struct {
        const char* name;
        RtcpPacket packet;
        const char* hex;
    } table[] = {
        {"sender report", SenderReport{1, 0x0102030405060708, 48000, 50, 4000, {block()}},
         "81c8000c0000000101020304050607080000bb800000003200000fa000000009330003e80001ffff0000004d1122334400010000"},
        {"receiver report", ReceiverReport{2, {block(), block()}},
         "82c9000d0000000200000009330003e80001ffff0000004d112233440001000000000009330003e80001ffff0000004d1122334400010"
         "000"},
        {"source description", SourceDescription{3, "godwit"}, "81ca0004000000030106676f6477697400000000"},
        {"bye", Bye{{4, 5}}, "82cb00020000000400000005"},
        {"nack", Nack{1, 2, {10, 11, 26, 27, 65535, 0, 5}}, "81cd00050000000100000002000a8001001b0000ffff0021"},
        {"picture loss indication", PictureLossIndication{1, 2}, "81ce00020000000100000002"},
    };
    std::vector<RtcpPacket> all;
    Bytes all_bytes;
    for (const auto& row : table) {
        CAPTURE(row.name);
        CHECK(to_hex(encode({row.packet})) == row.hex);
        const Bytes bytes = *from_hex(row.hex);
        CHECK(is_rtcp(bytes));
        const auto got = decode_rtcp(bytes);
        REQUIRE(got.has_value());
        REQUIRE(got->size() == 1);
        CHECK(got->front() == row.packet);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut)
            CHECK_FALSE(decode_rtcp(BytesView(bytes).first(cut)));
        all.push_back(row.packet);
        append(all_bytes, bytes);
    }
    CHECK(encode(all) == all_bytes);
    const auto got = decode_rtcp(all_bytes);
    REQUIRE(got.has_value());
    CHECK(*got == all);
}

TEST_CASE("rtcp: pion ends a bye with a word more, which is padding here")
{
    const auto got = decode_rtcp(*from_hex("82cb0003000000040000000500000000"));
    REQUIRE(got.has_value());
    CHECK(got->front() == RtcpPacket(Bye{{4, 5}}));
}

TEST_CASE("rtcp: what is unknown is skipped, what is broken spoils the compound")
{
    const std::string pli = "81ce00020000000100000002";
    const auto count = [](const std::string& hex) {
        const auto got = decode_rtcp(*from_hex(hex));
        return got ? static_cast<int>(got->size()) : -1;
    };
    CHECK(count("80cc0001aabbccdd" + pli) == 1); // APP
    CHECK(count("84ce0001aabbccdd" + pli) == 1); // another payload-specific feedback
    CHECK(count("80ca0000" + pli) == 1);         // a description of nobody
    CHECK(count("41ce00020000000100000002") == -1);
    CHECK(count("81ce000100000001" + pli) == -1);
    CHECK(count("81c8000c" + pli) == -1);
    CHECK(count("81ca00020000000301ff6767") == -1);        // an item longer than its chunk
    CHECK(count("a1ce0003000000010000000200000004") == 1); // padding
    CHECK(count("a1ce0003000000010000000200000000") == -1);
    CHECK(count("a1ce00030000000100000002000000ff") == -1);
    CHECK(count("") == -1);
}

TEST_CASE("rtcp: lost counts below zero, and at both ends of 24 bits")
{
    for (const std::int32_t lost : {-1, -0x800000, 0x7fffff, 0}) {
        ReportBlock one = block();
        one.cumulative_lost = lost;
        const auto got = decode_rtcp(encode({ReceiverReport{2, {one}}}));
        REQUIRE(got.has_value());
        CHECK(std::get<ReceiverReport>(got->front()).blocks.front().cumulative_lost == lost);
    }
}

TEST_CASE("rtcp: a nack keeps its order, whatever that is")
{
    const Nack nack{1, 2, {5, 7, 6, 6, 5, 22, 21}};
    const auto got = decode_rtcp(encode({nack}));
    REQUIRE(got.has_value());
    CHECK(got->front() == RtcpPacket(nack));
}

TEST_CASE("rtcp: every bound, and one past it")
{
    CHECK(decode_rtcp(encode({ReceiverReport{1, std::vector<ReportBlock>(report_blocks_max, block())}})).has_value());
    CHECK(decode_rtcp(encode({Bye{std::vector<std::uint32_t>(report_blocks_max, 1)}})).has_value());
    CHECK(decode_rtcp(encode({SourceDescription{1, std::string(cname_bytes_max, 'x')}})).has_value());

    const std::vector<RtcpPacket> most(compound_packets_max, PictureLossIndication{1, 2});
    Bytes bytes = encode(most);
    CHECK(decode_rtcp(bytes).has_value());
    append(bytes, encode({PictureLossIndication{1, 2}}));
    CHECK_FALSE(decode_rtcp(bytes).has_value());

    Nack nack{1, 2, std::vector<std::uint16_t>(nack_numbers_max)};
    std::iota(nack.sequence_numbers.begin(), nack.sequence_numbers.end(), std::uint16_t{65'400});
    bytes = encode({nack});
    const auto got = decode_rtcp(bytes);
    REQUIRE(got.has_value());
    CHECK(got->front() == RtcpPacket(nack));
    // One more pair, of a number that is alone.
    bytes[3] = static_cast<std::uint8_t>(bytes[3] + 1);
    append(bytes, *from_hex("00070000"));
    CHECK_FALSE(decode_rtcp(bytes).has_value());
}
