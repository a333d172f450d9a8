// SPDX-License-Identifier: Apache-2.0
// How long a KeyPackage may be used, and that it says nothing about who is a member already (RFC 9420
// sections 7.2, 7.3).
#include "tests/lib/mls/story.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

constexpr WallMs later_ms = world_now_ms + WallMs{100} * 24 * 3600 * 1000; // All lifetimes of a World are over by then.
constexpr Lifetime later_lifetime{later_ms / 1000 - 3600, later_ms / 1000 + 3600};

struct Later {
    World world{91};
    Member dave = world.newcomer("dave");
    KeyPackageBundle fresh;

    Later()
    {
        world.found("alice");
        world.add(0, {"bob", "carol"}); // Bob and Carol never commit: their leaves keep their lifetimes.
        fresh = must(create_key_package(suite_1, dave.signer, dave.leaf, later_lifetime, world.entropy));
    }
    Environment env()
    {
        Environment out = world.env();
        out.now_ms = later_ms;
        return out;
    }
    Bytes welcome()
    {
        CommitOptions options;
        options.proposals = {Proposal{Add{fresh.key_package}}};
        auto out = must(world.group(0).commit(env(), options));
        for (const std::size_t i : {1u, 2u})
            must(world.group(i).process(env(), out.commit));
        world.group(0) = std::move(out.next);
        return *out.welcome;
    }
    bool any_expired()
    {
        bool out = false;
        world.group(0).tree().for_each_member([&](LeafIndex, const LeafNode& leaf) {
            out = out || check_lifetime(leaf, {}, later_ms, true) == MlsError::leaf_expired;
        });
        return out;
    }
};

} // namespace

TEST_CASE("a member whose leaf's lifetime ran out keeps nobody from joining, by Welcome or by external commit")
{
    Later t;
    const auto message = must_decode<MLSMessage>(t.welcome());
    REQUIRE(t.any_expired());
    Group dave = must(Group::join(t.env(), *message.as<Welcome>(), t.fresh));
    const Bytes text = must(dave.encrypt(t.env(), as_bytes("in")));
    CHECK(as_text(must(t.world.group(1).process(t.env(), text)).application_data) == "in");

    const Member erin = t.world.newcomer("erin");
    ExternalJoinOptions join;
    join.leaf = erin.leaf;
    join.signer = erin.signer;
    const auto joined = must(Group::join_external(t.env(), t.world.group(0).group_info(t.env(), true, true), join));
    for (Group* group : {&t.world.group(0), &t.world.group(1), &t.world.group(2), &dave}) {
        must(group->process(t.env(), joined.commit));
        CHECK(std::ranges::equal(group->epoch_authenticator(), joined.group.epoch_authenticator()));
    }
}

TEST_CASE("an application that asks for it joins no tree with an expired leaf")
{
    Later t;
    const auto message = must_decode<MLSMessage>(t.welcome());
    t.world.lifetimes.check_joined_tree = true;
    CHECK(Group::join(t.env(), *message.as<Welcome>(), t.fresh).error() == MlsError::leaf_expired);
    const Member erin = t.world.newcomer("erin");
    ExternalJoinOptions join;
    join.leaf = erin.leaf;
    join.signer = erin.signer;
    CHECK(Group::join_external(t.env(), t.world.group(0).group_info(t.env(), true, true), join).error() ==
          MlsError::leaf_expired);
    // As soon as those have committed, their leaves have no lifetime any more.
    for (const std::size_t by : {1u, 2u}) {
        auto out = must(t.world.group(by).commit(t.env(), {}));
        for (const std::size_t i : {0u, 1u, 2u})
            if (i != by) must(t.world.group(i).process(t.env(), out.commit));
        t.world.group(by) = std::move(out.next);
    }
    CHECK(Group::join_external(t.env(), t.world.group(0).group_info(t.env(), true, true), join).ok());
}

TEST_CASE("a KeyPackage that has expired adds nobody: the committer's own check cannot be turned off, a receiver's can")
{
    Later t;
    const Member erin = t.world.newcomer("erin");
    const auto stale = t.world.package(erin).key_package; // Good at world_now_ms.
    CommitOptions options;
    options.proposals = {Proposal{Add{stale}}};
    const auto in_time = must(t.world.group(0).commit(t.world.env(), options));
    Group carol = t.world.group(2);
    CHECK(carol.process(t.env(), in_time.commit).error() == MlsError::leaf_expired);
    t.world.lifetimes.check_received = false;
    CHECK(t.world.group(0).commit(t.env(), options).error() == MlsError::leaf_expired);
    CHECK(carol.process(t.env(), in_time.commit).ok());
    // How long it lives at all is checked wherever it stands (section 7.2).
    t.world.lifetimes.lifetime_seconds_max = 60;
    carol = t.world.group(2);
    CHECK(carol.process(t.env(), in_time.commit).error() == MlsError::lifetime_too_long);
    CHECK(Group::join(t.world.env(), *must_decode<MLSMessage>(*in_time.welcome).as<Welcome>(), t.world.package(erin))
              .error() == MlsError::no_matching_key_package);
}
