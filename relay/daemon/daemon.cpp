// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/daemon.hpp"

#include "lib/crypto/secret_pages.hpp"
#include "lib/identity/notice.hpp"
#include "lib/wire/names.hpp"
#include "relay/daemon/admin_command.hpp"
#include "relay/daemon/backup_command.hpp"
#include "relay/daemon/config_doubts.hpp"
#include "relay/daemon/home.hpp"
#include "relay/daemon/identity_file.hpp"
#include "relay/daemon/listening.hpp"
#include "relay/daemon/notice_command.hpp"
#include "relay/daemon/probe.hpp"
#include "relay/daemon/rescue.hpp"
#include "relay/daemon/selftest.hpp"
#include "relay/daemon/service.hpp"

#include <csignal>
#include <cstdio>
#include <sys/resource.h>
#include <sys/stat.h>

namespace godwit::relay {
namespace {

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
        for (const auto& doubt : config_doubts(*config))
            say_line("but: " + doubt);
        return 0;
    }
    config->core.relay_version = GODWIT_VERSION;
    const auto at = listening_at(options.listen);
    if (!at)
        return Error{
            ErrorCode::invalid_argument,
            "--listen " + options.listen + " is not ADDRESS:PORT: write 0.0.0.0:4433, 127.0.0.1:4433 or [::]:4433", 0};

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
    Service service(*std::move(config), options, turn_servers, std::move(store), *std::move(identity));
    if (const auto listening = service.listen(*at, seed.view()); !listening.ok())
        return Error{listening.error().code, "cannot listen on " + options.listen + ": " + listening.error().detail, 0};
    if (const auto served = service.serve_operator(); !served.ok()) return served.error();
    if (serving) service.own_turn(own_turn_entries(*serving, host, service.port(), turn_secret(*serving, seed.view())));
    return service.run("ready " + wire::RelayAddress{host, service.port(), key}.to_text());
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
