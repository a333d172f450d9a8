// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/time.hpp"

#include <algorithm>

namespace godwit::relay::turn {

/// `per_s` tokens come a second, and as many are kept: a burst of one second. Millionths of tokens inside, so that what
/// comes in a microsecond is not lost.
class TokenBucket {
public:
    static constexpr std::int64_t per_s_max = 10'000'000'000; ///< 10^16 millionths: far from overflow.

    explicit TokenBucket(std::int64_t per_s) : per_s_(std::clamp<std::int64_t>(per_s, 1, per_s_max)), level_(full()) {}

    [[nodiscard]] bool has(std::int64_t tokens, Instant now)
    {
        if (now > filled_) {
            const auto elapsed = std::min(now - filled_, Duration(1'000'000));
            level_ = std::min(full(), level_ + per_s_ * elapsed.count());
            filled_ = now;
        }
        return level_ >= tokens * 1'000'000;
    }
    /// Precondition: has(tokens, now).
    void take(std::int64_t tokens) { level_ -= tokens * 1'000'000; }

private:
    [[nodiscard]] std::int64_t full() const { return per_s_ * 1'000'000; }

    std::int64_t per_s_;
    std::int64_t level_;
    Instant filled_{};
};

} // namespace godwit::relay::turn
