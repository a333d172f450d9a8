// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/envelope.hpp"
#include "lib/seal/sealer.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::seal;

TEST_CASE("padding: Padmé lengths, as the paper's formula gives them")
{
    const std::pair<std::size_t, std::size_t> table[] = {
        {0, 256},     {1, 256},      {255, 256},     {256, 256},     {257, 272},
        {272, 272},   {273, 288},    {500, 512},     {1000, 1024},   {1025, 1088},
        {4097, 4352}, {9999, 10240}, {65536, 65536}, {65537, 67584}, {131148, 135168},
    };
    for (const auto& [length, padded] : table) {
        CAPTURE(length);
        CHECK(padded_bytes(length) == padded);
    }
}

TEST_CASE("padding: never shorter, at most 12 % more, stable, monotonic")
{
    std::size_t before = 0;
    for (std::size_t length = 1; length < 200000; ++length) {
        const std::size_t padded = padded_bytes(length);
        REQUIRE(padded >= length);
        REQUIRE(padded >= before);
        REQUIRE(padded_bytes(padded) == padded);
        if (length > inner_bytes_min) REQUIRE((padded - length) * 100 <= 12 * length);
        before = padded;
    }
}

TEST_CASE("inner: what format wrote, parse reads; nothing else")
{
    const Bytes signature(64, 9);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{180}, std::size_t{181}, std::size_t{5000}}) {
        const Bytes content(size, 7);
        Bytes inner = format_inner(signature, 0x0102030405060708ULL, content);
        CHECK(inner.size() == padded_bytes(inner_fixed_bytes + size));
        const auto view = parse_inner(inner);
        REQUIRE(view);
        CHECK(to_bytes(view->signature) == signature);
        CHECK(view->generation == 0x0102030405060708ULL);
        CHECK(to_bytes(view->content) == content);

        if (inner.size() > inner_fixed_bytes + size) {
            Bytes dirty = inner;
            dirty.back() = 1;
            CHECK_FALSE(parse_inner(dirty));
        }
        Bytes longer = inner;
        longer.resize(inner.size() + 16);
        CHECK_FALSE(parse_inner(longer));
        CHECK_FALSE(parse_inner(BytesView(inner).first(inner.size() - 1)));
    }
    CHECK_FALSE(parse_inner({}));
    Bytes lying = format_inner(signature, 1, Bytes(10, 7));
    for (std::size_t i = 72; i < 76; ++i)
        lying[i] = 0xff;
    CHECK_FALSE(parse_inner(lying));
}

TEST_CASE("sealed: counts, order, version and lengths are checked before any key is touched")
{
    const auto make = [](std::size_t count, std::size_t body) {
        Bytes out{sealed_version, static_cast<std::uint8_t>(count - 1)};
        out.resize(head_fixed_bytes);
        for (std::size_t i = 0; i < count; ++i) {
            Bytes slot(slot_bytes);
            slot[0] = static_cast<std::uint8_t>(i);
            append(out, slot);
        }
        out.resize(out.size() + body);
        return out;
    };
    const std::size_t body = inner_bytes_min + body_tag_bytes;
    CHECK(parse_sealed(make(1, body)));
    CHECK(parse_sealed(make(seal_recipients_max, body)));
    CHECK_FALSE(parse_sealed(make(seal_recipients_max + 1, body)));
    CHECK_FALSE(parse_sealed(make(1, body - 1)));
    CHECK_FALSE(parse_sealed(make(1, body + 1)));
    CHECK(parse_sealed(make(1, 272 + body_tag_bytes)));
    const std::size_t longest = padded_bytes(inner_fixed_bytes + seal_content_bytes_max);
    CHECK(parse_sealed(make(2, longest + body_tag_bytes)));
    CHECK_FALSE(parse_sealed(make(2, padded_bytes(longest + 1) + body_tag_bytes)));
    CHECK_FALSE(parse_sealed({}));

    Bytes other_version = make(1, body);
    other_version[0] = 2;
    CHECK_FALSE(parse_sealed(other_version));
    Bytes twice = make(2, body);
    twice[head_fixed_bytes + slot_bytes] = 0;
    CHECK_FALSE(parse_sealed(twice));
    Bytes unsorted = make(2, body);
    unsorted[head_fixed_bytes] = 5;
    CHECK_FALSE(parse_sealed(unsorted));
}
