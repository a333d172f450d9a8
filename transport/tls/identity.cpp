// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/identity.hpp"

#include "lib/base/check.hpp"
#include "transport/tls/session.hpp"

#include <algorithm>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

namespace godwit::tls {
namespace {

/// OneAsymmetricKey of an Ed25519 seed, without the seed (RFC 8410 section 7).
constexpr std::uint8_t pkcs8_prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                         0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
/// SubjectPublicKeyInfo (RFC 8410 section 4).
constexpr std::uint8_t spki_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

struct WipedPkcs8 {
    std::uint8_t bytes[sizeof pkcs8_prefix + 32];
    explicit WipedPkcs8(Seed seed)
    {
        std::copy(std::begin(pkcs8_prefix), std::end(pkcs8_prefix), bytes);
        std::copy(seed.begin(), seed.end(), bytes + sizeof pkcs8_prefix);
    }
    WipedPkcs8(const WipedPkcs8&) = delete;
    WipedPkcs8& operator=(const WipedPkcs8&) = delete;
    ~WipedPkcs8() { gnutls_memset(bytes, 0, sizeof bytes); }
};

std::optional<port::PeerKey> derive_public(const gnutls_datum_t& pkcs8)
{
    gnutls_privkey_t key = nullptr;
    if (gnutls_privkey_init(&key) != 0) return std::nullopt;
    std::optional<port::PeerKey> out;
    gnutls_datum_t x{};
    gnutls_ecc_curve_t curve{};
    if (gnutls_privkey_import_x509_raw(key, &pkcs8, GNUTLS_X509_FMT_DER, nullptr, 0) == 0 &&
        gnutls_privkey_export_ecc_raw2(key, &curve, &x, nullptr, nullptr, GNUTLS_EXPORT_FLAG_NO_LZ) == 0)
        out = port::PeerKey::from(BytesView(x.data, x.size));
    gnutls_free(x.data);
    gnutls_privkey_deinit(key);
    return out;
}

} // namespace

Result<Identity> Identity::from_seed(Seed seed)
{
    const auto failed = [](const char* what) { return Error{ErrorCode::internal, std::string("GnuTLS: ") + what}; };
    WipedPkcs8 secret(seed);
    const gnutls_datum_t pkcs8{secret.bytes, sizeof secret.bytes};
    const auto key = derive_public(pkcs8);
    if (!key) return failed("cannot use this Ed25519 seed");

    std::uint8_t shown[sizeof spki_prefix + 32];
    std::copy(std::begin(spki_prefix), std::end(spki_prefix), shown);
    std::copy(key->bytes.begin(), key->bytes.end(), shown + sizeof spki_prefix);
    const gnutls_datum_t spki{shown, sizeof shown};

    auto impl = std::make_shared<Impl>();
    impl->key = *key;
    if (gnutls_certificate_allocate_credentials(&impl->credentials) != 0) return failed("out of memory");
    const int code = gnutls_certificate_set_rawpk_key_mem(impl->credentials, &spki, &pkcs8, GNUTLS_X509_FMT_DER,
                                                          nullptr, 0, nullptr, 0, 0);
    if (code != 0) return failed(gnutls_strerror(code));
    if (gnutls_priority_init(&impl->priority_tcp, priority_text(Carrier::tcp), nullptr) != 0 ||
        gnutls_priority_init(&impl->priority_quic, priority_text(Carrier::quic), nullptr) != 0)
        return failed("it lacks TLS 1.3 with Ed25519 raw public keys");
    return Identity(std::move(impl));
}

const port::PeerKey& Identity::public_key() const noexcept
{
    return impl_->key;
}

} // namespace godwit::tls
