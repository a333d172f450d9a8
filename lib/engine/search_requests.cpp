// SPDX-License-Identifier: Apache-2.0
// What the application looks for in the history.
#include "lib/engine/state.hpp"

#include "lib/wire/content.hpp"

namespace godwit::engine {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// Of the shown kinds; nullopt: none is called so.
template <std::size_t index = 0>
std::optional<std::uint32_t> kind_named(std::string_view name)
{
    if constexpr (index < std::variant_size_v<content::Body>) {
        content::Body body(std::in_place_index<index>);
        if (content::kind_name(body) != name) return kind_named<index + 1>(name);
        if (!content::is_shown(body) || std::holds_alternative<content::Unknown>(body)) return std::nullopt;
        return wire::body_kind(wire::encode(body));
    } else {
        return std::nullopt;
    }
}

} // namespace

void Engine::State::on(RequestId id, const request::Versions& wanted, Moment)
{
    if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
    auto versions = chats.versions(wanted.message);
    if (!versions) return context.refuse(id, versions.error());
    context.reply(id, *std::move(versions));
}

void Engine::State::on(RequestId id, const request::SetVersions& what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (what.kept > message_versions_max)
        return context.refuse(id, invalid("kept: at most " + std::to_string(message_versions_max)));
    chats.keep_versions(what.kept, now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::SetRecallWindow& what, Moment now)
{
    if (!is_ready_to_talk(id)) return;
    if (what.seconds > request::recall_seconds_max)
        return context.refuse(id, invalid("seconds: at most " + std::to_string(request::recall_seconds_max)));
    chats.set_recall_window(what.seconds, now);
    context.reply_ok(id);
}

void Engine::State::on(RequestId id, const request::Search& search, Moment)
{
    if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
    if (search.limit < 1 || search.limit > search_limit_max)
        return context.refuse(id, invalid("limit: 1 to " + std::to_string(search_limit_max)));
    port::SearchQuery query;
    query.text = search.text;
    query.from = search.from;
    query.limit = search.limit;
    query.before = search.before;
    query.since_ms = search.since_ms.value_or(query.since_ms);
    query.until_ms = search.until_ms.value_or(query.until_ms);
    if (search.where.conversation || !search.where.with.empty()) {
        const auto parties = chats.find(search.where);
        if (!parties) return context.refuse(id, parties.error());
        query.conversation = parties->conversation;
    }
    for (const auto& name : search.kinds) {
        const auto kind = kind_named(name);
        if (!kind)
            return context.refuse(id, invalid("kinds: text, attachment, sticker, location, contact_card, forwarded, "
                                              "card, custom or group_note"));
        query.kinds.push_back(*kind);
    }
    auto page = context.store.search(query);
    if (!page) return context.refuse(id, page.error());
    SearchResults out;
    out.next = page->next;
    for (auto& hit : page->hits)
        out.hits.push_back(
            {conversation::present(context.store, std::move(hit.row)), std::move(hit.snippet), std::move(hit.matches)});
    context.reply(id, std::move(out));
}

} // namespace godwit::engine
