// SPDX-License-Identifier: Apache-2.0
// What a client tells its application, on one ordered queue. Events that carry durable facts come after their commit.
#pragma once

#include <godwit/archive.hpp>
#include <godwit/call.hpp>
#include <godwit/directory.hpp>
#include <godwit/export.hpp>
#include <godwit/file.hpp>
#include <godwit/group.hpp>
#include <godwit/message.hpp>
#include <godwit/notice.hpp>
#include <godwit/result.hpp>
#include <godwit/search.hpp>
#include <godwit/sticker.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace godwit {

enum class ContactState : std::uint8_t {
    requested = 1, ///< We asked; they have not answered.
    incoming = 2,  ///< They asked; contact_accept or contact_remove answers.
    accepted = 3,
    blocked = 4, ///< By us.
};

[[nodiscard]] constexpr std::string_view contact_state_name(ContactState state) noexcept
{
    switch (state) {
    case ContactState::requested: return "requested";
    case ContactState::incoming: return "incoming";
    case ContactState::accepted: return "accepted";
    case ContactState::blocked: return "blocked";
    }
    return "requested";
}

struct Contact {
    std::string user;
    ContactState state = ContactState::requested;
    bool online = false; ///< False while we are not connected ourselves.
    std::uint32_t device_count = 0;
    Path path = Path::none;   ///< Best live path to any of their devices now.
    std::string path_reason;  ///< Why that one.
    PublicKey account_key;    ///< Pinned at first sight; zero until known.
    bool key_changed = false; ///< The relay now shows another key: sending is stopped until removed and added again.
    bool verified = false;    ///< The user has compared the safety number; ends when the key changes.
    std::string remark;       ///< What the user calls them; empty: nothing else.
    std::vector<std::string> labels;
};

/// A row of the list of conversations.
struct Conversation {
    ConversationId id;
    ConversationKind kind = ConversationKind::direct;
    std::string with;             ///< Of two: the other account.
    std::string title;            ///< What to show: a remark, a group's name, or the account.
    Role own_role = Role::owner;  ///< In a group; none: not in it any more.
    std::uint32_t members = 0;    ///< Accounts of a group; of other conversations 0.
    std::optional<Message> last;  ///< The newest message.
    std::int64_t activity_ms = 0; ///< When something was shown in it last.
    std::uint32_t unread = 0;     ///< Counted up to unread_max.
    std::int64_t muted_until_ms = 0;
    bool pinned = false;
    bool archived = false;
    bool hidden = false;
    bool receipts = true;
    std::string draft;
    content::Lifetime timer;
    struct ReadBy {
        std::string user;
        MessageId up_to; ///< Everything up to this message was read.
    };
    std::vector<ReadBy> read_by; ///< Of the others, as far as they tell.
};
inline constexpr std::uint32_t unread_max = 1000;

/// A message that will be sent by itself.
struct ScheduledMessage {
    MessageId id; ///< It will have.
    ConversationId conversation;
    std::string with;
    std::int64_t at_ms = 0;
    std::string text;
    content::Body body;
};

/// One device of the own account.
struct Device {
    DeviceId id;
    std::string name;
    std::int64_t created_ms = 0; ///< When it was certified.
    bool current = false;        ///< This one.
    bool online = false;         ///< This one: connected to the relay.
};

/// What two people compare to be sure that nobody stands between them.
struct SafetyNumber {
    std::string number; ///< 60 digits in twelve groups, the same on both sides.
    std::string code;   ///< For a QR code; the other side gives it to Verify.
    bool verified = false;
};

