// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/service.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/wire/quiet.hpp"
#include "relay/daemon/config_doubts.hpp"
#include "relay/daemon/reload.hpp"
#include "relay/stun/stun.hpp"
#include "transport/loop/signals.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace godwit::relay {
namespace {

/// Tries to find a port that is free for UDP and TCP when any will do.
constexpr int free_port_tries_max = 16;
/// STUN answers to one subscriber: more than any client asks for, too few to be a weapon.
constexpr Rate stun_rate{200, std::chrono::milliseconds(20)};
constexpr std::size_t stun_subscribers_max = 8192;
/// Between two attempts to win back the log's space on a disk that says no.
constexpr Duration reclaim_interval = std::chrono::seconds(1);

} // namespace

std::string turn_secret(const TurnServing& serving, BytesView seed)
{
    if (!serving.secret.empty()) return serving.secret;
    return to_hex(crypto::derive_key(seed, "godwit relay turn 1", {}).view());
}

void say_line(const std::string& line)
{
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

Service::Service(DaemonConfig config, const Options& options, std::shared_ptr<std::vector<TurnEntry>> turn_servers,
                 Store store, tls::Identity identity)
    : config_(std::move(config)), options_(options), turn_servers_(std::move(turn_servers)), store_(std::move(store)),
      identity_(std::move(identity)), core_(core_config(), store_, entropy_),
      stun_paces_(stun_rate, stun_subscribers_max)
{
}

// ---- before it runs ----

Result<void> Service::listen(loop::Address at, BytesView seed)
{
    front_ = std::make_unique<Front>(
        loop_, core_, config_.overload, [this](const Error& why) { commit_failed(why); },
        [this](Shed level) { shed(level); });
    front_->observe_ends([this](const Front::End& end) { link_ended(end); });
    admin_ = std::make_unique<AdminFront>(loop_, core_, store_, entropy_, config_, [this] { return front_->tick(); });
    admin_->count_too([this](const auto& visit) {
        if (turn_) turn_->counters().each(visit);
    });
    admin_->observe_hooks([this](const std::string& name, const std::string& fault) {
        if (fault.empty())
            log_.say(LogLevel::warning, "webhook_recovered", "a webhook's receiver takes what it is sent again",
                     {{"name", name}});
        else
            log_.say(LogLevel::warning, "webhook_failed",
                     "a webhook's receiver does not take what it is sent: tried again until it does",
                     {{"name", name}, {"fault", fault}});
    });
    if (auto serving = admin_->listen(); !serving.ok()) return serving.error();
    quic::QuicServeOptions options;
    options.serve = serve_options();
    crypto::derive(seed, "godwit relay stateless reset 1", {}, options.reset_secret);
    crypto::derive(seed, "godwit relay address token 1", {}, options.address_secret);
    options.retry_always = config_.retry_always;

    const bool any_port = at.port == 0;
    for (int tries = 1;; ++tries) {
        auto quic = quic::QuicServer::open(loop_, at, identity_, options, entropy_, *front_,
                                           [this](const loop::UdpDatagram& datagram) { return stray(datagram); });
        if (!quic.ok()) return quic.error();
        auto tcp_at = at;
        tcp_at.port = (*quic)->local().port;
        auto tls = tls::TlsServer::open(loop_, tcp_at, identity_, options.serve, *front_, stray_stream());
        if (tls.ok()) {
            quic_ = *std::move(quic);
            tls_ = *std::move(tls);
            return serve_turn(seed);
        }
        if (!any_port || tls.error().code != ErrorCode::address_in_use || tries == free_port_tries_max)
            return tls.error();
    }
}

/// With what the core asks of the rooms beside it, which come later. Who is no account any more has no calls through
/// here either, at once and not when it is looked for.
Config Service::core_config()
{
    auto out = config_.core;
    out.events = config_.admin.events();
    out.account_ended = [this](std::string_view user) {
        if (turn_) turn_->revoke(user);
    };
    if (config_.admin.asks_registration())
        out.decide_registration = [this](const std::string& user, const PublicKey& key, const std::string& address,
                                         Moment now) { return admin_->decide(user, key, address, now); };
    return out;
}

tls::ServeOptions Service::serve_options() const
{
    tls::ServeOptions out;
    out.link.idle_max = config_.idle_max;
    out.link.keep_alive = std::min<Duration>(wire::relay_asks_after, config_.idle_max / 3);
    out.link.frame_bytes_max = stranger_frame_bytes_max;
    out.link.handshake_max = config_.core.limits.login_time_max;
    out.limits.arrivals_burst = config_.arrivals_burst;
    out.limits.arrivals_interval = config_.arrivals_interval;
    out.limits.links_max = config_.links_max;
    out.limits.links_per_subscriber_max = config_.links_per_address_max;
    out.limits.half_open_per_subscriber_max = config_.half_open_per_address_max;
    return out;
}

Result<void> Service::serve_operator()
{
    if (auto logs = log_.configure(config_.operations.log); !logs.ok()) return logs;
    for (const auto& doubt : config_doubts(config_))
        log_.say(LogLevel::warning, "config_doubt", doubt);
    auto control = Control::open(loop_, options_.data + "/" + control_file_name, core_, admin_->admin(), snapshots_,
                                 [this] { return admin_->commit(); });
    if (control.ok())
        control_ = *std::move(control);
    else
        log_.say(LogLevel::warning, "no_control", "`godwit-relay notice` will not work: " + control.error().detail);
    operations_.emplace(OperationsSources{[this](const auto& visit) { each_counter(visit); },
                                          [this] { return drain_.asked(); }, [this] { return overload(); },
                                          GODWIT_VERSION, options_.data},
                        config_.operations.metrics);
    front_->observe_ticks([this](Duration tick, Duration commit, const Result<void>& committed) {
        if (operations_->ticked(tick, commit, committed, core_.counters().commits))
            log_.say(LogLevel::warning, "storage_recovered", "what comes is stored again");
        admin_->ticked();
    });
    return operations_->listen(loop_);
}

void Service::own_turn(std::vector<TurnEntry> entries)
{
    own_turn_ = std::move(entries);
    *turn_servers_ = own_turn_;
    turn_servers_->insert(turn_servers_->end(), config_.turn.begin(), config_.turn.end());
}

int Service::run(const std::string& ready)
{
    const loop::SignalWatch term(loop_, SIGTERM, [this] { drain(); });
    const loop::SignalWatch interrupt(loop_, SIGINT, [this] { drain(); });
    const loop::SignalWatch hup(loop_, SIGHUP, [this] { reload(); });
    const loop::SignalWatch usr1(loop_, SIGUSR1, [this] { stats(); });
    log_.say(LogLevel::info, "started", "serves", {{"version", GODWIT_VERSION}});
    say_line(ready);
    if (const auto* const http = operations_->server(); http != nullptr)
        say_line("metrics http://" + http->local().text() + "/metrics");
    if (const auto* const http = admin_->server(); http != nullptr)
        say_line("admin http://" + http->local().text() + "/");
    loop_.run();
    log_.say(LogLevel::info, "ended", "serves no more", {{"exit_code", std::to_string(exit_code_)}});
    return exit_code_;
}

// ---- while it runs ----

/// In the order in which SIGUSR1 prints them.
void Service::each_counter(const std::function<void(std::string_view, std::uint64_t)>& visit) const
{
    core_.counters().each(visit);
    const auto turn = turn_ ? turn_->counters() : turn::Counters{};
    turn.each(visit);
    visit("stun_answers", stun_answers_ + turn.bindings);
    visit("slow_readers_closed", front_->slow_readers_closed());
    visit("quic_retries", quic_->retries());
    admin_->each_counter(visit);
    visit("links_half_open", quic_->half_open() + tls_->half_open());
}

void Service::stats()
{
    std::string out;
    each_counter([&](std::string_view name, std::uint64_t value) {
        out += (out.empty() ? "stats {\"" : ",\"") + std::string(name) + "\":" + std::to_string(value);
    });
    say_line(out + "}");
}

std::string Service::overload() const
{
    return core_.shed() == Shed::nothing ? std::string() : name_of(core_.shed());
}

void Service::shed(Shed level)
{
    log_.say(level == Shed::nothing ? LogLevel::info : LogLevel::warning, "shed",
             level == Shed::nothing ? "all is served again"
                                    : "too much to do: gives up " + std::string(name_of(level)) +
                                          " (docs/godwit-relay.md, Abuse and overload)");
    if (turn_) turn_->shed(level >= Shed::turn, level >= Shed::media);
}

void Service::link_ended(const Front::End& end)
{
    if (!log_.wants(LogLevel::info)) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end.lasted).count();
    log_.say(LogLevel::info, "link_ended", "a connection ended",
             {{"address", log_.address(end.from)},
              {"cause", std::string(end.cause)},
              {"logged_in", end.logged_in ? "yes" : "no"},
              {"seconds", std::to_string(seconds)}});
}

