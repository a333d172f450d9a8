// SPDX-License-Identifier: Apache-2.0
// The real process as its operator sees it: figures and health over HTTP, signals, its end.
#include "tests/relay/process.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

struct Relay {
    explicit Relay(const std::string& more = "")
    {
        write("[metrics]\nlisten = \"127.0.0.1:0\"\n" + more);
        process = std::make_unique<RelayProcess>(std::vector<std::string>{"--data", directory.path("data"), "--listen",
                                                                          "127.0.0.1:0", "--config", config()});
        address = process->ready();
        const auto metrics = process->line(); // metrics http://127.0.0.1:PORT/metrics
        REQUIRE(metrics.starts_with("metrics http://127.0.0.1:"));
        port = static_cast<std::uint16_t>(std::stoul(metrics.substr(25)));
    }
    [[nodiscard]] std::string config() const { return directory.path("relay.toml"); }
    void write(const std::string& text) const { std::ofstream(config()) << text; }
    /// The whole answer; empty: nobody listens.
    [[nodiscard]] std::string get(const std::string& path) const
    {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        std::string out;
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
            const auto request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            (void)!::write(fd, request.data(), request.size());
            char room[65536];
            for (ssize_t got = 0; (got = ::read(fd, room, sizeof room)) > 0;)
                out.append(room, static_cast<std::size_t>(got));
        }
        ::close(fd);
        return out;
    }

    TemporaryDirectory directory;
    std::unique_ptr<RelayProcess> process;
    wire::RelayAddress address;
    std::uint16_t port = 0;
};

bool has(const std::string& text, std::string_view what)
{
    return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("figures of a relay that has something to tell")
{
    const Relay relay;
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::tls, 1), bo(loop, relay.address, Over::tls, 2);
    REQUIRE(ann.is_up());
    REQUIRE(bo.is_up());
    REQUIRE(ann.join("quixote", 100) == ErrorCode::ok);
    REQUIRE(bo.join("bo", 200) == ErrorCode::ok);
    REQUIRE(ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
    REQUIRE(bo.code(frame::ContactAccept{"quixote"}) == ErrorCode::ok);
    REQUIRE(ann.put(bo.id, 5) == ErrorCode::ok);
    const auto said = relay.get("/metrics");
    CHECK(said.starts_with(
        "HTTP/1.1 200 OK\r\ncontent-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    CHECK(said.ends_with("\n# EOF\n"));
    CHECK(has(said, "\ngodwit_relay_sessions_open 2\n"));
    CHECK(has(said, "\ngodwit_relay_registrations_total 2\n"));
    CHECK(has(said, "\ngodwit_relay_content_envelopes_stored_total 1\n"));
    CHECK(has(said, "\ngodwit_relay_build_info{version=\""));
    CHECK(has(said, "\ngodwit_relay_ready 1\n"));
    CHECK(has(said, "\ngodwit_relay_commit_seconds_bucket{le=\"+Inf\"} "));
    CHECK(!has(said, "godwit_relay_commit_seconds_count 0\n"));
    CHECK(!has(said, "godwit_relay_database_bytes 0\n"));
    CHECK(has(said, "\nprocess_resident_memory_bytes "));
    CHECK(has(said, "\nprocess_cpu_seconds_total "));
    CHECK(!has(said, "quixote")); // nobody's name
    CHECK(relay.get("/live").ends_with("\r\n\r\n{\"live\":true}\n"));
    CHECK(relay.get("/ready").ends_with("\r\n\r\n{\"ready\":true,\"causes\":[]}\n"));
    CHECK(relay.get("/other").starts_with("HTTP/1.1 404 "));
    relay.process->signal(SIGTERM);
    CHECK(relay.process->wait() == 0);
    CHECK(relay.process->errors().empty());
}

TEST_CASE("not ready while there is too little room; SIGHUP takes a new limit, names what needs a restart, and keeps "
          "to the old on a mistake")
{
    const Relay relay("disk_free_mib = 1048576\n");
    const auto full = relay.get("/ready");
    CHECK(full.starts_with("HTTP/1.1 503 "));
    CHECK(has(full, "{\"ready\":false,\"causes\":[{\"cause\":\"disk_full\",\"detail\":\""));
    CHECK(has(relay.get("/metrics"), "\ngodwit_relay_not_ready_cause{godwit_relay_not_ready_cause=\"disk_full\"} 1\n"));

    relay.write(
        "[metrics]\nlisten = \"127.0.0.1:0\"\ndisk_free_mib = 0\n[registration]\nopen = false\n[limits]\nlinks = 7\n");
    relay.process->signal(SIGHUP);
    CHECK(relay.process->line() ==
          "reloaded, applied: metrics.disk_free_mib, registration.open; needs a restart: limits.links");
    CHECK(relay.get("/ready").starts_with("HTTP/1.1 200 "));
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::tls, 1);
    REQUIRE(ann.is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::unsupported);

    relay.write("[registration]\nopen = true\n[limits]\nlinkz = 7\n");
    relay.process->signal(SIGHUP);
    relay.process->signal(SIGUSR1); // its line comes after whatever SIGHUP had to say
    CHECK(relay.process->line().starts_with("stats {"));
    LiveClient cat(loop, relay.address, Over::tls, 3);
    REQUIRE(cat.is_up());
    CHECK(cat.join("cat", 300) == ErrorCode::unsupported);

    relay.write("[metrics]\nlisten = \"127.0.0.1:0\"\ndisk_free_mib = 0\n[limits]\nlinks = 7\n");
    relay.process->signal(SIGHUP);
    CHECK(relay.process->line() == "reloaded, applied: registration.open; needs a restart: limits.links");
    LiveClient bo(loop, relay.address, Over::tls, 2);
    REQUIRE(bo.is_up());
    CHECK(bo.join("bo", 200) == ErrorCode::ok);
    relay.process->signal(SIGTERM);
    CHECK(relay.process->wait() == 0);
    const auto errors = relay.process->errors();
    CHECK(has(errors, "unknown key limits.linkz"));
    CHECK(has(errors, "the configuration stays as it was"));
    CHECK(has(errors, "event=reload_needs_restart"));
}

TEST_CASE("the end: announced as not ready, clients are told when to come back, asked twice it is at once")
{
    const Relay relay("[drain]\nannounce_s = 600\ndeadline_s = 3600\n");
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::tls, 1);
    REQUIRE(ann.is_up());
    REQUIRE(ann.join("ann", 100) == ErrorCode::ok);
    relay.process->signal(SIGTERM);
    std::string said;
    while (!has(said, "\"cause\":\"draining\"")) // until the signal has been taken
        REQUIRE(!(said = relay.get("/ready")).empty());
    CHECK(said.starts_with("HTTP/1.1 503 "));
    CHECK(ann.code(frame::ContactAdd{"nobody"}) == ErrorCode::no_such_user); // it serves whom it has
    relay.process->signal(SIGTERM);
    CHECK(relay.process->wait() == 0);
}

TEST_CASE("the end: a goodbye with a time to come back")
{
    const Relay relay;
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::tls, 1);
    REQUIRE(ann.is_up());
    REQUIRE(ann.join("ann", 100) == ErrorCode::ok);
    relay.process->signal(SIGTERM);
    const auto goodbye = ann.next<frame::Goodbye>();
    REQUIRE(goodbye);
    CHECK(goodbye->what.code == ErrorCode::relay_unavailable);
    CHECK(goodbye->what.retry_after_ms > 0);
    CHECK(relay.process->wait() == 0);
}

