// SPDX-License-Identifier: Apache-2.0
// The life of a group of many: made, joined, left, ruled, dissolved.
#include "lib/seal/policy_extension.hpp"
#include "tests/lib/seal/crew_cast.hpp"

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using seal::Policy;
using Verdict = seal::CommitOutcome::Verdict;

TEST_CASE("crew: made by one, and all talk")
{
    Crew crew;
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
    const auto policy = crew.policy_now(crew.at("bob"));
    CHECK(policy.find("ann")->role == Role::owner);
    CHECK(policy.find("ada")->role == Role::admin);
    CHECK(policy.find("eve") == nullptr);
    for (Member* member : crew.inside()) {
        CHECK(member->groups->ready(crew.circle(*member)));
        CHECK_FALSE(member->groups->needs(crew.circle(*member), start_ms).any());
    }
    // What was sealed says by which rules it was.
    Member &ann = crew.at("ann"), &bob = crew.at("bob");
    const auto sealed =
        ann.tick([&](Groups& g) { return g.seal(crew.circle(ann), seal::Purpose::content, message_id(5), Bytes{1}); });
    REQUIRE(sealed.ok());
    crew.does("ada", [](Policy& p) { p.all_muted = true; });
    const auto opened =
        bob.tick([&](Groups& g) { return g.open(seal::Purpose::content, message_id(5), ann.id, sealed->bytes); });
    REQUIRE(opened.verdict == seal::Opened::Verdict::opened);
    REQUIRE(opened.policy != nullptr);
    CHECK_FALSE(opened.policy->all_muted);
    CHECK(crew.policy_now(bob).all_muted);
}

TEST_CASE("crew: it is the same after a restart")
{
    Crew crew;
    crew.does("ann", [](Policy& p) { p.kind = ConversationKind::group, p.profile = Bytes{8}; });
    for (Member* member : crew.inside())
        member->start();
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
    CHECK(crew.policy_now(crew.at("ben")).profile == Bytes{8});
}

TEST_CASE("crew: who may take in takes in, and who may not is told so")
{
    Crew crew;
    CHECK(crew.refused("bob", [](Policy& p) { take_in(p, "eve"); }) == "only admins take others in");
    CHECK(crew.refused("bob", [](Policy& p) { p.invite = Role::member; }) ==
          "only admins change a group's profile and rules");
    const auto changes = crew.does("ada", [](Policy& p) { take_in(p, "eve"); });
    CHECK(changes.added.size() == 1);
    CHECK(changes.policy_before->find("eve") == nullptr);
    CHECK(changes.policy->find("eve") != nullptr);
    CHECK(changes.committer_account == account_key("ada"));
    CHECK(crew.last.at("bob").committer_account == account_key("ada"));
    CHECK(crew.last.at("bob").policy->find("eve") != nullptr);
    CHECK(crew.last.at("bob").policy_before->find("eve") == nullptr);
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2", "eve"});
}

TEST_CASE("crew: what is handed to the relay names the accounts")
{
    Crew crew;
    Member& ada = crew.at("ada");
    auto next = crew.policy_now(ada);
    take_in(next, "eve");
    auto wanted = crew.circle("ada", next, true);
    wanted.plan->joined = {{"eve", Bytes{5}}};
    const auto packages = crew.packages_for(ada, wanted);
    std::vector<DeviceId> bad;
    const auto made = ada.tick([&](Groups& g) { return g.change(wanted, packages, bad, start_ms); });
    REQUIRE(made.ok());
    auto members = made->members;
    std::sort(members.begin(), members.end());
    CHECK(members == std::vector<std::string>{"ada", "ann", "ben", "bob", "eve"});
    REQUIRE(made->joined.size() == 1);
    CHECK(made->joined[0].user == "eve");
    CHECK(made->joined[0].secret == Bytes{5});
    CHECK(made->recipients.empty());
    CHECK(made->newcomers == std::vector<DeviceId>{crew.at("eve").id});
    // The same after a restart.
    ada.start();
    const auto pending = ada.groups->pending();
    REQUIRE(pending.size() == 1);
    CHECK(pending[0].members == made->members);
    CHECK(pending[0].joined.size() == 1);
    CHECK(pending[0].commit == made->commit);
}

