// SPDX-License-Identifier: Apache-2.0
#include "lib/base/secret_arena.hpp"

#include "lib/base/wiping.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <thread>

using namespace godwit;
using Shortage = SecretArena::Shortage;

namespace {

/// A system that locks the first so many chunks, and has memory for so many.
class FakePages final : public SecretPages {
public:
    int lockable = 1'000;
    int available = 1'000;
    std::set<void*> out;
    int taken = 0;

    Taken take(std::size_t size_bytes) noexcept override
    {
        if (available == 0) return {};
        --available;
        void* const data = std::malloc(size_bytes);
        std::memset(data, 0xee, size_bytes);
        out.insert(data);
        ++taken;
        return {data, lockable-- > 0};
    }
    void give_back(void* data, std::size_t) noexcept override
    {
        CHECK(out.erase(data) == 1);
        std::free(data);
        ++available;
    }
};

} // namespace

TEST_CASE("arena: blocks of every size do not overlap, and all memory comes back")
{
    constexpr std::uint64_t seed = 20261126;
    INFO("seed ", seed);
    std::mt19937_64 dice(seed);
    FakePages pages;
    SecretArena arena(pages, 8);
    struct Block {
        std::uint8_t* data;
        std::size_t size;
        std::uint8_t mark;
    };
    std::vector<Block> blocks;
    std::size_t refused = 0;
    const auto release = [&](std::size_t index) {
        const Block block = blocks[index];
        // Nobody else has written here.
        REQUIRE(std::all_of(block.data, block.data + block.size, [&](std::uint8_t b) { return b == block.mark; }));
        REQUIRE(arena.release(block.data, block.size));
        blocks[index] = blocks.back();
        blocks.pop_back();
    };
    for (std::size_t step = 0; step < 20'000; ++step) {
        if (!blocks.empty() && dice() % 20 < 9 + (step / 2'000) % 3) {
            release(dice() % blocks.size());
            continue;
        }
        const std::size_t size = 1 + (dice() % 8 != 0 ? dice() % 64 : dice() % SecretArena::block_bytes_max);
        auto* const data = static_cast<std::uint8_t*>(arena.allocate(size));
        if (data == nullptr) {
            ++refused;
            continue;
        }
        REQUIRE(reinterpret_cast<std::uintptr_t>(data) % SecretArena::block_bytes_min == 0);
        blocks.push_back({data, size, static_cast<std::uint8_t>(dice() & 0xff)});
        std::memset(data, blocks.back().mark, size);
    }
    CHECK(pages.taken > 1);
    CHECK((refused > 0) == (arena.shortage() == Shortage::full));
    while (!blocks.empty())
        release(blocks.size() - 1);
    CHECK(arena.usage().used_bytes == 0);
    CHECK(arena.usage().chunks == 1); // One is kept for the next secret.
    CHECK(arena.usage().used_bytes_most > SecretArena::chunk_bytes);
    CHECK(pages.out.size() == 1);
    // Halves have become whole again.
    for (std::size_t i = 0; i < SecretArena::chunk_bytes / SecretArena::block_bytes_max; ++i)
        CHECK(arena.allocate(SecretArena::block_bytes_max) != nullptr);
    CHECK(arena.usage().chunks == 1);
}

TEST_CASE("arena: small secrets fill a chunk to its last block")
{
    FakePages pages;
    SecretArena arena(pages, 1);
    std::set<void*> blocks;
    while (void* const block = arena.allocate(32))
        blocks.insert(block);
    CHECK(blocks.size() == SecretArena::chunk_bytes / 32);
    CHECK(arena.usage().used_bytes == SecretArena::chunk_bytes);
    CHECK(arena.shortage() == Shortage::full);
    CHECK(arena.allocate(1) == nullptr);
    CHECK(arena.release(*blocks.begin(), 32));
    CHECK(arena.allocate(17) == *blocks.begin());
}

TEST_CASE("arena: what it does not have it does not take back")
{
    FakePages pages;
    SecretArena arena(pages, 1);
    CHECK(arena.allocate(SecretArena::block_bytes_max + 1) == nullptr);
    CHECK(arena.shortage() == Shortage::none); // Not meant for it: no shortage.
    CHECK(pages.taken == 0);                   // Nothing is locked before the first secret.
    int elsewhere = 0;
    CHECK_FALSE(arena.release(&elsewhere, sizeof elsewhere));
    CHECK_FALSE(arena.release(nullptr, 8));
    CHECK_FALSE(arena.release(&elsewhere, SecretArena::block_bytes_max + 1));
}

TEST_CASE("arena: a system that locks less, or has less, is told of and survived")
{
    FakePages pages;
    pages.lockable = 1;
    pages.available = 2;
    SecretArena arena(pages, 3);
    const auto fill = [&] {
        std::vector<void*> out;
        for (std::size_t i = 0; i < SecretArena::chunk_bytes / SecretArena::block_bytes_max; ++i)
            out.push_back(arena.allocate(SecretArena::block_bytes_max));
        return out;
    };
    const auto one = fill();
    CHECK(arena.shortage() == Shortage::none);
    const auto two = fill();
    CHECK(arena.shortage() == Shortage::unlocked);
    CHECK(arena.usage().chunks == 2);
    CHECK(arena.usage().chunks_locked == 1);
    CHECK(arena.allocate(16) == nullptr);
    CHECK(arena.shortage() == Shortage::full);
    for (void* const block : one)
        CHECK(arena.release(block, SecretArena::block_bytes_max));
    for (void* const block : two)
        CHECK(arena.release(block, SecretArena::block_bytes_max));
    CHECK(arena.usage().chunks == 1);
    CHECK(arena.usage().chunks_locked == 1);   // The locked one is kept.
    CHECK(arena.shortage() == Shortage::full); // The worst so far.
}

TEST_CASE("arena: many threads at once")
{
    FakePages pages;
    SecretArena arena(pages, 4);
    const auto live = [&](std::uint64_t seed) {
        std::mt19937_64 dice(seed);
        std::map<std::uint8_t*, std::size_t> mine;
        bool good = true;
        for (int i = 0; i < 5'000; ++i) {
            const std::size_t size = 1 + dice() % 200;
            if (auto* const data = static_cast<std::uint8_t*>(arena.allocate(size))) {
                std::memset(data, static_cast<int>(seed), size);
                mine.emplace(data, size);
            }
            if (mine.size() > 50) {
                const auto [data, bytes] = *mine.begin();
                for (std::size_t k = 0; k < bytes; ++k)
                    good = good && data[k] == seed;
                good = arena.release(data, bytes) && good;
                mine.erase(mine.begin());
            }
        }
        for (const auto& [data, bytes] : mine)
            good = arena.release(data, bytes) && good;
        return good;
    };
    std::atomic<int> good = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 1; i <= 4; ++i)
        threads.emplace_back([&, i] { good += live(i) ? 1 : 0; });
    for (auto& thread : threads)
        thread.join();
    CHECK(good == 4);
    CHECK(arena.usage().used_bytes == 0);
}

TEST_CASE("arena: secrets from before it and from after it go back to where they came from")
{
    WipingBytes before(100, 7);
    REQUIRE(secret_arena() == nullptr);
    static FakePages pages, later;
    use_secret_pages(pages);
    use_secret_pages(later);
    REQUIRE(secret_arena() != nullptr);
    {
        const WipingBytes after(100, 8);
        CHECK(secret_arena()->usage().used_bytes == 128);
        before = after; // Into its old block: it fits.
        WipingBytes long_one(SecretArena::block_bytes_max + 1, 9);
        CHECK(secret_arena()->usage().used_bytes == 128);
        before = WipingBytes();
        before.shrink_to_fit();
        // The block that is given back is wiped first.
        const volatile std::uint8_t* look = nullptr;
        {
            const WipingBytes brief(200, 0xa7);
            look = brief.data();
            CHECK(look[199] == 0xa7);
        }
        bool wiped = true;
        for (int i = 0; i < 200; ++i)
            wiped = wiped && look[i] == 0;
        CHECK(wiped);
    }
    CHECK(secret_arena()->usage().used_bytes == 0);
    CHECK(later.taken == 0);
}
