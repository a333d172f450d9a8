// SPDX-License-Identifier: Apache-2.0
// Of timeline.hpp, what is said about a conversation rather than about a post: how far somebody has read, what was
// opened, the timer; and how far own messages have come.
#include "lib/conversation/notes.hpp"
#include "lib/conversation/shared.hpp"
#include "lib/conversation/timeline.hpp"

namespace godwit::conversation {
namespace {

constexpr std::size_t opened_early_max = 256;
/// Posts whose lifetime begins or ends in one go; the rest follows in the next.
constexpr std::uint32_t burning_max = 512;

} // namespace

content::Lifetime timer_of(port::Store& store, const ConversationId& conversation)
{
    for (const auto& one : store.annotations(conversation, {}))
        if (one.name == timer_name)
            if (const auto lifetime = wire::decode_lifetime(one.value)) return *lifetime;
    return {};
}

Bytes encode(const Place& place)
{
    Bytes out = to_bytes(place.id.view());
    append(out, shared::number(place.hlc_ms));
    return out;
}

std::optional<Place> decode_place(BytesView bytes)
{
    if (bytes.size() < MessageId::size_bytes) return std::nullopt;
    const auto hlc_ms = shared::read_number(bytes.subspan(MessageId::size_bytes));
    if (!hlc_ms) return std::nullopt;
    return Place{*hlc_ms, *MessageId::from(bytes.first(MessageId::size_bytes))};
}

bool note_read(port::Store& store, const ConversationId& conversation, const std::string& user, const Place& place,
               const std::vector<MessageId>& late)
{
    for (const auto& known : readers(store, conversation)) {
        if (known.user != user) continue;
        if (known.place > place || (known.place == place && known.late == late)) return false;
        // Of the same place the latest word stands: what has come late, or was read since.
        if (known.place == place) store.remove_annotation(conversation, {}, read_name, user);
    }
    port::Annotation read;
    read.conversation = conversation;
    read.name = read_name;
    read.author = user;
    read.hlc_ms = place.hlc_ms; // The furthest place stands, whenever it was said.
    read.id = place.id;
    read.value = encode(place);
    for (const auto& id : late)
        append(read.value, id.view());
    return store.put_annotation(read);
}

std::vector<ReadBy> readers(port::Store& store, const ConversationId& conversation)
{
    std::vector<ReadBy> out;
    constexpr std::size_t place_bytes = MessageId::size_bytes + 8;
    for (auto& one : store.annotations(conversation, {})) {
        if (one.name != read_name || one.value.size() < place_bytes) continue;
        auto bytes = BytesView(one.value);
        const auto place = decode_place(bytes.first(place_bytes));
        if (!place) continue;
        ReadBy by{std::move(one.author), *place, {}};
        for (bytes = bytes.subspan(place_bytes); bytes.size() >= MessageId::size_bytes;
             bytes = bytes.subspan(MessageId::size_bytes))
            by.late.push_back(*MessageId::from(bytes.first(MessageId::size_bytes)));
        out.push_back(std::move(by));
    }
    return out;
}

std::optional<Place> read_up_to(port::Store& store, const ConversationId& conversation, std::string_view user)
{
    for (const auto& one : readers(store, conversation))
        if (one.user == user) return one.place;
    return std::nullopt;
}

std::vector<MessageId> begin_burning(port::Store& store, const ConversationId& conversation, bool incoming,
                                     const Place& up_to, Moment now)
{
    std::vector<MessageId> out;
    for (;;) {
        auto rows = store.burning(conversation, incoming, up_to.hlc_ms, up_to.id, burning_max);
        for (auto& row : rows) {
            row.message.expires_ms = now.wall_ms + std::int64_t{row.burn_seconds} * 1000;
            row.burn_seconds = 0;
            store.update_post(row);
            out.push_back(row.message.id);
        }
        if (rows.size() < burning_max || store.failed()) return out;
    }
}

bool begin_burning(port::Store& store, const ConversationId& conversation, const MessageId& id, Moment now)
{
    auto row = store.message_in(conversation, id);
    if (!row || row->burn_seconds == 0) return false;
    row->message.expires_ms = now.wall_ms + std::int64_t{row->burn_seconds} * 1000;
    row->burn_seconds = 0;
    store.update_post(*row);
    return true;
}

void note_opened(port::Store& store, const ConversationId& conversation, const MessageId& id, const std::string& by)
{
    std::size_t early = 0;
    for (const auto& one : store.annotations(conversation, {}))
        if (one.name.starts_with(opened_prefix)) ++early;
    if (early >= opened_early_max) return;
    port::Annotation note;
    note.conversation = conversation;
    note.name = std::string(opened_prefix) + to_hex(id.view());
    note.author = by;
    note.id = id;
    note.hlc_ms = 1;
    note.value = set;
    static_cast<void>(store.put_annotation(note));
}

std::vector<std::string> take_opened(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    const auto name = std::string(opened_prefix) + to_hex(id.view());
    std::vector<std::string> out;
    for (auto& one : store.annotations(conversation, {}))
        if (one.name == name) {
            store.remove_annotation(conversation, {}, one.name, one.author);
            out.push_back(std::move(one.author));
        }
    return out;
}

bool note_delivery(port::Store& store, const ConversationId& conversation, const MessageId& id,
                   const DeliveredTo& delivered)
{
    port::Annotation note;
    note.conversation = conversation;
    note.target = id;
    note.name = delivery_name;
    note.author = delivered.user;
    note.hlc_ms = static_cast<std::int64_t>(delivered.state); // The furthest stands.
    note.id = id;
    note.value = {static_cast<std::uint8_t>(delivered.state), static_cast<std::uint8_t>(delivered.path)};
    append(note.value, as_bytes(delivered.failure));
    return store.put_annotation(note);
}

std::vector<DeliveredTo> deliveries(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    std::vector<DeliveredTo> out;
    for (auto& one : store.annotations_named(conversation, id, delivery_name))
        if (one.value.size() >= 2 && one.value[0] <= static_cast<std::uint8_t>(MessageState::failed) &&
            one.value[1] <= static_cast<std::uint8_t>(Path::mailbox))
            out.push_back({std::move(one.author), static_cast<MessageState>(one.value[0]),
                           static_cast<Path>(one.value[1]), std::string(as_text(BytesView(one.value).subspan(2)))});
    return out;
}

} // namespace godwit::conversation
