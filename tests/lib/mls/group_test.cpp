// SPDX-License-Identifier: Apache-2.0
// A group's life, told operation by operation.
#include "tests/lib/mls/forge.hpp"
#include "tests/lib/mls/world.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

void expect_text(World& world, std::size_t to, const Bytes& message, std::string_view text)
{
    const auto got = world.group(to).process(world.env(), message);
    REQUIRE_MESSAGE(got.ok(), mls_error_name(got.error()));
    CHECK(got->type == ContentType::application);
    CHECK(as_text(got->application_data) == text);
}

void everybody_talks(World& world)
{
    for (std::size_t from = 0; from < world.members.size(); ++from) {
        const std::string text = "hello from " + world.members[from]->name;
        const Bytes message = must(world.group(from).encrypt(world.env(), as_bytes(text), as_bytes("aad")));
        for (std::size_t to = 0; to < world.members.size(); ++to)
            if (to != from) expect_text(world, to, message, text);
        CHECK(world.group(from).process(world.env(), message).error() == MlsError::own_message);
    }
}

} // namespace

TEST_CASE("create, add, talk: both suites, both handshake formats, with and without the tree in the Welcome")
{
    for (const CipherSuite suite : {suite_1, suite_3})
        for (const auto handshake : {HandshakeFormat::public_message, HandshakeFormat::private_message})
            for (const bool tree : {true, false}) {
                World world(11, suite);
                world.found("alice", {}, handshake);
                CommitOptions options;
                options.tree_in_welcome = tree;
                world.commit(0, options, {world.newcomer("bob")});
                world.commit(1, options, {world.newcomer("carol"), world.newcomer("dave"), world.newcomer("erin")});
                everybody_talks(world);
                CHECK(world.group(0).epoch() == 2);
            }
}

TEST_CASE("remove: the removed member learns it, cannot send, and cannot read on")
{
    World world(12);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    Group bob = world.group(1);
    CommitOptions options;
    options.proposals = {Proposal{Remove{bob.own_leaf()}}};
    auto out = must(world.group(0).commit(world.env(), options));
    {
        // Who wants to see first whether it stands: any number of times, and nothing has moved.
        auto patient = world.env();
        patient.keep_when_removed = true;
        const auto before = bob.serialize_epoch();
        const auto ratchets = bob.serialize_ratchets();
        for (int n = 0; n < 2; ++n) {
            const auto told = must(bob.process(patient, out.commit));
            REQUIRE(told.commit.has_value());
            CHECK(told.commit->self_removed);
        }
        CHECK_FALSE(bob.has_left());
        CHECK(bob.serialize_epoch() == before);
        CHECK(bob.serialize_ratchets() == ratchets);
        CHECK(bob.encrypt(world.env(), as_bytes("here")).ok());
    }
    const auto& key = GroupTestAccess::signer(bob).private_key;
    const Bytes signature_key(key.begin(), key.end());
    const auto holds_key = [&] {
        const auto state = bob.serialize_epoch();
        return std::search(state.begin(), state.end(), signature_key.begin(), signature_key.end()) != state.end();
    };
    CHECK(holds_key());
    const auto seen = must(bob.process(world.env(), out.commit));
    REQUIRE(seen.commit.has_value());
    CHECK(seen.commit->self_removed);
    CHECK(bob.has_left());
    CHECK_FALSE(holds_key());
    CHECK(bob.encrypt(world.env(), as_bytes("still here?")).error() == MlsError::group_left);
    CHECK(bob.process(world.env(), out.commit).error() == MlsError::group_left);
    CHECK(bob.export_secret("x", {}, 8).error() == MlsError::group_left);
    const auto again = must(Group::deserialize(bob.serialize_epoch(), bob.serialize_ratchets()));
    CHECK(again.has_left());
    world.deliver(out.commit, 0);
    world.group(0) = std::move(out.next);
    world.drop_removed();
    world.agree();
    everybody_talks(world);
    CHECK(world.members.size() == 2);
}

