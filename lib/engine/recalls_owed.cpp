// SPDX-License-Identifier: Apache-2.0
// Of chats.hpp, recalls that are owed.
#include "lib/engine/recalls_owed.hpp"

#include "lib/engine/chats.hpp"
#include "lib/engine/said_at.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

constexpr std::string_view prefix = "recall/";
constexpr std::uint32_t registers_page = 64;

/// "recall/<32 hexadecimal digits>".
std::string name_of(const MessageId& id)
{
    return std::string(prefix) + to_hex(id.view());
}

/// conversation (16) ‖ content.
Bytes value_of(const ConversationId& conversation, BytesView content)
{
    Bytes out;
    out.reserve(ConversationId::size_bytes + content.size());
    append(out, conversation.view());
    append(out, content);
    return out;
}

std::vector<OwedRecall> all_owed(port::Store& store)
{
    std::vector<OwedRecall> out;
    std::string after;
    for (;;) {
        const auto page = store.registers(prefix, after, registers_page);
        for (const auto& one : page)
            if (auto owed = read_owed_recall(one.name, one.value)) out.push_back(*std::move(owed));
        if (page.size() < registers_page) return out;
        after = page.back().name;
    }
}

} // namespace

std::optional<OwedRecall> read_owed_recall(std::string_view name, BytesView value)
{
    if (!name.starts_with(prefix) || value.size() <= ConversationId::size_bytes) return std::nullopt;
    const auto bytes = from_hex(name.substr(prefix.size()));
    const auto id = bytes ? MessageId::from(*bytes) : std::nullopt;
    if (!id) return std::nullopt;
    return OwedRecall{*ConversationId::from(value.first(ConversationId::size_bytes)), *id,
                      to_bytes(value.subspan(ConversationId::size_bytes))};
}

bool Chats::owe(const MessageId& recall, const ConversationId& conversation, BytesView content, Moment now)
{
    const auto known = context_.store.register_named(name_of(recall));
    if (known && !known->value.empty()) return true; // To another device of theirs.
    if (all_owed(context_.store).size() >= recalls_owed_max) return false;
    share(name_of(recall), value_of(conversation, content), now);
    return true;
}

Result<MessageId> Chats::owe(const conversation::Parties& parties, conversation::Draft recall, Moment now)
{
    const auto id = said_at(new_id(), now);
    auto composed = conversation::compose(context_.store, parties, id, std::move(recall), now);
    const auto parents = composed.content.parents;
    if (!owe(id, parties.conversation, wire::encode(wire::content::Any(std::move(composed.content))), now))
        return Error{ErrorCode::quota_exceeded, "too many recalls wait for contacts that are none now", 0};
    auto filed = conversation::take(context_.store, composed.row, parents, now);
    if (filed.changed) changed(std::move(*filed.changed), now);
    context_.event(event::MessageStateChanged{
        id, parties.with, composed.row.message.state, Path::none, {}, 0, parties.conversation});
    return id;
}

void Chats::owe_open(const DeviceId& device, Moment now)
{
    for (const auto& row : context_.store.urgent_deliveries_to(device, 0, recalls_owed_max)) {
        const auto envelope = context_.store.envelope(row.message);
        // Done with here, and not failed: it is as far as it was until they have it.
        if (envelope && book_.find(row.conversation) == nullptr &&
            owe(row.message, row.conversation, envelope->content, now))
            static_cast<void>(outbox_.handed_over(context_.store, row.message, device));
    }
}

void Chats::give_owed(const std::vector<ConversationId>& conversations, Moment now)
{
    if (conversations.empty()) return;
    const auto owed = all_owed(context_.store);
    for (const auto& one : owed) {
        if (std::find(conversations.begin(), conversations.end(), one.conversation) == conversations.end()) continue;
        const auto* person = roster_.person_of(one.conversation);
        if (person == nullptr || person->own || !person->may_talk() || person->devices.empty()) continue;
        std::vector<delivery::Recipient> recipients;
        for (const auto& device : person->devices)
            recipients.push_back({device.device, person->stored.user});
        if (context_.store.envelope(one.id)) // It is on its way to somebody.
            outbox_.renew(context_.store, one.id, recipients);
        else
            outbox_.accept(context_.store, {one.id, one.conversation, now.wall_ms, one.content, {}, 0, 0, 0},
                           recipients, delivery::Rank::urgent);
        share(name_of(one.id), {}, now);
    }
}

} // namespace godwit::engine
