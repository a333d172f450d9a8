// SPDX-License-Identifier: Apache-2.0
// Tells that the addresses or routes of this host changed: time to look at every path again.
#pragma once

#include "transport/loop/loop.hpp"

namespace godwit::loop {

/// A change of uplink comes as a burst of link, address and route messages over some hundred milliseconds; one call is
/// enough.
inline constexpr Duration network_settle_default = std::chrono::milliseconds(300);

class NetworkWatch {
public:
    /// `changed` is called when `settle` has passed without a further change, and after at most ten times `settle` of
    /// unrest. Where the platform tells nothing, it is never called: the embedder then says network_changed itself.
    NetworkWatch(Loop& loop, std::function<void()> changed, Duration settle = network_settle_default);
    ~NetworkWatch();
    NetworkWatch(const NetworkWatch&) = delete;
    NetworkWatch& operator=(const NetworkWatch&) = delete;

    /// False: this platform (or sandbox) tells nothing.
    [[nodiscard]] bool active() const noexcept;

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::loop
