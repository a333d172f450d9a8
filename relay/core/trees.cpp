// SPDX-License-Identifier: Apache-2.0
#include "relay/core/trees.hpp"

#include "lib/crypto/hash.hpp"
#include "relay/core/members.hpp"

namespace godwit::relay {

Answer Trees::put(const Session& session, const frame::GroupTreePut& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    if (request.piece >= request.pieces) return {ErrorCode::invalid_argument, "there is no such piece of this tree"};
    auto& store = context_.store;
    const auto group = store.group(request.conversation);
    if (group.row != 0 && group.of_many && !store.is_member(group.row, session.account)) return not_a_member();

    auto tree = store.tree(session.account, request.conversation, request.tree);
    if (!tree) {
        const auto row =
            store.add_tree(session.account, request.conversation, request.tree, request.pieces, now.wall_ms);
        store.prune_unused_trees(session.account, context_.config.limits.group_trees_unused_max);
        tree = StoredTree{row, request.pieces, 0};
    }
    if (tree->pieces != request.pieces)
        return {ErrorCode::invalid_argument, "this tree was begun with another number of pieces"};
    if (tree->stored == tree->pieces) return {}; // the answer was lost
    store.add_tree_piece(tree->row, request.piece, request.bytes);
    tree = store.tree(tree->row);
    if (!tree || tree->stored < tree->pieces) return {};

    Bytes all;
    for (std::uint32_t i = 0; i < tree->pieces; ++i)
        append(all, store.tree_piece(tree->row, i));
    wire::TreeId name;
    crypto::blake2b({}, all, name.bytes);
    if (name != request.tree) {
        store.remove_tree(tree->row);
        return {ErrorCode::invalid_argument, "these pieces are not the tree of this name: put all of them again"};
    }
    ++context_.counters.group_trees_stored;
    return {};
}

Answer Trees::get(const Session& session, const frame::GroupTreeGet& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    auto& store = context_.store;
    auto group = store.group(request.conversation);
    const bool inside = group.row != 0 && (group.of_many ? store.is_member(group.row, session.account)
                                                         : store.is_of_two_with(group.row, session.account));
    if (!inside) return not_a_member();
    group.incarnation = request.incarnation;
    const auto commit = request.epoch == 0 ? std::nullopt : store.group_commit(group, request.epoch - 1);
    const auto tree = commit && commit->tree != 0 ? store.tree(commit->tree) : std::nullopt;
    auto bytes = tree ? store.tree_piece(tree->row, request.piece) : Bytes{};
    if (bytes.empty())
        return {ErrorCode::no_such_file, "the tree of this epoch is not here any more: join by the newest GroupInfo"};
    return frame::ResponseBody(frame::GroupTreePiece{tree->pieces, std::move(bytes)});
}

std::optional<std::int64_t> Trees::whole(const Session& session, const frame::GroupCommit& request)
{
    if (request.tree.is_zero()) return 0;
    const auto tree = context_.store.tree(session.account, request.conversation, request.tree);
    if (!tree || tree->stored != tree->pieces) return std::nullopt;
    return tree->row;
}

std::uint32_t Trees::pieces(std::int64_t tree)
{
    if (tree == 0) return 0;
    const auto found = context_.store.tree(tree);
    return found ? found->pieces : 0;
}

void Trees::use(const ConversationId& conversation, GroupRow group, std::int64_t tree)
{
    if (tree != 0) context_.store.use_tree(tree);
    prune(conversation, group);
}

void Trees::prune(const ConversationId& conversation, GroupRow group)
{
    const auto& limits = context_.config.limits;
    context_.counters.group_trees_let_go +=
        context_.store.prune_trees(group, conversation, limits.group_trees_kept, limits.group_trees_bytes_max);
}

bool Trees::expire(Moment now)
{
    auto& store = context_.store;
    const auto unused =
        store.expire_trees(now.wall_ms - context_.config.limits.group_tree_unused_ms_max, trees_expired_per_tick_max);
    const auto groups = store.conversations_with_trees(swept_up_to_, groups_swept_per_tick_max);
    for (const auto& conversation : groups)
        prune(conversation, store.group(conversation).row);
    const bool more = groups.size() == groups_swept_per_tick_max;
    swept_up_to_ = more ? groups.back() : ConversationId{};
    return more || unused == trees_expired_per_tick_max;
}

} // namespace godwit::relay
