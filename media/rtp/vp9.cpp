// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/vp9.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

namespace godwit::rtp {

namespace {

constexpr unsigned bit(bool set, unsigned at)
{
    return set ? 1U << at : 0;
}

void put_structure(Bytes& out, const Vp9ScalabilityStructure& v)
{
    GODWIT_ASSERT(v.spatial_layers >= 1 && v.spatial_layers <= vp9_spatial_layers_max);
    GODWIT_ASSERT(v.sizes.empty() || v.sizes.size() == v.spatial_layers);
    put8(out, (v.spatial_layers - 1U) << 5 | bit(!v.sizes.empty(), 4) | bit(v.group.has_value(), 3));
    for (const Vp9Size& one : v.sizes) {
        put16(out, one.width);
        put16(out, one.height);
    }
    if (!v.group) return;
    GODWIT_ASSERT(v.group->size() <= vp9_group_pictures_max);
    put8(out, v.group->size());
    for (const Vp9GroupPicture& one : *v.group) {
        GODWIT_ASSERT(one.temporal_id < 8 && one.reference_diffs.size() <= vp9_references_max);
        put8(out, static_cast<unsigned>(one.temporal_id) << 5 | bit(one.switching_up_point, 4) |
                      one.reference_diffs.size() << 2);
        append(out, one.reference_diffs);
    }
}

Vp9ScalabilityStructure take_structure(Reader& in)
{
    Vp9ScalabilityStructure v;
    const std::uint8_t first = in.u8();
    v.spatial_layers = static_cast<std::uint8_t>((first >> 5) + 1);
    if ((first & 0x10) != 0) {
        for (unsigned i = 0; i < v.spatial_layers && in.ok(); ++i) {
            Vp9Size size;
            size.width = in.u16();
            size.height = in.u16();
            v.sizes.push_back(size);
        }
    }
    if ((first & 0x08) == 0) return v;
    v.group.emplace();
    const unsigned pictures = in.u8();
    for (unsigned i = 0; i < pictures && in.ok(); ++i) {
        Vp9GroupPicture one;
        const std::uint8_t head = in.u8();
        one.temporal_id = head >> 5;
        one.switching_up_point = (head & 0x10) != 0;
        one.reference_diffs = to_bytes(in.bytes(head >> 2 & 3));
        v.group->push_back(std::move(one));
    }
    return v;
}

} // namespace

Bytes encode(const Vp9Descriptor& v)
{
    GODWIT_ASSERT(!v.picture_id || *v.picture_id < (v.long_picture_id ? 0x8000 : 0x80));
    GODWIT_ASSERT(!v.flexible || v.picture_id);
    const bool diffs = v.flexible && v.inter_predicted;
    GODWIT_ASSERT(diffs ? !v.reference_diffs.empty() && v.reference_diffs.size() <= vp9_references_max
                        : v.reference_diffs.empty());
    Bytes out;
    put8(out, bit(v.picture_id.has_value(), 7) | bit(v.inter_predicted, 6) | bit(v.layer.has_value(), 5) |
                  bit(v.flexible, 4) | bit(v.start_of_frame, 3) | bit(v.end_of_frame, 2) |
                  bit(v.structure.has_value(), 1) | bit(v.not_reference_for_upper, 0));
    if (v.picture_id && v.long_picture_id)
        put16(out, 0x8000U | *v.picture_id);
    else if (v.picture_id)
        put8(out, *v.picture_id);
    if (v.layer) {
        GODWIT_ASSERT(v.layer->temporal_id < 8 && v.layer->spatial_id < 8);
        put8(out, static_cast<unsigned>(v.layer->temporal_id) << 5 | bit(v.layer->switching_up_point, 4) |
                      static_cast<unsigned>(v.layer->spatial_id) << 1 | bit(v.layer->inter_layer_dependency, 0));
        if (!v.flexible) put8(out, v.layer->tl0_pic_idx);
    }
    for (std::size_t i = 0; i < v.reference_diffs.size(); ++i) {
        GODWIT_ASSERT(v.reference_diffs[i] < 128);
        put8(out, static_cast<unsigned>(v.reference_diffs[i]) << 1 | bit(i + 1 < v.reference_diffs.size(), 0));
    }
    if (v.structure) put_structure(out, *v.structure);
    return out;
}

std::optional<ParsedVp9> decode_vp9(BytesView payload)
{
    Reader in(payload);
    Vp9Descriptor v;
    const std::uint8_t first = in.u8();
    v.inter_predicted = (first & 0x40) != 0;
    v.flexible = (first & 0x10) != 0;
    v.start_of_frame = (first & 0x08) != 0;
    v.end_of_frame = (first & 0x04) != 0;
    v.not_reference_for_upper = (first & 0x01) != 0;
    if ((first & 0x80) != 0) {
        const std::uint8_t high = in.u8();
        v.long_picture_id = (high & 0x80) != 0;
        v.picture_id = high & 0x7f;
        if (v.long_picture_id) v.picture_id = static_cast<std::uint16_t>((high & 0x7f) << 8 | in.u8());
    } else if (v.flexible) {
        return std::nullopt;
    }
    if ((first & 0x20) != 0) {
        const std::uint8_t layer = in.u8();
        v.layer = Vp9Layer{static_cast<std::uint8_t>(layer >> 5), (layer & 0x10) != 0,
                           static_cast<std::uint8_t>(layer >> 1 & 7), (layer & 1) != 0, 0};
        if (!v.flexible) v.layer->tl0_pic_idx = in.u8();
    }
    if (v.flexible && v.inter_predicted) {
        bool more = true;
        while (more && in.ok()) {
            if (v.reference_diffs.size() == vp9_references_max) return std::nullopt;
            const std::uint8_t diff = in.u8();
            v.reference_diffs.push_back(diff >> 1);
            more = (diff & 1) != 0;
        }
    }
    if ((first & 0x02) != 0) v.structure = take_structure(in);
    const BytesView rest = in.rest();
    if (!in.ok() || rest.empty()) return std::nullopt;
    return ParsedVp9{std::move(v), rest};
}

} // namespace godwit::rtp
