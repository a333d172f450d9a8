// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_rules.hpp"

#include "lib/base/harmless.hpp"
#include "lib/wire/names.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

Result<void> check_text(std::string_view field, const std::string& text, std::size_t bytes_max)
{
    if (text.size() > bytes_max || !is_utf8(text))
        return invalid(std::string(field) + ": UTF-8, at most " + std::to_string(bytes_max) + " bytes");
    return {};
}

Result<void> check_profile(const wire::GroupProfile& profile)
{
    if (profile.name.empty()) return invalid("name: a group has one");
    if (auto ok = check_text("name", profile.name, group_name_bytes_max); !ok) return ok;
    if (!is_harmless_line(profile.name)) return invalid("name: a line, without control and direction characters");
    if (auto ok = check_text("about", profile.about, group_about_bytes_max); !ok) return ok;
    if (auto ok = check_text("announcement", profile.announcement, group_announcement_bytes_max); !ok) return ok;
    for (const auto& file : profile.avatar)
        if (file.name.size() > content::file_name_bytes_max || file.media_type.size() > content::media_type_bytes_max ||
            !is_utf8(file.name) || !is_utf8(file.media_type))
            return invalid("avatar: a file, as file_add gives it");
    return {};
}

void sort(seal::Policy& policy)
{
    std::sort(policy.members.begin(), policy.members.end(),
              [](const auto& a, const auto& b) { return a.account_key < b.account_key; });
}

GroupMember* member_of(seal::Policy& policy, std::string_view user)
{
    for (auto& one : policy.members)
        if (one.user == user) return &one;
    return nullptr;
}

Result<void> add(NextGroup& out, const std::string& user, const PublicKey& key)
{
    if (out.policy.find(user) != nullptr) return {}; // In already.
    if (out.policy.members.size() >= group_members_max)
        return Error{ErrorCode::quota_exceeded, "a group has at most " + std::to_string(group_members_max) + " members",
                     0};
    out.policy.members.push_back({user, key, Role::member, 0});
    out.joined.push_back(out.policy.members.back());
    return {};
}

Result<void> add_all(NextGroup& out, const std::vector<std::string>& users, const KeyOf& key_of)
{
    if (users.size() > group_invites_max)
        return invalid("at most " + std::to_string(group_invites_max) + " accounts at once: invite the others after");
    for (const auto& user : users) {
        const auto key = key_of(user);
        if (!key) return key.error();
        if (auto ok = add(out, user, *key); !ok) return ok;
    }
    return {};
}

wire::GroupProfile with_fresh_link(wire::GroupProfile profile, port::Entropy& entropy)
{
    profile.link_secret.assign(wire::group_link_secret_bytes, 0);
    entropy.fill(profile.link_secret);
    return profile;
}

void renew(NextGroup& out, wire::GroupProfile profile)
{
    out.profile = std::move(profile);
    out.renews = true;
    out.policy.stale = false;
}

Error unreadable()
{
    return {ErrorCode::busy, "this device has not got the secret of the group yet: try again", 1000};
}

Error no_member(const std::string& user)
{
    return invalid("user: " + user + " is no member of this group");
}

