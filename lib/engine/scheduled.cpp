// SPDX-License-Identifier: Apache-2.0
// Messages to come, of this device alone: a named value "scheduled/<id>" each, which is the conversation and then the
// post as it will be, with its time in the place of its clock; and "scheduled", the list of them by time:
//
//   entry = time (8, big-endian, ms) ‖ id (16)
//
// What is due is looked up in the list; what was sent or withdrawn leaves nothing behind.
#include "lib/conversation/shared.hpp"
#include "lib/engine/chats.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

constexpr std::string_view list_name = "scheduled";
constexpr std::string_view prefix = "scheduled/";
constexpr std::size_t scheduled_max = 1000;
constexpr std::size_t entry_bytes = 8 + MessageId::size_bytes;
/// Of what can be encoded (docs/protocol.md).
constexpr std::int64_t sent_ms_max = std::int64_t{1} << 53;
/// What cannot be sent now may be in a minute.
constexpr std::int64_t again_ms = 60'000;

struct Entry {
    std::int64_t at_ms = 0;
    MessageId id;
    friend auto operator<=>(const Entry&, const Entry&) = default;
};

struct Waiting {
    ConversationId conversation;
    wire::content::Post post;
};

std::string name_of(const MessageId& id)
{
    return std::string(prefix) + to_hex(id.view());
}

/// The earliest first.
std::vector<Entry> read_list(port::Store& store)
{
    std::vector<Entry> out;
    const auto value = store.value(list_name);
    for (BytesView rest = value ? BytesView(*value) : BytesView(); rest.size() >= entry_bytes;
         rest = rest.subspan(entry_bytes))
        out.push_back({conversation::shared::read_number(rest.first(8)).value_or(0),
                       *MessageId::from(rest.subspan(8, MessageId::size_bytes))});
    return out;
}

void write_list(port::Store& store, const std::vector<Entry>& entries)
{
    Bytes value;
    for (const auto& one : entries) {
        append(value, conversation::shared::number(one.at_ms));
        append(value, one.id.view());
    }
    if (value.empty())
        store.remove_value(list_name);
    else
        store.put_value(list_name, value);
}

void keep(port::Store& store, const Entry& entry, BytesView value)
{
    auto entries = read_list(store);
    entries.insert(std::upper_bound(entries.begin(), entries.end(), entry), entry);
    write_list(store, entries);
    store.put_value(name_of(entry.id), value);
}

/// `unsaid`: nobody will ever have it, so its words leave no trace either. False: it is not there.
bool forget(port::Store& store, const MessageId& id, bool unsaid)
{
    auto entries = read_list(store);
    const auto gone = std::erase_if(entries, [&](const Entry& one) { return one.id == id; });
    if (gone == 0) return false;
    write_list(store, entries);
    if (unsaid)
        store.wipe_value(name_of(id));
    else
        store.remove_value(name_of(id));
    return true;
}

std::optional<Waiting> waiting(port::Store& store, const MessageId& id)
{
    const auto value = store.value(name_of(id));
    if (!value || value->size() < ConversationId::size_bytes) return std::nullopt;
    const BytesView bytes(*value);
    auto content = wire::decode_content(bytes.subspan(ConversationId::size_bytes));
    auto* const post = content ? std::get_if<wire::content::Post>(&*content) : nullptr;
    if (post == nullptr) return std::nullopt;
    return Waiting{*ConversationId::from(bytes.first(ConversationId::size_bytes)), std::move(*post)};
}

} // namespace

/// From where they were kept before. What never comes, because no message can be of that time, goes.
void Chats::take_over_scheduled()
{
    for (const auto& one : read_list(context_.store))
        if (one.at_ms > sent_ms_max) static_cast<void>(forget(context_.store, one.id, true));
    std::string after;
    for (;;) {
        const auto page = context_.store.registers(prefix, after, scheduled_max);
        for (const auto& one : page) {
            after = one.name;
            const auto raw = from_hex(std::string_view(one.name).substr(prefix.size()));
            const auto id = raw ? MessageId::from(*raw) : std::nullopt;
            if (!id || one.value.size() <= ConversationId::size_bytes) continue;
            auto content = wire::decode_content(BytesView(one.value).subspan(ConversationId::size_bytes));
            if (const auto* const post = content ? std::get_if<wire::content::Post>(&*content) : nullptr) {
                if (!can_schedule()) return; // The others at another start, when there is room.
                keep(context_.store, {post->sent_ms, *id}, one.value);
            }
            static_cast<void>(context_.store.put_register({one.name, one.hlc_ms + 1, {}}));
        }
        if (page.size() < scheduled_max) return;
    }
}