TEST_CASE("update by proposal: another member commits it, new credential and key included")
{
    World world(13);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const Bytes old_key = world.group(1).tree().leaf(1)->encryption_key;
    LeafNodeOptions changed = world.members[1]->leaf;
    changed.credential = Credential::basic(as_bytes("bob, with a new phone"));
    const auto fresh_signer = generate_signature_key_pair(world.entropy);
    const Bytes proposal = must(world.group(1).propose_update(world.env(), changed, fresh_signer));
    world.deliver(proposal, 1);
    CHECK(world.group(0).encrypt(world.env(), as_bytes("x")).error() == MlsError::pending_proposals);
    world.commit(2);
    CHECK(world.group(0).tree().leaf(1)->credential == changed.credential);
    CHECK(world.group(0).tree().leaf(1)->signature_key == fresh_signer.public_key);
    CHECK(world.group(0).tree().leaf(1)->encryption_key != old_key);
    everybody_talks(world);
    world.commit(1); // Bob's new keys work for committing too.
}

TEST_CASE("a commit can change the committer's own signature key")
{
    World world(14);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    CommitOptions options;
    options.signer = generate_signature_key_pair(world.entropy);
    world.commit(0, options, {world.newcomer("dave")});
    everybody_talks(world);
}

TEST_CASE("proposals collide: the committer keeps what section 12.2 prefers")
{
    World world(15);
    world.found("alice");
    world.add(0, {"bob", "carol", "dave"});
    const auto say = [&](std::size_t by, MlsResult<Bytes> message) { world.deliver(must(std::move(message)), by); };
    say(1, world.group(1).propose_update(world.env()));
    say(1, world.group(1).propose_update(world.env()));
    say(2, world.group(2).propose_update(world.env()));
    say(3, world.group(3).propose(world.env(), Proposal{Remove{2}}));
    say(1, world.group(1).propose(world.env(), Proposal{Remove{2}}));
    say(0, world.group(0).propose_update(world.env())); // Alice's own, which she cannot commit.
    CHECK(world.group(0).proposals().size() == 6);
    auto out = must(world.group(0).commit(world.env(), {}));
    const auto seen = must(world.group(3).process(world.env(), out.commit));
    REQUIRE(seen.commit->removed.size() == 1);
    CHECK(seen.commit->removed[0].leaf == 2);
    REQUIRE(seen.commit->updated.size() == 1);
    CHECK(seen.commit->updated[0].leaf == 1);
    for (const std::size_t i : {1u, 2u})
        must(world.group(i).process(world.env(), out.commit));
    world.group(0) = std::move(out.next);
    world.drop_removed();
    world.agree();
}

TEST_CASE("external commit: join from a GroupInfo, and resync after losing the state")
{
    for (const bool with_tree : {true, false}) {
        World world(16);
        world.found("alice", {}, HandshakeFormat::private_message);
        world.add(0, {"bob", "carol"});
        ExternalJoinOptions join;
        Member dave = world.newcomer("dave");
        join.leaf = dave.leaf;
        join.signer = dave.signer;
        const GroupInfo info = must_decode<GroupInfo>(encode(world.group(1).group_info(world.env(), with_tree, true)));
        std::optional<RatchetTree> tree;
        if (!with_tree) tree = world.group(0).tree();
        CHECK(Group::join_external(world.env(), info, join).ok() == with_tree);
        auto joined = must(Group::join_external(world.env(), info, join, tree));
        world.deliver(joined.commit, nobody);
        dave.group = std::move(joined.group);
        world.members.push_back(std::make_unique<Member>(std::move(dave)));
        world.agree();
        everybody_talks(world);

        // Carol lost everything but her name, and comes back in her own place.
        const LeafIndex old_leaf = world.group(2).own_leaf();
        Member carol = world.newcomer("carol again");
        join.leaf = carol.leaf;
        join.signer = carol.signer;
        join.remove = old_leaf;
        world.psks.psks[Bytes{9}] = Bytes(32, 9);
        join.psks = {world.external_psk(Bytes{9})};
        joined = must(Group::join_external(world.env(), world.group(0).group_info(world.env(), true, true), join));
        world.deliver(joined.commit, nobody);
        CHECK(joined.group.own_leaf() == old_leaf);
        carol.group = std::move(joined.group);
        world.members.push_back(std::make_unique<Member>(std::move(carol)));
        world.drop_removed();
        world.agree();
        everybody_talks(world);
    }
}

