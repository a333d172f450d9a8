// SPDX-License-Identifier: Apache-2.0
#include "relay/stun/stun.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::relay;

namespace {

// RFC 5769 section 2.1: a request with USERNAME, MESSAGE-INTEGRITY and FINGERPRINT, and ICE's PRIORITY, which is
// comprehension-required.
const char* const rfc5769_request = "000100582112a442b7e7a701bc34d686fa87dfae"
                                    "802200105354554e207465737420636c69656e74"
                                    "002400046e0001ff"
                                    "80290008932ff9b151263b36"
                                    "000600096576746a3a68367659202020"
                                    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
                                    "80280004e57a3bcf";
const std::string rfc5769_id = "2112a442b7e7a701bc34d686fa87dfae";

const Bytes ip4{192, 0, 2, 1};
const Bytes ip6 = *from_hex("20010db8123456780011223344556677");

stun::Endpoint from4(std::uint16_t port)
{
    return stun::Endpoint::of(ip4, port);
}

std::optional<std::string> ask(const std::string& hex, const Bytes& ip = ip4, std::uint16_t port = 32853)
{
    const auto out = stun::answer(*from_hex(hex), stun::Endpoint::of(ip, port));
    if (!out) return std::nullopt;
    return to_hex(*out);
}

} // namespace

TEST_CASE("RFC 5769: XOR-MAPPED-ADDRESS as in sections 2.2 and 2.3")
{
    CHECK(ask("00010000" + rfc5769_id) == "0101000c" + rfc5769_id + "002000080001a147e112a643");
    CHECK(ask("00010000" + rfc5769_id, ip6) ==
          "01010018" + rfc5769_id + "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
}

TEST_CASE("RFC 5769: the fingerprint of section 2.1 verifies, and an altered byte does not")
{
    auto request = *from_hex(rfc5769_request);
    CHECK(stun::fingerprint(BytesView(request).first(request.size() - 8)) == 0xe57a3bcf);
    // Well-formed, and asks for PRIORITY, which is between ICE agents: 420, with a fingerprint because the request has
    // one.
    const auto out = stun::answer(request, from4(1));
    REQUIRE(out);
    CHECK(to_hex(*out).substr(0, 72) == "01110018" + rfc5769_id + "0009000400000414" + "000a000200240000");
    CHECK(to_hex(*out).substr(72, 8) == "80280004");
    CHECK(out->size() == 44);
    const auto mine = stun::fingerprint(BytesView(*out).first(36));
    CHECK(to_hex(BytesView(*out).last(4)) ==
          to_hex(Bytes{static_cast<std::uint8_t>(mine >> 24), static_cast<std::uint8_t>(mine >> 16),
                       static_cast<std::uint8_t>(mine >> 8), static_cast<std::uint8_t>(mine)}));
    for (std::size_t i = 8; i < request.size();
         ++i) { // the cookie itself decides which RFC it is, the last header its type
        if (i >= request.size() - 8 && i < request.size() - 4) continue;
        auto altered = request;
        altered[i] ^= 0x20;
        // Byte 63 makes USERNAME swallow the rest: then there is no fingerprint to judge, nor one in the answer.
        const auto said = stun::answer(altered, from4(1));
        CHECK((!said || (i == 63 && said->size() == 36)));
    }
}

TEST_CASE("RFC 3489: no cookie, so MAPPED-ADDRESS, and all 128 bits come back")
{
    const std::string id = "00112233445566778899aabbccddeeff";
    CHECK(ask("00010000" + id) == "0101000c" + id +
                                      "00010008"
                                      "00018055"
                                      "c0000201");
    CHECK(ask("00010000" + id, ip6) == "01010018" + id +
                                           "00010014"
                                           "00028055"
                                           "20010db8123456780011223344556677");
    // CHANGE-REQUEST asks for an answer from elsewhere, which this server cannot give
    CHECK(ask("00010008" + id + "0003000400000006") == "01110010" + id + "0009000400000414" + "000a000200030000");
    // RESPONSE-ADDRESS is not followed: the answer is for whoever asked
    CHECK(ask("0001000c" + id +
              "0002000800010035"
              "08080808") == "0101000c" + id +
                                 "00010008"
                                 "00018055"
                                 "c0000201");
}

TEST_CASE("unknown attributes: required ones are named, optional ones do not matter")
{
    CHECK(ask("00010008" + rfc5769_id + "7ffe000001010000").value_or("").substr(0, 4) == "0111");
    CHECK(ask("00010008" + rfc5769_id +
              "7ffe0000"
              "7ffd0000") == "01110010" + rfc5769_id + "0009000400000414" + "000a00047ffe7ffd");
    CHECK(ask("00010004" + rfc5769_id + "80220000") == "0101000c" + rfc5769_id + "002000080001a147e112a643");
}

TEST_CASE("what is not a Binding request gets silence")
{
    const std::string id = rfc5769_id;
    CHECK_FALSE(ask(""));
    CHECK_FALSE(ask("0001"));
    CHECK_FALSE(ask("00010000" + id.substr(2)));
    CHECK_FALSE(ask("00110000" + id));                                   // indication
    CHECK_FALSE(ask("01010000" + id));                                   // response
    CHECK_FALSE(ask("00030000" + id));                                   // Allocate
    CHECK_FALSE(ask("00010004" + id));                                   // length too long
    CHECK_FALSE(ask("00010000" + id + "80220000"));                      // too short
    CHECK_FALSE(ask("00010004" + id + "80220004"));                      // the attribute ends outside
    CHECK_FALSE(ask("0001000c" + id + "80280004deadbeef" + "80220000")); // wrong fingerprint
    CHECK(stun::is_stun(*from_hex("0001")));
    CHECK_FALSE(stun::is_stun(*from_hex("40")));
    CHECK_FALSE(stun::is_stun({}));
}

TEST_CASE("bounds: the longest request and the most attributes, and one more")
{
    const auto with = [](std::size_t attributes, std::size_t first_length) {
        Bytes out = *from_hex("00010000" + rfc5769_id);
        for (std::size_t i = 0; i < attributes; ++i) {
            const std::size_t length = i == 0 ? first_length : 0;
            append(out, Bytes{0x80, 0x22, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)});
            out.resize(out.size() + length);
        }
        const auto length = out.size() - 20;
        out[2] = static_cast<std::uint8_t>(length >> 8);
        out[3] = static_cast<std::uint8_t>(length);
        return out;
    };
    CHECK(stun::answer(with(stun::attributes_max, 0), from4(1)));
    CHECK_FALSE(stun::answer(with(stun::attributes_max + 1, 0), from4(1)));
    CHECK(stun::answer(with(1, stun::request_bytes_max - 24), from4(1)));
    CHECK_FALSE(stun::answer(with(1, stun::request_bytes_max - 20), from4(1)));
}