TEST_CASE("crew: a Welcome of somebody we do not follow leads nowhere")
{
    Crew crew;
    crew.world.followed = {"ada"};
    Member &ann = crew.at("ann"), &eve = crew.at("eve");
    const auto made = crew.try_change(ann, crew.edited("ann", [](Policy& p) { take_in(p, "eve"); }));
    REQUIRE(made.ok());
    const auto got = eve.tick([&](Groups& g) { return g.welcome(made->welcome, start_ms); });
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().code == ErrorCode::not_a_contact);
    CHECK_FALSE(crew.is_in(eve));
    // Nothing was spent: as soon as we do, it does.
    crew.world.followed = {"ann"};
    CHECK(eve.tick([&](Groups& g) { return g.welcome(made->welcome, start_ms); }).ok());
}

TEST_CASE("crew: a member leaves; the next commit takes its last device out")
{
    Crew crew;
    Member &ben = crew.at("ben"), &bob = crew.at("bob");
    const auto left = crew.does("ben", [](Policy& p) { take_out(p, "ben"); });
    CHECK(left.self_removed);
    CHECK_FALSE(crew.is_in(ben));
    CHECK_FALSE(crew.is_in(crew.at("ben2")));
    CHECK(crew.last.at("ben2").self_removed);
    REQUIRE(crew.last.at("ben2").policy != nullptr);
    CHECK(crew.last.at("ben2").policy->find("ben") == nullptr);
    CHECK(crew.last.at("bob").policy->find("ben") == nullptr);
    // Nobody says a word that his device could still open.
    CHECK_FALSE(bob.groups->ready(crew.circle(bob)));
    CHECK(bob.groups->needs(crew.circle(bob), start_ms).surplus == std::vector<DeviceId>{ben.id});
    const auto cleaned = crew.change(bob);
    REQUIRE(cleaned.removed.size() == 1);
    CHECK(cleaned.removed[0].device == ben.id);
    crew.everybody_talks({"ann", "ada", "bob"});

    // And comes again.
    crew.does("ann", [](Policy& p) { take_in(p, "ben"); });
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
}

TEST_CASE("crew: who left is taken in again before anybody cleaned up")
{
    Crew crew;
    crew.does("bob", [](Policy& p) { take_out(p, "bob"); });
    crew.does("ada", [](Policy& p) { take_in(p, "bob"); });
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
}

TEST_CASE("crew: an admin takes a member out, with all devices")
{
    Crew crew;
    CHECK(crew.refused("bob", [](Policy& p) { take_out(p, "ben"); }) == "only admins take others out");
    const auto changes = crew.does("ada", [](Policy& p) { take_out(p, "ben"); });
    CHECK(changes.removed.size() == 2);
    for (const char* name : {"ben", "ben2"}) {
        CHECK_FALSE(crew.is_in(crew.at(name)));
        CHECK(crew.last.at(name).self_removed);
        CHECK(crew.last.at(name).policy->find("ben") == nullptr);
        CHECK(crew.last.at(name).committer_account == account_key("ada"));
    }
    crew.everybody_talks({"ann", "ada", "bob"});
}

TEST_CASE("crew: the owner hands it over, and leaves")
{
    Crew crew;
    CHECK(crew.refused("ada", [](Policy& p) { row(p, "bob").role = Role::admin; }) == "only the owner gives roles");
    CHECK(crew.refused("ada", [](Policy& p) { take_out(p, "ada"), p.dissolved = true; }) ==
          "only the owner dissolves a group");
    crew.does("ann", [](Policy& p) { row(p, "ann").role = Role::admin, row(p, "bob").role = Role::owner; });
    crew.does("ann", [](Policy& p) { take_out(p, "ann"); });
    crew.change(crew.at("bob"));
    crew.everybody_talks({"ada", "bob", "ben", "ben2"});
    CHECK(crew.policy_now(crew.at("ada")).find("bob")->role == Role::owner);
}

