// SPDX-License-Identifier: Apache-2.0
// ledger: the one transaction of a tick, which all tables of relay.db share. The first write begins it, commit() makes
// it durable. Errors are sticky: after the first failed call every further write is ignored, every read answers
// "nothing", and commit() returns that first error; the caller then calls rollback().
//
// store.hpp is the tables of messaging on it, admin_tables.hpp those of the operator.
#pragma once

#include "lib/sqlite/database.hpp"

#include <optional>
#include <vector>

namespace godwit::relay {

class Ledger {
public:
    /// Durable when ok. Free of cost when nothing was written.
    [[nodiscard]] Result<void> commit();
    void rollback() noexcept;
    [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
    [[nodiscard]] bool dirty() const noexcept { return in_transaction_; }
    /// An error outside a transaction is not held against the next one.
    void forgive_reads() noexcept
    {
        if (!in_transaction_) error_.reset();
    }

    template <class... Values>
    void write(std::string_view sql, const Values&... values)
    {
        if (writing()) note(database_.run(sql, values...));
    }
    /// Rows that the last write changed. Precondition: !failed().
    [[nodiscard]] std::int64_t changes() const noexcept { return database_.changes(); }
    /// 0 when it failed.
    [[nodiscard]] std::int64_t inserted() const noexcept { return failed() ? 0 : database_.last_insert_rowid(); }
    /// Calls `row` for each row, until it says stop.
    template <class Row, class... Values>
    void read(std::string_view sql, Row row, const Values&... values)
    {
        if (failed()) return;
        auto statement = database_.prepare(sql);
        if (!statement) return note(statement.error());
        statement->bind(values...);
        for (;;) {
            const auto more = statement->step();
            if (!more) return note(more.error());
            if (!*more || !row(*statement)) return;
        }
    }
    [[nodiscard]] static std::int64_t first_integer(const sqlite::Statement& row) { return row.integer(0); }
    /// make(row) of each row.
    template <class Make, class... Values>
    [[nodiscard]] auto read_all(std::string_view sql, Make make, const Values&... values)
    {
        std::vector<std::invoke_result_t<Make, const sqlite::Statement&>> out;
        read(
            sql,
            [&](const sqlite::Statement& s) {
                out.push_back(make(s));
                return true;
            },
            values...);
        return out;
    }
    /// Of the first; nullopt: there is none.
    template <class Make, class... Values>
    [[nodiscard]] auto read_one(std::string_view sql, Make make, const Values&... values)
    {
        std::optional<std::invoke_result_t<Make, const sqlite::Statement&>> out;
        read(
            sql,
            [&](const sqlite::Statement& s) {
                out = make(s);
                return false;
            },
            values...);
        return out;
    }
    [[nodiscard]] std::optional<std::int64_t> read_integer(std::string_view sql, const auto&... values)
    {
        std::optional<std::int64_t> out;
        read(
            sql,
            [&](const sqlite::Statement& s) {
                if (!s.is_null(0)) out = s.integer(0);
                return false;
            },
            values...);
        return out;
    }

protected:
    explicit Ledger(sqlite::Database database) : database_(std::move(database)) {}

    /// Begins the tick's transaction when there is none. False when the tick has failed already.
    [[nodiscard]] bool writing();
    void note(const Result<void>& result)
    {
        if (!result.ok() && !error_) error_ = result.error();
    }

    sqlite::Database database_;
    std::optional<Error> error_;
    bool in_transaction_ = false;
};

} // namespace godwit::relay
