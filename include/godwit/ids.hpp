// SPDX-License-Identifier: Apache-2.0
// Names of things. Each kind is its own type, so that a device is never mistaken for a message.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace godwit {

/// A fixed-length byte string with value semantics, ordering and a tag that keeps kinds apart.
template <std::size_t N, class Tag>
struct FixedBytes {
    static constexpr std::size_t size_bytes = N;
    std::array<std::uint8_t, N> bytes{};

    [[nodiscard]] std::span<const std::uint8_t> view() const noexcept { return {bytes.data(), N}; }
    [[nodiscard]] const std::uint8_t* data() const noexcept { return bytes.data(); }
    [[nodiscard]] std::uint8_t* data() noexcept { return bytes.data(); }

    /// nullopt unless `in` has exactly N bytes.
    [[nodiscard]] static std::optional<FixedBytes> from(std::span<const std::uint8_t> in) noexcept
    {
        if (in.size() != N) return std::nullopt;
        FixedBytes out;
        std::memcpy(out.bytes.data(), in.data(), N);
        return out;
    }

    [[nodiscard]] bool is_zero() const noexcept
    {
        for (auto b : bytes)
            if (b != 0) return false;
        return true;
    }

    friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
};

/// Lets FixedBytes be a key of unordered containers. Ids are random or hashes: their first bytes suffice.
struct FixedBytesHash {
    template <std::size_t N, class Tag>
    std::size_t operator()(const FixedBytes<N, Tag>& id) const noexcept
    {
        static_assert(N >= sizeof(std::size_t));
        std::size_t out = 0;
        std::memcpy(&out, id.bytes.data(), sizeof out);
        return out;
    }
};

/// An Ed25519 public key (RFC 8032).
using PublicKey = FixedBytes<32, struct PublicKeyTag>;
/// A device is its Ed25519 public key: TLS raw public key on links, signer of what it seals.
using DeviceId = PublicKey;
/// One message, the same on every device that has it; chosen at random by the sender.
using MessageId = FixedBytes<16, struct MessageIdTag>;
/// One conversation; for 1:1 chats a hash of the two account keys, so both sides name it alike.
using ConversationId = FixedBytes<16, struct ConversationIdTag>;
/// A file, by its content: root of a BLAKE2b-256 tree over it.
using FileId = FixedBytes<32, struct FileIdTag>;
/// Opens the blob of a file at a relay.
using FileKey = FixedBytes<32, struct FileKeyTag>;
/// Pairs a request with its reply; chosen by the caller of Client::submit's implementation, unique per client.
using RequestId = std::uint64_t;

} // namespace godwit
