// SPDX-License-Identifier: Apache-2.0
// Private to seal: group ids, and the authenticated data of what is sealed.
//
//   group_id            = conversation (16) ‖ incarnation (8, big-endian)
//   authenticated_data  = purpose (1) ‖ envelope id (16)
#pragma once

#include "lib/seal/groups.hpp"

namespace godwit::seal {

struct GroupName {
    ConversationId conversation;
    std::uint64_t incarnation = 0;
};
[[nodiscard]] Bytes encode_group_id(const ConversationId& conversation, std::uint64_t incarnation);
/// nullopt: not one of ours.
[[nodiscard]] std::optional<GroupName> parse_group_id(BytesView group_id);

/// What binds a commit to its envelope; the other purposes are seal::Purpose.
inline constexpr std::uint8_t commit_purpose = 4;
[[nodiscard]] Bytes bind(std::uint8_t purpose, const MessageId& id);

} // namespace godwit::seal
