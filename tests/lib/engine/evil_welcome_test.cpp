// SPDX-License-Identifier: Apache-2.0
// What a Welcome says only the newcomer reads: neither the relay nor the members can judge it.
#include "lib/seal/key_packages.hpp"
#include "tests/lib/engine/league.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Mallory, a plain member, takes in Carol's tablet, by a commit that is good for all members. It waits three seconds
/// for a Welcome; Mallory is quicker.
enum class Fork {
    same,  ///< The same policy, other secrets.
    owned, ///< Mallory is owner.
    over,  ///< The group is dissolved.
};

struct Intake : League {
    Client& tablet;
    mls::Group before;
    MessageId id;
    mls::KeyPackage package;
    mls::CommitOutput honest; ///< What the commit leads to.
    mls::CommitOutput fork;   ///< Of the same id and epoch, and something else.

    explicit Intake(std::uint64_t seed, Fork kind)
        : League(seed), tablet(enter_silently()), before(group_of(mallory, conversation)), id(fresh_id()),
          package(fetch_package()), honest(make(Fork::same)), fork(make(kind))
    {
    }
    [[nodiscard]] mls::GroupInfo info(const mls::CommitOutput& of) { return of.next.group_info(lawless(), true, true); }
    void take_in(const mls::CommitOutput& by, const mls::GroupInfo& info)
    {
        frame::GroupCommit out;
        const auto policy = seal::policy::decode(before.context().extensions);
        for (const auto& member : policy->members)
            out.members.push_back(member.user);
        out.conversation = conversation;
        out.incarnation = 1;
        out.epoch = before.epoch();
        out.envelope = {id, honest.commit};
        out.newcomers = {id_of(tablet)};
        out.welcome = *by.welcome;
        out.group_info = mls::encode(mls::MLSMessage{info});
        const auto answer = ask(mallory, std::move(out));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        silent.erase(&tablet);
    }
    bool is_in()
    {
        const auto there = seal::load_group(tablet.store, conversation);
        if (!there) return false;
        const auto theirs = group_of(alice, conversation);
        return there->epoch() == theirs.epoch() && there->context() == theirs.context() && head(tablet) == head(alice);
    }
    /// Mallory has signed, or made, what is not so.
    static bool names_mallory(const Client& one, Client& mallory)
    {
        return std::any_of(one.heard.others.begin(), one.heard.others.end(), [&](const auto& event) {
            const auto* told = std::get_if<event::Security>(&event);
            return told != nullptr && told->kind == SecurityKind::group_invalid && told->device == id_of(mallory);
        });
    }
    void all_talk()
    {
        honest_with_tablet();
        all_hear(alice, "for all of them");
        all_hear(tablet, "from the tablet");
    }

private:
    void honest_with_tablet() { League::honest.push_back(&tablet); }
    Client& enter_silently()
    {
        auto& out = world.client("carol.tablet");
        silent = {&mallory, &out};
        enter(out);
        world.run_for(seconds(2));
        return out;
    }
    mls::KeyPackage fetch_package()
    {
        const auto got = ask(mallory, frame::KeyPackageFetch{"carol", {id_of(tablet)}});
        REQUIRE(got.error.code == ErrorCode::ok);
        const auto& packages = std::get<frame::KeyPackages>(got.body).packages;
        REQUIRE(packages.size() == 1);
        const auto message = must(mls::decode<mls::MLSMessage>(packages[0].package));
        return *message.as<mls::KeyPackage>();
    }
    mls::CommitOutput make(Fork kind)
    {
        auto group = before;
        auto extensions = before.context().extensions;
        mls::CommitOptions options;
        options.proposals.push_back(mls::Proposal{mls::Add{package}});
        if (kind != Fork::same) {
            auto policy = *seal::policy::decode(extensions);
            policy.dissolved = kind == Fork::over;
            for (auto& one : policy.members)
                if (kind == Fork::owned) one.role = one.user == "mallory" ? Role::owner : Role::member;
            extensions = seal::policy::encode(policy);
            options.proposals.push_back(mls::Proposal{mls::GroupContextExtensions{extensions}});
        }
        options.authenticated_data = seal::bind(seal::commit_purpose, id, {}, rules_of(extensions));
        return must(group.commit(lawless(), options));
    }
};

} // namespace

