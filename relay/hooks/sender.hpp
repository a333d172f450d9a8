// SPDX-License-Identifier: Apache-2.0
// hooks: requests to other programs, by libcurl on the loop's background threads. The one room that sees libcurl.
//
// Where a request goes is judged at the socket, by the address that it really connects to: no name, no spelling and no
// answer of DNS that changes gets around it. No redirects, no proxies, nothing but HTTP(S).
#pragma once

#include "transport/loop/loop.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace godwit::relay::hooks {

inline constexpr Duration send_time_max = std::chrono::seconds(10);
inline constexpr std::size_t answer_bytes_max = 16 * 1024;

struct Post {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// 4 or 16 bytes of an address: false, and it is not connected to. Called on another thread.
    std::function<bool(BytesView)> may_reach;
};
struct PostResult {
    int status = 0;    ///< 0: no answer.
    std::string body;  ///< At most answer_bytes_max.
    std::string fault; ///< Of no answer: why.
};

/// "http://…" or "https://…" with a host and without user information.
[[nodiscard]] bool is_hook_url(const std::string& url);

class Sender {
public:
    explicit Sender(loop::Loop& loop);
    /// Requests under way are broken off; their `done` is not called.
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    /// `done` on the loop. False: too much is under way, try later.
    [[nodiscard]] bool send(Post post, std::function<void(PostResult)> done);

private:
    loop::Loop& loop_;
    std::shared_ptr<std::atomic<bool>> gone_;
};

} // namespace godwit::relay::hooks
