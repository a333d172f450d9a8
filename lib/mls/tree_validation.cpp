// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/tree_validation.hpp"

#include <algorithm>
#include <set>

namespace godwit::mls {
namespace {

bool lists(const ParentNode& node, LeafIndex leaf)
{
    return std::binary_search(node.unmerged_leaves.begin(), node.unmerged_leaves.end(), leaf);
}

// D of section 7.9.2: the one node in the resolution of C that is not an unmerged leaf of P, provided that the
// unmerged leaves of P below C are exactly the rest of that resolution.
std::optional<NodeIndex> find_descendant(const RatchetTree& tree, const ParentNode& p, NodeIndex c)
{
    const LeafRange below = leaves_below(c);
    const auto first = std::lower_bound(p.unmerged_leaves.begin(), p.unmerged_leaves.end(), below.first);
    const auto last = std::upper_bound(p.unmerged_leaves.begin(), p.unmerged_leaves.end(), below.last);
    const auto resolution = tree.resolution(c);
    if (resolution.size() != static_cast<std::size_t>(last - first) + 1) return std::nullopt;
    std::optional<NodeIndex> found;
    for (const NodeIndex d : resolution) {
        if (is_leaf(d) && std::binary_search(first, last, leaf_of(d))) continue;
        if (found) return std::nullopt;
        found = d;
    }
    return found;
}

BytesView parent_hash_field(const RatchetTree& tree, NodeIndex d)
{
    if (const ParentNode* node = tree.parent_node(d)) return node->parent_hash;
    const LeafNode* leaf = tree.leaf(leaf_of(d));
    return leaf != nullptr && leaf->leaf_node_source == LeafNodeSource::commit ? BytesView(leaf->parent_hash)
                                                                               : BytesView();
}

bool is_parent_hash_valid(const RatchetTree& tree, NodeIndex x)
{
    const ParentNode& p = *tree.parent_node(x);
    int valid = 0;
    for (const auto& [c, s] : {std::pair(*left(x), *right(x)), std::pair(*right(x), *left(x))}) {
        const auto d = find_descendant(tree, p, c);
        if (!d) continue;
        const Bytes expected = compute_parent_hash(p, tree.original_tree_hash(s, p.unmerged_leaves));
        const BytesView field = parent_hash_field(tree, *d);
        if (std::equal(field.begin(), field.end(), expected.begin(), expected.end())) ++valid;
    }
    return valid == 1;
}

/// A key and its first bytes, which settle most comparisons without looking at memory elsewhere.
struct SortKey {
    std::uint64_t head = 0;
    BytesView key;

    explicit SortKey(BytesView bytes) : key(bytes)
    {
        for (std::size_t i = 0; i < sizeof head && i < bytes.size(); ++i)
            head = (head << 8) | bytes[i];
    }
    bool operator<(const SortKey& other) const
    {
        return head != other.head ? head < other.head : std::ranges::lexicographical_compare(key, other.key);
    }
    bool operator==(const SortKey& other) const { return head == other.head && std::ranges::equal(key, other.key); }
};

// Sorted instead of hashed: whoever chooses keys cannot make this slow.
bool has_duplicates(std::vector<SortKey>& keys)
{
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

MlsError check_distinct_keys(const RatchetTree& tree)
{
    std::vector<SortKey> signature_keys, encryption_keys, leaf_keys;
    for (NodeIndex x = 0; x < node_width(tree.leaves()); ++x) {
        if (tree.is_blank(x)) continue;
        encryption_keys.emplace_back(tree.encryption_key(x));
        if (is_leaf(x)) signature_keys.emplace_back(tree.leaf(leaf_of(x))->signature_key);
    }
    if (has_duplicates(signature_keys)) return MlsError::duplicate_signature_key;
    if (!has_duplicates(encryption_keys)) return MlsError::none;
    for (LeafIndex i = 0; i < tree.leaves(); ++i)
        if (const LeafNode* leaf = tree.leaf(i)) leaf_keys.emplace_back(leaf->encryption_key);
    return has_duplicates(leaf_keys) ? MlsError::duplicate_encryption_key : MlsError::duplicate_parent_key;
}

} // namespace

MlsError check_unmerged_leaves(const RatchetTree& tree)
{
    for (NodeIndex x = 1; x < node_width(tree.leaves()); x += 2) {
        const ParentNode* node = tree.parent_node(x);
        if (node == nullptr) continue;
        const auto& unmerged = node->unmerged_leaves;
        if (std::adjacent_find(unmerged.begin(), unmerged.end(), std::greater_equal<>()) != unmerged.end())
            return MlsError::unmerged_not_sorted;
        const LeafRange below = leaves_below(x);
        for (const LeafIndex leaf : unmerged) {
            if (!below.contains(leaf) || tree.leaf(leaf) == nullptr) return MlsError::unmerged_not_descendant;
            for (auto up = parent(node_of(leaf), tree.leaves()); up && *up != x; up = parent(*up, tree.leaves()))
                if (const ParentNode* between = tree.parent_node(*up); between != nullptr && !lists(*between, leaf))
                    return MlsError::unmerged_inconsistent;
        }
    }
    return MlsError::none;
}

MlsError check_parent_hashes(const RatchetTree& tree)
{
    for (NodeIndex x = 1; x < node_width(tree.leaves()); x += 2)
        if (!tree.is_blank(x) && !is_parent_hash_valid(tree, x)) return MlsError::parent_hash_invalid;
    return MlsError::none;
}

MlsError check_members(const RatchetTree& tree, const Extensions& group_extensions)
{
    GODWIT_MLS_CHECK(check_distinct_keys(tree));
    const auto required = required_capabilities(group_extensions);
    if (!required) return required.error();
    std::set<CredentialType> in_use;
    tree.for_each_member([&](LeafIndex, const LeafNode& leaf) { in_use.insert(leaf.credential.credential_type); });
    for (LeafIndex i = 0; i < tree.leaves(); ++i) {
        const LeafNode* leaf = tree.leaf(i);
        if (leaf == nullptr) continue;
        for (const CredentialType type : in_use)
            if (!leaf->capabilities.supports(type)) return MlsError::credential_not_supported;
        GODWIT_MLS_CHECK(check_leaf_supports(*leaf, group_extensions, *required));
    }
    return MlsError::none;
}

MlsError check_whole_tree(const RatchetTree& tree, CipherSuite suite, BytesView group_id,
                          const Extensions& group_extensions, const LifetimePolicy& lifetimes, WallMs now_ms)
{
    GODWIT_MLS_CHECK(check_unmerged_leaves(tree));
    GODWIT_MLS_CHECK(check_parent_hashes(tree));
    for (NodeIndex x = 1; x < node_width(tree.leaves()); x += 2)
        if (!tree.is_blank(x) && !is_hpke_public_key(suite, tree.encryption_key(x)))
            return MlsError::parent_invalid_key;
    for (LeafIndex i = 0; i < tree.leaves(); ++i) {
        const LeafNode* leaf = tree.leaf(i);
        if (leaf == nullptr) continue;
        GODWIT_MLS_CHECK(check_leaf_alone(*leaf, suite));
        GODWIT_MLS_CHECK(check_lifetime(*leaf, lifetimes, now_ms, lifetimes.check_joined_tree));
        GODWIT_MLS_CHECK(verify_leaf_node_signature(*leaf, suite, group_id, i));
    }
    return check_members(tree, group_extensions);
}

} // namespace godwit::mls
