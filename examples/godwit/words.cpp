// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace {

std::tm local(std::int64_t ms)
{
    const auto seconds = static_cast<std::time_t>(ms / 1000);
    std::tm out{};
#if defined(_WIN32)
    localtime_s(&out, &seconds);
#else
    localtime_r(&seconds, &out);
#endif
    return out;
}

std::string mark(const godwit::Message& message, bool own)
{
    using godwit::MessageState;
    const std::string path(godwit::path_name(message.path));
    if (!own) return "[" + path + "]";
    switch (message.state) {
    case MessageState::delivered: return "✓✓ [" + path + "]";
    case MessageState::sent: return "✓ [" + path + "]";
    case MessageState::failed: return "✗ " + message.failure;
    default: return "…";
    }
}

} // namespace

std::int64_t wall_now_ms()
{
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string clock_text(std::int64_t when_ms, std::int64_t now_ms)
{
    const std::tm when = local(when_ms);
    const std::tm now = local(now_ms);
    const bool today = when.tm_year == now.tm_year && when.tm_yday == now.tm_yday;
    char out[32];
    std::strftime(out, sizeof out, today ? "%H:%M" : "%Y-%m-%d %H:%M", &when);
    return out;
}

/// What a message is, in a line: its text, and in brackets what the text does not say.
std::string content_text(const godwit::Message& message)
{
    namespace content = godwit::content;
    if (message.recalled_ms != 0) return "(taken back by " + printable(message.recalled_by) + ")";
    std::string what;
    if (const auto* attachment = std::get_if<content::Attachment>(&message.body))
        what = std::string(content::attachment_kind_name(attachment->kind)) + " " + printable(attachment->file.name) +
               ", " + std::to_string(attachment->file.size_bytes) + " bytes";
    else if (const auto* sticker = std::get_if<content::Sticker>(&message.body))
        what = "sticker " + printable(sticker->emoji.empty() ? sticker->name : sticker->emoji);
    else if (const auto* location = std::get_if<content::Location>(&message.body)) {
        char place[64];
        std::snprintf(place, sizeof place, "%.5f, %.5f", location->latitude_e7 / 1e7, location->longitude_e7 / 1e7);
        what = std::string(location->live_seconds != 0 ? "live location " : "location ") + place + " " +
               printable(location->place);
    } else if (const auto* card = std::get_if<content::ContactCard>(&message.body))
        what = "contact " + printable(card->user);
    else if (const auto* bundle = std::get_if<content::Forwarded>(&message.body))
        what = std::to_string(bundle->items.size()) + " forwarded messages " + printable(bundle->title);
    else if (const auto* structured = std::get_if<content::Card>(&message.body))
        what = printable(structured->name) + ": " + printable(structured->title);
    else if (const auto* custom = std::get_if<content::Custom>(&message.body))
        what = printable(custom->type);
    else if (std::holds_alternative<content::Unknown>(message.body))
        what = "of a kind that this version does not know";
    std::string out;
    if (message.reply) out += "(to " + printable(message.reply->from) + ": " + printable(message.reply->excerpt) + ") ";
    if (message.forwarded) out += "(forwarded) ";
    if (!what.empty()) out += "[" + what + "]" + (message.text.empty() ? "" : " ");
    out += printable(message.text);
    if (message.edited_ms != 0) out += " (edited)";
    if (message.pinned) out += " (pinned)";
    for (const auto& reaction : message.reactions)
        out += " " + printable(reaction.emoji) + "×" + std::to_string(reaction.users.size());
    return out;
}

std::string history_line(const godwit::Message& message, const std::string& own_name)
{
    const bool own = message.from == own_name || message.state != godwit::MessageState::received;
    std::string out = clock_text(own ? message.sent_ms : message.received_ms, wall_now_ms());
    if (message.gap_before) out += " (a message before this one has not arrived)";
    out += " " + (own ? std::string("me") : message.from) + ": " + content_text(message) + "  " + mark(message, own);
    return out;
}

std::string hit_line(const godwit::SearchHit& hit)
{
    const auto& message = hit.message;
    const bool own = message.state != godwit::MessageState::received;
    return clock_text(own ? message.sent_ms : message.received_ms, wall_now_ms()) +
           (message.with.empty() ? "" : " (" + message.with + ")") + " " + (own ? std::string("me") : message.from) +
           ": " + printable(hit.snippet);
}

std::string conversation_line(const godwit::Conversation& conversation, const std::string& own_name)
{
    std::string out = printable(conversation.title == own_name ? "notes to myself" : conversation.title);
    if (conversation.pinned) out += "  pinned";
    if (conversation.muted_until_ms > wall_now_ms()) out += "  muted";
    if (conversation.archived) out += "  archived";
    if (conversation.unread > 0)
        out += "  " + std::to_string(conversation.unread) + (conversation.unread >= godwit::unread_max ? "+" : "") +
               " unread";
    if (!conversation.draft.empty()) out += "  draft: " + printable(conversation.draft);
    if (conversation.last) out += "  " + history_line(*conversation.last, own_name);
    return out;
}

std::string contact_line(const godwit::Contact& contact)
{
    std::string out = contact.online ? "● " : "○ ";
    out += contact.user;
    if (contact.verified) out += " ✔";
    switch (contact.state) {
    case godwit::ContactState::requested: out += "  asked, no answer yet"; break;
    case godwit::ContactState::incoming: out += "  asks to be your contact"; break;
    case godwit::ContactState::blocked: out += "  blocked"; break;
    case godwit::ContactState::accepted:
        out += contact.online ? "  online" : "  offline";
        if (contact.path != godwit::Path::none) out += ", " + std::string(godwit::path_name(contact.path));
        if (!contact.path_reason.empty()) out += " (" + contact.path_reason + ")";
        break;
    }
    if (contact.key_changed) out += "  KEY CHANGED: sending is stopped; compare keys, then remove and add again";
    return out;
}

std::string status_text(const godwit::StatusReport& s)
{
    if (s.user.empty()) return "no account in this home yet: register, or log in\n";
    std::string out = "account    " + s.user + " at " + s.relay + "\n";
    out += "relay      ";
    if (s.connected)
        out += std::string("connected over ") + (s.over == godwit::RelayTransport::tls ? "TLS/TCP" : "QUIC");
    else
        out += "not connected";
    if (!s.connection_detail.empty()) out += " (" + s.connection_detail + ")";
    out += "\npolicy     " + std::string(godwit::path_policy_name(s.policy)) + "\n";
    out += "outbox     " + std::to_string(s.outbox_messages) + " on their way\n";
    out += "content    " + std::to_string(s.content_bytes_direct) + " bytes direct, " +
           std::to_string(s.content_bytes_turned) + " turned, " + std::to_string(s.content_bytes_mailbox) +
           " by mailbox since the start\n";
    out += "version    " + s.client_version + "\n";
    return out;
}

std::string error_text(const godwit::Error& error)
{
    std::string out(godwit::error_name(error.code));
    if (!error.detail.empty()) out += ": " + printable(error.detail);
    if (error.retry_after_ms > 0)
        out += " (try again in " + std::to_string((error.retry_after_ms + 999) / 1000) + " s)";
    return out;
}

std::string archive_text(const godwit::ArchiveInfo& archive, bool read)
{
    auto out = std::to_string(archive.posts) + " messages";
    if (read) out += ", " + std::to_string(archive.added) + " of them new here";
    out += ", " + std::to_string(archive.bytes) + " bytes";
    if (!archive.continues.empty()) out += "; what has changed since archive " + archive.continues.substr(0, 8);
    if (!archive.complete) out += ", which was not read here: read that one, too";
    return out;
}

std::string notice_text(const godwit::Notice& notice, std::int64_t now_ms)
{
    std::string out = "!! THE OPERATOR OF THE RELAY " + std::string(notice.to_all ? "to everybody" : "to you") + ", " +
                      clock_text(notice.created_ms, now_ms) + ", " +
                      std::string(godwit::notice_kind_name(notice.kind)) +
                      (notice.expires_ms <= now_ms ? ", over" : "") + (notice.read ? "" : ", new") +
                      " (signed by the relay, not end-to-end encrypted):\n      " + printable(notice.title);
    if (!notice.text.empty()) out += "\n      " + printable(notice.text);
    if (!notice.link.empty()) out += "\n      " + printable(notice.link);
    return out;
}

std::string printable(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // C1 controls are two bytes in UTF-8: C2 80 … C2 9F.
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (text[i] == '\n')
            out += "\n      ";
        else if (text[i] == '\t')
            out += ' ';
        else if (byte < 0x20 || byte == 0x7F)
            out += '?';
        else if (c1) {
            out += '?';
            ++i;
        } else
            out += text[i];
    }
    return out;
}

std::optional<godwit::PathPolicy> policy_of(std::string_view name)
{
    for (const auto policy : {godwit::PathPolicy::direct_first, godwit::PathPolicy::direct_only,
                              godwit::PathPolicy::relay_only, godwit::PathPolicy::race})
        if (name == godwit::path_policy_name(policy)) return policy;
    return std::nullopt;
}
