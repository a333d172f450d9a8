// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/content_rules.hpp"

#include "lib/base/harmless.hpp"
#include "lib/wire/content.hpp"
#include "lib/wire/names.hpp"

namespace godwit::conversation {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

Error too_large(std::string_view field, std::size_t size, std::size_t max)
{
    return {ErrorCode::message_too_large,
            std::string(field) + " has " + std::to_string(size) + " bytes; at most " + std::to_string(max) +
                " are allowed",
            0};
}

Result<void> check_text(std::string_view field, std::string_view text, std::size_t bytes_max)
{
    if (text.size() > bytes_max) return too_large(field, text.size(), bytes_max);
    if (!is_utf8(text)) return invalid(std::string(field) + " is not well-formed UTF-8");
    return {};
}

Result<void> check_bytes(std::string_view field, std::size_t size, std::size_t bytes_max)
{
    if (size > bytes_max) return too_large(field, size, bytes_max);
    return {};
}

bool is_boundary(std::string_view text, std::size_t at)
{
    return at == text.size() || (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80);
}

Result<void> check_range(std::string_view field, std::string_view text, const content::Range& range)
{
    const std::uint64_t end = std::uint64_t{range.begin} + range.length;
    if (range.length == 0 || end > text.size() || !is_boundary(text, range.begin) ||
        !is_boundary(text, static_cast<std::size_t>(end)))
        return invalid(std::string(field) + ": begin and length count bytes of the text, on character boundaries");
    return {};
}

template <class Marked>
Result<void> check_marks(std::string_view text, const Marked& marked)
{
    if (marked.mentions.size() > content::mentions_max || marked.links.size() > content::links_max)
        return invalid("mentions, links: at most " + std::to_string(content::mentions_max) + " of each");
    for (const auto& mention : marked.mentions) {
        if (!mention.user.empty() && !wire::is_user_name(mention.user))
            return invalid("mentions: user is no user name; empty means everybody");
        if (auto ok = check_range("mentions", text, mention.range); !ok) return ok;
    }
    for (const auto& link : marked.links)
        if (auto ok = check_range("links", text, link); !ok) return ok;
    return {};
}

Result<void> check_file(std::string_view field, const content::FileRef& file)
{
    if (file.id.is_zero()) return invalid(std::string(field) + ": no file");
    if (auto ok = check_text(std::string(field) + ".name", file.name, content::file_name_bytes_max); !ok) return ok;
    return check_text(std::string(field) + ".media_type", file.media_type, content::media_type_bytes_max);
}

/// One overload a kind: what is wrong with it beside this text.
struct Check {
    std::string_view text;

