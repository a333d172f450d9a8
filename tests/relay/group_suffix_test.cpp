// SPDX-License-Identifier: Apache-2.0
// Rubbish on rubbish: a commit that members refuse falls with all that was built on it, whoever built it.
#include "tests/relay/chat.hpp"
#include "tests/relay/many.hpp"

#include "relay/core/groups.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

Config patient()
{
    Config config;
    config.limits.group_rejects = {1'000, std::chrono::seconds(1)};
    config.limits.registrations_per_address = {100, std::chrono::seconds(1)};
    return config;
}

} // namespace

TEST_CASE("two rubbish commits in a row: who refuses the first takes back both, and everybody hears of it")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id, c.phone.id}) == ErrorCode::ok);
    std::uint64_t rubbish = 2;
    SUBCASE("two") {}
    SUBCASE("as many as there may be")
    {
        rubbish = open_commits_max - 1;
    }
    for (std::uint64_t n = 0; n < rubbish; ++n)
        CHECK(c.commit(c.bo, "ann", 1, 1 + n, 2 + n, {c.ann.id, c.phone.id}) == ErrorCode::ok);
    // ann, who cannot follow the first, has all of them taken out.
    for (auto* const one : {&c.ann, &c.phone})
        take_all(*one);
    CHECK(c.reject(c.ann, "bo", 1, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1 + rubbish);
    for (auto* const one : {&c.ann, &c.bo, &c.phone})
        one->forget_frames();
    CHECK(c.reject(c.phone, "bo", 1, 1, 2) == ErrorCode::ok);
    for (auto* const one : {&c.ann, &c.bo, &c.phone}) {
        const auto told = one->take<frame::GroupChanged>();
        REQUIRE(told.size() == 1);
        CHECK(told[0].epoch == 1);
        CHECK(told[0].commit == envelope(1).id);
    }
    CHECK(c.state(c.ann).group_info == c.info(1));
    CHECK(c.world.core->counters().group_rejects == rubbish);
    // None of them comes back, and the group goes on.
    CHECK(c.bo.code(c.asked.at(3)) == ErrorCode::conflict);
    CHECK(c.commit(c.phone, "bo", 1, 1, 90, {c.ann.id, c.bo.id}) == ErrorCode::ok);
    CHECK(c.state(c.ann).group_info == c.info(90));
}

TEST_CASE("between two devices: one word takes back all that the other one has built")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    for (std::uint64_t n = 1; n <= 5; ++n)
        CHECK(c.commit(c.ann, "bo", 1, n, n + 1, {c.bo.id}) == ErrorCode::ok);
    take_all(c.bo);
    CHECK(c.reject(c.bo, "ann", 1, 2, 3) == ErrorCode::ok); // from the second on
    CHECK(c.state(c.ann).epoch == 2);
    CHECK(c.reject(c.bo, "ann", 1, 1, 2) == ErrorCode::ok); // which was not good either
    CHECK(c.state(c.ann).epoch == 1);
}

TEST_CASE("two who are in league put rubbish on rubbish: the others' votes on the first count, also of whom the second "
          "puts out")
{
    Many c(1, patient());
    c.admins = {"cy"};
    REQUIRE(c.commit(c.ann, 2, 3, c.all) == ErrorCode::ok);
    c.all_take();
    CHECK(c.commit(c.bo, 3, 4, c.all) == ErrorCode::ok);
    CHECK(c.commit(c.cy, 4, 5, {"ann", "bo", "cy"}) == ErrorCode::ok); // dee and p0 are out
    CHECK(c.members() == "ann bo cy");
    c.all_take();                                           // Also the two in league, without a word.
    CHECK(c.reject(c.dee, 4, 5) == ErrorCode::not_allowed); // Of that it has no word,
    CHECK(c.reject(c.dee, 3, 4) == ErrorCode::ok);          // of the one before it has.
    CHECK(c.reject(c.more[0], 3, 4) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 5);
    for (auto* const one : c.devices)
        one->forget_frames();
    CHECK(c.reject(c.ann, 3, 4) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 3);
    CHECK(c.members() == "ann bo cy dee p0");
    for (auto* const one : c.devices) {
        const auto told = one->take<frame::GroupChanged>();
        REQUIRE(told.size() == 1);
        CHECK(told[0].epoch == 3);
        const auto news = one->take<frame::GroupNews>();
        REQUIRE_FALSE(news.empty());
        CHECK(news.back().member);
    }
    CHECK(c.commit(c.dee, 3, 6, c.all) == ErrorCode::ok);
}

