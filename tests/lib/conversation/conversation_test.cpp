// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/conversation.hpp"
#include "lib/conversation/copies.hpp"
#include "tests/lib/delivery/fixtures.hpp"

#include <godwit/call.hpp>

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

namespace {

const Parties alice{conversation_named(1), ConversationKind::direct, "alice", device_named(1), "bob", Role::owner};
const Parties bob{conversation_named(1), ConversationKind::direct, "bob", device_named(2), "alice", Role::owner};
const Sender from_alice{"alice", device_named(1)};
const Sender from_bob{"bob", device_named(2)};

Draft text_draft(std::string text)
{
    Draft out;
    out.text = std::move(text);
    return out;
}

} // namespace

TEST_CASE("text: not empty, not too long, UTF-8")
{
    CHECK(validate_text("x"));
    CHECK(validate_text(std::string(text_bytes_max, 'x')));
    CHECK(validate_text("").error().code == ErrorCode::invalid_argument);
    CHECK(validate_text("\xc3").error().code == ErrorCode::invalid_argument);
    CHECK(validate_text(std::string(text_bytes_max + 1, 'x')).error().code == ErrorCode::message_too_large);
    CHECK(validate_send_key(std::string(send_key_bytes_max, 'k')));
    CHECK_FALSE(validate_send_key(std::string(send_key_bytes_max + 1, 'k')));
}

TEST_CASE("the clock of a message is above its parents', whatever the wall says; nobody rules the future")
{
    CHECK(sort_hlc(1000, -1, 1000) == 1000);
    CHECK(sort_hlc(500, 900, 1000) == 901);
    CHECK(sort_hlc(-5, -1, 1000) == 0);
    CHECK(sort_hlc(INT64_MAX, -1, 1000) == 1000 + hlc_ahead_ms_max);
    CHECK(sort_hlc(INT64_MAX, 2000 + hlc_ahead_ms_max, 1000) ==
          2001 + hlc_ahead_ms_max); // an answer to it still follows it
}

TEST_CASE("a conversation is a chain while nobody talks at the same time")
{
    MemoryStore store;
    store.begin();
    auto first = compose(store, alice, message_named(1), text_draft("one"), at_ms(1000));
    CHECK(first.content.parents.empty());
    CHECK(first.content.to == "bob");
    REQUIRE(file(store, first.row, first.content.parents, at_ms(1000)));
    // The clock went back an hour: the order does not care.
    auto second = compose(store, alice, message_named(2), text_draft("two"), at_ms(1000 - 3'600'000));
    CHECK(second.content.parents == std::vector<MessageId>{message_named(1)});
    CHECK(second.content.hlc_ms == first.content.hlc_ms + 1);
    REQUIRE(file(store, second.row, second.content.parents, at_ms(0)));
    CHECK_FALSE(file(store, second.row, second.content.parents, at_ms(0)));
    CHECK(store.heads(alice.conversation).size() == 1);
    CHECK(store.sorted(alice.conversation).back().message.text == "two");
}

TEST_CASE("heads: two that crossed become parents of the next; at most parents_max are kept, the newest")
{
    MemoryStore store;
    store.begin();
    for (std::uint32_t n = 1; n <= wire::parents_max + 4; ++n) {
        port::StoredMessage row;
        row.message.conversation = alice.conversation;
        row.message.id = message_named(n);
        row.hlc_ms = at_ms(n).wall_ms;
        REQUIRE(file(store, row, {}, at_ms(n)));
    }
    const auto next = compose(store, alice, message_named(99), text_draft("all of you"), at_ms(100));
    CHECK(next.content.parents.size() == wire::parents_max);
    CHECK(next.content.parents.front() == message_named(wire::parents_max + 4));
}

TEST_CASE("heads: what has failed is nobody's parent, be it that it was never said or that it stood there before")
{
    MemoryStore store;
    store.begin();
    const auto say = [&](std::uint32_t n, MessageState state, std::int64_t ms) {
        auto out = compose(store, alice, message_named(n), text_draft("x"), at_ms(ms));
        out.row.message.state = state;
        REQUIRE(file(store, out.row, out.content.parents, at_ms(ms)));
        return out;
    };
    (void)say(1, MessageState::sent, 10);
    (void)say(2, MessageState::failed, 20);
    const auto after = say(3, MessageState::accepted, 5); // Of a clock that went back: it is behind all the same.
    CHECK(after.content.parents == std::vector<MessageId>{message_named(1)});

    // As homes of before have it: a head that has failed.
    REQUIRE(store.set_message_state(alice.conversation, message_named(3), MessageState::failed, Path::none, {}, "x"));
    REQUIRE(store.heads(alice.conversation).front().id == message_named(3));
    const auto later = say(4, MessageState::accepted, 5);
    CHECK(later.content.parents.empty());
    CHECK(later.content.hlc_ms > after.content.hlc_ms);
    CHECK(store.heads(alice.conversation).size() == 1); // It is not looked up for ever.
    CHECK(say(5, MessageState::accepted, 30).content.parents == std::vector<MessageId>{message_named(4)});
}

