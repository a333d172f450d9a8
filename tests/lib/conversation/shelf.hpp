// SPDX-License-Identifier: Apache-2.0
// Posts as their authors' devices make them, and one device that takes them.
#pragma once

#include "lib/conversation/timeline.hpp"
#include "tests/lib/delivery/fixtures.hpp"

namespace godwit::testing {

inline const auto chat = conversation_named(1);

/// What one device has: posts come to it in any order, and it takes them.
struct Shelf {
    explicit Shelf(std::string user, ConversationKind kind = ConversationKind::direct)
        : parties{chat,       kind, std::move(user), device_named(1), kind == ConversationKind::direct ? "other" : "",
                  Role::owner}
    {
        store.begin();
    }

    conversation::Filed take(const port::StoredMessage& row, std::int64_t ms)
    {
        auto mine = row;
        mine.message.state = row.message.from == parties.own_user ? MessageState::sent : MessageState::received;
        mine.message.with = parties.with;
        return conversation::take(store, mine, {}, at_ms(ms));
    }
    Message shown(std::uint32_t n)
    {
        auto row = store.message_in(chat, message_named(n));
        REQUIRE(row);
        return conversation::present(store, *row);
    }
    /// All that a person could see.
    std::string view()
    {
        std::string out;
        for (const auto& row : store.history(chat, 1000, std::nullopt)) {
            const auto m = conversation::present(store, row);
            out += to_hex(m.id.view()).substr(0, 8) + " " + m.from + " '" + m.text + "' " +
                   std::to_string(m.edited_ms) + "/" + std::to_string(m.recalled_ms) + m.recalled_by +
                   (m.pinned ? " pinned" : "");
            for (const auto& reaction : m.reactions) {
                out += " " + reaction.emoji + ":";
                for (const auto& user : reaction.users)
                    out += user + ",";
            }
            if (const auto* where = std::get_if<content::Location>(&m.body))
                out += " at " + std::to_string(where->latitude_e7) + "/" + std::to_string(m.moved_ms) + "/" +
                       std::to_string(m.live_until_ms);
            out += "\n";
        }
        return out;
    }

    MemoryStore store;
    conversation::Parties parties;
    std::int64_t stamp = 0; ///< Of registers.
};

/// A post as its author's device makes it.
inline port::StoredMessage post(std::uint32_t n, std::string from, std::string text, content::Body body,
                                std::int64_t hlc_ms, Role role = Role::owner)
{
    port::StoredMessage out;
    wire::content::Extra extra;
    extra.body = wire::encode(body);
    out.message.id = message_named(n);
    out.message.conversation = chat;
    out.message.from = std::move(from);
    out.message.text = std::move(text);
    out.message.sent_ms = at_ms(hlc_ms).wall_ms;
    out.hlc_ms = at_ms(hlc_ms).wall_ms;
    out.kind = wire::body_kind(extra.body);
    out.extra = wire::encode(extra);
    out.shown = content::is_shown(body);
    out.role = role;
    return out;
}

inline port::StoredMessage text(std::uint32_t n, std::string from, std::string words, std::int64_t hlc_ms)
{
    return post(n, std::move(from), std::move(words), content::Text{}, hlc_ms);
}

inline port::StoredMessage lasting(std::uint32_t n, std::string from, content::Lifetime lifetime, std::int64_t hlc_ms)
{
    auto out = text(n, std::move(from), "soon gone", hlc_ms);
    wire::content::Extra extra;
    extra.lifetime = lifetime;
    out.extra = wire::encode(extra);
    return out;
}

inline bool finds(MemoryStore& store, std::string_view words)
{
    for (const auto& row : store.sorted(chat)) {
        if (row.message.text.find(words) != std::string::npos) return true;
        if (as_text(row.extra).find(words) != std::string_view::npos) return true;
        for (const auto& one : store.annotations(chat, row.message.id))
            if (as_text(one.value).find(words) != std::string_view::npos) return true;
    }
    return false;
}

} // namespace godwit::testing
