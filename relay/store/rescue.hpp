// SPDX-License-Identifier: Apache-2.0
// relay.db when it is damaged: what is wrong with it, and what of it can be carried into a new one
// (lib/sqlite/salvage).
//
// Nothing on the disk proves a page of it, so what counts as damage is what contradicts itself. What is saved need not
// be all: devices mend at the relay what it has lost (docs/adr/0022), as after an older copy was put back. What must
// not be is a row that refers to nothing, and a mailbox that gives a number twice.
#pragma once

#include "lib/sqlite/salvage.hpp"

namespace godwit::relay {

/// Of the newest schema.
[[nodiscard]] sqlite::Catalogue catalogue();

struct Salvage {
    std::vector<sqlite::TableReport> tables;
    std::uint64_t pages_lost_unknown = 0; ///< Pages of which nobody says what they held.
    std::uint64_t rows_dropped = 0;       ///< That referred to what is lost.
    bool stale = false;                   ///< More may be lost, or older than it was, than can be named.
    /// Nothing but indexes and unused pages was damaged.
    [[nodiscard]] bool complete() const;
};

/// Carries everything that reads into a new database at `path`, where no file is; closes it, durable. Errors:
/// storage_failed (full, read-only). On failure the file is the caller's to remove.
[[nodiscard]] Result<Salvage> salvage(const sqlite::Remains& remains, const std::string& path,
                                      const char* vfs_name = nullptr);

} // namespace godwit::relay
