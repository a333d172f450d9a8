// SPDX-License-Identifier: Apache-2.0
// Who is asking: credentials, nonces, accounts that lose their right, and what strangers cost and get.
#include "tests/relay/turn_rig.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::relay::turn;
using namespace godwit::relay::turn::test;

namespace {

const auto home = at("93.184.216.34", 4000);

} // namespace

TEST_CASE("REST credentials: as coturn computes them, and names of another form")
{
    // echo -n 1700003600:ann | openssl dgst -sha1 -hmac secret -binary | base64
    CHECK(rest_username(1'700'003'600, "ann") == "1700003600:ann");
    CHECK(rest_password(as_bytes("secret"), "1700003600:ann").size() == 28);
    CHECK(rest_password(as_bytes("secret"), "1700003600:ann") != rest_password(as_bytes("secret"), "1700003601:ann"));
    const auto name = parse_rest_username("1700003600:ann:laptop");
    REQUIRE(name);
    CHECK(name->expires_s == 1'700'003'600);
    CHECK(name->account == "ann:laptop");
    for (const auto* const wrong : {"", "ann", ":ann", "1700003600", "1700003600:", "-5:ann", "17x:ann", " 17:ann",
                                    "99999999999999999999:ann", "+17:ann"})
        CHECK_FALSE_MESSAGE(parse_rest_username(wrong), wrong);
    CHECK(parse_rest_username("1:" + std::string(username_bytes_max - 2, 'a')));
    CHECK_FALSE(parse_rest_username("1:" + std::string(username_bytes_max - 1, 'a')));
}

TEST_CASE("nobody is told whether a user exists: unknown, wrong and expired get one and the same answer")
{
    World world;
    std::set<std::string> answers;
    const auto judge = [&](auto&& change) {
        Client client(world, home);
        change(client);
        const auto challenge = client.bare(Method::allocate, udp_allocation());
        client.nonce = std::string(as_text(challenge.value(attribute::nonce)));
        const auto said = client.exchange(client.request(Method::allocate, udp_allocation()));
        CHECK(said.code() == 401);
        CHECK_FALSE(said.value(attribute::nonce).empty());
        CHECK(said.value(attribute::message_integrity).empty());
        answers.insert(to_hex(BytesView(said.bytes).subspan(20)));
    };
    judge([](Client& c) { c.password = "wrong"; });
    judge([](Client& c) { c.username = "ann"; });
    judge([](Client& c) { c.username = "1700090000:nobody"; });
    judge([&](Client& c) {
        c.username = rest_username(world.now.wall_ms / 1000, "ann"); // this second
        c.password = rest_password(world.settings.secret, c.username);
    });
    judge([](Client& c) { c.realm = "other"; });
    CHECK(answers.size() == 1);
    CHECK(world.sockets.open.empty());

    Client last(world, home); // one second more is enough
    last.username = rest_username(world.now.wall_ms / 1000 + 1, "ann");
    last.password = rest_password(world.settings.secret, last.username);
    CHECK(last.allocate().code() == 0);
}

TEST_CASE("what a request with integrity must have: 400")
{
    World world;
    const Bytes transaction = *from_hex("2112a442000102030405060708090a0b");
    const auto ask = [&](auto&& fill) {
        Client client(world, home);
        stun::Writer out(Method::allocate, Class::request, transaction);
        fill(out);
        out.put_integrity(as_bytes("k"));
        return client.exchange(out.take()).code();
    };
    const std::string_view text = "1:a";
    using W = stun::Writer;
    CHECK(ask([&](W& w) { w.put(attribute::realm, text).put(attribute::nonce, text); }) == 400);
    CHECK(ask([&](W& w) { w.put(attribute::username, text).put(attribute::nonce, text); }) == 400);
    CHECK(ask([&](W& w) { w.put(attribute::username, text).put(attribute::realm, text); }) == 400);
    const auto all = [&](W& w, std::string_view nonce) -> W& {
        return w.put(attribute::username, text).put(attribute::realm, text).put(attribute::nonce, nonce);
    };
    CHECK(ask([&](W& w) { all(w, "1234"); }) == 401);
    // By its hash we find nobody.
    CHECK(ask([&](W& w) {
              w.put(attribute::userhash, Bytes(32)).put(attribute::realm, text).put(attribute::nonce, text);
          }) == 401);
    // PASSWORD-ALGORITHM(S) where they were offered: both, as offered, one of them (RFC 8489 section 9.2.4).
    const std::string_view offered = "obMatJos2AAABxxxx";
    const Bytes sha256{0, 2, 0, 0};
    CHECK(ask([&](W& w) { all(w, offered); }) == 401); // neither: MD5
    CHECK(ask([&](W& w) { all(w, offered).put(attribute::password_algorithm, sha256); }) == 400);
    CHECK(ask([&](W& w) { all(w, offered).put(attribute::password_algorithms, stun::password_algorithms); }) == 400);
    CHECK(ask([&](W& w) {
              all(w, offered)
                  .put(attribute::password_algorithm, sha256)
                  .put(attribute::password_algorithms, Bytes{0, 1, 0, 0});
          }) == 400);
    CHECK(ask([&](W& w) {
              all(w, offered)
                  .put(attribute::password_algorithm, Bytes{0, 3, 0, 0})
                  .put(attribute::password_algorithms, stun::password_algorithms);
          }) == 400);
    CHECK(ask([&](W& w) {
              all(w, offered)
                  .put(attribute::password_algorithm, sha256)
                  .put(attribute::password_algorithms, stun::password_algorithms);
          }) == 401);
}

TEST_CASE("a nonce is good for its address, for half an hour at least and an hour at most")
{
    World world;
    const Nonces nonces(world.entropy);
    const Nonces others(world.entropy);
    const FiveTuple client{Transport::udp, home, at("5.9.1.1", 4433)};
    const Instant start(Duration(30min) * 10);
    for (const auto& nonce : {nonces.offer(client, start), nonces.brief(client, start)}) {
        CAPTURE(nonce);
        const auto fresh = [&](const FiveTuple& from, Instant when) {
            return nonces.is_fresh(as_bytes(nonce), from, when);
        };
        CHECK(fresh(client, start));
        CHECK(fresh(client, start + 60min - 1us));
        CHECK_FALSE(fresh(client, start + 60min));
        CHECK_FALSE(fresh(client, start - 1us));
        auto elsewhere = client;
        elsewhere.client.port = 1;
        CHECK_FALSE(fresh(elsewhere, start));
        elsewhere = client;
        elsewhere.client = at("93.184.216.35", 4000);
        CHECK_FALSE(fresh(elsewhere, start));
        elsewhere = client;
        elsewhere.transport = Transport::tcp;
        CHECK_FALSE(fresh(elsewhere, start));
        CHECK_FALSE(others.is_fresh(as_bytes(nonce), client, start));
        CHECK_FALSE(nonces.is_fresh(as_bytes(nonce + "x"), client, start));
    }
    CHECK(Nonces::has_password_algorithms(as_bytes(nonces.offer(client, start))));
    CHECK_FALSE(Nonces::has_password_algorithms(as_bytes(nonces.brief(client, start))));
    CHECK_FALSE(Nonces::has_password_algorithms(as_bytes("obMatJos2AAAC"))); // bit 1: user names' anonymity
    CHECK_FALSE(Nonces::has_password_algorithms(as_bytes("obMatJos2AA")));
}

TEST_CASE("a stale nonce: 438, a new one with it, and the client goes on")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate(Fields{}.number(attribute::lifetime, 3600)).code() == 0);
    const auto old = ann.nonce;
    world.pass(59min);
    const auto stale = ann.exchange(ann.request(Method::refresh, {}));
    CHECK((stale.code() == 0 || stale.code() == 438));
    CHECK(ann.ask(Method::refresh, Fields{}.number(attribute::lifetime, 3600)).code() == 0);
    world.pass(59min);
    CHECK(ann.exchange(ann.request(Method::refresh, {})).code() == 438);
    CHECK(ann.ask(Method::refresh).code() == 0);
    CHECK(ann.nonce != old);
    // With a wrong password nobody learns that the nonce was stale (RFC 8489 section 9.2.4: integrity first).
    ann.nonce = old;
    ann.password = "wrong";
    CHECK(ann.exchange(ann.request(Method::refresh, {})).code() == 401);
}

TEST_CASE("a credential that expires while its allocation lives goes on serving that when accounts are asked for, and "
          "makes no other")
{
    bool may = true;
    auto asked = config();
    asked.may_relay = [&](std::string_view) { return may; };
    World world(asked);
    Client ann(world, home);
    ann.username = rest_username(world.now.wall_ms / 1000 + 60, "ann");
    ann.password = rest_password(world.settings.secret, ann.username);
    REQUIRE(ann.allocate().code() == 0);
    world.pass(120s);
    CHECK(ann.ask(Method::refresh).code() == 0);
    CHECK(ann.permit(at("8.8.8.8")).code() == 0);
    Client later(world, at("93.184.216.34", 4001));
    later.username = ann.username;
    later.password = ann.password;
    CHECK(later.allocate().code() == 401);
    may = false;
    CHECK(ann.ask(Method::refresh).code() == 401);
}

TEST_CASE("where a credential is all there is, its allocation is not prolonged after its end")
{
    World world;
    Client ann(world, home);
    ann.username = rest_username(world.now.wall_ms / 1000 + 60, "ann");
    ann.password = rest_password(world.settings.secret, ann.username);
    REQUIRE(ann.allocate().code() == 0);
    world.pass(59s);
    CHECK(ann.ask(Method::refresh).code() == 0);
    CHECK(ann.permit(at("8.8.8.8")).code() == 0);
    world.pass(1s);
    CHECK(ann.ask(Method::refresh).code() == 401);
    CHECK(ann.permit(at("8.8.4.4")).code() == 401);
    CHECK(world.sockets.open.size() == 1); // it was given ten minutes
    world.pass(600s);
    CHECK(world.sockets.open.empty());
}

TEST_CASE("an account that may not any more loses its allocations within five seconds, and gets no new ones")
{
    std::set<std::string, std::less<>> closed;
    auto watched = config();
    watched.may_relay = [&](std::string_view account) { return !closed.contains(account); };
    World world(watched);
    Client ann(world, home);
    Client tablet(world, at("93.184.216.34", 4001));
    Client bob(world, at("93.184.216.35", 4000), "bob");
    for (auto* const one : {&ann, &tablet, &bob}) {
        REQUIRE(one->allocate().code() == 0);
        REQUIRE(one->bind(0x4000, at("8.8.8.8", 53)).code() == 0);
    }
    world.pass(100s);
    CHECK(world.server.counters().allocations == 3);
    closed.insert("ann");
    CHECK(ann.ask(Method::refresh).code() == 401); // at once where it asks
    world.pass(5s);
    CHECK(world.server.counters().allocations == 1);
    CHECK(world.server.counters().revoked == 2);
    ann.send_channel(0x4000, "still here?");
    CHECK(world.sockets.to_peers.empty());
    CHECK(ann.allocate().code() == 401);
    CHECK(bob.ask(Method::refresh).code() == 0);
    // At once, where the relay says so.
    world.server.revoke("bob");
    world.server.revoke("nobody");
    CHECK(world.sockets.open.empty());
    CHECK(world.server.deadline() == never);
}

TEST_CASE("TURN answers nobody without the magic cookie, nor indications, responses and methods that it has not")
{
    World world;
    Client ann(world, home);
    CHECK(ann.exchange(*from_hex("0003000800112233445566778899aabbccddeeff0019000411000000")).silent());
    const Bytes transaction = *from_hex("2112a442000102030405060708090a0b");
    for (const auto method : {Method::allocate, Method::refresh, Method::send, Method::data, Method::create_permission,
                              Method::channel_bind, static_cast<Method>(0x00a), static_cast<Method>(0xfff)})
        for (const auto kind : {Class::request, Class::indication, Class::success, Class::error}) {
            stun::Writer out(method, kind, transaction);
            out.put(attribute::software, Bytes(64));
            const bool asks =
                kind == Class::request && (method == Method::allocate || method == Method::refresh ||
                                           method == Method::create_permission || method == Method::channel_bind);
            CHECK(ann.exchange(out.take()).code() == (asks ? 401 : -1));
        }
    CHECK(ann.exchange(stun::Writer(Method::binding, Class::request, transaction).take())
              .address(attribute::xor_mapped_address) == home);
    CHECK(world.server.deadline() == never); // and remembers none of them
}

TEST_CASE("strangers: whatever they send, at most 1.6 times of it comes back, and nothing is kept of them")
{
    const std::uint64_t seed = 5;
    MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    World world;
    std::size_t answered = 0;
    for (int round = 0; round < 30'000; ++round) {
        Bytes transaction(16, static_cast<std::uint8_t>(round));
        std::copy_n(Bytes{0x21, 0x12, 0xa4, 0x42}.begin(), 4, transaction.begin());
        const Method methods[] = {Method::allocate, Method::refresh, Method::create_permission, Method::channel_bind};
        stun::Writer out(methods[random() % 4], Class::request, transaction);
        for (auto n = random() % 5; n > 0; --n) {
            const std::uint16_t types[] = {attribute::requested_transport,
                                           attribute::username,
                                           attribute::realm,
                                           attribute::nonce,
                                           attribute::software,
                                           0x7ffe};
            out.put(types[random() % 6], Bytes(random() % 24, 'a'));
        }
        if (random() % 3 == 0) out.put_integrity(as_bytes("guess"));
        if (random() % 2 == 0) out.put_fingerprint();
        const auto bytes = out.take();
        world.sockets.to_clients.clear();
        const auto from =
            Endpoint::of(Bytes{93, 184, static_cast<std::uint8_t>(random()), 9}, static_cast<std::uint16_t>(random()));
        world.server.from_stranger({Transport::udp, from, at("5.9.1.1", 4433)}, bytes, world.now);
        REQUIRE(world.sockets.to_clients.size() <= 1);
        if (world.sockets.to_clients.empty()) continue;
        ++answered;
        REQUIRE(world.sockets.to_clients.front().bytes.size() * 10 <= bytes.size() * 16);
    }
    CHECK(answered > 20'000);
    CHECK(world.server.counters().allocations == 0);
    CHECK(world.server.deadline() == never);
}
