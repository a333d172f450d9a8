// SPDX-License-Identifier: Apache-2.0
// The mailbox where groups meet it: messages that are sealed anew, room for handshakes, and when a mailbox is empty.
#include "tests/relay/chat.hpp"
#include "tests/relay/circle.hpp"

#include "lib/sqlite/fault_disk.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

wire::Envelope resealed(std::uint64_t number, std::uint8_t byte, std::size_t bytes = 100)
{
    return {envelope(number).id, Bytes(bytes, byte)};
}

std::vector<ErrorCode> put(Device& by, std::vector<DeviceId> recipients, wire::Envelope sealed)
{
    const auto response = by.ask(frame::MailboxPut{std::move(recipients), std::move(sealed)});
    REQUIRE(response.error.code == ErrorCode::ok);
    return std::get<frame::MailboxPutOk>(response.body).results;
}

const auto ok = std::vector{ErrorCode::ok};

} // namespace

TEST_CASE("sealed anew under the same id: who waits gets the new bytes only, who had the old ones gets new mail")
{
    Chat c;
    c.ann.drop();
    c.phone.drop();
    const auto both = std::vector{c.ann.id, c.phone.id};
    CHECK(put(c.bo, both, resealed(1, 0xaa)) == std::vector{ErrorCode::ok, ErrorCode::ok});
    c.ann.resume();
    auto mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.sealed == Bytes(100, 0xaa));
    c.ann.acknowledge({mail[0].sequence});
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xbb, 120)) == ok); // names one; the phone waits for the same message
    mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.sealed == Bytes(120, 0xbb));
    c.phone.resume();
    mail = c.phone.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.sealed == Bytes(120, 0xbb));
}

TEST_CASE("the old bytes are on their way when the new ones come: acknowledging those does not delete these")
{
    Chat c;
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xaa)) == ok);
    const auto old = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(old.size() == 1);
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xbb)) == ok);
    c.ann.acknowledge({old[0].sequence});
    const auto fresh = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(fresh.size() == 1);
    CHECK(fresh[0].envelope.sealed == Bytes(100, 0xbb));
    CHECK(fresh[0].sequence > old[0].sequence);
    CHECK(c.ann.take<frame::MailboxEmpty>().empty());
    c.ann.acknowledge({fresh[0].sequence});
    CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1);
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xbb)) == ok); // gone everywhere: new mail
    CHECK(c.ann.take<frame::MailboxDeliver>().size() == 1);
}

TEST_CASE("sealed anew after the recipient has closed the door: nothing new comes in, and what was stored before stays")
{
    for (const bool blocked : {true, false}) {
        CAPTURE(blocked);
        Chat c;
        Device tablet(c.world, 4);
        tablet.enter("bo", 200);
        c.ann.drop();
        c.phone.drop();
        tablet.drop();
        CHECK(put(c.bo, {c.ann.id, tablet.id}, resealed(1, 0xaa)) == std::vector{ErrorCode::ok, ErrorCode::ok});
        c.phone.resume();
        CHECK(c.phone.code(blocked ? frame::RequestBody(frame::ContactBlock{"bo"})
                                   : frame::RequestBody(frame::ContactRemove{"bo"})) == ErrorCode::ok);
        const auto closed = blocked ? ErrorCode::ok : ErrorCode::not_a_contact;
        for (const std::uint8_t byte : {std::uint8_t{0xbb}, std::uint8_t{0xcc}})
            CHECK(put(c.bo, {c.ann.id, tablet.id}, resealed(1, byte)) == std::vector{closed, ErrorCode::ok});
        c.world.restart();
        c.ann.resume();
        auto mail = c.ann.take<frame::MailboxDeliver>();
        REQUIRE(mail.size() == 1);
        CHECK(mail[0].from == c.bo.id);
        CHECK(mail[0].envelope.id == envelope(1).id);
        CHECK(mail[0].envelope.sealed == Bytes(100, 0xaa));
        c.ann.acknowledge({mail[0].sequence});
        CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1);
        tablet.resume();
        CHECK(tablet.take<frame::MailboxDeliver>().at(0).envelope.sealed == Bytes(100, 0xcc));
        // also when nobody else waits for it
        c.bo.resume();
        CHECK(put(c.bo, {tablet.id}, resealed(2, 0xaa)) == ok);
    }
}

