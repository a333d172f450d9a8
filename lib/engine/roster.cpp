// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/roster.hpp"
#include "lib/base/harmless.hpp"

#include "lib/engine/account.hpp"
#include "lib/engine/former.hpp"
#include "lib/identity/conversation_id.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

/// What earlier versions stored of everybody, without a bound.
std::string old_conversation_name(std::string_view user)
{
    return "conversation/" + std::string(user);
}
std::string older_name(const ConversationId& conversation)
{
    return "older/" + to_hex(conversation.view());
}

/// Conversations, 16 bytes each, in which this device has missed some.
constexpr std::string_view returned_name = "roster/returned";

std::optional<ContactState> contact_state(wire::RosterState state)
{
    switch (state) {
    case wire::RosterState::none: return std::nullopt;
    case wire::RosterState::requested: return ContactState::requested;
    case wire::RosterState::incoming: return ContactState::incoming;
    case wire::RosterState::accepted: return ContactState::accepted;
    case wire::RosterState::blocked: return ContactState::blocked;
    }
    return std::nullopt;
}

} // namespace

void Roster::Change::merge(Change other)
{
    gone.insert(gone.end(), other.gone.begin(), other.gone.end());
    came_online.insert(came_online.end(), other.came_online.begin(), other.came_online.end());
    went_offline.insert(went_offline.end(), other.went_offline.begin(), other.went_offline.end());
    circles.insert(circles.end(), other.circles.begin(), other.circles.end());
    own_list = own_list || other.own_list;
    if (other.own_behind) own_behind = std::move(other.own_behind);
    if (!other.gone.empty()) gone_reason = other.gone_reason;
}

void Roster::load(const port::StoredIdentity& stored)
{
    clear();
    self_.own = true;
    self_.stored.user = stored.user;
    self_.stored.account_key = stored.account_key;
    self_.conversation = identity::conversation_of(stored.account_key, stored.account_key);
    own_device_ = stored.device;
    Change ignored;
    const auto take_up = [&](Person& person, const Bytes& known) {
        if (known.empty()) return;
        auto list = identity::verify_device_list(known, person.stored.user, person.stored.account_key);
        if (list) set_devices(person, std::move(*list), ignored);
    };
    take_up(self_, stored.device_list);
    const auto returned = context_.store.value(returned_name).value_or(Bytes());
    for (std::size_t at = 0; at + ConversationId::size_bytes <= returned.size(); at += ConversationId::size_bytes)
        returned_.insert(*ConversationId::from(BytesView(returned).subspan(at, ConversationId::size_bytes)));
    for (auto& contact : context_.store.contacts()) {
        auto& person = people_[contact.user];
        person.stored = std::move(contact);
        if (person.stored.account_key.is_zero()) continue;
        person.conversation = identity::conversation_of(stored.account_key, person.stored.account_key);
        take_up(person, person.stored.device_list);
    }
    index_all(ignored);
}

void Roster::clear()
{
    people_.clear();
    by_device_.clear();
    by_conversation_.clear();
    mentioned_.clear();
    returned_.clear();
    self_ = Person{};
    own_device_ = {};
}

Roster::Change Roster::page(const wire::relay::Roster& page)
{
    Change out;
    for (const auto& entry : page.entries) {
        mentioned_.insert(entry.user);
        out.merge(apply(entry, true));
    }
    if (!page.last) return out;
    for (auto at = people_.begin(); at != people_.end();) {
        const auto next = std::next(at);
        if (!mentioned_.contains(at->first)) out.merge(end(at, true));
        at = next;
    }
    mentioned_.clear();
    if (!page.own_device_list.empty()) out.merge(own_devices(page.own_device_list));
    for (auto& [user, person] : people_)
        announce(person);
    return out;
}

Roster::Change Roster::apply(const wire::RosterEntry& entry, bool from_page)
{
    Change out;
    auto at = people_.find(entry.user);
    const auto state = contact_state(entry.state);
    if (!state) return at == people_.end() ? out : end(at, true);
    if (!wire::is_user_name(entry.user) || entry.user == self_.stored.user) {
        context_.reject("a roster entry with an impossible name");
        return out;
    }
    const bool is_new = at == people_.end();
    if (is_new) {
        if (people_.size() >= context_.config.contacts_max) {
            context_.reject("more contacts than contacts_max");
            return out;
        }
        at = people_.try_emplace(entry.user).first;
        at->second.stored.user = entry.user;
    }
    auto& person = at->second;
    const bool is_news = is_new || person.stored.state != *state;
    person.stored.state = *state;
    if (!entry.account_key.is_zero()) pin(person, entry.account_key);
    if (person.stored.shown_account_key.is_zero())
        person.shown.reset();
    else if (entry.account_key == person.stored.shown_account_key)
        person.shown = entry;

    if (*state == ContactState::accepted) {
        if (person.stored.shown_account_key.is_zero() && !entry.device_list.empty())
            (void)take_list(person, entry.device_list, out);
        set_online(person, entry.online, out);
    } else {
        // The list stays known: a contact that is accepted again has not gone back in time.
        out.gone_reason = ErrorCode::not_a_contact;
        for (const auto& device : person.devices)
            out.gone.push_back(device.device);
        set_online(person, {}, out);
    }
    context_.store.put_contact(person.stored);
    index(person, out);

    if (is_news) {
        if (*state == ContactState::incoming) context_.event(event::ContactRequest{entry.user});
        if (*state == ContactState::accepted && !(is_new && from_page))
            context_.event(event::ContactAccepted{entry.user});
        // Known at once as accepted, from the list at login: the contact may be older than this device.
        if (*state == ContactState::accepted && is_new && from_page)
            context_.store.put_value(older_name(person.conversation), as_bytes("1"));
    }
    if (!from_page) announce(person);
    return out;
}

