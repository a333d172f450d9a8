// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/serving.hpp"

#include <algorithm>

namespace godwit::transfer {

void Serving::want(SourceId from, const FileId& file, Layout layout, const std::vector<PieceRange>& pieces)
{
    for (const auto& range : pieces) {
        if (range.first >= layout.pieces()) continue;
        const auto end = range.first + std::min(range.count, layout.pieces() - range.first);
        for (auto piece = range.first; piece < end; ++piece) {
            auto& queue = queues_[from];
            if (queue.size() >= wants_per_source_max) return;
            queue.push_back({file, piece});
        }
    }
}

std::optional<Serving::Item> Serving::next(Instant now)
{
    if (queues_.empty() || !bucket_.open(now)) return std::nullopt;
    auto at = queues_.upper_bound(last_);
    if (at == queues_.end()) at = queues_.begin();
    last_ = at->first;
    const Item out{at->first, at->second.front().file, at->second.front().piece};
    at->second.pop_front();
    if (at->second.empty()) queues_.erase(at);
    return out;
}

void Serving::drop(const FileId& file)
{
    for (auto at = queues_.begin(); at != queues_.end();) {
        std::erase_if(at->second, [&](const Wanted& one) { return one.file == file; });
        at = at->second.empty() ? queues_.erase(at) : std::next(at);
    }
}

} // namespace godwit::transfer