MessageId Chats::schedule(const conversation::Parties& parties, conversation::Draft draft, std::int64_t at_ms,
                          Moment now)
{
    wire::content::Post post;
    post.to = parties.with;
    post.sent_ms = at_ms;
    post.text = std::move(draft.text);
    post.extra.body = wire::encode(draft.body);
    if (draft.reply) post.extra.reply.push_back(std::move(*draft.reply));
    const bool own_lifetime = draft.lifetime.has_value();
    if (own_lifetime) post.extra.lifetime = *draft.lifetime;
    post.hlc_ms = own_lifetime ? 1 : 0;
    const auto id = new_id();
    auto value = to_bytes(parties.conversation.view());
    append(value, wire::encode(wire::content::Any(std::move(post))));
    keep(context_.store, {at_ms, id}, value);
    due_by(at_ms, now);
    return id;
}

std::vector<ScheduledMessage> Chats::scheduled() const
{
    std::vector<ScheduledMessage> out;
    for (const auto& entry : read_list(context_.store)) {
        auto one = waiting(context_.store, entry.id);
        if (!one) continue;
        ScheduledMessage message;
        message.id = entry.id;
        message.conversation = one->conversation;
        if (const auto parties = find({{}, one->conversation})) message.with = parties->with;
        message.at_ms = entry.at_ms;
        message.text = std::move(one->post.text);
        if (auto body = wire::decode_body(one->post.extra.body)) message.body = std::move(*body);
        out.push_back(std::move(message));
    }
    return out;
}

bool Chats::can_schedule() const
{
    return read_list(context_.store).size() < scheduled_max;
}

bool Chats::unschedule(const MessageId& message)
{
    return forget(context_.store, message, true);
}

void Chats::send_scheduled(Moment now)
{
    for (const auto& entry : read_list(context_.store)) {
        if (entry.at_ms > now.wall_ms) return due_by(entry.at_ms, now);
        auto one = waiting(context_.store, entry.id);
        auto parties = one ? find({{}, one->conversation})
                           : Result<conversation::Parties>(Error{ErrorCode::storage_corrupt, {}, 0});
        auto recipients = parties ? reach(*parties) : Result<std::vector<delivery::Recipient>>(parties.error());
        if (!recipients && is_temporary(recipients.error().code)) {
            due_by(now.wall_ms + again_ms, now);
            continue;
        }
        static_cast<void>(forget(context_.store, entry.id, false));
        if (!parties && one && !one->post.to.empty()) { // Nobody one talks to any more: their name is known still.
            conversation::Parties former;
            former.conversation = one->conversation;
            former.with = one->post.to;
            former.own_user = own_user_;
            former.own_device = own_device_;
            parties = former;
            recipients = Error{ErrorCode::not_a_contact, {}, 0};
        }
        auto body = one ? wire::decode_body(one->post.extra.body) : Result<content::Body>(parties.error());
        if (!parties || !body) {
            context_.event(
                event::MessageStateChanged{entry.id,
                                           {},
                                           MessageState::failed,
                                           Path::none,
                                           std::string(error_name(parties ? body.error().code : parties.error().code)),
                                           0,
                                           parties ? parties->conversation : ConversationId{}});
            continue;
        }
        conversation::Draft draft{std::move(one->post.text), std::move(*body), {}, {}, false, {}};
        if (!one->post.extra.reply.empty()) draft.reply = std::move(one->post.extra.reply.front());
        if (one->post.hlc_ms != 0) draft.lifetime = one->post.extra.lifetime;
        // What was allowed when it was written need not be now: who was muted, what is over, a file that is gone.
        auto may = recipients ? may_say(*parties, draft.body, now) : Result<void>(recipients.error());
        if (may) may = files_.may_refer(draft.body);
        if (may)
            static_cast<void>(say(*parties, std::move(draft), *recipients, now, entry.id));
        else
            fail(*parties, std::move(draft), entry.id, may.error().code, now);
    }
}

/// It could not be said: what it would have said stands in the history, as failed.
void Chats::fail(const conversation::Parties& parties, conversation::Draft draft, const MessageId& id, ErrorCode why,
                 Moment now)
{
    auto composed = conversation::compose(context_.store, parties, id, std::move(draft), now);
    composed.row.message.state = MessageState::failed;
    composed.row.message.failure = error_name(why);
    static_cast<void>(conversation::take(context_.store, composed.row, composed.content.parents, now));
    active(composed.row, parties.kind);
    if (composed.row.message.expires_ms > 0) look_at_expiry(now); // It goes by its time all the same.
    context_.event(event::MessageStateChanged{id, parties.with, MessageState::failed, Path::none,
                                              std::string(error_name(why)), 0, parties.conversation});
}

} // namespace godwit::engine
