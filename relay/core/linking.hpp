// SPDX-License-Identifier: Apache-2.0
// linking: a device without an account waits for one that its owner holds beside it, and that grants it the account.
//
//   new device: LinkWait        -> waits, link_wait_max at most, still a stranger with a stranger's allowance of bytes
//   old device: LinkGrant       -> noted; forwarded to the link of that device's key as LinkGranted; never stored
//   new device: AddDevice       -> what was granted lets it sign itself in (devices.hpp), while its granter is there
#pragma once

#include "relay/core/tick.hpp"

#include <algorithm>

namespace godwit::relay {

/// Of one device that waits: whoever sees its key may grant, and only one of them is meant.
inline constexpr std::size_t link_grants_kept = 8;

class Linking {
public:
    explicit Linking(Context& context) : context_(context) {}

    [[nodiscard]] Answer wait(const Session& session, Moment now)
    {
        if (session.account != 0) return {ErrorCode::already_registered, "this connection is logged in: log out first"};
        if (waiting_.contains(session.link)) return {};
        const auto& limits = context_.config.limits;
        const auto at_address = std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& one) {
            return one.second.subscriber == session.peer.subscriber;
        });
        if (waiting_.size() >= limits.link_waits_max ||
            static_cast<std::size_t>(at_address) >= limits.link_waits_per_address_max)
            return Error{ErrorCode::quota_exceeded, "too many devices wait to be linked: try again", 30'000};
        waiting_[session.link] = {session.peer.device, session.peer.subscriber, now.mono + limits.link_wait_max, {}};
        return {};
    }

    /// ok, with the link to forward to; or why not.
    struct Route {
        Answer answer;
        LinkId to = 0;
    };
    [[nodiscard]] Route grant(Session& session, const frame::LinkGrant& request, Moment now)
    {
        const auto& rate = context_.config.limits.link_grants;
        if (const auto wait = session.link_grant_pace.wait(rate, now.mono); wait > Duration::zero())
            return {slow_down(wait), 0};
        session.link_grant_pace.take(rate, now.mono);
        // The newest: a device that lost its connection waits on another one.
        for (auto it = waiting_.rbegin(); it != waiting_.rend(); ++it)
            if (it->second.device == request.device) {
                ++context_.counters.link_grants;
                auto& grants = it->second.grants;
                if (grants.size() >= link_grants_kept) grants.erase(grants.begin());
                grants.push_back({session.account, session.device});
                return {{}, it->first};
            }
        return {{ErrorCode::not_connected, "no device waits to be linked under this key"}, 0};
    }

    /// A device of this account that still is one has granted it to this link.
    [[nodiscard]] bool has_grant(LinkId link, AccountRow account) const
    {
        const auto found = waiting_.find(link);
        return found != waiting_.end() &&
               std::any_of(found->second.grants.begin(), found->second.grants.end(), [&](const Grant& one) {
                   return one.account == account && context_.store.owner(one.by) == account;
               });
    }

    /// Logged in, or gone.
    void forget(LinkId link) { waiting_.erase(link); }
    [[nodiscard]] bool waits(LinkId link) const { return waiting_.contains(link); }

    [[nodiscard]] Instant deadline() const
    {
        auto out = never;
        for (const auto& [link, one] : waiting_)
            out = earlier(out, one.until);
        return out;
    }
    [[nodiscard]] std::vector<LinkId> overdue(Moment now) const
    {
        std::vector<LinkId> out;
        for (const auto& [link, one] : waiting_)
            if (one.until <= now.mono) out.push_back(link);
        return out;
    }

private:
    struct Grant {
        AccountRow account = 0;
        DeviceRow by = 0;
    };
    struct Waiting {
        DeviceId device;
        std::string subscriber;
        Instant until{};
        std::vector<Grant> grants; ///< The newest last.
    };

    Context& context_;
    std::map<LinkId, Waiting> waiting_;
};

} // namespace godwit::relay
