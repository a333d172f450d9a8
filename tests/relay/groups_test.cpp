// SPDX-License-Identifier: Apache-2.0
// The relay as Delivery Service: who may commit where, one commit an epoch, and taking one back.
#include "tests/relay/chat.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("creating: the newcomer gets the Welcome, others fetch the GroupInfo; then commits in order")
{
    Chat c;
    CHECK(c.state(c.ann).incarnation == 0);
    CHECK(c.state(c.ann).epoch == 0);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    auto mail = c.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].from == c.ann.id);
    CHECK(mail[0].envelope.sealed == c.welcome(1));
    CHECK(mail[0].envelope.id != envelope(1).id);
    CHECK_FALSE(mail[0].envelope.id.is_zero());
    c.bo.acknowledge({mail[0].sequence});
    auto state = c.state(c.bo, "ann");
    CHECK(state.incarnation == 1);
    CHECK(state.epoch == 1);
    CHECK(state.commit == envelope(1).id);
    CHECK(state.group_info == c.info(1));

    CHECK(c.commit(c.bo, "ann", 1, 1, 2, {c.ann.id}) == ErrorCode::ok);
    mail = c.ann.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.id == envelope(2).id);
    CHECK(mail[0].envelope.sealed == c.sealed(2));
    CHECK(c.bo.take<frame::MailboxDeliver>().empty()); // not to the committer
    state = c.state(c.ann);
    CHECK(state.epoch == 2);
    CHECK(state.commit == envelope(2).id);
    CHECK(state.group_info == c.info(2));
    CHECK(c.ann.take<frame::GroupChanged>().empty()); // that is for what is taken back

    const auto& counters = c.world.core->counters();
    CHECK(counters.group_commits == 2);
    CHECK(counters.handshake_envelopes_stored == 2);
    CHECK(counters.handshake_bytes_stored == c.welcome(1).size() + c.sealed(2).size());
    CHECK(counters.handshake_envelopes_delivered == 2);
    CHECK(counters.handshake_envelopes_acknowledged == 1);
    CHECK(counters.content_envelopes_stored == 0);
    CHECK(counters.content_envelopes_delivered == 0);
    c.world.restart();
    c.ann.resume();
    CHECK(c.state(c.ann).group_info == c.info(2));
}

TEST_CASE("which epoch a commit may start from: a table")
{
    struct Row {
        std::uint64_t incarnation, epoch;
        ErrorCode answer;
    };
    const auto conflict = ErrorCode::conflict;
    const std::uint64_t huge = ~std::uint64_t{0};
    // The group stands at incarnation 2, epoch 2.
    const Row table[] = {{2, 2, ErrorCode::ok},
                         {3, 0, ErrorCode::ok}, // the next incarnation
                         {2, 1, conflict},
                         {2, 3, conflict},
                         {2, 0, conflict}, // it exists
                         {1, 0, conflict},
                         {1, 2, conflict},
                         {3, 1, conflict},
                         {3, 2, conflict},
                         {4, 0, ErrorCode::ok}, // somebody remembers more than the relay
                         {2 + incarnations_skipped_max, 0, ErrorCode::ok},
                         {3 + incarnations_skipped_max, 0, conflict},
                         {huge, 0, conflict},
                         {2, huge, conflict},
                         {0, 0, ErrorCode::invalid_argument},
                         {0, 2, ErrorCode::invalid_argument}};
    for (const auto& row : table) {
        CAPTURE(&row - table);
        Chat c;
        CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
        CHECK(c.commit(c.ann, "bo", 2, 0, 2) == ErrorCode::ok);
        CHECK(c.commit(c.ann, "bo", 2, 1, 3) == ErrorCode::ok);
        const auto response = c.ann.ask(c.request("bo", row.incarnation, row.epoch, 9));
        CHECK(response.error.code == row.answer);
        const auto state = c.state(c.bo, "ann");
        if (row.answer == ErrorCode::ok) {
            CHECK(state.incarnation == row.incarnation);
            CHECK(state.epoch == row.epoch + 1);
            CHECK(state.commit == envelope(9).id);
        } else {
            CHECK(state.incarnation == 2);
            CHECK(state.epoch == 2);
            CHECK(state.commit == envelope(3).id);
        }
        if (row.answer == conflict) {
            const auto& told = std::get<frame::GroupState>(response.body);
            CHECK(told.incarnation == 2);
            CHECK(told.epoch == 2);
            CHECK(told.commit == envelope(3).id);
            CHECK(told.group_info.empty());
        }
    }
}

