// SPDX-License-Identifier: Apache-2.0
// What an application asks for. Every request is answered by exactly one Reply event with its id.
#pragma once

#include <godwit/call.hpp>
#include <godwit/directory.hpp>
#include <godwit/export.hpp>
#include <godwit/file.hpp>
#include <godwit/group.hpp>
#include <godwit/message.hpp>
#include <godwit/notice.hpp>
#include <godwit/report.hpp>
#include <godwit/search.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace godwit::request {

/// Makes an account at a relay and this device its first. Errors: name_taken, invalid_argument, rate_limited,
/// already_registered, relay_key_mismatch, timed_out, update_required.
struct RegisterAccount {
    std::string relay;       ///< godwit://host:port#key, or with the key of an application: godwit://host:port/app#key
    std::string user;        ///< [a-z0-9][a-z0-9._-]{0,31}
    std::string password;    ///< password_bytes_min..password_bytes_max bytes; never leaves this device.
    std::string device_name; ///< Shown to the account's other devices; optional.
};

/// Adds this device to an existing account, or reconnects a logged-out one. Errors as RegisterAccount, and
/// wrong_credentials.
struct Login {
    std::string relay;
    std::string user;
    std::string password;
    std::string device_name;
};

/// Withdraws this device from its account. The history stays on this device.
struct Logout {};

/// Asks `user` to become a contact. When `user` had asked already, this accepts.
struct ContactAdd {
    std::string user;
};
struct ContactAccept {
    std::string user;
};
/// Ends the contact on both sides, or declines or withdraws a request.
struct ContactRemove {
    std::string user;
};
/// No messages, presence, signalling or requests from `user` any more; they are not told.
struct ContactBlock {
    std::string user;
};
struct ContactUnblock {
    std::string user;
};
/// Answers with Reply::contacts, from the local store: works offline.
struct Contacts {};

/// Which conversation: of an account (the own name: notes to oneself), or by its id.
struct Where {
    std::string with;                           ///< An account; empty: `conversation` says it.
    std::optional<ConversationId> conversation; ///< Wins over `with`.
};

/// Sends a post. The reply carries the id once the message is durable here (state accepted); states follow as events.
/// Errors: not_a_contact, message_too_large, invalid_argument (not UTF-8, empty, a field of the body, no such
/// conversation), storage_failed, quota_exceeded, not_registered, account_key_changed, blocked.
struct Send {
    std::string to;   ///< An account; empty: `conversation`.
    std::string text; ///< May be empty beside a body that is no Text.
    std::string key;  ///< Idempotency key: the same key in the same conversation gives the same message id. Optional.
    std::optional<ConversationId> conversation{};
    content::Body body{};                        ///< Of a shown kind (content::is_shown).
    std::optional<MessageId> reply_to{};         ///< A message of this conversation.
    std::optional<content::Lifetime> lifetime{}; ///< Absent: as the conversation's timer says.
    /// Not now but then, by this device's clock, in milliseconds since 1970 UTC; godwit has to run at that time, or
    /// sends it at the next start. The id is the message's to come.
    std::optional<std::int64_t> at_ms{};
};

