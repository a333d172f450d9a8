// SPDX-License-Identifier: Apache-2.0
// Messages as an application sees them.
#pragma once

#include <godwit/content.hpp>
#include <godwit/ids.hpp>

#include <optional>

#include <cstdint>
#include <string>
#include <string_view>

namespace godwit {

/// Longest text of one message, in bytes of UTF-8.
inline constexpr std::size_t text_bytes_max = 64 * 1024;
/// Longest user name, in characters of [a-z0-9._-]; the first is a letter or digit.
inline constexpr std::size_t user_name_length_max = 32;
/// Shortest and longest password, in bytes.
inline constexpr std::size_t password_bytes_min = 8;
inline constexpr std::size_t password_bytes_max = 1024;
/// Longest idempotency key of a send, in bytes.
inline constexpr std::size_t send_key_bytes_max = 128;

/// The way a message took, or would take.
enum class Path : std::uint8_t {
    none = 0,    ///< Not under way yet.
    direct = 1,  ///< Device to device over an ICE pair without a relay.
    turned = 2,  ///< Device to device, through a TURN server that forwards datagrams.
    mailbox = 3, ///< Stored at the relay until the recipient's device fetched it.
};

[[nodiscard]] constexpr std::string_view path_name(Path path) noexcept
{
    switch (path) {
    case Path::none: return "none";
    case Path::direct: return "direct";
    case Path::turned: return "turned";
    case Path::mailbox: return "mailbox";
    }
    return "none";
}

/// Which paths content may take.
enum class PathPolicy : std::uint8_t {
    /// Direct when it can be had within 2 s; else turned or mailbox; back to direct as soon as it exists.
    direct_first = 0,
    direct_only = 1, ///< Content never touches the relay or a TURN server: messages wait for a direct path.
    relay_only = 2,  ///< Never a direct path: hides this device's addresses from contacts.
    race = 3,        ///< Every live path at once; the far side drops the duplicates.
};

[[nodiscard]] constexpr std::string_view path_policy_name(PathPolicy policy) noexcept
{
    switch (policy) {
    case PathPolicy::direct_first: return "direct_first";
    case PathPolicy::direct_only: return "direct_only";
    case PathPolicy::relay_only: return "relay_only";
    case PathPolicy::race: return "race";
    }
    return "direct_first";
}

/// Where an outgoing message stands. Moves forward only; ends in delivered or failed.
enum class MessageState : std::uint8_t {
    received = 0,  ///< Incoming: in the history of this device.
    accepted = 1,  ///< Outgoing: durable on this device; godwit now owns the delivery.
    sent = 2,      ///< Handed to a path: written to a link, or durable in the relay's mailbox.
    delivered = 3, ///< A device of the recipient has it durably.
    failed = 4,    ///< The deadline passed, or no device may receive it; `reason` says which.
};

[[nodiscard]] constexpr std::string_view message_state_name(MessageState state) noexcept
{
    switch (state) {
    case MessageState::received: return "received";
    case MessageState::accepted: return "accepted";
    case MessageState::sent: return "sent";
    case MessageState::delivered: return "delivered";
    case MessageState::failed: return "failed";
    }
    return "failed";
}

enum class ConversationKind : std::uint8_t {
    direct = 1,     ///< Of two accounts.
    self = 2,       ///< Of the account's own devices: notes to oneself.
    group = 3,      ///< The next three: of many, see docs/adr/0031-groups.md.
    discussion = 4, ///< A group that ends by itself.
    channel = 5,    ///< Few write, many read.
};
[[nodiscard]] constexpr std::string_view conversation_kind_name(ConversationKind kind) noexcept
{
    switch (kind) {
    case ConversationKind::direct: return "direct";
    case ConversationKind::self: return "self";
    case ConversationKind::group: return "group";
    case ConversationKind::discussion: return "discussion";
    case ConversationKind::channel: return "channel";
    }
    return "direct";
}

/// What an account may do in a conversation. In one of two accounts, or of the own devices, everybody is owner.
enum class Role : std::uint8_t { none = 0, member = 1, admin = 2, owner = 3 };
[[nodiscard]] constexpr std::string_view role_name(Role role) noexcept
{
    switch (role) {
    case Role::none: return "none";
    case Role::member: return "member";
    case Role::admin: return "admin";
    case Role::owner: return "owner";
    }
    return "none";
}

/// Who reacted with one emoji.
struct Reactions {
    std::string emoji;
    std::vector<std::string> users; ///< In alphabetical order.
    friend bool operator==(const Reactions&, const Reactions&) = default;
};

/// What a message said before it was edited.
struct MessageVersion {
    std::string text;
    std::vector<content::Mention> mentions;
    std::vector<content::Range> links;
    std::int64_t written_ms = 0; ///< By its author's clock.
    friend bool operator==(const MessageVersion&, const MessageVersion&) = default;
};
/// Earlier versions of a message that may be kept, the latest ones.
inline constexpr std::uint32_t message_versions_max = 64;

/// One row of a history.
struct Message {
    MessageId id;
    ConversationId conversation;
    std::string with;                    ///< The other account of a conversation of two; empty in a group.
    std::string from;                    ///< The account that wrote it.
    DeviceId from_device;                ///< The device that sealed it.
    std::string text;                    ///< UTF-8, at most text_bytes_max; of an attachment its caption.
    content::Body body;                  ///< What it is, besides its text.
    std::optional<content::Quote> reply; ///< What it answers to.
    bool forwarded = false;              ///< It was written elsewhere.
    content::Lifetime lifetime;
    std::int64_t sent_ms = 0;     ///< Sender's clock, milliseconds since 1970 UTC.
    std::int64_t received_ms = 0; ///< This device's clock when it was accepted or received.
    MessageState state = MessageState::received;
    /// Incoming: the path it came by. Outgoing: the path that delivered it (or was tried last).
    Path path = Path::none;
    std::string path_reason;      ///< Why this path, in words ("peer offline", "direct path open", …).
    std::string failure;          ///< error_name of why it failed; empty otherwise.
    bool gap_before = false;      ///< A message that this one answers to did not arrive in time.
    std::int64_t edited_ms = 0;   ///< Its text was written anew, by its author's clock; 0: never.
    std::int64_t recalled_ms = 0; ///< It was taken back, and this is a tombstone without text; 0: no.
    std::string recalled_by;      ///< Who did.
    std::int64_t expires_ms = 0;  ///< When it goes by itself, by this device's clock; 0: not, or not begun.
    std::vector<Reactions> reactions;
    bool pinned = false;
    std::uint32_t versions = 0;     ///< Earlier ones that are kept here: request::Versions.
    std::int64_t live_until_ms = 0; ///< Of a live location that still moves: until when, by its author's clock.
    std::int64_t moved_ms = 0;      ///< Of a live location: when it was where `body` says; 0: when it was sent.
};

} // namespace godwit
