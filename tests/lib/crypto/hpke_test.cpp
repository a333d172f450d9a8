// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/ed25519.hpp"
#include "lib/crypto/hkdf.hpp"
#include "lib/crypto/hpke.hpp"
#include "tests/support/vectors.hpp"

using namespace godwit;
using namespace godwit::crypto;
using godwit::testing::unhex;

namespace {
Bytes bytes(const WipedBytes& in)
{
    return Bytes(in.begin(), in.end());
}
Bytes hex(const char* text)
{
    return *from_hex(text);
}
Bytes optional_hex(const nlohmann::json& entry, const char* key)
{
    return entry.contains(key) ? unhex(entry[key]) : Bytes{};
}
} // namespace

namespace {

/// Entries as the appendix of RFC 9180 has them, both sides.
void run(const char* name, const nlohmann::json& entries)
{
    int ran = 0, checks = 0;
    for (const auto& e : entries) {
        const HpkeSuite suite(static_cast<KemId>(e["kem_id"].get<int>()), static_cast<AeadId>(e["aead_id"].get<int>()));
        const int mode = e["mode"].get<int>();
        const HpkeKeyPair recipient = HpkeKeyPair::derive(unhex(e["ikmR"]), suite.kem);
        CHECK(bytes(recipient.private_key) == unhex(e["skRm"]));
        CHECK(recipient.public_key == unhex(e["pkRm"]));
        CHECK(is_hpke_public_key(suite.kem, recipient.public_key));
        const auto again = HpkeKeyPair::from_private(recipient.private_key, suite.kem);
        REQUIRE(again.has_value());
        CHECK(again->public_key == recipient.public_key);
        const Bytes info = unhex(e["info"]), psk = optional_hex(e, "psk"), psk_id = optional_hex(e, "psk_id");
        std::optional<HpkeKeyPair> auth;
        if (mode >= 2) auth = HpkeKeyPair::derive(unhex(e["ikmS"]), suite.kem);
        const HpkePsk shared{psk, psk_id};
        auto sender =
            hpke_setup_sender(suite, recipient.public_key, info, unhex(e["ikmE"]), shared, auth ? &*auth : nullptr);
        REQUIRE(sender.has_value());
        CHECK(sender->enc == unhex(e["enc"]));
        auto receiver = hpke_setup_receiver(suite, sender->enc, recipient, info, shared,
                                            auth ? BytesView(auth->public_key) : BytesView());
        REQUIRE(receiver.has_value());
        int sequence = 0;
        for (const auto& x : e["encryptions"]) {
            const Bytes pt = unhex(x["pt"]);
            // The listed sequence numbers have gaps: fill them.
            for (; sequence < x["sequence_number"].get<int>(); ++sequence) {
                auto ct = sender->context.seal({}, pt);
                REQUIRE(ct.has_value());
                REQUIRE(receiver->open({}, *ct).has_value());
            }
            auto ct = sender->context.seal(unhex(x["aad"]), pt);
            REQUIRE(ct.has_value());
            CHECK(*ct == unhex(x["ct"]));
            Bytes broken = *ct;
            broken[0] ^= 1;
            CHECK_FALSE(receiver->open(unhex(x["aad"]), broken).has_value());
            auto opened = receiver->open(unhex(x["aad"]), *ct);
            REQUIRE(opened.has_value());
            CHECK(bytes(*opened) == pt);
            ++sequence;
            ++checks;
        }
        for (const auto& x : e["exports"]) {
            const Bytes context = unhex(x["exporter_context"]);
            const auto length = x["L"].get<std::size_t>();
            CHECK(bytes(sender->context.export_secret(context, length)) == unhex(x["exported_value"]));
            CHECK(bytes(receiver->export_secret(context, length)) == unhex(x["exported_value"]));
            ++checks;
        }
        ++ran;
    }
    std::printf("vectors: %s ran %d entries, %d checks\n", name, ran, checks);
    CHECK(ran == 8);
    CHECK(checks == 72);
}

} // namespace

TEST_CASE("HPKE: RFC 9180 appendix A.1 and A.2, all modes")
{
    if (const auto entries = testing::load_vectors("hpke/hpke-x25519-sha256.json")) run("hpke-x25519-sha256", *entries);
}

// Read out of the same appendix, as the vectors outside the repository lack P-256: draft-irtf-cfrg-hpke.md of
// cfrg/draft-irtf-cfrg-hpke, commit b1f7cb0cdeab6906c61b3d6574e8bdfdbe1cd3fb.
TEST_CASE("HPKE: RFC 9180 appendix A.3 and A.5, all modes")
{
    std::ifstream in(GODWIT_SOURCE_ROOT "/tests/lib/crypto/hpke-p256-sha256.json");
    const auto entries = nlohmann::json::parse(in, nullptr, false);
    REQUIRE(!entries.is_discarded());
    run("hpke-p256-sha256", entries);
}

TEST_CASE("HPKE: low-order and short keys, half-given PSKs are refused")
{
    const HpkeKeyPair pair = HpkeKeyPair::derive(Bytes(32, 7));
    const Bytes zero(32, 0), ikm(32, 9), something{1};
    CHECK_FALSE(hpke_setup_sender(AeadId::aes_128_gcm, zero, {}, ikm).has_value());
    CHECK_FALSE(hpke_setup_sender(AeadId::aes_128_gcm, BytesView(zero).first(31), {}, ikm).has_value());
    CHECK_FALSE(hpke_setup_receiver(AeadId::chacha20_poly1305, zero, pair, {}).has_value());
    CHECK_FALSE(hpke_setup_sender(AeadId::aes_128_gcm, pair.public_key, {}, ikm, HpkePsk{something, {}}).has_value());
    CHECK_FALSE(HpkeKeyPair::from_private(BytesView(zero).first(31)).has_value());
}

