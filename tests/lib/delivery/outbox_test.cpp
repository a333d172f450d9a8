// SPDX-License-Identifier: Apache-2.0
// Which way an envelope goes, and when it is through.
#include "tests/lib/delivery/outbox_desk.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::delivery::test;
using port::DeliveryState;

TEST_CASE("offered once on a link, in order; sent when written; delivered by the receipt; then gone")
{
    Desk desk;
    desk.accept(1);
    desk.accept(2);
    CHECK(desk.collect().offers.empty()); // no way yet
    CHECK(desk.outbox.waits(bob1));
    desk.outbox.use(bob1, {link7});
    auto batch = desk.collect();
    CHECK(numbers(batch.offers) == std::vector<std::uint32_t>{1, 2});
    REQUIRE(batch.progress.size() == 2);
    CHECK(batch.progress[0].state == MessageState::sent);
    CHECK(batch.progress[0].path == Path::direct);
    CHECK(desk.outbox.owes(bob1, 7));
    CHECK(desk.collect().offers.empty());

    const auto progress = desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 7);
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].state == MessageState::delivered);
    CHECK(progress[0].reason == "direct path open");
    CHECK(desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 7).empty()); // again: nothing new
    CHECK(desk.store.envelope_count() == 1);
    CHECK(desk.outbox.message_count() == 1);
}

TEST_CASE("the link dies: the same envelope goes to the next way, also to the mailbox, also after a restart")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {link7});
    const auto first = desk.collect().offers.at(0).envelope.sealed;
    SUBCASE("next link")
    {
        desk.outbox.use(bob1, {link8});
    }
    SUBCASE("mailbox")
    {
        desk.outbox.use(bob1, {mailbox});
    }
    SUBCASE("restart")
    {
        desk.restart();
        desk.outbox.use(bob1, {link8});
    }
    const auto offers = desk.collect().offers;
    REQUIRE(offers.size() == 1);
    CHECK(offers[0].envelope.sealed == first);
}

TEST_CASE("stored at the relay: not offered to the mailbox again until its time, but on a link when one comes up")
{
    Limits limits;
    limits.mailbox_reoffer_ms = 10'000;
    Desk desk(limits);
    desk.accept(1);
    desk.outbox.use(bob1, {mailbox});
    auto offers = desk.collect().offers;
    REQUIRE(offers.size() == 1);
    CHECK(offers[0].link == 0);
    const auto progress = desk.outbox.put_answered(desk.store, message_named(1), {bob1}, {ErrorCode::ok}, at_ms(50));
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].state == MessageState::sent);
    CHECK(progress[0].reason == "peer offline");
    CHECK_FALSE(desk.outbox.waits(bob1));

    desk.outbox.restart_mailbox();
    CHECK(desk.collect(5'000).offers.empty());
    CHECK(desk.outbox.deadline() <= at_ms(10'050).mono);
    CHECK(desk.collect(10'050).offers.size() == 1); // the relay may have lost it

    desk.outbox.use(bob1, {link7});
    CHECK(desk.collect(10'060).offers.size() == 1);
    // It says how it went, not how it was tried last: the receipt came on the link that carried it.
    CHECK(desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 7).at(0).path == Path::direct);
}

TEST_CASE(
    "stored at the relay and no receipt in its time: it waits for a path again, though no lane was open meanwhile")
{
    Limits limits;
    limits.mailbox_reoffer_ms = 10'000;
    Desk desk(limits);
    desk.accept(1);
    desk.outbox.use(bob1, {mailbox});
    REQUIRE(desk.collect().offers.size() == 1);
    (void)desk.outbox.put_answered(desk.store, message_named(1), {bob1}, {ErrorCode::ok}, at_ms(50));
    // They came online, and no direct path opens: nothing is queued, so the router opens no way.
    desk.outbox.use(bob1, {});
    CHECK_FALSE(desk.outbox.waits(bob1));
    SUBCASE("its time comes")
    {
        (void)desk.collect(5'000);
        CHECK_FALSE(desk.outbox.waits(bob1));
        CHECK(desk.outbox.deadline() <= at_ms(20'050).mono);
        (void)desk.collect(20'050);
    }
    SUBCASE("it was stored in a future that our clock has left again: its age is not known")
    {
        desk.store.set_delivery(message_named(1), bob1, DeliveryState::stored, at_ms(600'000).wall_ms);
        desk.restart();
        (void)desk.collect(100);
    }
    CHECK(desk.outbox.waits(bob1));
    desk.outbox.use(bob1, {mailbox});
    CHECK(desk.collect(20'100).offers.size() == 1);
    CHECK(desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 0).size() == 1);
    CHECK(desk.outbox.message_count() == 0);
}

TEST_CASE("a receipt for what the relay stored says mailbox, and why, also after a restart")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {mailbox});
    REQUIRE(desk.collect().offers.size() == 1);
    (void)desk.outbox.put_answered(desk.store, message_named(1), {bob1}, {ErrorCode::ok}, at_ms(1));
    SUBCASE("same run") {}
    SUBCASE("restart")
    {
        desk.restart();
    }
    const auto progress = desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 0);
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].path == Path::mailbox);
    CHECK(progress[0].reason == "peer offline");
}

TEST_CASE("a receipt for a put whose answer was lost with the process says mailbox")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {mailbox});
    REQUIRE(desk.collect().offers.size() == 1);
    desk.restart();
    const auto progress = desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 0);
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].state == MessageState::delivered);
    CHECK(progress[0].path == Path::mailbox);
    CHECK_FALSE(progress[0].reason.empty());
}

TEST_CASE("two devices and an own one: delivered by the first of the recipient's, kept until all are settled")
{
    Desk desk;
    desk.accept(1, {{bob1, "bob"}, {bob2, "bob"}, {own2, "alice"}});
    for (const auto& device : {bob1, bob2, own2})
        desk.outbox.use(device, {mailbox});
    const auto offers = desk.collect().offers;
    REQUIRE(offers.size() == 1); // one put names them all
    CHECK(offers[0].devices.size() == 3);

    CHECK(desk.outbox.receipt(desk.store, own2, {message_named(1)}, 0).empty()); // own copies decide nothing
    CHECK(desk.outbox.receipt(desk.store, bob2, {message_named(1)}, 0).at(0).state == MessageState::delivered);
    CHECK(desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 0).empty());
    CHECK(desk.store.envelope_count() == 0);
    CHECK(desk.outbox.message_count() == 0);
}

TEST_CASE("mailbox puts follow acceptance even when devices are at different places")
{
    Desk desk;
    desk.accept(1, {{bob2, "bob"}});
    desk.accept(2, {{bob1, "bob"}, {bob2, "bob"}});
    desk.outbox.use(bob1, {mailbox});
    desk.outbox.use(bob2, {mailbox});
    const auto offers = desk.collect().offers;
    CHECK(numbers(offers) == std::vector<std::uint32_t>{1, 2});
    CHECK(offers.at(1).devices.size() == 2);
}
