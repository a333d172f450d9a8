// SPDX-License-Identifier: Apache-2.0
// Whence SQLite's memory comes: its page cache, statements, sorting. Of the whole process, as SQLite has it.
#pragma once

#include "lib/base/memory.hpp"

namespace godwit::sqlite {

/// False: SQLite has begun in this process, so it stays with what it has.
[[nodiscard]] bool use_memory(const MemoryFunctions& functions);

} // namespace godwit::sqlite
