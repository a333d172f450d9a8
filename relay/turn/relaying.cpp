// SPDX-License-Identifier: Apache-2.0
// Data, both ways (RFC 8656 sections 11 and 12). Nothing is answered here: what may not pass is dropped and counted.
#include "relay/turn/turn.hpp"

namespace godwit::relay::turn {

namespace attribute = stun::attribute;

namespace {

constexpr std::size_t channel_head_bytes = 4;

void put_u16(std::uint8_t* at, std::size_t value)
{
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}

std::size_t padding_of(std::size_t bytes)
{
    return (4 - bytes % 4) % 4;
}

/// There is not too much to do, and the user has not sent more than a user may.
bool carries(User& user, std::size_t bytes, bool sheds, Counters& counters, Instant now)
{
    if (sheds)
        ++counters.packets_shed;
    else if (!user.pay(bytes, now))
        ++counters.packets_over_rate;
    else
        return true;
    return false;
}

} // namespace

void Server::channel_data(Allocation& allocation, BytesView bytes, Instant now)
{
    if (bytes.size() < channel_head_bytes) return;
    const auto number = static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
    const std::size_t length = std::size_t{bytes[2]} << 8 | bytes[3];
    if (length > bytes.size() - channel_head_bytes) return;
    const auto* const channel = allocation.channel(number);
    if (channel == nullptr || channel->until <= now) {
        ++counters_.packets_unpermitted;
        return;
    }
    to_peer(allocation, channel->peer, bytes.subspan(channel_head_bytes, length), false, now);
}

void Server::send_indication(Allocation& allocation, const Message& message, Instant now)
{
    const auto* const peer_attribute = message.find(attribute::xor_peer_address);
    const auto* const data = message.find(attribute::data);
    if (peer_attribute == nullptr || data == nullptr) return;
    bool dont_fragment = false;
    for (const auto& one : message.attributes()) {
        if (one.type == attribute::dont_fragment)
            dont_fragment = true;
        else if (one.type != attribute::xor_peer_address && one.type != attribute::data &&
                 stun::is_comprehension_required(one.type))
            return; // section 11.2, RFC 8489 section 6.3.2
    }
    const auto peer = stun::read_xor_address(peer_attribute->value, message.transaction());
    if (!peer) return;
    if (!allocation.permits(*peer, now)) {
        ++counters_.packets_unpermitted;
        return;
    }
    to_peer(allocation, *peer, data->value, dont_fragment, now);
}

void Server::to_peer(Allocation& allocation, const Endpoint& peer, BytesView payload, bool dont_fragment, Instant now)
{
    const auto* const from = allocation.relayed_for(peer.is_v6);
    if (from == nullptr || peer.port == 0) return;
    Relayed* ours = nullptr;
    if (book_.is_relayed_ip(peer)) {
        ours = book_.find_told(peer);
        // A relayed address of ours, or one that the operator allows by name: no other service of this host.
        if (ours == nullptr && !config_.peers.is_named(peer)) {
            ++counters_.packets_unpermitted;
            return;
        }
    }
    if (!carries(*allocation.user, payload.size(), sheds_data_, counters_, now)) return;
    ++counters_.packets_to_peers;
    counters_.bytes_to_peers += payload.size();
    if (ours != nullptr) return to_client(*ours->owner, from->told, payload, now);
    outside_.send_to_peer(from->id, peer, payload, dont_fragment);
}

void Server::from_peer(RelayId relay, const Endpoint& peer, BytesView payload, Moment now)
{
    const auto* const relayed = book_.find(relay);
    if (relayed == nullptr || relayed->told.is_v6 != peer.is_v6) return;
    to_client(*relayed->owner, peer, payload, now.mono);
}

void Server::to_client(Allocation& allocation, const Endpoint& peer, BytesView payload, Instant now)
{
    if (!allocation.permits(peer, now)) {
        ++counters_.packets_unpermitted;
        return;
    }
    if (!carries(*allocation.user, payload.size(), sheds_data_, counters_, now)) return;
    ++counters_.packets_to_clients;
    counters_.bytes_to_clients += payload.size();

    if (const auto* const channel = allocation.channel_to(peer); channel != nullptr && channel->until > now) {
        std::uint8_t head[channel_head_bytes];
        put_u16(head, channel->number);
        put_u16(head + 2, payload.size());
        const bool stream = allocation.client.transport == Transport::tcp; // section 12.5: padded there only
        return outside_.send_to_client(allocation.client, head, payload, stream ? padding_of(payload.size()) : 0);
    }

    // A Data indication: header, XOR-PEER-ADDRESS, DATA.
    std::uint8_t head[stun::header_bytes + 4 + 20 + 4];
    const auto ip_bytes = peer.ip_bytes().size();
    const auto bytes = stun::header_bytes + 4 + 4 + ip_bytes + 4;
    const auto padding = padding_of(payload.size());
    const auto length = bytes - stun::header_bytes + payload.size() + padding;
    if (length > 0xffff) return;
    put_u16(head, 0x0017);
    put_u16(head + 2, length);
    put_u16(head + 4, stun::magic_cookie >> 16);
    put_u16(head + 6, stun::magic_cookie & 0xffff);
    // Nobody answers an indication: its id only has to differ from the last one (splitmix64's step).
    indication_id_ += 0x9e3779b97f4a7c15ULL;
    for (std::size_t i = 0; i < 12; ++i)
        head[8 + i] = static_cast<std::uint8_t>(indication_id_ >> (i % 8 * 8));
    auto* at = head + stun::header_bytes;
    put_u16(at, attribute::xor_peer_address);
    put_u16(at + 2, 4 + ip_bytes);
    put_u16(at + 4, peer.is_v6 ? 2 : 1);
    put_u16(at + 6, peer.port ^ (stun::magic_cookie >> 16));
    for (std::size_t i = 0; i < ip_bytes; ++i)
        at[8 + i] = static_cast<std::uint8_t>(peer.ip[i] ^ head[4 + i]);
    at += 8 + ip_bytes;
    put_u16(at, attribute::data);
    put_u16(at + 2, payload.size());
    outside_.send_to_client(allocation.client, BytesView(head).first(bytes), payload, padding);
}

} // namespace godwit::relay::turn
