// SPDX-License-Identifier: Apache-2.0
// Of the group book: whose devices are in the groups, by the signed lists of their accounts.
#include "lib/engine/account.hpp"
#include "lib/engine/group_book.hpp"

namespace godwit::engine {
namespace {

/// Of an account that is in a group with this one: its newest device list.
std::string list_name(const PublicKey& account)
{
    return "acquaintance/" + to_hex(account.view());
}

} // namespace

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

} // namespace godwit::engine
