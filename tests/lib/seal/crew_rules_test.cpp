// SPDX-License-Identifier: Apache-2.0
// What a commit says to the relay of the rules that it leads to is what it leads to.
#include "lib/policy/outline.hpp"
#include "lib/seal/policy_extension.hpp"
#include "tests/lib/seal/crew_cast.hpp"

using namespace godwit;
using namespace godwit::test;
using Verdict = seal::CommitOutcome::Verdict;

TEST_CASE("crew: a commit that says to the relay that it leads to other rules than it does is refused by all")
{
    Crew crew;
    const auto now = seal::policy::encode(crew.policy_now(crew.at("ann")));
    auto without_bob = crew.policy_now(crew.at("bob"));
    take_out(without_bob, "bob");
    auto quiet = crew.policy_now(crew.at("ada"));
    quiet.all_muted = true;
    const auto muted = seal::policy::encode(quiet);
    mls::CommitOptions keys, mutes;
    mutes.proposals = {mls::Proposal{mls::GroupContextExtensions{muted}}};
    const auto others_rules = [&](const char* by, const mls::CommitOptions& options, const mls::Extensions& says) {
        const auto outcomes = crew.lawless_commit(by, options, {}, seal::policy::rules_of(says));
        check_rejected(outcomes, 4);
        for (const auto& [member, outcome] : outcomes)
            CHECK_MESSAGE(outcome.detail.find("other rules") != std::string::npos, outcome.detail);
    };
    others_rules("bob", keys, seal::policy::encode(without_bob)); // Nothing changes, and it says that something does.
    others_rules("ada", mutes, now);                              // Something changes, and it says that nothing does.
    others_rules("ada", mutes, seal::policy::encode(without_bob));
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
    // What is so is followed; and what says nothing, from before relays asked for it.
    for (const bool says : {true, false}) {
        Crew another;
        const auto rules = seal::policy::rules_of(seal::policy::encode(another.policy_now(another.at("bob"))));
        for (const auto& [member, outcome] : another.lawless_commit("bob", keys, {}, says ? rules : Bytes()))
            CHECK_MESSAGE(outcome.verdict == Verdict::applied, member << ": " << outcome.detail);
    }
}

TEST_CASE("crew: what honest members commit says its rules: made, changed, renewed, and joined from outside")
{
    Crew crew;
    const auto said = [](const Bytes& commit) {
        const auto read = wire::read_mls_commit(commit);
        REQUIRE(read.has_value());
        return to_bytes(read->rules);
    };
    const auto shown = [](const Bytes& info) {
        const auto read = wire::read_mls_group_info(info);
        REQUIRE(read.has_value());
        return seal::policy::rules_digest(read->context_extensions);
    };
    auto& ann = crew.at("ann");
    auto& bob = crew.at("bob");
    auto muted = crew.policy_now(ann);
    muted.all_muted = true;
    const auto change = crew.try_change(ann, muted);
    REQUIRE(change.ok());
    CHECK(said(change->commit) == seal::policy::rules_of(seal::policy::encode(muted)));
    CHECK(said(change->commit) == shown(change->group_info));
    crew.deliver(ann, *change);
    const auto keys = crew.try_change(bob);
    REQUIRE(keys.ok());
    CHECK(said(keys->commit) == said(change->commit));
    crew.deliver(bob, *keys);
    const auto joins = crew.try_rejoin(bob, muted);
    REQUIRE(joins.ok());
    CHECK(joins->external);
    CHECK(said(joins->commit) == shown(joins->group_info));
    crew.deliver(bob, *joins);
    auto policy = policy_of("eve", {});
    crew.conversation = ConversationId{{9}};
    const auto made = crew.at("eve").tick([&](Groups& g) {
        std::vector<DeviceId> bad;
        return g.create(crew.circle("eve", policy, true), 1, {}, bad, start_ms);
    });
    REQUIRE(made.ok());
    CHECK(said(made->commit) == shown(made->group_info));
}
