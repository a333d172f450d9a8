// SPDX-License-Identifier: Apache-2.0
// What the application asks about conversations: which one, may it be said, who gets it; then lib/engine/chats says it.
#include "lib/engine/state.hpp"

#include "lib/base/harmless.hpp"
#include "lib/conversation/copies.hpp"
#include "lib/conversation/pages.hpp"
#include "lib/conversation/timeline.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// A message to come is kept for no longer.
constexpr std::int64_t scheduled_ahead_ms_max = 10LL * 366 * 24 * 3600 * 1000;

/// Who hears that somebody writes in a group: devices, in one go.
constexpr std::size_t typing_devices_max = 64;

/// Nobody's message.
bool is_group_note(const port::StoredMessage& row)
{
    return row.kind == wire::body_kind(wire::encode(content::Body(content::GroupNote{})));
}

/// Of a live location what is sent on is where it was last, and that stays where it is. False: it is none.
bool stand_still(port::Store& store, const port::StoredMessage& row, content::Body& body)
{
    auto* const location = std::get_if<content::Location>(&body);
    if (location == nullptr || location->live_seconds == 0) return false;
    location->live_seconds = 0;
    if (const auto moved = conversation::place_of(store, row)) {
        location->latitude_e7 = moved->spot.latitude_e7;
        location->longitude_e7 = moved->spot.longitude_e7;
        location->accuracy_m = moved->spot.accuracy_m;
    }
    return true;
}

/// A call's record, or what would be taken for one.
bool names_call(const content::Body& body)
{
    const auto* card = std::get_if<content::Card>(&body);
    return card != nullptr && card->name == call_card_name;
}

} // namespace

/// A conversation that was looked at counts as open for a while: paths to it are kept and looked for. For no longer
/// than a path lives on which nothing is said, or it would be made again and again.
void Engine::State::note_interest(const conversation::Parties& parties, Moment now)
{
    if (parties.kind == ConversationKind::direct) interest[parties.with] = now.mono + context.config.peer_link_idle_max;
}

bool Engine::State::is_ready_to_talk(RequestId id)
{
    if (identity && identity->logged_in && groups) return true;
    context.refuse(id, {ErrorCode::not_registered, "no account on this device: register or log in first", 0});
    return false;
}

namespace {

Error not_known_yet()
{
    return {ErrorCode::not_connected,
            "whether they are a contact is known when this device is connected: it comes back by itself, repeat then",
            1000};
}

} // namespace

template <class What>
bool Engine::State::waits_for_roster(RequestId id, const request::Where& where, What& what, Moment now)
{
    if (relay_ready()) return false;
    const auto parties = chats.find(where);
    const auto recipients = parties ? chats.reach(*parties) : Result<std::vector<delivery::Recipient>>(parties.error());
    if (recipients || recipients.error().code != ErrorCode::not_a_contact) return false;
    if (unsynced.has_room())
        unsynced.hold(id, Request(std::move(what)), now.mono);
    else
        context.refuse(id, not_known_yet());
    return true;
}

/// What has waited for the relay's word is asked again when it is there; or when there is no account to wait for.
void Engine::State::ask_unsynced(Moment now)
{
    if (unsynced.empty()) return;
    if (relay_ready() || !identity || !identity->logged_in)
        for (auto& one : unsynced.take())
            ask(one.id, std::move(one.request), now);
    for (const auto id : unsynced.expire(now.mono))
        context.refuse(id, not_known_yet());
}

void Engine::State::say(RequestId id, const Result<conversation::Parties>& parties, conversation::Draft draft,
                        Moment now)
{
    if (!parties) return context.refuse(id, parties.error());
    if (auto valid = conversation::validate(draft); !valid) return context.refuse(id, valid.error());
    if (auto fine = files.may_refer(draft.body); !fine) return context.refuse(id, fine.error());
    if (auto may = conversation::may(context.store, *parties, draft.body, chats.recall_window_ms(), now); !may)
        return context.refuse(id, may.error());
    if (auto may = chats.may_say(*parties, draft.body, now); !may) return context.refuse(id, may.error());
    if (!draft.send_key.empty())
        if (const auto known = context.store.message_by_key(parties->conversation, draft.send_key))
            return context.reply(id, *known);
    const auto recipients = chats.reach(*parties, content::is_shown(draft.body) ? 1 : 0);
    // What was said can be taken back also from whom nothing is said to any more: here, and there when it is again.
    const bool owed =
        std::holds_alternative<content::Recall>(draft.body) && parties->kind == ConversationKind::direct &&
        !recipients &&
        (recipients.error().code == ErrorCode::blocked || recipients.error().code == ErrorCode::not_a_contact);
    if (!recipients && !owed) return context.refuse(id, recipients.error());
    const auto message = owed ? chats.owe(*parties, std::move(draft), now)
                              : Result<MessageId>(chats.say(*parties, std::move(draft), *recipients, now));
    if (!message) return context.refuse(id, message.error());
    if (parties->kind != ConversationKind::self) note_accepted(*message, now); // Nobody tells when a note is read.
    note_interest(*parties, now);
    context.reply(id, *message);
}

