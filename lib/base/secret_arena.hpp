// SPDX-License-Identifier: Apache-2.0
// A place for secrets that are values: small blocks in a few chunks of memory that the system keeps out of its swap and
// its core dumps. Locking works by pages and is limited by process (RLIMIT_MEMLOCK), so secrets share pages, and
// clients share the arena: wiping.hpp has the one of the process.
//
//   allocate: the first chunk with room -> a new chunk, up to chunks_max -> nullptr, and the caller takes ordinary
//   memory release: to the chunk that the block came from; a second empty chunk goes back to the system
//
// A chunk is divided by halves (buddies). Its books are kept beside it, not in it, so they hold no secret and a
// block that was written beyond its end does not break them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace godwit {

/// The door to the system, which this room does not see. Implementations are thread-safe.
class SecretPages {
public:
    struct Taken {
        void* data = nullptr; ///< nullptr: there is no memory.
        bool locked = false;  ///< False: it can be swapped out. It is kept out of core dumps as far as the system can.
    };
    /// Aligned for every type; contents undefined.
    [[nodiscard]] virtual Taken take(std::size_t size_bytes) noexcept = 0;
    virtual void give_back(void* data, std::size_t size_bytes) noexcept = 0;

protected:
    ~SecretPages() = default;
};

/// Thread-safe.
class SecretArena {
public:
    static constexpr std::size_t chunk_bytes = 64 * 1024;
    /// Least unit; also the alignment of every block.
    static constexpr std::size_t block_bytes_min = 16;
    /// Longer ones are whole records on their way to or from the store: they would need most of a chunk each.
    static constexpr std::size_t block_bytes_max = 16 * 1024;
    /// 4 MiB: half of what Linux lets a process lock (8 MiB since 5.16), the rest is the embedder's.
    static constexpr std::size_t chunks_max = 64;

    /// `pages` is borrowed for life.
    explicit SecretArena(SecretPages& pages, std::size_t chunks = chunks_max);
    SecretArena(const SecretArena&) = delete;
    SecretArena& operator=(const SecretArena&) = delete;
    ~SecretArena();

    /// nullptr: too long, or no room.
    [[nodiscard]] void* allocate(std::size_t size_bytes) noexcept;
    /// `size_bytes` as allocated; the caller has wiped it. False: the block is not from here.
    [[nodiscard]] bool release(void* data, std::size_t size_bytes) noexcept;

    /// The worst that has happened so far.
    enum class Shortage : std::uint8_t {
        none,
        unlocked, ///< The system did not lock a chunk: it can be swapped out.
        full,     ///< A block went to ordinary memory: it can be swapped out and dumped.
    };
    [[nodiscard]] Shortage shortage() const noexcept { return shortage_.load(std::memory_order_relaxed); }

    struct Usage {
        std::size_t chunks = 0;
        std::size_t chunks_locked = 0;
        std::size_t used_bytes = 0; ///< Whole blocks.
        std::size_t used_bytes_most = 0;
    };
    [[nodiscard]] Usage usage() const noexcept;

private:
    class Chunk;
    [[nodiscard]] Chunk* add_chunk() noexcept;
    void drop_second_empty(const Chunk& emptied) noexcept;
    void fell_short(Shortage how) noexcept;

    SecretPages& pages_;
    std::size_t chunks_max_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Chunk>> chunks_; ///< Capacity reserved: adding one allocates nothing else.
    std::size_t used_bytes_ = 0;
    std::size_t used_bytes_most_ = 0;
    std::atomic<Shortage> shortage_ = Shortage::none;
};

} // namespace godwit