TEST_CASE("the first group that a relay sees may be of any incarnation: members remember those that it has forgotten")
{
    const std::uint64_t huge = ~std::uint64_t{0};
    for (const auto& [incarnation, answer] :
         {std::pair(std::uint64_t{1}, ErrorCode::ok), std::pair(std::uint64_t{7}, ErrorCode::ok),
          std::pair(incarnations_skipped_max, ErrorCode::ok),
          std::pair(incarnations_skipped_max + 1, ErrorCode::conflict), std::pair(huge, ErrorCode::conflict)}) {
        CAPTURE(incarnation);
        Chat c;
        CHECK(c.commit(c.ann, "bo", incarnation, 1, 8) == ErrorCode::conflict); // there is nothing to go on from
        CHECK(c.commit(c.ann, "bo", incarnation, 0, 9, {}, {c.bo.id}) == answer);
        const auto state = c.state(c.bo, "ann");
        CHECK(state.incarnation == (answer == ErrorCode::ok ? incarnation : 0));
        CHECK(state.epoch == (answer == ErrorCode::ok ? 1 : 0));
        if (answer != ErrorCode::ok) continue;
        CHECK(c.commit(c.bo, "ann", incarnation, 0, 10) == ErrorCode::conflict); // who creates the same comes second
        CHECK(c.commit(c.bo, "ann", incarnation, 1, 10, {c.ann.id}) == ErrorCode::ok);
        CHECK(c.state(c.ann).epoch == 2);
    }
}

