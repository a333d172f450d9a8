// SPDX-License-Identifier: Apache-2.0
// What stories of devices and lists have in common: an account with more than one device, a contact, and a relay whose
// database may be put back.
#pragma once

#include "lib/identity/device_list.hpp"
#include "tests/lib/engine/heard.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace godwit::testing {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline std::size_t rollbacks(const Client& client)
{
    return told(client, SecurityKind::device_list_rollback) + told(client, SecurityKind::device_list_conflict);
}

/// What a contact, or the account, holds for the devices of an account.
inline std::vector<DeviceId> devices_of(const Bytes& list)
{
    std::vector<DeviceId> out;
    const auto decoded = wire::decode_device_list(list);
    REQUIRE(decoded.ok());
    for (const auto& one : decoded->certificates)
        out.push_back(wire::decode_certificate(one)->device);
    std::sort(out.begin(), out.end());
    return out;
}
inline std::vector<DeviceId> own_list(Client& client)
{
    return devices_of(client.store.identity()->device_list);
}
inline std::vector<DeviceId> list_at(Client& client, const std::string& user)
{
    for (const auto& contact : client.store.contacts())
        if (contact.user == user) return devices_of(contact.device_list);
    return {};
}
inline std::vector<DeviceId> sorted(std::vector<DeviceId> devices)
{
    std::sort(devices.begin(), devices.end());
    return devices;
}

inline ErrorCode code(Client& client, Request request)
{
    return client.wait(client.ask(std::move(request))).error.code;
}

struct Story {
    World world;
    Client& alice;
    Client& bob;

    explicit Story(std::uint64_t seed)
        : world(seed, {}, DiskKind::sqlite), alice(world.client("alice")), bob(world.client("bob"))
    {
        world.befriend(alice, bob);
        talk(alice, "bob", "hello");
        world.run_for(seconds(15));
    }
    Client& enter(const std::string& name)
    {
        auto& out = world.client(name);
        out.start();
        const auto answer = out.wait(out.enter(false));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        world.run_for(seconds(30));
        return out;
    }
    void talk(Client& from, const std::string& to, const std::string& text)
    {
        const auto id = from.send(to, text);
        REQUIRE(world.run_until([&] { return from.state(id) == MessageState::delivered; }, minutes(3)));
    }
    void restore(const sqlite::DiskImage& image)
    {
        world.relay_crash();
        world.relay.disk.restore(image);
    }
    void bring_back(Client& client)
    {
        if (!client.running()) client.start();
        REQUIRE(world.run_until([&] { return client.status().connected; }, minutes(3)));
    }
    /// Everybody comes and goes: nothing new is said about it.
    void reconnect_all(const std::vector<Client*>& clients)
    {
        for (auto* one : clients)
            world.break_links(*one);
        for (auto* one : clients)
            bring_back(*one);
        world.run_for(seconds(30));
    }
};

} // namespace godwit::testing