Result<void> apply(NextGroup& out, const wire::GroupProfile* profile, const GroupAct& act, const Self& self,
                   const KeyOf& key_of, port::Entropy& entropy)
{
    auto& policy = out.policy;
    return std::visit(
        Overloaded{
            [](const request::GroupCreate&) -> Result<void> { return Error{ErrorCode::internal, "it exists", 0}; },
            [&](const request::GroupInvite& a) -> Result<void> {
                if (a.users.empty()) return invalid("users: whom to take in");
                return add_all(out, a.users, key_of);
            },
            [&](const TakeIn& a) -> Result<void> { return add(out, a.user, a.account_key); },
            [&](const request::GroupRemove& a) -> Result<void> {
                if (a.users.empty()) return invalid("users: whom to put out");
                for (const auto& user : a.users) {
                    if (user == self.user) return invalid("users: group_leave is for oneself");
                    if (policy.find(user) == nullptr) return no_member(user);
                    std::erase_if(policy.members, [&](const auto& one) { return one.user == user; });
                }
                if (profile == nullptr) { // Whoever can read it renews it.
                    policy.stale = true;
                    return {};
                }
                // Theirs is no door, and what they know opens nothing that comes.
                renew(out, profile->link_secret.empty() ? *profile : with_fresh_link(*profile, entropy));
                return {};
            },
            [&](const request::GroupLeave&) -> Result<void> {
                std::erase_if(policy.members, [&](const auto& one) { return one.account_key == self.account_key; });
                policy.stale = true; // A secret that we chose would be none to us.
                return {};
            },
            [&](const request::GroupRole& a) -> Result<void> {
                auto* member = member_of(policy, a.user);
                if (member == nullptr) return no_member(a.user);
                if (a.role == Role::none) return invalid("role: member, admin or owner");
                if (a.role == Role::owner && a.user != self.user)
                    if (auto* owner = member_of(policy, self.user); owner != nullptr && owner->role == Role::owner)
                        owner->role = Role::admin;
                member->role = a.role;
                if (a.role >= Role::admin) member->muted_until_ms = 0;
                return {};
            },
            [&](const request::GroupMute& a) -> Result<void> {
                if (a.until_ms < 0) return invalid("until_ms: milliseconds since 1970 UTC; 0: may write again");
                if (a.user.empty()) {
                    policy.all_muted = a.until_ms != 0;
                    return {};
                }
                auto* member = member_of(policy, a.user);
                if (member == nullptr) return no_member(a.user);
                member->muted_until_ms = a.until_ms;
                return {};
            },
            [&](const request::GroupSet& a) -> Result<void> {
                if (profile == nullptr && (a.name || a.about || a.announcement || a.avatar)) return unreadable();
                auto next = profile == nullptr ? wire::GroupProfile{} : *profile;
                const auto before = next;
                if (a.name) next.name = *a.name;
                if (a.about) next.about = *a.about;
                if (a.announcement) next.announcement = *a.announcement;
                if (a.avatar) next.avatar.assign(a.avatar->id.is_zero() ? 0 : 1, *a.avatar);
                if (next != before)
                    if (auto ok = check_profile(next); !ok) return ok;
                if (a.invite) policy.invite = *a.invite;
                if (a.join) policy.join = *a.join;
                if (a.receipts) policy.receipts = *a.receipts;
                if (next != before) out.profile = std::move(next);
                return {};
            },
            [&](const request::GroupPromote&) -> Result<void> {
                if (policy.kind != ConversationKind::discussion) return invalid("it is no discussion");
                policy.kind = ConversationKind::group;
                policy.expires_ms = 0;
                return {};
            },
            [&](const request::GroupDissolve&) -> Result<void> {
                policy.dissolved = true;
                policy.expires_ms = 0;
                return {};
            },
            [&](const request::GroupLink& a) -> Result<void> {
                if (policy.join == JoinRule::closed)
                    return Error{ErrorCode::not_allowed, "this group lets nobody in by link: group_set join", 0};
                if (profile == nullptr) return unreadable();
                if (!profile->link_secret.empty() && !a.renew) return {};
                out.profile = with_fresh_link(*profile, entropy);
                return {};
            },
            [&](const RenewSecret&) -> Result<void> {
                if (!policy.stale) return {};
                if (profile == nullptr) return unreadable();
                renew(out, *profile);
                return {};
            },
        },
        act);
}

} // namespace

Result<NextGroup> new_group(const request::GroupCreate& wanted, const Self& self, const KeyOf& key_of, WallMs now_ms)
{
    NextGroup out;
    auto& policy = out.policy;
    if (wanted.kind != ConversationKind::group && wanted.kind != ConversationKind::discussion &&
        wanted.kind != ConversationKind::channel)
        return invalid("kind: group, discussion or channel");
    const bool ends = wanted.kind == ConversationKind::discussion;
    if (ends && (wanted.expires_ms <= now_ms || wanted.expires_ms > now_ms + discussion_ms_max))
        return invalid("expires_ms: a discussion ends, in the future, and within a year");
    if (!ends && wanted.expires_ms != 0) return invalid("expires_ms: of a discussion only");
    if (wanted.invite != Role::member && wanted.invite != Role::admin) return invalid("invite: member or admin");
    policy.kind = wanted.kind;
    policy.invite = wanted.invite;
    policy.join = wanted.join;
    policy.expires_ms = wanted.expires_ms;
    wire::GroupProfile profile;
    profile.name = wanted.name;
    profile.about = wanted.about;
    if (auto ok = check_profile(profile); !ok) return ok.error();
    policy.members.push_back({self.user, self.account_key, Role::owner, 0});
    out.joined.push_back(policy.members.back());
    if (auto ok = add_all(out, wanted.members, key_of); !ok) return ok.error();
    sort(policy);
    out.profile = std::move(profile);
    return out;
}

Result<NextGroup> next_group(const seal::Policy& now, const wire::GroupProfile* profile, const GroupAct& act,
                             const Self& self, const KeyOf& key_of, port::Entropy& entropy)
{
    NextGroup out{now, {}, {}};
    if (auto ok = apply(out, profile, act, self, key_of, entropy); !ok) return ok.error();
    if (profile == nullptr && !out.joined.empty()) return unreadable(); // They would have to get it.
    if (out.profile && out.policy.stale) renew(out, *out.profile);      // Nothing new for who is out.
    sort(out.policy);
    if (!out.changes(now)) return out;
    auto judged = out.policy;
    if (out.profile) judged.profile.push_back(0); // Another one: that it is, is all that is judged of it.
    seal::policy::Act what;
    what.actor = self.account_key;
    for (const auto& one : out.joined)
        what.added.push_back(one.account_key);
    for (const auto& one : now.members) {
        const bool stays = out.policy.find(one.account_key) != nullptr;
        if (!stays && one.account_key != self.account_key) what.removed.push_back({one.account_key, false});
        if (stays || one.account_key == self.account_key) what.left.push_back(one.account_key);
    }
    for (const auto& one : out.joined)
        what.left.push_back(one.account_key);
    if (const auto why = seal::policy::judge(now, judged, what)) return Error{ErrorCode::not_allowed, *why, 0};
    return out;
}

} // namespace godwit::engine
