// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/turn_trains.hpp"

namespace godwit::relay {

void Trains::add(const Port& port, const loop::Address& to, const loop::Address& from, BytesView head, BytesView body,
                 std::size_t zeroes)
{
    const auto size = head.size() + body.size() + zeroes;
    if (size > loop::udp_send_bytes_max) return;
    if (waiting_.size() >= trains_max || bytes_.size() + size > trains_bytes_max) flush();
    const auto at = bytes_.size();
    append(bytes_, head);
    append(bytes_, body);
    bytes_.resize(at + size);

    if (!waiting_.empty()) {
        auto& last = waiting_.back();
        if (last.port == &port && !last.whole && size > 0 && size <= last.segment_bytes &&
            last.segments < loop::udp_segments_max && last.size + size <= loop::udp_send_bytes_max && last.to == to &&
            last.from == from) {
            last.size += size;
            ++last.segments;
            last.whole = size < last.segment_bytes;
            return;
        }
    }
    waiting_.push_back({&port, to, from, at, size, size, 1, size == 0});
}

void Trains::flush()
{
    const auto all = BytesView(bytes_);
    for (std::size_t first = 0; first < waiting_.size();) {
        const auto* const port = waiting_[first].port;
        sends_.clear();
        auto next = first;
        for (; next < waiting_.size() && waiting_[next].port == port; ++next) {
            const auto& one = waiting_[next];
            sends_.push_back({one.to, one.from, all.subspan(one.at, one.size),
                              one.segments > 1 ? one.segment_bytes : std::size_t{0}, 0});
        }
        if (port != nullptr) (*port)(sends_);
        first = next;
    }
    waiting_.clear();
    bytes_.clear();
}

void Trains::forget(const Port& port)
{
    for (auto& one : waiting_)
        if (one.port == &port) one.port = nullptr;
}

} // namespace godwit::relay
