// SPDX-License-Identifier: Apache-2.0
// An evil relay and the commits that it has to put into one order.
#include "tests/lib/engine/evil_story.hpp"

#include "lib/seal/record.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("it delivers a commit twice: known; also under another id: named; it takes no effect again")
{
    Story story(103);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return evil.newest(bob, Kind::commit, story.conversation()) != nullptr; }));
    const auto row = *evil.newest(bob, Kind::commit, story.conversation());
    world.run_for(seconds(10));
    const auto commits = evil.commits.size();
    for (int n = 0; n < 3; ++n)
        evil.deliver(bob, row.from, row.envelope);
    world.run_for(seconds(10));
    CHECK(alarms(bob) == 0); // Any delivery service repeats what it is not sure to have delivered.
    auto other = row.envelope;
    other.id.bytes[0] ^= 1;
    evil.deliver(bob, row.from, other);
    REQUIRE(story.hears(bob, SecurityKind::commit_rejected));
    world.run_for(seconds(20));
    CHECK(told(bob, SecurityKind::commit_rejected) == 1);
    CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    CHECK(evil.commits.size() == commits); // Nobody had to mend anything.
    CHECK(evil.rejects == 0);
    story.goes_on();
}

TEST_CASE("it gives a commit another id: rejected; the group is found again by what the others say in it")
{
    Story story(104);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail != nullptr && &to == &bob && EvilRelay::is(mail->envelope, Kind::commit, story.conversation()))
            mail->envelope.id.bytes[0] ^= 1;
        return true;
    };
    story.enter("alice.phone", false);
    REQUIRE(story.hears(bob, SecurityKind::commit_rejected));
    CHECK(evil.rejects >= 1);
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE("it withholds a commit while the others move on directly: named; with the relay honest, Bob joins again")
{
    Story story(106);
    story.befriend();
    story.by_link();
    auto& [world, evil, alice, bob, said] = story;
    bool lies = true;
    SUBCASE("and says that nothing has happened") {}
    SUBCASE("and admits that something has happened")
    {
        lies = false;
    }
    const auto before = EvilRelay::state_after(evil.commits.back().what);
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        if (&to != &bob) return true;
        if (auto* answer = std::get_if<frame::Response>(&what); answer != nullptr && lies)
            if (auto* state = std::get_if<frame::GroupState>(&answer->body)) *state = before;
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        return mail == nullptr || !EvilRelay::is(mail->envelope, Kind::commit, story.conversation());
    };
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return evil.newest(alice, Kind::commit, story.conversation()) != nullptr; }));
    world.run_for(milliseconds(200));
    story.send(alice, "bob", "where are you");
    REQUIRE(story.hears(bob, SecurityKind::commit_withheld, minutes(1)));
    if (lies) {
        world.run_for(seconds(20));
        CHECK(bob.heard.received.size() == 1);
        CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    }
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE("it withholds a commit and delivers what was said after it: named, nothing is lost; then Bob joins again")
{
    Story story(131);
    story.befriend();
    story.by_mailbox();
    auto& [world, evil, alice, bob, said] = story;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        return &to != &bob || mail == nullptr || !EvilRelay::is(mail->envelope, Kind::commit, story.conversation());
    };
    const auto epoch_of = [&](Client& who) {
        const auto here = seal::load_group(who.store, story.conversation());
        return here ? here->epoch() : 0;
    };
    const auto before = epoch_of(bob);
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return epoch_of(alice) > before; }));
    bool was_there = false;
    for (int n = 0; n < 3; ++n) {
        story.send(alice, "bob", "where are you " + std::to_string(n));
        world.run_for(milliseconds(300));
        was_there = was_there || epoch_of(bob) == before;
    }
    CHECK(was_there); // He had what was said, and not what leads there.
    REQUIRE(story.hears(bob, SecurityKind::commit_withheld, minutes(1)));
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE("it says that a commit was taken back which nobody has refused: named, and nobody goes back by its word")
{
    Story story(132);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const auto conversation = story.conversation();
    auto& phone = story.enter("alice.phone", false);
    world.run_for(seconds(20));
    // The first offered of an epoch has it.
    std::map<std::uint64_t, frame::GroupCommit> accepted;
    for (const auto& one : evil.commits)
        if (one.what.conversation == conversation) accepted.emplace(one.what.epoch, one.what);
    REQUIRE(accepted.size() >= 2);
    const auto before = EvilRelay::state_after(std::next(accepted.rbegin())->second);
    const auto version = [&](Client& who) { return seal::load_group(who.store, conversation)->epoch(); };
    const auto now = version(bob);
    REQUIRE(now == before.epoch + 1);
    std::size_t lies = 0;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* answer = std::get_if<frame::Response>(&what);
        auto* state = answer == nullptr ? nullptr : std::get_if<frame::GroupState>(&answer->body);
        if (&to != &bob || state == nullptr || answer->error.code != ErrorCode::ok) return true;
        if (state->group_info.empty()) return true; // Of a commit.
        *state = before;
        ++lies;
        return true;
    };
    evil.push(bob,
              frame::ServerFrame(frame::GroupChanged{conversation, before.incarnation, before.epoch, before.commit}));
    REQUIRE(story.hears(bob, SecurityKind::group_forked));
    CHECK(lies > 0);
    world.run_for(seconds(5));
    for (auto* one : {&alice, &bob, &phone})
        CHECK(version(*one) >= now);
    CHECK(evil.rejects == 0);
    story.goes_on();
}

