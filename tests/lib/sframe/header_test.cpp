// SPDX-License-Identifier: Apache-2.0
#include "lib/sframe/header.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace godwit;
using namespace godwit::sframe;

TEST_CASE("sframe header: name, value, bytes")
{
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const struct {
        const char* name;
        Header header;
        const char* hex;
    } table[] = {
        {"both in the config byte", {7, 7}, "77"},
        {"a long counter", {7, 8}, "7808"},
        {"a long key id", {8, 7}, "8708"},
        {"both long", {0x123, 0x4567}, "9901234567"},
        {"an odd length", {0x10000, 0xffffff}, "aa010000ffffff"},
        {"the longest", {most, most}, "ffffffffffffffffffffffffffffffffff"},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Bytes bytes = encode_header(row.header);
        CHECK(to_hex(bytes) == row.hex);
        CHECK(bytes.size() <= header_bytes_max);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut)
            CHECK_FALSE(decode_header(BytesView(bytes).first(cut)));
        const std::size_t size = bytes.size();
        append(bytes, as_bytes("what follows"));
        const auto parsed = decode_header(bytes);
        REQUIRE(parsed.has_value());
        CHECK(parsed->header == row.header);
        CHECK(parsed->size_bytes == size);
    }
}

TEST_CASE("sframe header: one spelling a value")
{
    for (const char* hex : {"0807", "8007", "090008", "900008", "8f0000000000000000ff", "0f0000000000000008"}) {
        CAPTURE(hex);
        CHECK_FALSE(decode_header(*from_hex(hex)));
    }
}
