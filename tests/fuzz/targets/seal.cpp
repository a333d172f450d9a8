// SPDX-License-Identifier: Apache-2.0
// The sealed envelope before any key has touched it, and the vault that a relay hands back.
#include "tests/fuzz/target.hpp"

#include "lib/crypto/signing.hpp"
#include "lib/crypto/vault.hpp"
#include "lib/seal/envelope.hpp"
#include "tests/support/seeded_entropy.hpp"

using namespace godwit;
using namespace godwit::fuzz;

namespace {

std::vector<Bytes> envelopes()
{
    Bytes sealed{1, 1};
    append(sealed, Bytes(seal::ephemeral_bytes, 3));
    append(sealed, Bytes(seal::slot_bytes, 4));
    append(sealed, Bytes(seal::slot_bytes, 5));
    append(sealed, Bytes(seal::inner_bytes_min + seal::body_tag_bytes, 6));
    return {sealed, seal::format_inner(Bytes(64, 1), 7, as_bytes("hello"))};
}

struct VaultSample {
    Bytes seed = Bytes(32, 1);
    Bytes key = Bytes(32, 2);
    PublicKey account = crypto::SigningKey::from_seed(seed).public_key();
};

std::vector<Bytes> vaults()
{
    const VaultSample sample;
    test::SeededEntropy entropy(1);
    return {crypto::seal_vault(sample.key, "ann", sample.account, sample.seed, entropy)};
}

} // namespace

FUZZ_TARGET(seal_envelope, "", 2048, envelopes)
{
    // One envelope has one spelling: the parts are the whole.
    if (const auto view = seal::parse_sealed(input)) {
        FUZZ_CHECK(view->head.size() + view->body.size() == input.size());
        FUZZ_CHECK(view->slots.size() % seal::slot_bytes == 0 && !view->slots.empty());
        FUZZ_CHECK(view->ephemeral_key.size() == seal::ephemeral_bytes);
    }
    if (const auto inner = seal::parse_inner(input)) {
        const auto again = seal::format_inner(inner->signature, inner->generation, inner->content);
        FUZZ_CHECK(std::equal(again.begin(), again.end(), input.begin(), input.end()));
    }
}

FUZZ_TARGET(seal_vault, "", 128, vaults)
{
    static const VaultSample sample;
    static const Bytes whole = vaults().front();
    const auto opened = crypto::open_vault(sample.key, "ann", sample.account, input);
    FUZZ_CHECK(opened.ok() == std::equal(input.begin(), input.end(), whole.begin(), whole.end()));
}
