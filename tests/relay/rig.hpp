// SPDX-License-Identifier: Apache-2.0
// A relay core with an in-memory store, and people who talk to it by hand: no sockets, time by argument.
#pragma once

#include "lib/crypto/signing.hpp"
#include "lib/identity/device_list.hpp"
#include "relay/core/core.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

namespace godwit::relay::test {

namespace frame = wire::relay;

class SeededEntropy final : public port::Entropy {
public:
    void fill(std::span<std::uint8_t> out) override
    {
        for (auto& b : out)
            b = static_cast<std::uint8_t>(random_());
    }

private:
    std::mt19937_64 random_{42};
};

template <class T>
T filled(std::uint64_t number)
{
    T out;
    for (std::size_t i = 0; i < 8; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    out.bytes.back() = 0x77;
    return out;
}

[[nodiscard]] crypto::SigningKey signing_key(std::uint64_t number);
[[nodiscard]] wire::DeviceCertificate certificate(const crypto::SigningKey& account, const std::string& user,
                                                  const DeviceId& device);
/// Encoded and signed.
[[nodiscard]] Bytes certify(const crypto::SigningKey& account, const std::string& user, const DeviceId& device);
/// A list of these devices, signed.
[[nodiscard]] identity::DeviceList list_of(const crypto::SigningKey& account, const std::string& user,
                                           std::uint64_t version, const std::vector<DeviceId>& devices);
[[nodiscard]] wire::Envelope envelope(std::uint64_t number, std::size_t bytes = 100);

class World {
public:
    explicit World(Config config = {}, std::optional<Store> on = std::nullopt);

    /// A new core on the same store, as after a crash: what was committed is there, links and memory are gone.
    void restart();
    void advance(Duration by);
    /// The end of a tick. Outputs reach the inboxes, unless `lost`.
    Result<void> tick(bool lost = false);
    void give(LinkId link, Bytes frame) { core->receive(link, frame, now); }
    void give(LinkId link, const wire::relay::ClientFrame& frame) { give(link, wire::encode(frame)); }

    Config config;
    SeededEntropy entropy;
    Store store;
    std::unique_ptr<Core> core;
    Moment now{Instant(std::chrono::hours(1)), 1'700'000'000'000};
    std::map<LinkId, std::deque<wire::relay::ServerFrame>> inbox;
    std::set<LinkId> closed;
    LinkId next_link = 1;

    /// The stored list of an account, verified.
    [[nodiscard]] identity::DeviceList list(const std::string& user);
};

/// The devices of a list.
[[nodiscard]] std::vector<DeviceId> devices_in(const Bytes& list);

/// One device and its link.
class Device {
public:
    Device(World& world, std::uint64_t number, std::string address = "198.51.100.1");

    /// A new link, greeted.
    void connect(const std::string& version = "0.1.0");
    /// And with the password shown, which opens a door for AddDevice.
    void connect_as(const std::string& user);
    void drop();
    /// The frame is sent, the tick ends, and the response comes back.
    frame::Response ask(frame::RequestBody body);
    void send(frame::RequestBody body); ///< Without ending the tick.
    frame::Response take_response(std::uint64_t id);
    ErrorCode code(frame::RequestBody body) { return ask(std::move(body)).error.code; }

    frame::RegisterAccount registration(const std::string& user, std::uint64_t account);
    /// connect and register; the account's key is signing_key(account).
    void join(const std::string& user, std::uint64_t account);
    /// connect, log in by password and add this device.
    void enter(const std::string& user, std::uint64_t account);
    /// The second half of that: `known` with this device, the next version.
    frame::AddDevice addition(const std::string& user, std::uint64_t account, BytesView known);
    /// The next version of the stored list without this device, or that list when it is the last.
    frame::Logout leaving(const std::string& user, std::uint64_t account);
    /// The next version of the stored list without `revoked`.
    frame::DevicesPut revoking(const std::string& user, std::uint64_t account, const DeviceId& revoked);
    void resume();

    ErrorCode put(const Device& to, std::uint64_t envelope_number, std::size_t bytes = 100);
    void acknowledge(std::vector<std::uint64_t> sequences);

    /// Takes all frames of a kind out of the inbox, in order; the others stay.
    template <class T>
    std::vector<T> take()
    {
        std::vector<T> out;
        auto& frames = world->inbox[link];
        for (auto it = frames.begin(); it != frames.end();)
            if (auto* const one = std::get_if<T>(&*it)) {
                out.push_back(std::move(*one));
                it = frames.erase(it);
            } else {
                ++it;
            }
        return out;
    }
    void forget_frames() { world->inbox[link].clear(); }
    [[nodiscard]] bool is_closed() const { return world->closed.contains(link); }

    World* world;
    crypto::SigningKey key;
    DeviceId id;
    std::string address;
    std::string app = {}; ///< The key that Hello says.
    LinkId link = 0;
    std::uint64_t next_id = 1;
};

using LoginSecret = FixedBytes<32, frame::LoginSecretTag>;
[[nodiscard]] LoginSecret secret_of(const std::string& user);

/// Both accept, and nothing of it is left in the inboxes.
void befriend(Device& a, const std::string& a_name, Device& b, const std::string& b_name);

} // namespace godwit::relay::test
