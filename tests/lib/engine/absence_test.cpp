// SPDX-License-Identifier: Apache-2.0
// Stories of devices that stay away: what waits for them is in nobody else's way.
#include "lib/delivery/due.hpp"
#include "tests/lib/engine/heard.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

ErrorCode code(Client& client, Request request)
{
    return client.wait(client.ask(std::move(request))).error.code;
}

Client& second_device(World& world, const std::string& name, engine::Config config = {})
{
    auto& out = world.client(name, config);
    out.start();
    REQUIRE(out.wait(out.enter(false)).error.code == ErrorCode::ok);
    world.run_for(seconds(10));
    return out;
}

Conversation only(Client& client)
{
    const auto list = std::get<std::vector<Conversation>>(client.wait(client.ask(request::Conversations{})).value);
    REQUIRE(list.size() == 1);
    return list[0];
}

/// Envelopes that wait for the devices of an account.
std::size_t waiting_for(Client& client, const std::string& user)
{
    std::size_t out = 0;
    for (const auto& one : client.store.open_counts())
        if (one.user == user) out += one.queued + one.stored;
    return out;
}

engine::Config small()
{
    engine::Config config;
    config.outbox_device_messages_max = 5;
    return config;
}

} // namespace

TEST_CASE("what waits for one contact is in nobody else's way")
{
    World world(701);
    auto& alice = world.client("alice", small());
    auto& bob = world.client("bob");
    auto& carol = world.client("carol");
    world.befriend(alice, bob);
    world.befriend(alice, carol);
    bob.crash();
    world.run_for(seconds(30));
    (void)code(alice, request::SetPolicy{PathPolicy::direct_only}); // Nothing is left at the relay.
    for (int n = 0; n < 5; ++n)
        (void)alice.send("bob", "number " + std::to_string(n));
    const auto refused = alice.wait(alice.ask(request::Send{"bob", "one more", {}}));
    CHECK(refused.error.code == ErrorCode::quota_exceeded);
    CHECK(refused.error.detail.find("bob") != std::string::npos);
    const auto to_carol = alice.send("carol", "you there?");
    CHECK(world.run_until([&] { return alice.state(to_carol) == MessageState::delivered; }));
    bob.start();
    CHECK(world.run_until([&] { return world.all_terminal(alice); }, minutes(2)));
    CHECK(bob.history("alice").size() == 5);
    CHECK(code(alice, request::Send{"bob", "one more", {}}) == ErrorCode::ok);
}

TEST_CASE("an own device that stays away stops nobody: it is left out, and sees a gap when it is back")
{
    World world(702);
    auto& alice = world.client("alice", small());
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    auto& phone = second_device(world, "alice.phone");
    const auto before = alice.send("bob", "before");
    REQUIRE(world.run_until([&] { return alice.state(before) == MessageState::delivered; }));
    world.run_for(seconds(5));
    phone.crash();
    world.run_for(seconds(30));
    (void)code(alice, request::SetPolicy{PathPolicy::direct_only});
    MessageId last;
    for (int n = 0; n < 20; ++n) {
        last = alice.send("bob", "number " + std::to_string(n));
        REQUIRE(world.run_until([&] { return alice.state(last) == MessageState::delivered; }));
    }
    CHECK(bob.history("alice").size() == 21);
    (void)code(alice, request::SetPolicy{PathPolicy::direct_first});
    phone.start();
    REQUIRE(world.run_until([&] { return phone.history("bob").size() == 6; }, minutes(2)));
    world.run_for(seconds(30));
    last = alice.send("bob", "after");
    REQUIRE(world.run_until([&] { return phone.history("bob").size() == 7; }, minutes(2)));
    CHECK(phone.history("bob").back().gap_before);
}

