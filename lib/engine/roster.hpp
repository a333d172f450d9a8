// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: who the contacts are, which devices speak for them, and who is online.
//
// A contact's account key is pinned at first sight, and its newest signed device list is kept: only devices on it exist
// for us. When the relay shows another key, nothing is sent and nothing taken until the user has accepted that key,
// also when the contact was removed between (former.hpp); when it shows an older or a forked list, the known one stays.
#pragma once

#include "lib/conversation/shared.hpp"
#include "lib/engine/context.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/seal/groups.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace godwit::engine {

struct Person {
    port::StoredContact stored; ///< For the own account: user, account key and device list only.
    bool own = false;
    ConversationId conversation;
    identity::DeviceList list;                    ///< Version 0: none known.
    std::vector<wire::DeviceCertificate> devices; ///< Of the list, without this device itself.
    std::set<DeviceId> online;
    bool announced_online = false;
    std::optional<wire::RosterEntry> shown; ///< The newest under another account key, which the user may accept.
    Bytes refused_list;                     ///< The last one that was not taken, so that it is mentioned once.
    seal::Circle circle;                    ///< Of the conversation with this person; no parties: not now.

    [[nodiscard]] bool may_talk() const
    {
        return own || (stored.state == ContactState::accepted && stored.shown_account_key.is_zero());
    }
};

class Roster final : public seal::Directory {
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
        std::vector<ConversationId> circles; ///< Whose circle is another now.
        bool own_list = false;               ///< The own device list is another now: to be stored.
        /// The relay has an older own list, or another one of the known version.
        std::optional<identity::DeviceList> own_behind;
        ErrorCode gone_reason = ErrorCode::device_revoked;
        void merge(Change other);
    };
    [[nodiscard]] Change page(const wire::relay::Roster& page);
    [[nodiscard]] Change change(const wire::RosterEntry& entry) { return apply(entry, false); }
    [[nodiscard]] Change own_devices(BytesView device_list);
    [[nodiscard]] Change presence(const wire::relay::Presence& presence);
    /// The user has compared, or takes that back. False: no contact with a known key.
    bool set_verified(std::string_view user, bool verified);
    /// The user takes the key that the relay shows in place of the pinned one. Precondition: shown_account_key.
    [[nodiscard]] Change accept_key(std::string_view user, bool verified);
    /// Another device of this account has told what the user decided about this contact's key.
    [[nodiscard]] Change heed(std::string_view user);
    /// We are not connected: nobody is known to be online.
    void disconnected();

    [[nodiscard]] const Person* person(std::string_view user) const;
    [[nodiscard]] const Person* owner_of(const DeviceId& device) const;
    /// With whom a conversation is, among those of now.
    [[nodiscard]] const Person* person_of(const ConversationId& conversation) const;
    [[nodiscard]] bool online(const DeviceId& device) const;
    [[nodiscard]] const std::map<std::string, Person, std::less<>>& people() const { return people_; }
    [[nodiscard]] const Person& self() const { return self_; }
    [[nodiscard]] const DeviceId& own_device() const { return own_device_; }
    /// Also for former contacts, whose history stays. nullopt: never had one.
    [[nodiscard]] std::optional<ConversationId> conversation_with(std::string_view user) const;
    /// The next message of the conversation may answer what this device never gets: the conversation began before the
    /// device did and is still empty here, or went on while the device was logged out.
    [[nodiscard]] bool missed_some(const ConversationId& conversation) const;
    /// This device is logged in again: it has missed what was said meanwhile.
    void came_back();
    /// This account has come into the conversation again, as above.
    void came_back(const ConversationId& conversation);
    /// A message of the conversation has come.
    void caught_up(const ConversationId& conversation);
    [[nodiscard]] std::optional<seal::Circle> circle_of(const ConversationId& conversation) const override;

private:
    [[nodiscard]] Change apply(const wire::RosterEntry& entry, bool from_page);
    [[nodiscard]] Change end(std::map<std::string, Person, std::less<>>::iterator at, bool tell);
    /// False: not taken, and the user is told why.
    bool take_list(Person& person, BytesView shown, Change& change);
    void set_devices(Person& person, identity::DeviceList list, Change& change);
    void set_online(Person& person, const std::vector<DeviceId>& online, Change& change);
    void announce(Person& person);
    void pin(Person& person, const PublicKey& shown);
    /// What the user has decided, on whichever device of the account.
    [[nodiscard]] std::optional<conversation::shared::Trust> decided(std::string_view user) const;
    /// A contact that comes back is to be compared again. All devices of the account do this by themselves.
    void undecide(std::string_view user);
    void contradict(Person& person, const PublicKey& other, const char* why);
    void remember(const Person& person);
    /// Brings the indexes and the circle of a person up to date.
    void index(Person& person, Change& change);
    void index_all(Change& change);
    void unindex(const Person& person);
    void store_returned();

    Context& context_;
    Person self_;
    DeviceId own_device_;
    std::map<std::string, Person, std::less<>> people_;
    std::unordered_map<DeviceId, const Person*, FixedBytesHash> by_device_;
    std::unordered_map<ConversationId, const Person*, FixedBytesHash> by_conversation_;
    std::set<ConversationId> returned_;
    std::set<std::string> mentioned_; ///< By the pages of the roster that is coming in.
};

} // namespace godwit::engine
