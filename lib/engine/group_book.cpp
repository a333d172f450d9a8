// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_book.hpp"

#include "lib/crypto/wiped.hpp"
#include "lib/engine/group_record.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

/// Conversations, 16 bytes each.
constexpr std::string_view index_name = "groups";

std::string value_name(const ConversationId& id)
{
    return "groups/" + to_hex(id.view());
}

} // namespace

// ---- what is kept -------------------------------------------------------------------------------

void GroupBook::load(const port::StoredIdentity& identity)
{
    clear();
    account_key_ = identity.account_key;
    account_seed_ = identity.account_seed;
    own_user_ = identity.user;
    const auto index = context_.store.value(index_name).value_or(Bytes());
    for (std::size_t at = 0; at + ConversationId::size_bytes <= index.size(); at += ConversationId::size_bytes) {
        Group group;
        group.direct_members_max = context_.config.group_direct_members_max;
        group.id = *ConversationId::from(BytesView(index).subspan(at, ConversationId::size_bytes));
        const auto value = WipingBytes(context_.store.value(value_name(group.id)).value_or(Bytes()));
        if (decode_record(value, group)) groups_.emplace(group.id, std::move(group));
    }
}

void GroupBook::start(seal::Groups& groups)
{
    for (auto& [id, group] : groups_)
        if (auto policy = groups.policy(id)) {
            for (const auto& member : policy->members)
                if (member.account_key != account_key_) load_list(member.account_key);
            take_policy(group, std::move(policy));
        }
    count_accounts();
}

void GroupBook::stop()
{
    for (auto& [id, group] : groups_) {
        group.policy = nullptr;
        group.circle.reset();
        group.shut_out = group.roster_asked = group.joins_asked = false;
        group.joins_shown.clear();
        group.ask_after = Instant{};
    }
    accounts_.clear();
}

void GroupBook::clear()
{
    groups_.clear();
    lists_.clear();
    by_device_.clear();
    accounts_.clear();
    changed_.clear();
    shown_.clear();
    returned_.clear();
    happened_.clear();
}

void GroupBook::save(const Group& group)
{
    context_.store.put_value(value_name(group.id), encode_record(group));
}

void GroupBook::save_index()
{
    Bytes out;
    for (const auto& [id, group] : groups_)
        append(out, id.view());
    context_.store.put_value(index_name, out);
}

const Group* GroupBook::find(const ConversationId& id) const
{
    const auto at = groups_.find(id);
    return at == groups_.end() ? nullptr : &at->second;
}

Group* GroupBook::get(const ConversationId& id)
{
    const auto at = groups_.find(id);
    return at == groups_.end() ? nullptr : &at->second;
}

Group& GroupBook::make(const ConversationId& id)
{
    const auto [at, fresh] = groups_.try_emplace(id);
    at->second.id = id;
    at->second.direct_members_max = context_.config.group_direct_members_max;
    if (fresh) save_index();
    return at->second;
}

// ---- what this device begins --------------------------------------------------------------------

void GroupBook::begin(const ConversationId& id, ConversationKind kind, WipingBytes secret, wire::GroupProfile profile)
{
    auto& group = make(id);
    group.kind = kind;
    group.secret = std::move(secret);
    group.profile = std::move(profile);
    save(group);
}

void GroupBook::asked(const ConversationId& id)
{
    auto& group = make(id);
    if (group.state == Group::State::in && group.policy) return;
    group.state = Group::State::asked;
    save(group);
}

void GroupBook::forget(const ConversationId& id)
{
    if (groups_.erase(id) == 0) return;
    context_.store.remove_value(value_name(id));
    save_index();
}

// ---- what the relay says ------------------------------------------------------------------------

void GroupBook::news(const wire::relay::GroupNews& news)
{
    auto* group = get(news.conversation);
    if (group == nullptr) {
        if (!news.member) return;
        if (roster_.person_of(news.conversation) != nullptr)
            return context_.reject("a group of many under the id of a conversation of two");
        if (groups_.size() >= groups_max) return context_.reject("more groups than groups_max");
        group = &make(news.conversation);
        save(*group);
    }
    if (!news.member) {
        // Its commit tells; when that is lost, the relay will not have us any more (GroupFetch).
        if (group->state == Group::State::in) changed_.insert(group->id);
        return;
    }
    if (group->state != Group::State::in) {
        group->rejoins = true; // It was out; or asks to come back, having been in.
        group->state = Group::State::in;
        group->roster = 0;
        group->closed_told = false;
        save(*group);
        changed_.insert(group->id);
    }
    if (!group->policy) changed_.insert(group->id);
    group->roster_shown = news.roster;
    group->joins = news.joins;
    if (news.joins == 0) keep_applicants(*group, [](const std::string&) { return false; });
    if (news.joins < group->joins_shown.size()) group->joins_shown.clear(); // Some are gone: which, the relay shows.
    group->joins_asked = false;
}

