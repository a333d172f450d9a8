// SPDX-License-Identifier: Apache-2.0
// Two members in league in a group of many, with a relay that keeps to all rules.
#pragma once

#include "tests/lib/engine/evil_member.hpp"

namespace godwit::testing {

/// Mallory and Erin are in league in a group of Alice's, with Carol and Dave.
struct League : Siege {
    Client& carol;
    Client& dave;
    Client& erin;

    explicit League(std::uint64_t seed)
        : Siege(seed), carol(world.client("carol")), dave(world.client("dave")), erin(world.client("erin"))
    {
        for (auto* one : {&carol, &dave, &erin})
            world.befriend(alice, *one);
        world.run_for(seconds(5));
        const auto made = alice.wait(
            alice.ask(request::GroupCreate{ConversationKind::group, "crew", {"mallory", "carol", "dave", "erin"}}));
        REQUIRE_MESSAGE(made.error.code == ErrorCode::ok, made.error.detail);
        conversation = std::get<ConversationId>(made.value);
        honest = {&alice, &phone, &carol, &dave};
        REQUIRE(world.run_until([&] {
            const auto group = seal::load_group(mallory.store, conversation);
            return group && group->tree().member_count() == 6;
        }));
        world.run_for(seconds(30));
        silent = {&mallory, &erin};
    }
    void all_hear(Client& from, const std::string& text)
    {
        request::Send send;
        send.conversation = conversation;
        send.text = text;
        REQUIRE(from.wait(from.ask(send)).error.code == ErrorCode::ok);
        for (auto* one : honest) {
            const auto came = [&] {
                const auto page = one->wait(one->ask(request::History{{}, 1000, {}, conversation}));
                const auto& all = std::get<std::vector<Message>>(page.value);
                return std::any_of(all.begin(), all.end(), [&](const auto& message) { return message.text == text; });
            };
            CHECK_MESSAGE(world.run_until(came, minutes(1)), one->name << ": " << text);
        }
    }
    std::uint64_t epoch() { return group_of(alice, conversation).epoch(); }
};

} // namespace godwit::testing
