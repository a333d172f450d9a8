// SPDX-License-Identifier: Apache-2.0
// What a user removes, one by one or a whole conversation at once.
#include "lib/conversation/cleared.hpp"
#include "lib/conversation/quotes.hpp"
#include "lib/conversation/shared.hpp"
#include "tests/lib/conversation/shelf.hpp"

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

namespace {

using Ids = std::vector<MessageId>;
using Says = Clears::Says;

Changed remove_here(Shelf& here, std::uint32_t n)
{
    return conversation::remove(here.store, *here.store.message_in(chat, message_named(n)));
}

port::StoredMessage standing(std::uint32_t n, std::int64_t hlc_ms)
{
    auto out = text(n, "ann", "words", hlc_ms);
    out.message.state = MessageState::received;
    return out;
}

} // namespace

TEST_CASE("a removed post says nothing any more, whatever is said about it since; a tombstone goes, too")
{
    Shelf here("bob");
    (void)here.take(text(1, "ann", "canary", 10), 10);
    (void)here.take(post(2, "ann", "canary two", content::Edit{message_named(1), {}, {}}, 20), 20);
    (void)here.take(post(3, "bob", "", content::Pin{message_named(1), true}, 21), 21);
    auto answer = text(4, "ann", "answer", 30);
    wire::content::Extra extra;
    extra.reply.push_back({message_named(1), "ann", "canary two"});
    answer.extra = wire::encode(extra);
    (void)here.take(answer, 30);
    auto gone = remove_here(here, 1);
    CHECK(gone.what == Changed::What::removed);
    CHECK(gone.told);
    CHECK(gone.edits == Ids{message_named(2)});
    CHECK(gone.quotes == Ids{message_named(4)});
    CHECK(here.store.history(chat, 9, std::nullopt).size() == 1);
    CHECK(here.store.pinned(chat, 9, std::nullopt).empty());
    CHECK_FALSE(finds(here.store, "canary"));
    (void)here.take(post(5, "ann", "canary three", content::Edit{message_named(1), {}, {}}, 40), 40);
    (void)here.take(post(6, "ann", "", content::Reaction{message_named(1), "canary", true}, 41), 41);
    CHECK_FALSE(here.take(post(7, "ann", "", content::Recall{message_named(1)}, 50), 50).changed);
    CHECK_FALSE(finds(here.store, "canary"));
    CHECK(here.store.history(chat, 9, std::nullopt).size() == 1);
    CHECK_FALSE(remove_here(here, 1).told); // Nobody is shown it.

    (void)here.take(text(8, "ann", "one", 60), 60);
    (void)here.take(post(9, "ann", "", content::Recall{message_named(8)}, 61), 61);
    REQUIRE(here.shown(8).recalled_ms != 0);
    CHECK(remove_here(here, 8).what == Changed::What::removed);
    CHECK(here.store.history(chat, 9, std::nullopt).size() == 1);
}

TEST_CASE("what is removed before it comes is not shown when it does, nor what an archive has of it")
{
    Shelf here("bob");
    remove_ahead(here.store, chat, message_named(1));
    (void)here.take(post(2, "ann", "canary", content::Edit{message_named(1), {}, {}}, 20), 20);
    const auto came = here.take(text(1, "ann", "canary", 10), 30);
    CHECK(came.added);
    REQUIRE(came.changed);
    CHECK(came.changed->what == Changed::What::removed);
    CHECK_FALSE(came.changed->told);
    CHECK(here.store.message_in(chat, message_named(1))->hlc_ms == at_ms(10).wall_ms); // It has its place.
    remove_ahead(here.store, chat, message_named(3));
    CHECK_FALSE(merge(here.store, text(3, "ann", "canary", 11), at_ms(40)));
    auto row = text(1, "ann", "canary", 10);
    CHECK_FALSE(merge(here.store, row, at_ms(40)));
    CHECK_FALSE(finds(here.store, "canary"));
    CHECK(here.store.history(chat, 9, std::nullopt).empty());
    // Archives made here say so.
    const auto changes = here.store.changes(0, 9);
    CHECK(std::any_of(changes.begin(), changes.end(), [](const auto& one) { return one.target == message_named(1); }));
}

