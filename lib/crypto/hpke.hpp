// SPDX-License-Identifier: Apache-2.0
// HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256) or DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and the AEADs of
// aead_suite.hpp; all four modes.
// Randomness is an argument: the sender's ephemeral key pair, or what it is derived from, fresh for every call.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/aead_suite.hpp"
#include "lib/crypto/wiped.hpp"

#include <cstdint>
#include <optional>

namespace godwit::crypto {

inline constexpr std::size_t hpke_key_bytes = 32; ///< Npk, Nsk, Nenc and Nsecret of DHKEM(X25519) alike.

/// RFC 9180 section 7.1.
enum class KemId : std::uint16_t { p256 = 0x0010, x25519 = 0x0020 };

/// A KEM and an AEAD, with HKDF-SHA256. An AEAD alone goes with X25519.
struct HpkeSuite {
    KemId kem;
    AeadId aead;
    constexpr HpkeSuite(AeadId aead_id) noexcept : kem(KemId::x25519), aead(aead_id) {}
    constexpr HpkeSuite(KemId kem_id, AeadId aead_id) noexcept : kem(kem_id), aead(aead_id) {}
};

/// True for the encodings of Curve25519's points of order 1, 2, 4 and 8: a shared secret with them is all zero.
[[nodiscard]] bool is_x25519_low_order(BytesView public_key) noexcept;
/// What can be a public key of this KEM at all: right length; X25519: not of low order; P-256: a point of the curve.
[[nodiscard]] bool is_hpke_public_key(KemId kem, BytesView public_key) noexcept;

struct HpkeKeyPair {
    Bytes public_key;
    WipedBytes private_key;
    KemId kem = KemId::x25519;

    /// DeriveKeyPair of RFC 9180 section 7.1.3. `ikm` should have at least 32 bytes.
    [[nodiscard]] static HpkeKeyPair derive(BytesView ikm, KemId kem = KemId::x25519);
    /// nullopt unless `private_key` has 32 bytes and, for P-256, is a scalar of its group.
    [[nodiscard]] static std::optional<HpkeKeyPair> from_private(BytesView private_key, KemId kem = KemId::x25519);
};

/// Both empty: no PSK. RFC 9180 section 5.1.2 wants at least 32 bytes of entropy in `psk`.
struct HpkePsk {
    BytesView psk;
    BytesView psk_id;
};

/// `info` as the key schedule takes it: hashed, once for however many recipients. An MLS Welcome for thousands has
/// megabytes of it.
class HpkeInfo {
public:
    HpkeInfo(HpkeSuite suite, BytesView info);
    [[nodiscard]] HpkeSuite suite() const noexcept { return suite_; }
    [[nodiscard]] BytesView hash() const noexcept { return hash_; }
    /// psk_id_hash where there is no PSK.
    [[nodiscard]] BytesView no_psk_id_hash() const noexcept { return no_psk_id_hash_; }

private:
    HpkeSuite suite_;
    WipedBytes hash_; ///< info_hash of RFC 9180 section 5.1.
    WipedBytes no_psk_id_hash_;
};

/// One direction of an HPKE session, after the key schedule (RFC 9180 section 5.2).
class HpkeContext {
public:
    /// nullopt when the sequence number is exhausted.
    [[nodiscard]] std::optional<Bytes> seal(BytesView aad, BytesView plaintext);
    /// nullopt when the tag does not verify (the sequence number then stays).
    [[nodiscard]] std::optional<WipedBytes> open(BytesView aad, BytesView ciphertext);
    /// Secret export, RFC 9180 section 5.3.
    [[nodiscard]] WipedBytes export_secret(BytesView exporter_context, std::size_t length_bytes) const;

    /// The key schedule itself; nullopt when psk and psk_id are not both given or both absent.
    [[nodiscard]] static std::optional<HpkeContext> schedule(bool auth, BytesView shared_secret, const HpkeInfo& info,
                                                             const HpkePsk& psk);

private:
    explicit HpkeContext(HpkeSuite suite) : suite_(suite) {}
    [[nodiscard]] WipedBytes nonce() const;

    HpkeSuite suite_;
    WipedBytes key_;
    WipedBytes base_nonce_;
    WipedBytes secret_; ///< Of the schedule, with its context: the exporter secret is made when something is exported.
    WipedBytes schedule_context_;
    std::uint64_t sequence_ = 0;
};

struct HpkeSender {
    Bytes enc;
    HpkeContext context;
};

/// Setup{Base,PSK,Auth,AuthPSK}S. nullopt on a recipient key that is none, or a half-given PSK. `ephemeral`: made
/// for this call, and used for no other. Precondition: it and `sender_auth` are of the suite's KEM.
[[nodiscard]] std::optional<HpkeSender> hpke_setup_sender(const HpkeInfo& info, BytesView recipient_public,
                                                          const HpkeKeyPair& ephemeral, const HpkePsk& psk = {},
                                                          const HpkeKeyPair* sender_auth = nullptr);
/// The same with `ephemeral` = DeriveKeyPair(ephemeral_ikm).
[[nodiscard]] std::optional<HpkeSender> hpke_setup_sender(const HpkeInfo& info, BytesView recipient_public,
                                                          BytesView ephemeral_ikm, const HpkePsk& psk = {},
                                                          const HpkeKeyPair* sender_auth = nullptr);
[[nodiscard]] std::optional<HpkeSender> hpke_setup_sender(HpkeSuite suite, BytesView recipient_public, BytesView info,
                                                          BytesView ephemeral_ikm, const HpkePsk& psk = {},
                                                          const HpkeKeyPair* sender_auth = nullptr);
/// Setup{Base,PSK,Auth,AuthPSK}R. `sender_public` empty: no sender authentication. Precondition: `recipient` is of the
/// suite's KEM.
[[nodiscard]] std::optional<HpkeContext> hpke_setup_receiver(HpkeSuite suite, BytesView enc,
                                                             const HpkeKeyPair& recipient, BytesView info,
                                                             const HpkePsk& psk = {}, BytesView sender_public = {});

} // namespace godwit::crypto
