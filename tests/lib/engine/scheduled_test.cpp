// SPDX-License-Identifier: Apache-2.0
// Stories of messages to come: those that could not be said then, and those of a time that never comes.
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

const Message* find(const std::vector<Message>& page, std::string_view text)
{
    const auto at = std::find_if(page.begin(), page.end(), [&](const auto& one) { return one.text == text; });
    return at == page.end() ? nullptr : &*at;
}

} // namespace

TEST_CASE("what is said after a message to come that failed waits for nothing, and there is no gap")
{
    Crew t(491, {"bob"});
    auto& bob = t["bob"];
    (void)t.alice.send("bob", "before");
    t.world.run_for(seconds(5));
    request::Send send{"bob", "too late", {}};
    send.at_ms = t.world.wall_ms() + 60'000;
    t.must(t.alice, send);
    t.must(t.alice, request::ContactRemove{"bob"});
    t.world.run_for(minutes(3));
    REQUIRE(find(t.alice.history("bob"), "too late") != nullptr);
    t.world.befriend(t.alice, bob);
    for (const std::string text : {"after", "and after that"}) {
        CAPTURE(text);
        (void)t.alice.send("bob", text);
        t.world.run_for(seconds(3));
        const auto page = bob.history("alice");
        const auto* const said = find(page, text);
        REQUIRE(said != nullptr);
        CHECK_FALSE(said->gap_before);
    }
    CHECK(t.alice.history("bob").back().text == "and after that");
}

TEST_CASE("a message to come is refused when its time is beyond what a message can have; what is there of it goes")
{
    Crew t(492, {"bob"});
    for (const auto at_ms : {std::int64_t{1} << 53, std::int64_t{1} << 62, INT64_MAX}) {
        request::Send send{"bob", "never", {}};
        send.at_ms = at_ms;
        CHECK(t.code(t.alice, send) == ErrorCode::invalid_argument);
    }
    request::Send send{"bob", "in nine years", {}};
    send.at_ms = t.world.wall_ms() + 9LL * 365 * 24 * 3600 * 1000;
    t.must(t.alice, send);

    // As a home of before has it: its words, and an entry behind all others.
    MessageId lost;
    lost.bytes.fill(7);
    auto entries = *t.alice.store.value("scheduled");
    for (int shift = 56; shift >= 0; shift -= 8)
        entries.push_back(static_cast<std::uint8_t>((std::int64_t{1} << 62) >> shift));
    append(entries, lost.view());
    t.alice.store.begin();
    t.alice.store.put_value("scheduled", entries);
    t.alice.store.put_value("scheduled/" + to_hex(lost.view()), as_bytes("canary"));
    REQUIRE(t.alice.store.commit().ok());
    t.alice.crash();
    t.alice.start();
    CHECK_FALSE(t.alice.store.value("scheduled/" + to_hex(lost.view())));
    const auto waiting = std::get<std::vector<ScheduledMessage>>(t.ask(t.alice, request::Scheduled{}).value);
    REQUIRE(waiting.size() == 1);
    CHECK(waiting.front().text == "in nine years");
}

TEST_CASE("the record of a call is written by calls: nobody sends one, nor sends one on")
{
    Crew t(493, {"bob"});
    request::Send send{"bob", "SPAM", {}};
    send.body = content::Card{std::string(call_card_name), "Call", {{"outcome", "completed"}}, {}};
    CHECK(t.code(t.alice, send) == ErrorCode::invalid_argument);
    send.body = content::Card{"order", "No. 7", {{"outcome", "completed"}}, {}};
    t.must(t.alice, send);
}
