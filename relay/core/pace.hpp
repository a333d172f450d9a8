// SPDX-License-Identifier: Apache-2.0
// Rates: "at most so many at once, then one each interval", as one point in time per thing that is paced (the generic
// cell rate algorithm, ITU-T I.371 annex A).
#pragma once

#include "relay/core/config.hpp"

#include <concepts>
#include <optional>
#include <unordered_map>

namespace godwit::relay {

class Pace {
public:
    /// How long to wait until the next one is allowed; zero: now.
    [[nodiscard]] Duration wait(const Rate& rate, Instant now) const
    {
        const auto allowed_from = full_again_ - rate.interval * (rate.burst - 1);
        return allowed_from > now ? allowed_from - now : Duration::zero();
    }
    void take(const Rate& rate, Instant now) { full_again_ = (full_again_ > now ? full_again_ : now) + rate.interval; }
    /// Nothing was taken of late: forgetting this changes nothing.
    [[nodiscard]] bool idle(Instant now) const { return full_again_ <= now; }
    /// By what has been taken of late.
    friend bool operator<(const Pace& a, const Pace& b) { return a.full_again_ < b.full_again_; }

private:
    Instant full_again_{Duration::min() / 2}; ///< When the whole burst is there again.
};

/// A full table looks at so many names for one to forget, others each time: at all of them it would cost whoever makes
/// up names less than it costs the relay.
inline constexpr std::size_t paces_looked_at = 64;

/// One Pace a name; at most `names_max` of them. A full table forgets a name of which little was taken: that is a fresh
/// one then, so who makes up names to be forgotten by that must have taken less for each of them than by their own.
template <class Name>
class Paces {
public:
    /// `rate` outlives the table, and may change: it counts from then on.
    Paces(const Rate& rate, std::size_t names_max) : rate_(rate), names_max_(names_max) {}
    Paces(const Rate&& rate, std::size_t names_max) = delete;

    [[nodiscard]] Duration wait(const Name& name, Instant now) const
    {
        const auto found = paces_.find(name);
        return found == paces_.end() ? Duration::zero() : found->second.wait(rate_, now);
    }
    void take(const Name& name, Instant now)
    {
        if (paces_.size() >= names_max_ && !paces_.contains(name)) make_room(now);
        paces_[name].take(rate_, now);
    }
    void forget(const Name& name) { paces_.erase(name); }
    /// All whose names begin so. Looks at every one.
    void forget_beginning(std::string_view begin)
        requires std::same_as<Name, std::string>
    {
        std::erase_if(paces_, [begin](const auto& one) { return one.first.starts_with(begin); });
    }
    [[nodiscard]] std::size_t size() const noexcept { return paces_.size(); }

private:
    void make_room(Instant now)
    {
        if (now >= swept_ + rate_.interval) {
            std::erase_if(paces_, [now](const auto& one) { return one.second.idle(now); });
            swept_ = now;
        }
        if (paces_.size() >= names_max_) forget_least();
    }
    void forget_least()
    {
        std::optional<Name> least;
        Pace pace;
        std::size_t looked_at = 0;
        for (std::size_t n = paces_.bucket_count(); n > 0 && looked_at < paces_looked_at; --n, ++cursor_) {
            const auto bucket = cursor_ % paces_.bucket_count();
            for (auto at = paces_.begin(bucket); at != paces_.end(bucket); ++at, ++looked_at)
                if (!least || at->second < pace) {
                    least = at->first;
                    pace = at->second;
                }
        }
        if (least) paces_.erase(*least);
    }

    const Rate& rate_;
    std::size_t names_max_;
    std::unordered_map<Name, Pace> paces_;
    Instant swept_{Duration::min() / 2};
    std::size_t cursor_ = 0; ///< Bucket.
};

using PaceTable = Paces<std::string>;
using AccountPaces = Paces<std::int64_t>; ///< By AccountRow.

} // namespace godwit::relay
