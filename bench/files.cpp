// SPDX-License-Identifier: Apache-2.0
// bench/files: what a file takes on this machine, beside the floors of the same run.
//
//   files --relay PATH-TO-godwit-relay [--dir DIR] [--mib N]
//
// One file of N MiB: into the home (read, hashed, encrypted, durable), to a contact directly (asked for, checked,
// encrypted, durable), out again; then one by the relay alone. Floors: the disk taking as many bytes, durable; UDP
// datagrams of 1,200 bytes on loopback; ngtcp2 alone, from memory to nowhere.
#include "bench/films.hpp"
#include "bench/quic/bare.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace bench;
namespace request = godwit::request;

void say(const char* what, double mebibytes, double us)
{
    std::printf("%-44s %8.1f MiB/s\n", what, mebibytes / (us / 1e6));
    std::fflush(stdout);
}

void measure(int argc, char** argv)
{
    std::string relay_program;
    std::filesystem::path wanted;
    std::size_t size = 64;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            relay_program = argv[i + 1];
        else if (name == "--dir")
            wanted = argv[i + 1];
        else if (name == "--mib")
            size = static_cast<std::size_t>(std::max(1, std::atoi(argv[i + 1])));
        else
            give_up("unknown option " + name);
    }
    if (relay_program.empty()) give_up("usage: files --relay PATH [--dir DIR] [--mib N]");
    const Workplace place(wanted);
    const auto& folder = place.folder();
    const auto amount = static_cast<double>(size);

    say("floor   write and sync", amount, write_floor(folder / "file", size));
    say("floor   UDP, 1,200 bytes, there", amount, udp_floor(size));
    const auto bare = quic::bare_ngtcp2(size);
    say(("floor   ngtcp2 alone, " + bare.congestion).c_str(), amount, amount / bare.mib_per_s * 1e6);
    std::printf("%-44s %8.2f s of CPU a GiB\n", "", bare.cpu_s_per_gib);

    Relay relay(relay_program, folder / "relay", 4);
    auto ann = std::make_unique<Pilot>("ann", folder, relay.address());
    Pilot bob("bob", folder, relay.address());
    ann->enroll();
    bob.enroll();
    befriend(*ann, bob);
    bob.expect_ok(bob.ask(request::SetAutoFetch{godwit::file_bytes_max}), "set_auto_fetch");

    auto start = Clock::now();
    const auto film = add(*ann, folder / "file");
    say("in      read, hash, encrypt, sync", amount, since_us(start));

    start = Clock::now();
    const auto spent = cpu_s();
    post(*ann, "bob", film);
    const auto path = arrives(bob, film.id);
    const auto us = since_us(start);
    const auto cost = (cpu_s() - spent) / amount * 1024;
    say((std::string(godwit::path_name(path)) + "  post, connect, fetch, check, encrypt, sync").c_str(), amount, us);
    std::printf("%-44s %8.2f s of CPU a GiB; of ngtcp2 alone: %.2f of the rate, %.2f times its CPU\n", "", cost,
                amount / (us / 1e6) / bare.mib_per_s, cost / bare.cpu_s_per_gib);

    start = Clock::now();
    bob.expect_ok(bob.ask(request::FileSave{film.id, (folder / "out").string(), true}), "file_save");
    say("out     decrypt, write, sync", amount, since_us(start));

    // Within an account's quota at the relay's defaults.
    const auto small = std::min<std::size_t>(size, 32);
    (void)write_floor(folder / "small", small - 1 > 0 ? small - 1 : 1);
    for (auto* one : {ann.get(), &bob})
        one->expect_ok(one->ask(request::SetPolicy{godwit::PathPolicy::relay_only}), "set_policy");
    const auto photo = add(*ann, folder / "small");
    start = Clock::now();
    post(*ann, "bob", photo);
    (void)arrives(bob, photo.id);
    say("mailbox left at the relay and fetched, with waits", static_cast<double>(photo.size_bytes) / mib,
        since_us(start));
}

} // namespace

int main(int argc, char** argv)
{
    return run("files", [&] { measure(argc, argv); });
}
