// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/until.hpp"
#include "transport/loop/loop.hpp"
#include "transport/loop/signals.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/loop/uv_access.hpp"

#include <atomic>
#include <csignal>
#include <doctest/doctest.h>
#include <poll.h>
#include <thread>
#include <vector>

using namespace godwit;
using namespace godwit::loop;
using godwit::test::turns;
using godwit::test::until;

TEST_CASE("timers fire in the order of their deadlines, ties in the order they were set")
{
    for (const bool precise : {true, false}) {
        CAPTURE(precise);
        Loop loop({.precise_timers = precise});
        std::vector<int> order;
        const Instant now = Loop::now().mono;
        Timer a(loop, [&] { order.push_back(1); });
        Timer b(loop, [&] { order.push_back(2); });
        Timer c(loop, [&] { order.push_back(3); });
        Timer withdrawn(loop, [&] { order.push_back(4); });
        c.set(now + Duration(900));
        b.set(now + Duration(300));
        a.set(now + Duration(300));
        withdrawn.set(now + Duration(100));
        withdrawn.cancel();
        CHECK(withdrawn.deadline() == never);
        REQUIRE(until(loop, [&] { return order.size() == 3; }));
        CHECK(order == std::vector<int>{2, 1, 3});
        CHECK(a.deadline() == never);
    }
}

TEST_CASE("a timer is never early, and not inside set()")
{
    for (const bool precise : {true, false}) {
        CAPTURE(precise);
        Loop loop({.precise_timers = precise});
        Instant fired_at = never;
        Timer timer(loop, [&] { fired_at = Loop::now().mono; });
        timer.set(Loop::now().mono - Duration(1));
        CHECK(fired_at == never);
        REQUIRE(until(loop, [&] { return fired_at != never; }));
        const Instant deadline = Loop::now().mono + Duration(2500);
        fired_at = never;
        timer.set(deadline);
        REQUIRE(until(loop, [&] { return fired_at != never; }));
        CHECK(fired_at >= deadline);
    }
}

TEST_CASE("a timer that sets itself to the past does not hold the loop")
{
    for (const bool precise : {true, false}) {
        CAPTURE(precise);
        Loop loop({.precise_timers = precise});
        int fired = 0;
        std::unique_ptr<Timer> greedy;
        greedy = std::make_unique<Timer>(loop, [&] {
            ++fired;
            greedy->set(Loop::now().mono);
        });
        greedy->set(Loop::now().mono);
        loop.run_once(std::chrono::milliseconds(5));
        CHECK(fired <= 2);
    }
}

TEST_CASE("a timer may destroy itself")
{
    Loop loop;
    bool fired = false;
    std::unique_ptr<Timer> timer;
    timer = std::make_unique<Timer>(loop, [&, probe = std::make_shared<int>(7)] {
        timer.reset();
        fired = *probe == 7; // what it captured lives to the end of the call
    });
    timer->set(Loop::now().mono);
    REQUIRE(until(loop, [&] { return fired; }));
}

TEST_CASE("own thread: run, wake up, stop")
{
    Loop loop;
    std::atomic<int> woken{0};
    Wakeup bell(loop, [&] {
        ++woken;
        loop.stop();
    });
    std::thread other([&] { bell.notify(); });
    loop.run();
    other.join();
    CHECK(woken == 1);
    loop.stop();
    loop.run(); // a stop that came before is not lost
}

