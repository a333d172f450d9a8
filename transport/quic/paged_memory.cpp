// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/paged_memory.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

// Under AddressSanitizer every block is one of its own: it finds what is used too late.
#if defined(__SANITIZE_ADDRESS__)
#define GODWIT_PAGED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GODWIT_PAGED 0
#endif
#endif
#if !defined(GODWIT_PAGED) && __has_include(<sys/mman.h>)
#define GODWIT_PAGED 1
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace godwit::quic {
namespace {

/// Addresses that are taken from the system at once. They cost nothing until they are touched.
constexpr std::size_t region_bytes = 1024 * 1024;
/// Of a block: larger ones the heap maps by itself.
constexpr std::size_t pages_max = 16;

PagedMemory& of(void* user_data)
{
    return *static_cast<PagedMemory*>(user_data);
}

std::size_t system_page_bytes()
{
#if GODWIT_PAGED
    const long found = ::sysconf(_SC_PAGESIZE);
    if (found > 0) return static_cast<std::size_t>(found);
#endif
    return 4096;
}

} // namespace

PagedMemory::PagedMemory() : page_bytes_(system_page_bytes()), free_(pages_max + 1)
{
    mem_.user_data = this;
    mem_.malloc = [](std::size_t size, void* user) { return of(user).take(size); };
    mem_.free = [](void* block, void* user) { of(user).give(block); };
    // What has to be zero is written, hence touched, all of it.
    mem_.calloc = [](std::size_t count, std::size_t size, void*) { return std::calloc(count, size); };
    mem_.realloc = [](void* block, std::size_t size, void* user) { return of(user).resize(block, size); };
}

#if GODWIT_PAGED

PagedMemory::~PagedMemory()
{
    for (const auto& [end, region] : regions_)
        ::munmap(region.begin, end - reinterpret_cast<std::uintptr_t>(region.begin));
}

void* PagedMemory::take(std::size_t size) noexcept
{
    const std::size_t pages = size / page_bytes_ + (size % page_bytes_ != 0 ? 1 : 0);
    if (pages < 2 || pages > pages_max) return std::malloc(size);
    auto& free = free_[pages];
    if (free.empty() && !reserve(pages)) return std::malloc(size);
    void* const out = free.back();
    free.pop_back();
    ++paged_blocks_;
    return out;
}

/// There is a free block of so many pages.
bool PagedMemory::reserve(std::size_t pages)
{
    const std::size_t block_bytes = pages * page_bytes_;
    const std::size_t count = region_bytes / block_bytes;
    const std::size_t bytes = count * block_bytes;
    if (count == 0) return false;
    void* const found =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) return false;
#ifdef MADV_NOHUGEPAGE
    (void)::madvise(found, bytes, MADV_NOHUGEPAGE); // a huge page is 2 MiB that are there when one byte is
#endif
    auto* const begin = static_cast<std::uint8_t*>(found);
    try {
        auto& free = free_[pages];
        std::size_t blocks = count; // give() must not need room: it cannot fail
        for (const auto& [end, region] : regions_)
            if (region.block_bytes == block_bytes)
                blocks += (end - reinterpret_cast<std::uintptr_t>(region.begin)) / block_bytes;
        free.reserve(blocks);
        regions_.emplace(reinterpret_cast<std::uintptr_t>(begin) + bytes, Region{begin, block_bytes});
        for (std::size_t i = count; i-- > 0;)
            free.push_back(begin + i * block_bytes);
        return true;
    } catch (const std::bad_alloc&) {
        ::munmap(found, bytes);
        return false;
    }
}

const PagedMemory::Region* PagedMemory::region_of(const void* block) const noexcept
{
    const auto at = reinterpret_cast<std::uintptr_t>(block);
    if (at % page_bytes_ != 0) return nullptr; // most of them
    const auto found = regions_.upper_bound(at);
    if (found == regions_.end() || reinterpret_cast<std::uintptr_t>(found->second.begin) > at) return nullptr;
    return &found->second;
}

void PagedMemory::give(void* block) noexcept
{
    const auto* const region = region_of(block);
    if (region == nullptr) return std::free(block);
    (void)::madvise(block, region->block_bytes, MADV_DONTNEED);
    free_[region->block_bytes / page_bytes_].push_back(block);
    --paged_blocks_;
}

void* PagedMemory::resize(void* block, std::size_t size) noexcept
{
    const auto* const region = region_of(block);
    if (region == nullptr) return std::realloc(block, size);
    if (size <= region->block_bytes && size > 0) return block;
    void* const out = size > 0 ? take(size) : nullptr;
    if (out != nullptr) std::memcpy(out, block, region->block_bytes);
    if (out != nullptr || size == 0) give(block);
    return out;
}

#else

PagedMemory::~PagedMemory() = default;
void* PagedMemory::take(std::size_t size) noexcept
{
    return std::malloc(size);
}
void PagedMemory::give(void* block) noexcept
{
    std::free(block);
}
void* PagedMemory::resize(void* block, std::size_t size) noexcept
{
    return std::realloc(block, size);
}
bool PagedMemory::reserve(std::size_t)
{
    return false;
}
const PagedMemory::Region* PagedMemory::region_of(const void*) const noexcept
{
    return nullptr;
}

#endif

} // namespace godwit::quic
