// SPDX-License-Identifier: Apache-2.0
// The payload descriptor of VP9 (RFC 9628 section 4.2), which stands in clear before a sealed fragment.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace godwit::rtp {

/// Section 4.2.1: N_S has three bits, N_G eight, R two.
inline constexpr std::size_t vp9_spatial_layers_max = 8;
inline constexpr std::size_t vp9_group_pictures_max = 255;
inline constexpr std::size_t vp9_references_max = 3;

struct Vp9Layer {
    std::uint8_t temporal_id = 0;        ///< TID, 3 bits.
    bool switching_up_point = false;     ///< U.
    std::uint8_t spatial_id = 0;         ///< SID, 3 bits.
    bool inter_layer_dependency = false; ///< D.
    std::uint8_t tl0_pic_idx = 0;        ///< In non-flexible mode only.
    friend bool operator==(const Vp9Layer&, const Vp9Layer&) = default;
};
struct Vp9Size {
    std::uint16_t width = 0, height = 0; ///< Pixels. A claim: what is decoded is checked by media/codec.
    friend bool operator==(const Vp9Size&, const Vp9Size&) = default;
};
struct Vp9GroupPicture {
    std::uint8_t temporal_id = 0;
    bool switching_up_point = false;
    std::vector<std::uint8_t> reference_diffs; ///< P_DIFF, vp9_references_max at most.
    friend bool operator==(const Vp9GroupPicture&, const Vp9GroupPicture&) = default;
};
/// Section 4.2.1: V.
struct Vp9ScalabilityStructure {
    std::uint8_t spatial_layers = 1;                   ///< N_S + 1.
    std::vector<Vp9Size> sizes;                        ///< Y: empty, or one a layer.
    std::optional<std::vector<Vp9GroupPicture>> group; ///< G; vp9_group_pictures_max at most.
    friend bool operator==(const Vp9ScalabilityStructure&, const Vp9ScalabilityStructure&) = default;
};

struct Vp9Descriptor {
    std::optional<std::uint16_t> picture_id;   ///< I; 15 bits, of which 7 suffice unless long_picture_id.
    bool long_picture_id = true;               ///< M.
    bool inter_predicted = false;              ///< P: refers to earlier pictures. A keyframe does not.
    bool flexible = false;                     ///< F: references are named. Wants a picture_id.
    bool start_of_frame = false;               ///< B.
    bool end_of_frame = false;                 ///< E.
    bool not_reference_for_upper = false;      ///< Z.
    std::optional<Vp9Layer> layer;             ///< L.
    std::vector<std::uint8_t> reference_diffs; ///< P_DIFF, 7 bits, 1 to vp9_references_max with P and F, else none.
    std::optional<Vp9ScalabilityStructure> structure; ///< V.
    friend bool operator==(const Vp9Descriptor&, const Vp9Descriptor&) = default;
};

/// Preconditions: the widths and conditions above.
[[nodiscard]] Bytes encode(const Vp9Descriptor& descriptor);

struct ParsedVp9 {
    Vp9Descriptor descriptor;
    BytesView payload; ///< What follows.
};
/// nullopt: cut short, nothing behind it, F without I, or a fourth reference. Reserved bits are not looked at.
[[nodiscard]] std::optional<ParsedVp9> decode_vp9(BytesView payload);

} // namespace godwit::rtp
