// SPDX-License-Identifier: Apache-2.0
// bench/flight: what a pair of clients does on this machine, beside the floors of the same run.
//
//   flight --relay PATH-TO-godwit-relay [--dir DIR] [--messages N] [--idle N]
//
// It starts a relay, opens real clients through the public API, and measures: connect and first direct message, round
// trip direct and by mailbox (message -> delivered receipt, durable on both sides), one-way rate, memory a client and
// the relay's memory an idle client. Floors: UDP ping-pong between two sockets of this process, fdatasync of 4 KiB in
// DIR. Trust the ratios, not the times.
#include "bench/figures.hpp"
#include "bench/floors.hpp"
#include "bench/pilot.hpp"
#include "bench/trips.hpp"

#include <cstdlib>
#include <vector>

namespace {

using namespace bench;

/// Resident memory of a process in KiB; 0 where /proc does not tell.
long resident_kib(pid_t pid)
{
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(status, line))
        if (line.rfind("VmRSS:", 0) == 0) return std::atol(line.c_str() + 6);
    return 0;
}

void fly(int argc, char** argv)
{
    std::string relay_program;
    std::filesystem::path folder;
    int messages = 5000;
    int idle = 200;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            relay_program = argv[i + 1];
        else if (name == "--dir")
            folder = argv[i + 1];
        else if (name == "--messages")
            messages = std::atoi(argv[i + 1]);
        else if (name == "--idle")
            idle = std::atoi(argv[i + 1]);
        else
            give_up("unknown option " + name);
    }
    if (relay_program.empty()) give_up("usage: flight --relay PATH [--dir DIR] [--messages N] [--idle N]");
    const Workplace place(folder);
    folder = place.folder();

    const auto udp = udp_ping_pong(20'000);
    const auto sync = fdatasync_floor(folder, 1000);
    std::printf("floor  UDP ping-pong 100 B     p50 %8.1f us  p99 %8.1f us\n", udp.p50, udp.p99);
    std::printf("floor  write 4 KiB + fdatasync p50 %8.1f us  p99 %8.1f us\n", sync.p50, sync.p99);

    Relay relay(relay_program, folder / "relay", idle + 2);
    const long relay_empty_kib = resident_kib(relay.pid());
    const long self_before_kib = resident_kib(getpid());
    Pilot ann("ann", folder, relay.address());
    Pilot bob("bob", folder, relay.address());
    ann.enroll();
    bob.enroll();
    befriend(ann, bob);
    const long self_pair_kib = resident_kib(getpid());
    Drain drain(bob);

    const auto first = fly_one(ann, "bob", "first");
    figure("flight/first_ms", first.first / 1000);
    std::printf("first message after both online, cold path: %.1f ms by %s\n", first.first / 1000,
                std::string(path_name(first.second)).c_str());
    for (int tries = 0; tries < 200 && fly_one(ann, "bob", "warm").second != godwit::Path::direct; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));

    int off_path = 0;
    const auto direct = round_trips(ann, "bob", 1000, godwit::Path::direct, off_path);
    const double goal_us = 10 * udp.p50 + 2 * sync.p50;
    std::printf("direct  message -> durable -> receipt   p50 %8.1f us  p99 %8.1f us  = %.2f x (10 UDP + 2 "
                "fdatasync)  off path %d\n",
                direct.p50, direct.p99, direct.p50 / goal_us, off_path);
    std::printf("direct  one way, durable, receipted     %8.0f messages/s\n", one_way_rate(ann, "bob", messages));

    ann.expect_ok(ann.ask(godwit::request::Fault{true}), "fault");
    for (int tries = 0; tries < 200 && fly_one(ann, "bob", "cut").second != godwit::Path::mailbox; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    off_path = 0;
    const auto mailbox = round_trips(ann, "bob", 300, godwit::Path::mailbox, off_path);
    figure("flight/mailbox_trip_us", mailbox.p50);
    std::printf("mailbox message -> durable x3 -> receipt p50 %7.1f us  p99 %8.1f us  off path %d\n", mailbox.p50,
                mailbox.p99, off_path);
    const double mailbox_rate = one_way_rate(ann, "bob", messages / 4);
    figure("flight/mailbox_one_way", mailbox_rate);
    figure("flight/pair_kib", static_cast<double>(self_pair_kib - self_before_kib));
    std::printf("mailbox one way, durable x3, receipted  %8.0f messages/s\n", mailbox_rate);
    std::printf("memory  two clients in this process     %8ld KiB over an empty process\n",
                self_pair_kib - self_before_kib);

    const long relay_pair_kib = resident_kib(relay.pid());
    std::vector<std::unique_ptr<Pilot>> crowd;
    for (int i = 0; i < idle; ++i) {
        crowd.push_back(std::make_unique<Pilot>("idle" + std::to_string(i), folder, relay.address()));
        crowd.back()->enroll();
    }
    if (idle > 0) {
        const double each_kib = static_cast<double>(resident_kib(relay.pid()) - relay_pair_kib) / idle;
        figure("flight/relay_client_kib", each_kib);
        std::printf(
            "memory  relay, empty %ld KiB, after the pair %ld KiB, each idle QUIC client %.1f KiB (%d clients)\n",
            relay_empty_kib, relay_pair_kib, each_kib, idle);
    }
}

} // namespace

int main(int argc, char** argv)
{
    return run("flight", [&] { fly(argc, argv); });
}
