// SPDX-License-Identifier: Apache-2.0
// Asking to be let into a group.
#include "tests/relay/circle.hpp"

#include "lib/identity/conversation_id.hpp"

#include <deque>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

frame::GroupJoins waiting(Circle& c, Device& by)
{
    const auto response = by.ask(frame::GroupJoinsFetch{c.id});
    REQUIRE(response.error.code == ErrorCode::ok);
    return std::get<frame::GroupJoins>(response.body);
}

} // namespace

TEST_CASE("dee asks, all members hear of it, and a member's commit takes her in although she is nobody's contact")
{
    Circle c;
    c.create();
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok);
    for (auto* const one : {&c.ann, &c.bo, &c.cy}) {
        const auto news = one->take<frame::GroupNews>();
        REQUIRE(news.size() == 1);
        CHECK(news[0].joins == 1);
    }
    const auto asked = waiting(c, c.bo);
    REQUIRE(asked.entries.size() == 1);
    CHECK(asked.entries[0].user == "dee");
    CHECK(asked.entries[0].account_key == signing_key(400).public_key());
    CHECK(asked.entries[0].device_list == c.world.list("dee").encoded);
    CHECK(asked.entries[0].sealed == Bytes(30, 7));
    CHECK(asked.entries[0].asked_ms == c.world.now.wall_ms);
    // Whoever is in the group may fetch her KeyPackages now; she may not theirs.
    CHECK(c.bo.code(frame::KeyPackageFetch{"dee", {c.dee.id}}) == ErrorCode::ok);
    CHECK(c.dee.code(frame::KeyPackageFetch{"bo", {c.bo.id}}) == ErrorCode::not_a_contact);
    CHECK(c.bo.put(c.dee, 3) == ErrorCode::not_a_contact);

    // Said again, it replaces what was said.
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(31, 8)}) == ErrorCode::ok);
    REQUIRE(waiting(c, c.bo).entries.size() == 1);
    CHECK(waiting(c, c.bo).entries[0].sealed == Bytes(31, 8));

    CHECK(c.commit(c.bo, 1, 2, {"ann", "bo", "cy", "dee"}, {c.dee.id}) == ErrorCode::ok);
    CHECK(waiting(c, c.bo).entries.empty());
    CHECK(c.dee.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.dee.take<frame::GroupNews>().size() == 1);
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::conflict);
    CHECK(c.put(c.dee, 5).stored == 3);
    c.world.restart();
    c.dee.resume();
    CHECK(c.dee.take<frame::GroupNews>().size() == 1);
}

TEST_CASE("many ask: a device is shown them page after page, and then from the first again; each device for itself")
{
    Circle c;
    c.create();
    std::deque<Device> crowd;
    for (std::size_t n = 0; n < 2 * wire::group_joins_page_max + 3; ++n) {
        auto& one = crowd.emplace_back(c.world, 10 + n);
        one.join("p" + std::to_string(n), 1000 + n);
        c.world.now.wall_ms += n % 2 == 0 ? 0 : 1; // Two at a time.
        REQUIRE(one.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok);
    }
    const auto page = [&](Device& by) {
        std::string out;
        for (const auto& one : waiting(c, by).entries)
            out += (out.empty() ? "" : " ") + one.user;
        return out;
    };
    const auto users = [&](std::size_t begin, std::size_t end) {
        std::string out;
        for (auto n = begin; n < end; ++n)
            out += (out.empty() ? "p" : " p") + std::to_string(n);
        return out;
    };
    CHECK(page(c.bo) == users(0, 16));
    CHECK(page(c.bo) == users(16, 32));
    CHECK(page(c.ann) == users(0, 16));
    CHECK(page(c.bo) == users(32, 35));
    CHECK(page(c.bo) == users(0, 16));
    // The last that was shown goes.
    CHECK(c.ann.code(frame::GroupJoinRefuse{c.id, "p15"}) == ErrorCode::ok);
    CHECK(page(c.bo) == users(16, 32));
    // One that was shown asks anew, and is the last.
    c.world.now.wall_ms += 1;
    CHECK(crowd[31].code(frame::GroupJoin{c.id, Bytes(31, 8)}) == ErrorCode::ok);
    CHECK(page(c.bo) == users(32, 35) + " p31");
}

