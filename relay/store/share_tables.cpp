// SPDX-License-Identifier: Apache-2.0
#include "relay/store/share_tables.hpp"

namespace godwit::relay {
namespace {

#define GODWIT_OF_SUFFIX(column)                                                                                       \
    "CASE WHEN ?1 = '' THEN instr(" column ", '@') = 0 ELSE substr(" column ", -length(?1)) = ?1 END"
#define GODWIT_OF_APP "coalesce((SELECT x.app FROM notice_apps x WHERE x.notice = n.id AND x.app > 0), 0) = ?1"

/// What Store keeps to itself of it.
Ledger& ledger(Store& store)
{
    return store;
}

std::uint64_t number(const std::optional<std::int64_t>& read)
{
    return static_cast<std::uint64_t>(read.value_or(0));
}

} // namespace

std::uint64_t ShareTable::bans(std::string_view suffix)
{
    return number(ledger(store_).read_integer("SELECT count(*) FROM bans WHERE " GODWIT_OF_SUFFIX("subject"), suffix));
}

std::uint64_t ShareTable::invitations(std::string_view suffix)
{
    return number(
        ledger(store_).read_integer("SELECT count(*) FROM invitations WHERE " GODWIT_OF_SUFFIX("user"), suffix));
}

std::uint64_t ShareTable::reports(std::string_view suffix)
{
    return number(ledger(store_).read_integer("SELECT count(*) FROM reports WHERE closed_ms = 0 AND by_client = 0"
                                              " AND " GODWIT_OF_SUFFIX("subject"),
                                              suffix));
}

std::uint64_t ShareTable::notices(AppRow app)
{
    return number(
        ledger(store_).read_integer("SELECT count(*) FROM notices n WHERE " GODWIT_OF_APP, std::max<AppRow>(0, app)));
}

bool ShareTable::remove_settled_notice(AppRow app, WallMs expired_before_ms)
{
    const auto oldest =
        ledger(store_).read_integer("SELECT n.id FROM notices n WHERE " GODWIT_OF_APP " AND n.settled = 1"
                                    " AND n.expires_ms <= ?2 ORDER BY n.expires_ms LIMIT 1",
                                    std::max<AppRow>(0, app), expired_before_ms);
    if (!oldest) return false;
    store_.remove_notice(static_cast<std::uint64_t>(*oldest));
    return true;
}

} // namespace godwit::relay