void Service::drain()
{
    log_.say(LogLevel::info, "drain", drain_.asked() ? "asked to end again: ends now" : "asked to end");
    drain_.ask(config_.operations.drain, loop::Loop::now().mono);
}

void Service::stop_accepting()
{
    quic_->stop_accepting();
    tls_->stop_accepting();
}

/// All of the file, or nothing of it.
void Service::reload()
{
    if (options_.config.empty())
        return log_.say(LogLevel::warning, "reload_refused", "there is nothing to read again: no --config was given");
    auto fresh = read_config(options_.config);
    if (fresh.ok())
        if (auto logs = log_.configure(fresh->operations.log); !logs.ok()) fresh = logs.error();
    if (!fresh.ok())
        return log_.say(LogLevel::error, "reload_refused",
                        "the configuration stays as it was: " + fresh.error().detail);
    const auto plan = plan_reload(config_.values, fresh->values);
    core_.reconfigure(fresh->core);
    config_.turn = fresh->turn;
    own_turn(std::move(own_turn_));
    config_.operations.drain = fresh->operations.drain;
    operations_->reconfigure(fresh->operations.metrics);
    say_line("reloaded, applied: " + (plan.applied.empty() ? "nothing" : joined(plan.applied)) +
             (plan.restart.empty() ? "" : "; needs a restart: " + joined(plan.restart)));
    if (!plan.restart.empty())
        log_.say(LogLevel::warning, "reload_needs_restart",
                 "changed, and stays as it was until the relay starts again: " + joined(plan.restart));
    // What was not applied is still different next time.
    for (const auto& key : plan.applied) {
        const auto now = fresh->values.find(key);
        if (now == fresh->values.end())
            config_.values.erase(key);
        else
            config_.values[key] = now->second;
    }
}

