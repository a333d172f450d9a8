// SPDX-License-Identifier: Apache-2.0
#include "bench/growth/growth.hpp"
#include "bench/trips.hpp"

namespace bench::growth {

void by_contacts(const std::filesystem::path& folder, const std::string& relay_program, int contacts)
{
    constexpr int messages = 1000;
    Relay relay(relay_program, folder / "growth-relay", contacts + 2);
    Pilot ann("ann", folder, relay.address());
    ann.enroll();
    Curve message("say something to one", "contacts", "us CPU, both sides");
    Curve idle("say nothing for a second", "contacts", "us CPU, ours");
    std::vector<std::unique_ptr<Pilot>> all;
    std::vector<std::unique_ptr<Drain>> drains;
    for (int size = 4;; size = std::min(size * 4, contacts)) {
        while (all.size() < static_cast<std::size_t>(size)) {
            all.push_back(std::make_unique<Pilot>("c" + std::to_string(all.size()), folder, relay.address()));
            all.back()->enroll();
            befriend(ann, *all.back());
            drains.push_back(std::make_unique<Drain>(*all.back()));
        }
        for (int tries = 0; fly_one(ann, "c0", "warm").second != godwit::Path::direct; ++tries) {
            if (tries > 500) give_up("no direct path");
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        auto start = cpu_us();
        (void)one_way_rate(ann, "c0", messages);
        message.at(size, (cpu_us() - start) / messages);
        std::this_thread::sleep_for(std::chrono::seconds(1)); // what was said has its echoes
        start = cpu_us();
        std::this_thread::sleep_for(std::chrono::seconds(1));
        idle.at(size, (cpu_us() - start) / (size + 1));
        if (size == contacts) break;
    }
    message.print();
    idle.print();
    drains.clear();
}

} // namespace bench::growth
