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
                   Proposal{CustomProposal::opaque(static_cast<ProposalType>(0xf0aa), Bytes{1})});
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

TEST_CASE("bounds: what waits for a commit has cached_proposal_bytes_max together; what was taken in loads again")
{
    World world(43);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    constexpr std::size_t header_bytes = 2 + 4; // Type and length.
    const auto custom = [](std::size_t bytes, std::uint8_t fill) {
        return Proposal{CustomProposal::opaque(custom_proposal, Bytes(bytes, fill))};
    };
    const auto hear = [&](const Proposal& proposal) {
        return world.group(1).process(world.env(), publish_proposal(world.group(0), proposal)).error();
    };
    constexpr std::size_t each = cached_proposal_bytes_max / 4;
    for (std::uint8_t i = 0; i < 4; ++i)
        REQUIRE(hear(custom(each - header_bytes, i)) == MlsError::none);
    CHECK(hear(Proposal{Remove{2}}) == MlsError::proposal_cache_full);
    CHECK(world.group(1).propose(world.env(), Proposal{Remove{2}}).error() == MlsError::proposal_cache_full);

    Group again = must(Group::deserialize(world.group(1).serialize_epoch(), world.group(1).serialize_ratchets()));
    CHECK(again.proposals().size() == 4);
    CHECK(again.process(world.env(), publish_proposal(world.group(0), Proposal{Remove{2}})).error() ==
          MlsError::proposal_cache_full);
    again = std::move(must(again.commit(world.env(), {.include_cached = false})).next);
    CHECK(again.propose(world.env(), custom(cached_proposal_bytes_max - header_bytes, 9)).ok());
    CHECK(again.propose(world.env(), Proposal{Remove{2}}).error() == MlsError::proposal_cache_full);
}

TEST_CASE("bounds: a commit that names one long proposal again and again is not taken at its word")
{
    World world(44);
    world.found("alice", {}, HandshakeFormat::public_message);
    world.add(0, {"bob", "carol"});
    constexpr std::size_t each = std::size_t{1} << 20, length_bytes = 4;
    const Proposal custom{CustomProposal::opaque(custom_proposal, Bytes(each - length_bytes, 7))};
    const auto heard = must(world.group(1).process(world.env(), publish_proposal(world.group(0), custom)));
    const auto naming = [&](std::size_t times) {
        Commit commit = commit_of(must(world.group(0).commit(world.env(), {})).commit);
        commit.proposals.assign(times, ProposalOrRef{heard.proposal_ref});
        return world.group(1).process(world.env(), publish_commit(world.group(0), commit)).error();
    };
    CHECK(naming(custom_proposal_bytes_max / each) == MlsError::bad_confirmation_tag); // Nothing else is wrong with it.
    CHECK(naming(custom_proposal_bytes_max / each + 1) == MlsError::message_too_large);
    CHECK(naming(16'384) == MlsError::message_too_large);
}
