// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/memory.hpp"

#include <sqlite3.h>

#include <cstdint>

namespace godwit::sqlite {

namespace {

/// SQLite asks how large a block is (xSize), so each begins with that. 16: what follows is aligned as malloc's.
constexpr std::size_t head_bytes = 16;

MemoryFunctions given;

void* body(void* block, std::size_t bytes)
{
    if (block == nullptr) return nullptr;
    *static_cast<std::uint64_t*>(block) = bytes;
    return static_cast<char*>(block) + head_bytes;
}
void* head(void* body)
{
    return static_cast<char*>(body) - head_bytes;
}

// As sqlite3_mem_methods says: sizes are positive and rounded up; resize and release get what was given out.
void* take(int bytes)
{
    const auto wanted = static_cast<std::size_t>(bytes);
    return body(given.allocate(given.context, wanted + head_bytes), wanted);
}
void* resize(void* block, int bytes)
{
    const auto wanted = static_cast<std::size_t>(bytes);
    return body(given.resize(given.context, head(block), wanted + head_bytes), wanted);
}
void give_back(void* block)
{
    if (block != nullptr) given.release(given.context, head(block));
}
int size(void* block)
{
    return block == nullptr ? 0 : static_cast<int>(*static_cast<std::uint64_t*>(head(block)));
}
int round_up(int bytes)
{
    return (bytes + 7) & ~7;
}
int begin(void*)
{
    return SQLITE_OK;
}
void end(void*) {}

} // namespace

bool use_memory(const MemoryFunctions& functions)
{
    const sqlite3_mem_methods methods{take, give_back, resize, size, round_up, begin, end, nullptr};
    const auto before = given;
    given = functions;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK) return true;
    given = before;
    return false;
}

} // namespace godwit::sqlite