TEST_CASE("the first thing behind a gap is an edit, of which nobody is told: the next message tells of the gap, once")
{
    World world(708);
    auto& alice = world.client("alice", small());
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    auto& phone = second_device(world, "alice.phone");
    const auto before = alice.send("bob", "before");
    REQUIRE(world.run_until([&] { return alice.state(before) == MessageState::delivered; }));
    world.run_for(seconds(5));
    phone.crash();
    world.run_for(seconds(30));
    (void)code(alice, request::SetPolicy{PathPolicy::direct_only});
    for (int n = 0; n < 8; ++n) { // More than wait for one device: the phone will never have the last ones.
        const auto id = alice.send("bob", "number " + std::to_string(n));
        REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }));
    }
    (void)code(alice, request::SetPolicy{PathPolicy::direct_first});
    phone.start();
    REQUIRE(world.run_until([&] { return phone.history("bob").size() == 6; }, minutes(2)));
    world.run_for(seconds(30));
    CHECK(code(alice, request::Edit{before, "edited"}) == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return phone.history("bob").front().text == "edited"; }, minutes(2)));
    phone.crash(); // What is owed outlives the process.
    world.run_for(seconds(5));
    phone.start();
    for (const auto* text : {"after", "and on"}) {
        const auto id = alice.send("bob", text);
        REQUIRE(world.run_until([&] { return phone.store.message(id).has_value(); }, minutes(2)));
    }
    const auto page = phone.history("bob");
    REQUIRE(page.size() == 8);
    CHECK(page[6].gap_before);
    CHECK_FALSE(page[7].gap_before);
}

TEST_CASE(
    "settings and read marks that change a hundred times while others are away are a few envelopes, and the newest")
{
    World world(703);
    engine::Config config;
    config.outbox_device_messages_max = 40;
    auto& alice = world.client("alice");
    auto& bob = world.client("bob", config);
    world.befriend(alice, bob);
    auto& phone = second_device(world, "bob.phone");
    std::vector<MessageId> said;
    for (int n = 0; n < 60; ++n) {
        said.push_back(alice.send("bob", "number " + std::to_string(n)));
        world.run_for(std::chrono::milliseconds(200));
    }
    REQUIRE(world.run_until([&] { return world.all_terminal(alice); }, minutes(1)));
    world.run_for(seconds(10));
    phone.crash();
    alice.crash();
    world.run_for(seconds(30));
    for (std::size_t n = 0; n < said.size(); ++n) {
        request::SetConversation set{{"alice", {}}};
        set.draft = "draft " + std::to_string(n);
        REQUIRE(code(bob, set) == ErrorCode::ok);
        REQUIRE(code(bob, request::MarkRead{{"alice", {}}, said[n]}) == ErrorCode::ok);
        world.run_for(minutes(1));
    }
    CHECK(waiting_for(bob, "alice") <= delivery::due_open_max);
    CHECK(waiting_for(bob, "bob") <= delivery::due_open_max);
    (void)bob.send("alice", "and it is in nobody's way");
    bob.crash(); // What is due outlives it.
    bob.start();
    world.run_for(seconds(10));
    phone.start();
    alice.start();
    world.run_for(minutes(1));
    CHECK(only(phone).draft == "draft 59");
    CHECK(only(phone).unread == 0);
    REQUIRE(only(alice).read_by.size() == 1);
    CHECK(only(alice).read_by[0].up_to == said.back());
    CHECK(bob.store.due_devices().empty());
    CHECK(waiting_for(bob, "alice") == 0);
}

