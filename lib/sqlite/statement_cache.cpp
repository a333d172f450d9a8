// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/statement_cache.hpp"

#include "lib/sqlite/database.hpp"

#include <new>

namespace godwit::sqlite {

StatementCache::Place& StatementCache::place_of(std::string_view sql) noexcept
{
    // Literals lie close together: the low bits and the next ones both tell them apart.
    const auto at = reinterpret_cast<std::uintptr_t>(sql.data());
    return places_[(at ^ (at >> 8)) % places_count];
}

sqlite3_stmt* StatementCache::take(std::string_view sql) noexcept
{
    Place& place = place_of(sql);
    Kept* kept = place.text == sql.data() && place.kept != nullptr && place.kept->sql == sql ? place.kept : nullptr;
    if (kept == nullptr) {
        const auto found = by_sql_.find(sql);
        if (found == by_sql_.end()) return nullptr;
        kept = found->second.get();
        place = {sql.data(), kept};
    }
    if (kept->out) return nullptr;
    kept->out = true;
    kept->used = ++now_;
    return kept->statement;
}

void StatementCache::give_back(sqlite3_stmt* statement) noexcept
{
    if (const auto known = by_statement_.find(statement); known != by_statement_.end()) {
        known->second->out = false;
        return;
    }
    try {
        auto fresh = std::make_unique<Kept>(Kept{statement, sqlite3_sql(statement), ++now_, false});
        Kept* const kept = fresh.get();
        by_statement_.reserve(by_statement_.size() + 1); // so that the second insertion cannot fail for its table
        if (!by_sql_.try_emplace(kept->sql, std::move(fresh)).second) {
            sqlite3_finalize(statement); // two of the same text were out at once: one is enough to keep
            return;
        }
        try {
            by_statement_.emplace(statement, kept);
        } catch (const std::bad_alloc&) {
            by_sql_.erase(kept->sql);
            throw;
        }
    } catch (const std::bad_alloc&) {
        sqlite3_finalize(statement);
        return;
    }
    if (by_sql_.size() > statements_kept_max) drop_oldest();
}

void StatementCache::drop_oldest() noexcept
{
    Kept* oldest = nullptr;
    for (const auto& [sql, kept] : by_sql_)
        if (!kept->out && (oldest == nullptr || kept->used < oldest->used)) oldest = kept.get();
    if (oldest != nullptr) drop(*oldest);
}

void StatementCache::drop(Kept& kept) noexcept
{
    for (auto& place : places_)
        if (place.kept == &kept) place = {};
    sqlite3_stmt* const statement = kept.statement;
    by_statement_.erase(statement);
    by_sql_.erase(kept.sql); // `kept` is gone
    sqlite3_finalize(statement);
}

void StatementCache::clear() noexcept
{
    places_ = {};
    by_statement_.clear();
    for (const auto& [sql, kept] : by_sql_)
        sqlite3_finalize(kept->statement);
    by_sql_.clear();
}

} // namespace godwit::sqlite
