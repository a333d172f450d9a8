// SPDX-License-Identifier: Apache-2.0
#include "relay/store/directory_tables.hpp"

namespace godwit::relay {
namespace {

#define GODWIT_DEPARTMENT_COLUMNS                                                                                      \
    "d.id, d.parent, d.name, (SELECT count(*) FROM directory_members m WHERE m.department = d.id)"
#define GODWIT_MEMBER_COLUMNS "user, department, full_name, title, email"

StoredDepartment department_from(const Row& s)
{
    return {s.integer(0), s.integer(1), std::string(s.text(2)), static_cast<std::uint64_t>(s.integer(3))};
}

DirectoryMember member_from(const Row& s)
{
    return {std::string(s.text(0)), s.integer(1), std::string(s.text(2)), std::string(s.text(3)),
            std::string(s.text(4))};
}

} // namespace

std::vector<StoredDepartment> DirectoryTable::departments()
{
    return ledger_.read_all("SELECT " GODWIT_DEPARTMENT_COLUMNS " FROM departments d WHERE d.app = ?1 ORDER BY d.id",
                            department_from, app_);
}

std::vector<StoredDepartment> DirectoryTable::children(DepartmentRow parent)
{
    return ledger_.read_all("SELECT " GODWIT_DEPARTMENT_COLUMNS
                            " FROM departments d WHERE d.app = ?1 AND d.parent = ?2 ORDER BY d.name",
                            department_from, app_, parent);
}

std::optional<StoredDepartment> DirectoryTable::department(DepartmentRow id)
{
    return ledger_.read_one("SELECT " GODWIT_DEPARTMENT_COLUMNS " FROM departments d WHERE d.app = ?1 AND d.id = ?2",
                            department_from, app_, id);
}

std::optional<StoredDepartment> DirectoryTable::department(DepartmentRow parent, std::string_view name)
{
    return ledger_.read_one("SELECT " GODWIT_DEPARTMENT_COLUMNS
                            " FROM departments d WHERE d.app = ?1 AND d.parent = ?2 AND d.name = ?3",
                            department_from, app_, parent, name);
}

std::uint64_t DirectoryTable::department_count()
{
    return static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT count(*) FROM departments WHERE app = ?1", app_).value_or(0));
}

bool DirectoryTable::has_children(DepartmentRow id)
{
    return ledger_
        .read_integer("SELECT 1 FROM departments WHERE parent = ?1 UNION ALL"
                      " SELECT 1 FROM directory_members WHERE department = ?1 LIMIT 1",
                      id)
        .has_value();
}

DepartmentRow DirectoryTable::add_department(DepartmentRow parent, std::string_view name, WallMs now_ms)
{
    ledger_.write("INSERT INTO departments(parent, name, created_ms, app) VALUES(?1, ?2, ?3, ?4)", parent, name, now_ms,
                  app_);
    return ledger_.inserted();
}

void DirectoryTable::remove_department(DepartmentRow id)
{
    ledger_.write("DELETE FROM departments WHERE app = ?1 AND id = ?2", app_, id);
}

std::optional<DirectoryMember> DirectoryTable::member(std::string_view user)
{
    return ledger_.read_one("SELECT " GODWIT_MEMBER_COLUMNS " FROM directory_members WHERE app = ?1 AND user = ?2",
                            member_from, app_, user);
}

std::vector<DirectoryMember> DirectoryTable::members(std::optional<DepartmentRow> department, std::string_view after,
                                                     std::size_t limit)
{
    return ledger_.read_all("SELECT " GODWIT_MEMBER_COLUMNS " FROM directory_members WHERE app = ?1 AND user > ?3"
                            " AND (?2 IS NULL OR department = ?2) ORDER BY user LIMIT ?4",
                            member_from, app_, department, after, limit);
}

/// Two ranges of two indexes. 0xF48FBFBF is the last character that there is.
std::vector<DirectoryMember> DirectoryTable::find_members(std::string_view beginning, std::string_view after,
                                                          std::size_t limit)
{
    const auto end = std::string(beginning) + "\xF4\x8F\xBF\xBF";
    return ledger_.read_all("SELECT " GODWIT_MEMBER_COLUMNS " FROM directory_members WHERE id IN ("
                            "SELECT id FROM directory_members WHERE app = ?1 AND user >= lower(?2) AND user < lower(?3)"
                            " UNION SELECT id FROM directory_members WHERE app = ?1 AND full_name COLLATE NOCASE >= ?2"
                            " AND full_name COLLATE NOCASE < ?3) AND user > ?4 ORDER BY user LIMIT ?5",
                            member_from, app_, beginning, end, after, limit);
}

bool DirectoryTable::has_account(std::string_view user)
{
    return ledger_.read_integer("SELECT 1 FROM accounts WHERE app = ?1 AND user = ?2", app_, user).has_value();
}

std::uint64_t DirectoryTable::member_count()
{
    return static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT count(*) FROM directory_members WHERE app = ?1", app_).value_or(0));
}

void DirectoryTable::set_member(const DirectoryMember& m)
{
    ledger_.write("INSERT INTO directory_members(department, user, full_name, title, email, app)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                  " ON CONFLICT(app, user) DO UPDATE SET department = ?1, full_name = ?3, title = ?4, email = ?5",
                  m.department, m.user, m.full_name, m.title, m.email, app_);
}

void DirectoryTable::remove_member(std::string_view user)
{
    ledger_.write("DELETE FROM directory_members WHERE app = ?1 AND user = ?2", app_, user);
}

} // namespace godwit::relay
