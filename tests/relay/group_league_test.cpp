// SPDX-License-Identifier: Apache-2.0
// Members in league, with good commits and bad ones, against those who are away for a while: who is skipped has a word,
// and nobody holds the others.
#include "tests/relay/many.hpp"

#include "relay/core/groups.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

/// ann owns it; bo, cy, dee, and p0, p1 … are members. Epoch 2, which all have seen.
struct Crowd : Many {
    using Many::Many;
    /// Good ones that change keys, until the relay does not want more.
    std::uint64_t commits(test::Device& by, std::uint64_t& epoch)
    {
        std::uint64_t made = 0;
        for (; made < 2 * open_commits_max; ++made, ++epoch)
            if (commit(by, epoch, epoch + 1, all) != ErrorCode::ok) break;
        return made;
    }
    std::vector<std::string> without(const std::set<std::string>& out) const
    {
        std::vector<std::string> stay;
        std::copy_if(all.begin(), all.end(), std::back_inserter(stay),
                     [&](const auto& one) { return !out.contains(one); });
        return stay;
    }
};

} // namespace

TEST_CASE("rubbish that was kept from two of three honest members falls when these have come")
{
    Config config;
    config.limits.mailbox_handshakes_max = 40;
    Crowd c(1, config); // bo and p0 are in league.
    befriend(c.bo, "bo", c.dee, "dee");
    c.ann.drop();
    c.dee.drop();
    const auto id = c.id;
    c.id = filled<ConversationId>(78); // A group of bo's, that fills his share of ann's and dee's mailboxes.
    c.owner = "bo";
    REQUIRE(c.commit(c.bo, 0, 100, {"ann", "bo", "dee"}, {c.ann.id, c.dee.id}) == ErrorCode::ok);
    for (std::uint64_t n = 1; n < 40; ++n)
        if (c.commit(c.bo, n, 100 + n, {"ann", "bo", "dee"}) != ErrorCode::ok) break;
    c.id = id;
    c.owner = "ann";
    const auto skipped = c.world.core->counters().handshake_envelopes_skipped;
    REQUIRE(c.commit(c.bo, 2, 3, c.all) == ErrorCode::ok);
    CHECK(c.world.core->counters().handshake_envelopes_skipped == skipped + 2);
    take_all(c.cy);
    take_all(c.more[0]);
    CHECK(c.reject(c.cy, 2, 3) == ErrorCode::ok);
    CHECK(c.state(c.cy).epoch == 3);
    // It has seen it: that it cannot join is heard, and takes nothing back.
    CHECK(c.more[0].code(frame::GroupReject{"", c.id, 1, 2, {}, 7, {}}) == ErrorCode::ok);
    CHECK(c.state(c.cy).epoch == 3);
    SUBCASE("at once") {}
    SUBCASE("though those in league have gone on")
    {
        REQUIRE(c.commit(c.more[0], 3, 4, c.all) == ErrorCode::ok);
        take_all(c.bo);
        REQUIRE(c.commit(c.bo, 4, 5, c.all) == ErrorCode::ok);
    }
    for (auto* const one : {&c.ann, &c.dee}) {
        one->resume();
        take_all(*one);
        // They have never seen it, and name its epoch.
        CHECK(one->code(frame::GroupReject{"", c.id, 1, 2, {}, 7, {}}) == ErrorCode::ok);
    }
    CHECK(c.state(c.ann).epoch == 2);
    CHECK(c.commit(c.ann, 2, 50, c.without({"bo", "p0"})) == ErrorCode::ok);
}

TEST_CASE("a member keeps nobody from committing, however many others are away, and however often it tries")
{
    Crowd c(0);
    c.cy.drop();
    c.dee.drop();
    std::uint64_t epoch = 2;
    for (int day = 0; day < 12; ++day) {
        CAPTURE(day);
        const auto made = c.commits(c.bo, epoch);
        CHECK(made <= open_commits_max / 4);
        take_all(c.ann);
        CHECK(c.commit(c.ann, epoch, epoch + 1, c.all) == ErrorCode::ok);
        ++epoch;
        take_all(c.bo);
        c.world.now.wall_ms += WallMs{24} * 3600 * 1000;
        c.world.advance(std::chrono::hours(24));
    }
    CHECK(c.commit(c.ann, epoch, epoch + 1, c.without({"bo"})) == ErrorCode::ok);
}

