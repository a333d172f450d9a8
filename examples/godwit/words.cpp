// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <algorithm>
#include <charconv>
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

std::string listed(const std::vector<std::string>& names)
{
    std::string out;
    for (const auto& name : names)
        out += (out.empty() ? "" : ", ") + printable(name);
    return out;
}

bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool mentions(const godwit::Message& message, const std::string& own_name)
{
    const std::vector<godwit::content::Mention>* marks = nullptr;
    if (const auto* text = std::get_if<godwit::content::Text>(&message.body)) marks = &text->mentions;
    if (const auto* file = std::get_if<godwit::content::Attachment>(&message.body)) marks = &file->mentions;
    if (marks == nullptr) return false;
    for (const auto& one : *marks)
        if (one.user.empty() || one.user == own_name) return true;
    return false;
}

} // namespace

godwit::content::Text marked(const std::string& text)
{
    namespace content = godwit::content;
    content::Text out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find_first_of(" \t\n", at), text.size());
        const auto word = std::string_view(text).substr(at, end - at);
        const auto range = [&](std::size_t length) {
            return content::Range{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length)};
        };
        if (word.size() > 1 && word[0] == '@' && out.mentions.size() < content::mentions_max) {
            std::size_t length = 1;
            while (length < word.size() && is_name_letter(word[length]))
                ++length;
            while (length > 1 && (word[length - 1] == '.' || word[length - 1] == '-'))
                --length; // The end of a sentence.
            const auto name = word.substr(1, length - 1);
            if (!name.empty() && name.size() <= godwit::user_name_length_max && name[0] != '.' && name[0] != '_' &&
                name[0] != '-')
                out.mentions.push_back({name == "all" ? std::string() : std::string(name), range(length)});
        }
        const bool link = word.starts_with("https://") || word.starts_with("http://");
        if (link && out.links.size() < content::links_max) out.links.push_back(range(word.size()));
        at = end + 1;
    }
    return out;
}

std::string group_note_text(const godwit::content::GroupNote& note)
{
    using What = godwit::content::GroupNote::What;
    const auto by = note.by.empty() ? std::string("somebody") : printable(note.by);
    const auto users = listed(note.users);
    const auto quoted = "\"" + printable(note.text) + "\"";
    switch (note.what) {
    case What::created: return by + " made the group" + (users.empty() ? "" : " with " + users);
    case What::added:
        for (const auto& user : note.users)
            if (user == note.by) return users + " came in by the link";
        return note.by.empty() ? users + " came in" : by + " took " + users + " in";
    case What::removed: return by + " put " + users + " out";
    case What::left: return users + " left";
    case What::name: return by + " called the group " + quoted;
    case What::about: return note.text.empty() ? by + " took the description away" : by + " described it: " + quoted;
    case What::announcement:
        return note.text.empty() ? by + " took the announcement away" : by + " announced: " + quoted;
    case What::avatar: return by + " changed its picture";
    case What::role: return users + " is " + printable(note.text) + " now, by " + by;
    case What::muted: return by + (note.until_ms == 0 ? " lets " + users + " write again" : " muted " + users);
    case What::all_muted: return by + (note.until_ms == 0 ? " lets all write again" : " muted all but admins");
    case What::rules: return by + " changed who may come in, or what is told";
    case What::promoted: return by + " made it a group that does not end";
    case What::dissolved: return by + " dissolved the group";
    case What::expired: return "the discussion is over";
    }
    return by + " changed the group";
}

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

/// Whatever its template is: its title, and its fields in their order.
static std::string card_text(const godwit::content::Card& card)
{
    std::string out = printable(card.name) + (card.title.empty() ? "" : ": " + printable(card.title));
    const char* between = "; ";
    for (const auto& field : card.fields)
        out += between + printable(field.label) + (field.label.empty() ? "" : " ") + printable(field.value);
    if (!card.url.empty()) out += between + printable(card.url);
    return out;
}

