// SPDX-License-Identifier: Apache-2.0
// Stories of what is taken back: gone everywhere, whoever could not hear of it then.
#include "lib/engine/recalls_owed.hpp"
#include "tests/lib/engine/chat_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Bob takes that back while nothing can go; before anything can, his phone blocks alice.
MessageId take_back_and_block(Three& t, const MessageId& id)
{
    t.alice.crash();
    t.world.relay_crash();
    t.settle();
    const auto recall = id_in(t.bob.wait(t.bob.ask(request::Recall{id})));
    t.settle();
    t.bob.crash();
    t.world.relay_start();
    t.settle(minutes(1));
    REQUIRE(t.phone.wait(t.phone.ask(request::ContactBlock{"alice"})).error.code == ErrorCode::ok);
    t.bob.start();
    return recall;
}

} // namespace

TEST_CASE("taken back: a tombstone on every device, and no word of it in any store")
{
    Three t(42);
    const auto id = t.say(t.alice, "bob", "canary");
    CHECK(finds(t.phone, "canary"));
    const auto recall = id_in(t.alice.wait(t.alice.ask(request::Recall{id})));
    t.settle();
    CHECK(t.alice.state(recall) == MessageState::delivered);
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        const auto m = newest(*client, client == &t.alice ? "bob" : "alice");
        CHECK(m.recalled_ms > 0);
        CHECK(m.recalled_by == "alice");
        CHECK_FALSE(finds(*client, "canary"));
    }
    CHECK(t.alice.wait(t.alice.ask(request::Recall{id})).error.code == ErrorCode::invalid_argument);
    CHECK(t.alice.wait(t.alice.ask(request::React{id, "+", true})).error.code == ErrorCode::invalid_argument);
}

TEST_CASE(
    "taken back from who was blocked since: gone on the own devices at once, and theirs when they are not any more")
{
    Three t(64);
    const auto id = t.say(t.bob, "alice", "canary");
    const auto other = t.say(t.bob, "alice", "stays");
    REQUIRE(t.bob.wait(t.bob.ask(request::ContactBlock{"alice"})).error.code == ErrorCode::ok);
    t.settle();
    const auto recall = id_in(t.bob.wait(t.bob.ask(request::Recall{id})));
    t.settle();
    CHECK(message_state_name(t.bob.state(recall).value()) == "accepted");
    for (auto* client : {&t.bob, &t.phone}) {
        CHECK_FALSE(finds(*client, "canary"));
        CHECK(client->history("alice").front().recalled_by == "bob");
    }
    CHECK(finds(t.alice, "canary"));
    // That would be words.
    CHECK(t.bob.wait(t.bob.ask(request::Edit{other, "more words", {}, {}})).error.code == ErrorCode::blocked);
    t.bob.crash();
    t.bob.start();
    t.settle(minutes(1));
    CHECK(finds(t.alice, "canary"));
    REQUIRE(t.phone.wait(t.phone.ask(request::ContactUnblock{"alice"})).error.code == ErrorCode::ok);
    t.settle(minutes(1));
    CHECK_FALSE(finds(t.alice, "canary"));
    CHECK(t.alice.history("bob").front().recalled_by == "bob");
    CHECK(newest(t.alice, "bob").text == "stays");
    CHECK(message_state_name(t.bob.state(recall).value()) == "delivered");
}

TEST_CASE(
    "taken back while nothing could go, and blocked before anything could: they have it when they are not any more")
{
    Three t(65);
    const auto id = t.say(t.bob, "alice", "canary");
    const auto recall = take_back_and_block(t, id);
    t.alice.start();
    t.settle(minutes(1));
    CHECK(finds(t.alice, "canary"));
    CHECK_FALSE(finds(t.phone, "canary"));
    CHECK(message_state_name(t.bob.state(recall).value()) == "accepted");
    REQUIRE(t.phone.wait(t.phone.ask(request::ContactUnblock{"alice"})).error.code == ErrorCode::ok);
    t.settle(minutes(1));
    CHECK_FALSE(finds(t.alice, "canary"));
    CHECK(message_state_name(t.bob.state(recall).value()) == "delivered");
}