TEST_CASE("a plain member takes in another one's new device by a Welcome to a group that it owns: the device joins the "
          "others, and the liar is named")
{
    Intake l(973, Fork::owned);
    l.take_in(l.fork, l.info(l.honest));
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(1)));
    CHECK(Intake::names_mallory(l.tablet, l.mallory));
    CHECK(told(l.tablet, SecurityKind::commit_rejected) == 0);
    l.all_talk();
    const auto put_out = l.alice.wait(l.alice.ask(request::GroupRemove{l.conversation, {"mallory"}}));
    CHECK_MESSAGE(put_out.error.code == ErrorCode::ok, put_out.error.detail);
    CHECK(
        l.world.run_until([&] { return l.is_in(); }, minutes(1))); // What it believed of roles keeps it out of nothing.
    CHECK(told(l.tablet, SecurityKind::commit_rejected) == 0);
}

TEST_CASE("the same, with a GroupInfo that nobody can join by: the others are told, and bring another one")
{
    Intake l(974, Fork::owned);
    auto info = l.info(l.honest);
    info.signature = Bytes(64, 7);
    l.take_in(l.fork, info);
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(3)));
    CHECK(Intake::names_mallory(l.tablet, l.mallory));
    l.all_talk();
}

TEST_CASE("the same, where the Welcome's group is over already: it is held against the relay's all the same")
{
    Intake l(978, Fork::over);
    l.take_in(l.fork, l.info(l.honest));
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(1)));
    CHECK(Intake::names_mallory(l.tablet, l.mallory));
    l.all_talk();
}

TEST_CASE("the same, with a GroupInfo that the relay takes and no member can read: it proves nothing")
{
    Intake l(979, Fork::owned);
    auto info = l.info(l.honest);
    for (std::uint16_t n = 0; n < 300; ++n)
        info.extensions.push_back({static_cast<mls::ExtensionType>(0xf000 + n), {}});
    mls::sign_group_info(info, mls::GroupTestAccess::signer(l.honest.next));
    l.take_in(l.fork, info);
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(3)));
    CHECK(Intake::names_mallory(l.tablet, l.mallory));
    l.all_talk();
}

TEST_CASE("who is in a group is taken by no Welcome into another one that is called the same, begun anew")
{
    League l(983);
    const auto before = group_of(l.mallory, l.conversation);
    const std::vector<DeviceId> to{id_of(l.alice), id_of(l.phone)};
    const auto got = l.ask(l.mallory, frame::KeyPackageFetch{"alice", to});
    REQUIRE(got.error.code == ErrorCode::ok);
    auto policy = *seal::policy::decode(before.context().extensions);
    std::vector<std::string> members;
    for (auto& one : policy.members) {
        members.push_back(one.user);
        one.role = one.user == "mallory" ? Role::owner : Role::member;
    }
    const auto commit = [&](mls::Group group, const MessageId& id, bool adds) {
        mls::CommitOptions options;
        if (adds)
            for (const auto& one : std::get<frame::KeyPackages>(got.body).packages) {
                const auto message = must(mls::decode<mls::MLSMessage>(one.package));
                options.proposals.push_back(mls::Proposal{mls::Add{*message.as<mls::KeyPackage>()}});
            }
        options.authenticated_data = seal::bind(seal::commit_purpose, id, {}, l.rules_of(group.context().extensions));
        return must(group.commit(l.lawless(), options));
    };
    const auto certificate = before.tree().leaf(before.own_leaf())->credential.content;
    const auto anew = must(mls::Group::create(
        l.lawless(), before.cipher_suite(), seal::encode_group_id(l.conversation, 2), seal::leaf_options(certificate),
        mls::GroupTestAccess::signer(before), seal::lifetime_from(l.world.wall_ms()), seal::policy::encode(policy),
        {mls::HandshakeFormat::private_message, 0}));
    const auto fork = commit(anew, l.fresh_id(), true);
    const auto id = l.fresh_id();
    const auto good = commit(before, id, false);
    auto info = good.next.group_info(l.lawless(), true, true);
    info.signature = Bytes(64, 7); // Nobody joins by it, who has lost the group.
    frame::GroupCommit out;
    out.members = members;
    out.conversation = l.conversation;
    out.incarnation = 1;
    out.epoch = before.epoch();
    out.envelope = {id, good.commit};
    out.newcomers = to;
    out.welcome = *fork.welcome;
    out.group_info = mls::encode(mls::MLSMessage{info});
    REQUIRE(l.ask(l.mallory, std::move(out)).error.code == ErrorCode::ok);
    l.world.run_for(minutes(2));
    l.all_hear(l.alice, "the owner is here");
    const auto put_out = l.alice.wait(l.alice.ask(request::GroupRemove{l.conversation, {"mallory"}}));
    CHECK_MESSAGE(put_out.error.code == ErrorCode::ok, put_out.error.detail);
    l.all_hear(l.carol, "she is out");
}

