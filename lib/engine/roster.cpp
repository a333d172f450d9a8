// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/roster.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/seal/certificate.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

constexpr std::string_view own_certificates_name = "roster/own";

std::string conversation_name(std::string_view user)
{
    return "conversation/" + std::string(user);
}
std::string older_name(const ConversationId& conversation)
{
    return "older/" + to_hex(conversation.view());
}

/// Certificates in one value: each with its length in two bytes.
Bytes pack(const std::vector<Bytes>& certificates)
{
    Bytes out;
    for (const auto& one : certificates) {
        out.push_back(static_cast<std::uint8_t>(one.size() >> 8));
        out.push_back(static_cast<std::uint8_t>(one.size() & 0xff));
        append(out, one);
    }
    return out;
}

std::vector<Bytes> unpack(BytesView bytes)
{
    std::vector<Bytes> out;
    while (bytes.size() >= 2) {
        const std::size_t size = static_cast<std::size_t>(bytes[0]) << 8 | bytes[1];
        if (bytes.size() < 2 + size) break;
        out.push_back(to_bytes(bytes.subspan(2, size)));
        bytes = bytes.subspan(2 + size);
    }
    return out;
}

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

ConversationId conversation_of(const PublicKey& a, const PublicKey& b)
{
    const auto& low = std::min(a, b);
    const auto& high = std::max(a, b);
    const auto hash = crypto::transcript_hash("godwit conversation 1", {low.view(), high.view()});
    return *ConversationId::from(BytesView(hash).first(ConversationId::size_bytes));
}

void Roster::Change::merge(Change other)
{
    gone.insert(gone.end(), other.gone.begin(), other.gone.end());
    came_online.insert(came_online.end(), other.came_online.begin(), other.came_online.end());
    went_offline.insert(went_offline.end(), other.went_offline.begin(), other.went_offline.end());
    if (!other.gone.empty()) gone_reason = other.gone_reason;
}

void Roster::load(const port::StoredIdentity& identity)
{
    clear();
    self_.own = true;
    self_.stored.user = identity.user;
    self_.stored.account_key = identity.account_key;
    self_.conversation = conversation_of(identity.account_key, identity.account_key);
    own_device_ = identity.device;
    Change ignored;
    if (const auto own = context_.store.value(own_certificates_name)) set_devices(self_, unpack(*own), ignored);
    for (auto& contact : context_.store.contacts()) {
        auto& person = people_[contact.user];
        person.stored = std::move(contact);
        if (!person.stored.account_key.is_zero())
            person.conversation = conversation_of(identity.account_key, person.stored.account_key);
        const auto certificates = person.stored.certificates;
        set_devices(person, certificates, ignored);
    }
    index();
}

void Roster::clear()
{
    people_.clear();
    by_device_.clear();
    mentioned_.clear();
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
    out.merge(own_devices(page.own_certificates));
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

    if (*state == ContactState::accepted) {
        if (person.stored.shown_account_key.is_zero()) set_devices(person, entry.certificates, out);
        set_online(person, entry.online, out);
    } else {
        out.gone_reason = ErrorCode::not_a_contact;
        set_devices(person, {}, out);
        set_online(person, {}, out);
    }
    context_.store.put_contact(person.stored);
    index();

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
    context_.store.remove_contact(user);
    people_.erase(at);
    index();
    if (tell) context_.event(event::ContactRemoved{user});
    return out;
}

/// First sight pins. Another key later stops everything until the user has decided.
void Roster::pin(Person& person, const PublicKey& shown)
{
    auto& stored = person.stored;
    if (stored.account_key.is_zero()) {
        stored.account_key = shown;
        person.conversation = conversation_of(self_.stored.account_key, shown);
        context_.store.put_value(conversation_name(stored.user), person.conversation.view());
        return;
    }
    if (stored.account_key == shown) {
        stored.shown_account_key = {};
        return;
    }
    if (stored.shown_account_key == shown) return;
    stored.shown_account_key = shown;
    context_.event(event::AccountKeyChanged{stored.user, stored.account_key, shown});
}

void Roster::set_devices(Person& person, const std::vector<Bytes>& certificates, Change& change)
{
    std::vector<wire::DeviceCertificate> devices;
    std::vector<Bytes> kept;
    for (const auto& encoded : certificates) {
        if (devices.size() >= wire::devices_per_account_max) break;
        auto verified = seal::verify_certificate(encoded, person.stored.user, person.stored.account_key);
        if (!verified) {
            context_.reject("a device certificate that its account has not signed");
            continue;
        }
        if (verified->device == own_device_) continue;
        const bool twice = std::any_of(devices.begin(), devices.end(),
                                       [&](const auto& known) { return known.device == verified->device; });
        if (twice) continue;
        devices.push_back(std::move(*verified));
        kept.push_back(encoded);
    }
    for (const auto& old : person.devices) {
        const bool stays =
            std::any_of(devices.begin(), devices.end(), [&](const auto& now) { return now.device == old.device; });
        if (!stays) change.gone.push_back(old.device);
    }
    person.devices = std::move(devices);
    if (!person.own) person.stored.certificates = std::move(kept);
}

Roster::Change Roster::own_devices(const std::vector<Bytes>& certificates)
{
    Change out;
    set_devices(self_, certificates, out);
    index();
    context_.store.put_value(own_certificates_name, pack(certificates));
    return out;
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
    return at == by_device_.end() ? nullptr : at->second.person;
}

const wire::DeviceCertificate* Roster::certificate_of(const DeviceId& device) const
{
    const auto at = by_device_.find(device);
    return at == by_device_.end() ? nullptr : &at->second.person->devices[at->second.at];
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
    const auto former = context_.store.value(conversation_name(user));
    return former ? ConversationId::from(*former) : std::nullopt;
}

bool Roster::older_than_device(const ConversationId& conversation) const
{
    return context_.store.value(older_name(conversation)).has_value();
}

void Roster::index()
{
    by_device_.clear();
    const auto add = [&](const Person& person) {
        for (std::size_t i = 0; i < person.devices.size(); ++i)
            by_device_[person.devices[i].device] = {&person, i};
    };
    add(self_);
    for (const auto& [user, person] : people_)
        add(person);
}

} // namespace godwit::engine
