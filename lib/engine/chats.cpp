// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/chats.hpp"

#include "lib/conversation/shared.hpp"
#include "lib/engine/relay_clock.hpp"
#include "lib/engine/said_at.hpp"

#include <algorithm>

namespace godwit::engine {

namespace shared = conversation::shared;

namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// Of one id.
constexpr std::uint32_t repeated_max = 4;

/// Conversations in which a gap is still to be told, 16 bytes each.
constexpr std::string_view gaps_owed_value = "gaps/owed";

/// What lives for a time from its sending would be over sooner, or at once, at others, when this clock is behind: it is
/// said by the relay's. Anything else is said by this one, so that a relay can move nothing.
Moment by_better_clock(port::Store& store, const conversation::Parties& parties, const conversation::Draft& draft,
                       Moment now)
{
    if (!content::is_shown(draft.body)) return now;
    const auto lifetime = draft.lifetime ? *draft.lifetime : conversation::timer_of(store, parties.conversation);
    if (lifetime.seconds == 0 || lifetime.from != content::Lifetime::From::sent) return now;
    now.wall_ms += clock_differs_ms(store, clock_behind_value);
    return now;
}

} // namespace

void Chats::start(const port::StoredIdentity& identity)
{
    own_user_ = identity.user;
    own_device_ = identity.device;
    running_ = true;
    due_ = Instant{};
    expires_ms_ = 0;
    tells_delivery_.reset();
    gaps_owed_.clear();
    const auto owed = context_.store.value(gaps_owed_value).value_or(Bytes());
    for (std::size_t at = 0; at + ConversationId::size_bytes <= owed.size(); at += ConversationId::size_bytes)
        gaps_owed_.insert(*ConversationId::from(BytesView(owed).subspan(at, ConversationId::size_bytes)));
    load_sweeps();
    take_over_scheduled();
}

// ---- which conversation, and who is in it ----

Result<conversation::Parties> Chats::find(const request::Where& where) const
{
    conversation::Parties out;
    out.own_user = own_user_;
    out.own_device = own_device_;
    if (where.conversation && !where.with.empty()) {
        const auto named = find({{}, where.conversation});
        if (named && named->with != where.with)
            return invalid("conversation: it is not the one with " + where.with + ": give one of the two");
        return named;
    }
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
    // Ids are drawn at random. Whoever repeats one does it to be taken for somebody else: nothing is done to the wrong
    // one.
    auto rows = context_.store.messages(message, repeated_max);
    if (rows.size() > 1) std::erase_if(rows, [&](const auto& row) { return row.message.from != own_user_; });
    if (rows.empty() && !context_.store.message(message)) return invalid("message: there is no such message");
    if (rows.size() != 1) return invalid("message: somebody has used this id in two conversations");
    return find({{}, rows.front().message.conversation});
}

std::vector<delivery::Recipient> Chats::own_devices() const
{
    std::vector<delivery::Recipient> out;
    for (const auto& device : roster_.self().devices)
        out.push_back({device.device, own_user_});
    return out;
}

