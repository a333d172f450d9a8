// SPDX-License-Identifier: Apache-2.0
// Two certificates that sign themselves, made with OpenSSL, with their keys: they protect nothing.
#pragma once

#include "lib/mls/cipher_suite.hpp"

namespace godwit::testing {

/// CN=alice, Ed25519.
inline Bytes ed25519_certificate()
{
    return *from_hex("308201343081e7a003020102021410508cd742d3c7cfe2b4564e2ddb7f8acf196c17300506032b65703010310e300c060"
                     "35504030c05616c"
                     "696365301e170d3236313132373132333231365a170d3336313132343132333231365a3010310e300c06035504030c056"
                     "16c696365302a30"
                     "0506032b657003210053b07ac8bca9693a2cf43696878fc9c89445afc3a9289db3cda20b245ae1e79ba3533051301d060"
                     "3551d0e04160414"
                     "3c313b86d4ae4474c1ded2a3106d9fe8059c9663301f0603551d230418301680143c313b86d4ae4474c1ded2a3106d9fe"
                     "8059c9663300f06"
                     "03551d130101ff040530030101ff300506032b65700341005e5c843497b5b34fd4c8fc1e21f8c584fa26ccdb0b23d7e36"
                     "66a6a56ffc5ee7c"
                     "94f6f88328614f47c2726c27b4d16c37285fea8a6e2dc8396eac0ede5200c801");
}
inline mls::SignatureKeyPair ed25519_certified()
{
    return mls::SignatureKeyPair::from_seed(
        *from_hex("982c78ed0db8a8261016c498e22f14ef04e92357bdd01cbc25bc45696680d103"));
}

/// CN=bob, P-256.
inline Bytes p256_certificate()
{
    return *from_hex("3082017230820117a00302010202147a1a4124915e894d5e404c55d0fb3103e3742e6f300a06082a8648ce3d040302300"
                     "e310c300a060355"
                     "04030c03626f62301e170d3236313132373132333231365a170d3336313132343132333231365a300e310c300a0603550"
                     "4030c03626f6230"
                     "59301306072a8648ce3d020106082a8648ce3d030107034200044535a36a461f4fbee5db38391368e63d19302e37a60db"
                     "5c0a08414aee531"
                     "0d78aa5933b16687f472f55501be382711a252bea80cc28a2cf262435527ab8a038aa3533051301d0603551d0e0416041"
                     "4bd79ba1205cdfb"
                     "1bab7dda32a3705a88c4f37d99301f0603551d23041830168014bd79ba1205cdfb1bab7dda32a3705a88c4f37d99300f0"
                     "603551d130101ff"
                     "040530030101ff300a06082a8648ce3d040302034900304602210083759e2fa396a1dc4ba2e82807a595ebb8ec8a3ada8"
                     "d6853837669badf"
                     "5bbe1802210096091532726dbe9c665c6042bd08ec44407c4161d9a68d17d039171362fa6a16");
}
inline mls::SignatureKeyPair p256_certified()
{
    return *mls::SignatureKeyPair::from_private(
        mls::CipherSuite::mls_128_dhkemp256_aes128gcm_sha256_p256,
        *from_hex("9a9863250e1f3ebb355cb960460ebd947f78cb5141dfb91ced38e0627b5460a1"));
}

} // namespace godwit::testing
