// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/conversation.hpp"

#include <algorithm>

namespace godwit::conversation {

namespace {

/// Wire content kind of texts, as stored.
constexpr std::uint32_t text_kind = 1;

Error malformed(std::string detail)
{
    return {ErrorCode::malformed, std::move(detail), 0};
}

} // namespace

Result<void> validate_text(std::string_view text)
{
    if (text.empty())
        return Error{ErrorCode::invalid_argument, "text is empty: a message needs at least one character", 0};
    if (text.size() > text_bytes_max)
        return Error{ErrorCode::message_too_large,
                     "text has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(text_bytes_max) +
                         " fit one message",
                     0};
    if (!is_utf8(text)) return Error{ErrorCode::invalid_argument, "text is not well-formed UTF-8", 0};
    return {};
}

Result<void> validate_send_key(std::string_view key)
{
    if (key.size() > send_key_bytes_max)
        return Error{ErrorCode::invalid_argument,
                     "key has " + std::to_string(key.size()) + " bytes; at most " + std::to_string(send_key_bytes_max),
                     0};
    return {};
}

std::int64_t sort_hlc(std::int64_t claimed_ms, std::int64_t parents_hlc_max_ms, WallMs now_ms) noexcept
{
    const auto claimed = std::clamp<std::int64_t>(claimed_ms, 0, std::max<WallMs>(now_ms, 0) + hlc_ahead_ms_max);
    return std::max(claimed, parents_hlc_max_ms + 1);
}

Composed compose_text(port::Store& store, const Parties& parties, const MessageId& id, std::string text,
                      std::string send_key, Moment now)
{
    Composed out;
    auto& content = out.content;
    content.to = parties.with;
    content.sent_ms = now.wall_ms;
    content.hlc_ms = now.wall_ms;
    for (const auto& head : store.heads(parties.conversation)) {
        if (content.parents.size() >= wire::parents_max) break;
        content.parents.push_back(head.id);
        content.hlc_ms = std::max(content.hlc_ms, head.hlc_ms + 1);
    }
    content.text = std::move(text);

    auto& row = out.row;
    row.conversation = parties.conversation;
    row.hlc_ms = content.hlc_ms;
    row.kind = text_kind;
    row.send_key = std::move(send_key);
    row.notified = true; // Our own: nobody needs to be told.
    row.message.id = id;
    row.message.with = parties.with;
    row.message.from = parties.own_user;
    row.message.from_device = parties.own_device;
    row.message.text = content.text;
    row.message.sent_ms = content.sent_ms;
    row.message.received_ms = now.wall_ms;
    row.message.state = MessageState::accepted;
    return out;
}

Result<std::string> other_party(const wire::content::Any& content, const Sender& sender, std::string_view own_user)
{
    if (sender.user != own_user) return sender.user;
    // Another device of this account tells what it sent. Of a kind unknown here, only that device knows to whom: it is
    // filed under the account itself.
    if (const auto* text = std::get_if<wire::content::Text>(&content)) return text->to;
    return std::string(own_user);
}

Result<Incoming> interpret(wire::content::Any content, const Sender& sender, const Parties& parties,
                           const MessageId& id, Path path, std::string_view reason, Moment now)
{
    Incoming out;
    out.own_copy = sender.user == parties.own_user;
    auto& row = out.row;
    row.conversation = parties.conversation;
    row.message.id = id;
    row.message.with = parties.with;
    row.message.from = sender.user;
    row.message.from_device = sender.device;
    row.message.received_ms = now.wall_ms;
    row.message.sent_ms = now.wall_ms;
    row.message.state = out.own_copy ? MessageState::sent : MessageState::received;
    row.message.path = path;
    row.message.path_reason = reason;
    row.hlc_ms = now.wall_ms;
    row.notified = out.own_copy;

    if (auto* text = std::get_if<wire::content::Text>(&content)) {
        if (!out.own_copy && text->to != parties.own_user) return malformed("a text for somebody else");
        if (out.own_copy && text->to == parties.own_user) return malformed("a text to oneself");
        if (auto valid = validate_text(text->text); !valid) return malformed(valid.error().detail);
        if (text->parents.size() > wire::parents_max) return malformed("more parents than a message may name");
        row.kind = text_kind;
        row.hlc_ms = text->hlc_ms;
        row.message.sent_ms = text->sent_ms;
        row.message.text = std::move(text->text);
        out.parents = std::move(text->parents);
        return out;
    }
    if (auto* unknown = std::get_if<wire::content::Unknown>(&content)) {
        // Kept as it is for a version that knows it; nobody is told of something that cannot be shown.
        row.kind = unknown->kind;
        row.raw = std::move(unknown->raw);
        row.notified = true;
        return out;
    }
    return malformed("not a message");
}

bool file(port::Store& store, port::StoredMessage& row, const std::vector<MessageId>& parents, Moment now)
{
    auto heads = store.heads(row.conversation);
    std::int64_t parents_hlc_max = -1;
    for (const auto& parent : parents) {
        const auto head = std::find_if(heads.begin(), heads.end(), [&](const auto& h) { return h.id == parent; });
        if (head != heads.end()) {
            parents_hlc_max = std::max(parents_hlc_max, head->hlc_ms);
            continue;
        }
        const auto known = store.message(parent);
        if (known && known->conversation == row.conversation)
            parents_hlc_max = std::max(parents_hlc_max, known->hlc_ms);
    }
    row.hlc_ms = sort_hlc(row.hlc_ms, parents_hlc_max, now.wall_ms);
    if (!store.add_message(row)) return false;

    std::erase_if(
        heads, [&](const auto& head) { return std::find(parents.begin(), parents.end(), head.id) != parents.end(); });
    heads.push_back({row.message.id, row.hlc_ms});
    std::sort(heads.begin(), heads.end(),
              [](const auto& a, const auto& b) { return a.hlc_ms != b.hlc_ms ? a.hlc_ms > b.hlc_ms : a.id > b.id; });
    if (heads.size() > wire::parents_max) heads.resize(wire::parents_max);
    store.put_heads(row.conversation, heads);
    return true;
}

} // namespace godwit::conversation
