// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/directory.hpp"

#include "lib/base/bytes.hpp"
#include "lib/wire/names.hpp"
#include "relay/admin/csv.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace godwit::relay::admin {
namespace {

Error invalid(std::string what)
{
    return {ErrorCode::invalid_argument, std::move(what), 0};
}

/// UTF-8 without control characters.
bool is_line(std::string_view text, std::size_t bytes_max)
{
    return text.size() <= bytes_max && is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
}

std::optional<std::string> wrong_name(std::string_view name)
{
    if (!name.empty() && name.find('/') == std::string_view::npos && is_line(name, department_name_bytes_max))
        return std::nullopt;
    return "department: names have 1 to " + std::to_string(department_name_bytes_max) +
           " bytes on one line, and no slash";
}

std::optional<std::string> wrong(const DirectoryMember& member)
{
    if (!wire::is_user_name(member.user))
        return "user: 1 to 32 characters of a-z, 0-9, '.', '_' and '-', and a letter or digit in front";
    for (const auto& [name, text] : {std::pair("full_name", &member.full_name), std::pair("title", &member.title),
                                     std::pair("email", &member.email)})
        if (!is_line(*text, member_text_bytes_max))
            return std::string(name) + ": one line of at most " + std::to_string(member_text_bytes_max) +
                   " bytes of UTF-8";
    return std::nullopt;
}

Result<std::vector<std::string>> split(std::string_view path)
{
    std::vector<std::string> out;
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        auto part = path.substr(0, slash);
        path.remove_prefix(std::min(path.size(), slash + 1));
        while (!part.empty() && part.front() == ' ')
            part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ')
            part.remove_suffix(1);
        if (auto why = wrong_name(part)) return invalid(*std::move(why));
        out.emplace_back(part);
    }
    if (out.size() > department_depth_max)
        return invalid("department: at most " + std::to_string(department_depth_max) + " one within the other");
    return out;
}

constexpr std::array<std::string_view, 5> columns{"user", "full_name", "title", "email", "department"};

} // namespace

Result<StoredDepartment> Directory::add_department(DepartmentRow parent, const std::string& name, WallMs now_ms)
{
    if (auto why = wrong_name(name)) return invalid(*std::move(why));
    std::size_t depth = 1;
    for (auto above = parent; above != 0; ++depth) {
        const auto found = table_.department(above);
        if (!found) return Error{ErrorCode::no_such_file, "there is no such parent department", 0};
        above = found->parent;
    }
    if (depth > department_depth_max)
        return invalid("parent: at most " + std::to_string(department_depth_max) + " one within the other");
    if (table_.department(parent, name))
        return Error{ErrorCode::conflict, "there is a department of this name in the same place", 0};
    if (table_.department_count() >= departments_max)
        return Error{ErrorCode::quota_exceeded, "at most " + std::to_string(departments_max) + " departments", 0};
    StoredDepartment out;
    out.parent = parent;
    out.name = name;
    out.id = table_.add_department(parent, name, now_ms);
    return out;
}

Result<void> Directory::remove_department(DepartmentRow id)
{
    if (!table_.department(id)) return Error{ErrorCode::no_such_file, "there is no such department", 0};
    if (table_.has_children(id))
        return Error{ErrorCode::conflict, "departments or members are in it: move them first", 0};
    table_.remove_department(id);
    return {};
}

Result<void> Directory::set_member(const DirectoryMember& member)
{
    if (auto why = wrong(member)) return invalid(*std::move(why));
    if (member.department != 0 && !table_.department(member.department))
        return Error{ErrorCode::no_such_file, "there is no such department", 0};
    if (!table_.member(member.user) && table_.member_count() >= directory_members_max)
        return Error{ErrorCode::quota_exceeded, "at most " + std::to_string(directory_members_max) + " members", 0};
    table_.set_member(member);
    return {};
}

