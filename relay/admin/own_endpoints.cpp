// SPDX-License-Identifier: Apache-2.0
// Administration of the administration: who may ask, and what was done.
#include "relay/admin/fields.hpp"

namespace godwit::relay::admin {
namespace {

constexpr Field audit_query[] = {{"before", Kind::integer, false, 1, INT64_MAX, "Those before this sequence"},
                                 limit_field};

Result<Reply> audit(Office& office, const Input& in, const Caller&, Moment)
{
    Reply out;
    out.body["records"] = Json::array();
    for (const auto& one :
         office.admin.audit.table().before(static_cast<std::uint64_t>(in.integer("before", INT64_MAX)), limit_of(in)))
        out.body["records"].push_back({{"sequence", one.sequence},
                                       {"at_ms", one.at_ms},
                                       {"actor", one.actor},
                                       {"role", role_name(static_cast<Role>(one.role))},
                                       {"verb", one.verb},
                                       {"target", one.target},
                                       {"detail", one.detail},
                                       {"link", to_hex(one.link.view())}});
    return out;
}

constexpr Field name_path[] = {{"name", Kind::text, true, 1, token_name_bytes_max, "Whose it is"}};
constexpr std::string_view role_names[] = {"viewer", "support", "moderator", "operator", "owner"};
constexpr Field token_body[] = {
    {"name", Kind::text, true, 1, token_name_bytes_max, "Whose it is: it stands in the audit log"},
    {"role", Kind::text, true, 1, 16, "What it may", role_names},
    {"lifetime_s", Kind::integer, false, 60, 3650LL * 86'400, "Left out: until it is revoked"},
    {"app", Kind::text, false, 1, app_name_bytes_max, "For this application alone; left out: for the whole relay"},
};

Result<Reply> tokens(Office& office, const Input&, const Caller&, Moment)
{
    Reply out;
    out.body["tokens"] = Json::array();
    for (const auto& one : office.admin.tokens.list()) {
        const auto* const app = office.core.apps().find(one.app);
        out.body["tokens"].push_back({{"name", one.name},
                                      {"role", role_name(static_cast<Role>(one.role))},
                                      {"app", app != nullptr ? Json(app->name) : Json(nullptr)},
                                      {"created_ms", one.created_ms},
                                      {"expires_ms", time_or_null(one.expires_ms)}});
    }
    return out;
}

Result<Reply> token_add(Office& office, const Input& in, const Caller&, Moment now)
{
    const auto name = in.text("name");
    const auto app = app_in(office, in);
    if (!app) return app.error();
    auto token =
        office.admin.tokens.add(name, *role_of(in.text("role")), in.integer("lifetime_s", 0) * 1000, now.wall_ms, *app);
    if (!token) return token.error();
    Json added{{"added", in.text("role")}};
    if (*app != 0) added["app"] = in.text("app");
    return Reply{201, {{"name", name}, {"token", *token}}, name, std::move(added)};
}

Result<Reply> token_revoke(Office& office, const Input& in, const Caller&, Moment)
{
    if (const auto done = office.admin.tokens.revoke(in.text("name")); !done) return no_such("token");
    return Reply{204, {}, in.text("name"), {{"revoked", true}}};
}

using http::Method;
constexpr Endpoint endpoints[] = {
    {Method::get, "/v1/audit", Verb::audit_read, "What was done, newest first", {}, audit_query, {}, audit},
    {Method::get, "/v1/tokens", Verb::tokens_read, "Who may ask", {}, {}, {}, tokens},
    {Method::post, "/v1/tokens", Verb::tokens_write, "A new token, shown once", {}, {}, token_body, token_add},
    {Method::del,
     "/v1/tokens/{name}",
     Verb::tokens_write,
     "Nobody asks with it any more",
     name_path,
     {},
     {},
     token_revoke},
};

} // namespace

std::span<const Endpoint> own_endpoints()
{
    return endpoints;
}

} // namespace godwit::relay::admin
