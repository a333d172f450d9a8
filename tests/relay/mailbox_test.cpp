// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/mls_shapes.hpp"
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

struct Friends {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};

    explicit Friends(Config config = {}) : world(std::move(config))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
    }
};

std::vector<std::uint64_t> numbers(const std::vector<frame::MailboxDeliver>& mail)
{
    std::vector<std::uint64_t> out;
    for (const auto& one : mail)
        out.push_back(one.envelope.id.bytes[0] + 256U * one.envelope.id.bytes[1]);
    return out;
}

std::vector<std::uint64_t> sequences(const std::vector<frame::MailboxDeliver>& mail)
{
    std::vector<std::uint64_t> out;
    for (const auto& one : mail)
        out.push_back(one.sequence);
    return out;
}

std::vector<std::uint64_t> up_to(std::uint64_t first, std::uint64_t last)
{
    std::vector<std::uint64_t> out;
    for (; first <= last; ++first)
        out.push_back(first);
    return out;
}

} // namespace

TEST_CASE("put, push, acknowledge: gone")
{
    Friends f;
    CHECK(f.ann.put(f.bo, 7) == ErrorCode::ok);
    const auto mail = f.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].from == f.ann.id);
    CHECK(mail[0].stored_ms == f.world.now.wall_ms);
    CHECK(mail[0].envelope.id == envelope(7).id);
    CHECK(mail[0].envelope.sealed == envelope(7).sealed);
    f.bo.acknowledge({mail[0].sequence});
    f.bo.acknowledge({mail[0].sequence, 12345}); // again, and one that never was
    f.bo.resume();
    CHECK(f.bo.take<frame::MailboxDeliver>().empty());
    CHECK(f.world.core->counters().content_envelopes_acknowledged == 1);
    CHECK_FALSE(f.world.store.envelope(f.ann.id, envelope(7).id)); // the bytes went with it
}

TEST_CASE("what changes a group does not go by mailbox, past the one commit an epoch")
{
    Friends f;
    const wire::GroupName group{{}, 1};
    auto one = envelope(7);
    const auto put = [&](Bytes sealed) {
        one.sealed = std::move(sealed);
        return f.ann.code(frame::MailboxPut{{f.bo.id}, one});
    };
    CHECK(put(welcome_bytes()) == ErrorCode::invalid_argument);
    CHECK(put(commit_bytes(group, 3, one.id)) == ErrorCode::invalid_argument);
    CHECK(put(external_commit_bytes(group, 3, one.id, f.ann.id)) == ErrorCode::invalid_argument);
    CHECK(put(group_info_bytes(group, 3)) == ErrorCode::invalid_argument);
    CHECK(put(message_bytes(group, 3, one.id)) == ErrorCode::ok);
    CHECK(put(welcome_bytes()) == ErrorCode::invalid_argument); // nor in the place of what is stored
    const auto mail = f.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.sealed == message_bytes(group, 3, one.id));
}

TEST_CASE("what waits comes in order, at login, until it is acknowledged")
{
    Friends f;
    f.bo.drop();
    for (std::uint64_t i = 1; i <= 5; ++i)
        CHECK(f.ann.put(f.bo, i) == ErrorCode::ok);
    f.bo.resume();
    auto mail = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(mail) == up_to(1, 5));
    f.bo.acknowledge({mail[0].sequence, mail[2].sequence});
    f.bo.drop();
    f.bo.resume(); // not acknowledged: again, same sequences
    const auto again = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(again) == std::vector<std::uint64_t>{2, 4, 5});
    CHECK(again[0].sequence == mail[1].sequence);
    f.world.restart();
    f.bo.resume();
    CHECK(numbers(f.bo.take<frame::MailboxDeliver>()) == std::vector<std::uint64_t>{2, 4, 5});
}

