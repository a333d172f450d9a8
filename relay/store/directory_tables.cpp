// SPDX-License-Identifier: Apache-2.0
#include "relay/store/directory_tables.hpp"

namespace godwit::relay {
namespace {

#define GODWIT_DEPARTMENT_COLUMNS                                                                                      \
    "d.id, d.parent, d.name, (SELECT count(*) FROM directory_members m WHERE m.department = d.id)"
#define GODWIT_MEMBER_COLUMNS "user, department, full_name, title, email"

StoredDepartment department_from(const sqlite::Statement& s)
{
    return {s.integer(0), s.integer(1), std::string(s.text(2)), static_cast<std::uint64_t>(s.integer(3))};
}

DirectoryMember member_from(const sqlite::Statement& s)
{
    return {std::string(s.text(0)), s.integer(1), std::string(s.text(2)), std::string(s.text(3)),
            std::string(s.text(4))};
}

} // namespace

std::vector<StoredDepartment> DirectoryTable::departments()
{
    std::vector<StoredDepartment> out;
    ledger_.read("SELECT " GODWIT_DEPARTMENT_COLUMNS " FROM departments d ORDER BY d.id",
                 [&](const sqlite::Statement& s) {
                     out.push_back(department_from(s));
                     return true;
                 });
    return out;
}

std::optional<StoredDepartment> DirectoryTable::department(DepartmentRow id)
{
    std::optional<StoredDepartment> out;
    ledger_.read(
        "SELECT " GODWIT_DEPARTMENT_COLUMNS " FROM departments d WHERE d.id = ?1",
        [&](const sqlite::Statement& s) {
            out = department_from(s);
            return false;
        },
        id);
    return out;
}

std::optional<StoredDepartment> DirectoryTable::department(DepartmentRow parent, std::string_view name)
{
    std::optional<StoredDepartment> out;
    ledger_.read(
        "SELECT " GODWIT_DEPARTMENT_COLUMNS " FROM departments d WHERE d.parent = ?1 AND d.name = ?2",
        [&](const sqlite::Statement& s) {
            out = department_from(s);
            return false;
        },
        parent, name);
    return out;
}

std::uint64_t DirectoryTable::department_count()
{
    return static_cast<std::uint64_t>(ledger_.read_integer("SELECT count(*) FROM departments").value_or(0));
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
    ledger_.write("INSERT INTO departments(parent, name, created_ms) VALUES(?1, ?2, ?3)", parent, name, now_ms);
    return ledger_.inserted();
}

void DirectoryTable::remove_department(DepartmentRow id)
{
    ledger_.write("DELETE FROM departments WHERE id = ?1", id);
}

std::optional<DirectoryMember> DirectoryTable::member(std::string_view user)
{
    std::optional<DirectoryMember> out;
    ledger_.read(
        "SELECT " GODWIT_MEMBER_COLUMNS " FROM directory_members WHERE user = ?1",
        [&](const sqlite::Statement& s) {
            out = member_from(s);
            return false;
        },
        user);
    return out;
}

std::vector<DirectoryMember> DirectoryTable::members(std::optional<DepartmentRow> department, std::string_view after,
                                                     std::size_t limit)
{
    std::vector<DirectoryMember> out;
    ledger_.read(
        "SELECT " GODWIT_MEMBER_COLUMNS " FROM directory_members WHERE user > ?2 AND (?1 IS NULL OR department = ?1)"
        " ORDER BY user LIMIT ?3",
        [&](const sqlite::Statement& s) {
            out.push_back(member_from(s));
            return true;
        },
        department, after, limit);
    return out;
}

std::uint64_t DirectoryTable::member_count()
{
    return static_cast<std::uint64_t>(ledger_.read_integer("SELECT count(*) FROM directory_members").value_or(0));
}

void DirectoryTable::set_member(const DirectoryMember& m)
{
    ledger_.write("INSERT INTO directory_members(department, user, full_name, title, email) VALUES(?1, ?2, ?3, ?4, ?5)"
                  " ON CONFLICT(user) DO UPDATE SET department = ?1, full_name = ?3, title = ?4, email = ?5",
                  m.department, m.user, m.full_name, m.title, m.email);
}

void DirectoryTable::remove_member(std::string_view user)
{
    ledger_.write("DELETE FROM directory_members WHERE user = ?1", user);
}

} // namespace godwit::relay
