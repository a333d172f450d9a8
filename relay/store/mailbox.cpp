// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {

std::vector<MailUsage> Store::mail_usage(DeviceRow device)
{
    std::vector<MailUsage> out;
    read(
        "SELECT e.sender, count(*), sum(e.size) FROM mailbox m JOIN envelopes e ON e.id = m.envelope WHERE m.device = "
        "?1"
        " GROUP BY e.sender",
        [&](const sqlite::Statement& s) {
            out.push_back(
                {s.integer(0), static_cast<std::uint64_t>(s.integer(1)), static_cast<std::uint64_t>(s.integer(2))});
            return true;
        },
        device);
    return out;
}

std::uint64_t Store::sequence_floor(DeviceRow device)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT sequence_floor FROM devices WHERE id = ?1", device).value_or(1));
}

void Store::set_sequence_floor(DeviceRow device, std::uint64_t floor)
{
    write("UPDATE devices SET sequence_floor = ?2 WHERE id = ?1", device, floor);
}

std::int64_t Store::envelope_row(const DeviceId& from, const MessageId& id)
{
    return read_integer("SELECT id FROM envelopes WHERE from_device = ?1 AND envelope_id = ?2", from, id).value_or(0);
}

std::int64_t Store::add_envelope(const DeviceId& from, AccountRow sender, const wire::Envelope& envelope, WallMs now_ms)
{
    write("INSERT INTO envelopes(from_device, sender, envelope_id, stored_ms, size, sealed) VALUES(?1, ?2, ?3, ?4, ?5, "
          "?6)",
          from, sender, envelope.id, now_ms, envelope.sealed.size(), envelope.sealed);
    return failed() ? 0 : database_.last_insert_rowid();
}

bool Store::has_mail(DeviceRow device, std::int64_t envelope)
{
    return read_integer("SELECT 1 FROM mailbox WHERE envelope = ?1 AND device = ?2", envelope, device).has_value();
}

void Store::add_mail(DeviceRow device, std::uint64_t sequence, std::int64_t envelope)
{
    write("INSERT INTO mailbox(device, sequence, envelope) VALUES(?1, ?2, ?3)", device, sequence, envelope);
}

void Store::each_mail(DeviceRow device, std::uint64_t after, const std::function<bool(StoredMail&&)>& take)
{
    read(
        "SELECT m.sequence, e.from_device, e.stored_ms, e.envelope_id, e.sealed FROM mailbox m"
        " JOIN envelopes e ON e.id = m.envelope WHERE m.device = ?1 AND m.sequence > ?2 ORDER BY m.sequence",
        [&](const sqlite::Statement& s) {
            StoredMail mail;
            mail.sequence = static_cast<std::uint64_t>(s.integer(0));
            mail.from = s.fixed<DeviceId>(1).value_or(DeviceId{});
            mail.stored_ms = s.integer(2);
            mail.envelope = {s.fixed<MessageId>(3).value_or(MessageId{}), to_bytes(s.bytes(4))};
            return take(std::move(mail));
        },
        device, after);
}

std::optional<MailUsage> Store::remove_mail(DeviceRow device, std::uint64_t sequence)
{
    std::optional<MailUsage> out;
    std::int64_t envelope = 0;
    read(
        "SELECT e.id, e.sender, e.size FROM mailbox m JOIN envelopes e ON e.id = m.envelope"
        " WHERE m.device = ?1 AND m.sequence = ?2",
        [&](const sqlite::Statement& s) {
            envelope = s.integer(0);
            out = MailUsage{s.integer(1), 1, static_cast<std::uint64_t>(s.integer(2))};
            return false;
        },
        device, sequence);
    if (!out) return out;
    write("DELETE FROM mailbox WHERE device = ?1 AND sequence = ?2", device, sequence);
    drop_unheld_envelope(envelope);
    return out;
}

void Store::drop_unheld_envelope(std::int64_t envelope)
{
    write("DELETE FROM envelopes WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM mailbox WHERE envelope = ?1)", envelope);
}

std::uint64_t Store::expire_mail(WallMs before_ms, std::uint32_t limit, std::vector<DeviceRow>& touched)
{
    std::vector<std::int64_t> old;
    read(
        "SELECT id FROM envelopes WHERE stored_ms < ?1 ORDER BY stored_ms LIMIT ?2",
        [&](const sqlite::Statement& s) {
            old.push_back(s.integer(0));
            return true;
        },
        before_ms, limit);
    for (const auto envelope : old) {
        read(
            "SELECT device FROM mailbox WHERE envelope = ?1",
            [&](const sqlite::Statement& s) {
                touched.push_back(s.integer(0));
                return true;
            },
            envelope);
        write("DELETE FROM mailbox WHERE envelope = ?1", envelope);
        write("DELETE FROM envelopes WHERE id = ?1", envelope);
    }
    return old.size();
}

} // namespace godwit::relay
