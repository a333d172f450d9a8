// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/reactions.hpp"
#include "lib/conversation/shared.hpp"
#include "tests/lib/conversation/shelf.hpp"

#include <numeric>
#include <random>

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

TEST_CASE("an edit takes the place of the text, whichever comes first; only its author's counts")
{
    const auto said = text(1, "ann", "helo", 10);
    const auto edit = post(2, "ann", "hello", content::Edit{message_named(1), {{"bob", {0, 2}}}, {}}, 20);
    const auto forged = post(3, "bob", "HA", content::Edit{message_named(1), {}, {}}, 30);
    for (const bool edit_first : {false, true}) {
        Shelf here("bob");
        CHECK_FALSE(here.take(edit_first ? edit : said, 30).changed.has_value());
        const auto second = here.take(edit_first ? said : edit, 30);
        REQUIRE(second.changed);
        CHECK(second.changed->what == Changed::What::edited);
        CHECK_FALSE(here.take(forged, 40).changed.has_value());
        CHECK(here.shown(1).text == "hello");
        CHECK(here.shown(1).edited_ms == at_ms(20).wall_ms);
        CHECK(std::get<content::Text>(here.shown(1).body).mentions.size() == 1);
        CHECK(here.store.history(chat, 9, std::nullopt).size() == 1); // Edits are not shown.
    }
}

TEST_CASE("of two edits the later clock stands, in any order")
{
    const auto first = post(2, "ann", "one", content::Edit{message_named(1), {}, {}}, 20);
    const auto second = post(3, "ann", "two", content::Edit{message_named(1), {}, {}}, 21);
    for (const bool swapped : {false, true}) {
        Shelf here("bob");
        (void)here.take(text(1, "ann", "zero", 10), 30);
        (void)here.take(swapped ? second : first, 30);
        (void)here.take(swapped ? first : second, 30);
        CHECK(here.shown(1).text == "two");
    }
}

TEST_CASE("a recall leaves a tombstone, and no word of it, nor of its edits and reactions")
{
    for (const int order : {0, 1, 2}) {
        Shelf here("bob");
        const port::StoredMessage all[] = {text(1, "ann", "canary", 10),
                                           post(2, "ann", "canary two", content::Edit{message_named(1), {}, {}}, 20),
                                           post(3, "bob", "", content::Reaction{message_named(1), "canary", true}, 21),
                                           post(4, "ann", "", content::Recall{message_named(1)}, 30)};
        for (int i = 0; i < 4; ++i)
            (void)here.take(all[(i + order * 3) % 4], 40);
        const auto m = here.shown(1);
        CHECK(m.text.empty());
        CHECK(m.recalled_ms == at_ms(30).wall_ms);
        CHECK(m.recalled_by == "ann");
        CHECK(m.reactions.empty());
        CHECK_FALSE(finds(here.store, "canary"));
        // What comes after it does not bring anything back.
        (void)here.take(post(5, "ann", "canary three", content::Edit{message_named(1), {}, {}}, 50), 50);
        CHECK_FALSE(finds(here.store, "canary"));
        CHECK(here.shown(1).text.empty());
    }
}

TEST_CASE("who may take back: the author, in time; in a group an admin; nobody else")
{
    Shelf here("bob");
    (void)here.take(text(1, "ann", "one", 10), 10);
    CHECK_FALSE(here.take(post(2, "bob", "", content::Recall{message_named(1)}, 20), 20).changed.has_value());
    const auto late = recall_ms_max + 11;
    CHECK_FALSE(here.take(post(3, "ann", "", content::Recall{message_named(1)}, late), late).changed.has_value());
    CHECK(here.shown(1).text == "one");

    Shelf group("cas", ConversationKind::group);
    (void)group.take(text(1, "ann", "one", 10), 10);
    CHECK_FALSE(group.take(post(2, "bob", "", content::Recall{message_named(1)}, 20, Role::member), 20).changed);
    CHECK(group.take(post(3, "bob", "", content::Recall{message_named(1)}, 21, Role::admin), 21).changed);
    CHECK(group.shown(1).recalled_by == "bob");
}