TEST_CASE("it shows two halves different commits of one epoch: forked, told by the direct link; then one group again")
{
    Story story(108);
    story.befriend();
    story.by_link();
    auto& [world, evil, alice, bob, said] = story;
    const auto conversation = story.conversation();
    std::optional<frame::GroupState> bobs; // What a second Delivery Service, for Bob alone, has.
    bool to_alice = false;
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        auto* request = std::get_if<frame::Request>(&what);
        if (request == nullptr) return true;
        const auto* commit = std::get_if<frame::GroupCommit>(&request->body);
        const auto* fetch = std::get_if<frame::GroupFetch>(&request->body);
        // The phone cannot join by itself, so both others will add it.
        if (from.name == "alice.phone") return commit == nullptr && fetch == nullptr;
        // Bob's commit is first, so that Alice's is the one that comes to somebody who is elsewhere.
        if (&from == &alice && std::holds_alternative<frame::KeyPackageFetch>(request->body) && !bobs) return false;
        if (&from == &alice && commit != nullptr && commit->conversation == conversation) to_alice = true;
        if (&from != &bob) return true;
        if (commit != nullptr && commit->conversation == conversation) {
            bobs = EvilRelay::state_after(*commit);
            evil.push(bob, frame::Response{request->id, {ErrorCode::ok, {}, 0}, {}});
            return false;
        }
        if (fetch != nullptr && bobs) {
            evil.push(bob, frame::Response{request->id, {ErrorCode::ok, {}, 0}, *bobs});
            return false;
        }
        return true;
    };
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        return &to != &bob || mail == nullptr || !EvilRelay::is(mail->envelope, Kind::commit, conversation);
    };
    story.enter("alice.phone", false);
    REQUIRE(world.run_until(
        [&] { return told(alice, SecurityKind::group_forked) + told(bob, SecurityKind::group_forked) > 0; },
        minutes(1)));
    CHECK(to_alice);
    CHECK(bobs.has_value());
    CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE(
    "it corrupts a commit on its way: rejected and reported; who is alone with that joins again, the group goes on")
{
    Story story(111);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const auto conversation = story.conversation();
    std::size_t corrupted = 0;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail == nullptr || &to != &bob || corrupted > 0 ||
            !EvilRelay::is(mail->envelope, Kind::commit, conversation))
            return true;
        mail->envelope.sealed[mail->envelope.sealed.size() / 2] ^= 1;
        ++corrupted;
        return true;
    };
    std::size_t of_that_epoch = 0;
    auto& phone = story.enter("alice.phone", false);
    REQUIRE(story.hears(bob, SecurityKind::commit_rejected));
    CHECK(corrupted == 1);
    CHECK(evil.rejects == 1);
    const auto refused = evil.commits.back().what;
    world.run_for(seconds(20));
    for (const auto& commit : evil.commits)
        if (commit.what.conversation == conversation && commit.what.epoch == refused.epoch) ++of_that_epoch;
    CHECK(of_that_epoch == 1); // Bob's word alone does not undo what the others have applied.
    CHECK(told(bob, SecurityKind::group_rejoined) == 1);
    CHECK(told(alice, SecurityKind::group_rejoined) == 0);
    story.goes_on();
    CHECK(world.run_until([&] { return phone.heard.received.size() >= 1; }));
}
