// SPDX-License-Identifier: Apache-2.0
// Of timeline.hpp, what posts said before they were edited: annotations of the post, so that they go with it, by
// recall, lifetime and burning. Kept as far as the account wishes, by each device as edits come to it.
#include "lib/conversation/notes.hpp"
#include "lib/conversation/settling.hpp"
#include "lib/conversation/shared.hpp"

#include <algorithm>

namespace godwit::conversation {
namespace {

bool is_older(const port::Annotation& a, const port::Annotation& b)
{
    return std::tie(a.hlc_ms, a.id) < std::tie(b.hlc_ms, b.id);
}

/// Oldest first.
std::vector<port::Annotation> versions_by(port::Store& store, const ConversationId& conversation,
                                          const MessageId& target, std::string_view author)
{
    auto out = store.annotations_named(conversation, target, version_prefix);
    std::erase_if(out, [&](const auto& one) { return one.author != author; });
    std::sort(out.begin(), out.end(), is_older);
    return out;
}

void keep(port::Store& store, port::Annotation version)
{
    const auto kept = versions_kept(store);
    if (kept == 0) return;
    version.name = std::string(version_prefix) + to_hex(version.id.view());
    static_cast<void>(store.put_annotation(version));
    const auto all = versions_by(store, version.conversation, version.target, version.author);
    for (std::size_t i = 0; i + kept < all.size(); ++i)
        store.remove_annotation(all[i].conversation, all[i].target, all[i].name, all[i].author);
}

} // namespace

std::uint32_t versions_kept(port::Store& store)
{
    const auto known = store.register_named(shared::account_versions);
    const auto kept = known ? shared::read_number(known->value) : std::nullopt;
    return kept ? static_cast<std::uint32_t>(std::clamp<std::int64_t>(*kept, 0, message_versions_max)) : 0;
}

void keep_older(port::Store& store, const port::Annotation& edit)
{
    if (versions_kept(store) == 0) return;
    const auto target = store.message_in(edit.conversation, edit.target);
    if (target && (target->message.from != edit.author || !target->shown || target->message.recalled_ms != 0)) return;
    auto stands = store.annotation(edit.conversation, edit.target, edit_name, edit.author);
    if (stands && stands->id != edit.id) keep(store, is_older(*stands, edit) ? *std::move(stands) : edit);
}

void keep_original(port::Store& store, const port::StoredMessage& row)
{
    if (versions_kept(store) == 0) return;
    port::Annotation version;
    version.conversation = row.message.conversation;
    version.target = row.message.id;
    version.author = row.message.from;
    version.hlc_ms = row.hlc_ms;
    version.id = row.message.id;
    version.role = row.role;
    wire::content::Edition said;
    said.text = row.message.text;
    if (const auto extra = wire::decode_extra(row.extra))
        if (const auto body = wire::decode_body(extra->body)) {
            if (const auto* text = std::get_if<content::Text>(&*body)) {
                said.mentions = text->mentions;
                said.links = text->links;
            } else if (const auto* attachment = std::get_if<content::Attachment>(&*body)) {
                said.mentions = attachment->mentions;
                said.links = attachment->links;
            }
        }
    version.value = wire::encode(said);
    keep(store, std::move(version));
}

bool may_keep_version(port::Store& store, const port::Annotation& note)
{
    const auto kept = versions_kept(store);
    if (kept == 0 || versions_by(store, note.conversation, note.target, note.author).size() >= kept) return false;
    const auto row = store.message_in(note.conversation, note.target);
    return !row || (row->shown && row->message.recalled_ms == 0 && row->message.from == note.author);
}

std::vector<MessageVersion> versions(port::Store& store, const port::StoredMessage& row)
{
    std::vector<MessageVersion> out;
    if (!row.shown || row.message.recalled_ms != 0 || !row.annotated) return out;
    for (const auto& one : versions_by(store, row.message.conversation, row.message.id, row.message.from))
        if (auto edition = wire::decode_edition(one.value))
            out.push_back(
                {std::move(edition->text), std::move(edition->mentions), std::move(edition->links), one.hlc_ms});
    return out;
}

bool drop_versions(port::Store& store, std::uint32_t limit)
{
    return store.remove_annotations(version_prefix, limit);
}

} // namespace godwit::conversation
