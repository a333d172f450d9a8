// SPDX-License-Identifier: Apache-2.0
// What a client asks of those who run its relay: reports, which show what the user chose, and the directory.
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 at -O1 takes the alternatives of a variant that is moved for uninitialised.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "tests/lib/engine/evil_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

event::Reply ask(Client& client, Request what)
{
    return client.wait(client.ask(std::move(what)));
}

request::Report about(std::string user)
{
    request::Report out;
    out.user = std::move(user);
    return out;
}

/// What goes to the relay from now on.
std::vector<wire::relay::ReportFile>& watch(World& world, std::vector<wire::relay::ReportFile>& seen)
{
    world.meddle_to_relay = [&seen](Client&, Bytes bytes) {
        if (const auto frame = wire::decode_client_frame(bytes); frame.ok())
            if (const auto* const request = std::get_if<wire::relay::Request>(&*frame))
                if (const auto* const report = std::get_if<wire::relay::ReportFile>(&request->body))
                    seen.push_back(*report);
        return std::vector<Bytes>{std::move(bytes)};
    };
    return seen;
}

} // namespace

TEST_CASE("a report of messages: who wrote them and when, and what they say only when the user shows it")
{
    World world(1);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto first = bob.send("alice", "buy now");
    const auto second = bob.send("alice", "buy " + std::string(2000, 'x'));
    REQUIRE(world.run_until([&] { return alice.history("bob").size() == 2; }));

    std::vector<wire::relay::ReportFile> seen;
    watch(world, seen);
    request::Report report;
    report.reason = ReportReason::spam;
    report.text = "three times today";
    report.messages = {first, second};
    REQUIRE(ask(alice, report).error.code == ErrorCode::ok);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].user == "bob"); // who wrote the first
    CHECK(seen[0].conversation == alice.history("bob")[0].conversation);
    CHECK(seen[0].reason == ReportReason::spam);
    CHECK(seen[0].text == "three times today");
    REQUIRE(seen[0].messages.size() == 2);
    for (const auto& one : seen[0].messages) {
        CHECK(one.from == "bob");
        CHECK(one.sent_ms > 0);
        CHECK_FALSE(one.shown);
        CHECK(one.text.empty());
    }
    report.with_content = true;
    REQUIRE(ask(alice, report).error.code == ErrorCode::ok);
    REQUIRE(seen.size() == 2);
    CHECK(seen[1].messages[0].shown);
    CHECK(seen[1].messages[0].text == "buy now");
    CHECK(seen[1].messages[1].text.size() == report_excerpt_bytes_max);
    CHECK(world.relay_counters().reports_filed == 2);
    // Whom it is about hears nothing.
    world.run_for(std::chrono::seconds(5));
    CHECK(bob.status().frames_rejected == 0);
}

TEST_CASE("a report that is about nothing, about oneself, about messages that are not here: refused before it leaves")
{
    World world(2);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto message = bob.send("alice", "hi");
    REQUIRE(world.run_until([&] { return alice.history("bob").size() == 1; }));
    std::vector<wire::relay::ReportFile> seen;
    watch(world, seen);

    CHECK(ask(alice, request::Report{}).error.code == ErrorCode::invalid_argument);
    CHECK(ask(alice, about("alice")).error.code == ErrorCode::invalid_argument);
    CHECK(ask(alice, about("Not A Name")).error.code == ErrorCode::invalid_argument);
    auto report = about("bob");
    report.text = std::string(report_text_bytes_max + 1, 'x');
    CHECK(ask(alice, report).error.code == ErrorCode::invalid_argument);
    report.text = "\xC0\xAF";
    CHECK(ask(alice, report).error.code == ErrorCode::invalid_argument);
    report.text.clear();
    MessageId unknown;
    unknown.bytes[0] = 1;
    report.messages = {unknown};
    CHECK(ask(alice, report).error.code == ErrorCode::invalid_argument);
    report.messages = std::vector<MessageId>(report_messages_max + 1, message);
    CHECK(ask(alice, report).error.code == ErrorCode::invalid_argument);
    report.messages = {message};
    ConversationId elsewhere;
    elsewhere.bytes[0] = 1;
    report.conversation = elsewhere;
    CHECK(ask(alice, report).error.code == ErrorCode::invalid_argument);
    CHECK(seen.empty());

    CHECK(ask(alice, about("nobody")).error.code == ErrorCode::no_such_user); // the relay knows
    world.cut(alice);
    world.run_for(std::chrono::seconds(60));
    CHECK(ask(alice, about("bob")).error.code == ErrorCode::not_connected);
}

TEST_CASE("the directory: what the relay says is what the application gets; a relay that shows none says so")
{
    World world(3);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    CHECK(ask(alice, request::Directory{}).error.code == ErrorCode::not_allowed);
    auto shown = world.relay.config();
    shown.directory_shown = true;
    world.relay.input([&](relay::Core& core, Moment) { core.reconfigure(shown); });
    const auto page = ask(alice, request::Directory{});
    REQUIRE(page.error.code == ErrorCode::ok);
    CHECK(std::get<DirectoryPage>(page.value).members.empty());
    CHECK(ask(alice, request::Directory{7, "", ""}).error.code == ErrorCode::no_such_file);
    CHECK(ask(alice, request::Directory{0, std::string(directory_text_bytes_max + 1, 'x'), ""}).error.code ==
          ErrorCode::invalid_argument);
    CHECK(ask(alice, request::Directory{0, "", "Not A Name"}).error.code == ErrorCode::invalid_argument);

    // An evil relay that answers something else is no page.
    world.meddle_to_device = [](Client&, Bytes bytes) {
        if (const auto frame = wire::decode_server_frame(bytes); frame.ok())
            if (const auto* const response = std::get_if<wire::relay::Response>(&*frame);
                response != nullptr && std::holds_alternative<wire::relay::DirectoryPage>(response->body))
                return std::vector<Bytes>{wire::encode(
                    wire::relay::ServerFrame(wire::relay::Response{response->id, {ErrorCode::ok, {}, 0}, {}}))};
        return std::vector<Bytes>{std::move(bytes)};
    };
    CHECK(ask(alice, request::Directory{}).error.code == ErrorCode::malformed);
}

TEST_CASE("the key of an application in the relay's address is what this device says first; without one, nothing")
{
    World world(4);
    std::vector<std::string> said;
    world.meddle_to_relay = [&](Client&, Bytes bytes) {
        if (const auto frame = wire::decode_client_frame(bytes); frame.ok())
            if (const auto* const hello = std::get_if<wire::relay::Hello>(&*frame)) said.push_back(hello->app);
        return std::vector<Bytes>{std::move(bytes)};
    };
    for (const auto* const app : {"", "K_ey-1"}) {
        auto address = world.relay_address();
        address.app = app;
        auto& tablet = world.client(std::string("alice.tablet") + app);
        tablet.start();
        REQUIRE(ask(tablet, request::LinkCode{address.to_text(), ""}).error.code == ErrorCode::ok);
        REQUIRE_FALSE(said.empty());
        CHECK(said.back() == app);
    }
}