/// Puts another text in the place of that of an own message. As Send; the reply carries the id of the edit, whose
/// delivery is told like a message's. Errors as Send, as of the next four.
struct Edit {
    MessageId message;
    std::string text;
    std::vector<content::Mention> mentions{};
    std::vector<content::Range> links{};
};
/// Takes a message back: everywhere a tombstone takes its place. One's own, for a time (ClientOptions), or in a group
/// as an admin.
struct Recall {
    MessageId message;
};
/// Removes messages from the history of this account, on all of its devices, with the files that nothing else here
/// refers to. Nobody else hears of it, and what is on its way to others goes on. An event::MessageChanged for each.
/// Works offline. Errors: invalid_argument (none, over removed_max, unknown, of several conversations; one that moves).
struct RemoveMessages {
    std::vector<MessageId> messages; ///< 1…removed_max
};
inline constexpr std::size_t removed_max = 100;
/// Likewise all that this device has of a conversation. It stays in the list, with its settings, draft and timer. A
/// message that comes later stays, even where its author's clock is behind. event::ConversationCleared tells of it.
/// Works offline. Errors: not_a_contact, invalid_argument (no such conversation).
struct ClearConversation {
    Where where;
};
struct React {
    MessageId message;
    std::string emoji;
    bool on = true;
};
struct PinMessage {
    MessageId message;
    bool on = true;
};
/// A live location (content::Location::live_seconds) of this account is elsewhere now. Others are told every
/// live_told_every_ms at most, and of the newest place only; call it as often as the place changes. The reply carries
/// the message. Errors: invalid_argument (no own live location, or it does not move any more), as Send.
struct MoveLocation {
    MessageId message;
    std::int32_t latitude_e7 = 0; ///< As content::Location.
    std::int32_t longitude_e7 = 0;
    std::uint32_t accuracy_m = 0;
};
inline constexpr std::uint32_t live_told_every_ms = 5000;
/// It does not move any more, before its time is over. Errors: as MoveLocation.
struct EndLocation {
    MessageId message;
};
/// What a message said before it was edited, as far as it is kept here, oldest first. Works offline. Errors:
/// invalid_argument (no such message).
struct Versions {
    MessageId message;
};
/// So many earlier versions of each edited message are kept from now on, on all devices of the account; at first 0.
/// What is kept and is more goes when the message is edited next; 0: at once. Errors: invalid_argument
/// (message_versions_max).
struct SetVersions {
    std::uint32_t kept = 0;
};
/// How long own messages can be taken back by request::Recall, on all devices of the account; at first
/// recall_seconds_usual. What is taken back by others is judged by recall_seconds_max alone. Errors: invalid_argument.
struct SetRecallWindow {
    std::uint32_t seconds = 0; ///< 0: not at all; at most recall_seconds_max.
};
inline constexpr std::uint32_t recall_seconds_usual = 48 * 3600;
inline constexpr std::uint32_t recall_seconds_max = 30 * 24 * 3600;
/// From now on what is sent in the conversation, by anybody, has this lifetime.
struct SetTimer {
    Where where;
    content::Lifetime lifetime;
};
/// Sends messages on to another conversation: each as it is, or merged into one. The reply carries the ids.
struct Forward {
    std::vector<MessageId> messages; ///< 1…content::forwarded_max, of one conversation; recalled ones are refused.
    Where to;
    bool merged = false;
    std::string title{}; ///< Of a merged one.
};
/// The user has seen everything up to a message: unread counts follow on all own devices, what burns after reading
/// begins to, and the other side is told if read receipts are on.
struct MarkRead {
    Where where;
    std::optional<MessageId> up_to{}; ///< Absent: the newest.
};
/// The user is writing, or has stopped. Told to accepted contacts who are online, never stored; repeat it every five
/// seconds while it lasts.
struct Typing {
    Where where;
    bool on = true;
};
/// All conversations, the pinned ones first, then by activity. Works offline.
struct Conversations {
    bool hidden = false; ///< The hidden ones too.
};
/// What this account's devices share about a conversation; absent: stays as it is.
struct SetConversation {
    Where where;
    std::optional<std::int64_t> muted_until_ms{}; ///< 0: not muted; INT64_MAX: for good.
    std::optional<bool> pinned{};
    std::optional<bool> archived{};
    std::optional<bool> hidden{};       ///< Comes back with the next message.
    std::optional<bool> receipts{};     ///< Read receipts here, whatever SetReceipts says.
    std::optional<std::string> draft{}; ///< Empty: none.
};
/// Messages to come (Send::at_ms), the earliest first. Works offline.
struct Scheduled {};
/// Errors: invalid_argument (no such message waits: it was sent already).
struct Unschedule {
    MessageId message;
};
/// What this account's devices share about a contact; absent: stays as it is.
struct SetContact {
    std::string user;
    std::optional<std::string> remark{}; ///< What the user calls them, at most remark_bytes_max; empty: none.
    std::optional<std::vector<std::string>> labels{}; ///< Groups of contacts they are in, at most labels_max.
};
inline constexpr std::size_t remark_bytes_max = 256;
inline constexpr std::size_t labels_max = 16;
/// A list that is kept up to date: ViewChanged events tell how it changes, first of all what is in it. The reply
/// carries the watch's number. Errors: quota_exceeded (watches_max), as History.
struct Watch {
    enum class What : std::uint8_t { conversations = 1, messages = 2, contacts = 3 };
    What what = What::conversations;
    Where where{};            ///< Of messages.
    std::uint32_t limit = 50; ///< Of messages: the newest so many; 1…history_limit_max.
    bool hidden = false;      ///< Of conversations: the hidden ones too.
};
struct Unwatch {
    std::uint64_t watch = 0;
};
inline constexpr std::size_t watches_max = 32;
/// Receipts of this account, on at first; what is left out stays as it was. Errors: invalid_argument (both are).
struct SetReceipts {
    std::optional<bool> on{};       ///< Of reading, in all conversations that say nothing else.
    std::optional<bool> delivery{}; ///< Of delivery, to everybody: without, messages to this account end as `sent`.
};

