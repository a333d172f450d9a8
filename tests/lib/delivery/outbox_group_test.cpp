// SPDX-License-Identifier: Apache-2.0
// Of the outbox, what groups need: recipients who give no receipt, further ones, and how far a message has come to
// whom.
#include "lib/delivery/outbox.hpp"
#include "tests/lib/delivery/fixtures.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::testing;

namespace {

const DeviceId bob = device_named(1);
const DeviceId carol = device_named(2);
const Route mailbox{0, Path::mailbox, "peer offline"};

struct Desk {
    MemoryStore store;
    Outbox outbox{Limits{}};
    MessageId id = message_named(1);

    explicit Desk(const std::vector<Recipient>& to)
    {
        store.begin();
        outbox.load(store, "alice");
        port::StoredMessage row;
        row.message.id = id;
        row.message.state = MessageState::accepted;
        row.message.conversation = conversation_named(1);
        REQUIRE(store.add_message(row));
        outbox.accept(store, {id, row.message.conversation, 0, Bytes(100, 1), {}, 0, 0, 0}, to);
        for (const auto& one : to)
            outbox.use(one.device, {mailbox});
    }
    std::vector<DeviceId> offered()
    {
        const auto batch = outbox.collect(store, at_ms(0), {1 << 20, 1 << 20, 100}, [](auto& envelope, const auto&) {
            envelope.sealed = envelope.content;
            return Fitness::sealed;
        });
        return batch.offers.empty() ? std::vector<DeviceId>{} : batch.offers.front().devices;
    }
    std::vector<Progress> put(const std::vector<DeviceId>& devices)
    {
        return outbox.put_answered(store, id, devices, std::vector<ErrorCode>(devices.size(), ErrorCode::ok), at_ms(1));
    }
    MessageState state() { return store.message(id)->message.state; }
};

} // namespace

TEST_CASE("who gives no receipt is done with when handed over; the message stays sent, and goes from the outbox")
{
    Desk desk({{bob, "bob"}, {carol, "carol"}});
    CHECK(desk.offered().size() == 2);
    const auto sent = desk.put({bob, carol});
    REQUIRE(sent.size() == 1);
    CHECK(sent.front().first);
    const auto further = desk.outbox.take_further();
    REQUIRE(further.size() == 1);
    CHECK_FALSE(further.front().first);
    CHECK(further.front().with == "carol");
    CHECK(further.front().state == MessageState::sent);
    CHECK(desk.outbox.take_further().empty());

    CHECK(desk.outbox.handed_over(desk.store, desk.id, carol).empty());
    CHECK(desk.state() == MessageState::sent);
    CHECK(desk.outbox.message_count() == 1);
    CHECK(desk.outbox.handed_over(desk.store, desk.id, bob).empty());
    CHECK(desk.state() == MessageState::sent);
    CHECK(desk.outbox.message_count() == 0);
    CHECK_FALSE(desk.store.envelope(desk.id));
    // Again, or a receipt after all: nothing is there any more.
    CHECK(desk.outbox.handed_over(desk.store, desk.id, bob).empty());
    CHECK(desk.outbox.receipt(desk.store, bob, {desk.id}, 0).empty());
}

TEST_CASE("the second account that has it is told as a further one")
{
    Desk desk({{bob, "bob"}, {carol, "carol"}});
    CHECK(desk.offered().size() == 2);
    (void)desk.put({bob, carol});
    (void)desk.outbox.take_further();
    const auto first = desk.outbox.receipt(desk.store, carol, {desk.id}, 0);
    REQUIRE(first.size() == 1);
    CHECK(first.front().with == "carol");
    CHECK(first.front().state == MessageState::delivered);
    CHECK(desk.outbox.receipt(desk.store, bob, {desk.id}, 0).empty());
    const auto further = desk.outbox.take_further();
    REQUIRE(further.size() == 1);
    CHECK(further.front().with == "bob");
    CHECK(further.front().state == MessageState::delivered);
    CHECK(desk.outbox.message_count() == 0);
}

TEST_CASE("further devices of a message that is open; those that are named already stay as they are")
{
    Desk desk({{bob, "bob"}});
    CHECK(desk.offered() == std::vector{bob});
    desk.outbox.add(desk.store, desk.id, {{bob, "bob"}, {carol, "carol"}});
    desk.outbox.use(carol, {mailbox});
    CHECK(desk.offered() == std::vector{carol});
    (void)desk.put({bob});
    (void)desk.outbox.handed_over(desk.store, desk.id, bob);
    CHECK(desk.outbox.message_count() == 1);
    (void)desk.outbox.fail_one(desk.store, desk.id, carol, ErrorCode::not_allowed);
    CHECK(desk.outbox.message_count() == 0);
    CHECK(desk.state() == MessageState::sent);                // Bob may have it.
    desk.outbox.add(desk.store, desk.id, {{carol, "carol"}}); // Not open any more.
    CHECK(desk.outbox.open_devices().empty());
}

TEST_CASE("refused for all: failed, and why")
{
    Desk desk({{bob, "bob"}});
    const auto failed = desk.outbox.fail_one(desk.store, desk.id, bob, ErrorCode::not_allowed);
    REQUIRE(failed.size() == 1);
    CHECK(failed.front().failure == "not_allowed");
    CHECK(desk.state() == MessageState::failed);
}
