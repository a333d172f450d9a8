// SPDX-License-Identifier: Apache-2.0
// Where the secrets of a group lie while it lives, and after it: in the arena, and nowhere.
#include "lib/crypto/secret_pages.hpp"
#include "tests/lib/mls/forge.hpp"
#include "tests/support/own_memory.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

#if defined(GODWIT_TEST_OWN_MEMORY)
namespace {

struct Sought {
    std::string name;
    test::Wanted wanted;
};

/// The ratchets of the current epoch, out of their serialisation.
std::map<LeafIndex, SenderRatchets> ratchets_of(const Group& group)
{
    const WipedBytes state = group.serialize_ratchets();
    Reader io(state);
    std::uint16_t version = 0;
    Bytes group_id;
    std::uint64_t epoch = 0;
    std::uint8_t past = 0;
    CipherSuite suite{};
    std::uint32_t leaves = 0;
    std::map<NodeIndex, WipedBytes> nodes;
    std::map<LeafIndex, SenderRatchets> out;
    io(version, group_id, epoch, past, suite, leaves, nodes, out);
    REQUIRE(io.error() == MlsError::none);
    return out;
}

/// What somebody with these could open or sign.
std::vector<Sought> secrets_of(const Group& group)
{
    using Access = GroupTestAccess;
    std::vector<Sought> out;
    const auto seek = [&](std::string name, BytesView secret) {
        REQUIRE(secret.size() >= 16);
        out.push_back({std::move(name), test::Wanted(secret)});
    };
    const EpochSecrets& secrets = Access::secrets(group);
    seek("signature seed", BytesView(Access::signer(group).private_key).first(crypto::ed25519_seed_bytes));
    seek("init_secret", secrets.init_secret);
    seek("exporter_secret", secrets.exporter_secret);
    seek("sender_data_secret", secrets.sender_data_secret);
    seek("external_secret", secrets.external_secret);
    seek("resumption_psk", secrets.resumption_psk);
    for (const auto& [node, key] : Access::private_keys(group).keys)
        seek("private key of node " + std::to_string(node), key.private_key);
    for (const auto& [leaf, both] : ratchets_of(group)) {
        seek("handshake ratchet of leaf " + std::to_string(leaf), both.handshake.secret);
        seek("application ratchet of leaf " + std::to_string(leaf), both.application.secret);
        for (const auto& [generation, key] : both.application.skipped)
            seek("skipped key " + std::to_string(generation), key.key);
    }
    return out;
}

} // namespace

TEST_CASE("secrets of a group lie in memory that is neither swapped nor dumped, and are gone with it")
{
    crypto::lock_secrets();
    std::vector<Sought> sought;
    {
        World world(60);
        world.found("alice", {}, HandshakeFormat::private_message);
        world.add(0, {"bob", "carol"});
        world.commit(1);
        // Some talk, with a gap: keys that wait for late messages.
        std::vector<Bytes> sent;
        for (int i = 0; i < 3; ++i)
            sent.push_back(must(world.group(0).encrypt(world.env(), as_bytes("hello"))));
        for (const std::size_t i : {2U, 0U})
            must(world.group(1).process(world.env(), sent[i]));
        // Through the store and back.
        const auto stored =
            must(Group::deserialize(world.group(1).serialize_epoch(), world.group(1).serialize_ratchets()));
        sought = secrets_of(stored);
        CHECK(sought.size() > 10);
        for (const Sought& one : sought) {
            CAPTURE(one.name);
            const auto seen = test::look_for(one.wanted);
            CHECK(seen.hidden > 0);
            CHECK(seen.shown == std::vector<std::string>{});
            if (secret_arena()->shortage() == SecretArena::Shortage::none) CHECK(seen.hidden_unlocked == 0);
        }
    }
    for (const Sought& one : sought) {
        CAPTURE(one.name);
        const auto seen = test::look_for(one.wanted);
        CHECK(seen.hidden == 0);
        CHECK(seen.shown == std::vector<std::string>{});
    }
}
#endif