TEST_CASE("check-config, both ways of saying it")
{
    const TemporaryDirectory directory;
    const auto good = directory.path("good.toml"), bad = directory.path("bad.toml");
    std::ofstream(good) << "[limits]\nlinks = 5\n";
    std::ofstream(bad) << "[limits]\nlinks = 0\n";
    CHECK(run({"check-config", good}).exit_code == 0);
    CHECK(run({"--check-config", "--config", good}).exit_code == 0);
    const auto refused = run({"check-config", bad});
    CHECK(refused.exit_code == 1);
    CHECK(has(refused.errors, "line 2: limits.links must be a whole number from 1 to 1000000"));
    CHECK(run({"check-config"}).exit_code == 2);
    CHECK(run({"check-config", directory.path("none.toml")}).exit_code == 1);
}

TEST_CASE("[log] addresses: the end of a link says where it came from, as the setting says and no more")
{
    for (const auto& [setting, shown] : {std::pair("none", ""), std::pair("truncated", "address=127.0.0.0/24 "),
                                         std::pair("full", "address=127.0.0.1:")}) {
        CAPTURE(setting);
        const Relay relay("[log]\nlevel = \"info\"\naddresses = \"" + std::string(setting) + "\"\n");
        {
            loop::Loop loop;
            LiveClient ann(loop, relay.address, Over::tls, 1);
            REQUIRE(ann.is_up());
            REQUIRE(ann.join("ann", 100) == ErrorCode::ok);
        }
        // Seen to have left before the relay ends, or told to leave: it is said once.
        relay.process->signal(SIGTERM);
        CHECK(relay.process->wait() == 0);
        const auto errors = relay.process->errors();
        const auto at = errors.find("event=link_ended ");
        REQUIRE_MESSAGE(at != std::string::npos, errors);
        const auto line = errors.substr(at, errors.find('\n', at) - at);
        CHECK(has(line, "logged_in=yes"));
        CHECK(has(line, "cause="));
        CHECK(has(line, shown));
        CHECK(has(line, "127.") == (std::string(setting) != "none"));
        CHECK(has(line, "127.0.0.1") == (std::string(setting) == "full"));
    }
}
