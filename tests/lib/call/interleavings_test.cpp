// SPDX-License-Identifier: Apache-2.0
// All orders in which signals and decisions can fall, and many in which signals are lost.
#include "tests/lib/call/town.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <unordered_set>

using namespace godwit;
using namespace godwit::call;
using godwit::test::call_id;
using godwit::test::Town;
using namespace std::chrono_literals;

namespace {

constexpr Instant start(1h);
const Id id = call_id(0x11), other = call_id(0x22);
const Media voice{};

/// Something that somebody may do, once, as soon as it is possible. False: it is not, now.
using Act = std::function<bool(Town&, Instant)>;

Act place(std::size_t i, Id call)
{
    return [=](Town& town, Instant now) {
        return town.who[i].place(call, Town::conversation(), i < 2 ? "bob" : "ann", false, voice, now).ok();
    };
}
Act answer(std::size_t i, Id call)
{
    return [=](Town& town, Instant now) { return town.who[i].answer(call, voice, now).ok(); };
}
Act reject(std::size_t i, Id call)
{
    return [=](Town& town, Instant now) { return town.who[i].reject(call, now).ok(); };
}
Act hang_up(std::size_t i, Id call)
{
    return [=](Town& town, Instant now) { return town.who[i].hang_up(call, now).ok(); };
}

/// After everything: each call that anybody saw has ended there, once, and was recorded where it was placed.
std::string wrong_at_the_end(Town& town, const std::vector<Id>& ids)
{
    for (std::size_t i = 0; i < Town::devices; ++i)
        for (const Id& call : ids) {
            if (town.who[i].state(call)) return "device " + std::to_string(i) + " is still in a call";
            const auto at = town.seen.find({i, call});
            if (at == town.seen.end()) continue;
            const auto& s = at->second;
            if (s.ended > 1 || s.incoming > 1 || s.connect > 1 || s.records > 1)
                return "device " + std::to_string(i) + " was told something twice";
            if ((s.incoming > 0 || s.connect > 0) && s.ended != 1)
                return "device " + std::to_string(i) + " was never told of the end";
        }
    return {};
}

class Explorer {
public:
    Explorer(std::vector<Act> acts, std::vector<Id> ids) : acts_(std::move(acts)), ids_(std::move(ids)) {}

    void explore()
    {
        std::vector<std::pair<Town, unsigned>> todo = {{Town{}, 0U}};
        while (!todo.empty()) {
            auto [town, done] = std::move(todo.back());
            todo.pop_back();
            if (!known_.insert(town.fingerprint() + std::to_string(done)).second) continue;
            REQUIRE(known_.size() < 2'000'000);
            if (town.under_way.empty()) quiet(town);
            for (const auto& [pair, queue] : town.under_way) {
                Town next = town;
                next.deliver(pair.first, pair.second, start);
                todo.emplace_back(std::move(next), done);
            }
            for (unsigned i = 0; i < acts_.size(); ++i) {
                if ((done >> i & 1) != 0) continue;
                Town next = town;
                if (!acts_[i](next, start)) continue;
                for (std::size_t d = 0; d < Town::devices; ++d)
                    next.collect(d);
                todo.emplace_back(std::move(next), done | 1U << i);
            }
        }
    }

    [[nodiscard]] std::size_t states() const { return known_.size(); }
    int quiet_states = 0, talking = 0;

private:
    void quiet(const Town& town)
    {
        ++quiet_states;
        const std::string wrong = town.wrong_when_quiet(ids_);
        if (!wrong.empty()) FAIL(wrong << "\n" << town.fingerprint());
        for (const Id& call : ids_)
            talking += town.who[0].state(call) == State::connecting;
        Town later = town;
        Instant now = start;
        later.run(now, start + 3min);
        const std::string wrong_later = wrong_at_the_end(later, ids_);
        if (!wrong_later.empty()) FAIL(wrong_later << "\n" << town.fingerprint());
    }

    std::vector<Act> acts_;
    std::vector<Id> ids_;
    std::unordered_set<std::string> known_;
};

} // namespace