TEST_CASE("what burns is told to burn although no more messages are taken for its author")
{
    World world(704);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob", small());
    world.befriend(alice, bob);
    request::Send send{"bob", "canary", {}};
    send.lifetime = content::Lifetime{30, content::Lifetime::From::read};
    for (int n = 0; n < 3; ++n)
        (void)alice.wait(alice.ask(send));
    world.run_for(seconds(5));
    alice.crash();
    world.run_for(seconds(30));
    for (int n = 0; n < 5; ++n)
        (void)bob.send("alice", "full");
    CHECK(code(bob, request::Send{"alice", "one more", {}}) == ErrorCode::quota_exceeded);
    CHECK(code(bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    world.run_for(minutes(2));
    alice.start();
    world.run_for(minutes(2));
    for (const auto& one : alice.history("bob"))
        CHECK(one.text != "canary");
}

TEST_CASE("a new device tells nobody what it has read before it knows whether the account does")
{
    for (const bool on : {false, true}) {
        CAPTURE(on);
        World world(705 + (on ? 1 : 0));
        auto& alice = world.client("alice");
        auto& bob = world.client("bob");
        world.befriend(alice, bob);
        (void)alice.send("bob", "before");
        world.run_for(seconds(5));
        if (!on) CHECK(code(bob, request::SetReceipts{false}) == ErrorCode::ok);
        request::SetContact call{"alice"};
        call.remark = "Al";
        CHECK(code(bob, call) == ErrorCode::ok);
        bob.crash();
        world.run_for(seconds(10));
        auto& phone = second_device(world, "bob.phone");
        world.run_for(minutes(1));
        const auto id = alice.send("bob", "are you there?");
        REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }, minutes(2)));
        REQUIRE(
            world.run_until([&] { return phone.history("alice").size() == 1; })); // It waits for its parents a moment.
        CHECK(code(phone, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
        world.run_for(minutes(1));
        CHECK(all<event::ReadUpTo>(alice).empty());
        phone.crash(); // And forgets nothing.
        phone.start();
        world.run_for(minutes(1));
        CHECK(all<event::ReadUpTo>(alice).empty());
        bob.start();
        world.run_for(minutes(2));
        CHECK(only(phone).receipts == on);
        CHECK(only(phone).title == "Al");
        CHECK(all<event::ReadUpTo>(alice).size() == (on ? 1U : 0U));
    }
}

TEST_CASE("on a new device, whoever decides about receipts themselves need not wait for another one")
{
    World world(707);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    bob.crash();
    world.run_for(seconds(10));
    auto& phone = second_device(world, "bob.phone");
    world.run_for(minutes(1));
    const auto id = alice.send("bob", "are you there?");
    REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }, minutes(2)));
    REQUIRE(world.run_until([&] { return phone.history("alice").size() == 1; }));
    CHECK(code(phone, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    world.run_for(minutes(1));
    CHECK(all<event::ReadUpTo>(alice).empty());
    CHECK(code(phone, request::SetReceipts{true}) == ErrorCode::ok);
    world.run_for(minutes(1));
    CHECK(all<event::ReadUpTo>(alice).size() == 1);
}

TEST_CASE(
    "taken back before it left: it is nowhere; with something behind it, an empty place; and no envelope for that")
{
    World world(708);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto first = alice.send("bob", "first");
    REQUIRE(world.run_until([&] { return alice.state(first) == MessageState::delivered; }));
    world.relay_crash();
    alice.crash();
    bob.crash();
    alice.start();
    const auto one = alice.send("bob", "canary one");
    auto reply = alice.wait(alice.ask(request::Recall{one}));
    CHECK(std::get<MessageId>(reply.value) == one);
    CHECK(alice.state(one) == MessageState::failed);
    CHECK(alice.history("bob").size() == 1);
    CHECK(alice.store.envelope_count() == 0);
    const auto two = alice.send("bob", "canary two");
    const auto three = alice.send("bob", "three");
    reply = alice.wait(alice.ask(request::Recall{two}));
    CHECK(std::get<MessageId>(reply.value) == two);
    CHECK(alice.store.envelope_count() == 2);
    CHECK(alice.history("bob").size() == 3);
    world.relay_start();
    bob.start();
    REQUIRE(world.run_until([&] { return alice.state(three) == MessageState::delivered; }, minutes(2)));
    const auto page = bob.history("alice");
    REQUIRE(page.size() == 3);
    CHECK(page[1].id == two);
    CHECK(page[1].recalled_by == "alice");
    CHECK(page[2].text == "three");
    CHECK_FALSE(page[2].gap_before);
}

TEST_CASE("a recall does not wait behind what is to be sent")
{
    World world(709);
    engine::Config config;
    config.in_flight_messages_max = 4;
    auto& alice = world.client("alice", config);
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto id = alice.send("bob", "canary");
    REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }));
    bob.crash();
    world.run_for(seconds(30));
    (void)code(alice, request::SetPolicy{PathPolicy::direct_only});
    for (int n = 0; n < 300; ++n)
        (void)alice.send("bob", "number " + std::to_string(n));
    CHECK(code(alice, request::Recall{id}) == ErrorCode::ok);
    bob.start();
    REQUIRE(world.run_until(
        [&] {
            const auto row = bob.store.message(id);
            return row && row->message.recalled_ms != 0;
        },
        minutes(2)));
    CHECK(bob.store.sorted(bob.store.message(id)->message.conversation).size() < 30);
    REQUIRE(world.run_until([&] { return world.all_terminal(alice); }, minutes(5)));
    CHECK(alice.history("bob").back().id == bob.history("alice").back().id);
}

