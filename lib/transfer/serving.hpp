// SPDX-License-Identifier: Apache-2.0
// Pieces that others have asked for: whose turn is it? Whether they may have them is asked before they get in here, and
// again by whoever takes them out.
#pragma once

#include "lib/transfer/bucket.hpp"
#include "lib/transfer/downloads.hpp"

#include <deque>
#include <map>
#include <optional>

namespace godwit::transfer {

/// Pieces that wait for one asker: two windows. Whoever asks for more has not seen what came.
inline constexpr std::size_t wants_per_source_max = 32;

class Serving {
public:
    struct Item {
        SourceId to = 0;
        FileId file;
        std::uint32_t piece = 0;
    };

    /// What does not fit is dropped: it is asked for again when it does not come.
    void want(SourceId from, const FileId& file, Layout layout, const std::vector<PieceRange>& pieces);
    /// One piece a turn for each asker. nullopt: nothing, or the rate says wait.
    [[nodiscard]] std::optional<Item> next(Instant now);
    void sent(std::size_t bytes, Instant now) { bucket_.take(bytes, now); }
    /// The rate lets something go; else when it does.
    [[nodiscard]] bool open(Instant now) const { return bucket_.open(now); }
    [[nodiscard]] Instant opens() const { return bucket_.opens(); }

    void drop(SourceId from) { queues_.erase(from); }
    void drop(const FileId& file);

    void set_rate(std::uint64_t bytes_per_s) { bucket_.set_rate(bytes_per_s); }
    [[nodiscard]] std::uint64_t rate() const { return bucket_.rate(); }
    /// Something was asked for and has not been taken.
    [[nodiscard]] bool waits() const { return !queues_.empty(); }
    [[nodiscard]] Instant deadline() const { return queues_.empty() ? never : bucket_.opens(); }

private:
    struct Wanted {
        FileId file;
        std::uint32_t piece = 0;
    };
    Bucket bucket_;
    std::map<SourceId, std::deque<Wanted>> queues_; ///< None is empty.
    SourceId last_ = 0;
};

} // namespace godwit::transfer
