// SPDX-License-Identifier: Apache-2.0
// Tree hashes (RFC 9420 section 7.8) and the variant that parent hashes need (section 7.9).
#include "lib/base/check.hpp"
#include "lib/mls/ratchet_tree.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

Hash hash_of(const Writer& io)
{
    return crypto::sha256_of({io.view()});
}

// TreeHashInput with a LeafNodeHashInput.
Hash leaf_hash(LeafIndex index, const LeafNode* leaf)
{
    Writer io;
    io(NodeType::leaf, index, leaf != nullptr);
    if (leaf != nullptr) io(*leaf);
    return hash_of(io);
}

// TreeHashInput with a ParentNodeHashInput.
Hash parent_hash(const ParentNode* node, const Hash& left_hash, const Hash& right_hash)
{
    Writer io;
    io(NodeType::parent, node != nullptr);
    if (node != nullptr) io(*node);
    io.opaque(left_hash);
    io.opaque(right_hash);
    return hash_of(io);
}

} // namespace

void RatchetTree::update_hashes()
{
    update_hash(root_of(leaves()));
}

void RatchetTree::update_hash(NodeIndex x)
{
    if (hash_valid_[x]) return; // A change clears the flags all the way up, so below a valid hash all is valid.
    if (is_leaf(x)) {
        hashes_[x] = leaf_hash(leaf_of(x), leaf(leaf_of(x)));
    } else {
        const NodeIndex l = *left(x), r = *right(x);
        update_hash(l);
        update_hash(r);
        hashes_[x] = parent_hash(parent_node(x), hashes_[l], hashes_[r]);
    }
    hash_valid_[x] = 1;
}

const Hash& RatchetTree::tree_hash(NodeIndex x) const
{
    GODWIT_ASSERT(hash_valid_[x]);
    return hashes_[x];
}

Bytes RatchetTree::root_hash() const
{
    const Hash& root = tree_hash(root_of(leaves()));
    return Bytes(root.begin(), root.end());
}

Hash RatchetTree::original_tree_hash(NodeIndex x, const std::vector<LeafIndex>& without) const
{
    const LeafRange below = leaves_below(x);
    const auto first = std::lower_bound(without.begin(), without.end(), below.first);
    if (first == without.end() || *first > below.last) return tree_hash(x);
    const auto last = std::upper_bound(first, without.end(), below.last);
    if (is_leaf(x)) return leaf_hash(leaf_of(x), nullptr);
    const Hash l = original_tree_hash(*left(x), without), r = original_tree_hash(*right(x), without);
    const ParentNode* node = parent_node(x);
    if (node == nullptr) return parent_hash(nullptr, l, r);
    ParentNode original{node->encryption_key, node->parent_hash, {}};
    // Its unmerged leaves lie below it: the rest of `without` would make a hostile tree cost the square of its size.
    std::set_difference(node->unmerged_leaves.begin(), node->unmerged_leaves.end(), first, last,
                        std::back_inserter(original.unmerged_leaves));
    return parent_hash(&original, l, r);
}

Bytes compute_parent_hash(const ParentNode& node, const Hash& original_sibling_tree_hash)
{
    Writer io;
    io(node.encryption_key, node.parent_hash);
    io.opaque(original_sibling_tree_hash);
    return hash(io.view());
}

} // namespace godwit::mls
