// SPDX-License-Identifier: Apache-2.0
// Of the group book: an epoch was entered, and what that means to the application.
#include "lib/engine/group_book.hpp"

#include "lib/base/harmless.hpp"
#include "lib/conversation/copies.hpp"
#include "lib/crypto/wiped.hpp"
#include "lib/identity/conversation_id.hpp"

#include <algorithm>

namespace godwit::engine {

using What = event::GroupChanged::What;
using Note = content::GroupNote::What;

namespace {

/// That a discussion is over no commit says.
constexpr seal::Version end_version{};

wire::GroupProfile tamed(wire::GroupProfile profile)
{
    profile.name = harmless_line(profile.name);
    for (auto& avatar : profile.avatar)
        conversation::make_harmless(avatar);
    return profile;
}

void note_profile(std::vector<content::GroupNote>& out, const std::string& by, const wire::GroupProfile& before,
                  const wire::GroupProfile& after)
{
    if (after.name != before.name) out.push_back({Note::name, by, {}, after.name, 0});
    if (after.about != before.about) out.push_back({Note::about, by, {}, after.about, 0});
    if (after.announcement != before.announcement) out.push_back({Note::announcement, by, {}, after.announcement, 0});
    if (after.avatar != before.avatar) out.push_back({Note::avatar, by, {}, {}, 0});
}

struct Opened {
    wire::GroupProfile profile;
    const WipingBytes* secret; ///< Of the group.
};

/// By whichever of its secrets does; nullopt: none of them.
std::optional<Opened> open_by_any(const Group& group, BytesView sealed)
{
    std::vector<const WipingBytes*> secrets;
    if (!group.secret.empty()) secrets.push_back(&group.secret);
    for (const auto* some : {&group.spare_secrets, &group.given_secrets})
        for (const auto& secret : *some)
            secrets.push_back(&secret);
    for (const auto* secret : secrets)
        if (auto profile = seal::open_profile(*secret, group.id, sealed))
            return Opened{tamed(std::move(*profile)), secret};
    return std::nullopt;
}

} // namespace

void GroupBook::take_policy(Group& group, std::shared_ptr<const seal::Policy> policy)
{
    group.policy = std::move(policy);
    group.kind = group.policy->kind;
    group.circle.reset();
    group.joins_asked = false; // What could not be judged by the epoch before is judged by this one.
    (void)open_profile(group);
}

bool GroupBook::open_profile(Group& group)
{
    group.readable = false;
    if (!group.policy) return false;
    auto opened = open_by_any(group, group.policy->profile);
    if (opened) group.profile = std::move(opened->profile);
    if (opened && opened->secret == &group.secret) return group.readable = true;
    for (auto* some : {&group.spare_secrets, &group.given_secrets}) {
        const auto at = std::find_if(some->begin(), some->end(),
                                     [&](const WipingBytes& one) { return opened && &one == opened->secret; });
        if (at == some->end()) continue;
        auto secret = std::move(*at);
        some->erase(at);
        // A commit may be taken back: the epoch before has the profile that the former opens.
        if (!group.secret.empty()) keep_spare(group, std::move(group.secret));
        group.secret = std::move(secret);
        return group.readable = true;
    }
    context_.log("the profile of a group does not open yet");
    // Another secret lies at the relay, if there is one: asked for after the commit that brought it has come.
    group.roster_shown = std::max(group.roster_shown, group.roster + 1);
    return false;
}

namespace {

void keep_newest(std::vector<WipingBytes>& some, WipingBytes secret, std::size_t count_max)
{
    std::erase_if(some, [&](const WipingBytes& one) { return crypto::secure_equal(one, secret); });
    some.insert(some.begin(), std::move(secret));
    if (some.size() > count_max) some.resize(count_max);
}

bool is_among(const std::vector<WipingBytes>& some, const WipingBytes& secret)
{
    return std::any_of(some.begin(), some.end(),
                       [&](const WipingBytes& one) { return crypto::secure_equal(one, secret); });
}

} // namespace

void GroupBook::keep_spare(Group& group, WipingBytes secret)
{
    if (crypto::secure_equal(secret, group.secret)) return;
    std::erase_if(group.given_secrets, [&](const WipingBytes& one) { return crypto::secure_equal(one, secret); });
    keep_newest(group.spare_secrets, std::move(secret), group_spare_secrets_max);
}

void GroupBook::keep_given(Group& group, WipingBytes secret)
{
    if (crypto::secure_equal(secret, group.secret) || is_among(group.spare_secrets, secret)) return;
    keep_newest(group.given_secrets, std::move(secret), group_given_secrets_max);
}

void GroupBook::keep_secret(const ConversationId& id, WipingBytes secret)
{
    auto* group = get(id);
    if (group == nullptr) return;
    keep_spare(*group, std::move(secret));
    save(*group);
}

void GroupBook::tell(const Group& group, What what, std::string by, std::vector<std::string> users)
{
    shown_.insert(group.id);
    context_.event(event::GroupChanged{what, group.id, group.profile.name, std::move(by), std::move(users)});
}

void GroupBook::entered(const seal::Changes& changes, WallMs now_ms)
{
    if (!changes.policy && !changes.policy_before) return; // A conversation of two.
    auto* group = get(changes.conversation);
    const auto* judge = changes.policy_before ? changes.policy_before.get() : changes.policy.get();
    const auto* by_member = judge->find(changes.committer_account);
    const std::string by = by_member == nullptr ? std::string() : by_member->user;
    if (changes.self_removed) {
        // Who is still in the policy was put out by mistake, and comes back by itself.
        if (!changes.policy || changes.policy->find(account_key_) != nullptr) return;
        if (group != nullptr && group->state != Group::State::out)
            note(*group, changes.version, {by == own_user_ ? Note::left : Note::removed, by, {own_user_}, {}, 0});
        return out(changes.conversation, by);
    }
    if (group == nullptr) group = &make(changes.conversation);
    const bool joined = !group->policy || group->state != Group::State::in;
    const bool was_out = group->state != Group::State::in || group->rejoins;
    const auto before = group->policy;
    const auto profile_before = group->profile;
    const bool was_readable = group->readable;
    group->state = Group::State::in;
    group->rejoins = false;
    for (const auto& member : changes.policy->members)
        if (member.account_key != account_key_) load_list(member.account_key);
    take_policy(*group, changes.policy);
    count_accounts();
    save(*group);
    changed_.insert(group->id);
    const bool is_new = !context_.store.conversation(group->id);
    if (is_new) {
        context_.store.put_conversation({group->id, group->kind, {}, now_ms});
        tell(*group, What::joined, by, {own_user_});
    } else if (joined) {
        returned_.insert(group->id);
        if (was_out) tell(*group, What::joined, by, {own_user_});
    }
    group->closed_told = group->closed_told && !joined && !is_active(*group, now_ms);
    auto& picture = pictures_[group->id];
    if (group->profile.avatar != profile_before.avatar) picture.by = changes.policy_before ? by : std::string();
    picture.more = picture.more || !changes.added.empty();
    if (before) tell_changes(*group, before.get(), by);
    // Whoever was told of a group without a name is told its name, whatever brings it.
    if (before && !was_readable && group->readable && before->profile == changes.policy->profile)
        tell(*group, What::profile, by, {});
    if (changes.policy_before || is_new || was_out) note_changes(*group, changes, profile_before, was_readable, by);
    note_unread(*group);
    if (group->policy->dissolved) handle_deadline({Instant{}, now_ms});
}

void GroupBook::note(const Group& group, const seal::Version& version, content::GroupNote note)
{
    happened_.push_back({group.id, version.incarnation, version.epoch, std::move(note)});
}

/// What people see in the history, from the two policies: the same on every device that saw the change. Of channels,
/// not who comes and goes: there are many, and nobody knows them.
void GroupBook::note_changes(Group& group, const seal::Changes& changes, const wire::GroupProfile& profile_before,
                             bool was_readable, const std::string& by)
{
    constexpr std::size_t notes_max = 32; // Of one change.
    const auto& now = *group.policy;
    const auto* before = changes.policy_before.get();
    std::vector<content::GroupNote> notes;
    const auto some = [](std::vector<std::string> users) {
        std::sort(users.begin(), users.end());
        if (users.size() > content::group_note_users_max) users.resize(content::group_note_users_max);
        return users;
    };
    if (before == nullptr) {
        // This device comes in: with its account, or after it, when a sibling knows what happened.
        const auto* own = now.find(account_key_);
        const bool owns = own != nullptr && own->role == Role::owner;
        std::vector<std::string> others;
        for (const auto& member : now.members)
            if (member.account_key != account_key_) others.push_back(member.user);
        if (owns && changes.version.epoch <= 1)
            note(group, changes.version, {Note::created, own_user_, some(std::move(others)), {}, 0});
        else if (!owns && by != own_user_)
            note(group, changes.version, {Note::added, by, {own_user_}, {}, 0});
        return;
    }
    std::vector<std::string> added, removed, left;
    for (const auto& member : now.members)
        if (before->find(member.account_key) == nullptr) added.push_back(member.user);
    for (const auto& member : before->members)
        if (now.find(member.account_key) == nullptr) (member.user == by ? left : removed).push_back(member.user);
    if (now.kind != ConversationKind::channel) {
        if (!added.empty()) notes.push_back({Note::added, by, some(std::move(added)), {}, 0});
        if (!removed.empty()) notes.push_back({Note::removed, by, some(std::move(removed)), {}, 0});
        if (!left.empty()) notes.push_back({Note::left, by, some(std::move(left)), {}, 0});
    }
    for (const auto& member : now.members) {
        const auto* was = before->find(member.account_key);
        if (was == nullptr) continue;
        if (was->role != member.role)
            notes.push_back({Note::role, by, {member.user}, std::string(role_name(member.role)), 0});
        if (was->muted_until_ms != member.muted_until_ms)
            notes.push_back({Note::muted, by, {member.user}, {}, member.muted_until_ms});
    }
    if (before->all_muted != now.all_muted) notes.push_back({Note::all_muted, by, {}, {}, now.all_muted ? 1 : 0});
    if (before->invite != now.invite || before->join != now.join || before->receipts != now.receipts)
        notes.push_back({Note::rules, by, {}, {}, 0});
    if (before->profile != now.profile) {
        if (was_readable && group.readable)
            note_profile(notes, by, profile_before, group.profile);
        else if (group.unread.size() < group_unread_max)
            group.unread.push_back({changes.version, by, before->profile, now.profile});
    }
    if (before->kind != now.kind) notes.push_back({Note::promoted, by, {}, {}, 0});
    if (now.dissolved && !before->dissolved) notes.push_back({Note::dissolved, by, {}, {}, 0});
    if (notes.size() > notes_max) notes.resize(notes_max);
    for (auto& one : notes)
        note(group, changes.version, std::move(one));
}

/// A device that came into the group shortly before may have followed changes before it got the secret.
void GroupBook::note_unread(Group& group)
{
    if (!group.readable) return;
    for (const auto& one : std::exchange(group.unread, {})) {
        const auto before = open_by_any(group, one.before);
        const auto after = open_by_any(group, one.after);
        std::vector<content::GroupNote> notes;
        if (before && after) note_profile(notes, one.by, before->profile, after->profile);
        for (auto& said : notes)
            note(group, one.version, std::move(said));
    }
}

void GroupBook::tell_changes(Group& group, const seal::Policy* before, const std::string& by)
{
    const auto& now = *group.policy;
    std::vector<std::string> added, removed;
    bool rules = before->invite != now.invite || before->join != now.join || before->all_muted != now.all_muted ||
                 before->receipts != now.receipts;
    for (const auto& member : now.members) {
        const auto* was = before->find(member.account_key);
        if (was == nullptr)
            added.push_back(member.user);
        else
            rules = rules || *was != member;
    }
    for (const auto& member : before->members)
        if (now.find(member.account_key) == nullptr) removed.push_back(member.user);
    if (!added.empty()) tell(group, What::added, by, std::move(added));
    if (!removed.empty()) tell(group, What::removed, by, std::move(removed));
    if (rules) tell(group, What::rules, by, {});
    if (before->profile != now.profile) tell(group, What::profile, by, {});
    if (before->kind != now.kind) {
        tell(group, What::promoted, by, {});
        // Whoever was away meanwhile, and comes back after what was to be its end, has taken it to be over.
        std::erase_if(happened_,
                      [&](const auto& one) { return one.conversation == group.id && one.note.what == Note::expired; });
        taken_back({group.id, end_version.incarnation, end_version.epoch, end_version.epoch});
    }
    if (now.dissolved && !before->dissolved) {
        group.closed_told = true;
        tell(group, What::closed, by, {});
    }
}

bool GroupBook::is_so(const ConversationId& id, const content::GroupNote& note) const
{
    const auto* group = find(id);
    if (group == nullptr || !group->policy) return false;
    const auto& policy = *group->policy;
    const auto each = [&](auto holds) {
        return std::all_of(note.users.begin(), note.users.end(), [&](const std::string& user) {
            const auto at = std::find_if(policy.members.begin(), policy.members.end(),
                                         [&](const auto& member) { return member.user == user; });
            return holds(at == policy.members.end() ? nullptr : &*at);
        });
    };
    using Member = const GroupMember*;
    switch (note.what) {
    case Note::added: return each([](Member one) { return one != nullptr; });
    case Note::removed:
    case Note::left: return each([](Member one) { return one == nullptr; });
    case Note::role: return each([&](Member one) { return one != nullptr && role_name(one->role) == note.text; });
    case Note::muted: return each([&](Member one) { return one != nullptr && one->muted_until_ms == note.until_ms; });
    case Note::all_muted: return policy.all_muted == (note.until_ms != 0);
    case Note::name: return group->profile.name == note.text;
    case Note::about: return group->profile.about == note.text;
    case Note::announcement: return group->profile.announcement == note.text;
    case Note::promoted: return policy.kind == ConversationKind::group;
    case Note::dissolved: return policy.dissolved;
    case Note::avatar:
    case Note::rules: return false; // It does not say what they are.
    case Note::expired: return policy.expires_ms != 0;
    case Note::created: break; // No commit of somebody else's.
    }
    return true;
}

bool GroupBook::is_active(const Group& group, WallMs now_ms) const
{
    return group.own(account_key_) != nullptr && !group.policy->dissolved &&
           (group.policy->expires_ms == 0 || now_ms < group.policy->expires_ms);
}

GroupInfo GroupBook::describe(const Group& group, WallMs now_ms) const
{
    GroupInfo out;
    out.conversation = group.id;
    out.kind = group.kind;
    out.active = is_active(group, now_ms) && !group.shut_out;
    out.name = group.profile.name;
    out.about = group.profile.about;
    out.announcement = group.profile.announcement;
    if (!group.profile.avatar.empty()) out.avatar = group.profile.avatar.front();
    if (!group.policy) return out;
    const auto& policy = *group.policy;
    out.dissolved = policy.dissolved;
    out.expires_ms = policy.expires_ms;
    const auto* own = group.own(account_key_);
    out.own_role = own == nullptr ? Role::none : own->role;
    out.invite = policy.invite;
    out.join = policy.join;
    out.all_muted = policy.all_muted;
    out.receipts = policy.receipts;
    out.members = policy.members;
    std::sort(out.members.begin(), out.members.end(), [](const auto& a, const auto& b) { return a.user < b.user; });
    if (own != nullptr && own->role >= policy.invite)
        for (const auto& [user, applicant] : group.applicants)
            out.applicants.push_back(applicant.said);
    return out;
}

// ---- time ---------------------------------------------------------------------------------------

WallMs GroupBook::next_end_ms() const
{
    WallMs out = 0;
    for (const auto& [id, group] : groups_)
        if (!group.closed_told && group.policy && group.policy->expires_ms > 0 &&
            (out == 0 || group.policy->expires_ms < out))
            out = group.policy->expires_ms;
    return out;
}

Instant GroupBook::deadline(Moment now) const
{
    const auto end = next_end_ms();
    if (end == 0) return never;
    return now.mono + std::chrono::milliseconds(std::clamp<WallMs>(end - now.wall_ms, 0, WallMs{24} * 3600 * 1000));
}

void GroupBook::handle_deadline(Moment now)
{
    for (auto& [id, group] : groups_) {
        if (group.closed_told || !group.policy || group.own(account_key_) == nullptr) continue;
        if (is_active(group, now.wall_ms)) continue;
        group.closed_told = true;
        changed_.insert(id);
        if (group.policy->dissolved) continue;
        tell(group, What::closed, {}, {});
        note(group, end_version, {Note::expired, {}, {}, {}, 0});
    }
}

// ---- whether to follow --------------------------------------------------------------------------

/// The relay lets in only whom a contact takes along, or who has asked; it is not believed.
bool GroupBook::follows(const ConversationId& id, const seal::Policy& policy, const wire::DeviceCertificate& by) const
{
    const auto* own = policy.find(account_key_);
    if (own == nullptr || own->user != own_user_) return false;
    // The id of a conversation of two is no secret to who knows both keys: a group there would be in its way.
    if (roster_.person_of(id) != nullptr) return false;
    for (const auto& member : policy.members)
        if (identity::conversation_of(account_key_, member.account_key) == id) return false;
    if (by.account_key == account_key_) return true;
    if (const auto* group = find(id); group != nullptr && (group->state == Group::State::asked || group->policy))
        return true;
    namespace shared = conversation::shared;
    if (const auto asked = context_.store.register_named(shared::name_of(id, shared::asked));
        asked && !asked->value.empty())
        return true; // On whichever device of the account.
    const auto is_contact = [&](const std::string& user, const PublicKey& account) {
        const auto* person = roster_.person(user);
        return person != nullptr && !person->own && person->stored.state == ContactState::accepted &&
               person->stored.account_key == account;
    };
    if (is_contact(by.user, by.account_key)) return true;
    // A device of ours that comes later, by whoever made the newest epoch: somebody in it is a contact.
    return find(id) != nullptr && std::any_of(policy.members.begin(), policy.members.end(), [&](const auto& member) {
               return is_contact(member.user, member.account_key);
           });
}

} // namespace godwit::engine
