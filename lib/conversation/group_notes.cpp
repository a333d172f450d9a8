// SPDX-License-Identifier: Apache-2.0
// What happens to a group, as rows of its history. Nobody sends them: each device writes down what it sees happen,
// under an id that the change gives (docs/adr/0049-rest-of-conversations.md).
#include "lib/conversation/notes.hpp"
#include "lib/conversation/settling.hpp"

#include "lib/wire/names.hpp"

#include <godwit/call.hpp>

#include <algorithm>

namespace godwit::conversation {

bool is_group_note(const port::StoredMessage& row)
{
    static const auto kind = wire::body_kind(wire::encode(content::Body(content::GroupNote{})));
    return row.kind == kind;
}

/// As calls write it: nothing in it that somebody would say to somebody.
bool is_call_record(const port::StoredMessage& row, const wire::content::Extra& extra, const content::Card& card)
{
    if (card.name != call_card_name || !row.message.text.empty() || !extra.reply.empty() || extra.forwarded)
        return false;
    if ((card.title != "Call" && card.title != "Video call") || !card.url.empty()) return false;
    const auto is_number = [](const std::string& value) {
        return value.size() <= 15 &&
               std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    return std::all_of(card.fields.begin(), card.fields.end(), [&](const content::Card::Field& one) {
        if (one.label == "active_ms" || one.label == "members") return is_number(one.value);
        if (one.label == "video") return one.value == "true" || one.value == "false";
        return one.label == "outcome" || (one.label == "caller" && wire::is_user_name(one.value));
    });
}

/// A call that was missed is news; one that was taken, or declined by who was called, is known.
bool is_quiet(const port::StoredMessage& row)
{
    static const auto card_kind = wire::body_kind(wire::encode(content::Body(content::Card{})));
    if (is_group_note(row)) return true;
    if (row.kind != card_kind) return false;
    const auto extra = wire::decode_extra(row.extra);
    const auto body = extra ? wire::decode_body(extra->body) : Result<content::Body>(extra.error());
    const auto* card = body ? std::get_if<content::Card>(&*body) : nullptr;
    if (card == nullptr || !is_call_record(row, *extra, *card)) return false;
    const auto outcome = std::find_if(card->fields.begin(), card->fields.end(),
                                      [](const auto& field) { return field.label == "outcome"; });
    if (outcome == card->fields.end()) return false;
    for (const auto known : {CallOutcome::completed, CallOutcome::declined, CallOutcome::answered_elsewhere})
        if (outcome->value == call_outcome_name(known)) return true;
    return false;
}

namespace {

/// By the user, and not because it has not happened.
bool was_removed(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    return !store.annotations_named(conversation, id, removed_name).empty();
}

} // namespace

bool note_group(port::Store& store, const Parties& parties, const MessageId& id, const content::GroupNote& note,
                Moment now)
{
    port::StoredMessage row;
    row.message.id = id;
    row.message.conversation = parties.conversation;
    row.message.from = note.by;
    row.message.sent_ms = now.wall_ms;
    row.message.received_ms = now.wall_ms;
    row.message.state = MessageState::received;
    wire::content::Extra extra;
    extra.body = wire::encode(content::Body(note));
    row.kind = wire::body_kind(extra.body);
    row.extra = wire::encode(extra);
    row.notified = true;
    row.quiet = true;
    // Behind all that is here: it happened after it, as far as this device saw. It is nobody's parent.
    row.hlc_ms = now.wall_ms;
    for (const auto& head : store.heads(parties.conversation))
        row.hlc_ms = std::max(row.hlc_ms, head.hlc_ms + 1);
    if (const auto last = store.newest(parties.conversation)) row.hlc_ms = std::max(row.hlc_ms, last->hlc_ms + 1);
    if (was_removed(store, parties.conversation, id)) return false;
    if (store.add_message(row)) return true;
    // One that was taken back, and has happened after all.
    const auto known = store.message_in(parties.conversation, id);
    if (!known || known->shown) return false;
    store.update_post(row);
    return true;
}

} // namespace godwit::conversation
