// SPDX-License-Identifier: Apache-2.0
#include "lib/base/wiping.hpp"

#include <cstring>

namespace godwit {
namespace {

std::atomic<SecretArena*> process_arena = nullptr;

} // namespace

void wipe(void* data, std::size_t size_bytes) noexcept
{
    // Through a volatile pointer the call cannot be known to be without effect.
    static void* (*const volatile set)(void*, int, std::size_t) = std::memset;
    if (size_bytes != 0) set(data, 0, size_bytes);
}

void wipe(std::string& secret) noexcept
{
    secret.resize(secret.capacity());
    wipe(secret.data(), secret.size());
    secret.clear();
}

void use_secret_pages(SecretPages& pages)
{
    // Never destroyed: secrets with static lifetime may outlive anything that has an end.
    static SecretArena& arena = *new SecretArena(pages);
    process_arena.store(&arena, std::memory_order_release);
}

const SecretArena* secret_arena() noexcept
{
    return process_arena.load(std::memory_order_acquire);
}

void* allocate_secret(std::size_t size_bytes)
{
    if (SecretArena* const arena = process_arena.load(std::memory_order_acquire))
        if (void* const block = arena->allocate(size_bytes)) return block;
    return ::operator new(size_bytes);
}

void release_secret(void* data, std::size_t size_bytes) noexcept
{
    wipe(data, size_bytes);
    SecretArena* const arena = process_arena.load(std::memory_order_acquire);
    if (arena == nullptr || !arena->release(data, size_bytes)) ::operator delete(data);
}

} // namespace godwit
