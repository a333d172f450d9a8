// SPDX-License-Identifier: Apache-2.0
// Live locations, earlier versions, and what happens to groups.
#include "lib/conversation/shared.hpp"
#include "tests/lib/conversation/shelf.hpp"

#include <algorithm>
#include <numeric>
#include <random>

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

namespace {

constexpr std::uint32_t live_s = 600;

port::StoredMessage live(std::uint32_t n, std::string from, std::int64_t hlc_ms)
{
    content::Location where;
    where.latitude_e7 = 10;
    where.longitude_e7 = 20;
    where.live_seconds = live_s;
    return post(n, std::move(from), "", where, hlc_ms);
}

struct Move {
    std::string author;
    std::int64_t at;
    Spot spot;
};

std::optional<Changed> play(Shelf& here, const Move& move, std::int64_t now)
{
    return conversation::move(here.store, chat, message_named(1), move.author, at_ms(move.at).wall_ms,
                              message_named(static_cast<std::uint32_t>(1000 + move.at)), move.spot, at_ms(now));
}

std::int32_t latitude(const Message& message)
{
    return std::get<content::Location>(message.body).latitude_e7;
}

void keep(Shelf& here, std::int64_t versions)
{
    (void)here.store.put_register({std::string(shared::account_versions), ++here.stamp, shared::number(versions)});
}

std::vector<std::string> said_before(Shelf& here, std::uint32_t n)
{
    std::vector<std::string> out;
    const auto row = here.store.message_in(chat, message_named(n));
    REQUIRE(row);
    for (const auto& one : versions(here.store, *row))
        out.push_back(one.text);
    CHECK(here.shown(n).versions == out.size());
    return out;
}

} // namespace

