// SPDX-License-Identifier: Apache-2.0
// A home whose store may be damaged: what is wrong with it, and a new store from what is not.
//
//   auto checked = godwit::check_home({.home = "alice"});
//   if (checked.ok() && !checked->sound()) auto repaired = godwit::repair_home({.home = "alice"});
//
// Both need the home for themselves: no client may have it open. Both read all of it, which takes a second for some
// hundred MiB. Of the options they use home, store_key and passphrase.
#pragma once

#include <godwit/client.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace godwit {

/// A table of the store: identity, value (settings and groups), contact, message, head, held, sender, seen (marks by
/// which a repetition is known), envelope and delivery (the outbox).
struct HomeTable {
    std::string table;
    std::uint64_t rows = 0;       ///< Read; after a repair: saved.
    std::uint64_t rows_lost = 0;  ///< At least. After a repair only.
    std::uint64_t pages_lost = 0; ///< What they held beyond rows_lost cannot be known. After a repair only.
};

struct HomeCheck {
    /// A sentence each, at most 100; empty: sound.
    std::vector<std::string> findings;
    std::vector<HomeTable> tables;
    std::uint64_t pages = 0;           ///< Of 4096 bytes.
    std::uint64_t pages_lost = 0;      ///< Fail authentication.
    std::uint64_t log_frames = 0;      ///< In the write-ahead log, committed.
    std::uint64_t log_frames_tail = 0; ///< Of an unfinished transaction, which was never acknowledged: no damage.
    [[nodiscard]] bool sound() const noexcept { return findings.empty(); }
};

/// Reads; changes nothing, not even a log that a crash left. Errors: wrong_key, storage_in_use, storage_too_new,
/// storage_failed (no store there, not readable), storage_corrupt (both copies of the superblock are damaged, so that
/// nothing can be read), invalid_argument.
[[nodiscard]] GODWIT_API Result<HomeCheck> check_home(const ClientOptions& options);

struct HomeRepair {
    bool was_sound = false; ///< Nothing was done.
    std::string kept_as;    ///< Where the damaged store is now, its log beside it with "-wal"; empty when was_sound.
    std::vector<HomeTable> tables;
    std::uint64_t pages_lost_unknown = 0; ///< Of which nobody can say what they held.
    std::uint64_t messages_failed = 0;    ///< Accepted, and what was to be sent is lost: marked as failed.
    bool newest_lost = false;             ///< The log was damaged: some rows are older than they were.
    bool identity = true;                 ///< False: log in again, this home is no device any more.
    bool groups = true; ///< False: the keys of the conversations were given up; the device joins them again by itself.
    bool complete = true; ///< Nothing is lost.
};

/// Copies everything that is undamaged into a new store, which then takes the place of the damaged one; that one is
/// kept as home/godwit.db.damaged-N, at most 9 of them. Until then nothing is changed, and a process that dies on the
/// way leaves the damaged store as it was. Errors: as check_home; storage_failed when the disk is full or nine damaged
/// stores are kept already.
[[nodiscard]] GODWIT_API Result<HomeRepair> repair_home(const ClientOptions& options);

} // namespace godwit
