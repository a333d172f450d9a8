// SPDX-License-Identifier: Apache-2.0
// Tokens and the audit log from the command line, with a relay that runs and without.
#include "tests/relay/process.hpp"

#include "lib/sqlite/database.hpp"
#include "relay/store/schema.hpp"

#include <csignal>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

struct Relay {
    TemporaryDirectory directory;
    std::string data = directory.path("data");
    std::unique_ptr<RelayProcess> process;

    Relay() { start(); }
    void start()
    {
        process = std::make_unique<RelayProcess>(std::vector<std::string>{"--data", data, "--listen", "127.0.0.1:0"});
        (void)process->ready();
    }
    void stop()
    {
        process->signal(SIGTERM);
        CHECK(process->wait() == 0);
        process.reset();
    }
    [[nodiscard]] Said ask(std::vector<std::string> words) const
    {
        words.insert(words.end(), {"--data", data});
        return run(std::move(words));
    }
};

bool mentions(const std::string& text, std::string_view words)
{
    return text.find(words) != std::string::npos;
}

} // namespace

TEST_CASE(
    "tokens come and go, over a kill -9; what was done stands in the log, which is whole with and without a relay")
{
    Relay relay;
    const auto made = relay.ask({"admin", "token", "add", "ann", "--role", "owner", "--expires-in", "90d"});
    REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
    CHECK(made.out.substr(0, 4) == "gwa_");
    CHECK(relay.ask({"admin", "token", "add", "ann", "--role", "viewer"}).exit_code == 1);
    CHECK(relay.ask({"admin", "token", "add", "bo", "--role", "king"}).exit_code == 2);
    CHECK(relay.ask({"admin", "token", "add", "bo", "--role", "viewer"}).exit_code == 0);
    relay.process->signal(SIGKILL);
    CHECK(relay.process->wait() == -SIGKILL);
    relay.start();
    const auto listed = relay.ask({"admin", "token", "list"});
    CHECK(mentions(listed.out, "ann  owner  until 2"));
    CHECK(mentions(listed.out, "bo  viewer  until revoked"));
    CHECK_FALSE(mentions(listed.out, "gwa_"));
    CHECK(relay.ask({"admin", "token", "revoke", "bo"}).exit_code == 0);
    const auto again = relay.ask({"admin", "token", "revoke", "bo"});
    CHECK(again.exit_code == 1);
    CHECK(mentions(again.errors, "no token of this name"));

    const auto shown = relay.ask({"audit", "show"});
    CHECK(mentions(shown.out, "local (owner)  tokens.write  ann"));
    CHECK(mentions(shown.out, "3  "));
    CHECK_FALSE(mentions(shown.out, made.out.substr(0, 20)));
    CHECK(mentions(relay.ask({"audit", "show", "--after", "2", "--json"}).out, "\"revoked\\\":true"));
    const auto sound = relay.ask({"audit", "verify"});
    CHECK(sound.exit_code == 0);
    CHECK(mentions(sound.out, "sound: 3 records; checkpoint 3:"));
    const auto checkpoint = sound.out.substr(sound.out.find("3:"), 66);

    relay.stop();
    CHECK(relay.ask({"admin", "token", "list"}).exit_code == 1);
    CHECK(relay.ask({"audit", "verify"}).out == sound.out);
    CHECK(relay.ask({"audit", "show"}).out == shown.out);
    CHECK(relay.ask({"audit", "verify", "--checkpoint", checkpoint}).exit_code == 0);
    CHECK(relay.ask({"audit", "verify", "--checkpoint", "3:abc"}).exit_code == 1);
    {
        sqlite::OpenOptions options;
        options.path = relay.data + "/relay.db";
        options.schema = schema();
        auto database = sqlite::Database::open(options);
        REQUIRE(database.ok());
        REQUIRE(database->execute("UPDATE audit SET actor = 'bo' WHERE id = 2").ok());
    }
    const auto broken = relay.ask({"audit", "verify"});
    CHECK(broken.exit_code == 5);
    CHECK(mentions(broken.errors, "record 2:"));
}

TEST_CASE("applications from the command line: a key that clients put into the address, and none any more")
{
    Relay relay;
    const auto made = relay.ask({"admin", "app", "add", "acme"});
    REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
    const auto key = made.out.substr(0, made.out.find('\n'));
    CHECK(key.size() == 24);
    CHECK(relay.ask({"admin", "app", "add", "acme"}).exit_code == 1);
    CHECK(mentions(relay.ask({"admin", "app", "add", "A"}).errors, "invalid_argument: name: 1 to 32"));
    CHECK(mentions(relay.ask({"admin", "app", "list"}).out, "acme  " + key + "  0 accounts, 0 connected devices"));
    const auto renewed = relay.ask({"admin", "app", "key", "acme"});
    CHECK(renewed.exit_code == 0);
    CHECK(renewed.out != made.out);
    CHECK(relay.ask({"admin", "app", "disable", "acme"}).exit_code == 0);
    CHECK(mentions(relay.ask({"admin", "app", "list"}).out, "disabled"));
    CHECK(relay.ask({"admin", "app", "enable", "acme"}).exit_code == 0);
    CHECK(relay.ask({"admin", "app", "remove", "acme"}).exit_code == 0);
    CHECK(relay.ask({"admin", "app", "remove", "acme"}).exit_code == 1);
    CHECK(mentions(relay.ask({"audit", "show"}).out, "apps.write  acme"));
    CHECK_FALSE(mentions(relay.ask({"audit", "show"}).out, key));
}
