// SPDX-License-Identifier: Apache-2.0
// Put out by a commit that the others refuse, or that stands: what is kept, for how long, and what comes of it.
#include "tests/lib/seal/crew_world.hpp"
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

#include "lib/seal/policy_extension.hpp"

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using Access = mls::GroupTestAccess;
using Verdict = seal::CommitOutcome::Verdict;

namespace {

/// A commit of `proposals` whose confirmation tag is rubbish: who stays sees that, who is removed cannot.
Bytes forged(Member& by, const ConversationId& conversation, std::vector<mls::Proposal> proposals, const MessageId& id)
{
    auto group = group_of(by, conversation);
    mls::CommitOptions options;
    options.proposals = std::move(proposals);
    options.authenticated_data = seal::bind(seal::commit_purpose, id);
    auto open = group;
    open.set_options({mls::HandshakeFormat::public_message, 0});
    const auto made = must(open.commit(lawless(by), options));
    const auto message = must(mls::decode<mls::MLSMessage>(made.commit));
    const auto* in_the_open = message.as<mls::PublicMessage>();
    REQUIRE(in_the_open != nullptr);
    mls::AuthenticatedContent content{mls::WireFormat::mls_private_message, in_the_open->content, in_the_open->auth};
    content.auth.confirmation_tag = Bytes(32, 0xcc);
    mls::sign_content(content, Access::encoded_context(group), Access::signer(group));
    const auto key = must(Access::secret_tree(group).next(group.own_leaf(), mls::RatchetType::handshake));
    const mls::SenderData sender{group.own_leaf(), key.generation, {1, 2, 3, 4}};
    return mls::encode(mls::MLSMessage{mls::seal_private_message(group.cipher_suite(), content, key.key, sender,
                                                                 Access::sender_data_secret(group), 0)});
}

mls::Proposal removal(Member& by, const ConversationId& conversation, const DeviceId& victim)
{
    return mls::Proposal{mls::Remove{*seal::find_device(group_of(by, conversation).tree(), victim)}};
}

/// Bob's second device lies about Ann's first.
struct Victim : Four {
    MessageId lie_id = message_id(4711);
    seal::Version before;
    MessageId led_here;
    Bytes evil; ///< The lie, sealed.

    Victim()
    {
        everybody_talks();
        before = *ann1.groups->version(conversation);
        led_here = ann1.groups->entered_by(conversation).value_or(MessageId{});
    }
    seal::CommitOutcome at(Member& member, const MessageId& id, const Bytes& sealed)
    {
        return member.tick([&](Groups& g) { return g.commit(id, bob2.id, sealed, world.now_ms); });
    }
    void lie()
    {
        evil = forged(bob2, conversation, {removal(bob2, conversation, ann1.id)}, lie_id);
        const auto got = at(ann1, lie_id, evil);
        REQUIRE(got.verdict == Verdict::applied);
        REQUIRE(got.changes.self_removed);
        for (Member* other : {&ann2, &bob1})
            CHECK(at(*other, lie_id, evil).verdict == Verdict::rejected);
        CHECK_FALSE(ann1.groups->version(conversation).has_value());
        CHECK_FALSE(ann1.groups->ready(circle));
        CHECK(ann1.groups->needs(circle, world.now_ms).group);
    }
    auto come_back(seal::Version at_relay, const MessageId& commit)
    {
        return ann1.tick([&](Groups& g) { return g.come_back(conversation, at_relay, commit); });
    }
    /// The relay, asked, says that this is the commit of that epoch.
    seal::CommitOutcome instead(const Member& from, const MessageId& id, const Bytes& sealed)
    {
        return ann1.tick([&](Groups& g) { return g.take_instead(id, from.id, sealed, world.now_ms); });
    }
    bool stores_keys()
    {
        std::size_t parts = 0;
        for (std::uint64_t epoch = 0; epoch <= before.epoch + 1; ++epoch)
            for (mls::PartIndex part = 0; part < 64; ++part)
                parts += ann1.store.value(seal::ratchet_name(conversation, epoch, part)).has_value();
        return parts > 0 || stored(ann1, conversation, "epoch").has_value();
    }
};

} // namespace

