// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: who the contacts are, which devices speak for them, and who is online.
//
// A contact's account key is pinned at first sight. Only devices whose certificate that key has signed exist for us.
// When the relay shows another key, nothing is sent and nothing taken until the user has removed the contact and added
// it again.
#pragma once

#include "lib/engine/context.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace godwit::engine {

struct Person {
    port::StoredContact stored; ///< For the own account: user and account key only.
    bool own = false;
    ConversationId conversation;
    std::vector<wire::DeviceCertificate> devices; ///< Verified. Without this device itself.
    std::set<DeviceId> online;
    bool announced_online = false;

    [[nodiscard]] bool may_talk() const
    {
        return own || (stored.state == ContactState::accepted && stored.shown_account_key.is_zero());
    }
};

class Roster {
public:
    explicit Roster(Context& context) : context_(context) {}

    /// Takes up what the store knows.
    void load(const port::StoredIdentity& identity);
    void clear();

    /// What a change means for others; events and the store are dealt with here.
    struct Change {
        std::vector<DeviceId> gone; ///< May not receive any more (revoked, contact ended).
        std::vector<DeviceId> came_online;
        std::vector<DeviceId> went_offline;
        ErrorCode gone_reason = ErrorCode::device_revoked;
        void merge(Change other);
    };
    [[nodiscard]] Change page(const wire::relay::Roster& page);
    [[nodiscard]] Change change(const wire::RosterEntry& entry) { return apply(entry, false); }
    [[nodiscard]] Change own_devices(const std::vector<Bytes>& certificates);
    [[nodiscard]] Change presence(const wire::relay::Presence& presence);
    /// We are not connected: nobody is known to be online.
    void disconnected();

    [[nodiscard]] const Person* person(std::string_view user) const;
    [[nodiscard]] const Person* owner_of(const DeviceId& device) const;
    [[nodiscard]] const wire::DeviceCertificate* certificate_of(const DeviceId& device) const;
    [[nodiscard]] bool online(const DeviceId& device) const;
    [[nodiscard]] const std::map<std::string, Person, std::less<>>& people() const { return people_; }
    [[nodiscard]] const Person& self() const { return self_; }
    /// Also for former contacts, whose history stays. nullopt: never had one.
    [[nodiscard]] std::optional<ConversationId> conversation_with(std::string_view user) const;
    /// The conversation began before this device did.
    [[nodiscard]] bool older_than_device(const ConversationId& conversation) const;

private:
    [[nodiscard]] Change apply(const wire::RosterEntry& entry, bool from_page);
    [[nodiscard]] Change end(std::map<std::string, Person, std::less<>>::iterator at, bool tell);
    void set_devices(Person& person, const std::vector<Bytes>& certificates, Change& change);
    void set_online(Person& person, const std::vector<DeviceId>& online, Change& change);
    void announce(Person& person);
    void pin(Person& person, const PublicKey& shown);
    void index();

    Context& context_;
    Person self_;
    DeviceId own_device_;
    std::map<std::string, Person, std::less<>> people_;
    struct Place {
        const Person* person = nullptr;
        std::size_t at = 0;
    };
    std::unordered_map<DeviceId, Place, FixedBytesHash> by_device_;
    std::set<std::string> mentioned_; ///< By the pages of the roster that is coming in.
};

/// The name of the conversation of two accounts: the first 16 bytes of a hash over both account keys, smaller first.
[[nodiscard]] ConversationId conversation_of(const PublicKey& a, const PublicKey& b);

} // namespace godwit::engine
