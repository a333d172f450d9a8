// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/certificate.hpp"

#include "lib/crypto/signing.hpp"

#include <algorithm>

namespace godwit::identity {
namespace {

Error refused(const char* detail)
{
    return Error{ErrorCode::authentication_failed, detail, 0};
}

} // namespace

wire::DeviceCertificate sign_certificate(wire::DeviceCertificate certificate, BytesView account_seed)
{
    const auto key = crypto::SigningKey::from_seed(account_seed);
    certificate.account_key = key.public_key();
    const auto signature = key.sign(wire::certificate_signed_bytes(certificate));
    std::copy(signature.begin(), signature.end(), certificate.signature.bytes.begin());
    return certificate;
}

Result<wire::DeviceCertificate> verify_certificate(BytesView encoded, std::string_view user,
                                                   const PublicKey& account_key)
{
    auto certificate = wire::decode_certificate(encoded);
    if (!certificate) return std::move(certificate).error();
    if (certificate->user != user) return refused("device certificate: for another user");
    if (certificate->account_key != account_key) return refused("device certificate: by another account key");
    if (!crypto::verify(account_key, wire::certificate_signed_bytes(*certificate), certificate->signature.view()))
        return refused("device certificate: signature does not verify");
    return certificate;
}

} // namespace godwit::identity
