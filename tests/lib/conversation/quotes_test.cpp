// SPDX-License-Identifier: Apache-2.0
// What answers quote goes with what was quoted, in whichever order they come.
#include "tests/lib/conversation/shelf.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

namespace {

port::StoredMessage answer(std::uint32_t n, std::uint32_t to, std::string excerpt, std::int64_t hlc_ms)
{
    auto out = text(n, "bob", "I see", hlc_ms);
    wire::content::Extra extra;
    extra.reply.push_back({message_named(to), "ann", std::move(excerpt)});
    out.extra = wire::encode(extra);
    return out;
}

} // namespace

TEST_CASE("taken back: no answer quotes it any more, whatever came first")
{
    const port::StoredMessage all[] = {text(1, "ann", "canary", 10), answer(2, 1, "canary", 20),
                                       post(3, "ann", "", content::Recall{message_named(1)}, 30),
                                       answer(4, 1, "canary again", 25)};
    int order[] = {0, 1, 2, 3};
    do {
        Shelf here("cas");
        std::vector<MessageId> emptied;
        for (const int i : order) {
            const auto filed = here.take(all[i], 40);
            if (filed.changed)
                emptied.insert(emptied.end(), filed.changed->quotes.begin(), filed.changed->quotes.end());
        }
        CHECK_FALSE(finds(here.store, "canary"));
        for (const std::uint32_t n : {2U, 4U}) {
            REQUIRE(here.shown(n).reply);
            CHECK(here.shown(n).reply->id == message_named(1)); // That it answers stays.
            CHECK(here.shown(n).reply->excerpt.empty());
        }
        if (order[3] == 2) CHECK(emptied.size() == 2);
    } while (std::next_permutation(std::begin(order), std::end(order)));
}

TEST_CASE("a device that never had what was quoted forgets the words all the same, in any order, and by whom they are")
{
    const auto by = [](std::uint32_t n, const std::string& who, Role role) {
        auto out = post(n, who, "", content::Recall{message_named(1)}, 30);
        out.role = role;
        return out;
    };
    struct Row {
        ConversationKind kind;
        port::StoredMessage recall;
        bool goes;
    };
    const Row rows[] = {
        {ConversationKind::group, by(3, "ann", Role::member), true},
        {ConversationKind::group, by(3, "eve", Role::admin), true},
        {ConversationKind::group, by(3, "eve", Role::member), false}, // Nobody's to take back.
        {ConversationKind::direct, by(3, "eve", Role::owner), false},
    };
    for (const auto& row : rows)
        for (const bool recall_first : {false, true}) {
            CAPTURE(recall_first);
            CAPTURE(row.recall.message.from);
            Shelf here("cas", row.kind);
            if (recall_first) (void)here.take(row.recall, 40);
            (void)here.take(answer(2, 1, "canary", 20), 40);
            if (!recall_first) {
                const auto filed = here.take(row.recall, 40);
                CHECK(filed.quotes.size() == (row.goes ? 1 : 0));
            }
            CHECK(finds(here.store, "canary") == !row.goes);
            REQUIRE(here.shown(2).reply);
            CHECK(here.shown(2).reply->excerpt.empty() == row.goes);
        }
}

TEST_CASE("of what goes by itself no words are put into an answer; they are shown while it is here")
{
    for (const auto from : {content::Lifetime::From::sent, content::Lifetime::From::read}) {
        Shelf here("cas");
        auto brief = lasting(1, "ann", {60, from}, 10);
        brief.message.text = "canary";
        (void)here.take(brief, 10);
        Draft draft{"I see", {}, content::Quote{message_named(1), "ann", {}}, {}, false, {}};
        auto composed = compose(here.store, here.parties, message_named(5), std::move(draft), at_ms(20));
        CHECK(composed.content.extra.reply.front().excerpt.empty());
        (void)here.take(composed.row, 20);
        CHECK(here.shown(5).reply->excerpt == "canary");
        auto row = here.store.message_in(chat, message_named(1));
        REQUIRE(row);
        CHECK(withdraw(here.store, *row).quotes == std::vector<MessageId>{message_named(5)}); // Who shows it is told.
        CHECK(here.shown(5).reply->excerpt.empty());
    }
    Shelf here("cas");
    auto stays = text(1, "ann", "words", 10);
    (void)here.take(stays, 10);
    Draft draft{"I see", {}, content::Quote{message_named(1), "ann", {}}, {}, false, {}};
    const auto composed = compose(here.store, here.parties, message_named(5), std::move(draft), at_ms(20));
    CHECK(composed.content.extra.reply.front().excerpt == "words");
}

TEST_CASE("who answers puts no words into somebody's mouth: a quote of what is here is shown as that stands")
{
    Shelf here("cas", ConversationKind::group);
    (void)here.take(text(1, "ann", "I did not", 10), 10);
    auto row = answer(2, 1, "I did", 20);
    auto extra = *wire::decode_extra(row.extra);
    extra.reply.front().from = "eve";
    row.extra = wire::encode(extra);
    (void)here.take(row, 20);
    CHECK(here.shown(2).reply == content::Quote{message_named(1), "ann", "I did not"});
}