TEST_CASE("the same envelope to the same device is stored once, to several devices each once")
{
    Friends f;
    Device phone(f.world, 3);
    phone.enter("bo", 200);
    f.bo.drop();
    phone.drop();
    const auto request = frame::MailboxPut{{f.bo.id, phone.id, f.bo.id}, envelope(1)};
    for (int i = 0; i < 3; ++i) {
        const auto response = f.ann.ask(request);
        CHECK(std::get<frame::MailboxPutOk>(response.body).results == std::vector<ErrorCode>(3, ErrorCode::ok));
    }
    CHECK(f.world.core->counters().content_envelopes_stored == 2);
    f.bo.resume();
    phone.resume();
    const auto at_bo = f.bo.take<frame::MailboxDeliver>();
    const auto at_phone = phone.take<frame::MailboxDeliver>();
    CHECK(at_bo.size() == 1);
    CHECK(at_phone.size() == 1);
    f.bo.acknowledge(sequences(at_bo));
    CHECK(f.world.store.envelope(f.ann.id, envelope(1).id)); // the phone's copy holds it
    phone.acknowledge(sequences(at_phone));
    CHECK_FALSE(f.world.store.envelope(f.ann.id, envelope(1).id));
}

TEST_CASE("the same id from two senders is two envelopes")
{
    Friends f;
    Device cy(f.world, 3);
    cy.join("cy", 300);
    befriend(cy, "cy", f.bo, "bo");
    f.bo.drop();
    CHECK(f.ann.put(f.bo, 9) == ErrorCode::ok);
    CHECK(cy.put(f.bo, 9) == ErrorCode::ok);
    f.bo.resume();
    CHECK(f.bo.take<frame::MailboxDeliver>().size() == 2);
}

TEST_CASE("who may: accepted contacts and the own devices; one code each")
{
    Friends f;
    Device cy(f.world, 3), phone(f.world, 4);
    cy.join("cy", 300);
    phone.enter("ann", 100);
    phone.forget_frames();
    const auto response =
        f.ann.ask(frame::MailboxPut{{f.bo.id, cy.id, phone.id, signing_key(77).public_key()}, envelope(1)});
    CHECK(std::get<frame::MailboxPutOk>(response.body).results ==
          std::vector<ErrorCode>{ErrorCode::ok, ErrorCode::not_a_contact, ErrorCode::ok, ErrorCode::device_revoked});
    CHECK(phone.take<frame::MailboxDeliver>().size() == 1);
    CHECK(cy.take<frame::MailboxDeliver>().empty());
    CHECK(f.world.core->counters().content_envelopes_refused == 2);
    CHECK(f.ann.code(frame::ContactRemove{"bo"}) == ErrorCode::ok);
    CHECK(f.ann.put(f.bo, 2) == ErrorCode::not_a_contact);
    CHECK(f.bo.put(f.ann, 3) == ErrorCode::not_a_contact);
}

