// SPDX-License-Identifier: Apache-2.0
// admin_front: relay/admin on the relay's loop. The HTTP listener, the minute that counts as served, and webhooks:
//
//   commit -> what is new in the audit log -> hooks::Sender -> answered -> cursor -> (commit) -> the next
#pragma once

#include "relay/admin/api.hpp"
#include "relay/daemon/config_file.hpp"
#include "relay/hooks/sender.hpp"
#include "relay/http/server.hpp"

namespace godwit::relay {

class AdminFront {
public:
    /// All outlive it. `commit` ends the core's tick.
    AdminFront(loop::Loop& loop, Core& core, Store& store, port::Entropy& entropy, const DaemonConfig& config,
               admin::Api::Commit commit);

    using Visit = std::function<void(std::string_view, std::uint64_t)>;
    /// What else is counted, for /v1/state.
    void count_too(std::function<void(const Visit&)> more) { more_counters_ = std::move(more); }
    /// nullptr: nobody administers over HTTP.
    [[nodiscard]] const http::Server* server() const noexcept { return server_.get(); }
    /// Of webhooks: as Counters::each.
    void each_counter(const Visit& visit) const;
    /// A webhook's receiver fails, or works again: `name` of the hook, and why (empty: it works).
    using HookTurned = std::function<void(const std::string& name, const std::string& fault)>;
    void observe_hooks(HookTurned turned) { hook_turned_ = std::move(turned); }
    /// Where the configuration says, if it does. Errors: as http::Server::open; the detail says which address.
    [[nodiscard]] Result<void> listen();
    /// Ends the core's tick, and tells webhooks what is new.
    [[nodiscard]] Result<void> commit();
    /// A tick has ended: webhooks are told what of it is for them.
    void ticked();
    [[nodiscard]] Decision decide(const std::string& user, const PublicKey& key, const std::string& address,
                                  Moment now);
    [[nodiscard]] admin::Admin& admin() noexcept { return admin_; }

private:
    void beat();
    void pump();
    void send(admin::HookRequest request);
    void answered(const admin::HookRequest& request, const hooks::PostResult& result);

    loop::Loop& loop_;
    AdminConfig config_;
    Core& core_;
    Store& store_;
    admin::Admin admin_;
    admin::Uptime uptime_;
    admin::Webhooks webhooks_;
    admin::Api::Commit commit_;
    std::function<void(const Visit&)> more_counters_;
    HookTurned hook_turned_;
    admin::Api api_;
    std::uint64_t events_told_ = 0; ///< Counters::events_recorded then.
    loop::Timer beat_;
    loop::Timer pump_;
    hooks::Sender sender_;
    std::unique_ptr<http::Server> server_;
};

} // namespace godwit::relay
