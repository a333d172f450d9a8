// SPDX-License-Identifier: Apache-2.0
// Commits on their way: accepted, refused, overtaken, lost; and those who fall out and come back.
#include "tests/lib/seal/four.hpp"

#include "lib/seal/record.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using CommitVerdict = seal::CommitOutcome::Verdict;
using Verdict = seal::Opened::Verdict;

TEST_CASE("commits: two race from one epoch; one is accepted, the other tries again, nobody is lost")
{
    Four f;
    const auto first = f.change(f.ann1), second = f.change(f.bob2);
    CHECK(first.from == second.from);
    CHECK(f.ann1.groups->is_pending(f.conversation));

    // While both wait, everybody goes on talking in the old epoch.
    const auto early = f.seal(f.ann1, message_id(1), "before the answer");
    const auto late = f.seal(f.bob2, message_id(2), "late");
    CHECK(f.open(f.bob2, f.ann1, message_id(1), early.bytes).verdict == Verdict::opened);

    for (Member* member : {&f.ann2, &f.bob1})
        CHECK(f.commit(*member, f.ann1, first).verdict == CommitVerdict::applied);
    const auto lost = f.commit(f.bob2, f.ann1, first);
    CHECK(lost.verdict == CommitVerdict::applied);
    CHECK_FALSE(f.bob2.groups->is_pending(f.conversation));
    f.accepted(f.ann1);
    f.world.agree(f.conversation, f.all);
    CHECK(f.ann1.groups->entered_by(f.conversation) == first.id);
    CHECK(f.bob1.groups->entered_by(f.conversation) == first.id);

    // What was sealed before still opens, and what was opened before does not open again.
    for (Member* member : {&f.ann1, &f.ann2, &f.bob1})
        CHECK(f.open(*member, f.bob2, message_id(2), late.bytes).verdict == Verdict::opened);
    CHECK(f.open(f.bob2, f.ann1, message_id(1), early.bytes).verdict == Verdict::repeated);
    CHECK(f.open(f.bob1, f.ann1, message_id(1), early.bytes).verdict == Verdict::opened);

    const auto again = f.change(f.bob2);
    CHECK(again.id != second.id);
    CHECK(again.from.epoch == first.from.epoch + 1);
    f.world.accept(f.bob2, again);
    f.everybody_talks();
    // The loser's first commit, should it still come: not by what we left that epoch.
    CHECK(f.commit(f.bob1, f.bob2, second).verdict == CommitVerdict::rival);
}

TEST_CASE("commits: redelivered, overtaken, early and foreign ones are told apart")
{
    Four f;
    const auto first = f.change(f.ann1);
    f.world.accept(f.ann1, first);
    const auto second = f.change(f.ann2);
    CHECK(f.commit(f.bob1, f.ann1, first).verdict == CommitVerdict::known);
    f.world.accept(f.ann2, second);
    CHECK(f.commit(f.bob1, f.ann1, first).verdict == CommitVerdict::known);
    CHECK(f.commit(f.bob1, f.ann2, second).verdict == CommitVerdict::known);
    CHECK(f.commit(f.ann2, f.ann2, second).verdict == CommitVerdict::known);

    // One that bob2 did not get: the next is ahead of it, until it has.
    const auto third = f.change(f.ann1);
    f.accepted(f.ann1);
    const auto fourth = f.change(f.ann1);
    CHECK(f.commit(f.bob2, f.ann1, fourth).verdict == CommitVerdict::ahead);
    CHECK(f.commit(f.bob2, f.ann1, third).verdict == CommitVerdict::applied);
    CHECK(f.commit(f.bob2, f.ann1, fourth).verdict == CommitVerdict::applied);

    // A device that is in no group.
    Member& ann3 = f.world.device("ann", "ann3");
    CHECK(f.commit(ann3, f.ann1, fourth).verdict == CommitVerdict::foreign);
    // Many epochs later nobody remembers what led there, and it does not matter.
    f.accepted(f.ann1);
    for (Member* member : {&f.ann2, &f.bob1}) {
        CHECK(f.commit(*member, f.ann1, third).verdict == CommitVerdict::applied);
        CHECK(f.commit(*member, f.ann1, fourth).verdict == CommitVerdict::applied);
    }
    for (int i = 0; i < 9; ++i)
        f.world.accept(f.bob1, f.change(f.bob1));
    CHECK(f.commit(f.bob2, f.ann1, first).verdict == CommitVerdict::known);
}

