// SPDX-License-Identifier: Apache-2.0
// ledger: the one transaction of a tick, which all tables of the relay share. The first write begins it, commit() makes
// it durable. Errors are sticky: after the first failed call every further write is ignored, every read answers
// "nothing", and commit() returns that first error; the caller then calls rollback().
//
// backend.hpp is the database behind it, store.hpp the tables of messaging on it, admin_tables.hpp those of the
// operator.
#pragma once

#include "relay/store/backend.hpp"

#include <array>
#include <memory>
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
        if (writing()) note(backend_->run(sql, list(values...)));
    }
    /// Rows that the last write changed. Precondition: !failed().
    [[nodiscard]] std::int64_t changes() const noexcept { return backend_->changes(); }
    /// 0 when it failed.
    [[nodiscard]] std::int64_t inserted() const noexcept { return failed() ? 0 : backend_->inserted(); }
    /// Calls `row` for each row, until it says stop.
    template <class Take, class... Values>
    void read(std::string_view sql, Take take, const Values&... values)
    {
        if (failed()) return;
        struct Sink final : RowSink {
            explicit Sink(Take& what) : take(what) {}
            bool row(const Row& one) override { return take(one); }
            Take& take;
        } sink(take);
        note(backend_->query(sql, list(values...), sink));
    }
    [[nodiscard]] static std::int64_t first_integer(const Row& row) { return row.integer(0); }
    /// make(row) of each row.
    template <class Make, class... Values>
    [[nodiscard]] auto read_all(std::string_view sql, Make make, const Values&... values)
    {
        std::vector<std::invoke_result_t<Make, const Row&>> out;
        read(
            sql,
            [&](const Row& s) {
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
        std::optional<std::invoke_result_t<Make, const Row&>> out;
        read(
            sql,
            [&](const Row& s) {
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
            [&](const Row& s) {
                if (!s.is_null(0)) out = s.integer(0);
                return false;
            },
            values...);
        return out;
    }

protected:
    explicit Ledger(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

    /// Begins the tick's transaction when there is none. False when the tick has failed already.
    [[nodiscard]] bool writing();
    void note(const Result<void>& result)
    {
        if (!result.ok() && !error_) error_ = result.error();
    }
    [[nodiscard]] Backend& backend() noexcept { return *backend_; }
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

private:
    template <class... Values>
    [[nodiscard]] static std::array<Value, sizeof...(Values)> list(const Values&... values)
    {
        return {value_of(values)...};
    }

    std::unique_ptr<Backend> backend_;
    std::optional<Error> error_;
    bool in_transaction_ = false;
};

} // namespace godwit::relay
