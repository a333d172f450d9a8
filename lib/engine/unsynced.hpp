// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: requests to say something to somebody who is no contact as far as this device knows, asked
// while it is not connected. They may have accepted while it was away, or another device of the account may have added
// them: the roster that the relay shows at login says so, and until then "no contact" would be a guess. In memory: what
// waits here has no reply, so nobody was told that it is accepted.
#pragma once

#include "lib/base/time.hpp"

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace godwit::engine {

/// A connection that can be had is there by then; a program that waits for its answer is not kept longer.
inline constexpr Duration unsynced_wait_max = std::chrono::seconds(10);
inline constexpr std::size_t unsynced_requests_max = 64;

class Unsynced {
public:
    struct Item {
        RequestId id = 0;
        Request request;
        Instant until{};
    };

    [[nodiscard]] bool has_room() const { return items_.size() < unsynced_requests_max; }
    /// Precondition: has_room().
    void hold(RequestId id, Request request, Instant now)
    {
        items_.push_back({id, std::move(request), now + unsynced_wait_max});
    }
    /// All, in the order in which they were asked.
    [[nodiscard]] std::deque<Item> take() { return std::exchange(items_, {}); }
    /// Those that have waited for unsynced_wait_max.
    [[nodiscard]] std::vector<RequestId> expire(Instant now)
    {
        std::vector<RequestId> out;
        for (; !items_.empty() && items_.front().until <= now; items_.pop_front())
            out.push_back(items_.front().id);
        return out;
    }
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] Instant deadline() const { return items_.empty() ? never : items_.front().until; }

private:
    std::deque<Item> items_;
};

} // namespace godwit::engine
