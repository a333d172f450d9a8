// SPDX-License-Identifier: Apache-2.0
// Messages from one client to another through the public API, timed at the sender: from submit to "delivered".
#pragma once

#include "bench/floors.hpp"
#include "bench/pilot.hpp"

#include <utility>
#include <vector>

namespace bench {

/// Sends one and waits for its delivered event. Returns microseconds from submit to delivered, and the path.
inline std::pair<double, godwit::Path> fly_one(Pilot& a, const std::string& to, const std::string& text)
{
    const auto start = Clock::now();
    godwit::Path path = godwit::Path::none;
    a.submit(godwit::request::Send{to, text, {}});
    a.wait_until("delivery", [&](const godwit::Event& e) {
        const auto* state = std::get_if<godwit::event::MessageStateChanged>(&e);
        if (state == nullptr || state->state != godwit::MessageState::delivered) return false;
        path = state->path;
        return true;
    });
    return {since_us(start), path};
}

/// Sends `count` messages as fast as the client takes them, `window` of them under way; messages a second until the
/// last receipt.
inline double one_way_rate(Pilot& a, const std::string& to, int count, int window = 2000)
{
    const std::string text(100, 'x');
    const auto start = Clock::now();
    int delivered = 0;
    int submitted = 0;
    while (delivered < count) {
        while (submitted < count && submitted - delivered < window) {
            if (!a.client().submit(godwit::request::Send{to, text, {}})) break;
            ++submitted;
        }
        auto event = a.client().wait(std::chrono::milliseconds(20'000));
        if (!event) give_up("the stream of messages stopped after " + std::to_string(delivered));
        const auto* state = std::get_if<godwit::event::MessageStateChanged>(&*event);
        if (state != nullptr && state->state == godwit::MessageState::delivered) ++delivered;
    }
    return count / (since_us(start) / 1e6);
}

inline Spread round_trips(Pilot& a, const std::string& to, int rounds, godwit::Path wanted, int& off_path)
{
    std::vector<double> samples;
    const std::string text(100, 'x');
    for (int round = 0; round < rounds; ++round) {
        const auto [us, path] = fly_one(a, to, text);
        if (path == wanted)
            samples.push_back(us);
        else
            ++off_path;
    }
    return spread_of(samples);
}

} // namespace bench
