// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/frame_buffer.hpp"

#include <algorithm>

namespace godwit::jitter {

namespace {

/// A gap of upper layers is not worth more than this.
constexpr Duration wait_max = std::chrono::milliseconds(150);

} // namespace

void FrameBuffer::set_round_trip(Duration round_trip) noexcept
{
    wait_ = std::min(wait_max, round_trip + round_trip / 4 + std::chrono::milliseconds(10));
}

void FrameBuffer::need_keyframe()
{
    last_.reset();
}

void FrameBuffer::drop_before(std::int64_t sequence_number)
{
    while (!packets_.empty() && packets_.begin()->first < sequence_number) {
        bytes_ -= packets_.begin()->second.packet.payload.size();
        packets_.erase(packets_.begin());
    }
    floor_ = std::max(floor_, sequence_number);
}

bool FrameBuffer::insert(VideoPacket packet, Instant now)
{
    ++statistics_.packets;
    if (!any_) floor_ = packet.sequence_number - static_cast<std::int64_t>(video_packets_max);
    any_ = true;
    if (packet.sequence_number < floor_) {
        ++statistics_.late;
        return false;
    }
    if (packets_.contains(packet.sequence_number)) {
        ++statistics_.duplicates;
        return false;
    }
    if (packets_.size() == video_packets_max || bytes_ + packet.payload.size() > video_bytes_max) {
        ++statistics_.overflowed;
        need_keyframe();
        drop_before(packets_.rbegin()->first + 1);
        if (packet.sequence_number < floor_) return false;
    }
    bytes_ += packet.payload.size();
    const std::int64_t number = packet.sequence_number;
    packets_.emplace(number, Held{std::move(packet), now});
    return true;
}

std::optional<FrameBuffer::Place> FrameBuffer::end_of(Place start)
{
    std::size_t count = 0, bytes = 0;
    std::int64_t number = start->first;
    for (auto at = start; at != packets_.end(); ++at, ++number) {
        const VideoPacket& one = at->second.packet;
        if (at->first != number || (at != start && one.start_of_frame)) return std::nullopt;
        if (one.timestamp != start->second.packet.timestamp) return std::nullopt;
        bytes += one.payload.size();
        if (++count > frame_packets_max || bytes > frame_bytes_max) return std::nullopt;
        if (one.end_of_frame) return std::next(at);
    }
    return std::nullopt;
}

FrameBuffer::Verdict FrameBuffer::judge(const VideoPacket& first) const noexcept
{
    if (first.keyframe) return Verdict::now;
    if (!last_) return Verdict::never;
    if (first.sequence_number == last_->sequence_number + 1) return Verdict::now;
    const auto next_tl0 = static_cast<std::uint8_t>(last_->tl0_pic_idx + 1);
    const bool next_of_base = first.temporal_id == 0 && first.tl0_pic_idx == next_tl0;
    const bool upper_of_last = first.temporal_id > 0 && first.layer_sync && first.tl0_pic_idx == last_->tl0_pic_idx;
    return next_of_base || upper_of_last ? Verdict::after_a_while : Verdict::never;
}

VideoFrame FrameBuffer::give(Place from, Place to)
{
    VideoFrame out;
    const VideoPacket& first = from->second.packet;
    out.timestamp = first.timestamp;
    out.first_sequence_number = first.sequence_number;
    out.last_sequence_number = std::prev(to)->first;
    out.keyframe = first.keyframe;
    out.temporal_id = first.temporal_id;
    last_ = Last{out.last_sequence_number, first.tl0_pic_idx};
    for (auto at = from; at != to; ++at)
        append(out.data, at->second.packet.payload);
    drop_before(out.last_sequence_number + 1);
    ++statistics_.frames;
    return out;
}

std::optional<VideoFrame> FrameBuffer::next(Instant now)
{
    deadline_ = never;
    for (auto at = packets_.begin(); at != packets_.end();) {
        if (!at->second.packet.start_of_frame) {
            ++at;
            continue;
        }
        const auto end = end_of(at);
        if (!end) {
            ++at;
            continue;
        }
        switch (judge(at->second.packet)) {
        case Verdict::now: return give(at, *end);
        case Verdict::after_a_while: {
            // Since it is whole: its last packet to come.
            Instant whole{};
            for (auto one = at; one != *end; ++one)
                whole = std::max(whole, one->second.came);
            if (now >= whole + wait_) return give(at, *end);
            deadline_ = earlier(deadline_, whole + wait_);
            break;
        }
        case Verdict::never: break;
        }
        at = *end;
    }
    return std::nullopt;
}

} // namespace godwit::jitter
