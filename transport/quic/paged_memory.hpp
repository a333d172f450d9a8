// SPDX-License-Identifier: Apache-2.0
// Private to this room: memory for the connections of a server, of which only what is touched is there.
//
//   ngtcp2 asks for a pool of pages -> whole pages that nobody has touched -> it uses the first few hundred bytes
//   -> one page is resident -> the connection ends -> the pages go back to the system, the addresses to the next one
//
// ngtcp2 0.12 keeps its small objects in pools for 8, 32 or 64 of them, some ten pools of 5 to 30 KiB for each
// connection, and a quiet connection has one or two objects in each. The heap hands the same bytes out again and again,
// so that in the long run all of them are resident.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <ngtcp2/ngtcp2.h>

namespace godwit::quic {

class PagedMemory {
public:
    PagedMemory();
    /// Nothing that was taken is used any more.
    ~PagedMemory();
    PagedMemory(const PagedMemory&) = delete;
    PagedMemory& operator=(const PagedMemory&) = delete;

    /// For ngtcp2_conn_server_new; lives as long as this.
    [[nodiscard]] const ngtcp2_mem* mem() const noexcept { return &mem_; }

    /// As malloc and free: nullptr when there is no room.
    [[nodiscard]] void* take(std::size_t size) noexcept;
    void give(void* block) noexcept;
    [[nodiscard]] void* resize(void* block, std::size_t size) noexcept;

    /// Blocks of pages that are taken now. What is small is the heap's, and not counted.
    [[nodiscard]] std::size_t paged_blocks() const noexcept { return paged_blocks_; }

private:
    /// Addresses for blocks of one size.
    struct Region {
        std::uint8_t* begin = nullptr;
        std::size_t block_bytes = 0;
    };
    [[nodiscard]] bool reserve(std::size_t pages);
    [[nodiscard]] const Region* region_of(const void* block) const noexcept;

    const std::size_t page_bytes_;
    ngtcp2_mem mem_{};
    std::map<std::uintptr_t, Region> regions_; ///< By where they end.
    std::vector<std::vector<void*>> free_;     ///< By pages of a block.
    std::size_t paged_blocks_ = 0;
};

} // namespace godwit::quic
