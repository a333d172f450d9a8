// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/candidate.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::ice;

namespace {

const CandidatePolicy strict{};
const std::string good = "candidate:1 1 UDP 2013266431 192.0.2.7 50000 typ host";

std::string at(const std::string& address, const std::string& port = "50000")
{
    return "candidate:1 1 UDP 2013266431 " + address + " " + port + " typ host";
}

} // namespace

TEST_CASE("a candidate survives the way out and in")
{
    for (const auto* text : {"candidate:1 1 UDP 2013266431 192.0.2.7 50000 typ host",
                             "candidate:abc+/9 1 UDP 1 2001:db8::7 65535 typ host",
                             "candidate:2 1 UDP 1677721855 198.51.100.1 1024 typ srflx raddr 0.0.0.0 rport 9",
                             "candidate:3 1 UDP 503316479 2001:db8::1 5000 typ relay raddr :: rport 9"}) {
        CAPTURE(text);
        const auto parsed = parse_candidate(text, strict);
        REQUIRE(parsed.ok());
        CHECK(format_candidate(*parsed) == text);
    }
}

TEST_CASE("what browsers and other agents write is understood")
{
    for (const auto* text :
         {"a=candidate:1 1 udp 2122260223 10.0.0.7 50000 typ host generation 0 ufrag abcd network-cost 999",
          "candidate:842163049 1 udp 1677729535 203.0.113.9 50000 typ srflx raddr 10.0.0.7 rport 50000"}) {
        CAPTURE(text);
        const auto parsed = parse_candidate(text, strict);
        REQUIRE(parsed.ok());
        // The related address is the peer's private matter and is not kept.
        CHECK(format_candidate(*parsed).find("10.0.0.7 rport") == std::string::npos);
    }
}

