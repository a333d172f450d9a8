// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/statement.hpp"

#include "lib/sqlite/core.hpp"

namespace godwit::sqlite {

Statement::Statement(Statement&& other) noexcept
    : core_(other.core_), statement_(std::exchange(other.statement_, nullptr)), bind_rc_(other.bind_rc_),
      used_(other.used_)
{
}

Statement::~Statement()
{
    if (statement_ != nullptr) core_->give_back(statement_);
}

void Statement::rewind()
{
    if (!used_) return; // out of the cache as it went in: reset, without values
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    bind_rc_ = SQLITE_OK;
}

void Statement::bind_integer(int index, std::int64_t value)
{
    used_ = true;
    if (const int rc = sqlite3_bind_int64(statement_, index, value); bind_rc_ == SQLITE_OK) bind_rc_ = rc;
}

void Statement::bind_text(int index, std::string_view value)
{
    // An empty view may hold nullptr, which SQLite would read as NULL.
    const char* const data = value.empty() ? "" : value.data();
    used_ = true;
    const int rc = sqlite3_bind_text64(statement_, index, data, value.size(),
                                       borrows_ ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8);
    if (bind_rc_ == SQLITE_OK) bind_rc_ = rc;
}

void Statement::bind_bytes(int index, BytesView value)
{
    used_ = true;
    const int rc = value.empty() ? sqlite3_bind_zeroblob(statement_, index, 0)
                                 : sqlite3_bind_blob64(statement_, index, value.data(), value.size(),
                                                       borrows_ ? SQLITE_STATIC : SQLITE_TRANSIENT);
    if (bind_rc_ == SQLITE_OK) bind_rc_ = rc;
}

void Statement::bind_null(int index)
{
    used_ = true;
    if (const int rc = sqlite3_bind_null(statement_, index); bind_rc_ == SQLITE_OK) bind_rc_ = rc;
}

Result<bool> Statement::step()
{
    if (auto error = core_->stopped()) return *std::move(error);
    if (bind_rc_ != SQLITE_OK) return *core_->judge(bind_rc_);
    used_ = true;
    const int rc = sqlite3_step(statement_);
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    auto error = core_->judge(rc);
    sqlite3_reset(statement_);
    return *std::move(error);
}

Result<void> Statement::run()
{
    for (;;) {
        auto row = step();
        if (!row) return row.error();
        if (!*row) break;
    }
    sqlite3_reset(statement_); // an open cursor would hold back the checkpoint
    return {};
}

bool Statement::is_null(int column) const
{
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(statement_, column);
}

BytesView Statement::bytes(int column) const
{
    const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    const int size = sqlite3_column_bytes(statement_, column);
    return data == nullptr ? BytesView() : BytesView(data, static_cast<std::size_t>(size));
}

std::string_view Statement::text(int column) const
{
    return as_text(bytes(column));
}

} // namespace godwit::sqlite
