// SPDX-License-Identifier: Apache-2.0
// Refused over more than one message, and what callers are told.
#include "tests/lib/mls/refusal.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using namespace godwit::testing::refusal;

TEST_CASE("refused: two members' Updates and Removes by reference, for one leaf")
{
    Stage stage;
    World& world = stage.world;
    const Bytes update = must(world.group(2).propose_update(world.env()));
    const Bytes remove = publish_proposal(stage.alice(), Proposal{Remove{2}});
    Bytes references[2];
    int i = 0;
    for (const Bytes& message : {update, remove})
        references[i++] = must(stage.bob().process(world.env(), message)).proposal_ref;
    Commit commit = stage.base;
    for (const Bytes& reference : references)
        commit.proposals.push_back({reference});
    CHECK(stage.bob().process(world.env(), publish_commit(stage.alice(), commit)).error() ==
          MlsError::update_after_remove_or_update);
    // An Update from outside the group has no leaf to go to; the wire cannot carry one, so ask directly.
    const Proposal outside{Update{*stage.alice().tree().leaf(0)}};
    const Environment env = world.env();
    const ProposalListInput input{stage.bob().context(), stage.bob().tree(), LeafIndex{0}, false, false, env};
    CHECK(check_proposal({&outside, Sender{SenderType::external, 0}}, input) == MlsError::update_not_by_member);
}

TEST_CASE("GREASE that all members happen to list is as good as any other number (section 13.5)")
{
    World world(47);
    const auto greasy = [&](const std::string& name) {
        Member out = world.newcomer(name);
        out.leaf.grease = false;
        for (std::uint16_t i = 0; i < 15; ++i) {
            const auto value = static_cast<std::uint16_t>(i * 0x1010 + 0x0a0a);
            out.leaf.capabilities.proposals.push_back(static_cast<ProposalType>(value));
            out.leaf.capabilities.extensions.push_back(static_cast<ExtensionType>(value));
            out.leaf.capabilities.credentials.push_back(static_cast<CredentialType>(value));
        }
        return out;
    };
    Member alice = greasy("alice");
    const auto create = [&](Extensions extensions) {
        return Group::create(world.env(), suite_1, Bytes{1}, alice.leaf, alice.signer, world_lifetime, extensions,
                             {HandshakeFormat::public_message, 0});
    };
    CHECK(create({{static_cast<ExtensionType>(0x0a0a), {}}}).error() == MlsError::none);
    CHECK(create({{static_cast<ExtensionType>(0x0b0b), {}}}).error() == MlsError::group_extension_not_supported);
    alice.group = must(create({}));
    world.members.push_back(std::make_unique<Member>(std::move(alice)));
    world.commit(0, {}, {greasy("bob")});
    RequiredCapabilities required;
    required.credential_types = {static_cast<CredentialType>(0x5a5a)};
    const auto both = [&](Proposal proposal) {
        CommitOptions options;
        options.proposals = {std::move(proposal)};
        const auto out = world.group(0).commit(world.env(), options);
        Group bob = world.group(1);
        return out ? bob.process(world.env(), out->commit).error() : out.error();
    };
    CHECK(both({GroupContextExtensions{{{static_cast<ExtensionType>(0xeaea), {}}}}}) == MlsError::none);
    CHECK(both({GroupContextExtensions{{{static_cast<ExtensionType>(0xebeb), {}}}}}) ==
          MlsError::group_extension_not_supported);
    CHECK(both({GroupContextExtensions{{make_extension(ExtensionType::required_capabilities, required)}}}) ==
          MlsError::none);
    CHECK(both({CustomProposal::opaque(static_cast<ProposalType>(0x1a1a), {})}) == MlsError::none);
    CHECK(both({CustomProposal::opaque(static_cast<ProposalType>(0x1b1b), {})}) ==
          MlsError::proposal_type_not_supported);
}

TEST_CASE("bounds: the proposal cache of an epoch is finite")
{
    Stage stage;
    World& world = stage.world;
    MlsError last = MlsError::none;
    std::size_t accepted = 0;
    for (std::size_t i = 0; i <= cached_proposals_max; ++i) {
        const Bytes message = publish_proposal(stage.alice(), Proposal{PreSharedKey{world.external_psk({1})}});
        last = stage.bob().process(world.env(), message).error();
        if (last == MlsError::none) ++accepted;
    }
    CHECK(accepted == cached_proposals_max);
    CHECK(last == MlsError::proposal_cache_full);
    CHECK(stage.bob().propose(world.env(), Proposal{Remove{2}}).error() == MlsError::proposal_cache_full);
}

