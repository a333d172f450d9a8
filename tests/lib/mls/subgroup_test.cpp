// SPDX-License-Identifier: Apache-2.0
// Groups that come from others: reinitialisation and branching (RFC 9420 sections 11.2 and 11.3).
#include "tests/lib/mls/story.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("reinitialisation: the old group stops, the new one is the one described, and nothing else passes")
{
    World world(20);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const ReInit reinit{Bytes(32, 0x77), ProtocolVersion::mls10, suite_3, {{custom_extension, Bytes{1}}}};
    CommitOptions options;
    options.proposals = {Proposal{reinit}};
    world.commit(0, options);
    for (auto& member : world.members) {
        CHECK(member->group->reinit() == reinit);
        CHECK(member->group->encrypt(world.env(), as_bytes("x")).error() == MlsError::group_reinitialized);
        CHECK(member->group->commit(world.env(), {}).error() == MlsError::group_reinitialized);
    }
    // Bob makes the new group, as Alice went offline.
    std::vector<KeyPackageBundle> bundles;
    for (const std::size_t i : {0u, 2u})
        bundles.push_back(must(create_key_package(suite_3, world.members[i]->signer, world.members[i]->leaf,
                                                  world_lifetime, world.entropy)));
    Member& bob = *world.members[1];
    auto out = must(bob.group->reinitialize(world.env(), bob.leaf, bob.signer, world_lifetime,
                                            {bundles[0].key_package, bundles[1].key_package}));
    // Somebody left out, alone or with another in their place; somebody more.
    const auto start = [&](const std::vector<KeyPackage>& members) {
        return bob.group->reinitialize(world.env(), bob.leaf, bob.signer, world_lifetime, members).error();
    };
    const Member mallory = world.newcomer("mallory");
    const KeyPackage stranger =
        must(create_key_package(suite_3, mallory.signer, mallory.leaf, world_lifetime, world.entropy)).key_package;
    // Two devices under one credential are two members.
    CHECK(start({bundles[0].key_package}) == MlsError::reinit_member_missing);
    CHECK(start({bundles[0].key_package, stranger}) == MlsError::reinit_member_missing);
    CHECK(start({bundles[0].key_package, bundles[1].key_package, stranger}) == MlsError::reinit_member_foreign);
    CHECK(world.group(1).reinit() == reinit);
    auto welcome = must_decode<MLSMessage>(*out.welcome);
    std::vector<Group> fresh;
    for (const std::size_t i : {0u, 1u}) {
        const Group* old[] = {&*world.members[i == 0 ? 0 : 2]->group};
        Environment env = world.env();
        CHECK(Group::join(env, *welcome.as<Welcome>(), bundles[i]).error() == MlsError::psk_not_found);
        env.groups = old;
        fresh.push_back(must(Group::join(env, *welcome.as<Welcome>(), bundles[i])));
        CHECK(fresh.back().epoch() == 1);
        CHECK(fresh.back().cipher_suite() == suite_3);
        CHECK(std::ranges::equal(fresh.back().epoch_authenticator(), out.next.epoch_authenticator()));
    }
    const Bytes text = must(fresh[0].encrypt(world.env(), as_bytes("moved")));
    CHECK(as_text(must(fresh[1].process(world.env(), text)).application_data) == "moved");
    CHECK(as_text(must(out.next.process(world.env(), text)).application_data) == "moved");
}

TEST_CASE("branching: a subgroup of the same members passes, one with a stranger does not")
{
    World world(21);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    Member& alice = *world.members[0];
    const auto bob_bundle = world.package(*world.members[1]);
    auto out = must(alice.group->branch(world.env(), Bytes(32, 5), alice.leaf, alice.signer, world_lifetime,
                                        {bob_bundle.key_package}));
    auto welcome = must_decode<MLSMessage>(*out.welcome);
    const Group* old[] = {&world.group(1)};
    Environment env = world.env();
    env.groups = old;
    const Group side = must(Group::join(env, *welcome.as<Welcome>(), bob_bundle));
    CHECK(std::ranges::equal(side.epoch_authenticator(), out.next.epoch_authenticator()));

    const Member stranger = world.newcomer("mallory");
    const std::vector<KeyPackage> with_stranger{bob_bundle.key_package, world.package(stranger).key_package};
    const auto branch = [&] {
        return alice.group->branch(world.env(), Bytes(32, 6), alice.leaf, alice.signer, world_lifetime, with_stranger);
    };
    CHECK(branch().error() == MlsError::branch_member_foreign);
    world.service.all_are_one_client = true; // Alice does not look.
    auto bad = must(branch());
    world.service.all_are_one_client = false;
    welcome = must_decode<MLSMessage>(*bad.welcome);
    CHECK(Group::join(env, *welcome.as<Welcome>(), bob_bundle).error() == MlsError::branch_member_foreign);
    // A second group of an id that we are in already.
    auto same = must(alice.group->branch(world.env(), world.group(1).group_id(), alice.leaf, alice.signer,
                                         world_lifetime, {bob_bundle.key_package}));
    welcome = must_decode<MLSMessage>(*same.welcome);
    CHECK(Group::join(env, *welcome.as<Welcome>(), bob_bundle).error() == MlsError::group_id_in_use);
}

