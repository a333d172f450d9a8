// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/admin_front.hpp"

#include "relay/turn/peers.hpp"

namespace godwit::relay {

AdminFront::AdminFront(loop::Loop& loop, Core& core, Store& store, port::Entropy& entropy, const DaemonConfig& config,
                       admin::Api::Commit commit)
    : loop_(loop), config_(config.admin), core_(core), store_(store), admin_(store, entropy), uptime_(store),
      webhooks_(config_.webhooks, store, entropy, config.core.limits.registrations_per_address),
      commit_(std::move(commit)), api_(
                                      {core, store, admin_, uptime_, config.core.relay_version,
                                       [this](const Visit& visit) {
                                           if (more_counters_) more_counters_(visit);
                                           each_counter(visit);
                                       }},
                                      [this] { return this->commit(); }, loop::Loop::now),
      beat_(loop, [this] { beat(); }), pump_(loop, [this] { pump(); }), sender_(loop)
{
    beat();
}

Result<void> AdminFront::listen()
{
    if (!config_.listen) return {};
    http::ServerOptions options;
    options.at = *config_.listen;
    options.hosts = config_.hosts;
    http::Router router;
    api_.serve(router);
    auto server = http::Server::open(loop_, options, std::move(router));
    if (!server.ok())
        return Error{server.error().code, "[admin] listen " + config_.listen->text() + ": " + server.error().detail, 0};
    server_ = *std::move(server);
    return {};
}

Result<void> AdminFront::commit()
{
    auto done = commit_();
    if (done.ok() && !webhooks_.hooks().empty()) pump_.set(Instant{});
    return done;
}

void AdminFront::ticked()
{
    const auto recorded = core_.counters().events_recorded;
    if (std::exchange(events_told_, recorded) != recorded) pump_.set(Instant{});
}

Decision AdminFront::decide(const std::string& user, const PublicKey& key, const std::string& address, Moment now)
{
    const auto out = webhooks_.decide(user, key, address, now);
    if (out == Decision::wait) pump_.set(Instant{});
    return out;
}

void AdminFront::beat()
{
    const auto now = loop::Loop::now();
    uptime_.beat(core_.counters().sessions, now);
    (void)commit(); // the daemon hears of its failure, and what failed is a minute not served
    beat_.set(now.mono + admin::uptime_beat);
}

void AdminFront::pump()
{
    const auto now = loop::Loop::now();
    while (auto request = webhooks_.next(now))
        send(*std::move(request));
    if (store_.dirty())
        (void)commit_(); // cursors; what is not stored of them is told again
    else
        store_.forgive_reads(); // of this pump: no tick has to answer for them
    pump_.set(webhooks_.deadline());
}

void AdminFront::send(admin::HookRequest request)
{
    hooks::Post post{request.url, request.headers, request.body, {}};
    if (!webhooks_.hooks()[request.hook].allow_private)
        post.may_reach = [](BytesView ip) { return turn::PeerPolicy().refusal(stun::Endpoint::of(ip, 0)) == nullptr; };
    const bool sent = sender_.send(std::move(post), [this, request](const hooks::PostResult& result) {
        answered(request, result);
        pump();
    });
    if (!sent) webhooks_.not_sent(request, loop::Loop::now());
}

void AdminFront::answered(const admin::HookRequest& request, const hooks::PostResult& result)
{
    const auto turn = webhooks_.answered(request, result.status, result.body, loop::Loop::now());
    if (turn == admin::Webhooks::Turn::none || !hook_turned_) return;
    const bool works = turn == admin::Webhooks::Turn::works;
    hook_turned_(webhooks_.hooks()[request.hook].name, works                ? std::string()
                                                       : result.status != 0 ? "answers " + std::to_string(result.status)
                                                                            : result.fault);
}

void AdminFront::each_counter(const Visit& visit) const
{
    visit("webhooks_delivered", webhooks_.counters().webhooks_delivered);
    visit("webhooks_failed", webhooks_.counters().webhooks_failed);
    visit("webhooks_skipped", webhooks_.counters().webhooks_skipped);
}

} // namespace godwit::relay
