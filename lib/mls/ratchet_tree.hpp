// SPDX-License-Identifier: Apache-2.0
// The public half of the ratchet tree (RFC 9420 section 7). Nodes are immutable and shared, so a copy of a tree is
// a copy of pointers, and a commit is worked out on a copy. Tree hashes are cached; update_hashes() brings them up
// to date, after which a tree can be read from anywhere.
#pragma once

#include "lib/mls/leaf_node.hpp"

#include <functional>

namespace godwit::mls {

enum class NodeType : std::uint8_t { leaf = 1, parent = 2 };

class RatchetTree {
public:
    /// One blank leaf.
    RatchetTree() { resize(1); }

    /// Leaf places, blank or not: a power of two.
    [[nodiscard]] std::uint32_t leaves() const noexcept { return static_cast<std::uint32_t>(leaves_.size()); }
    /// nullptr for a blank leaf or one outside the tree.
    [[nodiscard]] const LeafNode* leaf(LeafIndex index) const noexcept;
    [[nodiscard]] LeafNodePtr leaf_ptr(LeafIndex index) const;
    [[nodiscard]] const ParentNode* parent_node(NodeIndex x) const noexcept;
    [[nodiscard]] bool is_blank(NodeIndex x) const noexcept;
    /// Precondition: not blank.
    [[nodiscard]] const Bytes& encryption_key(NodeIndex x) const;
    [[nodiscard]] std::uint32_t member_count() const noexcept;
    void for_each_member(const std::function<void(LeafIndex, const LeafNode&)>& visit) const;

    /// Leftmost blank leaf, after extending the tree if there is none (section 7.7). nullopt at leaves_max.
    [[nodiscard]] std::optional<LeafIndex> make_room();
    /// Section 12.1.1: sets the leaf and lists it as unmerged above. Precondition: from make_room().
    void add_leaf(LeafIndex index, LeafNodePtr node);
    /// Section 12.1.2: replaces the leaf and blanks its direct path.
    void update_leaf(LeafIndex index, LeafNodePtr node);
    /// Section 12.1.3: blanks the leaf and its direct path, and truncates.
    void remove_leaf(LeafIndex index);

    void set_leaf(LeafIndex index, LeafNodePtr node);
    void set_parent(NodeIndex x, ParentNodePtr node);
    void blank_direct_path(LeafIndex index);

    /// Section 4.1.1.
    [[nodiscard]] std::vector<NodeIndex> resolution(NodeIndex x) const;
    /// Section 4.1.2: the direct path without the nodes whose copath child resolves to nothing.
    [[nodiscard]] std::vector<NodeIndex> filtered_direct_path(LeafIndex index) const;

    /// Section 7.8.
    void update_hashes();
    /// Precondition: update_hashes() came after the last change.
    [[nodiscard]] const Hash& tree_hash(NodeIndex x) const;
    [[nodiscard]] Bytes root_hash() const;
    /// Section 7.9: the tree hash of x with these leaves (sorted) blanked and forgotten.
    [[nodiscard]] Hash original_tree_hash(NodeIndex x, const std::vector<LeafIndex>& without) const;

    /// The ratchet_tree extension of section 12.4.3.3.
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        if constexpr (Io::writes)
            s.write(io);
        else
            s.read(io);
    }
    friend bool operator==(const RatchetTree& a, const RatchetTree& b);

private:
    void resize(std::uint32_t leaves);
    void touch(NodeIndex x);
    void update_hash(NodeIndex x);
    [[nodiscard]] bool resolves_to_nothing(NodeIndex x) const;
    void write(Writer& io) const;
    void read(Reader& io);

    std::vector<LeafNodePtr> leaves_;
    std::vector<ParentNodePtr> parents_; ///< Node x is parents_[x / 2].
    std::vector<Hash> hashes_;
    std::vector<std::uint8_t> hash_valid_;
    LeafIndex blank_hint_ = 0; ///< No blank leaf lies before it.
};

/// ParentHashInput of section 7.9, hashed.
[[nodiscard]] Bytes compute_parent_hash(const ParentNode& node, const Hash& original_sibling_tree_hash);

} // namespace godwit::mls