void Engine::State::on(RequestId id, request::Send& send, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (!content::is_shown(send.body) || std::holds_alternative<content::Unknown>(send.body))
        return context.refuse(id, invalid("body: edit, recall, react and the like are requests of their own"));
    if (names_call(send.body))
        return context.refuse(id,
                              invalid("card.name: this one is of the records of calls, which are written by calls"));
    if (waits_for_roster(id, {send.to, send.conversation}, send, now)) return;
    const auto parties = chats.find({send.to, send.conversation});
    conversation::Draft draft{std::move(send.text), std::move(send.body), {}, send.lifetime, false,
                              std::move(send.key)};
    if (send.reply_to && parties) {
        const auto row = context.store.message_in(parties->conversation, *send.reply_to);
        if (!row || !row->shown || is_group_note(*row))
            return context.refuse(id, invalid("reply_to: there is no such message in this conversation"));
        draft.reply = content::Quote{*send.reply_to, row->message.from, {}}; // Its words when it is said.
    }
    if (!send.at_ms || *send.at_ms <= now.wall_ms) return say(id, parties, std::move(draft), now);
    if (!parties) return context.refuse(id, parties.error());
    if (*send.at_ms > now.wall_ms + scheduled_ahead_ms_max)
        return context.refuse(id, invalid("at_ms: at most 10 years from now"));
    if (auto valid = conversation::validate(draft); !valid) return context.refuse(id, valid.error());
    if (auto fine = files.may_refer(draft.body); !fine) return context.refuse(id, fine.error());
    if (auto ok = chats.reach(*parties); !ok && !is_temporary(ok.error().code)) return context.refuse(id, ok.error());
    if (auto may = chats.may_say(*parties, draft.body, now); !may) return context.refuse(id, may.error());
    if (!draft.send_key.empty()) return context.refuse(id, invalid("key: a message to come has none"));
    if (!chats.can_schedule())
        return context.refuse(id, {ErrorCode::quota_exceeded, "at_ms: too many messages wait for their time", 0});
    context.reply(id, chats.schedule(*parties, std::move(draft), *send.at_ms, now));
}

void Engine::State::on(RequestId id, const request::Scheduled&, Moment)
{
    if (is_ready_to_talk(id)) context.reply(id, chats.scheduled());
}

