// SPDX-License-Identifier: Apache-2.0
// policy: who is in a group of many, and who may do what (docs/adr/0031-groups.md). It is part of the GroupContext, so
// all who are in one epoch have the same one; a commit that changes it, or the leaves, is judged by every member with
// the same pure function. The relay judges with it too, as far as it can see (outline.hpp).
//
//   GroupContext.extensions = required_capabilities, 0xF0D1 (account keys, sorted), 0xF0D2 (the policy)
//   0xF0D2 in MLS's presentation language:
//       uint8 version = 1; uint8 kind; uint8 invite; uint8 join; uint64 expires_ms;
//       uint8 flags: 1 all muted, 2 receipts, 4 dissolved, 8 stale
//       opaque profile<V>; Member members<V>      one for each key of 0xF0D1, in its order
//       Member: opaque user<V>; uint8 role; uint64 muted_until_ms
//
// The relay sees GroupContexts (in GroupInfo): members, roles and rules it can read; name, about, announcement, avatar
// and link are in the profile, which is sealed for members (group_secret.hpp).
#pragma once

#include <godwit/group.hpp>

#include "lib/wire/group.hpp"

#include <optional>
#include <string>
#include <vector>

namespace godwit::policy {

/// Sealed, in a policy.
inline constexpr std::size_t profile_bytes_max = wire::group_profile_bytes_max + 64;

struct Policy {
    ConversationKind kind = ConversationKind::group; ///< group, discussion or channel.
    Role invite = Role::admin;                       ///< member or admin.
    JoinRule join = JoinRule::closed;
    bool all_muted = false;
    bool receipts = true;
    bool dissolved = false;
    bool stale = false;          ///< Somebody who is out knows the secret that opens the profile: another one is due.
    std::int64_t expires_ms = 0; ///< Of a discussion; else 0.
    Bytes profile;               ///< Sealed wire::GroupProfile; 1…profile_bytes_max.
    /// By account key, none twice, nor a user name; one of them is owner. 1…group_members_max.
    std::vector<GroupMember> members;

    [[nodiscard]] const GroupMember* find(const PublicKey& account) const;
    [[nodiscard]] const GroupMember* find(std::string_view user) const;
    friend bool operator==(const Policy&, const Policy&) = default;
};

/// Within its bounds and in its order; one owner; an end exactly where it is a discussion that is not dissolved.
[[nodiscard]] bool is_sound(const Policy& policy);

/// What a commit does beside the policy. Accounts of leaves: as their certificates say.
struct Act {
    PublicKey actor;       ///< Account of the committer.
    bool external = false; ///< The committer joins by it (the leaf in `added` is not named).
    /// Accounts of leaves that come.
    std::vector<PublicKey> added;
    struct Gone {
        PublicKey account;
        /// The commit brings a device list of that account, signed by it and younger than the leaf's certificate, in
        /// which the device is not (evidence.hpp).
        bool delisted = false;
    };
    /// Leaves that go; of an external commit not the one that it takes the place of.
    std::vector<Gone> removed;
    /// Accounts of the leaves that are there after it, one entry for each leaf.
    std::vector<PublicKey> left;
};

/// nullopt: every member accepts it. Else why not, in words for logs and errors ("only the owner dissolves a group").
///
///   nothing            after dissolved; by who is no member
///   owner              everything; is one, before and after; hands over (then is admin); promotes (a discussion to a
///                      group); dissolves; makes admins
///   admin              takes in and out whoever is less, mutes them; profile, rules; not roles, kind, end
///   member             leaves; takes in, if `invite` says so; brings and removes devices of the own account, brings
///                      missing devices of any member
///   who comes in       is a member, not muted
///   who goes           their leaves go too, in the same commit; of who leaves all but the committer's own, which the
///                      next commit of anybody takes out (a leaf of no member may be removed by all)
///   leaf of another    is removed with its account, or when delisted
///   secret             where somebody goes, the profile is another one (sealed with another secret), or is stale from
///                      then on; a stale one is not any more when an admin has sealed it anew
///   external           a device of a member; changes nothing else
[[nodiscard]] std::optional<std::string> judge(const Policy& before, const Policy& after, const Act& act);

/// A device that joins again by a GroupInfo has not seen the commits that lead there: it knows the policy of before,
/// and whose device has signed the GroupInfo. Does it show what only somebody else could have done, and what gives
/// power: a role that is higher than it was, a newcomer with one, the end of the group? nullopt: no. Who came and went,
/// and rules, may be others' doing. `back`: it is of an epoch before the known one, and others than those are in it.
[[nodiscard]] std::optional<std::string> doubt(const Policy& known, const Policy& shown, const PublicKey& signer,
                                               bool back);

/// May this account write what is shown, or act on what is shown? `hlc_ms`: of the post, as its author claims, so that
/// all members judge by the same number.
enum class Speech : std::uint8_t { post, react, rule };
/// In a channel members react; who is muted does neither; pins, timers and recalls of others' posts are for admins.
/// Nobody does anything where it is over. nullopt: may; else why not.
[[nodiscard]] std::optional<std::string> hush(const Policy& policy, const PublicKey& account, Speech what,
                                              std::int64_t hlc_ms);

} // namespace godwit::policy
