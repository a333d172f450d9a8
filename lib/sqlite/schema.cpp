// SPDX-License-Identifier: Apache-2.0
// Versions and migrations. user_version is the number of steps taken, and moves in the same transaction as each step: a
// kill between any two statements leaves either the old schema or the new one.
#include "lib/sqlite/core.hpp"
#include "lib/sqlite/errors.hpp"

namespace godwit::sqlite {

Result<std::int64_t> read_integer(DatabaseCore& core, std::string_view sql)
{
    auto statement = core.prepare(sql);
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return Error{ErrorCode::internal, "store: no answer to " + std::string(sql)};
    return statement->integer(0);
}

Result<void> check_version(DatabaseCore& core, const Schema& schema)
{
    auto version = read_integer(core, "PRAGMA user_version");
    if (!version) return version.error();
    auto application = read_integer(core, "PRAGMA application_id");
    if (!application) return application.error();
    auto objects = read_integer(core, "SELECT count(*) FROM sqlite_schema");
    if (!objects) return objects.error();

    const bool blank = *version == 0 && *application == 0 && *objects == 0;
    if (!blank && static_cast<std::uint32_t>(*application) != schema.application_id)
        return damaged_store("this database belongs to another program");
    if (*version > static_cast<std::int64_t>(schema.steps.size()))
        return Error{ErrorCode::storage_too_new, "a newer godwit wrote this store (schema " + std::to_string(*version) +
                                                     ", this one knows " + std::to_string(schema.steps.size()) +
                                                     "): update; the file is untouched"};
    if (*version < 0) return damaged_store("the schema version of the store is absurd");
    return {};
}

Result<void> migrate(DatabaseCore& core, const Schema& schema)
{
    auto version = read_integer(core, "PRAGMA user_version");
    if (!version) return version.error();
    for (auto step = static_cast<std::size_t>(*version); step < schema.steps.size(); ++step) {
        auto done = core.execute("BEGIN IMMEDIATE");
        if (done) done = core.execute(schema.steps[step].sql);
        if (done)
            done = core.execute("PRAGMA application_id = " +
                                std::to_string(static_cast<std::int32_t>(schema.application_id)));
        if (done) done = core.execute("PRAGMA user_version = " + std::to_string(step + 1));
        if (done) done = core.execute("COMMIT");
        if (!done) {
            if (sqlite3_get_autocommit(core.db) == 0) sqlite3_exec(core.db, "ROLLBACK", nullptr, nullptr, nullptr);
            return done;
        }
    }
    return {};
}

} // namespace godwit::sqlite
