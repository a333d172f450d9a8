// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_book.hpp"

#include "lib/crypto/wiped.hpp"
#include "lib/engine/account.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

/// Conversations, 16 bytes each.
constexpr std::string_view index_name = "groups";
constexpr std::uint8_t record_version = 3;

std::string value_name(const ConversationId& id)
{
    return "groups/" + to_hex(id.view());
}

/// Of an account that is in a group with this one: its newest device list.
std::string list_name(const PublicKey& account)
{
    return "acquaintance/" + to_hex(account.view());
}

/// version, state, kind, roster (8, big-endian), length of the secret, the secret, number of spare secrets (32 bytes
/// each), these, number of given ones, these, the encoded profile.
Bytes encode(const Group& group)
{
    Bytes out{record_version, static_cast<std::uint8_t>(group.state), static_cast<std::uint8_t>(group.kind)};
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(group.roster >> shift));
    out.push_back(static_cast<std::uint8_t>(group.secret.size()));
    append(out, group.secret);
    for (const auto* some : {&group.spare_secrets, &group.given_secrets}) {
        out.push_back(static_cast<std::uint8_t>(some->size()));
        for (const auto& secret : *some)
            append(out, secret);
    }
    append(out, wire::encode(group.profile));
    return out;
}

bool decode(BytesView bytes, Group& out)
{
    constexpr std::size_t head = 12;
    if (bytes.size() < head || bytes[0] == 0 || bytes[0] > record_version) return false;
    if (bytes[1] < 1 || bytes[1] > 3) return false;
    if (bytes[2] < static_cast<std::uint8_t>(ConversationKind::group) ||
        bytes[2] > static_cast<std::uint8_t>(ConversationKind::channel))
        return false;
    out.state = static_cast<Group::State>(bytes[1]);
    out.kind = static_cast<ConversationKind>(bytes[2]);
    for (std::size_t i = 3; i < 11; ++i)
        out.roster = out.roster << 8 | bytes[i];
    const std::size_t length = bytes[11];
    if (bytes.size() < head + length) return false;
    out.secret = WipingBytes::copy_of(bytes.subspan(head, length));
    auto rest = bytes.subspan(head + length);
    const auto take = [&rest](std::vector<WipingBytes>& into, std::size_t count_max) {
        const std::size_t count = rest.empty() ? 0 : rest[0];
        if (rest.empty() || count > count_max || rest.size() < 1 + count * seal::group_secret_bytes) return false;
        for (std::size_t i = 0; i < count; ++i)
            into.push_back(
                WipingBytes::copy_of(rest.subspan(1 + i * seal::group_secret_bytes, seal::group_secret_bytes)));
        rest = rest.subspan(1 + count * seal::group_secret_bytes);
        return true;
    };
    // The first version had no others, the second none by the relay's word.
    if (bytes[0] > 1 && !take(out.spare_secrets, group_spare_secrets_max)) return false;
    if (bytes[0] > 2 && !take(out.given_secrets, group_given_secrets_max)) return false;
    auto profile = wire::decode_group_profile(rest);
    if (profile) out.profile = std::move(*profile);
    return profile.ok();
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
        group.id = *ConversationId::from(BytesView(index).subspan(at, ConversationId::size_bytes));
        const auto value = context_.store.value(value_name(group.id));
        if (value && decode(*value, group)) groups_.emplace(group.id, std::move(group));
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
    context_.store.put_value(value_name(group.id), encode(group));
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
    if (fresh) save_index();
    return at->second;
}

// ---- who is in them -----------------------------------------------------------------------------

const identity::DeviceList* GroupBook::list_of(const std::string& user, const PublicKey& account) const
{
    if (account == account_key_) return &roster_.self().list;
    const identity::DeviceList* out = nullptr;
    const auto* person = roster_.person(user);
    if (person != nullptr && person->stored.account_key == account && person->list.version > 0) out = &person->list;
    const auto at = lists_.find(account);
    if (at != lists_.end() && (out == nullptr || at->second.list.version > out->version)) out = &at->second.list;
    return out;
}