TEST_CASE("crew: dissolved, and nobody changes anything any more; in the last epoch words can still be let go")
{
    Crew crew;
    crew.does("ann", [](Policy& p) { p.dissolved = true; });
    for (const char* name : {"ann", "bob", "ben2"}) {
        Member& member = crew.at(name);
        const auto circle = crew.circle(member);
        CHECK_FALSE(member.groups->ready(circle));
        CHECK(member.tick([&](Groups& g) { return g.seal(circle, seal::Purpose::content, message_id(1), Bytes{1}); }));
        CHECK(crew.try_change(member).error().code == ErrorCode::not_allowed);
    }
    check_rejected(crew.lawless_commit("ann", {}), 4);
}

TEST_CASE("crew: a discussion becomes a group")
{
    CrewWorld crew;
    crew.device("ann", "ann");
    crew.device("bob", "bob");
    Policy policy = policy_of("ann", {"bob"});
    policy.kind = ConversationKind::discussion;
    policy.expires_ms = start_ms + day_ms;
    crew.create(crew.at("ann"), policy);
    crew.everybody_talks({"ann", "bob"});
    policy.kind = ConversationKind::group;
    policy.expires_ms = 0;
    CHECK(crew.try_change(crew.at("bob"), policy).error().detail == "only the owner promotes a discussion");
    crew.change(crew.at("ann"), policy);
    CHECK(crew.policy_now(crew.at("bob")) == policy);
    crew.everybody_talks({"ann", "bob"});
}

TEST_CASE("crew: a lost device goes by its account's list, whoever has it")
{
    Crew crew;
    auto& list = crew.world.lists["ben"];
    list.erase(list.begin());
    Member &bob = crew.at("bob"), &ben = crew.at("ben");
    // Ada does not know Ben's list: she sees nothing wrong.
    crew.world.unknown = {"ben"};
    CHECK(crew.at("ada").groups->ready(crew.circle(crew.at("ada"))));
    crew.world.unknown.clear();
    CHECK(bob.groups->needs(crew.circle(bob), start_ms).surplus == std::vector<DeviceId>{ben.id});
    CHECK_FALSE(bob.groups->ready(crew.circle(bob)));
    const auto changes = crew.change(bob);
    REQUIRE(changes.removed.size() == 1);
    CHECK(changes.removed[0].device == ben.id);
    CHECK(crew.last.at("ben").self_removed);
    crew.everybody_talks({"ann", "ada", "bob", "ben2"});
}

TEST_CASE("crew: without evidence nobody's device goes, whoever says so")
{
    Crew crew;
    const auto remove = [&](const char* whom) {
        mls::CommitOptions out;
        out.proposals = {mls::Proposal{mls::Remove{crew.leaf_of(whom)}}};
        return out;
    };
    const auto ben2 = *wire::decode_certificate(crew.at("ben2").certificate);
    const auto ben1 = *wire::decode_certificate(crew.at("ben").certificate);
    const auto eve = *wire::decode_certificate(crew.at("eve").certificate);
    const auto list = [&](const char* user, const std::vector<wire::DeviceCertificate>& devices, WallMs created_ms) {
        return identity::sign_device_list(user, account_seed(user), 9, devices, created_ms).encoded;
    };
    Bytes forged = list("ben", {ben2}, start_ms);
    forged.back() ^= 1;
    for (const char* by : {"ann", "ada", "bob"}) {
        CAPTURE(by);
        check_rejected(crew.lawless_commit(by, remove("ben")), 4);
        check_rejected(crew.lawless_commit(by, remove("ben"), {forged}), 4);
        check_rejected(crew.lawless_commit(by, remove("ben"), {list("eve", {eve}, start_ms)}), 4);
        check_rejected(crew.lawless_commit(by, remove("ben"), {list("ben", {ben1, ben2}, start_ms)}), 4);
        check_rejected(crew.lawless_commit(by, remove("ben"), {list("ben", {ben2}, 0)}), 4); // Older than the device.
    }
    // The list is what convinces, not who shows it.
    for (const auto& [member, outcome] : crew.lawless_commit("bob", remove("ben"), {list("ben", {ben2}, 1)}))
        CHECK_MESSAGE(outcome.verdict == Verdict::applied, member << ' ' << outcome.detail);
}

