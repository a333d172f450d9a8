// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/quotes.hpp"

#include "lib/conversation/notes.hpp"
#include "lib/conversation/timeline.hpp"

#include <algorithm>

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

bool stands(const port::StoredMessage& row)
{
    return row.shown && row.message.recalled_ms == 0;
}

/// After a time, or when it was read.
bool goes_by_itself(const port::StoredMessage& row)
{
    if (row.burn_seconds != 0 || row.message.expires_ms != 0) return true;
    const auto extra = wire::decode_extra(row.extra);
    return extra && extra->lifetime.seconds != 0;
}

/// At most excerpt_bytes_max, and no half characters.
std::string beginning_of(const std::string& text)
{
    if (text.size() <= content::excerpt_bytes_max) return text;
    std::size_t end = content::excerpt_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return text.substr(0, end);
}

/// Whether that takes back what is not here and, it is said, `from` wrote.
bool takes_back(const port::Annotation& note, std::string_view from, bool many)
{
    return note.name.starts_with(recall_name) && (note.author == from || (many && note.role >= Role::admin));
}

bool is_taken_back(port::Store& store, const ConversationId& conversation, const content::Quote& quote, bool many)
{
    const auto notes = store.annotations_named(conversation, quote.id, recall_name);
    return std::any_of(notes.begin(), notes.end(), [&](const auto& one) { return takes_back(one, quote.from, many); });
}

} // namespace

void compose_quote(port::Store& store, const ConversationId& conversation, content::Quote& quote, bool many)
{
    if (const auto row = store.message_in(conversation, quote.id))
        quote.excerpt = stands(*row) && !goes_by_itself(*row) ? beginning_of(row->message.text) : std::string();
    else if (is_taken_back(store, conversation, quote, many))
        quote.excerpt.clear();
}

void present_quote(port::Store& store, const ConversationId& conversation, content::Quote& quote, bool many)
{
    if (const auto row = store.message_in(conversation, quote.id)) {
        // As it stands, whatever the answer says of it: nobody puts words into somebody's mouth.
        // Of what had gone before it came here nobody knows whose it was.
        if (!row->message.from.empty()) quote.from = row->message.from;
        quote.excerpt = stands(*row) ? beginning_of(row->message.text) : std::string();
    } else if (!quote.excerpt.empty() && is_taken_back(store, conversation, quote, many)) {
        quote.excerpt.clear();
    }
}

void mind_quote(port::Store& store, port::StoredMessage& row)
{
    if (!row.shown || row.extra.empty()) return;
    const auto extra = wire::decode_extra(row.extra);
    if (!extra || extra->reply.empty()) return;
    const auto& quoted = extra->reply.front().id;
    const auto known = store.message_in(row.message.conversation, quoted);
    // Without words it is remembered only where it shows some that will go.
    if (extra->reply.front().excerpt.empty() && (!known || !goes_by_itself(*known))) return;
    if (known ? !stands(*known)
              : is_taken_back(store, row.message.conversation, extra->reply.front(), row.message.with.empty())) {
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
    for (const auto& note : store.annotations_named(conversation, id, quoted_prefix)) {
        store.remove_annotation(conversation, id, note.name, note.author);
        auto row = store.message_in(conversation, note.id);
        if (!row) continue;
        if (empty_quote(row->extra)) store.update_post(*row);
        out.push_back(note.id);
    }
    return out;
}

std::vector<MessageId> empty_quotes(port::Store& store, const port::Annotation& recall)
{
    std::vector<MessageId> out;
    for (const auto& note : store.annotations_named(recall.conversation, recall.target, quoted_prefix)) {
        auto row = store.message_in(recall.conversation, note.id);
        const auto extra = row ? wire::decode_extra(row->extra) : Result<wire::content::Extra>(Error{});
        if (!extra || extra->reply.empty() ||
            !takes_back(recall, extra->reply.front().from, row->message.with.empty()) || !empty_quote(row->extra))
            continue;
        store.remove_annotation(recall.conversation, recall.target, note.name, note.author);
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
