// SPDX-License-Identifier: Apache-2.0
// A path that loses, delays and narrows, on virtual time, the same for the same seed.
//
//   send ──> loss (alone or in bursts) ──> bottleneck (rate, queue of bytes) ──> delay, jitter ──> arrivals
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>

namespace godwit::test {

struct LinkConfig {
    Duration delay = std::chrono::milliseconds(20);
    double loss = 0;                ///< Share of packets.
    double burst = 1;               ///< Mean number of packets lost one after another (Gilbert).
    Duration jitter{};              ///< Mean of an exponential distribution, added to the delay ...
    bool gaussian = false;          ///< ... or standard deviation of a normal one, of which twice as much is the most
                                    ///< that a packet comes earlier.
    bool reorders = false;          ///< Whether jitter may let a packet overtake another.
    std::optional<double> rate_bps; ///< Of the bottleneck; may be changed while it runs.
    std::size_t queue_bytes = 60'000;
    std::size_t overhead_bytes = 60; ///< QUIC, UDP and IP around each packet, for the bottleneck.
};

template <class Packet>
class LinkModel {
public:
    LinkModel(const LinkConfig& begins, std::uint64_t seed) : config(begins), random_(seed) {}

    void send(Packet packet, std::size_t bytes, Instant now)
    {
        ++sent;
        if (is_lost()) {
            ++lost;
            return;
        }
        Instant leaves = now;
        if (config.rate_bps) {
            const auto wire = static_cast<double>(bytes + config.overhead_bytes);
            free_ = std::max(free_, now);
            const double queued = std::chrono::duration<double>(free_ - now).count() * *config.rate_bps / 8;
            if (queued + wire > static_cast<double>(config.queue_bytes)) {
                ++dropped;
                return;
            }
            free_ += Duration(static_cast<std::int64_t>(wire * 8e6 / *config.rate_bps));
            leaves = free_;
        }
        Instant arrives = leaves + config.delay;
        if (config.jitter > Duration(0)) {
            arrives += Duration(static_cast<std::int64_t>(irregular() * static_cast<double>(config.jitter.count())));
            arrives = std::max(arrives, leaves);
        }
        if (!config.reorders) arrives = last_arrival_ = std::max(arrives, last_arrival_);
        under_way_.emplace(arrives, std::move(packet));
    }

    /// What has come by now, in the order of coming.
    void receive(Instant now, const std::function<void(Packet, Instant)>& take)
    {
        while (!under_way_.empty() && under_way_.begin()->first <= now) {
            auto node = under_way_.extract(under_way_.begin());
            take(std::move(node.mapped()), node.key());
        }
    }

    LinkConfig config;
    std::uint64_t sent = 0, lost = 0, dropped = 0;

private:
    bool is_lost()
    {
        if (config.loss <= 0 || config.loss >= 1) return config.loss >= 1;
        std::uniform_real_distribution<double> dice(0, 1);
        const double leave_bad = 1 / config.burst, enter_bad = config.loss / (1 - config.loss) * leave_bad;
        bad_ = dice(random_) < (bad_ ? 1 - leave_bad : enter_bad);
        return bad_;
    }

    double irregular()
    {
        if (config.gaussian) return std::max(-2.0, std::normal_distribution<double>()(random_));
        return std::exponential_distribution<double>(1.0)(random_);
    }

    std::mt19937_64 random_;
    bool bad_ = false;
    Instant free_{}, last_arrival_{};
    std::multimap<Instant, Packet> under_way_;
};

} // namespace godwit::test
