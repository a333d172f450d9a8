// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/network.hpp"

#include <algorithm>

namespace godwit::testing {

std::string_view nat_name(Nat nat) noexcept
{
    switch (nat) {
    case Nat::open: return "open";
    case Nat::endpoint_independent: return "endpoint_independent";
    case Nat::address_dependent: return "address_dependent";
    case Nat::port_dependent: return "port_dependent";
    case Nat::symmetric: return "symmetric";
    case Nat::udp_blocked: return "udp_blocked";
    }
    return "open";
}

/// Measured with libnice behind real NATs (docs/lab.md): a symmetric NAT answers on a port that the far side has not
/// heard of, which only filtering by address lets in.
bool opens_directly(Nat a, Nat b) noexcept
{
    if (a == Nat::udp_blocked || b == Nat::udp_blocked) return false;
    if (a != Nat::symmetric && b != Nat::symmetric) return true;
    const auto other = a == Nat::symmetric ? b : a;
    return other != Nat::symmetric && other != Nat::port_dependent;
}

Duration Losses::delay(const Network& network, std::mt19937_64& random)
{
    const auto loss = std::min<std::uint32_t>(network.loss_percent, 40);
    if (loss == 0) return Duration(0);
    const std::uint64_t burst = std::max<std::uint32_t>(network.loss_burst, 1);
    const auto step = [&] {
        // Mean stay in the bad state: `burst`; in the good one as long as makes `loss` in the long run.
        const bool leaves = bad_ ? random() % burst == 0 : random() % (burst * (100 - loss)) < loss;
        if (leaves) bad_ = !bad_;
        return bad_;
    };
    Duration out{};
    Duration wait = retransmit_first;
    while (step() && out < loss_delay_max) {
        out += wait;
        wait *= 2;
    }
    return std::min(out, loss_delay_max);
}

} // namespace godwit::testing
