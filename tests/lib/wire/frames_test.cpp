// SPDX-License-Identifier: Apache-2.0
// What holds for every kind: its bytes, and what decoding refuses.
#include "tests/lib/wire/samples.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

using namespace godwit;
using namespace godwit::wire;
using namespace godwit::wire::test;

namespace {

constexpr Again every_decoder[] = {again_content,    again_certificate, again_device_list, again_notice,
                                   again_ice_signal, again_peer,        again_client,      again_server};
/// Content keeps kinds that it does not know.
constexpr std::span every_decoder_but_content = std::span(every_decoder).subspan(1);

/// msgpack as the test sees it: [offset of a header, its canonical length], in order.
struct HeaderAt {
    std::size_t at = 0;
    std::size_t length = 0;
    std::uint64_t number = 0;
    char type = 0; // u(nsigned), n(egative), t(ext), b(in), a(rray), f(lag)
};

std::vector<HeaderAt> headers(const Bytes& bytes)
{
    std::vector<HeaderAt> out;
    const auto big_endian = [&](std::size_t at, std::size_t n) {
        std::uint64_t v = 0;
        for (std::size_t i = 0; i < n; ++i)
            v = (v << 8) | bytes[at + i];
        return v;
    };
    for (std::size_t at = 0; at < bytes.size();) {
        const std::uint8_t b = bytes[at];
        HeaderAt h{at, 1, 0, 0};
        const auto sized = [&](char type, std::size_t n) {
            h.type = type;
            h.length = 1 + n;
            h.number = big_endian(at + 1, n);
        };
        if (b < 0x80) {
            h.type = 'u';
            h.number = b;
        } else if ((b & 0xf0) == 0x90) {
            h.type = 'a';
            h.number = b & 0x0fU;
        } else if ((b & 0xe0) == 0xa0) {
            h.type = 't';
            h.number = b & 0x1fU;
        } else if (b >= 0xe0) {
            h.type = 'n';
            h.number = b;
        } else if (b == 0xc2 || b == 0xc3)
            h.type = 'f';
        else if (b >= 0xc4 && b <= 0xc6)
            sized('b', std::size_t{1} << (b - 0xc4));
        else if (b >= 0xcc && b <= 0xcf)
            sized('u', std::size_t{1} << (b - 0xcc));
        else if (b >= 0xd0 && b <= 0xd3)
            sized('n', std::size_t{1} << (b - 0xd0));
        else if (b >= 0xd9 && b <= 0xdb)
            sized('t', std::size_t{1} << (b - 0xd9));
        else if (b >= 0xdc && b <= 0xdd)
            sized('a', std::size_t{2} << (b - 0xdc));
        REQUIRE(h.type != 0);
        out.push_back(h);
        at += h.length + (h.type == 't' || h.type == 'b' ? h.number : 0);
    }
    return out;
}

Bytes replace(const Bytes& bytes, std::size_t at, std::size_t length, const Bytes& by)
{
    Bytes out(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    append(out, by);
    append(out, BytesView(bytes).subspan(at + length));
    return out;
}

std::uint64_t seed_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260101;
}

} // namespace

TEST_CASE("each kind has exactly these bytes, and comes back from them")
{
    for (const auto& sample : samples()) {
        CAPTURE(sample.name);
        CHECK(to_hex(sample.encoded) == sample.hex);
        CHECK(sample.again(sample.encoded) == sample.encoded);
    }
}

TEST_CASE("docs/protocol.md shows these bytes")
{
    std::ifstream file(GODWIT_PROTOCOL_PAGE);
    REQUIRE(file.good());
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    for (const auto& sample : samples()) {
        CAPTURE(sample.name);
        CHECK(page.find(sample.hex) != std::string::npos);
    }
}

TEST_CASE("cut short at any byte: refused")
{
    for (const auto& sample : samples())
        for (std::size_t n = 0; n < sample.encoded.size(); ++n) {
            CAPTURE(sample.name);
            CAPTURE(n);
            CHECK_FALSE(sample.again(BytesView(sample.encoded).first(n)));
        }
}

