// SPDX-License-Identifier: Apache-2.0
// Groups of many at the relay: who may commit whom in and out, who hears of it, and one ciphertext for all.
#include "tests/relay/circle.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

std::vector<std::string> names(const frame::GroupRoster& roster)
{
    std::vector<std::string> out;
    for (const auto& entry : roster.entries)
        out.push_back(entry.user + (entry.member ? "" : " gone"));
    return out;
}

} // namespace

TEST_CASE("ann makes a group: the Welcome reaches the newcomers, all hear of it, and strangers learn nothing")
{
    Circle c;
    CHECK(c.commit(c.ann, 0, 1, {"ann", "bo", "cy"}, {c.bo.id, c.cy.id}) == ErrorCode::ok);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.cy.take<frame::MailboxDeliver>().size() == 1);
    for (auto* const one : {&c.ann, &c.bo, &c.cy}) {
        const auto news = one->take<frame::GroupNews>();
        REQUIRE(news.size() == 1);
        CHECK(news[0].conversation == c.id);
        CHECK(news[0].member);
        CHECK(news[0].joins == 0);
        CHECK(news[0].roster == c.roster(*one).version);
        CHECK(names(c.roster(*one)) == std::vector<std::string>{"ann", "bo", "cy"});
        CHECK(c.state(*one).group_info == c.request(0, 1, {"ann", "bo", "cy"}).group_info);
    }
    const auto entry = c.roster(c.bo).entries[2];
    CHECK(entry.account_key == signing_key(300).public_key());
    CHECK(entry.device_list == c.world.list("cy").encoded);

    CHECK(c.dee.take<frame::GroupNews>().empty());
    const frame::RequestBody asked[] = {frame::GroupFetch{"", c.id},
                                        frame::GroupRosterFetch{c.id, 0},
                                        frame::GroupJoinsFetch{c.id},
                                        frame::GroupJoinRefuse{c.id, "bo"},
                                        frame::GroupReject{"", c.id, 1, 0, envelope(1).id, 7, {}},
                                        frame::GroupTreeGet{c.id, 1, 1, 0},
                                        c.message(5),
                                        c.request(1, 6, {"ann", "bo", "cy", "dee"})};
    for (const auto& body : asked) {
        CAPTURE(body.index());
        CHECK(c.dee.code(body) == ErrorCode::not_allowed);
    }
    CHECK(c.world.core->counters().group_messages == 0);
}

TEST_CASE("who may be taken in: a table")
{
    struct Row {
        std::vector<std::string> members;
        ErrorCode answer;
    };
    Config config;
    config.limits.group_members_max = 4;
    const Row table[] = {
        {{"ann", "bo", "cy"}, ErrorCode::ok},
        {{"ann", "bo"}, ErrorCode::ok},                                 // cy is put out
        {{"ann", "bo", "cy", "dee"}, ErrorCode::not_a_contact},         // of nobody
        {{"ann", "bo", "cy", "nobody"}, ErrorCode::not_a_contact},      // whether there is such a one is not told
        {{"ann", "bo", "cy", "bo"}, ErrorCode::invalid_argument},       // twice
        {{"ann", "bo", "cy", "dee", "eve"}, ErrorCode::quota_exceeded}, // one past the limit
        {{"bo", "cy"}, ErrorCode::malformed},                           // a group without an owner is none
        {{}, ErrorCode::malformed},                                     // nobody is left
    };
    for (const auto& row : table) {
        CAPTURE(&row - table);
        Circle c(config);
        c.create();
        CHECK(c.commit(c.ann, 1, 2, row.members) == row.answer);
        // Nothing of what was refused has happened.
        if (row.answer != ErrorCode::ok) CHECK(names(c.roster(c.bo)) == std::vector<std::string>{"ann", "bo", "cy"});
    }
    Circle c(config);
    c.owner = "bo";
    CHECK(c.commit(c.ann, 0, 1, {"bo", "cy"}) == ErrorCode::invalid_argument);        // who creates is in it
    CHECK(c.commit(c.ann, 0, 1, {"ann", "bo", "cy"}) == ErrorCode::invalid_argument); // and owns it
    CHECK(c.commit(c.bo, 0, 1, {"bo", "cy"}) == ErrorCode::not_a_contact);            // cy is ann's contact, not bo's
    c.owner = "ann";
    auto wrong = c.request(0, 1, {"ann", "bo"}, {c.cy.id});
    CHECK(c.ann.code(wrong) == ErrorCode::invalid_argument); // a device of no member
    wrong = c.request(0, 1, {"ann", "bo"});
    wrong.joined = {{"cy", Bytes(40, 1)}};
    CHECK(c.ann.code(wrong) == ErrorCode::invalid_argument);
    wrong = c.request(0, 1, {"ann", "bo"});
    wrong.recipients = {c.bo.id};
    CHECK(c.ann.code(wrong) == ErrorCode::invalid_argument);
    c.create();
    CHECK(c.commit(c.ann, 0, 9, {"ann", "bo"}) == ErrorCode::not_allowed); // never begun anew
    CHECK(c.commit(c.dee, 0, 9, {"dee"}) == ErrorCode::not_allowed);       // nor taken over
}

