// SPDX-License-Identifier: Apache-2.0
// Two or more ICE peers in one process on one loop, with signalling that is a function call.
#pragma once

#include "transport/ice/ice_session.hpp"
#include "transport/loop/loop.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace godwit::ice::test {

/// Owns the loop; run_until() turns it until the condition holds or a generous real-time limit passes (which only a
/// broken test reaches).
class World {
public:
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(30))
    {
        const auto deadline = loop::Loop::now().mono + limit;
        while (!done()) {
            const auto left = deadline - loop::Loop::now().mono;
            if (left <= Duration::zero()) return false;
            loop.run_once(left);
        }
        return true;
    }

    /// Lets the loop turn `turns` times without waiting.
    void turn(int turns)
    {
        for (int i = 0; i < turns; ++i)
            loop.run_once(Duration::zero());
    }

    loop::Loop loop; ///< Its destructor asserts that we have left nothing on it.
    std::unique_ptr<IceRuntime> runtime = std::make_unique<IceRuntime>(loop);
};

[[nodiscard]] inline IceConfig loopback(bool controlling)
{
    IceConfig config;
    config.controlling = controlling;
    config.bind_addresses = {"127.0.0.1"};
    config.loopback_allowed = true;
    return config;
}

/// One side. `other` gets what signalling would carry; a null `other` means that signalling is cut.
struct Peer final : IceObserver, port::DatagramPathObserver {
    Peer* other = nullptr;
    std::unique_ptr<IceSession> session;
    std::vector<std::string> candidates;
    std::vector<std::string> datagrams;
    std::vector<IcePair> pairs;
    int gathered = 0;
    int connected = 0;
    int failed = 0;
    int path_failures = 0;
    Error reason;
    std::function<void()> on_event; ///< Called at the end of each callback; may destroy the session.

    void open(World& world, const IceConfig& config)
    {
        auto opened = world.runtime->open(config, *this);
        REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().detail));
        session = std::move(opened).value();
    }

    void ice_candidate(IceSession&, const std::string& candidate) override
    {
        candidates.push_back(candidate);
        if (other != nullptr && other->session != nullptr) CHECK(other->session->add_remote_candidate(candidate).ok());
        event();
    }
    void ice_gathered(IceSession&) override
    {
        ++gathered;
        if (other != nullptr && other->session != nullptr) other->session->remote_gathering_done();
        event();
    }
    void ice_connected(IceSession&, const IcePair& pair) override
    {
        ++connected;
        pairs.push_back(pair);
        event();
    }
    void ice_pair_changed(IceSession&, const IcePair& pair) override
    {
        pairs.push_back(pair);
        event();
    }
    void ice_failed(IceSession&, const Error& error) override
    {
        ++failed;
        reason = error;
        event();
    }
    void path_datagram(BytesView datagram) override
    {
        datagrams.emplace_back(as_text(datagram));
        event();
    }
    void path_failed(const Error&) override
    {
        ++path_failures;
        event();
    }

    [[nodiscard]] bool say(std::string_view text)
    {
        const BytesView datagram = as_bytes(text);
        return session->path().send({&datagram, 1}) == 1;
    }

private:
    void event()
    {
        if (on_event) on_event();
    }
};

/// A pair of peers that are introduced to each other and gather.
struct Couple {
    Peer a, b;

    Couple() { a.other = &b, b.other = &a; }

    void open(World& world, const IceConfig& config_a, const IceConfig& config_b)
    {
        a.open(world, config_a);
        b.open(world, config_b);
    }
    void introduce()
    {
        CHECK(a.session->set_remote(b.session->local_description()).ok());
        CHECK(b.session->set_remote(a.session->local_description()).ok());
    }
    void gather()
    {
        a.session->gather();
        b.session->gather();
    }
    void start(World& world)
    {
        open(world, loopback(true), loopback(false));
        introduce();
        gather();
    }
    [[nodiscard]] bool both_connected() const { return a.connected > 0 && b.connected > 0; }
};

} // namespace godwit::ice::test
