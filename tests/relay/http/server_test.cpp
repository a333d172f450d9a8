// SPDX-License-Identifier: Apache-2.0
#include "relay/http/server.hpp"
#include "tests/relay/http/http_client.hpp"

#include <memory>
#include <vector>

using namespace godwit;
using namespace godwit::relay::http;
using godwit::relay::test::HttpClient;

namespace {

constexpr std::size_t pieces = 500;

Router table()
{
    Router out;
    out.get("/hello", [](const Request& one) {
        std::string said = "hello " + one.from.text().substr(0, one.from.text().rfind(':')) + one.authorization;
        for (const auto& [name, value] : one.query)
            said += " " + name + "=" + value;
        return Response::text(200, said);
    });
    out.add({Method::post, "/echo", [](const Request& one) { return Response::json(201, one.body); }, 1000});
    out.add({Method::del, "/things/{what}", [](const Request&) { return Response::json(204, ""); }, 0});
    out.get("/many", [](const Request&) {
        auto response = Response::text(200, "first,");
        response.more = [left = std::make_shared<std::size_t>(pieces)]() -> std::optional<std::string> {
            if (*left == 0) return std::nullopt;
            --*left;
            return std::string(1000, '#');
        };
        return response;
    });
    out.get("/big", [](const Request&) { return Response::text(200, std::string(3'000'000, 'y')); });
    out.get("/split", [](const Request&) {
        auto response = Response::text(200, "");
        response.headers.emplace_back("x-bad", "a\r\nset-cookie: b");
        response.headers.emplace_back("x-good", "c");
        return response;
    });
    return out;
}

std::unique_ptr<Server> serve(loop::Loop& loop, ServerOptions options = {})
{
    auto out = Server::open(loop, options, table());
    REQUIRE_MESSAGE(out.ok(), out.error().detail);
    return *std::move(out);
}

ServerOptions with(const std::function<void(ServerLimits&)>& change)
{
    ServerOptions out;
    change(out.limits);
    return out;
}

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

} // namespace

