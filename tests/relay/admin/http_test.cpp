// SPDX-License-Identifier: Apache-2.0
// The API and its page as the people who run a relay meet them: a relay that runs, curl, and a browser.
#include "tests/relay/process.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

struct Relay {
    TemporaryDirectory directory;
    std::string data = directory.path("data");
    std::string url;
    std::unique_ptr<RelayProcess> process;
    wire::RelayAddress address;
    std::string token;

    explicit Relay(const std::string& more = "")
    {
        std::ofstream(directory.path("config")) << "[admin]\nlisten = \"127.0.0.1:0\"\n" << more;
        process = std::make_unique<RelayProcess>(
            std::vector<std::string>{"--data", data, "--listen", "127.0.0.1:0", "--config", directory.path("config")});
        address = process->ready();
        const auto admin = process->line(); // admin http://127.0.0.1:PORT/
        REQUIRE(admin.starts_with("admin http://127.0.0.1:"));
        url = admin.substr(6, admin.size() - 7);
        const auto made = run({"admin", "token", "add", "root", "--role", "owner", "--data", data});
        REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
        token = made.out.substr(0, made.out.find('\n'));
    }
    /// Of a shell's command line; what it prints goes to `said`.
    [[nodiscard]] int shell(const std::string& line, std::string* said = nullptr) const
    {
        const auto out = directory.path("said");
        ::setenv("RELAY", url.c_str(), 1);
        ::setenv("TOKEN", token.c_str(), 1);
        const int status = std::system((line + " >" + out + " 2>&1").c_str());
        if (said != nullptr) {
            std::ostringstream text;
            text << std::ifstream(out).rdbuf();
            *said = text.str();
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
};

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

/// Lines of the page's shell blocks.
std::vector<std::string> examples()
{
    std::ifstream page(GODWIT_ADMIN_PAGE);
    REQUIRE(page);
    std::vector<std::string> out;
    bool inside = false;
    for (std::string line; std::getline(page, line);)
        if (line.substr(0, 3) == "```")
            inside = !inside && line == "```sh";
        else if (inside)
            out.push_back(line);
    return out;
}

} // namespace

TEST_CASE("docs/admin.md: every example does what it says there, in its order")
{
    Relay relay;
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::quic, 1);
    LiveClient bob(loop, relay.address, Over::tls, 2);
    REQUIRE(ann.is_up());
    REQUIRE(bob.is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::ok);
    CHECK(bob.join("bob", 200) == ErrorCode::ok);
    if (relay.shell("command -v curl") != 0) {
        MESSAGE("not run: there is no curl here");
        return;
    }
    std::string said;
    CHECK(relay.shell("curl -s -o /dev/null -w '%{http_code}' $RELAY/v1/state", &said) == 0);
    CHECK(said == "401");
    const auto lines = examples();
    CHECK(lines.size() > 20);
    for (const auto& line : lines) {
        CAPTURE(line);
        const int code = relay.shell(line, &said);
        CHECK_MESSAGE(code == 0, said);
        if (mentions(line, "/v1/state")) CHECK(mentions(said, "\"sessions\":2"));
        if (mentions(line, "/ann/disable")) {
            const auto goodbye = ann.next<frame::Goodbye>();
            REQUIRE(goodbye);
            CHECK(goodbye->what.code == ErrorCode::not_allowed);
        }
        if (mentions(line, "v1/audit")) CHECK(mentions(said, "\"verb\":\"accounts.delete\""));
    }
    CHECK(relay.shell("curl -sf -D - $RELAY/openapi.json", &said) == 0);
    CHECK(mentions(said, "\"openapi\""));
    const auto verified = run({"audit", "verify", "--data", relay.data});
    CHECK(verified.exit_code == 0);
    CHECK(mentions(verified.out, "sound: "));
}