TEST_CASE("crew: a device joins from outside when its account is in it, and no other")
{
    Crew crew;
    Member& ben3 = crew.device("ben", "ben3");
    const auto policy = crew.policy_now(crew.at("ann"));
    const auto made = crew.try_rejoin(ben3, policy);
    REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().detail));
    CHECK(made->external);
    CHECK(made->members.size() == 4);
    crew.deliver(ben3, *made);
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2", "ben3"});
    CHECK(crew.last.at("ann").committer_account == account_key("ben"));

    // One that is behind takes its old place.
    const auto again = crew.try_rejoin(crew.at("ben2"), policy);
    REQUIRE(again.ok());
    crew.deliver(crew.at("ben2"), *again);
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2", "ben3"});

    CHECK(crew.try_rejoin(crew.at("eve"), policy).error().code == ErrorCode::authentication_failed);
    // And none at the word of a relay, where nobody we follow has signed it.
    Member& ben4 = crew.device("ben", "ben4");
    crew.world.followed.clear();
    CHECK_FALSE(crew.try_rejoin(ben4, policy).ok());
}

TEST_CASE("crew: a commit that is taken back takes its rules with it")
{
    Crew crew;
    Member &ann = crew.at("ann"), &ben2 = crew.at("ben2");
    const auto before = crew.policy_now(ann);
    const auto made = crew.try_change(ann, crew.edited("ann", [](Policy& p) { p.profile = Bytes{8}; }));
    REQUIRE(made.ok());
    const auto followed = ben2.tick([&](Groups& g) { return g.commit(made->id, ann.id, made->commit, start_ms); });
    CHECK(followed.verdict == Verdict::applied);
    CHECK(crew.policy_now(ben2).profile == Bytes{8});
    ann.tick([&](Groups& g) { return g.refused(crew.conversation), 0; });
    // It joins again, into an epoch of the same number.
    const auto again = crew.try_rejoin(ben2, before);
    REQUIRE_MESSAGE(again.ok(), (again.ok() ? "" : again.error().detail));
    crew.deliver(ben2, *again);
    CHECK(crew.policy_now(ben2) == before);
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
}

TEST_CASE("crew: what a member may not do, it does not get done with its own hands either")
{
    Crew crew;
    const auto packages = crew.world.packages({&crew.at("eve")});
    const auto add = [&] {
        const auto message = must(mls::decode<mls::MLSMessage>(packages.at(crew.at("eve").id)));
        return mls::Proposal{mls::Add{*message.as<mls::KeyPackage>()}};
    };
    const auto become = [&](auto edit) {
        return mls::Proposal{mls::GroupContextExtensions{seal::policy::encode(crew.edited("bob", edit))}};
    };
    const auto bob_does = [&](std::vector<mls::Proposal> proposals) {
        mls::CommitOptions out;
        out.proposals = std::move(proposals);
        check_rejected(crew.lawless_commit("bob", out), 4);
    };
    bob_does({add()});
    bob_does({add(), become([](Policy& p) { take_in(p, "eve"); })});
    bob_does({become([](Policy& p) { row(p, "bob").role = Role::admin; })});
    bob_does({become([](Policy& p) { p.profile = Bytes{7}; })});
    bob_does({become([](Policy& p) { take_out(p, "ben"); })});
    bob_does({become([](Policy& p) { p.dissolved = true; })});
    // Not a group any more, or one of another form.
    auto extensions = seal::policy::encode(crew.policy_now(crew.at("bob")));
    bob_does({mls::Proposal{mls::GroupContextExtensions{{}}}});
    bob_does({mls::Proposal{mls::GroupContextExtensions{{extensions[0], extensions[1]}}}});
    extensions[2].extension_data.push_back(0);
    bob_does({mls::Proposal{mls::GroupContextExtensions{extensions}}});
    crew.everybody_talks({"ann", "ada", "bob", "ben", "ben2"});
}

