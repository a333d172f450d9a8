// SPDX-License-Identifier: Apache-2.0
// service: a relay that runs. The core with its listeners, TURN, figures, administration and signals on one loop:
//
//   open -> listen -> serve_operator -> own_turn -> run ... SIGHUP: reload, SIGUSR1: stats, SIGTERM: drain -> the end
#pragma once

#include "relay/daemon/admin_front.hpp"
#include "relay/daemon/config_file.hpp"
#include "relay/daemon/control.hpp"
#include "relay/daemon/drain.hpp"
#include "relay/daemon/front.hpp"
#include "relay/daemon/log.hpp"
#include "relay/daemon/operations.hpp"
#include "relay/daemon/options.hpp"
#include "relay/daemon/turn_front.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_server.hpp"
#include "transport/tls/tls_link.hpp"

namespace godwit::relay {

/// The operator's secret, or one of this relay's key: then it is the same after a restart.
[[nodiscard]] std::string turn_secret(const TurnServing& serving, BytesView seed);
/// On stdout, for whoever reads it now.
void say_line(const std::string& line);

class Service {
public:
    /// `turn_servers`: what clients are told of, shared with who tells them.
    Service(DaemonConfig config, const Options& options, std::shared_ptr<std::vector<TurnEntry>> turn_servers,
            Store store, tls::Identity identity);

    [[nodiscard]] Result<void> listen(loop::Address at, BytesView seed);
    /// Figures and orders: after listening. Without the orders' socket a relay serves all the same.
    [[nodiscard]] Result<void> serve_operator();
    /// What clients are told of, before those of the configuration.
    void own_turn(std::vector<TurnEntry> entries);
    [[nodiscard]] std::uint16_t port() const { return tls_->local().port; }
    /// Says the line once whoever reads it may send signals. The process's exit code.
    int run(const std::string& ready);

private:
    [[nodiscard]] Config core_config();
    [[nodiscard]] tls::ServeOptions serve_options() const;
    void each_counter(const std::function<void(std::string_view, std::uint64_t)>& visit) const;
    void stats();
    [[nodiscard]] std::string overload() const;
    void shed(Shed level);
    void drain();
    void stop_accepting();
    void reload();
    void link_ended(const Front::End& end);
    [[nodiscard]] bool may_relay(std::string_view user);
    [[nodiscard]] Result<void> serve_turn(BytesView seed);
    [[nodiscard]] tls::StrayStream stray_stream();
    [[nodiscard]] bool stray(const loop::UdpDatagram& datagram);
    void answer_binding(const loop::UdpDatagram& datagram);
    void commit_failed(const Error& why);

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

} // namespace godwit::relay
