// SPDX-License-Identifier: Apache-2.0
// bench/files: what a file takes on this machine, beside the floors of the same run.
//
//   files --relay PATH-TO-godwit-relay [--dir DIR] [--mib N]
//
// One file of N MiB: into the home (read, hashed, encrypted, durable), to a contact directly (asked for, checked,
// encrypted, durable), out again; then one by the relay alone. Floors: the disk taking as many bytes, durable; UDP
// datagrams of 1,200 bytes on loopback.
#include "bench/pilot.hpp"
#include "bench/udp_pair.hpp"

#include <cstdlib>
#include <random>
#include <vector>

#include <fcntl.h>

namespace {

using namespace bench;
namespace request = godwit::request;
namespace event = godwit::event;

constexpr std::size_t mib = 1024 * 1024;

void say(const char* what, double mebibytes, double us)
{
    std::printf("%-44s %8.1f MiB/s\n", what, mebibytes / (us / 1e6));
    std::fflush(stdout);
}

double write_floor(const std::filesystem::path& path, std::size_t mebibytes)
{
    std::vector<char> block(mib);
    std::mt19937_64 random(1);
    for (auto& byte : block)
        byte = static_cast<char>(random());
    const auto start = Clock::now();
    const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) give_up("cannot write " + path.string());
    for (std::size_t i = 0; i < mebibytes; ++i) {
        block[0] = static_cast<char>(i);
        if (write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) give_up("the disk is full");
    }
    if (fdatasync(file) != 0) give_up("fdatasync failed");
    close(file);
    return since_us(start);
}

/// One thread sends and takes, a datagram after the other: what the kernel's two halves of it cost.
double udp_floor(std::size_t mebibytes)
{
    UdpPair pair;
    char payload[1200]{};
    const auto start = Clock::now();
    for (std::size_t sent = 0; sent < mebibytes * mib; sent += sizeof payload)
        pair.send(0, payload, sizeof payload);
    return since_us(start);
}

godwit::content::FileRef add(Pilot& who, const std::filesystem::path& path)
{
    const auto reply = who.ask(request::FileAdd{path.string(), {}, {}});
    who.expect_ok(reply, "file_add");
    const auto& file = std::get<godwit::FileInfo>(reply.value);
    return {file.id, file.size_bytes, file.name, file.media_type, file.key};
}

void post(Pilot& who, const std::string& to, const godwit::content::FileRef& file)
{
    request::Send send;
    send.to = to;
    godwit::content::Attachment attachment;
    attachment.file = file;
    send.body = std::move(attachment);
    who.expect_ok(who.ask(std::move(send)), "send");
}

godwit::Path arrives(Pilot& who, const godwit::FileId& file)
{
    godwit::Path path = godwit::Path::none;
    who.wait_until("the file", [&](const godwit::Event& e) {
        const auto* done = std::get_if<event::FileDone>(&e);
        if (done == nullptr || done->file.id != file) return false;
        path = done->file.path;
        return true;
    });
    return path;
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
    post(*ann, "bob", film);
    const auto path = arrives(bob, film.id);
    say((std::string(godwit::path_name(path)) + "  post, connect, fetch, check, encrypt, sync").c_str(), amount,
        since_us(start));

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
