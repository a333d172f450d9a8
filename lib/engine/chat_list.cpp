// SPDX-License-Identifier: Apache-2.0
// The list of conversations, and what the account's devices share about them and about contacts.
#include "lib/engine/chats.hpp"

#include "lib/conversation/shared.hpp"
#include "lib/engine/read_places.hpp"

#include <algorithm>

namespace godwit::engine {

namespace shared = conversation::shared;

namespace {

/// A conversation in which nothing stands was hidden.
constexpr std::int64_t hidden_empty = 1;

} // namespace

void Chats::tell(const ConversationId& conversation)
{
    if (const auto stored = context_.store.conversation(conversation))
        context_.event(event::ConversationChanged{describe(*stored)});
}

bool Chats::receipts_on(const ConversationId& conversation) const
{
    for (const auto& name : {shared::name_of(conversation, shared::receipts), std::string(shared::account_receipts)})
        if (const auto known = context_.store.register_named(name))
            if (const auto on = shared::read_number(known->value)) return *on != 0;
    return true;
}

Conversation Chats::describe(const port::StoredConversation& stored)
{
    auto& store = context_.store;
    const auto value = [&](std::string_view what) {
        const auto known = store.register_named(shared::name_of(stored.id, what));
        return known ? known->value : Bytes();
    };
    const auto number = [&](std::string_view what) { return shared::read_number(value(what)).value_or(0); };
    Conversation out;
    out.id = stored.id;
    out.kind = stored.kind;
    out.with = stored.with;
    const auto remark = store.register_named(shared::name_of(stored.with, shared::remark));
    out.title = remark && !remark->value.empty() ? std::string(as_text(remark->value)) : stored.with;
    if (const auto* group = book_.find(stored.id)) {
        const auto* own = group->own(roster_.self().stored.account_key);
        out.title = group->profile.name;
        out.kind = group->kind;
        out.own_role = own == nullptr ? Role::none : own->role;
        out.members = static_cast<std::uint32_t>(group->size());
    } else if (stored.kind != ConversationKind::direct && stored.kind != ConversationKind::self) {
        out.own_role = Role::none; // A history alone: this account was in it once.
    }
    out.activity_ms = stored.activity_ms;
    if (auto last = store.newest(stored.id)) {
        // What happened to a group brings it back no more than it counts as unread.
        const auto newest_ms = last->quiet ? std::min(last->hlc_ms, stored.activity_ms) : last->hlc_ms;
        out.hidden = number(shared::hidden) >= newest_ms;
        out.last = conversation::present(store, std::move(*last));
    } else {
        // Hidden while nothing stood in it, or up to what has gone since; not by what has brought it back meanwhile.
        const auto hidden = number(shared::hidden);
        out.hidden = hidden == hidden_empty || (hidden != 0 && hidden >= stored.activity_ms);
    }
    const auto own = conversation::read_up_to(store, stored.id, own_user_).value_or(conversation::Place{});
    out.unread = store.count_received_after(stored.id, own.hlc_ms, own.id, unread_max);
    for (const auto& late : own_read(stored.id).late) {
        if (out.unread >= unread_max) break;
        const auto row = store.message_in(stored.id, late);
        if (row && row->shown && row->message.recalled_ms == 0 && !row->quiet &&
            conversation::Place{row->hlc_ms, late} <= own)
            ++out.unread;
    }
    out.muted_until_ms = number(shared::muted);
    out.pinned = number(shared::pinned) != 0;
    out.archived = number(shared::archived) != 0;
    out.receipts = receipts_on(stored.id);
    out.draft = std::string(as_text(value(shared::draft)));
    out.timer = conversation::timer_of(store, stored.id);
    for (auto& one : conversation::readers(store, stored.id))
        if (one.user != own_user_)
            if (const auto up_to = read_whole(store, stored.id, one))
                out.read_by.push_back({std::move(one.user), *up_to});
    return out;
}

const conversation::ReadState& Chats::own_read(const ConversationId& conversation)
{
    if (!read_cache_ || read_cache_->conversation != conversation)
        read_cache_ = ReadCache{conversation, conversation::read_state(context_.store, conversation, own_device_)};
    return read_cache_->read;
}

std::vector<Conversation> Chats::list(bool hidden)
{
    std::vector<Conversation> out;
    for (const auto& stored : context_.store.conversations()) {
        auto one = describe(stored);
        if (!one.hidden || hidden) out.push_back(std::move(one));
    }
    std::sort(out.begin(), out.end(), comes_before);
    return out;
}

bool Chats::comes_before(const Conversation& a, const Conversation& b)
{
    if (a.pinned != b.pinned) return a.pinned;
    return a.activity_ms != b.activity_ms ? a.activity_ms > b.activity_ms : a.id < b.id;
}

void Chats::name(Contact& contact) const
{
    if (const auto remark = context_.store.register_named(shared::name_of(contact.user, shared::remark)))
        contact.remark = std::string(as_text(remark->value));
    if (const auto labels = context_.store.register_named(shared::name_of(contact.user, shared::labels)))
        contact.labels = shared::read_texts(labels->value);
}

void Chats::set(const std::string& user, const request::SetContact& what, Moment now)
{
    if (what.remark) share(shared::name_of(user, shared::remark), to_bytes(as_bytes(*what.remark)), now);
    if (what.labels) share(shared::name_of(user, shared::labels), shared::texts(*what.labels), now);
    context_.touched.contacts.insert(user);
    if (const auto id = roster_.conversation_with(user)) tell(*id);
}

void Chats::trust(const Person& person, Moment now)
{
    const auto& stored = person.stored;
    share(shared::name_of(stored.user, shared::key), shared::trust({stored.account_key, stored.verified}), now);
    context_.touched.contacts.insert(stored.user);
}

void Chats::read(const conversation::Parties& parties, const conversation::Place& place, Moment now)
{
    const auto& id = parties.conversation;
    const bool further = conversation::note_read(context_.store, id, own_user_, place);
    const auto state = own_read(id);
    auto read = state.own.value_or(conversation::OwnRead{{}, own_device_, {}, {}});
    // Late ones up to there are read by it, whether or not it is further than before.
    const auto late = std::erase_if(read.late, [&](const MessageId& one) {
        const auto row = context_.store.message_in(id, one);
        return !row || conversation::Place{row->hlc_ms, one} <= place;
    });
    const bool seen = conversation::note_seen(context_.store, id, state, place, read);
    if (!further && late == 0 && !seen) return;
    read.place = std::max(read.place, place);
    const bool self = parties.kind == ConversationKind::self;
    const auto burning = conversation::begin_burning(context_.store, id, !self, place, now);
    if (!burning.empty()) look_at_expiry(now);
    say_opened(parties, burning);
    share(conversation::own_read_name(id, own_device_), conversation::encode(read), now);
    tell_read(parties);
    tell(id);
}

void Chats::set(const conversation::Parties& parties, const request::SetConversation& what, Moment now)
{
    const auto& id = parties.conversation;
    const auto put = [&](std::string_view name, std::int64_t value) {
        share(shared::name_of(id, name), value == 0 ? Bytes() : shared::number(value), now);
    };
    if (what.muted_until_ms) put(shared::muted, *what.muted_until_ms);
    if (what.pinned) put(shared::pinned, *what.pinned ? 1 : 0);
    if (what.archived) put(shared::archived, *what.archived ? 1 : 0);
    // Hidden up to here: what comes later brings it back.
    if (what.hidden) {
        const auto last = context_.store.newest(id);
        const auto stored = context_.store.conversation(id);
        // A note of what happened to a group is by this device's clock, what is said next perhaps by one behind it.
        const auto newest_ms = last && last->quiet && stored ? std::min(last->hlc_ms, stored->activity_ms)
                               : last                        ? last->hlc_ms
                                                             : 0;
        put(shared::hidden, *what.hidden ? std::max(newest_ms, hidden_empty) : 0);
    }
    if (what.receipts) share(shared::name_of(id, shared::receipts), shared::number(*what.receipts ? 1 : 0), now);
    if (what.draft) share(shared::name_of(id, shared::draft), to_bytes(as_bytes(*what.draft)), now);
    if (!context_.store.conversation(id))
        context_.store.put_conversation({id, parties.kind, parties.with, now.wall_ms});
    tell(id);
}

void Chats::set_receipts(bool on, Moment now)
{
    share(std::string(shared::account_receipts), shared::number(on ? 1 : 0), now);
    settings_came();
}

void Chats::set_delivery_receipts(bool on, Moment now)
{
    share(std::string(shared::account_delivery), shared::number(on ? 1 : 0), now);
    tells_delivery_ = on;
}

bool Chats::tells_delivery()
{
    if (!tells_delivery_) {
        const auto known = context_.store.register_named(shared::account_delivery);
        tells_delivery_ = !known || shared::read_number(known->value).value_or(1) != 0;
    }
    return *tells_delivery_;
}

} // namespace godwit::engine
