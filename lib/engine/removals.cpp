// SPDX-License-Identifier: Apache-2.0
// Of chats.hpp, what leaves the history. It was taken back or has lived its time: then it is nowhere any more, and what
// is on its way goes without its words. Or the user has removed it: then it leaves this account's history alone
// (docs/adr/0071-removed-here.md), and what is on its way goes on.
//
//   remove ── row emptied ── told (MessageChanged) ── a name for each own device ("struck/…", announcer.hpp)
//   clear  ── read ── register "conversation/<id>/cleared/<device>" ──┬── sweep, a slice in each tick ── told
//                       own devices: the register came ───────────────┘   (ConversationCleared)
//   what comes or is merged later ── is it cleared? ── emptied at once, and not told
//
// Sweeps that go on are in the store: "sweeps", conversation (16) ‖ up_to (16) ‖ at (16) each.
#include "lib/conversation/shared.hpp"
#include "lib/engine/state.hpp"

#include <algorithm>
#include <limits>

namespace godwit::engine {

namespace shared = conversation::shared;

namespace {

constexpr std::string_view sweeps_value = "sweeps";
constexpr std::size_t sweep_bytes = ConversationId::size_bytes + 2 * MessageId::size_bytes;

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// Of an envelope that is still to leave only its place stays, between what it answers to and what answers to it: who
/// gets that must wait for the same as ever.
void leave_place(port::Store& store, delivery::Outbox& outbox, const MessageId& id, const port::StoredMessage& row)
{
    const auto envelope = store.envelope(id);
    if (!envelope) return;
    auto place = conversation::tombstone(row);
    if (auto content = wire::decode_content(envelope->content))
        if (auto* post = std::get_if<wire::content::Post>(&*content)) place.parents = std::move(post->parents);
    outbox.empty_content(store, id, wire::encode(wire::content::Any(std::move(place))));
}

void empty_edit(port::Store& store, delivery::Outbox& outbox, const MessageId& id)
{
    const auto envelope = store.envelope(id);
    if (!envelope) return;
    auto content = wire::decode_content(envelope->content);
    auto* const post = content ? std::get_if<wire::content::Post>(&*content) : nullptr;
    if (post == nullptr) return;
    outbox.empty_content(store, id,
                         wire::encode(wire::content::Any(conversation::nothing_instead(std::move(*post), id))));
}

} // namespace

// ---- it is gone, for whatever reason ------------------------------------------------------------

void Chats::changed(conversation::Changed what, Moment now)
{
    using What = conversation::Changed::What;
    if (what.what == What::removed) {
        left(what, now);
    } else if (what.what == What::recalled || what.what == What::expired) {
        files_.withdrawn(what.row.message.conversation, what.row.message.id);
        // Nothing of it is left to be told as news.
        if (!what.row.notified) context_.store.mark_notified(what.row.message.conversation, what.row.message.id);
        // What is still on its way goes without its words.
        leave_place(context_.store, outbox_, what.row.message.id, what.row);
        for (const auto& edit : what.edits)
            empty_edit(context_.store, outbox_, edit);
        unquoted(what.row.message.conversation, what.quotes);
    }
    if (!what.told) return;
    context_.event(event::MessageChanged{what.what, conversation::present(context_.store, what.row)});
}

/// What they quoted is gone: from what is on its way, too.
void Chats::unquoted(const ConversationId& conversation, const std::vector<MessageId>& by)
{
    for (const auto& id : by) {
        context_.touched.message(conversation, id);
        if (const auto envelope = context_.store.envelope(id))
            outbox_.empty_content(context_.store, id, conversation::without_quote(envelope->content));
    }
}

void Chats::look_at_expiry(Moment now)
{
    const auto next = context_.store.next_expiry();
    expires_ms_ = next.value_or(std::numeric_limits<WallMs>::max());
    if (next) due_by(*next, now);
}

void Chats::hide_over(Moment now)
{
    if (running_ && expires_ms_ <= now.wall_ms) context_.store.hide_over(now.wall_ms);
}

/// What is left is due at once, in the next tick.
void Chats::expire(Moment now)
{
    if (expires_ms_ > now.wall_ms) return;
    hide_over(now);
    for (auto& one : conversation::expire(context_.store, now, expired_at_once))
        changed(std::move(one), now);
    look_at_expiry(now);
}

// ---- the user has removed it --------------------------------------------------------------------

Result<void> Chats::remove(const std::vector<MessageId>& messages, Moment now)
{
    std::optional<ConversationId> conversation;
    std::vector<port::StoredMessage> rows;
    for (const auto& id : messages) {
        const auto parties = of_message(id);
        if (!parties) return parties.error();
        if (conversation.value_or(parties->conversation) != parties->conversation)
            return invalid("messages: not all of one conversation");
        conversation = parties->conversation;
        auto row = context_.store.message_in(*conversation, id);
        if (!row) return invalid("message: there is no such message");
        if (!row->shown) continue; // It is gone, or nobody sees it.
        if (conversation::is_moving(context_.store, *row, now))
            return invalid("messages: an own live location that moves: end it first");
        if (std::none_of(rows.begin(), rows.end(), [&](const auto& one) { return one.message.id == id; }))
            rows.push_back(*std::move(row));
    }
    if (rows.empty()) return {};
    std::vector<MessageId> ids;
    for (const auto& row : rows)
        ids.push_back(row.message.id);
    announcer_.removed(*conversation, ids, false);
    for (const auto& row : rows) {
        // As it stands by now: what went before may have been quoted in it.
        if (auto stands = context_.store.message_in(*conversation, row.message.id))
            changed(conversation::remove(context_.store, *std::move(stands)), now);
    }
    return {};
}

void Chats::removed(BytesView value, Moment now)
{
    const auto all = shared::read_removed(value);
    if (!all) return context_.reject("what was removed, in a form that makes no sense");
    for (const auto& one : *all) {
        announcer_.removed(one.conversation, one.messages, true);
        for (const auto& id : one.messages) {
            auto row = context_.store.message_in(one.conversation, id);
            if (!row)
                conversation::remove_ahead(context_.store, one.conversation, id);
            else if (row->shown)
                changed(conversation::remove(context_.store, *std::move(row)), now);
        }
    }
}

void Chats::leave(port::StoredMessage row, Moment now)
{
    left(conversation::remove(context_.store, std::move(row)), now);
}

void Chats::left(const conversation::Changed& what, Moment now)
{
    const auto& m = what.row.message;
    files_.removed(m.conversation, m.id, m.with != own_user_, now);
    if (!what.row.notified) context_.store.mark_notified(m.conversation, m.id);
    context_.touched.message(m.conversation, m.id);
    for (const auto& id : what.quotes)
        context_.touched.message(m.conversation, id);
}

// ---- or all of a conversation -------------------------------------------------------------------

void Chats::clear(const conversation::Parties& parties, Moment now)
{
    const auto& id = parties.conversation;
    const auto cleared = conversation::clear(context_.store, parties, now);
    if (!cleared) return;
    read(parties, cleared->up_to, now);
    share(conversation::cleared_name(id, own_device_), conversation::encode(*cleared), now);
    clears_.reset();
    begin_sweep(id, cleared->up_to.id);
}

bool Chats::is_cleared(const port::StoredMessage& row, Comes comes, Moment now)
{
    using Says = conversation::Clears::Says;
    const auto& id = row.message.conversation;
    if (!clears_ || clears_->conversation() != id) clears_.emplace(context_.store, id);
    const auto says = clears_->of(row, own_device_);
    if (says == Says::nothing || says == Says::named) return says == Says::named;
    if (conversation::is_moving(context_.store, row, now)) return false;
    if (comes == Comes::now && says == Says::before_here) return false;
    if (row.message.state != MessageState::received) return true;
    const auto& read = own_read(id);
    const bool is_read_here = read.own && conversation::Place{row.hlc_ms, row.message.id} <= read.own->place;
    // What comes only now and stands before what was read here is late: nobody has read it, as far as anybody has said.
    if (comes == Comes::now && (is_read_here || says == Says::read_here)) return false;
    if (says == Says::read_here && !is_read_here) return false;
    return std::find(read.late.begin(), read.late.end(), row.message.id) == read.late.end();
}

void Chats::begin_sweep(const ConversationId& conversation, const MessageId& up_to)
{
    std::erase_if(sweeps_, [&](const auto& one) { return one.conversation == conversation; });
    sweeps_.push_back({conversation, up_to, {}});
    save_sweeps();
}

void Chats::sweep(Moment now)
{
    if (!running_ || sweeps_.empty()) return;
    auto& one = sweeps_.front();
    const auto conversation = one.conversation;
    auto rows =
        context_.store.history(conversation, swept_at_once, one.at.is_zero() ? std::nullopt : std::optional(one.at));
    const bool more = rows.size() == swept_at_once && !context_.store.failed();
    if (more) one.at = rows.front().message.id;
    for (auto row = rows.rbegin(); row != rows.rend(); ++row)
        if (is_cleared(*row, Comes::stands, now)) {
            // As it stands by now: a later one that has gone may have been quoted in it.
            if (auto stands = context_.store.message_in(conversation, row->message.id)) leave(*std::move(stands), now);
        }
    context_.touched.conversations.insert(conversation);
    if (!more) {
        const auto parties = find({{}, conversation});
        context_.event(event::ConversationCleared{conversation, parties ? parties->with : std::string(), one.up_to});
        sweeps_.erase(sweeps_.begin());
    }
    save_sweeps();
}

void Chats::load_sweeps()
{
    sweeps_.clear();
    const auto value = context_.store.value(sweeps_value).value_or(Bytes());
    for (BytesView rest(value); rest.size() >= sweep_bytes; rest = rest.subspan(sweep_bytes)) {
        const auto ids = rest.subspan(ConversationId::size_bytes);
        sweeps_.push_back({*ConversationId::from(rest.first(ConversationId::size_bytes)),
                           *MessageId::from(ids.first(MessageId::size_bytes)),
                           *MessageId::from(ids.subspan(MessageId::size_bytes, MessageId::size_bytes))});
    }
}

void Chats::save_sweeps()
{
    Bytes value;
    for (const auto& one : sweeps_) {
        append(value, one.conversation.view());
        append(value, one.up_to.view());
        append(value, one.at.view());
    }
    if (value.empty())
        context_.store.remove_value(sweeps_value);
    else
        context_.store.put_value(sweeps_value, value);
}

// ---- what the application asks ------------------------------------------------------------------

void Engine::State::on(RequestId id, const request::RemoveMessages& what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (what.messages.empty() || what.messages.size() > request::removed_max)
        return context.refuse(id, invalid("messages: 1 to " + std::to_string(request::removed_max)));
    if (auto done = chats.remove(what.messages, now); !done) return context.refuse(id, done.error());
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::ClearConversation& what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    const auto parties = chats.find(what.where);
    if (!parties) return context.refuse(id, parties.error());
    chats.clear(*parties, now);
    context.reply_ok(id);
}

} // namespace godwit::engine
