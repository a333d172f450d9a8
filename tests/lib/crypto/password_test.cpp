// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/password.hpp"
#include "lib/crypto/signing.hpp"
#include "lib/crypto/vault.hpp"

#include "tests/support/seeded_entropy.hpp"

#include <godwit/message.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace godwit;
using namespace godwit::crypto;

namespace {

PublicKey key_of(std::uint8_t fill)
{
    PublicKey out;
    out.bytes.fill(fill);
    return out;
}

PasswordKeys cheap(std::string_view user, std::uint8_t relay, std::string_view password)
{
    return std::move(derive_password_keys(user, key_of(relay), password, password_params_for_tests)).value();
}

} // namespace

TEST_CASE("argon2id: known answers of the reference implementation")
{
    struct Row {
        std::uint32_t passes;
        std::uint64_t kib;
        const char* answer;
    };
    const Row table[] = {
        {1, 8, "33b8f0d06408e0a7dcc5ffb13e575f35162db4ff3db1c73d5d501801c699d14d"},
        {3, 4096, "c8abb756fc699c6ba2a0e328a36df2224fa8bd3330b23433106ac89f56976267"},
        {3, 65536, "92599c67f23f1d9dce9b6f0cfb5a9b18ce110336de00799947472465edd9e49a"},
    };
    for (const auto& row : table) {
        const auto out =
            argon2id(as_bytes("correct horse"), as_bytes("0123456789abcdef"), {row.passes, row.kib * 1024}, 32);
        REQUIRE(out.ok());
        CHECK(to_hex(out->view()) == row.answer);
    }
}

TEST_CASE("password keys: known answers, from the reference Argon2 and Python's BLAKE2b")
{
    const auto small = cheap("ann", 7, "correct horse");
    CHECK(to_hex(small.login_secret.view()) == "12f0309525f5a9cac9236a03724359ae0bbddacff7e68db9a48769fe857164a9");
    CHECK(to_hex(small.vault_key.view()) == "8667e3f46a3f5351cf2462f73c531ce9b6a2142f0ace74b7be7829f65be55a09");
    const auto real = derive_password_keys("ann", key_of(7), "correct horse"); // the defaults are part of the protocol
    REQUIRE(real.ok());
    CHECK(to_hex(real->login_secret.view()) == "cd0807ebd91355726d022b0c1652773bbbb4c380d3368fc5033246bb0473b485");
    CHECK(to_hex(real->vault_key.view()) == "4a0669db525626679c2c517aea71d811805a848e70933265748704b180902437");
}

TEST_CASE("password keys: user, relay and password all count, and the two keys differ")
{
    const auto base = cheap("ann", 1, "password1");
    CHECK(to_hex(base.login_secret.view()) == to_hex(cheap("ann", 1, "password1").login_secret.view()));
    CHECK(to_hex(base.login_secret.view()) != to_hex(base.vault_key.view()));
    const PasswordKeys others[] = {cheap("bob", 1, "password1"), cheap("ann", 2, "password1"),
                                   cheap("ann", 1, "password2")};
    for (const auto& other : others) {
        CHECK(to_hex(base.login_secret.view()) != to_hex(other.login_secret.view()));
        CHECK(to_hex(base.vault_key.view()) != to_hex(other.vault_key.view()));
    }
}

TEST_CASE("password keys: bounds")
{
    const auto code = [](std::string_view user, std::string_view password,
                         PasswordParams params = password_params_for_tests) {
        const auto out = derive_password_keys(user, key_of(1), password, params);
        return out.ok() ? ErrorCode::ok : out.error().code;
    };
    CHECK(code("ann", std::string(password_bytes_min, 'x')) == ErrorCode::ok);
    CHECK(code("ann", std::string(password_bytes_min - 1, 'x')) == ErrorCode::invalid_argument);
    CHECK(code("ann", std::string(password_bytes_max, 'x')) == ErrorCode::ok);
    CHECK(code("ann", std::string(password_bytes_max + 1, 'x')) == ErrorCode::invalid_argument);
    CHECK(code("", "password") == ErrorCode::invalid_argument);
    CHECK(code(std::string(user_name_length_max, 'a'), "password") == ErrorCode::ok);
    CHECK(code(std::string(user_name_length_max + 1, 'a'), "password") == ErrorCode::invalid_argument);
    CHECK(code("ann", "password", {0, password_memory_bytes_min}) == ErrorCode::invalid_argument);
    CHECK(code("ann", "password", {password_passes_max, password_memory_bytes_min}) == ErrorCode::ok);
    CHECK(code("ann", "password", {password_passes_max + 1, password_memory_bytes_min}) == ErrorCode::invalid_argument);
    CHECK(code("ann", "password", {1, password_memory_bytes_min - 1}) == ErrorCode::invalid_argument);
    CHECK(code("ann", "password", {1, password_memory_bytes_max + 1}) == ErrorCode::invalid_argument);
}

TEST_CASE("vault: the seed comes back with the right password, user and account key only")
{
    test::SeededEntropy entropy(11);
    const auto keys = cheap("ann", 1, "password1");
    const auto account = SigningKey::from_seed(Bytes(32, 5));
    const Bytes vault = seal_vault(keys.vault_key.view(), "ann", account.public_key(), account.seed(), entropy);
    CHECK(vault.size() == vault_bytes);
    CHECK(vault != seal_vault(keys.vault_key.view(), "ann", account.public_key(), account.seed(), entropy));

    const auto opened = open_vault(keys.vault_key.view(), "ann", account.public_key(), vault);
    REQUIRE(opened.ok());
    CHECK(secure_equal(opened->view(), account.seed()));

    const auto code = [&](BytesView key, std::string_view user, const PublicKey& who, BytesView bytes) {
        const auto out = open_vault(key, user, who, bytes);
        return out.ok() ? ErrorCode::ok : out.error().code;
    };
    const auto wrong = cheap("ann", 1, "password2");
    CHECK(code(wrong.vault_key.view(), "ann", account.public_key(), vault) == ErrorCode::authentication_failed);
    CHECK(code(keys.login_secret.view(), "ann", account.public_key(), vault) == ErrorCode::authentication_failed);
    CHECK(code(keys.vault_key.view(), "bob", account.public_key(), vault) == ErrorCode::authentication_failed);
    CHECK(code(keys.vault_key.view(), "ann", key_of(3), vault) == ErrorCode::authentication_failed);
    CHECK(code(keys.vault_key.view(), "ann", account.public_key(), {}) == ErrorCode::malformed);
    CHECK(code(keys.vault_key.view(), "ann", account.public_key(), BytesView(vault).first(vault.size() - 1)) ==
          ErrorCode::malformed);
    for (std::size_t i = 0; i < vault.size(); ++i) {
        Bytes bad = vault;
        bad[i] ^= 0x80;
        CHECK(code(keys.vault_key.view(), "ann", account.public_key(), bad) ==
              (i == 0 ? ErrorCode::malformed : ErrorCode::authentication_failed));
    }
}
