// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/ratchet_tree.hpp"
#include "lib/base/check.hpp"

#include <algorithm>
#include <bit>

namespace godwit::mls {

void RatchetTree::resize(std::uint32_t leaves)
{
    GODWIT_ASSERT(std::has_single_bit(leaves) && leaves <= leaves_max);
    leaves_.resize(leaves);
    parents_.resize(leaves - 1);
    hashes_.resize(node_width(leaves));
    hash_valid_.resize(node_width(leaves), 0);
}

const LeafNode* RatchetTree::leaf(LeafIndex index) const noexcept
{
    return index < leaves_.size() ? leaves_[index].get() : nullptr;
}

LeafNodePtr RatchetTree::leaf_ptr(LeafIndex index) const
{
    return index < leaves_.size() ? leaves_[index] : nullptr;
}

const ParentNode* RatchetTree::parent_node(NodeIndex x) const noexcept
{
    return !is_leaf(x) && x / 2 < parents_.size() ? parents_[x / 2].get() : nullptr;
}

bool RatchetTree::is_blank(NodeIndex x) const noexcept
{
    return is_leaf(x) ? leaf(leaf_of(x)) == nullptr : parent_node(x) == nullptr;
}

const Bytes& RatchetTree::encryption_key(NodeIndex x) const
{
    GODWIT_ASSERT(!is_blank(x));
    return is_leaf(x) ? leaf(leaf_of(x))->encryption_key : parent_node(x)->encryption_key;
}

std::uint32_t RatchetTree::member_count() const noexcept
{
    return static_cast<std::uint32_t>(
        std::count_if(leaves_.begin(), leaves_.end(), [](const auto& node) { return node != nullptr; }));
}

void RatchetTree::for_each_member(const std::function<void(LeafIndex, const LeafNode&)>& visit) const
{
    for (LeafIndex i = 0; i < leaves(); ++i)
        if (leaves_[i]) visit(i, *leaves_[i]);
}

void RatchetTree::touch(NodeIndex x)
{
    hash_valid_[x] = 0;
    for (auto up = parent(x, leaves()); up; up = parent(*up, leaves()))
        hash_valid_[*up] = 0;
}

std::optional<LeafIndex> RatchetTree::make_room()
{
    while (blank_hint_ < leaves() && leaves_[blank_hint_])
        ++blank_hint_;
    if (blank_hint_ == leaves()) {
        if (leaves() >= leaves_max) return std::nullopt;
        resize(2 * leaves());
    }
    return blank_hint_;
}

void RatchetTree::set_leaf(LeafIndex index, LeafNodePtr node)
{
    GODWIT_ASSERT(index < leaves());
    if (!node) blank_hint_ = std::min(blank_hint_, index);
    leaves_[index] = std::move(node);
    touch(node_of(index));
}

void RatchetTree::set_parent(NodeIndex x, ParentNodePtr node)
{
    GODWIT_ASSERT(!is_leaf(x) && x < node_width(leaves()));
    parents_[x / 2] = std::move(node);
    touch(x);
}

void RatchetTree::add_leaf(LeafIndex index, LeafNodePtr node)
{
    GODWIT_ASSERT(leaf(index) == nullptr);
    set_leaf(index, std::move(node));
    for (const NodeIndex x : direct_path(node_of(index), leaves())) {
        if (is_blank(x)) continue;
        auto changed = std::make_shared<ParentNode>(*parent_node(x));
        auto& unmerged = changed->unmerged_leaves;
        unmerged.insert(std::lower_bound(unmerged.begin(), unmerged.end(), index), index);
        parents_[x / 2] = std::move(changed);
    }
}

void RatchetTree::blank_direct_path(LeafIndex index)
{
    for (const NodeIndex x : direct_path(node_of(index), leaves()))
        parents_[x / 2] = nullptr;
    touch(node_of(index));
}

void RatchetTree::update_leaf(LeafIndex index, LeafNodePtr node)
{
    set_leaf(index, std::move(node));
    blank_direct_path(index);
}

void RatchetTree::remove_leaf(LeafIndex index)
{
    set_leaf(index, nullptr);
    blank_direct_path(index);
    while (leaves() > 1 &&
           std::all_of(leaves_.begin() + leaves() / 2, leaves_.end(), [](const auto& node) { return !node; }))
        resize(leaves() / 2);
    blank_hint_ = std::min(blank_hint_, leaves());
}

bool RatchetTree::resolves_to_nothing(NodeIndex x) const
{
    if (!is_blank(x)) return false;
    return is_leaf(x) || (resolves_to_nothing(*left(x)) && resolves_to_nothing(*right(x)));
}

std::vector<NodeIndex> RatchetTree::resolution(NodeIndex x) const
{
    std::vector<NodeIndex> out;
    // Depth first, left before right.
    std::vector<NodeIndex> open{x};
    while (!open.empty()) {
        const NodeIndex at = open.back();
        open.pop_back();
        if (!is_blank(at)) {
            out.push_back(at);
            if (const ParentNode* node = parent_node(at))
                for (const LeafIndex unmerged : node->unmerged_leaves)
                    out.push_back(node_of(unmerged));
        } else if (!is_leaf(at)) {
            open.push_back(*right(at));
            open.push_back(*left(at));
        }
    }
    return out;
}

std::vector<NodeIndex> RatchetTree::filtered_direct_path(LeafIndex index) const
{
    std::vector<NodeIndex> out;
    NodeIndex below = node_of(index);
    for (const NodeIndex x : direct_path(below, leaves())) {
        if (!resolves_to_nothing(*sibling(below, leaves()))) out.push_back(x);
        below = x;
    }
    return out;
}

bool operator==(const RatchetTree& a, const RatchetTree& b)
{
    const auto same = [](const auto& x, const auto& y) { return x == y || (x && y && *x == *y); };
    return std::equal(a.leaves_.begin(), a.leaves_.end(), b.leaves_.begin(), b.leaves_.end(), same) &&
           std::equal(a.parents_.begin(), a.parents_.end(), b.parents_.begin(), b.parents_.end(), same);
}

void RatchetTree::write(Writer& io) const
{
    NodeIndex width = node_width(leaves());
    while (width > 0 && is_blank(width - 1))
        --width;
    io.vector([&] {
        for (NodeIndex x = 0; x < width; ++x) {
            io(!is_blank(x));
            if (is_blank(x)) continue;
            if (is_leaf(x))
                io(NodeType::leaf, leaves_[leaf_of(x)]);
            else
                io(NodeType::parent, parents_[x / 2]);
        }
    });
}

void RatchetTree::read(Reader& io)
{
    *this = RatchetTree();
    std::vector<LeafNodePtr> leaf_nodes;
    std::vector<ParentNodePtr> parent_nodes;
    bool last_blank = true;
    NodeIndex x = 0;
    io.vector([&] {
        if (x >= node_width(leaves_max)) return io.fail(MlsError::tree_too_large);
        bool present = false;
        io(present);
        last_blank = !present;
        auto type = NodeType::leaf;
        if (present) {
            io(type);
            if (type != NodeType::leaf && type != NodeType::parent) return io.fail(MlsError::invalid_enum);
            if (is_leaf(x) != (type == NodeType::leaf)) return io.fail(MlsError::tree_node_misplaced);
        }
        if (is_leaf(x)) {
            leaf_nodes.emplace_back();
            if (present) io(leaf_nodes.back());
        } else {
            parent_nodes.emplace_back();
            if (present) io(parent_nodes.back());
        }
        ++x;
    });
    if (io.error() != MlsError::none) return;
    if (last_blank) return io.fail(MlsError::tree_last_blank);
    // Extended to the next full tree (section 12.4.3.3). A last parent needs the leaf after it, too.
    const auto places = static_cast<std::uint32_t>(leaf_nodes.size() + (is_leaf(x - 1) ? 0 : 1));
    resize(std::bit_ceil(places));
    std::move(leaf_nodes.begin(), leaf_nodes.end(), leaves_.begin());
    std::move(parent_nodes.begin(), parent_nodes.end(), parents_.begin());
}

} // namespace godwit::mls
