// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/directory.hpp"
#include "relay/admin/fields.hpp"

namespace godwit::relay::admin {
namespace {

Json department_of(const StoredDepartment& one)
{
    return {{"id", one.id},
            {"parent", one.parent == 0 ? Json(nullptr) : Json(one.parent)},
            {"name", one.name},
            {"members", one.members}};
}

Json member_of(const DirectoryMember& one, bool has_account)
{
    return {{"user", one.user},           {"department", one.department == 0 ? Json(nullptr) : Json(one.department)},
            {"full_name", one.full_name}, {"title", one.title},
            {"email", one.email},         {"account", has_account}};
}

Result<Reply> departments(Office& office, const Input& in, const Caller&, Moment)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    Reply out;
    out.body["departments"] = Json::array();
    for (const auto& one : Directory(office.store, *app).table().departments())
        out.body["departments"].push_back(department_of(one));
    return out;
}

constexpr Field department_path[] = {{"id", Kind::integer, true, 1, INT64_MAX, "Its number"}};
constexpr Field app_query[] = {app_field};
constexpr Field department_body[] = {
    {"name", Kind::text, true, 1, department_name_bytes_max, "Without a slash"},
    {"parent", Kind::integer, false, 1, INT64_MAX, "Within this one; left out: at the top"},
};

Result<Reply> department_add(Office& office, const Input& in, const Caller&, Moment now)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    const auto done = Directory(office.store, *app).add_department(in.integer("parent"), in.text("name"), now.wall_ms);
    if (!done) return done.error();
    return Reply{201, department_of(*done), done->name, {{"department", done->id}}};
}

Result<Reply> department_remove(Office& office, const Input& in, const Caller&, Moment)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    if (const auto done = Directory(office.store, *app).remove_department(in.integer("id")); !done) return done.error();
    return Reply{204, {}, std::to_string(in.integer("id")), {{"department", "removed"}}};
}

constexpr Field members_query[] = {app_field,
                                   {"department", Kind::integer, false, 0, INT64_MAX, "Of this one; 0: of none"},
                                   {"after", Kind::text, false, 0, 64, "Those after this user"},
                                   limit_field};

Result<Reply> members(Office& office, const Input& in, const Caller&, Moment)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    std::optional<DepartmentRow> department;
    if (in.has("department")) department = in.integer("department");
    Reply out;
    out.body["members"] = Json::array();
    Directory directory(office.store, *app);
    for (const auto& one : directory.table().members(department, in.text("after"), limit_of(in)))
        out.body["members"].push_back(member_of(one, directory.table().has_account(one.user)));
    return out;
}

constexpr Field member_path[] = {{"user", Kind::text, true, 1, 64, "A user name"}};
constexpr Field member_body[] = {
    {"department", Kind::integer, false, 1, INT64_MAX, "Left out: of none"},
    {"full_name", Kind::text, false, 0, member_text_bytes_max, "As people write it"},
    {"title", Kind::text, false, 0, member_text_bytes_max, "What they do"},
    {"email", Kind::text, false, 0, member_text_bytes_max, "Not checked"},
};

Result<Reply> member_set(Office& office, const Input& in, const Caller&, Moment)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    const DirectoryMember member{in.text("user"), in.integer("department"), in.text("full_name"), in.text("title"),
                                 in.text("email")};
    if (const auto done = Directory(office.store, *app).set_member(member); !done) return done.error();
    return Reply{204, {}, member.user, {{"department", member.department}}};
}

Result<Reply> member_remove(Office& office, const Input& in, const Caller&, Moment)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    Directory directory(office.store, *app);
    if (!directory.table().member(in.text("user"))) return no_such("member");
    directory.table().remove_member(in.text("user"));
    return Reply{204, {}, in.text("user"), {{"member", "removed"}}};
}

constexpr Field import_query[] = {app_field, {"dry_run", Kind::boolean, false, 0, 0, "Only say what it would do"}};
constexpr Field import_body[] = {
    {"csv", Kind::text, true, 0, import_bytes_max,
     "RFC 4180 with a header: user, full_name, title, email, department (a path: Sales/North)"}};

Result<Reply> import(Office& office, const Input& in, const Caller&, Moment now)
{
    const auto app = app_in(office, in);
    if (!app) return app.error();
    const bool dry_run = in.boolean("dry_run");
    const auto done = Directory(office.store, *app).import(in.raw_body(), dry_run, now.wall_ms);
    if (!done) return done.error();
    Json errors = Json::array();
    for (const auto& one : done->errors)
        errors.push_back({{"line", one.line}, {"detail", one.what}});
    Json counts{{"members_added", done->members_added},
                {"members_changed", done->members_changed},
                {"departments_added", done->departments_added}};
    Reply out{done->errors.empty() ? 200 : 400, counts, "directory", counts};
    out.body["dry_run"] = dry_run;
    out.body["errors"] = std::move(errors);
    out.body["errors_untold"] = done->errors_untold;
    if (dry_run) out.detail["dry_run"] = true;
    return out;
}

using http::Method;
constexpr Endpoint endpoints[] = {
    {Method::get, "/v1/directory/departments", Verb::directory_read, "All departments", {}, app_query, {}, departments},
    {Method::post,
     "/v1/directory/departments",
     Verb::directory_write,
     "Add one",
     {},
     app_query,
     department_body,
     department_add},
    {Method::del,
     "/v1/directory/departments/{id}",
     Verb::directory_write,
     "Remove an empty one",
     department_path,
     app_query,
     {},
     department_remove},
    {Method::get, "/v1/directory/members", Verb::directory_read, "Who belongs to it", {}, members_query, {}, members},
    {Method::put, "/v1/directory/members/{user}", Verb::directory_write, "Add or change somebody", member_path,
     app_query, member_body, member_set},
    {Method::del,
     "/v1/directory/members/{user}",
     Verb::directory_write,
     "Take somebody out; an account stays",
     member_path,
     app_query,
     {},
     member_remove},
    {Method::post,
     "/v1/directory/import",
     Verb::directory_write,
     "Many at once, all or nothing, errors by line",
     {},
     import_query,
     import_body,
     import,
     "text/csv",
     import_bytes_max},
};

} // namespace

std::span<const Endpoint> directory_endpoints()
{
    return endpoints;
}

} // namespace godwit::relay::admin