TEST_CASE(
    "bounds: of skipped keys a group keeps skipped_keys_group_max over all its epochs, and honest late ones among them")
{
    World world(25);
    world.found("alice");
    world.add(0, {"bob", "carol", "dave"});
    const auto say = [&](std::size_t from) { return must(world.group(from).encrypt(world.env(), as_bytes("late"))); };
    // Carol and Dave skip all they can in every epoch; one message of Bob's an epoch is late, too.
    std::vector<Bytes> honest;
    std::size_t most = 0;
    for (std::size_t epoch = 0; epoch <= past_epochs_max; ++epoch) {
        honest.push_back(say(1));
        must(world.group(0).process(world.env(), say(1)));
        for (const std::size_t hoarder : {2u, 3u}) {
            for (std::uint32_t i = 0; i < forward_steps_max; ++i)
                must(GroupTestAccess::secret_tree(world.group(hoarder))
                         .next(world.group(hoarder).own_leaf(), RatchetType::application));
            must(world.group(0).process(world.env(), say(hoarder)));
            most = std::max(most, world.group(0).skipped_keys());
        }
        if (epoch < past_epochs_max) world.commit(1);
    }
    CHECK(most <= skipped_keys_group_max);
    CHECK(world.group(0).skipped_keys() == skipped_keys_group_max);
    CHECK(world.group(0).serialize_ratchets().size() < 256 * 1024);
    const WipedBytes state = world.group(0).serialize_ratchets();
    Group back = must(Group::deserialize(world.group(0).serialize_epoch(), state));
    CHECK(back.skipped_keys() == skipped_keys_group_max);
    CHECK(back.serialize_ratchets() == state);
    for (const Bytes& message : honest)
        CHECK(as_text(must(back.process(world.env(), message)).application_data) == "late");
    CHECK(back.skipped_keys() == skipped_keys_group_max - honest.size());
    // What a commit of ours was waiting with comes together with what was used meanwhile, and stays within the bound.
    auto out = must(world.group(0).commit(world.env(), {}));
    out.next.adopt_ratchets(world.group(0));
    CHECK(out.next.skipped_keys() <= skipped_keys_group_max);
}

TEST_CASE("the last epoch: nothing follows it")
{
    Stage stage;
    Access::set_epoch(stage.alice(), ~0ull);
    CHECK(stage.alice().commit(stage.world.env(), {}).error() == MlsError::epoch_exhausted);
}

TEST_CASE("callers are told what makes no sense")
{
    Stage stage;
    World& world = stage.world;
    CHECK(stage.alice().propose(world.env(), Proposal{Update{*stage.alice().tree().leaf(0)}}).error() ==
          MlsError::invalid_argument);
    CHECK(stage.alice().export_secret("x", {}, crypto::hkdf_expand_bytes_max + 1).error() == MlsError::export_too_long);
    CHECK(stage.alice().encrypt(world.env(), Bytes(message_bytes_max, 0)).error() == MlsError::message_too_large);
    Member odd = world.newcomer("odd");
    odd.leaf.capabilities.extensions = {ExtensionType::ratchet_tree};
    CHECK(create_key_package(suite_1, odd.signer, odd.leaf, world_lifetime, world.entropy).error() ==
          MlsError::default_type_listed);
    const auto unsupported = static_cast<CipherSuite>(7);
    CHECK(create_key_package(unsupported, odd.signer, odd.leaf, world_lifetime, world.entropy).error() ==
          MlsError::unsupported_cipher_suite);
    CHECK(Group::create(world.env(), unsupported, Bytes{1}, odd.leaf, odd.signer, world_lifetime).error() ==
          MlsError::unsupported_cipher_suite);
    const Error shown = to_error(MlsError::bad_signature);
    CHECK(shown.code == ErrorCode::authentication_failed);
    CHECK(shown.detail == "mls: bad_signature");
    CHECK(mls_error_name(static_cast<MlsError>(9999)) == "unknown");
}
