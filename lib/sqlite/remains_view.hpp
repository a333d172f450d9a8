// SPDX-License-Identifier: Apache-2.0
// Remains as a database that SQLite can read and cannot write: for its integrity check and for our own questions. A
// page that is lost is a read error.
#pragma once

#include "lib/sqlite/remains.hpp"

#include <sqlite3.h>
#include <string>

namespace godwit::sqlite {

class RemainsVfs {
public:
    /// `remains` must outlive it.
    explicit RemainsVfs(const Remains& remains);
    ~RemainsVfs();
    RemainsVfs(const RemainsVfs&) = delete;
    RemainsVfs& operator=(const RemainsVfs&) = delete;
    [[nodiscard]] const char* name() const noexcept { return name_.c_str(); }

private:
    std::string name_;
    const Remains& remains_;
    sqlite3_vfs vfs_{};
};

} // namespace godwit::sqlite
