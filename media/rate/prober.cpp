// SPDX-License-Identifier: Apache-2.0
#include "media/rate/prober.hpp"

#include <algorithm>
#include <cmath>

namespace godwit::rate {

namespace {

/// Jitter moves both ends of a cluster: in a cluster of so many jitters that is a sixth of its length or so.
constexpr int jitters = 6;
/// What arrives at less than that share of the rate of sending has waited in a queue.
constexpr double carried = 0.85;
/// A queue that the cluster has filled is left some room to empty.
constexpr double of_full = 0.9;
/// When more of it is lost, the cluster has found the path's end.
constexpr double lost_max = 0.35;
/// The answer is due after the round trip and two feedbacks.
constexpr Duration answer_more = std::chrono::milliseconds(750);

double seconds(Duration d)
{
    return static_cast<double>(d.count()) / 1e6;
}

} // namespace

bool Prober::begin(double bps, double loss, Duration jitter, Duration round_trip, Instant now)
{
    if (is_out() || now < not_before_) return false;
    const auto keep = pause_;
    const auto after = not_before_;
    *this = Prober();
    pause_ = keep;
    not_before_ = after;
    length_ = std::clamp(jitter * jitters, probe_length_min, probe_length_max);
    const double most_s = static_cast<double>(probe_bytes_max) * 8 / bps;
    if (seconds(length_) > most_s) length_ = Duration(static_cast<std::int64_t>(most_s * 1e6));
    const double packet = bps * seconds(length_) / 8 / static_cast<double>(probe_packets_min);
    packet_bytes_ = static_cast<std::size_t>(
        std::clamp(packet, static_cast<double>(padding_bytes_min), static_cast<double>(padding_bytes_max)));
    bps_ = bps;
    loss_ = std::clamp(loss, 0.0, lost_max);
    answer_within_ = round_trip + answer_more;
    begun_ = now;
    state_ = State::sending;
    return true;
}

Instant Prober::deadline() const noexcept
{
    if (state_ != State::sending) return never;
    // Each packet when those before it have left at the rate.
    return begun_ + Duration(static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes_) * 8e6 / bps_)));
}

std::size_t Prober::padding(Instant now)
{
    return now >= deadline() ? packet_bytes_ : 0;
}

void Prober::sent(std::int64_t number, std::size_t bytes, Instant now)
{
    if (state_ != State::sending) return;
    if (packets_ == 0) {
        first_ = number;
        first_bytes_ = bytes;
        first_sent_ = now;
    }
    last_ = number;
    last_sent_ = now;
    bytes_ += bytes;
    ++packets_;
    if (packets_ > probe_packets_min && now - begun_ >= length_) state_ = State::waiting;
}

bool Prober::holds(std::int64_t number) const noexcept
{
    return is_out() && packets_ > 0 && number >= first_ && number <= last_;
}

void Prober::arrived(std::int64_t number, std::size_t bytes, Duration at)
{
    if (!holds(number)) return;
    if (!earliest_ || at < *earliest_) {
        earliest_ = at;
        earliest_bytes_ = bytes;
    }
    latest_ = std::max(latest_.value_or(at), at);
    arrived_bytes_ += bytes;
    ++arrived_packets_;
    missing_.erase(number);
}

void Prober::missing(std::int64_t number)
{
    if (holds(number)) missing_.insert(number);
}

std::optional<Prober::Measured> Prober::measured() const
{
    const auto told = static_cast<double>(arrived_packets_ + missing_.size());
    if (arrived_packets_ < probe_packets_min || static_cast<double>(missing_.size()) > lost_max * told)
        return std::nullopt;
    // Between the first and the last of n packets lie n - 1 of them. What is lost was sent as well; as much as the path
    // loses anyway is none of the cluster's.
    const double sent_s = seconds(last_sent_ - first_sent_), arrived_s = seconds(*latest_ - *earliest_);
    if (sent_s <= 0) return std::nullopt;
    const double sending = static_cast<double>(bytes_ - first_bytes_) * 8 / sent_s;
    const double share = std::min(1.0, static_cast<double>(arrived_packets_) / told / (1 - loss_));
    const double between = static_cast<double>(arrived_bytes_ - earliest_bytes_) * 8 / (1 - loss_);
    const double arriving = arrived_s > 0 ? between / arrived_s : sending * share;
    if (arriving >= carried * sending) return Measured{std::min(arriving, sending), true};
    return Measured{of_full * arriving, false};
}

std::optional<double> Prober::result(std::int64_t last_number, Duration reordering, Instant now)
{
    if (state_ == State::sending && now - begun_ > length_ + answer_within_) { // nobody sends what it asks for
        failed(now);
        return 0.0;
    }
    if (state_ != State::waiting) return std::nullopt;
    if (last_number >= last_ && !told_at_) told_at_ = now;
    const bool is_told = told_at_ && now - *told_at_ >= reordering;
    if (!is_told && now - last_sent_ < answer_within_) return std::nullopt;
    const auto found = measured();
    if (!found || !found->carried) {
        failed(now);
    } else {
        state_ = State::idle;
        pause_ = probe_pause_min;
    }
    return found ? found->bps : 0.0;
}

void Prober::failed(Instant now)
{
    state_ = State::idle;
    not_before_ = now + pause_;
    pause_ = std::min(probe_pause_max, pause_ * 2);
}

} // namespace godwit::rate
