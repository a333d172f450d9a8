// SPDX-License-Identifier: Apache-2.0
// A rate in bytes a second, that is told the time. What goes may be larger than what the rate gives at once: it is paid
// for by waiting afterwards.
#pragma once

#include "lib/base/time.hpp"

#include <algorithm>
#include <cstdint>

namespace godwit::transfer {

/// What was not used lately may be used at once, so much of it.
inline constexpr Duration bucket_depth = std::chrono::milliseconds(250);

class Bucket {
public:
    /// 0: without bound. What is owed under the old rate is forgiven.
    void set_rate(std::uint64_t bytes_per_s)
    {
        rate_ = bytes_per_s;
        free_at_ = Instant{};
    }
    [[nodiscard]] std::uint64_t rate() const { return rate_; }

    [[nodiscard]] bool open(Instant now) const { return rate_ == 0 || free_at_ <= now; }
    [[nodiscard]] Instant opens() const { return rate_ == 0 ? Instant{} : free_at_; }
    void take(std::size_t bytes, Instant now)
    {
        if (rate_ == 0) return;
        const auto us = static_cast<Duration::rep>(std::uint64_t{bytes} * 1'000'000 / rate_);
        free_at_ = std::max(free_at_, now - bucket_depth) + Duration(us);
    }

private:
    std::uint64_t rate_ = 0;
    Instant free_at_{};
};

} // namespace godwit::transfer
