// SPDX-License-Identifier: Apache-2.0
// Copies looked through, and made into a database again.
#pragma once

#include "relay/backup/manifest.hpp"

namespace godwit::relay::backup {

/// Writes the database that copy `links.back()` says to `to`, where no file is; each page is compared with its sum.
/// Durable. On an error the file is the caller's to remove. Errors: storage_corrupt (which file, what about it),
/// storage_failed.
[[nodiscard]] Result<void> assemble(const std::vector<Manifest>& links, const std::filesystem::path& to);

/// Every byte of every copy is what its manifest says, and every incremental one has the copy that it stands on; the
/// newest is assembled in `folder` and looked through as `godwit-relay check` does. Errors: the first that is wrong.
[[nodiscard]] Result<std::vector<Manifest>> verify(const std::filesystem::path& folder);

struct Restored {
    Manifest manifest;
    std::filesystem::path kept; ///< The database that was there; empty: none was.
};
/// Copy `number` (0: the newest) becomes DIR/relay.db, and identity.key is put there when there is none; what was there
/// is kept beside it. Whenever it dies, DIR has the old database or the new one, and repeating finishes it. Errors:
/// storage_in_use (a relay runs there), invalid_argument (DIR has another relay's key; no such copy), storage_corrupt,
/// storage_failed.
[[nodiscard]] Result<Restored> restore(const std::filesystem::path& folder, std::uint32_t number,
                                       const std::filesystem::path& data);

} // namespace godwit::relay::backup
