// SPDX-License-Identifier: Apache-2.0
// key packages: what a device leaves here so that others can add it to groups while it is away. Opaque bytes: whether
// they are good is judged by who fetches them.
//
//   publish -> known already? is there room? -> stored -> answered with what is there
//   fetch   -> own account or contact? -> one for each device: a one-time package, never handed out again; else the
//   last
//              resort, which stays
//
// What grows old is dropped before its end: a device that finds its stock low publishes anew, and nobody is handed what
// everybody would refuse.
//
// A contact cannot use up what is there: after some (key_packages_per_pair) it gets the last resort, until time has
// passed.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// Packages that one tick lets expire, and as many last resorts.
inline constexpr std::uint32_t key_packages_expired_per_tick_max = 500;

class KeyPackages {
public:
    explicit KeyPackages(Context& context);

    [[nodiscard]] Answer publish(const Session& session, const frame::KeyPackagePublish& request, Moment now);
    [[nodiscard]] Answer fetch(const Session& session, const frame::KeyPackageFetch& request, Moment now);
    /// Drops what is about to be of no use. True when there may be more.
    bool expire(Moment now);

private:
    /// Whose allowance it is; empty: unlimited. The answer is empty: this device has none.
    [[nodiscard]] Bytes hand_out(DeviceRow device, const std::string& pair, bool may_take, Moment now);

    Context& context_;
    AccountPaces requests_;
    PaceTable pairs_; ///< By (account that fetches, device fetched from).
};

} // namespace godwit::relay