TEST_CASE("what has lived its time is quoted no more, nor by an answer that is written afterwards")
{
    Shelf here("cas");
    auto brief = lasting(1, "ann", {60, content::Lifetime::From::sent}, 10);
    brief.message.text = "canary";
    (void)here.take(brief, 10);
    (void)here.take(answer(2, 1, "canary", 20), 20);
    CHECK(here.shown(2).reply->excerpt == "canary");
    const auto gone = expire(here.store, at_ms(61'000), 10);
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].quotes == std::vector<MessageId>{message_named(2)});
    CHECK_FALSE(finds(here.store, "canary"));
    Draft draft{"I see", {}, content::Quote{message_named(1), "ann", "canary"}, {}, false, {}};
    const auto composed = compose(here.store, here.parties, message_named(5), std::move(draft), at_ms(62'000));
    CHECK(composed.content.extra.reply.front().excerpt.empty());
}

TEST_CASE("an answer that waits to be sent loses the words from its envelope, and nothing else")
{
    wire::content::Post post;
    post.text = "I see";
    post.extra.reply.push_back({message_named(1), "ann", "canary"});
    const auto before = wire::encode(wire::content::Any(post));
    const auto decoded = wire::decode_content(without_quote(before));
    REQUIRE(decoded);
    const auto& after = std::get<wire::content::Post>(*decoded);
    CHECK(after.text == "I see");
    CHECK(after.extra.reply.front() == content::Quote{message_named(1), "ann", ""});
    CHECK(without_quote(Bytes{1, 2}) == Bytes{1, 2});
}

TEST_CASE("an answer says whom it answers, also where that had gone before it came")
{
    Shelf here("cas");
    CHECK_FALSE(merge_gone(here.store, chat, message_named(1)));
    (void)here.take(answer(2, 1, "canary", 20), 40);
    REQUIRE(here.shown(2).reply);
    CHECK(here.shown(2).reply->from == "ann");
    CHECK(here.shown(2).reply->excerpt.empty());
}

TEST_CASE("how many have answered a message makes nothing dearer that is done to it, nor showing it")
{
    std::vector<std::uint64_t> costs[2];
    for (const std::uint32_t answers : {3U, 3000U}) {
        Shelf here("cas", ConversationKind::group);
        (void)here.take(text(1, "cas", "words", 10), 10);
        for (std::uint32_t n = 0; n < answers; ++n)
            (void)here.take(answer(100 + n, 1, "words", 20), 20);
        auto& cost = costs[answers == 3 ? 0 : 1];
        const auto measured = [&](auto&& done) {
            const auto before = here.store.notes_read();
            done();
            cost.push_back(here.store.notes_read() - before);
        };
        const auto act = [&](std::uint32_t n, const std::string& from, content::Body body) {
            measured([&] { (void)here.take(post(n, from, "said", std::move(body), 30 + n), 100); });
        };
        const auto id = message_named(1);
        act(2, "ann", content::Reaction{id, "+", true});
        act(3, "cas", content::Edit{id, {}, {}});
        act(4, "bob", content::Edit{id, {}, {}}); // Who may not.
        act(5, "ann", content::Pin{id, true});
        measured([&] { CHECK(here.shown(1).reactions.size() == 1); });
        const auto may_and_stamp = [&](const content::Body& body) {
            measured([&] {
                CHECK(may(here.store, here.parties, body, recall_ms_max, at_ms(200)));
                (void)stamp_of(here.store, post(9, "cas", "", body, 200), body);
            });
        };
        may_and_stamp(content::Reaction{id, "-", true});
        may_and_stamp(content::Edit{id, {}, {}});
        may_and_stamp(content::Pin{id, false});
        may_and_stamp(content::Recall{id});
        measured([&] { (void)deliveries(here.store, chat, id); });
        measured([&] { CHECK(notes_of(here.store, chat, id).size() >= 3); });
        // Not theirs.
        auto recall = post(6, "eve", "", content::Recall{id}, 90, Role::member);
        measured([&] { CHECK_FALSE(here.take(recall, 100).changed); });
    }
    CHECK(costs[0] == costs[1]);
}

TEST_CASE("who takes back again and again what is not here makes nobody look through its answers each time")
{
    Shelf here("cas", ConversationKind::group);
    for (std::uint32_t n = 0; n < 1000; ++n)
        (void)here.take(answer(100 + n, 1, "canary", 20), 20);
    const auto by_eve = [&](std::uint32_t n) {
        auto recall = post(n, "eve", "", content::Recall{message_named(1)}, 50 - n, Role::member);
        CHECK(here.take(recall, 100).quotes.empty());
    };
    by_eve(2);
    const auto before = here.store.notes_read();
    by_eve(3);
    CHECK(here.store.notes_read() - before < 10);
    // By whom it can be is heard all the same.
    auto recall = post(9, "ann", "", content::Recall{message_named(1)}, 60, Role::member);
    CHECK(here.take(recall, 100).quotes.size() == 1000);
}
