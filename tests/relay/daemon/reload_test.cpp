// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/drain.hpp"
#include "relay/daemon/reload.hpp"
#include "tests/transport/support/until.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay;

namespace {

ReloadPlan plan(const char* old, const char* fresh)
{
    const auto before = parse_config(old), after = parse_config(fresh);
    REQUIRE_MESSAGE(before.ok(), before.error().detail);
    REQUIRE_MESSAGE(after.ok(), after.error().detail);
    return plan_reload(before->values, after->values);
}

} // namespace

TEST_CASE("what of an edited configuration takes effect")
{
    struct Row {
        const char* old;
        const char* fresh;
        const char* applied;
        const char* restart;
    };
    const Row rows[] = {
        {"", "", "", ""},
        {"[limits]\ncontacts = 5", "# moved\n[limits]\n\ncontacts   =   5", "", ""},
        {"[limits]\ncontacts = 5", "[limits]\ncontacts = 6", "limits.contacts", ""},
        {"[limits]\ncontacts = 5", "", "limits.contacts", ""},
        {"", "[limits]\nlinks = 6\nidle_s = 60\nmailbox_days = 2", "limits.mailbox_days",
         "limits.idle_s, limits.links"},
        {"advertise = \"a.example\"", "advertise = \"b.example\"\n[registration]\nopen = false", "registration.open",
         "advertise"},
        {"[[turn]]\nhost = \"a.example\"\nsecret = \"x\"", "[[turn]]\nhost = \"a.example\"\nsecret = \"y\"", "turn",
         ""},
        {"", "[turn_server]\naddress_v4 = \"192.0.2.1\"", "", "turn_server.address_v4"},
        {"[metrics]\nlisten = \"127.0.0.1:1\"", "[metrics]\nlisten = \"127.0.0.1:2\"\ndisk_free_mib = 5",
         "metrics.disk_free_mib", "metrics.listen"},
        {"", "[log]\nlevel = \"debug\"\n[drain]\ndeadline_s = 5\n[clients]\nrequired = \"0.1\"",
         "clients.required, drain.deadline_s, log.level", ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.fresh);
        const auto out = plan(row.old, row.fresh);
        CHECK(joined(out.applied) == row.applied);
        CHECK(joined(out.restart) == row.restart);
    }
}

TEST_CASE("operations in the configuration: what is good, and what is refused with its line")
{
    const auto good = parse_config(
        "[metrics]\nlisten = \"localhost:9180\"\nhosts = [\"m.example\"]\n[log]\nformat = \"json\"\nlevel = \"info\"\n"
        "addresses = \"truncated\"\nfile = \"/var/log/x\"\nfile_mib = 2\nfiles = 3\ndays = 4\n"
        "[drain]\nannounce_s = 2\ndeadline_s = 5");
    REQUIRE_MESSAGE(good.ok(), good.error().detail);
    CHECK(good->operations.metrics.listen->text() == "127.0.0.1:9180");
    CHECK(good->operations.log.format == LogFormat::json);
    CHECK(good->operations.log.addresses == LogAddresses::truncated);
    CHECK(good->operations.log.file_bytes_max == 2 * 1024 * 1024);
    CHECK(good->operations.drain.announce == std::chrono::seconds(2));
    struct Row {
        const char* text;
        const char* says;
    };
    const Row rows[] = {
        {"[metrics]\nlisten = \"here\"", "line 2: metrics.listen must be an address"},
        {"[metrics]\nhosts = [\"a b\"]", "line 2: metrics.hosts must be a list of host names"},
        {"[log]\nformat = \"xml\"", "line 2: log.format must be one of \"text\", \"json\""},
        {"[log]\naddresses = 1", "line 2: log.addresses must be one of"},
        {"[log]\nfiles = 101", "line 2: log.files must be a whole number from 1 to 100"},
        {"[drain]\nannounce_s = 5\ndeadline_s = 5", "line 2: drain.announce_s must be below deadline_s"},
        {"[drain]\ndeadline = 5", "line 2: unknown key drain.deadline (known here: announce_s, deadline_s)"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        const auto bad = parse_config(row.text);
        REQUIRE(!bad.ok());
        CHECK(bad.error().detail.find(row.says) != std::string::npos);
    }
}

namespace {

struct End {
    loop::Loop loop;
    std::string story;
    std::function<void()> left;
    Drain drain{loop,
                {[this] { story += "stop "; },
                 [this](std::function<void()> done) {
                     story += "goodbye ";
                     left = std::move(done);
                 },
                 [this] { story += "end "; }}};

    void ask(Duration announce, Duration deadline) { drain.ask({announce, deadline}, loop::Loop::now().mono); }
};

constexpr Duration soon = std::chrono::milliseconds(10);
constexpr Duration late = std::chrono::hours(1);

} // namespace

TEST_CASE("the end: in order, when all have left")
{
    End end;
    end.ask(Duration::zero(), late);
    CHECK(end.story == "stop goodbye ");
    end.left();
    CHECK(end.story == "stop goodbye end ");
}

TEST_CASE("the end: announced first")
{
    End end;
    end.ask(soon, late);
    CHECK(end.story == "stop ");
    CHECK(godwit::test::until(end.loop, [&] { return end.story == "stop goodbye "; }));
}

TEST_CASE("the end: at the deadline whoever has not left")
{
    End end;
    end.ask(Duration::zero(), soon);
    CHECK(godwit::test::until(end.loop, [&] { return end.story == "stop goodbye end "; }));
    end.left(); // too late, and no harm
    CHECK(end.story == "stop goodbye end ");
}

TEST_CASE("the end: at once when asked again, in the announcement and after it")
{
    End end;
    end.ask(late, late);
    end.ask(late, late);
    CHECK(end.story == "stop end ");
    End later;
    later.ask(Duration::zero(), late);
    later.ask(Duration::zero(), late);
    CHECK(later.story == "stop goodbye end ");
}
