// SPDX-License-Identifier: Apache-2.0
// The life of a conversation: two people with two devices each, who get new devices and lose old ones.
#include "tests/lib/seal/world.hpp"

using namespace godwit;
using namespace godwit::test;
using seal::Groups;

TEST_CASE("life: two people, two devices each, talk in one group")
{
    World world;
    world.pairs = {{"ann", "bob"}};
    Member &ann1 = world.device("ann", "ann1"), &ann2 = world.device("ann", "ann2");
    Member &bob1 = world.device("bob", "bob1"), &bob2 = world.device("bob", "bob2");
    const std::vector<Member*> all{&ann1, &ann2, &bob1, &bob2};
    const auto circle = world.circle("ann", "bob");
    const auto conversation = circle.conversation;

    CHECK(ann1.groups->needs(circle, start_ms).group);
    CHECK(ann1.groups->needs(circle, start_ms).missing == std::vector<DeviceId>{ann2.id, bob1.id, bob2.id});
    CHECK_FALSE(ann1.groups->ready(circle));
    std::vector<DeviceId> bad;
    const auto packages = world.packages({&ann2, &bob1, &bob2});
    const auto made = ann1.tick([&](Groups& groups) { return groups.create(circle, 1, packages, bad, start_ms); });
    REQUIRE(made.ok());
    CHECK(bad.empty());
    CHECK(made->newcomers == std::vector<DeviceId>{ann2.id, bob1.id, bob2.id});
    CHECK(made->recipients.empty());
    CHECK(made->from == seal::Version{1, 0});
    CHECK_FALSE(ann1.groups->ready(circle)); // Not before the Delivery Service has said yes.
    const auto changes = world.accept(ann1, *made);
    CHECK(changes.added.size() == 3);
    CHECK(changes.removed.empty());
    world.agree(conversation, all);
    CHECK_FALSE(ann1.groups->needs(circle, start_ms).any());
    CHECK(ann1.groups->entered_by(conversation) == made->id);
    for (Member* from : all)
        talk(world, *from, circle, all);

    // Ann buys a third device; any member may add it.
    Member& ann3 = world.device("ann", "ann3");
    const auto bigger = world.circle("bob", "ann");
    CHECK(bob2.groups->needs(bigger, start_ms).missing == std::vector<DeviceId>{ann3.id});
    const auto package = world.packages({&ann3});
    const auto add = bob2.tick([&](Groups& groups) { return groups.change(bigger, package, bad, start_ms); });
    REQUIRE(add.ok());
    CHECK(add->recipients.size() == 3);
    CHECK(world.accept(bob2, *add).added.at(0).device == ann3.id);
    const std::vector<Member*> five{&ann1, &ann2, &bob1, &bob2, &ann3};
    world.agree(conversation, five);
    for (Member* from : five)
        talk(world, *from, bigger, five);

    // And loses her first: nothing is sealed before it is out.
    auto& list = world.lists["ann"];
    list.erase(list.begin());
    const auto smaller = world.circle("ann", "bob");
    CHECK(ann2.groups->needs(smaller, start_ms).surplus == std::vector<DeviceId>{ann1.id});
    CHECK_FALSE(ann2.groups->ready(smaller));
    CHECK(ann2.groups->seal(smaller, seal::Purpose::content, message_id(7), Bytes{1}).error().code ==
          ErrorCode::not_connected);
    const auto remove = ann2.tick([&](Groups& groups) { return groups.change(smaller, {}, bad, start_ms); });
    REQUIRE(remove.ok());
    for (Member* device : {&bob1, &bob2, &ann3}) {
        const auto got =
            device->tick([&](Groups& groups) { return groups.commit(remove->id, ann2.id, remove->commit, start_ms); });
        CHECK(got.verdict == seal::CommitOutcome::Verdict::applied);
        REQUIRE(got.changes.removed.size() == 1);
        CHECK(got.changes.removed[0].device == ann1.id);
        CHECK(got.changes.committer == ann2.id);
    }
    REQUIRE(ann2.tick([&](Groups& groups) { return groups.accepted(conversation, start_ms); }).ok());
    const auto gone =
        ann1.tick([&](Groups& groups) { return groups.commit(remove->id, ann2.id, remove->commit, start_ms); });
    CHECK(gone.verdict == seal::CommitOutcome::Verdict::applied);
    CHECK(gone.changes.self_removed);
    CHECK_FALSE(ann1.groups->version(conversation).has_value());
    const std::vector<Member*> rest{&ann2, &bob1, &bob2, &ann3};
    world.agree(conversation, rest);
    for (Member* from : rest)
        talk(world, *from, smaller, rest);
}
