// SPDX-License-Identifier: Apache-2.0
// Bans, invitations, reports, hours of service.
#include "relay/store/policy_tables.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

#define GODWIT_BAN_COLUMNS "id, kind, subject, prefix, bits, reason, created_ms, until_ms"
#define GODWIT_REPORT_COLUMNS                                                                                          \
    "id, reporter, subject, reason, text, created_ms, closed_ms, closed_by, outcome, conversation, by_client"

StoredBan ban_from(const Row& s)
{
    StoredBan out;
    out.id = s.integer(0);
    out.kind = static_cast<BanKind>(s.integer(1));
    out.subject = s.text(2);
    out.prefix = {to_bytes(s.bytes(3)), static_cast<unsigned>(s.integer(4))};
    out.reason = s.text(5);
    out.created_ms = s.integer(6);
    out.until_ms = s.integer(7);
    return out;
}

StoredInvitation invitation_from(const Row& s)
{
    return {std::string(s.text(0)), s.fixed<PublicKey>(1), s.integer(2), s.integer(3)};
}

StoredReport report_from(const Row& s)
{
    StoredReport out;
    out.id = s.integer(0);
    out.reporter = s.text(1);
    out.subject = s.text(2);
    out.reason = s.text(3);
    out.text = s.text(4);
    out.created_ms = s.integer(5);
    out.closed_ms = s.integer(6);
    out.closed_by = s.text(7);
    out.outcome = s.text(8);
    out.conversation = s.fixed<ConversationId>(9).value_or(ConversationId{});
    out.by_client = s.integer(10) != 0;
    return out;
}

} // namespace

// ---- bans ----

AddressPrefix AddressPrefix::of(BytesView address, unsigned bits)
{
    AddressPrefix out{to_bytes(address), bits};
    for (std::size_t i = 0; i < out.bytes.size(); ++i) {
        const unsigned left = bits > 8 * i ? bits - static_cast<unsigned>(8 * i) : 0;
        if (left < 8) out.bytes[i] = static_cast<std::uint8_t>(out.bytes[i] & (0xFF00U >> left));
    }
    return out;
}

std::vector<StoredBan> BanTable::all()
{
    return ledger_.read_all("SELECT " GODWIT_BAN_COLUMNS " FROM bans ORDER BY id", ban_from);
}

std::vector<StoredBan> BanTable::after(std::int64_t id, std::size_t limit, std::string_view suffix)
{
    return ledger_.read_all("SELECT " GODWIT_BAN_COLUMNS " FROM bans WHERE id > ?1 AND (?3 = '' OR (kind = ?4"
                            " AND substr(subject, -length(?3)) = ?3)) ORDER BY id LIMIT ?2",
                            ban_from, id, limit, suffix, BanKind::name);
}

std::optional<StoredBan> BanTable::find(std::int64_t id)
{
    return ledger_.read_one("SELECT " GODWIT_BAN_COLUMNS " FROM bans WHERE id = ?1", ban_from, id);
}

std::optional<StoredBan> BanTable::find(BanKind kind, std::string_view subject)
{
    return ledger_.read_one("SELECT " GODWIT_BAN_COLUMNS " FROM bans WHERE kind = ?1 AND subject = ?2", ban_from, kind,
                            subject);
}

std::int64_t BanTable::add(const StoredBan& ban)
{
    ledger_.write("INSERT OR REPLACE INTO bans(kind, subject, prefix, bits, reason, created_ms, until_ms)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  ban.kind, ban.subject, ban.prefix.bytes, ban.prefix.bits, ban.reason, ban.created_ms, ban.until_ms);
    return ledger_.inserted();
}

void BanTable::remove(std::int64_t id)
{
    ledger_.write("DELETE FROM bans WHERE id = ?1", id);
}

void BanTable::remove_over(WallMs now_ms)
{
    ledger_.write("DELETE FROM bans WHERE until_ms > 0 AND until_ms <= ?1", now_ms);
}

// ---- invitations ----

std::vector<StoredInvitation> InvitationTable::after(std::string_view user, std::size_t limit, std::string_view suffix)
{
    return ledger_.read_all("SELECT user, account_key, created_ms, expires_ms FROM invitations WHERE user > ?1"
                            " AND (?3 = '' OR substr(user, -length(?3)) = ?3) ORDER BY user LIMIT ?2",
                            invitation_from, user, limit, suffix);
}

std::optional<StoredInvitation> InvitationTable::find(std::string_view user)
{
    return ledger_.read_one("SELECT user, account_key, created_ms, expires_ms FROM invitations WHERE user = ?1",
                            invitation_from, user);
}

void InvitationTable::add(const StoredInvitation& one)
{
    const Bytes any;
    ledger_.write("INSERT OR REPLACE INTO invitations(user, account_key, created_ms, expires_ms)"
                  " VALUES(?1, ?2, ?3, ?4)",
                  one.user, one.account_key ? to_bytes(one.account_key->view()) : any, one.created_ms, one.expires_ms);
}

void InvitationTable::remove(std::string_view user)
{
    ledger_.write("DELETE FROM invitations WHERE user = ?1", user);
}

void InvitationTable::remove_over(WallMs now_ms)
{
    ledger_.write("DELETE FROM invitations WHERE expires_ms <= ?1", now_ms);
}

// ---- reports ----

std::optional<StoredReport> ReportTable::find(std::int64_t id)
{
    auto out = ledger_.read_one("SELECT " GODWIT_REPORT_COLUMNS " FROM reports WHERE id = ?1", report_from, id);
    if (out)
        out->messages = ledger_.read_all(
            "SELECT message, author, sent_ms, shown, text FROM report_messages WHERE report = ?1 ORDER BY id",
            [](const Row& s) {
                return ReportedMessage{s.fixed<MessageId>(0).value_or(MessageId{}), std::string(s.text(1)),
                                       s.integer(2), s.integer(3) != 0, std::string(s.text(4))};
            },
            id);
    return out;
}

#define GODWIT_REPORT_OF " AND (?3 = '' OR substr(iif(subject = '', reporter, subject), -length(?3)) = ?3)"

std::vector<StoredReport> ReportTable::open(std::int64_t after, std::size_t limit, std::string_view of)
{
    return ledger_.read_all("SELECT " GODWIT_REPORT_COLUMNS
                            " FROM reports WHERE closed_ms = 0 AND id > ?1" GODWIT_REPORT_OF " ORDER BY id LIMIT ?2",
                            report_from, after, limit, of);
}

std::vector<StoredReport> ReportTable::before(std::int64_t id, std::size_t limit, std::string_view of)
{
    return ledger_.read_all("SELECT " GODWIT_REPORT_COLUMNS " FROM reports WHERE id < ?1" GODWIT_REPORT_OF
                            " ORDER BY id DESC LIMIT ?2",
                            report_from, id, limit, of);
}

std::uint64_t ReportTable::open_count()
{
    return static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT count(*) FROM reports WHERE closed_ms = 0 AND by_client = 1").value_or(0));
}

std::uint64_t ReportTable::open_count(std::string_view reporter)
{
    return static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT count(*) FROM reports WHERE reporter = ?1 AND closed_ms = 0", reporter)
            .value_or(0));
}

