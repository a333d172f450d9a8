// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/vp8.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

namespace godwit::rtp {

namespace {

/// A set bit, when.
constexpr unsigned bit(bool set, unsigned at)
{
    return set ? 1U << at : 0;
}

} // namespace

Bytes encode(const Vp8Descriptor& v)
{
    GODWIT_ASSERT(v.partition < 8 && (!v.temporal_id || *v.temporal_id < 4) && (!v.key_index || *v.key_index < 32));
    GODWIT_ASSERT(!v.picture_id || *v.picture_id < (v.long_picture_id ? 0x8000 : 0x80));
    GODWIT_ASSERT(!v.tl0_pic_idx || v.temporal_id);
    const bool extended = v.picture_id || v.temporal_id || v.key_index;
    Bytes out;
    put8(out, bit(extended, 7) | bit(v.non_reference, 5) | bit(v.start_of_partition, 4) | v.partition);
    if (!extended) return out;
    put8(out, bit(v.picture_id.has_value(), 7) | bit(v.tl0_pic_idx.has_value(), 6) | bit(v.temporal_id.has_value(), 5) |
                  bit(v.key_index.has_value(), 4));
    if (v.picture_id && v.long_picture_id)
        put16(out, 0x8000U | *v.picture_id);
    else if (v.picture_id)
        put8(out, *v.picture_id);
    if (v.tl0_pic_idx) put8(out, *v.tl0_pic_idx);
    if (v.temporal_id || v.key_index)
        put8(out,
             static_cast<unsigned>(v.temporal_id.value_or(0)) << 6 | bit(v.layer_sync, 5) | v.key_index.value_or(0));
    return out;
}

std::optional<ParsedVp8> decode_vp8(BytesView payload)
{
    Reader in(payload);
    Vp8Descriptor v;
    const std::uint8_t first = in.u8();
    v.non_reference = (first & 0x20) != 0;
    v.start_of_partition = (first & 0x10) != 0;
    v.partition = first & 7;
    if ((first & 0x80) != 0) {
        const std::uint8_t present = in.u8();
        const bool picture = (present & 0x80) != 0, tl0 = (present & 0x40) != 0;
        const bool temporal = (present & 0x20) != 0, key = (present & 0x10) != 0;
        if (tl0 && !temporal) return std::nullopt;
        if (picture) {
            const std::uint8_t high = in.u8();
            v.long_picture_id = (high & 0x80) != 0;
            v.picture_id = high & 0x7f;
            if (v.long_picture_id) v.picture_id = static_cast<std::uint16_t>((high & 0x7f) << 8 | in.u8());
        }
        if (tl0) v.tl0_pic_idx = in.u8();
        if (temporal || key) {
            const std::uint8_t layers = in.u8();
            // "The TID, Y and KEYIDX fields MUST be ignored" where their flag is not set.
            if (temporal) v.temporal_id = static_cast<std::uint8_t>(layers >> 6);
            if (temporal) v.layer_sync = (layers & 0x20) != 0;
            if (key) v.key_index = layers & 31;
        }
    }
    const BytesView rest = in.rest();
    if (!in.ok() || rest.empty()) return std::nullopt;
    return ParsedVp8{v, rest};
}

} // namespace godwit::rtp
