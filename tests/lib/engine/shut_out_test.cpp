// SPDX-License-Identifier: Apache-2.0
// A relay that says of accounts that they are in a group no more, where no member has said so: nobody loses anything
// by its word.
#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/group_story.hpp"

#include "lib/seal/record.hpp"

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

namespace {

/// What a device has of the group.
Bytes head_of(Client& client, const ConversationId& group)
{
    const auto here = seal::load_group(client.store, group);
    return here ? to_bytes(here->epoch_authenticator()) : Bytes();
}

/// Denies a group to some of its members, as far as it is asked.
struct Denial {
    EvilRelay evil;
    ConversationId group;
    std::set<const Client*> denied;
    bool knows_no_group = false;  ///< It has lost it, it says; else they are in no such group.
    bool takes_no_commit = false; ///< Nor says that it does not.
    std::map<const Client*, std::size_t> fetches;

    Denial(World& world, const ConversationId& which) : evil(world), group(which)
    {
        evil.on_way_up = [this](Client& from, frame::ClientFrame& what) {
            const auto* request = std::get_if<frame::Request>(&what);
            if (request == nullptr) return true;
            const auto* fetch = std::get_if<frame::GroupFetch>(&request->body);
            const bool fetches_it = fetch != nullptr && fetch->conversation == group;
            if (fetches_it) ++fetches[&from];
            if (takes_no_commit && std::holds_alternative<frame::GroupCommit>(request->body)) return false;
            const auto* put = std::get_if<frame::GroupPut>(&request->body);
            if (!denied.contains(&from) || (!fetches_it && (put == nullptr || put->conversation != group))) return true;
            frame::Response no{request->id, {ErrorCode::not_allowed, "you are in no group of this id", 0}, {}};
            if (knows_no_group && fetches_it) no = {request->id, {ErrorCode::ok, {}, 0}, frame::GroupState{}};
            evil.push(from, frame::ServerFrame(std::move(no)));
            return false;
        };
    }
    void say_out(Client& to) { evil.push(to, frame::ServerFrame(frame::GroupNews{group, 0, 0, false})); }
};

std::size_t shut_outs(const Client& client)
{
    std::size_t out = 0;
    for (const auto& one : all<event::Security>(client))
        out +=
            one.kind == SecurityKind::commit_withheld && one.detail.find("this account is not in") != std::string::npos;
    return out;
}

} // namespace

TEST_CASE("it says at random moments that they are out of the group: asked about it, nothing is lost")
{
    for (const std::uint64_t seed : {901U, 902U, 903U}) {
        CAPTURE(seed);
        Crew crew(seed, {"bob", "carol"});
        const auto group = crew.create({"bob", "carol"});
        Denial denial(crew.world, group);
        test::SeededEntropy chance(seed);
        const std::vector<std::string> names{"alice", "bob", "carol"};
        std::string expected;
        for (int n = 0; n < 12; ++n) {
            for (std::uint64_t i = chance.next_u64() % 4; i > 0; --i) {
                denial.say_out(crew[names[chance.next_u64() % names.size()]]);
                crew.world.run_for(std::chrono::milliseconds(chance.next_u64() % 700));
            }
            auto& who = crew[names[chance.next_u64() % names.size()]];
            const auto text = std::to_string(n);
            (void)crew.say(who, group, text);
            expected += (expected.empty() ? "" : " ") + who.name + ":" + text;
        }
        for (const auto& name : names) {
            CHECK(crew.texts(crew[name], group) == expected);
            CHECK(told(crew[name], What::closed) == 0);
            CHECK(shut_outs(crew[name]) == 0); // The relay, asked, did not stand by it.
            CHECK(head_of(crew[name], group) == head_of(crew.alice, group));
            CHECK_FALSE(head_of(crew[name], group).empty());
        }
    }
}