/// Of those for whom it is, not of the own other devices, somebody must have room.
Result<std::vector<delivery::Recipient>> Chats::with_room(std::vector<delivery::Recipient> all, std::string_view whom,
                                                          std::size_t messages) const
{
    const auto of_others = [&](const auto& one) { return one.user != own_user_; };
    const bool had_others = std::any_of(all.begin(), all.end(), of_others);
    const std::size_t kept = messages == 0 ? 0 : context_.config.outbox_device_messages_max / room_for_acts;
    const auto wanted = std::max<std::size_t>(messages, 1) + kept;
    std::erase_if(all, [&](const auto& one) { return !outbox_.has_room(one.device, wanted); });
    if (had_others && std::none_of(all.begin(), all.end(), of_others))
        return Error{ErrorCode::quota_exceeded,
                     "outbox: too many messages for " + std::string(whom) +
                         " wait for delivery already: send more when some have arrived",
                     60'000};
    return all;
}

Result<std::vector<delivery::Recipient>> Chats::reach(const conversation::Parties& parties, std::size_t messages) const
{
    const auto& with = parties.with;
    if (parties.kind == ConversationKind::self) return with_room(own_devices(), own_user_, messages);
    if (const auto* group = book_.find(parties.conversation)) {
        auto all = reach_group(*group);
        return all ? with_room(*std::move(all), "this group", messages) : std::move(all);
    }
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
    return with_room(std::move(out), with, messages);
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
                    const std::vector<delivery::Recipient>& recipients, Moment now, delivery::Rank rank)
{
    if (recipients.empty()) return;
    outbox_.accept(context_.store, {id, parties.conversation, now.wall_ms, wire::encode(content), {}, 0, 0, 0},
                   recipients, rank);
}

Result<MessageId> Chats::take_back(const conversation::Parties& parties, const MessageId& id, Moment now)
{
    auto& store = context_.store;
    const auto envelope = store.envelope(id);
    auto row = store.message_in(parties.conversation, id);
    if (!envelope || envelope->sealings != 0 || !row || row->message.from != own_user_)
        return Error{ErrorCode::invalid_argument, "it may be somewhere already", 0};
    auto heads = store.heads(parties.conversation);
    const auto is_it = [&](const auto& head) { return head.id == id; };
    if (std::none_of(heads.begin(), heads.end(), is_it)) { // What was said since names it: its place stays.
        changed(conversation::take_back(store, *std::move(row)), now);
        return id;
    }
    std::erase_if(heads, is_it);
    if (const auto content = wire::decode_content(envelope->content))
        if (const auto* post = std::get_if<wire::content::Post>(&*content))
            for (const auto& parent : post->parents)
                if (const auto known = store.message_in(parties.conversation, parent);
                    known && heads.size() < wire::parents_max)
                    heads.push_back({parent, known->hlc_ms});
    std::sort(heads.begin(), heads.end(),
              [](const auto& a, const auto& b) { return a.hlc_ms != b.hlc_ms ? a.hlc_ms > b.hlc_ms : a.id > b.id; });
    store.put_heads(parties.conversation, heads);
    for (const auto& delivery : store.deliveries(id))
        for (const auto& progress : outbox_.fail_one(store, id, delivery.device, ErrorCode::cancelled))
            context_.event(event::MessageStateChanged{id, parties.with, progress.state, Path::none, progress.failure, 0,
                                                      parties.conversation});
    changed(conversation::withdraw(store, *std::move(row)), now);
    return id;
}

MessageId Chats::say(const conversation::Parties& parties, conversation::Draft draft,
                     const std::vector<delivery::Recipient>& recipients, Moment now, std::optional<MessageId> given)
{
    const auto id = given ? *given : said_at(new_id(), now);
    const auto files = files_.refer(draft.body);
    // What lets words go does not wait behind all that is to be said.
    const auto rank =
        std::holds_alternative<content::Recall>(draft.body) ? delivery::Rank::urgent : delivery::Rank::usual;
    auto composed = conversation::compose(context_.store, parties, id, std::move(draft),
                                          by_better_clock(context_.store, parties, draft, now));
    const auto parents = composed.content.parents;
    // Notes of a device that is the account's only one are where they belong.
    if (recipients.empty() && parties.kind != ConversationKind::direct)
        composed.row.message.state = MessageState::delivered;
    auto filed = conversation::take(context_.store, composed.row, parents, now);
    put_out(parties, id, std::move(composed.content), recipients, now, rank);
    if (composed.row.shown) active(composed.row, parties.kind);
    for (const auto& file : files)
        files_.posted(parties.conversation, id, own_user_, file, true, now);
    if (filed.changed) changed(std::move(*filed.changed), now);
    context_.event(event::MessageStateChanged{
        id, parties.with, composed.row.message.state, Path::none, {}, 0, parties.conversation});
    if (composed.row.message.expires_ms > 0) look_at_expiry(now);
    return id;
}

std::optional<MessageId> Chats::tell_own_devices(wire::content::Mark mark, const std::optional<DeviceId>& to,
                                                 Moment now)
{
    auto recipients = own_devices();
    if (to) std::erase_if(recipients, [&](const auto& one) { return one.device != *to; });
    std::erase_if(recipients, [&](const auto& one) { return !outbox_.has_room(one.device); });
    if (recipients.empty()) return std::nullopt;
    conversation::Parties self;
    self.conversation = roster_.self().conversation;
    mark.to = own_user_;
    mark.hlc_ms = now.wall_ms;
    const auto id = said_at(new_id(), now);
    put_out(self, id, std::move(mark), recipients, now);
    return id;
}

bool Chats::share(std::string name, Bytes value, Moment now)
{
    const auto known = context_.store.register_named(name);
    if (known && known->value == value) return false;
    if (!known && value.empty()) return false;
    const auto hlc_ms = std::max<std::int64_t>(now.wall_ms, known ? known->hlc_ms + 1 : 0);
    return share_at(std::move(name), hlc_ms, std::move(value));
}

bool Chats::share_at(std::string name, std::int64_t hlc_ms, Bytes value)
{
    if (!context_.store.put_register({name, hlc_ms, std::move(value)})) return false;
    read_cache_.reset();
    announcer_.register_changed(name);
    return true;
}

// ---- on the way in ----

void Chats::owe_gap(const ConversationId& conversation, bool owed)
{
    if (owed ? !gaps_owed_.insert(conversation).second : gaps_owed_.erase(conversation) == 0) return;
    Bytes value;
    for (const auto& one : gaps_owed_)
        append(value, one.view());
    context_.store.put_value(gaps_owed_value, value);
}

void Chats::show(std::vector<delivery::CausalHold::Ready> ready, Moment now)
{
    std::optional<std::int64_t> clock_ahead_ms; // The store is asked once, and only where something may need it.
    for (auto& one : ready) {
        auto& row = one.message;
        const auto conversation = row.message.conversation;
        if (row.shown && gaps_owed_.contains(conversation)) row.message.gap_before = true;
        // A plain text that stays is told by its row.
        if (!row.extra.empty() && !clock_ahead_ms) clock_ahead_ms = clock_differs_ms(context_.store, clock_ahead_value);
        auto filed = conversation::take(context_.store, row, one.parents, now, clock_ahead_ms.value_or(0));
        if (!filed.added) continue;
        // What acts on something, or was taken back before it came, is no news, and its gap would be none either.
        const bool cleared = row.shown && is_cleared(row, Comes::now, now);
        const bool is_told = row.shown && row.message.recalled_ms == 0 && !cleared;
        if (is_told || row.message.gap_before) owe_gap(conversation, !is_told);
        if (row.message.state == MessageState::received) roster_.caught_up(row.message.conversation);
        if (cleared) {
            leave(std::move(row), now);
        } else if (row.shown) {
            const bool own = row.message.from == own_user_;
            if (own) reached_before(row);
            const auto* group = book_.find(row.message.conversation);
            active(row, group != nullptr                ? group->kind
                        : row.message.with == own_user_ ? ConversationKind::self
                                                        : ConversationKind::direct);
            if (row.message.expires_ms > 0) look_at_expiry(now);
            for (const auto& by : conversation::take_opened(context_.store, row.message.conversation, row.message.id))
                if (const auto parties = find({{}, row.message.conversation}))
                    opened(*parties, by, row.message.id, now);
            // What has lived its time on the way is not told, and gone with the next tick.
            const bool is_over = row.message.expires_ms > 0 && row.message.expires_ms <= now.wall_ms;
            const bool stands = row.message.recalled_ms == 0 && !is_over;
            context_.touched.message(row.message.conversation, row.message.id);
            note_file(row, now);
            if (row.message.state == MessageState::received && stands && !row.quiet) {
                note_late(row, now);
                come_back(row, now);
            }
            if (!row.notified && stands) {
                notifier_.arrived(conversation::present(context_.store, row));
                if (typing_.erase({row.message.conversation, row.message.from}) != 0)
                    context_.event(
                        event::TypingChanged{row.message.conversation, row.message.with, row.message.from, false});
            } else if (!row.notified) {
                context_.store.mark_notified(row.message.conversation,
                                             row.message.id); // Recalled or over before it came: no news.
            } else if (own) {
                const auto& m = row.message;
                const bool further = m.state != MessageState::sent; // Said before it came.
                context_.event(event::MessageStateChanged{m.id, m.with, m.state, further ? m.path : Path::none,
                                                          m.state == MessageState::failed ? m.failure
                                                          : further                       ? m.path_reason
                                                                                          : std::string(),
                                                          0, m.conversation});
                if (stands)
                    context_.event(event::MessageChanged{event::MessageChanged::What::sent,
                                                         conversation::present(context_.store, row)});
            }
        } else if (filed.changed) {
            changed(std::move(*filed.changed), now);
        } else {
            unquoted(row.message.conversation, filed.quotes);
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
        if (is_cleared(row, Comes::merged, now)) {
            if (auto stands = context_.store.message_in(row.message.conversation, row.message.id))
                leave(*std::move(stands), now);
            continue;
        }
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

/// One that is hidden comes back by its newest; also by what comes late and stands before that.
void Chats::come_back(const port::StoredMessage& row, Moment now)
{
    const auto& id = row.message.conversation;
    const auto known = context_.store.conversation(id);
    if (!known || known->activity_ms <= row.hlc_ms) return;
    const auto name = shared::name_of(id, shared::hidden);
    const auto hidden = context_.store.register_named(name);
    if (!hidden || shared::read_number(hidden->value).value_or(0) < row.hlc_ms) return;
    share(name, shared::number(0), now);
    tell(id);
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

void Chats::handle_deadline(Moment now)
{
    if (!running_) return;
    expire(now); // By the wall clock, which goes on while the device sleeps.
    sweep(now);
    if (due_ > now.mono) return;
    due_ = never;
    for (auto at = typing_.begin(); at != typing_.end();) {
        if (at->second > now.mono) {
            due_ = earlier(due_, at->second);
            ++at;
            continue;
        }
        const auto& [conversation, user] = at->first;
        const auto* person = roster_.person(user);
        const bool of_two = person != nullptr && person->conversation == conversation;
        context_.event(event::TypingChanged{conversation, of_two ? user : std::string(), user, false});
        at = typing_.erase(at);
    }
    look_at_expiry(now);
    look_at_places(now);
    send_scheduled(now);
}

} // namespace godwit::engine
