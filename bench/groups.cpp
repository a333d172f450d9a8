// SPDX-License-Identifier: Apache-2.0
// bench/groups: what a group costs: to come into it by a link, and to say something in it.
//
//   groups --relay PATH-TO-godwit-relay [--dir DIR] [--members N] [--messages N]
//
// All members are clients of this process, who know nobody: what is said goes by the relay to each of them. Says how
// long it takes until all are in, until a message is at the relay (its sender's `sent`), and until the last member has
// it.
#include "bench/pilot.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace {

using namespace bench;
namespace request = godwit::request;
namespace event = godwit::event;

void measure(int argc, char** argv)
{
    std::string relay_program;
    std::filesystem::path wanted;
    int members = 10;
    int messages = 20;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            relay_program = argv[i + 1];
        else if (name == "--dir")
            wanted = argv[i + 1];
        else if (name == "--members")
            members = std::max(2, std::atoi(argv[i + 1]));
        else if (name == "--messages")
            messages = std::max(1, std::atoi(argv[i + 1]));
        else
            give_up("unknown option " + name);
    }
    if (relay_program.empty()) give_up("usage: groups --relay PATH [--dir DIR] [--members N] [--messages N]");
    const Workplace place(wanted);
    Relay relay(relay_program, place.folder() / "relay", members + 1);

    std::vector<std::unique_ptr<Pilot>> crew;
    auto start = Clock::now();
    for (int i = 0; i < members; ++i) {
        crew.push_back(std::make_unique<Pilot>("m" + std::to_string(i), place.folder(), relay.address()));
        crew.back()->enroll();
    }
    std::printf("%-44s %8.1f s\n", "accounts registered", since_us(start) / 1e6);
    auto& owner = *crew.front();
    request::GroupCreate create;
    create.name = "bench";
    create.join = godwit::JoinRule::link;
    const auto made = owner.ask(create);
    owner.expect_ok(made, "group_create");
    const auto group = std::get<godwit::ConversationId>(made.value);
    const auto link = owner.ask(request::GroupLink{group});
    owner.expect_ok(link, "group_link");

    start = Clock::now();
    for (std::size_t i = 1; i < crew.size(); ++i)
        crew[i]->expect_ok(crew[i]->ask(request::GroupJoin{std::get<std::string>(link.value)}), "group_join");
    {
        const Drain drain(owner);
        for (std::size_t i = 1; i < crew.size(); ++i)
            crew[i]->wait_until("being let in", [&](const godwit::Event& e) {
                const auto* changed = std::get_if<event::GroupChanged>(&e);
                return changed != nullptr && changed->what == event::GroupChanged::What::joined;
            });
    }
    std::printf("%-44s %8.1f s\n", "all have come in by the link", since_us(start) / 1e6);

    std::vector<double> sent, arrived;
    for (int n = 0; n < messages; ++n) {
        request::Send send;
        send.conversation = group;
        send.text = "message " + std::to_string(n);
        start = Clock::now();
        const auto reply = owner.ask(send);
        owner.expect_ok(reply, "send");
        const auto id = std::get<godwit::MessageId>(reply.value);
        owner.wait_until("sent", [&](const godwit::Event& e) {
            const auto* state = std::get_if<event::MessageStateChanged>(&e);
            return state != nullptr && state->id == id && state->state >= godwit::MessageState::sent;
        });
        sent.push_back(since_us(start));
        for (std::size_t i = 1; i < crew.size(); ++i)
            crew[i]->wait_until("the message", [&](const godwit::Event& e) {
                const auto* got = std::get_if<event::MessageReceived>(&e);
                return got != nullptr && got->message.id == id;
            });
        arrived.push_back(since_us(start));
    }
    std::sort(sent.begin(), sent.end());
    std::sort(arrived.begin(), arrived.end());
    const auto middle = static_cast<std::size_t>(messages) / 2;
    std::printf("%-44s %8.1f ms\n", "send, durable here and at the relay, p50", sent[middle] / 1e3);
    std::printf("%-44s %8.1f ms\n", "the last member has it, p50", arrived[middle] / 1e3);
}

} // namespace

int main(int argc, char** argv)
{
    return run("groups", [&] { measure(argc, argv); });
}