TEST_CASE(
    "the door opens again: what is put then is new mail beside what was set aside, and both are counted and expire")
{
    Config config;
    config.limits.mailbox_age_ms_max = 3'600'000;
    Chat c(config);
    c.ann.drop();
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xaa)) == ok);
    CHECK(c.phone.code(frame::ContactRemove{"bo"}) == ErrorCode::ok);
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xbb)) == std::vector{ErrorCode::not_a_contact});
    befriend(c.phone, "ann", c.bo, "bo");
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xbb)) == ok);
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 0xcc)) == ok); // in the place of the second only
    c.ann.resume();
    const auto mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 2); // the device knows by the id that they are one message
    CHECK(mail[0].envelope.sealed == Bytes(100, 0xaa));
    CHECK(mail[1].envelope.sealed == Bytes(100, 0xcc));
    CHECK(mail[0].envelope.id == mail[1].envelope.id);
    c.world.advance(std::chrono::hours(2));
    CHECK(c.world.core->counters().content_envelopes_expired == 2);
    c.ann.drop();
    c.ann.resume();
    CHECK(c.ann.take<frame::MailboxDeliver>().empty());
}

TEST_CASE(
    "sealed anew in a group of many: who was put out of it meanwhile, and is a contact still, keeps the old bytes")
{
    Circle c;
    c.create();
    const auto id = envelope(5).id;
    const auto sealed = [&](std::uint64_t epoch) { return wire::Envelope{id, message_bytes({c.id, 1}, epoch, id)}; };
    c.bo.drop();
    c.cy.drop();
    CHECK(put(c.ann, {c.bo.id, c.cy.id}, sealed(1)) == std::vector{ErrorCode::ok, ErrorCode::ok});
    CHECK(c.commit(c.ann, 1, 2, {"ann", "bo"}) == ErrorCode::ok);
    CHECK(put(c.ann, {c.bo.id}, sealed(2)) == ok);
    const auto waits = [&](Device& device) {
        device.resume();
        for (const auto& mail : device.take<frame::MailboxDeliver>())
            if (mail.envelope.id == id) return mail.envelope.sealed;
        return Bytes();
    };
    CHECK(waits(c.bo) == sealed(2).sealed);
    CHECK(waits(c.cy) == sealed(1).sealed); // of the epoch that it can open
}

