// SPDX-License-Identifier: Apache-2.0
// bench/rate: messages one way, directly, again and again, for profiles and for comparisons on a machine that is busy.
//
//   rate --relay PATH-TO-godwit-relay [--dir DIR] [--messages N] [--window N] [--rounds N] [--sync-us N]
//
// Says the rate, the processor time a message (both clients and the application, all threads of this process) and how
// often this process waited for the disk. --sync-us N: instead of waiting for the disk it waits N microseconds, so that
// two builds can be compared while others keep the disk busy; nothing is durable then, and the figure says so.
#include "bench/figures.hpp"
#include "bench/trips.hpp"

#include <atomic>
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>

namespace {

std::atomic<std::uint64_t> syncs{0};
std::atomic<long> pretend_us{-1};

} // namespace

/// In the place of the system's, for all of this process: counted, and where asked for only pretended.
extern "C" __attribute__((visibility("default"))) int fdatasync(int file)
{
    static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
    syncs.fetch_add(1, std::memory_order_relaxed);
    const long us = pretend_us.load(std::memory_order_relaxed);
    if (us < 0) return real(file);
    const timespec pause{us / 1'000'000, us % 1'000'000 * 1000};
    if (us > 0) nanosleep(&pause, nullptr);
    return 0;
}

namespace {

using namespace bench;

double cpu_us()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void measure(int argc, char** argv)
{
    std::string relay_program;
    std::filesystem::path wanted;
    int messages = 10'000;
    int window = 2000;
    int rounds = 3;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            relay_program = argv[i + 1];
        else if (name == "--dir")
            wanted = argv[i + 1];
        else if (name == "--messages")
            messages = std::max(1, std::atoi(argv[i + 1]));
        else if (name == "--window")
            window = std::max(1, std::atoi(argv[i + 1]));
        else if (name == "--rounds")
            rounds = std::max(1, std::atoi(argv[i + 1]));
        else if (name == "--sync-us")
            pretend_us = std::atol(argv[i + 1]);
        else
            give_up("unknown option " + name);
    }
    if (relay_program.empty())
        give_up("usage: rate --relay PATH [--dir DIR] [--messages N] [--window N] [--rounds N] [--sync-us N]");
    const Workplace place(wanted);
    Relay relay(relay_program, place.folder() / "relay", 4);
    Pilot ann("ann", place.folder(), relay.address());
    Pilot bob("bob", place.folder(), relay.address());
    ann.enroll();
    bob.enroll();
    befriend(ann, bob);
    const Drain drain(bob);
    for (int tries = 0; fly_one(ann, "bob", "warm").second != godwit::Path::direct; ++tries) {
        if (tries > 500) give_up("no direct path");
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    for (int round = 0; round < rounds; ++round) {
        const auto waits = syncs.load();
        const auto busy = cpu_us();
        const double rate = one_way_rate(ann, "bob", messages, window);
        const double each = (cpu_us() - busy) / messages;
        const double share = static_cast<double>(syncs.load() - waits) / messages;
        std::printf("%8.0f messages/s  %6.1f us of processor each  %.4f waits for the disk each%s\n", rate, each, share,
                    pretend_us.load() < 0 ? "" : "  (pretended: nothing was durable)");
        std::fflush(stdout);
        figure("rate.one_way", rate);
        figure("rate.cpu_us", each);
        figure("rate.syncs", share);
    }
}

} // namespace

int main(int argc, char** argv)
{
    return run("rate", [&] { measure(argc, argv); });
}
