// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/secret_pages.hpp"

#include "lib/crypto/secret.hpp"
#include "lib/crypto/signing.hpp"
#include "tests/support/own_memory.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::crypto;

TEST_CASE("locked secrets: small ones lie in the arena, long ones do not")
{
    lock_secrets();
    lock_secrets();
    const SecretArena* const arena = secret_arena();
    REQUIRE(arena != nullptr);
    const auto before = arena->usage().used_bytes;
    {
        const WipedBytes small(32, 1);
        CHECK(arena->usage().used_bytes == before + 32);
        const WipingBytes record(SecretArena::block_bytes_max + 1, 2);
        CHECK(arena->usage().used_bytes == before + 32);
    }
    CHECK(arena->usage().used_bytes == before);
}

#if defined(GODWIT_TEST_OWN_MEMORY)
TEST_CASE("locked secrets: the system will neither swap nor dump them")
{
    lock_secrets();
    const WipedBytes key(32, 1);
    const WipingBytes seed(64, 2);
    const SecretBytes guarded = SecretBytes::copy_of(key);
    const Bytes plain(64, 3);
    for (const void* const at : {static_cast<const void*>(key.data()), static_cast<const void*>(seed.data()),
                                 static_cast<const void*>(guarded.view().data())}) {
        const test::Mapping mapping = test::mapping_of(at);
        CHECK_FALSE(mapping.dumped);
        // Where RLIMIT_MEMLOCK has no room for a chunk the arena says so, and the flag agrees.
        if (secret_arena()->shortage() == SecretArena::Shortage::none) CHECK(mapping.locked);
    }
    CHECK(secret_arena()->usage().chunks >= 1);
    CHECK(test::mapping_of(plain.data()).dumped); // The look tells them apart.
    // A page before and a page behind a chunk stop who runs over its end.
    const test::Mapping chunk = test::mapping_of(key.data());
    CHECK_FALSE(test::mapping_of(reinterpret_cast<const void*>(chunk.begin - 1)).readable);
    CHECK_FALSE(test::mapping_of(reinterpret_cast<const void*>(chunk.end)).readable);
}

TEST_CASE("locked secrets: a seed that has signed is nowhere else in memory")
{
    lock_secrets();
    test::SeededEntropy entropy(5);
    WipingBytes seed(signing_seed_bytes);
    entropy.fill(seed);
    const test::Wanted wanted{seed};
    SUBCASE("and nowhere at all once it is gone")
    {
        {
            const SigningKey key = SigningKey::from_seed(seed);
            (void)key.sign(as_bytes("a message"));
        }
        seed = WipingBytes();
        seed.shrink_to_fit();
        const auto seen = test::look_for(wanted);
        CHECK(seen.hidden == 0);
        CHECK(seen.shown == std::vector<std::string>{});
    }
    SUBCASE("while it is there")
    {
        const SigningKey key = SigningKey::from_seed(seed);
        (void)key.sign(as_bytes("a message"));
        const auto seen = test::look_for(wanted);
        CHECK(seen.hidden == 2);
        CHECK(seen.shown == std::vector<std::string>{});
        if (secret_arena()->shortage() == SecretArena::Shortage::none) CHECK(seen.hidden_unlocked == 0);
    }
    SUBCASE("and the look would find one that is")
    {
        const Bytes copy(seed.begin(), seed.end());
        CHECK(test::look_for(wanted).shown.size() == 1);
    }
}
#endif
