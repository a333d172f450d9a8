// SPDX-License-Identifier: Apache-2.0
// The API as a function: every endpoint as every role, what it does, what it refuses, and what of it stands in the log.
#include "lib/sqlite/fault_disk.hpp"
#include "relay/admin/page.hpp"
#include "relay/admin/prefix.hpp"
#include "tests/relay/admin/desk.hpp"

namespace godwit::relay::admin {

namespace {

constexpr int sqlite_full = 13; // SQLITE_FULL
const std::string notice_id(32, 'a');

} // namespace

TEST_CASE(
    "every endpoint as every role, and as nobody: who may is answered, all others are refused, and it is recorded")
{
    std::set<std::string> verbs_served;
    for (const auto* const endpoint : all_endpoints()) {
        const std::string pattern(endpoint->pattern);
        CAPTURE(pattern);
        verbs_served.insert(std::string(verb_name(endpoint->verb)));
        const auto example = example_of(*endpoint);
        const auto body = example.body.is_null() ? example.csv : example.body.dump();
        Desk desk;
        for (const auto* const nobody : {"", "Bearer ", "Bearer gwa_x", "Basic YTpi"}) {
            const auto response = desk.raw(endpoint->method, example.path, body, nobody);
            CHECK(response.status == 401);
        }
        for (const auto role : roles) {
            CAPTURE(role_name(role));
            const auto before = desk.records();
            const auto response = desk.raw(endpoint->method, example.path, body, "Bearer " + desk.tokens[role],
                                           std::string(endpoint->body_type));
            CHECK((response.status == 403) == !may(role, endpoint->verb));
            CHECK(response.status != 401);
            CHECK(response.status < 500);
            if (response.status == 403 || (response.status < 300 && endpoint->changes()))
                CHECK(desk.records() == before + 1);
            else
                CHECK(desk.records() == before);
        }
        AuditChain chain;
        for (const auto& record : desk.admin.audit.table().after(0, 100))
            CHECK(chain.take(record).ok());
    }
    for (const auto& row : verbs())
        CHECK_MESSAGE(verbs_served.contains(std::string(row.name)), row.name); // none that nothing does
}

TEST_CASE("what is not known, of another kind or out of bounds is refused, and the answer names it")
{
    Desk desk;
    for (const auto* const endpoint : all_endpoints()) {
        const std::string pattern(endpoint->pattern);
        CAPTURE(pattern);
        const auto example = example_of(*endpoint);
        const auto refused = [&](std::string path, const Json& body, std::string_view name) {
            const auto response = desk.ask(endpoint->method, std::move(path), body);
            CHECK(response.status == 400);
            CHECK_MESSAGE(desk.detail(response).find(name) != std::string::npos, response.body);
        };
        const auto more = example.path + (example.path.find('?') == std::string::npos ? "?" : "&");
        refused(more + "surprise=1", example.body, "surprise");
        if (endpoint->body_type != "application/json") continue;
        for (const auto& field : endpoint->body) {
            const std::string name(field.name);
            CAPTURE(name);
            auto body = example.body.is_null() ? Json::object() : example.body;
            if (field.required) {
                body.erase(name);
                refused(example.path, body, name);
            }
            body[name] = field.kind == Kind::text ? Json(7) : Json("text");
            refused(example.path, body, name);
            if (field.kind == Kind::text)
                body[name] = std::string(static_cast<std::size_t>(field.most) + 1, 'x');
            else if (field.kind == Kind::texts)
                body[name] = std::vector<std::string>(static_cast<std::size_t>(field.most) + 1, "x");
            else if (field.kind == Kind::integer && field.most < INT64_MAX)
                body[name] = field.most + 1;
            else
                continue;
            refused(example.path, body, name);
        }
        if (!endpoint->body.empty()) {
            auto body = example.body.is_null() ? Json::object() : example.body;
            body["surprise"] = 1;
            refused(example.path, body, "surprise");
            for (const auto* const wrong : {"{", "[]", "7", "{\"a\":}", "\xff"})
                CHECK(desk.raw(endpoint->method, example.path, wrong, "Bearer " + desk.tokens[Role::owner]).status ==
                      400);
            CHECK(desk.raw(endpoint->method, example.path, "{}", "Bearer " + desk.tokens[Role::owner], "text/plain")
                      .status == 415);
        }
    }
}

TEST_CASE("accounts: found, disabled with their session, enabled, given quotas, removed; each leaves its record")
{
    Desk desk;
    auto found = desk.get("/v1/accounts?search=b");
    REQUIRE(found["accounts"].size() == 1);
    CHECK(found["accounts"][0]["user"] == "bo");
    CHECK(found["accounts"][0]["online"] == true);
    CHECK(desk.get("/v1/accounts?limit=1")["accounts"][0]["user"] == "ann");
    CHECK(desk.get("/v1/accounts?limit=1&after=ann")["accounts"][0]["user"] == "bo");
    CHECK(desk.get("/v1/accounts/bo")["device_list"][0]["platform"] == "test");
    CHECK(desk.ask(Method::get, "/v1/accounts/b").status == 404);

    CHECK(desk.ask(Method::post, "/v1/accounts/bo/disable", {{"reason", "spam"}}, Role::moderator).status == 204);
    CHECK(desk.bo.is_closed());
    CHECK(desk.get("/v1/accounts/bo")["reason"] == "spam");
    CHECK(desk.get("/v1/state")["accounts_disabled"] == 1);
    auto record = desk.get("/v1/audit?limit=1")["records"][0];
    CHECK(record["actor"] == "moderator");
    CHECK(record["verb"] == "accounts.disable");
    CHECK(record["target"] == "bo");
    CHECK(record["detail"] == R"({"disabled":true,"reason":"spam"})");
    CHECK(desk.ask(Method::post, "/v1/accounts/nobody/disable").status == 404);
    CHECK(desk.ask(Method::post, "/v1/accounts/bo/enable").status == 204);
    desk.bo.connect();
    CHECK(desk.bo.code(frame::Resume{}) == ErrorCode::ok);

    CHECK(desk.ask(Method::put, "/v1/accounts/bo/quotas", {{"mailbox_messages", 5}}).status == 204);
    CHECK(desk.get("/v1/accounts/bo")["quotas"]["mailbox_messages"] == 5);
    CHECK(desk.get("/v1/accounts/bo")["quotas"]["mailbox_bytes"].is_null());
    CHECK(desk.ask(Method::post, "/v1/accounts/bo/reset", nullptr, Role::support).status == 204);
    CHECK(desk.ask(Method::del, "/v1/accounts/bo?reserve=false").status == 204);
    CHECK(desk.ask(Method::del, "/v1/accounts/bo").status == 404);
    CHECK(desk.get("/v1/bans")["bans"].empty());
    CHECK(desk.get("/v1/accounts")["accounts"].size() == 1);
}

TEST_CASE("invitations, bans, reports, notices, groups, clients, tokens")
{
    Desk desk;
    CHECK(desk.ask(Method::post, "/v1/invitations", {{"user", "cy"}}, Role::support).status == 201);
    CHECK(desk.ask(Method::post, "/v1/invitations", {{"user", "ann"}}).status == 409);
    const auto key = to_base64url(signing_key(7).public_key().view());
    CHECK(desk.ask(Method::post, "/v1/invitations", {{"user", "dee"}, {"account_key", key}}).status == 201);
    CHECK(desk.ask(Method::post, "/v1/invitations", {{"user", "dee"}, {"account_key", key.substr(1) + "!"}}).status ==
          400);
    CHECK(desk.get("/v1/invitations")["invitations"][1]["account_key"] == key);
    CHECK(desk.get("/v1/invitations?limit=1")["invitations"][0]["user"] == "cy");
    CHECK(desk.get("/v1/invitations?after=cy")["invitations"].size() == 1);
    CHECK(desk.ask(Method::del, "/v1/invitations/cy").status == 204);
    CHECK(desk.ask(Method::del, "/v1/invitations/cy").status == 404);

    const auto made = desk.ask(Method::post, "/v1/bans", {{"kind", "address"}, {"subject", "198.51.100.0/24"}});
    CHECK(made.status == 201);
    CHECK(desk.ask(Method::post, "/v1/bans", {{"kind", "address"}, {"subject", "198.51.100.1/24"}}).status == 400);
    CHECK(desk.ask(Method::post, "/v1/bans", {{"kind", "name"}, {"subject", "root"}}).status == 201);
    CHECK(desk.get("/v1/bans")["bans"].size() == 2);
    const auto first = desk.get("/v1/bans?limit=1")["bans"];
    REQUIRE(first.size() == 1);
    CHECK(desk.get("/v1/bans?after=" + std::to_string(first[0]["id"].get<int>()))["bans"].size() == 1);
    const auto everybody = desk.ask(Method::post, "/v1/bans", {{"kind", "address"}, {"subject", "0.0.0.0/0"}});
    CHECK(everybody.status == 400);
    CHECK(everybody.body.find("every address there is") != std::string::npos);
    CHECK(desk.ask(Method::del, "/v1/bans/" + std::to_string(Json::parse(made.body)["id"].get<int>())).status == 204);
    CHECK(desk.get("/v1/bans")["bans"].size() == 1);

    const auto report = desk.ask(Method::post, "/v1/reports", {{"subject", "bo"}, {"reason", "spam"}}, Role::support);
    CHECK(report.status == 201);
    CHECK(desk.ask(Method::post, "/v1/reports", {{"subject", "nobody"}, {"reason", "spam"}}).status == 404);
    CHECK(desk.get("/v1/reports")["reports"][0]["reporter"] == "support");
    const auto close = "/v1/reports/" + std::to_string(Json::parse(report.body)["id"].get<int>()) + "/close";
    CHECK(desk.ask(Method::post, close, {{"outcome", "disabled"}}).status == 204);
    CHECK(desk.ask(Method::post, close, {{"outcome", "disabled"}}).status == 409);
    CHECK(desk.get("/v1/reports")["reports"].empty());
    CHECK(desk.get("/v1/reports?closed=true")["reports"][0]["closed_by"] == "owner");

    const Json notice{{"id", notice_id}, {"to_all", true}, {"title", "Moving on Sunday"}};
    CHECK(desk.ask(Method::post, "/v1/notices", notice).status == 201);
    CHECK(desk.ask(Method::post, "/v1/notices", notice).status == 201); // the same once more
    CHECK(desk.ann.take<frame::NoticeDeliver>().size() == 1);
    CHECK(desk.get("/v1/notices")["notices"].size() == 1);
    CHECK(desk.get("/v1/notices/" + notice_id)["accounts"] == 2);
    CHECK(desk.ask(Method::del, "/v1/notices/" + notice_id).status == 200);
    CHECK(desk.get("/v1/notices/" + notice_id)["state"] == "withdrawn");
    CHECK(desk.ask(Method::del, "/v1/notices/" + std::string(32, 'e')).status == 404);

    const auto group = desk.world.store.add_group(filled<ConversationId>(5), 1, 0, desk.world.now.wall_ms);
    desk.world.store.set_member(group, 1, true, nullptr, 1, 6);
    CHECK(desk.get("/v1/groups")["groups"][0]["members"] == 1);
    CHECK(desk.get("/v1/groups/" + to_hex(filled<ConversationId>(5).view()))["members"][0] == "ann");
    CHECK(desk.ask(Method::get, "/v1/groups/" + std::string(32, 'e')).status == 404);
    CHECK(desk.get("/v1/clients")["clients"][0]["devices"] == 2);

    const auto token = desk.ask(Method::post, "/v1/tokens", {{"name", "eve"}, {"role", "viewer"}});
    CHECK(token.status == 201);
    CHECK(desk.ask(Method::post, "/v1/tokens", {{"name", "eve"}, {"role", "owner"}}).status == 409);
    const auto eve = "Bearer " + Json::parse(token.body)["token"].get<std::string>();
    CHECK(desk.raw(Method::get, "/v1/state", "", eve).status == 200);
    CHECK(desk.raw(Method::get, "/v1/tokens", "", eve).status == 403);
    CHECK(desk.ask(Method::del, "/v1/tokens/eve").status == 204);
    CHECK(desk.raw(Method::get, "/v1/state", "", eve).status == 401);
    const auto all = desk.get("/v1/audit?limit=1000").dump();
    CHECK(all.find(eve.substr(7)) == std::string::npos);
}

TEST_CASE("wrong tokens are paced by address: ten at once, the next waits; a right one never does")
{
    Desk desk;
    for (std::uint32_t n = 0; n < wrong_tokens.burst; ++n)
        CHECK(desk.raw(Method::get, "/v1/state", "", "Bearer gwa_wrong").status == 401);
    const auto response = desk.raw(Method::get, "/v1/state", "", "Bearer gwa_wrong");
    CHECK(response.status == 429);
    CHECK(std::any_of(response.headers.begin(), response.headers.end(),
                      [](const auto& one) { return one.first == "retry-after"; }));
    CHECK(desk.ask(Method::get, "/v1/state").status == 200);
    desk.world.advance(wrong_tokens.interval);
    CHECK(desk.raw(Method::get, "/v1/state", "", "Bearer gwa_wrong").status == 401);
    CHECK(desk.raw(Method::get, "/v1/state", "", "Bearer gwa_wrong").status == 429);
}

TEST_CASE("refusals by role are recorded, and not more of them than the pace allows")
{
    Desk desk;
    for (std::uint32_t n = 0; n < refusals_recorded.burst + 5; ++n)
        CHECK(desk.ask(Method::get, "/v1/tokens", nullptr, Role::viewer).status == 403);
    CHECK(desk.records() == refusals_recorded.burst);
    CHECK(desk.admin.audit.table().newest()->detail == R"({"refused":true})");
}

TEST_CASE("when nothing can be stored, nothing is changed, recorded or said to be done")
{
    sqlite::FaultDisk disk;
    auto store = Store::open("relay.db", disk.name());
    REQUIRE(store.ok());
    Desk desk(*std::move(store));
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    CHECK(desk.ask(Method::post, "/v1/accounts/bo/disable").status == 503);
    CHECK(desk.ask(Method::post, "/v1/tokens", {{"name", "eve"}, {"role", "viewer"}}).status == 503);
    disk.fail(0, 0, 0);
    CHECK_FALSE(desk.bo.is_closed());
    CHECK(desk.records() == 0);
    CHECK(desk.get("/v1/accounts/bo")["disabled_ms"].is_null());
    CHECK(desk.get("/v1/tokens")["tokens"].size() == std::size(roles));
}

TEST_CASE("the description has every route with its roles, and no other")
{
    Desk desk;
    const auto response = desk.raw(Method::get, "/openapi.json", "", "");
    CHECK(response.status == 200);
    const auto description = Json::parse(response.body);
    CHECK(description["openapi"] == "3.0.3");
    CHECK(description["info"]["version"] == "1.2.3");
    std::size_t described = 0;
    for (const auto& [path, methods] : description["paths"].items())
        described += methods.size();
    std::size_t served = 0;
    for (const auto& route : desk.router.routes()) {
        if (route.pattern.substr(0, 4) != "/v1/") continue;
        ++served;
        CAPTURE(route.pattern);
        std::string method(http::method_name(route.method));
        std::transform(method.begin(), method.end(), method.begin(),
                       [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        REQUIRE(description["paths"][route.pattern].contains(method));
        const auto& operation = description["paths"][route.pattern][method];
        // Each brace of the pattern is a parameter, and each parameter of a path stands in the pattern.
        std::size_t in_path = 0;
        for (const auto& parameter : operation["parameters"])
            if (parameter["in"] == "path") {
                ++in_path;
                CHECK(route.pattern.find("{" + parameter["name"].get<std::string>() + "}") != std::string::npos);
            }
        CHECK(in_path == static_cast<std::size_t>(std::count(route.pattern.begin(), route.pattern.end(), '{')));
        CHECK_FALSE(operation["x-roles"].empty());
        CHECK(operation["x-roles"].back() == "owner");
        CHECK(operation.contains("requestBody") == (route.body_bytes_max > 0 && [&] {
                  for (const auto* const one : all_endpoints())
                      if (one->pattern == route.pattern && one->method == route.method) return !one->body.empty();
                  return false;
              }()));
    }
    CHECK(served == described);
    CHECK(served == all_endpoints().size());
}

TEST_CASE("the page is whole, comes without a token, and its browser is told to fetch nothing from elsewhere")
{
    Desk desk;
    for (const auto& file : page_files()) {
        const auto response = desk.raw(Method::get, std::string(file.path), "", "");
        CHECK(response.status == 200);
        CHECK(response.body.size() > 500);
        const auto policy = std::find_if(response.headers.begin(), response.headers.end(),
                                         [](const auto& one) { return one.first == "content-security-policy"; });
        REQUIRE(policy != response.headers.end());
        CHECK(policy->second.find("default-src 'none'") == 0);
        CHECK(policy->second.find("unsafe") == std::string::npos);
        CHECK(response.body.find("http://") == std::string::npos);
        CHECK(response.body.find("https://") == std::string::npos);
        CHECK(response.body.find("innerHTML") == std::string::npos);
    }
    CHECK(page_files().size() == 3);
}

TEST_CASE("prefixes: one spelling each, and what is none")
{
    CHECK(parse_prefix("198.51.100.7")->bits == 32);
    CHECK(parse_prefix("198.51.100.0/24")->contains(Bytes{198, 51, 100, 255}));
    CHECK_FALSE(parse_prefix("198.51.100.0/24")->contains(Bytes{198, 51, 101, 0}));
    CHECK(parse_prefix("2001:db8::/32")->bytes.size() == 16);
    CHECK(parse_prefix("::ffff:198.51.100.7")->bytes == Bytes{198, 51, 100, 7}); // the same host
    for (const auto* const wrong : {"", "198.51.100.1/24", "198.51.100.0/33", "0.0.0.0/0", "::/0", "198.51.100", "name",
                                    "198.51.100.0/", "198.51.100.0/-1", "198.51.100.0/24 ", "2001:db8::/129"})
        CHECK_FALSE(parse_prefix(wrong));
}

TEST_CASE("applications: made, changed, listed with their key, and removed; their accounts are user@app everywhere")
{
    Desk desk;
    const auto made = desk.ask(Method::post, "/v1/apps", {{"app", "acme"}});
    REQUIRE(made.status == 201);
    const std::string key = Json::parse(made.body)["key"];
    CHECK(key.size() == 24);
    CHECK(desk.ask(Method::post, "/v1/apps", {{"app", "acme"}}).status == 409);
    CHECK(desk.ask(Method::post, "/v1/apps", {{"app", "A b"}}).status == 400);
    Device cy(desk.world, 7);
    cy.app = key;
    cy.join("ann", 700);
    const auto shown = desk.get("/v1/apps/acme");
    CHECK(shown["accounts"] == 1);
    CHECK(shown["sessions"] == 1);
    CHECK(shown["limits"]["accounts"].is_null());
    CHECK(desk.get("/v1/apps")["apps"].size() == 1);

    CHECK(desk.get("/v1/accounts")["accounts"].size() == 2); // of the default application
    const auto there = desk.get("/v1/accounts?app=acme");
    REQUIRE(there["accounts"].size() == 1);
    CHECK(there["accounts"][0]["user"] == "ann@acme");
    CHECK(desk.get("/v1/accounts?app=acme&after=ann@acme")["accounts"].empty());
    CHECK(desk.ask(Method::get, "/v1/accounts?app=nowhere").status == 404);
    CHECK(desk.get("/v1/accounts/ann@acme")["account_key"] == to_base64url(signing_key(700).public_key().view()));
    CHECK(desk.ask(Method::get, "/v1/accounts/bo@acme").status == 404);
    CHECK(desk.ask(Method::post, "/v1/accounts/ann@acme/disable").status == 204);
    CHECK(cy.is_closed());
    CHECK_FALSE(desk.ann.is_closed());

    const auto changed = desk.ask(Method::put, "/v1/apps/acme", {{"accounts", 1}, {"registration_open", false}});
    REQUIRE(changed.status == 200);
    CHECK(Json::parse(changed.body)["limits"]["accounts"] == 1);
    CHECK(Json::parse(changed.body)["registration_open"] == false);
    CHECK(Json::parse(changed.body)["directory_shown"] == true); // left out: as it was
    CHECK(Json::parse(desk.ask(Method::post, "/v1/apps/acme/key").body)["key"] != key);
    CHECK_FALSE(Json::parse(desk.ask(Method::post, "/v1/apps/acme/disable").body)["disabled_ms"].is_null());
    CHECK(Json::parse(desk.ask(Method::post, "/v1/apps/acme/enable").body)["disabled_ms"].is_null());
    // Keys are handed out by those who may, and the log is read by others too.
    for (const auto& record : desk.admin.audit.table().after(0, 100))
        CHECK(record.detail.find(key) == std::string::npos);

    // Its directory, and what is said to it alone.
    CHECK(desk.ask(Method::put, "/v1/directory/members/ann?app=acme", {{"full_name", "Another Ann"}}).status == 204);
    CHECK(desk.get("/v1/directory/members")["members"].empty());
    CHECK(desk.get("/v1/directory/members?app=acme")["members"][0]["account"] == true);
    const auto said = desk.ask(Method::post, "/v1/notices",
                               {{"id", notice_id}, {"to_all", true}, {"app", "acme"}, {"title", "to acme"}});
    REQUIRE_MESSAGE(said.status == 201, said.body);
    CHECK(Json::parse(said.body)["app"] == "acme");
    CHECK(desk.get("/v1/notices/" + notice_id)["accounts"] == 1);
    CHECK(desk.ann.take<frame::NoticeDeliver>().empty());
    CHECK(desk.ask(Method::post, "/v1/accounts/ann@acme/enable").status == 204);
    cy.resume();
    CHECK(cy.take<frame::NoticeDeliver>().size() == 1);

    CHECK(desk.ask(Method::del, "/v1/apps/acme").status == 409);
    CHECK(desk.ask(Method::del, "/v1/accounts/ann@acme").status == 204);
    CHECK(desk.ask(Method::del, "/v1/apps/acme").status == 204);
    CHECK(desk.ask(Method::get, "/v1/apps/acme").status == 404);
}

TEST_CASE("a report of a client: in the queue with the others, and in full with what was shown of messages")
{
    Desk desk;
    const auto conversation = test::filled<ConversationId>(7);
    REQUIRE(desk.ann.code(frame::ReportFile{"bo",
                                            conversation,
                                            ReportReason::spam,
                                            "see there",
                                            {{test::envelope(1).id, "bo", 5, true, "buy now"},
                                             {test::envelope(2).id, "bo", 6, false, ""}}}) == ErrorCode::ok);
    const auto queue = desk.get("/v1/reports");
    REQUIRE(queue["reports"].size() == 1);
    CHECK(queue["reports"][0]["by_client"] == true);
    CHECK(queue["reports"][0]["reporter"] == "ann");
    CHECK(queue["reports"][0]["conversation"] == to_hex(conversation.view()));
    CHECK_FALSE(queue["reports"][0].contains("messages"));
    const auto full = desk.get("/v1/reports/1");
    REQUIRE(full["messages"].size() == 2);
    CHECK(full["messages"][0]["text"] == "buy now");
    CHECK(full["messages"][1]["text"].is_null());
    CHECK(desk.ask(Method::get, "/v1/reports/2").status == 404);
    CHECK(desk.ask(Method::get, "/v1/reports/1", nullptr, Role::support).status == 403);
    CHECK(desk.ask(Method::post, "/v1/reports/1/close", {{"outcome", "warned"}}).status == 204);
    CHECK(desk.get("/v1/reports")["reports"].empty());
}

TEST_CASE("an endpoint that fails after it has changed something leaves a record of who tried what")
{
    Desk desk;
    const Endpoint broken{Method::post,
                          "/v1/broken",
                          Verb::bans_write,
                          "Fails",
                          {},
                          {},
                          {},
                          [](Office& office, const Input&, const Caller&, Moment now) -> Result<Reply> {
                              (void)office.core.gate().ban_name("postmaster", "", 0, now, relays_own);
                              throw std::runtime_error("a defect");
                          }};
    http::Request request;
    request.method = Method::post;
    request.path = "/v1/broken";
    request.authorization = "Bearer " + desk.tokens[Role::owner];
    const auto before = desk.records();
    CHECK(desk.api.answer(broken, request).status == 500);
    CHECK(BanTable(desk.world.store).all().size() == 1); // in the tick with what is not its
    REQUIRE(desk.records() == before + 1);
    const auto record = desk.admin.audit.table().newest();
    CHECK(record->verb == "bans.write");
    CHECK(record->target == "/v1/broken");
    CHECK(record->detail == R"({"failed":"internal"})");
}

} // namespace godwit::relay::admin