void GroupBook::roster_came(const ConversationId& id, const wire::relay::GroupRoster& page)
{
    auto* group = get(id);
    if (group == nullptr) return;
    group->roster_asked = false;
    bool changed = false;
    for (const auto& entry : page.entries) {
        if (!wire::is_user_name(entry.user) || !entry.member) continue;
        if (entry.account_key == account_key_) {
            if (entry.secret.empty()) continue;
            auto secret = seal::open_group_secret(account_seed_, id, entry.secret);
            if (!secret) {
                context_.reject("the secret of a group: " + secret.error().detail);
                continue;
            }
            // Anybody could have sealed one for us: it counts when it opens what the members have agreed on.
            if (crypto::secure_equal(*secret, group->secret)) continue;
            keep_given(*group, std::move(*secret));
            if (group->policy && !group->readable && open_profile(*group)) {
                pictures_.emplace(group->id, Picture{});
                tell(*group, event::GroupChanged::What::profile, {}, {});
                note_unread(*group);
                changed = true;
            }
            continue;
        }
        if (!entry.device_list.empty())
            changed = take_list(entry.user, entry.account_key, entry.device_list) || changed;
    }
    group->roster = std::max(group->roster, page.version);
    if (page.more && page.version >= group->roster_shown) group->roster_shown = page.version + 1;
    if (!page.more) group->roster_shown = std::min(group->roster_shown, group->roster);
    save(*group);
    if (!changed) return;
    group->circle.reset();
    changed_.insert(id);
}

void GroupBook::roster_failed(const ConversationId& id, Instant again)
{
    auto* group = get(id);
    if (group == nullptr) return;
    group->roster_asked = false;
    if (again == never)
        group->roster_shown = group->roster;
    else
        group->ask_after = again;
}

void GroupBook::out(const ConversationId& id, const std::string& by)
{
    auto* group = get(id);
    if (group == nullptr || group->state == Group::State::out) return;
    group->state = Group::State::out;
    group->shut_out = false;
    group->policy = nullptr;
    group->circle.reset();
    group->applicants.clear();
    group->answered.clear();
    save(*group);
    count_accounts();
    changed_.insert(id);
    pictures_[id] = {};
    tell(*group, event::GroupChanged::What::closed, by, {});
}

bool GroupBook::shut_out(const ConversationId& id, bool is_so)
{
    auto* group = get(id);
    if (group == nullptr || group->shut_out == is_so) return false;
    group->shut_out = is_so;
    shown_.insert(id);
    changed_.insert(id); // What waits there goes on.
    return true;
}

void GroupBook::disconnected()
{
    for (auto& [id, group] : groups_) {
        group.roster_asked = group.joins_asked = false;
        group.joins_shown.clear();
        group.ask_after = Instant{};
    }
}

bool GroupBook::wants_roster(const Group& group)
{
    return group.state == Group::State::in && !group.roster_asked && group.roster < group.roster_shown;
}

bool GroupBook::wants_joins(const Group& group) const
{
    const auto* own = group.own(account_key_);
    return group.joins > 0 && !group.joins_asked && own != nullptr && own->role >= group.policy->invite &&
           group.readable;
}

std::vector<GroupBook::Wish> GroupBook::take_wishes(Instant now)
{
    std::vector<Wish> out;
    for (auto& [id, group] : groups_) {
        if (group.ask_after > now) continue;
        if (wants_roster(group)) {
            group.roster_asked = true;
            out.push_back({id, false, group.roster});
        }
        if (wants_joins(group)) {
            group.joins_asked = true;
            out.push_back({id, true, 0});
        }
    }
    return out;
}

Instant GroupBook::wishes_at() const
{
    Instant out = never;
    for (const auto& [id, group] : groups_)
        if (wants_roster(group) || wants_joins(group)) out = earlier(out, group.ask_after);
    return out;
}

} // namespace godwit::engine
