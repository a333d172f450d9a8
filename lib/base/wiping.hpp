// SPDX-License-Identifier: Apache-2.0
// Secrets that are values: byte strings that are zeroed before their memory goes back, and that lie in the arena of the
// process (secret_arena.hpp) once there is one. For what lives long and never moves there is crypto::SecretBytes, in
// guarded pages of its own.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/secret_arena.hpp"

#include <algorithm>

namespace godwit {

/// Zeroes memory in a way that the optimiser keeps.
void wipe(void* data, std::size_t size_bytes) noexcept;
/// All of its buffer, also what a shorter text has left there. Empty afterwards.
void wipe(std::string& secret) noexcept;
inline void wipe(Bytes& secret) noexcept
{
    wipe(secret.data(), secret.size());
    secret.clear();
}

/// The arena of the process, from the first call on; later calls change nothing. `pages` is borrowed for ever. It is
/// the one thing that clients of a process share, because what it shares out is the process's own: locked memory, which
/// is limited by process. It holds no state of theirs and changes nothing that they do. crypto::lock_secrets() calls
/// it.
void use_secret_pages(SecretPages& pages);
/// nullptr: there is none yet.
[[nodiscard]] const SecretArena* secret_arena() noexcept;

/// From the arena, else ordinary memory: throws when there is none.
[[nodiscard]] void* allocate_secret(std::size_t size_bytes);
/// Wipes, then gives back to where it came from.
void release_secret(void* data, std::size_t size_bytes) noexcept;

/// Zeroes every block before it is freed, which covers growth and moves of a vector too.
template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() noexcept = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) noexcept
    {
    }
    [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(allocate_secret(count * sizeof(T))); }
    void deallocate(T* data, std::size_t count) noexcept { release_secret(data, count * sizeof(T)); }
    template <class U>
    friend bool operator==(const WipingAllocator&, const WipingAllocator<U>&) noexcept
    {
        return true;
    }
};

/// Bytes with a WipingAllocator that ordinary bytes can be put into; those that are given away are wiped.
class WipingBytes : public std::vector<std::uint8_t, WipingAllocator<std::uint8_t>> {
public:
    using vector::vector;
    WipingBytes() = default;
    WipingBytes(const Bytes& bytes) : vector(bytes.begin(), bytes.end()) {}
    WipingBytes(Bytes&& bytes) : vector(bytes.begin(), bytes.end()) { wipe(bytes); }
    [[nodiscard]] static WipingBytes copy_of(BytesView view) { return {view.begin(), view.end()}; }

    friend bool operator==(const WipingBytes& a, BytesView b)
    {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
};

} // namespace godwit
