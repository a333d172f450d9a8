// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/scopes.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay::admin {
namespace {

using http::Method;

// Not here, so for the whole relay's tokens: quotas of an account, which stand before its application's limits; an
// application's own limits and keys; tokens; the audit log; groups and versions of clients, which are all tenants'.
constexpr ScopeRow rows[] = {
    {Method::get, "/v1/state", Scope::own},
    {Method::get, "/v1/availability", Scope::own},
    {Method::get, "/v1/notices", Scope::own},
    {Method::get, "/v1/notices/{id}", Scope::own},
    {Method::post, "/v1/notices", Scope::own},
    {Method::del, "/v1/notices/{id}", Scope::own},
    {Method::get, "/v1/accounts", Scope::app},
    {Method::get, "/v1/accounts/{user}", Scope::account},
    {Method::post, "/v1/accounts/{user}/disable", Scope::account},
    {Method::post, "/v1/accounts/{user}/enable", Scope::account},
    {Method::post, "/v1/accounts/{user}/reset", Scope::account},
    {Method::del, "/v1/accounts/{user}", Scope::account},
    {Method::get, "/v1/invitations", Scope::own},
    {Method::post, "/v1/invitations", Scope::account},
    {Method::del, "/v1/invitations/{user}", Scope::account},
    {Method::get, "/v1/apps", Scope::own},
    {Method::get, "/v1/apps/{app}", Scope::app},
    {Method::get, "/v1/bans", Scope::own},
    {Method::post, "/v1/bans", Scope::own},
    {Method::del, "/v1/bans/{id}", Scope::own},
    {Method::get, "/v1/reports", Scope::own},
    {Method::get, "/v1/reports/{id}", Scope::own},
    {Method::post, "/v1/reports", Scope::account},
    {Method::post, "/v1/reports/{id}/close", Scope::own},
    {Method::get, "/v1/directory/departments", Scope::app},
    {Method::post, "/v1/directory/departments", Scope::app},
    {Method::del, "/v1/directory/departments/{id}", Scope::app},
    {Method::get, "/v1/directory/members", Scope::app},
    {Method::put, "/v1/directory/members/{user}", Scope::app},
    {Method::del, "/v1/directory/members/{user}", Scope::app},
    {Method::post, "/v1/directory/import", Scope::app},
};

Error not_yours(std::string detail)
{
    return {ErrorCode::not_allowed, std::move(detail), 0};
}

std::string name_of(Office& office, const Caller& caller)
{
    const auto* const app = office.core.apps().find(caller.app);
    return app != nullptr ? app->name : std::string();
}

} // namespace

std::span<const ScopeRow> scopes() noexcept
{
    return rows;
}

Scope scope_of(const Endpoint& endpoint) noexcept
{
    const auto* const found = std::find_if(std::begin(rows), std::end(rows), [&](const ScopeRow& row) {
        return row.method == endpoint.method && row.pattern == endpoint.pattern;
    });
    return found == std::end(rows) ? Scope::relay : found->scope;
}

bool sees(Office& office, const Caller& caller, std::string_view full_name)
{
    if (caller.app == relays_own) return true;
    const auto name = office.core.apps().parse(full_name);
    return name && name->app == caller.app;
}

std::string suffix_of(Office& office, const Caller& caller)
{
    return caller.app == relays_own ? std::string() : "@" + name_of(office, caller);
}

std::optional<Error> outside(Office& office, const Endpoint& endpoint, const Caller& caller, Input& input)
{
    if (caller.app == relays_own) return std::nullopt;
    const auto app = name_of(office, caller);
    if (app.empty()) return not_yours("the application of this token is gone");
    switch (scope_of(endpoint)) {
    case Scope::own: return std::nullopt;
    case Scope::app:
        if (!input.has("app")) input.set("app", app);
        if (input.text("app") == app) return std::nullopt;
        return not_yours("this token administers " + app + " alone");
    case Scope::account:
        if (sees(office, caller, input.text(input.has("user") ? "user" : "subject"))) return std::nullopt;
        return not_yours("this token administers " + app + " alone: its accounts are called user@" + app);
    case Scope::relay: break;
    }
    return not_yours("this is for tokens of the whole relay, and this one is of " + app);
}

} // namespace godwit::relay::admin