TEST_CASE("commits: one that is pending is the same after a restart, and takes effect then")
{
    Four f;
    Member& bob3 = f.world.device("bob", "bob3");
    const auto packages = f.world.packages({&bob3});
    const auto made = f.change(f.ann1, packages);
    f.ann1.crash();
    const auto waiting = f.ann1.groups->pending();
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].id == made.id);
    CHECK(waiting[0].commit == made.commit);
    CHECK(waiting[0].welcome == made.welcome);
    CHECK(waiting[0].group_info == made.group_info);
    CHECK(waiting[0].recipients == made.recipients);
    CHECK(waiting[0].newcomers == std::vector<DeviceId>{bob3.id});
    CHECK(waiting[0].from == made.from);
    CHECK(waiting[0].conversation == f.conversation);
    CHECK_FALSE(waiting[0].external);
    std::vector<DeviceId> bad;
    CHECK(f.ann1.groups->change(f.circle, {}, bad, start_ms).error().code == ErrorCode::conflict);
    CHECK(f.ann1.groups->create(f.circle, 2, {}, bad, start_ms).error().code == ErrorCode::conflict);
    CHECK(f.ann1.groups->rejoin(f.circle, f.world.group_info, f.world.at_relay, start_ms).error().code ==
          ErrorCode::conflict);
    f.world.accept(f.ann1, waiting[0]);
    f.all.push_back(&bob3);
    f.everybody_talks();
    CHECK(f.ann1.groups->pending().empty());
    CHECK(f.ann1.groups->accepted(f.conversation, start_ms).error().code == ErrorCode::conflict);
}

TEST_CASE("commits: a key that was used while a commit was pending stays used when it is accepted")
{
    Four f;
    const auto made = f.change(f.ann1);
    const auto in = f.seal(f.bob1, message_id(1), "comes meanwhile");
    const auto out = f.seal(f.ann1, message_id(2), "goes meanwhile");
    REQUIRE(f.open(f.ann1, f.bob1, message_id(1), in.bytes).verdict == Verdict::opened);
    for (Member* member : {&f.ann2, &f.bob1, &f.bob2})
        CHECK(f.commit(*member, f.ann1, made).verdict == CommitVerdict::applied);
    f.accepted(f.ann1);
    CHECK(f.open(f.ann1, f.bob1, message_id(1), in.bytes).verdict == Verdict::repeated);
    f.ann1.crash();
    CHECK(f.open(f.ann1, f.bob1, message_id(1), in.bytes).verdict == Verdict::repeated);
    CHECK(f.open(f.bob1, f.ann1, message_id(2), out.bytes).verdict == Verdict::opened);
    f.everybody_talks();
}

TEST_CASE("commits: refused ones leave the group where it was; epochs pass and old messages go out of reach")
{
    Four f;
    const auto old = f.seal(f.bob1, message_id(1), "from long ago");
    const auto made = f.change(f.ann1);
    f.ann1.tick([&](Groups& groups) {
        groups.refused(f.conversation);
        return 0;
    });
    CHECK(f.ann1.groups->pending().empty());
    CHECK(f.ann1.groups->version(f.conversation) == made.from);
    f.everybody_talks();

    for (std::uint64_t i = 0; i < mls::past_epochs_max; ++i) {
        const auto at = *f.ann1.groups->version(f.conversation);
        CHECK(f.ann1.groups->can_open(f.conversation, f.bob2.id, {1, 1}) == (at.epoch < 1 + mls::past_epochs_max));
        f.world.accept(f.ann1, f.change(f.ann1));
    }
    // Its keys are about to go: not to be relied on any more, though they are still there ...
    CHECK_FALSE(f.ann1.groups->can_open(f.conversation, f.bob2.id, old.version));
    CHECK(f.open(f.ann2, f.bob1, message_id(1), old.bytes).verdict == Verdict::opened);
    // ... and then gone.
    f.world.accept(f.ann1, f.change(f.ann1));
    CHECK(f.open(f.bob2, f.bob1, message_id(1), old.bytes).verdict == Verdict::behind);
    CHECK_FALSE(f.ann1.groups->can_open(f.conversation, f.bob2.id, {2, 1}));
    CHECK_FALSE(f.ann1.groups->can_open(f.conversation, f.bob2.id, {1, 99}));
}

