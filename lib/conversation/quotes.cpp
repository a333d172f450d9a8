// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/quotes.hpp"

#include "lib/conversation/notes.hpp"
#include "lib/conversation/timeline.hpp"

namespace godwit::conversation {
namespace {

/// False: it quotes nothing, or no words.
bool empty_quote(Bytes& extra_bytes)
{
    auto extra = wire::decode_extra(extra_bytes);
    if (!extra || extra->reply.empty() || extra->reply.front().excerpt.empty()) return false;
    extra->reply.front().excerpt.clear();
    extra_bytes = wire::encode(*extra);
    return true;
}

} // namespace

bool is_gone(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    const auto row = store.message_in(conversation, id);
    return row && (!row->shown || row->message.recalled_ms != 0);
}

void mind_quote(port::Store& store, port::StoredMessage& row)
{
    if (!row.shown || row.extra.empty()) return;
    const auto extra = wire::decode_extra(row.extra);
    if (!extra || extra->reply.empty() || extra->reply.front().excerpt.empty()) return;
    const auto& quoted = extra->reply.front().id;
    if (is_gone(store, row.message.conversation, quoted)) {
        static_cast<void>(empty_quote(row.extra));
        return;
    }
    port::Annotation note;
    note.conversation = row.message.conversation;
    note.target = quoted;
    note.name = std::string(quoted_prefix) + to_hex(row.message.id.view());
    note.id = row.message.id;
    note.value = set;
    static_cast<void>(store.put_annotation(note));
}

std::vector<MessageId> empty_quotes(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    std::vector<MessageId> out;
    for (const auto& note : store.annotations(conversation, id)) {
        if (!note.name.starts_with(quoted_prefix)) continue;
        store.remove_annotation(conversation, id, note.name, note.author);
        auto row = store.message_in(conversation, note.id);
        if (!row || !empty_quote(row->extra)) continue;
        store.update_post(*row);
        out.push_back(note.id);
    }
    return out;
}

Bytes without_quote(BytesView content)
{
    auto decoded = wire::decode_content(content);
    auto* const post = decoded ? std::get_if<wire::content::Post>(&*decoded) : nullptr;
    if (post == nullptr) return to_bytes(content);
    for (auto& quote : post->extra.reply)
        quote.excerpt.clear();
    return wire::encode(*decoded);
}

} // namespace godwit::conversation