/// A page of a conversation; answers oldest first. At most one of `before`, `after` and `around`, each a message of
/// this conversation; none: the newest page. A page shorter than `limit` has come to that end of the conversation
/// (`around`: to the newest). What comes late stands where it was said, maybe before a message that was read already:
/// Watch tells of it. Works offline. Errors: not_a_contact, invalid_argument (limit; more than one of the three; no
/// such message).
struct History {
    std::string with;                ///< An account; empty: `conversation`.
    std::uint32_t limit = 50;        ///< 1..history_limit_max
    std::optional<MessageId> before; ///< The newest that stand before this one.
    std::optional<ConversationId> conversation{};
    std::optional<MessageId> after{};  ///< The oldest that stand after this one.
    std::optional<MessageId> around{}; ///< This one, up to limit / 2 before it, and the rest after it.
};
inline constexpr std::uint32_t history_limit_max = 1000;

/// The pinned messages of a conversation, a page of them; answers oldest first. A page shorter than `limit` has come to
/// the oldest. What was taken back or has gone is pinned no more. Works offline. Errors: as History.
struct Pinned {
    Where where;
    std::uint32_t limit = 50;          ///< 1..history_limit_max
    std::optional<MessageId> before{}; ///< The newest that stand before this message, pinned or not.
};

/// Finds messages by what they say: their text, names of files, places and people, titles and fields of cards, what a
/// bundle of forwarded messages says. Words match by how they begin, without regard to case and accents; characters of
/// scripts without spaces between words (Chinese, Japanese, Korean, Thai …) anywhere, in a row as given. A message has
/// all words, in any order. What was taken back, has gone by its lifetime or was edited away is not found any more.
/// Works offline. Errors: invalid_argument (text empty, over-long or nothing but signs; more than search_words_max
/// words; no such conversation or kind), not_a_contact.
struct Search {
    std::string text;                       ///< 1…search_text_bytes_max bytes of UTF-8.
    Where where{};                          ///< Only in this conversation; empty: everywhere.
    std::string from{};                     ///< Only what this account wrote; empty: anybody.
    std::vector<std::string> kinds{};       ///< Only these, by content::kind_name of a shown kind; empty: any.
    std::optional<std::int64_t> since_ms{}; ///< Only sent (Message::sent_ms) then or later …
    std::optional<std::int64_t> until_ms{}; ///< … and before then.
    std::uint32_t limit = 50;               ///< 1…search_limit_max
    std::uint64_t before = 0;               ///< SearchResults::next of the page before; 0: the first page.
};