TEST_CASE("taken back while they were away, and blocked before they came: not failed, and gone when they are not")
{
    Three t(67);
    bool phone_is_away = false;
    bool still_on_its_way = false; // To the phone, when they are unblocked.
    SUBCASE("the own phone is there") {}
    SUBCASE("the own phone is away")
    {
        phone_is_away = true;
    }
    SUBCASE("the own phone is away, and nothing goes by the relay")
    {
        phone_is_away = still_on_its_way = true;
    }
    const auto id = t.say(t.bob, "alice", "canary");
    if (phone_is_away) t.phone.crash();
    t.alice.crash();
    REQUIRE(t.bob.wait(t.bob.ask(request::SetPolicy{PathPolicy::direct_only})).error.code == ErrorCode::ok);
    const auto recall = id_in(t.bob.wait(t.bob.ask(request::Recall{id})));
    t.settle();
    REQUIRE(t.bob.wait(t.bob.ask(request::ContactBlock{"alice"})).error.code == ErrorCode::ok);
    t.settle(minutes(1));
    CHECK(message_state_name(t.bob.state(recall).value()) != "failed");
    const auto by_the_relay = [&] {
        REQUIRE(t.bob.wait(t.bob.ask(request::SetPolicy{PathPolicy::direct_first})).error.code == ErrorCode::ok);
        t.settle();
    };
    if (!still_on_its_way) by_the_relay();
    REQUIRE(t.bob.wait(t.bob.ask(request::ContactUnblock{"alice"})).error.code == ErrorCode::ok);
    t.settle();
    if (still_on_its_way) by_the_relay();
    t.alice.start();
    t.settle(minutes(2));
    CHECK_FALSE(finds(t.alice, "canary"));
    CHECK(message_state_name(t.bob.state(recall).value()) != "failed");
    if (phone_is_away) t.phone.start();
    t.settle(minutes(1));
    CHECK_FALSE(finds(t.phone, "canary"));
}

TEST_CASE("taken back before the others were there: they never get the words, and nothing waits for them")
{
    Three t(43);
    t.bob.crash();
    t.phone.crash();
    t.alice.crash(); // No link, no mailbox: it is written offline.
    t.world.relay_crash();
    t.alice.start();
    const auto id = t.alice.send("bob", "canary");
    const auto after = t.alice.send("bob", "after");
    (void)t.alice.wait(t.alice.ask(request::Recall{id}));
    CHECK_FALSE(finds(t.alice, "canary"));
    t.world.relay_start();
    t.bob.start();
    t.phone.start();
    t.settle(minutes(1));
    CHECK(t.alice.state(after) == MessageState::delivered);
    for (auto* client : {&t.bob, &t.phone}) {
        CHECK_FALSE(finds(*client, "canary"));
        const auto page = client->history("alice");
        REQUIRE(page.size() == 2); // The same as where it was seen: a tombstone.
        CHECK(page[0].id == id);
        CHECK(page[0].recalled_ms > 0);
        CHECK(page[0].recalled_by == "alice");
        CHECK(page[0].text.empty());
        CHECK(page[1].text == "after");
        CHECK_FALSE(page[1].gap_before);
    }
}

TEST_CASE("an own message may be taken back for a time")
{
    engine::Config config;
    config.recall_window_ms = 2 * 60 * 1000;
    Three t(44, config);
    const auto id = t.say(t.alice, "bob", "too late");
    t.settle(minutes(3));
    const auto reply = t.alice.wait(t.alice.ask(request::Recall{id}));
    CHECK(reply.error.code == ErrorCode::invalid_argument);
    CHECK(reply.error.detail.find("too old") != std::string::npos);
}

TEST_CASE("the words of an edit go with their message, also from what waits to be sent")
{
    Three t(483);
    t.bob.crash();
    t.phone.crash();
    (void)t.alice.wait(t.alice.ask(request::SetPolicy{PathPolicy::direct_only}));
    const auto id = t.alice.send("bob", "first");
    const auto edit = id_in(t.alice.wait(t.alice.ask(request::Edit{id, "canary"})));
    t.settle();
    (void)t.alice.wait(t.alice.ask(request::Recall{id}));
    t.settle();
    CHECK_FALSE(finds(t.alice, "canary"));
    const auto envelope = t.alice.store.envelope(edit);
    if (envelope) CHECK(as_text(envelope->content).find("canary") == std::string_view::npos);
    (void)t.alice.wait(t.alice.ask(request::SetPolicy{PathPolicy::direct_first}));
    t.bob.start();
    t.phone.start();
    t.settle(minutes(1));
    CHECK_FALSE(finds(t.bob, "canary"));
}

TEST_CASE("recalls that are owed are so many at most, whichever way they come to be owed")
{
    Three t(66);
    const auto id = t.say(t.bob, "alice", "canary");
    const auto other = t.say(t.bob, "alice", "another");
    for (std::uint32_t n = 0; n < engine::recalls_owed_max; ++n) {
        MessageId recall;
        recall.bytes[0] = static_cast<std::uint8_t>(n);
        REQUIRE(t.bob.store.put_register({"recall/" + to_hex(recall.view()), 1, Bytes(40, 1)}));
    }
    REQUIRE(t.bob.store.commit().ok());
    const auto recall = take_back_and_block(t, other);
    t.settle(minutes(1));
    CHECK(t.bob.state(recall) == MessageState::failed); // What was on its way.
    const auto reply = t.bob.wait(t.bob.ask(request::Recall{id}));
    CHECK(reply.error.code == ErrorCode::quota_exceeded); // What is taken back then: it stays.
    CHECK(finds(t.bob, "canary"));
    const auto all = t.bob.store.registers("recall/", "", 1000);
    CHECK(std::count_if(all.begin(), all.end(), [](const auto& one) { return !one.value.empty(); }) ==
          engine::recalls_owed_max);
}
