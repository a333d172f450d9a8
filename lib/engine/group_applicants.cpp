// SPDX-License-Identifier: Apache-2.0
// Of the group book: who asks to be let in, and what became of this account's own asking.
#include "lib/engine/group_book.hpp"

#include "lib/base/harmless.hpp"
#include "lib/engine/gathering.hpp"

namespace godwit::engine {

void GroupBook::refused(const wire::relay::GroupJoinRefused& refusal)
{
    const auto id = refusal.conversation;
    auto* group = get(id);
    if (group == nullptr || group->state != Group::State::asked) return;
    if (context_.store.conversation(id)) {
        group->state = Group::State::out; // As before it asked to come back: its history is here.
        save(*group);
    } else {
        forget(id);
    }
    using Why = event::GroupRefused::Why;
    context_.event(event::GroupRefused{id, refusal.why == wire::relay::GroupJoinRefused::stale_link ? Why::stale_link
                                                                                                    : Why::refused});
}

GroupBook::Came GroupBook::joins_came(const ConversationId& id, const wire::relay::GroupJoins& joins, WallMs now_ms)
{
    Came out;
    auto* group = get(id);
    if (group == nullptr || !group->policy) return out;
    const auto& secret = group->profile.link_secret;
    const bool open = is_active(*group, now_ms) && group->policy->join != JoinRule::closed && !secret.empty();
    bool is_news = false;
    for (const auto& entry : joins.entries) {
        const auto shown = group->joins_shown.find(entry.user);
        is_news = is_news || shown == group->joins_shown.end() || shown->second != entry.asked_ms;
        if (shown == group->joins_shown.end() && group->joins_shown.size() >= gathered_max) continue;
        group->joins_shown[entry.user] = entry.asked_ms;
        group->answered.erase(entry.user);
        if (group->policy->find(entry.account_key) != nullptr) continue;
        const seal::Applicant who{entry.user, entry.account_key};
        auto list = identity::verify_device_list(entry.device_list, entry.user, entry.account_key);
        const auto text = open ? seal::open_join(secret, id, who, entry.sealed)
                               : Result<wire::GroupJoinText>(Error{ErrorCode::authentication_failed, {}, 0});
        if (!text) {
            // The secret may be another in a profile that cannot be read here yet.
            if (group->readable) out.stale.push_back({entry.user, entry.asked_ms});
            continue;
        }
        if (!list) {
            out.strangers.push_back(entry.user);
            continue;
        }
        const auto before = group->applicants.find(entry.user);
        const bool fresh = before == group->applicants.end() || before->second.said.asked_ms != entry.asked_ms;
        group->applicants.insert_or_assign(entry.user,
                                           Group::Applicant{{entry.user, harmless_line(text->text), entry.asked_ms},
                                                            entry.account_key,
                                                            std::move(*list)});
        if (fresh) out.fresh.push_back(entry.user);
    }
    // Page after page, as long as they show others. Then those who are not among them do not ask any more.
    out.more = is_news && group->joins_shown.size() < std::min<std::size_t>(group->joins, gathered_max);
    if (out.more) {
        group->joins_asked = false;
        return out;
    }
    keep_applicants(*group, [&](const std::string& user) { return group->joins_shown.contains(user); });
    return out;
}

void GroupBook::joins_failed(const ConversationId& id, Instant again)
{
    auto* group = get(id);
    if (group == nullptr) return;
    group->joins_asked = false;
    if (again == never)
        group->joins = 0;
    else
        group->ask_after = again;
}

void GroupBook::keep_applicants(Group& group, const std::function<bool(const std::string&)>& asks)
{
    std::erase_if(group.applicants, [&](const auto& one) {
        if (asks(one.first)) return false;
        if (group.answered.size() < gathered_max) group.answered.insert(one.first);
        return true;
    });
}

std::optional<Result<void>> GroupBook::late_answer(const Group& group, const std::string& user, bool accept) const
{
    if (!group.answered.contains(user)) return std::nullopt;
    const bool is_in = group.policy->find(user) != nullptr;
    if (is_in == accept) return Result<void>();
    return Result<void>(
        Error{ErrorCode::conflict,
              is_in ? "user: " + user + " is in the group: somebody else has let them in"
                    : "user: " + user + " does not ask any more: somebody else has said no, or nobody in time",
              0});
}

void GroupBook::answered_applicant(const ConversationId& id, const std::string& user)
{
    if (auto* group = get(id)) group->applicants.erase(user);
}

} // namespace godwit::engine