TEST_CASE("who puts whom out, by role: a table; the frame's members are the policy's")
{
    struct Row {
        const char* by;
        std::vector<std::string> members;
        ErrorCode answer;
    };
    const Row table[] = {
        {"bo", {"ann", "bo", "cy"}, ErrorCode::ok},    // a member renews its leaf
        {"bo", {"ann", "cy"}, ErrorCode::ok},          // and leaves
        {"bo", {"bo"}, ErrorCode::malformed},          // but puts out nobody, not the owner,
        {"bo", {"ann", "bo"}, ErrorCode::not_allowed}, // nor a member
        {"cy", {"ann", "cy"}, ErrorCode::ok},          // an admin does,
        {"cy", {"cy", "bo"}, ErrorCode::malformed},    // though not the owner
        {"ann", {"ann", "bo"}, ErrorCode::ok},         // who may put out an admin
    };
    const auto by = [](Circle& c, const std::string& user) -> Device& {
        return user == "ann" ? c.ann : user == "bo" ? c.bo : c.cy;
    };
    for (const auto& row : table) {
        CAPTURE(&row - table);
        Circle c;
        c.admins = {"cy"};
        c.create();
        CHECK(c.commit(by(c, row.by), 1, 2, row.members) == row.answer);
        if (row.answer != ErrorCode::ok) CHECK(c.state(c.ann).epoch == 1);
    }
    Circle c;
    c.create();
    c.owner = "bo"; // bo gives the group to itself
    CHECK(c.commit(c.bo, 1, 2, {"ann", "bo", "cy"}) == ErrorCode::not_allowed);
    CHECK(c.commit(c.bo, 1, 2, {"bo"}) == ErrorCode::not_allowed);
    c.owner = "ann";
    auto request = c.request(1, 3, {"ann", "bo", "cy"});
    request.members = {"bo"}; // The policy stays, the frame says otherwise.
    CHECK(c.bo.code(request) == ErrorCode::invalid_argument);
    request = c.request(1, 4, {"ann", "bo", "cy"});
    request.group_info = group_info_bytes({c.id, 1}, 2);
    CHECK(c.bo.code(request) == ErrorCode::malformed);
    for (auto* const one : {&c.ann, &c.bo, &c.cy})
        CHECK(names(c.roster(*one)) == std::vector<std::string>{"ann", "bo", "cy"});
}

TEST_CASE("whoever is in a group is no newcomer by being called one: the commit comes to them, and they reject it")
{
    Circle c;
    c.create();
    c.forget_frames();
    // Around filler; the policy stays, as for a member's own leaf.
    CHECK(c.commit(c.bo, 1, 2, {"ann", "bo", "cy"}, {c.ann.id, c.cy.id}) == ErrorCode::ok);
    for (auto* const one : {&c.ann, &c.cy}) {
        bool came = false;
        for (const auto& mail : one->take<frame::MailboxDeliver>())
            came = came || mail.envelope.id == envelope(2).id;
        CHECK(came);
        CHECK(c.reject(*one, 1, 2) == ErrorCode::ok);
    }
    CHECK(c.state(c.ann).epoch == 1);
}

