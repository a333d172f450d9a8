// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/secret.hpp"

#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace godwit;
using namespace godwit::crypto;

static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_copy_constructible_v<SecretArray<32>> && !std::is_copy_assignable_v<SecretArray<32>>);

TEST_CASE("secret bytes: copied in, moved on, empty behind")
{
    const Bytes raw{1, 2, 3};
    auto secret = SecretBytes::copy_of(raw);
    CHECK(secure_equal(secret.view(), raw));
    auto moved = std::move(secret);
    CHECK(secret.empty()); // NOLINT(bugprone-use-after-move): the promise under test
    CHECK(secure_equal(moved.view(), raw));
    auto target = SecretBytes::copy_of(Bytes(100, 9));
    target = std::move(moved);
    CHECK(secure_equal(target.view(), raw));
    CHECK(moved.empty()); // NOLINT(bugprone-use-after-move)
    auto& alias = target;
    target = std::move(alias);
    CHECK(secure_equal(target.view(), raw));
    CHECK(SecretBytes::copy_of({}).empty());
    CHECK(SecretBytes(4).view()[3] == 0);
}

TEST_CASE("secret bytes: random from the entropy given")
{
    test::SeededEntropy one(1), again(1);
    const auto a = SecretBytes::random(32, one);
    const auto b = SecretBytes::random(32, again);
    const auto c = SecretBytes::random(32, one);
    CHECK(secure_equal(a.view(), b.view()));
    CHECK_FALSE(secure_equal(a.view(), c.view()));
}

TEST_CASE("secret array: wiped when moved from")
{
    SecretArray<4> a;
    for (auto& b : a.span())
        b = 0xaa;
    SecretArray<4> b = std::move(a);
    CHECK(to_hex(a.view()) == "00000000"); // NOLINT(bugprone-use-after-move): the promise under test
    CHECK(to_hex(b.view()) == "aaaaaaaa");
    a = std::move(b);
    CHECK(to_hex(b.view()) == "00000000"); // NOLINT(bugprone-use-after-move)
    CHECK(to_hex(a.view()) == "aaaaaaaa");
}

TEST_CASE("secret array: wiped when destroyed")
{
    alignas(SecretArray<32>) std::uint8_t storage[sizeof(SecretArray<32>)] = {};
    auto* secret = new (storage) SecretArray<32>();
    for (auto& b : secret->span())
        b = 0xaa;
    secret->~SecretArray<32>();
    // Look at the raw storage through a volatile pointer: the wipe must have reached memory.
    const volatile std::uint8_t* look = storage;
    for (std::size_t i = 0; i < sizeof storage; ++i)
        CHECK(look[i] == 0);
}

TEST_CASE("wipe and constant-time compare")
{
    Bytes bytes(33, 7);
    wipe_memory(bytes.data(), bytes.size());
    CHECK(bytes == Bytes(33, 0));
    wipe_memory(nullptr, 0);
    CHECK(secure_equal({}, {}));
    CHECK(secure_equal(Bytes{1, 2}, Bytes{1, 2}));
    CHECK_FALSE(secure_equal(Bytes{1, 2}, Bytes{1, 3}));
    CHECK_FALSE(secure_equal(Bytes{1, 2}, Bytes{1, 2, 0}));
    CHECK_FALSE(secure_equal(Bytes{0}, {}));
}
