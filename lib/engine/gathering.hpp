// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: who asks to be let into one group by its link, gathered so that one commit takes in dozens.
//
//   applicant ──> waits ──> due? ──> a commit of the first `most()` ──┬─ accepted: the next one, the later the more of
//                   ^                                                 │  them there were of late
//                   │                                                 ├─ held by the relay: again when it says, with
//                   │                                                 │  whoever has come meanwhile
//                   └─────────────────────────────────────────────────┴─ refused: half as many, until it is the one who
//                                                                        does not come in
// Commits are what the relay has few of (docs/adr/0069-applicants-are-gathered.md), not applicants.
#pragma once

#include "lib/engine/group_rules.hpp"

#include <deque>

namespace godwit::engine {

/// Accounts in one commit: the KeyPackages of so many devices fit (lib/seal/prepare.cpp).
inline constexpr std::size_t taken_in_at_once_max = 60;
/// Who waits, of one group: as many as the relay lets wait.
inline constexpr std::size_t gathered_max = 256;
/// So many commits at once, then one after a second, two, four…
inline constexpr std::size_t gathered_at_once = 4;
/// …up to this, which makes fewer in `gathered_window` than may be open at a relay.
inline constexpr Duration gathering_max = std::chrono::seconds(30);
inline constexpr Duration gathered_window = std::chrono::minutes(10);

class Gathering {
public:
    /// False: known, or as many wait as may.
    bool add(TakeIn who);
    /// Who need not be taken in (any more).
    template <class Is>
    void forget(Is is)
    {
        std::erase_if(waiting_, is);
    }
    [[nodiscard]] const std::deque<TakeIn>& waiting() const noexcept { return waiting_; }
    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    /// When the next commit is to begin; long past: now. Precondition: somebody waits.
    [[nodiscard]] Instant due(Instant now) const;
    /// How many of them it takes in.
    [[nodiscard]] std::size_t most() const noexcept { return most_; }
    /// The relay takes no commit before.
    [[nodiscard]] Instant held_until() const noexcept { return held_until_; }

    /// A commit that takes in the first `count` is made; 0: none is any more.
    void begin(std::size_t count) noexcept { under_way_ = count; }
    [[nodiscard]] bool is_under_way() const noexcept { return under_way_ > 0; }
    void accepted(Instant now);
    void held(Instant until);
    /// True: it is the first who is not to come in, and waits no longer. False: others may do.
    bool refused();

private:
    std::deque<TakeIn> waiting_;
    std::deque<Instant> accepted_; ///< Within `gathered_window` of the newest.
    Instant held_until_{};
    std::size_t most_ = taken_in_at_once_max;
    std::size_t under_way_ = 0;
};

} // namespace godwit::engine
