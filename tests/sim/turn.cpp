// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/turn.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

constexpr std::uint16_t port_min = 49152;
constexpr std::string_view relay_type = " typ relay";

} // namespace

std::uint16_t TurnServer::allocate(const std::string& account, Instant now)
{
    std::erase_if(allocations_, [&](const auto& one) { return one.second.ends <= now; });
    const auto its = std::count_if(allocations_.begin(), allocations_.end(),
                                   [&](const auto& one) { return one.second.account == account; });
    if (static_cast<std::size_t>(its) >= turn_allocations_per_user_max) return 0;
    do
        last_port_ = last_port_ == UINT16_MAX ? port_min : static_cast<std::uint16_t>(last_port_ + 1);
    while (allocations_.contains(last_port_));
    allocations_[last_port_] = {account, never};
    ++given_;
    return last_port_;
}

bool TurnServer::has(std::uint16_t port, Instant now) const
{
    const auto at = allocations_.find(port);
    return at != allocations_.end() && at->second.ends > now;
}

void TurnServer::release(std::uint16_t port)
{
    allocations_.erase(port);
}

void TurnServer::abandon(std::uint16_t port, Instant now)
{
    const auto at = allocations_.find(port);
    if (at != allocations_.end()) at->second.ends = std::min(at->second.ends, now + turn_lifetime);
}

// ---- candidates ---------------------------------------------------------------------------------

std::string host_candidate(std::uint64_t device, std::uint16_t port)
{
    return "candidate:1 1 UDP 2013266431 10.0.0." + std::to_string(1 + device % 250) + " " + std::to_string(port) +
           " typ host";
}

std::string reflexive_candidate(std::uint64_t device, std::uint16_t port)
{
    return "candidate:2 1 UDP 1677721855 203.0.113." + std::to_string(1 + device % 250) + " " + std::to_string(port) +
           " typ srflx raddr 0.0.0.0 rport 9";
}

std::string relayed_candidate(std::uint16_t port)
{
    return "candidate:3 1 UDP 503316479 198.51.100.1 " + std::to_string(port) + std::string(relay_type) +
           " raddr 0.0.0.0 rport 9";
}

bool is_relayed(std::string_view candidate) noexcept
{
    return candidate.find(relay_type) != std::string_view::npos;
}

} // namespace godwit::testing
