// SPDX-License-Identifier: Apache-2.0
// Allocate and Refresh: RFC 8656 sections 7 and 8, every refusal by name.
#include "tests/relay/turn_rig.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay::turn;
using namespace godwit::relay::turn::test;

namespace {

const auto home = at("93.184.216.34", 4000);

Fields family(std::uint16_t type, std::uint8_t which)
{
    return Fields{}.number(type, std::uint32_t{which} << 24);
}

} // namespace

TEST_CASE("an allocation from the first word to the last")
{
    World world;
    Client ann(world, home);
    // 28 bytes, as browsers begin.
    const auto challenge = ann.bare(Method::allocate, udp_allocation());
    CHECK(challenge.code() == 401);
    CHECK(challenge.bytes.size() == 44);
    CHECK(world.sockets.open.empty());

    const auto made = ann.allocate();
    CHECK(made.code() == 0);
    CHECK(made.address(attribute::xor_mapped_address) == home);
    CHECK(made.number(attribute::lifetime) == 600);
    const auto relayed = made.address(attribute::xor_relayed_address);
    REQUIRE(relayed);
    CHECK(relayed->same_ip(at("5.9.1.1")));
    CHECK((relayed->port >= 50'000 && relayed->port <= 50'099));
    REQUIRE(world.sockets.open.size() == 1);
    CHECK(world.sockets.open.begin()->second == *relayed);
    CHECK(world.server.counters().allocations == 1);

    const auto longer = ann.ask(Method::refresh, Fields{}.number(attribute::lifetime, 1800));
    CHECK(longer.number(attribute::lifetime) == 1800);
    CHECK(ann.ask(Method::refresh, Fields{}.number(attribute::lifetime, 0)).number(attribute::lifetime) == 0);
    CHECK(world.sockets.open.empty());
    CHECK(world.server.counters().allocations == 0);
    CHECK(ann.ask(Method::refresh).code() == 437);
}

TEST_CASE("SHA-256 where it is asked for, MD5 where nothing is said")
{
    for (const bool sha256 : {false, true})
        for (const auto algorithm : {stun::PasswordAlgorithm::md5, stun::PasswordAlgorithm::sha256})
            for (const auto transport : {Transport::udp, Transport::tcp}) {
                CAPTURE(sha256);
                CAPTURE(static_cast<int>(algorithm));
                World world;
                Client ann(world, home, "ann", transport);
                ann.sha256 = sha256;
                ann.algorithm = algorithm;
                ann.says_algorithm = true;
                // Long enough for the whole offer (over UDP).
                const auto software = Fields{}.add(attribute::software, Bytes(24, 'x'));
                const auto challenge =
                    ann.bare(Method::allocate, Fields(udp_allocation()).add(attribute::software, Bytes(24, 'x')));
                CHECK(challenge.value(attribute::password_algorithms) == Bytes{0, 2, 0, 0, 0, 1, 0, 0});
                ann.nonce = std::string(as_text(challenge.value(attribute::nonce)));
                CHECK(ann.nonce.starts_with("obMatJos2AAAB"));
                CHECK(ann.allocate(software).code() == 0);
                CHECK(ann.ask(Method::refresh).code() == 0);
                CHECK(ann.permit(at("8.8.8.8")).code() == 0);
            }
}

TEST_CASE("an Allocate that comes again gets the same answer; another one gets 437")
{
    World world;
    Client ann(world, home);
    const auto first = ann.allocate();
    REQUIRE(first.code() == 0);
    const auto again = ann.repeat();
    CHECK(again.bytes == first.bytes);
    world.pass(10s);
    CHECK(ann.repeat().number(attribute::lifetime) == 590);
    CHECK(ann.allocate().code() == 437);
    CHECK(world.sockets.open.size() == 1);
    CHECK(world.server.counters().allocations_total == 1);
}

