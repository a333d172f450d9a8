// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

#define GODWIT_NOTICE_COLUMNS                                                                                          \
    "n.id, n.name, n.to_all, n.kind, n.created_ms, n.expires_ms, n.withdrawn, n.title, n.text, n.link, n.settled, "    \
    "n.accounts, n.accounts_reached, n.devices, n.devices_reached, "                                                   \
    "coalesce((SELECT x.app FROM notice_apps x WHERE x.notice = n.id), -1)"

/// Whom a notice is for: `a`. Parameters: ?1 its sequence, ?2 whether it is to all, ?3 when it was made, ?6 of
/// which application; -1: of all.
#define GODWIT_NOTICE_AUDIENCE                                                                                         \
    "iif(?2, a.created_ms <= ?3 AND ?6 IN (-1, a.app), EXISTS(SELECT 1 FROM notice_accounts x WHERE x.account = a.id " \
    "AND x.notice = ?1))"

std::uint64_t number(const Row& s, int column)
{
    return static_cast<std::uint64_t>(s.integer(column));
}

StoredNotice notice_from(const Row& s)
{
    StoredNotice out;
    out.sequence = number(s, 0);
    out.id = s.fixed<NoticeId>(1).value_or(NoticeId{});
    out.to_all = s.integer(2) != 0;
    out.kind = static_cast<NoticeKind>(s.integer(3));
    out.created_ms = s.integer(4);
    out.expires_ms = s.integer(5);
    out.withdrawn = s.integer(6) != 0;
    out.title = s.text(7);
    out.text = s.text(8);
    out.link = s.text(9);
    out.app = s.integer(15);
    if (s.integer(10) != 0) out.settled = NoticeReach{number(s, 11), number(s, 12), number(s, 13), number(s, 14)};
    return out;
}

} // namespace

std::optional<StoredNotice> Store::notice(const NoticeId& id)
{
    std::optional<StoredNotice> out;
    read(
        "SELECT " GODWIT_NOTICE_COLUMNS " FROM notices n WHERE n.name = ?1",
        [&](const Row& s) {
            out = notice_from(s);
            return false;
        },
        id);
    return out;
}

std::uint64_t Store::newest_notice()
{
    return static_cast<std::uint64_t>(read_integer("SELECT max(id) FROM notices").value_or(0));
}

WallMs Store::newest_notice_ms()
{
    return read_integer("SELECT max(created_ms) FROM notices").value_or(0);
}

std::uint64_t Store::add_notice(const StoredNotice& n, const std::vector<AccountRow>& accounts)
{
    write("INSERT INTO notices(name, to_all, kind, created_ms, expires_ms, withdrawn, title, text, link, settled,"
          " accounts, accounts_reached, devices, devices_reached)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0, 0, 0)",
          n.id, n.to_all, n.kind, n.created_ms, n.expires_ms, n.withdrawn, n.title, n.text, n.link);
    if (failed()) return 0;
    const auto sequence = inserted();
    if (n.app != no_app) write("INSERT INTO notice_apps(notice, app) VALUES(?1, ?2)", sequence, n.app);
    for (const auto account : accounts)
        write("INSERT OR IGNORE INTO notice_accounts(account, notice) VALUES(?1, ?2)", account, sequence);
    return static_cast<std::uint64_t>(sequence);
}

std::vector<AccountRow> Store::notice_accounts(std::uint64_t sequence)
{
    std::vector<AccountRow> out;
    read(
        "SELECT account FROM notice_accounts WHERE notice = ?1 ORDER BY account",
        [&](const Row& s) {
            out.push_back(s.integer(0));
            return true;
        },
        sequence);
    return out;
}

void Store::remove_notice(std::uint64_t sequence)
{
    write("DELETE FROM notice_accounts WHERE notice = ?1", sequence);
    write("DELETE FROM notice_apps WHERE notice = ?1", sequence);
    write("DELETE FROM notices WHERE id = ?1", sequence);
}

std::vector<StoredNotice> Store::notices(std::uint64_t before, std::size_t limit)
{
    std::vector<StoredNotice> out;
    read(
        "SELECT " GODWIT_NOTICE_COLUMNS " FROM notices n WHERE n.id < ?1 ORDER BY n.id DESC LIMIT ?2",
        [&](const Row& s) {
            out.push_back(notice_from(s));
            return true;
        },
        before, limit);
    return out;
}

