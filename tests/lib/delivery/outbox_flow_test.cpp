// SPDX-License-Identifier: Apache-2.0
// How much goes at once, to whom next, and what is full.
#include "tests/lib/delivery/outbox_desk.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::delivery::test;
using port::DeliveryState;

TEST_CASE("windows: messages, bytes, and one large envelope that always fits")
{
    Limits limits;
    limits.window_messages_max = 3;
    limits.window_bytes_max = 2'000;
    Desk desk(limits);
    for (std::uint32_t n = 1; n <= 200; ++n)
        desk.accept(n);
    desk.outbox.use(bob1, {link7});
    CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{1, 2, 3});
    (void)desk.outbox.receipt(desk.store, bob1, {message_named(2)}, 7);
    CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{4});
    // Draining it all keeps the order, past many pages.
    std::vector<std::uint32_t> got{1, 2, 3, 4};
    std::vector<MessageId> owed{message_named(1), message_named(3), message_named(4)};
    while (!owed.empty()) {
        (void)desk.outbox.receipt(desk.store, bob1, owed, 7);
        owed.clear();
        for (const auto& offer : desk.collect().offers) {
            owed.push_back(offer.envelope.id);
            got.push_back(numbers({offer}).at(0));
        }
    }
    CHECK(got.size() == 200);
    CHECK(std::is_sorted(got.begin(), got.end()));
    CHECK(desk.store.envelope_count() == 0);

    desk.accept(300, {{bob1, "bob"}}, 50'000);
    desk.accept(301, {{bob1, "bob"}}, 10);
    desk.outbox.use(bob1, {link8});
    CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{300});
}

TEST_CASE("a tick's budget ends a collect; the next goes on with the next device")
{
    Desk desk;
    for (std::uint32_t n = 1; n <= 4; ++n)
        desk.accept(n, {{bob1, "bob"}});
    for (std::uint32_t n = 11; n <= 14; ++n)
        desk.accept(n, {{bob2, "bob"}});
    desk.outbox.use(bob1, {link7});
    desk.outbox.use(bob2, {link8});
    auto batch = desk.collect(0, 150);
    CHECK(batch.more);
    CHECK(numbers(batch.offers) == std::vector<std::uint32_t>{1, 2});
    batch = desk.collect(0, 150);
    CHECK(numbers(batch.offers) == std::vector<std::uint32_t>{11, 12});
}

TEST_CASE("the relay session has taken enough: links go on, the mailbox waits for answers")
{
    Desk desk;
    for (std::uint32_t n = 1; n <= 4; ++n)
        desk.accept(n, {{bob1, "bob"}});
    desk.accept(5, {{bob2, "bob"}});
    desk.outbox.use(bob1, {mailbox});
    desk.outbox.use(bob2, {link7});
    auto batch = desk.collect(0, Outbox::Budget{plenty, plenty, 2});
    CHECK_FALSE(batch.more);
    CHECK(numbers(batch.offers) == std::vector<std::uint32_t>{1, 2, 5});
    batch = desk.collect(0, Outbox::Budget{plenty, 50, 9});
    CHECK(numbers(batch.offers) == std::vector<std::uint32_t>{3});
}

TEST_CASE("the relay refuses one device: it rests, the others do not")
{
    Desk desk;
    desk.accept(1, {{bob1, "bob"}, {bob2, "bob"}});
    desk.outbox.use(bob1, {mailbox});
    desk.outbox.use(bob2, {mailbox});
    REQUIRE(desk.collect().offers.size() == 1);
    (void)desk.outbox.put_answered(desk.store, message_named(1), {bob1, bob2},
                                   {ErrorCode::quota_exceeded, ErrorCode::ok}, at_ms(0));
    CHECK(desk.collect(199).offers.empty());
    CHECK(desk.outbox.deadline() <= at_ms(200).mono);
    const auto again = desk.collect(200).offers;
    REQUIRE(again.size() == 1);
    CHECK(again[0].devices == std::vector<DeviceId>{bob1});
    // Revoked is final for the device; the message lives on with the other.
    CHECK(
        desk.outbox.put_answered(desk.store, message_named(1), {bob1}, {ErrorCode::device_revoked}, at_ms(0)).empty());
    CHECK(desk.outbox.receipt(desk.store, bob2, {message_named(1)}, 0).at(0).state == MessageState::delivered);
    CHECK(desk.store.envelope_count() == 0);
}

