// SPDX-License-Identifier: Apache-2.0
// Alice, Bob and a relay that turns evil (evil_relay.hpp): each of its tricks has a name that the victim is told,
// nothing false comes into a history, and once it is honest again the conversation goes on.
#pragma once

#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/heard.hpp"

#include "lib/crypto/signing.hpp"
#include "lib/identity/device_list.hpp"
#include "tests/support/memory_store.hpp"

namespace godwit::testing {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = seal::Label::Kind;

using Texts = std::vector<std::string>;

inline const event::Security* last_told(const Client& client, SecurityKind kind)
{
    const event::Security* out = nullptr;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::Security>(&event); one != nullptr && one->kind == kind) out = one;
    return out;
}

/// Of the kinds that accuse somebody.
inline std::size_t alarms(const Client& client)
{
    std::size_t out = 0;
    for (const auto kind : {SecurityKind::account_key_changed, SecurityKind::device_list_rollback,
                            SecurityKind::device_list_conflict, SecurityKind::key_package_invalid,
                            SecurityKind::commit_rejected, SecurityKind::group_forked, SecurityKind::commit_withheld,
                            SecurityKind::message_forged, SecurityKind::device_unlisted, SecurityKind::group_invalid})
        out += told(client, kind);
    return out;
}

inline Texts texts(Client& client, const std::string& with)
{
    Texts out;
    for (const auto& message : client.history(with))
        out.push_back(message.text);
    return out;
}

/// Alice, Bob, and a relay that is honest for now. Devices of Alice's and of strangers come when a story needs them.
struct Story {
    World world;
    EvilRelay evil;
    Client& alice;
    Client& bob;

    explicit Story(std::uint64_t seed, const engine::Config& config = {})
        : world(seed), evil(world), alice(world.client("alice", config)), bob(world.client("bob", config))
    {
    }
    void befriend()
    {
        world.befriend(alice, bob);
        say(alice, "bob", "hello");
        said.emplace_back("hello");
        world.run_for(seconds(15)); // The group is made, and has nothing to do.
    }
    Client& enter(const std::string& name, bool create)
    {
        auto& out = world.client(name);
        out.start();
        REQUIRE(out.wait(out.enter(create)).error.code == ErrorCode::ok);
        return out;
    }
    void by_mailbox()
    {
        for (auto* one : {&alice, &bob})
            one->wait(one->ask(request::SetPolicy{PathPolicy::relay_only}));
        world.run_for(seconds(1));
    }
    void by_link()
    {
        (void)alice.history("bob");
        REQUIRE(world.run_until([&] { return alice.live_peer_links(Path::direct) == 1; }));
        world.run_for(seconds(1));
    }
    MessageId send(Client& from, const std::string& to, const std::string& text)
    {
        said.push_back(text);
        return from.send(to, text);
    }
    [[nodiscard]] bool hears(Client& victim, SecurityKind kind, Duration within = seconds(30))
    {
        return world.run_until([&] { return told(victim, kind) > 0; }, within);
    }
    ConversationId conversation() { return *World::conversation_of({&alice, &bob}); }

    /// The relay is honest: words go both ways, and what was said, and nothing else, is in both histories.
    void goes_on()
    {
        evil.turn_honest();
        send(alice, "bob", "are you there");
        CHECK(world.run_until([&] { return world.all_terminal(alice); }, minutes(3)));
        send(bob, "alice", "I am");
        CHECK(world.run_until([&] { return world.all_terminal(alice) && world.all_terminal(bob); }, minutes(3)));
        auto expected = said;
        auto got = texts(bob, "alice");
        std::sort(expected.begin(), expected.end());
        std::sort(got.begin(), got.end());
        CHECK(got == expected);
        CHECK(world.check_conversation(alice, bob) == "");
    }
    Texts said;

private:
    void say(Client& from, const std::string& to, const std::string& text)
    {
        const auto id = from.send(to, text);
        REQUIRE(world.run_until([&] { return from.state(id) == MessageState::delivered; }, seconds(30)));
    }
};

/// Somebody with an account of their own making, who knows everything about sealing and nothing secret of others.
struct Mallory final : seal::Directory {
    Bytes account_seed = Bytes(32, 0x66);
    PublicKey account = crypto::SigningKey::from_seed(account_seed).public_key();
    Bytes device_seed = Bytes(32, 0x67);
    DeviceId device = crypto::SigningKey::from_seed(device_seed).public_key();
    MemoryStore store;
    test::SeededEntropy entropy{666};

    /// Made out for any user.
    [[nodiscard]] wire::DeviceCertificate certificate(const std::string& user) const
    {
        wire::DeviceCertificate out;
        out.user = user;
        out.device = device;
        out.created_ms = 1;
        out.device_name = "mallory";
        return identity::sign_certificate(out, account_seed);
    }
    [[nodiscard]] seal::Groups groups(const std::string& user)
    {
        return {seal::DeviceKeys{device, device_seed, wire::encode(certificate(user))}, store, entropy, *this};
    }
    [[nodiscard]] std::optional<seal::Circle> circle_of(const ConversationId&) const override { return std::nullopt; }
};

} // namespace godwit::testing