TEST_CASE("webhooks: a receiver that fails at first hears what was done, signed; another decides who registers; "
          "forbidden addresses hear nothing")
{
    TemporaryDirectory directory;
    const auto port_of = [&](const std::string& name) {
        std::string text;
        for (int n = 0; n < 2000 && text.empty(); ++n) {
            std::ifstream(directory.path(name)) >> text;
            if (text.empty()) ::usleep(5'000); // another process comes up
        }
        REQUIRE_FALSE(text.empty());
        return text;
    };
    const auto receiver = [&](const std::string& name, const std::string& more) {
        return ::popen(("python3 -B " GODWIT_HOOK_RECEIVER " " + directory.path(name) + " " + more + " >" +
                        directory.path(name + ".out"))
                           .c_str(),
                       "w");
    };
    auto* const events = receiver("events", "2");
    auto* const judge = receiver("judge", "");
    const auto heard = [&](const std::string& name) {
        std::ostringstream out;
        out << std::ifstream(directory.path(name + ".out")).rdbuf();
        return out.str();
    };
    {
        const auto hook = [](const std::string& name, const std::string& port, const std::string& more) {
            return "[[webhook]]\nname = \"" + name + "\"\nurl = \"http://127.0.0.1:" + port +
                   "/x\"\nsecret = \"the secret of the test\"\n" + more;
        };
        Relay relay(hook("events", port_of("events"), "allow_private = true\n") +
                    hook("judge", port_of("judge"),
                         "allow_private = true\nasks_registration = true\nwhen_silent = \"refuse\"\n") +
                    hook("forbidden", port_of("events"), ""));
        loop::Loop loop;
        const auto settles = [&](const std::function<bool()>& condition) {
            for (int n = 0; n < 3000 && !condition(); ++n)
                loop.run_once(std::chrono::milliseconds(10));
            return condition();
        };
        CHECK(run({"admin", "token", "add", "viewer", "--role", "viewer", "--data", relay.data}).exit_code == 0);
        CHECK(run({"admin", "token", "revoke", "viewer", "--data", relay.data}).exit_code == 0);
        CHECK(
            settles([&] { return heard("events") == "refused\nrefused\ntokens.write viewer\ntokens.write viewer\n"; }));
        CHECK_MESSAGE(heard("events").find("forged") == std::string::npos, heard("events"));

        const auto registered = [&](const std::string& user, std::uint64_t number) {
            LiveClient client(loop, relay.address, Over::tls, number);
            REQUIRE(client.is_up());
            ErrorCode code = ErrorCode::rate_limited;
            CHECK(client.join(user, number * 100) == ErrorCode::rate_limited); // nobody has said yet
            CHECK(settles([&] { return heard("judge").find("asked " + user) != std::string::npos; }));
            CHECK(settles([&] {
                LiveClient again(loop, relay.address, Over::tls, number);
                code = again.is_up() ? again.join(user, number * 100) : ErrorCode::not_connected;
                return code != ErrorCode::rate_limited;
            }));
            return code;
        };
        CHECK(registered("ann", 1) == ErrorCode::ok);
        CHECK(registered("eve", 2) == ErrorCode::not_allowed);
        CHECK_MESSAGE(mentions(heard("judge"), "asked eve from 127.0.0.1\n"), heard("judge"));
        relay.process->signal(SIGUSR1);
        const auto stats = relay.process->line();
        CHECK_MESSAGE(mentions(stats, "\"webhooks_delivered\":4,"), stats); // two records, two questions
        CHECK(mentions(stats, "\"webhooks_failed\":"));
        CHECK(mentions(stats, "\"webhooks_skipped\":0"));
        relay.process->signal(SIGTERM);
        CHECK(relay.process->wait() == 0);
        const auto errors = relay.process->errors();
        CHECK_MESSAGE(mentions(errors, "webhook_failed"), errors);
        CHECK(mentions(errors, "name=events fault=\"answers 503\""));
        CHECK(mentions(errors, "its address is not one that may be reached"));
        CHECK(mentions(errors, "webhook_recovered"));
    }
    ::pclose(events);
    ::pclose(judge);
}

TEST_CASE("the page in a headless Chromium: state, availability, accounts, notices, audit")
{
    Relay relay;
    loop::Loop loop;
    LiveClient ann(loop, relay.address, Over::quic, 1);
    REQUIRE(ann.is_up());
    CHECK(ann.join("ann", 100) == ErrorCode::ok);
    std::string said;
    int code = -1;
    std::atomic<bool> ended = false;
    std::thread driver([&] {
        code = relay.shell("python3 -B " GODWIT_PAGE_DRIVER, &said);
        ended = true;
    });
    while (!ended) // or the relay would take the device for gone
        loop.run_once(std::chrono::milliseconds(50));
    driver.join();
    if (code == 77) {
        MESSAGE("not run: " << said);
        return;
    }
    CHECK_MESSAGE(code == 0, said);
    const auto notice = ann.next<frame::NoticeDeliver>(); // what the page has said
    CHECK(notice);
    const auto goodbye = ann.next<frame::Goodbye>(); // and whom it has disabled
    REQUIRE(goodbye);
    CHECK(goodbye->what.code == ErrorCode::not_allowed);
}