TEST_CASE("an admin's commit that puts others out is taken back by the owner's word alone, nobody else's")
{
    Circle c;
    c.admins = {"cy"};
    c.create();
    CHECK(c.commit(c.cy, 1, 2, {"ann", "cy"}) == ErrorCode::ok);
    CHECK(c.commit(c.bo, 2, 3, {"ann", "bo", "cy"}) == ErrorCode::not_allowed);
    CHECK(c.reject(c.bo, 1, 2) == ErrorCode::not_allowed);
    CHECK(c.reject(c.ann, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 1);
    CHECK(names(c.roster(c.bo)).size() == 3);
    CHECK(c.commit(c.bo, 1, 4, {"ann", "bo", "cy"}) == ErrorCode::ok);
}

TEST_CASE("a blocked contact is not taken in, and a member who blocks another is in the same group all the same")
{
    Circle c;
    CHECK(c.bo.code(frame::ContactBlock{"ann"}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, 0, 1, {"ann", "bo", "cy"}) == ErrorCode::not_a_contact);
    CHECK(c.bo.code(frame::ContactUnblock{"ann"}) == ErrorCode::ok);
    c.create();
    CHECK(c.bo.code(frame::ContactBlock{"ann"}) == ErrorCode::ok);
    CHECK(c.put(c.ann, 5).stored == 2);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.ann.put(c.bo, 6) == ErrorCode::ok); // as good as stored
    CHECK(c.bo.take<frame::MailboxDeliver>().empty());
}

TEST_CASE("an account is in so many groups and no more")
{
    Config config;
    config.limits.groups_max = 1;
    Circle c(config);
    c.create();
    c.id = filled<ConversationId>(78);
    CHECK(c.commit(c.ann, 0, 2, {"ann"}) == ErrorCode::quota_exceeded);
    c.id = filled<ConversationId>(77);
    c.hand_over("bo", 1, 3);
    CHECK(c.commit(c.ann, 2, 4, {"bo", "cy"}) == ErrorCode::ok); // ann leaves
    c.id = filled<ConversationId>(78);
    c.owner = "ann";
    CHECK(c.commit(c.ann, 0, 2, {"ann"}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, 1, 5, {"ann", "cy"}) == ErrorCode::quota_exceeded); // cy is in one
}

TEST_CASE("who is put out is told, whenever they come, gets no more, and the roster says so in its next version")
{
    Circle c;
    c.create();
    const auto before = c.roster(c.bo).version;
    c.cy.drop();
    CHECK(c.world.tick().ok());
    CHECK(c.commit(c.ann, 1, 2, {"ann", "bo"}) == ErrorCode::ok);
    const auto delta = c.roster(c.bo, before);
    CHECK(names(delta) == std::vector<std::string>{"cy gone"});
    CHECK(delta.entries[0].device_list.empty());
    CHECK_FALSE(delta.more);
    CHECK(c.roster(c.bo, delta.version).entries.empty());
    CHECK(c.put(c.ann, 5).stored == 1);

    c.cy.resume();
    auto news = c.cy.take<frame::GroupNews>();
    REQUIRE(news.size() == 1);
    CHECK_FALSE(news[0].member);
    const auto mail = c.cy.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1); // the commit that removes it, and not the message
    CHECK(mail[0].envelope.id == envelope(2).id);
    CHECK(c.cy.code(c.message(6)) == ErrorCode::not_allowed);

    // After its days it is forgotten.
    c.world.now.wall_ms += c.world.config.limits.group_gone_ms_max + 1;
    c.world.advance(expiry_interval);
    CHECK(c.world.tick().ok());
    c.cy.drop();
    CHECK(c.world.tick().ok());
    c.cy.resume();
    CHECK(c.cy.take<frame::GroupNews>().empty());
}