TEST_CASE("who is refused is told, now or at the next login, and may ask again a day later")
{
    Circle c;
    c.create();
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok);
    CHECK(c.bo.code(frame::GroupJoinRefuse{c.id, "dee"}) == ErrorCode::ok);
    CHECK(c.bo.code(frame::GroupJoinRefuse{c.id, "dee"}) == ErrorCode::ok); // the answer was lost
    CHECK(c.bo.code(frame::GroupJoinRefuse{c.id, "nobody"}) == ErrorCode::ok);
    const auto told = c.dee.take<frame::GroupJoinRefused>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].conversation == c.id);
    CHECK(waiting(c, c.ann).entries.empty());
    CHECK(c.commit(c.bo, 1, 2, {"ann", "bo", "cy", "dee"}) == ErrorCode::not_a_contact);
    c.dee.drop();
    CHECK(c.world.tick().ok());
    c.dee.resume();
    CHECK(c.dee.take<frame::GroupJoinRefused>().size() == 1);

    const auto early = c.dee.ask(frame::GroupJoin{c.id, Bytes(30, 7)});
    CHECK(early.error.code == ErrorCode::rate_limited);
    CHECK(early.error.retry_after_ms == static_cast<std::uint64_t>(c.world.config.limits.group_join_again_ms));
    c.world.now.wall_ms += c.world.config.limits.group_join_again_ms;
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok);
    CHECK(waiting(c, c.ann).entries.size() == 1);
}

TEST_CASE("two members answer at once: who comes second is told, be the one who asks a contact of theirs or not")
{
    Circle c;
    c.create();
    const auto ask = [&] { CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok); };
    const auto let_in = [&](Device& by) { return c.commit(by, 1, 2, {"ann", "bo", "cy", "dee"}, {c.dee.id}); };
    SUBCASE("yes comes first")
    {
        ask();
        CHECK(let_in(c.bo) == ErrorCode::ok);
        const auto no = c.ann.ask(frame::GroupJoinRefuse{c.id, "dee", {}});
        CHECK(no.error.code == ErrorCode::conflict);
        CHECK(c.dee.take<frame::GroupJoinRefused>().empty());
        CHECK(c.put(c.dee, 5).stored == 3); // She is in.
    }
    SUBCASE("no comes first, and says who")
    {
        befriend(c.bo, "bo", c.dee, "dee");
        ask();
        CHECK(c.ann.code(frame::GroupJoinRefuse{c.id, "dee", {}}) == ErrorCode::ok);
        CHECK(let_in(c.bo) == ErrorCode::not_a_contact);
        c.world.now.mono += refusal_fresh_for;
        CHECK(let_in(c.bo) == ErrorCode::ok); // Who takes in a contact after that has heard of it.
    }
    SUBCASE("she asks again")
    {
        ask();
        CHECK(c.ann.code(frame::GroupJoinRefuse{c.id, "dee", {}}) == ErrorCode::ok);
        c.world.now.wall_ms += c.world.config.limits.group_join_again_ms;
        ask();
        CHECK(let_in(c.bo) == ErrorCode::ok);
    }
}

TEST_CASE("a stale link is no refusal: told at once, and whoever has a new one asks again at once")
{
    Config config;
    config.limits.stale_group_links = {3, std::chrono::minutes(10)};
    config.limits.group_joins_per_account_max = 1;
    Circle c(config);
    c.create();
    const auto stale = [&](std::uint64_t epoch, WallMs asked_ms) {
        return c.bo.code(frame::GroupJoinRefuse{c.id, "dee", frame::GroupJoinRefuse::StaleLink{1, epoch, asked_ms}});
    };
    const auto told = [&] {
        const auto all = c.dee.take<frame::GroupJoinRefused>();
        return all.size() == 1 && all[0].conversation == c.id && all[0].why == frame::GroupJoinRefused::stale_link;
    };
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok);
    CHECK(stale(2, c.world.now.wall_ms) == ErrorCode::conflict); // Of an epoch that is none any more, or none yet.
    CHECK(stale(1, c.world.now.wall_ms - 1) == ErrorCode::ok);   // She has asked anew since.
    CHECK(waiting(c, c.ann).entries.size() == 1);
    CHECK(stale(1, c.world.now.wall_ms) == ErrorCode::ok);
    CHECK(told());
    CHECK(waiting(c, c.ann).entries.empty());
    c.dee.drop();
    CHECK(c.world.tick().ok());
    c.dee.resume();
    CHECK(told());

    for (int n = 0; n < 2; ++n) {
        CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(31, 8)}) == ErrorCode::ok);
        CHECK(stale(1, c.world.now.wall_ms) == ErrorCode::ok);
        CHECK(told());
    }
    // But looking costs the admins' devices something.
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(31, 8)}) == ErrorCode::rate_limited);
    c.world.now.mono += std::chrono::minutes(10);
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(31, 8)}) == ErrorCode::ok);
    CHECK(stale(1, c.world.now.wall_ms) == ErrorCode::ok);

    // An answer keeps nobody from asking elsewhere.
    c.id = filled<ConversationId>(78);
    REQUIRE(c.commit(c.ann, 0, 2, {"ann", "bo"}) == ErrorCode::ok);
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::ok);
    CHECK(c.bo.code(frame::GroupJoinRefuse{c.id, "dee", {}}) == ErrorCode::ok);
    CHECK(c.dee.take<frame::GroupJoinRefused>().back().why == frame::GroupJoinRefused::refused);
}

