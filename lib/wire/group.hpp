// SPDX-License-Identifier: Apache-2.0
// What a group says about itself, and what somebody says who wants to come in. Both are sealed where the relay sees
// them (lib/seal/group_secret.hpp).
#pragma once

#include <godwit/group.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/base/wiping.hpp"

namespace godwit::wire {

/// Wiped when it goes; compares like any vector.
using SecretVector = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

/// The part of a group's policy that only its members can read.
struct GroupProfile {
    static constexpr std::uint8_t wire_kind = 38;
    std::string name;
    std::string about;
    std::string announcement;
    std::vector<godwit::content::FileRef> avatar; ///< At most one.
    SecretVector
        link_secret; ///< group_link_secret_bytes: who shows that it knows it may ask to come in; empty: no link.
    friend bool operator==(const GroupProfile&, const GroupProfile&) = default;
};
inline constexpr std::size_t group_link_secret_bytes = 32;

struct GroupJoinText {
    static constexpr std::uint8_t wire_kind = 39;
    std::string text;
};

/// Holds the link secret: the caller wipes it.
[[nodiscard]] Bytes encode(const GroupProfile& profile);
[[nodiscard]] Result<GroupProfile> decode_group_profile(BytesView bytes);
[[nodiscard]] Bytes encode(const GroupJoinText& text);
[[nodiscard]] Result<GroupJoinText> decode_group_join_text(BytesView bytes);

/// Longest encoded profile.
inline constexpr std::size_t group_profile_bytes_max = 6 * 1024;

} // namespace godwit::wire