TEST_CASE(
    "departures: a commit that all others refuse puts nobody out for good: the epoch that is open again is theirs")
{
    Victim v;
    v.lie();
    bool restarted = false;
    SUBCASE("at once") {}
    SUBCASE("after a restart")
    {
        restarted = true;
        v.ann1.crash();
    }
    REQUIRE(v.ann1.groups->put_out(v.conversation).has_value());
    CHECK(v.ann1.groups->put_out(v.conversation)->from == v.before);
    CHECK(v.ann1.groups->put_out(v.conversation)->commit == v.lie_id);
    CHECK(v.ann1.groups->put_out(v.conversation)->committer == v.bob2.id);
    // Another epoch is not it.
    CHECK(v.come_back({v.before.incarnation, v.before.epoch + 1}, v.lie_id).error().code == ErrorCode::conflict);
    const auto back = v.come_back(v.before, v.led_here);
    REQUIRE_MESSAGE(back.ok(), (back.ok() ? "" : back.error().detail));
    CHECK(back->version == v.before);
    CHECK_FALSE(back->self_removed);
    CHECK_FALSE(v.ann1.groups->put_out(v.conversation).has_value());
    if (restarted) v.ann1.crash();
    v.everybody_talks();
    v.world.accept(v.bob1, v.change(v.bob1)); // And on.
    v.everybody_talks();
}

TEST_CASE("departures: what was sealed in the reopened epoch before the victim knew is opened after")
{
    Victim v;
    v.lie();
    const auto sealed = v.seal(v.ann2, message_id(5), "for everybody");
    CHECK(v.open(v.ann1, v.ann2, message_id(5), sealed.bytes).verdict == seal::Opened::Verdict::ahead);
    REQUIRE(v.come_back(v.before, v.led_here).ok());
    CHECK(v.open(v.ann1, v.ann2, message_id(5), sealed.bytes).verdict == seal::Opened::Verdict::opened);
}

TEST_CASE("departures: another commit of the same epoch changes nothing before the relay stands by it")
{
    Victim v;
    v.lie();
    const auto next = v.change(v.bob1);
    const auto stays_out = [&](const MessageId& by) {
        REQUIRE(v.ann1.groups->put_out(v.conversation).has_value());
        CHECK(v.ann1.groups->put_out(v.conversation)->commit == by);
        CHECK_FALSE(v.ann1.groups->version(v.conversation).has_value());
    };
    SUBCASE("one that is valid, shown by a relay that has refused it: nothing, however often")
    {
        for (int again = 0; again < 3; ++again) {
            CHECK(v.commit(v.ann1, v.bob1, next).verdict == Verdict::instead);
            stays_out(v.lie_id);
            v.ann1.crash();
        }
    }
    SUBCASE("one that is valid leads on")
    {
        for (Member* member : {&v.ann2, &v.bob2})
            CHECK(v.commit(*member, v.bob1, next).verdict == Verdict::applied);
        v.accepted(v.bob1);
        CHECK(v.commit(v.ann1, v.bob1, next).verdict == Verdict::instead);
        const auto got = v.instead(v.bob1, next.id, next.commit);
        CHECK(got.verdict == Verdict::applied);
        CHECK_FALSE(got.changes.self_removed);
        CHECK_FALSE(v.ann1.groups->put_out(v.conversation).has_value());
        v.ann1.crash();
        v.everybody_talks();
    }
    SUBCASE("one that is not does not; nor the same again, nor one of another epoch")
    {
        const MessageId id = message_id(4712);
        const Bytes rubbish = forged(v.bob2, v.conversation, {}, id);
        CHECK(v.at(v.ann1, id, rubbish).verdict == Verdict::instead);
        CHECK(v.instead(v.bob2, id, rubbish).verdict == Verdict::rejected);
        CHECK(v.instead(v.bob2, v.lie_id, v.evil).verdict == Verdict::known);
        stays_out(v.lie_id);
        v.ann1.crash();
        stays_out(v.lie_id);
        REQUIRE(v.come_back(v.before, v.led_here).ok());
        v.world.accept(v.bob1, next);
        v.everybody_talks();
    }
    SUBCASE("one that puts it out as well takes the place of the first")
    {
        const MessageId id = message_id(4712);
        const Bytes evil = forged(v.bob2, v.conversation, {removal(v.bob2, v.conversation, v.ann1.id)}, id);
        const auto got = v.instead(v.bob2, id, evil);
        CHECK(got.verdict == Verdict::applied);
        CHECK(got.changes.self_removed);
        stays_out(id);
        REQUIRE(v.come_back(v.before, v.led_here).ok());
        v.everybody_talks();
    }
    SUBCASE("nobody is out")
    {
        REQUIRE(v.come_back(v.before, v.led_here).ok());
        CHECK(v.instead(v.bob1, next.id, next.commit).verdict == Verdict::foreign);
        v.everybody_talks();
    }
}