TEST_CASE("a live location is where its author said last, whatever came first; others do not move it")
{
    const auto said = live(1, "ann", 10);
    const Move moves[] = {{"ann", 100, {11, 21, 5, false}},
                          {"ann", 300, {13, 23, 7, false}},
                          {"bob", 400, {99, 99, 0, false}},
                          {"ann", 200, {12, 22, 6, false}}};
    std::vector<int> order(5);
    std::iota(order.begin(), order.end(), 0);
    do {
        Shelf here("bob");
        for (const auto at : order) {
            if (at == 4)
                (void)here.take(said, 500);
            else
                (void)play(here, moves[at], 500);
        }
        const auto m = here.shown(1);
        CHECK(latitude(m) == 13);
        CHECK(std::get<content::Location>(m.body).accuracy_m == 7);
        CHECK(m.moved_ms == at_ms(300).wall_ms);
        CHECK(m.live_until_ms == at_ms(10).wall_ms + live_s * 1000);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("it moves until its time is over, or its author ends it; what does not move stays where it is")
{
    Shelf here("bob");
    (void)here.take(live(1, "ann", 0), 0);
    const auto over = static_cast<std::int64_t>(live_s) * 1000 + 6 * 60'000; // The clocks of two devices may differ.
    CHECK_FALSE(play(here, {"ann", over, {11, 21, 0, false}}, over).has_value());
    CHECK(latitude(here.shown(1)) == 10);
    REQUIRE(play(here, {"ann", 100, {11, 21, 0, false}}, 100).has_value());
    const auto ended = play(here, {"ann", 200, {12, 22, 0, true}}, 200);
    REQUIRE(ended);
    CHECK(ended->what == Changed::What::moved);
    CHECK(here.shown(1).live_until_ms == 0);
    CHECK_FALSE(play(here, {"ann", 300, {13, 23, 0, false}}, 300).has_value());
    CHECK(latitude(here.shown(1)) == 12);

    Shelf there("bob");
    content::Location still;
    still.latitude_e7 = 10;
    (void)there.take(post(1, "ann", "", still, 0), 0);
    CHECK_FALSE(play(there, {"ann", 100, {11, 21, 0, false}}, 100).has_value());
    CHECK(latitude(there.shown(1)) == 10);
    CHECK(there.shown(1).live_until_ms == 0);
}

TEST_CASE("what its author ended on one device and moved on another has ended everywhere, whatever came first")
{
    const auto said = live(1, "ann", 10);
    const Move moves[] = {{"ann", 100, {11, 21, 5, false}},
                          {"ann", 200, {12, 22, 6, true}},
                          {"ann", 300, {13, 23, 7, false}},
                          {"ann", 400, {14, 24, 8, true}}, // Where the first was not known yet.
                          {"bob", 50, {99, 99, 0, true}}};
    std::vector<int> order(6);
    std::iota(order.begin(), order.end(), 0);
    do {
        Shelf here("bob");
        for (const auto at : order) {
            if (at == 5)
                (void)here.take(said, 500);
            else
                (void)play(here, moves[at], 500);
        }
        const auto m = here.shown(1);
        CHECK(latitude(m) == 12);
        CHECK(m.moved_ms == at_ms(200).wall_ms);
        CHECK(m.live_until_ms == 0);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("an end of before, which was the last of the moves, is an end still, and gives way to an earlier one")
{
    Shelf here("bob");
    (void)here.take(live(1, "ann", 10), 500);
    port::Annotation end;
    end.conversation = chat;
    end.target = message_named(1);
    end.name = "moved";
    end.author = "ann";
    end.hlc_ms = at_ms(200).wall_ms;
    for (const auto number : {12, 22, 6, 1})
        append(end.value, shared::number(number));
    REQUIRE(merge(here.store, end, at_ms(500)).has_value());
    CHECK(latitude(here.shown(1)) == 12);
    CHECK(here.shown(1).live_until_ms == 0);
    CHECK_FALSE(play(here, {"ann", 300, {13, 23, 7, false}}, 500));
    CHECK_FALSE(play(here, {"ann", 300, {13, 23, 7, true}}, 500));
    CHECK(latitude(here.shown(1)) == 12);
    CHECK(play(here, {"ann", 150, {11, 21, 5, true}}, 500));
    CHECK(latitude(here.shown(1)) == 11);
}

TEST_CASE("taken back: where somebody was is in no store")
{
    for (const bool recall_first : {false, true}) {
        Shelf here("bob");
        const auto recall = post(2, "ann", "", content::Recall{message_named(1)}, 20);
        if (recall_first) (void)here.take(recall, 30);
        (void)here.take(live(1, "ann", 0), 10);
        (void)play(here, {"ann", 15, {11, 21, 0, false}}, 15);
        if (!recall_first) (void)here.take(recall, 30);
        (void)play(here, {"ann", 40, {12, 22, 0, false}}, 40);
        for (const auto& one : here.store.annotations(chat, message_named(1)))
            CHECK(one.name.starts_with("recall"));
    }
}

TEST_CASE("what a message said before: as many versions as the account wishes, whatever came first")
{
    std::vector<port::StoredMessage> all{text(1, "ann", "one", 10)};
    for (std::uint32_t n = 2; n <= 5; ++n)
        all.push_back(post(n, "ann", "edit " + std::to_string(n), content::Edit{message_named(1), {}, {}}, 10 + n));
    all.push_back(post(9, "bob", "not mine", content::Edit{message_named(1), {}, {}}, 50));
    std::mt19937_64 dice(5);
    for (int round = 0; round < 40; ++round) {
        CAPTURE(round);
        Shelf here("bob");
        keep(here, 8);
        std::shuffle(all.begin(), all.end(), dice);
        for (const auto& one : all)
            (void)here.take(one, 100);
        CHECK(here.shown(1).text == "edit 5");
        CHECK(said_before(here, 1) == std::vector<std::string>{"one", "edit 2", "edit 3", "edit 4"});
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.hlc_ms < b.hlc_ms; });
    for (const auto kept : {0, 2}) {
        Shelf here("bob");
        keep(here, kept);
        for (const auto& one : all)
            (void)here.take(one, 100);
        CHECK(said_before(here, 1) ==
              (kept == 0 ? std::vector<std::string>{} : std::vector<std::string>{"edit 3", "edit 4"}));
    }
}

TEST_CASE("earlier versions go with their message, by recall, by lifetime, and when none are wished for any more")
{
    const auto edited = [](Shelf& here, content::Lifetime lifetime = {}) {
        keep(here, 8);
        auto said = text(1, "ann", "canary one", 10);
        wire::content::Extra extra;
        extra.lifetime = lifetime;
        said.extra = wire::encode(extra);
        (void)here.take(said, 20);
        (void)here.take(post(2, "ann", "canary two", content::Edit{message_named(1), {}, {}}, 30), 30);
        (void)here.take(post(3, "ann", "canary three", content::Edit{message_named(1), {}, {}}, 40), 40);
        REQUIRE(said_before(here, 1) == std::vector<std::string>{"canary one", "canary two"});
    };
    Shelf recalled("bob");
    edited(recalled);
    (void)recalled.take(post(4, "ann", "", content::Recall{message_named(1)}, 50), 50);
    CHECK_FALSE(finds(recalled.store, "canary"));
    // An edit that comes afterwards brings nothing back.
    (void)recalled.take(post(5, "ann", "canary four", content::Edit{message_named(1), {}, {}}, 45), 60);
    CHECK_FALSE(finds(recalled.store, "canary"));

    Shelf lived("bob");
    edited(lived, {5, content::Lifetime::From::sent});
    CHECK(expire(lived.store, at_ms(10'000), 9).size() == 1);
    CHECK_FALSE(finds(lived.store, "canary"));

    Shelf wished("bob");
    edited(wished);
    keep(wished, 0);
    while (!drop_versions(wished.store, 1)) {}
    CHECK_FALSE(finds(wished.store, "canary one"));
    CHECK_FALSE(finds(wished.store, "canary two"));
    CHECK(wished.shown(1).text == "canary three");
}

TEST_CASE("an edit of a caption brings its mentions along")
{
    Shelf here("bob");
    content::Attachment file;
    file.file.id.bytes.fill(1);
    file.mentions = {{"bob", {0, 3}}};
    (void)here.take(post(1, "ann", "bob look", file, 10), 10);
    (void)here.take(post(2, "ann", "cas, look", content::Edit{message_named(1), {{"cas", {0, 3}}}, {}}, 20), 20);
    const auto m = here.shown(1);
    CHECK(m.text == "cas, look");
    const auto& body = std::get<content::Attachment>(m.body);
    CHECK(body.mentions == std::vector<content::Mention>{{"cas", {0, 3}}});
    CHECK(body.file == file.file);
}

TEST_CASE("what happens to a group stands in its history, is not unread, and nobody acts on it or sends one")
{
    Shelf here("bob", ConversationKind::group);
    (void)here.take(text(1, "ann", "hello", 10), 10);
    content::GroupNote note{content::GroupNote::What::added, "ann", {"cas"}, {}, 0};
    CHECK(note_group(here.store, here.parties, message_named(2), note, at_ms(5)));
    CHECK_FALSE(note_group(here.store, here.parties, message_named(2), note, at_ms(6)));
    const auto page = here.store.history(chat, 9, std::nullopt);
    REQUIRE(page.size() == 2);
    CHECK(page.back().message.id == message_named(2)); // Behind what was there, though the clock is behind.
    CHECK(here.store.count_received_after(chat, 0, {}, 9) == 1);
    CHECK(here.store.heads(chat).size() == 1); // Nobody's parent.
    CHECK(std::get<content::GroupNote>(here.shown(2).body) == note);
    (void)here.take(post(3, "ann", "", content::Reaction{message_named(2), "+", true}, 20), 20);
    (void)here.take(post(4, "ann", "", content::Recall{message_named(2)}, 21, Role::owner), 21);
    (void)here.take(post(5, "ann", "x", content::Edit{message_named(2), {}, {}}, 22), 22);
    const auto m = here.shown(2);
    CHECK(m.reactions.empty());
    CHECK(m.recalled_ms == 0);
    CHECK(std::get<content::GroupNote>(m.body) == note);
    CHECK_FALSE(may(here.store, here.parties, content::Reaction{message_named(2), "+", true}, 1000, at_ms(30)));
    Draft draft;
    draft.body = note;
    CHECK(validate(draft).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("a read mark says what came late: not read until it is said again")
{
    MemoryStore store;
    store.begin();
    const Place place{100, message_named(7)};
    CHECK(note_read(store, chat, "bob", place));
    CHECK_FALSE(note_read(store, chat, "bob", place));
    CHECK(note_read(store, chat, "bob", place, {message_named(3)}));
    REQUIRE(readers(store, chat).size() == 1);
    CHECK(readers(store, chat)[0].late == std::vector<MessageId>{message_named(3)});
    CHECK(read_up_to(store, chat, "bob") == place);
    CHECK(note_read(store, chat, "bob", place));
    CHECK(readers(store, chat)[0].late.empty());
    CHECK_FALSE(note_read(store, chat, "bob", {99, message_named(8)}, {message_named(3)}));
}
