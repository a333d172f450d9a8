// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/archive.hpp"

#include "lib/wire/codec.hpp"

namespace godwit::wire {

template <class C>
void fields(C& c, Of<C, archive::Head>& v)
{
    c.text(v.user, user_name_length_max);
    c.fixed(v.account_key);
    c.fixed(v.id);
    c.fixed(v.parent);
    c.wall(v.created_ms);
}

template <class C>
void fields(C& c, Of<C, archive::Conversation>& v)
{
    c.fixed(v.id);
    c.enumeration(v.kind, ConversationKind::direct, ConversationKind::channel);
    c.text(v.with, user_name_length_max);
    c.wall(v.activity_ms);
}

template <class C>
void fields(C& c, Of<C, archive::Post>& v)
{
    c.fixed(v.conversation);
    c.fixed(v.id);
    c.wall(v.hlc_ms);
    c.number(v.kind);
    c.text(v.with, user_name_length_max);
    c.text(v.from, user_name_length_max);
    c.fixed(v.from_device);
    c.enumeration(v.role, Role::none, Role::owner);
    c.text(v.text, text_bytes_max);
    c.blob(v.extra, 0, content_bytes_max);
    c.wall(v.sent_ms);
    c.wall(v.received_ms);
    c.enumeration(v.state, MessageState::received, MessageState::failed);
    c.enumeration(v.path, Path::none, Path::mailbox);
    c.shortened_text(v.path_reason, detail_bytes_max);
    c.shortened_text(v.failure, detail_bytes_max);
    c.flag(v.gap_before);
    c.wall(v.edited_ms);
    c.wall(v.recalled_ms);
    c.text(v.recalled_by, user_name_length_max);
    c.wall(v.expires_ms);
    c.number(v.burn_seconds);
}

template <class C>
void fields(C& c, Of<C, archive::Notes::Note>& v)
{
    c.text(v.name, archive::note_name_bytes_max);
    c.text(v.author, user_name_length_max);
    c.wall(v.hlc_ms);
    c.fixed(v.id);
    c.blob(v.value, 0, content_bytes_max);
    c.enumeration(v.role, Role::none, Role::owner);
}

template <class C>
void fields(C& c, Of<C, archive::Notes>& v)
{
    c.fixed(v.conversation);
    c.fixed(v.target);
    c.list(v.notes, archive::notes_max, structure_item);
}

template <class C>
void fields(C& c, Of<C, archive::Setting>& v)
{
    c.text(v.name, register_name_bytes_max);
    c.wall(v.hlc_ms);
    c.blob(v.value, 0, register_value_bytes_max);
}

template <class C>
void fields(C& c, Of<C, archive::Gone>& v)
{
    c.fixed(v.conversation);
    c.list(v.ids, archive::gone_max, fixed_item);
}

template <class C>
void fields(C& c, Of<C, archive::End>& v)
{
    c.number(v.posts);
    c.number(v.notes);
    c.number(v.settings);
}

namespace archive {

Bytes encode(const Record& record)
{
    return encode_variant(record);
}

Result<std::optional<Record>> decode_record(BytesView bytes)
{
    return decode_with<std::optional<Record>>(bytes, record_bytes_max, [](Decoder& decoder, auto& out) {
        if (decoder.peek_kind() <= End::wire_kind) decoder.variant(out.emplace());
    });
}

} // namespace archive
} // namespace godwit::wire