/// Something that only an attacker, a faulty relay or a restored backup brings about, or that widens who can read.
enum class SecurityKind : std::uint8_t {
    account_key_changed = 1,  ///< Another account key than the known one: nothing is sent until the user accepts it.
    device_added = 2,         ///< A contact or this account has one more device. Normal, and worth showing.
    device_removed = 3,       ///< ... one less.
    device_list_rollback = 4, ///< The relay shows an older device list than was known; it is ignored.
    device_list_conflict = 5, ///< Two device lists of one version, or one that its account has not signed; ignored.
    key_package_invalid = 6,  ///< The relay handed out a KeyPackage that is not the device's; it is not used.
    commit_rejected = 7,      ///< A change of a conversation's group was not valid; its epoch is open again.
    group_forked = 8,         ///< Members were shown different changes of a group; this device joined again.
    group_rejoined = 9,       ///< This device fell out of a conversation's group and joined again by itself.
    commit_withheld = 10,     ///< Messages of a later epoch came, and the commit that leads there does not.
    message_unopenable = 11,  ///< A message did not open, and its sender was asked to seal it anew.
    message_forged = 12,      ///< Something sealed was altered, replayed or not from whom it claims; it is dropped.
    device_unlisted = 13,     ///< A device that its account does not list was in the group; it is removed before
                              ///< anything is sealed.
    group_invalid = 14,       ///< An invitation to a group that is not that of its accounts was refused.
    device_evicted = 15,      ///< A device that its account lists was put out of a group by another account.
};
[[nodiscard]] constexpr std::string_view security_kind_name(SecurityKind kind) noexcept
{
    switch (kind) {
    case SecurityKind::account_key_changed: return "account_key_changed";
    case SecurityKind::device_added: return "device_added";
    case SecurityKind::device_removed: return "device_removed";
    case SecurityKind::device_list_rollback: return "device_list_rollback";
    case SecurityKind::device_list_conflict: return "device_list_conflict";
    case SecurityKind::key_package_invalid: return "key_package_invalid";
    case SecurityKind::commit_rejected: return "commit_rejected";
    case SecurityKind::group_forked: return "group_forked";
    case SecurityKind::group_rejoined: return "group_rejoined";
    case SecurityKind::commit_withheld: return "commit_withheld";
    case SecurityKind::message_unopenable: return "message_unopenable";
    case SecurityKind::message_forged: return "message_forged";
    case SecurityKind::device_unlisted: return "device_unlisted";
    case SecurityKind::group_invalid: return "group_invalid";
    case SecurityKind::device_evicted: return "device_evicted";
    }
    return "unknown";
}

enum class RelayTransport : std::uint8_t { none = 0, quic = 1, tls = 2 };

struct StatusReport {
    std::string user;  ///< Empty: not registered.
    std::string relay; ///< Address as given.
    DeviceId device;
    bool connected = false;
    RelayTransport over = RelayTransport::none;
    std::string connection_detail; ///< Why not connected, or the address the relay sees.
    PathPolicy policy = PathPolicy::direct_first;
    std::uint64_t outbox_messages = 0;      ///< Accepted, not yet delivered or failed.
    std::uint64_t content_bytes_direct = 0; ///< Sealed content sent since open, per path.
    std::uint64_t content_bytes_turned = 0;
    std::uint64_t content_bytes_mailbox = 0;
    std::uint64_t frames_rejected = 0; ///< Nonsense dropped since open.
    std::string client_version;
};

