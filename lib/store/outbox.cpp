// SPDX-License-Identifier: Apache-2.0
// What goes out: an envelope is sealed once, and has one delivery for each device until that device has it.
#include "lib/store/store.hpp"

namespace godwit::store {
namespace {

#define GODWIT_DELIVERY_COLUMNS                                                                                        \
    "message, device, user, state, accepted_ms, stored_ms, size_bytes, position, conversation, urgent"

bool is_open(port::DeliveryState state)
{
    return state == port::DeliveryState::queued || state == port::DeliveryState::stored;
}

} // namespace

template <class... Values>
std::vector<port::Delivery> SqliteStore::read_deliveries(std::string_view sql, const Values&... values)
{
    std::vector<port::Delivery> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            const auto message = row.fixed<MessageId>(0);
            const auto device = row.fixed<DeviceId>(1);
            const auto state = row.integer(3);
            const auto conversation = row.fixed<ConversationId>(8);
            if (!message || !device || !conversation || state < 0 ||
                state > static_cast<int>(port::DeliveryState::failed)) {
                fail_row("delivery");
                return false;
            }
            out.push_back({*message, *device, std::string(row.text(2)), static_cast<port::DeliveryState>(state),
                           row.integer(4), row.integer(5), static_cast<std::uint32_t>(row.integer(6)),
                           static_cast<std::uint64_t>(row.integer(7)), *conversation, row.integer(9) != 0});
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

void SqliteStore::put_envelope(const port::OutboxEnvelope& envelope)
{
    write("REPLACE INTO envelope(message, conversation, accepted_ms, incarnation, epoch, sealings, content, sealed) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          envelope.message, envelope.conversation, envelope.accepted_ms, envelope.incarnation, envelope.epoch,
          envelope.sealings, envelope.content, envelope.sealed);
}

std::optional<port::OutboxEnvelope> SqliteStore::envelope(const MessageId& id)
{
    std::optional<port::OutboxEnvelope> out;
    read(
        "SELECT conversation, accepted_ms, incarnation, epoch, sealings, content, sealed FROM envelope "
        "WHERE message = ?1",
        [&](sqlite::Statement& row) {
            const auto conversation = row.fixed<ConversationId>(0);
            if (conversation)
                out = port::OutboxEnvelope{id,
                                           *conversation,
                                           row.integer(1),
                                           to_bytes(row.bytes(5)),
                                           to_bytes(row.bytes(6)),
                                           static_cast<std::uint64_t>(row.integer(2)),
                                           static_cast<std::uint64_t>(row.integer(3)),
                                           static_cast<std::uint32_t>(row.integer(4))};
            else
                fail_row("envelope");
            return false;
        },
        id);
    return out;
}

void SqliteStore::remove_envelope(const MessageId& id)
{
    const bool was_open = open_messages_ && has_open_delivery(id);
    write("DELETE FROM envelope WHERE message = ?1", id);
    if (write("DELETE FROM delivery WHERE message = ?1", id) && was_open && open_messages_) --*open_messages_;
}

std::uint64_t SqliteStore::put_delivery(const port::Delivery& delivery)
{
    const bool was_open = open_messages_ && has_open_delivery(delivery.message);
    const bool done = write("INSERT INTO delivery(message, device, user, state, accepted_ms, stored_ms, size_bytes, "
                            "conversation, urgent) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                            delivery.message, delivery.device, delivery.user, delivery.state, delivery.accepted_ms,
                            delivery.stored_ms, delivery.size_bytes, delivery.conversation, delivery.urgent);
    if (!done) return 0;
    if (open_messages_ && !was_open && is_open(delivery.state)) ++*open_messages_;
    return static_cast<std::uint64_t>(database_.last_insert_rowid());
}

void SqliteStore::set_delivery(const MessageId& id, const DeviceId& device, port::DeliveryState state,
                               std::int64_t stored_ms)
{
    const bool was_open = open_messages_ && has_open_delivery(id);
    if (!write("UPDATE delivery SET state = ?3, stored_ms = ?4 WHERE message = ?1 AND device = ?2", id, device, state,
               stored_ms))
        return;
    if (!open_messages_) return;
    const bool now_open = has_open_delivery(id);
    if (was_open && !now_open) --*open_messages_;
    if (!was_open && now_open) ++*open_messages_;
}

std::vector<port::Delivery> SqliteStore::open_deliveries(std::uint64_t after_order, std::uint32_t limit)
{
    return read_deliveries("SELECT " GODWIT_DELIVERY_COLUMNS " FROM delivery WHERE position > ?1 AND state < 2 "
                           "ORDER BY position LIMIT ?2",
                           after_order, limit);
}

std::vector<port::Delivery> SqliteStore::open_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                            std::uint32_t limit)
{
    return read_deliveries("SELECT " GODWIT_DELIVERY_COLUMNS " FROM delivery WHERE device = ?1 AND position > ?2 "
                           "AND state < 2 ORDER BY position LIMIT ?3",
                           device, after_order, limit);
}

std::vector<port::Delivery> SqliteStore::urgent_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                              std::uint32_t limit)
{
    return read_deliveries("SELECT " GODWIT_DELIVERY_COLUMNS " FROM delivery WHERE device = ?1 AND position > ?2 "
                           "AND state < 2 AND urgent = 1 ORDER BY position LIMIT ?3",
                           device, after_order, limit);
}

