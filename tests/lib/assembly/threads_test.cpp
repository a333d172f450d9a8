// SPDX-License-Identifier: Apache-2.0
// Sixteen threads on the public API, C and C++: whatever they call and whenever, nobody hangs, nothing is lost, and
// what was taken is answered exactly once. Worth most under ThreadSanitizer (./dev gates Z1 threads).
//
// GODWIT_TEST_SEEDS=N runs seeds 1 to N (one without it); a failure names its seed. The dice are the seed's, the
// interleaving is the machine's.
#include "tests/lib/assembly/c_support.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <godwit/client.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>
#include <vector>

using namespace godwit;
using namespace godwit::test;

namespace {

constexpr unsigned threads_max = 16;
constexpr std::size_t homes = 3;
constexpr int turns_max = 250;
constexpr const char* no_call = "00112233445566778899aabbccddeeff";
constexpr const char* no_device = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

unsigned seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 1;
}

/// `work(thread, dice)` on so many threads at once; all have ended afterwards.
template <class Work>
void at_once(unsigned threads, unsigned seed, Work work)
{
    std::vector<std::thread> all;
    for (unsigned one = 0; one < threads; ++one)
        all.emplace_back([&work, one, seed] {
            std::minstd_rand dice(seed * 1000 + one);
            work(one, dice);
        });
    for (auto& one : all)
        one.join();
}

/// Handles that any thread replaces, and closes, under the feet of the others.
struct Clients {
    const TemporaryFolder folder;
    std::array<std::atomic<godwit_client*>, homes> handles{};

    [[nodiscard]] std::string home(std::size_t at) const { return folder / ("home" + std::to_string(at)); }
    /// One of them is driven by its host: by whichever thread comes along.
    void open(std::size_t at)
    {
        const std::string path = home(at);
        auto options = options_for(path);
        options.driven_by_host = at == 0 ? 1 : 0;
        auto* fresh = godwit_open(&options, nullptr); // storage_in_use, for all but one
        if (auto* old = fresh == nullptr ? nullptr : handles[at].exchange(fresh)) godwit_close(old);
    }
};

/// Any function of the C ABI on a client that may be open, suspended, stopped, closed or none.
void any_function(Clients& clients, std::minstd_rand& dice)
{
    const auto at = dice() % homes;
    auto* const client = clients.handles[at].load();
    switch (dice() % 22) {
    case 0:
        if (client == nullptr) clients.open(at);
        break;
    case 1:
        if (dice() % 4 == 0) godwit_close(clients.handles[at].exchange(nullptr));
        break;
    case 2: godwit_close(reinterpret_cast<godwit_client*>(&clients)); break;
    case 3: (void)godwit_suspend(client, static_cast<int>(dice() % 50)); break;
    case 4: (void)godwit_resume(client, nullptr); break;
    case 5:
        if (dice() % 8 == 0) (void)godwit_stop(client);
        break;
    case 6: (void)godwit_network_changed(client); break;
    case 7: (void)godwit_push_received(client, "x", 1); break;
    case 8: (void)godwit_trim_memory(client); break;
    case 9: (void)godwit_run_once(client, 1); break;
    case 10: (void)godwit_wake_fd(client); break;
    case 11: (void)ask(client, "nonsense"); break;
    case 12: godwit_free(godwit_next(client, static_cast<int>(dice() % 5))); break;
    case 13: (void)ask(client, R"({"do":"contacts","id":7})"); break;
    case 14: (void)godwit_next_deadline(client); break;
    case 15: (void)godwit_driver_fd(client); break;
    case 16: {
        std::int16_t sound[480] = {};
        (void)godwit_call_push_audio(client, no_call, sound, 480);
        (void)godwit_call_pull_audio(client, no_call, sound, 480);
        break;
    }
    case 17: {
        std::uint8_t picture[24] = {};
        int width = 4, height = 4;
        (void)godwit_call_push_picture(client, no_call, width, height, picture, sizeof picture);
        (void)godwit_call_pull_picture(client, no_call, &width, &height, picture, sizeof picture);
        (void)godwit_call_pull_picture_of(client, no_call, no_device, &width, &height, picture, sizeof picture);
        break;
    }
    case 18: {
        const std::string home = clients.home(at);
        const auto options = options_for(home);
        if (dice() % 8 == 0) godwit_free(godwit_check(&options, nullptr));
        break;
    }
    case 19: (void)godwit_error_text(static_cast<int>(dice() % 200)); break;
    default: (void)ask(client, R"({"do":"status"})"); godwit_free(godwit_next(client, 0));
    }
}

/// The id of a reply, which these tests write as a string; empty: an event.
std::string id_of(const std::string& text)
{
    if (!text.starts_with("{\"id\":")) return {};
    return text.substr(6, text.find(',') - 6);
}

} // namespace

TEST_CASE("C: sixteen threads call whatever they like")
{
    for (unsigned seed = 1; seed <= seeds_of_this_run(); ++seed) {
        INFO("seed " << seed);
        Clients clients;
        for (std::size_t at = 0; at < homes; ++at)
            clients.open(at);
        std::atomic<int> calls = 0;
        at_once(threads_max, seed, [&](unsigned, std::minstd_rand& dice) {
            for (int i = 0; i < turns_max; ++i, ++calls)
                any_function(clients, dice);
        });
        CHECK(calls == static_cast<int>(threads_max) * turns_max);
        for (std::size_t at = 0; at < homes; ++at) {
            godwit_close(clients.handles[at].exchange(nullptr));
            CHECK(opened(clients.home(at)) != nullptr); // nobody's any more
        }
    }
}

