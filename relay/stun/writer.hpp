// SPDX-License-Identifier: Apache-2.0
// A STUN message, written: attributes in the order of the calls, integrity and FINGERPRINT last.
#pragma once

#include "relay/stun/message.hpp"

namespace godwit::relay::stun {

class Writer {
public:
    /// `transaction`: transaction_bytes of it, as Message::transaction() gives them.
    Writer(Method method, Class message_class, BytesView transaction);

    /// Precondition: value.size() < 65,536 - what is there.
    Writer& put(std::uint16_t type, BytesView value);
    Writer& put(std::uint16_t type, std::string_view value) { return put(type, as_bytes(value)); }
    Writer& put_u32(std::uint16_t type, std::uint32_t value);
    Writer& put_address(std::uint16_t type, const Endpoint& value);
    /// XORed with the cookie and the transaction id, so that boxes on the way which rewrite what looks like an address
    /// leave it alone (section 14.2).
    Writer& put_xor_address(std::uint16_t type, const Endpoint& value);
    /// Without a reason phrase, which only lengthens an answer.
    Writer& put_error(int code);
    Writer& put_unknown(std::span<const std::uint16_t> types);

    // Sections 14.5, 14.6 and 14.7: over all that stands before.
    Writer& put_integrity(BytesView key);
    Writer& put_integrity_sha256(BytesView key);
    Writer& put_fingerprint();

    [[nodiscard]] Bytes take() { return std::move(out_); }

private:
    void head(std::uint16_t type, std::size_t length);
    void pad();
    /// The length counts the attribute that is about to be written.
    void set_length(std::size_t more);

    Bytes out_;
};

} // namespace godwit::relay::stun
