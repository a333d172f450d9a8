// SPDX-License-Identifier: Apache-2.0
// What the application is told of a commit before it says yes or no (RFC 9420 sections 5.3.1 and 12.2).
#include "tests/lib/mls/world.hpp"

#include <functional>

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

/// Judges by a function, and keeps what it was told last.
class Judge : public TrustingService {
public:
    bool allows(const Group& before, const CommitSummary& commit) const override
    {
        told = commit;
        return !rule || rule(before, commit);
    }
    Bytes client_of(const LeafNode& leaf) const override
    {
        return by_name ? leaf.credential.content : TrustingService::client_of(leaf);
    }
    std::function<bool(const Group&, const CommitSummary&)> rule;
    bool by_name = false; ///< One client a name, whatever keys it has.
    mutable std::optional<CommitSummary> told;
};

struct Court {
    World world{61};
    Judge alices, bobs;

    Court()
    {
        world.found("alice");
        world.add(0, {"bob", "carol", "dave"});
        for (std::size_t i = 0; i < 4; ++i)
            world.commit(i);
    }
    Environment env_of(const Judge& judge)
    {
        Environment out{world.entropy, judge, world_now_ms};
        out.psks = &world.psks;
        return out;
    }
};

std::string name_of(const LeafNodePtr& leaf)
{
    return leaf == nullptr ? "nobody" : std::string(as_text(leaf->credential.content));
}

std::string shown(const LeafChange& change)
{
    return std::to_string(change.leaf) + " " + name_of(change.before) + " > " + name_of(change.after) + " by " +
           std::to_string(change.proposer.index);
}

} // namespace

TEST_CASE("the application sees every leaf that comes, goes or changes, and who wanted it")
{
    Court court;
    World& world = court.world;
    // Carol wants Dave out and a new leaf for herself, Alice commits that and brings Erin.
    const Bytes remove = must(world.group(2).propose(world.env(), Proposal{Remove{3}}));
    world.deliver(remove, 2);
    LeafNodeOptions married = world.members[2]->leaf;
    married.credential = Credential::basic(as_bytes("carol2"));
    const Bytes update = must(world.group(2).propose_update(world.env(), married));
    world.deliver(update, 2);
    const Member erin = world.newcomer("erin");
    CommitOptions options;
    options.proposals = {Proposal{Add{world.package(erin).key_package}}};
    const auto out = must(world.group(0).commit(court.env_of(court.alices), options));
    const auto got = must(world.group(1).process(court.env_of(court.bobs), out.commit));

    for (const CommitSummary& one : {*court.alices.told, *court.bobs.told, *got.commit}) {
        CHECK(one.committer == 0);
        REQUIRE(one.added.size() == 1);
        CHECK(shown(one.added[0]) == "3 nobody > erin by 0");
        CHECK(one.added[0].after->signature_key == erin.signer.public_key);
        REQUIRE(one.removed.size() == 1);
        CHECK(shown(one.removed[0]) == "3 dave > nobody by 2");
        REQUIRE(one.updated.size() == 1);
        CHECK(shown(one.updated[0]) == "2 carol > carol2 by 2");
        REQUIRE(one.path.has_value());
        CHECK(shown(*one.path) == "0 alice > alice by 0");
        CHECK(one.path->before->encryption_key != one.path->after->encryption_key);
        CHECK_FALSE(one.extensions_changed);
        CHECK(one.extensions == world.group(0).context().extensions);
    }
    CHECK(encode(*got.commit->path->after) == encode(*world.group(1).tree().leaf(0)));
}

