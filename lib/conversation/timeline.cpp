// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/timeline.hpp"

#include "lib/conversation/notes.hpp"
#include "lib/conversation/quotes.hpp"
#include "lib/conversation/reactions.hpp"
#include "lib/conversation/settling.hpp"

#include <algorithm>

namespace godwit::conversation {
namespace {

/// What acts on something, as an annotation; nullopt: it is shown.
std::optional<port::Annotation> annotation_of(const port::StoredMessage& row, const content::Body& body)
{
    port::Annotation out;
    out.conversation = row.message.conversation;
    out.author = row.message.from;
    out.hlc_ms = row.hlc_ms;
    out.id = row.message.id;
    out.role = row.role;
    if (const auto* edit = std::get_if<content::Edit>(&body)) {
        out.target = edit->target;
        out.name = edit_name;
        out.value = wire::encode(wire::content::Edition{row.message.text, edit->mentions, edit->links});
    } else if (const auto* recall = std::get_if<content::Recall>(&body)) {
        out.target = recall->target;
        out.name = row.role >= Role::admin ? admin_recall_name : recall_name;
        out.hlc_ms = -row.hlc_ms;
        out.value = set;
    } else if (const auto* reaction = std::get_if<content::Reaction>(&body)) {
        out.target = reaction->target;
        out.name = std::string(reaction_prefix) + reaction->emoji;
        if (reaction->on) out.value = set;
    } else if (const auto* pin = std::get_if<content::Pin>(&body)) {
        out.target = pin->target;
        out.name = pin_name;
        out.author.clear(); // One for all.
        if (pin->on) out.value = set;
    } else if (const auto* timer = std::get_if<content::Timer>(&body)) {
        out.name = timer_name;
        out.author.clear();
        out.value = wire::encode(timer->lifetime);
    } else {
        return std::nullopt;
    }
    return out;
}

bool may_recall(const port::StoredMessage& target, std::string_view author, Role role, std::int64_t at_ms,
                std::int64_t window_ms)
{
    // By the author's own clock in both: where it was ahead, the place in the order is nearer than what they said.
    if (author == target.message.from) return at_ms - std::max(target.hlc_ms, target.message.sent_ms) <= window_ms;
    return role >= Role::admin && target.message.with.empty();
}

/// Pins and timers: anybody in a conversation of two, where all are owners; admins in groups.
bool may_rule(Role role)
{
    return role >= Role::admin;
}

/// What was said about it is gone, but for who took it back. Returns the envelopes of its edits, which have words of
/// their own.
std::vector<MessageId> drop_notes(port::Store& store, const port::StoredMessage& row)
{
    std::vector<MessageId> out;
    constexpr std::string_view kept[] = {quoted_prefix, recall_name, removed_name};
    for (const auto& one : store.annotations_without(row.message.conversation, row.message.id, kept)) {
        if (one.name == edit_name) out.push_back(one.id);
        store.remove_annotation(row.message.conversation, row.message.id, one.name, one.author);
    }
    return out;
}

/// Nothing of what it said is left. How long it lives stays: elsewhere the words may have ended first.
void empty(port::Store& store, port::StoredMessage& row, Changed& out)
{
    row.message.text.clear();
    row.extra.clear();
    row.message.edited_ms = 0;
    out.edits = drop_notes(store, row);
    out.quotes = empty_quotes(store, row.message.conversation, row.message.id);
}

/// Somebody's words that are gone before they came: who comes with them later finds this in their place, and so does
/// who gets an archive made here.
void file_gone(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    port::StoredMessage row;
    row.message.id = id;
    row.message.conversation = conversation;
    row.message.state = MessageState::received;
    row.notified = true;
    row.shown = false;
    if (!store.add_message(row)) return;
    store.update_post(row); // Only a change says so to archives.
    static_cast<void>(empty_quotes(store, conversation, id));
}

void note_removed(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    port::Annotation note;
    note.conversation = conversation;
    note.target = id;
    note.name = removed_name;
    note.id = id;
    note.value = set;
    static_cast<void>(store.put_annotation(note));
}

const port::Annotation* earliest_recall(const port::StoredMessage& target, const std::vector<port::Annotation>& notes)
{
    const port::Annotation* out = nullptr;
    for (const auto& one : notes)
        if (one.name.starts_with(recall_name) && may_recall(target, one.author, one.role, -one.hlc_ms, recall_ms_max) &&
            (out == nullptr || std::tie(one.hlc_ms, one.id) > std::tie(out->hlc_ms, out->id)))
            out = &one;
    return out;
}

void apply_edit(port::StoredMessage& row, const port::Annotation& edit)
{
    auto edition = wire::decode_edition(edit.value);
    auto extra = wire::decode_extra(row.extra);
    if (!edition || !extra) return;
    auto body = wire::decode_body(extra->body);
    if (body && std::holds_alternative<content::Text>(*body)) {
        extra->body = wire::encode(content::Body(content::Text{edition->mentions, edition->links}));
    } else if (auto* attachment = body ? std::get_if<content::Attachment>(&*body) : nullptr) {
        attachment->mentions = edition->mentions;
        attachment->links = edition->links;
        extra->body = wire::encode(*body);
    }
    row.message.text = std::move(edition->text);
    row.extra = wire::encode(*extra);
    row.message.edited_ms = edit.hlc_ms;
}

/// Of its author, of what is not here: another one takes back what nothing quotes any more.
bool is_first_recall(port::Store& store, const port::Annotation& note)
{
    return note.name.starts_with(recall_name) &&
           !store.annotation(note.conversation, note.target, note.name, note.author);
}

/// Whether that is another one than the tombstone names.
bool name_recall(port::StoredMessage& row, const port::Annotation& recall)
{
    const auto at_ms = std::max<std::int64_t>(-recall.hlc_ms, 1);
    if (row.message.recalled_ms == at_ms && row.message.recalled_by == recall.author) return false;
    row.message.recalled_ms = at_ms;
    row.message.recalled_by = recall.author;
    return true;
}

} // namespace

bool put(port::Store& store, const port::Annotation& note, Moment now)
{
    const auto at_ms = [](const port::Annotation& one) { return is_first_of(one.name) ? -one.hlc_ms : one.hlc_ms; };
    if (!is_possible(at_ms(note), now)) return false;
    const auto write = [&] {
        return note.name.starts_with(reaction_prefix) ? put_reaction(store, note) : store.put_annotation(note);
    };
    if (write()) return true;
    // Refused for what is there: that may be of a time that nobody lives in.
    const auto known = store.annotation(note.conversation, note.target, note.name, note.author);
    if (!known || is_possible(at_ms(*known), now)) return false;
    store.remove_annotation(note.conversation, note.target, note.name, note.author);
    return write();
}

std::optional<Changed> settle(port::Store& store, port::StoredMessage row, const port::Annotation* latest)
{
    if (is_group_note(row)) return std::nullopt;
    auto notes = store.annotations_without(row.message.conversation, row.message.id, asides);
    const auto removed = std::erase_if(notes, [](const auto& one) { return one.name == removed_name; });
    if (row.shown && removed > 0) {
        auto gone = remove(store, std::move(row)); // Before it came.
        gone.told = false;
        return gone;
    }
    Changed out;
    if (!row.shown || row.message.recalled_ms != 0)
        static_cast<void>(empty_quotes(store, row.message.conversation, row.message.id));
    if (notes.empty()) return std::nullopt;
    const auto* recall = earliest_recall(row, notes);
    if (!row.shown || row.message.recalled_ms != 0) {
        // Gone already: what was said about it since goes the same way. Of several who took it back the first is named.
        static_cast<void>(drop_notes(store, row));
        if (row.shown && recall != nullptr && name_recall(row, *recall)) store.update_post(row);
        return std::nullopt;
    }
    if (recall != nullptr) {
        static_cast<void>(name_recall(row, *recall));
        row.annotated = true;
        empty(store, row, out);
        out.what = Changed::What::recalled;
    } else {
        const auto edit = std::find_if(notes.begin(), notes.end(), [&](const auto& one) {
            return one.name == edit_name && one.author == row.message.from;
        });
        if (edit != notes.end() &&
            (latest == nullptr || (latest->name == edit_name && latest->author == edit->author))) {
            if (row.message.edited_ms == 0) keep_original(store, row);
            apply_edit(row, *edit);
            out.what = Changed::What::edited;
        } else if (latest != nullptr && latest->name == pin_name) {
            out.what = Changed::What::pinned;
        } else if (latest != nullptr && latest->name.starts_with(reaction_prefix)) {
            out.what = Changed::What::reactions;
        } else if (latest != nullptr && latest->name.starts_with(moved_name) && latest->author == row.message.from) {
            out.what = Changed::What::moved;
        } else if (latest != nullptr) {
            return std::nullopt; // Said by somebody who may not.
        }
        row.annotated = true;
    }
    store.update_post(row);
    out.row = std::move(row);
    return out;
}

namespace {

/// When it was sent, as far as that can be known: not after now, not before what its author had seen, and not longer
/// ago than anything can be under way. By this device's clock, which is ahead of others by so much.
std::int64_t sent_at(const port::StoredMessage& row, Moment now, std::int64_t ahead_ms)
{
    const auto sent_ms = std::max(row.message.sent_ms, row.hlc_ms);
    return sent_ms > now.wall_ms - under_way_ms_max ? std::min(sent_ms + ahead_ms, now.wall_ms) : now.wall_ms;
}

/// When it goes, counted from now at the latest: a clock that is ahead does not prolong it.
void begin_lifetime(port::StoredMessage& row, Moment now, std::int64_t ahead_ms)
{
    const auto extra = wire::decode_extra(row.extra);
    if (!extra || extra->lifetime.seconds == 0) return;
    const auto seconds = std::min(extra->lifetime.seconds, content::lifetime_seconds_max);
    if (extra->lifetime.from == content::Lifetime::From::read)
        row.burn_seconds = seconds;
    else
        row.message.expires_ms = sent_at(row, now, ahead_ms) + std::int64_t{seconds} * 1000;
    if (row.message.expires_ms < 0) row.message.expires_ms = 1;
}

Changed end_life(port::Store& store, port::StoredMessage row)
{
    Changed out;
    out.what = Changed::What::expired;
    out.told = row.shown;
    row.shown = false;
    row.burn_seconds = 0;
    row.message.expires_ms = 0;
    empty(store, row, out);
    row.annotated = false;
    store.update_post(row);
    out.row = std::move(row);
    return out;
}

} // namespace

Changed take_back(port::Store& store, port::StoredMessage row)
{
    Changed out;
    out.what = Changed::What::recalled;
    row.message.recalled_ms = std::max<std::int64_t>(row.hlc_ms, 1);
    row.message.recalled_by = row.message.from;
    empty(store, row, out);
    store.update_post(row);
    out.row = std::move(row);
    return out;
}

Changed withdraw(port::Store& store, port::StoredMessage row)
{
    return end_life(store, std::move(row));
}

Changed remove(port::Store& store, port::StoredMessage row)
{
    Changed out;
    out.what = Changed::What::removed;
    out.told = row.shown;
    row.shown = false;
    row.annotated = false;
    // Of an own one words may be under way yet, and end when they would have. Nobody has read what came.
    if (row.message.state == MessageState::received) {
        row.burn_seconds = 0;
        row.message.expires_ms = 0;
    }
    const bool happens_again = is_group_note(row); // note_group()
    empty(store, row, out);
    store.update_post(row);
    if (happens_again) note_removed(store, row.message.conversation, row.message.id);
    out.row = std::move(row);
    return out;
}

void remove_ahead(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    note_removed(store, conversation, id);
}

Filed take(port::Store& store, port::StoredMessage& row, const std::vector<MessageId>& parents, Moment now,
           std::int64_t clock_ahead_ms)
{
    Filed out;
    std::optional<port::Annotation> act;
    bool expired = false;
    std::uint32_t lives_seconds = 0;
    if (const auto extra = wire::decode_extra(row.extra); extra && !row.shown) {
        expired = extra->lifetime.seconds != 0 && extra->lifetime.from == content::Lifetime::From::read;
        if (extra->lifetime.from == content::Lifetime::From::sent) lives_seconds = extra->lifetime.seconds;
        if (const auto body = wire::decode_body(extra->body)) act = annotation_of(row, *body);
    }
    if (!act) {
        if (row.shown) {
            begin_lifetime(row, now, clock_ahead_ms);
            mind_quote(store, row);
        }
        out.added = file(store, row, parents, now);
        if (out.added && row.shown) {
            out.changed = settle(store, row, nullptr);
            if (out.changed) row = out.changed->row;
        }
        return out;
    }
    row.message.text.clear();
    row.extra.clear();
    if (act->target == row.message.id && act->name.starts_with(recall_name)) {
        if (expired) {
            out.added = file(store, row, parents, now);
            if (out.added) static_cast<void>(settle(store, row, nullptr));
            return out;
        }
        // What was taken back before it came stands here as it does where it was seen.
        row.shown = true;
        row.notified = true;
        row.message.recalled_ms = std::max<std::int64_t>(row.hlc_ms, 1);
        row.message.recalled_by = row.message.from;
        if (lives_seconds != 0)
            row.message.expires_ms = sent_at(row, now, clock_ahead_ms) + std::int64_t{lives_seconds} * 1000;
        out.added = file(store, row, parents, now);
        // Its recall may know better when and by whom.
        if (auto settled = out.added ? settle(store, row, nullptr) : std::nullopt;
            settled && settled->what == Changed::What::removed) {
            row = settled->row;
            out.changed = std::move(settled);
        }
        return out;
    }
    out.added = file(store, row, parents, now);
    if (!out.added) return out;
    // The annotation keeps the clock that its author claimed: all devices compare the same numbers.
    const bool ruled = act->name == pin_name || act->name == timer_name;
    if (ruled && !may_rule(row.role)) return out;
    if (act->name == edit_name && is_possible(act->hlc_ms, now)) keep_older(store, *act);
    const bool first = is_first_recall(store, *act);
    if (!put(store, *act, now) || act->target.is_zero()) return out;
    if (auto target = store.message_in(act->conversation, act->target))
        out.changed = settle(store, std::move(*target), &*act);
    else if (first)
        out.quotes = empty_quotes(store, *act);
    return out;
}

std::int64_t stamp_of(port::Store& store, const port::StoredMessage& row, const content::Body& body)
{
    const auto act = annotation_of(row, body);
    if (!act || act->name.starts_with(recall_name)) return 0;
    const auto known = store.annotation(act->conversation, act->target, act->name, act->author);
    return known ? known->hlc_ms : 0;
}

Result<void> may(port::Store& store, const Parties& parties, const content::Body& act, std::int64_t recall_window_ms,
                 Moment now)
{
    const auto refuse = [](std::string detail) { return Error{ErrorCode::invalid_argument, std::move(detail), 0}; };
    if (std::holds_alternative<content::Timer>(act) && !may_rule(parties.own_role))
        return refuse("only owner and admins set the timer");
    MessageId target;
    if (const auto* edit = std::get_if<content::Edit>(&act)) target = edit->target;
    if (const auto* recall = std::get_if<content::Recall>(&act)) target = recall->target;
    if (const auto* reaction = std::get_if<content::Reaction>(&act)) target = reaction->target;
    if (const auto* pin = std::get_if<content::Pin>(&act)) target = pin->target;
    if (target.is_zero()) return {};
    const auto row = store.message_in(parties.conversation, target);
    if (!row || !row->shown) return refuse("message: there is no such message in this conversation");
    if (is_group_note(*row)) return refuse("message: it is what happened to the group, and nobody's message");
    if (row->message.recalled_ms != 0) return refuse("message: it was taken back");
    if (std::holds_alternative<content::Edit>(act) && row->message.from != parties.own_user)
        return refuse("message: only its author may edit it");
    // What this account is offered goes by when it was said, which its own devices know.
    const bool own_recall = std::holds_alternative<content::Recall>(act) && row->message.from == parties.own_user;
    if (own_recall && now.wall_ms - row->message.sent_ms > recall_window_ms)
        return refuse("message: it is too old to be taken back");
    if (std::holds_alternative<content::Recall>(act) &&
        !may_recall(*row, parties.own_user, parties.own_role, now.wall_ms, recall_ms_max))
        return refuse(row->message.from == parties.own_user
                          ? "message: it is too old to be taken back"
                          : "message: its author, or an admin of the group, may take it back");
    if (std::holds_alternative<content::Pin>(act) && !may_rule(parties.own_role))
        return refuse("only owner and admins pin messages");
    if (const auto* reaction = std::get_if<content::Reaction>(&act);
        reaction != nullptr && reaction->on &&
        !may_react(store, parties.conversation, target, parties.own_user, reaction->emoji))
        return refuse("emoji: at most " + std::to_string(reactions_per_author_max) +
                      " reactions of one person to a message: take one back first");
    return {};
}

wire::content::Post tombstone(const port::StoredMessage& row)
{
    wire::content::Post out;
    out.to = row.message.with;
    out.hlc_ms = row.hlc_ms;
    out.sent_ms = row.message.sent_ms;
    out.extra.body = wire::encode(content::Body(content::Recall{row.message.id}));
    // What has lived its time leaves nothing to be seen, not even that it was taken back.
    if (!row.shown || row.message.recalled_ms == 0)
        out.extra.lifetime = {1, content::Lifetime::From::read};
    else if (row.message.expires_ms > row.message.sent_ms)
        out.extra.lifetime = {static_cast<std::uint32_t>((row.message.expires_ms - row.message.sent_ms + 999) / 1000),
                              content::Lifetime::From::sent};
    return out;
}

wire::content::Post nothing_instead(wire::content::Post edit, const MessageId& id)
{
    edit.text.clear();
    edit.extra = {};
    edit.extra.body = wire::encode(content::Body(content::Recall{id}));
    edit.extra.lifetime = {1, content::Lifetime::From::read}; // Of itself: take() leaves nothing to be seen.
    return edit;
}

std::vector<Changed> expire(port::Store& store, Moment now, std::uint32_t limit)
{
    std::vector<Changed> out;
    for (auto& row : store.expiring(now.wall_ms, limit))
        out.push_back(end_life(store, std::move(row)));
    return out;
}

bool merge(port::Store& store, const port::StoredMessage& row, Moment now)
{
    if (row.message.expires_ms > 0 && row.message.expires_ms <= now.wall_ms) {
        // Its notes come behind it, and older archives may have it while it lived.
        if (!store.has_message(row.message.conversation, row.message.id))
            file_gone(store, row.message.conversation, row.message.id);
        return false;
    }
    if (store.has_message(row.message.conversation, row.message.id)) return false;
    auto mine = row;
    mine.quiet = is_quiet(mine);
    mind_quote(store, mine);
    if (!store.add_message(mine)) return false;
    const auto settled = settle(store, std::move(mine), nullptr); // What was said about it may have come first.
    return !settled || settled->what != Changed::What::removed;
}

std::optional<Changed> merge(port::Store& store, const port::Annotation& note, Moment now)
{
    if (note.name.starts_with(version_prefix) && !may_keep_version(store, note)) return std::nullopt;
    const bool first = is_first_recall(store, note);
    if (!put(store, note, now) || note.target.is_zero()) return std::nullopt;
    auto target = store.message_in(note.conversation, note.target);
    if (target) return settle(store, *std::move(target), &note);
    if (first) static_cast<void>(empty_quotes(store, note));
    return std::nullopt;
}

std::optional<Changed> merge_gone(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    auto row = store.message_in(conversation, id);
    if (!row) file_gone(store, conversation, id);
    if (!row || !row->shown) return std::nullopt;
    return remove(store, *std::move(row));
}

std::vector<port::Annotation> notes_of(port::Store& store, const ConversationId& conversation, const MessageId& target)
{
    constexpr std::string_view found_there[] = {quoted_prefix};
    return store.annotations_without(conversation, target, found_there);
}

void annotate(port::Store& store, Message& message)
{
    if (message.recalled_ms != 0) return;
    const auto notes = store.annotations_without(message.conversation, message.id, unshown_asides);
    message.pinned = message.pinned || std::any_of(notes.begin(), notes.end(), [](const auto& one) {
                         return one.name == pin_name && !one.value.empty();
                     });
    message.reactions = reactions_of(notes);
    message.versions = static_cast<std::uint32_t>(std::count_if(notes.begin(), notes.end(), [&](const auto& one) {
        return one.name.starts_with(version_prefix) && one.author == message.from;
    }));
}

} // namespace godwit::conversation
