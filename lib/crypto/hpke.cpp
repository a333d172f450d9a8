// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/hpke.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/hkdf.hpp"
#include "lib/crypto/p256.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

#include <algorithm>
#include <limits>

namespace godwit::crypto {
namespace {

constexpr std::string_view version_label = "HPKE-v1";
constexpr std::size_t shared_secret_bytes = 32; ///< Nsecret of both KEMs.

constexpr std::uint8_t high(KemId kem)
{
    return static_cast<std::uint8_t>(static_cast<std::uint16_t>(kem) >> 8);
}
constexpr std::uint8_t low(KemId kem)
{
    return static_cast<std::uint8_t>(static_cast<std::uint16_t>(kem) & 0xff);
}

template <std::size_t N>
struct SuiteId {
    std::uint8_t bytes[N];
    [[nodiscard]] BytesView view() const noexcept { return BytesView(bytes, N); }
};

// suite_id of the KEM, RFC 9180 section 4.1: "KEM" || I2OSP(kem_id, 2).
SuiteId<5> kem_suite_id(KemId kem)
{
    return {{'K', 'E', 'M', high(kem), low(kem)}};
}

// suite_id of HPKE, RFC 9180 section 5.1: "HPKE" || kem_id || kdf_id || aead_id.
SuiteId<10> hpke_suite_id(HpkeSuite suite)
{
    return {
        {'H', 'P', 'K', 'E', high(suite.kem), low(suite.kem), 0x00, 0x01, 0x00, static_cast<std::uint8_t>(suite.aead)}};
}

/// Npk and Nenc.
std::size_t public_bytes(KemId kem)
{
    return kem == KemId::p256 ? p256_public_bytes : hpke_key_bytes;
}

WipedBytes labeled_extract(BytesView suite_id, BytesView salt, std::string_view label, BytesView ikm)
{
    return hkdf_extract(salt, {as_bytes(version_label), suite_id, as_bytes(label), ikm});
}

WipedBytes labeled_expand(BytesView suite_id, BytesView prk, std::string_view label, Parts info,
                          std::size_t length_bytes)
{
    GODWIT_ASSERT(info.size() <= 2);
    const std::uint8_t length[2] = {static_cast<std::uint8_t>(length_bytes >> 8),
                                    static_cast<std::uint8_t>(length_bytes & 0xff)};
    const BytesView first = info.size() > 0 ? info.begin()[0] : BytesView();
    const BytesView second = info.size() > 1 ? info.begin()[1] : BytesView();
    return hkdf_expand(prk, {BytesView(length, 2), as_bytes(version_label), suite_id, as_bytes(label), first, second},
                       length_bytes);
}

/// Appends DH(private, public) to `out`; false on a public key that is none (RFC 9180 section 7.1.4).
[[nodiscard]] bool append_dh(WipedBytes& out, const HpkeKeyPair& own, BytesView public_key)
{
    if (own.kem == KemId::p256) {
        const auto shared = p256_shared(own.private_key, public_key);
        if (shared) out.insert(out.end(), shared->begin(), shared->end());
        return shared.has_value();
    }
    if (own.private_key.size() != hpke_key_bytes || public_key.size() != hpke_key_bytes) return false;
    const std::size_t at = out.size();
    out.resize(at + hpke_key_bytes);
    return crypto_scalarmult_curve25519(out.data() + at, own.private_key.data(), public_key.data()) == 0;
}

// ExtractAndExpand of RFC 9180 section 4.1; kem_context = enc || pkRm [|| pkSm].
WipedBytes extract_and_expand(KemId kem, BytesView dh, BytesView kem_context)
{
    const auto suite = kem_suite_id(kem);
    const WipedBytes prk = labeled_extract(suite.view(), {}, "eae_prk", dh);
    return labeled_expand(suite.view(), prk, "shared_secret", {kem_context}, shared_secret_bytes);
}

} // namespace

bool is_x25519_low_order(BytesView public_key) noexcept
{
    // u = 0, 1, the two of order 8, p - 1, p, p + 1; the top bit is ignored (RFC 7748 section 5).
    static constexpr std::uint8_t order_8_a[32] = {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                                                   0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                                                   0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00};
    static constexpr std::uint8_t order_8_b[32] = {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
                                                   0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
                                                   0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57};
    if (public_key.size() != hpke_key_bytes) return false;
    std::uint8_t u[32];
    std::copy(public_key.begin(), public_key.end(), u);
    u[31] &= 0x7f;
    const auto middle_is = [&](std::uint8_t value) {
        return std::all_of(u + 1, u + 31, [&](std::uint8_t octet) { return octet == value; });
    };
    if (u[31] == 0x00 && u[0] <= 1 && middle_is(0x00)) return true;
    if (u[31] == 0x7f && u[0] >= 0xec && u[0] <= 0xee && middle_is(0xff)) return true;
    return std::equal(u, u + 32, order_8_a) || std::equal(u, u + 32, order_8_b);
}

bool is_hpke_public_key(KemId kem, BytesView public_key) noexcept
{
    if (kem == KemId::p256) return is_p256_public(public_key);
    return public_key.size() == hpke_key_bytes && !is_x25519_low_order(public_key);
}

HpkeKeyPair HpkeKeyPair::derive(BytesView ikm, KemId kem)
{
    const auto suite = kem_suite_id(kem);
    const WipedBytes prk = labeled_extract(suite.view(), {}, "dkp_prk", ikm);
    if (kem == KemId::x25519) {
        sodium_ready();
        HpkeKeyPair out{Bytes(hpke_key_bytes), labeled_expand(suite.view(), prk, "sk", {}, hpke_key_bytes), kem};
        crypto_scalarmult_curve25519_base(out.public_key.data(), out.private_key.data());
        return out;
    }
    // Candidates until one is a scalar; the bitmask of P-256 is 0xff. One in 2^32 is none.
    for (unsigned counter = 0; counter <= 255; ++counter) {
        const auto octet = static_cast<std::uint8_t>(counter);
        auto out = from_private(
            labeled_expand(suite.view(), prk, "candidate", {BytesView(&octet, 1)}, p256_private_bytes), kem);
        if (out) return std::move(*out);
    }
    GODWIT_ASSERT(false); // DeriveKeyPairError: one in 2^8192.
    return {};
}

std::optional<HpkeKeyPair> HpkeKeyPair::from_private(BytesView private_key, KemId kem)
{
    if (kem == KemId::p256) {
        auto public_key = p256_public_of(private_key);
        if (!public_key) return std::nullopt;
        return HpkeKeyPair{std::move(*public_key), to_wiped(private_key), kem};
    }
    if (private_key.size() != hpke_key_bytes) return std::nullopt;
    sodium_ready();
    HpkeKeyPair out{Bytes(hpke_key_bytes), to_wiped(private_key), kem};
    crypto_scalarmult_curve25519_base(out.public_key.data(), out.private_key.data());
    return out;
}

HpkeInfo::HpkeInfo(HpkeSuite suite, BytesView info)
    : suite_(suite), hash_(labeled_extract(hpke_suite_id(suite).view(), {}, "info_hash", info)),
      no_psk_id_hash_(labeled_extract(hpke_suite_id(suite).view(), {}, "psk_id_hash", {}))
{
}

std::optional<HpkeContext> HpkeContext::schedule(bool auth, BytesView shared_secret, const HpkeInfo& info,
                                                 const HpkePsk& psk)
{
    if (psk.psk.empty() != psk.psk_id.empty()) return std::nullopt; // VerifyPSKInputs
    const std::uint8_t mode = static_cast<std::uint8_t>((auth ? 2 : 0) | (psk.psk.empty() ? 0 : 1));
    const auto suite_id = hpke_suite_id(info.suite());
    const BytesView suite = suite_id.view();

    HpkeContext out(info.suite());
    WipedBytes& context = out.schedule_context_;
    context.reserve(1 + 2 * hkdf_hash_bytes);
    context.push_back(mode);
    const auto append_hash = [&](BytesView hash) { context.insert(context.end(), hash.begin(), hash.end()); };
    if (psk.psk_id.empty())
        append_hash(info.no_psk_id_hash());
    else
        append_hash(labeled_extract(suite, {}, "psk_id_hash", psk.psk_id));
    append_hash(info.hash());

    out.secret_ = labeled_extract(suite, shared_secret, "secret", psk.psk);
    out.key_ = labeled_expand(suite, out.secret_, "key", {context}, aead_key_bytes(info.suite().aead));
    out.base_nonce_ = labeled_expand(suite, out.secret_, "base_nonce", {context}, aead_nonce_bytes);
    return out;
}

WipedBytes HpkeContext::nonce() const
{
    WipedBytes out = base_nonce_;
    for (std::size_t i = 0; i < 8; ++i)
        out[out.size() - 1 - i] ^= static_cast<std::uint8_t>((sequence_ >> (8 * i)) & 0xff);
    return out;
}

std::optional<Bytes> HpkeContext::seal(BytesView aad, BytesView plaintext)
{
    if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    Bytes out = aead_suite_seal(suite_.aead, key_, nonce(), aad, plaintext);
    ++sequence_;
    return out;
}

std::optional<WipedBytes> HpkeContext::open(BytesView aad, BytesView ciphertext)
{
    if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    auto out = aead_suite_open(suite_.aead, key_, nonce(), aad, ciphertext);
    if (out) ++sequence_;
    return out;
}

WipedBytes HpkeContext::export_secret(BytesView exporter_context, std::size_t length_bytes) const
{
    const auto suite_id = hpke_suite_id(suite_);
    const WipedBytes secret = labeled_expand(suite_id.view(), secret_, "exp", {schedule_context_}, hkdf_hash_bytes);
    return labeled_expand(suite_id.view(), secret, "sec", {exporter_context}, length_bytes);
}

std::optional<HpkeSender> hpke_setup_sender(HpkeSuite suite, BytesView recipient_public, BytesView info,
                                            BytesView ephemeral_ikm, const HpkePsk& psk, const HpkeKeyPair* sender_auth)
{
    return hpke_setup_sender(HpkeInfo(suite, info), recipient_public, ephemeral_ikm, psk, sender_auth);
}

std::optional<HpkeSender> hpke_setup_sender(const HpkeInfo& info, BytesView recipient_public, BytesView ephemeral_ikm,
                                            const HpkePsk& psk, const HpkeKeyPair* sender_auth)
{
    return hpke_setup_sender(info, recipient_public, HpkeKeyPair::derive(ephemeral_ikm, info.suite().kem), psk,
                             sender_auth);
}

std::optional<HpkeSender> hpke_setup_sender(const HpkeInfo& info, BytesView recipient_public,
                                            const HpkeKeyPair& ephemeral, const HpkePsk& psk,
                                            const HpkeKeyPair* sender_auth)
{
    const KemId kem = info.suite().kem;
    GODWIT_ASSERT(ephemeral.kem == kem && (sender_auth == nullptr || sender_auth->kem == kem));
    WipedBytes dh;
    dh.reserve(2 * hpke_key_bytes);
    if (!append_dh(dh, ephemeral, recipient_public)) return std::nullopt;
    if (sender_auth != nullptr && !append_dh(dh, *sender_auth, recipient_public)) return std::nullopt;
    Bytes kem_context;
    kem_context.reserve(3 * public_bytes(kem));
    append(kem_context, ephemeral.public_key);
    append(kem_context, recipient_public);
    if (sender_auth != nullptr) append(kem_context, sender_auth->public_key);
    auto context = HpkeContext::schedule(sender_auth != nullptr, extract_and_expand(kem, dh, kem_context), info, psk);
    if (!context) return std::nullopt;
    return HpkeSender{ephemeral.public_key, std::move(*context)};
}

std::optional<HpkeContext> hpke_setup_receiver(HpkeSuite suite, BytesView enc, const HpkeKeyPair& recipient,
                                               BytesView info, const HpkePsk& psk, BytesView sender_public)
{
    sodium_ready();
    GODWIT_ASSERT(recipient.kem == suite.kem);
    WipedBytes dh;
    dh.reserve(2 * hpke_key_bytes);
    if (!append_dh(dh, recipient, enc)) return std::nullopt;
    const bool auth = !sender_public.empty();
    if (auth && !append_dh(dh, recipient, sender_public)) return std::nullopt;
    Bytes kem_context = to_bytes(enc);
    append(kem_context, recipient.public_key);
    if (auth) append(kem_context, sender_public);
    return HpkeContext::schedule(auth, extract_and_expand(suite.kem, dh, kem_context), HpkeInfo(suite, info), psk);
}

} // namespace godwit::crypto
