// SPDX-License-Identifier: Apache-2.0
// bench/history: a history, written and given to a new device.
//
//   history --relay PATH-TO-godwit-relay [--dir DIR] [--messages N]
//
// N notes to oneself of 37 bytes, half of them Chinese, each accepted, that is durable, before it counts. Then a second
// device of the account asks for the history: it is sealed into an archive, goes from device to device as a file, is
// opened and merged. Both sides are in this process, on loopback.
#include "bench/pilot.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace bench;
namespace request = godwit::request;
namespace event = godwit::event;

std::uintmax_t bytes_in(const std::filesystem::path& folder)
{
    std::uintmax_t out = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) out += entry.file_size();
    return out;
}

std::string text_of(int n)
{
    auto out = n % 2 == 0 ? "a note of some words, as they are "
                          : "\xe5\x92\x96\xe5\x95\xa1\xe9\xa6\x86\xe8\xa7\x81 "
                            "\xe5\x92\x96\xe5\x95\xa1\xe9\xa6\x86\xe8\xa7\x81 ";
    return (out + std::to_string(1'000'000'000 + n)).substr(0, 37);
}

void measure(int argc, char** argv)
{
    std::string relay_program;
    std::filesystem::path wanted;
    int messages = 20'000;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            relay_program = argv[i + 1];
        else if (name == "--dir")
            wanted = argv[i + 1];
        else if (name == "--messages")
            messages = std::max(1, std::atoi(argv[i + 1]));
        else
            give_up("unknown option " + name);
    }
    if (relay_program.empty()) give_up("usage: history --relay PATH [--dir DIR] [--messages N]");
    const Workplace place(wanted);
    Relay relay(relay_program, place.folder() / "relay", 4);
    Pilot old("ann", place.folder(), relay.address());
    old.enroll();

    constexpr int under_way_max = 256;
    auto start = Clock::now();
    const auto before = bytes_in(place.folder() / "ann");
    int under_way = 0, accepted = 0;
    for (int n = 0; accepted < messages;) {
        for (; n < messages && under_way < under_way_max; ++n, ++under_way)
            old.submit(request::Send{"ann", text_of(n), {}});
        old.wait_until("an answer", [&](const godwit::Event& e) {
            const auto* reply = std::get_if<event::Reply>(&e);
            if (reply == nullptr) return false;
            old.expect_ok(*reply, "send");
            --under_way;
            ++accepted;
            return true;
        });
    }
    const auto written_s = since_us(start) / 1e6;
    std::printf("%-52s %10.0f messages/s\n", "notes, each durable", messages / written_s);
    std::printf("%-52s %10.0f bytes\n", "on the disk for each, with the index and the log",
                static_cast<double>(bytes_in(place.folder() / "ann") - before) / messages);

    Pilot fresh("ann2", place.folder(), relay.address());
    fresh.expect_ok(fresh.ask(request::Login{relay.address(), "ann", "correct horse battery", "new"}), "login");
    fresh.wait_until("connected", [](const godwit::Event& e) { return std::holds_alternative<event::Connected>(e); });
    // The old device says yes when it is asked; both queues are kept empty meanwhile.
    start = Clock::now();
    fresh.expect_ok(fresh.ask(request::HistoryAsk{}), "history_ask");
    std::uint64_t posts = 0, bytes = 0;
    double made_us = 0;
    {
        std::atomic<bool> done{false};
        std::thread giver([&] {
            godwit::RequestId asked = 0;
            while (!done.load()) {
                const auto e = old.client().wait(std::chrono::milliseconds(20));
                if (!e) continue;
                if (const auto* wish = std::get_if<event::HistoryWanted>(&*e))
                    asked = old.submit(request::HistorySend{wish->device});
                const auto* reply = std::get_if<event::Reply>(&*e);
                if (reply != nullptr && asked != 0 && reply->id == asked) made_us = since_us(start);
            }
        });
        const auto begun = Clock::now();
        while (posts == 0 && Clock::now() - begun < std::chrono::seconds(300)) {
            const auto e = fresh.client().wait(std::chrono::milliseconds(500));
            const auto* received = e ? std::get_if<event::HistoryReceived>(&*e) : nullptr;
            if (received == nullptr) continue;
            posts = received->archive.posts;
            bytes = received->archive.bytes;
        }
        done.store(true);
        giver.join();
    }
    const auto all_us = since_us(start);
    if (posts == 0) give_up("the history has not come in 300 s");
    std::printf("%-52s %10.1f s, of it %.1f s until it was sealed\n", "a new device has it, from asking on",
                all_us / 1e6, made_us / 1e6);
    std::printf("%-52s %10.0f messages/s, %.0f bytes each\n", "", static_cast<double>(posts) / (all_us / 1e6),
                static_cast<double>(bytes) / static_cast<double>(posts));
}

} // namespace

int main(int argc, char** argv)
{
    return run("history", [&] { measure(argc, argv); });
}
