// SPDX-License-Identifier: Apache-2.0
// bench/turn: datagrams that a TURN server relays per second of its processor time; our relay beside coturn, in one
// run.
//
//   turn --relay PATH-TO-godwit-relay [--seconds N] [--coturn PATH]
//
// Each client has an allocation with a channel to one peer that sends everything back; so many of its datagrams are
// under way at a time, and when one is back the next one leaves. A datagram counts when the server has passed it on:
// twice a round. The server's time is what the system says that its process used (user and system, all threads).
#include "bench/figures.hpp"
#include "bench/turn/loader.hpp"
#include "bench/turn/server.hpp"

#include <cstdlib>

namespace {

using namespace bench::turn;

struct Load {
    const char* what;
    Traffic traffic;
};

/// Calls, many at once; calls whose datagrams come in bursts; and files.
constexpr Load loads[] = {
    {"160 bytes, 50 clients, 1 under way each", {.clients = 50, .payload_bytes = 160, .window = 1}},
    {"160 bytes, 50 clients, 4 under way each", {.clients = 50, .payload_bytes = 160, .window = 4}},
    {"1,200 bytes, 4 clients, 32 under way each", {.clients = 4, .payload_bytes = 1200, .window = 32}},
};
constexpr std::size_t idle_allocations = 400;

void measure(const char* name, Server& server, double seconds)
{
    for (const auto& load : loads) {
        Loader loader(server.port(), load.traffic);
        static_cast<void>(loader.run(0.3)); // caches, and what is made at first use
        const auto before = server.cpu_seconds();
        const auto got = loader.run(seconds);
        const auto cpu = server.cpu_seconds() - before;
        bench::figure("turn/" + std::string(name) + "/" + load.what, static_cast<double>(got.relayed) / cpu);
        std::printf("%-8s %-44s %9.0f datagrams/s  %5.1f %% of a core  %9.0f per CPU second  %zu lost\n", name,
                    load.what, static_cast<double>(got.relayed) / got.seconds, 100 * cpu / got.seconds,
                    static_cast<double>(got.relayed) / cpu, got.lost);
        std::fflush(stdout);
    }
    const auto before = server.resident_bytes();
    const Loader idle(server.port(), {.clients = idle_allocations, .payload_bytes = 160, .window = 0});
    const double each_kib = static_cast<double>(server.resident_bytes() - before) / idle_allocations / 1024;
    bench::figure("turn/" + std::string(name) + "/allocation_kib", each_kib);
    std::printf("%-8s %-44s %9.1f KiB each\n", name, "400 idle allocations, resident", each_kib);
    std::fflush(stdout);
}

int run(int argc, char** argv)
{
    std::string relay;
    std::string coturn = "/usr/bin/turnserver";
    double seconds = 5;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--relay")
            relay = argv[i + 1];
        else if (option == "--coturn")
            coturn = argv[i + 1];
        else if (option == "--seconds")
            seconds = std::atof(argv[i + 1]);
        else
            give_up("unknown option " + option);
    }
    if (relay.empty() || seconds < 0.1 || seconds > 600)
        give_up("use: turn --relay PATH [--seconds 0.1 … 600] [--coturn PATH]");
    {
        auto ours = Server::relay(relay);
        measure("ours", ours, seconds);
    }
    if (!Server::is_program(coturn)) {
        std::printf("coturn   not run: no %s (package coturn)\n", coturn.c_str());
        return 0;
    }
    auto theirs = Server::coturn(coturn);
    measure("coturn", theirs, seconds);
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return run(argc, argv);
    } catch (const GaveUp& gave_up) {
        std::fputs(("bench/turn: " + gave_up.why + "\n").c_str(), stderr);
        return 1;
    }
}
