// SPDX-License-Identifier: Apache-2.0
// A commit that a member cannot accept is taken back, so that nobody bricks a group.
#include "tests/relay/chat.hpp"

#include "lib/sqlite/fault_disk.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("the newest commit is taken back: the epoch is open again, everybody who is connected is told")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.commit(c.bo, "ann", 1, 2, 3, {c.ann.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.reject(c.phone, "bo", 1, 2, 3) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 3); // one word against the committer's
    for (auto* const one : {&c.ann, &c.bo, &c.phone})
        one->forget_frames();
    CHECK(c.reject(c.ann, "bo", 1, 2, 3) == ErrorCode::ok);
    for (auto* const one : {&c.ann, &c.bo, &c.phone}) {
        const auto told = one->take<frame::GroupChanged>();
        REQUIRE(told.size() == 1);
        CHECK(told[0].conversation == conversation(100, 200));
        CHECK(told[0].incarnation == 1);
        CHECK(told[0].epoch == 2);
        CHECK(told[0].commit == envelope(2).id);
    }
    auto state = c.state(c.ann);
    CHECK(state.epoch == 2);
    CHECK(state.commit == envelope(2).id);
    CHECK(state.group_info == c.info(2));

    // The committer, who did not hear it, offers it again: it stays rejected. Another commit takes the epoch.
    const auto again = c.bo.ask(c.request("ann", 1, 2, 3, {c.ann.id}));
    CHECK(again.error.code == ErrorCode::conflict);
    CHECK(std::get<frame::GroupState>(again.body).epoch == 2);
    CHECK(c.commit(c.bo, "ann", 1, 2, 4, {c.ann.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.state(c.ann).group_info == c.info(4));
    // and may be rejected in its turn
    CHECK(c.reject(c.ann, "bo", 1, 2, 4) == ErrorCode::ok);
    CHECK(c.reject(c.phone, "bo", 1, 2, 4) == ErrorCode::ok);
    CHECK(c.state(c.ann).group_info == c.info(2));
    CHECK(c.world.core->counters().group_rejects == 2);
    CHECK(c.world.core->counters().group_reject_reports == 4);
    CHECK(c.world.core->counters().group_reject_reason_last == 7);
}

TEST_CASE("rejected commits and their Welcomes are taken out of the mailboxes where they wait")
{
    Chat c;
    Device tablet(c.world, 4), desk(c.world, 5);
    tablet.enter("ann", 100);
    desk.enter("ann", 100);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.phone.id}) == ErrorCode::ok);
    c.bo.drop();
    c.phone.drop();
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.phone.id, tablet.id, desk.id}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.ann.put(c.bo, 3) == ErrorCode::ok);
    for (int again = 0; again < 2; ++again) { // said twice, counted once
        CHECK(c.reject(tablet, "bo", 1, 1, 2) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 2); // one of four
    }
    c.phone.resume();
    CHECK(c.phone.take<frame::MailboxDeliver>().size() == 2); // the first Welcome, and the commit: not acknowledged
    CHECK(c.reject(c.phone, "bo", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1);
    c.phone.drop();
    c.bo.resume();
    const auto mail = c.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.id == envelope(3).id);
    c.phone.resume();
    CHECK(c.phone.take<frame::MailboxDeliver>().size() == 1); // the first Welcome
}

TEST_CASE("a mailbox that is empty by that is said to be empty")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    const auto mail = c.bo.take<frame::MailboxDeliver>();
    CHECK(c.reject(c.bo, "ann", 1, 0, 1) == ErrorCode::ok);
    CHECK(c.reject(c.phone, "bo", 1, 0, 1) == ErrorCode::ok);
    CHECK(c.bo.take<frame::MailboxEmpty>().empty()); // it is still on its way
    c.bo.acknowledge({mail.at(0).sequence});
    CHECK(c.bo.take<frame::MailboxEmpty>().size() == 1);
}

TEST_CASE("a creation that is rejected: the group is to be created anew, in the next incarnation")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 2, 0, 3, {}, {c.bo.id, c.phone.id}) == ErrorCode::ok); // replaces the first
    CHECK(c.reject(c.phone, "bo", 2, 0, 3) == ErrorCode::ok);
    c.ann.forget_frames();
    CHECK(c.reject(c.bo, "ann", 2, 0, 3) == ErrorCode::ok);
    const auto state = c.state(c.bo, "ann");
    CHECK(state.incarnation == 2);
    CHECK(state.epoch == 0);
    CHECK(state.commit.is_zero());
    CHECK(state.group_info.empty());
    CHECK(c.ann.take<frame::GroupChanged>().at(0).epoch == 0);
    CHECK(c.commit(c.ann, "bo", 2, 0, 4) == ErrorCode::conflict);
    CHECK(c.commit(c.ann, "bo", 1, 2, 4) == ErrorCode::conflict);
    CHECK(c.reject(c.bo, "ann", 2, 0, 3) == ErrorCode::conflict);
    CHECK(c.commit(c.ann, "bo", 3, 0, 4) == ErrorCode::ok);
    CHECK(c.state(c.bo, "ann").epoch == 1);
}

