// SPDX-License-Identifier: Apache-2.0
// Stories of receipts: who is told how far a message has come, on which devices, and who is not.
#include "lib/delivery/due.hpp"
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

struct Told : Four {
    using Four::Four;

    Message shown(Client& who, const std::string& with, const MessageId& id)
    {
        for (const auto& one : who.history(with))
            if (one.id == id) return one;
        return {};
    }
};

} // namespace

TEST_CASE("how far a message has come is known on all devices of its author, by account and way")
{
    Told t(801);
    const auto id = t.alice.send("bob", "hello");
    t.settle();
    CHECK(t.shown(t.alice, "bob", id).state == MessageState::delivered);
    CHECK(t.shown(t.phone, "bob", id).state == MessageState::delivered);
    CHECK(t.shown(t.phone, "bob", id).path == t.shown(t.alice, "bob", id).path);
    CHECK(t.phone.state(id) == MessageState::delivered);
    CHECK(t.report(t.phone, id) == t.report(t.alice, id));
    // Also the other way round.
    const auto back = t.phone.send("bob", "from the telephone");
    t.settle();
    CHECK(t.shown(t.alice, "bob", back).state == MessageState::delivered);
    // A note to oneself is where it belongs.
    const auto note = t.alice.send("alice", "milk");
    t.settle();
    CHECK(t.shown(t.phone, "alice", note).state == MessageState::delivered);

    const auto group = t.create({"bob", "carol"});
    t.bob.crash();
    const auto word = t.say(t.alice, group, "all here?");
    CHECK(t.report(t.phone, word) == t.report(t.alice, word));
    CHECK(t.report(t.phone, word).find("carol:delivered") != std::string::npos);
    CHECK(t.report(t.phone, word).find("bob:delivered") == std::string::npos);
    CHECK(t.history(t.phone, group).back().state == MessageState::delivered);
    t.bob.start();
    t.settle(seconds(30));
    CHECK(t.report(t.phone, word).find("bob:delivered") != std::string::npos);
    CHECK(t.report(t.phone, word) == t.report(t.alice, word));
}

TEST_CASE("a device that was away hears of it when it is back, and so does one whose sibling died in between")
{
    Told t(802);
    t.phone.crash();
    std::vector<MessageId> said;
    for (int n = 0; n < 40; ++n) {
        said.push_back(t.alice.send("bob", "words " + std::to_string(n)));
        t.settle(seconds(5));
    }
    // Not an envelope for each: a few, and names.
    std::set<MessageId> envelopes;
    for (const auto& due : t.alice.store.due(t.phone.store.identity()->device, "", false, 1000))
        if (!due.message.is_zero()) envelopes.insert(due.message);
    CHECK_FALSE(envelopes.empty());
    CHECK(envelopes.size() <= delivery::due_open_max);
    t.phone.start();
    t.settle(minutes(2));
    for (const auto& id : said)
        CHECK(t.shown(t.phone, "bob", id).state == MessageState::delivered);
    CHECK(t.alice.store.due(t.phone.store.identity()->device, "", false, 10).empty());

    const auto id = t.alice.send("bob", "last");
    REQUIRE(t.world.run_until(
        [&] { return t.alice.state(id) == MessageState::delivered && t.phone.store.message(id).has_value(); }));
    t.alice.crash();
    t.settle();
    CHECK(t.shown(t.phone, "bob", id).state == MessageState::sent);
    t.alice.start();
    t.settle();
    CHECK(t.shown(t.phone, "bob", id).state == MessageState::delivered);
}

TEST_CASE("receipts of many at once go to the own devices in one envelope")
{
    Told t(803);
    const auto phone = t.phone.store.identity()->device;
    std::vector<MessageId> said;
    for (int n = 0; n < 30; ++n)
        said.push_back(t.alice.send("bob", "words " + std::to_string(n)));
    std::set<MessageId> envelopes;
    REQUIRE(t.world.run_until(
        [&] {
            for (const auto& due : t.alice.store.due(phone, "", false, 1000))
                if (!due.message.is_zero()) envelopes.insert(due.message);
            return t.phone.state(said.back()) == MessageState::delivered;
        },
        minutes(1)));
    CHECK_FALSE(envelopes.empty());
    CHECK(envelopes.size() <= 2);
    for (const auto& id : said)
        CHECK(t.shown(t.phone, "bob", id).state == MessageState::delivered);
}

TEST_CASE("what has failed has failed on all devices of its author")
{
    Told t(804);
    t.bob.crash();
    const auto id = t.alice.send("bob", "too late");
    t.settle();
    CHECK(t.shown(t.phone, "bob", id).state == MessageState::sent);
    t.must(t.alice, request::ContactRemove{"bob"});
    t.settle();
    CHECK(t.shown(t.alice, "bob", id).state == MessageState::failed);
    CHECK(t.shown(t.phone, "bob", id).state == MessageState::failed);
    CHECK(t.shown(t.phone, "bob", id).failure == t.shown(t.alice, "bob", id).failure);
}

