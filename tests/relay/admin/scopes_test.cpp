// SPDX-License-Identifier: Apache-2.0
// Tokens of one application: every endpoint, what it refuses them, and that no answer names anybody of another.
#include "relay/admin/scopes.hpp"
#include "relay/store/directory_tables.hpp"
#include "tests/relay/admin/desk.hpp"

namespace godwit::relay::admin {

namespace {

/// Two tenants beside the default application, whose accounts are ann and bo. What belongs to the other tenant has
/// "zed" in its name, so that an answer that has it tells too much.
struct Tenants {
    Desk desk;
    StoredApp acme = desk.world.core->gate().add_app("acme", desk.world.now).value();
    StoredApp zed = desk.world.core->gate().add_app("zed", desk.world.now).value();
    Device eve{desk.world, 11};
    Device zoe{desk.world, 12};
    Device zak{desk.world, 13};

    Tenants()
    {
        REQUIRE(desk.world.tick().ok());
        eve.app = acme.key;
        zoe.app = zak.app = zed.key;
        eve.join("eve", 1100);
        zoe.join("zedzoe", 1200);
        zak.join("zedzak", 1300);
        befriend(zoe, "zedzoe", zak, "zedzak");
        for (const auto role : {Role::viewer, Role::support, Role::moderator, Role::operator_})
            desk.tokens[role] =
                desk.admin.tokens.add("acme-" + std::string(role_name(role)), role, 0, desk.world.now.wall_ms, acme.row)
                    .value();
        REQUIRE(desk.world.tick().ok());
    }
    /// As acme's operator, unless told otherwise.
    http::Response ask(Method method, std::string path, const Json& body = nullptr, Role role = Role::operator_)
    {
        return desk.ask(method, std::move(path), body, role);
    }
    Json get(std::string path, Role role = Role::operator_)
    {
        const auto response = ask(Method::get, std::move(path), nullptr, role);
        REQUIRE_MESSAGE(response.status == 200, response.body);
        return Json::parse(response.body);
    }
    /// As the owner of the relay.
    Json made(std::string path, const Json& body)
    {
        const auto response = desk.ask(Method::post, std::move(path), body);
        REQUIRE_MESSAGE(response.status == 201, response.body);
        return Json::parse(response.body);
    }
    std::string detail(const http::Response& response) { return Json::parse(response.body)["detail"]; }
};

std::string with_user(std::string path, const std::string& user)
{
    if (const auto at = path.find("nobody"); at != std::string::npos) path.replace(at, 6, user);
    return path;
}

bool has_field(std::span<const Field> fields, std::string_view name)
{
    return std::any_of(fields.begin(), fields.end(), [&](const Field& one) { return one.name == name; });
}

} // namespace

TEST_CASE("the table of scopes names endpoints that there are, each once, with the fields that it looks at")
{
    std::set<std::pair<int, std::string>> seen;
    for (const auto& row : scopes()) {
        const std::string pattern(row.pattern);
        CAPTURE(pattern);
        CHECK(seen.emplace(static_cast<int>(row.method), pattern).second);
        const auto all = all_endpoints();
        const auto found = std::find_if(all.begin(), all.end(), [&](const Endpoint* one) {
            return one->method == row.method && one->pattern == row.pattern;
        });
        REQUIRE(found != all.end());
        CHECK(scope_of(**found) == row.scope);
        const auto has = [&](std::string_view name) {
            return has_field((*found)->path, name) || has_field((*found)->query, name) ||
                   has_field((*found)->body, name);
        };
        if (row.scope == Scope::app) CHECK(has("app"));
        if (row.scope == Scope::account) CHECK((has("user") || has("subject")));
    }
}

TEST_CASE("every endpoint, asked by an application's operator: what is not in the table, or is another's, is refused "
          "and recorded")
{
    for (const auto* const endpoint : all_endpoints()) {
        const std::string pattern(endpoint->pattern);
        CAPTURE(pattern);
        Tenants t;
        const auto scope = scope_of(*endpoint);
        auto example = example_of(*endpoint);
        const auto send = [&](const std::string& path, const Json& body) {
            return t.desk.raw(endpoint->method, path, body.is_null() ? example.csv : body.dump(),
                              "Bearer " + t.desk.tokens[Role::operator_], std::string(endpoint->body_type));
        };
        const auto refused = [&](const std::string& path, const Json& body) {
            const auto before = t.desk.records();
            CHECK(send(path, body).status == 403);
            CHECK(t.desk.records() == before + 1);
        };
        if (scope == Scope::relay) {
            refused(example.path, example.body);
            continue;
        }
        if (scope == Scope::app && has_field(endpoint->path, "app")) {
            refused("/v1/apps/zed", example.body);
            CHECK(send("/v1/apps/acme", example.body).status == 200);
            continue;
        }
        if (scope == Scope::app)
            refused(example.path + (example.path.find('?') == std::string::npos ? "?" : "&") + "app=zed", example.body);
        if (scope == Scope::account)
            for (const auto* const user :
                 {"zedzoe@zed", "ann", "zedzoe", "nobody@zed", "eve@nowhere", "eve@acme@zed"}) {
                CAPTURE(user);
                auto body = example.body;
                for (const auto* const field : {"user", "subject"})
                    if (body.contains(field)) body[field] = user;
                refused(with_user(example.path, user), body);
            }
        for (const auto& path : {with_user(example.path, "eve@acme"), example.path}) {
            const auto response = send(path, example.body);
            CHECK(response.status < 500);
            CHECK(response.body.find("zed") == std::string::npos);
        }
    }
}

TEST_CASE("an application's people fill their own part of what the relay keeps, a tenth, and nobody else's")
{
    Tenants t;
    auto& core = *t.desk.world.core;
    auto& gate = core.gate();
    const auto now = t.desk.world.now;
    // Filled as acme's endpoints do it, each of which says whose token it is.
    for (std::size_t n = 0; n < bans_max / 10; ++n)
        REQUIRE(gate.ban_name("n" + std::to_string(n) + "@acme", "", 0, now, t.acme.row).ok());
    for (std::size_t n = 0; n < invitations_max / 10; ++n)
        REQUIRE(gate.invite("i" + std::to_string(n) + "@acme", std::nullopt, 60'000, now, t.acme.row).ok());
    std::uint64_t notice = 0;
    const auto notice_body = [&] {
        char id[33];
        std::snprintf(id, sizeof id, "%032llx", static_cast<unsigned long long>(++notice));
        return Json{{"id", id}, {"to_all", true}, {"title", "x"}};
    };
    for (std::size_t n = 0; n < t.desk.world.config.limits.notices_max / 10; ++n) {
        NoticeDraft draft;
        draft.id = NoticeId::from(*from_hex(notice_body()["id"].get<std::string>())).value();
        draft.to_all = true;
        draft.app = draft.by = t.acme.row;
        draft.title = "x";
        draft.lifetime_ms = 60'000;
        REQUIRE(core.notices().send(draft, now).ok());
    }
    REQUIRE(t.desk.world.tick().ok());

    const Json ban{{"kind", "name"}, {"subject", "more@acme"}};
    const Json invitation{{"user", "more@acme"}};
    CHECK(t.ask(Method::post, "/v1/bans", ban).status == 409);
    CHECK(t.ask(Method::post, "/v1/invitations", invitation).status == 409);
    CHECK(t.ask(Method::post, "/v1/notices", notice_body()).status == 409);
    CHECK(t.ask(Method::del, "/v1/accounts/eve@acme").status == 409); // reserving the name is a ban
    // The owner is as free as before, for acme's names and accounts too.
    t.made("/v1/bans", {{"kind", "address"}, {"subject", "198.51.100.0/24"}});
    t.made("/v1/bans", {{"kind", "name"}, {"subject", "postmaster"}});
    t.made("/v1/bans", ban);
    t.made("/v1/invitations", {{"user", "carol"}});
    t.made("/v1/invitations", invitation);
    t.made("/v1/notices", notice_body());
    auto to_acme = notice_body();
    to_acme["app"] = "acme";
    t.made("/v1/notices", to_acme);
    CHECK(t.desk.ask(Method::del, "/v1/accounts/bo").status < 300);
    CHECK(t.desk.ask(Method::del, "/v1/accounts/eve@acme").status < 300);
    // So is another tenant.
    CHECK(gate.ban_name("n@zed", "", 0, now, t.zed.row).ok());
    CHECK(gate.invite("i@zed", std::nullopt, 60'000, now, t.zed.row).ok());
}

TEST_CASE("an application's people: what they see of a relay with others on it, and what they can do to their own")
{
    Tenants t;
    const std::string theirs(32, 'e'), ours(32, 'a'), everybodys(32, 'b');
    t.made("/v1/invitations", {{"user", "zednew@zed"}});
    t.made("/v1/bans", {{"kind", "name"}, {"subject", "zedbad@zed"}});
    const auto address = t.made("/v1/bans", {{"kind", "address"}, {"subject", "198.51.100.0/24"}})["id"].get<int>();
    const auto report = t.made("/v1/reports", {{"subject", "zedzoe@zed"}, {"reason", "spam"}})["id"].get<int>();
    t.made("/v1/notices", {{"id", theirs}, {"to_all", true}, {"app", "zed"}, {"title", "zed only"}});
    t.made("/v1/notices", {{"id", everybodys}, {"to_all", true}, {"title", "everybody but not zed"}});

    // To look at.
    for (const auto* const path :
         {"/v1/state", "/v1/availability?period=day", "/v1/notices", "/v1/accounts", "/v1/accounts/eve@acme",
          "/v1/invitations", "/v1/apps", "/v1/apps/acme", "/v1/bans", "/v1/reports", "/v1/reports?closed=true",
          "/v1/directory/departments", "/v1/directory/members"}) {
        CAPTURE(path);
        const auto seen = t.get(path).dump();
        CHECK(seen.find("zed") == std::string::npos);
        CHECK(seen.find("198.51.100") == std::string::npos);
        CHECK(seen.find("\"ann\"") == std::string::npos);
    }
    CHECK(t.get("/v1/state")["caller"]["app"] == "acme");
    CHECK(t.get("/v1/state")["accounts"] == 1);
    CHECK_FALSE(t.get("/v1/state").contains("counters"));
    CHECK(t.get("/v1/accounts")["accounts"].size() == 1);
    CHECK(t.get("/v1/apps")["apps"].size() == 1);
    CHECK(t.get("/v1/notices")["notices"].empty());
    CHECK(t.ask(Method::get, "/v1/notices/" + theirs).status == 404);
    CHECK(t.ask(Method::get, "/v1/notices/" + everybodys).status == 404);
    CHECK(t.ask(Method::del, "/v1/notices/" + theirs).status == 404);
    CHECK(t.ask(Method::get, "/v1/reports/" + std::to_string(report)).status == 404);
    CHECK(t.ask(Method::post, "/v1/reports/" + std::to_string(report) + "/close", {{"outcome", "none"}}).status == 404);
    CHECK(t.ask(Method::del, "/v1/bans/" + std::to_string(address)).status == 404);
    CHECK(t.ask(Method::post, "/v1/bans", {{"kind", "address"}, {"subject", "203.0.113.0/24"}}).status == 403);
    CHECK(t.ask(Method::post, "/v1/bans", {{"kind", "name"}, {"subject", "zedx@zed"}}).status == 403);
    CHECK(t.ask(Method::post, "/v1/bans", {{"kind", "name"}, {"subject", "root"}}).status == 403);

    // To do.
    CHECK(t.ask(Method::post, "/v1/invitations", {{"user", "new@acme"}}, Role::support).status == 201);
    CHECK(t.get("/v1/invitations")["invitations"].size() == 1);
    const auto ban = t.ask(Method::post, "/v1/bans", {{"kind", "name"}, {"subject", "root@acme"}}, Role::moderator);
    REQUIRE(ban.status == 201);
    CHECK(t.get("/v1/bans")["bans"].size() == 1);
    CHECK(t.ask(Method::del, "/v1/bans/" + std::to_string(Json::parse(ban.body)["id"].get<int>())).status == 204);
    const auto said = t.ask(Method::post, "/v1/reports", {{"subject", "eve@acme"}, {"reason", "spam"}}, Role::support);
    REQUIRE(said.status == 201);
    REQUIRE(t.get("/v1/reports")["reports"].size() == 1);
    const auto id = std::to_string(Json::parse(said.body)["id"].get<int>());
    CHECK(t.ask(Method::post, "/v1/reports/" + id + "/close", {{"outcome", "talked"}}, Role::moderator).status == 204);
    CHECK(t.get("/v1/reports")["reports"].empty());
    CHECK(t.get("/v1/reports?closed=true")["reports"].size() == 1);
    CHECK(t.ask(Method::put, "/v1/directory/members/eve", {{"full_name", "Eve Roe"}}).status == 204);
    CHECK(t.get("/v1/directory/members")["members"].size() == 1);
    CHECK(DirectoryTable(t.desk.world.store, 0).members({}, "", 10).empty());
    CHECK(t.ask(Method::post, "/v1/accounts/eve@acme/disable", {{"reason", "gone"}}, Role::moderator).status == 204);
    CHECK(t.eve.is_closed());
    CHECK_FALSE(t.zoe.is_closed());
    CHECK(t.ask(Method::post, "/v1/accounts/eve@acme/enable", nullptr, Role::moderator).status == 204);
}

TEST_CASE("an application's notices go to its accounts, whether to all or by name, and to nobody else")
{
    Tenants t;
    t.eve.forget_frames();
    t.zoe.forget_frames();
    const Json all{{"id", std::string(32, '1')}, {"to_all", true}, {"title", "Hello all"}};
    CHECK(t.ask(Method::post, "/v1/notices", all).status == 201);
    CHECK(t.eve.take<frame::NoticeDeliver>().size() == 1);
    CHECK(t.zoe.take<frame::NoticeDeliver>().empty());
    CHECK(t.desk.ann.take<frame::NoticeDeliver>().empty());
    Json one{{"id", std::string(32, '2')}, {"to", {"eve@acme"}}, {"title", "Hello Eve"}};
    CHECK(t.ask(Method::post, "/v1/notices", one).status == 201);
    CHECK(t.ask(Method::post, "/v1/notices", one).status == 201); // the same once more
    CHECK(t.get("/v1/notices")["notices"].size() == 2);
    CHECK(t.get("/v1/notices?limit=1")["notices"].size() == 1);
    CHECK(t.get("/v1/notices/" + std::string(32, '2'))["accounts"] == 1);
    for (const auto* const user : {"zedzoe@zed", "ann"}) {
        one["id"] = std::string(32, '3');
        one["to"] = {user};
        CHECK(t.ask(Method::post, "/v1/notices", one).status == 400);
    }
    for (const auto* const app : {"zed", ""}) {
        auto other = all;
        other["id"] = std::string(32, '4');
        other["app"] = app;
        CHECK(t.ask(Method::post, "/v1/notices", other).status == 404);
    }
    CHECK(t.zoe.take<frame::NoticeDeliver>().empty());
    CHECK(t.ask(Method::del, "/v1/notices/" + std::string(32, '2')).status == 200);
}

TEST_CASE("tokens of applications are made by an owner of the relay, and end with the application")
{
    Tenants t;
    const Json body{{"name", "dora"}, {"role", "moderator"}, {"app", "acme"}};
    CHECK(t.ask(Method::post, "/v1/tokens", body).status == 403);
    const auto token = "Bearer " + t.made("/v1/tokens", body)["token"].get<std::string>();
    CHECK(t.desk.raw(Method::get, "/v1/accounts", "", token).status == 200);
    CHECK(t.desk.raw(Method::get, "/v1/accounts?app=zed", "", token).status == 403);
    const auto tokens = t.desk.get("/v1/tokens")["tokens"];
    const auto dora = std::find_if(tokens.begin(), tokens.end(), [](const Json& one) { return one["name"] == "dora"; });
    REQUIRE(dora != tokens.end());
    CHECK((*dora)["app"] == "acme");
    CHECK(t.desk.ask(Method::post, "/v1/tokens", {{"name", "x"}, {"role", "owner"}, {"app", "acme"}}).status == 400);
    CHECK(t.desk.ask(Method::post, "/v1/tokens", {{"name", "x"}, {"role", "viewer"}, {"app", "none"}}).status == 404);
    CHECK(t.desk.ask(Method::post, "/v1/apps/acme/disable").status == 200);
    CHECK(t.desk.raw(Method::get, "/v1/accounts", "", token).status == 200); // its people may still look
    CHECK(t.desk.ask(Method::del, "/v1/accounts/eve@acme?reserve=false").status == 204);
    CHECK(t.desk.ask(Method::del, "/v1/apps/acme").status == 204);
    CHECK(t.desk.raw(Method::get, "/v1/accounts", "", token).status == 401);
}

} // namespace godwit::relay::admin