std::optional<seal::Party> GroupBook::party_of(const std::string& user, const PublicKey& account) const
{
    const auto* list = list_of(user, account);
    if (list == nullptr || list->version == 0) return std::nullopt;
    seal::Party out{user, account, {}};
    for (const auto& device : list->devices)
        out.devices.push_back(device.device);
    return out;
}

Bytes GroupBook::encoded_list_of(const PublicKey& account) const
{
    for (const auto& [id, group] : groups_)
        if (group.policy)
            if (const auto* member = group.policy->find(account)) {
                const auto* list = list_of(member->user, account);
                return list == nullptr ? Bytes() : list->encoded;
            }
    return {};
}

const seal::Circle& GroupBook::circle(const ConversationId& id)
{
    auto& group = groups_.at(id);
    if (group.circle) return *group.circle;
    auto& out = group.circle.emplace(seal::Circle{id, {}, true, {}});
    if (auto own = party_of(own_user_, account_key_)) out.parties.push_back(std::move(*own));
    if (group.policy)
        for (const auto& member : group.policy->members)
            if (member.account_key != account_key_)
                if (auto party = party_of(member.user, member.account_key)) out.parties.push_back(std::move(*party));
    return out;
}

std::string GroupBook::user_of(const DeviceId& device) const
{
    if (const auto* person = roster_.owner_of(device)) return person->stored.user;
    const auto at = by_device_.find(device);
    return at == by_device_.end() ? std::string() : lists_.at(at->second).user;
}

bool GroupBook::knows(const DeviceId& device) const
{
    if (accounts_.empty()) return false;
    if (const auto* person = roster_.owner_of(device)) return accounts_.contains(person->stored.account_key);
    const auto at = by_device_.find(device);
    return at != by_device_.end() && accounts_.contains(at->second);
}

void GroupBook::count_accounts()
{
    const auto before = std::exchange(accounts_, {});
    for (const auto& [id, group] : groups_)
        if (group.policy && group.state == Group::State::in)
            for (const auto& member : group.policy->members)
                accounts_.insert(member.account_key);
    // Who is in no group with us any more is nobody's acquaintance: should they come again, so does their list.
    for (const auto& account : before) {
        if (accounts_.contains(account)) continue;
        context_.store.remove_value(list_name(account));
        const auto at = lists_.find(account);
        if (at == lists_.end()) continue;
        for (const auto& device : at->second.list.devices)
            by_device_.erase(device.device);
        lists_.erase(at);
    }
}

void GroupBook::load_list(const PublicKey& account)
{
    if (lists_.contains(account)) return;
    const auto value = context_.store.value(list_name(account));
    if (!value) return;
    const auto decoded = wire::decode_device_list(*value);
    auto list = decoded ? identity::verify_device_list(*value, decoded->user, account)
                        : Result<identity::DeviceList>(decoded.error());
    if (!list) return;
    for (const auto& device : list->devices)
        by_device_[device.device] = account;
    lists_.insert_or_assign(account, Listed{decoded->user, std::move(*list)});
}

bool GroupBook::take_list(const std::string& user, const PublicKey& account, BytesView encoded)
{
    auto list = identity::verify_device_list(encoded, user, account);
    if (!list) {
        context_.reject("the device list of a member of a group: " + list.error().detail);
        return false;
    }
    load_list(account);
    if (const auto known = lists_.find(account); known != lists_.end()) {
        switch (identity::judge(known->second.list, *list)) {
        case identity::Succession::same: return false;
        case identity::Succession::newer: break;
        case identity::Succession::rollback: // The relay was restored, or shows an old one: mended by them.
            if (account::is_first_refusal(context_.store, user, encoded))
                context_.security(SecurityKind::device_list_rollback, user, {},
                                  "the relay shows device list " + std::to_string(list->version) + ", and " +
                                      std::to_string(known->second.list.version) + " is known");
            return false;
        case identity::Succession::conflict:
            context_.security(SecurityKind::device_list_conflict, user, {},
                              "there are two device lists with number " + std::to_string(list->version));
            return false;
        }
        for (const auto& device : known->second.list.devices)
            by_device_.erase(device.device);
    }
    for (const auto& device : list->devices)
        by_device_[device.device] = account;
    account::forget_refusal(context_.store, user);
    context_.store.put_value(list_name(account), list->encoded);
    lists_.insert_or_assign(account, Listed{user, std::move(*list)});
    return true;
}

