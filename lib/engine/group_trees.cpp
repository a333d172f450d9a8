// SPDX-License-Identifier: Apache-2.0
// Of the group keeper: ratchet trees that do not fit the frames of their groups. They lie at the relay in pieces, under
// the hash of their bytes; that one is the tree of its epoch, the group's tree hash says.
//
//   commit with a tree ── GroupTreePut, piece by piece ── GroupCommit
//   Welcome, GroupInfo without a tree ── GroupTreeGet, piece by piece ── welcome | rejoin
#include "lib/engine/group_keeper.hpp"

#include "lib/crypto/hash.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

std::uint32_t pieces_of(std::size_t bytes)
{
    return static_cast<std::uint32_t>((bytes + wire::group_tree_piece_bytes_max - 1) /
                                      wire::group_tree_piece_bytes_max);
}

} // namespace

wire::TreeId tree_id(BytesView tree)
{
    wire::TreeId out;
    crypto::blake2b({}, tree, out.bytes);
    return out;
}

void GroupKeeper::leave_tree(const seal::Outgoing& outgoing, Chore& chore, RelaySession& session, Moment now)
{
    if (chore.tree.empty()) {
        chore.tree = outgoing.tree;
        chore.pieces = pieces_of(chore.tree.size());
        chore.state.reset();
    }
    const auto at = std::size_t{chore.piece} * wire::group_tree_piece_bytes_max;
    const auto bytes =
        BytesView(chore.tree).subspan(at, std::min(wire::group_tree_piece_bytes_max, chore.tree.size() - at));
    frame::GroupTreePut out{outgoing.conversation, tree_id(chore.tree), chore.pieces, chore.piece, to_bytes(bytes)};
    if (!session.request(std::move(out), purpose::Group{outgoing.conversation}, now)) return fail(chore, now);
    chore.step = Chore::Step::leave_tree;
}

void GroupKeeper::tree_left(const ConversationId& conversation, Chore& chore, const frame::Response& response,
                            Moment now)
{
    const auto code = response.error.code;
    if (code == ErrorCode::ok) {
        if (++chore.piece >= chore.pieces) chore.tree.clear(); // The commit follows.
        return rest(chore, Instant{});
    }
    chore.tree.clear();
    chore.piece = 0;
    if (is_temporary(code)) return rest(chore, now.mono + soon(std::chrono::seconds(2)));
    groups_->refused(conversation);
    if (chore.plan) {
        drop_plan(conversation, chore, response.error);
        return rest(chore, Instant{});
    }
    fail(chore, now);
}

void GroupKeeper::fetch_tree(const ConversationId& conversation, Chore& chore, RelaySession& session, Moment now)
{
    const auto at =
        chore.welcome.empty() ? seal::Version{chore.state->incarnation, chore.state->epoch} : chore.welcome_at;
    if (!session.request(frame::GroupTreeGet{conversation, at.incarnation, at.epoch, chore.piece},
                         purpose::Group{conversation}, now))
        return fail(chore, now);
    chore.step = Chore::Step::fetch_tree;
}

void GroupKeeper::tree_came(const ConversationId& conversation, Chore& chore, const frame::Response& response,
                            Moment now)
{
    if (chore.welcome.empty() && !chore.state) { // For a join that is not needed any more.
        chore.tree.clear();
        chore.piece = chore.pieces = 0;
        return rest(chore, Instant{});
    }
    const auto* piece = std::get_if<frame::GroupTreePiece>(&response.body);
    if (response.error.code != ErrorCode::ok || piece == nullptr || piece->pieces > wire::group_tree_pieces_max) {
        // The group has gone on, and we join it as it is now.
        const bool later = is_temporary(response.error.code);
        if (!later && !std::exchange(chore.welcome, {}).empty()) changed_.insert(conversation);
        chore.state.reset();
        chore.tree.clear();
        chore.piece = chore.pieces = 0;
        return later ? fail(chore, now) : rest(chore, Instant{});
    }
    append(chore.tree, piece->bytes);
    if (++chore.piece < piece->pieces) return rest(chore, Instant{});
    const auto tree = std::exchange(chore.tree, {});
    chore.piece = chore.pieces = 0;
    if (chore.welcome.empty()) {
        const auto state = std::exchange(chore.state, std::nullopt);
        return rejoin(conversation, chore, *state, tree, now);
    }
    const auto welcome = std::exchange(chore.welcome, {});
    auto changes = groups_->welcome(welcome, now.wall_ms, tree);
    rest(chore, Instant{});
    changed_.insert(conversation); // Whatever becomes of it, what is behind the Welcome waits no longer.
    if (changes) return welcomed(*changes, now);
    if (changes.error().code != ErrorCode::conflict)
        context_.security(SecurityKind::group_invalid, {}, {}, "an invitation was refused: " + changes.error().detail);
}

} // namespace godwit::engine
