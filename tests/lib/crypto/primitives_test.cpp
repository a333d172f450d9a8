// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/aead.hpp"
#include "lib/crypto/exchange.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/crypto/signing.hpp"

#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace godwit;
using namespace godwit::crypto;

namespace {

Bytes hex(std::string_view text)
{
    return from_hex(text).value();
}

const std::string sunscreen =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.";

} // namespace

TEST_CASE("ed25519: RFC 8032 section 7.1, tests 1 to 3")
{
    struct Row {
        const char *seed, *key, *message, *signature;
    };
    const Row table[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bb"
         "e24655"
         "141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302"
         "aeeb00"
         "d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed"
         "28dc02"
         "7beceea1ec40a"},
    };
    for (const auto& row : table) {
        const auto key = SigningKey::from_seed(hex(row.seed));
        CHECK(to_hex(key.public_key().view()) == row.key);
        CHECK(to_hex(key.seed()) == row.seed);
        const Bytes message = hex(row.message);
        const auto signature = key.sign(message);
        CHECK(to_hex(signature) == row.signature);
        CHECK(verify(key.public_key(), message, signature));
    }
}

TEST_CASE("ed25519: says no to what is not the signature")
{
    const auto key = SigningKey::from_seed(Bytes(32, 7));
    const auto other = SigningKey::from_seed(Bytes(32, 8));
    const Bytes message = to_bytes(as_bytes("a godwit does not land"));
    const auto good = key.sign(message);
    REQUIRE(verify(key.public_key(), message, good));
    CHECK_FALSE(verify(other.public_key(), message, good));
    CHECK_FALSE(verify(key.public_key(), as_bytes("a godwit does land"), good));
    CHECK_FALSE(verify(key.public_key(), message, BytesView(good).first(63)));
    CHECK_FALSE(verify(key.public_key(), message, {}));
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 1;
        CHECK_FALSE(verify(key.public_key(), message, bad));
    }

    SUBCASE("S + L is the same scalar, and refused: one signature, one spelling")
    {
        const Bytes order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        auto bad = good;
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            const unsigned sum = static_cast<unsigned>(bad[32 + i]) + order[i] + carry;
            bad[32 + i] = static_cast<std::uint8_t>(sum);
            carry = sum >> 8;
        }
        REQUIRE(carry == 0);
        CHECK_FALSE(verify(key.public_key(), message, bad));
    }
    SUBCASE("keys of small order verify nothing")
    {
        // y = 1, the neutral element: with R = the same point and S = 0 the equation holds for every message.
        PublicKey neutral;
        neutral.bytes[0] = 1;
        SignatureBytes forged{};
        forged[0] = 1;
        CHECK_FALSE(verify(neutral, message, forged));
        CHECK_FALSE(verify(PublicKey{}, message, forged));
    }
}

