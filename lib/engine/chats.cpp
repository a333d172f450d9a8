// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/chats.hpp"

#include "lib/conversation/shared.hpp"

#include <algorithm>

namespace godwit::engine {

namespace shared = conversation::shared;

namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

event::MessageChanged::What told_as(conversation::Changed::What what)
{
    return static_cast<event::MessageChanged::What>(what);
}

} // namespace

void Chats::start(const port::StoredIdentity& identity)
{
    own_user_ = identity.user;
    own_device_ = identity.device;
    running_ = true;
    due_ = Instant{};
    take_over_scheduled();
}

// ---- which conversation, and who is in it ----

Result<conversation::Parties> Chats::find(const request::Where& where) const
{
    conversation::Parties out;
    out.own_user = own_user_;
    out.own_device = own_device_;
    if (where.conversation) {
        out.conversation = *where.conversation;
        if (const auto* person = roster_.person_of(*where.conversation)) {
            out.with = person->stored.user;
            out.kind = person->own ? ConversationKind::self : ConversationKind::direct;
            return out;
        }
        if (const auto* group = book_.find(*where.conversation)) {
            out.kind = group->kind;
            const auto* own = group->own(roster_.self().stored.account_key);
            out.own_role = own == nullptr ? Role::none : own->role;
            return out;
        }
        const auto stored = context_.store.conversation(*where.conversation);
        if (!stored) return invalid("conversation: none of this id is known here");
        out.kind = stored->kind;
        out.with = stored->with;
        return out;
    }
    const auto id = roster_.conversation_with(where.with);
    if (!id) {
        if (roster_.person(where.with) == nullptr)
            return Error{ErrorCode::not_a_contact, where.with + " is no contact: send a contact request first", 0};
        return Error{ErrorCode::not_a_contact,
                     "the contact request between you and " + where.with + " is not accepted yet", 0};
    }
    out.conversation = *id;
    out.with = where.with;
    out.kind = where.with == own_user_ ? ConversationKind::self : ConversationKind::direct;
    return out;
}

Result<conversation::Parties> Chats::of_message(const MessageId& message) const
{
    const auto row = context_.store.message(message);
    if (!row) return invalid("message: there is no such message");
    return find({{}, row->message.conversation});
}

std::vector<delivery::Recipient> Chats::own_devices() const
{
    std::vector<delivery::Recipient> out;
    for (const auto& device : roster_.self().devices)
        out.push_back({device.device, own_user_});
    return out;
}