TEST_CASE("PSKs: external and resumption, for members and for those who join")
{
    World world(17);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    world.psks.psks[Bytes{1, 2}] = Bytes(20, 7);
    CommitOptions options;
    options.proposals = {Proposal{PreSharedKey{world.external_psk({1, 2})}},
                         Proposal{PreSharedKey{world.resumption_psk(world.group(0), 1)}}};
    world.commit(1, options);
    options.proposals = {Proposal{PreSharedKey{world.external_psk({1, 2})}}};
    world.commit(0, options, {world.newcomer("dave")});
    everybody_talks(world);
    // A resumption PSK is there for past_epochs_max epochs.
    const std::uint64_t epoch = world.group(0).epoch();
    for (std::size_t i = 0; i < past_epochs_max; ++i)
        world.commit(i % 3);
    CHECK(world.group(0).resumption_psk(epoch).has_value());
    world.commit(0);
    CHECK_FALSE(world.group(0).resumption_psk(epoch).has_value());
    options.proposals = {Proposal{PreSharedKey{world.resumption_psk(world.group(0), epoch)}}};
    CHECK(world.group(0).commit(world.env(), options).error() == MlsError::psk_not_found);
}

TEST_CASE("group context extensions and custom proposals that everybody supports")
{
    World world(18);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    RequiredCapabilities required;
    required.proposal_types = {custom_proposal};
    required.credential_types = {CredentialType::basic};
    Extensions extensions{make_extension(ExtensionType::required_capabilities, required),
                          {custom_extension, Bytes{1, 2, 3}}};
    CommitOptions options;
    options.proposals = {Proposal{GroupContextExtensions{extensions}},
                         Proposal{CustomProposal::opaque(custom_proposal, Bytes{4, 5})}};
    auto out = must(world.group(0).commit(world.env(), options));
    const auto seen = must(world.group(1).process(world.env(), out.commit));
    CHECK(seen.commit->extensions_changed);
    REQUIRE(seen.commit->custom.size() == 1);
    CHECK(seen.commit->custom[0].opaque_data() == Bytes{4, 5});
    must(world.group(2).process(world.env(), out.commit));
    world.group(0) = std::move(out.next);
    world.agree();
    CHECK(world.group(2).context().extensions == extensions);
    world.add(1, {"dave"});
    everybody_talks(world);
    // Somebody who does not support all that cannot be added.
    Member plain_member = world.newcomer("erin");
    plain_member.leaf.capabilities.proposals.clear();
    options.proposals = {Proposal{Add{world.package(plain_member).key_package}}};
    CHECK(world.group(0).commit(world.env(), options).error() == MlsError::required_capability_missing);
    plain_member.leaf.capabilities.extensions.clear();
    options.proposals = {Proposal{Add{world.package(plain_member).key_package}}};
    CHECK(world.group(0).commit(world.env(), options).error() == MlsError::group_extension_not_supported);
}