void Engine::State::on(RequestId id, const request::Unschedule& what, Moment)
{
    if (!is_ready_to_talk(id)) return;
    if (!chats.unschedule(what.message))
        return context.refuse(id, invalid("message: none of this id waits for its time"));
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::SetContact& what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto* person = roster.person(what.user);
    if (person == nullptr || person->own)
        return context.refuse(id, {ErrorCode::not_a_contact, what.user + " is no contact", 0});
    if (what.remark && (what.remark->size() > request::remark_bytes_max || !is_harmless_line(*what.remark)))
        return context.refuse(
            id, invalid("remark: a line of UTF-8, at most " + std::to_string(request::remark_bytes_max) + " bytes"));
    if (what.labels && (what.labels->size() > request::labels_max ||
                        std::any_of(what.labels->begin(), what.labels->end(), [](const std::string& label) {
                            return label.empty() || label.size() > 255 || !is_harmless_line(label);
                        })))
        return context.refuse(id, invalid("labels: at most " + std::to_string(request::labels_max) +
                                          ", each a line of 1 to 255 bytes of UTF-8"));
    chats.set(what.user, what, now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::Watch& what, Moment)
{
    if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
    ConversationId conversation;
    if (what.what == request::Watch::What::messages) {
        const auto parties = chats.find(what.where);
        if (!parties) return context.refuse(id, parties.error());
        conversation = parties->conversation;
    }
    const auto number = views.watch(what, conversation);
    if (!number) return context.refuse(id, number.error());
    context.reply(id, *number);
}

void Engine::State::on(RequestId id, const request::Unwatch& what, Moment)
{
    if (!views.unwatch(what.watch)) return context.refuse(id, invalid("watch: there is none of this number"));
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, request::Edit& edit, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    conversation::Draft draft;
    draft.text = std::move(edit.text);
    draft.body = content::Edit{edit.message, std::move(edit.mentions), std::move(edit.links)};
    say(id, chats.of_message(edit.message), std::move(draft), now);
}

void Engine::State::on(RequestId id, const request::Recall& recall, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    conversation::Draft draft;
    draft.body = content::Recall{recall.message};
    const auto parties = chats.of_message(recall.message);
    if (parties && conversation::may(context.store, *parties, draft.body, chats.recall_window_ms(), now)) {
        if (const auto unsaid = chats.take_back(*parties, recall.message, now)) return context.reply(id, *unsaid);
    }
    say(id, parties, std::move(draft), now);
}

void Engine::State::on(RequestId id, request::React& react, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    conversation::Draft draft;
    draft.body = content::Reaction{react.message, std::move(react.emoji), react.on};
    say(id, chats.of_message(react.message), std::move(draft), now);
}

void Engine::State::on(RequestId id, const request::PinMessage& pin, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    conversation::Draft draft;
    draft.body = content::Pin{pin.message, pin.on};
    say(id, chats.of_message(pin.message), std::move(draft), now);
}

void Engine::State::on(RequestId id, const request::SetTimer& timer, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    conversation::Draft draft;
    draft.body = content::Timer{timer.lifetime};
    say(id, chats.find(timer.where), std::move(draft), now);
}

void Engine::State::on(RequestId id, request::Forward& forward, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (forward.messages.empty() || forward.messages.size() > content::forwarded_max)
        return context.refuse(id, invalid("messages: 1 to " + std::to_string(content::forwarded_max)));
    if (waits_for_roster(id, forward.to, forward, now)) return;
    const auto parties = chats.find(forward.to);
    if (!parties) return context.refuse(id, parties.error());
    std::vector<conversation::Draft> drafts;
    content::Forwarded bundle{forward.title, {}};
    std::optional<content::Lifetime> lives; // Of the bundle: as long as the shortest of them.
    for (const auto& one : forward.messages) {
        const auto row = context.store.message(one);
        if (!row || !row->shown || row->message.recalled_ms != 0)
            return context.refuse(id, invalid("messages: one of them is not there, or was taken back"));
        if (is_group_note(*row))
            return context.refuse(id, invalid("messages: one of them is what happened to a group, and no message"));
        const auto extra = wire::decode_extra(row->extra);
        auto body = extra ? wire::decode_body(extra->body) : Result<content::Body>(extra.error());
        if (!body) return context.refuse(id, body.error());
        if (!forward.merged && names_call(*body))
            return context.refuse(id, invalid("messages: one of them is the record of a call, and no message"));
        const bool stilled = stand_still(context.store, *row, *body);
        const auto bound = conversation::lifetime_of_copy(*row, extra->lifetime, now);
        if (!bound) return context.refuse(id, bound.error());
        if (forward.merged) {
            lives = conversation::shorter(lives, *bound);
            bundle.items.push_back({row->message.from, row->message.sent_ms, row->message.text,
                                    stilled ? wire::encode(*body) : extra->body});
            continue;
        }
        drafts.push_back({row->message.text, std::move(*body), {}, *bound, true, {}});
    }
    if (forward.merged && conversation::levels_of(bundle) > wire::bundle_levels_max)
        return context.refuse(
            id, invalid("messages: bundles in bundles, at most " + std::to_string(wire::bundle_levels_max) + " deep"));
    if (forward.merged) drafts.push_back({{}, std::move(bundle), {}, lives, true, {}});
    // What the conversation itself wishes may be less.
    const auto timer = conversation::timer_of(context.store, parties->conversation);
    const bool ends = timer.seconds != 0 && timer.from == content::Lifetime::From::sent; // Whether it is read or not.
    for (auto& draft : drafts)
        if (ends && draft.lifetime && timer.seconds < draft.lifetime->seconds) draft.lifetime.reset();
    for (const auto& draft : drafts) {
        if (auto valid = conversation::validate(draft); !valid) return context.refuse(id, valid.error());
        if (auto may = chats.may_say(*parties, draft.body, now); !may) return context.refuse(id, may.error());
        if (auto fine = files.may_refer(draft.body); !fine) return context.refuse(id, fine.error());
    }
    const auto recipients = chats.reach(*parties, drafts.size());
    if (!recipients) return context.refuse(id, recipients.error());
    std::vector<MessageId> out;
    for (auto& draft : drafts) {
        out.push_back(chats.say(*parties, std::move(draft), *recipients, now));
        if (parties->kind != ConversationKind::self) note_accepted(out.back(), now);
    }
    note_interest(*parties, now);
    context.reply(id, std::move(out));
}

void Engine::State::on(RequestId id, const request::MarkRead& read, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.find(read.where);
    if (!parties) return context.refuse(id, parties.error());
    const auto row = read.up_to ? context.store.message_in(parties->conversation, *read.up_to)
                                : context.store.newest(parties->conversation);
    if (!row && read.up_to) return context.refuse(id, invalid("up_to: there is no such message in this conversation"));
    if (row) chats.read(*parties, {row->hlc_ms, row->message.id}, now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::Typing& typing, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.find(typing.where);
    if (!parties) return context.refuse(id, parties.error());
    typing_in(*parties, typing.on, now);
    context.reply_ok(id);
}

/// To contacts only, who are online; of groups, to those of small ones, and to a bounded number of devices.
void Engine::State::typing_in(const conversation::Parties& parties, bool on, Moment now)
{
    if (!relay_ready()) return;
    std::vector<const Person*> people;
    wire::TypingSignal signal{on, {}};
    if (const auto* group = book.find(parties.conversation)) {
        if (!group->is_small() || !chats.may_say(parties, content::Text{}, now)) return;
        signal.conversation = parties.conversation;
        for (const auto& member : group->policy->members)
            if (const auto* person = roster.person(member.user);
                person != nullptr && person->stored.account_key == member.account_key)
                people.push_back(person);
    } else if (const auto* person = roster.person(parties.with)) {
        people.push_back(person);
    }
    std::erase_if(people, [](const Person* one) { return one->own || !one->may_talk() || one->online.empty(); });
    if (people.empty() || !chats.may_tell_typing(parties.conversation, on, now)) return;
    std::size_t told = 0;
    for (const auto* person : people)
        for (const auto& device : person->online)
            if (told < typing_devices_max && send_signal(person->circle, device, signal, purpose::Report{}, now))
                ++told;
}

void Engine::State::on(RequestId id, const request::Conversations& wanted, Moment)
{
    if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
    context.reply(id, chats.list(wanted.hidden));
}

void Engine::State::on(RequestId id, const request::SetConversation& what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.find(what.where);
    if (!parties) return context.refuse(id, parties.error());
    if (what.draft && !what.draft->empty())
        if (auto valid = conversation::validate_text(*what.draft); !valid) return context.refuse(id, valid.error());
    chats.set(*parties, what, now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::SetReceipts& receipts_wanted, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (!receipts_wanted.on && !receipts_wanted.delivery) return context.refuse(id, invalid("on or delivery"));
    if (receipts_wanted.on) chats.set_receipts(*receipts_wanted.on, now);
    if (receipts_wanted.delivery) chats.set_delivery_receipts(*receipts_wanted.delivery, now);
    context.reply_ok(id);
}

std::optional<conversation::Parties> Engine::State::looked_into(RequestId id, const request::Where& where,
                                                                std::uint32_t limit)
{
    const auto refuse = [&](Error why) { context.refuse(id, std::move(why)); };
    if (!identity) {
        refuse({ErrorCode::not_registered, "no account on this device", 0});
    } else if (limit < 1 || limit > request::history_limit_max) {
        refuse(invalid("limit: 1 to " + std::to_string(request::history_limit_max)));
    } else if (auto parties = chats.find(where)) {
        return *std::move(parties);
    } else if (where.conversation) {
        refuse(parties.error());
    } else if (roster.person(where.with) == nullptr) {
        refuse({ErrorCode::not_a_contact, where.with + " is no contact and never was", 0});
    } else {
        context.reply(
            id, std::vector<Message>()); // Somebody whose key is not known yet: a contact, without a conversation.
    }
    return std::nullopt;
}

void Engine::State::on(RequestId id, const request::History& history, Moment now)
{
    const auto parties = looked_into(id, {history.with, history.conversation}, history.limit);
    if (!parties) return;
    auto rows = conversation::page(context.store, parties->conversation,
                                   {history.limit, history.before, history.after, history.around});
    if (!rows) return context.refuse(id, rows.error());
    std::vector<Message> out;
    for (auto& row : *rows)
        out.push_back(conversation::present(context.store, std::move(row)));
    if (const auto* person = roster.person(parties->with); person != nullptr && person->may_talk())
        note_interest(*parties, now);
    context.reply(id, std::move(out));
}

void Engine::State::on(RequestId id, const request::Pinned& wanted, Moment)
{
    const auto parties = looked_into(id, wanted.where, wanted.limit);
    if (!parties) return;
    // Answered with the newest page, somebody who turns pages would begin again, and again.
    if (wanted.before && !context.store.has_message(parties->conversation, *wanted.before))
        return context.refuse(id, invalid("before: no such message in this conversation"));
    std::vector<Message> out;
    for (auto& row : context.store.pinned(parties->conversation, wanted.limit, wanted.before))
        out.push_back(conversation::present(context.store, std::move(row)));
    context.reply(id, std::move(out));
}

} // namespace godwit::engine
