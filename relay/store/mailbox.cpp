// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

EnvelopeKind kind_from(std::int64_t number)
{
    return number == static_cast<std::int64_t>(EnvelopeKind::handshake) ? EnvelopeKind::handshake
                                                                        : EnvelopeKind::content;
}

} // namespace

std::vector<MailUsage> Store::mail_usage(DeviceRow device)
{
    std::vector<MailUsage> out;
    read(
        "SELECT e.sender, e.kind, count(*), sum(e.size) FROM mailbox m JOIN envelopes e ON e.id = m.envelope"
        " WHERE m.device = ?1 GROUP BY e.sender, e.kind",
        [&](const Row& s) {
            out.push_back({s.integer(0), kind_from(s.integer(1)), static_cast<std::uint64_t>(s.integer(2)),
                           static_cast<std::uint64_t>(s.integer(3))});
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

std::optional<StoredEnvelope> Store::envelope(const DeviceId& from, const MessageId& id)
{
    std::optional<StoredEnvelope> out;
    read(
        "SELECT id, sender, kind, sealed FROM envelopes WHERE from_device = ?1 AND envelope_id = ?2"
        " AND superseded = 0",
        [&](const Row& s) {
            out = StoredEnvelope{s.integer(0), s.integer(1), kind_from(s.integer(2)), to_bytes(s.bytes(3))};
            return false;
        },
        from, id);
    return out;
}

EnvelopeRow Store::add_envelope(const DeviceId& from, AccountRow sender, EnvelopeKind kind,
                                const wire::Envelope& envelope, WallMs now_ms)
{
    write("INSERT INTO envelopes(from_device, sender, kind, envelope_id, stored_ms, size, sealed)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          from, sender, kind, envelope.id, now_ms, envelope.sealed.size(), envelope.sealed);
    return inserted();
}

void Store::set_aside(EnvelopeRow envelope, const std::vector<DeviceRow>& devices)
{
    if (devices.empty()) return;
    write("INSERT INTO envelopes(from_device, sender, kind, envelope_id, stored_ms, size, sealed, superseded)"
          " SELECT from_device, sender, kind, envelope_id, stored_ms, size, sealed, 1 FROM envelopes WHERE id = ?1",
          envelope);
    if (failed()) return;
    const auto aside = inserted();
    for (const auto device : devices)
        write("UPDATE mailbox SET envelope = ?3 WHERE envelope = ?1 AND device = ?2", envelope, device, aside);
    drop_unheld_envelope(envelope);
}

void Store::replace_sealed(EnvelopeRow envelope, const Bytes& sealed)
{
    write("UPDATE envelopes SET sealed = ?2, size = ?3 WHERE id = ?1", envelope, sealed, sealed.size());
}

std::vector<DeviceRow> Store::holders(EnvelopeRow envelope)
{
    std::vector<DeviceRow> out;
    read(
        "SELECT device FROM mailbox WHERE envelope = ?1",
        [&](const Row& s) {
            out.push_back(s.integer(0));
            return true;
        },
        envelope);
    return out;
}

void Store::remove_envelope(EnvelopeRow envelope)
{
    write("DELETE FROM mailbox WHERE envelope = ?1", envelope);
    write("DELETE FROM envelopes WHERE id = ?1", envelope);
}

std::optional<std::uint64_t> Store::mail_sequence(DeviceRow device, EnvelopeRow envelope)
{
    const auto got = read_integer("SELECT sequence FROM mailbox WHERE envelope = ?1 AND device = ?2", envelope, device);
    if (!got) return std::nullopt;
    return static_cast<std::uint64_t>(*got);
}

bool Store::has_mail(DeviceRow device)
{
    return read_integer("SELECT 1 FROM mailbox WHERE device = ?1 LIMIT 1", device).has_value();
}

void Store::add_mail(DeviceRow device, std::uint64_t sequence, EnvelopeRow envelope)
{
    write("INSERT INTO mailbox(device, sequence, envelope) VALUES(?1, ?2, ?3)", device, sequence, envelope);
}

void Store::renumber_mail(DeviceRow device, std::uint64_t from, std::uint64_t to)
{
    write("UPDATE mailbox SET sequence = ?3 WHERE device = ?1 AND sequence = ?2", device, from, to);
}

void Store::each_mail(DeviceRow device, std::uint64_t after, const std::function<bool(StoredMail&&)>& take)
{
    read(
        "SELECT m.sequence, e.from_device, e.stored_ms, e.envelope_id, e.sealed, e.kind FROM mailbox m"
        " JOIN envelopes e ON e.id = m.envelope WHERE m.device = ?1 AND m.sequence > ?2 ORDER BY m.sequence",
        [&](const Row& s) {
            StoredMail mail;
            mail.sequence = static_cast<std::uint64_t>(s.integer(0));
            mail.from = s.fixed<DeviceId>(1).value_or(DeviceId{});
            mail.stored_ms = s.integer(2);
            mail.envelope = {s.fixed<MessageId>(3).value_or(MessageId{}), to_bytes(s.bytes(4))};
            mail.kind = kind_from(s.integer(5));
            return take(std::move(mail));
        },
        device, after);
}

std::optional<MailUsage> Store::remove_mail(DeviceRow device, std::uint64_t sequence)
{
    std::optional<MailUsage> out;
    EnvelopeRow envelope = 0;
    read(
        "SELECT e.id, e.sender, e.kind, e.size FROM mailbox m JOIN envelopes e ON e.id = m.envelope"
        " WHERE m.device = ?1 AND m.sequence = ?2",
        [&](const Row& s) {
            envelope = s.integer(0);
            out = MailUsage{s.integer(1), kind_from(s.integer(2)), 1, static_cast<std::uint64_t>(s.integer(3))};
            return false;
        },
        device, sequence);
    if (!out) return out;
    write("DELETE FROM mailbox WHERE device = ?1 AND sequence = ?2", device, sequence);
    drop_unheld_envelope(envelope);
    return out;
}

void Store::drop_unheld_envelope(EnvelopeRow envelope)
{
    write("DELETE FROM envelopes WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM mailbox WHERE envelope = ?1)", envelope);
}

ExpiredMail Store::expire_mail(WallMs before_ms, std::uint32_t limit, std::vector<DeviceRow>& touched)
{
    std::vector<std::pair<EnvelopeRow, EnvelopeKind>> old;
    read(
        "SELECT id, kind FROM envelopes WHERE stored_ms < ?1 ORDER BY stored_ms LIMIT ?2",
        [&](const Row& s) {
            old.emplace_back(s.integer(0), kind_from(s.integer(1)));
            return true;
        },
        before_ms, limit);
    ExpiredMail out;
    for (const auto& [envelope, kind] : old) {
        ++(kind == EnvelopeKind::content ? out.content : out.handshakes);
        for (const auto device : holders(envelope))
            touched.push_back(device);
        remove_envelope(envelope);
    }
    return out;
}

} // namespace godwit::relay
