// SPDX-License-Identifier: Apache-2.0
// bench/peers: godwit beside what people would pick instead, and beside the floor, in one run.
//
//   peers --relay PATH-TO-godwit-relay [--dir DIR] [--messages N] [--mib N]
//
// Prints a table in Markdown: what was measured, godwit, the other, and how many times better godwit is (below 1:
// worse). godwit's figures are of accounts through its public API, encrypted and durable on both sides
// (synchronous=FULL); c-toxcore stores nothing, two instances in one thread. Floors: bare sockets, bare fdatasync, bare
// SQLite, bare ngtcp2.
#include "bench/figures.hpp"
#include "bench/films.hpp"
#include "bench/peers/toxcore.hpp"
#include "bench/quic/bare.hpp"
#include "bench/trips.hpp"

#include <cstdlib>

namespace {

using namespace bench;
namespace request = godwit::request;

struct Wish {
    std::string relay;
    std::filesystem::path folder;
    int messages = 20'000;
    std::size_t mib = 64;
};

struct Ours {
    double connect_ms = 0; // from open clients of contacts to the first receipt by the direct path
    Spread trip_us;
    double rate = 0;     // messages a second
    double file = 0;     // MiB a second
    double file_cpu = 0; // s a GiB, both sides
};

struct Theirs {
    double connect_ms = 0;
    Spread asked_us, eager_us;
    double rate = 0;
    double file = 0;
};

struct Floors {
    Spread udp, tcp, sync;
    double rows_alone = 0; // rows a second, each a transaction
    double rows_batched = 0;
    quic::Bare bare;
};

Floors measure_floors(const Wish& wish)
{
    const auto& folder = wish.folder;
    Floors floors;
    floors.udp = udp_ping_pong(20'000);
    floors.tcp = tcp_ping_pong(20'000);
    floors.sync = fdatasync_floor(folder, 1000);
    floors.rows_alone = sqlite_rows(folder, 1000, 1, 300);
    floors.rows_batched = sqlite_rows(folder, 40'000, 64, 300);
    floors.bare = quic::bare_ngtcp2(wish.mib);
    return floors;
}

std::unique_ptr<Pilot> member(const std::string& name, const std::filesystem::path& folder, const Relay& relay)
{
    auto made = std::make_unique<Pilot>(name, folder, relay.address());
    made->enroll();
    return made;
}

Ours measure_ours(const Wish& wish)
{
    Ours ours;
    Relay relay(wish.relay, wish.folder / "relay", 4);
    {
        auto ann = member("ann", wish.folder, relay);
        auto bob = member("bob", wish.folder, relay);
        befriend(*ann, *bob);
    }
    // Both homes exist, both sides are known to each other, nothing is open: what a start of the program takes.
    const auto start = Clock::now();
    Pilot ann("ann", wish.folder, relay.address());
    Pilot bob("bob", wish.folder, relay.address());
    const auto connected = [](const godwit::Event& e) { return std::holds_alternative<godwit::event::Connected>(e); };
    ann.wait_until("the relay", connected);
    bob.wait_until("the relay", connected);
    {
        Drain drain(bob);
        for (int tries = 0; fly_one(ann, "bob", "first").second != godwit::Path::direct; ++tries)
            if (tries > 500) give_up("no direct path");
        ours.connect_ms = since_us(start) / 1000;
        int off_path = 0;
        ours.trip_us = round_trips(ann, "bob", 1000, godwit::Path::direct, off_path);
        if (off_path > 0) give_up("messages left the direct path");
        ours.rate = one_way_rate(ann, "bob", wish.messages);
    }
    bob.expect_ok(bob.ask(request::SetAutoFetch{godwit::file_bytes_max}), "set_auto_fetch");
    (void)write_floor(wish.folder / "film", wish.mib);
    const auto film = add(ann, wish.folder / "film");
    const auto posted = Clock::now();
    const auto spent = cpu_s();
    post(ann, "bob", film);
    if (arrives(bob, film.id) != godwit::Path::direct) give_up("the file did not go directly");
    ours.file = static_cast<double>(wish.mib) / (since_us(posted) / 1e6);
    ours.file_cpu = (cpu_s() - spent) / static_cast<double>(wish.mib) * 1024;
    return ours;
}

Theirs measure_theirs(const Wish& wish)
{
    Theirs theirs;
    ToxPair pair(ToxPair::as_asked);
    theirs.connect_ms = pair.connect_ms();
    theirs.asked_us = pair.round_trips(40, 100);
    pair.set_pause(1);
    theirs.eager_us = pair.round_trips(500, 100);
    for (const int window : {500, 1000, 2000})
        theirs.rate = std::max(theirs.rate, pair.one_way_rate(wish.messages, 100, window));
    for (const int pause : {1, ToxPair::never}) {
        pair.set_pause(pause);
        theirs.file = std::max(theirs.file, pair.file_rate(std::min<std::size_t>(wish.mib, 32)));
    }
    return theirs;
}

void row(const std::string& what, double ours, const char* unit, const std::string& beside, double other, bool less)
{
    std::printf("| %s | %.4g %s | %s | %.4g %s | %.2f |\n", what.c_str(), ours, unit, beside.c_str(), other, unit,
                less ? other / ours : ours / other);
}

void keep(const Floors& floors, const Ours& ours, const Theirs& theirs)
{
    const std::pair<const char*, double> all[] = {
        {"floor/udp_us", floors.udp.p50},
        {"floor/tcp_us", floors.tcp.p50},
        {"floor/sync_us", floors.sync.p50},
        {"floor/rows_alone", floors.rows_alone},
        {"floor/rows_batched", floors.rows_batched},
        {"ours/connect_ms", ours.connect_ms},
        {"ours/trip_us", ours.trip_us.p50},
        {"ours/one_way", ours.rate},
        {"ours/file_mib", ours.file},
        {"ours/file_cpu", ours.file_cpu},
        {"bare/file_mib", floors.bare.mib_per_s},
        {"bare/file_cpu", floors.bare.cpu_s_per_gib},
        {"toxcore/connect_ms", theirs.connect_ms},
        {"toxcore/trip_asked_us", theirs.asked_us.p50},
        {"toxcore/trip_eager_us", theirs.eager_us.p50},
        {"toxcore/one_way", theirs.rate},
        {"toxcore/file_mib", theirs.file},
    };
    for (const auto& [name, value] : all)
        figure(name, value);
}

void tell(const Floors& floors, const Ours& ours, const Theirs& theirs)
{
    keep(floors, ours, theirs);
    const auto tox = "c-toxcore " + ToxPair::version();
    std::printf("\n| What | godwit | Beside | Its figure | godwit is better by |\n|---|---|---|---|---|\n");
    row("message there and back, 100 bytes, p50", ours.trip_us.p50, "us", "10 UDP round trips and 2 fdatasync",
        10 * floors.udp.p50 + 2 * floors.sync.p50, true);
    row("the same", ours.trip_us.p50, "us", tox + ", in the loop it asks for", theirs.asked_us.p50, true);
    row("the same", ours.trip_us.p50, "us", tox + ", in a loop of 1 ms", theirs.eager_us.p50, true);
    row("messages one way, receipted", ours.rate, "a second", tox + ", best window", theirs.rate, false);
    row("the same", ours.rate, "a second", "rows of bare SQLite, 64 a transaction", floors.rows_batched, false);
    row("file, 1:1", ours.file, "MiB/s", tox, theirs.file, false);
    row("the same", ours.file, "MiB/s", "ngtcp2 alone, " + floors.bare.congestion, floors.bare.mib_per_s, false);
    row("its processor time", ours.file_cpu, "s a GiB", "the same", floors.bare.cpu_s_per_gib, true);
    row("start to the first message on the direct path", ours.connect_ms, "ms", tox, theirs.connect_ms, true);
    std::printf(
        "\nFloors: UDP there and back %.1f us, TCP %.1f us, 4 KiB and fdatasync %.0f us, a row of bare SQLite and "
        "its transaction %.0f a second.\n",
        floors.udp.p50, floors.tcp.p50, floors.sync.p50, floors.rows_alone);
}

void measure(int argc, char** argv)
{
    Wish wish;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            wish.relay = argv[i + 1];
        else if (name == "--dir")
            wish.folder = argv[i + 1];
        else if (name == "--messages")
            wish.messages = std::max(1, std::atoi(argv[i + 1]));
        else if (name == "--mib")
            wish.mib = static_cast<std::size_t>(std::max(1, std::atoi(argv[i + 1])));
        else
            give_up("unknown option " + name);
    }
    if (wish.relay.empty()) give_up("usage: peers --relay PATH [--dir DIR] [--messages N] [--mib N]");
    const Workplace place(wish.folder);
    wish.folder = place.folder();
    const auto floors = measure_floors(wish);
    const auto ours = measure_ours(wish);
    const auto theirs = measure_theirs(wish);
    tell(floors, ours, theirs);
}

} // namespace

int main(int argc, char** argv)
{
    return run("peers", [&] { measure(argc, argv); });
}
