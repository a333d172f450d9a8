// SPDX-License-Identifier: Apache-2.0
// A ticker over a scripted engine, a store and a shell that do what the test says.
#pragma once

#include "lib/client/ticker.hpp"
#include "tests/lib/client/fake_shell.hpp"
#include "tests/lib/client/fake_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::test {

class Warnings final : public port::Trace {
public:
    std::vector<std::string> lines;
    void line(port::TraceLevel level, std::string_view, std::string_view text) override
    {
        if (level >= port::TraceLevel::warning) lines.emplace_back(text);
    }
};

inline const std::string relay_address = "godwit://127.0.0.1:4433#" + std::string(42, 'B') + "A";

/// One client without threads: the test turns its clock and reads its effects.
struct World {
    test::FakeStore store;
    test::SeededEntropy entropy{1};
    Warnings trace;
    test::FakeShell shell;
    client::Mailbox mailbox;
    client::EventQueue events;
    std::unique_ptr<client::Ticker> ticker;

    explicit World(std::size_t events_max = 100) : events(events_max, [this] { shell.wake(); }) { open(); }

    void open()
    {
        ticker = std::make_unique<client::Ticker>(client::TickerParts{
            {}, store, entropy, trace, shell, mailbox, events, [](auto, const auto&, std::string_view password) {
                if (password == "no memory")
                    return Result<client::PasswordKeys>(Error{ErrorCode::quota_exceeded, "no memory", 0});
                return Result<client::PasswordKeys>(client::PasswordKeys{Bytes(32, 7), Bytes(32, 8)});
            }});
        shell.observe(*ticker);
        ticker->start();
        shell.turn();
    }

    RequestId ask(Request request)
    {
        bool first = false;
        const auto id = mailbox.put(std::move(request), first);
        REQUIRE(id);
        if (first) shell.wake();
        return *id;
    }
    void frame(std::string_view text) { ticker->link_frame(1, as_bytes(text)); }

    std::vector<std::string> frames_sent()
    {
        std::vector<std::string> out;
        for (const auto& effect : shell.effects)
            if (const auto* send = std::get_if<engine::SendFrame>(&effect)) out.emplace_back(as_text(send->frame));
        shell.effects.clear();
        return out;
    }
    int dials()
    {
        int count = 0;
        for (const auto& effect : shell.effects)
            count += std::holds_alternative<engine::DialRelay>(effect);
        return count;
    }
    event::Reply reply()
    {
        auto event = events.poll();
        REQUIRE(event);
        REQUIRE(std::holds_alternative<event::Reply>(*event));
        return std::get<event::Reply>(*event);
    }
    std::string text()
    {
        auto event = events.poll();
        REQUIRE(event);
        REQUIRE(std::holds_alternative<event::MessageReceived>(*event));
        return std::get<event::MessageReceived>(*event).message.text;
    }
};

} // namespace godwit::test