TEST_CASE("who is alone with its word takes back nothing, however many stand one on the other; who goes on with them "
          "takes it back")
{
    Many c(1, patient());
    for (std::uint64_t n = 0; n < 4; ++n)
        CHECK(c.commit(c.bo, 2 + n, 3 + n, c.all) == ErrorCode::ok);
    for (std::uint64_t n = 0; n < 4; ++n)
        for (int again = 0; again < 3; ++again)
            CHECK(c.reject(c.dee, 2 + n, 3 + n) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 6);
    CHECK(c.commit(c.dee, 6, 7, c.all) == ErrorCode::ok);
    CHECK(c.reject(c.dee, 2, 3) == ErrorCode::conflict); // It has built on it.
    // Its word is no more: of five, two are no half.
    CHECK(c.reject(c.cy, 2, 3) == ErrorCode::ok);
    CHECK(c.reject(c.more[0], 2, 3) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 7);
    CHECK(c.reject(c.ann, 2, 3) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 2);
}

TEST_CASE("what a suffix changed of members and their secrets is as it was before the first of it")
{
    Many c(2, patient());
    const auto with_secret = [&](std::uint64_t epoch, std::uint64_t number, std::vector<std::string> members) {
        auto out = c.request(epoch, number, members);
        for (const auto& user : members)
            out.joined.push_back({user, Bytes(40, static_cast<std::uint8_t>(number))});
        return out;
    };
    CHECK(c.ann.code(with_secret(2, 3, c.all)) == ErrorCode::ok);
    c.all_take();
    const auto before = c.roster(c.bo);
    const auto without = [&](const std::string& user) {
        auto out = c.all;
        std::erase(out, user);
        return out;
    };
    CHECK(c.ann.code(with_secret(3, 4, without("p1"))) == ErrorCode::ok);
    CHECK(c.ann.code(with_secret(4, 5, c.all)) == ErrorCode::ok); // in again
    CHECK(c.ann.code(with_secret(5, 6, without("p0"))) == ErrorCode::ok);
    CHECK(c.ann.code(with_secret(6, 7, without("p0"))) == ErrorCode::ok);
    for (auto* const one : {&c.bo, &c.cy, &c.dee})
        CHECK(c.reject(*one, 3, 4) == ErrorCode::ok);
    CHECK(c.state(c.bo).epoch == 3);
    CHECK(c.members() == "ann bo cy dee p0 p1");
    const auto after = c.roster(c.bo);
    for (const auto& entry : after.entries)
        if (entry.user == "bo") CHECK(entry.secret == Bytes(40, 3));
    CHECK(after.entries.size() == before.entries.size());
    for (auto* const one : c.devices)
        CHECK(c.roster(*one).entries.size() == 6);
}

