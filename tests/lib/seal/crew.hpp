// SPDX-License-Identifier: Apache-2.0
// A group to argue about: Ann owns it, Ada and Abe are admins, Bob and Ben are members, Eve is not in it.
#pragma once

#include "lib/seal/policy.hpp"
#include "tests/lib/seal/world.hpp"

#include <algorithm>

namespace godwit::test {

inline void sort_members(seal::Policy& policy)
{
    std::sort(policy.members.begin(), policy.members.end(),
              [](const GroupMember& a, const GroupMember& b) { return a.account_key < b.account_key; });
}
inline void take_in(seal::Policy& policy, const std::string& user, Role role = Role::member)
{
    policy.members.push_back({user, account_key(user), role, 0});
    sort_members(policy);
}
/// As who leaves does it: the secret stays what it is, and somebody knows it who is out.
inline void take_out(seal::Policy& policy, std::string_view user)
{
    std::erase_if(policy.members, [&](const GroupMember& member) { return member.user == user; });
    policy.stale = true;
}
inline GroupMember& row(seal::Policy& policy, std::string_view user)
{
    const auto at = std::find_if(policy.members.begin(), policy.members.end(),
                                 [&](const GroupMember& member) { return member.user == user; });
    REQUIRE(at != policy.members.end());
    return *at;
}

inline seal::Policy policy_of(const std::string& owner, const std::vector<std::string>& members = {})
{
    seal::Policy out;
    out.profile = Bytes{1, 2, 3};
    take_in(out, owner, Role::owner);
    for (const std::string& user : members)
        take_in(out, user);
    return out;
}
inline seal::Policy crew()
{
    seal::Policy out = policy_of("ann", {"ada", "abe", "bob", "ben"});
    row(out, "ada").role = row(out, "abe").role = Role::admin;
    return out;
}

/// So many members; Ann owns it, the others have no devices.
inline seal::Policy crowd(std::size_t count)
{
    seal::Policy out = policy_of("ann");
    for (std::size_t i = 1; i < count; ++i) {
        PublicKey key;
        for (std::size_t b = 0; b < 4; ++b)
            key.bytes[b] = static_cast<std::uint8_t>(i >> (8 * (3 - b)));
        out.members.push_back({"user" + std::to_string(i), key, Role::member, 0});
    }
    sort_members(out);
    return out;
}

} // namespace godwit::test
