// SPDX-License-Identifier: Apache-2.0
// Refusals that are no message to a member: to who decodes, makes, asks or loads something, and bounds of our own.
#include "lib/mls/tree_validation.hpp"
#include "tests/lib/mls/kinds.hpp"
#include "tests/lib/mls/refusal.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using namespace godwit::testing::refusal;

namespace {

struct Lone {
    const char* name;
    MlsError expected;
    MlsError (*get)(Stage&);
};

MlsError key_package_error(Stage& s, const std::function<void(Member&)>& change, CipherSuite suite = suite_1)
{
    Member odd = s.world.newcomer("odd");
    change(odd);
    return create_key_package(suite, odd.signer, odd.leaf, world_lifetime, s.world.entropy).error();
}

MlsError external_join_error(Stage& s, const GroupInfo& info, std::span<const Group* const> groups = {})
{
    const Member eve = s.world.newcomer("eve");
    ExternalJoinOptions join;
    join.leaf = eve.leaf;
    join.signer = eve.signer;
    Environment env = s.world.env();
    env.groups = groups;
    return Group::join_external(env, info, join).error();
}

MlsError reinitialized_error(Stage& s, const std::function<MlsError(Group&)>& then)
{
    CommitOptions options;
    options.proposals = {Proposal{ReInit{Bytes{1}, ProtocolVersion::mls10, suite_1, {}}}};
    Group after = must(s.alice().commit(s.world.env(), options)).next;
    return then(after);
}

const Lone cases[]{
    {"a GroupContext extension list without end", MlsError::too_many_items,
     [](Stage&) {
         Writer io;
         io.vector([&] {
             for (std::size_t i = 0; i <= list_items_max<Extension>; ++i)
                 io(Extension{static_cast<ExtensionType>(i), {}});
         });
         return decode<Extensions>(io.view()).error();
     }},
    {"more than message_bytes_max", MlsError::message_too_large,
     [](Stage&) { return decode<MLSMessage>(Bytes(message_bytes_max + 1, 0)).error(); }},
    {"a text of more than half of message_bytes_max", MlsError::message_too_large,
     [](Stage& s) { return s.alice().encrypt(s.world.env(), Bytes(message_bytes_max, 0)).error(); }},
    {"a tree of more than leaves_max", MlsError::tree_too_large,
     [](Stage&) { return decode<RatchetTree>(encode(Bytes(node_width(leaves_max) + 1, 0))).error(); }},
    {"a commit as a struct, without confirmation tag", MlsError::confirmation_tag_missing,
     [](Stage& s) {
         auto message = must_decode<MLSMessage>(s.good_commit);
         message.as<PublicMessage>()->auth.confirmation_tag.reset();
         return s.bob().process(s.world.env(), message).error();
     }},
    {"a KeyPackage of a suite that this build does not have", MlsError::unsupported_cipher_suite,
     [](Stage& s) { return key_package_error(s, [](Member&) {}, static_cast<CipherSuite>(7)); }},
    {"capabilities of our own that list a default type", MlsError::default_type_listed,
     [](Stage& s) {
         return key_package_error(s, [](Member& m) { m.leaf.capabilities.extensions = {ExtensionType::ratchet_tree}; });
     }},
    {"encryption to a key of low order", MlsError::invalid_recipient_key,
     [](Stage& s) { return encrypt_with_label(suite_1, Bytes(32, 0), "x", {}, {}, s.world.entropy).error(); }},
    {"an Update from outside the group", MlsError::update_not_by_member,
     [](Stage& s) {
         const Proposal update{Update{*s.alice().tree().leaf(0)}};
         const Environment env = s.world.env();
         return check_proposal({&update, Sender{SenderType::external, 0}},
                               {s.bob().context(), s.bob().tree(), LeafIndex{0}, false, false, env});
     }},
    {"the proposal after cached_proposals_max", MlsError::proposal_cache_full,
     [](Stage& s) {
         MlsError last = MlsError::none;
         for (std::size_t i = 0; i <= cached_proposals_max && last == MlsError::none; ++i)
             last = s.alice().propose(s.world.env(), Proposal{PreSharedKey{s.world.external_psk({1})}}).error();
         return last;
     }},
    {"a path of whose resolutions we have no private key", MlsError::path_no_private_key,
     [](Stage& s) {
         RatchetTree tree = s.bob().tree();
         const UpdatePath& path = *s.base.path;
         if (const auto merged = merge_path(suite_1, tree, 0, path); merged != MlsError::none) return merged;
         return open_path(suite_1, tree, TreePrivate{1, {}}, 0, path, {}, {}).error();
     }},
    {"a commit in the last epoch", MlsError::epoch_exhausted,
     [](Stage& s) {
         Access::set_epoch(s.alice(), ~0ull);
         return s.alice().commit(s.world.env(), {}).error();
     }},
    {"a GroupInfo that no member signed", MlsError::group_info_signer_blank,
     [](Stage& s) {
         GroupInfo info = s.info;
         info.signer = 9;
         return external_join_error(s, info);
     }},
    {"a GroupInfo to join by from outside, without external_pub", MlsError::external_pub_missing,
     [](Stage& s) { return external_join_error(s, s.alice().group_info(s.world.env(), true, false)); }},
    {"an external_pub of low order", MlsError::external_pub_invalid,
     [](Stage& s) {
         GroupInfo info = s.alice().group_info(s.world.env(), true, false);
         info.extensions.push_back(make_extension(ExtensionType::external_pub, ExternalPub{Bytes(32, 0)}));
         sign_group_info(info, s.alice_key());
         return external_join_error(s, info);
     }},
    {"a group that we are in already", MlsError::group_id_in_use,
     [](Stage& s) {
         const Group* ours[] = {&s.bob()};
         return external_join_error(s, s.info, ours);
     }},
    {"a message after a ReInit", MlsError::group_reinitialized,
     [](Stage& s) {
         return reinitialized_error(s, [&](Group& g) { return g.encrypt(s.world.env(), Bytes{1}).error(); });
     }},
    {"a message after we were removed", MlsError::group_left,
     [](Stage& s) {
         CommitOptions options;
         options.proposals = {Proposal{Remove{1}}};
         must(s.bob().process(s.world.env(), must(s.alice().commit(s.world.env(), options)).commit));
         return s.bob().encrypt(s.world.env(), Bytes{1}).error();
     }},
    {"a message while a proposal waits", MlsError::pending_proposals,
     [](Stage& s) {
         must(s.alice().propose(s.world.env(), Proposal{Remove{2}}));
         return s.alice().encrypt(s.world.env(), Bytes{1}).error();
     }},
    {"an Update proposed without its private key", MlsError::invalid_argument,
     [](Stage& s) { return s.alice().propose(s.world.env(), Proposal{Update{*s.alice().tree().leaf(0)}}).error(); }},
    {"an export longer than KDF.Expand gives", MlsError::export_too_long,
     [](Stage& s) { return s.alice().export_secret("x", {}, crypto::hkdf_expand_bytes_max + 1).error(); }},
    {"state of a version to come", MlsError::state_version,
     [](Stage& s) {
         WipedBytes epoch = s.alice().serialize_epoch();
         epoch[0] ^= 1;
         return Group::deserialize(epoch, s.alice().serialize_ratchets()).error();
     }},
    {"ratchets of another epoch than the rest", MlsError::state_malformed,
     [](Stage& s) {
         const WipedBytes ratchets = s.alice().serialize_ratchets();
         return Group::deserialize(must(s.alice().commit(s.world.env(), {})).next.serialize_epoch(), ratchets).error();
     }},
};

} // namespace

std::vector<Kind> godwit::testing::lone_kinds()
{
    return kinds_of(cases);
}

TEST_CASE("refused: what is no message")
{
    for (const Lone& c : cases) {
        Stage stage;
        const MlsError got = c.get(stage);
        CHECK_MESSAGE(got == c.expected,
                      c.name << ": expected " << mls_error_name(c.expected) << ", got " << mls_error_name(got));
    }
    std::printf("refusals: others %zu kinds\n", std::size(cases));
}