TEST_CASE("an own post's lifetime goes on when it was removed, a received one's has ended")
{
    Shelf here("bob");
    (void)here.take(lasting(1, "bob", {60, content::Lifetime::From::sent}, 10), 10);
    (void)here.take(lasting(2, "ann", {60, content::Lifetime::From::sent}, 11), 11);
    (void)here.take(lasting(3, "bob", {60, content::Lifetime::From::read}, 12), 12);
    for (const auto n : {1U, 2U, 3U})
        (void)remove_here(here, n);
    CHECK(begin_burning(here.store, chat, message_named(3), at_ms(100)));
    const auto over = expire(here.store, at_ms(200'000), 10);
    REQUIRE(over.size() == 2);
    for (const auto& one : over) {
        CHECK(one.what == Changed::What::expired);
        CHECK_FALSE(one.told);
        CHECK(one.row.message.id != message_named(2));
    }
    CHECK_FALSE(here.store.next_expiry());
}

TEST_CASE("what an archive says is gone leaves as if it was removed here")
{
    Shelf here("bob");
    (void)here.take(lasting(1, "bob", {60, content::Lifetime::From::sent}, 10), 10);
    const auto gone = merge_gone(here.store, chat, message_named(1));
    REQUIRE(gone);
    CHECK(gone->what == Changed::What::removed);
    CHECK_FALSE(merge_gone(here.store, chat, message_named(1)));
    CHECK(expire(here.store, at_ms(200'000), 10).size() == 1); // Of words that may be under way.
}

TEST_CASE("what happened to a group does not happen again when it was removed, before or after")
{
    Shelf group("cas", ConversationKind::group);
    const content::GroupNote note{content::GroupNote::What::name, "ann", {}, "new name", 0};
    REQUIRE(note_group(group.store, group.parties, message_named(1), note, at_ms(10)));
    SUBCASE("after")
    {
        (void)remove_here(group, 1);
    }
    SUBCASE("before")
    {
        remove_ahead(group.store, chat, message_named(2));
        CHECK_FALSE(note_group(group.store, group.parties, message_named(2), note, at_ms(20)));
        CHECK(group.store.history(chat, 9, std::nullopt).size() == 1);
        return;
    }
    SUBCASE("but what was not so, and is after all")
    {
        (void)withdraw(group.store, *group.store.message_in(chat, message_named(1)));
        CHECK(note_group(group.store, group.parties, message_named(1), note, at_ms(20)));
        CHECK(group.store.history(chat, 9, std::nullopt).size() == 1);
        return;
    }
    CHECK_FALSE(note_group(group.store, group.parties, message_named(1), note, at_ms(20)));
    CHECK(group.store.history(chat, 9, std::nullopt).empty());
}

TEST_CASE("what was removed, to bytes and back")
{
    std::vector<shared::Removed> all(2);
    all[0] = {conversation_named(1), {message_named(1), message_named(2)}};
    all[1] = {conversation_named(2), Ids(shared::removed_messages_max, message_named(3))};
    const auto bytes = encode(all);
    const auto back = shared::read_removed(bytes);
    REQUIRE(back);
    REQUIRE(back->size() == 2);
    CHECK((*back)[0].conversation == conversation_named(1));
    CHECK((*back)[0].messages == all[0].messages);
    CHECK((*back)[1].messages == all[1].messages);
    CHECK_FALSE(shared::read_removed({}));
    std::size_t whole = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        if (shared::read_removed(BytesView(bytes).first(size))) ++whole;
    CHECK(whole == 2); // None, one.
    auto other = bytes;
    other[0] = 2; // A later version.
    CHECK_FALSE(shared::read_removed(other));
    all[1].messages.push_back(message_named(4));
    CHECK_FALSE(shared::read_removed(encode(all)));
    CHECK_FALSE(shared::is_shared(shared::removed)); // Neither an archive nor a register among several brings it.
}

TEST_CASE("what was cleared, to bytes and back")
{
    const Cleared cleared{{100, message_named(9)}, {50, message_named(5)}, {message_named(9), message_named(5)}};
    const auto back = decode_cleared(encode(cleared));
    REQUIRE(back);
    CHECK(back->up_to == cleared.up_to);
    CHECK(back->since == cleared.since);
    CHECK(back->messages == cleared.messages);
    auto bytes = encode(cleared);
    bytes.pop_back();
    CHECK_FALSE(decode_cleared(bytes));
    CHECK_FALSE(decode_cleared({}));
    CHECK_FALSE(decode_cleared(encode(Cleared{{}, {}, Ids(cleared_named_max + 1)})));
    CHECK(decode_cleared(encode(Cleared{{}, {}, Ids(cleared_named_max)})));
    CHECK(encode(Cleared{{}, {}, Ids(cleared_named_max)}).size() < wire::register_value_bytes_max);

    const auto name = cleared_name(chat, device_named(7));
    const auto about = shared::parse(name);
    REQUIRE(about);
    CHECK(about->conversation == chat);
    CHECK(cleared_by(about->what) == device_named(7));
    CHECK_FALSE(cleared_by("cleared"));
    CHECK_FALSE(cleared_by("cleared/00"));
    CHECK_FALSE(cleared_by("clearedx/" + std::string(64, '0')));
}

TEST_CASE("who clears names what stands, and a place before it; what it has not seen stays")
{
    Shelf here("bob");
    CHECK_FALSE(clear(here.store, here.parties, at_ms(1)));
    for (std::uint32_t n = 1; n <= 1200; ++n)
        (void)here.take(text(n, "ann", "words", n), 2000);
    const auto cleared = clear(here.store, here.parties, at_ms(2000));
    REQUIRE(cleared);
    CHECK(cleared->up_to.id == message_named(1200));
    REQUIRE(cleared->messages.size() == cleared_named_max);
    CHECK(cleared->messages.front() == message_named(1200));
    CHECK(cleared->messages.back() == message_named(201));
    CHECK(cleared->since.id == message_named(201));
    CHECK(here.store.put_register({cleared_name(chat, here.parties.own_device), 10, encode(*cleared)}));

    const auto other = device_named(2);
    const Clears clears(here.store, chat);
    CHECK(clears.of(standing(1200, 1200), other) == Says::named);
    CHECK(clears.of(standing(201, 999'999), other) == Says::named); // Wherever it stands there.
    CHECK(clears.of(standing(7777, 1100), other) == Says::nothing);
    CHECK(clears.of(standing(7777, 1300), other) == Says::nothing);
    CHECK(clears.of(standing(7777, 100), other) == Says::before);
    CHECK(clears.of(standing(7777, 100), here.parties.own_device) == Says::before_here);

    // What came since is named by the next one, and so is what the first one had named, as far as there is room.
    for (const auto& id : cleared->messages)
        (void)conversation::remove(here.store, *here.store.message_in(chat, id));
    for (std::uint32_t n = 1; n <= 200; ++n)
        (void)remove_here(here, n);
    for (std::uint32_t n = 1201; n <= 1300; ++n)
        (void)here.take(text(n, "ann", "words", n), 2000);
    const auto next = clear(here.store, here.parties, at_ms(2000));
    REQUIRE(next);
    CHECK(next->messages.size() == cleared_named_max);
    CHECK(next->messages.front() == message_named(1300));
    CHECK(next->messages.back() == message_named(301));
    CHECK(next->since.id == message_named(301));
}

TEST_CASE("two devices that clear lose nothing of either")
{
    MemoryStore store;
    store.begin();
    CHECK(Clears(store, chat).of(standing(1, 10), device_named(1)) == Says::nothing);
    const auto place = [](std::uint32_t n, std::int64_t hlc_ms) {
        return Place{at_ms(hlc_ms).wall_ms, message_named(n)};
    };
    const Cleared first{place(9, 100), place(9, 100), {message_named(9)}};
    const Cleared second{place(5, 50), place(4, 40), {message_named(5), message_named(4)}};
    CHECK(store.put_register({cleared_name(chat, device_named(1)), 10, encode(first)}));
    CHECK(store.put_register({cleared_name(chat, device_named(2)), 20, encode(second)}));
    CHECK(store.put_register({cleared_name(chat, device_named(3)), 20, {1, 2, 3}}));
    const Clears clears(store, chat);
    CHECK(clears.stamp() == 30);
    CHECK(clears.of(standing(9, 100), device_named(3)) == Says::named);
    CHECK(clears.of(standing(4, 40), device_named(3)) == Says::named);
    CHECK(clears.of(standing(7, 70), device_named(1)) == Says::before_here);
    CHECK(clears.of(standing(7, 30), device_named(1)) == Says::before_here);
    // They name all that they had.
    CHECK(clears.of(standing(7, 70), device_named(2)) == Says::read_here);
    CHECK(clears.of(standing(7, 170), device_named(2)) == Says::nothing);
    // It was under way to nobody any more.
    CHECK(
        store.put_register({cleared_name(chat, device_named(1)), at_ms(75).wall_ms + under_way_ms_max, encode(first)}));
    CHECK(Clears(store, chat).of(standing(7, 70), device_named(2)) == Says::before);
    CHECK(Clears(store, chat).of(standing(7, 80), device_named(2)) == Says::read_here);
}

TEST_CASE("an own live location that moves is not cleared: nobody could end it")
{
    Shelf here("bob");
    (void)here.take(post(1, "bob", "", content::Location{1, 2, 0, {}, 600}, 10), 10);
    (void)here.take(post(2, "ann", "", content::Location{1, 2, 0, {}, 600}, 11), 11);
    CHECK(is_moving(here.store, *here.store.message_in(chat, message_named(1)), at_ms(20)));
    CHECK_FALSE(is_moving(here.store, *here.store.message_in(chat, message_named(2)), at_ms(20)));
    const auto cleared = clear(here.store, here.parties, at_ms(20));
    REQUIRE(cleared);
    CHECK(cleared->messages == Ids{message_named(2)});
    CHECK(clear(here.store, here.parties, at_ms(700'000))->messages == Ids{message_named(2), message_named(1)});
}
