// SPDX-License-Identifier: Apache-2.0
// What devices tell each other about the call of a group (docs/adr/0051-group-calls.md). Signals, like those of a call
// of two (call.hpp): sealed in the group, forwarded, never stored. What becomes of them: lib/call/group_calls.hpp.
#pragma once

#include "lib/wire/call.hpp"

#include <variant>
#include <vector>

namespace godwit::wire::call {

inline constexpr std::size_t group_signal_bytes_max = 640;

/// This device is in the call. Repeated as long as it is.
struct Present {
    static constexpr std::uint8_t wire_kind = 231;
    Id id;
    std::string starter;        ///< The account that began the call.
    bool video = false;         ///< Meant as a video call when it began.
    std::uint32_t call_s = 0;   ///< How long the call has gone on, by what the sender knows,
    std::uint32_t member_s = 0; ///< and when the sender joined it, by the same count: of too many the last ones leave.
    bool linked = false;        ///< Sound of somebody has reached the sender: the call has come to be.
    Media media;
    std::vector<DeviceId> members; ///< Whom the sender takes for present besides itself; at most call_members_max.
};
/// It has left, or says so again to who thinks otherwise.
struct Gone {
    static constexpr std::uint8_t wire_kind = 232;
    Id id;
    EndReason reason = EndReason::hung_up;
};
/// To the own account's devices: it need not ring there any more.
struct Dismissed {
    static constexpr std::uint8_t wire_kind = 233;
    Id id;
};

using GroupSignal = std::variant<Present, Gone, Dismissed>;

[[nodiscard]] Bytes encode(const GroupSignal& signal);
/// Errors: malformed.
[[nodiscard]] Result<GroupSignal> decode_group_signal(BytesView bytes);
[[nodiscard]] const Id& id_of(const GroupSignal& signal) noexcept;

} // namespace godwit::wire::call
