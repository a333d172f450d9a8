// SPDX-License-Identifier: Apache-2.0
#include "lib/base/wiping.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

using namespace godwit;

namespace {

constexpr std::uint8_t secret_byte = 0xa7;
/// Too long for an arena that other tests of this program may have set up: it is ordinary memory that is watched.
constexpr std::size_t secret_size = SecretArena::block_bytes_max + 1;

/// While it watches: blocks that are given back with a row of the secret's bytes in them.
struct Watch {
    bool on = false;
    int blocks = 0;
    int dirty = 0;
} watch;

/// Every block begins with its size.
constexpr std::size_t head = alignof(std::max_align_t);

} // namespace

[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    auto* block = static_cast<std::uint8_t*>(std::malloc(size + head));
    if (block == nullptr) return nullptr;
    *reinterpret_cast<std::size_t*>(block) = size;
    return block + head;
}

[[gnu::noinline]] void* operator new(std::size_t size)
{
    void* const data = operator new(size, std::nothrow);
    if (data == nullptr) throw std::bad_alloc();
    return data;
}

[[gnu::noinline]] void operator delete(void* data) noexcept
{
    if (data == nullptr) return;
    auto* bytes = static_cast<std::uint8_t*>(data);
    const auto size = *reinterpret_cast<std::size_t*>(bytes - head);
    if (watch.on && size >= secret_size) {
        ++watch.blocks;
        if (std::count(bytes, bytes + size, secret_byte) > 64) ++watch.dirty;
    }
    std::free(bytes - head);
}

[[gnu::noinline]] void operator delete(void* data, std::size_t) noexcept
{
    operator delete(data);
}

namespace {

template <class Use>
Watch watched(const Use& use)
{
    watch = {true, 0, 0};
    use();
    watch.on = false;
    return watch;
}

Bytes secret()
{
    return Bytes(secret_size, secret_byte);
}

} // namespace

TEST_CASE("wiping: what is freed holds the secret no more, however the bytes came and went")
{
    const auto plain = watched([] { const auto one = secret(); });
    CHECK(plain.blocks == 1);
    CHECK(plain.dirty == 1); // The watch sees.

    const auto given = watched([] { const WipingBytes one(secret()); });
    CHECK(given.blocks == 2);
    CHECK(given.dirty == 0);

    const auto lives = watched([] {
        WipingBytes one(secret_size, secret_byte);
        auto two = one;
        const auto three = std::move(one);
        two.resize(3 * secret_size, secret_byte); // grows: the old block is wiped
        two = three;
        two = WipingBytes();
        two.shrink_to_fit();
    });
    CHECK(lives.blocks >= 3);
    CHECK(lives.dirty == 0);

    const auto text = watched([] {
        std::string password(secret_size, static_cast<char>(secret_byte));
        password.resize(3);
        wipe(password);
        CHECK(password.empty());
    });
    CHECK(text.blocks >= 1);
    CHECK(text.dirty == 0);
}

TEST_CASE("wiping: the bytes are bytes")
{
    const WipingBytes one(Bytes{1, 2, 3});
    CHECK(one == Bytes{1, 2, 3});
    CHECK_FALSE(one == Bytes{1, 2});
    CHECK(WipingBytes::copy_of(BytesView(one).first(2)) == Bytes{1, 2});
    CHECK(to_hex(one) == "010203");
}
