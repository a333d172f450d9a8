// SPDX-License-Identifier: Apache-2.0
// Keys, signatures and certificates of strangers: what is not one to the letter is none.
#include "lib/crypto/p256.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/lib/mls/x509.hpp"

#include "lib/mls/extension.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::fuzz;

namespace {

const Bytes signing_key = Bytes(32, 7);

std::vector<Bytes> signatures()
{
    return {crypto::p256_sign(signing_key, as_bytes("signed")), crypto::p256_sign(signing_key, as_bytes("other"))};
}

std::vector<Bytes> public_keys()
{
    return {*crypto::p256_public_of(signing_key), *crypto::p256_public_of(Bytes(32, 1))};
}

std::vector<Bytes> chains()
{
    const auto content = [](const std::vector<Bytes>& certificates) {
        return mls::Credential::x509(certificates).content;
    };
    return {content({testing::ed25519_certificate()}), content({testing::p256_certificate(), Bytes(9, 1)})};
}

} // namespace

FUZZ_TARGET(crypto_p256_signature, "", 96, signatures)
{
    static const Bytes honest = signatures()[0], key = public_keys()[0];
    if (!crypto::p256_verify(key, as_bytes("signed"), input)) return;
    // Nobody finds another signature without the key, but the one with n - s: r is the same, and it is as strictly DER.
    FUZZ_CHECK(input.size() >= 5 && input[0] == 0x30 && input.size() == std::size_t{input[1]} + 2);
    const std::size_t size_of_r = honest[3];
    FUZZ_CHECK(input[3] == size_of_r);
    FUZZ_CHECK(std::ranges::equal(input.subspan(2, 2 + size_of_r), BytesView(honest).subspan(2, 2 + size_of_r)));
}

FUZZ_TARGET(crypto_p256_point, "", 80, public_keys)
{
    const bool point = crypto::is_p256_public(input);
    const auto shared = crypto::p256_shared(signing_key, input);
    FUZZ_CHECK(shared.has_value() == point);
    if (!point) return;
    FUZZ_CHECK(input.size() == crypto::p256_public_bytes && input[0] == 4);
    FUZZ_CHECK(shared->size() == crypto::p256_shared_bytes);
    // One times a point is the point.
    Bytes one(32, 0);
    one[31] = 1;
    FUZZ_CHECK(std::ranges::equal(*crypto::p256_shared(one, input), input.subspan(1, 32)));
}

FUZZ_TARGET(mls_x509, "", 2048, chains)
{
    const mls::Credential credential{mls::CredentialType::x509, to_bytes(input)};
    const auto chain = credential.certificates();
    if (!chain) {
        FUZZ_CHECK(chain.error() == mls::MlsError::x509_chain_malformed);
        return;
    }
    FUZZ_CHECK(!chain->empty() && chain->size() <= mls::certificates_max);
    FUZZ_CHECK(mls::Credential::x509(*chain) == credential);
    const auto ed = testing::ed25519_certified().public_key, p256 = testing::p256_certified().public_key;
    int fits = 0;
    for (const auto& [suite, key] : {std::pair(mls::CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519, ed),
                                     std::pair(mls::CipherSuite::mls_128_dhkemp256_aes128gcm_sha256_p256, p256)})
        if (mls::check_credential_form(credential, suite, key) == mls::MlsError::none) {
            ++fits;
            const auto& first = chain->front(); // The key stands in it.
            FUZZ_CHECK(std::search(first.begin(), first.end(), key.begin(), key.end()) != first.end());
        }
    FUZZ_CHECK(fits <= 1);
}
