// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/send_queue.hpp"

#include <algorithm>

namespace godwit::quic {
namespace {

/// Small frames share a chunk; an idle link holds none.
constexpr std::size_t chunk_bytes_min = 4 * 1024;
constexpr std::size_t chunk_bytes_max = 64 * 1024;

} // namespace

void SendQueue::append(BytesView bytes)
{
    while (!bytes.empty()) {
        if (chunks_.empty() || chunks_.back().used == chunks_.back().room) {
            // Grows with what is queued: a busy link gets few large chunks, a quiet one few small ones.
            const std::size_t room = std::clamp(std::max(bytes.size(), held_bytes()), chunk_bytes_min, chunk_bytes_max);
            chunks_.push_back({end_, 0, room, std::make_unique_for_overwrite<std::uint8_t[]>(room)});
        }
        Chunk& chunk = chunks_.back();
        const std::size_t n = std::min(bytes.size(), chunk.room - chunk.used);
        std::copy_n(bytes.begin(), n, chunk.bytes.get() + chunk.used);
        chunk.used += n;
        end_ += n;
        bytes = bytes.subspan(n);
    }
}

std::size_t SendQueue::peek(std::span<BytesView> out) const
{
    if (!has_unsent()) return 0;
    auto at = std::upper_bound(chunks_.begin(), chunks_.end(), written_,
                               [](std::uint64_t offset, const Chunk& chunk) { return offset < chunk.start; }) -
              1;
    std::size_t count = 0;
    for (std::uint64_t from = written_; at != chunks_.end() && count < out.size(); ++at) {
        const auto skip = static_cast<std::size_t>(from - at->start);
        if (skip < at->used) out[count++] = BytesView(at->bytes.get() + skip, at->used - skip);
        from = at->start + at->used;
    }
    return count;
}

void SendQueue::acked(std::uint64_t end)
{
    acked_ = std::max(acked_, std::min(end, end_));
    while (!chunks_.empty() && chunks_.front().start + chunks_.front().used <= acked_ &&
           (chunks_.size() > 1 || acked_ == end_))
        chunks_.pop_front();
}

} // namespace godwit::quic