TEST_CASE("departures: what was taken back is not followed when it is shown again, nor after a restart")
{
    Victim v;
    v.lie();
    REQUIRE(v.come_back(v.before, v.led_here).ok());
    for (int again = 0; again < 2; ++again) {
        CHECK(v.at(v.ann1, v.lie_id, v.evil).verdict == Verdict::revived);
        CHECK(v.ann1.groups->version(v.conversation) == v.before);
        v.ann1.crash();
    }
    v.everybody_talks();
    // Nor where it is one of several; another one is another matter.
    std::vector<std::pair<MessageId, Bytes>> lies{{v.lie_id, v.evil}};
    for (std::uint64_t n = 1; n < seal::taken_back_kept; ++n) {
        const MessageId id = message_id(5000 + n);
        lies.emplace_back(id, forged(v.bob2, v.conversation, {removal(v.bob2, v.conversation, v.ann1.id)}, id));
        REQUIRE(v.at(v.ann1, id, lies.back().second).changes.self_removed);
        REQUIRE(v.come_back(v.before, v.led_here).ok());
    }
    for (const auto& [id, sealed] : lies)
        CHECK(v.at(v.ann1, id, sealed).verdict == Verdict::revived);
    v.world.accept(v.bob1, v.change(v.bob1));
    v.everybody_talks();
}

TEST_CASE("departures: back to the epoch of before, and to no other history of it")
{
    Victim v;
    v.world.accept(v.bob1, v.change(v.bob1)); // By a commit, not a Welcome.
    v.before = *v.ann1.groups->version(v.conversation);
    v.led_here = *v.ann2.groups->entered_by(v.conversation);
    v.lie();
    CHECK(v.come_back(v.before, message_id(99)).error().code == ErrorCode::conflict);
    CHECK(v.come_back({v.before.incarnation, v.before.epoch - 1}, v.led_here).error().code == ErrorCode::conflict);
    REQUIRE(v.come_back(v.before, v.led_here).ok());
    v.everybody_talks();
}

TEST_CASE("departures: final when another epoch is entered, when given up, or by time: then the keys are gone")
{
    Victim v;
    const auto old_info = v.world.group_info;
    const auto old_at = v.world.at_relay;
    v.world.accept(v.bob1, v.change(v.bob1));
    v.before = *v.ann1.groups->version(v.conversation);
    v.led_here = *v.ann2.groups->entered_by(v.conversation);
    // A removal as it should be: Ann's list has the device no more, and Ann's other device says so.
    const auto lists = v.world.lists;
    std::erase(v.world.lists["ann"], v.ann1.id);
    const auto out = v.change(v.ann2);
    for (Member* member : {&v.bob1, &v.bob2, &v.ann1})
        CHECK(v.commit(*member, v.ann2, out).verdict == Verdict::applied);
    v.accepted(v.ann2);
    REQUIRE(v.ann1.groups->put_out(v.conversation).has_value());
    CHECK(v.stores_keys());
    SUBCASE("by time, and not before")
    {
        v.world.now_ms += seal::departure_kept_ms - 1;
        v.ann1.tick([&](Groups& g) { return g.expire_departures(v.world.now_ms), 0; });
        REQUIRE(v.ann1.groups->put_out(v.conversation).has_value());
        v.ann1.tick([&](Groups& g) { return g.expire_departures(v.world.now_ms - 30 * day_ms), 0; });
        REQUIRE(v.ann1.groups->put_out(v.conversation).has_value()); // From there on.
        v.ann1.crash();
        v.world.now_ms += 1;
        v.ann1.tick([&](Groups& g) { return g.expire_departures(v.world.now_ms), 0; });
        CHECK_FALSE(v.ann1.groups->put_out(v.conversation).has_value());
        CHECK_FALSE(v.stores_keys());
        CHECK(v.come_back(v.before, v.led_here).error().code == ErrorCode::conflict);
        v.ann1.crash();
        CHECK_FALSE(v.ann1.groups->version(v.conversation).has_value());
        // Nor does an old GroupInfo lead back.
        v.world.lists = lists;
        const auto rejoined = v.ann1.tick(
            [&](Groups& g) { return g.rejoin(v.world.circle("ann", "bob"), old_info, old_at, v.world.now_ms); });
        CHECK(rejoined.error().code == ErrorCode::authentication_failed);
    }
    SUBCASE("given up")
    {
        v.ann1.tick([&](Groups& g) { return g.abandon(v.conversation), 0; });
        CHECK_FALSE(v.ann1.groups->put_out(v.conversation).has_value());
        CHECK_FALSE(v.stores_keys());
    }
    SUBCASE("in again")
    {
        v.world.lists = lists;
        v.world.group_info = out.group_info;
        v.world.at_relay = {out.from.incarnation, out.from.epoch + 1};
        v.world.accept(v.ann1, v.rejoin(v.ann1));
        CHECK_FALSE(v.ann1.groups->put_out(v.conversation).has_value());
        v.everybody_talks();
        CHECK_FALSE(v.ann1.store.value(seal::ratchet_name(v.conversation, v.before.epoch, 0)).has_value());
    }
}