TEST_CASE("HPKE: one info for many recipients, each with an ephemeral pair of its own")
{
    const Bytes text{1, 2, 3};
    for (const auto aead : {AeadId::aes_128_gcm, AeadId::chacha20_poly1305}) {
        const HpkeInfo info(aead, text);
        for (std::uint8_t i = 1; i < 4; ++i) {
            const HpkeKeyPair recipient = HpkeKeyPair::derive(Bytes(32, i));
            const auto ephemeral = HpkeKeyPair::from_private(Bytes(32, static_cast<std::uint8_t>(40 + i)));
            auto sender = hpke_setup_sender(info, recipient.public_key, *ephemeral);
            REQUIRE(sender.has_value());
            CHECK(sender->enc == ephemeral->public_key);
            auto receiver = hpke_setup_receiver(aead, sender->enc, recipient, text);
            REQUIRE(receiver.has_value());
            const auto opened = receiver->open({}, *sender->context.seal({}, text));
            REQUIRE(opened.has_value());
            CHECK(bytes(*opened) == text);
            CHECK(sender->context.export_secret(text, 20) == receiver->export_secret(text, 20));
            CHECK_FALSE(hpke_setup_sender(info, Bytes(32, 0), *ephemeral).has_value());
        }
    }
}

TEST_CASE("X25519: the list of low-order points is the one that the function refuses")
{
    const char* points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    const Bytes ikm(32, 9);
    for (const char* text : points) {
        Bytes point = hex(text);
        for (int top = 0; top < 2; ++top, point[31] ^= 0x80) {
            CHECK(is_x25519_low_order(point));
            CHECK_FALSE(hpke_setup_sender(AeadId::aes_128_gcm, point, {}, ikm).has_value());
        }
    }
    CHECK_FALSE(is_x25519_low_order(hex("0200000000000000000000000000000000000000000000000000000000000000")));
    CHECK_FALSE(is_x25519_low_order(HpkeKeyPair::derive(ikm).public_key));
}

TEST_CASE("HKDF: RFC 5869 test cases 1 and 3")
{
    const Bytes ikm(22, 0x0b);
    const WipedBytes prk = hkdf_extract(hex("000102030405060708090a0b0c"), {ikm});
    CHECK(bytes(prk) == hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
    CHECK(bytes(hkdf_expand(prk, {hex("f0f1f2f3f4f5f6f7f8f9")}, 42)) ==
          hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
    CHECK(bytes(hkdf_expand(hkdf_extract({}, {ikm}), {}, 42)) ==
          hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
    CHECK(hkdf_expand(prk, {}, hkdf_expand_bytes_max).size() == hkdf_expand_bytes_max);
}

TEST_CASE("AES-128-GCM: test cases 1, 2 and 4 of the GCM specification")
{
    const Bytes zero_key(16, 0), zero_nonce(12, 0);
    CHECK(aead_suite_seal(AeadId::aes_128_gcm, zero_key, zero_nonce, {}, {}) ==
          hex("58e2fccefa7e3061367f1d57a4e7455a"));
    CHECK(aead_suite_seal(AeadId::aes_128_gcm, zero_key, zero_nonce, {}, Bytes(16, 0)) ==
          hex("0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"));
    const Bytes key = hex("feffe9928665731c6d6a8f9467308308"), nonce = hex("cafebabefacedbaddecaf888");
    const Bytes aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const Bytes pt =
        hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
            "b16aedf5aa0de657ba637b39");
    const Bytes ct =
        hex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
            "1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
    CHECK(aead_suite_seal(AeadId::aes_128_gcm, key, nonce, aad, pt) == ct);
    CHECK(bytes(*aead_suite_open(AeadId::aes_128_gcm, key, nonce, aad, ct)) == pt);
    for (std::size_t i = 0; i < ct.size(); ++i) {
        Bytes broken = ct;
        broken[i] ^= 0x80;
        CHECK_FALSE(aead_suite_open(AeadId::aes_128_gcm, key, nonce, aad, broken).has_value());
    }
    CHECK_FALSE(aead_suite_open(AeadId::aes_128_gcm, key, nonce, aad, BytesView(ct).first(15)).has_value());
}

TEST_CASE("Ed25519: RFC 8032 section 7.1 test 2, and lengths")
{
    const auto pair =
        Ed25519KeyPair::from_seed(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    CHECK(pair.public_key == hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
    const Bytes message{0x72};
    const Bytes signature = ed25519_sign(pair.private_key, message);
    CHECK(signature ==
          hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
              "387b2eaeb4302aeeb00d291612bb0c00"));
    CHECK(ed25519_verify(pair.public_key, message, signature));
    CHECK_FALSE(ed25519_verify(pair.public_key, {}, signature));
    CHECK_FALSE(ed25519_verify(BytesView(pair.public_key).first(31), message, signature));
    CHECK_FALSE(ed25519_verify(Bytes(32, 0), message, signature));
}

TEST_CASE("secure_equal compares contents and lengths")
{
    const Bytes a{1, 2, 3}, b{1, 2, 4};
    CHECK(secure_equal(a, a));
    CHECK_FALSE(secure_equal(a, b));
    CHECK_FALSE(secure_equal(a, BytesView(a).first(2)));
    CHECK(secure_equal({}, {}));
}