TEST_CASE("crew: a tree that is too long for a Welcome lies beside it, and is asked for")
{
    CrewWorld crew;
    Member& ann = crew.device("ann", "ann1");
    Policy policy = crowd(1'200);
    for (const std::string user : {"bob", "ben", "ida"}) {
        take_in(policy, user);
        for (std::size_t i = 1; i <= wire::devices_per_account_max; ++i)
            crew.device(user, user + std::to_string(i));
    }
    const auto wanted = crew.circle("ann", policy, true);
    const auto packages = crew.packages_for(ann, wanted);
    std::vector<DeviceId> bad;
    const auto made = ann.tick([&](Groups& g) { return g.create(wanted, 1, packages, bad, start_ms); });
    REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().detail));
    CHECK(made->newcomers.size() == 3 * wire::devices_per_account_max);
    CHECK(made->members.size() == policy.members.size());
    REQUIRE_FALSE(made->tree.empty());
    const auto info = wire::read_mls_group_info(made->group_info);
    REQUIRE(info.has_value());
    CHECK(info->has_external_pub);
    CHECK_FALSE(info->has_ratchet_tree);

    Member& bob = crew.at("bob1");
    using Wanted = std::pair<ConversationId, seal::Version>;
    CHECK(bob.groups->wants_tree(made->welcome, start_ms) == Wanted(crew.conversation, {1, 1}));
    CHECK_FALSE(ann.groups->wants_tree(made->welcome, start_ms).has_value()); // Not hers to open.
    CHECK_FALSE(bob.groups->wants_tree({}, start_ms).has_value());
    const auto enters = [&](const Bytes& tree) {
        return bob.tick([&](Groups& g) { return g.welcome(made->welcome, start_ms, tree); }).ok();
    };
    CHECK_FALSE(enters({}));
    Bytes other = made->tree;
    other[other.size() / 2] ^= 1;
    CHECK_FALSE(enters(other));
    CHECK_FALSE(enters(Bytes(10, 1)));
    crew.deliver(ann, *made);
    talk(crew.world, bob, crew.circle(bob), {&ann, &crew.at("ida16"), &crew.at("ben7")});

    Member& ann2 = crew.device("ann", "ann2");
    const Bytes tree = std::exchange(crew.tree, {});
    CHECK_FALSE(crew.try_rejoin(ann2, policy).ok());
    crew.tree = other;
    CHECK_FALSE(crew.try_rejoin(ann2, policy).ok());
    crew.tree = tree;
    const auto joined = crew.try_rejoin(ann2, policy);
    REQUIRE_MESSAGE(joined.ok(), (joined.ok() ? "" : joined.error().detail));
    const auto next = wire::read_mls_group_info(joined->group_info);
    REQUIRE(next.has_value());
    CHECK(next->has_ratchet_tree == joined->tree.empty()); // In one place, wherever it fits by now.
    crew.deliver(ann2, *joined);
    talk(crew.world, ann2, crew.circle(ann2), {&ann, &bob});

    // It is the same policy, whoever reads it; and small groups need none of this.
    CHECK(crew.policy_now(bob) == policy);
    Crew small;
    CHECK(small.tree.empty());
}
