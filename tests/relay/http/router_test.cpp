// SPDX-License-Identifier: Apache-2.0
#include "relay/http/router.hpp"

#include <doctest/doctest.h>
#include <stdexcept>

using namespace godwit;
using namespace godwit::relay::http;

namespace {

Handler says(std::string what)
{
    return [what = std::move(what)](const Request& request) {
        auto out = what;
        for (const auto& [name, value] : request.parameters)
            out += " " + name + "=" + value;
        return Response::text(200, out);
    };
}

Router table()
{
    Router out;
    out.get("/", says("root"));
    out.get("/v1/accounts", says("list"));
    out.add({Method::post, "/v1/accounts", says("create"), 100});
    out.get("/v1/accounts/{user}", says("one"));
    out.add({Method::del, "/v1/accounts/{user}", says("gone"), 0});
    out.get("/v1/accounts/me", says("me"));
    out.get("/v1/accounts/{user}/devices/{device}", says("device"));
    out.get("/page/*", says("page"));
    return out;
}

Request request(Method method, std::string path)
{
    Request out;
    out.method = method;
    out.path = std::move(path);
    return out;
}

} // namespace

TEST_CASE("which handler a path is for")
{
    const auto router = table();
    struct Row {
        Method method;
        const char* path;
        int status;
        const char* body;
    };
    const Row rows[] = {
        {Method::get, "/", 200, "root"},
        {Method::head, "/", 200, "root"},
        {Method::get, "/v1/accounts", 200, "list"},
        {Method::post, "/v1/accounts", 200, "create"},
        {Method::get, "/v1/accounts/", 404, nullptr},
        {Method::get, "/v1/accounts/ann", 200, "one user=ann"},
        {Method::del, "/v1/accounts/ann", 200, "gone user=ann"},
        {Method::get, "/v1/accounts/me", 200, "me"},
        {Method::get, "/v1/accounts/ann/devices/7", 200, "device user=ann device=7"},
        {Method::get, "/v1/accounts//devices/7", 404, nullptr},
        {Method::get, "/v1/accounts/ann/devices/7/8", 404, nullptr},
        {Method::get, "/v1/accounts/ann/devices", 404, nullptr},
        {Method::get, "/page/", 200, "page *="},
        {Method::get, "/page/a/b.css", 200, "page *=a/b.css"},
        {Method::get, "/page", 404, nullptr},
        {Method::post, "/page/a", 405, nullptr},
        {Method::patch, "/v1/accounts/ann", 405, nullptr},
        {Method::get, "", 404, nullptr},
        {Method::get, "v1/accounts", 404, nullptr},
    };
    for (const auto& row : rows) {
        CAPTURE(method_name(row.method));
        CAPTURE(row.path);
        const auto answer = router.answer(request(row.method, row.path));
        CHECK(answer.status == row.status);
        if (row.body != nullptr) CHECK(answer.body == row.body);
    }
}

TEST_CASE("405 says which methods there are")
{
    const auto answer = table().answer(request(Method::patch, "/v1/accounts/ann"));
    REQUIRE(answer.headers.size() == 1);
    CHECK(answer.headers[0].first == "allow");
    CHECK(answer.headers[0].second == "GET, HEAD, DELETE");
    CHECK(answer.content_type == "application/problem+json");
}

TEST_CASE("a handler that throws is 500, and has been asked")
{
    Router router;
    std::string asked;
    router.get("/{name}", [&](const Request& one) -> Response {
        asked += one.parameter("name");
        CHECK(one.parameter("other").empty());
        throw std::runtime_error("a defect");
    });
    CHECK(router.answer(request(Method::get, "/x")).status == 500);
    CHECK(asked == "x");
}

TEST_CASE("text becomes JSON, whatever its bytes are")
{
    CHECK(json_string("a\"b\\c\n\x01") == "\"a\\\"b\\\\c\\u000a\\u0001\"");
    CHECK(json_string("ü€𝄞") == "\"ü€𝄞\"");
    CHECK(json_string("\xC0\xAF") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                 // overlong
    CHECK(json_string("\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); // a surrogate
    CHECK(json_string("\xF4\x90\x80\x80").size() == 2 + 4 * 3);                       // beyond Unicode
    CHECK(json_string("ab\xE2\x82") == "\"ab\xEF\xBF\xBD\xEF\xBF\xBD\"");             // cut short
    CHECK(Response::problem(404, "\"no\"").body ==
          "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"\\\"no\\\"\"}\n");
}
