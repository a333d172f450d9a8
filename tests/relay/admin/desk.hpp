// SPDX-License-Identifier: Apache-2.0
// Two accounts, and a token of each role to administer them with.
#pragma once

#include "lib/identity/notice.hpp"
#include "relay/admin/api.hpp"
#include "tests/relay/rig.hpp"

#include <algorithm>

namespace godwit::relay::admin {
using namespace godwit::relay::test;
using http::Method;

struct Desk {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};
    Admin admin{world.store, world.entropy};
    Uptime uptime{world.store};
    Api api{{*world.core, world.store, admin, uptime, "1.2.3", {}},
            [this] { return world.tick(); },
            [this] { return world.now; }};
    http::Router router;
    std::map<Role, std::string> tokens;

    explicit Desk(std::optional<Store> on = std::nullopt) : world(signing(), std::move(on))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
        for (const auto role : roles)
            tokens[role] = admin.tokens.add(role_name(role), role, 0, world.now.wall_ms).value();
        REQUIRE(world.tick().ok());
        api.serve(router);
    }
    static Config signing()
    {
        Config out;
        out.sign_notice = [](wire::OperatorNotice notice) {
            return identity::sign_notice(std::move(notice), signing_key(9'999).seed());
        };
        return out;
    }
    http::Response raw(Method method, std::string path, std::string body, std::string authorization,
                       std::string content_type = "application/json")
    {
        http::Request request;
        request.method = method;
        const auto question = std::min(path.find('?'), path.size());
        request.path = path.substr(0, question);
        auto rest = std::string_view(path).substr(std::min(question + 1, path.size()));
        while (!rest.empty()) {
            const auto one = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(rest.size(), one.size() + 1));
            const auto equals = one.find('=');
            request.query.emplace_back(one.substr(0, equals),
                                       equals == std::string_view::npos ? "" : one.substr(equals + 1));
        }
        request.body = std::move(body);
        request.content_type = std::move(content_type);
        request.authorization = std::move(authorization);
        request.from = loop::Address::loopback_v4(1000);
        return router.answer(std::move(request));
    }
    http::Response ask(Method method, std::string path, const Json& body = nullptr, Role role = Role::owner)
    {
        return raw(method, std::move(path), body.is_null() ? "" : body.dump(), "Bearer " + tokens[role]);
    }
    Json get(std::string path)
    {
        const auto response = ask(Method::get, std::move(path));
        REQUIRE_MESSAGE(response.status == 200, response.body);
        return Json::parse(response.body);
    }
    std::string detail(const http::Response& response) { return Json::parse(response.body)["detail"]; }
    std::uint64_t records()
    {
        const auto newest = admin.audit.table().newest();
        return newest ? newest->sequence : 0;
    }
};

/// A request for this endpoint that is well made, whether or not there is what it names.
struct Example {
    std::string path;
    Json body;
    std::string csv = {}; ///< In the place of it.
};
inline Example example_of(const Endpoint& endpoint)
{
    Example out;
    std::string_view pattern = endpoint.pattern;
    while (!pattern.empty()) {
        const auto open = pattern.find('{');
        out.path += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto name = pattern.substr(open + 1, pattern.find('}') - open - 1);
        const bool is_number = endpoint.path[0].kind == Kind::integer;
        out.path += is_number ? "999" : name == "user" ? "nobody" : name == "name" ? "nobody" : std::string(32, 'b');
        pattern.remove_prefix(pattern.find('}') + 1);
    }
    const auto value = [](const Field& field) -> Json {
        if (!field.choices.empty()) return field.choices.front();
        switch (field.kind) {
        case Kind::integer: return std::max<std::int64_t>(field.least, 60);
        case Kind::boolean: return true;
        case Kind::texts: return Json::array();
        case Kind::text: break;
        }
        return std::string(static_cast<std::size_t>(std::max<std::int64_t>(field.least, 1)), 'c');
    };
    char separator = '?';
    for (const auto& field : endpoint.query)
        if (field.required) {
            out.path += separator + std::string(field.name) + "=" + value(field).get<std::string>();
            separator = '&';
        }
    if (endpoint.body_type == "text/csv") {
        out.csv = "user\ncy\n";
        return out;
    }
    for (const auto& field : endpoint.body)
        if (field.required) out.body[std::string(field.name)] = value(field);
    return out;
}

} // namespace godwit::relay::admin
