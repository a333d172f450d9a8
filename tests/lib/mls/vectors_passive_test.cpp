// SPDX-License-Identifier: Apache-2.0
// Published vectors of passive clients: join by Welcome, then follow every commit of the history.
#include "lib/mls/group.hpp"
#include "tests/lib/mls/support.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

void check_authenticator(const Group& group, const nlohmann::json& expected)
{
    CHECK(to_bytes(group.epoch_authenticator()) == unhex(expected));
}

/// Stores the group and loads it again: nothing may get lost on the way.
Group reload(const Group& group)
{
    const WipedBytes epoch = group.serialize_epoch(), ratchets = group.serialize_ratchets();
    Group out = must(Group::deserialize(epoch, ratchets));
    CHECK(out.serialize_epoch() == epoch);
    CHECK(out.serialize_ratchets() == ratchets);
    return out;
}

void follow(const nlohmann::json& e)
{
    SeededEntropy entropy(5);
    TrustingService service;
    MapPsks psks;
    for (const auto& psk : e["external_psks"])
        psks.psks[unhex(psk["psk_id"])] = unhex(psk["psk"]);
    Environment env{entropy, service};
    env.psks = &psks;
    env.lifetimes.check_received = false; // The histories are from 2023.
    env.lifetimes.lifetime_seconds_max = LifetimePolicy::unlimited;

    auto package = must_decode<MLSMessage>(unhex(e["key_package"]));
    REQUIRE(package.as<KeyPackage>() != nullptr);
    KeyPackageBundle bundle{*package.as<KeyPackage>(), crypto::to_wiped(unhex(e["init_priv"])),
                            crypto::to_wiped(unhex(e["encryption_priv"])),
                            *SignatureKeyPair::from_private(suite_of(e), unhex(e["signature_priv"]))};
    CHECK(validate_key_package(bundle.key_package, env.lifetimes, 0, false) == MlsError::none);
    auto welcome = must_decode<MLSMessage>(unhex(e["welcome"]));
    REQUIRE(welcome.as<Welcome>() != nullptr);
    std::optional<RatchetTree> tree;
    if (!e["ratchet_tree"].is_null()) tree = must_decode<RatchetTree>(unhex(e["ratchet_tree"]));
    auto joined = Group::join(env, *welcome.as<Welcome>(), bundle, tree);
    REQUIRE_MESSAGE(joined.ok(), "join: " << mls_error_name(joined.error()));
    Group group = std::move(*joined);
    check_authenticator(group, e["initial_epoch_authenticator"]);

    for (const auto& epoch : e["epochs"]) {
        for (const auto& proposal : epoch["proposals"]) {
            const auto got = group.process(env, unhex(proposal));
            REQUIRE_MESSAGE(got.ok(), "proposal: " << mls_error_name(got.error()));
            CHECK(got->type == ContentType::proposal);
        }
        if (group.epoch() % 8 == 0) group = reload(group);
        // A commit damaged anywhere leaves the group where it was, and the real one still works.
        const Bytes commit = unhex(epoch["commit"]);
        Bytes damaged = commit;
        damaged[damaged.size() / 2] ^= 0x10;
        CHECK_FALSE(group.process(env, damaged).ok());
        const auto got = group.process(env, commit);
        REQUIRE_MESSAGE(got.ok(), "commit in epoch " << group.epoch() << ": " << mls_error_name(got.error()));
        CHECK(got->commit.has_value());
        check_authenticator(group, epoch["epoch_authenticator"]);
    }
    reload(group);
}

void follow_all(const char* name)
{
    const auto entries = load_vectors(std::string("mls/") + name + ".json");
    if (!entries) return;
    VectorCount count(name);
    for (const auto& e : *entries)
        if (count.take(e)) follow(e);
}

} // namespace

TEST_CASE("vectors: passive-client-welcome")
{
    follow_all("passive-client-welcome");
}
TEST_CASE("vectors: passive-client-handling-commit")
{
    follow_all("passive-client-handling-commit");
}
TEST_CASE("vectors: passive-client-random")
{
    follow_all("passive-client-random");
}