bool ReportTable::has_open(const StoredReport& r)
{
    const Bytes nowhere;
    return ledger_
        .read_integer("SELECT 1 FROM reports WHERE reporter = ?1 AND closed_ms = 0 AND subject = ?2 AND reason = ?3"
                      " AND text = ?4 AND conversation = ?5 AND (SELECT count(*) FROM report_messages m"
                      " WHERE m.report = reports.id) = ?6 AND (SELECT count(*) FROM report_messages m"
                      " WHERE m.report = reports.id AND m.shown) = ?7",
                      r.reporter, r.subject, r.reason, r.text,
                      r.conversation.is_zero() ? nowhere : to_bytes(r.conversation.view()), r.messages.size(),
                      std::count_if(r.messages.begin(), r.messages.end(), [](const auto& one) { return one.shown; }))
        .has_value();
}

std::int64_t ReportTable::add(const StoredReport& r)
{
    const Bytes nowhere;
    ledger_.write("INSERT INTO reports(reporter, subject, reason, text, created_ms, closed_ms, closed_by, outcome,"
                  " conversation, by_client) VALUES(?1, ?2, ?3, ?4, ?5, 0, '', '', ?6, ?7)",
                  r.reporter, r.subject, r.reason, r.text, r.created_ms,
                  r.conversation.is_zero() ? nowhere : to_bytes(r.conversation.view()), r.by_client);
    const auto id = ledger_.inserted();
    for (const auto& one : r.messages)
        ledger_.write("INSERT INTO report_messages(report, message, author, sent_ms, shown, text)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                      id, one.id, one.author, one.sent_ms, one.shown, one.text);
    return id;
}

void ReportTable::close(std::int64_t id, WallMs now_ms, std::string_view by, std::string_view outcome)
{
    ledger_.write("UPDATE reports SET closed_ms = ?2, closed_by = ?3, outcome = ?4 WHERE id = ?1", id, now_ms, by,
                  outcome);
}

void ReportTable::remove_closed(WallMs before_ms, std::size_t limit)
{
    ledger_.write("DELETE FROM reports WHERE id IN (SELECT id FROM reports WHERE closed_ms > 0 AND closed_ms < ?1"
                  " LIMIT ?2)",
                  before_ms, limit);
    ledger_.write("DELETE FROM report_messages WHERE id IN (SELECT id FROM report_messages WHERE report NOT IN"
                  " (SELECT id FROM reports) LIMIT ?1)",
                  limit * report_messages_max);
}

// ---- hours of service ----

void UptimeTable::add(std::int64_t hour, std::int64_t seconds, std::uint64_t sessions)
{
    ledger_.write("INSERT INTO uptime(hour, seconds, sessions_max) VALUES(?1, ?2, ?3) ON CONFLICT(hour) DO UPDATE SET"
                  " seconds = min(3600, seconds + ?2), sessions_max = max(sessions_max, ?3)",
                  hour, seconds, sessions);
}

std::vector<UptimeHour> UptimeTable::from(std::int64_t hour)
{
    return ledger_.read_all(
        "SELECT hour, seconds, sessions_max FROM uptime WHERE hour >= ?1 ORDER BY hour",
        [](const Row& s) { return UptimeHour{s.integer(0), s.integer(1), s.integer(2)}; }, hour);
}

std::optional<std::int64_t> UptimeTable::first_hour()
{
    return ledger_.read_integer("SELECT min(hour) FROM uptime");
}

void UptimeTable::remove_before(std::int64_t hour)
{
    ledger_.write("DELETE FROM uptime WHERE hour < ?1", hour);
}

} // namespace godwit::relay
