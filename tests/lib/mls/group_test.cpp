// SPDX-License-Identifier: Apache-2.0
// A group's life, told operation by operation.
#include "tests/lib/mls/story.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("create, add, talk: every suite, both handshake formats, with and without the tree in the Welcome")
{
    for (const CipherSuite suite : {suite_1, suite_2, suite_3})
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