TEST_CASE("proposals from outside: an external sender, and a newcomer who asks to be added")
{
    World world(19);
    const auto service_key = generate_signature_key_pair(world.entropy);
    const ExternalSenders senders{{{service_key.public_key, Credential::basic(as_bytes("directory"))}}};
    world.found("alice", {make_extension(ExtensionType::external_senders, senders)}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    const Group& group = world.group(0);
    const Sender directory{SenderType::external, 0};
    const Bytes remove =
        must(external_proposal(group.group_id(), group.epoch(), Proposal{Remove{2}}, directory, service_key));
    world.deliver(remove, nobody);
    world.deliver(remove, nobody); // Twice is once.
    CHECK(world.group(1).proposals().size() == 1);
    Member dave = world.newcomer("dave");
    const auto bundle = world.package(dave);
    const Bytes add = must(external_proposal(group.group_id(), group.epoch(), Proposal{Add{bundle.key_package}},
                                             Sender{SenderType::new_member_proposal, 0}, dave.signer));
    world.deliver(add, nobody);
    auto out = must(world.group(1).commit(world.env(), {}));
    world.deliver(out.commit, 1);
    world.group(1) = std::move(out.next);
    auto welcome = must_decode<MLSMessage>(*out.welcome);
    dave.group = must(Group::join(world.env(), *welcome.as<Welcome>(), bundle));
    world.members.push_back(std::make_unique<Member>(std::move(dave)));
    world.drop_removed();
    CHECK(world.members.size() == 3);
    world.agree();
    everybody_talks(world);

    const Proposal update{Update{*world.group(0).tree().leaf(0)}};
    CHECK(external_proposal(group.group_id(), 9, update, directory, service_key).error() ==
          MlsError::proposal_by_external_not_allowed);
    const Bytes stranger = must(external_proposal(world.group(0).group_id(), world.group(0).epoch(),
                                                  Proposal{Remove{1}}, {SenderType::external, 1}, service_key));
    CHECK(world.group(0).process(world.env(), stranger).error() == MlsError::unknown_external_sender);
    const Bytes forged = must(external_proposal(world.group(0).group_id(), world.group(0).epoch(), Proposal{Remove{1}},
                                                directory, generate_signature_key_pair(world.entropy)));
    CHECK(world.group(0).process(world.env(), forged).error() == MlsError::bad_signature);
}

TEST_CASE("a custom proposal type is what the application says of it: with a path or without, from outside or not")
{
    World world(23);
    const auto service_key = generate_signature_key_pair(world.entropy);
    const ExternalSenders senders{{{service_key.public_key, Credential::basic(as_bytes("directory"))}}};
    world.found("alice", {make_extension(ExtensionType::external_senders, senders)});
    world.add(0, {"bob"});
    const Proposal custom{CustomProposal::opaque(custom_proposal, Bytes{1})};
    CommitOptions options;
    options.proposals = {custom};
    options.force_path = false;
    for (const bool needed : {true, false}) {
        world.service.custom_needs_path = needed;
        const auto out = must(world.group(0).commit(world.env(), options));
        Group bob = world.group(1);
        const auto taken = must(bob.process(world.env(), out.commit));
        REQUIRE(taken.commit);
        CHECK(taken.commit->path.has_value() == needed);
        CHECK(taken.commit->custom.size() == 1);
        world.service.custom_needs_path = true; // Another application refuses what this one allows.
        bob = world.group(1);
        CHECK(bob.process(world.env(), out.commit).error() == (needed ? MlsError::none : MlsError::path_required));
    }
    world.service.custom_from_outside = true;
    const Bytes asked = must(external_proposal(world.group(0).group_id(), world.group(0).epoch(), custom,
                                               Sender{SenderType::external, 0}, service_key));
    CHECK(must(world.group(1).process(world.env(), asked)).proposal != nullptr);
    world.service.custom_from_outside = false;
    CHECK(world.group(0).process(world.env(), asked).error() == MlsError::proposal_by_external_not_allowed);
}

TEST_CASE("a path that claims more ciphertexts than any path has is not even held")
{
    World world(24);
    world.found("alice");
    world.add(0, {"bob"});
    CommitOptions options;
    options.force_path = true;
    Writer io;
    io(*world.group(0).tree().leaf(0));
    io.vector([&] {
        for (std::size_t node = 0; node < list_items_max<UpdatePathNode>; ++node) {
            io.opaque(Bytes(32, 1));
            io.vector([&] {
                for (std::size_t i = 0; i < path_ciphertexts_max / 8; ++i)
                    io.raw(Bytes{0, 0});
            });
        }
    });
    Reader in(io.view());
    UpdatePath path;
    in(path);
    CHECK(in.error() == MlsError::too_many_items);
    CHECK(path.nodes.size() == 9);
}

TEST_CASE("what a KeyPackage and a GroupInfo carry besides is the application's, and listed")
{
    World world(25);
    world.found("alice");
    Member bob = world.newcomer("bob");
    const Extension tag{custom_extension, Bytes{7}};
    const auto made = [&](Extensions extensions) {
        return create_key_package(suite_1, bob.signer, bob.leaf, world_lifetime, world.entropy, std::move(extensions));
    };
    CHECK(find_extension(must(made({tag})).key_package.extensions, custom_extension) != nullptr);
    CHECK(made({tag, tag}).error() == MlsError::duplicate_extension);
    CHECK(made({{static_cast<ExtensionType>(0xf777), {}}}).error() == MlsError::key_package_extension_unlisted);
    const auto info = world.group(0).group_info(world.env(), true, true, {tag});
    CHECK(find_extension(info.extensions, custom_extension) != nullptr);
    CHECK(verify_group_info(info, world.members[0]->signer.public_key));
}

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

TEST_CASE("late messages: past epochs are open for past_epochs_max, then closed")
{
    World world(22);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    std::vector<Bytes> sent;
    for (std::size_t i = 0; i <= past_epochs_max + 1; ++i) {
        sent.push_back(must(world.group(0).encrypt(world.env(), as_bytes("late"))));
        world.commit(2);
        if (i == 2) world.add(0, {"dave"});
    }
    CHECK(world.group(1).past_epochs() == past_epochs_max);
    int opened = 0, closed = 0;
    for (const Bytes& message : sent) {
        const auto got = world.group(1).process(world.env(), message);
        if (got.ok()) {
            ++opened;
            CHECK(world.group(1).process(world.env(), message).error() == MlsError::generation_used);
        } else {
            ++closed;
            CHECK(got.error() == MlsError::epoch_too_old);
        }
    }
    CHECK(opened == 4); // Seven epochs passed, and the one with dave's Add.
    CHECK(closed == 3);
}

TEST_CASE("padding: lengths come in multiples, and the content is unharmed")
{
    World world(23);
    world.found("alice");
    world.add(0, {"bob"});
    world.group(0).set_options({HandshakeFormat::private_message, 256});
    std::set<std::size_t> lengths;
    for (std::size_t n = 0; n < 100; n += 9) {
        const std::string text(n, 'x');
        const Bytes message = must(world.group(0).encrypt(world.env(), as_bytes(text)));
        lengths.insert(message.size());
        expect_text(world, 1, message, text);
    }
    CHECK(lengths.size() == 1);
    world.commit(0);
}

TEST_CASE("state: every part comes back the same, parts of different moments do not fit, damage is noticed")
{
    World world(24);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    world.deliver(must(world.group(1).propose_update(world.env())), 1);
    Group& bob = world.group(1);
    const WipedBytes epoch = bob.serialize_epoch(), ratchets = bob.serialize_ratchets();
    Group copy = must(Group::deserialize(epoch, ratchets));
    CHECK(copy.serialize_epoch() == epoch);
    CHECK(copy.serialize_ratchets() == ratchets);
    bob = std::move(copy); // Bob restarts with his own Update pending.
    world.commit(0);
    CHECK(bob.serialize_epoch() != epoch);
    CHECK(Group::deserialize(bob.serialize_epoch(), ratchets).error() == MlsError::state_malformed);
    CHECK(Group::deserialize(epoch, bob.serialize_ratchets()).error() == MlsError::state_malformed);
    // Sending moves the ratchets and nothing else.
    const WipedBytes before_epoch = bob.serialize_epoch(), before_ratchets = bob.serialize_ratchets();
    const Bytes message = must(bob.encrypt(world.env(), as_bytes("x")));
    CHECK(bob.serialize_epoch() == before_epoch);
    CHECK(bob.serialize_ratchets() != before_ratchets);

    // In parts: two for two leaves and their epochs before, and a message moves one.
    CHECK(bob.take_moved_ratchets().size() >= 2);
    must(bob.encrypt(world.env(), as_bytes("x")));
    auto moved = bob.take_moved_ratchets();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].epoch == bob.epoch());
    CHECK(moved[0].bytes.size() < 512);
    CHECK(bob.take_moved_ratchets().empty());
    bob.all_ratchets_moved();
    const auto all = bob.take_moved_ratchets();
    const auto load = [&](std::size_t damaged, std::size_t at, std::uint8_t change) {
        return Group::deserialize(bob.serialize_epoch(),
                                  [&](std::uint64_t of, PartIndex part) {
                                      for (std::size_t i = 0; i < all.size(); ++i) {
                                          if (all[i].epoch != of || all[i].part != part) continue;
                                          WipedBytes bytes = all[i].bytes;
                                          if (i == damaged) bytes[at] ^= change;
                                          return std::optional(bytes);
                                      }
                                      return std::optional<WipedBytes>();
                                  })
            .error();
    };
    CHECK(load(all.size(), 0, 0) == MlsError::none);
    CHECK(load(0, 0, 1) == MlsError::state_version);
    CHECK(load(0, 9, 1) == MlsError::state_malformed);  // Of another epoch.
    CHECK(load(0, 13, 1) == MlsError::state_malformed); // Of another part.
    for (std::size_t at = 0; at < all[0].bytes.size(); ++at)
        static_cast<void>(load(0, at, 0x41));
    CHECK(Group::deserialize(bob.serialize_epoch(), [](std::uint64_t, PartIndex) {
              return std::optional<WipedBytes>();
          }).error() == MlsError::state_malformed);

    WipedBytes newer = before_epoch;
    newer[1] = 2;
    CHECK(Group::deserialize(newer, before_ratchets).error() == MlsError::state_version);
    for (std::size_t cut = 0; cut < before_epoch.size(); cut += 13)
        CHECK_FALSE(Group::deserialize(BytesView(before_epoch).first(cut), before_ratchets).ok());
    for (std::size_t cut = 0; cut < before_ratchets.size(); cut += 7)
        CHECK_FALSE(Group::deserialize(before_epoch, BytesView(before_ratchets).first(cut)).ok());
    // No damage makes it crash; what still loads is the caller's to authenticate.
    SeededEntropy random(3);
    for (int i = 0; i < 2000; ++i) {
        WipedBytes a = before_epoch, b = before_ratchets;
        a[random.next_u64() % a.size()] ^= static_cast<std::uint8_t>(1 + random.next_u64() % 255);
        static_cast<void>(Group::deserialize(a, b));
        b[random.next_u64() % b.size()] ^= static_cast<std::uint8_t>(1 + random.next_u64() % 255);
        static_cast<void>(Group::deserialize(before_epoch, b));
    }
}

