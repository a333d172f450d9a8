// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/turn_rig.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <utility>

namespace godwit::relay::turn::test {

Endpoint at(std::string_view ip, std::uint16_t port)
{
    Endpoint out;
    out.is_v6 = ip.find(':') != std::string_view::npos;
    out.port = port;
    GODWIT_ASSERT(inet_pton(out.is_v6 ? AF_INET6 : AF_INET, std::string(ip).c_str(), out.ip.data()) == 1);
    return out;
}

Prefix prefix(std::string_view ip, unsigned bits)
{
    return {at(ip), bits};
}

Config config()
{
    Config out;
    out.secret = crypto::to_wiped(as_bytes("shared secret"));
    out.address_v4 = at("5.9.1.1");
    out.address_v6 = at("2a01:4f8::1");
    out.port_min = 50'000;
    out.port_max = 50'099;
    out.peers = PeerPolicy({}, {at("5.9.1.1"), at("2a01:4f8::1"), at("5.9.1.2")});
    return out;
}

stun::Message Response::message() const
{
    const auto out = stun::Message::decode(bytes);
    REQUIRE(out);
    return *out;
}

int Response::code() const
{
    if (silent()) return -1;
    const auto what = message();
    if (what.message_class() == Class::success) return 0;
    const auto* const error = what.find(attribute::error_code);
    REQUIRE(error != nullptr);
    return stun::read_error(error->value)->code;
}

std::optional<Endpoint> Response::address(std::uint16_t type, std::size_t which) const
{
    if (silent()) return std::nullopt;
    const auto what = message();
    for (const auto& one : what.attributes())
        if (one.type == type && which-- == 0) return stun::read_xor_address(one.value, what.transaction());
    return std::nullopt;
}

std::optional<std::uint32_t> Response::number(std::uint16_t type) const
{
    const auto raw = value(type);
    return stun::read_u32(raw);
}

Bytes Response::value(std::uint16_t type) const
{
    if (silent()) return {};
    const auto what = message();
    const auto* const found = what.find(type);
    return found == nullptr ? Bytes{} : to_bytes(found->value);
}

std::vector<std::uint16_t> Response::unknown() const
{
    std::vector<std::uint16_t> out;
    const auto raw = value(attribute::unknown_attributes);
    for (std::size_t i = 0; i + 1 < raw.size(); i += 2)
        out.push_back(static_cast<std::uint16_t>(raw[i] << 8 | raw[i + 1]));
    return out;
}

/// Marked for the client, which knows the transaction id to mask it with.
Fields& Fields::peer(const Endpoint& peer)
{
    Bytes value{0, static_cast<std::uint8_t>(peer.is_v6 ? 2 : 1), static_cast<std::uint8_t>(peer.port >> 8),
                static_cast<std::uint8_t>(peer.port)};
    append(value, peer.ip_bytes());
    return add(attribute::xor_peer_address, std::move(value));
}

Fields udp_allocation()
{
    return Fields{}.number(attribute::requested_transport, 17U << 24);
}

Client::Client(World& world, const Endpoint& where, std::string account, Transport transport) : world_(world)
{
    username = rest_username(world.now.wall_ms / 1000 + 86'400, account);
    password = rest_password(world.settings.secret, username);
    tuple = {transport, where, at("5.9.1.1", 4433)};
    transaction_ = std::uint64_t{where.port} << 32;
}

crypto::WipedBytes Client::key() const
{
    return stun::long_term_key(algorithm, as_bytes(username), as_bytes(realm), as_bytes(password));
}

Bytes Client::request(Method method, const Fields& fields)
{
    Bytes transaction{0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4};
    ++transaction_;
    for (int shift = 56; shift >= 0; shift -= 8)
        transaction.push_back(static_cast<std::uint8_t>(transaction_ >> shift));
    stun::Writer out(method, Class::request, transaction);
    for (const auto& [type, value] : fields.list) {
        const auto address = type == attribute::xor_peer_address ? stun::read_address(value) : std::nullopt;
        if (address)
            out.put_xor_address(type, *address);
        else
            out.put(type, value);
    }
    if (nonce.empty()) return out.take();
    out.put(attribute::username, username).put(attribute::realm, realm).put(attribute::nonce, nonce);
    if (says_algorithm) {
        out.put(attribute::password_algorithms, stun::password_algorithms);
        out.put(attribute::password_algorithm, Bytes{0, static_cast<std::uint8_t>(algorithm), 0, 0});
    }
    if (sha256)
        out.put_integrity_sha256(key());
    else
        out.put_integrity(key());
    return out.take();
}

void Client::say(BytesView bytes)
{
    if (!world_.server.from_client(tuple, bytes, world_.now))
        static_cast<void>(world_.server.from_stranger(tuple, bytes, world_.now));
}

Response Client::exchange(const Bytes& request)
{
    last_ = request;
    world_.sockets.to_clients.clear();
    say(request);
    if (world_.sockets.to_clients.empty()) return {};
    REQUIRE(world_.sockets.to_clients.size() == 1);
    CHECK(world_.sockets.to_clients.front().client == tuple);
    Response out{world_.sockets.to_clients.front().bytes};
    const auto message = out.message();
    CHECK(std::ranges::equal(message.transaction(), BytesView(request).subspan(4, 16)));
    // What is not a challenge or a 400 is signed with the key that we used.
    const int code = out.code();
    if (!nonce.empty() && code != 401 && code != 438 && message.method() != Method::binding &&
        (message.has(attribute::message_integrity) || message.has(attribute::message_integrity_sha256) ||
         code != 400)) {
        CHECK(stun::has_integrity(message, key()));
        CHECK(message.has(attribute::message_integrity_sha256) == sha256);
    }
    world_.sockets.to_clients.clear();
    return out;
}

Response Client::bare(Method method, const Fields& fields)
{
    const auto kept = std::exchange(nonce, {});
    auto out = exchange(request(method, fields));
    nonce = kept;
    return out;
}

Response Client::ask(Method method, const Fields& fields)
{
    // The first Allocate of a client has no credentials, and asks in enough bytes for the answer.
    if (nonce.empty()) nonce = std::string(as_text(bare(Method::allocate, udp_allocation()).value(attribute::nonce)));
    auto out = exchange(request(method, fields));
    if (out.code() == 438) {
        nonce = std::string(as_text(out.value(attribute::nonce)));
        CHECK(as_text(out.value(attribute::realm)) == "gw");
        REQUIRE_FALSE(nonce.empty());
        out = exchange(request(method, fields));
    }
    return out;
}

Response Client::allocate(Fields more)
{
    auto fields = udp_allocation();
    for (auto& one : more.list)
        fields.list.push_back(std::move(one));
    return ask(Method::allocate, fields);
}

Response Client::bind(std::uint16_t channel, const Endpoint& peer)
{
    return ask(Method::channel_bind,
               Fields{}.number(attribute::channel_number, std::uint32_t{channel} << 16).peer(peer));
}

void Client::send(const Endpoint& peer, std::string_view payload, bool dont_fragment)
{
    Bytes transaction(16, 9);
    std::copy_n(Bytes{0x21, 0x12, 0xa4, 0x42}.begin(), 4, transaction.begin());
    stun::Writer out(Method::send, Class::indication, transaction);
    out.put_xor_address(attribute::xor_peer_address, peer);
    if (dont_fragment) out.put(attribute::dont_fragment, BytesView{});
    out.put(attribute::data, payload);
    say(out.take());
}

void Client::send_channel(std::uint16_t channel, std::string_view payload)
{
    Bytes out{static_cast<std::uint8_t>(channel >> 8), static_cast<std::uint8_t>(channel),
              static_cast<std::uint8_t>(payload.size() >> 8), static_cast<std::uint8_t>(payload.size())};
    append(out, as_bytes(payload));
    say(out);
}

} // namespace godwit::relay::turn::test
