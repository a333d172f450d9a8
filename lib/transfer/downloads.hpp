// SPDX-License-Identifier: Apache-2.0
// Files on their way here, from any number of sources each.
//
//   begin ──> a source offers pieces ──> plan: asks ──> judge ── good ──> the caller writes it ──> keep
//                                          ▲              ├─ bad: this source is asked for this file no more
//                                          │              └─ leaves: when the list is whole it is held against the root
//                                          └── a source that is silent while it owes something: others are asked
//
// Leaves come first, from one source at a time, so that it is known who lied. Then chunks, in order, from all sources
// of the best rank that is to be had: a worse one is asked only when no better one has anything that is missing.
//
// A source has one window for all files, which follows how soon pieces come: behind what is asked for, on a link that
// cannot tell bulk from messages, no message waits much longer than `slow`.
#pragma once

#include "lib/transfer/bucket.hpp"
#include "lib/transfer/piece_set.hpp"
#include "lib/transfer/tree.hpp"

#include <map>
#include <set>

namespace godwit::transfer {

/// A link; relay_source is the relay.
using SourceId = std::uint64_t;
inline constexpr SourceId relay_source = 0;
/// The better the smaller.
enum class Rank : std::uint8_t { direct = 0, turned = 1, relay = 2 };

struct DownloadLimits {
    std::uint32_t window_start = 4;                  ///< Pieces asked of one source and not come.
    std::uint32_t window_max = 16;                   ///< 1 MiB: 20 MiB/s at 50 ms.
    Duration quick = std::chrono::milliseconds(250); ///< A piece that took no longer widens the window ...
    Duration slow = std::chrono::milliseconds(1000); ///< ... and one that took longer narrows it.
    Duration silence_max = std::chrono::seconds(30); ///< A piece at 2 KiB/s comes in this time.
    Duration rest_min = std::chrono::seconds(5);     ///< After silence; doubles.
    Duration rest_max = std::chrono::minutes(5);
    /// The last pieces are asked of idle sources too when they have not come for so long.
    Duration again_after = std::chrono::seconds(1);
    std::size_t ranges_max = 64; ///< In one ask.
    /// A source is asked anew when so much of its window is free: who gives has a frame to look at, and to acknowledge,
    /// for several pieces.
    std::uint32_t window_parts = 4;
};

class Downloads {
public:
    explicit Downloads(DownloadLimits limits = {}) : limits_(limits) {}

    /// `leaves`: verified ones of an earlier run; empty: not known. Precondition: not begun.
    void begin(const FileId& file, Layout layout, PieceSet have, Leaves leaves);
    /// Done, paused or given up.
    void end(const FileId& file);
    [[nodiscard]] bool begun(const FileId& file) const { return files_.contains(file); }
    [[nodiscard]] const PieceSet& have(const FileId& file) const { return files_.at(file).have; }
    [[nodiscard]] const Leaves& leaves(const FileId& file) const { return files_.at(file).leaves; }

    /// Comes up, or has another rank now.
    void source_up(SourceId source, Rank rank);
    void source_down(SourceId source);
    [[nodiscard]] bool is_up(SourceId source) const { return sources_.contains(source); }
    /// Precondition: up.
    [[nodiscard]] Rank rank(SourceId source) const { return sources_.at(source).rank; }
    /// Pieces were asked of it that have not come.
    [[nodiscard]] bool owes(SourceId source) const;
    /// What it says it has; adds to what it said before.
    void offers(const FileId& file, SourceId source, const std::vector<PieceRange>& pieces);
    /// It has nothing of it, or gives us nothing.
    void lacks(const FileId& file, SourceId source);
    /// What it gave and was wrong was another's: it may be asked for this file again.
    void forgive(const FileId& file, SourceId source);
    /// Somebody of this rank or better offers something of it that is missing.
    [[nodiscard]] bool served(const FileId& file, Rank rank, Instant now) const;

    struct Ask {
        FileId file;
        SourceId source = 0;
        std::vector<PieceRange> pieces;
    };
    /// What is to be asked for now. Ask again whenever anything has come.
    [[nodiscard]] std::vector<Ask> plan(Instant now);

    enum class Verdict : std::uint8_t {
        good,      ///< A chunk, and right: write it, then keep().
        listed,    ///< Leaves; more of them are to come.
        list_done, ///< All leaves are here and right: write their pieces, then keep() those.
        unasked,   ///< Nobody asked this source for it (any more): drop it.
        bad,       ///< Not what the file has there.
        bad_list,  ///< The leaves are not this file's.
    };
    [[nodiscard]] Verdict judge(const FileId& file, SourceId source, std::uint32_t piece, BytesView bytes, Instant now);
    void keep(const FileId& file, std::uint32_t piece);

    void set_rate(std::uint64_t bytes_per_s) { bucket_.set_rate(bytes_per_s); }
    [[nodiscard]] std::uint64_t rate() const { return bucket_.rate(); }
    /// Sources that owe and are silent are put to rest; returns them.
    std::vector<SourceId> handle_deadline(Instant now);
    [[nodiscard]] Instant deadline(Instant now) const;

private:
    struct Source {
        Rank rank = Rank::direct;
        std::uint32_t window = 0;
        std::uint32_t out = 0; ///< Pieces asked for and not come.
        bool asking = false;   ///< There was enough room at the beginning of this plan(): it is filled.
        Instant heard{};       ///< Since when it has been silent, while it owes.
        Instant rests_until{};
        Duration rest{};
    };
    struct Out {
        SourceId source = 0;
        Instant since{};
    };
    struct File {
        Layout layout;
        PieceSet have;
        Leaves leaves; ///< Empty: not known yet.
        Leaves list;   ///< Coming in.
        PieceSet listed;
        SourceId lister = 0;
        bool listing = false;
        std::map<SourceId, PieceSet> offered;
        std::set<SourceId> liars;
        std::map<std::uint32_t, std::vector<Out>> out;

        [[nodiscard]] bool needs_leaves() const { return layout.leaf_pieces() > 0 && leaves.empty(); }
    };

    [[nodiscard]] bool usable(const File& file, SourceId id, Instant now) const;
    [[nodiscard]] bool offers_missing(const File& file, const PieceSet& offered) const;
    [[nodiscard]] std::vector<SourceId> best(const File& file, Instant now) const;
    void plan_leaves(const FileId& id, File& file, const std::vector<SourceId>& sources, Instant now,
                     std::vector<Ask>& out);
    void plan_chunks(const FileId& id, File& file, const std::vector<SourceId>& sources, Instant now,
                     std::vector<Ask>& out);
    void plan_again(const FileId& id, File& file, const std::vector<SourceId>& sources, Instant now,
                    std::vector<Ask>& out);
    void ask(const FileId& id, File& file, SourceId source, std::uint32_t piece, Instant now, std::vector<Ask>& out);
    /// Pieces that may be asked of it now; 0 as well while that is not worth a frame.
    [[nodiscard]] std::uint32_t room(SourceId source) const;
    void settle(File& file, std::uint32_t piece, SourceId by, Instant now);
    void take_back(File& file, SourceId source);
    [[nodiscard]] Verdict judge_leaves(const FileId& id, File& file, SourceId source, std::uint32_t piece,
                                       BytesView bytes);

    DownloadLimits limits_;
    Bucket bucket_;
    std::map<FileId, File> files_;
    std::map<SourceId, Source> sources_;
    FileId last_planned_; ///< Files take turns at being first.
};

} // namespace godwit::transfer