void GroupBook::lists_changed()
{
    for (auto& [id, group] : groups_) {
        if (!group.policy) continue;
        group.circle.reset();
        changed_.insert(id);
    }
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
        group->rejoins = group->state == Group::State::out;
        group->state = Group::State::in;
        group->roster = 0;
        group->closed_told = false;
        save(*group);
        changed_.insert(group->id);
    }
    if (!group->policy) changed_.insert(group->id);
    group->roster_shown = news.roster;
    group->joins = news.joins;
    if (news.joins == 0) group->applicants.clear();
    group->joins_asked = false;
}

void GroupBook::refused(const ConversationId& id)
{
    const auto* group = find(id);
    if (group == nullptr || group->state != Group::State::asked) return;
    forget(id);
    context_.event(event::GroupRefused{id});
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

void GroupBook::roster_failed(const ConversationId& id)
{
    auto* group = get(id);
    if (group == nullptr) return;
    group->roster_asked = false;
    group->roster_shown = group->roster; // Until the relay says more.
}

GroupBook::Came GroupBook::joins_came(const ConversationId& id, const wire::relay::GroupJoins& joins)
{
    Came out;
    auto* group = get(id);
    if (group == nullptr || !group->policy) return out;
    std::set<std::string> named;
    for (const auto& entry : joins.entries) {
        named.insert(entry.user);
        if (group->policy->find(entry.account_key) != nullptr) continue;
        const seal::Applicant who{entry.user, entry.account_key};
        auto list = identity::verify_device_list(entry.device_list, entry.user, entry.account_key);
        const auto text = group->profile.link_secret.empty()
                              ? Result<wire::GroupJoinText>(Error{ErrorCode::authentication_failed, {}, 0})
                              : seal::open_join(group->profile.link_secret, id, who, entry.sealed);
        if (!text || !list) {
            out.strangers.push_back(entry.user);
            continue;
        }
        const bool fresh = !group->applicants.contains(entry.user);
        group->applicants.insert_or_assign(
            entry.user,
            Group::Applicant{{entry.user, text->text, entry.asked_ms}, entry.account_key, std::move(*list)});
        if (fresh) out.fresh.push_back(entry.user);
    }
    std::erase_if(group->applicants, [&](const auto& one) { return !named.contains(one.first); });
    return out;
}

void GroupBook::joins_failed(const ConversationId& id)
{
    if (auto* group = get(id)) group->joins = 0;
}

void GroupBook::answered_applicant(const ConversationId& id, const std::string& user)
{
    if (auto* group = get(id)) group->applicants.erase(user);
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
    for (auto& [id, group] : groups_)
        group.roster_asked = group.joins_asked = false;
}

std::vector<GroupBook::Wish> GroupBook::take_wishes()
{
    std::vector<Wish> out;
    for (auto& [id, group] : groups_) {
        if (group.state != Group::State::in) continue;
        if (!group.roster_asked && group.roster < group.roster_shown) {
            group.roster_asked = true;
            out.push_back({id, false, group.roster});
        }
        const auto* own = group.own(account_key_);
        if (group.joins > 0 && !group.joins_asked && own != nullptr && own->role >= group.policy->invite &&
            !group.profile.link_secret.empty()) {
            group.joins_asked = true;
            out.push_back({id, true, 0});
        }
    }
    return out;
}

} // namespace godwit::engine