TEST_CASE("four members fill all that may be open: the owner goes on, and puts them out; others wait")
{
    Crowd c(3); // With bo in league.
    c.cy.drop();
    c.dee.drop();
    std::uint64_t epoch = 2;
    std::uint64_t made = 0;
    for (auto* const one : {&c.bo, &c.more[0], &c.more[1], &c.more[2]})
        made += c.commits(*one, epoch);
    CHECK(made == open_commits_max);
    c.cy.resume();
    CHECK(c.commit(c.cy, epoch, 500, c.all) == ErrorCode::rate_limited);
    CHECK(c.commit(c.bo, epoch, 501, c.all) == ErrorCode::rate_limited);
    CHECK(c.commit(c.ann, epoch, 502, c.without({"bo", "p0", "p1", "p2"})) == ErrorCode::ok);
    CHECK(c.commit(c.ann, epoch + 1, 503, {"ann", "cy", "dee"}) == ErrorCode::ok);
}

TEST_CASE("the owner goes on, too, when members fill all that may be open on a commit of hers")
{
    Crowd c(4); // bo and p0 to p3 in league; cy and dee away.
    c.cy.drop();
    c.dee.drop();
    std::uint64_t epoch = 2;
    REQUIRE(c.commit(c.ann, epoch, epoch + 1, c.all) == ErrorCode::ok);
    ++epoch;
    std::uint64_t made = 0;
    for (auto* const by : {&c.bo, &c.more[0], &c.more[1], &c.more[2]})
        for (; made < open_commits_max - 1 && c.commit(*by, epoch, epoch + 1, c.all) == ErrorCode::ok; ++epoch)
            ++made;
    REQUIRE(made == open_commits_max - 1);
    take_all(c.ann);
    CHECK(c.commit(c.more[3], epoch, 800, c.all) == ErrorCode::rate_limited);
    CHECK(c.commit(c.ann, epoch, 801, c.without({"bo", "p0", "p1", "p2", "p3"})) == ErrorCode::ok);
}

TEST_CASE("those who come in by the link do not keep the owner from putting somebody out")
{
    Crowd c(1); // She has p0 for a contact; nobody is there.
    c.all = c.without({"p0"});
    REQUIRE(c.commit(c.ann, 2, 3, c.all) == ErrorCode::ok);
    std::uint64_t epoch = 3;
    const auto takes_in = [&] {
        auto members = c.all;
        members.push_back("p0");
        return c.commit(c.ann, epoch, epoch + 1, members, {c.more[0].id});
    };
    for (; epoch < 2 + open_commits_max; ++epoch)
        REQUIRE(c.commit(c.ann, epoch, epoch + 1, c.all) == ErrorCode::ok);
    CHECK(takes_in() == ErrorCode::rate_limited);
    REQUIRE(c.commit(c.ann, epoch, epoch + 1, c.without({"bo"})) == ErrorCode::ok);
    ++epoch;
    c.all = c.without({"bo"});
    CHECK(takes_in() == ErrorCode::rate_limited);
    // What nobody has refused stands, being hers, after an hour.
    c.world.now.wall_ms += owners_stands_ms;
    CHECK(takes_in() == ErrorCode::ok);
}

TEST_CASE("what stands after an hour is the owner's own, and nobody's that has been refused")
{
    Crowd c(1);
    std::uint64_t epoch = 2;
    SUBCASE("the oldest is somebody else's")
    {
        REQUIRE(c.commit(c.more[0], epoch, epoch + 1, c.all) == ErrorCode::ok);
        ++epoch;
    }
    SUBCASE("the oldest is refused") {}
    const auto first = epoch;
    (void)c.commits(c.ann, epoch);
    if (first == 2) {
        take_all(c.bo);
        CHECK(c.reject(c.bo, 2, 3) == ErrorCode::ok);
    }
    c.world.now.wall_ms += unseen_stands_ms - 1;
    CHECK(c.commit(c.ann, epoch, 700, c.all) == ErrorCode::rate_limited);
}

TEST_CASE("an admin with members in league puts no rubbish out of the others' reach")
{
    Crowd c(2); // p0, p1 in league with bo.
    c.admins = {"bo"};
    REQUIRE(c.commit(c.ann, 2, 3, c.all) == ErrorCode::ok);
    c.all_take();
    std::uint64_t epoch = 3;
    std::uint64_t made = c.commits(c.more[0], epoch);
    made += c.commits(c.more[1], epoch);
    made += c.commits(c.bo, epoch);
    CHECK(made == open_commits_max);
    CHECK(c.commit(c.bo, epoch, 600, c.all) == ErrorCode::rate_limited);
    for (auto* const one : {&c.ann, &c.cy, &c.dee}) {
        take_all(*one);
        CHECK(c.reject(*one, 3, 4) == ErrorCode::ok);
    }
    CHECK(c.state(c.ann).epoch == 3);
}

