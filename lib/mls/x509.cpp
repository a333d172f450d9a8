// SPDX-License-Identifier: Apache-2.0
// x509 credentials (RFC 9420 section 5.3): a chain of DER certificates (RFC 5280), of which this room reads one field,
// the key that the first one is for. Names, dates, issuers and trust are the application's.
#include "lib/mls/extension.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

struct Certificate {
    Bytes cert_data;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.cert_data);
    }
};

enum DerTag : std::uint8_t { der_bit_string = 0x03, der_sequence = 0x30, der_version = 0xa0 };

/// Walks over the elements of one DER value (X.690). Lengths are definite and the shortest; the first problem sticks.
class Der {
public:
    explicit Der(BytesView in) : in_(in) {}
    /// The content of the next element, whatever it is; empty after a problem.
    BytesView next(std::uint8_t& tag)
    {
        tag = 0;
        if (in_.size() < 2 || (in_[0] & 0x1f) == 0x1f) return fail();
        std::size_t size = in_[1], head = 2;
        if (size >= 0x80) {
            const std::size_t octets = size & 0x7f;
            if (octets == 0 || octets > 3 || in_.size() < 2 + octets || in_[2] == 0) return fail();
            size = 0;
            for (; head < 2 + octets; ++head)
                size = (size << 8) | in_[head];
            if (size < 0x80) return fail();
        }
        if (in_.size() - head < size) return fail();
        tag = in_[0];
        const BytesView out = in_.subspan(head, size);
        in_ = in_.subspan(head + size);
        return out;
    }
    BytesView take(std::uint8_t expected)
    {
        std::uint8_t tag = 0;
        const BytesView out = next(tag);
        return tag == expected ? out : fail();
    }
    void skip()
    {
        std::uint8_t tag = 0;
        static_cast<void>(next(tag));
    }
    [[nodiscard]] std::uint8_t tag() const { return in_.empty() ? std::uint8_t{0} : in_[0]; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return in_.empty(); }

private:
    BytesView fail()
    {
        ok_ = false;
        in_ = {};
        return {};
    }
    BytesView in_;
    bool ok_ = true;
};

// AlgorithmIdentifier, encoded: id-Ed25519 (RFC 8410 section 3); id-ecPublicKey with secp256r1 (RFC 5480 section 2.1).
constexpr std::uint8_t ed25519_algorithm[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
constexpr std::uint8_t p256_algorithm[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                           0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

/// Is this certificate's subjectPublicKeyInfo (RFC 5280 section 4.1) this key of this suite? nullopt: no certificate.
std::optional<bool> is_for(BytesView certificate, CipherSuite suite, BytesView signature_key)
{
    Der outer(certificate);
    Der all(outer.take(der_sequence));
    if (!outer.ok() || !outer.at_end()) return std::nullopt;
    Der tbs(all.take(der_sequence));
    if (tbs.tag() == der_version) tbs.skip();
    for (int i = 0; i < 5; ++i) // serialNumber, signature, issuer, validity, subject
        tbs.skip();
    Der info(tbs.take(der_sequence));
    const BytesView algorithm = info.take(der_sequence), key = info.take(der_bit_string);
    if (!all.ok() || !tbs.ok() || !info.ok() || !info.at_end() || key.empty()) return std::nullopt;
    const BytesView expected = signature_scheme_of(suite) == SignatureScheme::ed25519 ? BytesView(ed25519_algorithm)
                                                                                      : BytesView(p256_algorithm);
    return key[0] == 0 && std::ranges::equal(key.subspan(1), signature_key) && std::ranges::equal(algorithm, expected);
}

} // namespace

Credential Credential::x509(const std::vector<Bytes>& certificates)
{
    Writer io;
    for (const Bytes& certificate : certificates)
        io(certificate);
    return {CredentialType::x509, io.copy()};
}

MlsResult<std::vector<Bytes>> Credential::certificates() const
{
    if (credential_type != CredentialType::x509) return MlsError::x509_chain_malformed;
    std::vector<Bytes> out;
    Reader io(content);
    while (io.error() == MlsError::none && !io.rest().empty()) {
        Certificate one;
        io(one);
        if (io.error() != MlsError::none || one.cert_data.empty() || out.size() == certificates_max)
            return MlsError::x509_chain_malformed;
        out.push_back(std::move(one.cert_data));
    }
    if (out.empty()) return MlsError::x509_chain_malformed;
    return out;
}

MlsError check_credential_form(const Credential& credential, CipherSuite suite, BytesView signature_key)
{
    if (credential.credential_type != CredentialType::x509) return MlsError::none;
    const auto chain = credential.certificates();
    if (!chain) return chain.error();
    const auto same = is_for(chain->front(), suite, signature_key);
    if (!same) return MlsError::x509_chain_malformed;
    return *same ? MlsError::none : MlsError::x509_key_mismatch;
}

} // namespace godwit::mls
