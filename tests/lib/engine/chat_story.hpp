// SPDX-License-Identifier: Apache-2.0
// What stories of conversations of two have in common.
#pragma once

#include "tests/lib/engine/heard.hpp"

#include <doctest/doctest.h>

namespace godwit::testing {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline MessageId id_in(const event::Reply& reply)
{
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    return std::get<MessageId>(reply.value);
}

inline Message newest(Client& client, const std::string& with)
{
    const auto page = client.history(with);
    REQUIRE_FALSE(page.empty());
    return page.back();
}

inline std::vector<Conversation> list(Client& client)
{
    return std::get<std::vector<Conversation>>(client.wait(client.ask(request::Conversations{})).value);
}

/// Anything in the store that a person could have written.
inline bool finds(Client& client, std::string_view words)
{
    const auto in = [&](BytesView bytes) { return as_text(bytes).find(words) != std::string_view::npos; };
    for (const auto& stored : client.store.conversations())
        for (const auto& row : client.store.sorted(stored.id)) {
            if (in(as_bytes(row.message.text)) || in(row.extra)) return true;
            for (const auto& one : client.store.annotations(stored.id, row.message.id))
                if (in(one.value)) return true;
            if (const auto envelope = client.store.envelope(row.message.id); envelope && in(envelope->content))
                return true;
        }
    return false;
}

/// Two friends; bob has a phone besides.
struct Three {
    World world;
    Client& alice;
    Client& bob;
    Client& phone;

    explicit Three(std::uint64_t seed, engine::Config config = {})
        : world(seed), alice(world.client("alice", config)), bob(world.client("bob", config)),
          phone(world.client("bob.phone", config))
    {
        world.befriend(alice, bob);
        phone.start();
        REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
        world.run_for(seconds(10));
    }
    void settle(Duration time = seconds(5)) { world.run_for(time); }
    MessageId say(Client& from, const std::string& to, const std::string& text)
    {
        const auto id = from.send(to, text);
        settle();
        return id;
    }
};

} // namespace godwit::testing
