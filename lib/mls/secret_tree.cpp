// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/secret_tree.hpp"
#include "lib/base/check.hpp"

#include <algorithm>
#include <bit>

namespace godwit::mls {
namespace {

template <class Ratchets>
auto& select(Ratchets& ratchets, RatchetType type)
{
    return type == RatchetType::handshake ? ratchets.handshake : ratchets.application;
}

WipedBytes next_secret(BytesView secret, std::uint32_t generation)
{
    return derive_tree_secret(secret, "secret", generation, kdf_nh);
}

PartIndex part_of_leaf(LeafIndex leaf)
{
    return 1 + leaf / part_leaves;
}

PartIndex part_of_node(NodeIndex x)
{
    const LeafRange below = leaves_below(x);
    return below.last - below.first + 1 >= part_leaves ? 0 : part_of_leaf(below.first);
}

/// The oldest go first, from the ratchet that has more.
void keep_skipped(SenderRatchets& both, std::size_t keep)
{
    while (both.skipped() > keep) {
        HashRatchet& fuller =
            both.handshake.skipped.size() > both.application.skipped.size() ? both.handshake : both.application;
        fuller.skipped.erase(fuller.skipped.begin());
    }
}

} // namespace

SecretTree::SecretTree(CipherSuite suite, WipedBytes encryption_secret, std::uint32_t leaves)
    : suite_(suite), leaves_(leaves)
{
    nodes_.emplace(root_of(leaves), std::move(encryption_secret));
    all_moved();
}

SecretTree SecretTree::blank(CipherSuite suite, std::uint32_t leaves)
{
    SecretTree out;
    out.suite_ = suite;
    out.leaves_ = leaves;
    return out;
}

MessageKey SecretTree::key_of(BytesView secret, std::uint32_t generation) const
{
    return {derive_tree_secret(secret, "key", generation, aead_nk(suite_)),
            derive_tree_secret(secret, "nonce", generation, aead_nn)};
}

NodeIndex SecretTree::lowest_secret_above(LeafIndex leaf) const
{
    GODWIT_ASSERT(leaf < leaves_);
    NodeIndex x = node_of(leaf);
    while (!nodes_.contains(x)) {
        const auto up = parent(x, leaves_);
        GODWIT_ASSERT(up.has_value());
        x = *up;
    }
    return x;
}

HashRatchet SecretTree::first_ratchet(LeafIndex leaf, RatchetType type) const
{
    const NodeIndex target = node_of(leaf);
    NodeIndex x = lowest_secret_above(leaf);
    WipedBytes secret = nodes_.at(x);
    while (x != target) {
        const bool to_left = target < x;
        secret = expand_with_label(secret, "tree", as_bytes(to_left ? "left" : "right"), kdf_nh);
        x = to_left ? *left(x) : *right(x);
    }
    HashRatchet out;
    out.secret = expand_with_label(secret, type == RatchetType::handshake ? "handshake" : "application", {}, kdf_nh);
    return out;
}

SenderRatchets& SecretTree::ratchets(LeafIndex leaf)
{
    if (auto found = ratchets_.find(leaf); found != ratchets_.end()) return found->second;
    // Each step down leaves the other child behind.
    const NodeIndex target = node_of(leaf);
    auto at = nodes_.find(lowest_secret_above(leaf));
    while (at->first != target) {
        const NodeIndex x = at->first;
        WipedBytes left_secret = expand_with_label(at->second, "tree", as_bytes("left"), kdf_nh);
        WipedBytes right_secret = expand_with_label(at->second, "tree", as_bytes("right"), kdf_nh);
        moved_.insert(part_of_node(x));
        nodes_.erase(at);
        const auto left_at = nodes_.emplace(*left(x), std::move(left_secret)).first;
        const auto right_at = nodes_.emplace(*right(x), std::move(right_secret)).first;
        at = target < x ? left_at : right_at;
    }
    SenderRatchets fresh;
    if (!without_handshakes_) fresh.handshake.secret = expand_with_label(at->second, "handshake", {}, kdf_nh);
    fresh.application.secret = expand_with_label(at->second, "application", {}, kdf_nh);
    nodes_.erase(at);
    moved_.insert(part_of_leaf(leaf));
    return ratchets_.emplace(leaf, std::move(fresh)).first->second;
}

MlsResult<SecretTree::Generation> SecretTree::next(LeafIndex leaf, RatchetType type)
{
    if (without_handshakes_ && type == RatchetType::handshake) return MlsError::epoch_too_old;
    HashRatchet& ratchet = select(ratchets(leaf), type);
    if (ratchet.next > generation_max) return MlsError::generation_exhausted;
    moved_.insert(part_of_leaf(leaf));
    Generation out{ratchet.next, key_of(ratchet.secret, ratchet.next)};
    ratchet.secret = next_secret(ratchet.secret, ratchet.next);
    ++ratchet.next;
    return out;
}

MlsResult<SecretTree::Peek> SecretTree::peek(LeafIndex leaf, RatchetType type, std::uint32_t generation) const
{
    if (without_handshakes_ && type == RatchetType::handshake) return MlsError::epoch_too_old;
    const auto known = ratchets_.find(leaf);
    const HashRatchet first = known != ratchets_.end() ? HashRatchet() : first_ratchet(leaf, type);
    const HashRatchet& ratchet = known != ratchets_.end() ? select(known->second, type) : first;
    Peek out;
    out.leaf = leaf;
    out.type = type;
    out.generation = generation;
    if (generation < ratchet.next) {
        const auto found = ratchet.skipped.find(generation);
        if (found == ratchet.skipped.end()) return MlsError::generation_used;
        out.key = found->second;
        return out;
    }
    if (generation > generation_max) return MlsError::generation_exhausted;
    if (generation - ratchet.next > forward_steps_max) return MlsError::generation_too_far;
    WipedBytes secret = ratchet.secret;
    for (std::uint32_t j = ratchet.next; j < generation; ++j) {
        out.passed.emplace_back(j, key_of(secret, j));
        secret = next_secret(secret, j);
    }
    out.key = key_of(secret, generation);
    out.secret_after = next_secret(secret, generation);
    return out;
}

void SecretTree::consume(Peek peek)
{
    SenderRatchets& both = ratchets(peek.leaf);
    HashRatchet& ratchet = select(both, peek.type);
    moved_.insert(part_of_leaf(peek.leaf));
    if (peek.secret_after.empty()) {
        skipped_ -= ratchet.skipped.erase(peek.generation);
        return;
    }
    skipped_ -= both.skipped();
    GODWIT_ASSERT(peek.generation >= ratchet.next);
    for (auto& [generation, key] : peek.passed)
        ratchet.skipped.emplace(generation, std::move(key));
    ratchet.secret = std::move(peek.secret_after);
    ratchet.next = peek.generation + 1;
    keep_skipped(both, skipped_keys_max);
    skipped_ += both.skipped();
    if (skipped_ <= skipped_keys_epoch_max) return;
    std::vector<std::size_t> counts;
    count_skipped(counts);
    std::size_t excess = skipped_ - skipped_keys_epoch_max;
    limit_skipped(fair_share(counts, skipped_keys_epoch_max), excess);
}

void SecretTree::count_skipped(std::vector<std::size_t>& counts) const
{
    for (const auto& [leaf, both] : ratchets_)
        if (const std::size_t count = both.skipped(); count != 0) counts.push_back(count);
}

void SecretTree::limit_skipped(std::size_t each, std::size_t& excess)
{
    for (auto& [leaf, both] : ratchets_) {
        const std::size_t have = both.skipped();
        if (have <= each) continue;
        const std::size_t drop = std::min(have - each, excess);
        keep_skipped(both, have - drop);
        moved_.insert(part_of_leaf(leaf));
        excess -= drop;
        skipped_ -= drop;
    }
}

void SecretTree::forget_handshakes()
{
    without_handshakes_ = true;
    for (auto& [leaf, both] : ratchets_) {
        if (both.handshake.secret.empty()) continue;
        both.handshake = {};
        moved_.insert(part_of_leaf(leaf));
    }
    recount_skipped();
}

void SecretTree::recount_skipped() noexcept
{
    skipped_ = 0;
    for (const auto& [leaf, both] : ratchets_)
        skipped_ += both.skipped();
}

void SecretTree::all_moved()
{
    for (const auto& [node, secret] : nodes_)
        moved_.insert(part_of_node(node));
    for (const auto& [leaf, both] : ratchets_)
        moved_.insert(part_of_leaf(leaf));
}

bool SecretTree::is_empty(PartIndex part) const
{
    const auto here = [part](const auto& entry) { return part_of_node(entry.first) == part; };
    if (part == 0) return std::none_of(nodes_.begin(), nodes_.end(), here);
    const LeafIndex first = (part - 1) * part_leaves, end = first + part_leaves;
    const auto ratchet = ratchets_.lower_bound(first);
    if (ratchet != ratchets_.end() && ratchet->first < end) return false;
    return std::none_of(nodes_.lower_bound(node_of(first)), nodes_.lower_bound(node_of(end)), here);
}

void SecretTree::write_part(Writer& io, PartIndex part) const
{
    const LeafIndex first = part == 0 ? 0 : (part - 1) * part_leaves, end = part == 0 ? leaves_ : first + part_leaves;
    io.vector([&] {
        for (auto at = nodes_.lower_bound(node_of(first)); at != nodes_.lower_bound(node_of(end)); ++at)
            if (part_of_node(at->first) == part) io(at->first, at->second);
    });
    io.vector([&] {
        if (part == 0) return;
        for (auto at = ratchets_.lower_bound(first); at != ratchets_.lower_bound(end); ++at)
            io(at->first, at->second);
    });
}

void SecretTree::read_part(Reader& io, PartIndex part)
{
    std::map<NodeIndex, WipedBytes> nodes;
    std::map<LeafIndex, SenderRatchets> senders;
    io(nodes, senders);
    for (const auto& [node, secret] : nodes)
        io.require(node < node_width(leaves_) && part_of_node(node) == part, MlsError::state_malformed);
    for (const auto& [leaf, both] : senders)
        io.require(part_of_leaf(leaf) == part, MlsError::state_malformed);
    nodes_.merge(nodes);
    ratchets_.merge(senders);
    recount_skipped();
}

std::size_t fair_share(const std::vector<std::size_t>& counts, std::size_t all)
{
    std::vector<std::size_t> rising = counts;
    std::sort(rising.begin(), rising.end());
    std::size_t left = all;
    for (std::size_t i = 0; i < rising.size(); ++i) {
        const std::size_t share = left / (rising.size() - i);
        if (rising[i] > share) return share;
        left -= rising[i];
    }
    return rising.empty() ? all : rising.back();
}

std::size_t SecretTree::skipped_keys(LeafIndex leaf) const
{
    const auto found = ratchets_.find(leaf);
    return found == ratchets_.end() ? 0 : found->second.skipped();
}

bool SecretTree::is_sound() const
{
    if (!is_supported(suite_) || !std::has_single_bit(leaves_) || leaves_ > leaves_max) return false;
    for (const auto& [node, secret] : nodes_)
        if (node >= node_width(leaves_) || secret.size() != kdf_nh) return false;
    const auto ratchet_ok = [&](const HashRatchet& ratchet) {
        if (without_handshakes_ && ratchet.secret.empty()) return ratchet.next == 0 && ratchet.skipped.empty();
        if (ratchet.secret.size() != kdf_nh) return false;
        for (const auto& [generation, key] : ratchet.skipped)
            if (generation >= ratchet.next || key.key.size() != aead_nk(suite_) || key.nonce.size() != aead_nn)
                return false;
        return true;
    };
    // Every leaf has its secret in exactly one place: walk the leaves by subtrees.
    std::uint64_t covered = 0;
    for (const auto& [node, secret] : nodes_) {
        const LeafRange range = leaves_below(node);
        covered += range.last - range.first + 1;
    }
    for (const auto& [leaf, both] : ratchets_) {
        if (leaf >= leaves_ || !ratchet_ok(both.handshake) || !ratchet_ok(both.application)) return false;
        if (both.application.secret.empty()) return false;
        if (both.skipped() > skipped_keys_max) return false;
        for (NodeIndex x = node_of(leaf);;) {
            if (nodes_.contains(x)) return false;
            const auto up = parent(x, leaves_);
            if (!up) break;
            x = *up;
        }
        ++covered;
    }
    for (const auto& [node, secret] : nodes_)
        for (auto up = parent(node, leaves_); up; up = parent(*up, leaves_))
            if (nodes_.contains(*up)) return false;
    return covered == leaves_;
}

} // namespace godwit::mls
