// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/flexfec.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::rtp;

namespace {

Bytes packet(std::uint16_t number, std::size_t size, bool marker = false)
{
    Bytes payload(size);
    for (std::size_t i = 0; i < size; ++i)
        payload[i] = static_cast<std::uint8_t>(number * 7 + i * 13);
    const Bytes two = {0, 0}, mark = {0x80, 1, 2};
    Packet out;
    out.marker = marker;
    out.payload_type = 96;
    out.sequence_number = number;
    out.timestamp = 90'000 + number;
    out.ssrc = 0x01020304;
    out.extensions = {{1, two}, {2, mark}};
    out.payload = payload;
    return encode(out);
}

} // namespace

TEST_CASE("flexfec: any one packet of a group comes back as it was, of whatever length")
{
    for (const std::uint8_t step : {std::uint8_t{1}, std::uint8_t{3}})
        for (std::uint8_t count = step == 1 ? std::uint8_t{1} : std::uint8_t{2}; count <= 6; ++count) {
            const FecHeader header{0xfffe, step, count}; // over the end of the numbers
            std::vector<Bytes> all;
            for (std::size_t i = 0; i < count; ++i)
                all.push_back(packet(header.number(i), 10 + 200 * (i % 3), i + 1 == count));
            const std::vector<BytesView> views(all.begin(), all.end());
            const Bytes parity = protect(header, views);
            const auto read = decode_fec_header(parity);
            REQUIRE(read);
            CHECK(read->base == header.base);
            CHECK(read->step == (count == 1 ? 1 : step));
            CHECK(read->count == count);
            for (std::size_t lost = 0; lost < count; ++lost) {
                std::vector<BytesView> others;
                for (std::size_t i = 0; i < count; ++i)
                    if (i != lost) others.push_back(views[i]);
                const auto made = recover(parity, others, header.number(lost), 0x01020304);
                REQUIRE(made);
                CHECK(*made == all[lost]);
                CHECK(decode(*made)->marker == (lost + 1 == count));
            }
        }
}

TEST_CASE("flexfec: a header says which packets it protects, and what is none is refused")
{
    const FecHeader header{10, 4, 3};
    CHECK(header.protects(10));
    CHECK(header.protects(14));
    CHECK(header.protects(18));
    CHECK_FALSE(header.protects(11));
    CHECK_FALSE(header.protects(22));
    CHECK_FALSE(header.protects(6));

    const Bytes one = packet(1, 20);
    const BytesView view(one);
    const Bytes good = protect({1, 1, 1}, {&view, 1});
    CHECK(decode_fec_header(good));
    CHECK_FALSE(decode_fec_header(BytesView(good).first(fec_header_bytes - 1)));
    const auto with = [&](std::size_t at, std::uint8_t value) {
        Bytes out = good;
        out[at] = value;
        return decode_fec_header(out).has_value();
    };
    CHECK_FALSE(with(0, 0x00)); // with a mask
    CHECK_FALSE(with(0, 0xc0)); // a repetition
    CHECK_FALSE(with(10, 0));
    CHECK_FALSE(with(10, fec_protected_max + 1));
    CHECK(with(10, fec_protected_max));
    CHECK_FALSE(with(11, 1)); // a row of a block that has columns

    const Bytes longer = packet(2, 2000);
    const BytesView other(longer);
    CHECK_FALSE(recover(good, {&other, 1}, 1, 1)); // it cannot have been among them
    const BytesView cut = BytesView(longer).first(5);
    CHECK_FALSE(recover(good, {&cut, 1}, 1, 1));
}