TEST_CASE("a ReInit to what somebody does not have is not even proposed, and refused when it comes")
{
    World world(74);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const auto proposed = [&](ReInit reinit) {
        CommitOptions options;
        options.proposals = {Proposal{reinit}};
        const auto committed = world.group(0).commit(world.env(), options).error();
        CHECK(world.group(0).propose(world.env(), Proposal{reinit}).error() == committed);
        return committed;
    };
    const auto received = [&](ReInit reinit) {
        return world.group(1).process(world.env(), publish_proposal(world.group(0), Proposal{reinit})).error();
    };
    const ReInit newer{Bytes{1}, static_cast<ProtocolVersion>(2), suite_3, {}};
    const ReInit unknown{Bytes{1}, ProtocolVersion::mls10, static_cast<CipherSuite>(0x0005), {}};
    const ReInit greased{Bytes{1}, ProtocolVersion::mls10, static_cast<CipherSuite>(0x1a1a), {}};
    for (const ReInit& reinit : {unknown, greased}) {
        CHECK(proposed(reinit) == MlsError::reinit_suite_unsupported);
        CHECK(received(reinit) == MlsError::reinit_suite_unsupported);
    }
    CHECK(proposed(newer) == MlsError::reinit_version_unsupported);
    CHECK(received(newer) == MlsError::reinit_version_unsupported);
    // A suite that we have and a member does not list: who proposes looks at the others, who receives does not, for
    // RFC 9420 has no such rule.
    const ReInit unlisted{Bytes{1}, ProtocolVersion::mls10, suite_2, {}};
    CHECK(proposed(unlisted) == MlsError::reinit_suite_unsupported);
    CHECK(received(unlisted) == MlsError::none);
    CHECK(to_error(MlsError::reinit_suite_unsupported).code == ErrorCode::protocol_mismatch);
}

TEST_CASE("reinitialisation can change the curve: new keys for all, and the old group vouches for them")
{
    World world(75);
    const auto member = [&](const char* name) {
        Member out = world.newcomer(name);
        out.leaf.capabilities.cipher_suites.push_back(suite_2);
        return out;
    };
    Member alice = member("alice");
    alice.group = must(Group::create(world.env(), suite_1, Bytes{1}, alice.leaf, alice.signer, world_lifetime));
    world.members.push_back(std::make_unique<Member>(std::move(alice)));
    world.commit(0, {}, {member("bob")});
    CommitOptions options;
    options.proposals = {Proposal{ReInit{Bytes{2}, ProtocolVersion::mls10, suite_2, {}}}};
    world.commit(1, options);
    const auto fresh_key = [&] { return generate_signature_key_pair(suite_2, world.entropy); };
    const auto bundle =
        must(create_key_package(suite_2, fresh_key(), world.members[1]->leaf, world_lifetime, world.entropy));
    CHECK(world.group(0)
              .reinitialize(world.env(), world.members[0]->leaf, world.members[0]->signer, world_lifetime,
                            {bundle.key_package})
              .error() == MlsError::invalid_argument); // Ed25519's key, for P-256.
    auto out = must(world.group(0).reinitialize(world.env(), world.members[0]->leaf, fresh_key(), world_lifetime,
                                                {bundle.key_package}));
    const Group* old[] = {&world.group(1)};
    Environment env = world.env();
    env.groups = old;
    Group bob = must(Group::join(env, *must_decode<MLSMessage>(*out.welcome).as<Welcome>(), bundle));
    CHECK(bob.cipher_suite() == suite_2);
    const Bytes text = must(bob.encrypt(world.env(), as_bytes("moved")));
    CHECK(as_text(must(out.next.process(world.env(), text)).application_data) == "moved");
}
