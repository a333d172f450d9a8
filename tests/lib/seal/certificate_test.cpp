// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/certificate.hpp"

#include "tests/lib/seal/device.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using test::Device;

TEST_CASE("certificate: signed, encoded, verified, and the same again")
{
    const Device ann(1);
    const Bytes encoded = wire::encode(ann.certificate);
    CHECK(ann.certificate.account_key == crypto::SigningKey::from_seed(ann.account_seed).public_key());
    const auto back = seal::verify_certificate(encoded, "user1", ann.certificate.account_key);
    REQUIRE(back.ok());
    CHECK(back->user == "user1");
    CHECK(back->device == ann.certificate.device);
    CHECK(back->sealing_key == ann.certificate.sealing_key);
    CHECK(back->created_ms == 1);
    CHECK(back->device_name == "laptop");
}

TEST_CASE("certificate: another user, another account, another signer are refused")
{
    const Device ann(1), eve(2);
    const Bytes encoded = wire::encode(ann.certificate);
    const auto code = [](BytesView bytes, std::string_view user, const PublicKey& key) {
        const auto out = seal::verify_certificate(bytes, user, key);
        return out.ok() ? ErrorCode::ok : out.error().code;
    };
    CHECK(code(encoded, "user1", ann.certificate.account_key) == ErrorCode::ok);
    CHECK(code(encoded, "user2", ann.certificate.account_key) == ErrorCode::authentication_failed);
    CHECK(code(encoded, "user1", eve.certificate.account_key) == ErrorCode::authentication_failed);

    // Eve claims to be one of Ann's devices: names Ann's account, signs with her own key.
    auto claimed = eve.certificate;
    claimed.user = "user1";
    claimed = seal::sign_certificate(claimed, eve.account_seed);
    claimed.account_key = ann.certificate.account_key;
    CHECK(code(wire::encode(claimed), "user1", ann.certificate.account_key) == ErrorCode::authentication_failed);
}

TEST_CASE("certificate: every flipped byte and every cut is refused")
{
    const Device ann(1);
    const Bytes encoded = wire::encode(ann.certificate);
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        for (const auto flip : std::initializer_list<std::uint8_t>{0x01, 0x80, 0xff}) {
            Bytes bad = encoded;
            bad[i] ^= flip;
            CAPTURE(i);
            CHECK_FALSE(seal::verify_certificate(bad, "user1", ann.certificate.account_key).ok());
        }
        CHECK_FALSE(seal::verify_certificate(BytesView(encoded).first(i), "user1", ann.certificate.account_key).ok());
    }
    Bytes longer = encoded;
    longer.push_back(0);
    CHECK_FALSE(seal::verify_certificate(longer, "user1", ann.certificate.account_key).ok());
}

TEST_CASE("certificate: a sealing key of small order is refused, although well signed")
{
    Device ann(1);
    ann.certificate.sealing_key = {};
    ann.certificate.sealing_key.bytes[0] = 1;
    const auto bad = seal::sign_certificate(ann.certificate, ann.account_seed);
    const auto out = seal::verify_certificate(wire::encode(bad), "user1", ann.certificate.account_key);
    REQUIRE_FALSE(out.ok());
    CHECK(out.error().code == ErrorCode::authentication_failed);
    CHECK(out.error().detail.find("sealing key") != std::string::npos);
}