TEST_CASE("a full mailbox: asked with one envelope and ever longer rests; with what is taken the window opens again")
{
    Desk desk;
    for (std::uint32_t n = 1; n <= 8; ++n)
        desk.accept(n);
    desk.outbox.use(bob1, {mailbox});
    const auto answer = [&](std::uint32_t n, ErrorCode code, std::int64_t ms) {
        (void)desk.outbox.put_answered(desk.store, message_named(n), {bob1}, {code}, at_ms(ms));
    };
    REQUIRE(desk.collect().offers.size() == 8);
    for (std::uint32_t n = 1; n <= 8; ++n) // refused together: one rest, the shortest
        answer(n, ErrorCode::quota_exceeded, 0);

    std::int64_t ms = 0;
    for (const std::int64_t rest : {200, 400, 800, 1'600, 3'200, 6'400, 12'800, 25'600, 30'000, 30'000}) {
        CHECK(desk.collect(ms + rest - 1).offers.empty());
        ms += rest;
        REQUIRE(numbers(desk.collect(ms).offers) == std::vector<std::uint32_t>{1});
        CHECK(desk.collect(ms).offers.empty());
        answer(1, ErrorCode::quota_exceeded, ms);
    }
    ms += 30'000;
    REQUIRE(numbers(desk.collect(ms).offers) == std::vector<std::uint32_t>{1});
    answer(1, ErrorCode::ok, ms);
    CHECK(numbers(desk.collect(ms).offers) == std::vector<std::uint32_t>{2, 3});
    answer(2, ErrorCode::ok, ms);
    answer(3, ErrorCode::quota_exceeded, ms); // one was taken: back to the shortest rest
    CHECK(numbers(desk.collect(ms + 200).offers) == std::vector<std::uint32_t>{3});
}

TEST_CASE("no answer from the relay: offered again")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {mailbox});
    REQUIRE(desk.collect().offers.size() == 1);
    CHECK(desk.collect().offers.empty());
    desk.outbox.restart_mailbox();
    CHECK(desk.collect().offers.size() == 1);
}

TEST_CASE("every accepted message ends: deadline, revoked device, ended contact")
{
    Desk desk;
    desk.accept(1, {{bob1, "bob"}}, 10, 0);
    desk.accept(2, {{bob1, "bob"}, {bob2, "bob"}}, 10, 1'000);
    const auto month = desk.limits.deadline_ms;
    CHECK(desk.outbox.expire(desk.store, at_ms(month - 1)).empty());
    auto progress = desk.outbox.expire(desk.store, at_ms(month));
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].state == MessageState::failed);
    CHECK(progress[0].failure == "expired");
    CHECK(desk.outbox.fail_device(desk.store, bob1, ErrorCode::device_revoked).empty()); // bob2 may still get it
    progress = desk.outbox.fail_device(desk.store, bob2, ErrorCode::not_a_contact);
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].failure == "not_a_contact");
    CHECK(desk.store.envelope_count() == 0);
    CHECK(desk.outbox.message_count() == 0);
    CHECK(desk.outbox.receipt(desk.store, bob2, {message_named(2)}, 0).empty());
    CHECK(desk.state(2) == MessageState::failed);
}

TEST_CASE("a device that stays away fills what is its own, and nobody else's")
{
    Limits limits;
    limits.device_messages_max = 3;
    Desk desk(limits);
    for (std::uint32_t n = 1; n <= 3; ++n) {
        CHECK(desk.outbox.has_room(bob1));
        desk.accept(n);
    }
    CHECK_FALSE(desk.outbox.has_room(bob1));
    CHECK(desk.outbox.has_room(bob2, 3));
    CHECK_FALSE(desk.outbox.has_room(bob2, 4));
    desk.restart();
    CHECK_FALSE(desk.outbox.has_room(bob1));
    CHECK(desk.outbox.has_room(bob2));
    desk.outbox.use(bob1, {link7});
    (void)desk.collect();
    (void)desk.outbox.receipt(desk.store, bob1, {message_named(2)}, 7);
    CHECK(desk.outbox.has_room(bob1));
}

TEST_CASE("messages_max is reached: whoever has little waiting is sent to all the same, as far as is assured")
{
    Limits limits;
    limits.messages_max = 5;
    limits.device_messages_max = 10;
    limits.device_messages_assured = 2;
    Desk desk(limits);
    for (std::uint32_t n = 1; n <= 5; ++n) {
        CHECK(desk.outbox.has_room(bob1));
        desk.accept(n);
    }
    CHECK_FALSE(desk.outbox.has_room(bob1));
    desk.accept(6, {{bob2, "bob"}});
    CHECK(desk.outbox.has_room(bob2));
    desk.accept(7, {{bob2, "bob"}});
    CHECK_FALSE(desk.outbox.has_room(bob2));
    desk.restart();
    CHECK_FALSE(desk.outbox.has_room(bob2));
    desk.outbox.use(bob1, {link7});
    (void)desk.collect();
    (void)desk.outbox.receipt(desk.store, bob1, {message_named(1), message_named(2), message_named(3)}, 7);
    CHECK(desk.outbox.has_room(bob1));
}