TEST_CASE("committing does not move the group, and two racing commits resolve")
{
    World world(25);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const WipedBytes before = world.group(0).serialize_epoch();
    auto alices = must(world.group(0).commit(world.env(), {}));
    auto bobs = must(world.group(1).commit(world.env(), {}));
    CHECK(world.group(0).serialize_epoch() == before);
    // The delivery service takes Bob's.
    world.deliver(bobs.commit, 1);
    world.group(1) = std::move(bobs.next);
    world.agree();
    CHECK(world.group(2).process(world.env(), alices.commit).error() == MlsError::wrong_epoch);
    everybody_talks(world);
}

TEST_CASE("what is used while a commit is on its way stays used when it is accepted")
{
    World world(27);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    const Bytes older = must(world.group(1).encrypt(world.env(), as_bytes("of the epoch before")));
    world.commit(2);
    auto made = must(world.group(0).commit(world.env(), {}));
    // Meanwhile: Alice opens a message of this epoch and one of the last, and sends.
    const Bytes in = must(world.group(1).encrypt(world.env(), as_bytes("meanwhile")));
    const Bytes later = must(world.group(1).encrypt(world.env(), as_bytes("not yet opened")));
    expect_text(world, 0, older, "of the epoch before");
    expect_text(world, 0, in, "meanwhile");
    static_cast<void>(must(world.group(0).encrypt(world.env(), as_bytes("out"))));
    world.deliver(made.commit, 0);

    Group without = made.next; // As it was when the commit was made: it would open them again.
    CHECK(without.process(world.env(), in).ok());
    CHECK(without.process(world.env(), older).ok());
    const WipedBytes epoch_part = made.next.serialize_epoch();
    made.next.adopt_ratchets(world.group(0));
    CHECK(made.next.serialize_epoch() == epoch_part);
    world.group(0) = must(Group::deserialize(epoch_part, made.next.serialize_ratchets()));
    world.agree();
    CHECK(world.group(0).process(world.env(), in).error() == MlsError::generation_used);
    CHECK(world.group(0).process(world.env(), older).error() == MlsError::generation_used);
    expect_text(world, 0, later, "not yet opened");
    everybody_talks(world);
}

