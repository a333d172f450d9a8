// SPDX-License-Identifier: Apache-2.0
// Rows with a value in every field, and rows as text, so that a comparison covers every field and a failure can be
// read.
#pragma once

#include "lib/port/store.hpp"

#include <sstream>
#include <string>

namespace godwit::store::test {

template <class Id>
[[nodiscard]] Id id_of(std::uint64_t n)
{
    Id out;
    for (std::size_t i = 0; i < 8; ++i)
        out.bytes[i] = static_cast<std::uint8_t>((n >> (56 - 8 * i)) & 255);
    out.bytes[Id::size_bytes - 1] = 0xee;
    return out;
}

[[nodiscard]] inline MessageId mid(std::uint64_t n)
{
    return id_of<MessageId>(n);
}
[[nodiscard]] inline ConversationId cid(std::uint64_t n)
{
    return id_of<ConversationId>(n);
}
[[nodiscard]] inline DeviceId did(std::uint64_t n)
{
    return id_of<DeviceId>(n);
}

[[nodiscard]] inline port::StoredMessage sample_message(std::uint64_t n, std::uint64_t conversation,
                                                        MessageState state = MessageState::received)
{
    port::StoredMessage out;
    out.message.conversation = cid(conversation);
    out.hlc_ms = static_cast<std::int64_t>(1000 + n * 7 % 50);
    out.kind = static_cast<std::uint32_t>(160 + n % 3);
    if (out.kind != 160) out.extra = Bytes{1, 0, static_cast<std::uint8_t>(n & 255)};
    out.role = static_cast<Role>(n % 4);
    out.burn_seconds = n % 7 == 0 ? 60 : 0;
    out.notified = state != MessageState::received;
    out.message.id = mid(n);
    out.message.with = "bob";
    out.message.from = state == MessageState::received ? "bob" : "alice";
    out.message.from_device = did(n % 4);
    out.message.text = "text \xe4\xbd\xa0 " + std::to_string(n) + std::string(1, '\0') + "after a zero";
    out.message.sent_ms = static_cast<std::int64_t>(n) - 5;
    out.message.received_ms = static_cast<std::int64_t>(n) * 1000;
    out.message.state = state;
    out.message.path = static_cast<Path>(n % 4);
    out.message.path_reason = n % 2 != 0 ? "peer offline" : "";
    out.message.gap_before = n % 5 == 0;
    return out;
}

[[nodiscard]] inline port::StoredIdentity sample_identity(std::uint64_t n)
{
    return {"godwit://host:1#" + std::to_string(n),
            "alice",
            id_of<PublicKey>(n),
            Bytes(32, 1),
            did(n + 1),
            Bytes(32, 2),
            Bytes{9, 0, 9},
            Bytes(n % 50, 4),
            n % 2 == 0};
}

[[nodiscard]] inline port::StoredContact sample_contact(const std::string& user, std::uint64_t n)
{
    port::StoredContact out{
        user, static_cast<ContactState>(1 + n % 4), id_of<PublicKey>(n), id_of<PublicKey>(n + 1), {}, n % 5 == 0};
    out.device_list = Bytes(n % 60, static_cast<std::uint8_t>(n & 255));
    return out;
}

[[nodiscard]] inline port::HeldMessage sample_held(std::uint64_t n, std::uint64_t conversation)
{
    port::HeldMessage out{sample_message(n, conversation), {}, static_cast<std::int64_t>(n) + 3};
    for (std::uint64_t i = 0; i < n % 4; ++i)
        out.parents.push_back(mid(n + i + 100));
    return out;
}

[[nodiscard]] inline port::Delivery sample_delivery(std::uint64_t message, std::uint64_t device)
{
    return {mid(message),
            did(device),
            "bob",
            port::DeliveryState::queued,
            5000 + static_cast<std::int64_t>(message),
            0,
            static_cast<std::uint32_t>(message * 3),
            0,
            cid(message % 3),
            message % 4 == 0};
}

[[nodiscard]] inline port::OutboxEnvelope sample_envelope(std::uint64_t n)
{
    return {mid(n),
            cid(n % 3),
            static_cast<std::int64_t>(n),
            Bytes(n % 200, 7),
            Bytes(n % 300, static_cast<std::uint8_t>(n & 255)),
            n % 4,
            n * 1000,
            static_cast<std::uint32_t>(n % 9)};
}

// Rows as text.

[[nodiscard]] inline std::string tell(const port::StoredMessage& row)
{
    const Message& m = row.message;
    std::ostringstream out;
    out << to_hex(m.conversation.view()) << '|' << to_hex(m.id.view()) << '|' << row.hlc_ms << '|' << row.kind << '|'
        << to_hex(row.extra) << '|' << row.send_key << '|' << row.notified << row.quiet << '|' << m.with << '|'
        << m.from << '|' << to_hex(m.from_device.view()) << '|' << to_hex(as_bytes(m.text)) << '|' << m.sent_ms << '|'
        << m.received_ms << '|' << static_cast<int>(m.state) << '|' << static_cast<int>(m.path) << '|' << m.path_reason
        << '|' << m.failure << '|' << m.gap_before << '|' << static_cast<int>(row.role) << '|' << row.shown << '|'
        << row.annotated << '|' << row.burn_seconds << '|' << m.edited_ms << '|' << m.recalled_ms << '|'
        << m.recalled_by << '|' << m.expires_ms;
    return out.str();
}

[[nodiscard]] inline std::string tell(const port::Annotation& row)
{
    return to_hex(row.conversation.view()) + to_hex(row.target.view()) + row.name + "|" + row.author + "|" +
           std::to_string(row.hlc_ms) + "|" + to_hex(row.id.view()) + "|" + to_hex(row.value) + "|" +
           std::to_string(static_cast<int>(row.role));
}

[[nodiscard]] inline std::string tell(const port::StoredNotice& row)
{
    return to_hex(row.id.view()) + "|" + std::to_string(row.created_ms) + "|" + std::to_string(row.received_ms) + "|" +
           std::to_string(row.withdrawn) + "|" + to_hex(row.encoded);
}

[[nodiscard]] inline std::string tell(const port::StoredRegister& row)
{
    return row.name + "|" + std::to_string(row.hlc_ms) + "|" + to_hex(row.value);
}

[[nodiscard]] inline std::string tell(const port::StoredConversation& row)
{
    return to_hex(row.id.view()) + "|" + std::to_string(static_cast<int>(row.kind)) + "|" + row.with + "|" +
           std::to_string(row.activity_ms);
}

[[nodiscard]] inline std::string tell(const port::HeldMessage& row)
{
    std::string out = tell(row.message) + " since " + std::to_string(row.held_since_ms) + " parents";
    for (const auto& parent : row.parents)
        out += " " + to_hex(parent.view());
    return out;
}

[[nodiscard]] inline std::string tell(const port::Delivery& row)
{
    std::ostringstream out;
    out << to_hex(row.message.view()) << '|' << to_hex(row.device.view()) << '|' << row.user << '|'
        << static_cast<int>(row.state) << '|' << row.accepted_ms << '|' << row.stored_ms << '|' << row.size_bytes << '|'
        << row.order << '|' << to_hex(row.conversation.view()) << row.urgent;
    return out.str();
}

[[nodiscard]] inline std::string tell(const port::Due& row)
{
    return to_hex(row.device.view()) + "|" + row.name + "|" + to_hex(row.message.view());
}

[[nodiscard]] inline std::string tell(const port::OpenCount& row)
{
    return to_hex(row.device.view()) + "|" + row.user + "|" + std::to_string(row.queued) + "|" +
           std::to_string(row.stored);
}

[[nodiscard]] inline std::string tell(const port::OutboxEnvelope& row)
{
    return to_hex(row.message.view()) + "|" + to_hex(row.conversation.view()) + "|" + std::to_string(row.accepted_ms) +
           "|" + to_hex(row.content) + "|" + to_hex(row.sealed) + "|" + std::to_string(row.incarnation) + "|" +
           std::to_string(row.epoch) + "|" + std::to_string(row.sealings);
}

[[nodiscard]] inline std::string tell(const port::StoredIdentity& row)
{
    return row.relay + "|" + row.user + "|" + to_hex(row.account_key.view()) + "|" + to_hex(row.account_seed) + "|" +
           to_hex(row.device.view()) + "|" + to_hex(row.device_seed) + "|" + to_hex(row.certificate) + "|" +
           to_hex(row.device_list) + "|" + std::to_string(row.logged_in);
}

[[nodiscard]] inline std::string tell(const port::StoredContact& row)
{
    return row.user + "|" + std::to_string(static_cast<int>(row.state)) + "|" + to_hex(row.account_key.view()) + "|" +
           to_hex(row.shown_account_key.view()) + "|" + to_hex(row.device_list) + "|" + std::to_string(row.verified);
}

[[nodiscard]] inline std::string tell(const port::Store::Head& head)
{
    return to_hex(head.id.view()) + "@" + std::to_string(head.hlc_ms);
}

[[nodiscard]] inline std::string tell(const MessageId& id)
{
    return to_hex(id.view());
}
[[nodiscard]] inline std::string tell(const ConversationId& id)
{
    return to_hex(id.view());
}
[[nodiscard]] inline std::string tell(const Bytes& bytes)
{
    return to_hex(bytes);
}
[[nodiscard]] inline std::string tell(bool value)
{
    return value ? "yes" : "no";
}
[[nodiscard]] inline std::string tell(std::uint64_t value)
{
    return std::to_string(value);
}

template <class T>
[[nodiscard]] std::string tell(const std::optional<T>& value)
{
    return value ? tell(*value) : "nothing";
}

template <class T>
[[nodiscard]] std::string tell(const std::vector<T>& rows)
{
    std::string out;
    for (const auto& row : rows)
        out += tell(row) + "\n";
    return out;
}

} // namespace godwit::store::test