TEST_CASE("what is asked for and refused")
{
    struct Row {
        const char* what;
        Fields fields;
        int code;
    };
    const auto udp = [] { return udp_allocation(); };
    const Row table[] = {
        {"no transport", {}, 400},
        {"a transport of another length", Fields{}.add(attribute::requested_transport, Bytes{17, 0, 0}), 400},
        {"TCP", Fields{}.number(attribute::requested_transport, 6U << 24), 442},
        {"a family that does not exist", udp().number(attribute::requested_address_family, 3U << 24), 440},
        {"a family of another length", udp().add(attribute::requested_address_family, Bytes{1}), 400},
        {"both family attributes",
         udp()
             .number(attribute::requested_address_family, 1U << 24)
             .number(attribute::additional_address_family, 2U << 24),
         400},
        {"IPv4 in addition", udp().number(attribute::additional_address_family, 1U << 24), 400},
        {"a reservation and one more family",
         udp().add(attribute::even_port, Bytes{0x80}).number(attribute::additional_address_family, 2U << 24), 400},
        {"an even port of another length", udp().add(attribute::even_port, Bytes{0x80, 0}), 400},
        {"a token and an even port",
         udp().add(attribute::reservation_token, Bytes(8)).add(attribute::even_port, Bytes{0}), 400},
        {"a token and a family",
         udp().add(attribute::reservation_token, Bytes(8)).number(attribute::requested_address_family, 1U << 24), 400},
        {"a token and one more family",
         udp().add(attribute::reservation_token, Bytes(8)).number(attribute::additional_address_family, 2U << 24), 400},
        {"a token of another length", udp().add(attribute::reservation_token, Bytes(7)), 400},
        {"a token that nobody gave", udp().add(attribute::reservation_token, Bytes(8)), 508},
        {"what we do not know", udp().add(0x7ffe, Bytes{}), 420},
        {"what we need not know", udp().add(0x80fe, Bytes{}), 0},
        {"no fragmentation", udp().add(attribute::dont_fragment), 0},
        {"IPv6", udp().number(attribute::requested_address_family, 2U << 24), 0},
    };
    for (const auto& row : table) {
        CAPTURE(row.what);
        World world;
        Client ann(world, home);
        const auto said = ann.ask(Method::allocate, row.fields);
        CHECK(said.code() == row.code);
        if (row.code == 420) CHECK(said.unknown() == std::vector<std::uint16_t>{0x7ffe});
        CHECK(world.sockets.open.size() == (row.code == 0 ? 1 : 0));
    }
}

TEST_CASE("a family that this server does not have: 440, or an ADDRESS-ERROR-CODE beside the one it has")
{
    auto only_v4 = config();
    only_v4.address_v6.reset();
    World world(only_v4);
    Client ann(world, home);
    CHECK(ann.allocate(family(attribute::requested_address_family, 2)).code() == 440);
    const auto half = ann.allocate(family(attribute::additional_address_family, 2));
    CHECK(half.code() == 0);
    CHECK(to_hex(half.value(attribute::address_error_code)) == "02000428");
    CHECK(half.address(attribute::xor_relayed_address)->same_ip(at("5.9.1.1")));

    auto only_v6 = config();
    only_v6.address_v4.reset();
    World other(only_v6);
    Client bob(other, home);
    CHECK(bob.allocate().code() == 440); // RFC 8656 section 7.2: IPv4 when nothing is said
    const auto v6 = bob.allocate(family(attribute::additional_address_family, 2));
    CHECK(v6.code() == 0);
    CHECK(to_hex(v6.value(attribute::address_error_code)) == "01000428");
    CHECK(v6.address(attribute::xor_relayed_address)->is_v6);
}

TEST_CASE("both families in one allocation, refreshed and given up one by one")
{
    World world;
    Client ann(world, home);
    const auto both = ann.allocate(family(attribute::additional_address_family, 2));
    REQUIRE(both.code() == 0);
    CHECK_FALSE(both.address(attribute::xor_relayed_address, 0)->is_v6);
    CHECK(both.address(attribute::xor_relayed_address, 1)->is_v6);
    CHECK(world.sockets.open.size() == 2);
    CHECK(ann.ask(Method::refresh, family(attribute::requested_address_family, 2)).code() == 0);
    CHECK(ann.ask(Method::refresh, family(attribute::requested_address_family, 7)).code() == 443);
    CHECK(ann.ask(Method::refresh, family(attribute::requested_address_family, 1).number(attribute::lifetime, 0))
              .code() == 0);
    CHECK(world.sockets.open.size() == 1);
    CHECK(ann.ask(Method::refresh, family(attribute::requested_address_family, 1)).code() == 443);
    CHECK(ann.permit(at("8.8.8.8")).code() == 443);
    CHECK(ann.permit(at("2a00:1450::5")).code() == 0);
    CHECK(ann.ask(Method::refresh, family(attribute::requested_address_family, 2).number(attribute::lifetime, 0))
              .code() == 0);
    CHECK(world.sockets.open.empty());
}

