// SPDX-License-Identifier: Apache-2.0
// A shell without sockets: a clock that the test turns, effects written down. run() makes it a real loop for thread
// tests.
#pragma once

#include "lib/client/shell.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace godwit::test {

class FakeShell final : public client::Shell {
public:
    Moment clock{Instant(std::chrono::seconds(1000)), 1'700'000'000'000};
    std::vector<engine::Effect> effects;
    std::deque<std::pair<std::function<void()>, std::function<void()>>> jobs;
    std::size_t jobs_max = 8;
    Instant deadline = never;
    int closed_links = 0;

    void observe(client::Reports& reports) override { reports_ = &reports; }
    void run() override
    {
        std::unique_lock lock(mutex_);
        while (!stopped_) {
            changed_.wait(lock, [this] { return stopped_ || woken_ || turn_asked_; });
            lock.unlock();
            turn();
            lock.lock();
        }
    }
    void stop() override
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }
    void run_once(Duration) override { turn(); }
    void wake() override
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        changed_.notify_all();
    }
    Moment now() override { return clock; }
    void set_deadline(Instant at) override { deadline = at; }
    void end_turn_soon() override { turn_asked_ = true; }
    bool in_background(std::function<void()> work, std::function<void()> done) override
    {
        if (jobs.size() >= jobs_max) return false;
        jobs.emplace_back(std::move(work), std::move(done));
        return true;
    }
    void perform(engine::Effect effect) override { effects.push_back(std::move(effect)); }
    std::vector<Heard> heard() override { return {}; }
    void close_links() override { ++closed_links; }

    /// Everything that is due now, until nothing is.
    void turn()
    {
        for (;;) {
            {
                const std::lock_guard lock(mutex_);
                if (!woken_ && !turn_asked_ && deadline > clock.mono) return;
            }
            bool woken = false;
            {
                const std::lock_guard lock(mutex_);
                woken = std::exchange(woken_, false);
            }
            if (woken) reports_->woken();
            if (deadline <= clock.mono) {
                deadline = never;
                reports_->deadline_reached();
            }
            if (std::exchange(turn_asked_, false)) reports_->turn_ended();
        }
    }
    void pass(Duration time)
    {
        clock.mono += time;
        turn();
    }
    [[nodiscard]] bool was_woken() const { return woken_; }

private:
    client::Reports* reports_ = nullptr;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
    bool woken_ = false;
    bool turn_asked_ = false;
};

} // namespace godwit::test