TEST_CASE("bytes after the end: refused")
{
    for (const auto& sample : samples()) {
        CAPTURE(sample.name);
        auto longer = sample.encoded;
        longer.push_back(0);
        CHECK_FALSE(sample.again(longer));
    }
}

TEST_CASE("a field fewer: refused; a field more: skipped")
{
    for (const auto& sample : samples()) {
        CAPTURE(sample.name);
        const auto& bytes = sample.encoded;
        REQUIRE((bytes[0] & 0xf0) == 0x90);
        const auto header = static_cast<std::uint8_t>(bytes[0] - 1);
        // Fields that were added at the end: may be missing, and what stands in their place is read.
        const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
            return std::find(names.begin(), names.end(), sample.name) != names.end();
        };
        const bool has_added =
            is_one_of({"hello.app", "signal.typing_in_group", "body.attachment_captioned",
                       "group_join_refused.stale_link", "content.receipt_quiet", "peer.receipt_quiet"});
        for (std::size_t n = 1; n <= bytes.size() && !has_added;
             ++n) { // one of these cuts is where the last field begins
            Bytes shorter = to_bytes(BytesView(bytes).first(n));
            shorter[0] = header;
            CHECK_FALSE(sample.again(shorter));
        }
        if (is_one_of(
                {"hello", "signal.typing", "body.attachment", "group_join_refused", "content.receipt", "peer.receipt"}))
            continue;
        for (const char* more : {"2a", "c3", "a161", "c40161", "92019105"}) {
            auto longer = bytes;
            longer[0] = static_cast<std::uint8_t>(bytes[0] + 1);
            append(longer, *from_hex(more));
            if (sample.again == again_certificate || sample.again == again_device_list || sample.again == again_notice)
                CHECK_FALSE(sample.again(longer)); // what follows the signature would not be signed
            else
                CHECK(sample.again(longer) == bytes);
        }
    }
}

