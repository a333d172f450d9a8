// SPDX-License-Identifier: Apache-2.0
// Of chats.hpp, what is said about what is there: how far somebody has read, what was opened, what the account's
// devices share, who writes, what happened to groups, and what messages said before.
#include "lib/engine/chats.hpp"

#include "lib/conversation/shared.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/engine/read_places.hpp"
#include "lib/engine/recalls_owed.hpp"

#include <algorithm>

namespace godwit::engine {

namespace shared = conversation::shared;

namespace {

constexpr std::uint32_t versions_at_once = 4096;

/// Beside the path by which the device that wrote a message has sent it.
constexpr std::string_view reached_reason = "as the device that wrote it says";

/// Of a branch that is dead: the last so many.
constexpr std::uint64_t epochs_unnoted_max = 64;
/// Rows of a history in which notes are looked for that are not so.
constexpr std::uint32_t notes_looked_at = 512;

/// The same on every device that saw the change.
MessageId note_id(const GroupBook::Happened& what)
{
    const auto hash = crypto::transcript_hash(
        "godwit group note 1",
        {what.conversation.view(), shared::number(static_cast<std::int64_t>(what.incarnation)),
         shared::number(static_cast<std::int64_t>(what.epoch)), wire::encode(content::Body(what.note))});
    return *MessageId::from(BytesView(hash).first(MessageId::size_bytes));
}

/// The account wishes none to be kept: those that are here go.
void forget_versions(port::Store& store)
{
    if (conversation::versions_kept(store) != 0) return;
    while (!conversation::drop_versions(store, versions_at_once) && !store.failed()) {}
}

} // namespace

// ---- out ----

void Chats::tell_read(const conversation::Parties& parties)
{
    // Nobody has told this device yet whether the account does.
    if (announcer_.wants_settings()) return announcer_.hold_read(parties.conversation);
    if (!receipts_on(parties.conversation)) return;
    const auto place = conversation::read_up_to(context_.store, parties.conversation, own_user_);
    if (!place) return;
    std::vector<delivery::Recipient> recipients; // Only towards accepted contacts.
    if (const auto* group = book_.find(parties.conversation)) {
        if (group->policy && group->policy->receipts)
            recipients = group->is_small() ? contacts_in(*group) : authors_in(*group, *place);
    } else if (const auto* person = roster_.person(parties.with);
               person != nullptr && person->may_talk() && !person->own) {
        for (const auto& device : person->devices)
            recipients.push_back({device.device, parties.with});
    }
    announcer_.read(parties.conversation, recipients);
}

/// No receipt: whoever burns a message wants it to be gone everywhere. Each by its id: a place in the order would burn
/// what nobody has seen yet.
void Chats::say_opened(const conversation::Parties& parties, const std::vector<MessageId>& ids)
{
    if (ids.empty()) return;
    auto recipients = own_devices();
    if (const auto* group = book_.find(parties.conversation); group != nullptr && group->policy) {
        if (const auto all = reach_group(*group)) recipients = *all;
    } else if (const auto* person = roster_.person(parties.with);
               person != nullptr && !person->own && person->may_talk()) {
        for (const auto& device : person->devices)
            recipients.push_back({device.device, parties.with});
    }
    announcer_.opened(parties.conversation, ids, recipients);
}

void Chats::settings_came()
{
    for (const auto& conversation : announcer_.settings_came())
        if (const auto parties = find({{}, conversation})) tell_read(*parties);
}

// ---- in ----

/// It came with an older clock than what this device has read, so nobody has read it: told, too, to the other own
/// devices.
void Chats::note_late(const port::StoredMessage& row, Moment now)
{
    const auto& known = own_read(row.message.conversation).own;
    if (!known || known->place < conversation::Place{row.hlc_ms, row.message.id}) return;
    if (known->late.size() >= conversation::late_max) return;
    auto read = *known;
    read.late.push_back(row.message.id);
    share(conversation::own_read_name(row.message.conversation, own_device_), conversation::encode(read), now);
    // Its author may have been told that it was read, while it was on its way.
    if (const auto parties = find({{}, row.message.conversation})) tell_read(*parties);
}

void Chats::mark(const conversation::Parties& parties, const conversation::Sender& sender, const MessageId& id,
                 const wire::content::Mark& mark, Moment now)
{
    const auto& conversation = parties.conversation;
    if (const auto* read = std::get_if<wire::content::mark::Read>(&mark.what)) {
        if (sender.user == own_user_) return context_.reject("a read mark of an own device, which registers are for");
        // Where that stands here: a reader's clock that is wrong has it elsewhere.
        const auto read_row = context_.store.message_in(conversation, read->id);
        conversation::Place place{read_row && read_row->hlc_ms != 0
                                      ? read_row->hlc_ms
                                      : std::min(read->hlc_ms, now.wall_ms + conversation::hlc_ahead_ms_max),
                                  read->id};
        // What has not left this device nobody has read, whatever its clock says.
        const auto before = conversation::read_up_to(context_.store, conversation, sender.user);
        const auto from = before.value_or(conversation::Place{});
        if (const auto unsent =
                context_.store.first_unsent(conversation, from.hlc_ms, from.id, place.hlc_ms, place.id)) {
            const auto last = context_.store.history(conversation, 1, unsent->message.id);
            if (last.empty()) return;
            place = {last.front().hlc_ms, last.front().message.id};
        }
        if (!conversation::note_read(context_.store, conversation, sender.user, place, read->late)) return;
        if (const auto whole = read_whole(context_.store, conversation, {sender.user, place, read->late}))
            context_.event(event::ReadUpTo{conversation, parties.with, sender.user, *whole});
        return;
    }
    if (const auto* opened = std::get_if<wire::content::mark::Opened>(&mark.what)) {
        for (const auto& one : opened->ids)
            this->opened(parties, sender.user, one, now);
        return;
    }
    if (const auto* moved = std::get_if<wire::content::mark::Moved>(&mark.what)) {
        if (moved->latitude_e7 < -900'000'000 || moved->latitude_e7 > 900'000'000 ||
            moved->longitude_e7 < -1'800'000'000 || moved->longitude_e7 > 1'800'000'000)
            return context_.reject("a live location that is nowhere on earth");
        const conversation::Spot spot{static_cast<std::int32_t>(moved->latitude_e7),
                                      static_cast<std::int32_t>(moved->longitude_e7), moved->accuracy_m, moved->last};
        auto filed =
            conversation::move(context_.store, conversation, moved->target, sender.user, mark.hlc_ms, id, spot, now);
        if (filed) changed(*std::move(filed), now);
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
    if (!conversation::is_possible(value.hlc_ms, now))
        return context_.reject("a register of a time that nobody lives in");
    const auto about = shared::parse(value.name);
    auto read = about && conversation::is_own_read(about->what) ? conversation::decode_read(value.value) : std::nullopt;
    // Of one register for all devices, as it was once, the last word is not always the furthest.
    if (!context_.store.put_register({value.name, value.hlc_ms, value.value}) && !read) return;
    read_cache_.reset();
    if (about && conversation::cleared_by(about->what)) {
        clears_.reset();
        if (const auto cleared = conversation::decode_cleared(value.value))
            begin_sweep(about->conversation, cleared->up_to.id);
    }
    if (read) return read_elsewhere(about->conversation, std::move(*read), now);
    tells_delivery_.reset();
    if (value.name == shared::account_versions) forget_versions(context_.store);
    if (const auto owed = read_owed_recall(value.name, value.value)) {
        const auto parties = find({{}, owed->conversation});
        auto content = wire::decode_content(owed->content);
        if (!parties || !content) return;
        auto said = conversation::interpret(*std::move(content), {own_user_, own_device_}, *parties, owed->id,
                                            Path::none, {}, now);
        if (said) show({{std::move(said->row), std::move(said->parents)}}, now);
        return;
    }
    if (const auto user = shared::parse_contact(value.name); !user.empty()) {
        context_.touched.contacts.insert(std::string(user));
        if (const auto id = roster_.conversation_with(user)) tell(*id);
        return;
    }
    if (!about) return;
    // A draft where nothing was said yet: the conversation is in the list there, and so it is here.
    if (!conversation::is_own_read(about->what) && !value.value.empty() &&
        !context_.store.conversation(about->conversation))
        if (const auto parties = find({{}, about->conversation}); parties && book_.find(about->conversation) == nullptr)
            context_.store.put_conversation(
                {about->conversation, parties->kind, parties->with, std::min(value.hlc_ms, now.wall_ms)});
    tell(about->conversation);
}

void Chats::read_elsewhere(const ConversationId& conversation, conversation::OwnRead read, Moment now)
{
    if (const auto row = context_.store.message_in(conversation, read.place.id); row && row->hlc_ms != 0)
        read.place.hlc_ms = row->hlc_ms; // As it stands here; of what was gone before it came there is no place.
    const auto parties = find({{}, conversation});
    // What was late there, and read here: they cannot know.
    if (const auto state = own_read(conversation); state.own) {
        auto own = *state.own;
        if (conversation::note_seen(context_.store, conversation, state, own.place, own)) {
            share(conversation::own_read_name(conversation, own_device_), conversation::encode(own), now);
            if (parties) tell_read(*parties);
        }
    }
    if (conversation::note_read(context_.store, conversation, own_user_, read.place))
        context_.event(
            event::ReadUpTo{conversation, parties ? parties->with : std::string(), own_user_, read.place.id});
    tell(conversation);
}

void Chats::reached(const DeviceId& from, BytesView value)
{
    const auto all = shared::read_reached(value);
    if (!all) return context_.reject("how far messages have come, in a form that makes no sense");
    for (const auto& one : *all) {
        const bool is_group = book_.find(one.conversation) != nullptr;
        for (const auto& id : one.messages) {
            const auto row = context_.store.message_in(one.conversation, id);
            if (row && row->message.from.empty()) continue; // Gone before it came.
            const bool many = row ? row->message.with.empty() : is_group;
            if (row && (row->message.from != own_user_ || row->message.from_device != from)) {
                context_.reject("how far a message has come, from a device that did not write it");
                continue;
            }
            // Once it is here, its row says it of two accounts, and of the group as a whole: until then it waits.
            if (!row || (many && one.user != own_user_))
                if (conversation::note_delivery(context_.store, one.conversation, id,
                                                {one.user, one.state, one.path, one.failure}))
                    context_.touched.message(one.conversation, id);
            if (!row || one.state == MessageState::sent) continue;
            if (many && one.user != own_user_ && one.state == MessageState::failed) continue; // For them.
            if (context_.store.set_message_state(one.conversation, id, one.state, one.path, reached_reason,
                                                 one.failure) &&
                row->shown)
                context_.event(event::MessageStateChanged{
                    id, row->message.with, one.state, one.path,
                    one.state == MessageState::failed ? one.failure : std::string(reached_reason), 0,
                    one.conversation});
        }
    }
}

void Chats::reached_before(port::StoredMessage& row)
{
    auto& m = row.message;
    for (const auto& one : conversation::deliveries(context_.store, m.conversation, m.id))
        if (one.state != MessageState::sent &&
            !(m.with.empty() && one.user != own_user_ && one.state == MessageState::failed) &&
            context_.store.set_message_state(m.conversation, m.id, one.state, one.path, reached_reason, one.failure)) {
            m.state = one.state;
            m.failure = one.failure;
            if (one.path == Path::none) continue;
            m.path = one.path;
            m.path_reason = reached_reason;
        }
}

// ---- who writes ----

void Chats::typing(const Person& person, const ConversationId& conversation, bool on, Moment now)
{
    const auto& user = person.stored.user;
    const std::pair key{conversation, user};
    const bool was = typing_.contains(key);
    if (on && !was && typing_.size() >= typing_kept_max) return;
    if (on)
        typing_[key] = now.mono + typing_max;
    else
        typing_.erase(key);
    due_ = earlier(due_, now.mono + typing_max);
    const auto with = conversation == person.conversation ? user : std::string();
    if (was != on) context_.event(event::TypingChanged{conversation, with, user, on});
}

bool Chats::may_tell_typing(const ConversationId& conversation, bool on, Moment now)
{
    const auto known = typing_told_.find(conversation);
    if (known != typing_told_.end() && known->second.first == on && known->second.second > now.mono) return false;
    if (!on && known == typing_told_.end()) return false; // Nobody was told otherwise.
    if (typing_told_.size() >= typing_kept_max) typing_told_.clear();
    typing_told_[conversation] = {on, now.mono + typing_told_every};
    return true;
}

// ---- groups, and what was said before ----

void Chats::note(std::vector<GroupBook::Happened> happened, Moment now)
{
    for (const auto& one : happened) {
        const auto parties = find({{}, one.conversation});
        if (!parties) continue;
        const auto id = note_id(one);
        if (!conversation::note_group(context_.store, *parties, id, one.note, now)) continue;
        context_.touched.message(one.conversation, id);
        if (auto row = context_.store.message_in(one.conversation, id); row && is_cleared(*row, Comes::now, now))
            leave(*std::move(row), now); // On another device it had happened before.
    }
}

void Chats::unnote(const std::vector<GroupBook::Span>& taken_back, Moment now)
{
    for (const auto& span : taken_back) {
        const auto first = span.last - std::min(span.last - span.first, epochs_unnoted_max - 1);
        for (auto& row : context_.store.history(span.conversation, notes_looked_at, std::nullopt)) {
            if (!row.quiet) continue;
            const auto extra = wire::decode_extra(row.extra);
            const auto body = extra ? wire::decode_body(extra->body) : Result<content::Body>(extra.error());
            const auto* note = body ? std::get_if<content::GroupNote>(&*body) : nullptr;
            if (note == nullptr || book_.is_so(span.conversation, *note)) continue;
            // The id says which change it is of.
            for (auto epoch = first; epoch <= span.last; ++epoch)
                if (note_id({span.conversation, span.incarnation, epoch, *note}) == row.message.id) {
                    changed(conversation::withdraw(context_.store, std::move(row)), now);
                    break;
                }
        }
    }
}

Result<std::vector<MessageVersion>> Chats::versions(const MessageId& id) const
{
    const auto row = context_.store.message(id);
    if (!row || !row->shown) return Error{ErrorCode::invalid_argument, "message: there is no such message", 0};
    return conversation::versions(context_.store, *row);
}

std::int64_t Chats::recall_window_ms() const
{
    const auto known = context_.store.register_named(shared::account_recall);
    const auto seconds = known ? shared::read_number(known->value) : std::nullopt;
    if (!seconds) return context_.config.recall_window_ms;
    return *seconds <= 0 ? -1 : std::min(*seconds, std::int64_t{request::recall_seconds_max}) * 1000;
}

void Chats::set_recall_window(std::uint32_t seconds, Moment now)
{
    share(std::string(shared::account_recall), shared::number(seconds), now);
}

void Chats::keep_versions(std::uint32_t kept, Moment now)
{
    share(std::string(shared::account_versions), shared::number(kept), now);
    forget_versions(context_.store);
}

} // namespace godwit::engine