TEST_CASE("reactions are each author's own; pins are everybody's")
{
    Shelf here("bob");
    (void)here.take(text(1, "ann", "one", 10), 10);
    (void)here.take(post(2, "ann", "", content::Reaction{message_named(1), "+", true}, 20), 20);
    (void)here.take(post(3, "bob", "", content::Reaction{message_named(1), "+", true}, 21), 21);
    (void)here.take(post(4, "bob", "", content::Reaction{message_named(1), "-", true}, 22), 22);
    (void)here.take(post(5, "ann", "", content::Reaction{message_named(1), "+", false}, 23), 23);
    auto pinned = here.take(post(6, "ann", "", content::Pin{message_named(1), true}, 24), 24);
    REQUIRE(pinned.changed);
    CHECK(pinned.changed->what == Changed::What::pinned);
    auto m = here.shown(1);
    CHECK(m.pinned);
    CHECK(m.reactions == std::vector<Reactions>{{"+", {"bob"}}, {"-", {"bob"}}});
    (void)here.take(post(7, "bob", "", content::Pin{message_named(1), false}, 25), 25);
    CHECK_FALSE(here.shown(1).pinned);

    Shelf group("cas", ConversationKind::group);
    (void)group.take(text(1, "ann", "one", 10), 10);
    (void)group.take(post(2, "bob", "", content::Pin{message_named(1), true}, 20, Role::member), 20);
    CHECK_FALSE(group.shown(1).pinned);
}

TEST_CASE("however many reactions somebody sends, in any order: the same few stand, and no more are kept")
{
    std::vector<port::StoredMessage> all;
    for (int i = 0; i < 200; ++i) { // Some are taken back, some of those set again.
        const auto emoji = "e" + std::to_string(i % 70);
        all.push_back(post(static_cast<std::uint32_t>(i + 2), "bob", "",
                           content::Reaction{message_named(1), emoji, i % 3 != 0}, 20 + i));
    }
    std::optional<std::vector<Reactions>> shown;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        std::shuffle(all.begin(), all.end(), dice);
        Shelf here("ann");
        (void)here.take(text(1, "ann", "hello", 10), 300);
        (void)here.take(post(250, "cy", "", content::Reaction{message_named(1), "e1", true}, 15), 300);
        for (const auto& one : all)
            (void)here.take(one, 300);
        CHECK(here.store.annotations(chat, message_named(1)).size() == reactions_kept_max + 1);
        const auto its = here.shown(1).reactions;
        std::size_t of_bob = 0;
        for (const auto& one : its)
            of_bob += static_cast<std::size_t>(std::count(one.users.begin(), one.users.end(), "bob"));
        CHECK(of_bob == reactions_per_author_max);
        if (!shown) shown = its;
        REQUIRE(its.size() == shown->size());
        for (std::size_t i = 0; i < its.size(); ++i) {
            CHECK(its[i].emoji == (*shown)[i].emoji);
            CHECK(its[i].users == (*shown)[i].users);
        }
    }
}

TEST_CASE("at most so many different reactions are shown at one message: those that were there first")
{
    Shelf here("ann");
    (void)here.take(text(1, "ann", "hello", 10), 300);
    for (std::size_t i = 0; i <= reactions_max; ++i)
        (void)here.take(post(static_cast<std::uint32_t>(i + 2), "user" + std::to_string(i), "",
                             content::Reaction{message_named(1), "e" + std::to_string(i), true},
                             20 + static_cast<int>(i)),
                        300);
    const auto its = here.shown(1).reactions;
    CHECK(its.size() == reactions_max);
    CHECK(std::none_of(its.begin(), its.end(),
                       [](const auto& one) { return one.emoji == "e" + std::to_string(reactions_max); }));
}

TEST_CASE("one's own reactions: at the bound, one more is refused, and one that is there is not")
{
    Shelf here("ann");
    (void)here.take(text(1, "bob", "hello", 10), 300);
    Parties parties;
    parties.conversation = chat;
    parties.own_user = "ann";
    const auto may_set = [&](const std::string& emoji) {
        return may(here.store, parties, content::Reaction{message_named(1), emoji, true}, 1000, at_ms(300)).ok();
    };
    for (std::size_t i = 0; i < reactions_per_author_max; ++i) {
        CHECK(may_set("e" + std::to_string(i)));
        (void)here.take(post(static_cast<std::uint32_t>(i + 2), "ann", "",
                             content::Reaction{message_named(1), "e" + std::to_string(i), true},
                             20 + static_cast<int>(i)),
                        300);
    }
    CHECK(may_set("e0"));
    CHECK_FALSE(may_set("e8"));
    CHECK(may(here.store, parties, content::Reaction{message_named(1), "e8", false}, 1000, at_ms(300)).ok());
}