TEST_CASE("what cannot be rejected: another one, one that was rejected, one that stands, one's own")
{
    Chat c;
    CHECK(c.reject(c.bo, "ann", 1, 0, 1) == ErrorCode::conflict); // there never was a group
    CHECK(c.reject(c.ann, "bo", 0, ~std::uint64_t{0}, 1) == ErrorCode::conflict);
    Device tablet(c.world, 4);
    tablet.enter("bo", 200);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
    for (std::uint64_t epoch = 1; epoch < 3; ++epoch)
        CHECK(c.commit(c.ann, "bo", 1, epoch, epoch + 1, {c.bo.id, tablet.id}) == ErrorCode::ok);
    for (auto* const one : {&c.bo, &tablet})
        for (const auto& mail : one->take<frame::MailboxDeliver>())
            one->acknowledge({mail.sequence});
    CHECK(c.commit(c.ann, "bo", 1, 3, 4, {c.bo.id, tablet.id}) == ErrorCode::ok);
    CHECK(c.reject(c.bo, "ann", 1, 2, 3) == ErrorCode::conflict); // all have taken it
    CHECK(c.reject(c.bo, "ann", 1, 4, 4) == ErrorCode::conflict);
    CHECK(c.reject(c.bo, "ann", 2, 3, 4) == ErrorCode::conflict);
    CHECK(c.reject(c.bo, "ann", 1, 3, 3) == ErrorCode::conflict);
    const auto stale = c.bo.ask(frame::GroupReject{"ann", conversation(100, 200), 1, 1, envelope(2).id, 0});
    CHECK(std::get<frame::GroupState>(stale.body).epoch == 4);
    CHECK(c.reject(c.ann, "bo", 1, 3, 4) == ErrorCode::conflict); // the committer itself
    CHECK(c.reject(c.bo, "ann", 1, 3, 4) == ErrorCode::ok);
    CHECK(c.reject(tablet, "ann", 1, 3, 4) == ErrorCode::ok);
    CHECK(c.reject(c.bo, "ann", 1, 3, 4) == ErrorCode::conflict);
    CHECK(c.reject(c.bo, "ann", 1, 2, 3) == ErrorCode::conflict); // what it was built on stands
    CHECK(c.state(c.ann).epoch == 3);
    CHECK(c.world.core->counters().group_rejects == 1);
}

TEST_CASE("a committer does not choose who may object: whom it forgets is told, and rejects it")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    c.bo.take<frame::MailboxDeliver>();
    CHECK(c.commit(c.ann, "bo", 1, 1, 2) == ErrorCode::ok); // names nobody
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.reject(c.ann, "bo", 1, 1, 2) == ErrorCode::conflict); // the committer itself
    CHECK(c.reject(c.bo, "ann", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.bo, "ann").epoch == 1);
    // Nor by calling it a newcomer.
    CHECK(c.commit(c.ann, "bo", 1, 1, 3, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 2);
    CHECK(c.reject(c.bo, "ann", 1, 1, 3) == ErrorCode::ok);
    CHECK(c.state(c.bo, "ann").epoch == 1);
}

TEST_CASE("who came to the epoch by another commit than the relay's has another history: it cannot reject")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.bo.id}) == ErrorCode::ok);
    frame::GroupReject reject{"ann", conversation(100, 200), 1, 1, envelope(2).id, 7, envelope(77).id};
    const auto refused = c.bo.ask(reject);
    CHECK(refused.error.code == ErrorCode::conflict);
    CHECK(std::get<frame::GroupState>(refused.body).epoch == 2);
    CHECK(c.state(c.ann).epoch == 2);
    reject.after = envelope(1).id;
    CHECK(c.bo.code(reject) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1);
}

TEST_CASE("one device on a dead branch: its word takes back nothing, and it is told where the group stands")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 2, 3, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 3, 4, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    for (auto* const one : {&c.ann, &c.bo, &c.phone})
        one->forget_frames();
    for (int again = 0; again < 3; ++again) {
        const auto answer = c.bo.ask(frame::GroupReject{"ann", conversation(100, 200), 1, 3, envelope(4).id, 7});
        CHECK(answer.error.code == ErrorCode::ok);
        CHECK(std::get<frame::GroupState>(answer.body).epoch == 4);
        const auto told = c.bo.take<frame::GroupChanged>();
        REQUIRE(told.size() == 1);
        CHECK(told[0].epoch == 4);
        CHECK(told[0].commit == envelope(4).id);
    }
    CHECK(c.ann.take<frame::GroupChanged>().empty());
    CHECK(c.state(c.ann).epoch == 4);
    CHECK(c.world.core->counters().group_reject_reports == 1);
    CHECK(c.world.core->counters().group_rejects == 0);
    // a report is about one commit: what was said of the one before does not count for the next
    CHECK(c.commit(c.ann, "bo", 1, 4, 5, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.reject(c.bo, "ann", 1, 4, 5) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 5, 6, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.reject(c.phone, "bo", 1, 5, 6) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 6);
    CHECK(c.reject(c.bo, "ann", 1, 5, 6) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 5);
}