TEST_CASE("sealed anew and longer: only where there is room, and counted")
{
    Config config;
    config.limits.mailbox_messages_max = 100;
    config.limits.mailbox_bytes_max = 8'000; // a quarter from one account
    Chat c(config);
    c.ann.drop();
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 1, 900)) == ok);
    CHECK(put(c.bo, {c.ann.id}, resealed(2, 1, 900)) == ok);
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 2, 1'200)) == std::vector{ErrorCode::quota_exceeded});
    CHECK(put(c.bo, {c.ann.id}, resealed(1, 2, 1'100)) == ok);
    CHECK(put(c.bo, {c.ann.id}, resealed(3, 1, 1)) == std::vector{ErrorCode::quota_exceeded});
    CHECK(put(c.bo, {c.ann.id}, resealed(2, 2, 500)) == ok);
    CHECK(put(c.bo, {c.ann.id}, resealed(3, 1, 400)) == ok);
    c.ann.resume();
    const auto mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 3);
    CHECK(mail[0].envelope.sealed == Bytes(1'100, 2));
    CHECK(mail[1].envelope.sealed == Bytes(500, 2));
}

TEST_CASE("handshakes have room of their own: content does not crowd them out, nor they content")
{
    Config config;
    config.limits.mailbox_messages_max = 8;
    config.limits.mailbox_handshakes_max = 8;
    Chat c(config);
    c.ann.drop();
    c.phone.drop();
    CHECK(c.bo.put(c.ann, 1) == ErrorCode::ok);
    CHECK(c.bo.put(c.ann, 2) == ErrorCode::ok);
    CHECK(c.bo.put(c.ann, 3) == ErrorCode::quota_exceeded); // its share of content
    CHECK(c.commit(c.bo, "ann", 1, 0, 11, {}, {c.ann.id}) == ErrorCode::ok);
    CHECK(c.commit(c.bo, "ann", 1, 1, 12, {c.ann.id}) == ErrorCode::ok);
    // and its share of handshakes: nobody else would get this one, and could refuse it
    CHECK(c.commit(c.bo, "ann", 1, 2, 13, {c.ann.id}) == ErrorCode::rate_limited);
    CHECK(c.world.core->counters().handshake_envelopes_skipped == 0);
    CHECK(c.world.core->counters().handshake_envelopes_stored == 2);
    CHECK(c.state(c.bo, "ann").epoch == 2);
    c.ann.resume();
    CHECK(c.ann.take<frame::MailboxDeliver>().size() == 4);
    // after a restart as before
    c.world.restart();
    c.bo.resume();
    CHECK(c.bo.put(c.ann, 3) == ErrorCode::quota_exceeded);
    CHECK(c.commit(c.bo, "ann", 1, 2, 14, {c.ann.id}) == ErrorCode::rate_limited);
    // She is there: it goes on.
    c.ann.resume();
    for (const auto& mail : c.ann.take<frame::MailboxDeliver>())
        c.ann.acknowledge({mail.sequence});
    CHECK(c.commit(c.bo, "ann", 1, 2, 14, {c.ann.id}) == ErrorCode::ok);
    CHECK(c.world.core->counters().handshake_envelopes_skipped == 0);
}

TEST_CASE("handshakes of the own account know no share, but an end, in number and in bytes")
{
    Config config;
    config.limits.mailbox_handshakes_max = 8;
    config.limits.mailbox_handshake_bytes_max = 1'700;
    Chat c(config);
    c.phone.drop();
    const auto own = [&](std::uint64_t epoch, std::size_t bytes = 200) {
        auto request = c.request("bo", 1, epoch, 10 + epoch);
        if (epoch > 0) request.recipients = {c.phone.id};
        request.envelope.sealed = commit_of_size(bytes, c.group(1), epoch, request.envelope.id);
        CHECK(c.ann.code(request) == ErrorCode::ok);
        return c.world.core->counters().handshake_envelopes_skipped;
    };
    CHECK(own(0) == 0);
    for (std::uint64_t epoch = 1; epoch <= 7; ++epoch)
        CHECK(own(epoch) == 0);
    CHECK(own(8, 400) == 1); // 1,800 bytes
    CHECK(own(9, 100) == 1);
    CHECK(own(10, 100) == 2); // a ninth
    c.phone.resume();
    auto mail = c.phone.take<frame::MailboxDeliver>();
    CHECK(mail.size() == 8);
    c.phone.acknowledge({mail.at(0).sequence});
    CHECK(own(11, 100) == 2);
}

TEST_CASE("handshakes expire like content, and are counted apart")
{
    Config config;
    config.limits.mailbox_age_ms_max = 3'600'000;
    Chat c(config);
    c.ann.drop();
    CHECK(c.commit(c.bo, "ann", 1, 0, 1, {}, {c.ann.id}) == ErrorCode::ok);
    CHECK(c.bo.put(c.ann, 2) == ErrorCode::ok);
    c.world.advance(std::chrono::minutes(75));
    CHECK(c.world.core->counters().handshake_envelopes_expired == 1);
    CHECK(c.world.core->counters().content_envelopes_expired == 1);
    c.ann.resume();
    CHECK(c.ann.take<frame::MailboxDeliver>().empty());
    CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1);
}

TEST_CASE("mailbox empty: once after login, and each time it has become so again; not while anything is on its way")
{
    Config config;
    config.limits.mailbox_window_messages_max = 2;
    Chat c(config);
    c.ann.drop();
    c.ann.resume();
    CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1); // at once
    CHECK(c.ann.take<frame::Roster>().size() == 1);
    c.ann.drop();
    for (std::uint64_t i = 1; i <= 3; ++i)
        CHECK(c.bo.put(c.ann, i) == ErrorCode::ok);
    c.ann.resume();
    auto mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 2);
    CHECK(c.ann.take<frame::MailboxEmpty>().empty());
    c.ann.acknowledge({mail[0].sequence, mail[1].sequence});
    mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(c.ann.take<frame::MailboxEmpty>().empty());
    c.ann.acknowledge({mail[0].sequence});
    CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1);
    c.ann.acknowledge({mail[0].sequence}); // again: no news
    CHECK(c.ann.take<frame::MailboxEmpty>().empty());
    CHECK(c.bo.put(c.ann, 4) == ErrorCode::ok);
    CHECK(c.ann.take<frame::MailboxEmpty>().empty());
    mail = c.ann.take<frame::MailboxDeliver>();
    c.ann.acknowledge({mail.at(0).sequence});
    CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1);
}

