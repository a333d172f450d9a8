// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/conversation.hpp"

#include "lib/conversation/copies.hpp"
#include "lib/conversation/quotes.hpp"
#include "lib/conversation/timeline.hpp"

#include <algorithm>

namespace godwit::conversation {

namespace {

Error malformed(std::string detail)
{
    return {ErrorCode::malformed, std::move(detail), 0};
}

/// Nobody may ever have it: who is told to wait for it would wait in vain.
bool has_failed(port::Store& store, const ConversationId& conversation, const MessageId& id)
{
    const auto row = store.message_in(conversation, id);
    return row && row->message.state == MessageState::failed;
}

} // namespace

bool is_possible(std::int64_t hlc_ms, Moment now) noexcept
{
    return hlc_ms <= std::max<WallMs>(now.wall_ms, 0) + stamp_ahead_ms_max;
}

std::int64_t sort_hlc(std::int64_t claimed_ms, std::int64_t parents_hlc_max_ms, WallMs now_ms) noexcept
{
    auto claimed = std::clamp<std::int64_t>(claimed_ms, 0, std::max<WallMs>(now_ms, 0) + hlc_ahead_ms_max);
    if (claimed <= now_ms - under_way_ms_max) claimed = now_ms;
    return std::max(claimed, parents_hlc_max_ms + 1);
}

Composed compose(port::Store& store, const Parties& parties, const MessageId& id, Draft draft, Moment now)
{
    Composed out;
    auto& content = out.content;
    if (parties.kind == ConversationKind::direct || parties.kind == ConversationKind::self) content.to = parties.with;
    content.sent_ms = now.wall_ms;
    content.hlc_ms = now.wall_ms;
    // Heads of a time when this clock was ahead are no reason to be ahead again: what comes from there is late for all.
    const auto after = [&](const port::Timeline::Head& head) {
        return std::min(head.hlc_ms + 1, std::max<WallMs>(now.wall_ms, 0) + hlc_ahead_ms_max);
    };
    for (const auto& head : store.heads(parties.conversation)) {
        content.hlc_ms = std::max(content.hlc_ms, after(head));
        // A recall waits for nothing: it overtakes what it would wait for.
        if (std::holds_alternative<content::Recall>(draft.body)) continue;
        if (content.parents.size() >= wire::parents_max) break;
        if (!has_failed(store, parties.conversation, head.id)) content.parents.push_back(head.id);
    }
    port::StoredMessage act;
    act.message.conversation = parties.conversation;
    act.message.from = parties.own_user;
    act.role = parties.own_role;
    content.hlc_ms = std::max(content.hlc_ms, stamp_of(store, act, draft.body) + 1);
    make_harmless(draft.body);
    content.text = std::move(draft.text);
    content.extra.body = wire::encode(draft.body);
    if (draft.reply) {
        compose_quote(store, parties.conversation, *draft.reply, parties.with.empty());
        content.extra.reply.push_back(std::move(*draft.reply));
    }
    if (content::is_shown(draft.body))
        content.extra.lifetime = draft.lifetime.value_or(timer_of(store, parties.conversation));
    content.extra.forwarded = draft.forwarded;

    auto& row = out.row;
    row.hlc_ms = content.hlc_ms;
    row.kind = wire::body_kind(content.extra.body);
    row.extra = wire::encode(content.extra);
    row.shown = content::is_shown(draft.body);
    row.role = parties.own_role;
    row.send_key = std::move(draft.send_key);
    row.notified = true; // Our own: nobody needs to be told.
    row.message.id = id;
    row.message.conversation = parties.conversation;
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
    if (const auto* post = std::get_if<wire::content::Post>(&content)) return post->to;
    if (const auto* mark = std::get_if<wire::content::Mark>(&content)) return mark->to;
    if (std::holds_alternative<wire::content::Register>(content)) return std::string(own_user);
    return malformed("content of an own device that names no conversation");
}

Result<Incoming> interpret(wire::content::Any content, const Sender& sender, const Parties& parties,
                           const MessageId& id, Path path, std::string_view reason, Moment now)
{
    Incoming out;
    out.own_copy = sender.user == parties.own_user;
    auto& row = out.row;
    row.role = sender.role;
    row.message.id = id;
    row.message.conversation = parties.conversation;
    row.message.with = parties.with;
    row.message.from = sender.user;
    row.message.from_device = sender.device;
    row.message.received_ms = now.wall_ms;
    row.message.sent_ms = now.wall_ms;
    // A note to oneself is where it belongs.
    row.message.state = !out.own_copy                            ? MessageState::received
                        : parties.kind == ConversationKind::self ? MessageState::delivered
                                                                 : MessageState::sent;
    row.message.path = path;
    row.message.path_reason = reason;
    row.hlc_ms = now.wall_ms;
    row.notified = out.own_copy;

    if (auto* post = std::get_if<wire::content::Post>(&content)) {
        const bool named = parties.kind == ConversationKind::direct || parties.kind == ConversationKind::self;
        const auto& expected = out.own_copy ? parties.with : parties.own_user;
        if (named ? post->to != expected : !post->to.empty()) return malformed("a post for somebody else");
        if (post->parents.size() > wire::parents_max) return malformed("more parents than a message may name");
        auto body = wire::decode_body(post->extra.body);
        if (!body) return malformed("the body of a post: " + body.error().detail);
        Draft said;
        said.text = std::move(post->text);
        said.body = std::move(*body);
        said.lifetime = post->extra.lifetime;
        if (!post->extra.reply.empty()) said.reply = post->extra.reply.front();
        if (auto valid = validate(said); !valid) return malformed(valid.error().detail);
        row.kind = wire::body_kind(post->extra.body);
        row.extra = wire::encode(post->extra);
        row.shown = content::is_shown(said.body);
        row.hlc_ms = post->hlc_ms;
        row.message.sent_ms = post->sent_ms;
        row.message.text = std::move(said.text);
        if (!row.shown) row.notified = true; // What it does to another post is told.
        row.quiet = is_quiet(row);
        out.parents = std::move(post->parents);
        return out;
    }
    if (auto* unknown = std::get_if<wire::content::Unknown>(&content)) {
        // Kept as it is for a version that knows it; nobody is told of something that cannot be shown.
        row.kind = unknown->kind;
        row.extra = std::move(unknown->raw);
        row.shown = false;
        row.notified = true;
        return out;
    }
    return malformed("not a message");
}

bool file(port::Store& store, port::StoredMessage& row, const std::vector<MessageId>& parents, Moment now)
{
    const auto& conversation = row.message.conversation;
    auto heads = store.heads(conversation);
    std::int64_t parents_hlc_max = -1;
    for (const auto& parent : parents) {
        const auto head = std::find_if(heads.begin(), heads.end(), [&](const auto& h) { return h.id == parent; });
        if (head != heads.end()) {
            parents_hlc_max = std::max(parents_hlc_max, head->hlc_ms);
            continue;
        }
        const auto known = store.message_in(conversation, parent);
        if (known) parents_hlc_max = std::max(parents_hlc_max, known->hlc_ms);
    }
    row.hlc_ms = sort_hlc(row.hlc_ms, parents_hlc_max, now.wall_ms);
    if (!store.add_message(row)) return false;
    if (row.message.state == MessageState::failed) return true; // What was never said is nobody's parent.

    const bool own = row.message.state != MessageState::received;
    std::erase_if(heads, [&](const auto& head) {
        return std::find(parents.begin(), parents.end(), head.id) != parents.end() ||
               (own && has_failed(store, conversation, head.id));
    });
    heads.push_back({row.message.id, row.hlc_ms});
    std::sort(heads.begin(), heads.end(),
              [](const auto& a, const auto& b) { return a.hlc_ms != b.hlc_ms ? a.hlc_ms > b.hlc_ms : a.id > b.id; });
    if (heads.size() > wire::parents_max) heads.resize(wire::parents_max);
    store.put_heads(conversation, heads);
    return true;
}

Message present(port::Store& store, port::StoredMessage row)
{
    Message& out = row.message;
    if (auto extra = wire::decode_extra(row.extra)) {
        if (auto body = wire::decode_body(extra->body)) out.body = std::move(*body);
        make_harmless(out.body);
        if (!extra->reply.empty()) {
            out.reply = std::move(extra->reply.front());
            present_quote(store, out.conversation, *out.reply, out.with.empty());
        }
        out.lifetime = extra->lifetime;
        out.forwarded = extra->forwarded;
        if (auto* location = std::get_if<content::Location>(&out.body); location != nullptr && location->live_seconds) {
            out.live_until_ms = moves_until(store, row);
            if (const auto moved = place_of(store, row)) {
                location->latitude_e7 = moved->spot.latitude_e7;
                location->longitude_e7 = moved->spot.longitude_e7;
                location->accuracy_m = moved->spot.accuracy_m;
                out.moved_ms = moved->hlc_ms;
            }
        }
    } else {
        out.body = content::Unknown{row.kind, row.extra};
    }
    if (row.annotated) annotate(store, out);
    return std::move(out);
}

} // namespace godwit::conversation
