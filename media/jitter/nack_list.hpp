// SPDX-License-Identifier: Apache-2.0
// What to do about lost packets of video: ask for them again while that is quicker than a keyframe, else ask for one.
//
//   missing ── not merely overtaken ──> ask; each round trip again
//   round trip too long, too many, too old, asked too often ──> a keyframe instead, asked for until it comes
#pragma once

#include "lib/base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace godwit::jitter {

/// Numbers that may be missing at once.
inline constexpr std::size_t nack_missing_max = 250;
/// How often one is asked for.
inline constexpr int nack_tries_max = 8;
/// A repetition over a longer way comes later than a keyframe would be there, and freezes the picture as long.
inline constexpr Duration nack_round_trip_max = std::chrono::milliseconds(300);
/// What is missing for longer has frozen the picture long enough.
inline constexpr Duration nack_age_max = std::chrono::milliseconds(800);

struct NackStatistics {
    std::uint64_t missed = 0;   ///< Numbers that were skipped.
    std::uint64_t asked = 0;    ///< Requests for one number each.
    std::uint64_t repaired = 0; ///< Missing ones that came, repeated or overtaken.
    std::uint64_t given_up = 0;
    std::uint64_t keyframes_asked = 0;
};

class NackList {
public:
    /// Each packet that came, repeated ones included.
    void arrived(std::int64_t sequence_number, Instant now);
    /// A keyframe that began with this number is there, or what is older is of no use for another reason.
    void forget_before(std::int64_t sequence_number);
    void set_round_trip(Duration round_trip) noexcept { round_trip_ = round_trip; }
    /// Ask until keyframe_came().
    void want_keyframe() noexcept { keyframe_wanted_ = true; }
    void keyframe_came() noexcept;

    struct Ask {
        std::vector<std::int64_t> sequence_numbers; ///< Ascending.
        bool keyframe = false;
    };
    [[nodiscard]] Ask poll(Instant now);
    /// When to poll again without a packet.
    [[nodiscard]] Instant deadline() const noexcept;

    [[nodiscard]] const NackStatistics& statistics() const noexcept { return statistics_; }
    [[nodiscard]] std::size_t missing() const noexcept { return missing_.size(); }

private:
    struct Missing {
        Instant since;
        Instant ask_at;
        int tries = 0;
    };
    void give_up();
    [[nodiscard]] Duration again_after() const noexcept;

    std::optional<std::int64_t> highest_;
    std::map<std::int64_t, Missing> missing_;
    Duration round_trip_ = std::chrono::milliseconds(100);
    bool keyframe_wanted_ = false;
    Instant keyframe_ask_at_{};
    NackStatistics statistics_;
};

} // namespace godwit::jitter