TEST_CASE("whom a message names as its sender can be asked before a key is taken")
{
    World world(28);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob", "carol"});
    const auto closed = [](const Bytes& message) { return *must_decode<MLSMessage>(message).as<PrivateMessage>(); };
    const Bytes bobs_key = world.members[1]->signer.public_key;
    const Bytes message = must(world.group(1).encrypt(world.env(), as_bytes("hello")));
    const WipedBytes before = world.group(0).serialize_ratchets();
    CHECK(must(world.group(0).sender_key(closed(message))) == bobs_key);
    CHECK(world.group(0).serialize_ratchets() == before);
    // Of an epoch that has passed, and a sender that has gone since.
    CommitOptions remove;
    remove.proposals = {Proposal{Remove{world.group(1).own_leaf()}}};
    const std::uint64_t epoch = world.group(0).epoch();
    world.commit(0, remove);
    CHECK(must(world.group(0).sender_key(closed(message))) == bobs_key);
    PrivateMessage other = closed(message);
    other.epoch = epoch + 2;
    CHECK(world.group(0).sender_key(other).error() == MlsError::wrong_epoch);
    other.epoch = 0;
    CHECK(world.group(1).sender_key(other).error() == MlsError::epoch_too_old); // Carol was not there.
    other = closed(message);
    other.group_id.push_back(0);
    CHECK(world.group(0).sender_key(other).error() == MlsError::wrong_group);
    other = closed(message);
    other.encrypted_sender_data[0] ^= 1;
    CHECK(world.group(0).sender_key(other).error() == MlsError::bad_sender_data);
}

