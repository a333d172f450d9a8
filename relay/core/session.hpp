// SPDX-License-Identifier: Apache-2.0
// One link as the core knows it, from link_up to link_down, and the index of those that are logged in.
#pragma once

#include "relay/core/pace.hpp"
#include "relay/store/store.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

namespace godwit::relay {

using LinkId = std::uint64_t;

/// Who is at the other end, as far as the transport knows.
struct Peer {
    DeviceId device;        ///< Proved by the handshake.
    std::string address;    ///< host:port, as shown to the device itself.
    std::string subscriber; ///< Whom a limit per stranger counts: an IPv4 address or an IPv6 /64, as text.
    Bytes ip = {};          ///< 4 or 16 bytes; empty: not known.
};

/// Fresh -> greeted (Hello) -> logged in (account != 0) -> active (that is committed, contacts may see it).
struct Session {
    LinkId link = 0;
    Peer peer;

    bool greeted = false;
    bool update_required = false;
    std::string client_version;
    std::string platform;
    AppRow said_app = 0; ///< By Hello.
    AppRow app = 0;      ///< The same; of who is logged in: the account's.
    std::size_t stranger_bytes = 0;
    std::uint32_t stranger_requests = 0;
    AccountRow proved = 0; ///< Whose password was shown on this link.

    AccountRow account = 0;
    DeviceRow device = 0;
    std::string user;
    PublicKey account_key;
    bool active = false;
    bool leaving = false; ///< Logged out or revoked, not committed yet: nothing more is done for it.

    /// By the operator's word, not committed yet: nothing more is done for it.
    std::optional<Error> ending;

    // The mailbox window.
    std::uint64_t pushed_up_to = 0;
    std::map<std::uint64_t, std::size_t> in_flight; ///< Sequence to bytes.
    std::size_t in_flight_bytes = 0;
    bool told_empty = false; ///< MailboxEmpty was said, and nothing has come since.
    /// Contacts who were removed and whose mail still waits for this device: it knows them under these names.
    std::map<AccountRow, std::string> departed;

    // The operator's notices: read up to there, and delivered, not acknowledged.
    std::optional<std::uint64_t> notices_read_up_to;
    std::vector<std::uint64_t> notices_in_flight;

    Pace frame_pace;
    Pace signal_pace;
    Pace link_grant_pace;

    [[nodiscard]] bool logged_in() const noexcept { return account != 0 && !leaving && !ending; }
    [[nodiscard]] bool is_of_departed(std::string_view name) const
    {
        return std::any_of(departed.begin(), departed.end(), [&](const auto& one) { return one.second == name; });
    }
};

class Sessions {
public:
    Session& add(LinkId link, Peer peer)
    {
        auto session = std::make_unique<Session>();
        session->link = link;
        session->peer = std::move(peer);
        return *(by_link_[link] = std::move(session));
    }
    [[nodiscard]] Session* find(LinkId link)
    {
        const auto found = by_link_.find(link);
        return found == by_link_.end() ? nullptr : found->second.get();
    }
    /// Precondition: not active.
    void erase(LinkId link) { by_link_.erase(link); }

    /// The active session of a device, or nullptr.
    [[nodiscard]] Session* of_device(DeviceRow device)
    {
        const auto found = by_device_.find(device);
        return found == by_device_.end() ? nullptr : found->second;
    }
    /// The active sessions of an account.
    [[nodiscard]] std::vector<Session*> of_account(AccountRow account)
    {
        const auto found = by_account_.find(account);
        return found == by_account_.end() ? std::vector<Session*>() : found->second;
    }
    [[nodiscard]] bool online(AccountRow account) const { return by_account_.contains(account); }

    void activate(Session& session)
    {
        session.active = true;
        by_device_[session.device] = &session;
        by_account_[session.account].push_back(&session);
        ++by_app_[session.app];
    }
    void deactivate(Session& session)
    {
        session.active = false;
        by_device_.erase(session.device);
        auto& siblings = by_account_[session.account];
        std::erase(siblings, &session);
        if (siblings.empty()) by_account_.erase(session.account);
        if (const auto found = by_app_.find(session.app); --found->second == 0) by_app_.erase(found);
    }

    [[nodiscard]] std::size_t size() const noexcept { return by_link_.size(); }
    /// Active ones of an application.
    [[nodiscard]] std::size_t of_app(AppRow app) const
    {
        const auto found = by_app_.find(app);
        return found == by_app_.end() ? 0 : found->second;
    }
    [[nodiscard]] std::size_t active() const noexcept { return by_device_.size(); }
    template <class Visit>
    void each(Visit visit)
    {
        for (auto& [link, session] : by_link_)
            visit(*session);
    }

private:
    std::unordered_map<LinkId, std::unique_ptr<Session>> by_link_;
    std::unordered_map<DeviceRow, Session*> by_device_;
    std::unordered_map<AccountRow, std::vector<Session*>> by_account_;
    std::unordered_map<AppRow, std::size_t> by_app_;
};

} // namespace godwit::relay
