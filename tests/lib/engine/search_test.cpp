// SPDX-License-Identifier: Apache-2.0
// Stories of looking for what was said, on all devices, and of what cannot be found any more.
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::seconds;

namespace {

SearchResults look(Client& client, const request::Search& search)
{
    const auto reply = client.wait(client.ask(search));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    return std::get<SearchResults>(reply.value);
}

std::vector<std::string> texts(Client& client, const request::Search& search)
{
    std::vector<std::string> out;
    for (const auto& hit : look(client, search).hits)
        out.push_back(hit.message.text);
    return out;
}

ErrorCode code(Client& client, const request::Search& search)
{
    return client.wait(client.ask(search)).error.code;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("both find it, on every device; taken back, edited or burnt it is found nowhere")
{
    World world(61);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    auto& phone = world.client("bob.phone");
    world.befriend(alice, bob);
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    world.run_for(seconds(10));
    const auto coffee = alice.send("bob", "去咖啡馆吗");
    const auto tea = bob.send("alice", "Tea would be better");
    request::Send burning{"alice", "burn this tea", {}};
    burning.lifetime = content::Lifetime{60, content::Lifetime::From::sent};
    REQUIRE(bob.wait(bob.ask(burning)).error.code == ErrorCode::ok);
    world.run_for(seconds(5));
    for (auto* client : {&alice, &bob, &phone}) {
        CHECK(texts(*client, {"咖啡"}) == Texts{"去咖啡馆吗"});
        CHECK(texts(*client, {"te"}) == Texts{"burn this tea", "Tea would be better"});
        const auto hits = look(*client, {"咖啡"}).hits;
        REQUIRE(hits.size() == 1);
        CHECK(hits[0].message.id == coffee);
        CHECK(hits[0].snippet == "去咖啡馆吗");
        CHECK(hits[0].matches == std::vector<content::Range>{{3, 6}});
    }
    REQUIRE(alice.wait(alice.ask(request::Recall{coffee})).error.code == ErrorCode::ok);
    REQUIRE(bob.wait(bob.ask(request::Edit{tea, "Cocoa", {}, {}})).error.code == ErrorCode::ok);
    world.run_for(seconds(90));
    for (auto* client : {&alice, &bob, &phone}) {
        CHECK(texts(*client, {"咖啡"}).empty());
        CHECK(texts(*client, {"tea"}).empty());
        CHECK(texts(*client, {"cocoa"}) == Texts{"Cocoa"});
    }
}

TEST_CASE("where, from whom, of what kind, when; a page after the other")
{
    World world(62);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    auto& carol = world.client("carol");
    world.befriend(alice, bob);
    world.befriend(alice, carol);
    alice.send("bob", "report one");
    alice.send("carol", "report two");
    world.run_for(seconds(3));
    carol.send("alice", "report three");
    request::Send place{"alice", "", {}};
    content::Location where;
    where.place = "Report Square";
    place.body = where;
    REQUIRE(bob.wait(bob.ask(place)).error.code == ErrorCode::ok);
    world.run_for(seconds(3));
    const auto count = [&](auto set) {
        request::Search search{"report"};
        set(search);
        return look(alice, search).hits.size();
    };
    CHECK(count([](auto&) {}) == 4);
    CHECK(count([](auto& s) { s.where.with = "carol"; }) == 2);
    CHECK(count([](auto& s) { s.from = "alice"; }) == 2);
    CHECK(count([](auto& s) { s.from = "carol"; }) == 1);
    CHECK(count([](auto& s) { s.kinds = {"location"}; }) == 1);
    CHECK(count([](auto& s) { s.kinds = {"location", "text"}; }) == 4);
    const auto all = look(alice, {"report"}).hits;
    const auto when = all[1].message.sent_ms;
    CHECK(count([&](auto& s) { s.since_ms = when; }) + count([&](auto& s) { s.until_ms = when; }) == 4);
    request::Search page{"report"};
    page.limit = 3;
    const auto first = look(alice, page);
    CHECK(first.hits.size() == 3);
    REQUIRE(first.next != 0);
    page.before = first.next;
    const auto second = look(alice, page);
    REQUIRE(second.hits.size() == 1);
    CHECK(second.next == 0);
    CHECK(second.hits[0].message.text == "report one");
}

TEST_CASE("what cannot be looked for is refused, by name")
{
    World world(63);
    auto& nobody = world.client("nobody");
    nobody.start();
    CHECK(code(nobody, {"x"}) == ErrorCode::not_registered);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    CHECK(code(alice, {"x"}) == ErrorCode::ok);
    CHECK(code(alice, {""}) == ErrorCode::invalid_argument);
    CHECK(code(alice, {"?!"}) == ErrorCode::invalid_argument);
    CHECK(code(alice, {std::string(search_text_bytes_max + 1, 'x')}) == ErrorCode::invalid_argument);
    request::Search search{"x"};
    for (const std::uint32_t limit : {0U, search_limit_max + 1}) {
        search.limit = limit;
        CHECK(code(alice, search) == ErrorCode::invalid_argument);
    }
    search.limit = search_limit_max;
    CHECK(code(alice, search) == ErrorCode::ok);
    search.where.with = "stranger";
    CHECK(code(alice, search) == ErrorCode::not_a_contact);
    search.where = {{}, ConversationId{}};
    CHECK(code(alice, search) == ErrorCode::invalid_argument);
    search.where = {};
    for (const char* kind : {"edit", "unknown", "image", ""}) {
        search.kinds = {kind};
        CHECK(code(alice, search) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("from what was found one turns pages both ways, also from a message that has gone")
{
    World world(64);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    request::Send gone{"bob", "gone", {}};
    gone.lifetime = content::Lifetime{30, content::Lifetime::From::sent};
    MessageId gone_id;
    for (const std::string text : {"one", "two", "three needle", "four", "five", "six"}) {
        alice.send("bob", text);
        if (text == "four") gone_id = std::get<MessageId>(alice.wait(alice.ask(gone)).value);
        world.run_for(seconds(1));
    }
    world.run_for(seconds(60));
    const auto page = [&](request::History wanted) {
        wanted.with = "alice";
        const auto reply = bob.wait(bob.ask(wanted));
        Texts out;
        if (reply.error.code != ErrorCode::ok) return Texts{reply.error.detail};
        for (const auto& one : std::get<std::vector<Message>>(reply.value))
            out.push_back(one.text);
        return out;
    };
    const auto hit = look(bob, {"needle"}).hits.at(0).message.id;
    request::History wanted;
    wanted.around = hit;
    wanted.limit = 4;
    CHECK(page(wanted) == Texts{"one", "two", "three needle", "four"});
    wanted.limit = 3;
    CHECK(page(wanted) == Texts{"two", "three needle", "four"});
    wanted.limit = 1;
    CHECK(page(wanted) == Texts{"three needle"});
    wanted.limit = 50;
    CHECK(page(wanted) == Texts{"one", "two", "three needle", "four", "five", "six"});
    wanted.limit = 4;
    wanted.around = gone_id;
    CHECK(page(wanted) == Texts{"three needle", "four", "five", "six"});

    wanted.around.reset();
    wanted.after = hit;
    wanted.limit = 2;
    CHECK(page(wanted) == Texts{"four", "five"});
    wanted.after = gone_id;
    CHECK(page(wanted) == Texts{"five", "six"});
    wanted.before = hit;
    CHECK(page(wanted) == Texts{"before and after: only one of them"});
    wanted.before.reset();
    wanted.after = MessageId{};
    CHECK(page(wanted) == Texts{"after: no such message in this conversation"});
}
