// SPDX-License-Identifier: Apache-2.0
// What is asked about conversations. A conversation is named by "to" or "with" (an account), or by "conversation".
#include "lib/base/bytes.hpp"
#include "lib/json/content.hpp"

#include <cmath>

namespace godwit::json {
namespace {

constexpr std::string_view message_form = "a message id: 32 hexadecimal digits";

std::optional<ConversationId> read_conversation(Fields& in)
{
    if (!in.has("conversation")) return std::nullopt;
    return in.fixed<ConversationId>("conversation", "a conversation id: 32 hexadecimal digits");
}

request::Where read_where(Fields& in, std::string_view account)
{
    request::Where out;
    out.conversation = read_conversation(in);
    out.with = out.conversation ? in.text(account, "") : in.text(account);
    return out;
}

MessageId read_message(Fields& in, std::string_view name = "message")
{
    return in.fixed<MessageId>(name, message_form);
}

std::optional<MessageId> read_optional_message(Fields& in, std::string_view name)
{
    if (!in.has(name) || in.text(name).empty()) return std::nullopt;
    return read_message(in, name);
}

std::uint32_t read_u32(Fields& in, std::string_view name, std::uint64_t max = UINT32_MAX)
{
    return static_cast<std::uint32_t>(in.integer(name, 0, max, 0));
}

content::Range read_range(Fields& in)
{
    return {read_u32(in, "begin"), static_cast<std::uint32_t>(in.integer("length", 1, UINT32_MAX, std::nullopt))};
}

void read_marks(Fields& in, std::vector<content::Mention>& mentions, std::vector<content::Range>& links)
{
    in.each("mentions", content::mentions_max,
            [&](Fields& one) { mentions.push_back({one.text("user", ""), read_range(one)}); });
    in.each("links", content::links_max, [&](Fields& one) { links.push_back(read_range(one)); });
}

std::optional<content::Lifetime> read_lifetime(Fields& in)
{
    auto inside = in.object("lifetime");
    if (!inside) return std::nullopt;
    content::Lifetime out;
    out.seconds =
        static_cast<std::uint32_t>(inside->integer("seconds", 0, content::lifetime_seconds_max, std::nullopt));
    const auto from = inside->text("from", "sent");
    if (from != "sent" && from != "read") inside->fail("from", "sent or read");
    out.from = from == "read" ? content::Lifetime::From::read : content::Lifetime::From::sent;
    return out;
}

} // namespace

content::FileRef read_file(Fields& in, std::string_view name)
{
    content::FileRef out;
    auto inside = in.object(name);
    if (!inside) {
        in.fail(name, "a file, as file_add gives it");
        return out;
    }
    out.id = inside->fixed<FileId>("file", "a file: 64 hexadecimal digits");
    out.size_bytes = inside->integer("size", 0, UINT64_MAX, std::nullopt);
    out.name = inside->text("name", "");
    out.media_type = inside->text("media_type", "");
    out.key = inside->fixed<FileKey>("key", "a key: 64 hexadecimal digits");
    return out;
}

namespace {

content::Attachment read_attachment(Fields& in)
{
    content::Attachment out;
    const auto as = in.text("as", "file");
    bool known = false;
    for (const auto kind : {content::AttachmentKind::file, content::AttachmentKind::image,
                            content::AttachmentKind::voice, content::AttachmentKind::video})
        if (as == content::attachment_kind_name(kind)) {
            out.kind = kind;
            known = true;
        }
    if (!known) in.fail("as", "file, image, voice or video");
    out.file = read_file(in, "file");
    out.width = read_u32(in, "width");
    out.height = read_u32(in, "height");
    out.duration_ms = read_u32(in, "duration_ms");
    out.thumbnail = in.bytes("thumbnail", content::thumbnail_bytes_max);
    out.waveform = in.bytes("waveform", content::waveform_bytes_max);
    read_marks(in, out.mentions, out.links);
    return out;
}

std::int32_t read_degrees(Fields& in, std::string_view name, double max)
{
    return static_cast<std::int32_t>(std::lround(in.number(name, -max, max, std::nullopt) * 1e7));
}

content::Location read_location(Fields& in)
{
    content::Location out;
    out.latitude_e7 = read_degrees(in, "latitude", 90);
    out.longitude_e7 = read_degrees(in, "longitude", 180);
    out.accuracy_m = read_u32(in, "accuracy_m");
    out.place = in.text("place", "");
    out.live_seconds = read_u32(in, "live_seconds", content::live_seconds_max);
    return out;
}

content::Card read_card(Fields& in)
{
    content::Card out;
    out.name = in.text("name");
    out.title = in.text("title", "");
    in.each("fields", content::card_fields_max,
            [&](Fields& one) { out.fields.push_back({one.text("label", ""), one.text("value", "")}); });
    out.url = in.text("url", "");
    return out;
}

content::Body read_body(Fields& in)
{
    const auto kind = in.text("kind", "text");
    if (kind == "text") {
        content::Text out;
        read_marks(in, out.mentions, out.links);
        return out;
    }
    if (kind == "attachment") return read_attachment(in);
    if (kind == "sticker")
        return content::Sticker{read_file(in, "pack"), in.text("name"), in.text("emoji", ""),
                                in.boolean("animated", false)};
    if (kind == "location") return read_location(in);
    if (kind == "contact_card")
        return content::ContactCard{in.text("user"),
                                    in.fixed<PublicKey>("account_key", "a key: 64 hexadecimal digits", true)};
    if (kind == "card") return read_card(in);
    if (kind == "custom") return content::Custom{in.text("type"), in.bytes("data", content::custom_bytes_max)};
    in.fail("kind", "text, attachment, sticker, location, contact_card, card or custom");
    return content::Text{};
}

} // namespace

Request read_send(Fields& in)
{
    request::Send out;
    auto where = read_where(in, "to");
    out.to = std::move(where.with);
    out.conversation = where.conversation;
    out.key = in.text("key", "");
    if (auto body = in.object("body")) {
        out.body = read_body(*body);
        out.text = in.text("text", "");
    } else {
        content::Text text;
        read_marks(in, text.mentions, text.links);
        out.body = std::move(text);
        out.text = in.text("text");
    }
    out.reply_to = read_optional_message(in, "reply_to");
    out.lifetime = read_lifetime(in);
    if (in.has("at_ms")) out.at_ms = static_cast<std::int64_t>(in.integer("at_ms", 0, INT64_MAX, std::nullopt));
    return out;
}

Request read_unschedule(Fields& in)
{
    return request::Unschedule{read_message(in)};
}

Request read_set_contact(Fields& in)
{
    request::SetContact out;
    out.user = in.text("user");
    if (in.has("remark")) out.remark = in.text("remark");
    if (in.has("labels")) out.labels = in.texts("labels", request::labels_max);
    return out;
}

Request read_watch(Fields& in)
{
    using What = request::Watch::What;
    request::Watch out;
    const auto what = in.text("what");
    if (what == "conversations")
        out.what = What::conversations;
    else if (what == "messages")
        out.what = What::messages;
    else if (what == "contacts")
        out.what = What::contacts;
    else
        in.fail("what", "conversations, messages or contacts");
    if (out.what == What::messages) out.where = read_where(in, "with");
    out.limit = static_cast<std::uint32_t>(in.integer("limit", 1, request::history_limit_max, out.limit));
    out.hidden = in.boolean("hidden", false);
    return out;
}

Request read_unwatch(Fields& in)
{
    return request::Unwatch{in.integer("watch", 0, UINT64_MAX, std::nullopt)};
}

Request read_edit(Fields& in)
{
    request::Edit out{read_message(in), in.text("text"), {}, {}};
    read_marks(in, out.mentions, out.links);
    return out;
}

Request read_recall(Fields& in)
{
    return request::Recall{read_message(in)};
}

Request read_react(Fields& in)
{
    return request::React{read_message(in), in.text("emoji"), in.boolean("on", true)};
}

Request read_move_location(Fields& in)
{
    request::MoveLocation out;
    out.message = read_message(in);
    out.latitude_e7 = read_degrees(in, "latitude", 90);
    out.longitude_e7 = read_degrees(in, "longitude", 180);
    out.accuracy_m = read_u32(in, "accuracy_m");
    return out;
}

Request read_end_location(Fields& in)
{
    return request::EndLocation{read_message(in)};
}

Request read_versions(Fields& in)
{
    return request::Versions{read_message(in)};
}

Request read_set_versions(Fields& in)
{
    return request::SetVersions{static_cast<std::uint32_t>(in.integer("kept", 0, message_versions_max, std::nullopt))};
}

Request read_set_recall_window(Fields& in)
{
    return request::SetRecallWindow{
        static_cast<std::uint32_t>(in.integer("seconds", 0, request::recall_seconds_max, std::nullopt))};
}

Request read_pin(Fields& in)
{
    return request::PinMessage{read_message(in), in.boolean("on", true)};
}

Request read_timer(Fields& in)
{
    request::SetTimer out;
    out.where = read_where(in, "with");
    const auto lifetime = read_lifetime(in);
    if (!lifetime) in.fail("lifetime", "an object: {\"seconds\":N,\"from\":\"sent\" or \"read\"}");
    out.lifetime = lifetime.value_or(content::Lifetime{});
    return out;
}

Request read_forward(Fields& in)
{
    request::Forward out;
    for (const auto& digits : in.texts("messages", content::forwarded_max)) {
        const auto raw = from_hex(digits);
        const auto id = raw ? MessageId::from(*raw) : std::nullopt;
        if (!id) in.fail("messages", "a list of message ids: 32 hexadecimal digits each");
        out.messages.push_back(id.value_or(MessageId{}));
    }
    out.to = read_where(in, "to");
    out.merged = in.boolean("merged", false);
    out.title = in.text("title", "");
    return out;
}

Request read_mark_read(Fields& in)
{
    return request::MarkRead{read_where(in, "with"), read_optional_message(in, "up_to")};
}

Request read_typing(Fields& in)
{
    return request::Typing{read_where(in, "with"), in.boolean("on", true)};
}

Request read_conversations(Fields& in)
{
    return request::Conversations{in.boolean("hidden", false)};
}

Request read_set_conversation(Fields& in)
{
    request::SetConversation out;
    out.where = read_where(in, "with");
    const auto flag = [&](std::string_view name) -> std::optional<bool> {
        if (!in.has(name)) return std::nullopt;
        return in.boolean(name);
    };
    if (in.has("muted_until_ms"))
        out.muted_until_ms = static_cast<std::int64_t>(in.integer("muted_until_ms", 0, INT64_MAX, std::nullopt));
    out.pinned = flag("pinned");
    out.archived = flag("archived");
    out.hidden = flag("hidden");
    out.receipts = flag("receipts");
    if (in.has("draft")) out.draft = in.text("draft");
    return out;
}

Request read_set_receipts(Fields& in)
{
    return request::SetReceipts{in.boolean("on")};
}

Request read_history(Fields& in)
{
    request::History out;
    auto where = read_where(in, "with");
    out.with = std::move(where.with);
    out.conversation = where.conversation;
    out.limit = static_cast<std::uint32_t>(in.integer("limit", 1, request::history_limit_max, out.limit));
    out.before = read_optional_message(in, "before");
    out.after = read_optional_message(in, "after");
    out.around = read_optional_message(in, "around");
    return out;
}

} // namespace godwit::json
