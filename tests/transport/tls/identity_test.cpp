// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/link_probe.hpp"
#include "transport/tls/identity.hpp"
#include "transport/tls/link_ledger.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::tls;

TEST_CASE("identity: RFC 8032 section 7.1, the public key of a seed")
{
    const std::pair<const char*, const char*> table[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"}};
    for (const auto& [seed_hex, key_hex] : table) {
        const Bytes seed = *from_hex(seed_hex);
        const auto made = Identity::from_seed(Seed(seed.data(), 32));
        REQUIRE(made);
        CHECK(to_hex(made->public_key().view()) == key_hex);
    }
}

TEST_CASE("ledger: each limit is reached and given back")
{
    const ServeLimits limits{
        .links_max = 4, .links_per_subscriber_max = 3, .half_open_max = 3, .half_open_per_subscriber_max = 2};
    const auto ledger = std::make_shared<LinkLedger>(limits);
    const auto a = *loop::Address::parse("192.0.2.1:1");
    const auto b = *loop::Address::parse("[2001:db8::1]:1");
    const auto b2 = *loop::Address::parse("[2001:db8::2]:9"); // the same subscriber as b
    const auto c = *loop::Address::parse("192.0.2.3:1");
    {
        std::vector<LinkLedger::Ticket> held;
        const auto enter = [&](const loop::Address& from) {
            auto ticket = ledger->admit(from, Instant{});
            if (ticket) held.push_back(std::move(*ticket));
            return ticket.has_value();
        };
        CHECK(enter(b));
        CHECK(enter(b2));
        CHECK_FALSE(enter(b)); // half-open of one subscriber
        CHECK(enter(a));
        CHECK_FALSE(enter(c)); // half-open in all
        held[0].promote();
        held[1].promote();
        CHECK(ledger->open() == 2);
        CHECK(enter(b));
        CHECK_FALSE(enter(b)); // links of one subscriber
        held[2].promote();
        CHECK_FALSE(enter(c)); // links in all
        held.pop_back();
        CHECK(enter(c));
    }
    CHECK(ledger->open() == 0);
    CHECK(ledger->half_open() == 0);
}

TEST_CASE("ledger: newcomers of one subscriber have a burst, one more waits its turn, and others do not notice")
{
    ServeLimits limits;
    limits.arrivals_burst = 3;
    limits.arrivals_interval = std::chrono::milliseconds(20);
    const auto ledger = std::make_shared<LinkLedger>(limits);
    const auto a = *loop::Address::parse("192.0.2.1:1");
    const auto b = *loop::Address::parse("192.0.2.2:1");
    Instant now{};
    const auto comes = [&](const loop::Address& from) { return ledger->admit(from, now).has_value(); };
    for (int i = 0; i < 3; ++i)
        CHECK(comes(a));
    CHECK_FALSE(comes(a));
    CHECK(comes(b));
    now += limits.arrivals_interval - Duration(1);
    CHECK_FALSE(comes(a));
    now += Duration(1);
    CHECK(comes(a));
    CHECK_FALSE(comes(a));
    now += std::chrono::hours(1); // no more than a burst is saved up
    for (int i = 0; i < 3; ++i)
        CHECK(comes(a));
    CHECK_FALSE(comes(a));
    // A flood from everywhere: what is remembered ends.
    auto from = a;
    for (std::size_t i = 0; i < 2 * arrivals_remembered_max; ++i) {
        from.ip[0] = static_cast<std::uint8_t>(i >> 16);
        from.ip[1] = static_cast<std::uint8_t>(i >> 8);
        from.ip[2] = static_cast<std::uint8_t>(i);
        CHECK(comes(from));
        CHECK(ledger->arrivals_remembered() <= arrivals_remembered_max);
    }
}