TEST_CASE("what more than half have taken stands once another follows; who refuses it, or one before it, vouches for "
          "nothing by taking it out")
{
    Many c(1, patient());
    CHECK(c.commit(c.bo, 2, 3, c.all) == ErrorCode::ok);
    SUBCASE("taken by all")
    {
        c.all_take();
        CHECK(c.commit(c.ann, 3, 4, c.all) == ErrorCode::ok);
        CHECK(c.reject(c.dee, 2, 3) == ErrorCode::conflict);
        CHECK(c.reject(c.dee, 3, 4) == ErrorCode::ok);
    }
    SUBCASE("taken by half")
    {
        take_all(c.cy); // With the committer two of five.
        CHECK(c.commit(c.ann, 3, 4, c.all) == ErrorCode::ok);
        for (auto* const one : {&c.dee, &c.more[0], &c.cy})
            CHECK(c.reject(*one, 2, 3) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 2);
    }
    SUBCASE("refused, and taken out")
    {
        CHECK(c.reject(c.dee, 2, 3) == ErrorCode::ok);
        CHECK(c.reject(c.more[0], 2, 3) == ErrorCode::ok);
        CHECK(c.commit(c.cy, 3, 4, c.all) == ErrorCode::ok); // in league with bo
        for (auto* const one : {&c.bo, &c.cy, &c.dee, &c.more[0]})
            take_all(*one);
        CHECK(c.commit(c.bo, 4, 5, c.all) == ErrorCode::ok);
        CHECK(c.reject(c.ann, 2, 3) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 2);
    }
    SUBCASE("refused beyond its pace, and taken out")
    {
        Config config = patient();
        config.limits.group_rejects = {1, std::chrono::minutes(12)};
        Many d(1, config);
        CHECK(d.commit(d.bo, 2, 3, d.all) == ErrorCode::ok);
        for (auto* const one : {&d.ann, &d.dee, &d.more[0]})
            CHECK(d.reject(*one, 2, 3) == ErrorCode::ok);
        CHECK(d.state(d.ann).epoch == 2);
        CHECK(d.commit(d.bo, 2, 4, d.all) == ErrorCode::ok);
        for (auto* const one : {&d.ann, &d.dee, &d.more[0]})
            CHECK(d.reject(*one, 2, 4) == ErrorCode::rate_limited);
        d.all_take();
        CHECK(d.commit(d.cy, 3, 5, d.all) == ErrorCode::ok);
        d.world.advance(std::chrono::minutes(12));
        for (auto* const one : {&d.ann, &d.dee, &d.more[0]})
            CHECK(d.reject(*one, 2, 4) == ErrorCode::ok);
        CHECK(d.state(d.ann).epoch == 2);
    }
}

