// SPDX-License-Identifier: Apache-2.0
// Strangers, nonsense, and a disk that says no.
#include "tests/relay/rig.hpp"

#include "lib/sqlite/fault_disk.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

constexpr int sqlite_full = 13;             // SQLITE_FULL
constexpr int sqlite_read_error = 10 | 256; // SQLITE_IOERR_READ

LinkId stranger(World& world, std::uint64_t number)
{
    const auto link = world.next_link++;
    world.core->link_up(link, {signing_key(number).public_key(), "192.0.2.5:1", "192.0.2.5"}, world.now);
    (void)world.tick();
    return link;
}

} // namespace

TEST_CASE("garbage is counted and its link closed")
{
    World world;
    Device ann(world, 1);
    ann.join("ann", 100);
    for (const char* hex : {"", "00", "c0", "9130", "ffffffffff", "9231ddffffffff"}) {
        const auto before = world.core->counters().frames_malformed;
        const auto link = stranger(world, 7);
        world.give(link, *from_hex(hex));
        (void)world.tick();
        CHECK(world.closed.contains(link));
        CHECK(world.core->counters().frames_malformed == before + 1);
    }
    // also of someone who is logged in; what came before it in the tick still counts
    ann.send(frame::FetchSession{});
    world.give(ann.link, Bytes{0xc0});
    ann.send(frame::FetchSession{});
    (void)world.tick();
    CHECK(ann.take<frame::Response>().size() == 1);
    CHECK(ann.take<frame::Goodbye>().at(0).what.code == ErrorCode::malformed);
    CHECK(ann.is_closed());
    CHECK(world.core->counters().sessions == 0);
    ann.resume();
}

TEST_CASE("frames that a device never sends are garbage too")
{
    World world;
    const auto link = stranger(world, 7);
    world.give(link, wire::encode(wire::relay::ServerFrame(frame::Presence{"ann", {}})));
    (void)world.tick();
    CHECK(world.closed.contains(link));
}

TEST_CASE("a request before Hello, a second Hello, a protocol from elsewhere: closed")
{
    World world;
    auto link = stranger(world, 1);
    world.give(link, frame::Request{1, frame::Resume{}});
    (void)world.tick();
    CHECK(world.closed.contains(link));

    link = stranger(world, 1);
    for (int i = 0; i < 2; ++i)
        world.give(link, frame::Hello{1, 1, "1", "p"});
    (void)world.tick();
    CHECK(world.closed.contains(link));

    for (const auto& [low, high] : {std::pair{0U, 0U}, std::pair{2U, 3U}}) {
        link = stranger(world, 1);
        world.give(link, frame::Hello{low, high, "1", "p"});
        (void)world.tick();
        CHECK(world.closed.contains(link));
        CHECK(std::get<frame::Goodbye>(world.inbox[link].at(0)).what.code == ErrorCode::protocol_mismatch);
    }
    link = stranger(world, 1);
    world.give(link, frame::Hello{0, 9, "1", "p"}); // a newer client that still speaks ours
    (void)world.tick();
    CHECK(std::get<frame::Welcome>(world.inbox[link].at(0)).protocol == 1);
}

TEST_CASE("every request but logging in needs a login")
{
    World world;
    std::uint64_t number = 1;
    const frame::RequestBody bodies[] = {frame::Logout{{1}},
                                         frame::ContactAdd{"x"},
                                         frame::ContactAccept{"x"},
                                         frame::ContactRemove{"x"},
                                         frame::ContactBlock{"x"},
                                         frame::ContactUnblock{"x"},
                                         frame::MailboxPut{{{}}, envelope(1)},
                                         frame::Signal{{}, {1}},
                                         frame::KeyPackagePublish{{{1}}, {}},
                                         frame::KeyPackageFetch{"x", {{}}},
                                         frame::GroupCommit{"x", {}, 1, 0, {}, envelope(1), {}, {}, {1}},
                                         frame::GroupFetch{"x", {}},
                                         frame::GroupReject{"x", {}, 1, 0, {}, 0},
                                         frame::DevicesPut{{1}},
                                         frame::LinkGrant{{}, {1}},
                                         frame::FetchSession{}};
    for (const auto& body : bodies) {
        Device device(world, ++number);
        device.connect();
        CHECK(device.code(body) == ErrorCode::not_registered);
    }
    Device device(world, ++number);
    device.connect();
    world.give(device.link, frame::MailboxAck{{1}});
    (void)world.tick();
    CHECK_FALSE(device.is_closed());
}

