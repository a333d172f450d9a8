// SPDX-License-Identifier: Apache-2.0
// backend: what the relay's store asks of a database, and all that it asks. SQLite is behind it
// (sqlite_backend.hpp); what a cluster puts there has to give exactly this (docs/adr/0050-scale.md).
//
//   begin -> run, query … (which see what was written since) -> commit: durable when it says ok
//                                                            -> or rollback: nothing of it remains
//
// Called by the thread of the core alone, and by one Ledger. Nothing here is asynchronous: a tick's transaction is one
// wait, shared by all that is in it. Which SQL it speaks is the tables' business (relay/store/*.cpp), not this port's.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace godwit::relay {

/// One row of a result. Columns are numbered from 0; views are good until the next row, or the end of the query.
class Row {
public:
    [[nodiscard]] virtual bool is_null(int column) const = 0;
    /// 0 for NULL; texts and bytes are then empty.
    [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
    [[nodiscard]] virtual BytesView bytes(int column) const = 0;
    [[nodiscard]] virtual std::string_view text(int column) const = 0;
    /// nullopt when the column has another length.
    template <class Fixed>
    [[nodiscard]] std::optional<Fixed> fixed(int column) const
    {
        return Fixed::from(bytes(column));
    }

protected:
    ~Row() = default;
};

/// Takes the rows of a query one after another.
class RowSink {
public:
    /// False: no more of them. May query itself.
    virtual bool row(const Row& row) = 0;

protected:
    ~RowSink() = default;
};

/// What a statement is given for one parameter. Views: they outlive the call, and the database copies what it keeps.
using Value = std::variant<std::nullptr_t, std::int64_t, std::string_view, BytesView>;

[[nodiscard]] inline Value value_of(std::nullptr_t)
{
    return nullptr;
}
[[nodiscard]] inline Value value_of(std::nullopt_t)
{
    return nullptr;
}
[[nodiscard]] inline Value value_of(std::string_view text)
{
    return text;
}
[[nodiscard]] inline Value value_of(const std::string& text)
{
    return std::string_view(text);
}
[[nodiscard]] inline Value value_of(const char* text)
{
    return std::string_view(text);
}
[[nodiscard]] inline Value value_of(BytesView bytes)
{
    return bytes;
}
[[nodiscard]] inline Value value_of(const Bytes& bytes)
{
    return BytesView(bytes);
}
template <std::size_t N, class Tag>
[[nodiscard]] Value value_of(const FixedBytes<N, Tag>& bytes)
{
    return bytes.view();
}
template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
[[nodiscard]] Value value_of(T number)
{
    return static_cast<std::int64_t>(number);
}
template <class T>
[[nodiscard]] Value value_of(const std::optional<T>& value)
{
    return value ? value_of(*value) : Value(nullptr);
}

class Backend {
public:
    virtual ~Backend() = default;

    /// `internal` when a transaction is open.
    [[nodiscard]] virtual Result<void> begin() = 0;
    /// Durable when ok; else nothing of the transaction remains.
    [[nodiscard]] virtual Result<void> commit() = 0;
    /// Never fails; no transaction, no effect.
    virtual void rollback() noexcept = 0;

    /// One statement without rows; parameters are ?1, ?2, … Errors: storage_failed, storage_full, storage_corrupt.
    [[nodiscard]] virtual Result<void> run(std::string_view sql, std::span<const Value> values) = 0;
    /// One statement with rows, in their order. The same errors; rows before the error have been told.
    [[nodiscard]] virtual Result<void> query(std::string_view sql, std::span<const Value> values, RowSink& sink) = 0;
    /// Rows that the last run() inserted, changed or removed.
    [[nodiscard]] virtual std::int64_t changes() const noexcept = 0;
    /// The integer key that the last INSERT was given.
    [[nodiscard]] virtual std::int64_t inserted() const noexcept = 0;

    /// ok while it answers. An error here is for good: the process ends, and is started again.
    [[nodiscard]] virtual Result<void> alive() = 0;
    /// Makes room after a commit that found none, as far as it can. Precondition: no transaction.
    virtual void make_room() noexcept = 0;
};

} // namespace godwit::relay