TEST_CASE("a member that commits all the time does not win every epoch for ever")
{
    Chat c;
    REQUIRE(c.commit(c.bo, "ann", 1, 0, 1) == ErrorCode::ok);
    std::uint64_t epoch = 1;
    for (; epoch <= group_commits_rate.burst; ++epoch) {
        c.world.now.wall_ms += unseen_stands_ms; // Nobody sees them: they stand by age.
        REQUIRE(c.commit(c.ann, "bo", 1, epoch, 1 + epoch) == ErrorCode::ok);
    }
    c.world.now.wall_ms += 3 * unseen_stands_ms;
    const auto refused = c.ann.ask(c.request("bo", 1, epoch, 1 + epoch)).error;
    CHECK(refused.code == ErrorCode::rate_limited);
    CHECK(refused.retry_after_ms == 5'000);
    CHECK(c.commit(c.ann, "bo", 1, epoch - 1, epoch) == ErrorCode::ok);         // the same again costs nothing
    CHECK(c.commit(c.bo, "ann", 1, epoch, 1'000, {c.ann.id}) == ErrorCode::ok); // the others' turn
    c.world.advance(std::chrono::seconds(5));
    CHECK(c.commit(c.ann, "bo", 1, epoch + 1, 1'001) == ErrorCode::ok);
}

TEST_CASE("joins from outside are paced by device and conversation: nobody ends epochs at the rate of commits")
{
    Config config;
    config.limits.group_creations = {2, std::chrono::minutes(2)};
    Chat c(config);
    REQUIRE(c.commit(c.bo, "ann", 1, 0, 1) == ErrorCode::ok);
    const auto join = [&](Device& by, std::uint64_t epoch, std::uint64_t number) {
        auto request = c.request("bo", 1, epoch, number, {c.bo.id});
        request.envelope.sealed = external_commit_bytes(Chat::group(1), epoch, request.envelope.id, by.id);
        return by.ask(request).error;
    };
    CHECK(join(c.ann, 1, 2).code == ErrorCode::ok);
    CHECK(join(c.ann, 1, 2).code == ErrorCode::ok);       // the same again costs nothing
    CHECK(join(c.ann, 1, 3).code == ErrorCode::conflict); // nor what comes second
    CHECK(join(c.ann, 2, 4).code == ErrorCode::ok);
    CHECK(join(c.ann, 3, 5).code == ErrorCode::rate_limited);
    CHECK(join(c.ann, 3, 5).retry_after_ms == 120'000);
    CHECK(join(c.phone, 3, 6).code == ErrorCode::ok);                                    // another device comes in,
    CHECK(c.commit(c.ann, "bo", 1, 4, 7, {c.bo.id}) == ErrorCode::ok);                   // commits of members go on,
    CHECK(c.ann.code(creation({conversation(100, 100), 1}, "ann", 8)) == ErrorCode::ok); // and other conversations
    c.world.advance(std::chrono::minutes(2));
    CHECK(join(c.ann, 5, 9).code == ErrorCode::ok);
}

TEST_CASE("creations are paced by account and conversation: nobody turns over a group at the rate of commits")
{
    Config config;
    config.limits.group_creations = {2, std::chrono::minutes(2)};
    Chat c(config);
    CHECK(c.commit(c.bo, "ann", 1, 0, 1) == ErrorCode::ok);
    CHECK(c.commit(c.bo, "ann", 1, 0, 1) == ErrorCode::ok);       // the same again costs nothing
    CHECK(c.commit(c.bo, "ann", 1, 0, 2) == ErrorCode::conflict); // nor what comes second
    CHECK(c.commit(c.bo, "ann", 5, 0, 3) == ErrorCode::ok);
    Device tablet(c.world, 4);
    tablet.enter("bo", 200);
    for (auto* const one : {&c.bo, &tablet}) { // of the account, not the device
        const auto refused = one->ask(c.request("ann", 6, 0, 4));
        CHECK(refused.error.code == ErrorCode::rate_limited);
        CHECK(refused.error.retry_after_ms == 120'000);
    }
    CHECK(c.state(c.ann).incarnation == 5);
    CHECK(c.commit(c.bo, "ann", 5, 1, 5) == ErrorCode::ok); // commits go on
    CHECK(c.commit(c.ann, "bo", 6, 0, 6) == ErrorCode::ok); // and so do others' creations
    CHECK(tablet.code(creation({conversation(200, 200), 1}, "bo", 7)) == ErrorCode::ok);
    c.world.advance(std::chrono::minutes(2));
    CHECK(c.commit(tablet, "ann", 7, 0, 8) == ErrorCode::ok);
}

TEST_CASE("two commits race: one is first, in one tick as in two; the other is told where the group stands")
{
    for (const bool one_tick : {true, false}) {
        Chat c;
        CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
        c.bo.forget_frames();
        c.ann.send(c.request("bo", 1, 1, 2, {c.bo.id}));
        if (!one_tick) CHECK(c.world.tick().ok());
        c.bo.send(c.request("ann", 1, 1, 3, {c.ann.id}));
        CHECK(c.world.tick().ok());
        CHECK(c.ann.take<frame::Response>().at(0).error.code == ErrorCode::ok);
        const auto second = c.bo.take<frame::Response>().at(0);
        CHECK(second.error.code == ErrorCode::conflict);
        CHECK(std::get<frame::GroupState>(second.body).commit == envelope(2).id);
        CHECK(c.bo.take<frame::MailboxDeliver>().at(0).envelope.id == envelope(2).id);
        CHECK(c.ann.take<frame::MailboxDeliver>().empty());
        CHECK(c.world.core->counters().group_conflicts == 1);
        CHECK(c.commit(c.bo, "ann", 1, 2, 4, {c.ann.id}) == ErrorCode::ok);
    }
}

TEST_CASE("the same commit again is answered as the first time, and nobody gets it twice")
{
    Chat c;
    const auto request = c.request("bo", 1, 0, 1, {}, {c.bo.id});
    c.ann.send(request);
    CHECK(c.world.tick(true).ok()); // committed; the process dies before it says so
    c.world.restart();
    c.ann.resume();
    c.bo.resume();
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
    const auto again = c.ann.ask(request);
    CHECK(again.error.code == ErrorCode::ok);
    CHECK(std::get<frame::GroupState>(again.body).epoch == 1);
    CHECK(c.bo.take<frame::MailboxDeliver>().empty());
    CHECK(c.world.core->counters().group_commits == 0); // since the start

    // also when others went on from it
    for (std::uint64_t epoch = 1; epoch < 20; ++epoch)
        CHECK(c.commit(c.bo, "ann", 1, epoch, 1 + epoch) == ErrorCode::ok);
    const auto late = c.ann.ask(request);
    CHECK(late.error.code == ErrorCode::ok);
    CHECK(std::get<frame::GroupState>(late.body).epoch == 1);
    CHECK(std::get<frame::GroupState>(late.body).commit == envelope(1).id);
    // ids are remembered so far, and no farther
    for (std::uint64_t epoch = 20; epoch <= group_commits_kept + 1; ++epoch) {
        c.world.now.wall_ms += unseen_stands_ms; // Few see them: they stand by age.
        CHECK(c.commit(c.bo, "ann", 1, epoch, 1 + epoch) == ErrorCode::ok);
    }
    CHECK(c.ann.code(request) == ErrorCode::conflict);
    CHECK(c.state(c.ann).epoch == group_commits_kept + 2);
}

TEST_CASE("a crash before the commit of the tick: nothing happened, and it may be asked again")
{
    Chat c;
    c.ann.send(c.request("bo", 1, 0, 1, {}, {c.bo.id}));
    c.world.restart();
    c.ann.resume();
    c.bo.resume();
    CHECK(c.bo.take<frame::MailboxDeliver>().empty());
    CHECK(c.state(c.ann).incarnation == 0);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
}

TEST_CASE("who and where: contacts' conversations and the own one, nobody else's")
{
    Chat c;
    Device cy(c.world, 9);
    cy.join("cy", 900);
    const auto at = [&](Device& by, const std::string& with, const ConversationId& conversation) {
        const auto committed = by.code(creation({conversation, 1}, with, 1));
        const auto rejected = by.code(frame::GroupReject{with, conversation, 1, 0, envelope(1).id, 0});
        CHECK(by.code(frame::GroupFetch{with, conversation}) == committed);
        CHECK(rejected == committed);
        return committed;
    };
    const auto ann_cy = conversation(100, 900);
    CHECK(at(c.ann, "cy", ann_cy) == ErrorCode::not_a_contact);
    CHECK(at(c.ann, "nobody", ann_cy) == ErrorCode::not_a_contact);
    CHECK(at(c.ann, "bo", ann_cy) == ErrorCode::invalid_argument);
    CHECK(at(cy, "ann", conversation(100, 200)) == ErrorCode::not_a_contact);
    CHECK(at(cy, "cy", conversation(100, 200)) == ErrorCode::invalid_argument);
    CHECK(cy.code(frame::GroupFetch{"ann", conversation(100, 200)}) == ErrorCode::not_a_contact);
    CHECK(cy.code(frame::GroupFetch{"cy", conversation(100, 200)}) == ErrorCode::invalid_argument);
    CHECK(c.ann.code(frame::GroupFetch{"bo", ann_cy}) == ErrorCode::invalid_argument);
    CHECK(c.world.core->counters().group_commits == 0);

    // the own devices' conversation
    c.phone.forget_frames();
    auto own = creation({conversation(100, 100), 1}, "ann", 5);
    own.newcomers = {c.phone.id};
    own.welcome = welcome_bytes();
    CHECK(c.ann.code(own) == ErrorCode::ok);
    CHECK(c.phone.take<frame::MailboxDeliver>().at(0).envelope.sealed == own.welcome);
    CHECK(c.phone.code(frame::GroupFetch{"ann", conversation(100, 100)}) == ErrorCode::ok);
    CHECK(c.ann.code(frame::ContactRemove{"bo"}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 0, 6) == ErrorCode::not_a_contact);
    CHECK(c.bo.code(frame::GroupFetch{"ann", conversation(100, 200)}) == ErrorCode::not_a_contact);
}

TEST_CASE("recipients and newcomers: devices of the two accounts; who is gone is skipped, a stranger's is refused")
{
    Chat c;
    Device cy(c.world, 9);
    cy.join("cy", 900);
    befriend(c.ann, "ann", cy, "cy"); // her contact, but not of this conversation
    cy.forget_frames();
    const auto gone = signing_key(77).public_key();
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {cy.id}) == ErrorCode::invalid_argument);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id, gone, c.phone.id, c.bo.id, c.ann.id}) == ErrorCode::ok);
    CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1); // once
    CHECK(c.phone.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.ann.take<frame::MailboxDeliver>().empty());
    CHECK(c.commit(c.bo, "ann", 1, 1, 2, {c.ann.id, cy.id}) == ErrorCode::invalid_argument);
    CHECK(c.commit(c.bo, "ann", 1, 1, 2, {c.ann.id, c.phone.id, gone}) == ErrorCode::ok);
    CHECK(c.ann.take<frame::MailboxDeliver>().size() == 1);
    CHECK(c.phone.take<frame::MailboxDeliver>().size() == 1);
    CHECK(cy.take<frame::MailboxDeliver>().empty());
    // whoever was revoked meanwhile does not stop the others
    CHECK(c.ann.code(c.ann.revoking("ann", 100, c.phone.id)) == ErrorCode::ok);
    CHECK(c.commit(c.bo, "ann", 1, 2, 3, {c.ann.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.ann.take<frame::MailboxDeliver>().size() == 1);
}

TEST_CASE("the shape of a commit: what cannot be is refused")
{
    Chat c;
    auto request = c.request("bo", 1, 0, 1);
    request.recipients = {c.bo.id};
    CHECK(c.ann.code(request) == ErrorCode::invalid_argument); // no members before there is a group
    request = c.request("bo", 1, 0, 1, {}, {c.bo.id});
    request.welcome.clear();
    CHECK(c.ann.code(request) == ErrorCode::invalid_argument);
    request = c.request("bo", 1, 0, 1);
    request.welcome = welcome_bytes();
    CHECK(c.ann.code(request) == ErrorCode::invalid_argument);
    request = c.request("bo", 1, 0, 1);
    request.envelope.sealed = commit_of_size(wire::commit_bytes_max, c.group(1), 0, envelope(1).id);
    CHECK(c.ann.code(request) == ErrorCode::ok);
    // One byte more is no frame: the link ends.
    request.envelope.sealed = commit_of_size(wire::commit_bytes_max + 1, c.group(1), 0, envelope(1).id);
    CHECK(c.ann.code(request) != ErrorCode::ok);
}

TEST_CASE("envelope ids: a commit's and a message's are kept apart")
{
    Chat c;
    c.bo.drop();
    CHECK(c.ann.put(c.bo, 1) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::invalid_argument); // waits as content
    CHECK(c.commit(c.ann, "bo", 1, 0, 2, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 1, 3, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.ann.put(c.bo, 3) == ErrorCode::invalid_argument); // waits as a commit
    // another device's id: its own commits may not be answered by it
    CHECK(c.commit(c.phone, "bo", 1, 2, 3, {c.bo.id}) == ErrorCode::invalid_argument);
    c.bo.resume();
    const auto mail = c.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 3); // in the one order of the mailbox
    CHECK(mail[0].envelope.id == envelope(1).id);
    CHECK(mail[1].envelope.sealed == c.welcome(2));
    CHECK(mail[2].envelope.id == envelope(3).id);
}

TEST_CASE("a blocked person commits into the void, and is not told")
{
    Chat c;
    CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
    CHECK(c.ann.code(frame::ContactBlock{"bo"}) == ErrorCode::ok);
    c.ann.forget_frames();
    CHECK(c.commit(c.bo, "ann", 1, 1, 2, {c.ann.id, c.phone.id}) == ErrorCode::ok);
    CHECK(c.ann.take<frame::MailboxDeliver>().empty());
    CHECK(c.commit(c.ann, "bo", 1, 2, 3) == ErrorCode::not_a_contact); // she knows
    Device tablet(c.world, 4), desk(c.world, 5);
    tablet.enter("bo", 200);
    desk.enter("bo", 200);
    CHECK(c.commit(c.bo, "ann", 1, 2, 4, {c.ann.id, tablet.id, desk.id}) == ErrorCode::ok);
    CHECK(c.reject(tablet, "ann", 1, 2, 4) == ErrorCode::ok);
    c.bo.forget_frames();
    CHECK(c.reject(desk, "ann", 1, 2, 4) == ErrorCode::ok);
    CHECK(c.ann.take<frame::GroupChanged>().empty());
    CHECK(c.bo.take<frame::GroupChanged>().size() == 1);
    // afterwards she finds the group where it stands
    CHECK(c.ann.code(frame::ContactUnblock{"bo"}) == ErrorCode::ok);
    CHECK(c.state(c.ann).epoch == 2);
}

TEST_CASE("commits and fetches are paced per device")
{
    Config config;
    config.limits.group_requests = {3, std::chrono::seconds(2)};
    Chat c(config);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
    CHECK(c.ann.code(frame::GroupFetch{"bo", conversation(100, 200)}) == ErrorCode::ok);
    CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
    c.ann.drop();
    c.ann.resume(); // a new connection is no new allowance
    const auto refused = c.ann.ask(c.request("bo", 1, 1, 2));
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_after_ms == 2'000);
    CHECK(c.ann.code(frame::GroupFetch{"bo", conversation(100, 200)}) == ErrorCode::rate_limited);
    CHECK(c.reject(c.ann, "bo", 1, 0, 1) == ErrorCode::rate_limited);
    CHECK(c.commit(c.phone, "bo", 1, 1, 2) == ErrorCode::ok);
    c.world.advance(std::chrono::seconds(2));
    CHECK(c.commit(c.ann, "bo", 1, 2, 3) == ErrorCode::ok);
}

TEST_CASE("the default pace lets a new device join five hundred conversations at once")
{
    Chat c;
    for (int i = 0; i < 250; ++i)
        CHECK(c.ann.code(frame::GroupFetch{"bo", conversation(100, 200)}) == ErrorCode::ok);
    for (std::uint64_t i = 0; i < 250; ++i)
        CHECK(c.commit(c.ann, "bo", 1, i, i + 1) == ErrorCode::ok);
}

TEST_CASE("groups of an account end at its contacts and itself; those of former contacts make room")
{
    Config config;
    config.limits.contacts_max = 2;
    World world(config);
    Device ann(world, 1);
    ann.join("ann", 100);
    std::vector<std::unique_ptr<Device>> people;
    const auto name = [](std::uint64_t i) { return "p" + std::to_string(i); };
    const auto meet = [&](std::uint64_t i) {
        people.push_back(std::make_unique<Device>(world, 10 + i));
        people.back()->join(name(i), 200 + i);
        befriend(ann, "ann", *people.back(), name(i));
    };
    const auto create = [&](const std::string& with, std::uint64_t account, std::uint64_t number) {
        return ann.code(creation({conversation(100, account), 1}, with, number));
    };
    const auto epoch = [&](const std::string& with, std::uint64_t account) {
        return std::get<frame::GroupState>(ann.ask(frame::GroupFetch{with, conversation(100, account)}).body).epoch;
    };
    CHECK(create("ann", 100, 1) == ErrorCode::ok);
    meet(0);
    meet(1);
    CHECK(create(name(0), 200, 2) == ErrorCode::ok);
    CHECK(create(name(1), 201, 3) == ErrorCode::ok);
    CHECK(ann.code(frame::ContactRemove{name(0)}) == ErrorCode::ok);
    meet(2);
    CHECK(create(name(2), 202, 4) == ErrorCode::ok); // in the place of p0's
    CHECK(epoch("ann", 100) == 1);
    CHECK(epoch(name(1), 201) == 1);
    CHECK(ann.code(frame::ContactRemove{name(1)}) == ErrorCode::ok);
    befriend(ann, "ann", *people[0], name(0));
    CHECK(epoch(name(0), 200) == 0);

    // p1 and p2 are in two groups each, and in three none is to be spared: then there is no room
    CHECK(world.store.group_count(world.store.account("ann")->row) == 3);
    const auto me = world.store.account("ann")->row;
    const auto p1 = world.store.account(name(1))->row;
    world.store.set_contact(me, p1, wire::RosterState::accepted, 1);
    world.store.set_contact(p1, me, wire::RosterState::accepted, 1);
    REQUIRE(world.store.commit().ok());
    CHECK(create(name(0), 200, 5) == ErrorCode::quota_exceeded);

    // The relay has forgotten p0's group, its members have not: they go on after it.
    CHECK(ann.code(frame::ContactRemove{name(1)}) == ErrorCode::ok);
    CHECK(people[0]->code(creation({conversation(100, 200), 4}, "ann", 6)) == ErrorCode::ok);
    CHECK(epoch(name(0), 200) == 1);
}
