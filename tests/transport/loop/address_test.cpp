// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/until.hpp"
#include "transport/loop/address.hpp"
#include "transport/loop/resolve.hpp"
#include "transport/loop/sockaddr.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::loop;
using godwit::test::turns;
using godwit::test::until;

TEST_CASE("addresses: text both ways")
{
    for (const char* text : {"127.0.0.1:443", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1]:1", "[::]:443"}) {
        const auto address = Address::parse(text);
        REQUIRE(address);
        CHECK(address->text() == text);
    }
    // A zone by its index is a zone; where none is needed there is none.
    CHECK(Address::parse("[fe80::1%7]:443")->scope == 7);
    CHECK(Address::parse("[fe80::1%7]:443")->text() == "[fe80::1%7]:443");
    CHECK(Address::parse("[2001:db8::1%7]:443")->text() == "[2001:db8::1]:443");
    CHECK(Address::parse("[::ffff:192.0.2.7]:9")->text() == "192.0.2.7:9"); // one host, one spelling
    for (const char* text : {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3:4", "::1:4", "[::1]",
                             "[::1]4", "[::1:4", "relay.example:443", "1.2.3.4:4 "})
        CHECK_FALSE(Address::parse(text));
    CHECK(Address::parse("0.0.0.0:5")->is_any());
    CHECK(Address::parse("[::1]:5")->is_loopback());
}

TEST_CASE("host and port: each fault is named")
{
    CHECK(split_host_port("relay.example:443")->host == "relay.example");
    CHECK(split_host_port("[::1]:443")->host == "::1");
    const std::pair<const char*, const char*> table[] = {
        {"relay.example", "':PORT' is missing"}, {":443", "host is missing"},           {"relay:x", "port is a number"},
        {"::1:443", "stands in brackets"},       {"[::1]", "':PORT' is missing after"}, {"[::1", "']' is missing"}};
    for (const auto& [text, says] : table) {
        const auto parts = split_host_port(text);
        REQUIRE_FALSE(parts);
        CHECK(parts.error().code == ErrorCode::invalid_argument);
        CHECK(parts.error().detail.find(says) != std::string::npos);
    }
}

TEST_CASE("a subscriber is an IPv4 address or an IPv6 /64")
{
    const auto of = [](const char* text) { return Address::parse(text)->subscriber().text(); };
    CHECK(of("192.0.2.7:99") == "192.0.2.7:0");
    CHECK(of("[2001:db8:1:2:3:4:5:6]:99") == "[2001:db8:1:2::]:0");
}

TEST_CASE("sockaddr: both ways, also as v4-mapped")
{
    sockaddr_storage raw{};
    const auto v4 = *Address::parse("192.0.2.7:99");
    CHECK(to_sockaddr(v4, false, raw) == sizeof(sockaddr_in));
    CHECK(from_sockaddr(reinterpret_cast<sockaddr*>(&raw)) == v4);
    CHECK(to_sockaddr(v4, true, raw) == sizeof(sockaddr_in6));
    CHECK(from_sockaddr(reinterpret_cast<sockaddr*>(&raw)) == v4);
}

TEST_CASE("resolve: literals at the next turn, names by the system, nonsense as an error, and no call after it is gone")
{
    Loop loop;
    std::optional<Result<std::vector<Address>>> answer;
    const auto keep = [&](Result<std::vector<Address>> got) { answer = std::move(got); };
    {
        Resolve literal(loop, {"::1", 7}, keep);
        CHECK_FALSE(answer);
        REQUIRE(until(loop, [&] { return answer.has_value(); }));
        REQUIRE(answer->ok());
        CHECK(answer->value() == std::vector<Address>{Address::loopback_v6(7)});
    }
    answer.reset();
    {
        Resolve name(loop, {"localhost", 7}, keep);
        REQUIRE(until(loop, [&] { return answer.has_value(); }));
        REQUIRE(answer->ok());
        for (const Address& a : answer->value()) {
            CHECK(a.is_loopback());
            CHECK(a.port == 7);
        }
    }
    answer.reset();
    {
        Resolve nonsense(loop, {"a name with spaces", 7}, keep);
        REQUIRE(until(loop, [&] { return answer.has_value(); }));
        CHECK_FALSE(answer->ok());
    }
    answer.reset();
    {
        Resolve one(loop, {"localhost", 7}, keep);
        Resolve two(loop, {"127.0.0.1", 7}, keep);
    }
    turns(loop, 20);
    CHECK_FALSE(answer);
}
