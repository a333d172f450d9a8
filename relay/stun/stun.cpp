// SPDX-License-Identifier: Apache-2.0
#include "relay/stun/stun.hpp"

#include "relay/stun/writer.hpp"

namespace godwit::relay::stun {
namespace {

/// Attributes that we understand well enough to go on: credentials, which a server that asks for none does not check
/// (section 9), and, from RFC 3489, RESPONSE-ADDRESS, which must not be followed (section 11.2.2 let anyone send
/// answers to anyone).
bool is_understood(std::uint16_t type) noexcept
{
    switch (type) {
    case attribute::response_address:
    case attribute::username:
    case attribute::message_integrity:
    case attribute::realm:
    case attribute::nonce:
    case attribute::message_integrity_sha256:
    case attribute::password_algorithm:
    case attribute::userhash: return true;
    default: return !is_comprehension_required(type);
    }
}

} // namespace

std::optional<Bytes> answer(BytesView datagram, const Endpoint& source)
{
    if (datagram.size() > request_bytes_max) return std::nullopt;
    const auto request = Message::decode(datagram);
    if (!request || request->method() != Method::binding || request->message_class() != Class::request)
        return std::nullopt;

    std::array<std::uint16_t, attributes_max> unknown{};
    std::size_t unknown_count = 0;
    for (const auto& one : request->attributes())
        if (!is_understood(one.type)) unknown[unknown_count++] = one.type;

    Writer out(Method::binding, unknown_count == 0 ? Class::success : Class::error, request->transaction());
    if (unknown_count > 0)
        out.put_error(420).put_unknown(std::span(unknown).first(unknown_count));
    else if (request->has_cookie())
        out.put_xor_address(attribute::xor_mapped_address, source);
    else
        out.put_address(attribute::mapped_address, source);
    if (request->has_fingerprint()) out.put_fingerprint();
    return out.take();
}

} // namespace godwit::relay::stun
