// SPDX-License-Identifier: Apache-2.0
// Groups, discussions and channels: conversations of many accounts, with rules that every member enforces
// (docs/adr/0031-groups.md).
#pragma once

#include <godwit/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

inline constexpr std::size_t group_name_bytes_max = 128;
inline constexpr std::size_t group_about_bytes_max = 1024;
inline constexpr std::size_t group_announcement_bytes_max = 4096;
inline constexpr std::size_t group_members_max = 2'000; ///< Accounts.
/// Accounts that one request may take in.
inline constexpr std::size_t group_invites_max = 256;
inline constexpr std::size_t group_join_text_bytes_max = 256;
/// Up to so many accounts, what is said goes straight to the devices of contacts that are linked, and is receipted by
/// them; in larger groups the relay fans it out.
inline constexpr std::size_t group_direct_members_max = 32;
/// A discussion lasts at most a year.
inline constexpr std::int64_t discussion_ms_max = 366LL * 24 * 3600 * 1000;

/// How somebody comes in who was not invited.
enum class JoinRule : std::uint8_t {
    closed = 0,  ///< Not at all.
    request = 1, ///< By link, when somebody who may invite says yes.
    link = 2,    ///< By link, as soon as a device of somebody who may invite sees it.
};
[[nodiscard]] constexpr std::string_view join_rule_name(JoinRule rule) noexcept
{
    switch (rule) {
    case JoinRule::closed: return "closed";
    case JoinRule::request: return "request";
    case JoinRule::link: return "link";
    }
    return "closed";
}

struct GroupMember {
    std::string user;
    PublicKey account_key;
    Role role = Role::member;
    std::int64_t muted_until_ms = 0; ///< May not write until then; 0: may.
    friend bool operator==(const GroupMember&, const GroupMember&) = default;
};

/// Somebody who asks to be let in.
struct GroupApplicant {
    std::string user;
    std::string text; ///< What they say to it; at most group_join_text_bytes_max.
    std::int64_t asked_ms = 0;
};

/// A group as this device knows it.
struct GroupInfo {
    ConversationId conversation;
    ConversationKind kind = ConversationKind::group;
    bool active = true; ///< False: dissolved, over, or this account is not in it any more. Its history stays.
    bool dissolved = false;
    std::int64_t expires_ms = 0; ///< Of a discussion.
    std::string name;
    std::string about;
    std::string announcement;
    std::optional<content::FileRef> avatar;
    Role own_role = Role::none;
    Role invite = Role::admin; ///< Who may take others in: member or admin, and who is more.
    JoinRule join = JoinRule::closed;
    bool all_muted = false;                 ///< Only admins and the owner may write.
    bool receipts = true;                   ///< Members tell what they have read.
    std::vector<GroupMember> members;       ///< By user name.
    std::vector<GroupApplicant> applicants; ///< For those who may take them in.
};

/// Which way a message took to one account: what the sending device knows.
struct DeliveryReport {
    std::string user; ///< Empty: the relay, for all whom no other row names.
    MessageState state = MessageState::accepted;
    Path path = Path::none;
};

} // namespace godwit
