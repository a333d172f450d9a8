// SPDX-License-Identifier: Apache-2.0
#include "tests/alloc/failing_new.hpp"

#include <cstdlib>
#include <new>
#include <sqlite3.h>

namespace {

thread_local std::uint64_t left = 0; // 0: memory is plenty
thread_local bool has_struck = false;
thread_local std::int64_t alive = 0;

bool strikes()
{
    if (left == 0 || --left > 0) return false;
    has_struck = true;
    return true;
}

void* take(std::size_t size) noexcept
{
    if (strikes()) return nullptr;
    void* const out = std::malloc(size == 0 ? 1 : size);
    if (out != nullptr) ++alive;
    return out;
}

void give(void* memory) noexcept
{
    if (memory != nullptr) --alive;
    std::free(memory);
}

sqlite3_mem_methods sqlite_methods;

/// SQLite counts for itself; it only has to be refused now and then.
const bool sqlite_is_told = [] {
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_methods);
    static sqlite3_mem_methods ours;
    ours = sqlite_methods;
    ours.xMalloc = [](int size) { return strikes() ? nullptr : sqlite_methods.xMalloc(size); };
    ours.xRealloc = [](void* memory, int size) { return strikes() ? nullptr : sqlite_methods.xRealloc(memory, size); };
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK;
}();

} // namespace

void* operator new(std::size_t size)
{
    if (void* const out = take(size)) return out;
    throw std::bad_alloc();
}
void* operator new[](std::size_t size)
{
    return operator new(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    return take(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept
{
    return take(size);
}
void operator delete(void* memory) noexcept
{
    give(memory);
}
void operator delete[](void* memory) noexcept
{
    give(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    give(memory);
}
void operator delete[](void* memory, std::size_t) noexcept
{
    give(memory);
}

namespace godwit::test {

ScarceMemory::ScarceMemory(std::uint64_t k)
{
    if (!sqlite_is_told) std::abort();
    has_struck = false;
    left = k;
}

ScarceMemory::~ScarceMemory()
{
    left = 0;
}

bool ScarceMemory::struck() const
{
    return has_struck;
}

std::int64_t allocations_alive()
{
    return alive;
}

} // namespace godwit::test
