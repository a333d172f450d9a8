// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/group_info.hpp"
#include "lib/mls/ratchet_tree.hpp"
#include "tests/lib/mls/support.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

TEST_CASE("codec: length headers of every size, and only the shortest")
{
    for (const std::size_t size : {0u, 1u, 63u, 64u, 16383u, 16384u, 70000u}) {
        const Bytes bytes = encode(Bytes(size, 7));
        CHECK(bytes.size() == size + (size < 64 ? 1 : size < 16384 ? 2 : 4));
        CHECK(must_decode<Bytes>(bytes) == Bytes(size, 7));
    }
    CHECK(decode<Bytes>(Bytes{0x40, 0x01, 0x00}).error() == MlsError::invalid_varint);
    CHECK(decode<Bytes>(Bytes{0x80, 0x00, 0x00, 0x01, 0x00}).error() == MlsError::invalid_varint);
    CHECK(decode<Bytes>(Bytes{0xc0, 0x00}).error() == MlsError::invalid_varint);
    CHECK(decode<Bytes>(Bytes{0x02, 0x00}).error() == MlsError::truncated);
    CHECK(decode<Bytes>(Bytes{}).error() == MlsError::truncated);
    CHECK(decode<Bytes>(Bytes{0x01, 0x00, 0x00}).error() == MlsError::trailing_bytes);
    CHECK(decode<std::optional<Bytes>>(Bytes{0x02, 0x00}).error() == MlsError::invalid_optional);
}

TEST_CASE("codec: lists stop at list_items_max, inputs at message_bytes_max")
{
    Writer io;
    io.vector([&] {
        for (std::size_t i = 0; i <= list_items_max<Extension>; ++i)
            io(Extension{static_cast<ExtensionType>(i), {}});
    });
    CHECK(decode<Extensions>(io.view()).error() == MlsError::too_many_items);
    CHECK(decode<Bytes>(Bytes(message_bytes_max + 1, 0)).error() == MlsError::message_too_large);
}

TEST_CASE("codec: capabilities and requirements end at capabilities_max")
{
    Capabilities one;
    one.extensions.resize(capabilities_max, static_cast<ExtensionType>(0xf001));
    CHECK(decode<Capabilities>(encode(one)).ok());
    one.extensions.push_back(static_cast<ExtensionType>(0xf001));
    CHECK(decode<Capabilities>(encode(one)).error() == MlsError::too_many_items);
    RequiredCapabilities required;
    required.proposal_types.resize(capabilities_max + 1, static_cast<ProposalType>(0xf001));
    CHECK(decode<RequiredCapabilities>(encode(required)).error() == MlsError::too_many_items);
}

TEST_CASE("codec: ratchet trees keep to their shape")
{
    // optional<Node> ratchet_tree<V>, in nodes: absent, or present with a type octet.
    CHECK(decode<RatchetTree>(Bytes{0x00}).error() == MlsError::tree_last_blank);
    CHECK(decode<RatchetTree>(Bytes{0x01, 0x00}).error() == MlsError::tree_last_blank);
    CHECK(decode<RatchetTree>(Bytes{0x02, 0x01, 0x02}).error() == MlsError::tree_node_misplaced);
    CHECK(decode<RatchetTree>(Bytes{0x02, 0x01, 0x03}).error() == MlsError::invalid_enum);
    // A parent as the last node: the tree is extended to hold its right side.
    Writer io;
    io.vector([&] { io(false, true, NodeType::parent, ParentNode{Bytes(32, 1), {}, {}}); });
    const auto tree = must_decode<RatchetTree>(io.copy());
    CHECK(tree.leaves() == 2);
    CHECK(tree.member_count() == 0);
    CHECK(encode(tree) == io.copy());
    // Blank nodes are cheap to write and must not become a huge tree.
    const Bytes blanks(node_width(leaves_max) + 1, 0);
    CHECK(decode<RatchetTree>(encode(blanks)).error() == MlsError::tree_too_large);
}

TEST_CASE("tree: it is full at leaves_max")
{
    RatchetTree tree;
    auto leaf = std::make_shared<const LeafNode>();
    for (std::uint32_t i = 0; i < leaves_max; ++i) {
        const auto place = tree.make_room();
        REQUIRE(place == i);
        tree.set_leaf(*place, leaf);
    }
    CHECK_FALSE(tree.make_room().has_value());
    tree.remove_leaf(7);
    CHECK(tree.make_room() == LeafIndex{7});
    for (LeafIndex i = 1; i < leaves_max; ++i)
        if (i != 7) tree.set_leaf(i, nullptr);
    tree.set_leaf(1, leaf);
    tree.remove_leaf(1);
    CHECK(tree.leaves() == 1);
}

TEST_CASE("GREASE: what we publish has it where section 13.5 wants it, and nowhere else")
{
    SeededEntropy entropy(8);
    const auto signer = generate_signature_key_pair(entropy);
    int different = 0;
    std::uint16_t last = 0;
    for (int i = 0; i < 40; ++i) {
        const auto bundle = must(create_key_package(CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519, signer,
                                                    LeafNodeOptions::basic(as_bytes("a")), {0, 100}, entropy));
        const LeafNode& leaf = bundle.key_package.leaf_node;
        const auto greased = [](auto type) { return is_grease(static_cast<std::uint16_t>(type)); };
        CHECK(greased(leaf.capabilities.cipher_suites.back()));
        CHECK(greased(leaf.capabilities.proposals.back()));
        CHECK(greased(leaf.capabilities.credentials.back()));
        CHECK(greased(leaf.capabilities.extensions.back()));
        CHECK(greased(leaf.extensions.back().extension_type));
        CHECK(greased(bundle.key_package.extensions.back().extension_type));
        CHECK(leaf.capabilities.lists(bundle.key_package.extensions.back().extension_type)); // Section 10.
        CHECK_FALSE(greased(leaf.credential.credential_type));
        LifetimePolicy policy;
        CHECK(validate_key_package(bundle.key_package, policy, 50'000, true) == MlsError::none);
        CHECK(validate_key_package(bundle.key_package, policy, 101'000, true) == MlsError::leaf_expired);
        if (static_cast<std::uint16_t>(leaf.capabilities.cipher_suites.back()) != last) ++different;
        last = static_cast<std::uint16_t>(leaf.capabilities.cipher_suites.back());
    }
    CHECK(different > 20);
    CHECK(is_grease(0x0a0a));
    CHECK(is_grease(0xeaea));
    CHECK_FALSE(is_grease(0xfafa));
    CHECK_FALSE(is_grease(0x0a1a));
}
