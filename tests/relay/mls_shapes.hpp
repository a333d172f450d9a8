// SPDX-License-Identifier: Apache-2.0
// MLS messages as far as the relay can see them: the right fields around filler instead of ciphertext.
#pragma once

#include "lib/wire/mls_outline.hpp"

namespace godwit::relay::test {

/// A PrivateMessage that is a commit, bound to `envelope`, and saying `rules` (wire::Bound).
[[nodiscard]] Bytes commit_bytes(const wire::GroupName& group, std::uint64_t epoch, const MessageId& envelope,
                                 std::uint8_t filler = 1, std::size_t filler_bytes = 60, BytesView rules = {});
[[nodiscard]] Bytes commit_of_size(std::size_t size_bytes, const wire::GroupName& group, std::uint64_t epoch,
                                   const MessageId& envelope, BytesView rules = {});
/// A PrivateMessage that is application data, bound to `envelope`.
[[nodiscard]] Bytes message_bytes(const wire::GroupName& group, std::uint64_t epoch, const MessageId& envelope,
                                  std::uint8_t purpose = 1);
/// A PublicMessage by which `device` joins. `removes`: its old leaf goes.
[[nodiscard]] Bytes external_commit_bytes(const wire::GroupName& group, std::uint64_t epoch, const MessageId& envelope,
                                          const DeviceId& device, bool removes = false, BytesView rules = {});
[[nodiscard]] Bytes welcome_bytes(std::size_t newcomers = 1, std::size_t filler_bytes = 20);
/// What a GroupContext shows of a group of many: a policy, in its own spelling.
struct PolicyShape {
    struct Member {
        std::string user;
        PublicKey account_key;
        std::uint8_t role = 1; ///< 1 member, 2 admin, 3 owner.
    };
    std::uint8_t kind = 3;   ///< A group.
    std::uint8_t invite = 1; ///< Members take in.
    std::uint8_t flags = 2;  ///< Receipts.
    Bytes profile;
    std::vector<Member> members; ///< In any order.
};
[[nodiscard]] Bytes policy_extensions(PolicyShape policy);
/// With a tree and an external key.
[[nodiscard]] Bytes group_info_bytes(const wire::GroupName& group, std::uint64_t epoch, std::uint8_t filler = 1,
                                     std::size_t tree_bytes = 40, BytesView context_extensions = {});

} // namespace godwit::relay::test