TEST_CASE("commits: a new device of an account joins from outside, at once, and opens from then on")
{
    Four f;
    const auto before = f.seal(f.bob1, message_id(1), "not for ann3");
    Member& ann3 = f.world.device("ann", "ann3");
    CHECK(f.open(ann3, f.bob1, message_id(1), before.bytes).verdict == Verdict::ahead);
    const auto joining = f.rejoin(ann3);
    CHECK(joining.recipients.size() == 4);
    CHECK(joining.welcome.empty());
    CHECK_FALSE(ann3.groups->version(f.conversation).has_value());
    const auto changes = f.world.accept(ann3, joining);
    CHECK(changes.added.size() == 4);
    CHECK(ann3.groups->entered_by(f.conversation) == joining.id);
    f.all.push_back(&ann3);
    f.everybody_talks();
    CHECK(f.open(ann3, f.bob1, message_id(1), before.bytes).verdict == Verdict::behind);
    CHECK_FALSE(f.bob1.groups->can_open(f.conversation, ann3.id, before.version));
    CHECK(f.bob1.groups->can_open(f.conversation, f.ann2.id, before.version));
    CHECK(f.bob1.groups->can_open(f.conversation, ann3.id, *f.bob1.groups->version(f.conversation)));
    CHECK(f.bob1.groups->is_member(f.conversation, ann3.id));
}

TEST_CASE("commits: a Welcome to the epoch that a device has joined from outside of: what lies behind it opens")
{
    Four f;
    Member& ann3 = f.world.device("ann", "ann3");
    const auto added = f.change(f.ann1, f.world.packages({&ann3}));
    REQUIRE_FALSE(added.welcome.empty());
    for (Member* one : {&f.ann2, &f.bob1, &f.bob2})
        CHECK(f.commit(*one, f.ann1, added).verdict == CommitVerdict::applied);
    f.accepted(f.ann1);
    f.world.group_info = added.group_info;
    ++f.world.at_relay.epoch;
    const auto said = f.seal(f.bob1, message_id(1), "for ann3, too");
    const auto later = f.seal(f.bob1, message_id(2), "and this");
    const auto joining = f.rejoin(ann3); // Its mailbox is slow.
    const auto welcome = [&] { return ann3.tick([&](Groups& g) { return g.welcome(added.welcome, start_ms); }); };
    bool is_opened = false;
    SUBCASE("it comes while the join is on its way")
    {
        REQUIRE(welcome().ok());
        SUBCASE("in one life") {}
        SUBCASE("after a restart")
        {
            ann3.crash();
        }
        SUBCASE("and the first message before the answer")
        {
            is_opened = true;
            CHECK(f.open(ann3, f.bob1, message_id(1), said.bytes).verdict == Verdict::opened);
        }
        f.world.accept(ann3, joining);
    }
    SUBCASE("it comes after the join")
    {
        f.world.accept(ann3, joining);
        SUBCASE("at once") {}
        SUBCASE("after a restart")
        {
            ann3.crash();
        }
        SUBCASE("after others have changed the group")
        {
            f.all.push_back(&ann3);
            f.world.accept(f.bob2, f.change(f.bob2));
            f.all.pop_back();
        }
        // It is of nothing new.
        const auto refused = welcome();
        REQUIRE_FALSE(refused.ok());
        CHECK(refused.error().code == ErrorCode::conflict);
        const auto again = welcome();
        REQUIRE_FALSE(again.ok());
        CHECK(again.error().code == ErrorCode::conflict);
    }
    f.all.push_back(&ann3);
    f.everybody_talks();
    // Once.
    CHECK((f.open(ann3, f.bob1, message_id(1), said.bytes).verdict == Verdict::opened) != is_opened);
    ann3.crash(); // It is stored.
    CHECK(f.open(ann3, f.bob1, message_id(2), later.bytes).verdict == Verdict::opened);
    CHECK(f.open(ann3, f.bob1, message_id(2), later.bytes).verdict != Verdict::opened);
}

