// SPDX-License-Identifier: Apache-2.0
// What an account's devices say they have read.
#include "lib/conversation/own_read.hpp"
#include "lib/conversation/shared.hpp"
#include "tests/lib/conversation/shelf.hpp"

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

namespace {

using Ids = std::vector<MessageId>;

void says(port::Store& store, const OwnRead& read, std::int64_t at_ms)
{
    CHECK(store.put_register({own_read_name(chat, read.by), at_ms, encode(read)}));
}

} // namespace

TEST_CASE("what a device has read, to bytes and back; before, it was less")
{
    const OwnRead read{
        {100, message_named(1)}, device_named(7), {message_named(2), message_named(3)}, {message_named(4)}};
    auto back = decode_read(encode(read));
    REQUIRE(back);
    CHECK(back->place == read.place);
    CHECK(back->by == read.by);
    CHECK(back->late == read.late);
    CHECK(back->seen == read.seen);

    back = decode_read(encode(read.place));
    REQUIRE(back);
    CHECK(back->place == read.place);
    CHECK(back->by.is_zero());
    auto bytes = encode(read);
    bytes.pop_back();
    CHECK_FALSE(decode_read(bytes));
    CHECK_FALSE(decode_read({}));

    CHECK(is_own_read("read"));
    CHECK(is_own_read("read/" + std::string(64, 'a')));
    CHECK_FALSE(is_own_read("receipts"));
    CHECK_FALSE(is_own_read("reads"));
}

TEST_CASE("what came late to one device is unread until one of them has seen it")
{
    MemoryStore store;
    store.begin();
    const auto here = device_named(1);
    const auto there = device_named(2);
    CHECK_FALSE(read_state(store, chat, here).own);
    says(store, {{100, message_named(9)}, here, {}, {}}, 1000);
    says(store, {{90, message_named(8)}, there, {message_named(3), message_named(4)}, {}}, 2000);

    const auto state = read_state(store, chat, here);
    REQUIRE(state.own);
    CHECK(state.own->place == Place{100, message_named(9)});
    CHECK(state.late == Ids{message_named(3), message_named(4)});
    CHECK(state.late_elsewhere == state.late);
    CHECK(read_state(store, chat, there).late_elsewhere.empty());

    auto own = *state.own;
    own.seen = {message_named(3)};
    says(store, own, 3000);
    CHECK(read_state(store, chat, here).late == Ids{message_named(4)});
    CHECK(read_state(store, chat, there).late == Ids{message_named(4)});

    // That device reads both, and says so: nothing is left to be seen.
    says(store, {{100, message_named(9)}, there, {}, {}}, 4000);
    auto after = read_state(store, chat, here);
    CHECK(after.late.empty());
    CHECK_FALSE(note_seen(store, chat, after, own.place, own));
    CHECK(own.seen.empty());
}

TEST_CASE("the register that all devices shared once counts until its device has one of its own")
{
    MemoryStore store;
    store.begin();
    const auto here = device_named(1);
    const auto there = device_named(2);
    const OwnRead before{{50, message_named(5)}, there, {message_named(3)}, {}};
    CHECK(store.put_register({shared::name_of(chat, shared::read), 9000, encode(before)}));
    CHECK(read_state(store, chat, here).late == Ids{message_named(3)});
    CHECK(read_state(store, chat, here).late_elsewhere == Ids{message_named(3)});
    const auto own = read_state(store, chat, there).own;
    REQUIRE(own);
    CHECK(own->place == before.place);
    CHECK(own->late == before.late);
    says(store, {{60, message_named(6)}, there, {}, {}}, 100); // By whatever clock.
    CHECK(read_state(store, chat, here).late.empty());
    CHECK(read_state(store, chat, there).own->place == Place{60, message_named(6)});
}