TEST_CASE("departures: of many: an admin's commit that is not valid locks nobody out of the epoch that is open again")
{
    CrewWorld c;
    for (const char* user : {"ann", "ada", "abe", "bob", "ben"})
        c.device(user, std::string(user) + "1");
    c.create(c.at("ann1"), crew());
    const std::vector<std::string> names{"ann1", "ada1", "abe1", "bob1", "ben1"};
    c.everybody_talks(names);
    Member& evil = c.at("ada1");
    Member& victim = c.at("bob1");
    const auto before = *victim.groups->version(c.conversation);
    const auto led_here = c.at("ann1").groups->entered_by(c.conversation).value_or(MessageId{});
    auto policy = c.policy_now(evil);
    take_out(policy, "bob");
    const MessageId id = message_id(4711);
    const Bytes sealed = forged(evil, c.conversation,
                                {mls::Proposal{mls::GroupContextExtensions{seal::policy::encode(policy)}},
                                 removal(evil, c.conversation, victim.id)},
                                id);
    for (const auto& [name_, got] : c.commit_at_all(evil, id, sealed)) {
        CHECK_MESSAGE((got.verdict == Verdict::applied) == (name_ == "bob1"), name_ << ": " << got.detail);
        if (name_ == "bob1") CHECK(got.changes.self_removed);
    }
    CHECK_FALSE(c.is_in(victim));
    victim.crash();
    const auto back = victim.tick([&](Groups& g) { return g.come_back(c.conversation, before, led_here); });
    REQUIRE_MESSAGE(back.ok(), (back.ok() ? "" : back.error().detail));
    REQUIRE(back->policy != nullptr);
    CHECK(back->policy->find(account_key("bob")) != nullptr);
    c.everybody_talks(names);
    // Taken out as it should be, he is out; with time, for good.
    c.change(c.at("ann1"), policy);
    CHECK_FALSE(c.is_in(victim));
    c.world.now_ms += seal::departure_kept_ms;
    victim.tick([&](Groups& g) { return g.expire_departures(c.world.now_ms), 0; });
    CHECK_FALSE(victim.groups->put_out(c.conversation).has_value());
    CHECK_FALSE(stored(victim, c.conversation, "epoch").has_value());
    c.everybody_talks({"ann1", "ada1", "abe1", "ben1"});
}

TEST_CASE("departures: given up by its user, a group of many is entered again in a later epoch only")
{
    CrewWorld c;
    for (const char* user : {"ann", "bob"})
        c.device(user, std::string(user) + "1");
    c.create(c.at("ann1"), policy_of("ann", {"bob"}));
    const auto policy = c.policy_now(c.at("ann1"));
    Member& bob = c.at("bob1");
    bob.tick([&](Groups& g) { return g.abandon(c.conversation), 0; });
    CHECK_FALSE(c.is_in(bob));
    CHECK(c.try_rejoin(bob, policy).ok()); // From outside: the epoch after this one.
}

TEST_CASE("departures: what is known of a conversation reads as the versions before wrote it")
{
    seal::About about;
    about.floor = {3, 4};
    about.updated_ms = 5;
    Bytes bytes = mls::encode(about);
    constexpr std::size_t third = 1 + 8; // No commits that were taken back, and since when something is doubted.
    constexpr std::size_t fourth = 1;    // Nor which epoch was joined from outside of.
    REQUIRE(bytes.size() > 3 + third + fourth);
    REQUIRE(bytes[1] == 4);
    about.doubted_ms = 77;
    about.taken_back = {{9, message_id(1)}};
    about.joined = {{1, 12}, Bytes(32, 7)};
    const auto same = must(mls::decode<seal::About>(mls::encode(about)));
    CHECK(same.doubted_ms == 77);
    REQUIRE(same.taken_back.size() == 1);
    CHECK(same.taken_back[0].commit == message_id(1));
    REQUIRE(same.joined);
    CHECK(same.joined->from == seal::Version{1, 12});
    CHECK(same.joined->transcript == Bytes(32, 7));
    for (const std::uint8_t version : {std::uint8_t{3}, std::uint8_t{2}, std::uint8_t{1}}) {
        CAPTURE(version);
        bytes[1] = version;
        for (std::size_t n = version == 3 ? fourth : version == 2 ? third : 1; n > 0; --n) // The first: no departure.
            bytes.pop_back();
        const auto old = must(mls::decode<seal::About>(bytes));
        CHECK(old.floor == about.floor);
        CHECK(old.updated_ms == 5);
        CHECK_FALSE(old.departure.has_value());
        CHECK(old.taken_back.empty());
        CHECK(old.doubted_ms == 0);
        CHECK_FALSE(old.joined.has_value());
    }
    bytes[1] = 5;
    CHECK_FALSE(mls::decode<seal::About>(bytes).ok());
}