TEST_CASE("C: twelve threads ask and four listen, one of them stops the client: what was taken is answered once")
{
    constexpr unsigned asking = 12;
    constexpr std::size_t requests_max = 1'000;
    for (unsigned seed = 1; seed <= seeds_of_this_run(); ++seed) {
        INFO("seed " << seed);
        const TemporaryFolder folder;
        const auto client = opened(folder / "home");
        REQUIRE(client != nullptr);
        std::array<std::vector<std::string>, asking> taken_ids;
        std::array<std::vector<std::string>, threads_max> answers;
        std::atomic<std::size_t> heard = 0;
        const std::size_t stop_at = std::minstd_rand(seed)() % 3'000 + 1;
        at_once(threads_max, seed, [&](unsigned one, std::minstd_rand& dice) {
            if (one < asking) {
                auto& mine = taken_ids[one];
                while (mine.size() < requests_max) {
                    const auto id = "\"" + std::to_string(one) + "-" + std::to_string(mine.size()) + "\"";
                    const auto* const what = dice() % 10 == 0 ? "fly" : dice() % 2 == 0 ? "status" : "contacts";
                    const int result = ask(client.get(), std::string(R"({"do":")") + what + R"(","id":)" + id + "}");
                    if (result == GODWIT_ERROR_CANCELLED) return;
                    if (result == 0)
                        mine.push_back(id);
                    else
                        std::this_thread::yield(); // busy: the documented answer
                }
                return;
            }
            for (auto text = next(client.get(), -1); !text.empty(); text = next(client.get(), -1)) {
                if (auto id = id_of(text); !id.empty()) answers[one].push_back(std::move(id));
                if (++heard == stop_at) (void)godwit_stop(client.get());
            }
        });
        for (auto text = next(client.get(), -1); !text.empty(); text = next(client.get(), -1))
            if (auto id = id_of(text); !id.empty()) answers[0].push_back(std::move(id));
        std::map<std::string, int> times;
        for (const auto& mine : taken_ids)
            for (const auto& id : mine)
                times[id] = 0;
        MESSAGE("seed " << seed << ": " << times.size() << " requests taken");
        for (const auto& some : answers)
            for (const auto& id : some) {
                REQUIRE_MESSAGE(times.contains(id), id);
                ++times[id];
            }
        for (const auto& [id, count] : times)
            CHECK_MESSAGE(count == 1, id << ": " << count);
    }
}

TEST_CASE("C: closed under sixteen threads that ask and wait: all of them come back, and the home is free")
{
    for (unsigned seed = 1; seed <= seeds_of_this_run(); ++seed) {
        INFO("seed " << seed);
        const TemporaryFolder folder;
        auto* const client = opened(folder / "home").release();
        REQUIRE(client != nullptr);
        std::atomic<int> asked = 0;
        at_once(threads_max, seed, [&](unsigned one, std::minstd_rand&) {
            if (one % 2 == 0) // as if for ever: until it is closed
                while (asked < 1'000'000)
                    if (next(client, -1).empty()) return;
            for (;;) {
                const int result = ask(client, R"({"do":"status"})");
                if (result == GODWIT_ERROR_INVALID_ARGUMENT) return; // it is closed
                if (++asked == 2'000) godwit_close(client);
            }
        });
        CHECK(ask(client, "{}") == GODWIT_ERROR_INVALID_ARGUMENT);
        CHECK(opened(folder / "home") != nullptr);
    }
}

TEST_CASE("C++: sixteen threads on one client: every request has one reply, whoever takes it")
{
    for (unsigned seed = 1; seed <= seeds_of_this_run(); ++seed) {
        INFO("seed " << seed);
        const TemporaryFolder folder;
        ClientOptions options;
        options.home = folder / "home";
        auto opened_client = Client::open(std::move(options));
        REQUIRE(opened_client.ok());
        auto& client = **opened_client;
        std::array<std::vector<RequestId>, threads_max> asked, answered;
        const auto note = [](std::vector<RequestId>& mine, const std::optional<Event>& event) {
            if (!event) return false;
            if (const auto* const reply = std::get_if<event::Reply>(&*event)) mine.push_back(reply->id);
            return true;
        };
        at_once(threads_max, seed, [&](unsigned one, std::minstd_rand& dice) {
            for (int i = 0; i < turns_max; ++i)
                switch (dice() % 8) {
                case 0:
                case 1: {
                    const auto id =
                        dice() % 2 == 0 ? client.submit(request::Status{}) : client.submit(request::History{"nobody"});
                    if (id.ok()) asked[one].push_back(*id);
                    break;
                }
                case 2: note(answered[one], client.poll()); break;
                case 3: note(answered[one], client.wait(std::chrono::milliseconds(dice() % 5))); break;
                case 4: CHECK(client.wake_fd() >= 0); break;
                case 5: {
                    std::array<std::int16_t, 480> sound{};
                    CHECK(client.push_audio(CallId{}, sound) == 0);
                    CHECK(client.pull_audio(CallId{}, sound) == 0);
                    break;
                }
                case 6: CHECK_FALSE(client.push_picture(CallId{}, 4, 4, std::array<std::uint8_t, 24>{})); break;
                default: CHECK_FALSE(client.pull_picture(CallId{})); break;
                }
        });
        std::map<RequestId, int> times;
        for (const auto& mine : asked)
            for (const auto id : mine)
                CHECK(times.emplace(id, 0).second); // no number is given twice
        std::size_t replies = 0;
        for (const auto& mine : answered)
            replies += mine.size();
        while (replies < times.size()) {
            REQUIRE(note(answered[0], client.wait(std::chrono::seconds(30))));
            replies = 0;
            for (const auto& mine : answered)
                replies += mine.size();
        }
        for (const auto& mine : answered)
            for (const auto id : mine)
                ++times[id];
        for (const auto& [id, count] : times)
            CHECK_MESSAGE(count == 1, id << ": " << count);
    }
}