Result<std::vector<delivery::Recipient>> Chats::reach(const conversation::Parties& parties) const
{
    const auto& with = parties.with;
    if (outbox_.full())
        return Error{ErrorCode::quota_exceeded,
                     "outbox: " + std::to_string(context_.config.outbox_messages_max) +
                         " messages wait for delivery already",
                     60'000};
    if (parties.kind == ConversationKind::self) return own_devices();
    if (const auto* group = book_.find(parties.conversation)) return reach_group(*group);
    const auto* person = roster_.person(with);
    if (person == nullptr)
        return Error{ErrorCode::not_a_contact, with + " is no contact: send a contact request first", 0};
    if (person->stored.state == ContactState::blocked)
        return Error{ErrorCode::blocked, with + " is blocked: unblock first", 0};
    if (person->stored.state != ContactState::accepted)
        return Error{ErrorCode::not_a_contact, "the contact request between you and " + with + " is not accepted yet",
                     0};
    if (!person->may_talk())
        return Error{ErrorCode::account_key_changed,
                     "the relay shows another key for " + with +
                         ": compare the safety number, then verify the contact, or accept it again to go on without",
                     0};
    if (person->devices.empty())
        return Error{ErrorCode::not_connected,
                     with + " has no device that could read it: try again when they have logged in", 60'000};
    std::vector<delivery::Recipient> out;
    for (const auto& device : person->devices)
        out.push_back({device.device, with});
    for (auto& device : own_devices())
        out.push_back(std::move(device));
    return out;
}

// ---- on the way out ----

MessageId Chats::new_id()
{
    MessageId out;
    context_.entropy.fill(out.bytes);
    return out;
}

/// Sealed when it leaves, at the end of this tick if it can: in the epoch of that moment.
void Chats::put_out(const conversation::Parties& parties, const MessageId& id, wire::content::Any content,
                    const std::vector<delivery::Recipient>& recipients, Moment now)
{
    if (recipients.empty()) return;
    outbox_.accept(context_.store, {id, parties.conversation, now.wall_ms, wire::encode(content), {}, 0, 0, 0},
                   recipients);
}

MessageId Chats::say(const conversation::Parties& parties, conversation::Draft draft,
                     const std::vector<delivery::Recipient>& recipients, Moment now, std::optional<MessageId> given)
{
    const auto id = given ? *given : new_id();
    const auto files = files_.refer(draft.body);
    auto composed = conversation::compose(context_.store, parties, id, std::move(draft), now);
    const auto parents = composed.content.parents;
    // Notes of a device that is the account's only one are where they belong.
    if (recipients.empty()) composed.row.message.state = MessageState::delivered;
    auto filed = conversation::take(context_.store, composed.row, parents, now);
    put_out(parties, id, std::move(composed.content), recipients, now);
    if (composed.row.shown) active(composed.row, parties.kind);
    for (const auto& file : files)
        files_.posted(parties.conversation, id, own_user_, file, true, now);
    if (filed.changed) changed(std::move(*filed.changed), now);
    context_.event(event::MessageStateChanged{id, parties.with, composed.row.message.state, Path::none, {}, 0});
    if (composed.row.message.expires_ms > 0) look_at_expiry(now);
    return id;
}

void Chats::say_mark(const conversation::Parties& parties, wire::content::Mark mark, Moment now)
{
    std::vector<delivery::Recipient> recipients; // Only towards accepted contacts.
    if (const auto* group = book_.find(parties.conversation)) {
        if (group->is_small() && group->policy && group->policy->receipts) recipients = contacts_in(*group);
    } else if (const auto* person = roster_.person(parties.with);
               person != nullptr && person->may_talk() && !person->own) {
        for (const auto& device : person->devices)
            recipients.push_back({device.device, parties.with});
    }
    if (recipients.empty() || outbox_.full()) return;
    mark.to = parties.with;
    mark.hlc_ms = now.wall_ms;
    put_out(parties, new_id(), std::move(mark), recipients, now);
}

/// No receipt: whoever burns a message wants it to be gone everywhere. Each by its id: a place in the order would burn
/// what nobody has seen yet.
void Chats::say_opened(const conversation::Parties& parties, const std::vector<MessageId>& ids, Moment now)
{
    if (ids.empty() || outbox_.full()) return;
    auto recipients = own_devices();
    if (const auto* group = book_.find(parties.conversation); group != nullptr && group->policy) {
        if (const auto all = reach_group(*group)) recipients = *all;
    } else if (const auto* person = roster_.person(parties.with);
               person != nullptr && !person->own && person->may_talk()) {
        for (const auto& device : person->devices)
            recipients.push_back({device.device, parties.with});
    }
    for (std::size_t at = 0; at < ids.size(); at += wire::opened_ids_max) {
        const auto end = std::min(ids.size(), at + wire::opened_ids_max);
        wire::content::Mark mark;
        mark.to = parties.with;
        mark.hlc_ms = now.wall_ms;
        mark.what = wire::content::mark::Opened{
            {ids.begin() + static_cast<std::ptrdiff_t>(at), ids.begin() + static_cast<std::ptrdiff_t>(end)}};
        put_out(parties, new_id(), std::move(mark), recipients, now);
    }
}

std::optional<MessageId> Chats::tell_own_devices(wire::content::Mark mark, const std::optional<DeviceId>& to,
                                                 Moment now)
{
    auto recipients = own_devices();
    if (to) std::erase_if(recipients, [&](const auto& one) { return one.device != *to; });
    if (recipients.empty() || outbox_.full()) return std::nullopt;
    conversation::Parties self;
    self.conversation = roster_.self().conversation;
    mark.to = own_user_;
    mark.hlc_ms = now.wall_ms;
    const auto id = new_id();
    put_out(self, id, std::move(mark), recipients, now);
    return id;
}

bool Chats::share(std::string name, Bytes value, Moment now)
{
    const auto known = context_.store.register_named(name);
    if (known && known->value == value) return false;
    if (!known && value.empty()) return false;
    const auto hlc_ms = std::max<std::int64_t>(now.wall_ms, known ? known->hlc_ms + 1 : 0);
    return share_at(std::move(name), hlc_ms, std::move(value), now);
}

bool Chats::share_at(std::string name, std::int64_t hlc_ms, Bytes value, Moment now)
{
    if (!context_.store.put_register({name, hlc_ms, value})) return false;
    const auto recipients = own_devices();
    if (recipients.empty() || outbox_.full()) return true;
    conversation::Parties self;
    self.conversation = roster_.self().conversation;
    put_out(self, new_id(), wire::content::Register{hlc_ms, std::move(name), std::move(value)}, recipients, now);
    return true;
}

// ---- on the way in ----

void Chats::show(std::vector<delivery::CausalHold::Ready> ready, Moment now)
{
    for (auto& one : ready) {
        auto& row = one.message;
        auto filed = conversation::take(context_.store, row, one.parents, now);
        if (!filed.added) continue;
        if (row.message.state == MessageState::received) roster_.caught_up(row.message.conversation);
        if (row.shown) {
            const bool own = row.message.from == own_user_;
            const auto* group = book_.find(row.message.conversation);
            active(row, group != nullptr                ? group->kind
                        : row.message.with == own_user_ ? ConversationKind::self
                                                        : ConversationKind::direct);
            if (row.message.expires_ms > 0) look_at_expiry(now);
            for (const auto& by : conversation::take_opened(context_.store, row.message.conversation, row.message.id))
                if (const auto parties = find({{}, row.message.conversation}))
                    opened(*parties, by, row.message.id, now);
            const bool stands = row.message.recalled_ms == 0;
            context_.touched.message(row.message.conversation, row.message.id);
            note_file(row, now);
            if (!row.notified && stands) {
                notifier_.arrived(conversation::present(context_.store, row));
                if (typing_.erase(row.message.from) != 0)
                    context_.event(
                        event::TypingChanged{row.message.conversation, row.message.from, row.message.from, false});
            } else if (!row.notified) {
                context_.store.mark_notified(row.message.id); // Recalled before it came: a tombstone, and no news.
            } else if (own) {
                context_.event(event::MessageStateChanged{
                    row.message.id, row.message.with, MessageState::sent, Path::none, {}, 0});
                if (stands)
                    context_.event(event::MessageChanged{event::MessageChanged::What::sent,
                                                         conversation::present(context_.store, row)});
            }
        } else if (filed.changed) {
            changed(std::move(*filed.changed), now);
        } else {
            tell(row.message.conversation);
        }
    }
}

/// It stands, and may refer to some.
void Chats::note_file(const port::StoredMessage& row, Moment now)
{
    if (row.message.recalled_ms != 0 || row.extra.empty()) return;
    for (const auto& file : files_of(conversation::present(context_.store, row).body))
        files_.posted(row.message.conversation, row.message.id, row.message.from, file, false, now);
}

void Chats::merged(const std::vector<port::StoredMessage>& added, std::vector<conversation::Changed> changes,
                   Moment now)
{
    for (const auto& row : added) {
        note_file(row, now);
        if (row.message.expires_ms > 0) look_at_expiry(now);
        context_.touched.message(row.message.conversation, row.message.id);
    }
    for (auto& one : changes)
        changed(std::move(one), now);
}

void Chats::complete(const ConversationId& conversation, Moment now)
{
    // What was read elsewhere burns here, too: its mark may have come before it.
    const auto own = conversation::read_up_to(context_.store, conversation, own_user_);
    if (own && !conversation::begin_burning(context_.store, conversation, true, *own, now).empty()) look_at_expiry(now);
    for (const auto& other : conversation::readers(context_.store, conversation))
        if (other.user != own_user_ &&
            !conversation::begin_burning(context_.store, conversation, false, other.place, now).empty())
            look_at_expiry(now);
    tell(conversation);
}

void Chats::mark(const conversation::Parties& parties, const conversation::Sender& sender, const MessageId&,
                 const wire::content::Mark& mark, Moment now)
{
    const auto& conversation = parties.conversation;
    if (const auto* read = std::get_if<wire::content::mark::Read>(&mark.what)) {
        if (sender.user == own_user_) return context_.reject("a read mark of an own device, which registers are for");
        const conversation::Place place{std::min(read->hlc_ms, now.wall_ms + conversation::hlc_ahead_ms_max), read->id};
        if (!conversation::note_read(context_.store, conversation, sender.user, place)) return;
        context_.event(event::ReadUpTo{conversation, parties.with, sender.user, place.id});
        return;
    }
    if (const auto* opened = std::get_if<wire::content::mark::Opened>(&mark.what)) {
        for (const auto& id : opened->ids)
            this->opened(parties, sender.user, id, now);
        return;
    }
    context_.log("a mark of a kind that is not used yet");
}

/// What one reads goes for one's own devices, and for those of whoever wrote it; words of a third are none of theirs.
void Chats::opened(const conversation::Parties& parties, const std::string& by, const MessageId& id, Moment now)
{
    const auto row = context_.store.message_in(parties.conversation, id);
    if (!row) return conversation::note_opened(context_.store, parties.conversation, id, by);
    const bool own = row->message.from == own_user_;
    const bool goes = by == own_user_ ? !own || parties.kind == ConversationKind::self : own;
    if (goes && conversation::begin_burning(context_.store, parties.conversation, id, now)) look_at_expiry(now);
}

void Chats::shared(const wire::content::Register& value, Moment now)
{
    // Messages to come are of one device (scheduled.cpp): no other one sends them.
    if (!shared::is_shared(value.name)) return context_.reject("a register that is not shared");
    const auto hlc_ms = std::min(value.hlc_ms, now.wall_ms + conversation::hlc_ahead_ms_max);
    if (!context_.store.put_register({value.name, hlc_ms, value.value})) return;
    if (const auto user = shared::parse_contact(value.name); !user.empty()) {
        context_.touched.contacts.insert(std::string(user));
        if (const auto id = roster_.conversation_with(user)) tell(*id);
        return;
    }
    const auto about = shared::parse(value.name);
    if (!about) return;
    if (about->what == shared::read)
        if (const auto place = conversation::decode_place(value.value);
            place && conversation::note_read(context_.store, about->conversation, own_user_, *place)) {
            const auto parties = find({{}, about->conversation});
            context_.event(
                event::ReadUpTo{about->conversation, parties ? parties->with : std::string(), own_user_, place->id});
        }
    tell(about->conversation);
}

void Chats::typing(const Person& person, bool on, Moment now)
{
    const auto& user = person.stored.user;
    const bool was = typing_.contains(user);
    if (on)
        typing_[user] = now.mono + typing_max;
    else
        typing_.erase(user);
    due_ = earlier(due_, now.mono + typing_max);
    if (was != on) context_.event(event::TypingChanged{person.conversation, user, user, on});
}

void Chats::changed(conversation::Changed what, Moment)
{
    using What = conversation::Changed::What;
    if (what.what == What::recalled || what.what == What::expired) {
        files_.withdrawn(what.row.message.conversation, what.row.message.id);
        // Nothing of it is left to be told as news.
        if (!what.row.notified) context_.store.mark_notified(what.row.message.id);
        // What is still on its way goes without its words.
        outbox_.empty_content(context_.store, what.row.message.id,
                              wire::encode(wire::content::Any(conversation::tombstone(what.row))));
        for (const auto& edit : what.edits)
            outbox_.empty_content(context_.store, edit,
                                  wire::encode(wire::content::Any(conversation::tombstone(what.row))));
    }
    context_.event(event::MessageChanged{told_as(what.what), conversation::present(context_.store, what.row)});
}

/// Something was shown: the conversation moves up in the list, and a hidden one comes back.
void Chats::active(const port::StoredMessage& row, ConversationKind kind)
{
    const auto& id = row.message.conversation;
    auto known = context_.store.conversation(id);
    if (known && known->activity_ms >= row.hlc_ms) return;
    context_.store.put_conversation({id, known ? known->kind : kind, row.message.with, row.hlc_ms});
}

// ---- time ----

void Chats::due_by(std::int64_t wall_ms, Moment now)
{
    // The wall clock may be set, or go on while this device sleeps: it is looked at again and again.
    due_ = earlier(due_, now.mono + std::chrono::milliseconds(
                                        std::clamp<std::int64_t>(wall_ms - now.wall_ms, 0, wall_looked_at_ms)));
}

void Chats::look_at_expiry(Moment now)
{
    if (const auto next = context_.store.next_expiry()) due_by(*next, now);
}

void Chats::handle_deadline(Moment now)
{
    if (!running_ || due_ > now.mono) return;
    due_ = never;
    for (auto at = typing_.begin(); at != typing_.end();) {
        if (at->second > now.mono) {
            due_ = earlier(due_, at->second);
            ++at;
            continue;
        }
        if (const auto* person = roster_.person(at->first))
            context_.event(event::TypingChanged{person->conversation, at->first, at->first, false});
        at = typing_.erase(at);
    }
    for (auto& one : conversation::expire(context_.store, now, expired_at_once))
        changed(std::move(one), now);
    look_at_expiry(now);
    send_scheduled(now);
}

} // namespace godwit::engine
