// SPDX-License-Identifier: Apache-2.0
// Messages to come: kept as registers of this device alone, "scheduled/<id>": the conversation, then the post as it
// will be, with its time in the place of its clock and its key in that of its recipient.
#include "lib/engine/chats.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

constexpr std::string_view prefix = "scheduled/";
constexpr std::uint32_t scheduled_max = 1000;
/// What cannot be sent now may be in a minute.
constexpr std::int64_t again_ms = 60'000;

struct Waiting {
    MessageId id;
    ConversationId conversation;
    wire::content::Post post;
};

std::string name_of(const MessageId& id)
{
    return std::string(prefix) + to_hex(id.view());
}

std::vector<Waiting> all_waiting(port::Store& store)
{
    std::vector<Waiting> out;
    for (const auto& one : store.registers(prefix, "", 2 * scheduled_max)) {
        if (one.value.size() < ConversationId::size_bytes) continue; // Sent, or withdrawn.
        const auto raw = from_hex(std::string_view(one.name).substr(prefix.size()));
        const auto id = raw ? MessageId::from(*raw) : std::nullopt;
        const BytesView value(one.value);
        auto content = wire::decode_content(value.subspan(ConversationId::size_bytes));
        auto* post = content ? std::get_if<wire::content::Post>(&*content) : nullptr;
        if (!id || post == nullptr) continue;
        out.push_back({*id, *ConversationId::from(value.first(ConversationId::size_bytes)), std::move(*post)});
    }
    std::sort(out.begin(), out.end(), [](const Waiting& a, const Waiting& b) {
        return a.post.sent_ms != b.post.sent_ms ? a.post.sent_ms < b.post.sent_ms : a.id < b.id;
    });
    return out;
}

void keep(port::Store& store, const MessageId& id, std::int64_t version, Bytes value)
{
    const auto known = store.register_named(name_of(id));
    static_cast<void>(store.put_register({name_of(id), known ? known->hlc_ms + 1 : version, std::move(value)}));
}

} // namespace

MessageId Chats::schedule(const conversation::Parties& parties, conversation::Draft draft, std::int64_t at_ms,
                          Moment now)
{
    wire::content::Post post;
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
    keep(context_.store, id, now.wall_ms, std::move(value));
    due_by(at_ms, now);
    return id;
}

std::vector<ScheduledMessage> Chats::scheduled() const
{
    std::vector<ScheduledMessage> out;
    for (auto& one : all_waiting(context_.store)) {
        ScheduledMessage message;
        message.id = one.id;
        message.conversation = one.conversation;
        if (const auto parties = find({{}, one.conversation})) message.with = parties->with;
        message.at_ms = one.post.sent_ms;
        message.text = std::move(one.post.text);
        if (auto body = wire::decode_body(one.post.extra.body)) message.body = std::move(*body);
        out.push_back(std::move(message));
    }
    return out;
}

bool Chats::can_schedule() const
{
    return all_waiting(context_.store).size() < scheduled_max;
}

bool Chats::unschedule(const MessageId& message, Moment now)
{
    const auto known = context_.store.register_named(name_of(message));
    if (!known || known->value.empty()) return false;
    keep(context_.store, message, now.wall_ms, {});
    return true;
}

void Chats::send_scheduled(Moment now)
{
    for (auto& one : all_waiting(context_.store)) {
        if (one.post.sent_ms > now.wall_ms) return due_by(one.post.sent_ms, now);
        const auto parties = find({{}, one.conversation});
        const auto recipients = parties ? reach(*parties) : Result<std::vector<delivery::Recipient>>(parties.error());
        if (!recipients && is_temporary(recipients.error().code)) {
            due_by(now.wall_ms + again_ms, now);
            continue;
        }
        keep(context_.store, one.id, now.wall_ms, {});
        auto body = wire::decode_body(one.post.extra.body);
        if (!recipients || !body) {
            const auto why = recipients ? body.error().code : recipients.error().code;
            context_.event(event::MessageStateChanged{one.id, parties ? parties->with : std::string(),
                                                      MessageState::failed, Path::none, std::string(error_name(why)),
                                                      0});
            continue;
        }
        conversation::Draft draft{std::move(one.post.text), std::move(*body), {}, {}, false, {}};
        if (!one.post.extra.reply.empty()) draft.reply = std::move(one.post.extra.reply.front());
        if (one.post.hlc_ms != 0) draft.lifetime = one.post.extra.lifetime;
        static_cast<void>(say(*parties, std::move(draft), *recipients, now, one.id));
    }
}

} // namespace godwit::engine
