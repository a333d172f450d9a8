// SPDX-License-Identifier: Apache-2.0
// Messages and conversations. What a message does not have is left out, but for the members of a plain text.
#include "lib/base/bytes.hpp"
#include "lib/json/content.hpp"
#include "lib/wire/content.hpp"

namespace godwit::json {
namespace {

template <std::size_t N, class Tag>
std::string hex(const FixedBytes<N, Tag>& id)
{
    return to_hex(id.view());
}

Ordered lifetime_object(const content::Lifetime& lifetime)
{
    return {{"seconds", lifetime.seconds}, {"from", lifetime.from == content::Lifetime::From::read ? "read" : "sent"}};
}

} // namespace

Ordered file_object(const content::FileRef& file)
{
    return {{"file", hex(file.id)},
            {"size", file.size_bytes},
            {"name", file.name},
            {"media_type", file.media_type},
            {"key", hex(file.key)}};
}

namespace {

void put_marks(Ordered& out, const std::vector<content::Mention>& mentions, const std::vector<content::Range>& links)
{
    if (!mentions.empty()) {
        auto& list = out["mentions"] = Ordered::array();
        for (const auto& one : mentions)
            list.push_back({{"user", one.user}, {"begin", one.range.begin}, {"length", one.range.length}});
    }
    if (!links.empty()) {
        auto& list = out["links"] = Ordered::array();
        for (const auto& one : links)
            list.push_back({{"begin", one.begin}, {"length", one.length}});
    }
}

/// What is forwarded may have been forwarded before; deeper, it is bytes.
constexpr int forwarded_depth_max = 4;

/// One overload a kind: its members behind "kind".
struct PutBody {
    Ordered& out;
    int depth = 0;

