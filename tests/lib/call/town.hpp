// SPDX-License-Identifier: Apache-2.0
// Two accounts with two devices each, and what is under way between them: a queue for each pair, in order.
#pragma once

#include "lib/call/calls.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace godwit::test {

namespace o = call::out;

inline call::Id call_id(std::uint8_t byte)
{
    call::Id out;
    out.bytes.fill(byte);
    return out;
}

struct Town {
    static constexpr std::size_t devices = 4; ///< a1, a2, b1, b2.
    static constexpr std::size_t a1 = 0, a2 = 1, b1 = 2, b2 = 3;

    static call::Device device(std::size_t i)
    {
        call::Device out{i < 2 ? "ann" : "bob", {}};
        out.device.bytes.fill(static_cast<std::uint8_t>(0xd0 + i));
        return out;
    }
    static std::size_t index(const call::Device& device) { return device.device.bytes[0] - 0xd0U; }
    static ConversationId conversation()
    {
        ConversationId out;
        out.bytes.fill(0xcc);
        return out;
    }

    struct Seen { ///< Of one call at one device.
        int incoming = 0, connect = 0, active = 0, ended = 0, records = 0, ringing_there = 0;
        call::Outcome outcome{}, recorded{};
        std::optional<call::Device> peer;
        wire::call::Media peer_media;
        bool upgrade = false;
        Duration length{};
    };

    std::array<call::Calls, devices> who{call::Calls(device(0)), call::Calls(device(1)), call::Calls(device(2)),
                                         call::Calls(device(3))};
    std::map<std::pair<std::size_t, std::size_t>, std::deque<wire::call::Signal>> under_way;
    std::map<std::pair<std::size_t, call::Id>, Seen> seen;
    int wakes = 0;

    Seen& of(std::size_t i, const call::Id& id) { return seen[{i, id}]; }

    /// What device `i` wants done. `lose`: whether a signal is lost.
    template <class Lose>
    void collect(std::size_t i, Lose lose)
    {
        for (call::Output& one : who[i].take())
            std::visit([&](auto& v) { took(i, v, lose); }, one);
    }
    void collect(std::size_t i)
    {
        collect(i, [] { return false; });
    }
    void deliver(std::size_t from, std::size_t to, Instant now)
    {
        auto& queue = under_way.at({from, to});
        const wire::call::Signal signal = queue.front();
        queue.pop_front();
        if (queue.empty()) under_way.erase({from, to});
        who[to].receive(conversation(), device(from), signal, now);
        collect(to);
    }
    void deliver_all(Instant now)
    {
        while (!under_way.empty())
            deliver(under_way.begin()->first.first, under_way.begin()->first.second, now);
    }
    /// Time goes on until `end`; everything that is said arrives at once.
    void run(Instant& now, Instant end)
    {
        for (;;) {
            deliver_all(now);
            Instant next = end;
            for (const auto& one : who)
                next = earlier(next, one.deadline());
            now = std::max(now, next);
            if (now >= end) return;
            for (std::size_t i = 0; i < devices; ++i) {
                who[i].handle_deadline(now);
                collect(i);
            }
        }
    }
    std::string fingerprint() const
    {
        std::string out;
        for (const auto& one : who)
            out += one.fingerprint() + "|";
        for (const auto& [pair, queue] : under_way)
            for (const auto& signal : queue)
                out += std::to_string(pair.first) + ">" + std::to_string(pair.second) +
                       to_hex(wire::call::encode(signal)) + "|";
        for (const auto& [key, s] : seen)
            out += std::to_string(key.first) + to_hex(key.second.view().first(1)) + std::to_string(s.incoming) +
                   std::to_string(s.connect) + std::to_string(s.ended) + std::to_string(s.records) + "|";
        return out;
    }

    /// Empty, or what is wrong with a town in which nothing is under way.
    std::string wrong_when_quiet(const std::vector<call::Id>& ids) const
    {
        const auto say = [](std::size_t i, const char* what) { return "device " + std::to_string(i) + ": " + what; };
        for (const auto& id : ids) {
            for (const std::size_t first : {a1, b1}) {
                const auto takes_part = [&](std::size_t i) {
                    return who[i].state(id) && who[i].state(id) != call::State::ringing_here;
                };
                if (takes_part(first) && takes_part(first + 1))
                    return say(first, "and its sibling are both in this call");
            }
            int callers = 0;
            for (const auto& one : who) {
                const auto state = one.state(id);
                callers += state == call::State::calling || state == call::State::ringing_there;
            }
            for (std::size_t i = 0; i < devices; ++i) {
                const auto state = who[i].state(id);
                if (state == call::State::answering) return say(i, "answered, and nobody said anything");
                if (state == call::State::ringing_here && callers == 0) return say(i, "rings, and nobody calls");
                if (state != call::State::connecting && state != call::State::active) continue;
                const auto& s = seen.at({i, id});
                if (s.connect != 1 || !s.peer) return say(i, "in a call without a peer");
                const std::size_t other = index(*s.peer);
                const auto there = who[other].state(id);
                if (there != call::State::connecting && there != call::State::active)
                    return say(i, "in a call that its peer is not in");
                if (index(*seen.at({other, id}).peer) != i) return say(i, "in a call with one that talks to another");
            }
        }
        return {};
    }

private:
    template <class Lose>
    void took(std::size_t i, const o::Send& v, Lose lose)
    {
        for (std::size_t to = 0; to < devices; ++to)
            if (to != i && (!v.to || *v.to == device(to)) && !lose()) under_way[{i, to}].push_back(v.signal);
    }
    void took(std::size_t, const o::Wake&, auto) { ++wakes; }
    void took(std::size_t i, const o::Incoming& v, auto) { ++of(i, v.id).incoming; }
    void took(std::size_t i, const o::RingingThere& v, auto) { ++of(i, v.id).ringing_there; }
    void took(std::size_t i, const o::Connect& v, auto)
    {
        ++of(i, v.id).connect;
        of(i, v.id).peer = v.peer;
        of(i, v.id).peer_media = v.media;
    }
    void took(std::size_t i, const o::Active& v, auto) { ++of(i, v.id).active; }
    void took(std::size_t i, const o::PeerMedia& v, auto)
    {
        of(i, v.id).peer_media = v.media;
        of(i, v.id).upgrade = of(i, v.id).upgrade || v.upgrade;
    }
    void took(std::size_t i, const o::Ended& v, auto)
    {
        ++of(i, v.id).ended;
        of(i, v.id).outcome = v.outcome;
        of(i, v.id).length = v.active;
    }
    void took(std::size_t i, const o::Record& v, auto)
    {
        ++of(i, v.id).records;
        of(i, v.id).recorded = v.outcome;
    }
};

} // namespace godwit::test
