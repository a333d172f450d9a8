// SPDX-License-Identifier: Apache-2.0
// The organisation's directory: departments in a tree, and who belongs to them. What it means: relay/admin/directory.
#pragma once

#include "lib/base/time.hpp"
#include "relay/store/app_tables.hpp"

#include <vector>

namespace godwit::relay {

using DepartmentRow = std::int64_t; ///< 0: the organisation itself.

struct StoredDepartment {
    DepartmentRow id = 0;
    DepartmentRow parent = 0;
    std::string name;
    std::uint64_t members = 0; ///< Directly in it.
};

struct DirectoryMember {
    std::string user; ///< With or without an account yet.
    DepartmentRow department = 0;
    std::string full_name;
    std::string title;
    std::string email;
};

/// Of one application: of others it says nothing.
class DirectoryTable {
public:
    explicit DirectoryTable(Ledger& ledger, AppRow app = 0) : ledger_(ledger), app_(app) {}

    [[nodiscard]] std::vector<StoredDepartment> departments(); ///< By id: a parent before its children.
    [[nodiscard]] std::optional<StoredDepartment> department(DepartmentRow id);
    [[nodiscard]] std::optional<StoredDepartment> department(DepartmentRow parent, std::string_view name);
    [[nodiscard]] std::uint64_t department_count();
    [[nodiscard]] bool has_children(DepartmentRow id);
    DepartmentRow add_department(DepartmentRow parent, std::string_view name, WallMs now_ms);
    void remove_department(DepartmentRow id);

    [[nodiscard]] std::optional<DirectoryMember> member(std::string_view user);
    /// By user, those after `after`; of one department, or of all.
    [[nodiscard]] std::vector<DirectoryMember> members(std::optional<DepartmentRow> department, std::string_view after,
                                                       std::size_t limit);
    /// Whose user or full name begins so, by user, those after `after`. Letters of ASCII in either case.
    [[nodiscard]] std::vector<DirectoryMember> find_members(std::string_view beginning, std::string_view after,
                                                            std::size_t limit);
    /// There is an account of this name, in this application.
    [[nodiscard]] bool has_account(std::string_view user);
    [[nodiscard]] std::vector<StoredDepartment> children(DepartmentRow parent); ///< By name.
    [[nodiscard]] std::uint64_t member_count();
    void set_member(const DirectoryMember& member);
    void remove_member(std::string_view user);

private:
    Ledger& ledger_;
    AppRow app_;
};

} // namespace godwit::relay