namespace event {

using AnyReply =
    std::variant<std::monostate, MessageId, std::vector<Contact>, std::vector<Message>, StatusReport,
                 std::vector<Device>, SafetyNumber, std::string, std::vector<Conversation>, std::vector<MessageId>,
                 std::vector<ScheduledMessage>, std::uint64_t, FileInfo, std::vector<FileInfo>, SavedFile, ArchiveInfo,
                 GroupInfo, std::vector<DeliveryReport>, ConversationId, SearchResults, std::vector<Notice>, CallId,
                 std::vector<CallInfo>, CallStatistics, std::vector<MessageVersion>, DirectoryPage,
                 std::vector<CallDevice>, StickerPackInfo, StickerPicture>;
/// What a request asked for; as Event: copied, moved and destroyed in the library.
struct GODWIT_API ReplyValue : AnyReply {
    using AnyReply::AnyReply;
    using AnyReply::operator=;
    ReplyValue() noexcept;
    ReplyValue(const ReplyValue& other);
    ReplyValue(ReplyValue&& other) noexcept;
    ReplyValue& operator=(const ReplyValue& other);
    ReplyValue& operator=(ReplyValue&& other) noexcept;
    ~ReplyValue();
};
/// The answer to one request.
struct Reply {
    RequestId id = 0;
    Error error{ErrorCode::ok, {}, 0}; ///< code ok: it worked.
    ReplyValue value;                  ///< The string: LinkCode's code.
};

/// A message came in; it is in the history. Repeated after a restart until the application took the next event.
struct MessageReceived {
    Message message;
};

/// An outgoing message moved on. Also for messages that this account's other devices wrote: `sent`,
/// and only the device that wrote one learns more.
struct MessageStateChanged {
    MessageId id;
    std::string with;
    MessageState state = MessageState::accepted;
    Path path = Path::none;
    std::string reason; ///< Why this path; or the error name when failed.
    /// Since accepted, on this device's monotonic clock; 0 when accepted before this run.
    std::uint64_t elapsed_us = 0;
    ConversationId conversation{};
};

/// A message stands otherwise than before: it was edited, recalled, reacted to, pinned, has gone by its lifetime, or
/// was removed on this or another device of this account; a live location moved; or another own device has sent it.
/// What it says now is in `message`. Told once, after its commit; who was not running reads it in the history.
struct MessageChanged {
    enum class What : std::uint8_t {
        edited = 1,
        recalled = 2,
        reactions = 3,
        pinned = 4,
        expired = 5,
        sent = 6,
        moved = 7,
        removed = 8, ///< From this account's history, which it has left.
    };
    What what{};
    Message message;
};
[[nodiscard]] constexpr std::string_view change_name(MessageChanged::What what) noexcept
{
    switch (what) {
    case MessageChanged::What::edited: return "edited";
    case MessageChanged::What::recalled: return "recalled";
    case MessageChanged::What::reactions: return "reactions";
    case MessageChanged::What::pinned: return "pinned";
    case MessageChanged::What::expired: return "expired";
    case MessageChanged::What::sent: return "sent";
    case MessageChanged::What::moved: return "moved";
    case MessageChanged::What::removed: return "removed";
    }
    return "edited";
}
/// `user` has read everything up to a message; the own name: on another device.
struct ReadUpTo {
    ConversationId conversation;
    std::string with; ///< As in Message.
    std::string user;
    MessageId up_to;
};
struct TypingChanged {
    ConversationId conversation;
    std::string with;
    std::string user;
    bool on = false; ///< Off also when nothing was heard for a while.
};
/// request::ClearConversation, here or on another device of this account: what stood in the history up to and including
/// this message has left it. What came late may still stand there.
struct ConversationCleared {
    ConversationId conversation;
    std::string with; ///< As in Message.
    MessageId up_to;
};
/// What is shared about a conversation is another: settings, draft, timer.
struct ConversationChanged {
    Conversation conversation;
};

/// How a watched list changes (request::Watch): apply the steps in order.
struct ViewChanged {
    struct Step {
        enum class Op : std::uint8_t { insert = 1, update = 2, move = 3, remove = 4 };
        Op op{};
        std::uint32_t index = 0; ///< In the list after the steps before this one; of a move: to where.
        std::uint32_t from = 0;  ///< Of a move.
        std::variant<std::monostate, Conversation, Message, Contact> item; ///< Of insert and update.
    };
    std::uint64_t watch = 0;
    std::vector<Step> steps;
};
[[nodiscard]] constexpr std::string_view step_name(ViewChanged::Step::Op op) noexcept
{
    switch (op) {
    case ViewChanged::Step::Op::insert: return "insert";
    case ViewChanged::Step::Op::update: return "update";
    case ViewChanged::Step::Op::move: return "move";
    case ViewChanged::Step::Op::remove: return "remove";
    }
    return "update";
}

struct Presence {
    std::string user;
    bool online = false;
};
struct ContactRequest {
    std::string user;
};
struct ContactAccepted {
    std::string user;
};
struct ContactRemoved {
    std::string user;
};
/// See SecurityKind. Shown once for each cause; nothing secret is in it.
struct Security {
    SecurityKind kind{};
    std::string user; ///< Whose account or conversation; the own name for own devices.
    DeviceId device;  ///< Zero: none in particular.
    std::string detail;
};
/// This device, which had asked for a LinkCode, is now one of `user`'s.
struct Linked {
    std::string user;
};

struct Connected {
    std::string relay;
    RelayTransport over = RelayTransport::none;
};
struct Disconnected {
    Error reason;
    std::uint64_t retry_in_ms = 0;
};
/// From the relay's configuration, at each login.
struct Update {
    bool required = false;
    std::string version;
};
/// The best path to a contact changed.
struct PathChanged {
    std::string user;
    Path path = Path::none;
    std::string reason;
};
/// The relay does not know this device: revoked elsewhere or lost (device_revoked: log in), or the account is gone
/// (not_registered: register). `reason.detail` says which.
struct LoggedOut {
    Error reason;
};
/// More of a file has come, or comes from somebody else now. A few times a second at most.
struct FileProgress {
    FileInfo file;
};
/// A file that was asked for is whole.
struct FileDone {
    FileInfo file;
};
/// A file that was asked for is not going to come: cancelled, or what refers to it was taken back.
struct FileFailed {
    FileInfo file;
    Error why;
};
/// An archive is being made or read. Once a megabyte.
struct ArchiveProgress {
    bool reading = false;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_total = 0; ///< 0: not known, while it is made.
};
/// Another device of this account has asked for the history: HistorySend gives it.
struct HistoryWanted {
    DeviceId device;
    std::string device_name;
};
/// The history that HistorySend gave to this device is merged there.
struct HistoryTaken {
    DeviceId device;
};
/// The history that another device of this account has sent was merged into the one here.
struct HistoryReceived {
    DeviceId from;
    ArchiveInfo archive;
};
/// A group stands otherwise than before, by what `by` did.
struct GroupChanged {
    enum class What : std::uint8_t {
        joined = 1,   ///< This account is in it now.
        added = 2,    ///< `users` are.
        removed = 3,  ///< `users` are not any more, because of `by`; or have left, when they are `by`.
        rules = 4,    ///< Roles, who is muted, who may come in.
        profile = 5,  ///< Name, about, announcement, avatar.
        promoted = 6, ///< A discussion is a group now.
        closed = 7,   ///< Dissolved, over, or this account is not in it any more.
    };
    What what{};
    ConversationId conversation;
    std::string name; ///< Of the group.
    std::string by;   ///< An account; empty: time, or not known.
    std::vector<std::string> users;
};
[[nodiscard]] constexpr std::string_view group_change_name(GroupChanged::What what) noexcept
{
    switch (what) {
    case GroupChanged::What::joined: return "joined";
    case GroupChanged::What::added: return "added";
    case GroupChanged::What::removed: return "removed";
    case GroupChanged::What::rules: return "rules";
    case GroupChanged::What::profile: return "profile";
    case GroupChanged::What::promoted: return "promoted";
    case GroupChanged::What::closed: return "closed";
    }
    return "rules";
}
/// Somebody asks to be let in: GroupAnswer says yes or no.
struct GroupAsked {
    ConversationId conversation;
    std::string name; ///< Of the group.
    GroupApplicant applicant;
};
/// This account, which asked to be let in, was not.
struct GroupRefused {
    enum class Why : std::uint8_t {
        refused = 1, ///< Somebody said no. It may ask again a day after it asked.
        stale_link =
            2, ///< The link was renewed, or the group lets nobody in by link now. With a new one it may ask at once.
    };
    ConversationId conversation;
    Why why = Why::refused;
};
/// The operator of the relay says something, to this account or to all: not end-to-end encrypted, and no message. Told
/// once, after its commit; who was not running finds it among the notices.
struct NoticeReceived {
    Notice notice;
};
/// It was taken back: it is not among the notices any more.
struct NoticeWithdrawn {
    NoticeId id;
};
/// On another device of this account the notices were read, up to this one.
struct NoticesRead {
    NoticeId up_to;
};
/// Something the user should know: local disk full, damaged rows, clock far off.
struct Warning {
    Error what;
};

using Any =
    std::variant<Reply, MessageReceived, MessageStateChanged, MessageChanged, ReadUpTo, TypingChanged,
                 ConversationCleared, ConversationChanged, ViewChanged, Presence, ContactRequest, ContactAccepted,
                 ContactRemoved, Security, Linked, Connected, Disconnected, Update, PathChanged, LoggedOut,
                 FileProgress, FileDone, FileFailed, ArchiveProgress, HistoryWanted, HistoryTaken, HistoryReceived,
                 GroupChanged, GroupAsked, GroupRefused, NoticeReceived, NoticeWithdrawn, NoticesRead, CallIncoming,
                 CallChanged, CallPeerMedia, CallMemberChanged, CallEnded, CallQuality, Warning>;

} // namespace event

/// As Request: copied, moved and destroyed in the library.
struct GODWIT_API Event : event::Any {
    using event::Any::Any;
    using event::Any::operator=;
    Event() noexcept;
    Event(const Event& other);
    Event(Event&& other) noexcept;
    Event& operator=(const Event& other);
    Event& operator=(Event&& other) noexcept;
    ~Event();
};

} // namespace godwit