TEST_CASE("commits: a Welcome to another history than a device has joined from outside of opens nothing")
{
    Four f;
    Member& ann3 = f.world.device("ann", "ann3");
    const auto packages = f.world.packages({&ann3});
    const auto false_one = f.change(f.ann2, packages); // Made, and never taken.
    f.ann2.tick([&](Groups& g) { return g.refused(f.conversation), true; });
    f.world.accept(f.bob1, f.change(f.bob1)); // The epoch that counts.
    f.world.accept(ann3, f.rejoin(ann3));
    const auto refused = ann3.tick([&](Groups& g) { return g.welcome(false_one.welcome, start_ms); });
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::conflict);
    const auto rows = ann3.store.value_names();
    const auto prefix = seal::value_name(f.conversation, "ratchets") + '/';
    CHECK(std::count_if(rows.begin(), rows.end(), [&](const auto& name) { return name.starts_with(prefix); }) == 1);
    f.all.push_back(&ann3);
    f.everybody_talks();
}

TEST_CASE("commits: who lost its state comes back in the place of its old leaf")
{
    Four f;
    const auto before = f.seal(f.ann1, message_id(1), "for all");
    Groups::forget_all(f.bob2.store);
    f.bob2.crash();
    CHECK(f.bob2.groups->needs(f.circle, start_ms).group);
    const auto joining = f.rejoin(f.bob2);
    CHECK(joining.recipients.size() == 3);
    f.world.accept(f.bob2, joining);
    f.everybody_talks();
    // It is a member all along, but has no keys from before.
    CHECK_FALSE(f.ann1.groups->can_open(f.conversation, f.bob2.id, before.version));
    CHECK(f.open(f.bob2, f.ann1, message_id(1), before.bytes).verdict == Verdict::behind);
    // A second time, with state: on a dead branch, say.
    f.world.accept(f.bob2, f.rejoin(f.bob2));
    f.everybody_talks();
}

TEST_CASE("commits: a branch that the Delivery Service took back is left by joining the other")
{
    Four f;
    const auto info = f.world.group_info;
    const auto at = f.world.at_relay;
    // ann1's commit reaches only ann2; then the epoch is opened again and bob1's is taken.
    const auto dead = f.change(f.ann1);
    CHECK(f.commit(f.ann2, f.ann1, dead).verdict == CommitVerdict::applied);
    f.accepted(f.ann1);
    const auto good = f.change(f.bob1);
    CHECK(f.commit(f.bob2, f.bob1, good).verdict == CommitVerdict::applied);
    CHECK(f.commit(f.ann2, f.bob1, good).verdict == CommitVerdict::rival);
    f.accepted(f.bob1);
    CHECK(f.ann1.groups->head(f.conversation)->authenticator != f.bob1.groups->head(f.conversation)->authenticator);
    CHECK(f.ann1.groups->head(f.conversation)->epoch == f.bob1.groups->head(f.conversation)->epoch);
    CHECK(f.ann1.groups->entered_by(f.conversation) != f.bob1.groups->entered_by(f.conversation));
    f.world.group_info = good.group_info;
    f.world.at_relay = {at.incarnation, at.epoch + 1};

    for (Member* lost : {&f.ann1, &f.ann2}) {
        const auto joining = f.rejoin(*lost);
        for (const DeviceId& recipient : joining.recipients) {
            const auto got = f.commit(f.world.by_id(recipient), *lost, joining);
            // ann2 is on the dead branch still: it cannot follow, and says so.
            const bool follows = recipient != f.ann2.id;
            CHECK(got.verdict == (follows ? CommitVerdict::applied : CommitVerdict::rejected));
        }
        f.accepted(*lost);
        f.world.group_info = joining.group_info;
        ++f.world.at_relay.epoch;
    }
    f.everybody_talks();
    // The old GroupInfo leads nowhere good, but one epoch back is possible: the newest commit may have been taken back.
    CHECK(f.ann1.groups->rejoin(f.circle, info, at, start_ms).ok());
}