TEST_CASE("a group that everybody has left goes after a while")
{
    Circle c;
    c.create();
    // As when accounts are deleted: the owner does not leave, and somebody always is.
    for (const auto* const user : {"ann", "bo", "cy"})
        c.world.store.set_member(c.world.store.group(c.id).row, c.world.store.account(user)->row, false, nullptr, 0,
                                 c.world.now.wall_ms);
    CHECK(c.dee.code(frame::GroupJoin{c.id, Bytes(10, 1)}) == ErrorCode::no_such_user);
    for (int i = 0; i < 3; ++i) {
        c.world.now.wall_ms += c.world.config.limits.group_gone_ms_max + 1;
        c.world.advance(expiry_interval);
        CHECK(c.world.tick().ok());
    }
    CHECK(c.world.store.group(c.id).row == 0);
    c.owner = "bo";
    CHECK(c.commit(c.bo, 0, 9, {"bo"}) == ErrorCode::ok);
}

TEST_CASE("the same commit again is answered as the first time, also by who has left with it")
{
    Circle c;
    c.create();
    c.hand_over("bo", 1, 2);
    const auto leave = c.request(2, 3, {"bo", "cy"});
    CHECK(c.ann.code(leave) == ErrorCode::ok);
    const auto again = c.ann.ask(leave);
    CHECK(again.error.code == ErrorCode::ok);
    CHECK(std::get<frame::GroupState>(again.body).epoch == 3);
    CHECK(c.commit(c.ann, 3, 4, {"ann", "bo", "cy"}) == ErrorCode::not_allowed);
    c.world.restart();
    c.bo.resume();
    CHECK(names(c.roster(c.bo)) == std::vector<std::string>{"bo", "cy", "ann gone"});
}

TEST_CASE("a commit that is taken back takes its list of members along")
{
    Circle c;
    c.create();
    auto request = c.request(1, 2, {"ann", "bo"});
    request.joined = {{"bo", Bytes(50, 9)}};
    const auto secret_before = c.roster(c.bo).entries[1].secret;
    CHECK(c.ann.code(request) == ErrorCode::ok);
    CHECK(names(c.roster(c.bo)) == std::vector<std::string>{"ann", "bo", "cy gone"});
    Circle::acknowledge(c.bo);
    c.forget_frames();

    CHECK(c.reject(c.cy, 1, 2) == ErrorCode::not_allowed); // who is put out does not judge that
    CHECK(c.state(c.bo).epoch == 2);
    CHECK(c.reject(c.bo, 1, 2) == ErrorCode::ok);
    CHECK(c.state(c.bo).epoch == 1);
    CHECK(c.roster(c.bo).entries.size() == 3);
    for (const auto& entry : c.roster(c.bo).entries) {
        CHECK(entry.member);
        if (entry.user == "bo") CHECK(entry.secret == secret_before);
    }
    for (auto* const one : {&c.ann, &c.bo, &c.cy}) {
        const auto changed = one->take<frame::GroupChanged>();
        REQUIRE_FALSE(changed.empty());
        CHECK(changed[0].epoch == 1);
        CHECK(one->take<frame::GroupNews>().back().member);
    }
    CHECK(c.put(c.cy, 7).stored == 2);
    CHECK(c.commit(c.bo, 1, 8, {"ann", "bo", "cy"}) == ErrorCode::ok);
}

