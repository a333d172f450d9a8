// SPDX-License-Identifier: Apache-2.0
// Bytes named "pion" were made by pion/rtp 1.7.13, an implementation that has nothing in common with this one.
#include "media/rtp/packet.hpp"
#include "media/rtp/sequence.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::rtp;

namespace {

const Bytes sequence_data = {0x12, 0x34}, marking_data = {0xa0, 0, 9}, five = {1, 2, 3, 4, 5};

Packet plain()
{
    Packet out;
    out.marker = true;
    out.payload_type = 96;
    out.sequence_number = 0xfffe;
    out.timestamp = 0x01020304;
    out.ssrc = 0xdeadbeef;
    out.csrc = {7, 8};
    out.payload = as_bytes("sealed");
    return out;
}

} // namespace

TEST_CASE("rtp packet: name, value, bytes (pion)")
{
    Packet one_byte = plain();
    one_byte.extensions = {{1, sequence_data}, {2, marking_data}};
    Packet two_byte;
    two_byte.payload_type = 111;
    two_byte.sequence_number = 1;
    two_byte.timestamp = 960;
    two_byte.ssrc = 5;
    two_byte.extensions = {{20, five}, {1, {}}};
    const Bytes payload = {1};
    two_byte.payload = payload;
    const struct {
        const char* name;
        Packet packet;
        const char* hex;
    } table[] = {
        {"no extension", plain(), "82e0fffe01020304deadbeef00000007000000087365616c6564"},
        {"one-byte form", one_byte, "92e0fffe01020304deadbeef0000000700000008bede000211123422a00009007365616c6564"},
        {"two-byte form", two_byte, "906f0001000003c0000000051000000314050102030405010000000001"},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        CHECK(to_hex(encode(row.packet)) == row.hex);
        const Bytes bytes = *from_hex(row.hex);
        const auto got = decode(bytes);
        REQUIRE(got.has_value());
        CHECK(encode(*got) == bytes);
        CHECK(got->marker == row.packet.marker);
        CHECK(got->payload_type == row.packet.payload_type);
        CHECK(got->sequence_number == row.packet.sequence_number);
        CHECK(got->timestamp == row.packet.timestamp);
        CHECK(got->ssrc == row.packet.ssrc);
        CHECK(got->csrc == row.packet.csrc);
        CHECK(to_bytes(got->payload) == to_bytes(row.packet.payload));
        REQUIRE(got->extensions.size() == row.packet.extensions.size());
        for (const Extension& one : row.packet.extensions) {
            REQUIRE(got->find(one.id) != nullptr);
            CHECK(to_bytes(got->find(one.id)->data) == to_bytes(one.data));
        }
        CHECK(got->find(9) == nullptr);
        CHECK_FALSE(is_rtcp(bytes));
    }
}

TEST_CASE("rtp packet: what is cut inside the header is refused, what is cut behind it is a shorter payload")
{
    Packet packet = plain();
    packet.extensions = {{1, sequence_data}};
    const Bytes bytes = encode(packet);
    const std::size_t header = bytes.size() - packet.payload.size();
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        CHECK(decode(BytesView(bytes).first(cut)).has_value() == (cut >= header));
    }
}

TEST_CASE("rtp packet: padding")
{
    const auto padded = [](const char* tail) {
        return *from_hex(std::string("a060000100000000"
                                     "00000001") +
                         tail);
    };
    const auto payload_of = [](const Bytes& bytes) {
        const auto got = decode(bytes);
        return got ? to_hex(got->payload) : std::string("refused");
    };
    CHECK(payload_of(padded("aabb000003")) == "aabb");
    CHECK(payload_of(padded("000003")) == "");
    CHECK(payload_of(padded("000004")) == "refused"); // more than there is
    CHECK(payload_of(padded("aa00")) == "refused");   // the octet counts itself
    CHECK(payload_of(padded("")) == "refused");
}

TEST_CASE("rtp packet: versions, foreign extensions, and bounds")
{
    CHECK_FALSE(decode(*from_hex("406000010000000000000001aa")));
    // A profile that we do not know is skipped; the packet counts.
    const auto foreign = decode(*from_hex("90600001000000000000000112340001ffffffffaa"));
    REQUIRE(foreign.has_value());
    CHECK(foreign->extensions.empty());
    CHECK(to_hex(foreign->payload) == "aa");
    // An element that is longer than the block; an id that is none; an id that ends the list.
    CHECK_FALSE(decode(*from_hex("906000010000000000000001bede0001130102aa")));
    CHECK_FALSE(decode(*from_hex("906000010000000000000001bede000103010203aa")));
    const auto ended = decode(*from_hex("906000010000000000000001bede0001f0111213aa"));
    REQUIRE(ended.has_value());
    CHECK(ended->extensions.empty());

    const auto with = [](std::size_t elements) {
        std::string hex = "906000010000000000000001bede";
        std::string block;
        for (std::size_t i = 0; i < elements; ++i)
            block += "10aa";
        while (block.size() % 8 != 0)
            block += "00";
        return *from_hex(hex + "00" + to_hex(Bytes{static_cast<std::uint8_t>(block.size() / 8)}) + block + "bb");
    };
    CHECK(decode(with(extensions_max)).has_value());
    CHECK_FALSE(decode(with(extensions_max + 1)).has_value());

    Bytes longest = encode(plain());
    longest.resize(packet_bytes_max);
    CHECK(decode(longest).has_value());
    longest.push_back(0);
    CHECK_FALSE(decode(longest).has_value());
}

TEST_CASE("rtp sequence: numbers that go round")
{
    SequenceUnwrapper unwrapper;
    CHECK(unwrapper.peek(5) == 5);
    CHECK(unwrapper.unwrap(65'534) == 65'534);
    CHECK(unwrapper.unwrap(65'535) == 65'535);
    CHECK(unwrapper.unwrap(1) == 65'537);
    CHECK(unwrapper.unwrap(65'535) == 65'535); // late
    CHECK(unwrapper.peek(2) == 65'538);
    CHECK(unwrapper.unwrap(0) == 65'536);
    for (std::int64_t n = 65'536; n < 400'000; n += 1000)
        CHECK(unwrapper.unwrap(static_cast<std::uint16_t>(n)) == n);

    SequenceUnwrapper from_zero;
    CHECK(from_zero.unwrap(0) == 0);
    CHECK(from_zero.unwrap(65'535) == -1); // older than the first
    CHECK(distance<std::uint16_t>(0, 0x7fff) == 0x7fff);
    CHECK(distance<std::uint16_t>(0, 0x8000) == -0x8000);
    CHECK(distance<std::uint32_t>(0xffffff00U, 0x100U) == 0x200);
}
