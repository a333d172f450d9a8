// SPDX-License-Identifier: Apache-2.0
// What goes is sealed once, and anew only for those who could not open it.
#include "tests/lib/delivery/outbox_desk.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::delivery::test;
using port::DeliveryState;

TEST_CASE("a device receipts only what was meant for it")
{
    Desk desk;
    desk.accept(1, {{bob1, "bob"}});
    desk.accept(2, {{bob2, "bob"}});
    CHECK(desk.outbox.receipt(desk.store, bob2, {message_named(1), message_named(77)}, 0).empty());
    CHECK(desk.state(1) == MessageState::accepted);
}

TEST_CASE("sealed once, when it first leaves: every way and every device gets the same bytes")
{
    Desk desk;
    desk.accept(1, {{bob1, "bob"}, {bob2, "bob"}});
    CHECK(desk.store.envelope(message_named(1))->sealed.empty());
    desk.outbox.use(bob1, {link7});
    desk.outbox.use(bob2, {mailbox});
    const auto first = desk.collect().offers;
    REQUIRE(first.size() == 2);
    CHECK(first[0].envelope.sealed == first[1].envelope.sealed);
    CHECK(desk.store.envelope(message_named(1))->sealed == first[0].envelope.sealed);
    desk.outbox.use(bob1, {link8});
    CHECK(desk.collect().offers.at(0).envelope.sealed == first[0].envelope.sealed);
    CHECK(desk.generation == 1);
}

TEST_CASE("the conversation is over: what was not sealed fails, copies for own devices too")
{
    Desk desk;
    desk.accept(1, {{bob1, "bob"}, {own2, "alice"}});
    (void)desk.outbox.fail_device(desk.store, bob1, ErrorCode::not_a_contact);
    desk.over = true;
    desk.outbox.use(own2, {mailbox});
    CHECK(desk.collect().offers.empty());
    CHECK(desk.store.envelope_count() == 0);
    CHECK(desk.outbox.message_count() == 0);
    CHECK(desk.state(1) == MessageState::failed);
}

TEST_CASE("who is not in the group yet waits, and holds up nobody and nothing else")
{
    Desk desk;
    desk.outside.insert(bob2);
    desk.accept(1, {{bob1, "bob"}, {bob2, "bob"}});
    desk.accept(2, {{bob1, "bob"}});
    desk.outbox.use(bob1, {mailbox});
    desk.outbox.use(bob2, {mailbox});
    CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{1, 2});
    CHECK(desk.outbox.waits(bob2));
    desk.outside.clear();
    CHECK(desk.collect().offers.empty()); // nobody has said so yet
    desk.outbox.groups_changed();
    const auto offers = desk.collect().offers;
    REQUIRE(offers.size() == 1);
    CHECK(offers[0].devices == std::vector<DeviceId>{bob2});
}

TEST_CASE("a receiver without the keys gets another sealing under the same id, and not without end")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {mailbox});
    const auto first = desk.collect().offers.at(0).envelope;
    (void)desk.outbox.put_answered(desk.store, message_named(1), {bob1}, {ErrorCode::ok}, at_ms(1));
    CHECK_FALSE(desk.outbox.waits(bob1));
    CHECK(desk.outbox.unopened(desk.store, bob2, {message_named(1)}).empty()); // not theirs to say
    CHECK(desk.outbox.unopened(desk.store, bob1, {message_named(9)}).empty()); // nothing of that name
    CHECK(desk.outbox.unopened(desk.store, bob1, {message_named(1)}).empty());
    CHECK(desk.outbox.waits(bob1));
    const auto second = desk.collect(2).offers.at(0).envelope;
    CHECK(second.id == first.id);
    CHECK(second.sealed != first.sealed);
    std::vector<Progress> progress;
    for (std::uint32_t n = 2; n < sealings_max; ++n) {
        REQUIRE(desk.outbox.unopened(desk.store, bob1, {message_named(1)}).empty());
        REQUIRE(desk.collect(n).offers.size() == 1);
    }
    progress = desk.outbox.unopened(desk.store, bob1, {message_named(1)});
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].state == MessageState::failed);
    CHECK(progress[0].failure == "authentication_failed");
    CHECK(desk.store.envelope_count() == 0);
}

TEST_CASE("an old sealing is renewed before its epoch leaves the window of the receivers, also after a restart")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {link7});
    const auto first = desk.collect().offers.at(0).envelope.sealed;
    desk.epoch = 5;
    desk.restart();
    desk.outbox.use(bob1, {link8});
    CHECK(desk.collect().offers.at(0).envelope.sealed == first);
    desk.epoch = 6;
    desk.restart();
    desk.outbox.use(bob1, {link7});
    CHECK(desk.collect().offers.at(0).envelope.sealed != first);
}