TEST_CASE("a field more inside a nested struct: skipped")
{
    // peer.deliver with [id, sealed, 7] for an envelope
    const auto longer = from_hex("9228"
                                 "93c410"
                                 "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                                 "c4025ea1"
                                 "07");
    const auto plain = from_hex("9228"
                                "92c410"
                                "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                                "c4025ea1");
    CHECK(again_peer(*longer) == plain);
    // request.resume with [67, true] for a body
    CHECK(again_client(*from_hex("933104"
                                 "9243c3")) == from_hex("933104"
                                                        "9143"));
    // and one fewer
    CHECK_FALSE(again_peer(*from_hex("9228"
                                     "91c410"
                                     "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee")));
}

TEST_CASE("any header in a longer spelling: refused")
{
    std::size_t tried = 0;
    for (const auto& sample : samples())
        for (const auto& header : headers(sample.encoded)) {
            std::vector<Bytes> longer;
            const auto spell = [&](std::uint8_t type, std::size_t n) {
                if (1 + n <= header.length) return;
                Bytes out{type};
                for (std::size_t i = n; i-- > 0;)
                    out.push_back(static_cast<std::uint8_t>(i >= 8 ? 0 : header.number >> (8 * i)));
                longer.push_back(out);
            };
            if (header.type == 'u')
                for (unsigned i = 0; i < 4; ++i)
                    spell(static_cast<std::uint8_t>(0xcc + i), std::size_t{1} << i);
            if (header.type == 'u' && header.number < 0x80)
                for (unsigned i = 0; i < 4; ++i)
                    spell(static_cast<std::uint8_t>(0xd0 + i), std::size_t{1} << i); // signed
            if (header.type == 't')
                for (unsigned i = 0; i < 3; ++i)
                    spell(static_cast<std::uint8_t>(0xd9 + i), std::size_t{1} << i);
            if (header.type == 'b')
                for (unsigned i = 0; i < 3; ++i)
                    spell(static_cast<std::uint8_t>(0xc4 + i), std::size_t{1} << i);
            if (header.type == 'a')
                for (unsigned i = 0; i < 2; ++i)
                    spell(static_cast<std::uint8_t>(0xdc + i), std::size_t{2} << i);
            for (const auto& spelling : longer) {
                CAPTURE(sample.name);
                CAPTURE(header.at);
                CAPTURE(to_hex(spelling));
                CHECK_FALSE(sample.again(replace(sample.encoded, header.at, header.length, spelling)));
                ++tried;
            }
        }
    CHECK(tried > 500);
}

TEST_CASE("types without a place: refused everywhere")
{
    for (const auto& sample : samples())
        for (const auto& header : headers(sample.encoded))
            for (const char* other : {"c0", "c1", "ca00000000", "cb0000000000000000", "d40000", "80", "c70000"}) {
                CAPTURE(sample.name);
                CAPTURE(other);
                const auto length = header.length + (header.type == 't' || header.type == 'b' ? header.number : 0);
                if (header.type == 'a') continue;
                CHECK_FALSE(sample.again(replace(sample.encoded, header.at, length, *from_hex(other))));
            }
    CHECK_FALSE(again_client(*from_hex("81a16101"))); // a map for a frame
    CHECK_FALSE(again_client(*from_hex("2a")));
    CHECK_FALSE(again_client({}));
}

TEST_CASE("another kind's number: refused, and so are frames of other links")
{
    for (const auto& sample : samples()) {
        CAPTURE(sample.name);
        auto other = sample.encoded;
        other[1] = 0x7f;
        if (sample.again == again_body) {
            other[2] = 0x9f; // still a number of one byte behind 0xcc
            other[1] = 0xcc;
        }
        if (sample.again == again_content || sample.again == again_body)
            CHECK(sample.again(other)); // unknown content is kept
        else
            CHECK_FALSE(sample.again(other));
        // Frames of one link are refused by the decoders of the others.
        for (const Again again : every_decoder_but_content) {
            const bool both_ways = sample.name == "ping" || sample.name == "pong";
            if (again == sample.again || both_ways) continue;
            CHECK_FALSE(again(sample.encoded));
        }
    }
}

TEST_CASE("random damage never does worse than a refusal")
{
    const auto seed = seed_of_this_run();
    MESSAGE("GODWIT_TEST_SEED=" << seed);
    std::mt19937_64 random(seed);
    std::size_t accepted = 0;
    const auto all = samples();
    for (int round = 0; round < 20'000; ++round) {
        const auto& sample = all[random() % all.size()];
        auto bytes = sample.encoded;
        for (auto changes = 1 + random() % 3; changes > 0; --changes) {
            const auto at = static_cast<std::ptrdiff_t>(random() % bytes.size());
            const auto byte = static_cast<std::uint8_t>(random());
            switch (random() % 4) {
            case 0: bytes[static_cast<std::size_t>(at)] = byte; break;
            case 1: bytes.insert(bytes.begin() + at, byte); break;
            case 2:
                if (bytes.size() > 1) bytes.erase(bytes.begin() + at);
                break;
            default: bytes[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << (byte & 7U)); break;
            }
        }
        for (const Again again : every_decoder) {
            const auto once = again(bytes);
            if (!once) continue;
            ++accepted;
            CHECK(again(*once) == once); // what was accepted has one encoding
        }
    }
    CHECK(accepted > 100);
}

TEST_CASE("random bytes, and headers that promise more than there is")
{
    const auto seed = seed_of_this_run() + 1;
    MESSAGE("GODWIT_TEST_SEED=" << seed - 1);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 20'000; ++round) {
        Bytes bytes(random() % 64);
        for (auto& b : bytes)
            b = static_cast<std::uint8_t>(random());
        for (const Again again : every_decoder)
            CHECK_FALSE(again(bytes));
    }
    for (const char* promise : {"ddffffffff", "dcffff", "9231ddffffffff", "c6ffffffff", "dbffffffff", "9228c6ffffffff"})
        for (const Again again : every_decoder)
            CHECK_FALSE(again(*from_hex(promise)));
}