TEST_CASE("taking back counts accounts that have seen the commit: few who are quick do not undo it, and many who are "
          "away do not keep it")
{
    Config config;
    config.limits.registrations_per_address = {100, std::chrono::seconds(1)};
    World world(config);
    Circle names_only;
    std::deque<Device> people;
    std::vector<std::string> members{"ann"};
    std::vector<DeviceId> newcomers;
    Device ann(world, 1);
    ann.join("ann", 100);
    constexpr std::size_t others = 20;
    for (std::size_t i = 0; i < others; ++i) {
        auto& one = people.emplace_back(world, 10 + i);
        members.push_back("p" + std::to_string(i));
        one.join(members.back(), 1000 + i);
        befriend(ann, "ann", one, members.back());
        newcomers.push_back(one.id);
    }
    REQUIRE(ann.code(names_only.request(0, 1, members, newcomers)) == ErrorCode::ok);
    for (auto& one : people)
        Circle::acknowledge(one);
    REQUIRE(ann.code(names_only.request(1, 2, members)) == ErrorCode::ok);
    const auto epoch = [&] { return world.store.group(names_only.id).epoch; };
    // Nobody else has looked yet: of at least eight that must have seen it, five are more than half with the committer.
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(names_only.reject(people[i], 1, 2) == ErrorCode::ok);
    CHECK(epoch() == 2);
    SUBCASE("nine see it, five refuse it: it is gone, although eleven are away")
    {
        for (std::size_t i = 4; i < 8; ++i)
            Circle::acknowledge(people[i]);
        CHECK(names_only.reject(people[8], 1, 2) == ErrorCode::ok);
        CHECK(epoch() == 1);
    }
    SUBCASE("most have taken it: six do not undo it")
    {
        for (std::size_t i = 6; i < others; ++i)
            Circle::acknowledge(people[i]);
        for (std::size_t i = 4; i < 6; ++i)
            CHECK(names_only.reject(people[i], 1, 2) == ErrorCode::ok);
        CHECK(epoch() == 2);
    }
}

TEST_CASE("one message to a group: stored once, to every device but the sender's and those named")
{
    Circle c;
    c.create();
    Device tablet(c.world, 5);
    tablet.enter("ann", 100);
    c.forget_frames();
    const auto before = c.world.core->counters();
    const auto out = c.put(c.ann, 5, {c.cy.id});
    CHECK(out.stored == 2);
    CHECK(out.refused.empty());
    CHECK(tablet.take<frame::MailboxDeliver>().size() == 1); // her own other device
    CHECK(c.cy.take<frame::MailboxDeliver>().empty());
    CHECK(c.ann.take<frame::MailboxDeliver>().empty());
    const auto mail = c.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].from == c.ann.id);
    CHECK(mail[0].envelope.sealed == c.message(5).envelope.sealed);
    const auto& after = c.world.core->counters();
    CHECK(after.content_envelopes_stored - before.content_envelopes_stored == 2);
    CHECK(after.group_messages == 1);
    const auto row = c.world.store.envelope(c.ann.id, envelope(5).id);
    REQUIRE(row.has_value());
    CHECK(c.world.store.holders(row->row).size() == 2);

    // The answer was lost: the same again, and now also for cy.
    CHECK(c.put(c.ann, 5).stored == 3);
    CHECK(c.cy.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.bo.take<frame::MailboxDeliver>().empty());

    // What is no message of this group is not fanned out.
    auto wrong = c.message(6);
    wrong.conversation = filled<ConversationId>(99);
    CHECK(c.ann.code(wrong) == ErrorCode::invalid_argument);
    wrong = c.message(6);
    wrong.envelope.sealed = commit_bytes({c.id, 1}, 1, wrong.envelope.id);
    CHECK(c.ann.code(wrong) == ErrorCode::invalid_argument);
    wrong.envelope.sealed = Bytes(100, 1);
    CHECK(c.ann.code(wrong) == ErrorCode::invalid_argument);
}

TEST_CASE("mailboxes without room are named, and the others have the message")
{
    Config config;
    config.limits.mailbox_messages_max = 4;
    config.limits.mailbox_sender_percent_max = 50;
    Circle c(config);
    c.create();
    c.cy.drop();
    CHECK(c.world.tick().ok());
    CHECK(c.put(c.ann, 5).stored == 2);
    CHECK(c.put(c.ann, 6).stored == 2);
    Circle::acknowledge(c.bo);
    const auto out = c.put(c.ann, 7);
    CHECK(out.stored == 1);
    CHECK(out.refused == std::vector<DeviceId>{c.cy.id});
    CHECK(c.world.core->counters().content_envelopes_refused == 1);
}

