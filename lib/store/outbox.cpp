// SPDX-License-Identifier: Apache-2.0
// What goes out: an envelope is sealed once, and has one delivery for each device until that device has it.
#include "lib/store/store.hpp"

namespace godwit::store {
namespace {

#define GODWIT_DELIVERY_COLUMNS                                                                                        \
    "message, device, user, state, accepted_ms, stored_ms, size_bytes, position, conversation, urgent"

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
    // Not REPLACE, which would take it out of its index and put it in again: sealing comes after accepting.
    write("INSERT INTO envelope(message, conversation, accepted_ms, incarnation, epoch, sealings, content, sealed) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(message) DO UPDATE SET conversation = "
          "excluded.conversation, accepted_ms = excluded.accepted_ms, incarnation = excluded.incarnation, "
          "epoch = excluded.epoch, sealings = excluded.sealings, content = excluded.content, sealed = excluded.sealed",
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
    write("DELETE FROM envelope WHERE message = ?1", id);
    write("DELETE FROM delivery WHERE message = ?1", id);
}

std::uint64_t SqliteStore::put_delivery(const port::Delivery& delivery)
{
    const bool done = write("INSERT INTO delivery(message, device, user, state, accepted_ms, stored_ms, size_bytes, "
                            "conversation, urgent) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                            delivery.message, delivery.device, delivery.user, delivery.state, delivery.accepted_ms,
                            delivery.stored_ms, delivery.size_bytes, delivery.conversation, delivery.urgent);
    if (!done) return 0;
    return static_cast<std::uint64_t>(database_.last_insert_rowid());
}

void SqliteStore::set_delivery(const MessageId& id, const DeviceId& device, port::DeliveryState state,
                               std::int64_t stored_ms)
{
    write("UPDATE delivery SET state = ?3, stored_ms = ?4 WHERE message = ?1 AND device = ?2", id, device, state,
          stored_ms);
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
    // Left to itself SQLite takes delivery_open, and walks over all that waits for the device to find this one.
    auto rows = read_deliveries("SELECT " GODWIT_DELIVERY_COLUMNS " FROM delivery INDEXED BY delivery_message "
                                "WHERE message = ?1 AND device = ?2 AND state < 2 ORDER BY position LIMIT 1",
                                id, device);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

port::Store::OtherDeliveries SqliteStore::other_deliveries(const MessageId& id, const DeviceId& device,
                                                           std::string_view own_user, std::string_view user)
{
    OtherDeliveries out;
    read(
        "SELECT state, user FROM delivery WHERE message = ?1 AND device != ?2",
        [&](sqlite::Statement& row) {
            const auto state = row.integer(0);
            out.open = out.open || state < static_cast<int>(port::DeliveryState::delivered);
            const bool may = state < static_cast<int>(port::DeliveryState::failed);
            out.may_have = out.may_have || (may && row.text(1) != own_user);
            out.user_may_have = out.user_may_have || (may && !user.empty() && row.text(1) == user);
            return !(out.open && out.may_have && (user.empty() || out.user_may_have));
        },
        id, device);
    if (failed()) out = {};
    return out;
}

std::uint64_t SqliteStore::open_message_count()
{
    std::uint64_t out = 0;
    read("SELECT count(DISTINCT message) FROM delivery WHERE state < 2", [&](sqlite::Statement& row) {
        out = static_cast<std::uint64_t>(row.integer(0));
        return false;
    });
    return failed() ? 0 : out;
}

} // namespace godwit::store