    void operator()(const content::Text& body) const { put_marks(out, body.mentions, body.links); }
    void operator()(const content::Attachment& body) const
    {
        out["as"] = content::attachment_kind_name(body.kind);
        out["file"] = file_object(body.file);
        out["width"] = body.width;
        out["height"] = body.height;
        out["duration_ms"] = body.duration_ms;
        out["thumbnail"] = to_hex(body.thumbnail);
        out["waveform"] = to_hex(body.waveform);
        put_marks(out, body.mentions, body.links);
    }
    void operator()(const content::Sticker& body) const
    {
        out["pack"] = file_object(body.pack);
        out["name"] = body.name;
        out["emoji"] = body.emoji;
        out["animated"] = body.animated;
    }
    void operator()(const content::Location& body) const
    {
        out["latitude"] = static_cast<double>(body.latitude_e7) / 1e7;
        out["longitude"] = static_cast<double>(body.longitude_e7) / 1e7;
        out["accuracy_m"] = body.accuracy_m;
        out["place"] = body.place;
        out["live_seconds"] = body.live_seconds;
    }
    void operator()(const content::ContactCard& body) const
    {
        out["user"] = body.user;
        out["account_key"] = body.account_key.is_zero() ? Ordered(nullptr) : Ordered(hex(body.account_key));
    }
    void operator()(const content::Forwarded& body) const
    {
        out["title"] = body.title;
        auto& list = out["items"] = Ordered::array();
        for (const auto& one : body.items) {
            Ordered item{{"from", one.from}, {"sent_ms", one.sent_ms}, {"text", one.text}};
            const auto inner = one.body.empty() || depth >= forwarded_depth_max ? Result<content::Body>(Error{})
                                                                                : wire::decode_body(one.body);
            if (inner) {
                auto& shown = item["body"] = {{"kind", content::kind_name(*inner)}};
                std::visit(PutBody{shown, depth + 1}, *inner);
            } else if (!one.body.empty()) {
                item["raw_body"] = to_hex(one.body);
            }
            list.push_back(std::move(item));
        }
    }
    void operator()(const content::Card& body) const
    {
        out["name"] = body.name;
        out["title"] = body.title;
        auto& list = out["fields"] = Ordered::array();
        for (const auto& one : body.fields)
            list.push_back({{"label", one.label}, {"value", one.value}});
        out["url"] = body.url;
    }
    void operator()(const content::Custom& body) const
    {
        out["type"] = body.type;
        out["data"] = to_hex(body.data);
    }
    void operator()(const content::GroupNote& body) const
    {
        out["what"] = content::group_note_name(body.what);
        out["by"] = body.by;
        out["users"] = body.users;
        out["text"] = body.text;
        out["until_ms"] = body.until_ms;
    }
    void operator()(const content::Unknown& body) const
    {
        out["number"] = body.kind;
        out["raw"] = to_hex(body.raw);
    }
    template <class Acting>
    void operator()(const Acting&) const // Not shown, hence not in a message.
    {
    }
};

} // namespace

Ordered scheduled_object(const ScheduledMessage& message)
{
    Ordered out{{"message", hex(message.id)}, {"conversation", hex(message.conversation)}, {"with", message.with},
                {"at_ms", message.at_ms},     {"kind", content::kind_name(message.body)},  {"text", message.text}};
    auto& body = out["body"] = {{"kind", content::kind_name(message.body)}};
    std::visit(PutBody{body, 0}, message.body);
    return out;
}

Ordered versions_array(const std::vector<MessageVersion>& versions)
{
    Ordered out = Ordered::array();
    for (const auto& one : versions) {
        Ordered object{{"text", one.text}, {"written_ms", one.written_ms}};
        put_marks(object, one.mentions, one.links);
        out.push_back(std::move(object));
    }
    return out;
}

Ordered steps_array(const event::ViewChanged& change)
{
    Ordered out = Ordered::array();
    for (const auto& step : change.steps) {
        Ordered one{{"op", event::step_name(step.op)}, {"index", step.index}};
        if (step.op == event::ViewChanged::Step::Op::move) one["from"] = step.from;
        if (const auto* conversation = std::get_if<Conversation>(&step.item))
            one["item"] = conversation_object(*conversation);
        if (const auto* message = std::get_if<Message>(&step.item)) put_message(one["item"], *message);
        if (const auto* contact = std::get_if<Contact>(&step.item)) one["item"] = contact_object(*contact);
        out.push_back(std::move(one));
    }
    return out;
}

void put_message(Ordered& out, const Message& message)
{
    out["message"] = hex(message.id);
    out["conversation"] = hex(message.conversation);
    out["with"] = message.with;
    out["from"] = message.from;
    out["from_device"] = hex(message.from_device);
    out["kind"] = content::kind_name(message.body);
    out["text"] = message.text;
    out["state"] = message_state_name(message.state);
    out["path"] = path_name(message.path);
    out["reason"] = message.failure.empty() ? message.path_reason : message.failure;
    out["sent_ms"] = message.sent_ms;
    out["received_ms"] = message.received_ms;
    out["gap_before"] = message.gap_before;
    if (message.body != content::Body(content::Text{})) {
        auto& body = out["body"] = {{"kind", content::kind_name(message.body)}};
        std::visit(PutBody{body, 0}, message.body);
    }
    if (message.reply)
        out["reply"] = {
            {"message", hex(message.reply->id)}, {"from", message.reply->from}, {"excerpt", message.reply->excerpt}};
    if (message.forwarded) out["forwarded"] = true;
    if (message.lifetime.seconds != 0) out["lifetime"] = lifetime_object(message.lifetime);
    if (message.edited_ms != 0) out["edited_ms"] = message.edited_ms;
    if (message.versions != 0) out["versions"] = message.versions;
    if (message.live_until_ms != 0) out["live_until_ms"] = message.live_until_ms;
    if (message.moved_ms != 0) out["moved_ms"] = message.moved_ms;
    if (message.recalled_ms != 0) {
        out["recalled_ms"] = message.recalled_ms;
        out["recalled_by"] = message.recalled_by;
    }
    if (message.expires_ms != 0) out["expires_ms"] = message.expires_ms;
    if (message.pinned) out["pinned"] = true;
    if (!message.reactions.empty()) {
        auto& list = out["reactions"] = Ordered::array();
        for (const auto& one : message.reactions)
            list.push_back({{"emoji", one.emoji}, {"users", one.users}});
    }
}

Ordered conversation_object(const Conversation& conversation)
{
    Ordered out{{"conversation", hex(conversation.id)},
                {"kind", conversation_kind_name(conversation.kind)},
                {"with", conversation.with},
                {"title", conversation.title},
                {"own_role", role_name(conversation.own_role)},
                {"members", conversation.members},
                {"activity_ms", conversation.activity_ms},
                {"unread", conversation.unread},
                {"muted_until_ms", conversation.muted_until_ms},
                {"pinned", conversation.pinned},
                {"archived", conversation.archived},
                {"hidden", conversation.hidden},
                {"receipts", conversation.receipts},
                {"draft", conversation.draft},
                {"timer", lifetime_object(conversation.timer)}};
    auto& readers = out["read_by"] = Ordered::array();
    for (const auto& one : conversation.read_by)
        readers.push_back({{"user", one.user}, {"up_to", hex(one.up_to)}});
    out["last"] = nullptr;
    if (conversation.last) {
        out["last"] = Ordered::object();
        put_message(out["last"], *conversation.last);
    }
    return out;
}

} // namespace godwit::json