TEST_CASE("host-driven: the descriptor and the timeout are enough")
{
    for (const bool precise : {true, false}) {
        CAPTURE(precise);
        Loop loop({.precise_timers = precise});
        REQUIRE(loop.backend_fd() >= 0);
        bool fired = false;
        bool woken = false;
        Timer timer(loop, [&] { fired = true; });
        Wakeup bell(loop, [&] { woken = true; });
        const auto host_turn = [&] {
            const auto wait = loop.backend_timeout();
            pollfd host{loop.backend_fd(), POLLIN, 0};
            poll(&host, 1, wait ? static_cast<int>(wait->count() / 1000) : 5000);
            loop.run_once(Duration::zero());
        };
        timer.set(Loop::now().mono + Duration(500)); // between turns, no run in between
        for (int i = 0; i < 100 && !fired; ++i)
            host_turn();
        CHECK(fired);
        std::thread other([&] { bell.notify(); });
        for (int i = 0; i < 100 && !woken; ++i)
            host_turn();
        other.join();
        CHECK(woken);
    }
}

TEST_CASE("a deadline that has moved far away does not wake a loop that sleeps")
{
    for (bool in_time = false; !in_time;) { // else this thread was held up for as long, and the alarm had rung by then
        Loop loop;
        Timer timer(loop, [] { FAIL("nobody waits that long"); });
        const Instant soon = Loop::now().mono + std::chrono::milliseconds(50);
        timer.set(soon);
        timer.set(soon + std::chrono::hours(1));
        in_time = Loop::now().mono < soon;
        pollfd alarm{loop.backend_fd(), POLLIN, 0};
        if (in_time) CHECK(poll(&alarm, 1, 100) == 0);

        int fired = 0;
        Timer nearer(loop, [&] { ++fired; }); // put off, it still rings for who comes earlier
        nearer.set(Loop::now().mono + std::chrono::milliseconds(1));
        for (int turn = 0; turn < 100 && fired == 0; ++turn)
            loop.run_once(std::chrono::seconds(10));
        CHECK(fired == 1);
    }
}

TEST_CASE("background jobs: work elsewhere, done here, and no more than allowed")
{
    Loop loop;
    std::atomic<bool> gate{false};
    std::atomic<std::size_t> worked{0};
    std::size_t done = 0;
    const auto here = std::this_thread::get_id();
    for (std::size_t i = 0; i < background_jobs_max; ++i) {
        REQUIRE(loop.run_in_background(
            [&] {
                while (!gate)
                    std::this_thread::yield();
                if (std::this_thread::get_id() != here) ++worked;
            },
            [&] {
                if (std::this_thread::get_id() == here) ++done;
            }));
    }
    CHECK_FALSE(loop.run_in_background([] {}, [] {}));
    gate = true;
    REQUIRE(until(loop, [&] { return done == background_jobs_max; }));
    CHECK(worked == background_jobs_max);
    REQUIRE(loop.run_in_background([] {}, [&] { ++done; }));
    CHECK(until(loop, [&] { return done == background_jobs_max + 1; }));
}

TEST_CASE("a loop that goes drops what waits in the background")
{
    std::atomic<int> done{0};
    {
        Loop loop;
        for (int i = 0; i < 8; ++i)
            REQUIRE(loop.run_in_background([] {}, [&] { ++done; }));
    }
    CHECK(done == 0);
}

TEST_CASE("a signal becomes an event")
{
    Loop loop;
    int received = 0;
    SignalWatch watch(loop, SIGUSR1, [&] { ++received; });
    std::raise(SIGUSR1);
    CHECK(until(loop, [&] { return received == 1; }));
}

TEST_CASE("entropy: fills, and not twice the same")
{
    SystemEntropy entropy;
    CHECK(entropy.next_u64() != entropy.next_u64());
}

TEST_CASE("other rooms may open handles on the inner loop")
{
    Loop loop;
    uv_loop_t* uv = uv_loop_of(loop);
    int idled = 0;
    uv_idle_t idle;
    uv_idle_init(uv, &idle);
    idle.data = &idled;
    uv_idle_start(&idle, [](uv_idle_t* h) { ++*static_cast<int*>(h->data); });
    turns(loop, 3);
    CHECK(idled >= 3);
    uv_close(reinterpret_cast<uv_handle_t*>(&idle), nullptr);
    turns(loop, 1);
}
