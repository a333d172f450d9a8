// SPDX-License-Identifier: Apache-2.0
// bench/growth: what becomes of costs when there is more of everything.
//
//   growth --relay PATH-TO-godwit-relay [--dir DIR] [--messages N] [--conversations N] [--contacts N]
//
// Members of a group: ./dev bench mls; clients of a relay: ./dev bench relay_load. Processor time, since others may use
// the machine.
#include "bench/growth/growth.hpp"

#include <cstdlib>

namespace {

using namespace bench;

void measure(int argc, char** argv)
{
    std::string relay;
    std::filesystem::path wanted;
    std::uint64_t messages = 200'000;
    std::uint64_t conversations = 10'000;
    int contacts = 64;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--relay")
            relay = argv[i + 1];
        else if (name == "--dir")
            wanted = argv[i + 1];
        else if (name == "--messages")
            messages = std::strtoull(argv[i + 1], nullptr, 10);
        else if (name == "--conversations")
            conversations = std::strtoull(argv[i + 1], nullptr, 10);
        else if (name == "--contacts")
            contacts = std::atoi(argv[i + 1]);
        else
            give_up("unknown option " + name);
    }
    const Workplace place(wanted);
    if (messages >= 2000) growth::by_history(place.folder(), messages);
    if (conversations >= 200) growth::by_conversations(place.folder(), conversations);
    if (!relay.empty() && contacts >= 4) growth::by_contacts(place.folder(), relay, contacts);
}

} // namespace

int main(int argc, char** argv)
{
    return run("growth", [&] { measure(argc, argv); });
}
