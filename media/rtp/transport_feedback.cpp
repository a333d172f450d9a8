// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/transport_feedback.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

#include <algorithm>

namespace godwit::rtp {

namespace {

// Section 3.1.1.
enum Symbol : std::uint8_t { not_received = 0, small_delta = 1, large_delta = 2 };
constexpr std::size_t run_max = 0x1fff, one_bit_symbols = 14, two_bit_symbols = 7;

Symbol symbol_of(const std::optional<std::int16_t>& delta)
{
    if (!delta) return not_received;
    return *delta >= 0 && *delta <= 255 ? small_delta : large_delta;
}

/// A run where it says at least as much as a vector would, else the vector that reaches further.
void put_chunks(Bytes& out, const std::vector<Symbol>& symbols)
{
    for (std::size_t at = 0; at < symbols.size();) {
        std::size_t run = 1;
        while (at + run < symbols.size() && run < run_max && symbols[at + run] == symbols[at])
            ++run;
        const std::size_t left = symbols.size() - at;
        std::size_t narrow = 0; // symbols that one bit suffices for
        while (narrow < std::min(left, one_bit_symbols) && symbols[at + narrow] != large_delta)
            ++narrow;
        const bool one_bit = narrow == std::min(left, one_bit_symbols);
        const std::size_t wide = std::min(left, one_bit ? one_bit_symbols : two_bit_symbols);
        if (run >= wide) {
            put16(out, static_cast<std::uint64_t>(symbols[at]) << 13 | run);
            at += run;
            continue;
        }
        std::uint16_t chunk = one_bit ? 0x8000 : 0xc000;
        for (std::size_t i = 0; i < wide; ++i)
            chunk = static_cast<std::uint16_t>(
                chunk | symbols[at + i] << (one_bit ? one_bit_symbols - 1 - i : 2 * (two_bit_symbols - 1 - i)));
        put16(out, chunk);
        at += wide;
    }
}

/// False: a symbol that is reserved.
bool take_chunk(std::uint16_t chunk, std::size_t count, std::vector<std::uint8_t>& symbols)
{
    const auto add = [&](unsigned symbol) {
        if (symbols.size() < count) symbols.push_back(static_cast<std::uint8_t>(symbol));
    };
    if ((chunk & 0x8000) == 0) {
        const std::size_t run = std::min<std::size_t>(chunk & run_max, count - symbols.size());
        symbols.insert(symbols.end(), run, static_cast<std::uint8_t>(chunk >> 13 & 3));
    } else if ((chunk & 0x4000) == 0) {
        for (unsigned i = 0; i < one_bit_symbols; ++i)
            add(chunk >> (one_bit_symbols - 1 - i) & 1U);
    } else {
        for (unsigned i = 0; i < two_bit_symbols; ++i)
            add(chunk >> 2 * (two_bit_symbols - 1 - i) & 3U);
    }
    return std::find(symbols.begin(), symbols.end(), 3) == symbols.end();
}

} // namespace

Bytes encode_body(const TransportFeedback& feedback)
{
    GODWIT_ASSERT(feedback.deltas.size() <= feedback_statuses_max);
    Bytes out;
    put32(out, feedback.sender_ssrc);
    put32(out, feedback.media_ssrc);
    put16(out, feedback.base_sequence_number);
    put16(out, feedback.deltas.size());
    put(out, static_cast<std::uint32_t>(feedback.reference_time) & 0xffffff, 3);
    put8(out, feedback.feedback_packet_count);
    std::vector<Symbol> symbols;
    for (const auto& delta : feedback.deltas)
        symbols.push_back(symbol_of(delta));
    put_chunks(out, symbols);
    for (const auto& delta : feedback.deltas)
        if (delta) put(out, static_cast<std::uint16_t>(*delta), symbol_of(delta) == small_delta ? 1 : 2);
    return out;
}

std::optional<TransportFeedback> decode_body(BytesView body)
{
    Reader in(body);
    TransportFeedback out;
    out.sender_ssrc = in.u32();
    out.media_ssrc = in.u32();
    out.base_sequence_number = in.u16();
    const std::size_t count = in.u16();
    const auto reference = static_cast<std::int32_t>(in.number(3));
    out.reference_time = reference >= 0x800000 ? reference - 0x1000000 : reference;
    out.feedback_packet_count = in.u8();
    if (!in.ok() || count == 0 || count > feedback_statuses_max) return std::nullopt;
    std::vector<std::uint8_t> symbols;
    while (symbols.size() < count) {
        const std::uint16_t chunk = in.u16();
        const std::size_t before = symbols.size();
        if (!in.ok() || !take_chunk(chunk, count, symbols) || symbols.size() == before) return std::nullopt;
    }
    out.deltas.reserve(count);
    for (const std::uint8_t symbol : symbols) {
        if (symbol == not_received)
            out.deltas.emplace_back();
        else if (symbol == small_delta)
            out.deltas.emplace_back(in.u8());
        else
            out.deltas.emplace_back(static_cast<std::int16_t>(in.u16()));
    }
    if (!in.ok()) return std::nullopt;
    return out;
}

std::vector<PacketArrival> FeedbackReader::read(const TransportFeedback& feedback)
{
    std::vector<PacketArrival> out;
    out.reserve(feedback.deltas.size());
    // 24 bits that go round become 32 that do: times 256.
    const auto reference = reference_.unwrap(static_cast<std::uint32_t>(feedback.reference_time) << 8) / 256;
    Duration at = reference * feedback_reference_tick;
    const std::int64_t base = sequence_.unwrap(feedback.base_sequence_number);
    for (std::size_t i = 0; i < feedback.deltas.size(); ++i) {
        PacketArrival one{base + static_cast<std::int64_t>(i), std::nullopt};
        if (feedback.deltas[i]) {
            at += *feedback.deltas[i] * feedback_tick;
            one.at = at;
        }
        out.push_back(one);
    }
    return out;
}

void FeedbackBuilder::arrived(std::uint16_t sequence_number, Instant now)
{
    const std::int64_t number = unwrapper_.unwrap(sequence_number);
    if (!arrivals_.emplace(number, now).second) return; // a duplicate; the first arrival counts
    if (!next_ || number < *next_) next_ = number;
    while (arrivals_.size() > history_max)
        arrivals_.erase(arrivals_.begin());
    next_ = std::max(*next_, arrivals_.begin()->first);
}

std::optional<TransportFeedback> FeedbackBuilder::build(std::uint32_t sender_ssrc, std::uint32_t media_ssrc)
{
    if (!next_) return std::nullopt;
    auto one = arrivals_.lower_bound(*next_);
    if (one == arrivals_.end()) return std::nullopt;
    TransportFeedback out;
    out.sender_ssrc = sender_ssrc;
    out.media_ssrc = media_ssrc;
    // What is missing between the last feedback and the first arrival is missing too, as far as one feedback can say
    // so.
    const std::int64_t base = std::max(*next_, one->first - static_cast<std::int64_t>(feedback_statuses_max) + 1);
    out.base_sequence_number = static_cast<std::uint16_t>(base);
    out.feedback_packet_count = count_++;
    const auto reference = one->second.time_since_epoch() / feedback_reference_tick;
    // Sign extension of the low 24 bits.
    out.reference_time =
        static_cast<std::int32_t>((static_cast<std::uint32_t>(reference) & 0xffffff) ^ 0x800000) - 0x800000;
    std::int64_t told = reference * (feedback_reference_tick / feedback_tick); // in feedback_tick: errors do not add up
    std::int64_t expected = base;
    for (; one != arrivals_.end(); ++one) {
        const std::int64_t delta = one->second.time_since_epoch() / feedback_tick - told;
        if (delta != static_cast<std::int16_t>(delta)) break;
        if (one->first - base >= static_cast<std::int64_t>(feedback_statuses_max)) break;
        out.deltas.resize(static_cast<std::size_t>(one->first - base));
        out.deltas.emplace_back(static_cast<std::int16_t>(delta));
        told += delta;
        expected = one->first + 1;
    }
    next_ = expected;
    return out;
}

} // namespace godwit::rtp
