// SPDX-License-Identifier: Apache-2.0
// Reports and the directory, as clients ask for them.
#include "relay/core/events.hpp"
#include "relay/store/directory_tables.hpp"
#include "relay/store/policy_tables.hpp"
#include "tests/relay/circle.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

frame::ReportFile about(std::string user, std::string text = {})
{
    return {std::move(user), {}, ReportReason::abuse, std::move(text), {}};
}

frame::DirectoryPage page(Device& by, frame::DirectoryFetch what)
{
    const auto response = by.ask(std::move(what));
    REQUIRE(response.error.code == ErrorCode::ok);
    return std::get<frame::DirectoryPage>(response.body);
}

std::vector<std::string> users(const frame::DirectoryPage& page)
{
    std::vector<std::string> out;
    for (const auto& one : page.members)
        out.push_back(one.user);
    return out;
}

using Users = std::vector<std::string>;

} // namespace

TEST_CASE("a report waits for those who judge, with what its reporter chose to show and nothing else")
{
    Circle c;
    c.create();
    auto report = about("bo", "three times today");
    report.conversation = c.id;
    report.messages = {{envelope(5).id, "bo", 1'000, true, "buy now"},
                       {envelope(6).id, "bo", 2'000, false, "not said"}};
    REQUIRE(c.ann.code(report) == ErrorCode::ok);
    ReportTable table(c.world.store);
    const auto open = table.open(0, 10);
    REQUIRE(open.size() == 1);
    const auto found = table.find(open[0].id);
    REQUIRE(found);
    CHECK(found->reporter == "ann");
    CHECK(found->subject == "bo");
    CHECK(found->reason == "abuse");
    CHECK(found->text == "three times today");
    CHECK(found->conversation == c.id);
    CHECK(found->by_client);
    CHECK(found->created_ms == c.world.now.wall_ms);
    REQUIRE(found->messages.size() == 2);
    CHECK(found->messages[0].text == "buy now");
    CHECK(found->messages[1].text.empty()); // whatever the client says, it is not shown
    CHECK_FALSE(found->messages[1].shown);

    // The answer was lost: the same again is the same one. Another word is another report.
    CHECK(c.ann.code(report) == ErrorCode::ok);
    CHECK(table.open_count() == 1);
    report.text = "four times";
    CHECK(c.ann.code(report) == ErrorCode::ok);
    CHECK(table.open_count() == 2);
    auto by_hand = *found;
    by_hand.by_client = false;
    table.add(by_hand);
    CHECK(table.open_count() == 2); // Takes no client's room.
    CHECK(c.world.core->counters().reports_filed == 2);
    // Nobody else is told.
    CHECK(c.world.inbox[c.bo.link].empty());
}

TEST_CASE("a report about a group by who is or was in it; about nobody, oneself or a stranger's group there is none")
{
    Circle c;
    c.create();
    frame::ReportFile of_group{"", c.id, ReportReason::illegal, "", {}};
    CHECK(c.bo.code(of_group) == ErrorCode::ok);
    CHECK(c.dee.code(of_group) == ErrorCode::invalid_argument);
    REQUIRE(c.commit(c.ann, 1, 9, {"ann", "cy"}) == ErrorCode::ok); // bo was put out
    of_group.text = "and then they threw me out";
    CHECK(c.bo.code(of_group) == ErrorCode::ok);
    CHECK(c.ann.code(frame::ReportFile{}) == ErrorCode::invalid_argument);
    CHECK(c.ann.code(about("ann")) == ErrorCode::invalid_argument);
    CHECK(c.ann.code(about("nobody")) == ErrorCode::no_such_user);
    auto odd = about("bo");
    odd.messages = {{envelope(1).id, "not a name!", 0, false, ""}};
    CHECK(c.ann.code(odd) == ErrorCode::invalid_argument);
    Device stranger(c.world, 9);
    stranger.connect();
    CHECK(stranger.code(about("bo")) == ErrorCode::not_registered);
}

TEST_CASE("reports are bounded: so many a minute, so many open ones of an account; closed ones make room")
{
    Config config;
    config.limits.reports = {1000, std::chrono::seconds(1)};
    Circle c(config);
    for (std::size_t n = 0; n < reports_open_per_account_max; ++n)
        REQUIRE(c.ann.code(about("bo", std::to_string(n))) == ErrorCode::ok);
    CHECK(c.ann.code(about("bo", "one more")) == ErrorCode::quota_exceeded);
    CHECK(c.cy.code(about("bo", "one more")) == ErrorCode::ok); // others have their own
    ReportTable(c.world.store).close(1, c.world.now.wall_ms, "mod", "warned");
    REQUIRE(c.world.tick().ok());
    CHECK(c.ann.code(about("bo", "one more")) == ErrorCode::ok);

    Config slow;
    slow.limits.reports = {2, std::chrono::minutes(1)};
    Circle d(slow);
    CHECK(d.ann.code(about("bo", "1")) == ErrorCode::ok);
    CHECK(d.ann.code(about("bo", "2")) == ErrorCode::ok);
    CHECK(d.ann.code(about("bo", "3")) == ErrorCode::rate_limited);
    d.world.advance(std::chrono::minutes(1));
    CHECK(d.ann.code(about("bo", "3")) == ErrorCode::ok);
}

TEST_CASE("what accounts do is recorded for webhooks when a kind is asked for, in their transaction; the oldest go")
{
    Config config;
    config.events = {EventKind::account_created, EventKind::report_filed};
    Circle c(config);
    EventTable events(c.world.store);
    REQUIRE(events.after(0, 10).size() == 4);
    CHECK(events.after(0, 1)[0].kind == "account.created");
    CHECK(events.after(0, 1)[0].target == "ann");
    CHECK(c.ann.code(about("bo")) == ErrorCode::ok);
    REQUIRE(events.after(4, 10).size() == 1);
    CHECK(events.after(4, 1)[0].kind == "report.filed");
    CHECK(events.after(4, 1)[0].target == "bo");
    CHECK(events.after(4, 1)[0].detail == R"({"report":1,"reason":"abuse"})");
    REQUIRE(c.world.core->gate().remove("dee", false, c.world.now, relays_own).ok());
    REQUIRE(c.world.tick().ok());
    CHECK(events.newest() == 5); // nobody has asked for that kind

    for (std::uint64_t n = 0; n < events_kept_max; ++n)
        events.add({0, 1, "account.created", "x", "{}"});
    REQUIRE(c.world.tick().ok());
    CHECK(events.after(0, 1)[0].sequence == 6);
}

TEST_CASE("the directory is read when it is shown: a department, its departments, its people, and who has an account")
{
    Config config;
    config.directory_shown = true;
    Circle c(config);
    DirectoryTable table(c.world.store);
    const auto sales = table.add_department(0, "Sales", 1), north = table.add_department(sales, "North", 1);
    (void)table.add_department(0, "Engineering", 1);
    table.set_member({"ann", sales, "Ann Lee", "Head", "ann@example.org"});
    table.set_member({"zoe", north, "Zoë Roe", "", ""});
    table.set_member({"bo", 0, "Robert Anders", "", ""});
    REQUIRE(c.world.tick().ok());

    const auto top = page(c.dee, {});
    REQUIRE(top.departments.size() == 2);
    CHECK(top.departments[0].name == "Engineering");
    CHECK(top.departments[1].name == "Sales");
    CHECK(top.departments[1].members == 1);
    CHECK(users(top) == Users{"bo"});
    CHECK_FALSE(top.more);
    const auto in_sales = page(c.dee, {static_cast<std::uint64_t>(sales), "", ""});
    REQUIRE(in_sales.departments.size() == 1);
    CHECK(in_sales.departments[0].parent == static_cast<std::uint64_t>(sales));
    REQUIRE(in_sales.members.size() == 1);
    CHECK(in_sales.members[0].full_name == "Ann Lee");
    CHECK(in_sales.members[0].email == "ann@example.org");
    CHECK(in_sales.members[0].account);
    CHECK_FALSE(page(c.dee, {static_cast<std::uint64_t>(north), "", ""}).members[0].account);
    CHECK(c.dee.code(frame::DirectoryFetch{999, "", ""}) == ErrorCode::no_such_file);
    CHECK(c.dee.code(frame::DirectoryFetch{UINT64_MAX, "", ""}) == ErrorCode::no_such_file);

    // By how a user or a full name begins, in either case; not by what is inside.
    CHECK(users(page(c.dee, {0, "an", ""})) == Users{"ann"});
    CHECK(users(page(c.dee, {0, "ROB", ""})) == Users{"bo"});
    CHECK(users(page(c.dee, {0, "Zoë", ""})) == Users{"zoe"});
    CHECK(users(page(c.dee, {0, "Lee", ""})).empty());
    CHECK(users(page(c.dee, {0, "%", ""})).empty());
    CHECK(page(c.dee, {0, "an", ""}).departments.empty());
}

TEST_CASE("pages end; who reads too fast waits; a directory that is not shown, or another application's, is not read")
{
    Config config;
    config.directory_shown = true;
    config.limits.directory_requests = {6, std::chrono::seconds(1)};
    Circle c(config);
    DirectoryTable table(c.world.store);
    for (std::size_t n = 0; n <= directory_page_max; ++n)
        table.set_member({"user" + std::to_string(1000 + n), 0, "User", "", ""});
    REQUIRE(c.world.tick().ok());
    const auto first = page(c.dee, {});
    CHECK(first.members.size() == directory_page_max);
    CHECK(first.more);
    const auto second = page(c.dee, {0, "", first.members.back().user});
    CHECK(second.members.size() == 1);
    CHECK_FALSE(second.more);
    CHECK(page(c.dee, {0, "user", ""}).more);
    CHECK_FALSE(page(c.dee, {0, "user", first.members.back().user}).more);
    for (int n = 0; n < 2; ++n)
        (void)page(c.dee, {});
    CHECK(c.dee.code(frame::DirectoryFetch{}) == ErrorCode::rate_limited);

    const auto app = c.world.core->gate().add_app("acme", c.world.now);
    REQUIRE(app.ok());
    DirectoryTable of_app(c.world.store, app->row);
    of_app.set_member({"user1000", 0, "Somebody else", "", ""});
    REQUIRE(c.world.tick().ok());
    Device eve(c.world, 9);
    eve.app = app->key;
    eve.join("eve", 900);
    const auto theirs = page(eve, {});
    REQUIRE(theirs.members.size() == 1);
    CHECK(theirs.members[0].full_name == "Somebody else");
    REQUIRE(c.world.core->gate().change_app("acme", {std::nullopt, false, std::nullopt}).ok());
    REQUIRE(c.world.tick().ok());
    CHECK(eve.code(frame::DirectoryFetch{}) == ErrorCode::not_allowed);
    auto hidden = c.world.config;
    hidden.directory_shown = false;
    c.world.core->reconfigure(hidden);
    CHECK(c.ann.code(frame::DirectoryFetch{}) == ErrorCode::not_allowed);
}

TEST_CASE("a department with more departments than a page carries: the first of them, and a frame that is read")
{
    Config config;
    config.directory_shown = true;
    Circle c(config);
    DirectoryTable table(c.world.store);
    for (std::size_t n = 0; n <= departments_shown_max; ++n)
        (void)table.add_department(0, "department " + std::to_string(1000 + n), 1);
    for (std::size_t n = 0; n <= directory_page_max; ++n)
        table.set_member({"user" + std::to_string(1000 + n), 0, "User", "", ""});
    REQUIRE(c.world.tick().ok());
    const auto first = page(c.dee, {});
    CHECK(first.departments.size() == departments_shown_max);
    CHECK(first.members.size() == directory_page_max);
    CHECK(first.more);
}
