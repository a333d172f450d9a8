// SPDX-License-Identifier: Apache-2.0
// mls_outline: what anybody can read of MLS messages (RFC 9420) without keys, and what godwit writes there. lib/seal
// tells by it what came and for which group; the relay, which has no keys and never links lib/mls, tells by it that
// what it is asked to pass on is what its frame says.
//
//   group_id            = conversation (16) ‖ incarnation (8, big-endian)
//   authenticated_data  = purpose (1) ‖ envelope id (16)
//                         ‖ of a commit of a group of many: rules, opaque<V> of 32 bytes
//                         ‖ of a commit: device lists, opaque<V> each, the first of another length than rules
//
// Pure functions over bytes: nothing is copied that need not be, nothing is claimed about signatures.
#pragma once

#include <godwit/ids.hpp>

#include "lib/base/bytes.hpp"

#include <optional>
#include <vector>

namespace godwit::wire {

struct GroupName {
    ConversationId conversation;
    std::uint64_t incarnation = 0;
    friend bool operator==(const GroupName&, const GroupName&) = default;
};
[[nodiscard]] Bytes encode_group_id(const ConversationId& conversation, std::uint64_t incarnation);
/// nullopt: not one of ours.
[[nodiscard]] std::optional<GroupName> parse_group_id(BytesView group_id);

/// What binds a commit to its envelope; the other purposes are seal::Purpose.
inline constexpr std::uint8_t commit_purpose = 4;
/// Signed device lists that a commit may bring: why it takes out devices of other accounts (lib/seal/evidence.hpp).
inline constexpr std::size_t evidence_lists_max = 4;
/// Digest of the GroupContext's extensions after a commit (policy::rules_digest): the GroupInfo that goes with it,
/// which members do not see and the relay judges by, shows the same ones (docs/adr/0058-a-commit-says-its-rules.md).
inline constexpr std::size_t rules_bytes = 32;
struct Bound {
    std::uint8_t purpose = 0;
    MessageId id;
    BytesView rules;              ///< Of a commit. Into what was read; rules_bytes, or empty: it says none.
    std::vector<BytesView> lists; ///< Of a commit. Into what was read; 1…device_list_bytes_max each.
};
/// Precondition: rules and lists only with commit_purpose, within their bounds; without rules the first list has
/// another length than they.
[[nodiscard]] Bytes bind(std::uint8_t purpose, const MessageId& id, const std::vector<Bytes>& lists = {},
                         BytesView rules = {});
/// nullopt: nothing that bind() makes.
[[nodiscard]] std::optional<Bound> parse_bound(BytesView authenticated_data);

/// RFC 9420 section 17.2.
enum class MlsFormat : std::uint16_t { public_message = 1, private_message, welcome, group_info, key_package };
/// Section 6.
enum class MlsContent : std::uint8_t { application = 1, proposal, commit };

/// The first fields of an MLSMessage; what follows them was not looked at.
struct MlsHeader {
    MlsFormat format = MlsFormat::private_message;
    std::optional<GroupName> group; ///< Of public and private messages; nullopt also when it is none of ours.
    std::uint64_t epoch = 0;        ///< As the group.
    MlsContent content = MlsContent::application; ///< Of private messages, any number; as the next.
    BytesView authenticated_data;                 ///< Into what was read.
};
/// nullopt: no MLSMessage of version mls10, or cut short within these fields.
[[nodiscard]] std::optional<MlsHeader> read_mls_header(BytesView message);

/// A commit, read to its last byte.
struct MlsCommit {
    GroupName group;
    std::uint64_t epoch = 0; ///< That it starts from.
    MessageId envelope;      ///< That it is bound to.
    BytesView rules;         ///< As in Bound.
    /// Of an external commit, which goes in the open: the signature key of the leaf that joins.
    std::optional<DeviceId> joins;
};
/// nullopt: not a commit as godwit makes them: a PrivateMessage, or the PublicMessage of a new member that brings one
/// ExternalInit, at most one Remove, and a path.
[[nodiscard]] std::optional<MlsCommit> read_mls_commit(BytesView message);

/// A Welcome, whole, for at least one newcomer.
[[nodiscard]] bool is_mls_welcome(BytesView message);

struct MlsGroupInfo {
    GroupName group;
    std::uint64_t epoch = 0;
    // What an external commit starts from (section 12.4.3.2); the tree may also come beside (12.4.3.3).
    bool has_ratchet_tree = false;
    bool has_external_pub = false;
    BytesView context_extensions; ///< Of the GroupContext, unread; into what was read.
};
/// nullopt: not a GroupInfo, whole, of a group of ours.
[[nodiscard]] std::optional<MlsGroupInfo> read_mls_group_info(BytesView message);

} // namespace godwit::wire