/// The devices of this account. Works offline.
struct Devices {};
/// Lets a device in that shows `code` (LinkCode there), without the password. It gets the account's secret, sealed for
/// it alone. Errors: invalid_argument, not_connected (nobody waits with this code), quota_exceeded, conflict.
struct DeviceLink {
    std::string code;
};
/// For a new device: the reply is a code to show to a device of the account (as text or QR), good for link_code_ms_max.
/// A Linked event follows when it has been let in. Errors: already_registered, timed_out, relay_key_mismatch.
struct LinkCode {
    std::string relay;       ///< godwit://host:port#key
    std::string device_name; ///< Shown to the account's other devices; optional.
};
inline constexpr std::uint32_t link_code_ms_max = 5 * 60 * 1000;
/// Withdraws another device of this account: it leaves every conversation. Errors: invalid_argument (no such device, or
/// this one: log out instead), conflict.
struct DeviceRevoke {
    DeviceId device;
};
/// What to compare with a contact. Works offline. Errors: not_a_contact.
struct SafetyNumber {
    std::string with;
};
/// Says that the keys were compared and are right, or (`verified` false) takes that back. `code` is what was compared:
/// what their device shows as verification code, or the safety number that the user has compared (spaces do not count),
/// as this device showed it. godwit compares it with the keys of now, so that another key that came meanwhile is not
/// taken for the one that was looked at. Errors: not_a_contact, invalid_argument (nothing was compared),
/// authentication_failed (these are not the keys of now).
struct Verify {
    std::string with;
    bool verified = true;
    std::string code; ///< Empty only to take it back.
};

/// Takes a copy of a file of the user's, encrypted, and names it by its content. The reply, when that is done, is its
/// FileInfo: what a message refers to it by. Errors: invalid_argument (no such file, or no ordinary one),
/// quota_exceeded (longer than file_bytes_max), storage_failed, conflict (it changed while it was read), busy.
struct FileAdd {
    std::string path;
    std::string name;       ///< Empty: that of the path.
    std::string media_type; ///< RFC 6838; optional.
};
/// Gets a file that a message refers to, from whoever has it, as soon as somebody can be reached. Answers at once;
/// FileProgress and FileDone follow. Errors: no_such_file (no message refers to it).
struct FileFetch {
    FileId file;
};
/// Writes a file that is whole to where the user wants it: under `path`, or with its own name into the folder `path`.
/// The reply comes when it is durable there. Errors: no_such_file, conflict (there is one, and not `replace`),
/// invalid_argument, storage_failed, busy.
struct FileSave {
    FileId file;
    std::string path;
    bool replace = false;
};
/// What is here stays, nothing more is asked for, also after a restart.
struct FilePause {
    FileId file;
};
struct FileResume {
    FileId file;
};
/// Removes what is here of it. A message that refers to it can fetch it again, as long as somebody else has it.
struct FileCancel {
    FileId file;
};
/// Every file that a message refers to or that was added. Works offline.
struct Files {};
/// Bytes a second that files may take, together; 0: without bound. Messages are not counted. Kept.
struct SetRate {
    std::uint64_t up_bytes_per_s = 0;
    std::uint64_t down_bytes_per_s = 0;
};
/// What is in a pack of stickers that is here whole. The reply: StickerPackInfo. Works offline. Errors: no_such_file
/// (no such file, or not whole yet: fetch it), invalid_argument (it is no pack).
struct StickerPack {
    FileId file;
};
/// One of them, to be shown. The reply: StickerPicture. Works offline. Errors: as StickerPack; invalid_argument (there
/// is none of that name).
struct StickerImage {
    FileId file;
    std::string name;
};
/// Files up to so many bytes are fetched as soon as a message refers to them; 0: none. Kept.
struct SetAutoFetch {
    std::uint64_t bytes_max = 0;
};

/// Writes the history into a file, sealed with a passphrase: all of it, or what has come and changed since the last
/// archive that this home made. No keys are in it, and no files. The reply, when it is durable, is its ArchiveInfo;
/// ArchiveProgress meanwhile. Works offline. Errors: invalid_argument (passphrase of 8 to 1024 bytes, path, nothing to
/// go on from), conflict (there is one, and not `replace`), storage_failed, busy (one at a time), not_registered.
struct ArchiveMake {
    std::string path;
    std::string passphrase;
    bool changes_only = false;
    bool replace = false;
};
/// Merges an archive of this account into the history. May be repeated, and broken off: what is here already stays as
/// it is. Errors: wrong_key (another passphrase), storage_corrupt (damaged: what stands before was merged), malformed
/// (no archive), storage_too_new, invalid_argument (of another account), storage_failed, busy, not_registered.
struct ArchiveRead {
    std::string path;
    std::string passphrase;
    bool check_only = false; ///< Reads all of it and merges nothing.
};
/// Ends the one that is made or read, whose reply is `cancelled`.
struct ArchiveCancel {};
/// Asks the account's other devices for the history: they tell their users (HistoryWanted). HistoryReceived follows if
/// one of them says yes. Errors: not_connected, invalid_argument (there is no other device), unsupported (no place for
/// files).
struct HistoryAsk {};
/// Gives the history to another device of this account, which merges it: sealed, as a file, from device to device. The
/// reply comes when it is made; HistoryTaken when the other device has it. Errors: invalid_argument (no such device),
/// busy, storage_failed.
struct HistorySend {
    DeviceId device;
};

