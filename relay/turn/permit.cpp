// SPDX-License-Identifier: Apache-2.0
// CreatePermission (RFC 8656 section 10) and ChannelBind (section 12).
#include "relay/turn/turn.hpp"

namespace godwit::relay::turn {

namespace attribute = stun::attribute;

int Server::judge_peer(const Allocation& allocation, const Endpoint& peer) const
{
    if (allocation.relayed_for(peer.is_v6) == nullptr) return 443;
    // Another allocation of ours may be meant: its port is looked at when there is something to send.
    if (book_.is_relayed_ip(peer)) return 0;
    return config_.peers.refusal(peer) == nullptr ? 0 : 403;
}

void Server::permit(Allocation& allocation, const Endpoint& peer, Instant now)
{
    for (auto& one : allocation.permissions)
        if (one.peer.same_ip(peer)) {
            one.until = now + permission_life;
            return;
        }
    allocation.permissions.push_back({peer.with_port(0), now + permission_life});
}

namespace {

std::size_t permissions_of(const User& user, Instant now)
{
    std::size_t out = 0;
    for (auto* const one : user.allocations) {
        one->forget_expired(now);
        out += one->permissions.size();
    }
    return out;
}

std::size_t channels_of(const User& user)
{
    std::size_t out = 0;
    for (const auto* const one : user.allocations)
        out += one->channels.size();
    return out;
}

} // namespace

void Server::create_permission(const Request& request)
{
    if (!is_own(request)) return;
    auto& allocation = *request.allocation;
    const auto now = request.now.mono;
    // All or nothing (section 10.2).
    std::array<Endpoint, stun::attributes_max> peers;
    std::size_t count = 0;
    for (const auto& one : request.message.attributes()) {
        if (one.type != attribute::xor_peer_address) continue;
        const auto peer = stun::read_xor_address(one.value, request.message.transaction());
        if (!peer) return refuse(request, 400);
        if (const int code = judge_peer(allocation, *peer)) return refuse(request, code);
        const auto known = std::span(peers).first(count);
        if (std::none_of(known.begin(), known.end(), [&](const Endpoint& other) { return other.same_ip(*peer); }))
            peers[count++] = *peer;
    }
    if (count == 0) return refuse(request, 400);
    const auto held = permissions_of(*allocation.user, now);
    const auto fresh = std::count_if(peers.begin(), peers.begin() + static_cast<std::ptrdiff_t>(count),
                                     [&](const Endpoint& peer) { return !allocation.permits(peer, now); });
    if (held + static_cast<std::size_t>(fresh) > config_.limits.permissions_per_user_max) return refuse(request, 508);
    for (const auto& peer : std::span(peers).first(count))
        permit(allocation, peer, now);
    auto writer = success(request);
    answer(request, writer);
}

void Server::bind_channel(const Request& request)
{
    if (!is_own(request)) return;
    auto& allocation = *request.allocation;
    const auto now = request.now.mono;
    const auto* const number_attribute = request.message.find(attribute::channel_number);
    const auto* const peer_attribute = request.message.find(attribute::xor_peer_address);
    if (number_attribute == nullptr || number_attribute->value.size() != 4 || peer_attribute == nullptr)
        return refuse(request, 400);
    const auto number = static_cast<std::uint16_t>(number_attribute->value[0] << 8 | number_attribute->value[1]);
    const auto peer = stun::read_xor_address(peer_attribute->value, request.message.transaction());
    if (number < channel_min || number > channel_max || !peer || peer->port == 0) return refuse(request, 400);
    if (const int code = judge_peer(allocation, *peer)) return refuse(request, code);

    const auto permissions = permissions_of(*allocation.user, now);
    auto* const by_number = allocation.channel(number);
    auto* const by_peer = allocation.channel_to(*peer);
    if (by_number != by_peer) return refuse(request, 400); // bound otherwise already
    if (by_number == nullptr && channels_of(*allocation.user) + 1 > config_.limits.channels_per_user_max)
        return refuse(request, 508);
    if (!allocation.permits(*peer, now) && permissions + 1 > config_.limits.permissions_per_user_max)
        return refuse(request, 508);
    if (by_number != nullptr)
        by_number->until = now + channel_life;
    else
        allocation.channels.push_back({number, *peer, now + channel_life});
    permit(allocation, *peer, now);
    auto writer = success(request);
    answer(request, writer);
}

} // namespace godwit::relay::turn