TEST_CASE("even ports, and the one above kept for the next allocation of the same user")
{
    World world;
    Client rtp(world, home);
    Client rtcp(world, at("93.184.216.34", 4001));
    Client thief(world, at("93.184.216.35", 4001), "bob");

    const auto even = rtp.allocate(Fields{}.add(attribute::even_port, Bytes{0x80}));
    REQUIRE(even.code() == 0);
    const auto token = even.value(attribute::reservation_token);
    REQUIRE(token.size() == 8);
    const auto port = even.address(attribute::xor_relayed_address)->port;
    CHECK(port % 2 == 0);
    CHECK(world.sockets.open.size() == 2);
    // What arrives for nobody is nobody's.
    world.server.from_peer(world.relay_at(at("5.9.1.1", static_cast<std::uint16_t>(port + 1))), at("8.8.8.8", 53),
                           as_bytes("x"), world.now);
    CHECK(world.sockets.to_clients.empty());

    CHECK(thief.allocate(Fields{}.add(attribute::reservation_token, token)).code() == 508);
    const auto odd = rtcp.allocate(Fields{}.add(attribute::reservation_token, token));
    REQUIRE(odd.code() == 0);
    CHECK(odd.address(attribute::xor_relayed_address)->port == port + 1);
    CHECK(world.sockets.open.size() == 2);
    rtcp.ask(Method::refresh, Fields{}.number(attribute::lifetime, 0));
    CHECK(rtcp.allocate(Fields{}.add(attribute::reservation_token, token)).code() == 508); // once

    // Without the bit: even, and nothing kept.
    Client other(world, at("93.184.216.34", 4002));
    const auto plain = other.allocate(Fields{}.add(attribute::even_port, Bytes{0}));
    CHECK(plain.address(attribute::xor_relayed_address)->port % 2 == 0);
    CHECK(plain.value(attribute::reservation_token).empty());
}

TEST_CASE("a reserved port that nobody comes for is closed after 30 seconds, and not before")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate(Fields{}.add(attribute::even_port, Bytes{0x80})).code() == 0);
    world.pass(30s - 1us);
    CHECK(world.sockets.open.size() == 2);
    world.pass(1us);
    CHECK(world.sockets.open.size() == 1);
}

TEST_CASE("lifetimes: ten minutes at least, an hour at most, nothing after the end")
{
    struct Row {
        std::optional<std::uint32_t> asked;
        std::uint32_t given;
    };
    for (const auto& [asked, given] : {Row{std::nullopt, 600}, Row{0, 600}, Row{1, 600}, Row{601, 601}, Row{3600, 3600},
                                       Row{3601, 3600}, Row{0xffffffff, 3600}}) {
        World world;
        Client ann(world, home);
        Fields fields;
        if (asked) fields.number(attribute::lifetime, *asked);
        const auto made = ann.allocate(std::move(fields));
        CHECK(made.number(attribute::lifetime) == given);
        world.pass(std::chrono::seconds(given) - 1us);
        CHECK(world.sockets.open.size() == 1);
        world.pass(1us);
        CHECK(world.sockets.open.empty());
        CHECK(world.server.deadline() == never);
    }
}

TEST_CASE("an allocation belongs to the credential that made it: 441")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate().code() == 0);
    Client bob(world, home, "bob"); // the same 5-tuple
    CHECK(bob.ask(Method::refresh).code() == 441);
    CHECK(bob.permit(at("8.8.8.8")).code() == 441);
    CHECK(bob.bind(0x4000, at("8.8.8.8", 1)).code() == 441);
    CHECK(bob.allocate().code() == 437);
    CHECK(world.server.counters().allocations == 1);
}