/// Makes a group of contacts, with this account as its owner. The reply, when the relay has it, is its conversation;
/// the named come in as their devices are reached. Needs a connection, as all that changes a group. Errors:
/// invalid_argument, not_a_contact (a name that is no accepted contact), account_key_changed, not_connected,
/// quota_exceeded, timed_out.
struct GroupCreate {
    ConversationKind kind = ConversationKind::group; ///< group, discussion or channel.
    std::string name;
    std::vector<std::string> members; ///< Without this account; at most group_invites_max.
    std::string about{};
    Role invite = Role::admin;
    JoinRule join = JoinRule::closed;
    std::int64_t expires_ms = 0; ///< Of a discussion, and of nothing else: when it ends, in ms since 1970 UTC.
};
/// Takes contacts in. Errors: as GroupCreate; and of all changes from here on not_allowed, rate_limited (for `retry`).
struct GroupInvite {
    ConversationId conversation;
    std::vector<std::string> users; ///< 1…group_invites_max.
};
struct GroupRemove {
    ConversationId conversation;
    std::vector<std::string> users;
};
/// The history stays. The owner hands the group over first, or dissolves it.
struct GroupLeave {
    ConversationId conversation;
};
/// The owner makes somebody admin or member again; or owner, being an admin from then on.
struct GroupRole {
    ConversationId conversation;
    std::string user;
    Role role = Role::member;
};
/// Who is muted may read and not write.
struct GroupMute {
    ConversationId conversation;
    std::string user;          ///< Empty: all who are no admins.
    std::int64_t until_ms = 0; ///< 0: may write again. Of all: anything else is for good.
};
/// Absent: stays as it is.
struct GroupSet {
    ConversationId conversation;
    std::optional<std::string> name{};
    std::optional<std::string> about{};
    std::optional<std::string> announcement{};
    std::optional<content::FileRef> avatar{}; ///< A zero id: none.
    std::optional<Role> invite{};
    std::optional<JoinRule> join{};
    std::optional<bool> receipts{};
};
/// A discussion becomes a group, and does not end. By its owner.
struct GroupPromote {
    ConversationId conversation;
};
/// Nobody says anything there any more. By the owner.
struct GroupDissolve {
    ConversationId conversation;
};
/// The reply is its GroupInfo. Works offline. Errors: invalid_argument (no such group).
struct GroupAbout {
    ConversationId conversation;
};
/// What lets others in, as a text to be passed on; the reply is that text. Errors: not_allowed.
struct GroupLink {
    ConversationId conversation;
    bool renew = false; ///< What was given out before lets nobody in any more.
};
/// Asks to be let in by a link. The reply is the conversation; a GroupChanged event follows when it has been done.
/// Errors: invalid_argument (not a link; a group at another relay), no_such_user (the relay knows no such group),
/// conflict (in already), quota_exceeded (too many ask).
struct GroupJoin {
    std::string link;
    std::string text{}; ///< To those who decide; at most group_join_text_bytes_max.
};
/// Says yes or no to somebody who asks to be let in. Errors: invalid_argument (nobody of this name asks).
struct GroupAnswer {
    ConversationId conversation;
    std::string user;
    bool accept = true;
};
/// Who has a message, and which way it went there; also of a conversation of two. Works offline. Errors:
/// invalid_argument (no such message of this account).
struct Deliveries {
    MessageId message;
};

