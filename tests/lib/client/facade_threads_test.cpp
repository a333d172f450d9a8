// SPDX-License-Identifier: Apache-2.0
// Sixteen threads on one facade with a scripted engine: what may be called by anybody, at any time, while one of them
// after the other halts it and resumes it. The same through the C ABI, and a real engine:
// tests/lib/assembly/threads_test.cpp.
//
// GODWIT_TEST_SEEDS=N runs seeds 1 to N (one without it); a failure names its seed.
#include "lib/client/facade.hpp"

#include "tests/lib/client/fake_shell.hpp"
#include "tests/lib/client/fake_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

using namespace godwit;
using namespace std::chrono_literals;

namespace {

constexpr unsigned threads_max = 16;
constexpr int turns_max = 400;

class NoTrace final : public port::Trace {
public:
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

client::FacadeParts parts(bool driven)
{
    client::FacadeParts out;
    out.store = std::make_unique<test::FakeStore>();
    out.entropy = std::make_unique<test::SeededEntropy>(1);
    out.trace = std::make_unique<NoTrace>();
    out.make_shell = [] { return std::make_unique<test::FakeShell>(); };
    out.derive = [](auto, const auto&, auto) { return client::PasswordKeys{Bytes(32, 7), Bytes(32, 8)}; };
    out.events_max = 64;
    out.driven_by_host = driven;
    return out;
}

unsigned seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 1;
}

} // namespace

TEST_CASE("sixteen threads call whatever they like, one at a time halts and resumes: every request is answered once")
{
    for (unsigned seed = 1; seed <= seeds_of_this_run(); ++seed)
        for (const bool driven : {false, true}) {
            INFO("seed " << seed << ", driven by its host: " << driven);
            auto started = client::Facade::start(parts(driven));
            REQUIRE(started.ok());
            client::Facade& facade = **started;
            std::mutex life; // halt(), resume() and finish(): one thread at a time
            std::array<std::vector<RequestId>, threads_max> asked, answered;
            const auto note = [](std::vector<RequestId>& mine, const std::optional<Event>& event) {
                if (!event) return false;
                if (const auto* const reply = std::get_if<event::Reply>(&*event)) mine.push_back(reply->id);
                return true;
            };
            std::vector<std::thread> all;
            for (unsigned one = 0; one < threads_max; ++one)
                all.emplace_back([&, one] {
                    std::minstd_rand dice(seed * 1000 + one);
                    for (int turn = 0; turn < turns_max; ++turn)
                        switch (dice() % 12) {
                        case 0: {
                            const std::lock_guard lock(life);
                            if (!facade.halt(std::chrono::milliseconds::max())) break;
                            CHECK(facade.resume(parts(driven)).ok());
                            break;
                        }
                        case 1: {
                            const auto id = facade.refuse(Error{ErrorCode::invalid_argument, "of no use", 0});
                            if (id.ok()) asked[one].push_back(*id);
                            break;
                        }
                        case 2:
                        case 3:
                        case 4: note(answered[one], facade.poll()); break;
                        case 5: note(answered[one], facade.wait(std::chrono::milliseconds(dice() % 3))); break;
                        case 6: CHECK(facade.wake_fd() >= 0); break;
                        case 7:
                            CHECK(facade.media() == nullptr);
                            if (!driven) break;
                            facade.run_once(0ms);
                            CHECK(facade.driver_fd() == -1);
                            CHECK_FALSE(facade.quiet_for());
                            break;
                        case 8: {
                            CHECK(facade.driven_by_host() == driven);
                            CHECK_FALSE(facade.on_loop_thread());
                            (void)facade.halting();
                            break;
                        }
                        default: {
                            const auto id = facade.submit(request::Status{});
                            if (id.ok()) asked[one].push_back(*id);
                        }
                        }
                });
            for (auto& one : all)
                one.join();
            REQUIRE(facade.halt(std::chrono::milliseconds::max()));
            facade.finish();
            while (note(answered[0], facade.wait(std::chrono::milliseconds::max())))
                continue;
            std::map<RequestId, int> times;
            for (const auto& mine : asked)
                for (const auto id : mine)
                    CHECK(times.emplace(id, 0).second); // no number is given twice
            CHECK(times.size() > 1'000);
            for (const auto& mine : answered)
                for (const auto id : mine)
                    ++times[id];
            for (const auto& [id, count] : times)
                CHECK_MESSAGE(count == 1, id << ": " << count);
        }
}