TEST_CASE("what is urgent goes out before all that waits, on a link and by mailbox, also after a restart")
{
    Limits limits;
    limits.window_messages_max = 4;
    Desk desk(limits);
    for (std::uint32_t n = 1; n <= 200; ++n)
        desk.accept(n);
    for (const auto& way : {link7, mailbox}) {
        desk.outbox.use(bob1, {way});
        CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{1, 2, 3, 4});
        desk.outbox.use(bob1, {});
    }
    desk.outbox.use(bob1, {link8});
    (void)desk.collect();
    const auto urgent = [&](std::uint32_t n) {
        desk.outbox.accept(desk.store,
                           {message_named(n), conversation_named(1), at_ms(0).wall_ms, Bytes(9), {}, 0, 0, 0},
                           {{bob1, "bob"}}, Rank::urgent);
    };
    urgent(1001);
    urgent(1002);
    CHECK(desk.collect().offers.empty()); // The window is full.
    (void)desk.outbox.receipt(desk.store, bob1, {message_named(1), message_named(2), message_named(3)}, 8);
    CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{1001, 1002, 5});
    desk.restart();
    desk.outbox.use(bob1, {mailbox});
    const auto offers = numbers(desk.collect().offers);
    CHECK(std::set<std::uint32_t>(offers.begin(), offers.end()) == std::set<std::uint32_t>{1001, 1002, 4, 5});
    (void)desk.outbox.put_answered(desk.store, message_named(1001), {bob1}, {ErrorCode::ok}, at_ms(1));
    (void)desk.outbox.put_answered(desk.store, message_named(1002), {bob1}, {ErrorCode::ok}, at_ms(1));
    CHECK(numbers(desk.collect(1).offers) == std::vector<std::uint32_t>{6, 7});
}

TEST_CASE("when the relay takes little at once, everybody has a turn")
{
    Desk desk;
    for (std::uint32_t n = 1; n <= 40; ++n)
        desk.accept(n);
    desk.accept(41, {{bob2, "bob"}});
    desk.outbox.use(bob1, {mailbox});
    desk.outbox.use(bob2, {mailbox});
    std::vector<std::uint32_t> first;
    for (int turn = 0; turn < 3; ++turn) {
        const auto offers = desk.collect(0, {plenty, plenty, 4}).offers;
        for (const auto n : numbers(offers))
            first.push_back(n);
        for (const auto& offer : offers)
            (void)desk.outbox.put_answered(desk.store, offer.envelope.id, offer.devices, {ErrorCode::ok}, at_ms(0));
    }
    CHECK(std::count(first.begin(), first.end(), 41U) == 1);
}

TEST_CASE("a peer that lives but never receipts does not block what comes after")
{
    Limits limits;
    limits.window_messages_max = 1;
    Desk desk(limits);
    desk.accept(1);
    desk.accept(2);
    desk.outbox.use(bob1, {link7});
    CHECK(numbers(desk.collect().offers) == std::vector<std::uint32_t>{1});
    CHECK(desk.outbox.drop_overdue(at_ms(29'999).mono) == 0);
    CHECK(desk.outbox.drop_overdue(at_ms(30'000).mono) == 1);
    CHECK(numbers(desk.collect(30'000).offers) == std::vector<std::uint32_t>{2});
    desk.outbox.use(bob1, {link8}); // another link: another chance
    CHECK(numbers(desk.collect(30'001).offers) == std::vector<std::uint32_t>{1});
}

TEST_CASE("race: every way at once, one receipt settles all")
{
    Desk desk;
    desk.accept(1);
    desk.outbox.use(bob1, {link7, mailbox});
    CHECK(desk.collect().offers.size() == 2);
    CHECK(desk.outbox.receipt(desk.store, bob1, {message_named(1)}, 7).at(0).path == Path::direct);
    (void)desk.outbox.put_answered(desk.store, message_named(1), {bob1}, {ErrorCode::ok}, at_ms(1)); // late, harmless
    CHECK(desk.state(1) == MessageState::delivered);
    CHECK(desk.outbox.open_devices().empty());
}
