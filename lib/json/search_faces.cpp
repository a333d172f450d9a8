// SPDX-License-Identifier: Apache-2.0
#include "lib/json/search_faces.hpp"

namespace godwit::json {

Request read_search(Fields& in)
{
    request::Search out;
    out.text = in.text("text");
    if (in.has("conversation"))
        out.where.conversation = in.fixed<ConversationId>("conversation", "a conversation: 32 hexadecimal digits");
    out.where.with = in.text("with", "");
    out.from = in.text("from", "");
    out.kinds = in.texts("kinds", search_kinds_max);
    if (in.has("since_ms"))
        out.since_ms = static_cast<std::int64_t>(in.integer("since_ms", 0, INT64_MAX, std::nullopt));
    if (in.has("until_ms"))
        out.until_ms = static_cast<std::int64_t>(in.integer("until_ms", 0, INT64_MAX, std::nullopt));
    out.limit = static_cast<std::uint32_t>(in.integer("limit", 1, search_limit_max, out.limit));
    out.before = in.integer("before", 0, UINT64_MAX, 0);
    return out;
}

void put_results(Ordered& out, const SearchResults& results)
{
    auto& hits = out["hits"] = Ordered::array();
    for (const auto& one : results.hits) {
        auto& hit = hits.emplace_back(Ordered::object());
        put_message(hit, one.message);
        hit["snippet"] = one.snippet;
        auto& matches = hit["matches"] = Ordered::array();
        for (const auto& match : one.matches)
            matches.push_back({{"begin", match.begin}, {"length", match.length}});
    }
    out["next"] = results.next;
}

} // namespace godwit::json
