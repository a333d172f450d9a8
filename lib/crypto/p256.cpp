// SPDX-License-Identifier: Apache-2.0
// Scalars, points and scratch are arrays of limbs in memory of ours, which is wiped: hogweed takes them as they are
// where its header declares the struct. What it allocates by itself is the scratch of a point multiplication, which is
// written over (below), and GMP's integers, which hold public keys and signatures only.
#include "lib/crypto/p256.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/hkdf.hpp"

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>

#include <algorithm>
#include <array>
#include <utility>

namespace godwit::crypto {
namespace {

static_assert(GMP_NAIL_BITS == 0);
constexpr std::size_t limb_bytes = sizeof(mp_limb_t);
constexpr std::size_t limbs = 32 / limb_bytes;
using Limbs = std::vector<mp_limb_t, WipingAllocator<mp_limb_t>>;
using Number = std::array<std::uint8_t, 32>;

/// The order of the group, n.
constexpr Number order = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                          0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

const ecc_curve* curve()
{
    return nettle_get_secp_256r1();
}

/// Big-endian bytes to limbs, the least first, and back.
void to_limbs(mp_limb_t* out, BytesView number)
{
    GODWIT_ASSERT(number.size() == 32);
    for (std::size_t i = 0; i < limbs; ++i) {
        mp_limb_t limb = 0;
        for (std::size_t j = 0; j < limb_bytes; ++j)
            limb = static_cast<mp_limb_t>((limb << 8) | number[32 - (i + 1) * limb_bytes + j]);
        out[i] = limb;
    }
}

void from_limbs(std::uint8_t* out, const mp_limb_t* number)
{
    for (std::size_t i = 0; i < 32; ++i)
        out[31 - i] = static_cast<std::uint8_t>(number[i / limb_bytes] >> (8 * (i % limb_bytes)));
}

/// 0 < number < n, in time that does not depend on it.
bool is_scalar(BytesView number) noexcept
{
    if (number.size() != order.size()) return false;
    unsigned borrow = 0, any = 0;
    for (std::size_t i = order.size(); i-- > 0;) {
        borrow = ((static_cast<unsigned>(number[i]) - order[i] - borrow) >> 8) & 1;
        any |= number[i];
    }
    return borrow == 1 && any != 0;
}

struct Scalar {
    Limbs memory = Limbs(limbs);
    explicit Scalar(BytesView number) { to_limbs(memory.data(), number); }
    [[nodiscard]] ecc_scalar get() noexcept { return {curve(), memory.data()}; }
};

/// Affine: x, then y.
struct Point {
    Limbs memory = Limbs(2 * limbs);
    [[nodiscard]] ecc_point get() noexcept { return {curve(), memory.data()}; }
    void write(std::uint8_t* x, std::uint8_t* y) const
    {
        from_limbs(x, memory.data());
        if (y != nullptr) from_limbs(y, memory.data() + limbs);
    }
};

/// 32 bytes as GMP reads them, nothing allocated.
class Integer {
public:
    explicit Integer(BytesView number) noexcept { to_limbs(limbs_.data(), number); }
    Integer(const Integer&) = delete;
    Integer& operator=(const Integer&) = delete;
    [[nodiscard]] mpz_srcptr get() noexcept
    {
        return mpz_roinit_n(value_, limbs_.data(), static_cast<mp_size_t>(limbs));
    }

private:
    std::array<mp_limb_t, limbs> limbs_{};
    mpz_t value_{};
};

/// Nobody's secret: in no memory that has to be asked for.
struct PublicPoint {
    std::array<mp_limb_t, 2 * limbs> memory{};
    [[nodiscard]] ecc_point get() noexcept { return {curve(), memory.data()}; }
};

/// Of a public key; false unless it is one.
bool read_point(PublicPoint& out, BytesView public_key) noexcept
{
    if (public_key.size() != p256_public_bytes || public_key[0] != 0x04) return false;
    Integer x(public_key.subspan(1, 32)), y(public_key.last(32));
    ecc_point point = out.get();
    return ecc_point_set(&point, x.get(), y.get()) == 1;
}

// hogweed takes the scratch of a point multiplication from GMP's allocator and gives it back as it is: with the
// product, and the multiples that the scalar's last digits have chosen. Neither is there a door to that memory nor may
// a library set the process's allocator. So the same is multiplied once more, by a scalar that everybody knows: scratch
// of the same size, which an allocator that hands out first what came back last (glibc's, by thread) takes from the
// same place, and all of which is written whatever the scalar.
constexpr Number known_scalar = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3};

void multiply_base(Point& out, Scalar& by)
{
    Scalar known(known_scalar);
    Point unused;
    const ecc_scalar n = by.get(), three = known.get();
    ecc_point r = out.get(), after = unused.get();
    ecc_point_mul_g(&r, &n);
    ecc_point_mul_g(&after, &three);
}

void multiply(Point& out, Scalar& by, PublicPoint& what)
{
    Scalar known(known_scalar);
    Point unused;
    const ecc_scalar n = by.get(), three = known.get();
    const ecc_point p = what.get();
    ecc_point r = out.get(), after = unused.get();
    ecc_point_mul(&r, &n, &p); // Never infinity: the order is a prime, and neither is zero.
    ecc_point_mul(&after, &three, &p);
}

/// Section 3.2 of RFC 6979 for SHA-256 and a group of 256 bits, where bits2int changes nothing: candidates for k.
class Nonces {
public:
    Nonces(BytesView private_key, const Sha256Digest& digest)
    {
        // bits2octets: the digest modulo n, which is less than 2 n.
        Number reduced;
        std::copy(digest.begin(), digest.end(), reduced.begin());
        unsigned borrow = 0;
        Number less;
        for (std::size_t i = order.size(); i-- > 0;) {
            const unsigned difference = static_cast<unsigned>(reduced[i]) - order[i] - borrow;
            less[i] = static_cast<std::uint8_t>(difference & 0xff);
            borrow = (difference >> 8) & 1;
        }
        if (borrow == 0) reduced = less; // The digest is public.
        v_.assign(hkdf_hash_bytes, 0x01);
        key_.assign(hkdf_hash_bytes, 0x00);
        for (const std::uint8_t step : {std::uint8_t{0x00}, std::uint8_t{0x01}}) {
            key_ = hmac_of(Sha2::sha256, key_, {v_, BytesView(&step, 1), private_key, reduced});
            v_ = hmac_of(Sha2::sha256, key_, {v_});
        }
    }
    [[nodiscard]] WipedBytes next()
    {
        for (;;) {
            if (!std::exchange(first_, false)) {
                static constexpr std::uint8_t zero = 0x00;
                key_ = hmac_of(Sha2::sha256, key_, {v_, BytesView(&zero, 1)});
                v_ = hmac_of(Sha2::sha256, key_, {v_});
            }
            v_ = hmac_of(Sha2::sha256, key_, {v_});
            if (is_scalar(v_)) return v_;
        }
    }

private:
    WipedBytes key_, v_;
    bool first_ = true;
};

/// INTEGER of DER (X.690 section 8.3): as short as it goes, a zero in front where the first bit is set.
void put_integer(Bytes& out, const Number& number)
{
    const auto* first = std::find_if(number.begin(), number.end() - 1, [](auto octet) { return octet != 0; });
    const bool pad = (*first & 0x80) != 0;
    const auto size = static_cast<std::size_t>(number.end() - first);
    out.push_back(0x02);
    out.push_back(static_cast<std::uint8_t>(size + (pad ? 1 : 0)));
    if (pad) out.push_back(0x00);
    out.insert(out.end(), first, number.end());
}

/// The same way back; false unless it is one of 1 to 33 bytes in the shortest form, and not negative.
bool take_integer(BytesView& in, BytesView& out)
{
    if (in.size() < 3 || in[0] != 0x02) return false;
    const std::size_t size = in[1];
    if (size == 0 || size > 33 || in.size() < 2 + size) return false;
    out = in.subspan(2, size);
    in = in.subspan(2 + size);
    if ((out[0] & 0x80) != 0) return false;
    if (size > 1 && out[0] == 0 && (out[1] & 0x80) == 0) return false;
    return size <= 32 || out[0] == 0;
}

} // namespace

