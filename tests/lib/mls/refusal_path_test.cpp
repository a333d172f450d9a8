// SPDX-License-Identifier: Apache-2.0
// Refused for the path of a commit, or the leaf in it.
#include "tests/lib/mls/kinds.hpp"
#include "tests/lib/mls/refusal.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using namespace godwit::testing::refusal;

namespace {

/// A good path whose secrets are not what they should be.
Bytes with_secrets(Stage& s, const std::function<void(WipedBytes&)>& change)
{
    RatchetTree tree = s.alice().tree();
    auto started = start_path(suite_1, tree, 0, *tree.leaf(0), s.alice_key(), s.alice().group_id(), s.world.entropy);
    for (PathStep& step : started.steps)
        change(step.path_secret);
    GroupContext context = s.alice().context();
    ++context.epoch;
    context.tree_hash = tree.root_hash();
    Commit commit;
    commit.path = must(seal_path(suite_1, tree, 0, started, {}, encode(context), s.world.entropy));
    return publish_commit(s.alice(), commit);
}

} // namespace

const std::vector<Case>& godwit::testing::refusal::path_cases()
{
    static const std::vector<Case> cases{
        {"no path where one is required: nothing proposed", MlsError::path_required,
         [](Stage& s) { return publish_commit(s.alice(), {}); }},
        {"no path where one is required: a Remove", MlsError::path_required,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{2}}}, false); }},
        {"a leaf signature that does not verify", MlsError::bad_leaf_signature,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.leaf_node.signature[0] ^= 1; }); }},
        {"a leaf with source update", MlsError::path_leaf_source,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.leaf_node_source = LeafNodeSource::update; }); }},
        {"a leaf with source key_package", MlsError::path_leaf_source,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.leaf_node_source = LeafNodeSource::key_package; }); }},
        {"the old leaf key again", MlsError::path_leaf_same_key,
         [](Stage& s) {
             return s.with_leaf([&](LeafNode& l) { l.encryption_key = s.alice().tree().leaf(0)->encryption_key; });
         }},
        {"another member's key in the leaf", MlsError::path_key_reused,
         [](Stage& s) {
             return s.with_leaf([&](LeafNode& l) { l.encryption_key = s.alice().tree().leaf(2)->encryption_key; });
         }},
        {"another member's key in the path", MlsError::path_key_reused,
         [](Stage& s) {
             return s.with_path(
                 [&](UpdatePath& p) { p.nodes[0].encryption_key = s.alice().tree().leaf(2)->encryption_key; });
         }},
        {"one key for the leaf and a node above it", MlsError::duplicate_parent_key,
         [](Stage& s) {
             return s.with_path([&](UpdatePath& p) {
                 p.leaf_node.encryption_key = p.nodes[0].encryption_key;
                 sign_leaf_node(p.leaf_node, s.alice_key(), s.alice().group_id(), 0);
             });
         }},
        {"a path that is too short", MlsError::path_wrong_length,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.nodes.pop_back(); }); }},
        {"a path that is too long", MlsError::path_wrong_length,
         [](Stage& s) {
             return s.with_path([&](UpdatePath& p) {
                 p.nodes.push_back(p.nodes.back());
                 p.nodes.back().encryption_key = generate_hpke_key_pair(suite_1, s.world.entropy).public_key;
             });
         }},
        {"a ciphertext too few", MlsError::path_wrong_ciphertext_count,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.nodes[1].encrypted_path_secret.clear(); }); }},
        {"a ciphertext too many", MlsError::path_wrong_ciphertext_count,
         [](Stage& s) {
             return s.with_path([](UpdatePath& p) {
                 p.nodes[0].encrypted_path_secret.push_back(p.nodes[0].encrypted_path_secret[0]);
             });
         }},
        {"a path secret that does not open", MlsError::path_decrypt_failed,
         [](Stage& s) {
             return s.with_path([](UpdatePath& p) { p.nodes[0].encrypted_path_secret[0].ciphertext[0] ^= 1; });
         }},
        {"a KEM output of low order", MlsError::path_decrypt_failed,
         [](Stage& s) {
             return s.with_path([](UpdatePath& p) { p.nodes[0].encrypted_path_secret[0].kem_output = Bytes(32, 0); });
         }},
        {"path secrets that lead to other keys", MlsError::path_key_mismatch,
         [](Stage& s) { return with_secrets(s, [](WipedBytes& secret) { secret[0] ^= 1; }); }},
        {"a path secret that is too short", MlsError::path_secret_length,
         [](Stage& s) { return with_secrets(s, [](WipedBytes& secret) { secret.pop_back(); }); }},
        {"a leaf that claims another parent hash", MlsError::parent_hash_invalid,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.parent_hash[0] ^= 1; }); }},
        {"a path key that the leaf's parent hash does not cover", MlsError::parent_hash_invalid,
         [](Stage& s) {
             return s.with_path([&](UpdatePath& p) {
                 p.nodes[1].encryption_key = generate_hpke_key_pair(suite_1, s.world.entropy).public_key;
             });
         }},
        {"a low-order key in the path", MlsError::path_invalid_key,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.nodes[0].encryption_key = Bytes(32, 0); }); }},
        {"a short key in the leaf", MlsError::invalid_encryption_key,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.encryption_key.pop_back(); }); }},
        {"a signature key of wrong length", MlsError::invalid_signature_key,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.signature_key.push_back(1); }); }},
        {"a credential that the service refuses", MlsError::invalid_credential,
         [](Stage& s) {
             return s.with_leaf([&](LeafNode& l) { l.credential.content = s.world.service.refused_identity; });
         }},
        {"a credential that cannot follow the old one", MlsError::invalid_credential_successor,
         [](Stage& s) {
             s.world.service.accept_successors = false;
             return s.with_leaf([](LeafNode& l) { l.credential.content = {'b', 'o', 'b'}; });
         }},
        {"a credential type that its own capabilities lack", MlsError::credential_not_listed,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.credential.credential_type = foreign_credential; }); }},
        {"a credential type that others lack", MlsError::credential_not_supported,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) {
                 l.credential.credential_type = foreign_credential;
                 l.capabilities.credentials.push_back(foreign_credential);
             });
         }},
        {"capabilities without the others' credential type", MlsError::credential_not_supported,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) {
                 l.credential.credential_type = foreign_credential;
                 l.capabilities.credentials = {foreign_credential};
             });
         }},
        {"a leaf extension that its own capabilities lack", MlsError::leaf_extension_not_listed,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.extensions.push_back({foreign_extension, {}}); }); }},
        {"a leaf extension twice", MlsError::duplicate_extension,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) { l.extensions = {{custom_extension, {}}, {custom_extension, {}}}; });
         }},
        {"capabilities without mls10", MlsError::version_not_supported,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.capabilities.versions.clear(); }); }},
        {"capabilities without the group's suite", MlsError::cipher_suite_not_supported,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.capabilities.cipher_suites = {suite_3}; }); }},
        {"capabilities without a required proposal type", MlsError::required_capability_missing,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.capabilities.proposals.clear(); }); }},
        {"capabilities without the group's extension", MlsError::group_extension_not_supported,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) {
                 l.capabilities.extensions.clear();
                 l.extensions.clear();
             });
         }},
        {"another member's signature key", MlsError::duplicate_signature_key,
         [](Stage& s) {
             const SignatureKeyPair& carol = Access::signer(s.world.group(2));
             return s.with_leaf([&](LeafNode& l) { l.signature_key = carol.public_key; }, &carol);
         }},
        {"a confirmation tag that does not verify", MlsError::bad_confirmation_tag,
         [](Stage& s) { return publish_commit(s.alice(), s.base); }},
        {"a commit that the application forbids", MlsError::refused_by_application,
         [](Stage& s) {
             s.world.service.accept_commits = false;
             return s.good_commit;
         }},
    };
    return cases;
}

std::vector<Kind> godwit::testing::path_kinds()
{
    return kinds_of(path_cases());
}

TEST_CASE("refused: paths and leaves of commits")
{
    std::printf("refusals: paths %d kinds\n", run(path_cases()));
}
