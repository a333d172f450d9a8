// SPDX-License-Identifier: Apache-2.0
// Virtual time: what happens later, in order. Nothing else makes time pass.
#pragma once

#include "lib/base/time.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace godwit::testing {

class Schedule {
public:
    [[nodiscard]] Instant now() const { return now_; }
    /// At `when`, after what was scheduled earlier for the same instant. The past means now.
    void at(Instant when, std::function<void()> what)
    {
        later_.push_back({std::max(when, now_), ++order_, std::move(what)});
        std::push_heap(later_.begin(), later_.end());
    }
    void run_for(Duration duration)
    {
        const auto end = now_ + duration;
        while (!later_.empty() && later_.front().when <= end)
            next();
        now_ = end;
    }
    /// False when `timeout` passed first.
    bool run_until(const std::function<bool()>& done, Duration timeout)
    {
        const auto end = now_ + timeout;
        while (!done()) {
            if (later_.empty() || later_.front().when > end) {
                now_ = end;
                return done();
            }
            next();
        }
        return true;
    }
    [[nodiscard]] std::uint64_t happened() const { return happened_; }

private:
    struct Later {
        Instant when;
        std::uint64_t order;
        std::function<void()> what;
        bool operator<(const Later& other) const
        {
            return when != other.when ? when > other.when : order > other.order;
        }
    };
    void next()
    {
        std::pop_heap(later_.begin(), later_.end());
        const auto one = std::move(later_.back());
        later_.pop_back();
        now_ = std::max(now_, one.when);
        ++happened_;
        one.what();
    }

    Instant now_{std::chrono::seconds(1000)};
    std::uint64_t order_ = 0;
    std::uint64_t happened_ = 0;
    std::vector<Later> later_; ///< A heap.
};

} // namespace godwit::testing