TEST_CASE("only what a call writes is the quiet record of a call; words in its clothes are news")
{
    const content::Card record{std::string(call_card_name),
                               "Video call",
                               {{"caller", "bob"}, {"outcome", "completed"}, {"video", "true"}, {"active_ms", "1200"}},
                               {}};
    const auto quiet = [](const content::Card& card, const std::string& text = {}) {
        port::StoredMessage row;
        wire::content::Extra extra;
        extra.body = wire::encode(content::Body(card));
        row.kind = wire::body_kind(extra.body);
        row.extra = wire::encode(extra);
        row.message.text = text;
        return is_quiet(row);
    };
    CHECK(quiet(record));
    CHECK_FALSE(quiet(record, "SPAM"));
    for (const auto& field : {content::Card::Field{"SPAM", ""}, content::Card::Field{"caller", "Buy now!"},
                              content::Card::Field{"members", "many"}, content::Card::Field{"video", "SPAM"}}) {
        auto other = record;
        other.fields.push_back(field);
        CHECK_FALSE(quiet(other));
    }
    auto other = record;
    other.title = "SPAM";
    CHECK_FALSE(quiet(other));
    other = record;
    other.url = "https://spam.example";
    CHECK_FALSE(quiet(other));
    other = record;
    other.fields.push_back({"members", "3"});
    CHECK(quiet(other));
}

TEST_CASE("what turns or hides text is in no line that is shown, on either side; an address keeps its lines")
{
    const std::string evil = "a\u202egpj.exe\x1b[2J\nb", tame = "a_gpj.exe_[2J b", lines = "a_gpj.exe_[2J\nb";
    content::Location location;
    location.place = evil;
    content::Forwarded inner{evil, {}};
    content::Forwarded bundle{evil, {{"bob", 1, "x", wire::encode(content::Body(inner))}}};
    const content::Body bodies[] = {location, content::Card{evil, evil, {{evil, evil}}, {}},
                                    content::Custom{"com." + evil, {1}}, bundle};
    location.place = tame;
    inner.title = tame;
    bundle = {tame, {{"bob", 1, "x", wire::encode(content::Body(inner))}}};
    const content::Body expected[] = {location, content::Card{tame, tame, {{tame, lines}}, {}},
                                      content::Custom{"com." + tame, {1}}, bundle};
    for (std::size_t at = 0; at < std::size(bodies); ++at) {
        CAPTURE(at);
        auto body = bodies[at];
        make_harmless(body);
        CHECK(body == expected[at]);

        MemoryStore store;
        store.begin();
        Draft draft = text_draft("x");
        draft.body = bodies[at];
        const auto sent = compose(store, alice, message_named(1), std::move(draft), at_ms(1));
        CHECK(wire::decode_body(sent.content.extra.body).value() == expected[at]);
    }
}

TEST_CASE("what a content becomes, and why not")
{
    wire::content::Post text;
    text.to = "bob";
    text.text = "hello";
    text.hlc_ms = 5;
    text.parents = {message_named(3)};
    const auto now = at_ms(0);

    auto got = interpret(text, from_alice, bob, message_named(1), Path::direct, "direct path open", now);
    REQUIRE(got);
    CHECK(got->row.message.state == MessageState::received);
    CHECK(got->row.message.with == "alice");
    CHECK(got->row.message.path == Path::direct);
    CHECK_FALSE(got->row.notified);
    CHECK(got->parents == text.parents);

    SUBCASE("a copy from another own device is filed under the recipient, as sent")
    {
        CHECK(other_party(text, {"alice", device_named(7)}, "alice").value() == "bob");
        auto copy = interpret(text, {"alice", device_named(7)}, alice, message_named(1), Path::mailbox, "", now);
        REQUIRE(copy);
        CHECK(copy->own_copy);
        CHECK(copy->row.message.state == MessageState::sent);
        CHECK(copy->row.notified);
    }
    SUBCASE("a text for somebody else")
    {
        text.to = "carol";
        CHECK_FALSE(interpret(text, from_alice, bob, message_named(1), Path::direct, "", now));
    }
    SUBCASE("bad text")
    {
        text.text = "\xff";
        CHECK_FALSE(interpret(text, from_alice, bob, message_named(1), Path::direct, "", now));
        text.text = "";
        CHECK_FALSE(interpret(text, from_alice, bob, message_named(1), Path::direct, "", now));
    }
    SUBCASE("a kind of tomorrow is kept, silently")
    {
        auto kept =
            interpret(wire::content::Unknown{77, {1, 2, 3}}, from_bob, alice, message_named(9), Path::direct, "", now);
        REQUIRE(kept);
        CHECK(kept->row.kind == 77);
        CHECK(kept->row.extra == Bytes{1, 2, 3});
        CHECK(kept->row.notified);
        CHECK(other_party(wire::content::Unknown{77, {}}, from_bob, "alice").value() == "bob");
    }
    SUBCASE("a receipt is no message")
    {
        CHECK_FALSE(interpret(wire::content::Receipt{}, from_bob, alice, message_named(9), Path::direct, "", now));
    }
}
