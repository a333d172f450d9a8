// SPDX-License-Identifier: Apache-2.0
// Made by tools/schema.py from schema/: change it there.
#include "lib/json/events.hpp"

#include "lib/json/put.hpp"

#include <variant>

namespace godwit::json {
namespace {

// clang-format off
struct PutEvent {
    Writer& out;

    void operator()(const event::Reply&) const { put(out, "event", std::string_view("reply")); } // render_reply
    void operator()(const event::MessageReceived& it) const
    {
        put(out, "event", std::string_view("message"));
        members(out, it.message);
    }
    void operator()(const event::MessageStateChanged& it) const
    {
        put(out, "event", std::string_view("message_state"));
        put(out, "message", it.id);
        put(out, "with", it.with);
        put(out, "state", it.state);
        put(out, "path", it.path);
        put(out, "reason", it.reason);
        put(out, "elapsed_us", it.elapsed_us);
        put(out, "conversation", it.conversation);
    }
    void operator()(const event::MessageChanged& it) const
    {
        put(out, "event", std::string_view("message_changed"));
        put(out, "what", it.what);
        members(out, it.message);
    }
    void operator()(const event::ReadUpTo& it) const
    {
        put(out, "event", std::string_view("read"));
        put(out, "conversation", it.conversation);
        put(out, "with", it.with);
        put(out, "user", it.user);
        put(out, "up_to", it.up_to);
    }
    void operator()(const event::ConversationCleared& it) const
    {
        put(out, "event", std::string_view("conversation_cleared"));
        put(out, "conversation", it.conversation);
        put(out, "with", it.with);
        put(out, "up_to", it.up_to);
    }
    void operator()(const event::TypingChanged& it) const
    {
        put(out, "event", std::string_view("typing"));
        put(out, "conversation", it.conversation);
        put(out, "with", it.with);
        put(out, "user", it.user);
        put(out, "on", it.on);
    }
    void operator()(const event::ConversationChanged& it) const
    {
        put(out, "event", std::string_view("conversation"));
        members(out, it.conversation);
    }
    void operator()(const event::ViewChanged& it) const
    {
        put(out, "event", std::string_view("view"));
        put(out, "watch", it.watch);
        put(out, "steps", it.steps);
    }
    void operator()(const event::Presence& it) const
    {
        put(out, "event", std::string_view("presence"));
        put(out, "user", it.user);
        put(out, "online", it.online);
    }
    void operator()(const event::ContactRequest& it) const
    {
        put(out, "event", std::string_view("contact_request"));
        put(out, "user", it.user);
    }
    void operator()(const event::ContactAccepted& it) const
    {
        put(out, "event", std::string_view("contact_accepted"));
        put(out, "user", it.user);
    }
    void operator()(const event::ContactRemoved& it) const
    {
        put(out, "event", std::string_view("contact_removed"));
        put(out, "user", it.user);
    }
    void operator()(const event::Security& it) const
    {
        put(out, "event", std::string_view("security"));
        put(out, "kind", it.kind);
        put(out, "user", it.user);
        put_or_null(out, "device", it.device);
        put(out, "detail", it.detail);
    }
    void operator()(const event::Linked& it) const
    {
        put(out, "event", std::string_view("linked"));
        put(out, "user", it.user);
    }
    void operator()(const event::Connected& it) const
    {
        put(out, "event", std::string_view("connected"));
        put(out, "relay", it.relay);
        put(out, "over", it.over);
    }
    void operator()(const event::Disconnected& it) const
    {
        put(out, "event", std::string_view("disconnected"));
        put(out, "error", it.reason);
        put(out, "retry_in_ms", it.retry_in_ms);
    }
    void operator()(const event::Update& it) const
    {
        put(out, "event", std::string_view("update"));
        put(out, "required", it.required);
        put(out, "version", it.version);
    }
    void operator()(const event::PathChanged& it) const
    {
        put(out, "event", std::string_view("path"));
        put(out, "user", it.user);
        put(out, "path", it.path);
        put(out, "reason", it.reason);
    }
    void operator()(const event::LoggedOut& it) const
    {
        put(out, "event", std::string_view("logged_out"));
        put(out, "error", it.reason);
    }
    void operator()(const event::FileProgress& it) const
    {
        put(out, "event", std::string_view("file_progress"));
        members(out, it.file);
    }
    void operator()(const event::FileDone& it) const
    {
        put(out, "event", std::string_view("file_done"));
        members(out, it.file);
    }
    void operator()(const event::FileFailed& it) const
    {
        put(out, "event", std::string_view("file_failed"));
        members(out, it.file);
        put(out, "error", it.why);
    }
    void operator()(const event::ArchiveProgress& it) const
    {
        put(out, "event", std::string_view("archive_progress"));
        put(out, "reading", it.reading);
        put(out, "bytes", it.bytes);
        put(out, "bytes_total", it.bytes_total);
    }
    void operator()(const event::HistoryWanted& it) const
    {
        put(out, "event", std::string_view("history_wanted"));
        put(out, "device", it.device);
        put(out, "name", it.device_name);
    }
    void operator()(const event::HistoryTaken& it) const
    {
        put(out, "event", std::string_view("history_taken"));
        put(out, "device", it.device);
    }
    void operator()(const event::HistoryReceived& it) const
    {
        put(out, "event", std::string_view("history_received"));
        put(out, "from", it.from);
        put(out, "archive", it.archive);
    }
    void operator()(const event::GroupChanged& it) const
    {
        put(out, "event", std::string_view("group"));
        put(out, "what", it.what);
        put(out, "conversation", it.conversation);
        put(out, "name", it.name);
        put(out, "by", it.by);
        put(out, "users", it.users);
    }
    void operator()(const event::GroupAsked& it) const
    {
        put(out, "event", std::string_view("group_asked"));
        put(out, "conversation", it.conversation);
        put(out, "name", it.name);
        members(out, it.applicant);
    }
    void operator()(const event::GroupRefused& it) const
    {
        put(out, "event", std::string_view("group_refused"));
        put(out, "conversation", it.conversation);
        put(out, "why", it.why);
    }
    void operator()(const event::NoticeReceived& it) const
    {
        put(out, "event", std::string_view("notice_received"));
        members(out, it.notice);
    }
    void operator()(const event::NoticeWithdrawn& it) const
    {
        put(out, "event", std::string_view("notice_withdrawn"));
        put(out, "notice", it.id);
    }
    void operator()(const event::NoticesRead& it) const
    {
        put(out, "event", std::string_view("notices_read"));
        put(out, "up_to", it.up_to);
    }
    void operator()(const event::CallIncoming& it) const
    {
        put(out, "event", std::string_view("call_incoming"));
        members(out, it.call);
    }
    void operator()(const event::CallChanged& it) const
    {
        put(out, "event", std::string_view("call_state"));
        members(out, it.call);
    }
    void operator()(const event::CallPeerMedia& it) const
    {
        put(out, "event", std::string_view("call_media"));
        members(out, it.call);
        put(out, "upgrade", it.upgrade);
    }
    void operator()(const event::CallMemberChanged& it) const
    {
        put(out, "event", std::string_view("call_member"));
        members(out, it.call);
        put(out, "member", it.member);
        put(out, "what", it.what);
    }
    void operator()(const event::CallEnded& it) const
    {
        put(out, "event", std::string_view("call_ended"));
        members(out, it.call);
        put(out, "outcome", it.outcome);
    }
    void operator()(const event::CallQuality& it) const
    {
        put(out, "event", std::string_view("call_quality"));
        put(out, "call", it.call);
        members(out, it.statistics);
    }
    void operator()(const event::Warning& it) const
    {
        put(out, "event", std::string_view("warning"));
        put(out, "error", it.what);
    }
};

struct PutReply {
    Writer& out;