TEST_CASE("commits: a group beyond repair is replaced by its next incarnation, and there is no way back")
{
    Four f;
    const auto old = f.seal(f.ann1, message_id(1), "in the first");
    const auto first_info = f.world.group_info;
    const auto at_first = f.world.at_relay;
    f.ann1.tick([&](Groups& groups) {
        groups.abandon(f.conversation);
        return 0;
    });
    CHECK_FALSE(f.ann1.groups->version(f.conversation).has_value());
    std::vector<DeviceId> bad;
    // A relay that has forgotten the first proposes it again: what is made is later than what was here.
    const auto raised = f.ann1.tick([&](Groups& groups) { return groups.create(f.circle, 1, {}, bad, start_ms); });
    REQUIRE(raised.ok());
    CHECK(raised->from == seal::Version{2, 0});
    f.ann1.tick([&](Groups& groups) {
        groups.refused(f.conversation);
        return 0;
    });
    CHECK(f.ann1.groups->rejoin(f.circle, first_info, at_first, start_ms).error().code ==
          ErrorCode::authentication_failed);
    CHECK(f.open(f.ann1, f.bob1, message_id(1), old.bytes).verdict == Verdict::behind);
    const auto second = f.found(f.ann1, 2);
    f.ann1.crash();
    f.world.accept(f.ann1, second);
    f.everybody_talks();
    CHECK(f.bob1.groups->version(f.conversation) == seal::Version{2, 1});
    CHECK(f.open(f.bob1, f.ann1, message_id(1), old.bytes).verdict == Verdict::behind);
    CHECK(f.bob1.groups->rejoin(f.circle, first_info, at_first, start_ms).error().code ==
          ErrorCode::authentication_failed);
}

TEST_CASE("commits: two who create at once; who loses takes the other's Welcome")
{
    World world;
    world.pairs = {{"ann", "bob"}};
    Member &ann = world.device("ann", "ann"), &bob = world.device("bob", "bob");
    const auto circle = world.circle("ann", "bob");
    std::vector<DeviceId> bad;
    const auto packages = world.packages({&ann, &bob});
    const auto by_ann = ann.tick([&](Groups& g) { return g.create(circle, 1, packages, bad, start_ms); });
    const auto by_bob = bob.tick([&](Groups& g) { return g.create(circle, 1, packages, bad, start_ms); });
    REQUIRE(by_ann.ok());
    REQUIRE(by_bob.ok());
    world.accept(ann, *by_ann);
    CHECK_FALSE(bob.groups->is_pending(circle.conversation));
    world.agree(circle.conversation, {&ann, &bob});
    talk(world, bob, circle, {&ann});
    // The other one's Welcome, should the relay have handed it out too.
    CHECK(ann.groups->welcome(by_bob->welcome, start_ms).error().code == ErrorCode::conflict);
}

