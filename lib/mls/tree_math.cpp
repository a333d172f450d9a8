// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/tree_math.hpp"

#include <bit>

namespace godwit::mls {

std::uint32_t level(NodeIndex x) noexcept
{
    return static_cast<std::uint32_t>(std::countr_one(x));
}

std::optional<NodeIndex> left(NodeIndex x) noexcept
{
    const auto k = level(x);
    if (k == 0) return std::nullopt;
    return x ^ (1u << (k - 1));
}

std::optional<NodeIndex> right(NodeIndex x) noexcept
{
    const auto k = level(x);
    if (k == 0) return std::nullopt;
    return x ^ (3u << (k - 1));
}

std::optional<NodeIndex> parent(NodeIndex x, std::uint32_t leaves) noexcept
{
    if (x == root_of(leaves)) return std::nullopt;
    const auto k = level(x);
    const auto b = (x >> (k + 1)) & 1;
    return (x | (1u << k)) ^ (b << (k + 1));
}

std::optional<NodeIndex> sibling(NodeIndex x, std::uint32_t leaves) noexcept
{
    const auto p = parent(x, leaves);
    if (!p) return std::nullopt;
    return x < *p ? right(*p) : left(*p);
}

std::vector<NodeIndex> direct_path(NodeIndex x, std::uint32_t leaves)
{
    std::vector<NodeIndex> out;
    for (auto p = parent(x, leaves); p; p = parent(*p, leaves))
        out.push_back(*p);
    return out;
}

LeafRange leaves_below(NodeIndex x) noexcept
{
    const std::uint32_t half = (1u << level(x)) - 1;
    return {(x - half) / 2, (x + half) / 2};
}

bool is_below(NodeIndex x, NodeIndex ancestor) noexcept
{
    const std::uint32_t half = (1u << level(ancestor)) - 1;
    return ancestor - half <= x && x <= ancestor + half;
}

NodeIndex common_ancestor(NodeIndex x, NodeIndex y) noexcept
{
    // Both lie below a node of level k exactly when they agree in all bits above k; that node is then unique.
    std::uint32_t k = level(x) > level(y) ? level(x) : level(y);
    while ((x >> (k + 1)) != (y >> (k + 1)))
        ++k;
    return ((x >> (k + 1)) << (k + 1)) | ((1u << k) - 1);
}

} // namespace godwit::mls
