// SPDX-License-Identifier: Apache-2.0
#include "relay/store/admin_tables.hpp"

namespace godwit::relay {
namespace {

#define GODWIT_TOKEN_COLUMNS "name, role, hash, created_ms, expires_ms, app"
#define GODWIT_AUDIT_COLUMNS "id, at_ms, actor, role, verb, target, detail, link"

StoredToken token_from(const Row& s)
{
    return {std::string(s.text(0)),
            static_cast<std::uint8_t>(s.integer(1)),
            s.fixed<TokenHash>(2).value_or(TokenHash{}),
            s.integer(3),
            s.integer(4),
            s.integer(5)};
}

/// A link of another length is a link that no record has: verification names it.
AuditRecord record_from(const Row& s)
{
    AuditRecord out;
    out.sequence = static_cast<std::uint64_t>(s.integer(0));
    out.at_ms = s.integer(1);
    out.actor = s.text(2);
    out.role = static_cast<std::uint8_t>(s.integer(3));
    out.verb = s.text(4);
    out.target = s.text(5);
    out.detail = s.text(6);
    out.link = s.fixed<AuditLink>(7).value_or(AuditLink{});
    return out;
}

} // namespace

// ---- tokens ----

std::optional<StoredToken> TokenTable::find(std::string_view name)
{
    std::optional<StoredToken> out;
    ledger_.read(
        "SELECT " GODWIT_TOKEN_COLUMNS " FROM admin_tokens WHERE name = ?1",
        [&](const Row& s) {
            out = token_from(s);
            return false;
        },
        name);
    return out;
}

std::optional<StoredToken> TokenTable::find(const TokenHash& hash)
{
    std::optional<StoredToken> out;
    ledger_.read(
        "SELECT " GODWIT_TOKEN_COLUMNS " FROM admin_tokens WHERE hash = ?1",
        [&](const Row& s) {
            out = token_from(s);
            return false;
        },
        hash);
    return out;
}

std::vector<StoredToken> TokenTable::all()
{
    std::vector<StoredToken> out;
    ledger_.read("SELECT " GODWIT_TOKEN_COLUMNS " FROM admin_tokens ORDER BY name", [&](const Row& s) {
        out.push_back(token_from(s));
        return true;
    });
    return out;
}

std::uint64_t TokenTable::count()
{
    return static_cast<std::uint64_t>(ledger_.read_integer("SELECT count(*) FROM admin_tokens").value_or(0));
}

void TokenTable::add(const StoredToken& token)
{
    ledger_.write("INSERT INTO admin_tokens(" GODWIT_TOKEN_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6)", token.name,
                  token.role, token.hash, token.created_ms, token.expires_ms, token.app);
}

bool TokenTable::remove(std::string_view name)
{
    ledger_.write("DELETE FROM admin_tokens WHERE name = ?1", name);
    return !ledger_.failed() && ledger_.changes() == 1;
}

// ---- audit ----

std::optional<AuditRecord> AuditTable::newest()
{
    auto found = before(INT64_MAX, 1);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::uint64_t AuditTable::newest_ever()
{
    return static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").value_or(0));
}

std::vector<AuditRecord> AuditTable::after(std::uint64_t sequence, std::size_t limit)
{
    std::vector<AuditRecord> out;
    ledger_.read(
        "SELECT " GODWIT_AUDIT_COLUMNS " FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2",
        [&](const Row& s) {
            out.push_back(record_from(s));
            return true;
        },
        sequence, limit);
    return out;
}

std::vector<AuditRecord> AuditTable::before(std::uint64_t sequence, std::size_t limit)
{
    std::vector<AuditRecord> out;
    ledger_.read(
        "SELECT " GODWIT_AUDIT_COLUMNS " FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        [&](const Row& s) {
            out.push_back(record_from(s));
            return true;
        },
        sequence, limit);
    return out;
}

void AuditTable::add(const AuditRecord& r)
{
    ledger_.write("INSERT INTO audit(id, at_ms, actor, role, verb, target, detail, link)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  r.sequence, r.at_ms, r.actor, r.role, r.verb, r.target, r.detail, r.link);
}

// ---- cursors ----

std::optional<std::uint64_t> CursorTable::find(std::string_view name)
{
    const auto found = ledger_.read_integer("SELECT up_to FROM webhook_cursors WHERE name = ?1", name);
    return found ? std::optional(static_cast<std::uint64_t>(*found)) : std::nullopt;
}

void CursorTable::set(std::string_view name, std::uint64_t up_to)
{
    ledger_.write("INSERT INTO webhook_cursors(name, up_to) VALUES(?1, ?2)"
                  " ON CONFLICT(name) DO UPDATE SET up_to = ?2",
                  name, up_to);
}

} // namespace godwit::relay
