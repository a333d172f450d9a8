// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/errors.hpp"

#include <cstring>
#include <sqlite3.h>

namespace godwit::sqlite {

Error damaged_store(const std::string& what)
{
    return Error{ErrorCode::storage_corrupt, what + ": restore the store from a backup"};
}

Error to_error(int rc, sqlite3* db)
{
    std::string why;
    if (db != nullptr) {
        why = sqlite3_errmsg(db);
        const int number = sqlite3_system_errno(db);
        // A file system call failed: say which way, e.g. "Permission denied".
        if (number != 0 && ((rc & 255) == SQLITE_IOERR || (rc & 255) == SQLITE_CANTOPEN))
            why += std::string(" (") + std::strerror(number) + ")";
    } else {
        why = sqlite3_errstr(rc);
    }
    switch (rc & 255) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return Error{ErrorCode::storage_in_use, "the store is open in another process or client: close that one first"};
    case SQLITE_CORRUPT: return damaged_store("the store is damaged: " + why);
    case SQLITE_NOTADB: return damaged_store("this file is not a database of ours");
    case SQLITE_FULL: return Error{ErrorCode::storage_failed, "the disk is full: make room; nothing accepted was lost"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return Error{ErrorCode::storage_failed, "the store is read-only: make its file and directory writable"};
    case SQLITE_CANTOPEN:
        return Error{ErrorCode::storage_failed,
                     "the store cannot be opened: check that its directory exists and is writable: " + why};
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_DATA || rc == SQLITE_IOERR_CORRUPTFS) return damaged_store("stored bytes are damaged");
        if (rc == SQLITE_IOERR_NOMEM) return Error{ErrorCode::storage_failed, "out of memory in the store"};
        return Error{ErrorCode::storage_failed, "the disk failed: check it, then open the store again: " + why};
    case SQLITE_NOMEM: return Error{ErrorCode::storage_failed, "out of memory in the store"};
    case SQLITE_TOOBIG: return Error{ErrorCode::invalid_argument, "a value is larger than the store takes"};
    default: return Error{ErrorCode::internal, "store: " + why};
    }
}

bool is_sync_failure(int rc) noexcept
{
    return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
}

} // namespace godwit::sqlite