TEST_CASE("between two devices one word is enough, or a commit that is not valid would stand")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.reject(c.bo, "ann", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1);
}

TEST_CASE("a member that was revoked meanwhile, or whose mailbox was full, has no say")
{
    Chat c;
    CHECK(c.commit(c.bo, "ann", 1, 0, 1, {}, {c.ann.id}) == ErrorCode::ok);
    Device tablet(c.world, 4);
    tablet.enter("ann", 100);
    Device desk(c.world, 5);
    desk.enter("ann", 100);
    CHECK(c.commit(c.bo, "ann", 1, 1, 2, {c.ann.id, c.phone.id, tablet.id, desk.id}) == ErrorCode::ok);
    CHECK(c.reject(c.phone, "bo", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.reject(c.ann, "bo", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 2); // two of five
    CHECK(c.ann.code(c.ann.revoking("ann", 100, tablet.id)) == ErrorCode::ok);
    CHECK(c.reject(c.ann, "bo", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1); // two of four
}

TEST_CASE("rejecting is rare: five at once, then one each twelve minutes, per device")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
    for (std::uint64_t i = 0; i < 5; ++i) {
        CHECK(c.commit(c.ann, "bo", 1, 1 + i, 10 + i, {c.bo.id, c.phone.id}) == ErrorCode::ok);
        CHECK(c.reject(c.bo, "ann", 1, 0, 99) == ErrorCode::conflict); // mistakes do not count
        CHECK(c.reject(c.bo, "ann", 1, 1 + i, 10 + i) == ErrorCode::ok);
    }
    CHECK(c.commit(c.ann, "bo", 1, 6, 20, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    c.bo.drop();
    c.bo.resume();
    c.bo.forget_frames();
    const auto refused = c.bo.ask(frame::GroupReject{"ann", conversation(100, 200), 1, 6, envelope(20).id, 0});
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_after_ms == 720'000);
    CHECK(c.bo.take<frame::GroupChanged>().size() == 1); // so that it joins again
    CHECK(c.reject(c.phone, "bo", 1, 6, 20) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 7); // the group goes on
    c.world.advance(std::chrono::minutes(12));
    CHECK(c.reject(c.bo, "ann", 1, 6, 20) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 6);
}

TEST_CASE("every read of the disk fails once: a rejection is told to all who are connected, or they all start over")
{
    constexpr int sqlite_read_error = 10 | 256; // SQLITE_IOERR_READ
    sqlite::DiskImage image;
    {
        sqlite::FaultDisk disk;
        auto opened = Store::open("relay.db", disk.name());
        REQUIRE(opened.ok());
        Chat c({}, *std::move(opened));
        auto creation = c.request("bo", 1, 0, 1, {}, {c.bo.id, c.phone.id});
        creation.group_info = group_info_bytes(c.group(1), 1, 1, 30'000); // pages of its own
        CHECK(c.ann.code(creation) == ErrorCode::ok);
        CHECK(c.reject(c.phone, "bo", 1, 0, 1) == ErrorCode::ok);
        image = disk.image_killed();
    }
    int refused = 0, told = 0;
    for (std::uint64_t nth = 1; nth <= 25; ++nth) {
        CAPTURE(nth);
        sqlite::FaultDisk disk(image);
        auto opened = Store::open("relay.db", disk.name());
        REQUIRE(opened.ok());
        World world({}, *std::move(opened));
        Device ann(world, 1), bo(world, 2);
        ann.resume();
        bo.resume();
        disk.fail(sqlite::disk_op_bit(sqlite::DiskOp::read), nth, sqlite_read_error);
        const auto code = bo.code(frame::GroupReject{"ann", conversation(100, 200), 1, 0, envelope(1).id, 0});
        disk.fail(0, 0, 0);
        CHECK(ann.is_closed() == bo.is_closed());
        if (bo.is_closed()) {
            ann.resume();
            bo.resume();
        } else if (code == ErrorCode::ok) {
            ++told;
            CHECK(ann.take<frame::GroupChanged>().size() == 1);
            CHECK(bo.take<frame::GroupChanged>().size() == 1);
        } else {
            ++refused;
            CHECK(code == ErrorCode::relay_unavailable);
            CHECK(ann.take<frame::GroupChanged>().empty());
        }
        const auto state = std::get<frame::GroupState>(bo.ask(frame::GroupFetch{"ann", conversation(100, 200)}).body);
        CHECK(state.epoch == (code == ErrorCode::ok ? 0 : 1));
    }
    CHECK(refused > 0);
    CHECK(told > 0);
}

TEST_CASE("a rejection whose tick is lost has not happened")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 2, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.reject(c.phone, "bo", 1, 1, 2) == ErrorCode::ok);
    c.bo.send(frame::GroupReject{"ann", conversation(100, 200), 1, 1, envelope(2).id, 0});
    c.world.restart();
    c.ann.resume();
    c.bo.resume();
    CHECK(c.state(c.ann).epoch == 2);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 2);
}