    Result<void> operator()(const content::Text& body) const
    {
        if (text.empty()) return invalid("text is empty: a message needs at least one character");
        return check_marks(text, body);
    }
    Result<void> operator()(const content::Attachment& body) const
    {
        if (auto ok = check_bytes("thumbnail", body.thumbnail.size(), content::thumbnail_bytes_max); !ok) return ok;
        if (auto ok = check_bytes("waveform", body.waveform.size(), content::waveform_bytes_max); !ok) return ok;
        if (auto ok = check_marks(text, body); !ok) return ok;
        return check_file("file", body.file);
    }
    Result<void> operator()(const content::Sticker& body) const
    {
        if (body.name.empty()) return invalid("sticker: name is empty");
        if (auto ok = check_text("sticker.name", body.name, content::file_name_bytes_max); !ok) return ok;
        if (auto ok = check_text("sticker.emoji", body.emoji, content::emoji_bytes_max); !ok) return ok;
        return check_file("sticker.pack", body.pack);
    }
    Result<void> operator()(const content::Location& body) const
    {
        if (body.latitude_e7 < -900'000'000 || body.latitude_e7 > 900'000'000 || body.longitude_e7 < -1'800'000'000 ||
            body.longitude_e7 > 1'800'000'000)
            return invalid("location: latitude -90 to 90, longitude -180 to 180 degrees");
        if (body.live_seconds > content::live_seconds_max)
            return invalid("location: live for at most " + std::to_string(content::live_seconds_max) + " seconds");
        return check_text("place", body.place, content::place_bytes_max);
    }
    Result<void> operator()(const content::ContactCard& body) const
    {
        if (!wire::is_user_name(body.user)) return invalid("contact card: user is no user name");
        return {};
    }
    Result<void> operator()(const content::Forwarded& body) const
    {
        if (body.items.empty() || body.items.size() > content::forwarded_max)
            return invalid("forwarded: 1 to " + std::to_string(content::forwarded_max) + " items");
        if (auto ok = check_text("title", body.title, content::title_bytes_max); !ok) return ok;
        std::size_t bytes = 0;
        for (const auto& item : body.items) {
            if (!wire::is_user_name(item.from)) return invalid("forwarded: from is no user name");
            if (auto ok = check_text("forwarded.text", item.text, content::forwarded_bytes_max); !ok) return ok;
            bytes += item.text.size() + item.body.size();
        }
        return check_bytes("forwarded", bytes, content::forwarded_bytes_max);
    }
    Result<void> operator()(const content::Card& body) const
    {
        if (body.name.empty()) return invalid("card: name of the template is empty");
        if (body.fields.size() > content::card_fields_max)
            return invalid("card: at most " + std::to_string(content::card_fields_max) + " fields");
        if (auto ok = check_text("card.name", body.name, content::title_bytes_max); !ok) return ok;
        if (auto ok = check_text("card.title", body.title, content::title_bytes_max); !ok) return ok;
        for (const auto& field : body.fields) {
            if (auto ok = check_text("card.label", field.label, content::title_bytes_max); !ok) return ok;
            if (auto ok = check_text("card.value", field.value, content::title_bytes_max); !ok) return ok;
        }
        return check_text("card.url", body.url, content::url_bytes_max);
    }
    Result<void> operator()(const content::Custom& body) const
    {
        if (body.type.empty() || body.type.find('.') == std::string::npos)
            return invalid("custom: type is a reverse DNS name, as com.example.poll");
        if (auto ok = check_text("custom.type", body.type, content::custom_type_bytes_max); !ok) return ok;
        return check_bytes("custom.data", body.data.size(), content::custom_bytes_max);
    }
    Result<void> operator()(const content::GroupNote&) const
    {
        return invalid("what happens to a group is noted by each device by itself, and sent by nobody");
    }
    Result<void> operator()(const content::Edit& body) const
    {
        if (text.empty()) return invalid("edit: the new text is empty; recall takes a message back");
        return check_marks(text, body);
    }
    Result<void> operator()(const content::Recall&) const { return no_text(); }
    Result<void> operator()(const content::Reaction& body) const
    {
        if (body.emoji.empty()) return invalid("reaction: emoji is empty");
        if (auto ok = check_text("reaction.emoji", body.emoji, content::emoji_bytes_max); !ok) return ok;
        if (!is_harmless_line(body.emoji) || body.emoji.find(' ') != std::string::npos)
            return invalid("reaction: one emoji, or a word of the app's own: no space, control or direction character");
        return no_text();
    }
    Result<void> operator()(const content::Pin&) const { return no_text(); }
    Result<void> operator()(const content::Timer& body) const
    {
        if (auto ok = validate_lifetime(body.lifetime); !ok) return ok;
        return no_text();
    }
    Result<void> operator()(const content::Unknown&) const { return {}; }

    Result<void> no_text() const
    {
        if (!text.empty()) return invalid("this kind has no text");
        return {};
    }
};

} // namespace

Result<void> validate_text(std::string_view text)
{
    if (text.empty()) return invalid("text is empty: a message needs at least one character");
    if (text.size() > text_bytes_max)
        return Error{ErrorCode::message_too_large,
                     "text has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(text_bytes_max) +
                         " fit one message",
                     0};
    if (!is_utf8(text)) return invalid("text is not well-formed UTF-8");
    return {};
}

Result<void> validate_send_key(std::string_view key)
{
    if (key.size() > send_key_bytes_max)
        return invalid("key has " + std::to_string(key.size()) + " bytes; at most " +
                       std::to_string(send_key_bytes_max));
    return {};
}

Result<void> validate_lifetime(const content::Lifetime& lifetime)
{
    if (lifetime.seconds > content::lifetime_seconds_max)
        return invalid("lifetime: at most " + std::to_string(content::lifetime_seconds_max) + " seconds");
    return {};
}

Result<void> validate_body(std::string_view text, const content::Body& body)
{
    if (!text.empty())
        if (auto ok = validate_text(text); !ok) return ok;
    return std::visit(Check{text}, body);
}

Result<void> validate(const Draft& draft)
{
    if (auto ok = validate_body(draft.text, draft.body); !ok) return ok;
    if (auto ok = validate_send_key(draft.send_key); !ok) return ok;
    // What came from others and is worse than that is shown without: copies.hpp.
    if (const auto* card = std::get_if<content::Card>(&draft.body); card != nullptr && !is_harmless_url(card->url))
        return invalid("card.url: an address with a scheme, as https://…; not one of this device");
    if (draft.lifetime)
        if (auto ok = validate_lifetime(*draft.lifetime); !ok) return ok;
    if (draft.reply) {
        if (!wire::is_user_name(draft.reply->from)) return invalid("reply: from is no user name");
        if (auto ok = check_text("reply.excerpt", draft.reply->excerpt, content::excerpt_bytes_max); !ok) return ok;
    }
    if (wire::encode(draft.body).size() > wire::body_bytes_max)
        return too_large("body", wire::encode(draft.body).size(), wire::body_bytes_max);
    return {};
}

} // namespace godwit::conversation