TEST_CASE("what disappears: counted from sending, or from reading; a restart or a clock that is ahead prolongs nothing")
{
    Shelf here("bob");
    (void)here.take(lasting(1, "ann", {60, content::Lifetime::From::sent}, 1000), 1000);
    CHECK(here.store.next_expiry() == at_ms(61'000).wall_ms);
    CHECK(expire(here.store, at_ms(60'999), 10).empty());
    CHECK(expire(here.store, at_ms(61'000), 10).size() == 1);
    CHECK(here.store.history(chat, 9, std::nullopt).empty());
    CHECK_FALSE(finds(here.store, "soon gone"));
    CHECK(here.store.has_message(chat, message_named(1))); // Its place is known: who answers to it does not wait.

    auto ahead = lasting(2, "ann", {60, content::Lifetime::From::sent}, 999'000'000);
    (void)here.take(ahead, 2000);
    CHECK(here.store.next_expiry() == at_ms(62'000).wall_ms);
    (void)expire(here.store, at_ms(62'000), 10);

    (void)here.take(lasting(3, "ann", {5, content::Lifetime::From::read}, 3000), 3000);
    CHECK_FALSE(here.store.next_expiry().has_value());
    const auto row = here.store.message_in(chat, message_named(3));
    CHECK(begin_burning(here.store, chat, false, {row->hlc_ms, row->message.id}, at_ms(4000)).empty()); // Not own.
    CHECK(begin_burning(here.store, chat, true, {row->hlc_ms - 1, row->message.id}, at_ms(4000)).empty());
    CHECK(begin_burning(here.store, chat, true, {row->hlc_ms, row->message.id}, at_ms(4000)).size() == 1);
    CHECK(begin_burning(here.store, chat, true, {row->hlc_ms, row->message.id}, at_ms(8000)).empty());
    CHECK(here.store.next_expiry() == at_ms(9000).wall_ms);
}

TEST_CASE("what was taken back and has lived its time since leaves nothing where it was still on its way")
{
    Shelf author("ann");
    const auto said = lasting(1, "ann", {60, content::Lifetime::From::sent}, 1000);
    (void)author.take(said, 1000);
    (void)author.take(post(2, "ann", "", content::Recall{message_named(1)}, 2000), 2000);
    const auto place_at_others = [&] {
        const auto place = tombstone(*author.store.message_in(chat, message_named(1)));
        auto row = said;
        row.message.text.clear();
        row.extra = wire::encode(place.extra);
        row.shown = false;
        return row;
    };
    Shelf in_time("bob");
    (void)in_time.take(place_at_others(), 3000);
    CHECK(in_time.shown(1).recalled_ms != 0);
    CHECK(expire(in_time.store, at_ms(61'000), 9).size() == 1);

    REQUIRE(expire(author.store, at_ms(61'000), 9).size() == 1);
    for (const bool recall_first : {false, true}) {
        Shelf late("bob");
        if (recall_first) (void)late.take(post(2, "ann", "", content::Recall{message_named(1)}, 2000), 70'000);
        (void)late.take(place_at_others(), 70'000);
        if (!recall_first) (void)late.take(post(2, "ann", "", content::Recall{message_named(1)}, 2000), 70'000);
        CHECK(late.view() == author.view());
        CHECK(late.view().empty());
    }
}

TEST_CASE("the conversation's timer: its last setting, of whoever may")
{
    Shelf here("bob");
    CHECK(timer_of(here.store, chat).seconds == 0);
    (void)here.take(post(1, "ann", "", content::Timer{{3600, content::Lifetime::From::sent}}, 20), 20);
    (void)here.take(post(2, "ann", "", content::Timer{{60, content::Lifetime::From::sent}}, 10), 20);
    CHECK(timer_of(here.store, chat).seconds == 3600);
    auto composed = compose(here.store, here.parties, message_named(3), {"x", {}, {}, {}, false, {}}, at_ms(30));
    CHECK(composed.content.extra.lifetime.seconds == 3600);
    Draft stays{"y", {}, {}, content::Lifetime{}, false, {}};
    CHECK(compose(here.store, here.parties, message_named(4), stays, at_ms(30)).content.extra.lifetime.seconds == 0);
}

TEST_CASE("read marks only go forward")
{
    Shelf here("bob");
    CHECK(note_read(here.store, chat, "ann", {10, message_named(1)}));
    CHECK_FALSE(note_read(here.store, chat, "ann", {9, message_named(2)}));
    CHECK(note_read(here.store, chat, "ann", {10, message_named(2)}));
    CHECK(read_up_to(here.store, chat, "ann") == Place{10, message_named(2)});
    CHECK_FALSE(read_up_to(here.store, chat, "bob"));
}

TEST_CASE("names of registers, to text and back")
{
    const auto name = shared::name_of(chat, shared::draft);
    const auto parsed = shared::parse(name);
    REQUIRE(parsed);
    CHECK(parsed->conversation == chat);
    CHECK(parsed->what == shared::draft);
    CHECK_FALSE(shared::parse("conversation/12/draft"));
    CHECK_FALSE(shared::parse("account/receipts"));
    CHECK(shared::read_number(shared::number(-5)) == -5);
    CHECK_FALSE(shared::read_number(Bytes{1}));
}

TEST_CASE("any order of posts, edits, recalls, reactions, pins, moves and ends ends in the same view")
{
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        const auto pick = [&](std::uint64_t n) { return static_cast<std::uint32_t>(dice() % n); };
        const auto user = [&] { return std::string(1, static_cast<char>('a' + pick(3))); };
        const bool group = pick(2) != 0;
        std::vector<port::StoredMessage> all;
        for (std::uint32_t n = 1; n <= 8; ++n)
            all.push_back(text(n, user(), "text " + std::to_string(n), n));
        for (std::uint32_t n = 100; n < 140; ++n) {
            const auto target = message_named(1 + pick(8));
            const auto role = group ? static_cast<Role>(1 + pick(3)) : Role::owner;
            auto hlc = static_cast<std::int64_t>(9 + pick(30));
            if (pick(8) == 0) hlc += 400LL * 24 * 3600 * 1000; // Of a clock that is ahead,
            if (pick(8) == 0) hlc += 2 * stamp_ahead_ms_max;   // and of one that is none.
            switch (pick(6)) {
            case 0:
            case 1:
                all.push_back(post(n, user(), "edit " + std::to_string(n), content::Edit{target, {}, {}}, hlc, role));
                break;
            case 2: all.push_back(post(n, user(), "", content::Recall{target}, hlc, role)); break;
            case 3: all.push_back(post(n, user(), "", content::Pin{target, pick(2) != 0}, hlc, role)); break;
            default:
                all.push_back(
                    post(n, user(), "", content::Reaction{target, pick(2) != 0 ? "+" : "-", pick(3) != 0}, hlc, role));
            }
        }
        content::Location where;
        where.live_seconds = 1;
        for (std::uint32_t n = 9; n <= 10; ++n)
            all.push_back(post(n, user(), "", where, n));
        struct Move {
            std::uint32_t target = 0;
            std::string author;
            std::int64_t hlc_ms = 0;
            Spot spot;
        };
        std::vector<Move> moves;
        for (std::uint32_t n = 0; n < 16; ++n)
            moves.push_back({9 + pick(2),
                             user(),
                             9 + static_cast<std::int64_t>(pick(30)),
                             {static_cast<std::int32_t>(n), 0, 0, pick(4) == 0}});
        std::vector<std::size_t> order(all.size() + moves.size());
        std::iota(order.begin(), order.end(), 0);
        std::string expected;
        for (int device = 0; device < 3; ++device) {
            std::shuffle(order.begin(), order.end(), dice);
            Shelf here(std::string(1, static_cast<char>('a' + device)),
                       group ? ConversationKind::group : ConversationKind::direct);
            for (const auto at : order) {
                if (at < all.size()) {
                    (void)here.take(all[at], 1000);
                    continue;
                }
                const auto& one = moves[at - all.size()];
                (void)conversation::move(here.store, chat, message_named(one.target), one.author,
                                         at_ms(one.hlc_ms).wall_ms,
                                         message_named(static_cast<std::uint32_t>(1000 + at)), one.spot, at_ms(1000));
            }
            if (device == 0)
                expected = here.view();
            else
                CHECK(here.view() == expected);
        }
    }
}
