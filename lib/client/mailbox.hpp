// SPDX-License-Identifier: Apache-2.0
// Requests on their way from application threads to the loop thread.
#pragma once

#include <godwit/request.hpp>
#include <godwit/result.hpp>

#include "lib/base/bounded_queue.hpp"

#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace godwit::client {

/// Requests that may wait for the loop thread. Past it submit() says busy.
inline constexpr std::size_t mailbox_requests_max = 1024;
/// And their content together: texts are at most 64 KiB, but nothing stops a caller from handing in more.
inline constexpr std::size_t mailbox_bytes_max = 16 * 1024 * 1024;

/// Refused: the request could not be read; its reply takes its place in the queue, so that replies keep their order.
struct Submitted {
    RequestId id = 0;
    std::variant<Request, Error> what;
};

/// Rough size of what a request holds on the heap (request_bytes.cpp).
[[nodiscard]] std::size_t request_bytes(const Request& request) noexcept;

class Mailbox {
public:
    /// The id given, or nullopt when full. `first`: the mailbox was empty, so its reader may be asleep.
    [[nodiscard]] std::optional<RequestId> put(std::variant<Request, Error> what, bool& first);
    /// At most `count_max`, oldest first.
    [[nodiscard]] std::vector<Submitted> take(std::size_t count_max);
    [[nodiscard]] bool empty() const;

private:
    mutable std::mutex mutex_;
    BoundedQueue<Submitted> queue_{mailbox_requests_max};
    std::size_t bytes_ = 0;
    RequestId next_id_ = 1;
};

} // namespace godwit::client
