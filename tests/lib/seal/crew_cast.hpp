// SPDX-License-Identifier: Apache-2.0
// A group of many, and what its members commit when they ask nobody.
#pragma once

#include "tests/lib/seal/crew_world.hpp"
#include "tests/lib/seal/insider.hpp"

namespace godwit::test {

using seal::Groups;
using seal::Policy;

/// Ann owns it, Ada is an admin, Bob and Ben are members; Ben has two devices, the others one. Eve has one, and is not
/// in it.
struct Crew : CrewWorld {
    explicit Crew(std::uint64_t seed = 1) : CrewWorld(seed)
    {
        for (const char* user : {"ann", "ada", "bob", "ben", "eve"})
            device(user, user);
        device("ben", "ben2");
        Policy policy = policy_of("ann", {"ada", "bob", "ben"});
        row(policy, "ada").role = Role::admin;
        create(at("ann"), policy);
    }
    template <class Edit>
    Policy edited(const char* by, Edit edit)
    {
        Policy out = policy_now(at(by));
        edit(out);
        return out;
    }
    template <class Edit>
    seal::Changes does(const char* by, Edit edit)
    {
        return change(at(by), edited(by, edit));
    }
    /// Why not.
    template <class Edit>
    std::string refused(const char* by, Edit edit)
    {
        const auto made = try_change(at(by), edited(by, edit));
        if (made.ok()) return "it was done";
        CHECK(made.error().code == ErrorCode::not_allowed);
        return made.error().detail;
    }
    /// A commit that `by` makes asking nobody, as all others judge it.
    std::map<std::string, seal::CommitOutcome> lawless_commit(const char* by, mls::CommitOptions options,
                                                              const std::vector<Bytes>& lists = {},
                                                              BytesView rules = {})
    {
        auto group = group_of(at(by), conversation);
        const auto id = message_id(world.next_seed());
        options.authenticated_data = wire::bind(wire::commit_purpose, id, lists, rules);
        const auto made = must(group.commit(lawless(at(by)), options));
        return commit_at_all(at(by), id, made.commit);
    }
    [[nodiscard]] mls::LeafIndex leaf_of(const char* name)
    {
        return *seal::find_device(group_of(at("ann"), conversation).tree(), at(name).id);
    }
};

inline void check_rejected(const std::map<std::string, seal::CommitOutcome>& outcomes, std::size_t count)
{
    CHECK(outcomes.size() == count);
    for (const auto& [member, outcome] : outcomes) {
        CAPTURE(member);
        CHECK(std::string(name(outcome.verdict)) == "rejected");
        CHECK(outcome.mls_error == static_cast<std::uint32_t>(mls::MlsError::refused_by_application));
    }
}

} // namespace godwit::test
