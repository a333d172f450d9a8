// SPDX-License-Identifier: Apache-2.0
// Who joins a group again by what the relay shows holds it against the policy that was known here: a relay and one
// member in league raise nobody.
#include "tests/lib/seal/crew_world.hpp"
#include "tests/lib/seal/insider.hpp"

#include "lib/seal/policy_extension.hpp"

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using seal::Policy;

namespace {

const MessageId created = message_id(77);

struct League {
    CrewWorld c;

    /// `proven`: bob has held his Welcome against what the relay has.
    explicit League(bool proven = true)
    {
        for (const char* user : {"ann", "ada", "abe", "bob", "ben"})
            c.device(user, std::string(user) + "1");
        c.create(c.at("ann1"), crew());
        c.everybody_talks({"ann1", "ada1", "abe1", "bob1", "ben1"});
        if (proven) bob().tick([&](Groups& g) { return g.prove(c.conversation, created), 0; });
    }
    Member& bob() { return c.at("bob1"); }
    /// `by` makes, with its own keys, a next epoch as it likes it, and the relay shows that.
    void claim(const std::string& by, const Policy& policy)
    {
        Member& member = c.at(by);
        auto group = group_of(member, c.conversation);
        mls::CommitOptions options;
        options.proposals = {mls::Proposal{mls::GroupContextExtensions{seal::policy::encode(policy)}}};
        options.authenticated_data = seal::bind(seal::commit_purpose, message_id(1));
        const auto made = must(group.commit(lawless(member), options));
        c.world.group_info = mls::encode(mls::MLSMessage{made.next.group_info(lawless(member), true, true)});
        c.world.at_relay = {1, made.next.epoch()};
        c.tree.clear();
    }
    Result<seal::Outgoing> joins(const Policy& policy)
    {
        auto out = c.try_rejoin(bob(), policy);
        if (out) bob().tick([&](Groups& g) { return g.refused(c.conversation), 0; });
        return out;
    }
};

Policy raised()
{
    auto out = crew();
    row(out, "ben").role = Role::admin;
    return out;
}

} // namespace

TEST_CASE("doubt: a role that the member who signed the GroupInfo could not give: not joined, and kept as it was")
{
    League l;
    const auto before = *l.bob().groups->version(l.c.conversation);
    for (const char* by : {"ben1", "ada1"}) {
        CAPTURE(by);
        l.claim(by, raised());
        const auto refused = l.joins(raised());
        REQUIRE_FALSE(refused.ok());
        CHECK(refused.error().code == ErrorCode::not_allowed);
        CHECK_MESSAGE(refused.error().detail.find("ben has another role") != std::string::npos, refused.error().detail);
    }
    CHECK(l.bob().groups->version(l.c.conversation) == before);
    // What the owner signs, and what raises nobody, is joined without a word.
    l.claim("ann1", raised());
    const auto by_owner = l.joins(raised());
    REQUIRE_MESSAGE(by_owner.ok(), (by_owner.ok() ? "" : by_owner.error().detail));
    CHECK(by_owner->unproven.empty());
    auto fewer = crew();
    take_out(fewer, "abe");
    l.claim("ben1", fewer);
    const auto after_leaving = l.joins(fewer);
    REQUIRE_MESSAGE(after_leaving.ok(), (after_leaving.ok() ? "" : after_leaving.error().detail));
    CHECK(after_leaving->unproven.empty());
}

TEST_CASE("doubt: what a Welcome alone has said of roles keeps nobody out, until it is proven")
{
    League l(false);
    const auto& id = l.c.conversation;
    CHECK(l.bob().groups->is_hearsay(id));
    CHECK_FALSE(l.bob().groups->entered_by(id).has_value());
    l.claim("ben1", raised());
    const auto joined = l.joins(raised());
    REQUIRE_MESSAGE(joined.ok(), (joined.ok() ? "" : joined.error().detail));
    CHECK(joined->unproven.empty());
    l.bob().tick([&](Groups& g) { return g.prove(id, created), 0; });
    l.bob().crash();
    CHECK_FALSE(l.bob().groups->is_hearsay(id));
    CHECK(l.bob().groups->entered_by(id) == created);
    CHECK(l.joins(raised()).error().code == ErrorCode::not_allowed);
    l.bob().tick([&](Groups& g) { return g.prove(id, message_id(78)), 0; }); // Once.
    CHECK(l.bob().groups->entered_by(id) == created);
    CHECK_FALSE(l.c.at("ann1").groups->is_hearsay(id)); // By a commit of its own.
}

TEST_CASE("doubt: it ends after a week, and says so: who could have raised them has not been there since")
{
    League l;
    l.claim("ben1", raised());
    const auto start = l.c.world.now_ms;
    CHECK(l.joins(raised()).error().code == ErrorCode::not_allowed);
    SUBCASE("a week later, the device has been off in between")
    {
        l.bob().crash();
        l.c.world.now_ms = start + seal::doubt_kept_ms - 1;
        CHECK(l.joins(raised()).error().code == ErrorCode::not_allowed);
        l.bob().crash();
        l.c.world.now_ms += 1;
        const auto joined = l.joins(raised());
        REQUIRE_MESSAGE(joined.ok(), (joined.ok() ? "" : joined.error().detail));
        CHECK(joined->unproven.find("ben has another role") != std::string::npos);
    }
    SUBCASE("in between, it was as it should be: the week begins anew")
    {
        l.c.world.now_ms = start + seal::doubt_kept_ms / 2;
        l.claim("ann1", crew());
        REQUIRE(l.joins(crew()).ok());
        l.claim("ben1", raised());
        l.c.world.now_ms = start + seal::doubt_kept_ms + 1;
        CHECK(l.joins(raised()).error().code == ErrorCode::not_allowed);
    }
    SUBCASE("by a clock that was ahead: from now on")
    {
        l.c.world.now_ms = start - 30 * day_ms;
        CHECK(l.joins(raised()).error().code == ErrorCode::not_allowed);
        l.c.world.now_ms += seal::doubt_kept_ms - 1;
        CHECK(l.joins(raised()).error().code == ErrorCode::not_allowed);
        l.c.world.now_ms += 1;
        CHECK(l.joins(raised()).ok());
    }
}