Roster::Change Roster::end(std::map<std::string, Person, std::less<>>::iterator at, bool tell)
{
    Change out;
    out.gone_reason = ErrorCode::not_a_contact;
    for (const auto& device : at->second.devices)
        out.gone.push_back(device.device);
    const auto user = at->first;
    remember(at->second);
    if (const auto older = older_name(at->second.conversation); context_.store.value(older))
        context_.store.remove_value(older);
    account::forget_refusal(context_.store, user);
    undecide(user);
    context_.store.remove_contact(user);
    unindex(at->second);
    people_.erase(at);
    if (tell) context_.event(event::ContactRemoved{user});
    return out;
}

bool Roster::take_list(Person& person, BytesView shown, Change& change)
{
    const bool known = std::ranges::equal(shown, person.refused_list);
    if (known && !person.own) return false;
    const auto& user = person.stored.user;
    const auto refuse = [&](SecurityKind kind, const std::string& why) {
        if (!known && account::is_first_refusal(context_.store, user, shown)) context_.security(kind, user, {}, why);
        person.refused_list = to_bytes(shown);
        return false;
    };
    auto list = identity::verify_device_list(shown, user, person.stored.account_key);
    if (!list) return refuse(SecurityKind::device_list_conflict, "a device list was refused: " + list.error().detail);
    if (person.list.version > 0) {
        switch (identity::judge(person.list, *list)) {
        case identity::Succession::same: return true;
        case identity::Succession::newer: break;
        case identity::Succession::rollback:
            if (person.own) change.own_behind = *list;
            return refuse(SecurityKind::device_list_rollback, "the relay shows device list " +
                                                                  std::to_string(list->version) + ", and " +
                                                                  std::to_string(person.list.version) + " is known");
        case identity::Succession::conflict:
            if (person.own) change.own_behind = *list;
            return refuse(SecurityKind::device_list_conflict,
                          "there are two device lists with number " + std::to_string(list->version));
        }
        for (const auto& device : list->devices)
            if (person.list.find(device.device) == nullptr && device.device != own_device_) {
                context_.security(SecurityKind::device_added, user, device.device, harmless_line(device.device_name));
                if (person.own) account::note_added(context_.store, device.device);
            }
        for (const auto& device : person.list.devices)
            if (list->find(device.device) == nullptr && device.device != own_device_) {
                context_.security(SecurityKind::device_removed, user, device.device, harmless_line(device.device_name));
                if (person.own) account::note_removed(context_.store, device.device);
            }
        account::forget_refusal(context_.store, user);
        person.refused_list.clear();
    }
    person.stored.device_list = list->encoded;
    set_devices(person, std::move(*list), change);
    return true;
}

void Roster::set_devices(Person& person, identity::DeviceList list, Change& change)
{
    for (const auto& old : person.devices)
        if (list.find(old.device) == nullptr) change.gone.push_back(old.device);
    unindex(person);
    person.devices = list.devices;
    std::erase_if(person.devices, [&](const auto& one) { return one.device == own_device_; });
    person.list = std::move(list);
}

Roster::Change Roster::own_devices(BytesView device_list)
{
    Change out;
    if (!take_list(self_, device_list, out)) return out;
    out.own_list = true;
    index_all(out); // Own devices belong into every conversation.
    return out;
}

bool Roster::set_verified(std::string_view user, bool verified)
{
    const auto at = people_.find(user);
    if (at == people_.end() || at->second.stored.account_key.is_zero()) return false;
    at->second.stored.verified = verified;
    context_.store.put_contact(at->second.stored);
    return true;
}

Roster::Change Roster::presence(const wire::relay::Presence& presence)
{
    Change out;
    if (presence.user == self_.stored.user) {
        set_online(self_, presence.online, out);
        return out;
    }
    const auto at = people_.find(presence.user);
    if (at == people_.end() || at->second.stored.state != ContactState::accepted) return out;
    set_online(at->second, presence.online, out);
    announce(at->second);
    return out;
}