TEST_CASE("commits: removed, and taken in again in the same incarnation")
{
    Four f;
    auto& list = f.world.lists["bob"];
    const auto lists = f.world.lists;
    std::erase(list, f.bob2.id);
    const auto out = f.change(f.ann1);
    for (Member* member : {&f.ann2, &f.bob1})
        CHECK(f.commit(*member, f.ann1, out).verdict == CommitVerdict::applied);
    CHECK(f.commit(f.bob2, f.ann1, out).changes.self_removed);
    f.accepted(f.ann1);
    f.bob2.crash();
    CHECK(f.bob2.groups->needs(f.circle, start_ms).group);
    f.world.lists = lists;
    const auto back = f.change(f.bob1, f.world.packages({&f.bob2}));
    CHECK(back.newcomers == std::vector<DeviceId>{f.bob2.id});
    f.world.accept(f.bob1, back);
    f.everybody_talks();
}

TEST_CASE("commits: own devices alone are a conversation too")
{
    World world;
    world.pairs = {{"ann", "ann"}};
    Member& ann1 = world.device("ann", "ann1");
    const auto alone = world.circle("ann", "ann");
    std::vector<DeviceId> bad;
    const auto made = ann1.tick([&](Groups& g) { return g.create(alone, 1, {}, bad, start_ms); });
    REQUIRE(made.ok());
    CHECK(made->welcome.empty());
    CHECK(made->newcomers.empty());
    world.accept(ann1, *made);
    CHECK(ann1.groups->ready(alone));
    Member& ann2 = world.device("ann", "ann2");
    const auto joining = ann2.tick(
        [&](Groups& g) { return g.rejoin(world.circle("ann", "ann"), world.group_info, world.at_relay, start_ms); });
    REQUIRE(joining.ok());
    world.accept(ann2, *joining);
    talk(world, ann2, world.circle("ann", "ann"), {&ann1});
}

TEST_CASE("commits: the leaf wants fresh keys after seven days, a thousand messages, or a last resort")
{
    Four f;
    f.world.now_ms = start_ms + seal::update_after_ms - 1;
    CHECK_FALSE(f.ann1.groups->needs(f.circle, f.world.now_ms).any());
    ++f.world.now_ms;
    CHECK(f.ann1.groups->needs(f.circle, f.world.now_ms).update);
    f.world.accept(f.ann1, f.change(f.ann1));
    CHECK_FALSE(f.ann1.groups->needs(f.circle, f.world.now_ms).update);
    CHECK(f.bob1.groups->needs(f.circle, f.world.now_ms).update);

    for (std::uint32_t i = 0; i < seal::update_after_messages; ++i) {
        CHECK_FALSE(f.ann1.groups->needs(f.circle, f.world.now_ms).update);
        REQUIRE(f.ann1.groups->seal(f.circle, seal::Purpose::signal, message_id(i), Bytes(10)).ok());
    }
    f.ann1.tick([](Groups&) { return 0; });
    f.ann1.crash();
    CHECK(f.ann1.groups->needs(f.circle, f.world.now_ms).update);
    f.world.accept(f.ann1, f.change(f.ann1));
    CHECK_FALSE(f.ann1.groups->needs(f.circle, f.world.now_ms).update);

    Member& ann3 = f.world.device("ann", "ann3");
    const Bytes last = ann3.tick([&](Groups& g) { return g.make_last_resort(f.world.now_ms); });
    f.world.accept(f.ann1, f.change(f.ann1, {{ann3.id, last}}));
    CHECK(ann3.groups->needs(f.world.circle("ann", "bob"), f.world.now_ms).update);
}

TEST_CASE("commits: a device that was renamed brings its new certificate with its next commit")
{
    Four f;
    wire::DeviceCertificate renamed;
    renamed.user = "ann";
    renamed.device = f.ann1.id;
    renamed.device_name = "kitchen";
    f.ann1.certificate = wire::encode(identity::sign_certificate(renamed, account_seed("ann")));
    f.ann1.crash();
    const auto changes = f.world.accept(f.ann1, f.change(f.ann1));
    CHECK(changes.added.empty());
    CHECK(changes.removed.empty());
    f.everybody_talks();
    const auto sealed = f.seal(f.ann1, message_id(1), "from the kitchen");
    CHECK(f.open(f.bob1, f.ann1, message_id(1), sealed.bytes).sender.device_name == "kitchen");
}
