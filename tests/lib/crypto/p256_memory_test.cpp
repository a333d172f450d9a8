// SPDX-License-Identifier: Apache-2.0
// What suite 0x0002 leaves behind in memory that is not ours, and that looking at public keys asks for none.
#include "lib/crypto/p256.hpp"

#include <doctest/doctest.h>
#include <gmp.h>

#include <cstdlib>
#include <map>
#include <new>

using namespace godwit;
using namespace godwit::crypto;

namespace {

/// Of GMP: what came back last goes out first, as in glibc. Blocks keep what was left in them.
class LastFirst {
public:
    LastFirst()
    {
        mp_get_memory_functions(&allocate_, &reallocate_, &free_);
        mp_set_memory_functions(allocate, reallocate, release);
    }
    LastFirst(const LastFirst&) = delete;
    LastFirst& operator=(const LastFirst&) = delete;
    ~LastFirst()
    {
        mp_set_memory_functions(allocate_, reallocate_, free_);
        for (auto& [size, blocks] : idle_)
            for (void* block : blocks)
                std::free(block);
        idle_.clear();
    }
    /// All that is idle, by size.
    [[nodiscard]] static std::map<std::size_t, std::vector<Bytes>> left()
    {
        std::map<std::size_t, std::vector<Bytes>> out;
        for (const auto& [size, blocks] : idle_)
            for (const void* block : blocks) {
                const auto* at = static_cast<const std::uint8_t*>(block);
                out[size].emplace_back(at, at + size);
            }
        return out;
    }

private:
    static void* allocate(std::size_t size)
    {
        auto& blocks = idle_[size];
        if (blocks.empty()) return std::calloc(1, size);
        void* const out = blocks.back();
        blocks.pop_back();
        return out;
    }
    static void* reallocate(void* block, std::size_t before, std::size_t size)
    {
        void* const out = allocate(size);
        const auto* from = static_cast<const std::uint8_t*>(block);
        std::copy(from, from + std::min(before, size), static_cast<std::uint8_t*>(out));
        release(block, before);
        return out;
    }
    static void release(void* block, std::size_t size) { idle_[size].push_back(block); }

    inline static std::map<std::size_t, std::vector<void*>> idle_;
    void* (*allocate_)(std::size_t) = nullptr;
    void* (*reallocate_)(void*, std::size_t, std::size_t) = nullptr;
    void (*free_)(void*, std::size_t) = nullptr;
};

bool no_memory = false;

} // namespace

// Not inlined: GCC 12 takes free() beside an inlined new for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size)
{
    void* const out = no_memory ? nullptr : std::malloc(size == 0 ? 1 : size);
    if (out == nullptr) throw std::bad_alloc();
    return out;
}
[[gnu::noinline]] void operator delete(void* block) noexcept
{
    std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept
{
    std::free(block);
}

TEST_CASE("P-256: what hogweed frees is the same whatever the private key was")
{
    const Bytes theirs = *p256_public_of(Bytes(32, 7)), text{1, 2, 3};
    const auto left_by = [&](const Bytes& key) {
        LastFirst memory;
        CHECK(p256_public_of(key).has_value());
        CHECK(p256_shared(key, theirs).has_value());
        CHECK(p256_sign(key, text).size() > 60);
        return LastFirst::left();
    };
    const auto one = left_by(Bytes(32, 0x11)), other = left_by(Bytes(32, 0xa5));
    CHECK_FALSE(one.empty()); // Or nothing was looked at.
    CHECK(one == other);
}

TEST_CASE("P-256: looking at a public key or a signature needs no memory")
{
    const Bytes key(32, 7), text{1, 2, 3};
    const Bytes theirs = *p256_public_of(key), signature = p256_sign(key, text), none(65, 4);
    no_memory = true;
    const bool is_key = is_p256_public(theirs), is_none = is_p256_public(none);
    const bool good = p256_verify(theirs, text, signature), bad = p256_verify(theirs, theirs, signature);
    no_memory = false;
    CHECK(is_key);
    CHECK_FALSE(is_none);
    CHECK(good);
    CHECK_FALSE(bad);
}