/// The first of them, each in a line of its own.
static std::string bundle_text(const godwit::content::Forwarded& bundle)
{
    constexpr std::size_t shown_max = 20;
    auto out = std::to_string(bundle.items.size()) + " forwarded messages" +
               (bundle.title.empty() ? "" : " " + printable(bundle.title));
    for (std::size_t i = 0; i < std::min(bundle.items.size(), shown_max); ++i) {
        const auto& item = bundle.items[i];
        out += "\n      " + clock_text(item.sent_ms, wall_now_ms()) + " " + printable(item.from) + ": " +
               (item.body.empty() ? "" : "[…] ") + printable(item.text);
    }
    return out + (bundle.items.size() > shown_max ? "\n      …" : "");
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
        const bool moves = message.live_until_ms > wall_now_ms();
        what = std::string(location->live_seconds == 0 ? "location "
                           : moves                     ? "live location "
                                                       : "location, ended ") +
               place + (location->place.empty() ? "" : " " + printable(location->place));
        if (moves) what += " until " + clock_text(message.live_until_ms, wall_now_ms());
    } else if (const auto* card = std::get_if<content::ContactCard>(&message.body))
        what = "contact " + printable(card->user);
    else if (const auto* bundle = std::get_if<content::Forwarded>(&message.body))
        what = bundle_text(*bundle);
    else if (const auto* structured = std::get_if<content::Card>(&message.body))
        what = card_text(*structured);
    else if (const auto* custom = std::get_if<content::Custom>(&message.body))
        what = printable(custom->type);
    else if (const auto* note = std::get_if<content::GroupNote>(&message.body))
        return group_note_text(*note);
    else if (std::holds_alternative<content::Unknown>(message.body))
        what = "of a kind that this version does not know";
    std::string out;
    if (message.reply) out += "(to " + printable(message.reply->from) + ": " + printable(message.reply->excerpt) + ") ";
    if (message.forwarded) out += "(forwarded) ";
    if (!what.empty()) out += "[" + what + "]" + (message.text.empty() ? "" : " ");
    out += printable(message.text);
    if (message.edited_ms != 0)
        out += message.versions == 0 ? " (edited)" : " (edited, " + std::to_string(message.versions) + " kept)";
    if (message.pinned) out += " (pinned)";
    for (const auto& reaction : message.reactions)
        out += " " + printable(reaction.emoji) + "×" + std::to_string(reaction.users.size());
    return out;
}

std::string history_line(const godwit::Message& message, const std::string& own_name)
{
    if (const auto* note = std::get_if<godwit::content::GroupNote>(&message.body))
        return clock_text(message.received_ms, wall_now_ms()) + " — " + group_note_text(*note);
    const bool own = message.from == own_name || message.state != godwit::MessageState::received;
    std::string out = clock_text(own ? message.sent_ms : message.received_ms, wall_now_ms());
    if (message.gap_before) out += " (a message before this one has not arrived)";
    out += " " + (own ? std::string("me") : message.from) + ": " + content_text(message) + "  " + mark(message, own);
    if (!own && mentions(message, own_name)) out += "  (you are mentioned)";
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

bool is_of_many(godwit::ConversationKind kind)
{
    return kind != godwit::ConversationKind::direct && kind != godwit::ConversationKind::self;
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
    if (!contact.remark.empty()) out += " (" + printable(contact.remark) + ")";
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
    if (!contact.labels.empty()) out += "  in: " + listed(contact.labels);
    if (contact.key_changed) out += "  KEY CHANGED: sending is stopped; /safety NAME, then /verify or /accept";
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

std::optional<std::int64_t> number_of(std::string_view word, std::int64_t min, std::int64_t max)
{
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    if (error != std::errc() || end != word.data() + word.size() || out < min || out > max) return std::nullopt;
    return out;
}

std::string printable(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // C1 controls are two bytes in UTF-8: C2 80 … C2 9F.
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        // U+202A … U+202E and U+2066 … U+2069 turn what follows.
        const auto next = [&](std::size_t n) {
            return i + n < text.size() ? static_cast<unsigned char>(text[i + n]) : 0;
        };
        const bool turns = byte == 0xE2 && ((next(1) == 0x80 && next(2) >= 0xAA && next(2) <= 0xAE) ||
                                            (next(1) == 0x81 && next(2) >= 0xA6 && next(2) <= 0xA9));
        if (turns) {
            out += '?';
            i += 2;
        } else if (text[i] == '\n')
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