TEST_CASE("a Welcome that is true with a GroupInfo that is not: the device comes in, and the liar is named")
{
    Intake l(975, Fork::same);
    auto info = l.info(l.honest);
    SUBCASE("another history, signed")
    {
        info.group_context.confirmed_transcript_hash[0] ^= 1;
    }
    SUBCASE("another tree, signed: no join can be made")
    {
        info.group_context.tree_hash[0] ^= 1;
    }
    SUBCASE("another group, of the same rules")
    {
        info = l.info(l.fork);
    }
    mls::sign_group_info(info, mls::GroupTestAccess::signer(l.honest.next));
    l.take_in(l.honest, info);
    CHECK(l.world.run_until([&] { return l.is_in() && l.epoch() > l.before.epoch() + 1; }, minutes(3)));
    bool named = false;
    for (auto* one : {&l.tablet, &l.alice, &l.phone, &l.carol, &l.dave})
        named = named || Intake::names_mallory(*one, l.mallory);
    CHECK(named);
    // It has not joined by what is false: that would be refused, and held against it.
    for (auto* one : {&l.alice, &l.phone, &l.carol, &l.dave})
        CHECK(told(*one, SecurityKind::commit_rejected) == 0);
    l.all_talk();
}

TEST_CASE("a Welcome to another group of the true rules: the others are asked, and it is the GroupInfo that is true")
{
    Intake l(984, Fork::same);
    const auto renewed = l.before.epoch() + 2; // Nobody renews keys for what is true; a join from outside does.
    l.take_in(l.fork, l.info(l.honest));
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(1)));
    CHECK(l.epoch() == renewed);
    CHECK(Intake::names_mallory(l.tablet, l.mallory));
    for (auto* one : {&l.alice, &l.phone, &l.carol, &l.dave})
        CHECK(told(*one, SecurityKind::commit_rejected) == 0);
    l.all_talk();
}

TEST_CASE("a Welcome and a GroupInfo to the same false group, of the true rules: the first message shows it")
{
    Intake l(976, Fork::same);
    l.take_in(l.fork, l.info(l.fork));
    REQUIRE(l.world.run_until([&] { return seal::load_group(l.tablet.store, l.conversation).has_value(); }));
    l.world.run_for(seconds(10));
    CHECK_FALSE(l.is_in());
    l.all_hear(l.alice, "who is there?");
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(3)));
    l.all_talk();
}

TEST_CASE("a Welcome that is true costs a question, and nobody is accused")
{
    Intake l(977, Fork::same);
    l.take_in(l.honest, l.info(l.honest));
    CHECK(l.world.run_until([&] { return l.is_in(); }, minutes(1)));
    l.world.run_for(minutes(5));
    CHECK(l.epoch() == l.before.epoch() + 1);
    for (auto* one : {&l.tablet, &l.alice, &l.phone, &l.carol, &l.dave})
        for (const auto kind : {SecurityKind::group_invalid, SecurityKind::group_rejoined, SecurityKind::group_forked})
            CHECK(told(*one, kind) == 0);
    l.all_talk();
}
