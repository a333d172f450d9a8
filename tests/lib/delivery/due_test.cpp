// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/due.hpp"
#include "tests/lib/delivery/fixtures.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::testing;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const DeviceId phone = device_named(1);
const DeviceId tablet = device_named(2);

struct Desk {
    MemoryStore store;
    Due due;
    std::uint32_t made = 0;

    Desk()
    {
        store.begin();
        due.load(store);
    }
    void restart()
    {
        REQUIRE(store.commit());
        store.begin();
        due = Due();
        due.load(store);
    }
    /// Everything that waits, in one envelope.
    MessageId make(const DeviceId& device, Instant now = {})
    {
        const auto id = message_named(++made);
        due.made(store, device, due.names(store, device, 100), id, now);
        return id;
    }
    [[nodiscard]] std::vector<std::string> names(const DeviceId& device) { return due.names(store, device, 100); }
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a thousand changes while a device is away are one name, and the receipt ends it")
{
    Desk desk;
    for (int n = 0; n < 1000; ++n)
        desk.due.note(desk.store, phone, "draft");
    desk.due.note(desk.store, phone, "read");
    desk.due.note(desk.store, tablet, "read");
    CHECK(desk.names(phone) == Names{"draft", "read"});
    desk.restart();
    CHECK(desk.due.waiting() == std::set<DeviceId>{phone, tablet});
    const auto id = desk.make(phone);
    CHECK(desk.due.waiting() == std::set<DeviceId>{tablet});
    desk.restart();
    REQUIRE(desk.due.open().size() == 1);
    CHECK(desk.due.open()[0].id == id);
    desk.due.settled(desk.store, phone, id, false);
    CHECK(desk.store.due(phone, "", false, 10).empty());
    CHECK(desk.names(tablet) == Names{"read"});
}

TEST_CASE("what changes while its envelope is on its way waits again, and its receipt does not end that")
{
    Desk desk;
    desk.due.note(desk.store, phone, "draft");
    desk.due.note(desk.store, phone, "mute");
    const auto first = desk.make(phone);
    desk.due.note(desk.store, phone, "draft");
    CHECK(desk.names(phone) == Names{"draft"});
    desk.due.settled(desk.store, phone, first, false);
    CHECK(desk.names(phone) == Names{"draft"});
    const auto second = desk.make(phone);
    desk.due.settled(desk.store, phone, second, true); // It failed.
    CHECK(desk.names(phone) == Names{"draft"});
    CHECK(desk.due.waiting().contains(phone));
    desk.due.drop(desk.store, phone, "draft");
    CHECK(desk.due.waiting().empty());
}

TEST_CASE("what can wait comes together, and what cannot takes it along")
{
    using std::chrono::seconds;
    Desk desk;
    const Instant now{hours(1)};
    desk.due.note(desk.store, phone, "told/1", now + seconds(3));
    desk.due.note(desk.store, phone, "told/2", now + seconds(5));
    CHECK_FALSE(desk.due.may_make(phone, now));
    CHECK(desk.due.deadline() == now + seconds(3));
    CHECK(desk.due.may_make(phone, now + seconds(3)));
    CHECK(desk.names(phone) == Names{"told/1", "told/2"});
    desk.due.note(desk.store, phone, "draft");
    CHECK(desk.due.may_make(phone, now));
    (void)desk.make(phone, now);
    CHECK(desk.due.waiting().empty());
    CHECK(desk.due.deadline() == never);
    desk.due.note(desk.store, phone, "told/3", now + seconds(6));
    CHECK_FALSE(desk.due.may_make(phone, now + seconds(5)));
    desk.restart(); // How long it was to wait is not known any more: at once.
    CHECK(desk.due.may_make(phone, now));
}

TEST_CASE("a device that stays away gets a few envelopes, less and less often, and no more than due_open_max")
{
    Desk desk;
    Instant now{};
    std::size_t made = 0;
    Instant last{};
    for (int minute = 0; minute < 60 * 24 * 30; ++minute, now += minutes(1)) {
        desk.due.note(desk.store, phone, "read");
        if (!desk.due.may_make(phone, now)) continue;
        (void)desk.make(phone, now);
        if (++made > due_open_at_once + 1) CHECK(now - last >= minutes(2));
        last = now;
    }
    CHECK(made == due_open_max);
    desk.due.note(desk.store, phone, "read");
    CHECK(desk.due.deadline() == never);
    // It is back.
    desk.due.settled(desk.store, phone, message_named(1), false);
    CHECK(desk.due.deadline() < now);
    CHECK(desk.due.may_make(phone, now));
    CHECK(desk.due.may_make(tablet, now));
}
