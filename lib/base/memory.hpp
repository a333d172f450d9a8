// SPDX-License-Identifier: Apache-2.0
// Memory in place of malloc's, for libraries that can be told whence theirs comes.
#pragma once

#include <cstddef>

namespace godwit {

/// Called by any thread, also several at once. Never by ours alone: whoever is told of them keeps them for the life of
/// the process.
struct MemoryFunctions {
    void* (*allocate)(void* context, std::size_t bytes) = nullptr; ///< Aligned as by malloc; nullptr: there is none.
    void* (*resize)(void* context, void* block, std::size_t bytes) = nullptr; ///< As realloc; neither nullptr nor 0.
    void (*release)(void* context, void* block) = nullptr;                    ///< Never nullptr.
    void* context = nullptr;
};

} // namespace godwit
