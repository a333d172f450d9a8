// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

constexpr const char* columns = "SELECT t.id, t.pieces, (SELECT count(*) FROM group_tree_pieces WHERE tree = t.id)"
                                " FROM group_trees t WHERE ";

StoredTree tree_from(const Row& s)
{
    return {s.integer(0), static_cast<std::uint32_t>(s.integer(1)), static_cast<std::uint32_t>(s.integer(2))};
}

} // namespace

std::optional<StoredTree> Store::tree(AccountRow account, const ConversationId& conversation, const wire::TreeId& name)
{
    return read_one(std::string(columns) + "t.account = ?1 AND t.conversation = ?2 AND t.name = ?3", tree_from, account,
                    conversation, name);
}

std::optional<StoredTree> Store::tree(std::int64_t row)
{
    return read_one(std::string(columns) + "t.id = ?1", tree_from, row);
}

std::int64_t Store::add_tree(AccountRow account, const ConversationId& conversation, const wire::TreeId& name,
                             std::uint32_t pieces, WallMs now_ms)
{
    write(
        "INSERT INTO group_trees(account, conversation, name, pieces, used, created_ms) VALUES(?1, ?2, ?3, ?4, 0, ?5)",
        account, conversation, name, static_cast<std::int64_t>(pieces), now_ms);
    return inserted();
}

void Store::add_tree_piece(std::int64_t tree, std::uint32_t piece, const Bytes& bytes)
{
    write("INSERT OR REPLACE INTO group_tree_pieces(tree, piece, bytes) VALUES(?1, ?2, ?3)", tree,
          static_cast<std::int64_t>(piece), bytes);
}

Bytes Store::tree_piece(std::int64_t tree, std::uint32_t piece)
{
    Bytes out;
    read(
        "SELECT bytes FROM group_tree_pieces WHERE tree = ?1 AND piece = ?2",
        [&](const Row& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        tree, static_cast<std::int64_t>(piece));
    return out;
}

void Store::use_tree(std::int64_t tree)
{
    write("UPDATE group_trees SET used = 1 WHERE id = ?1", tree);
}

void Store::remove_tree(std::int64_t tree)
{
    write("DELETE FROM group_tree_pieces WHERE tree = ?1", tree);
    write("DELETE FROM group_trees WHERE id = ?1", tree);
}

void Store::prune_unused_trees(AccountRow account, std::size_t kept)
{
    const auto rows =
        read_all("SELECT id FROM group_trees WHERE account = ?1 AND used = 0 ORDER BY id DESC LIMIT -1 OFFSET ?2",
                 first_integer, account, static_cast<std::int64_t>(kept));
    for (const auto row : rows)
        remove_tree(row);
}

std::uint64_t Store::prune_trees(GroupRow group, const ConversationId& conversation, std::size_t kept,
                                 std::uint64_t bytes_max)
{
    struct Named {
        std::int64_t commit = 0;
        bool stays = false, waits = false;
        std::uint64_t bytes = 0;
    };
    // It stays also as that of the oldest commit that may be gone back to: whatever came after it may be rubbish.
    auto all = read_all(
        "SELECT c.id, c.id IN (SELECT id FROM group_commits WHERE of_group = ?1 AND rejected = 0 ORDER BY id DESC"
        " LIMIT ?2) OR c.id = coalesce((SELECT min(id) FROM group_commits WHERE of_group = ?1"
        " AND group_info IS NOT NULL), 0), EXISTS (SELECT 1 FROM envelopes e WHERE e.from_device = c.from_device"
        " AND e.envelope_id = c.welcome_id AND e.superseded = 0 AND e.kind = ?3),"
        " (SELECT coalesce(sum(length(bytes)), 0) FROM group_tree_pieces p WHERE p.tree = c.tree)"
        " FROM group_commits c WHERE c.of_group = ?1 AND c.tree <> 0 ORDER BY c.id DESC",
        [](const Row& s) {
            return Named{s.integer(0), s.integer(1) != 0, s.integer(2) != 0, static_cast<std::uint64_t>(s.integer(3))};
        },
        group, static_cast<std::int64_t>(kept), static_cast<std::int64_t>(EnvelopeKind::handshake));
    std::uint64_t bytes = 0, let_go = 0;
    for (const auto& one : all)
        if (one.stays) bytes += one.bytes;
    for (auto& one : all) {
        if (one.stays) continue;
        if (one.waits) bytes += one.bytes;
        if (one.waits && bytes <= bytes_max) continue;
        if (one.waits) ++let_go;
        write("UPDATE group_commits SET tree = 0 WHERE id = ?1", one.commit);
    }
    const auto rows = read_all("SELECT id FROM group_trees WHERE conversation = ?1 AND used = 1"
                               " AND id NOT IN (SELECT tree FROM group_commits WHERE of_group = ?2)",
                               first_integer, conversation, group);
    for (const auto row : rows)
        remove_tree(row);
    return let_go;
}

std::vector<ConversationId> Store::conversations_with_trees(const ConversationId& after, std::uint32_t limit)
{
    return read_all(
        "SELECT DISTINCT conversation FROM group_trees WHERE conversation > ?1 ORDER BY conversation LIMIT ?2",
        [](const Row& s) { return s.fixed<ConversationId>(0).value_or(ConversationId{}); }, after, limit);
}

std::uint64_t Store::expire_trees(WallMs before_ms, std::uint32_t limit)
{
    const auto rows = read_all("SELECT id FROM group_trees WHERE used = 0 AND created_ms < ?1 LIMIT ?2", first_integer,
                               before_ms, limit);
    for (const auto row : rows)
        remove_tree(row);
    return rows.size();
}

} // namespace godwit::relay
