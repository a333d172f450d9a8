// SPDX-License-Identifier: Apache-2.0
// Of chats: in groups of many, who gets what is said, and who may say it.
#include "lib/engine/chats.hpp"

#include "lib/seal/policy.hpp"

#include <set>

namespace godwit::engine {

/// What a body does, as policies see it.
std::optional<seal::policy::Speech> speech_of(const content::Body& body)
{
    using seal::policy::Speech;
    if (std::holds_alternative<content::Recall>(body)) return std::nullopt; // Lets things go, and nothing come.
    if (content::is_shown(body) || std::holds_alternative<content::Edit>(body)) return Speech::post;
    return std::holds_alternative<content::Reaction>(body) ? Speech::react : Speech::rule;
}

Result<void> Chats::may_say(const conversation::Parties& parties, const content::Body& body, Moment now) const
{
    const auto* group = book_.find(parties.conversation);
    if (group == nullptr) return {};
    if (group->own(roster_.self().stored.account_key) == nullptr)
        return Error{ErrorCode::not_allowed, "this account is not in this group", 0};
    const auto speech = speech_of(body);
    if (!speech) return {}; // Also where it is over: that somebody ends a group keeps nobody's words.
    if (!book_.is_active(*group, now.wall_ms)) return Error{ErrorCode::not_allowed, "this group is over", 0};
    if (const auto why = seal::policy::hush(*group->policy, roster_.self().stored.account_key, *speech, now.wall_ms))
        return Error{ErrorCode::not_allowed, *why, 0};
    return {};
}

Result<std::vector<delivery::Recipient>> Chats::reach_group(const Group& group) const
{
    if (group.own(roster_.self().stored.account_key) == nullptr)
        return Error{ErrorCode::not_allowed, "this account is not in this group", 0};
    std::vector<delivery::Recipient> out;
    bool all_known = group.is_small();
    for (const auto& member : group.policy->members) {
        if (!all_known) break;
        if (member.user == own_user_) continue;
        const auto party = book_.party_of(member.user, member.account_key);
        if (!party) {
            all_known = false; // Who has just come in does not know everybody's devices yet; the relay does.
            break;
        }
        for (const auto& device : party->devices)
            out.push_back({device, member.user});
    }
    if (!all_known) return std::vector<delivery::Recipient>{{fan_device(group.id), {}}};
    for (auto& device : own_devices())
        out.push_back(std::move(device));
    return out;
}

std::vector<delivery::Recipient> Chats::contacts_in(const Group& group) const
{
    std::vector<delivery::Recipient> out;
    for (const auto& member : group.policy->members) {
        const auto* person = roster_.person(member.user);
        if (person == nullptr || person->own || !person->may_talk() || person->stored.account_key != member.account_key)
            continue;
        for (const auto& device : person->devices)
            out.push_back({device.device, member.user});
    }
    return out;
}

/// In a large group who reads tells only those whose words it read, and of them only contacts: what it costs does not
/// grow with the group.
std::vector<delivery::Recipient> Chats::authors_in(const Group& group, const conversation::Place& up_to) const
{
    constexpr std::uint32_t looked_at = 64;
    constexpr std::size_t told_max = 16;
    std::set<std::string> authors;
    for (const auto& row : context_.store.history(group.id, looked_at, std::nullopt))
        if (authors.size() < told_max && row.message.from != own_user_ && !row.quiet &&
            conversation::Place{row.hlc_ms, row.message.id} <= up_to)
            authors.insert(row.message.from);
    auto out = contacts_in(group);
    std::erase_if(out, [&](const auto& one) { return !authors.contains(one.user); });
    return out;
}

} // namespace godwit::engine