TEST_CASE("it denies a member the group: kept, named, asked at a slow pace; what was written waits, and arrives")
{
    Crew crew(911, {"bob", "carol"});
    auto& bob = crew["bob"];
    const auto group = crew.create({"bob", "carol"});
    const auto head = head_of(bob, group);
    REQUIRE_FALSE(head.empty());
    Denial denial(crew.world, group);
    denial.denied = {&bob};
    SUBCASE("in no such group") {}
    SUBCASE("there is no such group")
    {
        denial.knows_no_group = true;
    }
    denial.say_out(bob);
    crew.settle(minutes(1));
    CHECK(shut_outs(bob) == 1);
    CHECK(told(bob, What::closed) == 0);
    CHECK_FALSE(crew.about(bob, group).active);
    CHECK(crew.members(bob, group) == "alice* bob carol");
    CHECK(head_of(bob, group) == head);
    (void)crew.say(bob, group, "in a bottle"); // Accepted, and waits.
    CHECK(crew.texts(crew.alice, group).empty());
    const auto refused = crew.ask(bob, request::GroupInvite{group, {"alice"}});
    CHECK(refused.error.code == ErrorCode::not_allowed);
    CHECK_MESSAGE(refused.error.detail.find("the relay says") != std::string::npos, refused.error.detail);
    // However often it says so.
    const auto asked = denial.fetches[&bob];
    for (int n = 0; n < 100; ++n) {
        denial.say_out(bob);
        crew.settle(minutes(6));
    }
    CHECK(denial.fetches[&bob] - asked >= 8);
    CHECK(denial.fetches[&bob] - asked <= 20); // In ten hours.
    CHECK(shut_outs(bob) == 1);
    CHECK(head_of(bob, group) == head);
    (void)crew.say(crew.alice, group, "where is bob?");
    CHECK(crew.texts(bob, group).find("where is bob?") != std::string::npos); // What comes is opened all the same.
    denial.denied.clear();
    bool told_so = false;
    SUBCASE("and it comes to its senses")
    {
        told_so = true;
    }
    SUBCASE("and is asked again") {}
    if (told_so) denial.evil.push(bob, frame::ServerFrame(frame::GroupNews{group, 0, 0, true}));
    crew.settle(told_so ? minutes(1) : hours(2));
    CHECK(crew.about(bob, group).active);
    CHECK(head_of(bob, group) == head);
    CHECK(crew.texts(crew.alice, group).find("bob:in a bottle") != std::string::npos);
    CHECK(crew.texts(crew["carol"], group).find("bob:in a bottle") != std::string::npos);
    (void)crew.say(crew["carol"], group, "there he is");
    CHECK(crew.texts(bob, group).find("there he is") != std::string::npos);
}

TEST_CASE("it denies a member the group, who restarts, and leaves: that is the member's word, and done at once")
{
    Crew crew(921, {"bob", "carol"});
    auto& bob = crew["bob"];
    const auto group = crew.create({"bob", "carol"});
    Denial denial(crew.world, group);
    denial.denied = {&bob};
    denial.say_out(bob);
    crew.settle(minutes(1));
    REQUIRE(shut_outs(bob) == 1);
    bob.crash();
    bob.start();
    crew.settle();
    CHECK_FALSE(head_of(bob, group).empty());
    denial.say_out(bob);
    crew.settle(minutes(1));
    CHECK_FALSE(crew.about(bob, group).active);
    crew.must(bob, request::GroupLeave{group});
    crew.settle();
    CHECK(head_of(bob, group).empty());
    CHECK(told(bob, What::closed) == 1);
    CHECK(crew.try_say(bob, group, "no").error.code == ErrorCode::not_allowed);
}

TEST_CASE("it says that two accounts have no conversation's group: the one that is here stays until there is another")
{
    World world(931);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto first = alice.send("bob", "hello");
    REQUIRE(world.run_until([&] { return alice.state(first) == MessageState::delivered; }));
    const auto conversation = *World::conversation_of({&alice, &bob});
    const auto head = head_of(alice, conversation);
    Denial denial(world, conversation);
    denial.denied = {&alice};
    denial.knows_no_group = denial.takes_no_commit = true;
    denial.evil.push(alice, frame::ServerFrame(frame::GroupChanged{conversation, 0, 0, {}}));
    for (int n = 0; n < 20; ++n) {
        world.run_for(seconds(1));
        CHECK_FALSE(head_of(alice, conversation).empty());
    }
    CHECK(head_of(alice, conversation) == head);
    denial.takes_no_commit = false;
    denial.denied.clear();
    const auto second = alice.send("bob", "still here");
    CHECK(world.run_until([&] { return alice.state(second) == MessageState::delivered; }, minutes(5)));
    const auto third = bob.send("alice", "so am I");
    CHECK(world.run_until([&] { return bob.state(third) == MessageState::delivered; }, minutes(5)));
    CHECK(world.run_until([&] { return head_of(alice, conversation) == head_of(bob, conversation); }, minutes(5)));
}
