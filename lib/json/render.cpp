// SPDX-License-Identifier: Apache-2.0
// Flow: event -> ordered members -> one line. The order is part of the face: "id" or "event" first.
#include "lib/base/bytes.hpp"
#include "lib/json/json.hpp"
#include "lib/json/quote.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <type_traits>

namespace godwit::json {

namespace {

using Object = nlohmann::ordered_json;

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

std::string dump(const Object& object)
{
    return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <std::size_t N, class Tag>
std::string hex(const FixedBytes<N, Tag>& id)
{
    return to_hex(id.view());
}

/// A key that may not be known.
Object hex_or_null(const PublicKey& key)
{
    return key.is_zero() ? Object(nullptr) : Object(hex(key));
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

Object error_object(const Error& error)
{
    return {{"code", error_name(error.code)}, {"detail", error.detail}, {"retry", error.retry_after_ms}};
}

Object contact_object(const Contact& contact)
{
    Object out{{"user", contact.user},
               {"state", contact_state_name(contact.state)},
               {"online", contact.online},
               {"devices", contact.device_count},
               {"path", path_name(contact.path)},
               {"reason", contact.path_reason},
               {"key_changed", contact.key_changed}};
    out["account_key"] = hex_or_null(contact.account_key);
    out["verified"] = contact.verified;
    return out;
}

Object device_object(const Device& device)
{
    return {{"device", hex(device.id)},
            {"name", device.name},
            {"created_ms", device.created_ms},
            {"current", device.current},
            {"online", device.online}};
}

void put_message(Object& out, const Message& message)
{
    out["message"] = hex(message.id);
    out["with"] = message.with;
    out["from"] = message.from;
    out["from_device"] = hex(message.from_device);
    out["text"] = message.text;
    out["state"] = message_state_name(message.state);
    out["path"] = path_name(message.path);
    out["reason"] = message.failure.empty() ? message.path_reason : message.failure;
    out["sent_ms"] = message.sent_ms;
    out["received_ms"] = message.received_ms;
    out["gap_before"] = message.gap_before;
}

void put_status(Object& out, const StatusReport& status)
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

void put_value(Object& out, const event::Reply& reply)
{
    std::visit(Overloaded{[](std::monostate) {}, [&](const MessageId& id) { out["message"] = hex(id); },
                          [&](const std::vector<Contact>& contacts) {
                              Object list = Object::array();
                              for (const Contact& contact : contacts)
                                  list.push_back(contact_object(contact));
                              out["contacts"] = std::move(list);
                          },
                          [&](const std::vector<Message>& messages) {
                              Object list = Object::array();
                              for (const Message& message : messages)
                                  put_message(list.emplace_back(Object::object()), message);
                              out["messages"] = std::move(list);
                          },
                          [&](const StatusReport& status) { put_status(out, status); },
                          [&](const std::vector<Device>& devices) {
                              Object list = Object::array();
                              for (const Device& device : devices)
                                  list.push_back(device_object(device));
                              out["devices"] = std::move(list);
                          },
                          [&](const SafetyNumber& safety) {
                              out["number"] = safety.number;
                              out["code"] = safety.code;
                              out["verified"] = safety.verified;
                          },
                          [&](const std::string& code) { out["code"] = code; }},
               reply.value);
}

Object user_event(std::string_view name, const std::string& user)
{
    return {{"event", name}, {"user", user}};
}

Object event_object(const Event& event)
{
    return std::visit(
        Overloaded{
            [](const event::Reply&) -> Object { return {{"event", "reply"}}; }, // callers use render_reply
            [](const event::MessageReceived& e) -> Object {
                Object out{{"event", "message"}};
                put_message(out, e.message);
                return out;
            },
            [](const event::MessageStateChanged& e) -> Object {
                return {{"event", "message_state"},
                        {"message", hex(e.id)},
                        {"with", e.with},
                        {"state", message_state_name(e.state)},
                        {"path", path_name(e.path)},
                        {"reason", e.reason},
                        {"elapsed_us", e.elapsed_us}};
            },
            [](const event::Presence& e) -> Object {
                Object out = user_event("presence", e.user);
                out["online"] = e.online;
                return out;
            },
            [](const event::ContactRequest& e) -> Object { return user_event("contact_request", e.user); },
            [](const event::ContactAccepted& e) -> Object { return user_event("contact_accepted", e.user); },
            [](const event::ContactRemoved& e) -> Object { return user_event("contact_removed", e.user); },
            [](const event::Security& e) -> Object {
                return {{"event", "security"},
                        {"kind", security_kind_name(e.kind)},
                        {"user", e.user},
                        {"device", hex_or_null(e.device)},
                        {"detail", e.detail}};
            },
            [](const event::Linked& e) -> Object { return user_event("linked", e.user); },
            [](const event::Connected& e) -> Object {
                return {{"event", "connected"}, {"relay", e.relay}, {"over", transport_name(e.over)}};
            },
            [](const event::Disconnected& e) -> Object {
                return {{"event", "disconnected"}, {"error", error_object(e.reason)}, {"retry_in_ms", e.retry_in_ms}};
            },
            [](const event::Update& e) -> Object {
                return {{"event", "update"}, {"required", e.required}, {"version", e.version}};
            },
            [](const event::PathChanged& e) -> Object {
                Object out = user_event("path", e.user);
                out["path"] = path_name(e.path);
                out["reason"] = e.reason;
                return out;
            },
            [](const event::LoggedOut& e) -> Object {
                return {{"event", "logged_out"}, {"error", error_object(e.reason)}};
            },
            [](const event::Warning& e) -> Object { return {{"event", "warning"}, {"error", error_object(e.what)}}; },
        },
        event);
}

} // namespace

std::string quote(std::string_view text)
{
    return dump(Object(text));
}

std::string render_reply(const event::Reply& reply, std::string_view id)
{
    std::string out = "{\"id\":" + std::string(id);
    if (reply.error.code != ErrorCode::ok) return out + ",\"ok\":false,\"error\":" + render_error(reply.error) + "}";
    Object rest = Object::object();
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