TEST_CASE("strangers: ten seconds, 32 KiB, eight requests")
{
    World world;
    SUBCASE("time")
    {
        Device slow(world, 1);
        slow.connect();
        world.advance(std::chrono::milliseconds(9'999));
        CHECK_FALSE(slow.is_closed());
        world.advance(std::chrono::milliseconds(1));
        CHECK(slow.is_closed());
        CHECK(slow.take<frame::Goodbye>().at(0).what.code == ErrorCode::timed_out);
        Device silent(world, 2);
        silent.link = stranger(world, 2);
        world.advance(std::chrono::seconds(10));
        CHECK(silent.is_closed());
        Device ann(world, 3);
        ann.join("ann", 100);
        world.advance(std::chrono::hours(5));
        CHECK_FALSE(ann.is_closed()); // who is logged in may be silent: liveness is the transport's
    }
    SUBCASE("bytes")
    {
        Device chatty(world, 1);
        chatty.connect();
        const auto ping = wire::encode(wire::relay::ClientFrame(frame::Ping{1}));
        const auto hello = wire::encode(wire::relay::ClientFrame(frame::Hello{1, 1, "0.1.0", "test"})).size();
        const auto pings = (world.config.limits.unauthenticated_bytes_max - hello) / ping.size();
        for (std::size_t i = 0; i < pings; ++i)
            world.give(chatty.link, ping);
        (void)world.tick();
        CHECK_FALSE(chatty.is_closed());
        world.give(chatty.link, ping);
        (void)world.tick();
        CHECK(chatty.is_closed());
    }
    SUBCASE("one large frame")
    {
        Device chatty(world, 1);
        chatty.connect();
        world.give(chatty.link, frame::Request{1, frame::MailboxPut{{{}}, envelope(1, 40'000)}});
        (void)world.tick();
        CHECK(chatty.is_closed());
    }
    SUBCASE("requests")
    {
        Device busy(world, 1);
        busy.connect();
        for (int i = 0; i < 8; ++i)
            CHECK(busy.code(frame::Resume{}) == ErrorCode::device_revoked);
        busy.send(frame::Resume{});
        (void)world.tick();
        CHECK(busy.is_closed());
    }
}

TEST_CASE("a flood of strangers: the oldest go, those who are logged in stay, newcomers get in")
{
    Config config;
    config.limits.unauthenticated_links_max = 100;
    World world(config);
    Device ann(world, 1);
    ann.join("ann", 100);
    std::vector<LinkId> flood;
    for (std::uint64_t i = 0; i < 1'000; ++i)
        flood.push_back(stranger(world, 50));
    CHECK(world.core->counters().links == 101);
    CHECK(world.core->counters().strangers_closed == 900);
    CHECK(world.closed.contains(flood[0]));
    CHECK(world.closed.contains(flood[899]));
    CHECK_FALSE(world.closed.contains(flood[900]));
    Device bo(world, 2);
    bo.join("bo", 200);
    CHECK_FALSE(ann.is_closed());
    world.advance(std::chrono::seconds(11));
    CHECK(world.core->counters().links == 2);
}

TEST_CASE("ping: answered, also to strangers")
{
    World world;
    Device ann(world, 1);
    ann.connect();
    world.give(ann.link, frame::Ping{77});
    world.give(ann.link, frame::Pong{78});
    (void)world.tick();
    CHECK(ann.take<frame::Pong>().at(0).token == 77);
}

TEST_CASE("drain: all are told and closed, newcomers turned away")
{
    World world;
    Device ann(world, 1), bo(world, 2);
    ann.join("ann", 100);
    bo.connect();
    ann.send(frame::FetchSession{});
    world.core->drain(world.now);
    (void)world.tick();
    CHECK(ann.take<frame::Response>().size() == 1); // what was asked before is answered
    CHECK(ann.take<frame::Goodbye>().at(0).what.code == ErrorCode::relay_unavailable);
    CHECK(bo.take<frame::Goodbye>().size() == 1);
    CHECK(ann.is_closed());
    CHECK(bo.is_closed());
    CHECK(world.core->counters().links == 0);
    CHECK(world.closed.contains(stranger(world, 3)));
}

TEST_CASE("a full disk: relay_unavailable, nothing acknowledged that is not stored, reading goes on, and it recovers")
{
    sqlite::FaultDisk disk;
    auto opened = Store::open("relay.db", disk.name());
    REQUIRE(opened.ok());
    World world({}, *std::move(opened));
    Device ann(world, 1), bo(world, 2), cy(world, 3);
    ann.join("ann", 100);
    bo.join("bo", 200);
    befriend(ann, "ann", bo, "bo");
    bo.drop();
    CHECK(ann.put(bo, 1) == ErrorCode::ok);

    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    const auto refused = ann.ask(frame::MailboxPut{{bo.id}, envelope(2, 10'000)});
    CHECK(refused.error.code == ErrorCode::relay_unavailable);
    CHECK(refused.error.retry_after_ms > 0);
    CHECK(std::holds_alternative<std::monostate>(refused.body));
    CHECK(ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok); // nothing to write: they are contacts
    CHECK(ann.code(frame::ContactRemove{"bo"}) == ErrorCode::relay_unavailable);
    CHECK(ann.take<frame::RosterChange>().empty());
    cy.connect();
    CHECK(cy.code(cy.registration("cy", 300)) == ErrorCode::relay_unavailable);
    CHECK(cy.code(frame::ContactAdd{"bo"}) == ErrorCode::not_registered); // that login was undone
    CHECK(world.core->counters().commits_failed == 3);
    CHECK(world.core->counters().content_envelopes_stored == 1); // what was rolled back is not counted
    CHECK(world.core->counters().registrations == 2);

    bo.resume(); // reading goes on
    auto mail = bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    bo.acknowledge({mail[0].sequence}); // cannot be stored
    CHECK(world.core->counters().commits_failed == 4);
    CHECK(ann.code(frame::Signal{bo.id, {1}}) == ErrorCode::ok);

    disk.fail(0, 0, 0);
    world.advance(rewind_after);
    const auto again = bo.take<frame::MailboxDeliver>(); // so it comes again
    REQUIRE(again.size() == 1);
    CHECK(again[0].sequence == mail[0].sequence);
    bo.acknowledge({again[0].sequence});
    CHECK(ann.put(bo, 2, 10'000) == ErrorCode::ok);
    CHECK(bo.take<frame::MailboxDeliver>().size() == 1);
    CHECK(cy.code(cy.registration("cy", 300)) == ErrorCode::ok);
}

TEST_CASE("every operation of the disk fails once: what was answered ok is there after a crash, what was refused can "
          "be asked again")
{
    for (std::uint64_t nth = 1; nth <= 60; ++nth) {
        CAPTURE(nth);
        sqlite::FaultDisk disk;
        std::set<std::uint64_t> promised;
        {
            auto opened = Store::open("relay.db", disk.name());
            REQUIRE(opened.ok());
            World world({}, *std::move(opened));
            Device ann(world, 1), bo(world, 2);
            ann.join("ann", 100);
            bo.join("bo", 200);
            befriend(ann, "ann", bo, "bo");
            bo.drop();
            disk.fail(sqlite::disk_op_mutations, nth, sqlite_full);
            for (std::uint64_t i = 1; i <= 20; ++i)
                if (ann.put(bo, i) == ErrorCode::ok) promised.insert(i);
        }
        CHECK(promised.size() >= 18);
        sqlite::FaultDisk after(disk.image_synced());
        auto opened = Store::open("relay.db", after.name());
        REQUIRE(opened.ok());
        std::set<std::uint64_t> found;
        const auto bo_row = opened->device(signing_key(2).public_key())->row;
        opened->each_mail(bo_row, 0, [&](StoredMail&& mail) {
            found.insert(mail.envelope.id.bytes[0]);
            return true;
        });
        for (const auto i : promised)
            CHECK(found.contains(i));
    }
}

TEST_CASE("every read of the disk fails once: a roster comes whole or not at all, and nobody is told to log in again")
{
    sqlite::DiskImage image;
    {
        sqlite::FaultDisk disk;
        auto opened = Store::open("relay.db", disk.name());
        REQUIRE(opened.ok());
        World world({}, *std::move(opened));
        Device ann(world, 1), bo(world, 2), cy(world, 3);
        ann.join("ann", 100);
        bo.join("bo", 200);
        cy.join("cy", 300);
        befriend(ann, "ann", bo, "bo");
        befriend(ann, "ann", cy, "cy");
        ann.drop();
        CHECK(bo.put(ann, 1, 9'000) == ErrorCode::ok);
        image = disk.image_killed();
    }
    int refused = 0, served = 0;
    for (std::uint64_t nth = 1; nth <= 30; ++nth) {
        CAPTURE(nth);
        sqlite::FaultDisk disk(image);
        auto opened = Store::open("relay.db", disk.name());
        REQUIRE(opened.ok());
        World world({}, *std::move(opened));
        Device ann(world, 1);
        ann.connect();
        disk.fail(sqlite::disk_op_bit(sqlite::DiskOp::read), nth, sqlite_read_error);
        const auto code = ann.code(frame::Resume{});
        const auto pages = ann.take<frame::Roster>();
        if (code == ErrorCode::ok && !ann.is_closed()) {
            ++served;
            REQUIRE(pages.size() == 1);
            CHECK(pages[0].entries.size() == 2);
            for (const auto& entry : pages[0].entries)
                CHECK(devices_in(entry.device_list).size() == 1);
            CHECK(devices_in(pages[0].own_device_list).size() == 1);
            CHECK(ann.take<frame::MailboxDeliver>().size() == 1);
            continue;
        }
        ++refused;
        CHECK((code == ErrorCode::relay_unavailable || ann.is_closed()));
        for (const auto& page : pages) {
            CHECK(page.entries.size() == 2);
            CHECK(devices_in(page.own_device_list).size() == 1);
        }
        disk.fail(0, 0, 0);
        ann.drop();
        ann.resume(); // and then it is well
        CHECK(ann.take<frame::Roster>().at(0).entries.size() == 2);
        CHECK(ann.take<frame::MailboxDeliver>().size() == 1);
    }
    CHECK(refused > 5);
    CHECK(served > 0);
}
