// SPDX-License-Identifier: Apache-2.0
// SQLite's result codes in godwit's words.
#pragma once

#include <godwit/result.hpp>

struct sqlite3;

namespace godwit::sqlite {

/// `storage_corrupt`: "<what>: restore the store from a backup".
[[nodiscard]] Error damaged_store(const std::string& what);

/// `rc`: an extended result code other than OK, ROW and DONE. `db` may be nullptr (no message then).
[[nodiscard]] Error to_error(int rc, sqlite3* db);

/// True when the disk broke its promise to make bytes durable: nothing may be acknowledged by this connection any more.
[[nodiscard]] bool is_sync_failure(int rc) noexcept;

} // namespace godwit::sqlite