TEST_CASE("x25519: RFC 7748 sections 5.2 and 6.1")
{
    const auto value = exchange(hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                                hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"));
    REQUIRE(value);
    CHECK(to_hex(value->view()) == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");

    const auto alice =
        ExchangeKey::from_secret(hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
    const auto bob = ExchangeKey::from_secret(hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    CHECK(to_hex(alice.public_key()) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    CHECK(to_hex(bob.public_key()) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const auto ours = exchange(alice.secret(), bob.public_key());
    const auto theirs = exchange(bob.secret(), alice.public_key());
    REQUIRE(ours);
    REQUIRE(theirs);
    CHECK(to_hex(ours->view()) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    CHECK(secure_equal(ours->view(), theirs->view()));
}

TEST_CASE("x25519: refuses points of small order and wrong lengths")
{
    const auto key = ExchangeKey::from_secret(Bytes(32, 9));
    // Orders 1, 2, 4 and 8, and their non-canonical spellings (RFC 7748 section 7, security considerations).
    const char* const small[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    for (const char* point : small) {
        CAPTURE(point);
        CHECK_FALSE(exchange(key.secret(), hex(point)));
    }
    CHECK_FALSE(exchange(key.secret(), Bytes(31, 9)));
    CHECK_FALSE(exchange(key.secret(), Bytes(33, 9)));
    CHECK_FALSE(exchange(key.secret(), {}));
}

TEST_CASE("x25519: generated keys come from the entropy given")
{
    test::SeededEntropy one(1), again(1), two(2);
    const auto a = ExchangeKey::generate(one);
    CHECK(a.public_key() == ExchangeKey::generate(again).public_key());
    CHECK(a.public_key() != ExchangeKey::generate(two).public_key());
    CHECK(a.public_key() != ExchangeKey::generate(one).public_key());
}

TEST_CASE("chacha20-poly1305: RFC 8439 section 2.8.2")
{
    const Bytes key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const Bytes nonce = hex("070000004041424344454647");
    const Bytes context = hex("50515253c0c1c2c3c4c5c6c7");
    const Bytes sealed = chacha_seal(key, nonce, context, as_bytes(sunscreen));
    CHECK(to_hex(sealed) == "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da"
                            "92728b1a71de0a9e060b2905d6"
                            "a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a"
                            "9de576d26586cec64b6116"
                            "1ae10b594f09e26a7e902ecbd0600691");
    CHECK(chacha_open(key, nonce, context, sealed) == to_bytes(as_bytes(sunscreen)));
}

TEST_CASE("xchacha20-poly1305: draft-irtf-cfrg-xchacha-03 appendix A.3.1")
{
    const Bytes key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    const Bytes nonce = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
    const Bytes context = hex("50515253c0c1c2c3c4c5c6c7");
    const Bytes sealed = xchacha_seal(key, nonce, context, as_bytes(sunscreen));
    CHECK(to_hex(sealed) == "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4e"
                            "da7e39ae64c6708c54c216cb96"
                            "b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637d"
                            "a9768812f615c68b13b52e"
                            "c0875924c1c7987947deafd8780acf49");
    CHECK(xchacha_open(key, nonce, context, sealed) == to_bytes(as_bytes(sunscreen)));
}

TEST_CASE("aead: every flipped bit, wrong key, nonce and context gives nothing")
{
    const Bytes key(32, 1);
    const Bytes context = to_bytes(as_bytes("context"));
    const Bytes plain = to_bytes(as_bytes("plain"));
    using Seal = Bytes (*)(BytesView, BytesView, BytesView, BytesView);
    using Open = std::optional<Bytes> (*)(BytesView, BytesView, BytesView, BytesView);
    struct Row {
        Seal seal;
        Open open;
        std::size_t nonce_bytes;
    };
    for (const auto& row : {Row{&xchacha_seal, &xchacha_open, 24}, Row{&chacha_seal, &chacha_open, 12}}) {
        const Bytes nonce(row.nonce_bytes, 2);
        const Bytes sealed = row.seal(key, nonce, context, plain);
        REQUIRE(row.open(key, nonce, context, sealed) == plain);
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            Bytes bad = sealed;
            bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            CHECK_FALSE(row.open(key, nonce, context, bad));
        }
        for (std::size_t length = 0; length < sealed.size(); ++length)
            CHECK_FALSE(row.open(key, nonce, context, BytesView(sealed).first(length)));
        CHECK_FALSE(row.open(Bytes(32, 3), nonce, context, sealed));
        CHECK_FALSE(row.open(key, Bytes(row.nonce_bytes, 3), context, sealed));
        CHECK_FALSE(row.open(key, nonce, {}, sealed));

        const Bytes empty = row.seal(key, nonce, {}, {});
        CHECK(empty.size() == aead_tag_bytes);
        CHECK(row.open(key, nonce, {}, empty) == Bytes{});
    }
}

TEST_CASE("aead: the carried nonce is fresh every time")
{
    test::SeededEntropy entropy(5);
    const Bytes key(32, 1);
    const Bytes plain = to_bytes(as_bytes("the same"));
    const Bytes one = seal_with_random_nonce(key, {}, plain, entropy);
    const Bytes two = seal_with_random_nonce(key, {}, plain, entropy);
    CHECK(one.size() == 24 + plain.size() + 16);
    CHECK_FALSE(std::equal(one.begin(), one.begin() + 24, two.begin()));
    CHECK(open_with_carried_nonce(key, {}, one) == plain);
    CHECK(open_with_carried_nonce(key, {}, two) == plain);
    CHECK_FALSE(open_with_carried_nonce(key, as_bytes("x"), one));
    CHECK_FALSE(open_with_carried_nonce(key, {}, BytesView(one).first(23)));
    CHECK_FALSE(open_with_carried_nonce(key, {}, BytesView(one).first(39)));
    CHECK_FALSE(open_with_carried_nonce(key, {}, {}));
}

TEST_CASE("blake2b: RFC 7693 appendix A, and the reference implementation's keyed vector")
{
    Bytes out(64);
    blake2b({}, as_bytes("abc"), out);
    CHECK(to_hex(out) ==
          "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38"
          "aa8dbf1925ab92386edd4009923");
    Bytes key(64);
    for (std::size_t i = 0; i < key.size(); ++i)
        key[i] = static_cast<std::uint8_t>(i);
    blake2b(key, {}, out);
    CHECK(to_hex(out) ==
          "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786b5e996e8f0f4eb981fc214b005f42d2ff42334"
          "99391653df7aefcbc13fc51568");
}

TEST_CASE("hash and derive: as another implementation computes them")
{
    // Python's hashlib.blake2b over the input that hash.hpp documents.
    const Bytes ab = to_bytes(as_bytes("ab")), c = to_bytes(as_bytes("c"));
    CHECK(to_hex(transcript_hash("test context", {ab, c})) ==
          "ba0f5dd0383d33f51b0e77327783b452de69be148f9d955582c31b69fd4196b1");
    Bytes key(32);
    for (std::size_t i = 0; i < key.size(); ++i)
        key[i] = static_cast<std::uint8_t>(i);
    CHECK(to_hex(derive_key(key, "test context", {ab, c}).view()) ==
          "fd447abd250bb0ca0911f6d7d9340620e4f5220f89aa9dbe55c128d541ac6f83");
    Bytes out(64);
    derive(key, "test context", {}, out);
    CHECK(to_hex(out) ==
          "ee66441cf5c8ff4e16d3755e95e505488bcc8b840b36d1bd1237309c029b4b66efb46598708fde28a0c087b838dba2c2fcc3c8b"
          "f3bd8c63c9b5cf23c891a58b5");
}

TEST_CASE("hash and derive: nothing that differs coincides")
{
    const Bytes a = to_bytes(as_bytes("a")), ab = to_bytes(as_bytes("ab")), bc = to_bytes(as_bytes("bc")),
                c = to_bytes(as_bytes("c")), key(32, 1);
    CHECK(transcript_hash("x", {ab, c}) != transcript_hash("x", {a, bc}));
    CHECK(transcript_hash("x", {ab}) != transcript_hash("xa", {BytesView(ab).subspan(1)}));
    CHECK(transcript_hash("x", {}) != transcript_hash("x", {BytesView{}}));
    CHECK(to_hex(derive_key(key, "x", {ab}).view()) != to_hex(derive_key(key, "y", {ab}).view()));
    CHECK(to_hex(derive_key(key, "x", {ab}).view()) != to_hex(derive_key(Bytes(32, 2), "x", {ab}).view()));
    Bytes long_out(64);
    derive(key, "x", {}, long_out);
    CHECK(to_hex(derive_key(key, "x", {}).view()) != to_hex(BytesView(long_out).first(32)));
}
