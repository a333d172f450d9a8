// SPDX-License-Identifier: Apache-2.0
// Memory of which only what is touched is there.
#include "transport/quic/paged_memory.hpp"

#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <random>

using namespace godwit::quic;

namespace {

constexpr std::size_t page = 4096;

bool holds(const void* block, std::size_t size, std::uint8_t value)
{
    const auto* const bytes = static_cast<const std::uint8_t*>(block);
    return std::all_of(bytes, bytes + size, [value](std::uint8_t one) { return one == value; });
}

} // namespace

TEST_CASE("paged memory: blocks of every size keep what is written, whatever is given back around them, seed 5")
{
    PagedMemory memory;
    const auto* const mem = memory.mem();
    struct Block {
        void* at = nullptr;
        std::size_t size = 0;
        std::uint8_t value = 0;
    };
    std::vector<Block> blocks;
    std::mt19937_64 random(5);
    for (int step = 0; step < 20'000; ++step) {
        const auto what = random() % 8;
        if (what < 3 || blocks.empty()) {
            const std::size_t size = random() % 3 == 0 ? 1 + random() % 200 : 1 + random() % (80 * 1024);
            Block block{mem->malloc(size, mem->user_data), size, static_cast<std::uint8_t>(random())};
            REQUIRE(block.at != nullptr);
            std::memset(block.at, block.value, size);
            blocks.push_back(block);
        } else if (what < 6) {
            auto& block = blocks[random() % blocks.size()];
            REQUIRE(holds(block.at, block.size, block.value));
            mem->free(block.at, mem->user_data);
            block = blocks.back();
            blocks.pop_back();
        } else {
            auto& block = blocks[random() % blocks.size()];
            const std::size_t size = 1 + random() % (40 * 1024);
            auto* const moved = mem->realloc(block.at, size, mem->user_data);
            REQUIRE(moved != nullptr);
            REQUIRE(holds(moved, std::min(size, block.size), block.value));
            block.at = moved;
            block.size = size;
            std::memset(moved, block.value, size);
        }
    }
    for (const auto& block : blocks)
        mem->free(block.at, mem->user_data);
    CHECK(memory.paged_blocks() == 0);
}

TEST_CASE("paged memory: an address is handed out again, and nothing of before is there")
{
    PagedMemory memory;
    void* const first = memory.take(2 * page);
    if (memory.paged_blocks() == 0) {
        memory.give(first);
        MESSAGE("not run: blocks are the heap's in this build");
        return;
    }
    std::memset(first, 7, 2 * page);
    memory.give(first);
    CHECK(memory.paged_blocks() == 0);
    void* const again = memory.take(2 * page);
    CHECK(again == first);
    CHECK(holds(again, 2 * page, 0));
    void* const other = memory.take(2 * page);
    CHECK(other != again);
    // What is small, and what is very large, is the heap's.
    void* const small = memory.take(page);
    void* const large = memory.take(64 * page);
    CHECK(memory.paged_blocks() == 2);
    for (void* const one : {again, other, small, large})
        memory.give(one);
    memory.give(nullptr);
    CHECK(memory.paged_blocks() == 0);
}

TEST_CASE("paged memory: zeroed memory is zero, and a block that grows keeps what it had")
{
    PagedMemory memory;
    const auto* const mem = memory.mem();
    void* const zeroed = mem->calloc(3, page, mem->user_data);
    CHECK(holds(zeroed, 3 * page, 0));
    mem->free(zeroed, mem->user_data);
    void* block = mem->realloc(nullptr, 3 * page, mem->user_data);
    std::memset(block, 9, 3 * page);
    block = mem->realloc(block, 10 * page, mem->user_data);
    CHECK(holds(block, 3 * page, 9));
    block = mem->realloc(block, 100 * page, mem->user_data);
    CHECK(holds(block, 3 * page, 9));
    mem->free(block, mem->user_data);
    CHECK(memory.paged_blocks() == 0);
}
