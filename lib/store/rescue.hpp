// SPDX-License-Identifier: Apache-2.0
// A store that is damaged: what is wrong with it, and what of it can be carried into a new one.
//
//   check    Remains -> SQLite's integrity check, then our own rules (broken_rules)
//   salvage  Remains -> every row that still reads -> which table is it of, does it make sense -> the new store
//            -> put in order: nothing waits for what is lost, no key is used twice
//
// What becomes of what depends on lost bytes:
//   groups (mls/…)     kept only when nothing of them can be lost or older than it was, else forgotten but for the
//   floor
//                      below which no group is entered: an older ratchet would seal two messages with one key. The
//                      device joins its conversations again by itself, and the outbox is sealed anew.
//   identity           lost: this home is no device any more. Groups go with it; log in again.
//   outbox             an envelope without deliveries, or deliveries without their envelope: the message is marked as
//                      failed, so that its user knows and can send it again
//   held messages      not held any more when they are in the history
//   search index       never carried: the new store makes it from its history, bit by bit
#pragma once

#include "lib/sqlite/salvage.hpp"

#include <string>
#include <vector>

namespace godwit::store {

using sqlite::Findings;
using sqlite::findings_max;
using sqlite::TableReport;

/// Everything that can be wrong with a store. Reads all of it. Errors: storage_too_new.
[[nodiscard]] Result<Findings> examine(const sqlite::Remains& remains);

/// Our own rules about rows, as sentences: every open delivery has an envelope, ids have their length, and the like.
[[nodiscard]] Result<std::vector<std::string>> broken_rules(sqlite::Database& database);

struct Salvage {
    std::vector<TableReport> tables;
    std::uint64_t pages_lost_unknown = 0; ///< Pages of which nobody says what they held.
    std::uint64_t messages_failed = 0;    ///< Accepted, not delivered, and now without what would be sent.
    bool stale = false;                   ///< More may be lost, or older than it was, than can be named.
    bool identity = false;
    bool groups = false; ///< Kept.
    /// Nothing but spare copies was damaged.
    [[nodiscard]] bool complete() const;
};

/// Carries everything that reads into a new store at `path`, where no file is; closes it, durable. Errors:
/// storage_failed (full, read-only). On failure the file is the caller's to remove.
[[nodiscard]] Result<Salvage> salvage(const sqlite::Remains& remains, const std::string& path, const sqlite::Key& key,
                                      const char* vfs_name = nullptr);

} // namespace godwit::store
