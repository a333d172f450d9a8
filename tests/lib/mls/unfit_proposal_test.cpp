// SPDX-License-Identifier: Apache-2.0
// Proposals that are well-formed and that no commit can carry: one member who sends such must not keep the others from
// committing, and so from talking.
#include "tests/lib/mls/forge.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

/// Bob and Carol take what Alice proposes; Bob's commit goes on without it.
void check_survives(World& world, const std::string& what, const Proposal& proposal)
{
    CAPTURE(what);
    const Bytes message = publish_proposal(world.group(0), proposal);
    for (std::size_t member = 1; member <= 2; ++member)
        REQUIRE_MESSAGE(world.group(member).process(world.env(), message).ok(), what);
    const auto before = world.group(1).epoch();
    world.commit(1);
    CHECK(world.group(1).epoch() == before + 1);
    CHECK(world.members.size() == 3);
    CHECK(world.group(1).encrypt(world.env(), as_bytes("we go on")).ok());
}

} // namespace

TEST_CASE("a proposal that no commit can carry keeps nobody from committing")
{
    World world(41);
    const Extensions extensions{{custom_extension, Bytes{1}}};
    world.found("alice", extensions);
    world.add(0, {"bob", "carol"});

    check_survives(world, "a type that nobody lists",
                   Proposal{CustomProposal{static_cast<ProposalType>(0xf0aa), Bytes{1}}});
    check_survives(world, "a PSK that nobody has", Proposal{PreSharedKey{world.external_psk({9})}});
    check_survives(world, "an Add of a member", Proposal{Add{world.package(*world.members[2]).key_package}});
    check_survives(world, "an extension that nobody lists",
                   Proposal{GroupContextExtensions{{{static_cast<ExtensionType>(0xf0ab), {}}}}});
    Member odd = world.newcomer("odd");
    odd.leaf.capabilities.extensions.clear();
    check_survives(world, "a newcomer who lacks the group's extension", Proposal{Add{world.package(odd).key_package}});
}

TEST_CASE("cached proposals that collide with what the committer wants give way")
{
    World world(42);
    world.found("alice");
    world.add(0, {"bob", "carol", "dave"});
    world.deliver(must(world.group(2).propose_update(world.env())), 2);
    world.deliver(must(world.group(3).propose_update(world.env())), 3);
    CommitOptions options;
    options.proposals = {Proposal{Remove{2}}};
    world.commit(0, options);
    CHECK(world.members.size() == 3);
    CHECK(world.members[2]->name == "dave"); // whose Update was carried: agree() has compared the trees
}