void Roster::set_online(Person& person, const std::vector<DeviceId>& online, Change& change)
{
    std::set<DeviceId> now;
    for (const auto& device : person.devices)
        if (std::find(online.begin(), online.end(), device.device) != online.end()) now.insert(device.device);
    for (const auto& device : now)
        if (!person.online.contains(device)) change.came_online.push_back(device);
    for (const auto& device : person.online)
        if (!now.contains(device)) change.went_offline.push_back(device);
    person.online = std::move(now);
}

void Roster::announce(Person& person)
{
    const bool online = !person.online.empty();
    if (online == person.announced_online) return;
    person.announced_online = online;
    context_.event(event::Presence{person.stored.user, online});
}

void Roster::disconnected()
{
    mentioned_.clear();
    self_.online.clear();
    for (auto& [user, person] : people_)
        person.online.clear();
}

const Person* Roster::person(std::string_view user) const
{
    if (user == self_.stored.user) return &self_;
    const auto at = people_.find(user);
    return at == people_.end() ? nullptr : &at->second;
}

const Person* Roster::owner_of(const DeviceId& device) const
{
    const auto at = by_device_.find(device);
    return at == by_device_.end() ? nullptr : at->second;
}

const Person* Roster::person_of(const ConversationId& conversation) const
{
    const auto at = by_conversation_.find(conversation);
    return at == by_conversation_.end() ? nullptr : at->second;
}

std::optional<seal::Circle> Roster::circle_of(const ConversationId& conversation) const
{
    const auto* person = person_of(conversation);
    if (person == nullptr || person->circle.parties.empty()) return std::nullopt;
    return person->circle;
}

bool Roster::online(const DeviceId& device) const
{
    const auto* person = owner_of(device);
    return person != nullptr && person->online.contains(device);
}

std::optional<ConversationId> Roster::conversation_with(std::string_view user) const
{
    const auto* known = person(user);
    if (known != nullptr && !known->stored.account_key.is_zero()) return known->conversation;
    if (const auto former = former_contact(context_.store, user))
        return identity::conversation_of(self_.stored.account_key, former->account_key);
    const auto old = context_.store.value(old_conversation_name(user));
    return old ? ConversationId::from(*old) : std::nullopt;
}

bool Roster::missed_some(const ConversationId& conversation) const
{
    if (returned_.contains(conversation)) return true;
    return context_.store.value(older_name(conversation)) && context_.store.heads(conversation).empty();
}

void Roster::came_back()
{
    for (const auto& [user, person] : people_)
        if (!person.stored.account_key.is_zero()) returned_.insert(person.conversation);
    store_returned();
}

void Roster::came_back(const ConversationId& conversation)
{
    if (returned_.insert(conversation).second) store_returned();
}

void Roster::caught_up(const ConversationId& conversation)
{
    if (returned_.erase(conversation) > 0) store_returned();
}

void Roster::store_returned()
{
    Bytes out;
    for (const auto& conversation : returned_)
        append(out, conversation.view());
    context_.store.put_value(returned_name, out);
}

void Roster::unindex(const Person& person)
{
    for (const auto& device : person.devices)
        if (const auto at = by_device_.find(device.device); at != by_device_.end() && at->second == &person)
            by_device_.erase(at);
    if (const auto at = by_conversation_.find(person.conversation);
        at != by_conversation_.end() && at->second == &person)
        by_conversation_.erase(at);
}

void Roster::index(Person& person, Change& change)
{
    for (const auto& device : person.devices)
        by_device_[device.device] = &person;
    if (!person.stored.account_key.is_zero()) by_conversation_[person.conversation] = &person;

    const auto party = [](const Person& one) {
        seal::Party out{one.stored.user, one.stored.account_key, {}};
        for (const auto& device : one.list.devices)
            out.devices.push_back(device.device);
        return out;
    };
    seal::Circle circle{person.conversation, {}};
    if (person.may_talk() && person.list.version > 0 && self_.list.version > 0) {
        circle.parties.push_back(party(self_));
        if (!person.own) circle.parties.push_back(party(person));
    }
    const bool same = std::equal(circle.parties.begin(), circle.parties.end(), person.circle.parties.begin(),
                                 person.circle.parties.end(), [](const seal::Party& a, const seal::Party& b) {
                                     return a.account_key == b.account_key && a.devices == b.devices;
                                 });
    if (!same || circle.conversation != person.circle.conversation) change.circles.push_back(person.conversation);
    person.circle = std::move(circle);
}

void Roster::index_all(Change& change)
{
    index(self_, change);
    for (auto& [user, person] : people_)
        index(person, change);
}

} // namespace godwit::engine
