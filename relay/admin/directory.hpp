// SPDX-License-Identifier: Apache-2.0
// directory: who belongs to the organisation, and where in it. Whoever stands in it needs no account yet; an account
// that goes stays in it until it is taken out.
#pragma once

#include "relay/store/directory_tables.hpp"

#include <godwit/result.hpp>

namespace godwit::relay::admin {

inline constexpr std::size_t departments_max = 2000;
inline constexpr std::size_t department_depth_max = 16;
inline constexpr std::size_t department_name_bytes_max = 100;
inline constexpr std::size_t directory_members_max = 100'000;
inline constexpr std::size_t member_text_bytes_max = 200; ///< Of a name, a title, an address.
inline constexpr std::size_t import_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t import_errors_max = 100; ///< Told; more are counted.

struct ImportError {
    std::size_t line = 0;
    std::string what;
};
struct ImportReport {
    std::uint64_t members_added = 0;
    std::uint64_t members_changed = 0;
    std::uint64_t departments_added = 0;
    std::vector<ImportError> errors; ///< Not empty: nothing was changed.
    std::uint64_t errors_untold = 0;
};

class Directory {
public:
    explicit Directory(Ledger& ledger, AppRow app = 0) : table_(ledger, app) {}

    [[nodiscard]] DirectoryTable& table() noexcept { return table_; }
    /// Errors: invalid_argument, conflict (it is there), quota_exceeded, no_such_file (no such parent).
    [[nodiscard]] Result<StoredDepartment> add_department(DepartmentRow parent, const std::string& name, WallMs now_ms);
    /// Errors: no_such_file, conflict (something is in it).
    [[nodiscard]] Result<void> remove_department(DepartmentRow id);
    /// Added, or changed. Errors: invalid_argument, quota_exceeded, no_such_file (no such department).
    [[nodiscard]] Result<void> set_member(const DirectoryMember& member);
    /// CSV with a header: user, full_name, title, email, department, in any order; but user all may be missing. A
    /// department is a path, "Sales/North", and is made when it is not there. All of it, or nothing. Errors of lines
    /// stand in the report; invalid_argument: it is no CSV, or its header is wrong. `dry_run`: only looks.
    [[nodiscard]] Result<ImportReport> import(std::string_view csv, bool dry_run, WallMs now_ms);

private:
    DirectoryTable table_;
};

} // namespace godwit::relay::admin