TEST_CASE("call interleavings: whatever the order, it ends well")
{
    using T = Town;
    const struct {
        const char* name;
        std::vector<Act> acts;
        bool talks;
    } table[] = {
        {"both devices answer", {place(T::a1, id), answer(T::b1, id), answer(T::b2, id)}, true},
        {"one answers, the other rejects", {place(T::a1, id), answer(T::b1, id), reject(T::b2, id)}, true},
        {"answered while it is cancelled", {place(T::a1, id), answer(T::b1, id), hang_up(T::a1, id)}, true},
        {"answered, and hung up at once", {place(T::a1, id), answer(T::b1, id), hang_up(T::b1, id)}, true},
        {"answered on both, hung up on both sides",
         {place(T::a1, id), answer(T::b1, id), hang_up(T::b1, id), answer(T::b2, id)},
         true},
        {"glare, the first one's id is lower", {place(T::a1, id), place(T::b1, other)}, true},
        {"glare, the second one's is", {place(T::a1, other), place(T::b1, id)}, true},
        {"both devices of an account call", {place(T::a1, id), place(T::a2, other), answer(T::b1, id)}, true},
    };
    for (const auto& row : table) {
        const std::string name = row.name;
        CAPTURE(name);
        Explorer explorer(row.acts, {id, other});
        explorer.explore();
        MESSAGE(name << ": " << explorer.states() << " states, " << explorer.quiet_states << " quiet, "
                     << explorer.talking << " talking");
        CHECK(explorer.quiet_states > 0);
        if (row.talks) CHECK(explorer.talking > 0);
    }
}

TEST_CASE("call interleavings: signals lost, late and many; when the path is good again, everybody knows how it stands")
{
    const char* const asked = std::getenv("GODWIT_TEST_SEEDS");
    const std::uint64_t seeds = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1500;
    int talked = 0, ended = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        const auto one_in = [&](std::uint64_t n) { return random() % n == 0; };
        Town town;
        std::vector<Id> ids;
        Instant now = start;
        const Instant good = start + 60s, end = start + 4min;
        std::multimap<Instant, std::tuple<std::size_t, std::size_t, wire::call::Signal>> late;
        std::uint8_t next_id = static_cast<std::uint8_t>(random());
        while (now < end) {
            now += 100ms;
            // What was said comes a little later, or not, or twice.
            for (auto& [pair, queue] : town.under_way)
                for (auto& signal : queue) {
                    if (now < good && one_in(3)) continue;
                    const int copies = one_in(10) ? 2 : 1;
                    for (int c = 0; c < copies; ++c)
                        late.emplace(now + Duration(random() % (now < good ? 3'000'000 : 200'000)),
                                     std::tuple(pair.first, pair.second, signal));
                }
            town.under_way.clear();
            while (!late.empty() && late.begin()->first <= now) {
                const auto [from, to, signal] = late.begin()->second;
                late.erase(late.begin());
                town.who[to].receive(Town::conversation(), Town::device(from), signal, now);
                town.collect(to);
            }
            for (std::size_t i = 0; i < Town::devices; ++i) {
                if (town.who[i].deadline() <= now) town.who[i].handle_deadline(now);
                if (now < good && one_in(60)) {
                    const Id fresh = call_id(next_id);
                    if (town.who[i].place(fresh, Town::conversation(), i < 2 ? "bob" : "ann", false, voice, now).ok()) {
                        ids.push_back(fresh);
                        next_id = static_cast<std::uint8_t>(next_id + 37);
                    }
                }
                for (const Id& call : ids) {
                    const auto state = town.who[i].state(call);
                    if (state == State::ringing_here && one_in(15))
                        static_cast<void>(town.who[i].answer(call, voice, now));
                    if (state == State::ringing_here && one_in(80)) static_cast<void>(town.who[i].reject(call, now));
                    if (state && now < good && one_in(200)) static_cast<void>(town.who[i].hang_up(call, now));
                    if (state == State::connecting && one_in(10)) town.who[i].connected(call, now);
                }
                town.collect(i);
            }
        }
        const std::string wrong = town.wrong_when_quiet(ids);
        CHECK(wrong == "");
        for (const Id& call : ids)
            for (std::size_t i = 0; i < Town::devices; ++i) {
                const auto at = town.seen.find({i, call});
                if (at == town.seen.end()) continue;
                CHECK(at->second.ended <= 1);
                CHECK(at->second.connect <= 1);
                talked += at->second.active;
                ended += at->second.ended;
                if (!town.who[i].state(call)) CHECK(at->second.ended == 1);
            }
    }
    MESSAGE(seeds << " seeds: " << talked << " times a device talked, " << ended << " ends");
    CHECK(talked > static_cast<int>(seeds) / 2);
}