void Service::commit_failed(const Error& why)
{
    if (const auto alive = store_.alive(); !alive.ok()) {
        log_.say(LogLevel::error, "database_stopped",
                 "the database stopped (" + alive.error().detail + "); nothing acknowledged was lost: start again");
        exit_code_ = 1;
        return loop_.stop();
    }
    const auto now = loop::Loop::now();
    if (now.mono >= reclaim_from_) {
        reclaim_from_ = now.mono + reclaim_interval;
        store_.reclaim_log();
    }
    log_.say(LogLevel::error, "storage_failed",
             "cannot store (" + why.detail + "); requests are answered relay_unavailable until it can", {}, now);
}

// ---- STUN and TURN ----

/// After listening: relayed sockets need to know where, and clients on which port.
Result<void> Service::serve_turn(BytesView seed)
{
    if (!config_.turn_server) return {};
    const auto& serving = *config_.turn_server;
    auto config = turn_config(serving, quic_->local(), turn_secret(serving, seed));
    if (!config.ok()) return config.error();
    if (serving.accounts_only) config->may_relay = [this](std::string_view user) { return may_relay(user); };
    turn_ = std::make_unique<TurnFront>(loop_, *std::move(config), entropy_, stun_paces_);
    turn_->serve(quic_->local(), [this](std::span<const loop::UdpSend> sends) { quic_->send_stray(sends); });
    for (const auto& at : serving.listen)
        if (auto listening = turn_->listen(at); !listening.ok()) return listening.error();
    return {};
}

/// A disk that fails ends nobody's call; and nobody's read outside of a tick spoils the next one.
bool Service::may_relay(std::string_view user)
{
    const bool may = core_.may_relay(user) || store_.failed();
    store_.forgive_reads();
    return may;
}

/// Connections that begin with STUN are TURN's, if there is one.
tls::StrayStream Service::stray_stream()
{
    if (!config_.turn_server) return {};
    return [this](std::unique_ptr<loop::TcpStream> stream) { turn_->stream(std::move(stream), tls_->local()); };
}

bool Service::stray(const loop::UdpDatagram& datagram)
{
    if (turn_) return turn_->datagram(datagram);
    if (!stun::is_stun(datagram.bytes)) return false;
    answer_binding(datagram);
    return true;
}

void Service::answer_binding(const loop::UdpDatagram& datagram)
{
    const auto subscriber = datagram.from.subscriber().text();
    const auto now = loop::Loop::now().mono;
    if (stun_paces_.wait(subscriber, now) > Duration::zero()) return;
    const auto answer = stun::answer(datagram.bytes, stun::Endpoint::of(datagram.from.ip_bytes(), datagram.from.port));
    if (!answer) return;
    stun_paces_.take(subscriber, now);
    ++stun_answers_;
    quic_->send_stray({datagram.from, datagram.to, *answer, 0, 0});
}

} // namespace godwit::relay