TEST_CASE("a hostile candidate is refused, with a reason")
{
    struct Row {
        std::string text;
        ErrorCode code;
        std::string why;
    };
    const std::vector<Row> rows = {
        {"", ErrorCode::malformed, "does not start"},
        {"hello", ErrorCode::malformed, "does not start"},
        {"candidate:", ErrorCode::malformed, "fewer than eight"},
        {"candidate:1 1 UDP 1 192.0.2.7 50000 typ", ErrorCode::malformed, "fewer than eight"},
        {good + " ", ErrorCode::malformed, "pairs"},
        {good + " x", ErrorCode::malformed, "pairs"},
        {good + "  x", ErrorCode::malformed, "empty field"},
        {good + std::string(300, 'x'), ErrorCode::malformed, "longer than 256"},
        {good + "\n", ErrorCode::malformed, "printable ASCII"},
        {good + std::string(1, '\0'), ErrorCode::malformed, "printable ASCII"},
        {"candidate:\xc3\xa9 1 UDP 1 192.0.2.7 50000 typ host", ErrorCode::malformed, "printable ASCII"},
        {"candidate:" + std::string(33, 'f') + " 1 UDP 1 192.0.2.7 50000 typ host", ErrorCode::malformed, "foundation"},
        {"candidate:a-b 1 UDP 1 192.0.2.7 50000 typ host", ErrorCode::malformed, "foundation"},
        {"candidate:1 2 UDP 1 192.0.2.7 50000 typ host", ErrorCode::invalid_argument, "component 1"},
        {"candidate:1 0 UDP 1 192.0.2.7 50000 typ host", ErrorCode::invalid_argument, "component 1"},
        {"candidate:1 one UDP 1 192.0.2.7 50000 typ host", ErrorCode::malformed, "component"},
        {"candidate:1 1 TCP 1 192.0.2.7 50000 typ host tcptype active", ErrorCode::unsupported, "TCP"},
        {"candidate:1 1 SCTP 1 192.0.2.7 50000 typ host", ErrorCode::malformed, "transport"},
        {"candidate:1 1 UDP 0 192.0.2.7 50000 typ host", ErrorCode::malformed, "priority"},
        {"candidate:1 1 UDP -1 192.0.2.7 50000 typ host", ErrorCode::malformed, "priority"},
        {"candidate:1 1 UDP 2147483648 192.0.2.7 50000 typ host", ErrorCode::malformed, "priority"},
        {"candidate:1 1 UDP 99999999999 192.0.2.7 50000 typ host", ErrorCode::malformed, "priority"},
        {at("peer.local"), ErrorCode::unsupported, "names"},
        {at("9f2b1a70-0000-4000-8000-000000000000.local"), ErrorCode::unsupported, "names"},
        {at("example.org"), ErrorCode::unsupported, "names"},
        {at("192.0.2"), ErrorCode::unsupported, "names"},
        {at("3221225991"), ErrorCode::unsupported, "names"},
        {at("0x7f.1"), ErrorCode::unsupported, "names"},
        {at("fe80::1%eth0"), ErrorCode::unsupported, "names"},
        {at("192.0.2.7", "0"), ErrorCode::malformed, "port"},
        {at("192.0.2.7", "65536"), ErrorCode::malformed, "port"},
        {at("192.0.2.7", "53"), ErrorCode::invalid_argument, "below 1024"},
        {at("0.0.0.0"), ErrorCode::invalid_argument, "unspecified"},
        {at("0.1.2.3"), ErrorCode::invalid_argument, "unspecified"},
        {at("127.0.0.1"), ErrorCode::invalid_argument, "loopback"},
        {at("127.9.9.9"), ErrorCode::invalid_argument, "loopback"},
        {at("169.254.169.254"), ErrorCode::invalid_argument, "link-local"},
        {at("224.0.0.251"), ErrorCode::invalid_argument, "multicast"},
        {at("239.255.255.250"), ErrorCode::invalid_argument, "multicast"},
        {at("240.0.0.1"), ErrorCode::invalid_argument, "reserved"},
        {at("255.255.255.255"), ErrorCode::invalid_argument, "reserved"},
        {at("::"), ErrorCode::invalid_argument, "unspecified"},
        {at("::1"), ErrorCode::invalid_argument, "loopback"},
        {at("fe80::1"), ErrorCode::invalid_argument, "link-local"},
        {at("febf::1"), ErrorCode::invalid_argument, "link-local"},
        {at("fec0::1"), ErrorCode::invalid_argument, "site-local"},
        {at("ff02::fb"), ErrorCode::invalid_argument, "multicast"},
        {at("::ffff:127.0.0.1"), ErrorCode::invalid_argument, "IPv4 address written"},
        {at("::ffff:10.0.0.1"), ErrorCode::invalid_argument, "IPv4 address written"},
        {at("::7f00:1"), ErrorCode::invalid_argument, "IPv4 address written"},
        {at("64:ff9b::7f00:1"), ErrorCode::invalid_argument, "NAT64"},
        {at("64:ff9b:1::a9fe:a9fe"), ErrorCode::invalid_argument, "NAT64"},
        {at("2002:7f00:1::1"), ErrorCode::invalid_argument, "6to4"},
        {at("2001:0:7f00:1::1"), ErrorCode::invalid_argument, "Teredo"},
        {"candidate:1 1 UDP 1 192.0.2.7 50000 foo host", ErrorCode::malformed, "typ is missing"},
        {"candidate:1 1 UDP 1 192.0.2.7 50000 typ prflx", ErrorCode::malformed, "type"},
        {"candidate:1 1 UDP 1 192.0.2.7 50000 typ relayed", ErrorCode::malformed, "type"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto parsed = parse_candidate(row.text, strict);
        REQUIRE_FALSE(parsed.ok());
        CHECK(error_name(parsed.error().code) == error_name(row.code));
        CHECK_MESSAGE(parsed.error().detail.find(row.why) != std::string::npos, parsed.error().detail);
    }
}

TEST_CASE("policy opens loopback and closes relayed")
{
    CandidatePolicy machine;
    machine.loopback_allowed = true;
    CHECK(parse_candidate(at("127.0.0.1"), machine).ok());
    CHECK(parse_candidate(at("::1"), machine).ok());
    CHECK_FALSE(parse_candidate(at("169.254.1.1"), machine).ok());
    CHECK_FALSE(parse_candidate(at("::ffff:127.0.0.1"), machine).ok());

    const auto relayed = "candidate:3 1 UDP 5 192.0.2.7 50000 typ relay raddr 0.0.0.0 rport 9";
    CHECK(parse_candidate(relayed, strict).ok());
    CandidatePolicy direct_only;
    direct_only.relayed_allowed = false;
    CHECK_FALSE(parse_candidate(relayed, direct_only).ok());
}

TEST_CASE("private addresses are welcome: they are how two devices at home meet")
{
    for (const auto* address : {"10.0.0.1", "172.16.3.4", "192.168.1.9", "100.64.0.1", "fd00::1", "2001:db8::1"})
        CHECK(parse_candidate(at(address), strict).ok());
}

TEST_CASE("damaged candidates never do worse than an error")
{
    // Seeds are printed by CAPTURE; each damages a good string at a few places.
    for (unsigned seed = 0; seed < 2000; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        std::string text = seed % 2 == 0 ? good : at("2001:db8::1") + " raddr 10.0.0.1 rport 9";
        for (unsigned i = 0; i < 1 + seed % 4; ++i) {
            const auto place = random() % text.size();
            switch (random() % 3) {
            case 0: text[place] = static_cast<char>(random() % 256); break;
            case 1: text.erase(place, 1 + random() % 5); break;
            default: text.insert(place, 1, text[random() % text.size()]); break;
            }
            if (text.empty()) text = "x";
        }
        const auto parsed = parse_candidate(text, strict);
        if (parsed.ok()) { // Still a candidate: then writing it and reading it again must agree.
            const auto again = parse_candidate(format_candidate(*parsed), strict);
            REQUIRE(again.ok());
            CHECK(again->endpoint == parsed->endpoint);
        } else {
            CHECK_FALSE(parsed.error().detail.empty());
        }
    }
}