TEST_CASE("the application sees who joins from outside, and whose place a resync takes")
{
    Court court;
    World& world = court.world;
    const GroupInfo info = world.group(0).group_info(world.env(), true, true);
    const Member eve = world.newcomer("eve");
    ExternalJoinOptions join;
    join.leaf = eve.leaf;
    join.signer = eve.signer;
    Group bob = world.group(1);
    must(bob.process(court.env_of(court.bobs), must(Group::join_external(world.env(), info, join)).commit));
    CHECK(court.bobs.told->external);
    CHECK(court.bobs.told->added.empty());
    CHECK(shown(*court.bobs.told->path) == "4 nobody > eve by 0");

    join.leaf = world.members[2]->leaf;
    join.signer = world.members[2]->signer;
    join.remove = 2;
    bob = world.group(1);
    must(bob.process(court.env_of(court.bobs), must(Group::join_external(world.env(), info, join)).commit));
    CHECK(court.bobs.told->external);
    REQUIRE(court.bobs.told->removed.size() == 1);
    CHECK(shown(court.bobs.told->removed[0]) == "2 carol > nobody by 0");
    CHECK(shown(*court.bobs.told->path) == "2 carol > carol by 0");
}

TEST_CASE("roles: rules that rest on leaves are kept by who commits and by who follows")
{
    Court court;
    World& world = court.world;
    // Only Alice adds; nobody removes her; names do not change.
    const auto rule = [](const Group& before, const CommitSummary& commit) {
        for (const LeafChange& change : commit.added)
            if (name_of(before.tree().leaf_ptr(change.proposer.index)) != "alice") return false;
        for (const LeafChange& change : commit.removed)
            if (name_of(change.before) == "alice") return false;
        return !commit.path || name_of(commit.path->before) == name_of(commit.path->after);
    };
    court.alices.rule = court.bobs.rule = rule;
    LeafNodeOptions renamed = world.members[2]->leaf;
    renamed.credential = Credential::basic(as_bytes("mallory"));
    std::vector<CommitOptions> forbidden(3);
    forbidden[0].proposals = {Proposal{Add{world.package(world.newcomer("erin")).key_package}}};
    forbidden[1].proposals = {Proposal{Remove{0}}};
    forbidden[2].leaf = renamed;
    for (const CommitOptions& options : forbidden) {
        CHECK(world.group(2).commit(court.env_of(court.bobs), options).error() == MlsError::refused_by_application);
        const auto lawless = must(world.group(2).commit(world.env(), options)); // Carol asks nobody.
        CHECK(world.group(1).process(court.env_of(court.bobs), lawless.commit).error() ==
              MlsError::refused_by_application);
    }
    CommitOptions allowed;
    allowed.proposals = {forbidden[0].proposals[0], Proposal{Remove{3}}};
    const auto good = must(world.group(0).commit(court.env_of(court.alices), allowed));
    CHECK(world.group(1).process(court.env_of(court.bobs), good.commit).ok());
}

TEST_CASE("the same client: what the application calls one, whatever its keys")
{
    Court court;
    World& world = court.world;
    court.alices.by_name = court.bobs.by_name = true;
    const auto add = [&](const std::string& name) {
        return Proposal{Add{world.package(world.newcomer(name)).key_package}};
    };
    const auto both = [&](std::vector<Proposal> proposals) {
        CommitOptions options;
        options.proposals = std::move(proposals);
        const MlsError sending = world.group(0).commit(court.env_of(court.alices), options).error();
        const auto lawless = must(world.group(0).commit(world.env(), options));
        Group bob = world.group(1);
        CHECK(bob.process(court.env_of(court.bobs), lawless.commit).error() == sending);
        return sending;
    };
    CHECK(both({add("erin"), add("erin")}) == MlsError::add_same_client_twice);
    CHECK(both({add("carol")}) == MlsError::add_existing_member);
    CHECK(both({add("carol"), Proposal{Remove{2}}}) == MlsError::none);
    CHECK(both({add("erin"), add("frank")}) == MlsError::none);

    const GroupInfo info = world.group(0).group_info(world.env(), true, true);
    const Member again = world.newcomer("carol");
    ExternalJoinOptions join;
    join.leaf = again.leaf;
    join.signer = again.signer;
    CHECK(Group::join_external(court.env_of(court.alices), info, join).error() == MlsError::add_existing_member);
    Group bob = world.group(1);
    const auto lawless = must(Group::join_external(world.env(), info, join));
    CHECK(bob.process(court.env_of(court.bobs), lawless.commit).error() == MlsError::add_existing_member);
    join.remove = 2;
    CHECK(Group::join_external(court.env_of(court.alices), info, join).ok());
}
