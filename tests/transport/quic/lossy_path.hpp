// SPDX-License-Identifier: Apache-2.0
// Two DatagramPaths joined in memory. What one sends the other gets: late, twice, out of order or never, by a seed.
#pragma once

#include "lib/port/datagram_path.hpp"
#include "transport/loop/loop.hpp"

#include <map>
#include <random>

namespace godwit::test {

struct Weather {
    unsigned loss_percent = 0;
    unsigned duplicate_percent = 0;
    Duration delay_min{};
    Duration delay_max{}; ///< Above delay_min: datagrams overtake each other.
    std::size_t datagram_bytes_max = 1500;
    std::size_t batch_max = 64; ///< send() takes no more than this at once.
};

class LossyPath final : public port::DatagramPath {
public:
    LossyPath(loop::Loop& loop, const Weather& weather, std::uint32_t seed)
        : weather_(weather), random_(seed), arrival_(loop, [this] { arrive(); })
    {
    }
    void join(LossyPath& other)
    {
        other_ = &other;
        other.other_ = this;
    }
    void observe(port::DatagramPathObserver* observer) override { observer_ = observer; }
    std::size_t send(std::span<const BytesView> datagrams) override
    {
        const std::size_t taken = std::min(datagrams.size(), refuse_all ? 0 : weather_.batch_max);
        ++trains;
        longest_train = std::max(longest_train, datagrams.size());
        if (datagrams.size() == 1 && datagrams.front().size() > weather_.datagram_bytes_max / 2) ++alone;
        for (const BytesView d : datagrams.first(taken)) {
            ++sent;
            if (d.size() > weather_.datagram_bytes_max) continue;
            for (int copies = chance(weather_.duplicate_percent) ? 2 : 1; copies > 0; --copies)
                if (!chance(weather_.loss_percent)) other_->fly(to_bytes(d), flight_time());
        }
        return taken;
    }
    /// The far side's path ends: path_failed.
    void fail(const Error& why)
    {
        if (observer_ != nullptr) observer_->path_failed(why);
    }
    [[nodiscard]] bool observed() const { return observer_ != nullptr; }

    bool refuse_all = false;
    std::size_t sent = 0;
    std::size_t arrived = 0;
    std::size_t trains = 0; ///< Calls of send().
    std::size_t longest_train = 0;
    std::size_t alone = 0; ///< Trains of one long datagram.

private:
    bool chance(unsigned percent) { return random_() % 100 < percent; }
    Duration flight_time()
    {
        const auto spread = static_cast<std::uint32_t>((weather_.delay_max - weather_.delay_min).count());
        return weather_.delay_min + Duration(spread == 0 ? 0 : random_() % spread);
    }
    void fly(Bytes datagram, Duration flight)
    {
        air_.emplace(loop::Loop::now().mono + flight, std::move(datagram));
        arrival_.set(air_.begin()->first);
    }
    void arrive()
    {
        const Instant now = loop::Loop::now().mono;
        while (!air_.empty() && air_.begin()->first <= now) {
            const Bytes datagram = std::move(air_.begin()->second);
            air_.erase(air_.begin());
            ++arrived;
            if (observer_ != nullptr) observer_->path_datagram(datagram);
        }
        if (!air_.empty()) arrival_.set(air_.begin()->first);
    }

    Weather weather_;
    std::mt19937 random_;
    loop::Timer arrival_;
    LossyPath* other_ = nullptr;
    port::DatagramPathObserver* observer_ = nullptr;
    std::multimap<Instant, Bytes> air_;
};

} // namespace godwit::test
