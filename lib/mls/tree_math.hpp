// SPDX-License-Identifier: Apache-2.0
// Array-based trees (RFC 9420 appendix C). Trees are full: `leaves` is a power of two, the leaf with index L is
// node 2*L, and the root of 2^d leaves is node 2^d - 1.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace godwit::mls {

using LeafIndex = std::uint32_t; ///< Counts leaves.
using NodeIndex = std::uint32_t; ///< Counts nodes; even ones are leaves.

/// Leaves of the largest tree that this implementation holds.
inline constexpr std::uint32_t leaves_max = 1u << 16;

[[nodiscard]] constexpr NodeIndex node_of(LeafIndex leaf) noexcept
{
    return 2 * leaf;
}
[[nodiscard]] constexpr bool is_leaf(NodeIndex x) noexcept
{
    return (x & 1) == 0;
}
/// Precondition: is_leaf(x).
[[nodiscard]] constexpr LeafIndex leaf_of(NodeIndex x) noexcept
{
    return x / 2;
}
[[nodiscard]] constexpr std::uint32_t node_width(std::uint32_t leaves) noexcept
{
    return 2 * leaves - 1;
}
[[nodiscard]] constexpr NodeIndex root_of(std::uint32_t leaves) noexcept
{
    return leaves - 1;
}

[[nodiscard]] std::uint32_t level(NodeIndex x) noexcept;
/// nullopt for a leaf.
[[nodiscard]] std::optional<NodeIndex> left(NodeIndex x) noexcept;
[[nodiscard]] std::optional<NodeIndex> right(NodeIndex x) noexcept;
/// nullopt for the root.
[[nodiscard]] std::optional<NodeIndex> parent(NodeIndex x, std::uint32_t leaves) noexcept;
[[nodiscard]] std::optional<NodeIndex> sibling(NodeIndex x, std::uint32_t leaves) noexcept;
/// Parents of x, from the nearest to the root.
[[nodiscard]] std::vector<NodeIndex> direct_path(NodeIndex x, std::uint32_t leaves);
/// True when x is `ancestor` or lies below it.
[[nodiscard]] bool is_below(NodeIndex x, NodeIndex ancestor) noexcept;
[[nodiscard]] NodeIndex common_ancestor(NodeIndex x, NodeIndex y) noexcept;

/// Leaves below a node: [first, last].
struct LeafRange {
    LeafIndex first;
    LeafIndex last;
    [[nodiscard]] bool contains(LeafIndex leaf) const noexcept { return first <= leaf && leaf <= last; }
};
[[nodiscard]] LeafRange leaves_below(NodeIndex x) noexcept;

} // namespace godwit::mls
