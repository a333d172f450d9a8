// SPDX-License-Identifier: Apache-2.0
// Names to addresses, off the loop thread.
#pragma once

#include "transport/loop/address.hpp"
#include "transport/loop/loop.hpp"

namespace godwit::loop {

/// Addresses that one name may give us: more is a misconfigured or hostile name server.
inline constexpr std::size_t resolved_addresses_max = 16;

/// One look-up. Destroying it cancels: no callback follows.
class Resolve {
public:
    using Done = std::function<void(Result<std::vector<Address>>)>;

    /// IP literals are answered without DNS. `done` is called once, never inside the constructor: addresses in the
    /// order the system prefers them (RFC 6724), without duplicates, or not_connected when the name is unknown or DNS
    /// does not answer.
    Resolve(Loop& loop, const HostPort& target, Done done);
    ~Resolve();
    Resolve(const Resolve&) = delete;
    Resolve& operator=(const Resolve&) = delete;

    struct Impl;

private:
    Impl* impl_;
};

} // namespace godwit::loop
