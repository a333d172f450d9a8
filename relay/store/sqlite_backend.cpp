// SPDX-License-Identifier: Apache-2.0
#include "relay/store/sqlite_backend.hpp"

namespace godwit::relay {
namespace {

class StatementRow final : public Row {
public:
    explicit StatementRow(const sqlite::Statement& statement) : statement_(statement) {}
    [[nodiscard]] bool is_null(int column) const override { return statement_.is_null(column); }
    [[nodiscard]] std::int64_t integer(int column) const override { return statement_.integer(column); }
    [[nodiscard]] BytesView bytes(int column) const override { return statement_.bytes(column); }
    [[nodiscard]] std::string_view text(int column) const override { return statement_.text(column); }

private:
    const sqlite::Statement& statement_;
};

void borrow(sqlite::Statement& statement, std::span<const Value> values)
{
    statement.borrow();
    int index = 0;
    for (const auto& value : values)
        std::visit([&](const auto& one) { statement.borrow_at(++index, one); }, value);
}

} // namespace

Result<void> SqliteBackend::run(std::string_view sql, std::span<const Value> values)
{
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    borrow(*statement, values);
    return statement->run();
}

Result<void> SqliteBackend::query(std::string_view sql, std::span<const Value> values, RowSink& sink)
{
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    borrow(*statement, values);
    const StatementRow row(*statement);
    for (;;) {
        const auto more = statement->step();
        if (!more) return more.error();
        if (!*more || !sink.row(row)) return {};
    }
}

Result<void> SqliteBackend::alive()
{
    return run("SELECT 1", {});
}

} // namespace godwit::relay
