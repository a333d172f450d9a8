// SPDX-License-Identifier: Apache-2.0
// How far this account has read, as its devices tell each other: a register of each device, which that one alone
// writes. The furthest place of them counts, whoever has said it later (timeline.hpp keeps it); what came late is
// unread until a device says that it was seen there.
#pragma once

#include "lib/conversation/timeline.hpp"

#include <optional>
#include <string>
#include <vector>

namespace godwit::conversation {

/// What one device says.
struct OwnRead {
    Place place;
    DeviceId by;
    std::vector<MessageId> late; ///< Came to it later with an older clock, so it has not read them. At most late_max.
    std::vector<MessageId> seen; ///< Late at others, and read on this one. At most late_max.
};
/// As many as are counted; further ones count as read.
inline constexpr std::size_t late_max = 1000;
/// place ‖ device (32) ‖ late ids ‖ if any was seen: 16 zero bytes, and those ids.
[[nodiscard]] Bytes encode(const OwnRead& read);
/// Of before, too: the place alone. nullopt: malformed.
[[nodiscard]] std::optional<OwnRead> decode_read(BytesView bytes);

/// The register in which that device says it: "conversation/<id>/read/<64 hexadecimal digits>".
[[nodiscard]] std::string own_read_name(const ConversationId& conversation, const DeviceId& device);
/// What a register of a conversation is called when it says so: of a device, or, as before, the last one of any.
[[nodiscard]] bool is_own_read(std::string_view what);

/// What all of them say.
struct ReadState {
    std::optional<OwnRead> own;            ///< What this device does; nullopt: nothing was read on it.
    std::vector<MessageId> late_elsewhere; ///< At others of the account's devices.
    /// Late somewhere, and seen nowhere. Whether they stand behind how far the account has read is not looked at.
    std::vector<MessageId> late;
};
[[nodiscard]] ReadState read_state(port::Store& store, const ConversationId& conversation, const DeviceId& own_device);

/// Of what is late elsewhere, what this device has: up to `place`, and not late here. It goes into own.seen, out of
/// which goes what is late nowhere else any more. False: nothing of it is new.
bool note_seen(port::Store& store, const ConversationId& conversation, const ReadState& state, const Place& place,
               OwnRead& own);

} // namespace godwit::conversation
