// SPDX-License-Identifier: Apache-2.0
// Flow: event -> ordered members -> one line. The order is part of the face: "id" or "event" first.
#include "lib/base/bytes.hpp"
#include "lib/json/archive_faces.hpp"
#include "lib/json/call_faces.hpp"
#include "lib/json/content.hpp"
#include "lib/json/file_faces.hpp"
#include "lib/json/group_faces.hpp"
#include "lib/json/json.hpp"
#include "lib/json/notice_faces.hpp"
#include "lib/json/operator_faces.hpp"
#include "lib/json/quote.hpp"
#include "lib/json/search_faces.hpp"

#include <exception>
#include <type_traits>

namespace godwit::json {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

std::string dump(const Ordered& object)
{
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <std::size_t N, class Tag>
std::string hex(const FixedBytes<N, Tag>& id)
{
    return to_hex(id.view());
}

/// A key that may not be known.
Ordered hex_or_null(const PublicKey& key)
{
    return key.is_zero() ? Ordered(nullptr) : Ordered(hex(key));
}

std::string_view transport_name(RelayTransport over)
{
    switch (over) {
    case RelayTransport::none: return "none";
    case RelayTransport::quic: return "quic";
    case RelayTransport::tls: return "tls";
    }
    return "none";
}

Ordered error_object(const Error& error)
{
    return {{"code", error_name(error.code)}, {"detail", error.detail}, {"retry", error.retry_after_ms}};
}

Ordered device_object(const Device& device)
{
    return {{"device", hex(device.id)},
            {"name", device.name},
            {"created_ms", device.created_ms},
            {"current", device.current},
            {"online", device.online}};
}

void put_status(Ordered& out, const StatusReport& status)
{
    out["user"] = status.user;
    out["relay"] = status.relay;
    out["device"] = hex(status.device);
    out["connected"] = status.connected;
    out["over"] = transport_name(status.over);
    out["connection_detail"] = status.connection_detail;
    out["policy"] = path_policy_name(status.policy);
    out["outbox_messages"] = status.outbox_messages;
    out["content_bytes_direct"] = status.content_bytes_direct;
    out["content_bytes_turned"] = status.content_bytes_turned;
    out["content_bytes_mailbox"] = status.content_bytes_mailbox;
    out["frames_rejected"] = status.frames_rejected;
    out["client_version"] = status.client_version;
}

void put_value(Ordered& out, const event::Reply& reply)
{
    std::visit(
        Overloaded{[](std::monostate) {},
                   [&](const MessageId& id) { out["message"] = hex(id); },
                   [&](const std::vector<Contact>& contacts) {
                       Ordered list = Ordered::array();
                       for (const Contact& contact : contacts)
                           list.push_back(contact_object(contact));
                       out["contacts"] = std::move(list);
                   },
                   [&](const std::vector<Message>& messages) {
                       Ordered list = Ordered::array();
                       for (const Message& message : messages)
                           put_message(list.emplace_back(Ordered::object()), message);
                       out["messages"] = std::move(list);
                   },
                   [&](const StatusReport& status) { put_status(out, status); },
                   [&](const std::vector<Device>& devices) {
                       Ordered list = Ordered::array();
                       for (const Device& device : devices)
                           list.push_back(device_object(device));
                       out["devices"] = std::move(list);
                   },
                   [&](const SafetyNumber& safety) {
                       out["number"] = safety.number;
                       out["code"] = safety.code;
                       out["verified"] = safety.verified;
                   },
                   [&](const std::string& code) { out["code"] = code; },
                   [&](const std::vector<Conversation>& conversations) {
                       auto& list = out["conversations"] = Ordered::array();
                       for (const auto& one : conversations)
                           list.push_back(conversation_object(one));
                   },
                   [&](const std::vector<ScheduledMessage>& messages) {
                       auto& list = out["scheduled"] = Ordered::array();
                       for (const auto& one : messages)
                           list.push_back(scheduled_object(one));
                   },
                   [&](const std::vector<MessageVersion>& versions) { out["versions"] = versions_array(versions); },
                   [&](std::uint64_t number) { out["watch"] = number; },
                   [&](const std::vector<MessageId>& ids) {
                       auto& list = out["messages"] = Ordered::array();
                       for (const auto& id : ids)
                           list.push_back(hex(id));
                   },
                   [&](const FileInfo& file) { put_file(out, file); },
                   [&](const std::vector<FileInfo>& files) {
                       Ordered list = Ordered::array();
                       for (const FileInfo& file : files)
                           put_file(list.emplace_back(Ordered::object()), file);
                       out["files"] = std::move(list);
                   },
                   [&](const StickerPackInfo& pack) { put_pack(out, pack); },
                   [&](const StickerPicture& sticker) { put_sticker(out, sticker); },
                   [&](const SavedFile& saved) { out["path"] = saved.path; },
                   [&](const ArchiveInfo& archive) { out["archive"] = archive_object(archive); },
                   [&](const GroupInfo& group) { out["group"] = group_object(group); },
                   [&](const std::vector<DeliveryReport>& reports) { out["deliveries"] = deliveries_array(reports); },
                   [&](const ConversationId& id) { out["conversation"] = hex(id); },
                   [&](const SearchResults& results) { put_results(out, results); },
                   [&](const std::vector<Notice>& notices) {
                       auto& list = out["notices"] = Ordered::array();
                       for (const auto& one : notices)
                           put_notice(list.emplace_back(Ordered::object()), one);
                   },
                   [&](const CallId& id) { out["call"] = hex(id); },
                   [&](const std::vector<CallInfo>& calls) {
                       auto& list = out["calls"] = Ordered::array();
                       for (const auto& one : calls)
                           put_call(list.emplace_back(Ordered::object()), one);
                   },
                   [&](const CallStatistics& statistics) { put_statistics(out, statistics); },
                   [&](const DirectoryPage& page) { put_page(out, page); },
                   [&](const std::vector<CallDevice>& devices) {
                       auto& list = out["devices"] = Ordered::array();
                       for (const auto& one : devices)
                           list.push_back(call_device_object(one));
                   }},
        reply.value);
}

Ordered user_event(std::string_view name, const std::string& user)
{
    return {{"event", name}, {"user", user}};
}

Ordered event_object(const Event& event)
{
    return std::visit(
        Overloaded{
            [](const event::Reply&) -> Ordered { return {{"event", "reply"}}; }, // callers use render_reply
            [](const event::MessageReceived& e) -> Ordered {
                Ordered out{{"event", "message"}};
                put_message(out, e.message);
                return out;
            },
            [](const event::MessageStateChanged& e) -> Ordered {
                return {{"event", "message_state"},
                        {"message", hex(e.id)},
                        {"with", e.with},
                        {"state", message_state_name(e.state)},
                        {"path", path_name(e.path)},
                        {"reason", e.reason},
                        {"elapsed_us", e.elapsed_us},
                        {"conversation", hex(e.conversation)}};
            },
            [](const event::MessageChanged& e) -> Ordered {
                Ordered out{{"event", "message_changed"}, {"what", event::change_name(e.what)}};
                put_message(out, e.message);
                return out;
            },
            [](const event::ReadUpTo& e) -> Ordered {
                return {{"event", "read"},
                        {"conversation", hex(e.conversation)},
                        {"with", e.with},
                        {"user", e.user},
                        {"up_to", hex(e.up_to)}};
            },
            [](const event::TypingChanged& e) -> Ordered {
                return {{"event", "typing"},
                        {"conversation", hex(e.conversation)},
                        {"with", e.with},
                        {"user", e.user},
                        {"on", e.on}};
            },
            [](const event::ConversationChanged& e) -> Ordered {
                Ordered out{{"event", "conversation"}};
                out.update(conversation_object(e.conversation));
                return out;
            },
            [](const event::ViewChanged& e) -> Ordered {
                return {{"event", "view"}, {"watch", e.watch}, {"steps", steps_array(e)}};
            },
            [](const event::Presence& e) -> Ordered {
                Ordered out = user_event("presence", e.user);
                out["online"] = e.online;
                return out;
            },
            [](const event::ContactRequest& e) -> Ordered { return user_event("contact_request", e.user); },
            [](const event::ContactAccepted& e) -> Ordered { return user_event("contact_accepted", e.user); },
            [](const event::ContactRemoved& e) -> Ordered { return user_event("contact_removed", e.user); },
            [](const event::Security& e) -> Ordered {
                return {{"event", "security"},
                        {"kind", security_kind_name(e.kind)},
                        {"user", e.user},
                        {"device", hex_or_null(e.device)},
                        {"detail", e.detail}};
            },
            [](const event::Linked& e) -> Ordered { return user_event("linked", e.user); },
            [](const event::Connected& e) -> Ordered {
                return {{"event", "connected"}, {"relay", e.relay}, {"over", transport_name(e.over)}};
            },
            [](const event::Disconnected& e) -> Ordered {
                return {{"event", "disconnected"}, {"error", error_object(e.reason)}, {"retry_in_ms", e.retry_in_ms}};
            },
            [](const event::Update& e) -> Ordered {
                return {{"event", "update"}, {"required", e.required}, {"version", e.version}};
            },
            [](const event::PathChanged& e) -> Ordered {
                Ordered out = user_event("path", e.user);
                out["path"] = path_name(e.path);
                out["reason"] = e.reason;
                return out;
            },
            [](const event::LoggedOut& e) -> Ordered {
                return {{"event", "logged_out"}, {"error", error_object(e.reason)}};
            },
            [](const event::FileProgress& e) -> Ordered {
                Ordered out{{"event", "file_progress"}};
                put_file(out, e.file);
                return out;
            },
            [](const event::FileDone& e) -> Ordered {
                Ordered out{{"event", "file_done"}};
                put_file(out, e.file);
                return out;
            },
            [](const event::FileFailed& e) -> Ordered {
                Ordered out{{"event", "file_failed"}};
                put_file(out, e.file);
                out["error"] = error_object(e.why);
                return out;
            },
            [](const event::ArchiveProgress& e) -> Ordered { return archive_event(e); },
            [](const event::HistoryWanted& e) -> Ordered { return archive_event(e); },
            [](const event::HistoryTaken& e) -> Ordered { return archive_event(e); },
            [](const event::HistoryReceived& e) -> Ordered { return archive_event(e); },
            [](const event::GroupChanged& e) -> Ordered { return group_event(e); },
            [](const event::GroupAsked& e) -> Ordered { return group_event(e); },
            [](const event::GroupRefused& e) -> Ordered { return group_event(e); },
            [](const event::NoticeReceived& e) -> Ordered { return notice_event(e); },
            [](const event::NoticeWithdrawn& e) -> Ordered { return notice_event(e); },
            [](const event::NoticesRead& e) -> Ordered { return notice_event(e); },
            [](const event::CallIncoming& e) -> Ordered { return call_event(e); },
            [](const event::CallChanged& e) -> Ordered { return call_event(e); },
            [](const event::CallPeerMedia& e) -> Ordered { return call_event(e); },
            [](const event::CallMemberChanged& e) -> Ordered { return call_event(e); },
            [](const event::CallEnded& e) -> Ordered { return call_event(e); },
            [](const event::CallQuality& e) -> Ordered { return call_event(e); },
            [](const event::Warning& e) -> Ordered { return {{"event", "warning"}, {"error", error_object(e.what)}}; },
        },
        event);
}

} // namespace

Ordered contact_object(const Contact& contact)
{
    Ordered out{{"user", contact.user},
                {"state", contact_state_name(contact.state)},
                {"online", contact.online},
                {"devices", contact.device_count},
                {"path", path_name(contact.path)},
                {"reason", contact.path_reason},
                {"key_changed", contact.key_changed}};
    out["account_key"] = hex_or_null(contact.account_key);
    out["verified"] = contact.verified;
    out["remark"] = contact.remark;
    out["labels"] = contact.labels;
    return out;
}

std::string quote(std::string_view text)
{
    return dump(Ordered(text));
}

std::string render_reply(const event::Reply& reply, std::string_view id)
{
    std::string out = "{\"id\":" + std::string(id);
    if (reply.error.code != ErrorCode::ok) return out + ",\"ok\":false,\"error\":" + render_error(reply.error) + "}";
    Ordered rest = Ordered::object();
    put_value(rest, reply);
    out += ",\"ok\":true";
    if (!rest.empty())
        out += "," + dump(rest).substr(1);
    else
        out += "}";
    return out;
}

std::string render_event(const Event& event)
{
    return dump(event_object(event));
}

std::string render_error(const Error& error)
{
    return dump(error_object(error));
}

} // namespace godwit::json
