// SPDX-License-Identifier: Apache-2.0
// Applications: tenants of the relay, each with a key, limits, accounts and a directory of its own.
#include "relay/admin/fields.hpp"

namespace godwit::relay::admin {
namespace {

struct LimitField {
    const char* name;
    std::optional<std::uint64_t> AppLimits::* limit;
};
constexpr LimitField limits[] = {{"accounts", &AppLimits::accounts},
                                 {"sessions", &AppLimits::sessions},
                                 {"mailbox_messages", &AppLimits::mailbox_messages},
                                 {"mailbox_bytes", &AppLimits::mailbox_bytes},
                                 {"blob_bytes", &AppLimits::blob_bytes},
                                 {"blob_bytes_all", &AppLimits::blob_bytes_all}};

Json limits_of(const AppLimits& of)
{
    Json out = Json::object();
    for (const auto& [name, limit] : limits)
        out[name] = of.*limit ? Json(*(of.*limit)) : Json(nullptr);
    return out;
}

Json app_of(Office& office, const StoredApp& app)
{
    return {{"app", app.name},
            {"key", app.key},
            {"created_ms", app.created_ms},
            {"disabled_ms", time_or_null(app.disabled_ms)},
            {"registration_open", app.registration_open},
            {"directory_shown", app.directory_shown},
            {"limits", limits_of(app.limits)},
            {"accounts", office.core.apps().accounts(app.row)},
            {"sessions", office.core.sessions_of(app.row)}};
}

constexpr Field path[] = {app_in_path};

Result<Reply> list(Office& office, const Input&, const Caller& caller, Moment)
{
    Reply out;
    out.body["apps"] = Json::array();
    for (const auto& one : office.core.apps().all())
        if (caller.app == relays_own || caller.app == one.row) out.body["apps"].push_back(app_of(office, one));
    return out;
}

Result<Reply> show(Office& office, const Input& in, const Caller&, Moment)
{
    const auto* const found = office.core.apps().named(in.text("app"));
    if (found == nullptr) return no_such("application");
    Reply out;
    out.body = app_of(office, *found);
    return out;
}

/// What was done, without the key: the log is read by more people than may hand it out.
Reply done(Office& office, const StoredApp& app, int status, Json detail)
{
    return Reply{status, app_of(office, app), app.name, std::move(detail)};
}

constexpr Field add_body[] = {
    {"app", Kind::text, true, 1, app_name_bytes_max, "Its name: a-z, 0-9 and '-'; accounts are told by it: ann@name"}};

Result<Reply> add(Office& office, const Input& in, const Caller&, Moment now)
{
    const auto made = office.core.gate().add_app(in.text("app"), now);
    if (!made) return made.error();
    return done(office, *made, 201, {{"added", true}});
}

constexpr std::int64_t tebibyte = std::int64_t{1} << 40;
constexpr Field change_body[] = {
    {"registration_open", Kind::boolean, false, 0, 0, "Whoever has the key may register; else those who are invited"},
    {"directory_shown", Kind::boolean, false, 0, 0, "Its clients may read its directory"},
    {"accounts", Kind::integer, false, 0, 100'000'000, "At most so many; of all limits: left out is no such limit"},
    {"sessions", Kind::integer, false, 0, 100'000'000, "Devices that are connected"},
    {"mailbox_messages", Kind::integer, false, 0, 1'000'000, "Per device; left out: the relay's limit"},
    {"mailbox_bytes", Kind::integer, false, 0, tebibyte, "Per device"},
    {"blob_bytes", Kind::integer, false, 0, tebibyte, "Files left for devices that are away, per account"},
    {"blob_bytes_all", Kind::integer, false, 0, 1024 * tebibyte, "The same of all its accounts"},
};

Result<Reply> change(Office& office, const Input& in, const Caller&, Moment)
{
    AppChange wanted;
    if (in.has("registration_open")) wanted.registration_open = in.boolean("registration_open");
    if (in.has("directory_shown")) wanted.directory_shown = in.boolean("directory_shown");
    wanted.limits.emplace();
    for (const auto& [name, limit] : limits)
        if (in.has(name)) (*wanted.limits).*limit = static_cast<std::uint64_t>(in.integer(name));
    const auto made = office.core.gate().change_app(in.text("app"), wanted);
    if (!made) return made.error();
    Json detail = limits_of(made->limits);
    detail["registration_open"] = made->registration_open;
    detail["directory_shown"] = made->directory_shown;
    return done(office, *made, 200, std::move(detail));
}

Result<Reply> renew_key(Office& office, const Input& in, const Caller&, Moment)
{
    const auto made = office.core.gate().renew_app_key(in.text("app"));
    if (!made) return made.error();
    return done(office, *made, 200, {{"key", "renewed"}});
}

Result<Reply> set_disabled(Office& office, const Input& in, bool disabled, Moment now)
{
    const auto made = office.core.gate().disable_app(in.text("app"), disabled, now);
    if (!made) return made.error();
    return done(office, *made, 200, {{"disabled", disabled}});
}

Result<Reply> disable(Office& office, const Input& in, const Caller&, Moment now)
{
    return set_disabled(office, in, true, now);
}

Result<Reply> enable(Office& office, const Input& in, const Caller&, Moment now)
{
    return set_disabled(office, in, false, now);
}

Result<Reply> remove(Office& office, const Input& in, const Caller&, Moment)
{
    if (const auto gone = office.core.gate().remove_app(in.text("app")); !gone) return gone.error();
    return Reply{204, {}, in.text("app"), {{"removed", true}}};
}

using http::Method;
constexpr Endpoint endpoints[] = {
    {Method::get, "/v1/apps", Verb::apps_read, "Applications, their keys and limits", {}, {}, {}, list},
    {Method::get, "/v1/apps/{app}", Verb::apps_read, "One application", path, {}, {}, show},
    {Method::post, "/v1/apps", Verb::apps_write, "A new one, with a new key", {}, {}, add_body, add},
    {Method::put, "/v1/apps/{app}", Verb::apps_write, "What it may; all limits at once", path, {}, change_body, change},
    {Method::post,
     "/v1/apps/{app}/key",
     Verb::apps_write,
     "Another key in the place of the old one; who is logged in stays so",
     path,
     {},
     {},
     renew_key},
    {Method::post,
     "/v1/apps/{app}/disable",
     Verb::apps_write,
     "End the sessions of its accounts and refuse them; their mail waits",
     path,
     {},
     {},
     disable},
    {Method::post, "/v1/apps/{app}/enable", Verb::apps_write, "Let them in again", path, {}, {}, enable},
    {Method::del,
     "/v1/apps/{app}",
     Verb::apps_write,
     "Remove one that has no accounts, with its directory",
     path,
     {},
     {},
     remove},
};

} // namespace

std::span<const Endpoint> app_endpoints()
{
    return endpoints;
}

} // namespace godwit::relay::admin
