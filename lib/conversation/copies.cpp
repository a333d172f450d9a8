// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/copies.hpp"

#include "lib/base/harmless.hpp"
#include "lib/wire/content.hpp"

#include <algorithm>

namespace godwit::conversation {
namespace {

/// An address has several lines.
std::string harmless_lines(std::string_view text)
{
    std::string out;
    for (;;) {
        const auto end = text.find('\n');
        out += harmless_line(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        out += '\n';
        text.remove_prefix(end + 1);
    }
}

void make_harmless_at(content::Body& body, int depth)
{
    if (auto* attachment = std::get_if<content::Attachment>(&body)) return make_harmless(attachment->file);
    if (auto* sticker = std::get_if<content::Sticker>(&body)) {
        sticker->name = harmless_line(sticker->name);
        return make_harmless(sticker->pack);
    }
    if (auto* card = std::get_if<content::Card>(&body)) {
        card->name = harmless_line(card->name);
        card->title = harmless_line(card->title);
        for (auto& field : card->fields) {
            field.label = harmless_line(field.label);
            field.value = harmless_lines(field.value);
        }
        if (!is_harmless_url(card->url)) card->url.clear();
        return;
    }
    if (auto* location = std::get_if<content::Location>(&body)) {
        location->place = harmless_line(location->place);
        return;
    }
    if (auto* custom = std::get_if<content::Custom>(&body)) {
        custom->type = harmless_line(custom->type);
        return;
    }
    auto* const forwarded = std::get_if<content::Forwarded>(&body);
    if (forwarded == nullptr) return;
    forwarded->title = harmless_line(forwarded->title);
    for (auto& item : forwarded->items) {
        if (depth >= wire::bundle_levels_max) item.body.clear();
        if (item.body.empty()) continue;
        auto inner = wire::decode_body(item.body);
        if (!inner) continue;
        const auto before = *inner;
        make_harmless_at(*inner, depth + 1);
        if (*inner != before) item.body = wire::encode(*inner); // Else as it came, with what is not known here.
    }
}

} // namespace

int levels_of(const content::Body& body, int most)
{
    const auto* forwarded = std::get_if<content::Forwarded>(&body);
    if (forwarded == nullptr || most <= 0) return 0;
    int deepest = 0;
    for (const auto& item : forwarded->items)
        if (const auto inner = item.body.empty() ? Result<content::Body>(Error{}) : wire::decode_body(item.body); inner)
            deepest = std::max(deepest, levels_of(*inner, most - 1));
    return deepest + 1;
}

void make_harmless(content::FileRef& file)
{
    if (!file.name.empty()) file.name = harmless_name(file.name);
    file.media_type = harmless_media_type(file.media_type);
}

void make_harmless(content::Body& body)
{
    make_harmless_at(body, 0);
}

Result<std::optional<content::Lifetime>> lifetime_of_copy(const port::StoredMessage& row,
                                                          const content::Lifetime& lifetime, Moment now)
{
    using From = content::Lifetime::From;
    if (lifetime.seconds == 0) return std::optional<content::Lifetime>();
    if (lifetime.from == From::read)
        return Error{ErrorCode::not_allowed, "messages: one of them burns after reading, and is not sent on", 0};
    const auto rest_ms = std::max<std::int64_t>(row.message.expires_ms - now.wall_ms, 1);
    const auto seconds = row.message.expires_ms == 0 ? std::int64_t{lifetime.seconds} : (rest_ms + 999) / 1000;
    return std::optional(
        content::Lifetime{static_cast<std::uint32_t>(std::min<std::int64_t>(seconds, lifetime.seconds)), From::sent});
}

std::optional<content::Lifetime> shorter(const std::optional<content::Lifetime>& one,
                                         const std::optional<content::Lifetime>& other)
{
    if (!one || !other) return one ? one : other;
    return one->seconds <= other->seconds ? one : other;
}

} // namespace godwit::conversation