TEST_CASE("quota: messages and bytes per device, and a share of both per sender")
{
    Config config;
    config.limits.mailbox_messages_max = 8;
    config.limits.mailbox_bytes_max = 8'000;
    World world(config);
    Device bo(world, 1);
    bo.join("bo", 200);
    std::vector<std::unique_ptr<Device>> senders;
    for (std::uint64_t i = 0; i < 5; ++i) {
        senders.push_back(std::make_unique<Device>(world, 10 + i));
        const auto name = "s" + std::to_string(i);
        senders.back()->join(name, 100 + i);
        befriend(*senders.back(), name, bo, "bo");
    }
    bo.drop();
    // 25 % of 8: two a sender; four senders fill it
    for (std::uint64_t i = 0; i < 4; ++i) {
        CHECK(senders[i]->put(bo, 1) == ErrorCode::ok);
        CHECK(senders[i]->put(bo, 2) == ErrorCode::ok);
        CHECK(senders[i]->put(bo, 1) == ErrorCode::ok); // known already: no room needed
        CHECK(senders[i]->put(bo, 3) == ErrorCode::quota_exceeded);
    }
    CHECK(senders[4]->put(bo, 1) == ErrorCode::quota_exceeded);
    bo.resume();
    auto mail = bo.take<frame::MailboxDeliver>();
    CHECK(mail.size() == 8);
    bo.acknowledge(sequences(mail));
    bo.drop();
    // bytes: 2,000 a sender; the counters survive a restart
    CHECK(senders[0]->put(bo, 4, 2'000) == ErrorCode::ok);
    CHECK(senders[0]->put(bo, 5, 1) == ErrorCode::quota_exceeded);
    CHECK(senders[1]->put(bo, 4, 2'001) == ErrorCode::quota_exceeded);
    for (std::uint64_t i = 1; i < 4; ++i)
        CHECK(senders[i]->put(bo, 4, 2'000) == ErrorCode::ok);
    CHECK(senders[4]->put(bo, 4, 1) == ErrorCode::quota_exceeded);
    world.restart();
    senders[4]->resume();
    CHECK(senders[4]->put(bo, 4, 1) == ErrorCode::quota_exceeded);
    bo.resume();
    mail = bo.take<frame::MailboxDeliver>();
    bo.acknowledge({mail.at(0).sequence});
    CHECK(senders[4]->put(bo, 4, 2'000) == ErrorCode::ok);
}

TEST_CASE("the window: bounded ahead of the acknowledgements, in messages and in bytes")
{
    Config config;
    config.limits.mailbox_window_messages_max = 4;
    config.limits.mailbox_window_bytes_max = 1'000;
    Friends f(config);
    f.bo.drop();
    for (std::uint64_t i = 1; i <= 10; ++i)
        CHECK(f.ann.put(f.bo, i, 10) == ErrorCode::ok);
    f.bo.resume();
    auto mail = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(mail) == up_to(1, 4));
    CHECK(f.ann.put(f.bo, 11, 10) == ErrorCode::ok); // news waits its turn
    CHECK(f.bo.take<frame::MailboxDeliver>().empty());
    f.bo.acknowledge({mail[3].sequence, mail[1].sequence});
    auto more = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(more) == up_to(5, 6));
    f.bo.acknowledge({mail[0].sequence, mail[2].sequence, more[0].sequence, more[1].sequence});
    more = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(more) == up_to(7, 10));
    f.bo.acknowledge(sequences(more));
    more = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(more) == up_to(11, 11));
    f.bo.acknowledge(sequences(more));

    // bytes: 600 + 600 do not fit together, and one larger than the window goes alone
    f.bo.drop();
    for (std::uint64_t i = 21; i <= 23; ++i)
        CHECK(f.ann.put(f.bo, i, i == 23 ? 5'000 : 600) == ErrorCode::ok);
    f.bo.resume();
    for (std::uint64_t i = 21; i <= 23; ++i) {
        mail = f.bo.take<frame::MailboxDeliver>();
        CHECK(numbers(mail) == up_to(i, i));
        f.bo.acknowledge(sequences(mail));
    }
}

TEST_CASE("sequence numbers are never used twice, whatever was deleted and restarted")
{
    Friends f;
    std::set<std::uint64_t> used;
    for (std::uint64_t round = 0; round < 600; ++round) {
        CHECK(f.ann.put(f.bo, round) == ErrorCode::ok);
        const auto mail = f.bo.take<frame::MailboxDeliver>();
        REQUIRE(mail.size() == 1);
        CHECK(used.insert(mail[0].sequence).second);
        CHECK(*used.rbegin() == mail[0].sequence);
        f.bo.acknowledge({mail[0].sequence});
        if (round % 100 == 50) {
            f.world.restart();
            f.ann.resume();
            f.bo.resume();
        }
    }
}

TEST_CASE("a crash between commit and speak loses nothing: asked again, stored once, delivered")
{
    Friends f;
    f.ann.send(frame::MailboxPut{{f.bo.id}, envelope(1)});
    CHECK(f.world.tick(true).ok()); // committed; the answer and the push are lost with the process
    f.world.restart();
    f.ann.resume();
    CHECK(f.ann.put(f.bo, 1) == ErrorCode::ok);
    f.bo.resume();
    auto mail = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(mail) == up_to(1, 1));
    // and a crash before the commit: no answer was given, so asking again is right
    f.ann.send(frame::MailboxPut{{f.bo.id}, envelope(2)});
    f.world.restart();
    f.ann.resume();
    f.bo.resume();
    CHECK(f.ann.take<frame::Response>().empty());
    CHECK(f.ann.put(f.bo, 2) == ErrorCode::ok);
    mail = f.bo.take<frame::MailboxDeliver>();
    CHECK(numbers(mail) == up_to(1, 2));
    // an acknowledgement whose tick was lost: delivered again, acknowledged again
    f.world.give(f.bo.link, frame::MailboxAck{sequences(mail)});
    f.world.restart();
    f.bo.resume();
    CHECK(numbers(f.bo.take<frame::MailboxDeliver>()) == up_to(1, 2));
}

TEST_CASE("nothing is said before the commit")
{
    Friends f;
    f.ann.send(frame::MailboxPut{{f.bo.id}, envelope(1)});
    f.ann.send(frame::ContactAdd{"bo"});
    CHECK_FALSE(f.world.core->next_output());
    CHECK(f.world.core->pending());
    (void)f.world.tick();
    CHECK_FALSE(f.world.core->pending());
    CHECK(f.ann.take<frame::Response>().size() == 2);
}

TEST_CASE("one tick, one commit, however much came in")
{
    Friends f;
    const auto before = f.world.core->counters().commits;
    for (std::uint64_t i = 0; i < 50; ++i)
        f.ann.send(frame::MailboxPut{{f.bo.id}, envelope(i)});
    CHECK(f.world.tick().ok());
    CHECK(f.world.core->counters().commits == before + 1);
    CHECK(f.ann.take<frame::Response>().size() == 50);
    CHECK(f.bo.take<frame::MailboxDeliver>().size() == 50);
}

TEST_CASE("mail expires after its time, and makes room")
{
    Config config;
    config.limits.mailbox_messages_max = 4;
    config.limits.mailbox_age_ms_max = 3'600'000;
    Friends f(config);
    f.bo.drop();
    CHECK(f.ann.put(f.bo, 1) == ErrorCode::ok);
    CHECK(f.ann.put(f.bo, 2) == ErrorCode::quota_exceeded); // a quarter of four
    f.world.advance(std::chrono::minutes(59));
    CHECK(f.ann.put(f.bo, 2) == ErrorCode::quota_exceeded);
    f.world.advance(std::chrono::minutes(12));
    CHECK(f.world.core->counters().content_envelopes_expired == 1);
    CHECK(f.ann.put(f.bo, 2) == ErrorCode::ok);
    f.bo.resume();
    CHECK(numbers(f.bo.take<frame::MailboxDeliver>()) == up_to(2, 2));
}

TEST_CASE("signals: forwarded while connected, never stored, paced")
{
    Config config;
    config.limits.signals = {3, std::chrono::seconds(1)};
    Friends f(config);
    Device phone(f.world, 3), cy(f.world, 4);
    phone.enter("ann", 100);
    cy.join("cy", 400);
    CHECK(f.ann.code(frame::Signal{f.bo.id, {1, 2, 3}}) == ErrorCode::ok);
    const auto pushed = f.bo.take<frame::SignalPush>();
    REQUIRE(pushed.size() == 1);
    CHECK(pushed[0].from == f.ann.id);
    CHECK(pushed[0].sealed == Bytes{1, 2, 3});
    CHECK(f.ann.code(frame::Signal{phone.id, {4}}) == ErrorCode::ok);
    CHECK(phone.take<frame::SignalPush>().size() == 1);
    CHECK(f.ann.code(frame::Signal{cy.id, {4}}) == ErrorCode::not_a_contact);
    CHECK(f.ann.code(frame::Signal{f.bo.id, {5}}) == ErrorCode::rate_limited);
    f.world.advance(std::chrono::seconds(3));
    CHECK(f.ann.code(frame::Signal{signing_key(99).public_key(), {5}}) == ErrorCode::device_revoked);
    f.bo.drop();
    CHECK(f.ann.code(frame::Signal{f.bo.id, {5}}) == ErrorCode::not_connected);
    f.bo.resume();
    CHECK(f.bo.take<frame::SignalPush>().empty());
    CHECK(f.world.core->counters().signals_forwarded == 2);
    CHECK(f.world.core->counters().signals_refused == 4);
}
