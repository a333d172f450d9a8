// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/treekem.hpp"
#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

WipedBytes next_path_secret(BytesView path_secret)
{
    return derive_secret(path_secret, "path");
}

/// The child of `x` that is not on the way to `leaf`.
NodeIndex copath_child(NodeIndex x, LeafIndex leaf)
{
    return node_of(leaf) < x ? *right(x) : *left(x);
}

// Resolution of the copath child without leaves that the same commit adds (section 7.6).
std::vector<NodeIndex> recipients(const RatchetTree& tree, NodeIndex x, LeafIndex sender,
                                  const std::vector<LeafIndex>& new_leaves)
{
    auto out = tree.resolution(copath_child(x, sender));
    std::erase_if(out, [&](NodeIndex node) {
        return is_leaf(node) && std::binary_search(new_leaves.begin(), new_leaves.end(), leaf_of(node));
    });
    return out;
}

// Section 7.9, from the root down; returns the parent hash for the leaf. The nodes have their keys already.
Bytes set_parent_hashes(RatchetTree& tree, LeafIndex sender, const std::vector<NodeIndex>& filtered)
{
    tree.update_hashes(); // Only the copath subtrees are read, and they do not change here.
    Bytes above;          // Zero-length for the topmost node.
    for (auto x = filtered.rbegin(); x != filtered.rend(); ++x) {
        ParentNode node = *tree.parent_node(*x);
        node.parent_hash = above;
        const Hash sibling_hash = tree.tree_hash(copath_child(*x, sender));
        above = compute_parent_hash(node, sibling_hash);
        tree.set_parent(*x, std::make_shared<const ParentNode>(std::move(node)));
    }
    return above;
}

} // namespace

HpkeKeyPair node_key_pair(CipherSuite suite, BytesView path_secret)
{
    return derive_hpke_key_pair(suite, derive_secret(path_secret, "node"));
}

void TreePrivate::prune(const RatchetTree& tree)
{
    std::erase_if(keys, [&](const auto& entry) {
        const NodeIndex x = entry.first;
        return x >= node_width(tree.leaves()) || tree.is_blank(x) || !is_below(node_of(leaf), x) ||
               tree.encryption_key(x) != entry.second.public_key;
    });
}

StartedPath start_path(CipherSuite suite, RatchetTree& tree, LeafIndex leaf, LeafNode leaf_node,
                       const SignatureKeyPair& signer, BytesView group_id, port::Entropy& entropy)
{
    const auto filtered = tree.filtered_direct_path(leaf);
    tree.blank_direct_path(leaf);
    StartedPath out;
    WipedBytes secret = random_secret(entropy);
    for (const NodeIndex x : filtered) {
        HpkeKeyPair pair = node_key_pair(suite, secret);
        tree.set_parent(x, std::make_shared<const ParentNode>(ParentNode{pair.public_key, {}, {}}));
        out.keys.emplace(x, std::move(pair));
        WipedBytes next = next_path_secret(secret);
        out.steps.push_back({x, std::move(secret)});
        secret = std::move(next);
    }
    // With nobody else in the tree there is no step, and nobody to agree with: any fresh secret will do.
    out.commit_secret = std::move(secret);
    out.leaf_key = generate_hpke_key_pair(suite, entropy);
    leaf_node.encryption_key = out.leaf_key.public_key;
    leaf_node.leaf_node_source = LeafNodeSource::commit;
    leaf_node.lifetime = {};
    leaf_node.parent_hash = set_parent_hashes(tree, leaf, filtered);
    sign_leaf_node(leaf_node, signer, group_id, leaf);
    out.leaf_node = leaf_node;
    tree.set_leaf(leaf, std::make_shared<const LeafNode>(std::move(leaf_node)));
    tree.update_hashes();
    return out;
}

MlsResult<UpdatePath> seal_path(CipherSuite suite, const RatchetTree& tree, LeafIndex leaf, const StartedPath& started,
                                const std::vector<LeafIndex>& new_leaves, BytesView encoded_context,
                                port::Entropy& entropy)
{
    UpdatePath out;
    out.leaf_node = started.leaf_node;
    const auto context = encrypt_context(suite, "UpdatePathNode", encoded_context);
    for (const PathStep& step : started.steps) {
        UpdatePathNode& node = out.nodes.emplace_back();
        node.encryption_key = tree.encryption_key(step.node);
        for (const NodeIndex recipient : recipients(tree, step.node, leaf, new_leaves)) {
            auto sealed = encrypt_with_label(context, tree.encryption_key(recipient), step.path_secret, entropy);
            if (!sealed) return sealed.error();
            node.encrypted_path_secret.push_back(std::move(*sealed));
        }
    }
    return out;
}

