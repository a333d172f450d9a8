// SPDX-License-Identifier: Apache-2.0
// Samples from one thread to one other, without locks: a callback of a sound system may not wait. Who reads decides
// what is too old.
#pragma once

#include "lib/base/check.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace godwit::media_host {

class Ring {
public:
    explicit Ring(std::size_t samples_max) : samples_(samples_max) { GODWIT_ASSERT(samples_max > 0); }

    /// The writer. How many were taken: fewer when it is full.
    std::size_t write(std::span<const std::int16_t> in) noexcept
    {
        const auto end = written_.load(std::memory_order_relaxed);
        const auto room = samples_.size() - (end - read_.load(std::memory_order_acquire));
        const auto count = std::min(in.size(), room);
        for (std::size_t i = 0; i < count; ++i)
            samples_[(end + i) % samples_.size()] = in[i];
        written_.store(end + count, std::memory_order_release);
        return count;
    }
    /// The reader. How many there were.
    std::size_t read(std::span<std::int16_t> out) noexcept
    {
        const auto begin = read_.load(std::memory_order_relaxed);
        const auto count = std::min(out.size(), written_.load(std::memory_order_acquire) - begin);
        for (std::size_t i = 0; i < count; ++i)
            out[i] = samples_[(begin + i) % samples_.size()];
        read_.store(begin + count, std::memory_order_release);
        return count;
    }
    /// The reader: drops the oldest until `keep` are left. How many were dropped.
    std::size_t drop_to(std::size_t keep) noexcept
    {
        const auto begin = read_.load(std::memory_order_relaxed);
        const auto held = written_.load(std::memory_order_acquire) - begin;
        if (held <= keep) return 0;
        read_.store(begin + (held - keep), std::memory_order_release);
        return held - keep;
    }
    [[nodiscard]] std::size_t held() const noexcept
    {
        return written_.load(std::memory_order_acquire) - read_.load(std::memory_order_acquire);
    }

private:
    std::vector<std::int16_t> samples_;
    std::atomic<std::size_t> written_{0}; ///< In all; the writer's.
    std::atomic<std::size_t> read_{0};    ///< In all; the reader's.
};

} // namespace godwit::media_host
