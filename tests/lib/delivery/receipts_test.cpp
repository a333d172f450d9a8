// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/receipts.hpp"
#include "tests/lib/delivery/fixtures.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::testing;

namespace {
const DeviceId bob = device_named(1);
}

TEST_CASE("owed, taken in order, each once")
{
    Receipts receipts;
    receipts.owe(bob, message_named(1), 0);
    receipts.owe(bob, message_named(2), 71);
    receipts.owe(bob, message_named(2), 72);
    const auto parcel = receipts.take(bob);
    CHECK(parcel.ids == std::vector<MessageId>{message_named(1), message_named(2)});
    CHECK(parcel.sequences == std::vector<std::uint64_t>{71, 72});
    CHECK(receipts.empty());
}

TEST_CASE("a receipt goes back the way the envelope came, unless only the other is left")
{
    using Came = Receipts::Came;
    Receipts receipts;
    receipts.owe(bob, message_named(1), 0);
    receipts.owe(bob, message_named(2), 71);
    receipts.owe(bob, message_named(3), 0);
    auto parcel = receipts.take(bob, Came::by_link);
    CHECK(parcel.ids == std::vector<MessageId>{message_named(1), message_named(3)});
    CHECK(parcel.sequences.empty());
    CHECK(receipts.take(bob, Came::by_link).ids.empty());
    parcel = receipts.take(bob, Came::by_mailbox);
    CHECK(parcel.ids == std::vector<MessageId>{message_named(2)});
    CHECK(parcel.sequences == std::vector<std::uint64_t>{71});
    CHECK(receipts.empty());
}

TEST_CASE("more than a frame carries: the mailbox rows are released with the last of them")
{
    Receipts receipts;
    for (std::uint32_t n = 0; n <= wire::receipt_ids_max; ++n)
        receipts.owe(bob, message_named(n), n + 1);
    auto parcel = receipts.take(bob);
    CHECK(parcel.ids.size() == wire::receipt_ids_max);
    CHECK(parcel.sequences.empty());
    parcel = receipts.take(bob);
    CHECK(parcel.ids.size() == 1);
    CHECK(parcel.sequences.size() == wire::receipt_ids_max + 1);
}

TEST_CASE("a link that goes takes its last receipts along: they are owed again, older ones are not")
{
    Receipts receipts;
    receipts.sent_on_link(7, bob, {message_named(1)}, at_ms(0).mono);
    receipts.sent_on_link(7, bob, {message_named(2)}, at_ms(6'000).mono);
    receipts.link_lost(7, at_ms(7'000).mono);
    CHECK(receipts.take(bob).ids == std::vector<MessageId>{message_named(2)});
    receipts.link_lost(7, at_ms(7'000).mono);
    CHECK(receipts.empty());
}

TEST_CASE("by mailbox: the first goes at once, the next waits and takes more along")
{
    Receipts receipts;
    CHECK(receipts.mailbox_ready(bob, at_ms(0).mono));
    receipts.sent_by_mailbox(bob, at_ms(0).mono);
    CHECK(receipts.mailbox_deadline() == never);
    receipts.owe(bob, message_named(1), 0);
    CHECK_FALSE(receipts.mailbox_ready(bob, at_ms(99).mono));
    CHECK(receipts.mailbox_deadline() == at_ms(100).mono);
    CHECK(receipts.mailbox_ready(bob, at_ms(100).mono));
}

TEST_CASE("a parcel that did not get through comes back whole; a new relay session names its rows anew")
{
    Receipts receipts;
    receipts.owe(bob, message_named(1), 71);
    const auto parcel = receipts.take(bob);
    receipts.give_back(bob, parcel);
    CHECK(receipts.take(bob).sequences == std::vector<std::uint64_t>{71});
    receipts.give_back(bob, parcel);
    receipts.forget_sequences();
    const auto again = receipts.take(bob);
    CHECK(again.ids.size() == 1);
    CHECK(again.sequences.empty());
}

TEST_CASE("receipts_owed_max: the oldest are forgotten, the sender will ask again")
{
    Receipts receipts;
    for (std::uint32_t n = 0; n < receipts_owed_max + 10; ++n)
        receipts.owe(bob, message_named(n), 0);
    CHECK(receipts.take(bob).ids.front() == message_named(10));
}
