// SPDX-License-Identifier: Apache-2.0
// Who watches a world: told of everything that a device, an application or a wire-tapper could see. Overrides what it
// cares about. It may look into stores; it must not touch the world, except by throwing Broken.
#pragma once

#include "lib/engine/engine.hpp"
#include "relay/core/core.hpp"

namespace godwit::testing {

class Client;

class Observer {
public:
    virtual ~Observer() = default;

    /// An application asks, and is told.
    virtual void asks(Client&, RequestId, const Request&) {}
    virtual void told(Client&, const Event&) {}
    /// A device's process is gone, for whatever reason; its store shows what the next one finds.
    virtual void died(Client&) {}

    /// A device begins to look for a path to another one.
    virtual void seeks_path(Client&, const engine::OpenPath&) {}
    /// A frame leaves: between devices, from a device to the relay, from the relay to a device.
    virtual void peer_frame(Client& /*from*/, Client& /*to*/, BytesView) {}
    virtual void frame_to_relay(Client& /*from*/, BytesView) {}
    virtual void frame_of_relay(relay::LinkId, Client& /*to*/, BytesView) {}
    /// It has arrived at the relay, and the relay has it in hand.
    virtual void relay_takes(relay::LinkId, Client& /*from*/, BytesView) {}
    /// The relay's process is gone; its store shows what the next one finds.
    virtual void relay_died() {}
};

} // namespace godwit::testing