TEST_CASE("how many wait: at the limit and one past it, for one group and of one account; and for how long")
{
    Config config;
    config.limits.group_joins_max = 1;
    config.limits.group_joins_per_account_max = 1;
    Circle c(config);
    Device eve(c.world, 6);
    eve.join("eve", 600);
    c.create();
    const auto first = c.id;
    CHECK(c.dee.code(frame::GroupJoin{first, Bytes(30, 7)}) == ErrorCode::ok);
    CHECK(c.dee.code(frame::GroupJoin{first, Bytes(30, 7)}) == ErrorCode::ok);
    CHECK(eve.code(frame::GroupJoin{first, Bytes(30, 7)}) == ErrorCode::quota_exceeded);
    c.id = filled<ConversationId>(78);
    REQUIRE(c.commit(c.ann, 0, 2, {"ann"}) == ErrorCode::ok);
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(30, 7)}) == ErrorCode::quota_exceeded);
    CHECK(c.dee.code(frame::GroupJoin{filled<ConversationId>(79), Bytes(30, 7)}) == ErrorCode::no_such_user);

    c.world.now.wall_ms += config.limits.group_join_age_ms_max + 1;
    c.forget_frames();
    c.world.advance(expiry_interval);
    CHECK(c.world.tick().ok());
    const auto news = c.ann.take<frame::GroupNews>();
    REQUIRE(news.size() == 1);
    CHECK(news[0].conversation == first);
    CHECK(news[0].joins == 0);
    CHECK(eve.code(frame::GroupJoin{first, Bytes(30, 7)}) == ErrorCode::ok);
}

TEST_CASE("a conversation of two is no group to ask at, nor to be listed")
{
    Circle c;
    const auto of_two = identity::conversation_of(signing_key(100).public_key(), signing_key(200).public_key());
    const auto id = envelope(9).id;
    frame::GroupCommit create;
    create.with = "bo";
    create.conversation = of_two;
    create.incarnation = 1;
    create.envelope = {id, commit_bytes({of_two, 1}, 0, id)};
    create.group_info = group_info_bytes({of_two, 1}, 1);
    REQUIRE(c.ann.code(create) == ErrorCode::ok);
    CHECK(c.dee.code(frame::GroupJoin{of_two, Bytes(30, 7)}) == ErrorCode::no_such_user);
    CHECK(c.ann.code(frame::GroupRosterFetch{of_two, 0}) == ErrorCode::not_allowed);
    CHECK(c.ann.code(frame::GroupFetch{"", of_two}) == ErrorCode::not_allowed);
    create.members = {"ann", "bo"};
    CHECK(c.ann.code(create) == ErrorCode::invalid_argument);
}

TEST_CASE("a group of many under the id of a conversation of two gives way to it")
{
    Circle c;
    const auto of_two = identity::conversation_of(signing_key(100).public_key(), signing_key(200).public_key());
    c.id = of_two;
    c.owner = "cy";
    REQUIRE(c.commit(c.cy, 0, 1, {"cy"}) == ErrorCode::ok);
    REQUIRE(c.commit(c.cy, 1, 2, {"ann", "cy"}) == ErrorCode::ok);
    const auto state = c.ann.ask(frame::GroupFetch{"bo", of_two});
    REQUIRE(state.error.code == ErrorCode::ok);
    CHECK(std::get<frame::GroupState>(state.body).incarnation == 0);

    const auto id = envelope(9).id;
    frame::GroupCommit create;
    create.with = "bo";
    create.conversation = of_two;
    create.incarnation = 1;
    create.envelope = {id, commit_bytes({of_two, 1}, 0, id)};
    create.group_info = group_info_bytes({of_two, 1}, 1);
    CHECK(c.ann.code(create) == ErrorCode::ok);
    CHECK(c.bo.code(frame::GroupFetch{"ann", of_two}) == ErrorCode::ok);
    CHECK(c.commit(c.cy, 1, 3, {"cy"}) == ErrorCode::not_allowed);
    CHECK(c.commit(c.cy, 0, 4, {"cy"}) == ErrorCode::not_allowed);
    c.world.restart();
    c.bo.resume();
    CHECK(c.bo.code(frame::GroupFetch{"ann", of_two}) == ErrorCode::ok);
}
