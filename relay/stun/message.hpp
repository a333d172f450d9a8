// SPDX-License-Identifier: Apache-2.0
// A STUN message, read: RFC 8489 section 5, and RFC 3489, whose header has 128 bits of transaction id where the cookie
// and the id stand now.
//
//    0                   1                   2                   3
//   |0 0|  method and class (14)    |   length of what follows (16) |
//   |                     magic cookie 2112a442                     |
//   |                     transaction id (96)                       |
//   then attributes: type (16), length (16), value, zero to three bytes of padding
//
// Decoding is total: whatever the bytes are there is a message, of views into them, or none.
#pragma once

#include "relay/stun/endpoint.hpp"

#include <array>
#include <optional>
#include <span>

namespace godwit::relay::stun {

inline constexpr std::size_t header_bytes = 20;
inline constexpr std::size_t transaction_bytes = 16; ///< Cookie and id, or the id of RFC 3489: echoed as one.
inline constexpr std::uint32_t magic_cookie = 0x2112a442;
/// Attributes in one message.
inline constexpr std::size_t attributes_max = 32;

/// RFC 8489 section 18.2, RFC 8656 section 17.
enum class Method : std::uint16_t {
    binding = 0x001,
    allocate = 0x003,
    refresh = 0x004,
    send = 0x006,
    data = 0x007,
    create_permission = 0x008,
    channel_bind = 0x009,
};

enum class Class : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

/// RFC 8489 section 18.3, RFC 8656 section 18. Below 0x8000: who does not understand it must not go on.
namespace attribute {
inline constexpr std::uint16_t mapped_address = 0x0001;
inline constexpr std::uint16_t response_address = 0x0002; ///< RFC 3489.
inline constexpr std::uint16_t change_request = 0x0003;   ///< RFC 3489, RFC 5780.
inline constexpr std::uint16_t username = 0x0006;
inline constexpr std::uint16_t message_integrity = 0x0008;
inline constexpr std::uint16_t error_code = 0x0009;
inline constexpr std::uint16_t unknown_attributes = 0x000a;
inline constexpr std::uint16_t channel_number = 0x000c;
inline constexpr std::uint16_t lifetime = 0x000d;
inline constexpr std::uint16_t xor_peer_address = 0x0012;
inline constexpr std::uint16_t data = 0x0013;
inline constexpr std::uint16_t realm = 0x0014;
inline constexpr std::uint16_t nonce = 0x0015;
inline constexpr std::uint16_t xor_relayed_address = 0x0016;
inline constexpr std::uint16_t requested_address_family = 0x0017;
inline constexpr std::uint16_t even_port = 0x0018;
inline constexpr std::uint16_t requested_transport = 0x0019;
inline constexpr std::uint16_t dont_fragment = 0x001a;
inline constexpr std::uint16_t message_integrity_sha256 = 0x001c;
inline constexpr std::uint16_t password_algorithm = 0x001d;
inline constexpr std::uint16_t userhash = 0x001e;
inline constexpr std::uint16_t xor_mapped_address = 0x0020;
inline constexpr std::uint16_t reservation_token = 0x0022;
inline constexpr std::uint16_t additional_address_family = 0x8000;
inline constexpr std::uint16_t address_error_code = 0x8001;
inline constexpr std::uint16_t password_algorithms = 0x8002;
inline constexpr std::uint16_t software = 0x8022;
inline constexpr std::uint16_t fingerprint = 0x8028;
} // namespace attribute

[[nodiscard]] inline bool is_comprehension_required(std::uint16_t type) noexcept
{
    return type < 0x8000;
}

struct Attribute {
    std::uint16_t type = 0;
    BytesView value;    ///< Without padding.
    std::size_t at = 0; ///< Where its header begins in the message.
};

class Message {
public:
    /// nullopt: not STUN, or damaged: a length that does not fit, a wrong FINGERPRINT or one that is not last (RFC 8489
    /// section 14.7), more than attributes_max. The result has views into `bytes`.
    [[nodiscard]] static std::optional<Message> decode(BytesView bytes);

    [[nodiscard]] Method method() const noexcept { return method_; } ///< Any 12-bit number.
    [[nodiscard]] Class message_class() const noexcept { return class_; }
    /// False: RFC 3489.
    [[nodiscard]] bool has_cookie() const noexcept { return has_cookie_; }
    /// It has one, and it is right.
    [[nodiscard]] bool has_fingerprint() const noexcept { return has_fingerprint_; }
    [[nodiscard]] BytesView transaction() const noexcept { return bytes_.subspan(4, transaction_bytes); }
    [[nodiscard]] BytesView bytes() const noexcept { return bytes_; }

    /// Those that count: of what follows MESSAGE-INTEGRITY only MESSAGE-INTEGRITY-SHA256 and FINGERPRINT, of what
    /// follows that only FINGERPRINT (sections 14.5, 14.6).
    [[nodiscard]] std::span<const Attribute> attributes() const noexcept { return {attributes_.data(), count_}; }
    /// The first of its type: later ones are to be ignored (section 14). nullptr: none.
    [[nodiscard]] const Attribute* find(std::uint16_t type) const noexcept;
    [[nodiscard]] bool has(std::uint16_t type) const noexcept { return find(type) != nullptr; }

private:
    Method method_{};
    Class class_{};
    bool has_cookie_ = false;
    bool has_fingerprint_ = false;
    BytesView bytes_;
    std::size_t count_ = 0;
    std::array<Attribute, attributes_max> attributes_;
};

/// RFC 8489 section 14.7: CRC-32 (ITU-T V.42) of what stands before the attribute, XOR 0x5354554e.
[[nodiscard]] std::uint32_t fingerprint(BytesView message_before_attribute) noexcept;

// Values of attributes. nullopt: not of the form that the RFC gives it.
[[nodiscard]] std::optional<std::uint32_t> read_u32(BytesView value) noexcept;
/// MAPPED-ADDRESS (section 14.1).
[[nodiscard]] std::optional<Endpoint> read_address(BytesView value);
/// XOR-MAPPED-ADDRESS (section 14.2) and its kin in TURN.
[[nodiscard]] std::optional<Endpoint> read_xor_address(BytesView value, BytesView transaction);

struct ErrorValue {
    int code = 0; ///< 300 … 699
    std::string_view reason;
};
[[nodiscard]] std::optional<ErrorValue> read_error(BytesView value);

} // namespace godwit::relay::stun
