// SPDX-License-Identifier: Apache-2.0
// A FIFO that knows where it ends. Full is an answer, not an allocation.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace godwit {

/// Not thread-safe: the room that shares one adds its own lock.
template <class T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t capacity_max) : capacity_max_(capacity_max) {}

    /// False, and `item` untouched, when the queue holds `capacity_max` items.
    [[nodiscard]] bool push(T&& item)
    {
        if (items_.size() >= capacity_max_) return false;
        items_.push_back(std::move(item));
        return true;
    }

    [[nodiscard]] std::optional<T> pop()
    {
        if (items_.empty()) return std::nullopt;
        std::optional<T> out(std::move(items_.front()));
        items_.pop_front();
        return out;
    }

    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] bool full() const noexcept { return items_.size() >= capacity_max_; }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] std::size_t capacity_max() const noexcept { return capacity_max_; }
    void clear() { items_.clear(); }
    /// Oldest first.
    template <class Look>
    void each(Look&& look) const
    {
        for (const T& item : items_)
            look(item);
    }

private:
    std::size_t capacity_max_;
    std::deque<T> items_;
};

} // namespace godwit