TEST_CASE("padding: by a function of the application's, for messages and commits")
{
    World world(29);
    world.found("alice", {}, HandshakeFormat::private_message);
    world.add(0, {"bob"});
    auto env = world.env();
    env.padded_size = [](std::size_t size) { return size < 600 ? std::size_t{600} : std::size_t{0}; };
    const auto ciphertext = [](const Bytes& message) {
        return must_decode<MLSMessage>(message).as<PrivateMessage>()->ciphertext.size();
    };
    const Bytes one = must(world.group(0).encrypt(env, as_bytes("a")));
    const Bytes other = must(world.group(0).encrypt(env, Bytes(500, 'b')));
    CHECK(ciphertext(one) == 600 + crypto::aead_tag_bytes);
    CHECK(ciphertext(other) == ciphertext(one));
    // A function that asks for less than there is pads nothing.
    const Bytes longer = must(world.group(0).encrypt(env, Bytes(700, 'c')));
    CHECK(ciphertext(longer) > 700 + crypto::aead_tag_bytes);
    expect_text(world, 1, one, "a");
    expect_text(world, 1, other, std::string(500, 'b'));
    expect_text(world, 1, longer, std::string(700, 'c'));
    const auto made = must(world.group(0).commit(env, {}));
    CHECK(ciphertext(made.commit) >= 600 + crypto::aead_tag_bytes);
    CHECK(world.group(1).process(world.env(), made.commit).ok());
}

TEST_CASE("a long chain of commits in a growing and shrinking tree")
{
    World world(26);
    world.found("m0");
    for (int i = 1; i < 18; ++i)
        world.add(static_cast<std::size_t>(i / 2), {"m" + std::to_string(i)});
    for (std::size_t i = 0; i < world.members.size(); i += 3)
        world.commit(i);
    while (world.members.size() > 1) {
        CommitOptions options;
        options.proposals = {Proposal{Remove{world.members.front()->group->own_leaf()}}};
        world.commit(world.members.size() - 1, options);
    }
    // Everybody to the left is gone: the last one sits alone at the right edge.
    world.commit(0);
    world.add(0, {"new"});
    everybody_talks(world);
}

TEST_CASE("a commit that waits for its answer keeps none of the keys that are used up meanwhile")
{
    World world(47);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const Bytes before = must(world.group(1).encrypt(world.env(), as_bytes("of the epoch before")));
    world.commit(1);
    auto out = must(world.group(0).commit(world.env(), {}));
    out.next.forget_past_ratchets();
    const Bytes now = must(world.group(1).encrypt(world.env(), as_bytes("while it waits")));
    const Bytes late = must(world.group(2).encrypt(world.env(), as_bytes("late")));
    expect_text(world, 0, now, "while it waits");

    Group waiting = must(Group::deserialize(out.next.serialize_epoch(), out.next.serialize_ratchets()));
    for (const Bytes& message : {before, now, late})
        CHECK(waiting.process(world.env(), message).error() == MlsError::epoch_too_old);
    waiting.adopt_ratchets(world.group(0));
    CHECK(waiting.process(world.env(), now).error() == MlsError::generation_used);
    for (const Bytes& message : {before, late})
        CHECK(waiting.process(world.env(), message).ok());

    // Stored in parts without them, it loads as well.
    auto parts = out.next.take_moved_ratchets();
    const auto stored = must(Group::deserialize(
        out.next.serialize_epoch(), [&](std::uint64_t epoch, PartIndex part) -> std::optional<WipedBytes> {
            for (const RatchetPart& one : parts)
                if (one.epoch == epoch && one.part == part && !one.bytes.empty()) return one.bytes;
            return std::nullopt;
        }));
    CHECK(stored.epoch() == out.next.epoch());
}