    void operator()(std::monostate) const {}
    void operator()(const std::vector<Contact>& it) const
    {
        put(out, "contacts", it);
    }
    void operator()(const MessageId& it) const
    {
        put(out, "message", it);
    }
    void operator()(const std::vector<Message>& it) const
    {
        put(out, "messages", it);
    }
    void operator()(const std::vector<MessageVersion>& it) const
    {
        put(out, "versions", it);
    }
    void operator()(const std::vector<MessageId>& it) const
    {
        put(out, "messages", it);
    }
    void operator()(const std::vector<Conversation>& it) const
    {
        put(out, "conversations", it);
    }
    void operator()(const std::vector<ScheduledMessage>& it) const
    {
        put(out, "scheduled", it);
    }
    void operator()(const std::uint64_t& it) const
    {
        put(out, "watch", it);
    }
    void operator()(const SearchResults& it) const
    {
        put(out, "hits", it.hits);
        put(out, "next", it.next);
    }
    void operator()(const std::vector<Device>& it) const
    {
        put(out, "devices", it);
    }
    void operator()(const std::string& it) const
    {
        put(out, "code", it);
    }
    void operator()(const SafetyNumber& it) const
    {
        put(out, "number", it.number);
        put(out, "code", it.code);
        put(out, "verified", it.verified);
    }
    void operator()(const FileInfo& it) const
    {
        members(out, it);
    }
    void operator()(const SavedFile& it) const
    {
        put(out, "path", it.path);
    }
    void operator()(const StickerPackInfo& it) const
    {
        put(out, "stickers", it.stickers);
    }
    void operator()(const StickerPicture& it) const
    {
        put(out, "name", it.about.name);
        put(out, "emoji", it.about.emoji);
        put(out, "media_type", it.about.media_type);
        put(out, "size", it.about.size_bytes);
        put(out, "animated", it.about.animated);
        put(out, "data", it.bytes);
    }
    void operator()(const std::vector<FileInfo>& it) const
    {
        put(out, "files", it);
    }
    void operator()(const ArchiveInfo& it) const
    {
        put(out, "archive", it);
    }
    void operator()(const ConversationId& it) const
    {
        put(out, "conversation", it);
    }
    void operator()(const GroupInfo& it) const
    {
        put(out, "group", it);
    }
    void operator()(const std::vector<DeliveryReport>& it) const
    {
        put(out, "deliveries", it);
    }
    void operator()(const std::vector<Notice>& it) const
    {
        put(out, "notices", it);
    }
    void operator()(const CallId& it) const
    {
        put(out, "call", it);
    }
    void operator()(const CallStatistics& it) const
    {
        members(out, it);
    }
    void operator()(const std::vector<CallInfo>& it) const
    {
        put(out, "calls", it);
    }
    void operator()(const std::vector<CallDevice>& it) const
    {
        put(out, "devices", it);
    }
    void operator()(const DirectoryPage& it) const
    {
        put(out, "departments", it.departments);
        put(out, "members", it.members);
        put(out, "more", it.more);
    }
    void operator()(const StatusReport& it) const
    {
        put(out, "user", it.user);
        put(out, "relay", it.relay);
        put(out, "device", it.device);
        put(out, "connected", it.connected);
        put(out, "over", it.over);
        put(out, "connection_detail", it.connection_detail);
        put(out, "policy", it.policy);
        put(out, "outbox_messages", it.outbox_messages);
        put(out, "content_bytes_direct", it.content_bytes_direct);
        put(out, "content_bytes_turned", it.content_bytes_turned);
        put(out, "content_bytes_mailbox", it.content_bytes_mailbox);
        put(out, "frames_rejected", it.frames_rejected);
        put(out, "client_version", it.client_version);
    }
};
// clang-format on

} // namespace

void put_event(Writer& out, const Event& event)
{
    std::visit(PutEvent{out}, static_cast<const event::Any&>(event));
}

void put_reply(Writer& out, const event::ReplyValue& reply)
{
    std::visit(PutReply{out}, static_cast<const event::AnyReply&>(reply));
}

} // namespace godwit::json