std::vector<port::OpenCount> SqliteStore::open_counts()
{
    std::vector<port::OpenCount> out;
    read("SELECT device, max(user), sum(state = 0), sum(state = 1) FROM delivery WHERE state < 2 GROUP BY device "
         "ORDER BY device",
         [&](sqlite::Statement& row) {
             const auto device = row.fixed<DeviceId>(0);
             if (!device) {
                 fail_row("delivery");
                 return false;
             }
             out.push_back({*device, std::string(row.text(1)), static_cast<std::uint32_t>(row.integer(2)),
                            static_cast<std::uint32_t>(row.integer(3))});
             return true;
         });
    if (failed()) out.clear();
    return out;
}

std::vector<port::Delivery> SqliteStore::deliveries(const MessageId& id)
{
    return read_deliveries("SELECT " GODWIT_DELIVERY_COLUMNS " FROM delivery WHERE message = ?1 ORDER BY position", id);
}

std::optional<port::Delivery> SqliteStore::open_delivery(const MessageId& id, const DeviceId& device)
{
    auto rows = read_deliveries("SELECT " GODWIT_DELIVERY_COLUMNS " FROM delivery WHERE message = ?1 AND device = ?2 "
                                "AND state < 2 ORDER BY position LIMIT 1",
                                id, device);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

port::Store::OtherDeliveries SqliteStore::other_deliveries(const MessageId& id, const DeviceId& device,
                                                           std::string_view own_user)
{
    OtherDeliveries out;
    out.open = exists("SELECT 1 FROM delivery WHERE message = ?1 AND state < 2 AND device != ?2 LIMIT 1", id, device);
    out.may_have = exists("SELECT 1 FROM delivery WHERE message = ?1 AND state < 3 AND device != ?2 AND user != ?3 "
                          "LIMIT 1",
                          id, device, own_user);
    return out;
}

std::uint64_t SqliteStore::open_message_count()
{
    if (failed()) return 0;
    if (!open_messages_)
        read("SELECT count(DISTINCT message) FROM delivery WHERE state < 2", [&](sqlite::Statement& row) {
            open_messages_ = static_cast<std::uint64_t>(row.integer(0));
            return false;
        });
    return open_messages_.value_or(0);
}

bool SqliteStore::has_open_delivery(const MessageId& id)
{
    return exists("SELECT 1 FROM delivery WHERE message = ?1 AND state < 2 LIMIT 1", id);
}

} // namespace godwit::store
