// SPDX-License-Identifier: Apache-2.0
// Published vectors of ratchet trees.
#include "lib/mls/group_info.hpp"
#include "lib/mls/tree_validation.hpp"
#include "lib/mls/treekem.hpp"
#include "tests/lib/mls/support.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("vectors: messages, the ratchet tree in them")
{
    const auto entries = load_vectors("mls/messages.json");
    if (!entries) return;
    for (const auto& e : *entries) {
        const Bytes bytes = unhex(e["ratchet_tree"]);
        CHECK(encode(must_decode<RatchetTree>(bytes)) == bytes);
        for (std::size_t cut = 0; cut < bytes.size(); cut += 7)
            CHECK_FALSE(decode<RatchetTree>(BytesView(bytes).first(cut)).ok());
    }
}

TEST_CASE("vectors: tree-operations")
{
    const auto entries = load_vectors("mls/tree-operations.json");
    if (!entries) return;
    VectorCount count("tree-operations");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        auto tree = must_decode<RatchetTree>(unhex(e["tree_before"]));
        tree.update_hashes();
        CHECK(tree.root_hash() == unhex(e["tree_hash_before"]));
        const auto proposal = must_decode<Proposal>(unhex(e["proposal"]));
        if (const auto* add = proposal.as<Add>()) {
            const auto leaf = tree.make_room();
            REQUIRE(leaf.has_value());
            tree.add_leaf(*leaf, std::make_shared<const LeafNode>(add->key_package.leaf_node));
        } else if (const auto* update = proposal.as<Update>()) {
            tree.update_leaf(e["proposal_sender"].get<LeafIndex>(),
                             std::make_shared<const LeafNode>(update->leaf_node));
        } else {
            REQUIRE(proposal.as<Remove>() != nullptr);
            tree.remove_leaf(proposal.as<Remove>()->removed);
        }
        tree.update_hashes();
        CHECK(tree.root_hash() == unhex(e["tree_hash_after"]));
        CHECK(encode(tree) == unhex(e["tree_after"]));
    }
}

TEST_CASE("vectors: tree-validation")
{
    const auto entries = load_vectors("mls/tree-validation.json");
    if (!entries) return;
    VectorCount count("tree-validation");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        auto tree = must_decode<RatchetTree>(unhex(e["tree"]));
        tree.update_hashes();
        REQUIRE(e["resolutions"].size() == node_width(tree.leaves()));
        for (NodeIndex x = 0; x < node_width(tree.leaves()); ++x) {
            CHECK(tree.resolution(x) == e["resolutions"][x].get<std::vector<NodeIndex>>());
            const Hash& got = tree.tree_hash(x);
            CHECK(Bytes(got.begin(), got.end()) == unhex(e["tree_hashes"][x]));
        }
        const Bytes group_id = unhex(e["group_id"]);
        LifetimePolicy any_time;
        any_time.check_received = false;
        any_time.lifetime_seconds_max = LifetimePolicy::unlimited;
        const MlsError error = check_whole_tree(tree, suite_of(e), group_id, {}, any_time, 0);
        CHECK_MESSAGE(error == MlsError::none, mls_error_name(error));
        // A parent with another key, or other unmerged leaves, is found out.
        for (NodeIndex x = 1; x < node_width(tree.leaves()); x += 2) {
            if (tree.is_blank(x)) continue;
            RatchetTree tampered = tree;
            ParentNode node = *tree.parent_node(x);
            node.encryption_key[0] ^= 1;
            tampered.set_parent(x, std::make_shared<const ParentNode>(node));
            tampered.update_hashes();
            CHECK(check_parent_hashes(tampered) == MlsError::parent_hash_invalid);
        }
    }
}

TEST_CASE("vectors: treekem")
{
    const auto entries = load_vectors("mls/treekem.json");
    if (!entries) return;
    VectorCount count("treekem");
    for (const auto& e : *entries) {
        if (!count.take(e)) continue;
        const CipherSuite suite = suite_of(e);
        const Bytes group_id = unhex(e["group_id"]);
        auto tree = must_decode<RatchetTree>(unhex(e["ratchet_tree"]));
        tree.update_hashes();
        std::map<LeafIndex, TreePrivate> privates;
        std::map<LeafIndex, SignatureKeyPair> signers;
        for (const auto& p : e["leaves_private"]) {
            TreePrivate own;
            own.leaf = p["index"].get<LeafIndex>();
            own.keys.emplace(node_of(own.leaf), *hpke_key_pair(suite, unhex(p["encryption_priv"])));
            for (const auto& step : p["path_secrets"]) {
                const auto node = step["node"].get<NodeIndex>();
                own.keys.emplace(node, node_key_pair(suite, unhex(step["path_secret"])));
                CHECK(own.keys.at(node).public_key == tree.encryption_key(node));
            }
            const std::size_t before = own.keys.size();
            own.prune(tree);
            CHECK(own.keys.size() == before);
            signers.emplace(own.leaf, *SignatureKeyPair::from_private(suite, unhex(p["signature_priv"])));
            privates.emplace(own.leaf, std::move(own));
        }
        GroupContext context;
        context.cipher_suite = suite;
        context.group_id = group_id;
        context.epoch = e["epoch"].get<std::uint64_t>();
        context.confirmed_transcript_hash = unhex(e["confirmed_transcript_hash"]);
        SeededEntropy entropy(99);

        for (const auto& u : e["update_paths"]) {
            const auto sender = u["sender"].get<LeafIndex>();
            const auto path = must_decode<UpdatePath>(unhex(u["update_path"]));
            RatchetTree after = tree;
            REQUIRE(merge_path(suite, after, sender, path) == MlsError::none);
            CHECK(after.root_hash() == unhex(u["tree_hash_after"]));
            CHECK(verify_leaf_node_signature(path.leaf_node, suite, group_id, sender) == MlsError::none);
            context.tree_hash = after.root_hash();
            for (const auto& [leaf, own] : privates) {
                if (leaf == sender) continue;
                const auto opened = must(open_path(suite, after, own, sender, path, {}, encode(context)));
                CHECK(plain(opened.commit_secret) == unhex(u["commit_secret"]));
                CHECK(plain(opened.first.path_secret) == unhex(u["path_secrets"][leaf]));
            }
            // Our own path from the same leaf: everybody follows.
            RatchetTree mine = tree;
            const auto started =
                start_path(suite, mine, sender, *tree.leaf(sender), signers.at(sender), group_id, entropy);
            context.tree_hash = mine.root_hash();
            const auto sealed = must(seal_path(suite, mine, sender, started, {}, encode(context), entropy));
            RatchetTree theirs = tree;
            REQUIRE(merge_path(suite, theirs, sender, must_decode<UpdatePath>(encode(sealed))) == MlsError::none);
            CHECK(theirs.root_hash() == mine.root_hash());
            CHECK(check_parent_hashes(theirs) == MlsError::none);
            for (const auto& [leaf, own] : privates) {
                if (leaf == sender) continue;
                const auto opened = must(open_path(suite, theirs, own, sender, sealed, {}, encode(context)));
                CHECK(opened.commit_secret == started.commit_secret);
                // Without the keys that the path was sealed to, it stays closed.
                const TreePrivate stranger{own.leaf, {}};
                CHECK(open_path(suite, theirs, stranger, sender, sealed, {}, encode(context)).error() ==
                      MlsError::path_no_private_key);
            }
        }
    }
}