TEST_CASE("an answer is never longer than 1.6 times its request over IPv4, whatever the request says")
{
    const std::uint64_t seed = 7;
    MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    std::size_t answered = 0;
    for (int round = 0; round < 50'000; ++round) {
        Bytes out = *from_hex("00010000" + (random() % 2 == 0 ? rfc5769_id : std::string(32, '7')));
        for (auto n = random() % 6; n > 0; --n) {
            const auto length = random() % 3 * 4;
            append(out, Bytes{static_cast<std::uint8_t>(random() % 4 == 0 ? 0x80 : 0),
                              static_cast<std::uint8_t>(random()), 0, static_cast<std::uint8_t>(length)});
            for (std::size_t i = 0; i < length; ++i)
                out.push_back(static_cast<std::uint8_t>(random()));
        }
        if (random() % 2 == 0) {
            const auto length = out.size() - 20 + 8;
            out[2] = static_cast<std::uint8_t>(length >> 8);
            out[3] = static_cast<std::uint8_t>(length);
            const auto value = stun::fingerprint(out);
            append(out, Bytes{0x80, 0x28, 0, 4, static_cast<std::uint8_t>(value >> 24),
                              static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
                              static_cast<std::uint8_t>(value)});
        }
        const auto length = out.size() - 20;
        out[2] = static_cast<std::uint8_t>(length >> 8);
        out[3] = static_cast<std::uint8_t>(length);
        const auto said = stun::answer(out, from4(4000));
        if (!said) continue;
        ++answered;
        CHECK(said->size() * 10 <= out.size() * 16);
        CHECK(said->size() % 4 == 0);
    }
    CHECK(answered > 10'000);
}