TEST_CASE("messages to groups are paced by account")
{
    Config config;
    config.limits.group_messages = {2, std::chrono::seconds(1)};
    Circle c(config);
    c.create();
    CHECK(c.ann.code(c.message(5)) == ErrorCode::ok);
    CHECK(c.ann.code(c.message(6)) == ErrorCode::ok);
    CHECK(c.ann.code(c.message(7)) == ErrorCode::rate_limited);
    CHECK(c.bo.code(c.message(8)) == ErrorCode::ok);
    c.world.advance(std::chrono::seconds(1));
    CHECK(c.ann.code(c.message(7)) == ErrorCode::ok);
}

TEST_CASE("members who are no contacts: KeyPackages, and what is for one device alone, and nothing else")
{
    Circle c;
    CHECK(c.bo.put(c.cy, 4) == ErrorCode::not_a_contact);
    CHECK(c.bo.code(frame::KeyPackageFetch{"cy", {c.cy.id}}) == ErrorCode::not_a_contact);
    c.create();
    CHECK(c.bo.put(c.cy, 5) == ErrorCode::ok);
    CHECK(c.bo.code(frame::KeyPackageFetch{"cy", {c.cy.id}}) == ErrorCode::ok);
    CHECK(c.bo.code(frame::Signal{c.cy.id, Bytes(10, 1)}) == ErrorCode::ok); // For calls of the group.
    CHECK(c.commit(c.ann, 1, 2, {"ann", "bo"}) == ErrorCode::ok);
    CHECK(c.bo.put(c.cy, 6) == ErrorCode::not_a_contact);
    CHECK(c.bo.code(frame::KeyPackageFetch{"cy", {c.cy.id}}) == ErrorCode::not_a_contact);
}

TEST_CASE("a new device of a member: its account's row has another version, and all members hear of it")
{
    Circle c;
    c.create();
    const auto before = c.roster(c.bo).version;
    Device tablet(c.world, 5);
    tablet.enter("cy", 300);
    CHECK(c.bo.take<frame::GroupNews>().size() == 1);
    const auto delta = c.roster(c.bo, before);
    REQUIRE(names(delta) == std::vector<std::string>{"cy"});
    CHECK(devices_in(delta.entries[0].device_list).size() == 2);
    // The new device learns of its groups when it comes.
    CHECK_FALSE(tablet.take<frame::GroupNews>().empty());
    CHECK(c.put(c.ann, 5).stored == 3);
}

TEST_CASE("a secret is kept for its account alone, and stays until there is another one")
{
    Circle c;
    auto create = c.request(0, 1, {"ann", "bo"});
    create.joined = {{"ann", Bytes(40, 1)}, {"bo", Bytes(40, 2)}};
    CHECK(c.ann.code(create) == ErrorCode::ok);
    const auto secret_for = [&](Device& by, const std::string& user) {
        for (const auto& entry : c.roster(by).entries)
            if (entry.user == user) return entry.secret;
        return Bytes{};
    };
    CHECK(secret_for(c.bo, "bo") == Bytes(40, 2));
    CHECK(secret_for(c.bo, "ann").empty());
    CHECK(c.commit(c.ann, 1, 2, {"ann", "bo"}) == ErrorCode::ok);
    CHECK(secret_for(c.bo, "bo") == Bytes(40, 2));
    auto next = c.request(2, 3, {"ann", "bo"});
    next.joined = {{"bo", Bytes(40, 3)}};
    CHECK(c.ann.code(next) == ErrorCode::ok);
    CHECK(secret_for(c.bo, "bo") == Bytes(40, 3));
    CHECK(secret_for(c.ann, "ann") == Bytes(40, 1));
    auto bos = c.request(3, 4, {"ann", "bo"});
    bos.joined = {{"ann", Bytes(40, 4)}};
    CHECK(c.bo.code(bos) == ErrorCode::not_allowed); // a member, of another's
    CHECK(secret_for(c.ann, "ann") == Bytes(40, 1));
    c.admins = {"bo"};
    REQUIRE(c.commit(c.ann, 3, 5, {"ann", "bo"}) == ErrorCode::ok);
    bos = c.request(4, 6, {"ann", "bo"});
    bos.joined = {{"ann", Bytes(40, 4)}};
    CHECK(c.bo.code(bos) == ErrorCode::ok);
    CHECK(secret_for(c.ann, "ann") == Bytes(40, 4));
}