MlsError merge_path(CipherSuite suite, RatchetTree& tree, LeafIndex sender, const UpdatePath& path)
{
    const auto filtered = tree.filtered_direct_path(sender);
    if (filtered.size() != path.nodes.size()) return MlsError::path_wrong_length;
    tree.blank_direct_path(sender);
    for (std::size_t i = 0; i < filtered.size(); ++i) {
        if (!is_hpke_public_key(suite, path.nodes[i].encryption_key)) return MlsError::path_invalid_key;
        tree.set_parent(filtered[i],
                        std::make_shared<const ParentNode>(ParentNode{path.nodes[i].encryption_key, {}, {}}));
    }
    if (set_parent_hashes(tree, sender, filtered) != path.leaf_node.parent_hash) return MlsError::parent_hash_invalid;
    tree.set_leaf(sender, std::make_shared<const LeafNode>(path.leaf_node));
    tree.update_hashes();
    return MlsError::none;
}

MlsResult<OpenedPath> open_path(CipherSuite suite, const RatchetTree& tree, const TreePrivate& own, LeafIndex sender,
                                const UpdatePath& path, const std::vector<LeafIndex>& new_leaves,
                                BytesView encoded_context)
{
    const auto filtered = tree.filtered_direct_path(sender);
    GODWIT_ASSERT(filtered.size() == path.nodes.size());
    // Every count, not only of the node that is ours: all members must judge the path alike.
    for (std::size_t i = 0; i < filtered.size(); ++i)
        if (recipients(tree, filtered[i], sender, new_leaves).size() != path.nodes[i].encrypted_path_secret.size())
            return MlsError::path_wrong_ciphertext_count;

    const auto shared =
        std::find_if(filtered.begin(), filtered.end(), [&](NodeIndex x) { return is_below(node_of(own.leaf), x); });
    if (shared == filtered.end()) return MlsError::path_no_private_key;
    const auto at = static_cast<std::size_t>(shared - filtered.begin());
    const auto resolution = recipients(tree, *shared, sender, new_leaves);
    for (std::size_t i = 0; i < resolution.size(); ++i) {
        const auto key = own.keys.find(resolution[i]);
        if (key == own.keys.end() || key->second.public_key != tree.encryption_key(resolution[i])) continue;
        auto secret = decrypt_with_label(suite, key->second, "UpdatePathNode", encoded_context,
                                         path.nodes[at].encrypted_path_secret[i]);
        if (!secret) return secret.error();
        if (secret->size() != kdf_nh) return MlsError::path_secret_length;
        OpenedPath out;
        out.first = {*shared, *secret};
        WipedBytes next = std::move(*secret);
        for (auto x = shared; x != filtered.end(); ++x) {
            HpkeKeyPair pair = node_key_pair(suite, next);
            if (pair.public_key != tree.encryption_key(*x)) return MlsError::path_key_mismatch;
            out.keys.emplace(*x, std::move(pair));
            next = next_path_secret(next);
        }
        out.commit_secret = std::move(next);
        return out;
    }
    return MlsError::path_no_private_key;
}

MlsError adopt_path_secret(CipherSuite suite, const RatchetTree& tree, NodeIndex first_node, WipedBytes path_secret,
                           TreePrivate& own)
{
    // Nodes that the committer's filtered path left out are blank now, and have no path secret.
    for (std::optional<NodeIndex> x = first_node; x; x = parent(*x, tree.leaves())) {
        if (tree.is_blank(*x)) continue;
        HpkeKeyPair pair = node_key_pair(suite, path_secret);
        if (pair.public_key != tree.encryption_key(*x)) return MlsError::path_key_mismatch;
        own.keys.insert_or_assign(*x, std::move(pair));
        path_secret = next_path_secret(path_secret);
    }
    return MlsError::none;
}

} // namespace godwit::mls
