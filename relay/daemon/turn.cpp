// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/turn.hpp"

#include "relay/admin/prefix.hpp"
#include "relay/turn/rest.hpp"
#include "transport/loop/sockaddr.hpp"

#include <ifaddrs.h>

namespace godwit::relay {
namespace {

constexpr std::uint16_t https_port = 443;

turn::Endpoint endpoint(const loop::Address& address)
{
    return turn::Endpoint::of(address.ip_bytes(), address.port);
}

std::optional<turn::Endpoint> endpoint(const std::optional<loop::Address>& address)
{
    return address ? std::optional(endpoint(*address)) : std::nullopt;
}

/// Of all interfaces, now.
std::vector<turn::Endpoint> own_addresses()
{
    std::vector<turn::Endpoint> out;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return out;
    for (const auto* one = all; one != nullptr; one = one->ifa_next)
        if (one->ifa_addr != nullptr && (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6))
            out.push_back(endpoint(loop::from_sockaddr(one->ifa_addr)));
    ::freeifaddrs(all);
    return out;
}

} // namespace

std::optional<turn::Prefix> peer_prefix(std::string_view text)
{
    const auto prefix = admin::parse_prefix(text, 0);
    if (!prefix) return std::nullopt;
    return turn::Prefix{turn::Endpoint::of(prefix->bytes, 0), prefix->bits};
}

wire::TurnServer turn_server(const TurnEntry& entry, std::string_view user, WallMs now_ms)
{
    wire::TurnServer out{entry.host, entry.port, entry.transport, entry.username, entry.password, 0};
    if (entry.secret.empty()) return out;
    const auto expires_s = now_ms / 1000 + entry.lifetime_s;
    out.username = turn::rest_username(expires_s, user);
    out.password = turn::rest_password(as_bytes(entry.secret), out.username);
    out.expires_ms = expires_s * 1000;
    return out;
}

std::vector<TurnEntry> own_turn_entries(const TurnServing& serving, const std::string& host, std::uint16_t port,
                                        std::string_view secret)
{
    TurnEntry udp;
    udp.host = host;
    udp.port = port;
    udp.secret = secret;
    udp.lifetime_s = serving.lifetime_s;
    auto tcp = udp;
    tcp.transport = wire::TurnServer::Transport::tcp;
    for (const auto& one : serving.listen)
        if (one.port == https_port) tcp.port = https_port;
    return {udp, tcp};
}

Result<turn::Config> turn_config(const TurnServing& serving, const loop::Address& listening, std::string_view secret)
{
    turn::Config out;
    out.limits = serving.limits;
    out.secret = crypto::to_wiped(as_bytes(secret));
    out.address_v4 = endpoint(serving.address_v4);
    out.address_v6 = endpoint(serving.address_v6);
    out.external_v4 = endpoint(serving.external_v4);
    if (!out.address_v4 && !out.address_v6) {
        if (listening.is_any())
            return Error{ErrorCode::invalid_argument,
                         "turn_server.address_v4 or address_v6 is needed when listening on all addresses: the address "
                         "of this host that relayed datagrams come from",
                         0};
        (listening.is_v6 ? out.address_v6 : out.address_v4) = endpoint(listening);
    }
    out.port_min = serving.port_min;
    out.port_max = serving.port_max;
    auto own = own_addresses();
    for (const auto& one : {out.address_v4, out.address_v6, out.external_v4})
        if (one) own.push_back(*one);
    out.peers = turn::PeerPolicy(serving.allow_peers, std::move(own), serving.deny_peers);
    return out;
}

} // namespace godwit::relay
