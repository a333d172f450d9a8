// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/certificate.hpp"
#include "lib/identity/conversation_id.hpp"

#include "tests/lib/identity/samples.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::identity;
using namespace godwit::identity::test;

TEST_CASE("certificate: exactly these bytes, and verified from them")
{
    CHECK(to_hex(ann.view()) == "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
    const Bytes encoded = wire::encode(certificate());
    CHECK(to_hex(encoded) == certificate_hex);
    const auto back = verify_certificate(encoded, "ann", ann);
    REQUIRE(back.ok());
    CHECK(back->user == "ann");
    CHECK(back->account_key == ann);
    CHECK(back->device == key_of(2));
    CHECK(back->created_ms == 1);
    CHECK(back->device_name == "phone");
}

TEST_CASE("certificate: another user, another account, another signer are refused")
{
    const Bytes encoded = wire::encode(certificate());
    CHECK(code_of(verify_certificate(encoded, "bob", ann)) == ErrorCode::authentication_failed);
    CHECK(code_of(verify_certificate(encoded, "ann", bob)) == ErrorCode::authentication_failed);
    CHECK(code_of(verify_certificate({}, "ann", ann)) == ErrorCode::malformed);

    // Eve claims to be one of Ann's devices: names Ann's account, signs with her own key.
    auto claimed = certificate(9, "phone", "ann", seed(9));
    claimed.account_key = ann;
    CHECK(code_of(verify_certificate(wire::encode(claimed), "ann", ann)) == ErrorCode::authentication_failed);
    // Or takes Ann's certificate and puts her device in.
    auto changed = certificate();
    changed.device = key_of(9);
    CHECK(code_of(verify_certificate(wire::encode(changed), "ann", ann)) == ErrorCode::authentication_failed);
}

TEST_CASE("certificate: every flipped byte and every cut is refused")
{
    const Bytes encoded = wire::encode(certificate());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        CAPTURE(i);
        for (const auto flip : std::initializer_list<std::uint8_t>{0x01, 0x80, 0xff}) {
            Bytes bad = encoded;
            bad[i] ^= flip;
            CHECK_FALSE(verify_certificate(bad, "ann", ann).ok());
        }
        CHECK_FALSE(verify_certificate(BytesView(encoded).first(i), "ann", ann).ok());
    }
    Bytes longer = encoded;
    longer.push_back(0);
    CHECK_FALSE(verify_certificate(longer, "ann", ann).ok());
}

TEST_CASE("conversation: one name from both sides, another one for each pair, one for own devices")
{
    CHECK(to_hex(conversation_of(ann, bob).view()) == "62fef8f76538bada268697e24fd57c29");
    CHECK(conversation_of(bob, ann) == conversation_of(ann, bob));
    CHECK(to_hex(conversation_of(ann, ann).view()) == "55df5b04b13a8ac105e3c9f5ad64f997");
    CHECK(conversation_of(ann, key_of(9)) != conversation_of(ann, bob));
}