bool is_p256_private(BytesView key) noexcept
{
    return is_scalar(key);
}

bool is_p256_public(BytesView key) noexcept
{
    PublicPoint point;
    return read_point(point, key);
}

std::optional<Bytes> p256_public_of(BytesView private_key)
{
    if (!is_scalar(private_key)) return std::nullopt;
    Scalar scalar(private_key);
    Point point;
    multiply_base(point, scalar);
    Bytes out(p256_public_bytes);
    out[0] = 0x04;
    point.write(out.data() + 1, out.data() + 33);
    return out;
}

std::optional<WipedBytes> p256_shared(BytesView private_key, BytesView public_key)
{
    PublicPoint theirs;
    if (!is_scalar(private_key) || !read_point(theirs, public_key)) return std::nullopt;
    Scalar scalar(private_key);
    Point shared;
    multiply(shared, scalar, theirs);
    WipedBytes out(p256_shared_bytes);
    shared.write(out.data(), nullptr);
    return out;
}

Bytes p256_sign(BytesView private_key, BytesView message)
{
    GODWIT_ASSERT(is_scalar(private_key));
    const Sha256Digest digest = sha256_of({message});
    Scalar key(private_key);
    Nonces nonces(private_key, digest);
    Limbs scratch(static_cast<std::size_t>(ecc_ecdsa_sign_itch(curve())));
    Limbs r(limbs), s(limbs);
    const auto is_zero = [](const Limbs& number) {
        return std::all_of(number.begin(), number.end(), [](mp_limb_t limb) { return limb == 0; });
    };
    do {
        Scalar nonce(nonces.next());
        ecc_ecdsa_sign(curve(), key.memory.data(), nonce.memory.data(), digest.size(), digest.data(), r.data(),
                       s.data(), scratch.data());
    } while (is_zero(r) || is_zero(s));
    Number r_bytes, s_bytes;
    from_limbs(r_bytes.data(), r.data());
    from_limbs(s_bytes.data(), s.data());
    Bytes out{0x30, 0x00};
    put_integer(out, r_bytes);
    put_integer(out, s_bytes);
    out[1] = static_cast<std::uint8_t>(out.size() - 2);
    return out;
}

bool p256_verify(BytesView public_key, BytesView message, BytesView signature) noexcept
{
    if (signature.size() < 2 || signature.size() > p256_signature_bytes_max || signature[0] != 0x30 ||
        signature[1] != signature.size() - 2)
        return false;
    BytesView rest = signature.subspan(2), r, s;
    if (!take_integer(rest, r) || !take_integer(rest, s) || !rest.empty()) return false;
    PublicPoint point;
    if (!read_point(point, public_key)) return false;
    const Sha256Digest digest = sha256_of({message});
    dsa_signature pair;
    dsa_signature_init(&pair);
    mpz_import(pair.r, r.size(), 1, 1, 1, 0, r.data());
    mpz_import(pair.s, s.size(), 1, 1, 1, 0, s.data());
    const ecc_point p = point.get();
    const bool good = ecdsa_verify(&p, digest.size(), digest.data(), &pair) == 1; // 0 < r, s < n is looked at there.
    dsa_signature_clear(&pair);
    return good;
}

} // namespace godwit::crypto
