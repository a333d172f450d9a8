// SPDX-License-Identifier: Apache-2.0
// Archives of the history as an application sees them (docs/archive.md).
#pragma once

#include <cstdint>
#include <string>

namespace godwit {

/// What was written or read. The answer to ArchiveMake and ArchiveRead.
struct ArchiveInfo {
    std::string id;           ///< 32 hexadecimal digits.
    std::string continues;    ///< The archive that this one continues; empty: it is a whole one.
    bool complete = true;     ///< Read: that one was read here, too. Else what is only in it is missing.
    std::int64_t made_ms = 0; ///< Wall clock of who made it, milliseconds since 1970 UTC.
    std::uint64_t posts = 0;
    std::uint64_t notes = 0;    ///< Reactions, edits, read marks, …
    std::uint64_t settings = 0; ///< What the account's devices share.
    std::uint64_t added = 0;    ///< Read: posts that were not here.
    std::uint64_t bytes = 0;
};

} // namespace godwit