TEST_CASE("without an allocation: 437")
{
    World world;
    Client ann(world, home);
    CHECK(ann.ask(Method::refresh).code() == 437);
    CHECK(ann.permit(at("8.8.8.8")).code() == 437);
    CHECK(ann.bind(0x4000, at("8.8.8.8", 1)).code() == 437);
    ann.send(at("8.8.8.8", 1), "hello");
    ann.send_channel(0x4000, "hello");
    CHECK(world.sockets.to_peers.empty());
}

TEST_CASE("quota: five relayed addresses of a user, on whatever device; reserved ports and second families count; the "
          "sixth gets 486")
{
    World world;
    std::deque<Client> clients;
    const auto next = [&](const std::string& account = "ann") -> Client& {
        return clients.emplace_back(world, at("93.184.216.34", static_cast<std::uint16_t>(5000 + clients.size())),
                                    account);
    };
    const auto two_families = family(attribute::additional_address_family, 2);
    const auto two_ports = Fields{}.add(attribute::even_port, Bytes{0x80});
    for (int i = 0; i < 2; ++i)
        REQUIRE(next().allocate().code() == 0);
    REQUIRE(next().allocate(two_families).code() == 0);
    for (const auto& would_be_two : {two_families, two_ports})
        CHECK(next().allocate(would_be_two).code() == 486);
    REQUIRE(next().allocate().code() == 0);
    CHECK(next().allocate().code() == 486);
    CHECK(world.sockets.open.size() == 5);
    CHECK(next("bob").allocate().code() == 0); // others are not concerned
    CHECK(world.server.counters().refused_quota == 3);
    clients[0].ask(Method::refresh, Fields{}.number(attribute::lifetime, 0));
    CHECK(next().allocate().code() == 0);
    // Another credential of the same account is the same user.
    auto& later = next();
    later.username = rest_username(world.now.wall_ms / 1000 + 99, "ann");
    later.password = rest_password(world.settings.secret, later.username);
    CHECK(later.allocate().code() == 486);
}

TEST_CASE("all users together: allocations_max, and one more gets 508; so does who finds no port")
{
    auto few = config();
    few.limits.allocations_max = 3;
    World world(few);
    std::deque<Client> clients;
    for (std::uint16_t i = 0; i < 4; ++i) {
        auto& one = clients.emplace_back(world, at("93.184.216.34", static_cast<std::uint16_t>(5000 + i)),
                                         "user" + std::to_string(i));
        CHECK(one.allocate().code() == (i < 3 ? 0 : 508));
    }

    auto narrow = config();
    narrow.port_min = 50'000;
    narrow.port_max = 50'001;
    World small(narrow);
    std::deque<Client> others;
    for (std::uint16_t i = 0; i < 3; ++i)
        CHECK(others.emplace_back(small, at("93.184.216.34", static_cast<std::uint16_t>(5000 + i)), "u")
                  .allocate()
                  .code() == (i < 2 ? 0 : 508));
    Client pair(small, at("93.184.216.34", 6000), "u");
    CHECK(pair.allocate(Fields{}.add(attribute::even_port, Bytes{0x80})).code() == 508);

    World broke;
    broke.sockets.no_more = true;
    Client ann(broke, home);
    CHECK(ann.allocate().code() == 508);
    broke.sockets.no_more = false;
    CHECK(ann.allocate().code() == 0);
}

TEST_CASE("behind a one-to-one NAT clients are told the outer address")
{
    auto nat = config();
    nat.address_v4 = at("10.0.0.5");
    nat.external_v4 = at("5.9.1.1");
    World world(nat);
    Client ann(world, home);
    const auto made = ann.allocate();
    const auto told = made.address(attribute::xor_relayed_address);
    CHECK(told->same_ip(at("5.9.1.1")));
    CHECK(world.sockets.open.begin()->second == at("10.0.0.5", told->port));
}

TEST_CASE("a stream that ends takes its allocation with it")
{
    World world;
    Client ann(world, home, "ann", Transport::tcp);
    REQUIRE(ann.allocate().code() == 0);
    world.server.client_gone(ann.tuple);
    CHECK(world.sockets.open.empty());
    world.server.client_gone(ann.tuple);
}