TEST_CASE("what comes with an older clock than what was read is unread, on all devices, and not told as read")
{
    World world(710);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    auto& phone = second_device(world, "bob.phone");
    const auto first = alice.send("bob", "first");
    REQUIRE(world.run_until([&] { return alice.state(first) == MessageState::delivered; }));
    world.run_for(seconds(5));
    // Alice writes where nobody hears her; bob writes later, and reads up to his own words.
    world.cut(alice);
    world.run_for(seconds(30));
    const auto late = alice.send("bob", "late");
    world.run_for(seconds(5));
    (void)bob.send("alice", "are you there?");
    CHECK(code(bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    CHECK(only(bob).unread == 0);
    world.run_for(seconds(10));
    world.restore(alice);
    REQUIRE(world.run_until([&] { return alice.state(late) == MessageState::delivered; }, minutes(3)));
    world.run_for(minutes(1));
    CHECK(only(bob).unread == 1);
    CHECK(only(phone).unread == 1);
    CHECK(code(phone, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    world.run_for(seconds(30));
    CHECK(only(bob).unread == 0);
    CHECK(only(phone).unread == 0);
    REQUIRE(only(alice).read_by.size() == 1);
    CHECK_FALSE(only(alice).read_by[0].up_to == first);
}

TEST_CASE("what has not left this device nobody has read, whatever the clocks say")
{
    World world(711);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    bob.clock_skew_ms = 10 * 60'000;
    alice.nat = bob.nat = Nat::udp_blocked; // What goes, goes by the relay.
    world.befriend(alice, bob);
    const auto first = alice.send("bob", "first");
    REQUIRE(world.run_until([&] { return alice.state(first) == MessageState::delivered; }));
    (void)code(alice, request::SetPolicy{PathPolicy::direct_only});
    const auto waits = alice.send("bob", "waits");
    world.run_for(seconds(5));
    (void)bob.send("alice", "ten minutes ahead");
    CHECK(code(bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    world.run_for(minutes(1));
    CHECK(alice.state(waits) == MessageState::accepted);
    REQUIRE(only(alice).read_by.size() == 1);
    CHECK(only(alice).read_by[0].up_to == first);
    (void)code(alice, request::SetPolicy{PathPolicy::direct_first});
    REQUIRE(world.run_until([&] { return alice.state(waits) == MessageState::delivered; }, minutes(1)));
    CHECK(only(bob).unread == 1);
    CHECK(only(alice).read_by[0].up_to == first);
    CHECK(code(bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    world.run_for(seconds(30));
    CHECK_FALSE(only(alice).read_by[0].up_to == first);
}

TEST_CASE("one id in two conversations: both messages are shown, and nothing is done to the wrong one")
{
    World world(712);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    auto& carol = world.client("carol");
    world.befriend(alice, bob);
    world.befriend(alice, carol);
    const auto id = bob.send("alice", "from bob");
    REQUIRE(world.run_until([&] { return bob.state(id) == MessageState::delivered; }));
    // Carol's device uses bob's id.
    auto row = *alice.store.message(id);
    const auto answer = carol.send("alice", "from carol");
    REQUIRE(world.run_until([&] { return carol.state(answer) == MessageState::delivered; }));
    auto copy = *alice.store.message(answer);
    copy.message.id = id;
    REQUIRE(alice.store.add_message(copy));
    REQUIRE(alice.store.commit().ok());
    CHECK(alice.store.message(id)->message.from == "bob"); // It came first.
    CHECK(alice.history("bob").back().text == "from bob");
    CHECK(alice.wait(alice.ask(request::React{id, "+", true})).error.code == ErrorCode::invalid_argument);
    // An own message is found among them.
    const auto own = alice.send("bob", "from alice");
    copy.message.id = own;
    REQUIRE(alice.store.add_message(copy));
    REQUIRE(alice.store.commit().ok());
    REQUIRE(world.run_until([&] { return alice.state(own) == MessageState::delivered; }));
    CHECK(code(alice, request::Edit{own, "edited", {}, {}}) == ErrorCode::ok);
    CHECK(alice.history("bob").back().text == "edited");
    CHECK(alice.history("carol").back().text == "from carol");
}

TEST_CASE("a name of another version that nobody here can say is dropped, and keeps nobody busy")
{
    World world(713);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    world.run_for(seconds(10));
    alice.crash();
    alice.store.begin();
    const auto device = bob.store.identity()->device;
    for (const auto* name : {"applause/7", "read/", "read/zz", "opened/00112233445566778899aabbccddeeff",
                             "moved/00112233445566778899aabbccddeeff/00"})
        alice.store.put_due({device, name, {}});
    REQUIRE(alice.store.commit().ok());
    alice.start();
    world.run_for(seconds(10));
    CHECK(alice.store.due_devices().empty());
    const auto before = alice.ticks();
    world.run_for(minutes(1));
    CHECK(alice.ticks() - before < 60);
}

namespace {

/// Alice has asked to be bob's contact, and is away when he accepts.
struct AcceptedMeanwhile {
    World world;
    Client& alice;
    Client& bob;

    explicit AcceptedMeanwhile(std::uint64_t seed) : world(seed), alice(world.client("alice")), bob(world.client("bob"))
    {
        for (auto* one : {&alice, &bob}) {
            one->start();
            REQUIRE(one->wait(one->enter(true)).error.code == ErrorCode::ok);
        }
        REQUIRE(world.run_until([&] { return alice.status().connected && bob.status().connected; }));
        REQUIRE(code(alice, request::ContactAdd{"bob"}) == ErrorCode::ok);
        alice.crash();
        world.run_for(seconds(5));
        REQUIRE(code(bob, request::ContactAccept{"alice"}) == ErrorCode::ok);
        world.run_for(seconds(5));
    }
};

} // namespace

TEST_CASE("who was away when the request was accepted says something at once: it goes out when the relay has told")
{
    AcceptedMeanwhile story(720);
    auto& [world, alice, bob] = story;
    alice.start();
    const auto first = alice.ask(request::Send{"bob", "at last", {}});
    const auto again = alice.ask(request::Send{"bob", "how are you?", {}});
    const auto stranger = alice.ask(request::Send{"carol", "and you?", {}});
    CHECK(alice.reply(first) == nullptr);
    CHECK(alice.wait(first).error.code == ErrorCode::ok);
    CHECK(alice.wait(again).error.code == ErrorCode::ok);
    CHECK(alice.wait(stranger).error.code == ErrorCode::not_a_contact);
    REQUIRE(world.run_until([&] { return bob.history("alice").size() == 2; }, minutes(2)));
    CHECK(bob.history("alice")[0].text == "at last");
    CHECK(bob.history("alice")[1].text == "how are you?");
    CHECK(code(alice, request::Send{"carol", "now?", {}}) == ErrorCode::not_a_contact);
}

TEST_CASE("who cannot reach the relay is told to come again, and not that there is no contact")
{
    AcceptedMeanwhile story(721);
    auto& [world, alice, bob] = story;
    world.relay_crash();
    alice.start();
    std::vector<RequestId> asked;
    for (std::size_t n = 0; n <= 64; ++n)
        asked.push_back(alice.ask(request::Send{"bob", "number " + std::to_string(n), {}}));
    world.run_for(seconds(9));
    CHECK(alice.reply(asked.front()) == nullptr);
    REQUIRE(alice.reply(asked.back()) != nullptr); // more wait than there is room for
    CHECK(alice.reply(asked.back())->error.code == ErrorCode::not_connected);
    world.run_for(seconds(2));
    for (const auto id : asked) {
        REQUIRE(alice.reply(id) != nullptr);
        CHECK(alice.reply(id)->error.code == ErrorCode::not_connected);
        CHECK(alice.reply(id)->error.retry_after_ms > 0);
    }
    world.relay_start();
    REQUIRE(world.run_until([&] { return alice.status().connected; }, minutes(3)));
    (void)alice.send("bob", "at last");
    CHECK(world.run_until([&] { return bob.history("alice").size() == 1; }, minutes(2)));
}