Result<ImportReport> Directory::import(std::string_view csv, bool dry_run, WallMs now_ms)
{
    auto records = read_csv(csv);
    if (!records) return records.error();
    if (records->empty()) return invalid("line 1: a header is missing: user,full_name,title,email,department");

    // Header: which column is where.
    std::map<std::string_view, std::size_t> at;
    for (std::size_t i = 0; i < records->front().fields.size(); ++i) {
        const auto found = std::find(columns.begin(), columns.end(), records->front().fields[i]);
        if (found == columns.end())
            return invalid("line 1: unknown column \"" + records->front().fields[i].substr(0, 64) +
                           "\" (known: user, full_name, title, email, department)");
        if (!at.emplace(*found, i).second) return invalid("line 1: column " + std::string(*found) + " stands twice");
    }
    if (!at.contains("user")) return invalid("line 1: the column user is missing");

    // All is judged before anything is changed.
    ImportReport out;
    const auto refuse = [&](std::size_t line, std::string what) {
        if (out.errors.size() < import_errors_max)
            out.errors.push_back({line, std::move(what)});
        else
            ++out.errors_untold;
    };
    struct Row {
        DirectoryMember member;
        std::vector<std::string> department;
    };
    std::vector<Row> rows;
    std::map<std::string, std::size_t> seen; // user -> line
    std::uint64_t added = 0;
    std::set<std::vector<std::string>> paths; // with all that lead there
    for (std::size_t n = 1; n < records->size(); ++n) {
        const auto& record = (*records)[n];
        if (record.fields.size() != at.size()) {
            refuse(record.line, "has " + std::to_string(record.fields.size()) + " fields, and the header " +
                                    std::to_string(at.size()));
            continue;
        }
        Row row;
        row.member.user = record.fields[at["user"]];
        // What the file does not speak of stays as it is.
        const auto before = wire::is_user_name(row.member.user) ? table_.member(row.member.user) : std::nullopt;
        if (before) row.member = *before;
        for (const auto& [name, text] : {std::pair("full_name", &row.member.full_name),
                                         std::pair("title", &row.member.title), std::pair("email", &row.member.email)})
            if (const auto found = at.find(name); found != at.end()) *text = record.fields[found->second];
        auto path = split(at.contains("department") ? record.fields[at["department"]] : std::string());
        if (auto why = wrong(row.member)) {
            refuse(record.line, *std::move(why));
        } else if (!path) {
            refuse(record.line, path.error().detail);
        } else if (const auto [other, fresh] = seen.emplace(row.member.user, record.line); !fresh) {
            refuse(record.line,
                   "user " + row.member.user + " stands in line " + std::to_string(other->second) + " too");
        } else {
            for (std::size_t depth = 1; depth <= path->size(); ++depth)
                paths.emplace(path->begin(), path->begin() + static_cast<std::ptrdiff_t>(depth));
            row.department = *std::move(path);
            before ? ++out.members_changed : ++added;
            rows.push_back(std::move(row));
        }
    }
    out.members_added = added;
    std::map<std::vector<std::string>, DepartmentRow> known;
    for (const auto& path : paths) { // shorter ones first: they are prefixes
        auto parent = path;
        parent.pop_back();
        const auto above = parent.empty() ? DepartmentRow{0} : known[parent];
        const auto found = parent.empty() || above != 0 ? table_.department(above, path.back()) : std::nullopt;
        known[path] = found ? found->id : 0;
        if (!found) ++out.departments_added;
    }
    if (table_.department_count() + out.departments_added > departments_max)
        refuse(1, "the directory would have more than " + std::to_string(departments_max) + " departments");
    if (table_.member_count() + added > directory_members_max)
        refuse(1, "the directory would have more than " + std::to_string(directory_members_max) + " members");
    if (!out.errors.empty()) return ImportReport{0, 0, 0, std::move(out.errors), out.errors_untold};
    if (dry_run) return out;

    for (auto& [path, id] : known) {
        if (id != 0) continue;
        auto parent = path;
        parent.pop_back();
        id = table_.add_department(parent.empty() ? 0 : known[parent], path.back(), now_ms);
    }
    for (auto& row : rows) {
        if (at.contains("department")) row.member.department = row.department.empty() ? 0 : known[row.department];
        table_.set_member(row.member);
    }
    return out;
}

} // namespace godwit::relay::admin
