// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/daemon.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/crypto/secret_pages.hpp"
#include "lib/identity/notice.hpp"
#include "lib/wire/names.hpp"
#include "relay/daemon/admin_command.hpp"
#include "relay/daemon/admin_front.hpp"
#include "relay/daemon/backup_command.hpp"
#include "relay/daemon/config_file.hpp"
#include "relay/daemon/control.hpp"
#include "relay/daemon/drain.hpp"
#include "relay/daemon/front.hpp"
#include "relay/daemon/home.hpp"
#include "relay/daemon/identity_file.hpp"
#include "relay/daemon/notice_command.hpp"
#include "relay/daemon/operations.hpp"
#include "relay/daemon/probe.hpp"
#include "relay/daemon/reload.hpp"
#include "relay/daemon/rescue.hpp"
#include "relay/daemon/selftest.hpp"
#include "relay/daemon/turn_front.hpp"
#include "relay/stun/stun.hpp"
#include "transport/loop/signals.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_server.hpp"
#include "transport/tls/tls_link.hpp"

#include <csignal>
#include <cstdio>
#include <sys/resource.h>
#include <sys/stat.h>

namespace godwit::relay {
namespace {

/// Tries to find a port that is free for UDP and TCP when any will do.
constexpr int free_port_tries_max = 16;
/// STUN answers to one subscriber: more than any client asks for, too few to be a weapon.
constexpr Rate stun_rate{200, std::chrono::milliseconds(20)};
constexpr std::size_t stun_subscribers_max = 8192;
/// Between two attempts to win back the log's space on a disk that says no.
constexpr Duration reclaim_interval = std::chrono::seconds(1);

void say_line(const std::string& line)
{
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

void complain(const std::string& sentence)
{
    std::fputs(("godwit-relay: " + sentence + "\n").c_str(), stderr);
}

/// A link is a file descriptor (TCP) or part of one (UDP): take as many as the system gives.
void raise_open_files_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

/// The operator's, or one of this relay's key: then it is the same after a restart.
std::string turn_secret(const TurnServing& serving, BytesView seed)
{
    if (!serving.secret.empty()) return serving.secret;
    return to_hex(crypto::derive_key(seed, "godwit relay turn 1", {}).view());
}

Result<loop::Address> listening_address(const std::string& text)
{
    if (const auto parsed = loop::Address::parse(text)) return *parsed;
    if (const auto parts = loop::split_host_port(text); parts.ok() && parts->host == "localhost")
        return loop::Address::loopback_v4(parts->port);
    return Error{ErrorCode::invalid_argument,
                 "--listen " + text + " is not ADDRESS:PORT: write 0.0.0.0:4433, 127.0.0.1:4433 or [::]:4433", 0};
}

class Daemon {
public:
    Daemon(DaemonConfig config, const Options& options, std::shared_ptr<std::vector<TurnEntry>> turn_servers,
           Store store, tls::Identity identity)
        : config_(hooked(std::move(config))), options_(options), turn_servers_(std::move(turn_servers)),
          store_(std::move(store)), identity_(std::move(identity)), core_(core_config(), store_, entropy_),
          stun_paces_(stun_rate, stun_subscribers_max)
    {
    }

    Result<void> listen(loop::Address at, BytesView seed)
    {
        front_ = std::make_unique<Front>(
            loop_, core_, config_.overload, [this](const Error& why) { commit_failed(why); },
            [this](Shed level) { shed(level); });
        admin_ =
            std::make_unique<AdminFront>(loop_, core_, store_, entropy_, config_, [this] { return front_->tick(); });
        admin_->count_too([this](const auto& visit) {
            if (turn_) turn_->counters().each(visit);
        });
        if (auto serving = admin_->listen(); !serving.ok()) return serving.error();
        quic::QuicServeOptions options;
        options.serve = serve_options();
        crypto::derive(seed, "godwit relay stateless reset 1", {}, options.reset_secret);

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

    /// Figures and orders: after listening. Without the orders' socket a relay serves all the same.
    Result<void> serve_operator()
    {
        if (auto logs = log_.configure(config_.operations.log); !logs.ok()) return logs;
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
            operations_->ticked(tick, commit, committed);
        });
        return operations_->listen(loop_);
    }

    /// What clients are told of, before those of the configuration.
    void own_turn(std::vector<TurnEntry> entries)
    {
        own_turn_ = std::move(entries);
        *turn_servers_ = own_turn_;
        turn_servers_->insert(turn_servers_->end(), config_.turn.begin(), config_.turn.end());
    }

    [[nodiscard]] std::uint16_t port() const { return tls_->local().port; }

    /// Says the line once whoever reads it may send signals.
    int run(const std::string& ready)
    {
        const loop::SignalWatch term(loop_, SIGTERM, [this] { drain(); });
        const loop::SignalWatch interrupt(loop_, SIGINT, [this] { drain(); });
        const loop::SignalWatch hup(loop_, SIGHUP, [this] { reload(); });
        const loop::SignalWatch usr1(loop_, SIGUSR1, [this] { stats(); });
        say_line(ready);
        if (const auto* const http = operations_->server(); http != nullptr)
            say_line("metrics http://" + http->local().text() + "/metrics");
        loop_.run();
        return exit_code_;
    }

private:
    /// With what the core asks of the rooms beside it, which come later.
    [[nodiscard]] Config core_config()
    {
        auto out = config_.core;
        out.account_ended = [this](std::string_view user) {
            if (turn_) turn_->revoke(user);
        };
        if (config_.admin.asks_registration())
            out.decide_registration = [this](const std::string& user, const PublicKey& key, const std::string& address,
                                             Moment now) { return admin_->decide(user, key, address, now); };
        return out;
    }

    [[nodiscard]] tls::ServeOptions serve_options() const
    {
        tls::ServeOptions out;
        out.link.idle_max = config_.idle_max;
        out.link.frame_bytes_max = stranger_frame_bytes_max;
        out.link.handshake_max = config_.core.limits.login_time_max;
        out.limits.arrivals_burst = config_.arrivals_burst;
        out.limits.arrivals_interval = config_.arrivals_interval;
        out.limits.links_max = config_.links_max;
        out.limits.links_per_subscriber_max = config_.links_per_address_max;
        out.limits.half_open_per_subscriber_max = config_.half_open_per_address_max;
        return out;
    }

    /// visit(name, value), in the order in which SIGUSR1 prints them.
    template <class Visit>
    void each_counter(Visit visit) const
    {
        core_.counters().each(visit);
        const auto turn = turn_ ? turn_->counters() : turn::Counters{};
        turn.each(visit);
        visit("stun_answers", stun_answers_ + turn.bindings);
        visit("slow_readers_closed", front_->slow_readers_closed());
    }

    void stats()
    {
        std::string out;
        each_counter([&](std::string_view name, std::uint64_t value) {
            out += (out.empty() ? "stats {\"" : ",\"") + std::string(name) + "\":" + std::to_string(value);
        });
        say_line(out + "}");
    }

    /// Who is no account any more has no calls through here either, at once and not when it is looked for.
    DaemonConfig hooked(DaemonConfig config)
    {
        config.core.account_ended = [this](std::string_view user) {
            if (turn_) turn_->revoke(user);
        };
        return config;
    }

    [[nodiscard]] std::string overload() const
    {
        return core_.shed() == Shed::nothing ? std::string() : name_of(core_.shed());
    }

    void shed(Shed level)
    {
        log_.say(level == Shed::nothing ? LogLevel::info : LogLevel::warning, "shed",
                 level == Shed::nothing ? "all is served again"
                                        : "too much to do: gives up " + std::string(name_of(level)) +
                                              " (docs/godwit-relay.md, Abuse and overload)");
        if (turn_) turn_->shed(level >= Shed::turn, level >= Shed::media);
    }

    void drain()
    {
        log_.say(LogLevel::info, "drain", drain_.asked() ? "asked to end again: ends now" : "asked to end");
        drain_.ask(config_.operations.drain, loop::Loop::now().mono);
    }

    void stop_accepting()
    {
        quic_->stop_accepting();
        tls_->stop_accepting();
    }

    /// All of the file, or nothing of it.
    void reload()
    {
        if (options_.config.empty())
            return log_.say(LogLevel::warning, "reload_refused",
                            "there is nothing to read again: no --config was given");
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

    /// After listening: relayed sockets need to know where, and clients on which port.
    Result<void> serve_turn(BytesView seed)
    {
        if (!config_.turn_server) return {};
        const auto& serving = *config_.turn_server;
        auto config = turn_config(serving, quic_->local(), turn_secret(serving, seed));
        if (!config.ok()) return config.error();
        if (serving.accounts_only)
            config->may_relay = [this](std::string_view user) {
                return core_.may_relay(user) || store_.failed(); // a disk that fails ends nobody's call
            };
        turn_ = std::make_unique<TurnFront>(loop_, *std::move(config), entropy_, stun_paces_);
        turn_->serve(quic_->local(), [this](std::span<const loop::UdpSend> sends) { quic_->send_stray(sends); });
        for (const auto& at : serving.listen)
            if (auto listening = turn_->listen(at); !listening.ok()) return listening.error();
        return {};
    }

    /// Connections that begin with STUN are TURN's, if there is one.
    tls::StrayStream stray_stream()
    {
        if (!config_.turn_server) return {};
        return [this](std::unique_ptr<loop::TcpStream> stream) { turn_->stream(std::move(stream), tls_->local()); };
    }

    bool stray(const loop::UdpDatagram& datagram)
    {
        if (turn_) return turn_->datagram(datagram);
        if (!stun::is_stun(datagram.bytes)) return false;
        answer_binding(datagram);
        return true;
    }

    void answer_binding(const loop::UdpDatagram& datagram)
    {
        const auto subscriber = datagram.from.subscriber().text();
        const auto now = loop::Loop::now().mono;
        if (stun_paces_.wait(subscriber, now) > Duration::zero()) return;
        const auto answer =
            stun::answer(datagram.bytes, stun::Endpoint::of(datagram.from.ip_bytes(), datagram.from.port));
        if (!answer) return;
        stun_paces_.take(subscriber, now);
        ++stun_answers_;
        quic_->send_stray({datagram.from, datagram.to, *answer, 0, 0});
    }

    void commit_failed(const Error& why)
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

    DaemonConfig config_;
    Options options_;
    Log log_;
    std::shared_ptr<std::vector<TurnEntry>> turn_servers_;
    std::vector<TurnEntry> own_turn_;
    loop::SystemEntropy entropy_;
    Store store_;
    tls::Identity identity_;
    Core core_;
    PaceTable stun_paces_;
    std::uint64_t stun_answers_ = 0;
    int exit_code_ = 0;
    Instant reclaim_from_{};

    loop::Loop loop_; // dies last of what follows
    Drain drain_{loop_,
                 {[this] { stop_accepting(); }, [this](std::function<void()> done) { front_->drain(std::move(done)); },
                  [this] { loop_.stop(); }}};
    std::optional<Operations> operations_;
    Snapshots snapshots_{loop_, store_, options_.data};
    std::unique_ptr<Front> front_;
    std::unique_ptr<AdminFront> admin_;
    std::unique_ptr<Control> control_;
    std::unique_ptr<TurnFront> turn_;
    std::unique_ptr<tls::TlsServer> tls_;
    std::unique_ptr<quic::QuicServer> quic_;
};

/// The host in the address that clients are given.
std::string advertised_host(const Options& options, const DaemonConfig& config, const loop::Address& at)
{
    if (!options.advertise.empty()) return options.advertise;
    if (!config.advertise.empty()) return config.advertise;
    auto shown = at;
    if (at.is_any()) {
        complain("listening on all addresses: --advertise HOST puts the one that clients use into the address below");
        shown = at.is_v6 ? loop::Address::loopback_v6(at.port) : loop::Address::loopback_v4(at.port);
    }
    return loop::split_host_port(shown.text())->host;
}

Result<int> start(const Options& options)
{
    auto config = options.config.empty() ? Result<DaemonConfig>(DaemonConfig{}) : read_config(options.config);
    if (!config.ok()) return config.error();
    if (options.check_config) {
        say_line(options.config + " is good");
        return 0;
    }
    config->core.relay_version = GODWIT_VERSION;
    const auto at = listening_address(options.listen);
    if (!at.ok()) return at.error();

    crypto::lock_secrets();
    ::umask(077); // the database is nobody else's business
    if (const auto made = ensure_directory(options.data); !made.ok()) return made.error();
    loop::SystemEntropy entropy;
    auto home = open_home(options, entropy);
    if (!home.ok()) return home.error();
    auto& [seed, store] = *home;
    auto identity = tls::Identity::from_seed(tls::Seed(seed.view().data(), 32));
    if (!identity.ok()) return identity.error();

    raise_open_files_limit();
    std::signal(SIGPIPE, SIG_IGN); // whoever read our stdout may have gone
    std::signal(SIGHUP, SIG_IGN);  // until it runs: the configuration is being read just now
    config->core.sign_notice = [key = std::make_shared<crypto::SecretBytes>(crypto::SecretBytes::copy_of(seed.view()))](
                                   wire::OperatorNotice notice) {
        return identity::sign_notice(std::move(notice), key->view());
    };
    const auto host = advertised_host(options, *config, *at);
    const auto key = identity->public_key();
    // Ours first: it is where the relay is. The port is known when we listen.
    auto turn_servers = std::make_shared<std::vector<TurnEntry>>(config->turn);
    config->core.turn_servers = [turn_servers](std::string_view user, WallMs now_ms) {
        std::vector<wire::TurnServer> out;
        for (const auto& entry : *turn_servers)
            if (out.size() < wire::turn_servers_max) out.push_back(turn_server(entry, user, now_ms));
        return out;
    };
    const auto serving = config->turn_server;
    Daemon daemon(*std::move(config), options, turn_servers, std::move(store), *std::move(identity));
    if (const auto listening = daemon.listen(*at, seed.view()); !listening.ok())
        return Error{listening.error().code, "cannot listen on " + options.listen + ": " + listening.error().detail, 0};
    if (const auto served = daemon.serve_operator(); !served.ok()) return served.error();
    if (serving) daemon.own_turn(own_turn_entries(*serving, host, daemon.port(), turn_secret(*serving, seed.view())));
    return daemon.run("ready " + wire::RelayAddress{host, daemon.port(), key}.to_text());
}

} // namespace

int run(const Options& options)
{
    if (options.command == Options::Command::notice) return run_notice(options);
    if (options.command == Options::Command::admin || options.command == Options::Command::audit)
        return run_admin(options);
    if (is_backup(options.command)) return run_backup(options);
    if (options.command == Options::Command::probe) return run_probe(options);
    if (options.command == Options::Command::selftest) return run_selftest(options);
    if (options.command != Options::Command::serve) return run_rescue(options);
    const auto done = start(options);
    if (done.ok()) return *done;
    complain(done.error().detail);
    return 1;
}

} // namespace godwit::relay