std::vector<StoredNotice> Store::notices_for(AccountRow account, std::uint64_t after, WallMs now_ms, std::size_t limit)
{
    std::vector<StoredNotice> out;
    read(
        "SELECT " GODWIT_NOTICE_COLUMNS " FROM notices n WHERE n.to_all = 1 AND n.id > ?2 AND n.expires_ms > ?3"
        " AND n.created_ms >= (SELECT created_ms FROM accounts WHERE id = ?1)"
        " AND NOT EXISTS(SELECT 1 FROM notice_apps y WHERE y.notice = n.id"
        " AND y.app <> (SELECT app FROM accounts WHERE id = ?1))"
        " UNION ALL SELECT " GODWIT_NOTICE_COLUMNS " FROM notice_accounts x JOIN notices n ON n.id = x.notice"
        " WHERE x.account = ?1 AND x.notice > ?2 AND n.expires_ms > ?3 ORDER BY 1 LIMIT ?4",
        [&](const Row& s) {
            out.push_back(notice_from(s));
            return true;
        },
        account, after, now_ms, limit);
    return out;
}

std::uint64_t Store::notice_cursor(DeviceRow device)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT up_to FROM notice_cursors WHERE device = ?1", device).value_or(0));
}

void Store::advance_notice_cursor(DeviceRow device, std::uint64_t up_to)
{
    write("INSERT INTO notice_cursors(device, up_to) VALUES(?1, ?2)"
          " ON CONFLICT(device) DO UPDATE SET up_to = max(up_to, ?2)",
          device, up_to);
}

NoticeReach Store::notice_reach(const StoredNotice& notice)
{
    NoticeReach out;
    read(
        "SELECT count(DISTINCT a.id), count(DISTINCT iif(c.up_to >= ?1, a.id, NULL)), count(d.id),"
        " coalesce(sum(c.up_to >= ?1), 0) FROM accounts a LEFT JOIN devices d ON d.account = a.id"
        " LEFT JOIN notice_cursors c ON c.device = d.id WHERE " GODWIT_NOTICE_AUDIENCE,
        [&](const Row& s) {
            out = {number(s, 0), number(s, 1), number(s, 2), number(s, 3)};
            return false;
        },
        notice.sequence, notice.to_all, notice.created_ms, nullptr, nullptr, notice.app);
    return out;
}

std::vector<NoticeRecipient> Store::notice_recipients(const StoredNotice& notice, std::string_view after,
                                                      std::size_t accounts)
{
    std::vector<NoticeRecipient> out;
    read(
        "SELECT a.name, d.key, coalesce(c.up_to, 0) >= ?1 FROM (SELECT a.id, a.user || coalesce('@' || p.name, '') name"
        " FROM accounts a LEFT JOIN apps p ON p.id = a.app WHERE a.user || coalesce('@' || p.name, '') > ?4 AND"
        " " GODWIT_NOTICE_AUDIENCE " ORDER BY 2 LIMIT ?5) a"
        " LEFT JOIN devices d ON d.account = a.id LEFT JOIN notice_cursors c ON c.device = d.id"
        " ORDER BY a.name, d.id",
        [&](const Row& s) {
            out.push_back({std::string(s.text(0)), s.fixed<DeviceId>(1), !s.is_null(1) && s.integer(2) != 0});
            return true;
        },
        notice.sequence, notice.to_all, notice.created_ms, after, accounts, notice.app);
    return out;
}

std::optional<StoredNotice> Store::next_open_notice()
{
    std::optional<StoredNotice> out;
    read("SELECT " GODWIT_NOTICE_COLUMNS " FROM notices n WHERE n.settled = 0 ORDER BY n.expires_ms LIMIT 1",
         [&](const Row& s) {
             out = notice_from(s);
             return false;
         });
    return out;
}

void Store::settle_notice(std::uint64_t sequence, const NoticeReach& reach)
{
    write("UPDATE notices SET settled = 1, accounts = ?2, accounts_reached = ?3, devices = ?4, devices_reached = ?5"
          " WHERE id = ?1",
          sequence, reach.accounts, reach.accounts_reached, reach.devices, reach.devices_reached);
    write("DELETE FROM notice_accounts WHERE notice = ?1", sequence);
}

bool Store::remove_settled_notice(WallMs expired_before_ms)
{
    const auto oldest = read_integer(
        "SELECT id FROM notices WHERE settled = 1 AND expires_ms <= ?1 ORDER BY expires_ms LIMIT 1", expired_before_ms);
    if (!oldest) return false;
    remove_notice(static_cast<std::uint64_t>(*oldest));
    return true;
}

} // namespace godwit::relay
