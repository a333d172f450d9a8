// SPDX-License-Identifier: Apache-2.0
// What was said about posts, what the account's devices share, and the list of conversations.
#include "lib/store/store.hpp"

#include <algorithm>
#include <iterator>

#define GODWIT_NOTE_COLUMNS "name, author, hlc_ms, id, value, role"

namespace godwit::store {
namespace {

/// What was said about one thing, so much of it is remembered: nearly always there is nothing.
constexpr std::size_t remembered_notes_max = 8;

/// The first text behind all that begin so: ours end in ASCII.
std::string behind(std::string_view prefix)
{
    std::string out(prefix);
    if (!out.empty()) ++out.back();
    return out;
}

} // namespace

bool SqliteStore::put_annotation(const port::Annotation& annotation)
{
    const auto& a = annotation;
    notes_.forget({a.conversation, a.target});
    const bool done =
        write("INSERT INTO annotation(conversation, target, name, author, hlc_ms, id, value, role) "
              "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(conversation, target, name, author) DO UPDATE "
              "SET hlc_ms = excluded.hlc_ms, id = excluded.id, value = excluded.value, role = excluded.role "
              "WHERE (excluded.hlc_ms, excluded.id) > (annotation.hlc_ms, annotation.id)",
              a.conversation, a.target, a.name, a.author, a.hlc_ms, a.id, a.value, a.role) &&
        database_.changes() > 0;
    if (done) note_changed(a.conversation, a.target);
    return done;
}

void SqliteStore::keep_notes(const NoteKey& key, const std::vector<port::Annotation>& notes)
{
    if (failed() || notes.size() > remembered_notes_max) return;
    if (notes_.full(key)) notes_.clear();
    notes_.keep(key, notes);
}

/// Of a row of GODWIT_NOTE_COLUMNS.
bool SqliteStore::take_note(const NoteKey& key, const sqlite::Statement& row, std::vector<port::Annotation>& out)
{
    const auto id = row.fixed<MessageId>(3);
    const auto role = row.integer(5);
    if (!id || role < 0 || role > static_cast<int>(Role::owner)) {
        fail_row("annotation");
        return false;
    }
    out.push_back({key.conversation, key.target, std::string(row.text(0)), std::string(row.text(1)), row.integer(2),
                   *id, to_bytes(row.bytes(4)), static_cast<Role>(role)});
    return true;
}

std::vector<port::Annotation> SqliteStore::annotations(const ConversationId& conversation, const MessageId& target)
{
    return annotations_without(conversation, target, {});
}

std::vector<port::Annotation> SqliteStore::annotations_without(const ConversationId& conversation,
                                                               const MessageId& target,
                                                               std::span<const std::string_view> prefixes)
{
    const auto left_out = [&](std::string_view name) {
        return std::find_if(prefixes.begin(), prefixes.end(), [&](auto prefix) { return name.starts_with(prefix); });
    };
    const NoteKey key{conversation, target};
    std::vector<port::Annotation> out;
    if (failed()) return out;
    if (const auto* known = notes_.find(key)) {
        std::copy_if(known->begin(), known->end(), std::back_inserter(out),
                     [&](const auto& one) { return left_out(one.name) == prefixes.end(); });
        return out;
    }
    // The first row that is left out leads behind all that begin like it.
    std::string from;
    bool whole = true;
    for (bool more = true; more && !failed();) {
        more = false;
        read(
            "SELECT " GODWIT_NOTE_COLUMNS " FROM annotation WHERE conversation = ?1 AND target = ?2 AND name >= ?3 "
            "ORDER BY name, author",
            [&](sqlite::Statement& row) {
                const auto prefix = left_out(row.text(0));
                if (prefix == prefixes.end()) return take_note(key, row, out);
                from = behind(*prefix);
                more = true;
                whole = false;
                return false;
            },
            conversation, target, std::string(from));
    }
    if (failed()) out.clear();
    if (whole) keep_notes(key, out);
    return out;
}

std::vector<port::Annotation> SqliteStore::annotations_named(const ConversationId& conversation,
                                                             const MessageId& target, std::string_view prefix)
{
    const NoteKey key{conversation, target};
    std::vector<port::Annotation> out;
    if (failed()) return out;
    if (const auto* known = notes_.find(key)) {
        std::copy_if(known->begin(), known->end(), std::back_inserter(out),
                     [&](const auto& one) { return one.name.starts_with(prefix); });
        return out;
    }
    read(
        "SELECT " GODWIT_NOTE_COLUMNS " FROM annotation WHERE conversation = ?1 AND target = ?2 AND name >= ?3 "
        "AND name < ?4 ORDER BY name, author",
        [&](sqlite::Statement& row) { return take_note(key, row, out); }, conversation, target, prefix, behind(prefix));
    if (failed()) out.clear();
    return out;
}

std::optional<port::Annotation> SqliteStore::annotation(const ConversationId& conversation, const MessageId& target,
                                                        std::string_view name, std::string_view author)
{
    const NoteKey key{conversation, target};
    if (failed()) return std::nullopt;
    std::vector<port::Annotation> out;
    if (const auto* known = notes_.find(key))
        std::copy_if(known->begin(), known->end(), std::back_inserter(out),
                     [&](const auto& one) { return one.name == name && one.author == author; });
    else
        read(
            "SELECT " GODWIT_NOTE_COLUMNS " FROM annotation WHERE conversation = ?1 AND target = ?2 AND name = ?3 "
            "AND author = ?4",
            [&](sqlite::Statement& row) { return take_note(key, row, out); }, conversation, target, name, author);
    if (failed() || out.empty()) return std::nullopt;
    return std::move(out.front());
}

void SqliteStore::remove_annotation(const ConversationId& conversation, const MessageId& target, std::string_view name,
                                    std::string_view author)
{
    notes_.forget({conversation, target});
    write("DELETE FROM annotation WHERE conversation = ?1 AND target = ?2 AND name = ?3 AND author = ?4", conversation,
          target, name, author);
}

bool SqliteStore::remove_annotations(std::string_view prefix, std::uint32_t limit)
{
    notes_.clear();
    const auto end = std::string(prefix) + "\xf4\x8f\xbf\xbf"; // Behind every text that begins so.
    if (!write(
            "DELETE FROM annotation WHERE (conversation, target, name, author) IN (SELECT conversation, target, name, "
            "author FROM annotation WHERE name >= ?1 AND name < ?2 LIMIT ?3)",
            prefix, end, limit))
        return true;
    const auto removed = database_.changes();
    if (removed > 0) wipe_ = true;
    return static_cast<std::uint64_t>(removed) < limit;
}

bool SqliteStore::put_register(const port::StoredRegister& value)
{
    const bool changed =
        write("INSERT INTO register(name, hlc_ms, value) VALUES(?1, ?2, ?3) ON CONFLICT(name) DO UPDATE "
              "SET hlc_ms = excluded.hlc_ms, value = excluded.value "
              "WHERE (excluded.hlc_ms, excluded.value) > (register.hlc_ms, register.value)",
              value.name, value.hlc_ms, value.value) &&
        database_.changes() > 0;
    if (changed && value.value.empty()) wipe_ = true; // A draft was cleared: maybe of what must leave no trace.
    return changed;
}

std::optional<port::StoredRegister> SqliteStore::register_named(std::string_view name)
{
    std::optional<port::StoredRegister> out;
    read(
        "SELECT hlc_ms, value FROM register WHERE name = ?1",
        [&](sqlite::Statement& row) {
            out = port::StoredRegister{std::string(name), row.integer(0), to_bytes(row.bytes(1))};
            return false;
        },
        name);
    return out;
}

std::vector<port::StoredRegister> SqliteStore::registers(std::string_view prefix, std::string_view after,
                                                         std::uint32_t limit)
{
    std::vector<port::StoredRegister> out;
    read(
        "SELECT name, hlc_ms, value FROM register WHERE name >= ?1 AND name > ?2 ORDER BY name LIMIT ?3",
        [&](sqlite::Statement& row) {
            if (!row.text(0).starts_with(prefix)) return false;
            out.push_back({std::string(row.text(0)), row.integer(1), to_bytes(row.bytes(2))});
            return true;
        },
        prefix, after, limit);
    if (failed()) out.clear();
    return out;
}

void SqliteStore::put_conversation(const port::StoredConversation& conversation)
{
    if (!ready_to_write()) return;
    if (conversations_.full(conversation.id)) {
        write_remembered();
        conversations_.clear();
    }
    conversations_.keep(conversation.id, conversation, true);
    dirty_ = true;
}

void SqliteStore::write_conversation(const port::StoredConversation& conversation)
{
    write("INSERT INTO conversation(id, kind, with_user, activity_ms) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(id) DO UPDATE "
          "SET kind = excluded.kind, with_user = excluded.with_user, activity_ms = excluded.activity_ms",
          conversation.id, conversation.kind, conversation.with, conversation.activity_ms);
}

template <class... Values>
std::vector<port::StoredConversation> SqliteStore::read_conversations(std::string_view sql, const Values&... values)
{
    std::vector<port::StoredConversation> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            const auto id = row.fixed<ConversationId>(0);
            const auto kind = row.integer(1);
            if (!id || kind < static_cast<int>(ConversationKind::direct) ||
                kind > static_cast<int>(ConversationKind::channel)) {
                fail_row("conversation");
                return false;
            }
            out.push_back({*id, static_cast<ConversationKind>(kind), std::string(row.text(2)), row.integer(3)});
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

std::optional<port::StoredConversation> SqliteStore::conversation(const ConversationId& id)
{
    if (failed()) return std::nullopt;
    if (const auto* known = conversations_.find(id)) return *known;
    auto rows = read_conversations("SELECT id, kind, with_user, activity_ms FROM conversation WHERE id = ?1", id);
    if (failed()) return std::nullopt;
    if (conversations_.full(id)) {
        write_remembered();
        conversations_.clear();
    }
    auto out = rows.empty() ? std::nullopt : std::optional(std::move(rows.front()));
    conversations_.keep(id, out);
    return out;
}

std::vector<port::StoredConversation> SqliteStore::conversations()
{
    write_remembered();
    return read_conversations("SELECT id, kind, with_user, activity_ms FROM conversation ORDER BY id");
}

void SqliteStore::remove_conversation(const ConversationId& id)
{
    conversations_.forget(id); // also what is unwritten
    write("DELETE FROM conversation WHERE id = ?1", id);
}

} // namespace godwit::store