TEST_CASE("a request and its answer; the connection stays for the next")
{
    loop::Loop loop;
    const auto server = serve(loop);
    HttpClient client(loop, server->local());
    CHECK(client.ask("GET /hello?a=1&b=%26x&c HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAuthorization: Bearer t\r\n\r\n") ==
          "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 35\r\n"
          "x-content-type-options: nosniff\r\n\r\nhello 127.0.0.1Bearer t a=1 b=&x c=");
    CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12345")
              .ends_with("\r\n\r\n12345"));
    CHECK(
        client.ask("DELETE /things/x HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK(client.ask("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 404 Not Found\r\n"));
    CHECK(client.ask("POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
              .find("\r\nallow: GET, HEAD\r\n") != std::string::npos);
    client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    CHECK(client.ends());
    CHECK(client.seen.find("content-length: 15\r\n") != std::string::npos);
    CHECK(client.seen.ends_with("\r\n\r\n"));
    CHECK(server->counters().connections_total == 1);
    CHECK(server->counters().requests_total == 6);
}

TEST_CASE("what comes in pieces")
{
    loop::Loop loop;
    const auto server = serve(loop);
    HttpClient client(loop, server->local());
    for (const char one : get_hello) {
        client.send(std::string_view(&one, 1));
        loop.run_once(Duration::zero());
    }
    CHECK(client.answer().ends_with("hello 127.0.0.1"));
}

TEST_CASE("bigger answers: by content-length, by chunks, and to HTTP/1.0 up to the end")
{
    loop::Loop loop;
    const auto server = serve(loop);
    HttpClient client(loop, server->local());
    client.send("GET /many HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(client.sees("\r\n0\r\n\r\n"));
    CHECK(client.seen.find("transfer-encoding: chunked\r\n") != std::string::npos);
    CHECK(client.seen.find("\r\n6\r\nfirst,\r\n3e8\r\n") != std::string::npos);
    CHECK(std::count(client.seen.begin(), client.seen.end(), '#') == 1000 * pieces);
    client.seen.clear();
    CHECK(client.ask("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n").size() > 3'000'000);

    HttpClient old(loop, server->local());
    old.send("GET /many HTTP/1.0\r\n\r\n");
    CHECK(old.ends());
    CHECK(old.seen.ends_with("###"));
    CHECK(old.seen.find("chunked") == std::string::npos);
    CHECK(server->counters().timeouts_total == 0);
}

TEST_CASE("a handler's header cannot begin another one")
{
    loop::Loop loop;
    const auto server = serve(loop);
    HttpClient client(loop, server->local());
    const auto answer = client.ask("GET /split HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(answer.find("cookie") == std::string::npos);
    CHECK(answer.find("\r\nx-good: c\r\n") != std::string::npos);
}

TEST_CASE("requests that are refused, and then the connection ends")
{
    loop::Loop loop;
    const auto server = serve(loop);
    const std::string host = "Host: localhost\r\n";
    struct Row {
        std::string request;
        const char* status;
    };
    const Row rows[] = {
        {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n", "413"},
        {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 99999999999999\r\n\r\n", "413"},
        {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: -5\r\n\r\n", "400"},
        {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 5x\r\n\r\n12345", "400"},
        {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345", "400"},
        {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n", "501"},
        {"POST /none HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n12345", "404"},
        {"GET /hello HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n12345", "413"},
        {"GET /hello HTTP/1.1\r\n\r\n", "400"},
        {"GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"},
        {"GET /hello HTTP/1.1\r\nHost: evil.example:9180\r\n\r\n", "421"},
        {"OPTIONS /hello HTTP/1.1\r\n" + host + "\r\n", "405"},
        {"POST /echo HTTP/1.1\r\n" + host + "\r\n", "201"}, // no length is no body (RFC 9112 section 6.3)
    };
    for (const auto& row : rows) {
        CAPTURE(row.request);
        HttpClient client(loop, server->local());
        client.send(row.request);
        CHECK(client.ends());
        CHECK(client.seen.starts_with(std::string("HTTP/1.1 ") + row.status + " "));
        CHECK(client.seen.find("\r\nconnection: close\r\n") != std::string::npos);
    }
}

TEST_CASE("by which names it may be called")
{
    loop::Loop loop;
    auto options = ServerOptions{};
    options.hosts = {"metrics.example"};
    const auto server = serve(loop, options);
    HttpClient client(loop, server->local());
    for (const char* const host :
         {"metrics.example", "METRICS.example:9180", "LocalHost:1", "127.0.0.1", "[::1]:9180", "192.0.2.1:80"}) {
        CAPTURE(host);
        CHECK(client.ask("GET /hello HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").starts_with("HTTP/1.1 200"));
    }
}

TEST_CASE("nonsense and upgrades end the connection, and nobody else's")
{
    loop::Loop loop;
    const auto server = serve(loop);
    HttpClient canary(loop, server->local());
    for (const std::string& request : {
             std::string("\0\1\2\3garbage\r\n\r\n", 15),
             std::string("GET\r\n\r\n"),
             std::string("BREW /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
             std::string("CONNECT evil.example:25 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
             std::string("GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
             std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
             std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, '\0'),
             std::string("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
             std::string(
                 "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                 "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"),
         }) {
        CAPTURE(request);
        HttpClient client(loop, server->local());
        client.send(request);
        CHECK(client.ends());
        CHECK(client.seen.find(" 200 ") == std::string::npos);
        CHECK(client.seen.find(" 101 ") == std::string::npos);
        CHECK(canary.ask(get_hello).starts_with("HTTP/1.1 200"));
    }
}

TEST_CASE("as many header bytes as are allowed, and more")
{
    loop::Loop loop;
    const auto server = serve(loop, with([](ServerLimits& limits) { limits.header_bytes_max = 2048; }));
    const auto request = [](std::size_t bytes) {
        return "GET /hello HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + std::string(bytes, 'a') + "\r\n\r\n";
    };
    HttpClient good(loop, server->local());
    CHECK(good.ask(request(1900)).starts_with("HTTP/1.1 200"));
    HttpClient bad(loop, server->local());
    bad.send(request(2048));
    CHECK(bad.ends());
    CHECK(bad.seen.find(" 200 ") == std::string::npos);
    CHECK(good.ask(get_hello).starts_with("HTTP/1.1 200"));
}

TEST_CASE("as many connections as are allowed, and one more")
{
    loop::Loop loop;
    const auto server = serve(loop, with([](ServerLimits& limits) { limits.connections_max = 4; }));
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<HttpClient>(loop, server->local()));
        CHECK(clients.back()->ask(get_hello).starts_with("HTTP/1.1 200"));
    }
    HttpClient extra(loop, server->local());
    CHECK(extra.ends());
    CHECK(server->counters().connections_refused == 1);
    clients.pop_back();
    CHECK(godwit::test::until(loop, [&] { return server->counters().connections == 3; }));
    HttpClient again(loop, server->local());
    CHECK(again.ask(get_hello).starts_with("HTTP/1.1 200"));
}

TEST_CASE("whoever is slow: in the headers, in the body, between requests, and in reading")
{
    constexpr auto soon = std::chrono::milliseconds(30);
    loop::Loop loop;
    const std::string post = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n123";
    struct Row {
        std::string what;
        std::function<void(ServerLimits&)> change;
        std::string says;
    };
    const Row rows[] = {
        {"silent", [&](ServerLimits& l) { l.header_time_max = soon; }, ""},
        {"headers", [&](ServerLimits& l) { l.header_time_max = soon; }, "GET /hello HTTP/1.1\r\nHost: local"},
        {"body", [&](ServerLimits& l) { l.body_time_max = soon; }, post},
        {"idle", [&](ServerLimits& l) { l.idle_max = soon; }, get_hello},
        {"reading", [&](ServerLimits& l) { l.write_time_max = soon; },
         "GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        auto router = table();
        router.get("/endless", [](const Request&) {
            auto response = Response::text(200, "");
            response.more = [] { return std::optional<std::string>(std::string(100'000, 'z')); };
            return response;
        });
        auto server = Server::open(loop, with(row.change), std::move(router));
        REQUIRE(server.ok());
        HttpClient client(loop, (*server)->local());
        client.send(row.says);
        // Not by what it sees: a slow reader reads nothing.
        CHECK(godwit::test::until(loop, [&] { return (*server)->counters().timeouts_total == 1; }));
        CHECK(godwit::test::until(loop, [&] { return (*server)->counters().connections == 0; }));
        CHECK(client.ends());
    }
}

TEST_CASE("one byte after another does not win time")
{
    loop::Loop loop;
    const auto server =
        serve(loop, with([](ServerLimits& limits) { limits.header_time_max = std::chrono::milliseconds(50); }));
    HttpClient client(loop, server->local());
    client.send("GET /");
    // A byte a millisecond and no faster: all that fit into the time are far fewer than headers may have.
    loop::Timer drip(loop, [&] {
        (void)client.send("a");
        drip.set(loop::Loop::now().mono + std::chrono::milliseconds(1));
    });
    drip.set(Instant{});
    CHECK(godwit::test::until(loop, [&] { return server->counters().timeouts_total == 1; }));
}

TEST_CASE("a connection has so many requests and no more")
{
    loop::Loop loop;
    const auto server = serve(loop, with([](ServerLimits& limits) { limits.requests_per_connection_max = 3; }));
    HttpClient client(loop, server->local());
    CHECK(client.ask(get_hello).find("connection: close") == std::string::npos);
    CHECK(client.ask(get_hello).find("connection: close") == std::string::npos);
    CHECK(client.ask(get_hello).find("connection: close") != std::string::npos);
    CHECK(client.ends());
}

TEST_CASE("it ends in the middle of everything, also inside a callback of the loop, and another takes its port")
{
    loop::Loop loop;
    auto server = serve(loop);
    const auto at = server->local();
    HttpClient idle(loop, at), reading(loop, at), half(loop, at);
    CHECK(idle.ask(get_hello).starts_with("HTTP/1.1 200"));
    reading.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(reading.sees("\r\n\r\n"));
    half.send("GET /he");
    loop::Timer end(loop, [&] { server.reset(); });
    end.set(loop::Loop::now().mono);
    CHECK(idle.ends());
    CHECK(half.ends());
    CHECK(reading.ends());
    ServerOptions options;
    options.at = at;
    const auto next = serve(loop, options);
    HttpClient client(loop, at);
    CHECK(client.ask(get_hello).starts_with("HTTP/1.1 200"));
}

TEST_CASE("its end closes nothing that others have opened since")
{
    loop::Loop loop;
    for (int i = 0; i < 5; ++i) {
        auto server = serve(loop);
        HttpClient client(loop, server->local());
        CHECK(client.ask(get_hello).starts_with("HTTP/1.1 200"));
        server.reset();
        std::vector<int> fresh;
        for (int n = 0; n < 20; ++n)
            fresh.push_back(::dup(0));
        godwit::test::turns(loop, 20);
        for (const int fd : fresh)
            CHECK(::close(fd) == 0);
    }
    const int next = ::dup(0); // and leaves nothing open
    ::close(next);
    const auto server = serve(loop);
    const int after = ::dup(0);
    ::close(after);
    CHECK(after < next + 8);
}

TEST_CASE("two of them on one loop; a port that is taken is an error that says so")
{
    loop::Loop loop;
    const auto one = serve(loop), other = serve(loop);
    HttpClient a(loop, one->local()), b(loop, other->local());
    CHECK(a.ask(get_hello).starts_with("HTTP/1.1 200"));
    CHECK(b.ask(get_hello).starts_with("HTTP/1.1 200"));
    ServerOptions options;
    options.at = one->local();
    const auto third = Server::open(loop, options, table());
    REQUIRE(!third.ok());
    CHECK(third.error().code == ErrorCode::address_in_use);
}
