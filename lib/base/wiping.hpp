// SPDX-License-Identifier: Apache-2.0
// Secrets that are values: byte strings that are zeroed before their memory goes back. For what lives long and never
// moves there is crypto::SecretBytes, in guarded pages.
#pragma once

#include "lib/base/bytes.hpp"

#include <algorithm>
#include <new>

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

/// Zeroes every block before it is freed, which covers growth and moves of a vector too.
template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() noexcept = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) noexcept
    {
    }
    [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
    void deallocate(T* data, std::size_t count) noexcept
    {
        wipe(data, count * sizeof(T));
        ::operator delete(data);
    }
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
