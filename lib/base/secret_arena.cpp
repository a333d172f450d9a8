// SPDX-License-Identifier: Apache-2.0
#include "lib/base/secret_arena.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace godwit {
namespace {

constexpr std::size_t units = SecretArena::chunk_bytes / SecretArena::block_bytes_min;
constexpr int top_order = std::countr_zero(units);

/// A block of order n has 2^n units.
int order_of(std::size_t size_bytes) noexcept
{
    const std::size_t blocks = (size_bytes + SecretArena::block_bytes_min - 1) / SecretArena::block_bytes_min;
    return blocks <= 1 ? 0 : static_cast<int>(std::bit_width(blocks - 1));
}

std::size_t block_bytes(int order) noexcept
{
    return SecretArena::block_bytes_min << order;
}

/// What the lock is held for is shorter than going to sleep and being woken: whoever finds it taken tries again for
/// about as long as that takes.
std::unique_lock<std::mutex> hold(std::mutex& mutex) noexcept
{
    constexpr int tries_max = 200;
    for (int tries = 0; tries < tries_max; ++tries)
        if (mutex.try_lock()) return {mutex, std::adopt_lock};
    return std::unique_lock(mutex);
}

} // namespace

static_assert(std::has_single_bit(units));
static_assert(SecretArena::block_bytes_min >= alignof(std::max_align_t));

/// The books are a binary tree in an array: node 1 is the whole chunk, 2n and 2n+1 are the halves of n. Each node knows
/// the largest free block in it.
class SecretArena::Chunk {
public:
    explicit Chunk(SecretPages::Taken taken) noexcept
        : data_(static_cast<std::uint8_t*>(taken.data)), locked_(taken.locked)
    {
        for (std::size_t node = 1; node < 2 * units; ++node)
            room_[node] = static_cast<std::uint8_t>(top_order + 2 - static_cast<int>(std::bit_width(node)));
    }

    [[nodiscard]] void* data() const noexcept { return data_; }
    [[nodiscard]] bool locked() const noexcept { return locked_; }
    [[nodiscard]] bool empty() const noexcept { return room_[1] == top_order + 1; }
    [[nodiscard]] bool has(const void* block) const noexcept
    {
        const auto at = reinterpret_cast<std::uintptr_t>(block), begin = reinterpret_cast<std::uintptr_t>(data_);
        return at >= begin && at - begin < chunk_bytes;
    }

    [[nodiscard]] void* allocate(int order) noexcept
    {
        const auto needed = static_cast<std::uint8_t>(order + 1);
        if (room_[1] < needed) return nullptr;
        std::size_t node = 1;
        for (int at = top_order; at > order; --at) {
            node *= 2;
            // The half that is fuller, if it has room: large blocks stay whole.
            if (room_[node] < needed || (room_[node + 1] >= needed && room_[node + 1] < room_[node])) ++node;
        }
        room_[node] = 0;
        update_above(node, order);
        return data_ + ((node << order) - units) * block_bytes_min;
    }

    void release(const void* block, int order) noexcept
    {
        const auto offset = static_cast<std::size_t>(static_cast<const std::uint8_t*>(block) - data_);
        const std::size_t node = (offset / block_bytes_min + units) >> order;
        GODWIT_ASSERT(offset % block_bytes(order) == 0 && room_[node] == 0);
        room_[node] = static_cast<std::uint8_t>(order + 1);
        update_above(node, order);
    }

private:
    void update_above(std::size_t node, int order) noexcept
    {
        while (node > 1) {
            node /= 2;
            ++order;
            const std::uint8_t left = room_[2 * node], right = room_[2 * node + 1];
            const bool whole = left == order && right == order;
            room_[node] = whole ? static_cast<std::uint8_t>(order + 1) : std::max(left, right);
        }
    }

    std::uint8_t* data_;
    bool locked_;
    std::array<std::uint8_t, 2 * units> room_{}; ///< 1 + order of the largest free block; 0: none.
};

SecretArena::SecretArena(SecretPages& pages, std::size_t chunks) : pages_(pages), chunks_max_(chunks)
{
    chunks_.reserve(chunks);
}

SecretArena::~SecretArena()
{
    for (const auto& chunk : chunks_)
        pages_.give_back(chunk->data(), chunk_bytes);
}

void* SecretArena::allocate(std::size_t size_bytes) noexcept
{
    if (size_bytes > block_bytes_max) return nullptr;
    const int order = order_of(size_bytes);
    const auto lock = hold(mutex_);
    void* block = nullptr;
    for (const auto& chunk : chunks_)
        if ((block = chunk->allocate(order)) != nullptr) break;
    if (block == nullptr)
        if (Chunk* const fresh = add_chunk()) block = fresh->allocate(order);
    if (block == nullptr) {
        fell_short(Shortage::full);
        return nullptr;
    }
    used_bytes_ += block_bytes(order);
    used_bytes_most_ = std::max(used_bytes_most_, used_bytes_);
    return block;
}

bool SecretArena::release(void* data, std::size_t size_bytes) noexcept
{
    if (size_bytes > block_bytes_max) return false;
    const auto lock = hold(mutex_);
    const auto at = std::find_if(chunks_.begin(), chunks_.end(), [&](const auto& chunk) { return chunk->has(data); });
    if (at == chunks_.end()) return false;
    const int order = order_of(size_bytes);
    (*at)->release(data, order);
    used_bytes_ -= block_bytes(order);
    if ((*at)->empty()) drop_second_empty(**at);
    return true;
}

SecretArena::Chunk* SecretArena::add_chunk() noexcept
{
    if (chunks_.size() >= chunks_max_) return nullptr;
    const auto taken = pages_.take(chunk_bytes);
    if (taken.data == nullptr) return nullptr;
    std::unique_ptr<Chunk> fresh(new (std::nothrow) Chunk(taken));
    if (!fresh) {
        pages_.give_back(taken.data, chunk_bytes);
        return nullptr;
    }
    if (!taken.locked) fell_short(Shortage::unlocked);
    chunks_.push_back(std::move(fresh));
    return chunks_.back().get();
}

/// One empty chunk is kept: else a secret that comes and goes at the edge would cost system calls each time.
void SecretArena::drop_second_empty(const Chunk& emptied) noexcept
{
    const auto other = std::find_if(chunks_.begin(), chunks_.end(),
                                    [&](const auto& chunk) { return chunk.get() != &emptied && chunk->empty(); });
    if (other == chunks_.end()) return;
    // One that can be swapped out goes first.
    const Chunk* const leaving = (*other)->locked() && !emptied.locked() ? &emptied : other->get();
    pages_.give_back(leaving->data(), chunk_bytes);
    std::erase_if(chunks_, [&](const auto& chunk) { return chunk.get() == leaving; });
}

void SecretArena::fell_short(Shortage how) noexcept
{
    if (how > shortage_.load(std::memory_order_relaxed)) shortage_.store(how, std::memory_order_relaxed);
}

SecretArena::Usage SecretArena::usage() const noexcept
{
    const std::scoped_lock lock(mutex_);
    Usage out{chunks_.size(), 0, used_bytes_, used_bytes_most_};
    for (const auto& chunk : chunks_)
        if (chunk->locked()) ++out.chunks_locked;
    return out;
}

} // namespace godwit