TEST_CASE("so many that few have seen, and no more: the next one waits for members, or for the oldest to be old")
{
    Many c(1, patient());
    std::uint64_t epoch = 2;
    // The owner's, that take nobody in.
    constexpr auto open_max = open_commits_max + open_of_owner_more;
    const auto next = [&] { return c.commit(c.ann, epoch, epoch + 1, c.all); };
    for (std::size_t n = 0; n < open_max; ++n, ++epoch)
        REQUIRE(next() == ErrorCode::ok);
    const auto held = c.ann.ask(c.request(epoch, epoch + 1, c.all));
    CHECK(held.error.code == ErrorCode::rate_limited);
    CHECK(held.error.retry_after_ms == 60'000);
    CHECK(c.world.core->counters().group_commits_held == 1);
    SUBCASE("members come")
    {
        take_all(c.bo);
        take_all(c.cy);
        for (std::size_t n = 0; n < open_max; ++n, ++epoch)
            REQUIRE(next() == ErrorCode::ok);
        CHECK(next() == ErrorCode::rate_limited);
    }
    SUBCASE("nobody comes, and nobody has refused it")
    {
        c.world.now.wall_ms += owners_stands_ms - 1;
        CHECK(next() == ErrorCode::rate_limited);
        c.world.now.wall_ms += 1;
        CHECK(next() == ErrorCode::ok);
        CHECK(c.reject(c.dee, 2, 3) == ErrorCode::conflict); // It stands.
        CHECK(c.reject(c.dee, epoch - 20, epoch - 19) == ErrorCode::ok);
    }
    SUBCASE("somebody has refused it: then as long as it waits for those who are away")
    {
        CHECK(c.reject(c.dee, 2, 3) == ErrorCode::ok);
        c.world.now.wall_ms += contested_stands_ms - 1;
        CHECK(next() == ErrorCode::rate_limited);
        SUBCASE("they come, and it falls")
        {
            for (auto* const one : {&c.bo, &c.more[0]})
                CHECK(c.reject(*one, 2, 3) == ErrorCode::ok);
            CHECK(c.state(c.ann).epoch == 2);
            epoch = 2;
            CHECK(c.commit(c.cy, 2, 90, c.all) == ErrorCode::ok);
        }
        SUBCASE("they do not")
        {
            c.world.now.wall_ms += 1;
            CHECK(next() == ErrorCode::ok);
        }
    }
    // However many there were, little is kept.
    CHECK(c.world.store.standing_commits(c.world.store.group(c.id), 1'000).size() <=
          open_commits_max + group_commits_kept + 2);
}

TEST_CASE(
    "a commit for which its sender has left no room in the others' mailboxes is not put: for nobody it would stand")
{
    Circle c;
    c.create();
    c.hand_over("bo", 1, 2); // A member has not so many open.
    for (auto* const one : {&c.bo, &c.cy})
        take_all(*one);
    c.ann.drop();
    c.cy.drop();
    const auto large = [&](std::uint64_t epoch) {
        auto out = c.request(epoch, epoch + 1, {"ann", "bo", "cy"});
        out.envelope.sealed = commit_of_size(589'824, {c.id, 1}, epoch, out.envelope.id,
                                             policy::rules_digest(c.policy({"ann", "bo", "cy"})));
        return out;
    };
    std::uint64_t epoch = 2;
    frame::Response last;
    for (; epoch < 40; ++epoch) {
        last = c.bo.ask(large(epoch));
        if (last.error.code != ErrorCode::ok) break;
    }
    CHECK(last.error.code == ErrorCode::rate_limited);
    CHECK(last.error.retry_after_ms == 60'000);
    CHECK(epoch == 16); // 8 MiB of 32
    CHECK(c.world.core->counters().handshake_envelopes_skipped == 0);
    CHECK(c.world.core->counters().group_commits_held == 1);
    for (auto* const one : {&c.ann, &c.cy})
        one->resume();
    CHECK(c.state(c.ann).epoch == epoch);
    SUBCASE("one of two has taken them: that is enough")
    {
        take_all(c.cy);
        c.forget_frames();
        CHECK(c.bo.code(large(epoch)) == ErrorCode::ok);
        CHECK(c.world.core->counters().handshake_envelopes_skipped == 1);
        CHECK(c.reject(c.cy, epoch, epoch + 1) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == epoch + 1);
        CHECK(c.reject(c.ann, epoch, epoch + 1) == ErrorCode::ok); // Though she was skipped.
        CHECK(c.state(c.ann).epoch == epoch);
    }
    SUBCASE("others have room of their own")
    {
        CHECK(c.commit(c.cy, epoch, 90, {"ann", "bo", "cy"}) == ErrorCode::ok);
    }
}

TEST_CASE("mailboxes that are full of what others sent do not hold a group; what was put for nobody does not stand")
{
    Config config;
    config.limits.mailbox_handshakes_max = 4;
    config.limits.mailbox_sender_percent_max = 50;
    Circle c(config);
    c.create();
    REQUIRE(c.commit(c.ann, 1, 2, {"ann", "bo", "cy"}) == ErrorCode::ok);
    for (auto* const one : {&c.bo, &c.cy})
        take_all(*one);
    c.cy.drop();
    for (std::uint64_t epoch = 2; epoch < 4; ++epoch) {
        REQUIRE(c.commit(c.bo, epoch, epoch + 1, {"ann", "bo", "cy"}) == ErrorCode::ok);
        take_all(c.ann);
    }
    for (std::uint64_t epoch = 4; epoch < 6; ++epoch) {
        REQUIRE(c.commit(c.ann, epoch, epoch + 1, {"ann", "bo", "cy"}) == ErrorCode::ok);
        take_all(c.bo);
    }
    const auto skipped = [&] { return c.world.core->counters().handshake_envelopes_skipped; };
    CHECK(skipped() == 0);
    // cy's shelf is full: ann and bo go on.
    CHECK(c.commit(c.ann, 6, 7, {"ann", "bo", "cy"}) == ErrorCode::ok);
    CHECK(skipped() == 1);
    // Alone with cy ann is told to go on as well, and what she does there can be gone back behind.
    CHECK(c.commit(c.ann, 7, 8, {"ann", "cy"}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, 8, 9, {"ann", "cy"}) == ErrorCode::ok);
    CHECK(skipped() == 3);
    const auto group = c.world.store.group(c.id);
    const auto kept = c.world.store.standing_commits(group, 32);
    CHECK(std::count_if(kept.begin(), kept.end(), [](const auto& one) { return one.has_info && one.epoch >= 6; }) == 3);
}

TEST_CASE("however often an epoch is filled with rubbish, what it is opened again on stays")
{
    Many c(1, patient());
    const auto info = c.state(c.ann).group_info;
    REQUIRE_FALSE(info.empty());
    for (std::uint64_t n = 0; n < group_commits_kept + open_commits_max + 5; ++n) {
        CAPTURE(n);
        REQUIRE(c.commit(c.bo, 2, 10 + n, c.all) == ErrorCode::ok);
        for (auto* const one : {&c.ann, &c.cy, &c.dee})
            REQUIRE(c.reject(*one, 2, 10 + n) == ErrorCode::ok);
        REQUIRE(c.state(c.ann).epoch == 2);
        c.world.advance(std::chrono::minutes(30)); // bo's pace
        for (auto* const one : c.devices) {
            one->drop();
            one->resume();
        }
    }
    CHECK(c.state(c.ann).group_info == info);
    CHECK(c.state(c.ann).commit == envelope(2).id);
}

TEST_CASE("whose commits fall is slower than those who refuse them: others come first")
{
    Many c(1);
    const auto rubbish = [&](std::uint64_t number) { return c.commit(c.bo, 2, number, c.all); };
    for (std::uint64_t n = 0; n < 3; ++n) {
        CHECK(rubbish(10 + n) == ErrorCode::ok);
        CHECK(c.commit(c.cy, 3, 20 + n, c.all) == ErrorCode::ok); // believed it
        for (auto* const one : {&c.ann, &c.dee, &c.more[0]})
            CHECK(c.reject(*one, 2, 10 + n) == ErrorCode::ok);
    }
    CHECK(c.state(c.ann).epoch == 2);
    const auto refused = c.bo.ask(c.request(2, 13, c.all));
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_after_ms == 1'800'000);
    CHECK(c.commit(c.cy, 2, 30, c.all) == ErrorCode::ok); // who was only deceived is not
}

TEST_CASE("a commit that falls is its account's doing, though the device that made it is gone")
{
    Circle c;
    c.create();
    for (std::uint64_t n = 0; n < 3; ++n) {
        Device spare(c.world, 50 + n);
        spare.enter("bo", 200);
        REQUIRE(spare.code(c.request(1, 2 + n, {"ann", "bo", "cy"})) == ErrorCode::ok);
        REQUIRE(c.bo.code(c.bo.revoking("bo", 200, spare.id)) == ErrorCode::ok);
        for (auto* const one : {&c.ann, &c.cy})
            REQUIRE(c.reject(*one, 1, 2 + n) == ErrorCode::ok);
        REQUIRE(c.state(c.ann).epoch == 1);
    }
    CHECK(c.commit(c.bo, 1, 90, {"ann", "bo", "cy"}) == ErrorCode::rate_limited);
    CHECK(c.commit(c.cy, 1, 91, {"ann", "bo", "cy"}) == ErrorCode::ok);
}

TEST_CASE("rubbish in one conversation takes nothing from what a device may reject in another one; over all there is a "
          "bound")
{
    Config config;
    std::uint64_t rejections = 5;
    SUBCASE("as it is") {}
    SUBCASE("less than there are conversations")
    {
        config.limits.group_rejects = {1, std::chrono::minutes(12)};
        rejections = 1;
    }
    Circle c(config);
    c.create();
    const auto two = conversation(100, 300);
    const auto of_two = [&](std::uint64_t epoch, std::uint64_t number, std::vector<DeviceId> to) {
        const wire::GroupName group{two, 1};
        const auto id = envelope(number).id;
        const auto filler = static_cast<std::uint8_t>(number);
        return frame::GroupCommit{"ann",
                                  two,
                                  1,
                                  epoch,
                                  std::move(to),
                                  {id, commit_bytes(group, epoch, id, filler)},
                                  {},
                                  {},
                                  group_info_bytes(group, epoch + 1, filler, 30)};
    };
    REQUIRE(c.cy.code(of_two(0, 10, {})) == ErrorCode::ok);
    for (std::uint64_t n = 0; n <= rejections; ++n) {
        REQUIRE(c.cy.code(of_two(1, 11 + n, {c.ann.id})) == ErrorCode::ok);
        CHECK(c.ann.code(frame::GroupReject{"cy", two, 1, 1, envelope(11 + n).id, 7, {}}) ==
              (n < rejections ? ErrorCode::ok : ErrorCode::rate_limited));
    }
    CHECK(c.commit(c.cy, 1, 30, {"ann", "bo", "cy"}) == ErrorCode::ok);
    for (auto* const one : {&c.ann, &c.bo})
        CHECK(c.reject(*one, 1, 30) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1);
}

TEST_CASE(
    "whom the owner puts out can undo that by the commit before, as often as it may reject; the owner does not wait "
    "for it")
{
    Circle c;
    REQUIRE(c.commit(c.ann, 0, 1, {"ann", "bo"}, {c.bo.id}) == ErrorCode::ok);
    Circle::acknowledge(c.bo);
    c.forget_frames();
    const std::uint64_t last = 8;
    for (std::uint64_t epoch = 1; epoch <= last; ++epoch)
        REQUIRE(c.commit(c.ann, epoch, epoch + 1, {"ann", "bo"}) == ErrorCode::ok);
    for (std::uint64_t n = 0; n < 5; ++n) {
        const auto epoch = last + 1 - n;
        REQUIRE(c.state(c.ann).epoch == epoch);
        REQUIRE(c.commit(c.ann, epoch, 40 + n, {"ann"}) == ErrorCode::ok);
        REQUIRE(c.reject(c.bo, epoch - 1, epoch) == ErrorCode::ok);
    }
    const auto epoch = c.state(c.ann).epoch;
    CHECK(epoch == last - 4);
    CHECK(c.commit(c.ann, epoch, 50, {"ann"}) == ErrorCode::ok);
    CHECK(c.reject(c.bo, epoch - 1, epoch) == ErrorCode::rate_limited);
    CHECK(c.state(c.ann).epoch == epoch + 1);
    CHECK(c.roster(c.ann).entries.size() == 2);
}

TEST_CASE("whose commits are rejected by one who is not below them has to wait")
{
    Circle c;
    c.create();
    REQUIRE(c.commit(c.ann, 1, 2, {"ann", "bo"}) == ErrorCode::ok);
    Circle::acknowledge(c.bo);
    for (std::uint64_t n = 0; n < 3; ++n) {
        REQUIRE(c.commit(c.bo, 2, 10 + n, {"ann", "bo"}) == ErrorCode::ok);
        REQUIRE(c.reject(c.ann, 2, 10 + n) == ErrorCode::ok);
    }
    CHECK(c.commit(c.bo, 2, 20, {"ann", "bo"}) == ErrorCode::rate_limited);
}

TEST_CASE("a rejection is durable: the relay is killed between two votes, and in the middle of the last")
{
    Many c(1, patient());
    CHECK(c.commit(c.bo, 2, 3, c.all) == ErrorCode::ok);
    CHECK(c.commit(c.cy, 3, 4, c.all) == ErrorCode::ok);
    const auto back = [&] {
        c.world.restart();
        for (auto* const one : c.devices)
            one->resume();
    };
    CHECK(c.reject(c.ann, 2, 3) == ErrorCode::ok);
    back();
    CHECK(c.reject(c.dee, 2, 3) == ErrorCode::ok);
    c.more[0].send(frame::GroupReject{"", c.id, 1, 2, envelope(3).id, 7, {}});
    back(); // The tick was lost.
    CHECK(c.state(c.ann).epoch == 4);
    CHECK(c.reject(c.more[0], 2, 3) == ErrorCode::ok);
    back();
    CHECK(c.state(c.ann).epoch == 2);
    CHECK(c.members() == "ann bo cy dee p0");
}

TEST_CASE("the owner's word takes back an admin's commit that puts others out, though those who stay have taken it; "
          "nobody else's does, nor of another commit")
{
    Many c(3, patient());
    c.admins = {"cy"};
    REQUIRE(c.commit(c.ann, 2, 3, c.all) == ErrorCode::ok);
    c.all_take();
    auto members = c.all;
    std::erase(members, "dee");
    SUBCASE("puts somebody out")
    {
        CHECK(c.commit(c.cy, 3, 4, members) == ErrorCode::ok);
        CHECK(c.reject(c.bo, 3, 4) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 4); // one of six
        bool built_on = false;
        SUBCASE("the newest") {}
        SUBCASE("and others have built on it")
        {
            built_on = true;
            CHECK(c.commit(c.more[1], 4, 5, members) == ErrorCode::ok);
        }
        CHECK(c.state(c.ann).epoch == (built_on ? 5 : 4));
        CHECK(c.reject(c.ann, 3, 4) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 3);
        CHECK(c.members() == "ann bo cy dee p0 p1 p2");
    }
    SUBCASE("puts nobody out")
    {
        CHECK(c.commit(c.cy, 3, 4, c.all) == ErrorCode::ok);
        CHECK(c.reject(c.ann, 3, 4) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 4);
    }
    SUBCASE("is the owner's own")
    {
        CHECK(c.commit(c.ann, 3, 4, members) == ErrorCode::ok);
        CHECK(c.reject(c.cy, 3, 4) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 4);
    }
}

TEST_CASE("a relay that has lost the GroupInfo lets keys change, and no rule; then it has another one")
{
    Many c(1, patient());
    const auto lose = [&] {
        auto group = c.world.store.group(c.id);
        const auto newest = c.world.store.group_commit(group, group.epoch - 1);
        REQUIRE(newest.has_value());
        c.world.store.forget_commits_before(group.row, newest->row + 1, group_commits_kept);
        REQUIRE(c.world.store.commit().ok());
        CHECK(c.state(c.ann).group_info.empty());
    };
    lose();
    c.admins = {"bo"};
    CHECK(c.commit(c.bo, 2, 3, c.all) == ErrorCode::not_allowed);  // raises itself
    CHECK(c.commit(c.ann, 2, 3, c.all) == ErrorCode::not_allowed); // who may, the relay does not know
    c.admins = {};
    c.owner = "bo";
    CHECK(c.commit(c.bo, 2, 3, c.all) == ErrorCode::not_allowed);
    c.owner = "ann";
    auto members = c.all;
    std::erase(members, "dee");
    CHECK(c.commit(c.ann, 2, 3, members) == ErrorCode::not_allowed);
    auto with_secret = c.request(2, 3, c.all);
    with_secret.joined = {{"dee", Bytes(40, 1)}};
    CHECK(c.bo.code(with_secret) == ErrorCode::not_allowed);
    CHECK(c.state(c.ann).epoch == 2);
    CHECK(c.commit(c.bo, 2, 4, c.all) == ErrorCode::ok);
    CHECK_FALSE(c.state(c.ann).group_info.empty());
    CHECK(c.commit(c.ann, 3, 5, members) == ErrorCode::ok);
}

TEST_CASE("a group of many is not undone from its beginning, once somebody has built on that")
{
    Circle c;
    CHECK(c.commit(c.ann, 0, 1, {"ann", "bo"}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, 1, 2, {"ann", "bo"}) == ErrorCode::ok);
    CHECK(c.reject(c.bo, 0, 1) == ErrorCode::conflict);
    CHECK(c.state(c.ann).epoch == 2);
}