TEST_CASE("a full disk: no commit, no list, no key package is acknowledged that is not stored; memory goes back")
{
    constexpr int sqlite_full = 13; // SQLITE_FULL
    sqlite::FaultDisk disk;
    auto opened = Store::open("relay.db", disk.name());
    REQUIRE(opened.ok());
    Chat c({}, *std::move(opened));
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.phone.id}) == ErrorCode::ok);
    CHECK(c.ann.code(frame::KeyPackagePublish{{{1}, {2}}, {}}) == ErrorCode::ok);
    c.phone.acknowledge({c.phone.take<frame::MailboxDeliver>().at(0).sequence});
    for (auto* const one : {&c.ann, &c.bo, &c.phone})
        one->forget_frames();
    const auto before = c.world.core->counters();

    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    const auto unavailable = ErrorCode::relay_unavailable;
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.phone.id}, {c.bo.id}) == unavailable);
    CHECK(c.reject(c.phone, "bo", 1, 0, 1) == unavailable);
    CHECK(c.ann.code(frame::KeyPackagePublish{{{3}}, {4}}) == unavailable);
    CHECK(c.bo.code(frame::KeyPackageFetch{"ann", {c.ann.id}}) == unavailable);
    CHECK(c.ann.code(c.ann.revoking("ann", 100, c.phone.id)) == unavailable);
    CHECK(c.phone.code(c.phone.leaving("ann", 100)) == unavailable);
    Device tablet(c.world, 4);
    tablet.connect_as("ann");
    const auto addition = tablet.addition("ann", 100, c.world.list("ann").encoded);
    CHECK(tablet.code(addition) == unavailable);
    CHECK(tablet.code(frame::FetchSession{}) == ErrorCode::not_registered);
    for (auto* const one : {&c.ann, &c.bo, &c.phone}) {
        CHECK(one->take<frame::MailboxDeliver>().empty());
        CHECK(one->take<frame::GroupChanged>().empty());
        CHECK(one->take<frame::OwnDevices>().empty());
        CHECK(one->take<frame::RosterChange>().empty());
        CHECK(one->take<frame::Goodbye>().empty());
        CHECK_FALSE(one->is_closed());
    }
    const auto& after = c.world.core->counters();
    CHECK(after.group_commits == before.group_commits);
    CHECK(after.group_rejects == before.group_rejects);
    CHECK(after.handshake_envelopes_stored == before.handshake_envelopes_stored);
    CHECK(after.key_packages_stored == before.key_packages_stored);
    CHECK(after.key_packages_handed_out == before.key_packages_handed_out);
    CHECK(after.devices_added == before.devices_added);
    CHECK(after.devices_revoked == before.devices_revoked);

    disk.fail(0, 0, 0);
    CHECK(c.phone.code(frame::FetchSession{}) == ErrorCode::ok); // neither revoked nor logged out
    CHECK(c.state(c.ann).epoch == 1);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.phone.id}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
    const auto fetched = c.bo.ask(frame::KeyPackageFetch{"ann", {c.ann.id}});
    CHECK(std::get<frame::KeyPackages>(fetched.body).packages.at(0).package == Bytes{1});
    CHECK(tablet.code(addition) == ErrorCode::ok);
}

TEST_CASE("an acknowledgement that could not be stored: the mailbox is not called empty meanwhile")
{
    constexpr int sqlite_full = 13; // SQLITE_FULL
    sqlite::FaultDisk disk;
    auto opened = Store::open("relay.db", disk.name());
    REQUIRE(opened.ok());
    Chat c({}, *std::move(opened));
    CHECK(c.bo.put(c.ann, 1) == ErrorCode::ok);
    auto mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    c.ann.acknowledge({mail[0].sequence});
    disk.fail(0, 0, 0);
    CHECK(c.bo.put(c.ann, 2) == ErrorCode::ok);
    const auto second = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(second.size() == 1);
    c.ann.acknowledge({second[0].sequence});
    CHECK(c.ann.take<frame::MailboxEmpty>().empty());
    c.world.advance(rewind_after);
    mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    c.ann.acknowledge({mail[0].sequence});
    CHECK(c.ann.take<frame::MailboxEmpty>().size() == 1);
}
