// SPDX-License-Identifier: Apache-2.0
// Tokens, applications and the audit log over the control socket. The far end is admin_command.hpp.
#include "relay/daemon/control_question.hpp"

namespace godwit::relay {
namespace {

using admin::Verb;

toml::table table_of(Desk& desk, const StoredToken& token)
{
    const auto* const app = desk.core.apps().find(token.app);
    return toml::table{{"app", app != nullptr ? app->name : ""},
                       {"name", token.name},
                       {"role", std::string(admin::role_name(static_cast<admin::Role>(token.role)))},
                       {"created_ms", token.created_ms},
                       {"expires_ms", token.expires_ms}};
}

Result<toml::table> token_add(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    const auto role = admin::role_of(in.text("role"));
    const auto lifetime_ms = in.number("lifetime_ms", 0, admin::token_lifetime_ms_max, 0);
    if (!role) in.refuse("role", "must be viewer, support, moderator, operator or owner");
    const auto app_name = in.text("app", "");
    const auto* const app = desk.core.apps().named(app_name);
    if (!app_name.empty() && app == nullptr) in.refuse("app", "is no application of this relay");
    if (in.error()) return *in.error();
    auto token = desk.admin.tokens.add(name, *role, lifetime_ms, now.wall_ms, app != nullptr ? app->row : 0);
    if (!token) return token.error();
    desk.admin.audit.record(admin::local_caller(), Verb::tokens_write, name,
                            R"({"added":")" + std::string(admin::role_name(*role)) +
                                (app != nullptr ? R"(","app":")" + app->name : "") + "\"}",
                            now.wall_ms);
    return toml::table{{"token", *token}};
}

Result<toml::table> token_list(Desk& desk, Question&, Moment)
{
    toml::array all;
    for (const auto& token : desk.admin.tokens.list())
        all.push_back(table_of(desk, token));
    return toml::table{{"tokens", std::move(all)}};
}

Result<toml::table> token_revoke(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    if (in.error()) return *in.error();
    if (const auto done = desk.admin.tokens.revoke(name); !done) return done.error();
    desk.admin.audit.record(admin::local_caller(), Verb::tokens_write, name, R"({"revoked":true})", now.wall_ms);
    return toml::table{};
}

Result<toml::table> audit_page(Desk& desk, Question& in, Moment)
{
    const auto after = in.number("after", 0, INT64_MAX, 0);
    if (in.error()) return *in.error();
    toml::array all;
    for (const auto& one : desk.admin.audit.table().after(static_cast<std::uint64_t>(after), admin::audit_page_max))
        all.push_back(toml::table{{"sequence", static_cast<std::int64_t>(one.sequence)},
                                  {"at_ms", one.at_ms},
                                  {"actor", one.actor},
                                  {"role", std::int64_t{one.role}},
                                  {"verb", one.verb},
                                  {"target", one.target},
                                  {"detail", one.detail},
                                  {"link", to_hex(one.link.view())}});
    return toml::table{{"records", std::move(all)},
                       {"newest_ever", static_cast<std::int64_t>(desk.admin.audit.table().newest_ever())}};
}

// ---- applications ----

toml::table table_of(Desk& desk, const StoredApp& app)
{
    return toml::table{{"app", app.name},
                       {"key", app.key},
                       {"created_ms", app.created_ms},
                       {"disabled_ms", app.disabled_ms},
                       {"accounts", static_cast<std::int64_t>(desk.core.apps().accounts(app.row))},
                       {"sessions", static_cast<std::int64_t>(desk.core.sessions_of(app.row))}};
}

/// What was done, and its record.
Result<toml::table> done(Desk& desk, const Result<StoredApp>& app, const char* detail, Moment now)
{
    if (!app) return app.error();
    desk.admin.audit.record(admin::local_caller(), Verb::apps_write, app->name, detail, now.wall_ms);
    return table_of(desk, *app);
}

Result<toml::table> app_add(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    if (in.error()) return *in.error();
    return done(desk, desk.core.gate().add_app(name, now), R"({"added":true})", now);
}

Result<toml::table> app_key(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    if (in.error()) return *in.error();
    return done(desk, desk.core.gate().renew_app_key(name), R"({"key":"renewed"})", now);
}

Result<toml::table> app_disable(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    if (in.error()) return *in.error();
    return done(desk, desk.core.gate().disable_app(name, true, now), R"({"disabled":true})", now);
}

Result<toml::table> app_enable(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    if (in.error()) return *in.error();
    return done(desk, desk.core.gate().disable_app(name, false, now), R"({"disabled":false})", now);
}

Result<toml::table> app_list(Desk& desk, Question&, Moment)
{
    toml::array all;
    for (const auto& app : desk.core.apps().all())
        all.push_back(table_of(desk, app));
    return toml::table{{"apps", std::move(all)}};
}

Result<toml::table> app_remove(Desk& desk, Question& in, Moment now)
{
    const auto name = in.text("name");
    if (in.error()) return *in.error();
    if (const auto gone = desk.core.gate().remove_app(name); !gone) return gone.error();
    desk.admin.audit.record(admin::local_caller(), Verb::apps_write, name, R"({"removed":true})", now.wall_ms);
    return toml::table{};
}

constexpr ControlRow rows[] = {{"token_add", token_add},     {"token_list", token_list}, {"token_revoke", token_revoke},
                               {"audit_page", audit_page},   {"app_add", app_add},       {"app_key", app_key},
                               {"app_disable", app_disable}, {"app_enable", app_enable}, {"app_list", app_list},
                               {"app_remove", app_remove}};

} // namespace

std::span<const ControlRow> admin_rows()
{
    return rows;
}

} // namespace godwit::relay
