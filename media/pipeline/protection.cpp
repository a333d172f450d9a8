// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/protection.hpp"

#include <algorithm>
#include <utility>

namespace godwit::pipeline {

namespace {

/// Share of the base layer in what pictures take, with two temporal layers.
constexpr double base_share = 0.6;

} // namespace

int protection_for(double loss, Duration round_trip) noexcept
{
    using std::chrono::milliseconds;
    if (loss < 0.01) return 0;
    const bool slow = round_trip >= milliseconds(80);
    if (!slow && loss < 0.12) return 0; // repetitions do it, and a second one comes in time too
    if (loss >= 0.12) return slow ? 1 : 3;
    // Two of a group lost are not brought back, and ask for a repetition: rarer the smaller the group.
    if (loss >= 0.07) return 1;
    if (loss >= 0.03 || round_trip >= milliseconds(400)) return 2;
    return 4;
}

double protection_cost(int group) noexcept
{
    return group <= 0 ? 1.0 : 1.0 + base_share / group;
}

std::vector<Bytes> protect_frame(const std::vector<Bytes>& packets, std::uint16_t first, int group)
{
    std::vector<Bytes> out;
    if (group <= 0 || packets.empty()) return out;
    const std::size_t per_group = std::min<std::size_t>(static_cast<std::size_t>(group), rtp::fec_protected_max);
    const std::size_t groups = (packets.size() + per_group - 1) / per_group;
    if (groups > 255) return out; // no frame of a call is so large
    for (std::size_t i = 0; i < groups; ++i) {
        std::vector<BytesView> members;
        for (std::size_t at = i; at < packets.size(); at += groups)
            members.emplace_back(packets[at]);
        rtp::FecHeader header;
        header.base = static_cast<std::uint16_t>(first + i);
        header.step = static_cast<std::uint8_t>(members.size() == 1 ? 1 : groups);
        header.count = static_cast<std::uint8_t>(members.size());
        out.push_back(rtp::protect(header, members));
    }
    return out;
}

void Repair::keep(std::uint16_t sequence_number, Bytes packet)
{
    packets_.insert_or_assign(numbers_.unwrap(sequence_number), std::move(packet));
    if (packets_.size() > repair_packets_max) packets_.erase(packets_.begin());
}

std::vector<Bytes> Repair::packet(std::uint16_t sequence_number, Bytes packet, std::uint32_t ssrc)
{
    keep(sequence_number, std::move(packet));
    return parities_.empty() ? std::vector<Bytes>() : look(ssrc);
}

std::vector<Bytes> Repair::parity(BytesView payload, std::uint32_t ssrc)
{
    const auto header = rtp::decode_fec_header(payload);
    if (!header) return {};
    parities_.push_back({*header, to_bytes(payload)});
    if (parities_.size() > repair_parities_max) parities_.pop_front();
    return look(ssrc);
}

std::vector<Bytes> Repair::look(std::uint32_t ssrc)
{
    std::vector<Bytes> out;
    for (bool again = true; std::exchange(again, false);) { // what is made anew may help another
        for (auto at = parities_.begin(); at != parities_.end();) {
            std::vector<BytesView> others;
            std::optional<std::uint16_t> missing;
            std::size_t count_missing = 0;
            for (std::size_t i = 0; i < at->header.count; ++i) {
                const std::uint16_t number = at->header.number(i);
                const auto found = packets_.find(numbers_.peek(number));
                if (found != packets_.end()) {
                    others.emplace_back(found->second);
                } else {
                    missing = number;
                    ++count_missing;
                }
            }
            if (count_missing > 1) {
                ++at;
                continue;
            }
            if (missing)
                if (auto made = rtp::recover(at->payload, others, *missing, ssrc)) {
                    keep(*missing, *made);
                    out.push_back(std::move(*made));
                    again = true;
                }
            at = parities_.erase(at);
        }
    }
    return out;
}

} // namespace godwit::pipeline
