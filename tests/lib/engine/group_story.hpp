// SPDX-License-Identifier: Apache-2.0
// What stories of groups have in common: accounts that know alice, and not each other.
#pragma once

#include "tests/lib/engine/heard.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace godwit::testing {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline std::size_t told(const Client& client, event::GroupChanged::What what)
{
    const auto events = all<event::GroupChanged>(client);
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const auto& one) { return one.what == what; }));
}

struct Crew {
    World world;
    Client& alice;

    explicit Crew(std::uint64_t seed, const std::vector<std::string>& others, engine::Config config = {})
        : world(seed), alice(world.client("alice", config))
    {
        for (const auto& name : others)
            world.befriend(alice, world.client(name, config));
        world.run_for(seconds(5));
    }
    Client& operator[](const std::string& name) { return world.client(name); }

    /// A further device of an account.
    Client& enter(const std::string& name)
    {
        auto& out = world.client(name);
        out.start();
        const auto answer = out.wait(out.enter(false));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        world.run_for(seconds(5));
        return out;
    }
    event::Reply ask(Client& who, Request what) { return who.wait(who.ask(std::move(what))); }
    ErrorCode code(Client& who, Request what) { return ask(who, std::move(what)).error.code; }
    void must(Client& who, Request what)
    {
        const auto reply = ask(who, std::move(what));
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    }
    ConversationId create(request::GroupCreate what)
    {
        const auto reply = ask(alice, std::move(what));
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        settle();
        return std::get<ConversationId>(reply.value);
    }
    ConversationId create(const std::vector<std::string>& members)
    {
        return create(request::GroupCreate{ConversationKind::group, "crew", members});
    }
    void settle(Duration time = seconds(10)) { world.run_for(time); }

    event::Reply try_say(Client& who, const ConversationId& group, const std::string& text)
    {
        request::Send send;
        send.conversation = group;
        send.text = text;
        return ask(who, send);
    }
    MessageId say(Client& who, const ConversationId& group, const std::string& text)
    {
        const auto reply = try_say(who, group, text);
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, who.name << ": " << reply.error.detail);
        settle();
        return std::get<MessageId>(reply.value);
    }
    std::vector<Message> history(Client& who, const ConversationId& group)
    {
        request::History page{{}, 1000, {}, group};
        return std::get<std::vector<Message>>(ask(who, page).value);
    }
    /// What was said, in order.
    std::string texts(Client& who, const ConversationId& group)
    {
        std::string out;
        for (const auto& one : history(who, group))
            if (!std::holds_alternative<content::GroupNote>(one.body))
                out += (out.empty() ? "" : " ") + one.from + ":" + one.text;
        return out;
    }
    GroupInfo about(Client& who, const ConversationId& group)
    {
        const auto reply = ask(who, request::GroupAbout{group});
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, who.name << ": " << reply.error.detail);
        return std::get<GroupInfo>(reply.value);
    }
    std::string members(Client& who, const ConversationId& group)
    {
        std::string out;
        for (const auto& one : about(who, group).members)
            out += (out.empty() ? "" : " ") + one.user +
                   (one.role == Role::owner   ? "*"
                    : one.role == Role::admin ? "+"
                                              : "");
        return out;
    }
    std::string report(Client& who, const MessageId& message)
    {
        std::string out;
        const auto reply = ask(who, request::Deliveries{message});
        for (const auto& one : std::get<std::vector<DeliveryReport>>(reply.value))
            out += (out.empty() ? "" : " ") + one.user + ":" + std::string(message_state_name(one.state)) + "/" +
                   std::string(path_name(one.path));
        return out;
    }
};

/// Alice has a telephone besides; bob and carol are her contacts.
struct Four : Crew {
    Client& phone;
    Client& bob;
    Client& carol;

    explicit Four(std::uint64_t seed)
        : Crew(seed, {"bob", "carol"}), phone(enter("alice.phone")), bob((*this)["bob"]), carol((*this)["carol"])
    {
        settle();
    }
};

} // namespace godwit::testing