/// What the operator of the relay has said, newest first; also what is over. The newest notices_kept_max are kept.
/// Works offline. Errors: invalid_argument (limit, before).
struct Notices {
    std::uint32_t limit = 50;         ///< 1…notices_kept_max
    std::optional<NoticeId> before{}; ///< Exclusive; absent: the newest.
};
inline constexpr std::uint32_t notices_kept_max = 256;
/// The user has seen the notices up to this one; all devices of the account hear of it. Errors: invalid_argument (there
/// is none of this id).
struct MarkNoticesRead {
    std::optional<NoticeId> up_to{}; ///< Absent: the newest.
};

/// Tells the operator of the relay about somebody, about a group, or about messages. It is for the operator's eyes and
/// not end-to-end encrypted; what is said of messages is this user's word, and nothing proves it. Errors:
/// invalid_argument (nothing named; text; no such messages), no_such_user, not_connected, rate_limited,
/// quota_exceeded (too many of this account's are open).
struct Report {
    std::string user;                             ///< Whom it is about; empty: `conversation` says.
    std::optional<ConversationId> conversation{}; ///< The group it is about, or where it happened.
    ReportReason reason = ReportReason::other;
    std::string text{};                ///< In the user's own words; at most report_text_bytes_max.
    std::vector<MessageId> messages{}; ///< Of one conversation; at most report_messages_max.
    bool with_content = false;         ///< What they say, too; otherwise only who wrote them, and when.
};
/// What is in a department of the organisation's directory, or who is found in it. The reply is a DirectoryPage.
/// Errors: invalid_argument, no_such_file (no such department), not_allowed (the relay does not show it),
/// not_connected.
struct Directory {
    std::uint64_t department = 0; ///< 0: the organisation itself.
    std::string find{};           ///< What a user or a full name begins with, of any department; empty: not looked for.
    std::string after{};          ///< The last user of the page before; empty: the first page.
};

struct Status {};
/// The host says that addresses or the default route changed: reconnect now, without back-off.
struct NetworkChanged {};
struct SetPolicy {
    PathPolicy path = PathPolicy::direct_first;
};

/// For tests and demonstrations: drops every datagram of direct paths on this device, both ways, as a firewall would.
struct Fault {
    bool drop_direct = false;
};

using Any =
    std::variant<RegisterAccount, Login, Logout, ContactAdd, ContactAccept, ContactRemove, ContactBlock, ContactUnblock,
                 Contacts, Send, Edit, Recall, RemoveMessages, ClearConversation, React, PinMessage, MoveLocation,
                 EndLocation, Versions, SetVersions, SetRecallWindow, SetTimer, Forward, MarkRead, Typing,
                 Conversations, SetConversation, SetReceipts, Scheduled, Unschedule, SetContact, Watch, Unwatch,
                 History, Pinned, Search, Devices, DeviceLink, LinkCode, DeviceRevoke, SafetyNumber, Verify, FileAdd,
                 FileFetch, FileSave, FilePause, FileResume, FileCancel, Files, StickerPack, StickerImage, SetRate,
                 SetAutoFetch, ArchiveMake, ArchiveRead, ArchiveCancel, HistoryAsk, HistorySend, GroupCreate,
                 GroupInvite, GroupRemove, GroupLeave, GroupRole, GroupMute, GroupSet, GroupPromote, GroupDissolve,
                 GroupAbout, GroupLink, GroupJoin, GroupAnswer, Deliveries, Notices, MarkNoticesRead, CallPlace,
                 CallAnswer, CallReject, CallHangUp, CallSetMedia, CallStats, Calls, CallDeviceList, Report, Directory,
                 Status, NetworkChanged, SetPolicy, Fault>;

} // namespace godwit::request

namespace godwit {
/// A type of its own, so that one more request does not change the name of what takes it; how it is copied, moved and
/// destroyed is compiled once, in the library.
struct GODWIT_API Request : request::Any {
    using request::Any::Any;
    using request::Any::operator=;
    Request() noexcept;
    Request(const Request& other);
    Request(Request&& other) noexcept;
    Request& operator=(const Request& other);
    Request& operator=(Request&& other) noexcept;
    ~Request();
};
} // namespace godwit