TEST_CASE("a fresh secret for everybody is news to everybody, and each fetches their own and nothing else")
{
    Circle c;
    auto create = c.request(0, 1, {"ann", "bo", "cy"});
    create.joined = {{"ann", Bytes(40, 1)}, {"bo", Bytes(40, 2)}, {"cy", Bytes(40, 3)}};
    CHECK(c.ann.code(create) == ErrorCode::ok);
    const auto before = c.roster(c.bo).version;
    c.forget_frames();
    auto next = c.request(1, 2, {"ann", "bo"}); // cy is put out.
    next.joined = {{"ann", Bytes(40, 4)}, {"bo", Bytes(40, 5)}};
    CHECK(c.ann.code(next) == ErrorCode::ok);
    const auto news = c.bo.take<frame::GroupNews>();
    REQUIRE(news.size() == 1);
    CHECK(news[0].roster > before);
    const auto delta = c.roster(c.bo, before);
    CHECK(names(delta) == std::vector<std::string>{"cy gone", "bo"});
    CHECK(delta.entries[1].secret == Bytes(40, 5));
    CHECK(delta.entries[1].device_list.empty()); // Nobody's list is another one.
    CHECK(delta.version == news[0].roster);
    CHECK(c.roster(c.bo, delta.version).entries.empty());
    CHECK(c.cy.code(frame::GroupRosterFetch{c.id, 0}) == ErrorCode::not_allowed);

    // With nobody coming or going, too; and taken back with its commit.
    next = c.request(2, 3, {"ann", "bo"});
    next.joined = {{"ann", Bytes(40, 6)}, {"bo", Bytes(40, 7)}};
    CHECK(c.ann.code(next) == ErrorCode::ok);
    const auto again = c.roster(c.bo, delta.version);
    REQUIRE(names(again) == std::vector<std::string>{"bo"});
    CHECK(again.entries[0].secret == Bytes(40, 7));
    Circle::acknowledge(c.bo);
    CHECK(c.reject(c.bo, 2, 3) == ErrorCode::ok);
    CHECK(c.state(c.bo).epoch == 2);
    const auto back = c.roster(c.bo, again.version);
    REQUIRE(names(back) == std::vector<std::string>{"bo"});
    CHECK(back.entries[0].secret == Bytes(40, 5));
}

TEST_CASE("a large roster comes in pages by version")
{
    Config config;
    World world(config);
    std::deque<Device> people;
    std::vector<std::string> members{"ann"};
    Device ann(world, 1);
    ann.join("ann", 100);
    for (std::size_t i = 0; i < group_roster_page_max + 5; ++i) {
        auto& one = people.emplace_back(world, 10 + i, "198.51.100." + std::to_string(i % 200));
        members.push_back("p" + std::to_string(i));
        one.join(members.back(), 1000 + i);
        befriend(ann, "ann", one, members.back());
        world.advance(std::chrono::seconds(2));
    }
    Circle shape;
    REQUIRE(ann.code(shape.request(0, 1, members)) == ErrorCode::ok);
    std::set<std::string> seen;
    std::uint64_t after = 0;
    int pages = 0;
    for (bool more = true; more; ++pages) {
        const auto response = ann.ask(frame::GroupRosterFetch{shape.id, after});
        const auto page = std::get<frame::GroupRoster>(response.body);
        CHECK(page.entries.size() <= group_roster_page_max);
        CHECK(page.version > after);
        for (const auto& entry : page.entries)
            CHECK(seen.insert(entry.user).second);
        after = page.version;
        more = page.more;
    }
    CHECK(pages == 2);
    CHECK(seen.size() == members.size());
}