TEST_CASE("what an account says of its own commits makes nobody wait for thirty days")
{
    Crowd c(0);
    test::Device second(c.world, 30); // Of bo.
    second.enter("bo", 200);
    c.ann.drop();
    c.cy.drop();
    c.dee.drop();
    std::uint64_t epoch = 2;
    REQUIRE(c.commits(c.bo, epoch) == open_commits_max / 4);
    take_all(second);
    (void)c.reject(second, 2, 3);
    c.world.now.wall_ms += unseen_stands_ms;
    CHECK(c.commits(c.bo, epoch) > 0); // By their age.
}

TEST_CASE("an owner with a member in league puts no rubbish out of the others' reach either")
{
    Crowd c(1); // ann owns it, and p0 is in league with her.
    std::uint64_t epoch = 2;
    std::uint64_t made = 0;
    SUBCASE("rubbish first, and good ones on it without end")
    {
        REQUIRE(c.commit(c.more[0], 2, 3, c.all) == ErrorCode::ok);
        ++epoch;
        made = 1 + c.commits(c.ann, epoch);
        CHECK(made == open_commits_max + open_of_owner_more);
    }
    SUBCASE("as many as there are of others' between")
    {
        made = c.commits(c.more[0], epoch);
        CHECK(made == open_commits_max / 4);
        made += c.commits(c.ann, epoch);
        CHECK(made == open_commits_max + open_of_owner_more);
    }
    CHECK(c.commit(c.ann, epoch, 700, c.all) == ErrorCode::rate_limited);
    for (auto* const one : {&c.bo, &c.cy, &c.dee}) {
        take_all(*one);
        CHECK(c.reject(*one, 2, 3) == ErrorCode::ok);
    }
    CHECK(c.state(c.bo).epoch == 2);
    CHECK(c.commit(c.bo, 2, 701, c.all) == ErrorCode::ok);
}

TEST_CASE("who cannot join by what lies here says so: nothing is taken back, and all members are told, at a pace")
{
    Crowd c(1);
    test::Device tablet(c.world, 30); // Of cy.
    tablet.enter("cy", 300);
    test::Device stranger(c.world, 31);
    stranger.join("sam", 3100);
    REQUIRE(c.commit(c.bo, 2, 3, c.all, {tablet.id}) == ErrorCode::ok);
    c.all_take();
    take_all(tablet);
    const frame::GroupReject says{"", c.id, 1, 2, {}, 0, {}};
    CHECK(tablet.code(says) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 3);
    for (auto* const one : c.devices)
        CHECK(one->take<frame::GroupChanged>().size() == 1);
    CHECK(c.dee.code(says) == ErrorCode::ok); // Asked about it or not: she may have lost her group since.
    // Not of another epoch, or of another group.
    CHECK(stranger.code(says) == ErrorCode::not_allowed);
    CHECK(tablet.code(frame::GroupReject{"", c.id, 1, 1, {}, 0, {}}) == ErrorCode::conflict);
    CHECK(tablet.code(frame::GroupReject{"", c.id, 2, 2, {}, 0, {}}) == ErrorCode::conflict);
    for (int n = 0; n < 4; ++n)
        CHECK(tablet.code(says) == ErrorCode::ok);
    CHECK(tablet.code(says) == ErrorCode::rate_limited);
    REQUIRE(c.commit(c.ann, 3, 4, c.all) == ErrorCode::ok);
    CHECK(tablet.code(says) == ErrorCode::conflict);
}

TEST_CASE("who cannot join in one group after the other has all members told no oftener than rejections may come")
{
    Config config;
    config.limits.group_rejects = {1, std::chrono::minutes(12)};
    config.limits.group_creations = {100, std::chrono::minutes(2)};
    Circle c(config);
    for (std::uint32_t n = 0; n <= group_rejects_anywhere; ++n) {
        CAPTURE(n);
        c.id = filled<ConversationId>(static_cast<std::uint8_t>(80 + n));
        REQUIRE(c.commit(c.ann, 0, 100 + n, {"ann", "bo"}, {c.bo.id}) == ErrorCode::ok);
        c.forget_frames();
        const bool may = n < group_rejects_anywhere;
        CHECK(c.bo.code(frame::GroupReject{"", c.id, 1, 0, {}, 0, {}}) ==
              (may ? ErrorCode::ok : ErrorCode::rate_limited));
        CHECK(c.ann.take<frame::GroupChanged>().size() == (may ? 1 : 0));
    }
}