TEST_CASE("how far a message has come is known before its copy is there: then it stands with it")
{
    engine::Config small;
    small.outbox_device_messages_max = 5;
    Crew t(806, {"bob"}, small);
    engine::Config patient;
    patient.parent_wait_max = patient.first_parent_wait_max = minutes(1);
    (void)t.world.client("alice.phone", patient);
    auto& phone = t.enter("alice.phone");
    auto& bob = t["bob"];
    std::optional<ConversationId> group;
    MessageState end = MessageState::delivered;
    SUBCASE("delivered") {}
    SUBCASE("failed")
    {
        end = MessageState::failed;
    }
    SUBCASE("in a group in which nobody else is")
    {
        group = t.create(std::vector<std::string>{});
    }
    request::Send send;
    if (!group) send.to = "bob";
    send.conversation = group;
    const auto say = [&](const std::string& text) {
        send.text = text;
        const auto reply = t.ask(t.alice, send);
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        return std::get<MessageId>(reply.value);
    };
    (void)say("before");
    t.settle();
    // More than there is room for while the telephone is away: what is said next waits there for what is missing.
    phone.crash();
    t.settle(seconds(30));
    t.must(t.alice, request::SetPolicy{PathPolicy::direct_only});
    for (int n = 0; n < 8; ++n) {
        (void)say("number " + std::to_string(n));
        t.settle(seconds(2));
    }
    t.must(t.alice, request::SetPolicy{PathPolicy::direct_first});
    phone.start();
    REQUIRE(t.world.run_until([&] { return t.alice.store.open_counts().empty(); }, minutes(2)));
    if (end == MessageState::failed) bob.crash();
    const auto id = say("after");
    t.settle();
    if (end == MessageState::failed) t.must(t.alice, request::ContactRemove{"bob"});
    t.settle();
    const auto conversation = t.alice.store.message(id)->message.conversation;
    REQUIRE(t.alice.state(id) == end);
    REQUIRE_FALSE(phone.store.has_message(conversation, id));

    t.settle(minutes(1));
    const auto there = phone.store.message_in(conversation, id);
    REQUIRE(there);
    const auto here = t.alice.store.message_in(conversation, id)->message;
    CHECK(there->message.state == end);
    CHECK(there->message.failure == here.failure);
    CHECK(there->message.path == here.path);
    CHECK(phone.state(id) == end);
    if (group) CHECK(t.report(phone, id) == t.report(t.alice, id));
    // The application is told what the history says.
    for (const auto& one : phone.heard.states)
        if (one.id == id) {
            CHECK(one.state == end);
            CHECK(one.path == there->message.path);
            CHECK(one.reason == (end == MessageState::failed ? here.failure : there->message.path_reason));
        }
    for (const auto& one : all<event::MessageChanged>(phone))
        if (one.message.id == id) {
            CHECK(one.message.state == end);
            CHECK(one.message.path == there->message.path);
            CHECK(one.message.failure == here.failure);
        }
}

TEST_CASE("who gives no receipts of delivery has the message, and its author sees no more than that it was sent")
{
    Told t(805);
    auto& tablet = t.enter("bob.tablet");
    PathPolicy policy = PathPolicy::direct_first;
    SUBCASE("on a link") {}
    SUBCASE("by the relay")
    {
        policy = PathPolicy::relay_only;
    }
    t.must(t.alice, request::SetPolicy{policy});
    CHECK(t.code(t.bob, request::SetReceipts{}) == ErrorCode::invalid_argument);
    t.must(t.bob, request::SetReceipts{{}, false});
    t.settle();
    const auto id = t.alice.send("bob", "hello");
    const auto group = t.create({"bob", "carol"});
    const auto word = t.say(t.alice, group, "all here?");
    t.settle(minutes(2));
    for (auto* one : {&t.bob, &tablet})
        CHECK(one->history("alice").back().id == id);
    CHECK(t.shown(t.alice, "bob", id).state == MessageState::sent);
    CHECK(t.shown(t.phone, "bob", id).state == MessageState::sent);
    CHECK_FALSE(t.alice.store.envelope(id)); // Nothing is kept for it.
    CHECK(t.report(t.alice, word).find("bob:sent") != std::string::npos);
    CHECK(t.report(t.alice, word).find("carol:delivered") != std::string::npos);
    // Reading is told all the same.
    t.must(t.bob, request::MarkRead{{"alice", {}}, {}});
    t.settle();
    CHECK_FALSE(all<event::ReadUpTo>(t.alice).empty());

    t.bob.crash();
    t.bob.start();
    t.must(tablet, request::SetReceipts{{}, true});
    t.settle();
    const auto next = t.alice.send("bob", "and now?");
    t.settle();
    CHECK(t.shown(t.alice, "bob", next).state == MessageState::delivered);
}

TEST_CASE("who was put out of a group reaches nobody there any more: for whom it had waited it has failed")
{
    Crew t(807, {"bob", "carol"});
    auto& bob = t["bob"];
    auto& phone = t.enter("bob.phone");
    const auto group = t.create({"bob", "carol"});
    // Alice has it directly: carol is no contact of his.
    t.must(bob, request::SetPolicy{PathPolicy::direct_only});
    const auto id = t.say(bob, group, "hello");
    const std::string alice = "alice:delivered/direct";
    CHECK(t.report(bob, id) == alice + " carol:accepted/none");
    request::Watch watch;
    watch.what = request::Watch::What::messages;
    watch.where.conversation = group;
    const auto number = std::get<std::uint64_t>(t.ask(bob, watch).value);
    const auto told_again = [&] {
        std::size_t out = 0;
        for (const auto& one : all<event::ViewChanged>(bob))
            for (const auto& step : one.steps)
                if (const auto* message = std::get_if<Message>(&step.item))
                    out += one.watch == number && step.op == event::ViewChanged::Step::Op::update && message->id == id;
        return out;
    };
    const auto before = told_again();
    t.must(t.alice, request::GroupRemove{group, {"bob"}});
    t.settle(minutes(1));
    const auto after = alice + " carol:failed/none";
    CHECK(t.report(bob, id) == after);
    CHECK(told_again() > before);
    CHECK(message_state_name(bob.state(id).value()) == "delivered");
    CHECK(bob.store.message(id)->message.failure == "");
    bob.crash();
    bob.start();
    t.settle(minutes(1));
    CHECK(t.report(bob, id) == after);
    CHECK(t.report(phone, id) == after);
    CHECK(phone.state(id) == bob.state(id));
}
