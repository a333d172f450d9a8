// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/hpke.hpp"
#include "lib/crypto/p256.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::crypto;

namespace {

Bytes hex(std::string_view text)
{
    return *from_hex(text);
}

// RFC 6979 appendix A.2.5.
const Bytes key = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
const Bytes public_key = hex("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                             "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
// n, the order of the group, and p, the field's prime.
const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const Bytes prime = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

Bytes plus(Bytes number, int add)
{
    for (std::size_t i = number.size(); i-- > 0 && add != 0;) {
        const int sum = number[i] + add;
        number[i] = static_cast<std::uint8_t>(sum & 0xff);
        add = sum >> 8;
    }
    return number;
}

Bytes point(const Bytes& x, const Bytes& y)
{
    Bytes out{0x04};
    append(out, x);
    append(out, y);
    return out;
}

/// SEQUENCE of these two contents of INTEGERs.
Bytes der(const Bytes& r, const Bytes& s)
{
    Bytes out{0x30, static_cast<std::uint8_t>(4 + r.size() + s.size()), 0x02, static_cast<std::uint8_t>(r.size())};
    append(out, r);
    append(out, Bytes{0x02, static_cast<std::uint8_t>(s.size())});
    append(out, s);
    return out;
}

} // namespace

TEST_CASE("P-256: signatures are those of RFC 6979 appendix A.2.5, in DER")
{
    CHECK(p256_public_of(key) == public_key);
    const Bytes sample = p256_sign(key, as_bytes("sample")), test = p256_sign(key, as_bytes("test"));
    CHECK(sample == der(hex("00efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
                        hex("00f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")));
    CHECK(test == der(hex("00f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"),
                      hex("019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083")));
    CHECK(p256_verify(public_key, as_bytes("sample"), sample));
    CHECK(p256_verify(public_key, as_bytes("test"), test));
    CHECK_FALSE(p256_verify(public_key, as_bytes("test"), sample));
    CHECK_FALSE(p256_verify(*p256_public_of(Bytes(32, 7)), as_bytes("test"), test));
    for (std::size_t i = 0; i < sample.size(); ++i)
        for (const int bit : {0x01, 0x80}) {
            Bytes broken = sample;
            broken[i] = static_cast<std::uint8_t>(broken[i] ^ bit);
            CHECK_FALSE(p256_verify(public_key, as_bytes("sample"), broken));
        }
}

TEST_CASE("P-256: a signature has one form, and no other passes")
{
    const Bytes r = hex("00f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"),
                s = hex("019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"), zero{0x00};
    const auto passes = [](const Bytes& signature) { return p256_verify(public_key, as_bytes("test"), signature); };
    const auto padded = [](const Bytes& number) {
        Bytes out{0x00};
        append(out, number);
        return out;
    };
    const auto cut = [](const Bytes& number) { return to_bytes(BytesView(number).subspan(1)); };
    REQUIRE(passes(der(r, s)));
    CHECK_FALSE(passes(der(r, padded(s)))); // A zero more than needed.
    CHECK_FALSE(passes(der(padded(r), s)));
    CHECK_FALSE(passes(der(cut(r), s))); // Negative.
    CHECK_FALSE(passes(der(r, zero)));
    CHECK_FALSE(passes(der(zero, s)));
    CHECK_FALSE(passes(der(r, {})));
    CHECK_FALSE(passes(der(r, order)));
    CHECK_FALSE(passes(der(r, padded(order))));
    CHECK_FALSE(passes(der(padded(hex("ff" + std::string(62, 'f'))), s)));
    CHECK_FALSE(passes({}));
    CHECK_FALSE(passes({0x30, 0x00}));
    Bytes longer = der(r, s);
    longer.push_back(0);
    CHECK_FALSE(passes(longer));
    longer[1] = static_cast<std::uint8_t>(longer[1] + 1);
    CHECK_FALSE(passes(longer)); // Something after s.
    Bytes long_form{0x30, 0x81};
    append(long_form, BytesView(der(r, s)).subspan(1));
    CHECK_FALSE(passes(long_form));
    // ECDSA's own other form, n - s, is another signature of the same message: who wants one only may not count on
    // bytes. MLS does not (RFC 9420 refers to content, not to signatures, by hash).
    const Bytes whole = der(r, s);
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_FALSE(passes(to_bytes(BytesView(whole).first(length))));
}

TEST_CASE("P-256: private keys are of 1 to n - 1, public keys are points of the curve")
{
    CHECK_FALSE(is_p256_private(Bytes(32, 0)));
    CHECK_FALSE(is_p256_private(order));
    CHECK_FALSE(is_p256_private(plus(order, 1)));
    CHECK_FALSE(is_p256_private(Bytes(32, 0xff)));
    CHECK_FALSE(is_p256_private(BytesView(key).first(31)));
    CHECK_FALSE(is_p256_private({}));
    CHECK(is_p256_private(plus(Bytes(32, 0), 1)));
    CHECK(is_p256_private(plus(order, -1)));
    CHECK_FALSE(p256_public_of(order).has_value());
    CHECK_FALSE(p256_public_of(Bytes(32, 0)).has_value());
    // n - 1 times the generator is its mirror image: same x, and p - y.
    const Bytes one = *p256_public_of(plus(Bytes(32, 0), 1)), last = *p256_public_of(plus(order, -1));
    CHECK(std::equal(one.begin(), one.begin() + 33, last.begin()));
    CHECK(one != last);
    CHECK(p256_shared(plus(order, -1), public_key) == p256_shared(plus(Bytes(32, 0), 1), public_key));

    const Bytes x = to_bytes(BytesView(public_key).subspan(1, 32)), y = to_bytes(BytesView(public_key).last(32));
    CHECK(is_p256_public(point(x, y)));
    CHECK_FALSE(is_p256_public(point(y, x)));
    CHECK_FALSE(is_p256_public(point(x, plus(y, 1))));
    CHECK_FALSE(is_p256_public(point(Bytes(32, 0), Bytes(32, 0)))); // Nothing: the point at infinity has no such form.
    CHECK_FALSE(is_p256_public(Bytes(65, 0)));
    CHECK_FALSE(is_p256_public(Bytes{0x00}));
    CHECK_FALSE(is_p256_public(BytesView(public_key).first(64)));
    CHECK_FALSE(is_p256_public({}));
    Bytes compressed{0x03};
    append(compressed, x);
    CHECK_FALSE(is_p256_public(compressed));
    Bytes hybrid = public_key;
    hybrid[0] = 0x07;
    CHECK_FALSE(is_p256_public(hybrid));
    // Coordinates have one form, too. x = 5 is on the curve, and p + 5 has 32 bytes.
    const Bytes small_x = plus(Bytes(32, 0), 5),
                small_y = hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    CHECK(is_p256_public(point(small_x, small_y)));
    CHECK_FALSE(is_p256_public(point(plus(prime, 5), small_y)));
    CHECK_FALSE(p256_shared(key, point(x, plus(y, 1))).has_value());
    CHECK_FALSE(p256_shared(order, public_key).has_value());
}

TEST_CASE("P-256: both sides of an exchange agree, and it is not X25519's")
{
    for (std::uint8_t i = 1; i < 20; ++i) {
        const Bytes a(32, i), b(32, static_cast<std::uint8_t>(i + 100));
        const auto ab = p256_shared(a, *p256_public_of(b)), ba = p256_shared(b, *p256_public_of(a));
        REQUIRE(ab.has_value());
        CHECK(ab == ba);
        const Bytes text{i, 2, 3};
        CHECK(p256_verify(*p256_public_of(a), text, p256_sign(a, text)));
        CHECK_FALSE(p256_verify(*p256_public_of(b), text, p256_sign(a, text)));
    }
    const HpkeSuite suite(KemId::p256, AeadId::aes_128_gcm);
    const HpkeKeyPair pair = HpkeKeyPair::derive(Bytes(32, 1), KemId::p256);
    CHECK_FALSE(hpke_setup_sender(suite, Bytes(65, 4), {}, Bytes(32, 2)).has_value());
    CHECK_FALSE(hpke_setup_sender(suite, Bytes(32, 4), {}, Bytes(32, 2)).has_value());
    CHECK_FALSE(hpke_setup_receiver(suite, Bytes(65, 4), pair, {}).has_value());
    CHECK_FALSE(HpkeKeyPair::from_private(order, KemId::p256).has_value());
    CHECK(HpkeKeyPair::from_private(order).has_value()); // Any 32 bytes are X25519's.
}
