// SPDX-License-Identifier: Apache-2.0
#include "relay/stun/writer.hpp"

#include "lib/crypto/legacy.hpp"

namespace godwit::relay::stun {
namespace {

void append_u16(Bytes& out, std::size_t value)
{
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_u32(Bytes& out, std::uint32_t value)
{
    append_u16(out, value >> 16);
    append_u16(out, value & 0xffff);
}

void append_address(Bytes& out, const Endpoint& address)
{
    append_u16(out, address.is_v6 ? 2 : 1);
    append_u16(out, address.port);
    append(out, address.ip_bytes());
}

} // namespace

Writer::Writer(Method method, Class message_class, BytesView transaction)
{
    GODWIT_ASSERT(transaction.size() == transaction_bytes);
    const auto m = static_cast<unsigned>(method);
    const auto c = static_cast<unsigned>(message_class);
    out_.reserve(128);
    append_u16(out_, (m & 0x000f) | (m & 0x0070) << 1 | (m & 0x0f80) << 2 | (c & 1) << 4 | (c & 2) << 7);
    append_u16(out_, 0);
    append(out_, transaction);
}

void Writer::head(std::uint16_t type, std::size_t length)
{
    GODWIT_ASSERT(out_.size() + length < 65'536);
    append_u16(out_, type);
    append_u16(out_, length);
}

void Writer::pad()
{
    while (out_.size() % 4 != 0)
        out_.push_back(0);
    set_length(0);
}

void Writer::set_length(std::size_t more)
{
    const auto length = out_.size() - header_bytes + more;
    out_[2] = static_cast<std::uint8_t>(length >> 8);
    out_[3] = static_cast<std::uint8_t>(length);
}

Writer& Writer::put(std::uint16_t type, BytesView value)
{
    head(type, value.size());
    append(out_, value);
    pad();
    return *this;
}

Writer& Writer::put_u32(std::uint16_t type, std::uint32_t value)
{
    head(type, 4);
    append_u32(out_, value);
    pad();
    return *this;
}

Writer& Writer::put_address(std::uint16_t type, const Endpoint& value)
{
    head(type, 4 + value.ip_bytes().size());
    append_address(out_, value);
    pad();
    return *this;
}

Writer& Writer::put_xor_address(std::uint16_t type, const Endpoint& value)
{
    auto masked = value;
    masked.port = static_cast<std::uint16_t>(value.port ^ (magic_cookie >> 16));
    for (std::size_t i = 0; i < value.ip_bytes().size(); ++i)
        masked.ip[i] = static_cast<std::uint8_t>(value.ip[i] ^ out_[4 + i]);
    return put_address(type, masked);
}

Writer& Writer::put_error(int code)
{
    return put_u32(attribute::error_code, static_cast<std::uint32_t>(code / 100 << 8 | code % 100));
}

Writer& Writer::put_unknown(std::span<const std::uint16_t> types)
{
    head(attribute::unknown_attributes, types.size() * 2);
    for (const auto type : types)
        append_u16(out_, type);
    pad();
    return *this;
}

Writer& Writer::put_integrity(BytesView key)
{
    set_length(4 + sizeof(crypto::Sha1Digest));
    return put(attribute::message_integrity, crypto::hmac_sha1_of(key, {out_}));
}

Writer& Writer::put_integrity_sha256(BytesView key)
{
    set_length(4 + sizeof(crypto::Sha256Digest));
    return put(attribute::message_integrity_sha256, crypto::hmac_sha256_of(key, {out_}));
}

Writer& Writer::put_fingerprint()
{
    set_length(4 + 4);
    return put_u32(attribute::fingerprint, fingerprint(out_));
}

} // namespace godwit::relay::stun
