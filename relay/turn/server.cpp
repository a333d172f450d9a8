// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/turn.hpp"

namespace godwit::relay::turn {

namespace attribute = stun::attribute;
using stun::Class;
using stun::Method;

namespace {

bool is_understood(std::uint16_t type) noexcept
{
    switch (type) {
    case attribute::username:
    case attribute::message_integrity:
    case attribute::channel_number:
    case attribute::lifetime:
    case attribute::xor_peer_address:
    case attribute::data:
    case attribute::realm:
    case attribute::nonce:
    case attribute::requested_address_family:
    case attribute::even_port:
    case attribute::requested_transport:
    case attribute::dont_fragment:
    case attribute::message_integrity_sha256:
    case attribute::password_algorithm:
    case attribute::userhash:
    case attribute::reservation_token: return true;
    default: return !stun::is_comprehension_required(type);
    }
}

/// Nobody who has not shown that its address is its own gets more than 1.6 times what it sent.
bool is_no_lever(std::size_t answer_bytes, std::size_t request_bytes)
{
    return answer_bytes * 10 <= request_bytes * 16;
}

} // namespace

Server::Server(Config config, Outside& outside, port::Entropy& entropy)
    : config_(std::move(config)), outside_(outside), authenticator_(config_, entropy), book_(config_, outside, entropy),
      indication_id_(entropy.next_u64())
{
    GODWIT_ASSERT(config_.realm.size() <= 4 && !config_.secret.empty() && config_.port_min <= config_.port_max);
}

bool Server::from_client(const FiveTuple& client, BytesView bytes, Moment now)
{
    auto* const known = book_.find(client);
    if (known == nullptr) return false;
    if (!bytes.empty() && bytes[0] >= 0x40)
        channel_data(*known, bytes, now.mono);
    else
        static_cast<void>(serve(client, known, bytes, now));
    return true;
}

bool Server::from_stranger(const FiveTuple& client, BytesView bytes, Moment now)
{
    return bytes.size() <= stun::request_bytes_max && serve(client, nullptr, bytes, now);
}

bool Server::serve(const FiveTuple& client, Allocation* known, BytesView bytes, Moment now)
{
    const auto message = Message::decode(bytes);
    if (!message) return false;
    if (message->method() == Method::binding) {
        const auto said = stun::answer(bytes, client.client);
        if (!said) return false;
        ++counters_.bindings;
        outside_.send_to_client(client, *said, {}, 0);
        return true;
    }
    if (!message->has_cookie()) return false; // TURN is younger than the cookie
    if (message->message_class() == Class::indication) {
        if (known != nullptr && message->method() == Method::send) send_indication(*known, *message, now.mono);
        return false;
    }
    if (message->message_class() != Class::request) return false;
    switch (message->method()) {
    case Method::allocate:
    case Method::refresh:
    case Method::create_permission:
    case Method::channel_bind: break;
    default: return false;
    }

    if (known != nullptr) {
        if (!known->user->requests.has(1, now.mono)) return false;
        known->user->requests.take(1);
    }
    const auto judged = authenticator_.judge(*message, client, known, now);
    if (const auto* const refusal = std::get_if<Refusal>(&judged))
        return refuse_stranger(client, *message, *refusal, now);
    dispatch({client, *message, std::get<Caller>(judged), known, now});
    return true;
}

void Server::dispatch(const Request& request)
{
    std::array<std::uint16_t, stun::attributes_max> unknown{};
    std::size_t unknown_count = 0;
    for (const auto& one : request.message.attributes())
        if (!is_understood(one.type)) unknown[unknown_count++] = one.type;
    if (unknown_count > 0) {
        ++counters_.refused;
        stun::Writer writer(request.message.method(), Class::error, request.message.transaction());
        writer.put_error(420).put_unknown(std::span(unknown).first(unknown_count));
        return answer(request, writer);
    }
    switch (request.message.method()) {
    case Method::allocate: return allocate(request);
    case Method::refresh: return refresh(request);
    case Method::create_permission: return create_permission(request);
    default: return bind_channel(request);
    }
}

bool Server::is_own(const Request& request)
{
    if (request.allocation == nullptr) {
        refuse(request, 437);
        return false;
    }
    if (request.allocation->username != request.caller.username) {
        refuse(request, 441);
        return false;
    }
    return true;
}

stun::Writer Server::success(const Request& request) const
{
    return {request.message.method(), Class::success, request.message.transaction()};
}

void Server::answer(const Request& request, stun::Writer& writer)
{
    // RFC 8489 section 9.2.4: made with the key that the request was made with, in the way that it chose.
    if (request.caller.sha256)
        writer.put_integrity_sha256(request.caller.key);
    else
        writer.put_integrity(request.caller.key);
    if (request.message.has_fingerprint()) writer.put_fingerprint();
    outside_.send_to_client(request.client, writer.take(), {}, 0);
}

void Server::refuse(const Request& request, int code)
{
    ++counters_.refused;
    if (code == 486 || code == 508) ++counters_.refused_quota;
    if (code == 403) ++counters_.refused_peers;
    stun::Writer writer(request.message.method(), Class::error, request.message.transaction());
    writer.put_error(code);
    answer(request, writer);
}

/// The answers that nothing proves: without integrity, and short.
bool Server::refuse_stranger(const FiveTuple& client, const Message& message, Refusal why, Moment now)
{
    const auto asked = message.bytes().size();
    // A stream's address is proved by TCP.
    const auto fits = [&](const Bytes& bytes) {
        return client.transport == Transport::tcp || is_no_lever(bytes.size(), asked);
    };
    const auto make = [&](bool with_offer) {
        stun::Writer writer(message.method(), Class::error, message.transaction());
        writer.put_error(why.code);
        if (why.challenge) {
            const auto& nonces = authenticator_.nonces();
            writer.put(attribute::realm, config_.realm);
            writer.put(attribute::nonce, with_offer ? nonces.offer(client, now.mono) : nonces.brief(client, now.mono));
            if (with_offer) writer.put(attribute::password_algorithms, stun::password_algorithms);
        }
        if (message.has_fingerprint()) writer.put_fingerprint();
        return writer.take();
    };
    auto out = make(why.challenge);
    if (!fits(out) && why.challenge) out = make(false);
    if (!fits(out)) return false;
    ++(why.challenge ? counters_.challenges : counters_.refused);
    outside_.send_to_client(client, out, {}, 0);
    return true;
}

void Server::client_gone(const FiveTuple& client)
{
    if (auto* const known = book_.find(client)) book_.remove(*known);
}

void Server::revoke(std::string_view account)
{
    auto* user = book_.find_user(account);
    // The last removal forgets the user.
    while (user != nullptr && !user->allocations.empty()) {
        ++counters_.revoked;
        book_.remove(*user->allocations.back());
        user = book_.find_user(account);
    }
}

void Server::handle_deadline(Moment now)
{
    book_.expire(now.mono);
    if (now.mono < check_accounts_at_) return;
    for (const auto& account : book_.users())
        if (config_.may_relay && !config_.may_relay(account)) revoke(account);
    check_accounts_at_ = now.mono + account_check_interval;
}

Instant Server::deadline() const
{
    return book_.allocations() == 0 ? book_.deadline() : earlier(book_.deadline(), check_accounts_at_);
}

Counters Server::counters() const
{
    auto out = counters_;
    out.allocations = book_.allocations();
    book_.each([&](const Allocation& one) {
        out.permissions += one.permissions.size();
        out.channels += one.channels.size();
    });
    return out;
}

} // namespace godwit::relay::turn
