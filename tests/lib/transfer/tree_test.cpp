// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/blob.hpp"
#include "tests/lib/transfer/content.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::transfer;
using namespace godwit::transfer::test;

// By another implementation (Python's hashlib), over the same content.
TEST_CASE("the id of a file: vectors")
{
    const std::pair<std::size_t, const char*> vectors[] = {
        {0, "82401a41f5e0bb3c98d2653a35b7b59ed759d138d7fb373f601dcfe7a238e6b9"},
        {1, "1773209919bb293e94575ff543d5c2f500c8a75a067de19b3d9a856ba1649afa"},
        {65536, "c197cfe19795201b9735f287b357771af48d362fa21e0b095e2c95b3772e868b"},
        {65537, "f19dcdaa082d0b6ee435adffd460965a79f073ce0428f49eab646fbc06face95"},
        {196608, "f89a54e951896dbf84c1fdcbb0b2e1cc7a81551c9b9971dc467e88b344bf5344"},
        {327757, "abb9c980d59cc450437a4bb104f2bcad96814c5434c78299e403036ec00c87f0"},
    };
    for (const auto& [size, root] : vectors)
        CHECK(to_hex(made(size).id.view()) == root);
}

TEST_CASE("a root binds every chunk, their order and the length")
{
    const auto file = made(3 * chunk_bytes);
    auto leaves = file.leaves;
    std::swap(leaves[0], leaves[1]);
    CHECK(root_of(file.bytes.size(), leaves) != file.id);
    CHECK(root_of(file.bytes.size() - 1, file.leaves) != file.id);
    // The two upper nodes of four leaves, taken for the leaves of a file of two chunks, give another root.
    const auto four = made(4 * chunk_bytes);
    const Leaves nodes{crypto::node_hash("godwit node 1", {four.leaves[0], four.leaves[1]}),
                       crypto::node_hash("godwit node 1", {four.leaves[2], four.leaves[3]})};
    CHECK(root_of(2 * chunk_bytes, nodes) != four.id);
    // Nor is a chunk that spells two leaves a node.
    Bytes spelled;
    append(spelled, four.leaves[0]);
    append(spelled, four.leaves[1]);
    CHECK(leaf_of(spelled) != nodes[0]);
}

TEST_CASE("pieces: chunks, then leaves")
{
    CHECK(Layout{0}.pieces() == 0);
    CHECK(Layout{1}.pieces() == 1);
    CHECK(Layout{chunk_bytes}.pieces() == 1); // its own proof
    CHECK(Layout{chunk_bytes + 1}.pieces() == 3);
    CHECK(Layout{chunk_bytes + 1}.piece_bytes(1) == 1);
    CHECK(Layout{chunk_bytes + 1}.piece_bytes(2) == 2 * leaf_bytes);
    const Layout large{chunk_bytes * (leaves_per_piece + 1)};
    CHECK(large.leaf_pieces() == 2);
    CHECK(large.piece_bytes(large.chunks()) == chunk_bytes);
    CHECK(large.piece_bytes(large.chunks() + 1) == leaf_bytes);
    CHECK(Layout{std::uint64_t{4} * 1024 * 1024 * 1024}.pieces() == wire::pieces_max);

    const auto file = made(5 * chunk_bytes + 77);
    Bytes all;
    for (std::uint32_t piece = 0; piece < file.layout().chunks(); ++piece)
        append(all, file.piece(piece));
    CHECK(all == file.bytes);
    CHECK(file.piece(6).size() == 6 * leaf_bytes);
}

TEST_CASE("a blob's name and pieces hang on the reference's key, the file and the place")
{
    FileKey key;
    key.bytes.fill(0x11);
    FileId file;
    file.bytes.fill(0x22);
    CHECK(to_hex(blob_id(key, file).view()) == "0f583430775bab5a7fe487bab28e3b36878731feea4ce885c9fd0f29e363218a");
    const Bytes piece{1, 2, 3};
    const auto sealed = seal_piece(key, file, 7, piece);
    CHECK(sealed.size() == piece.size() + 16);
    CHECK(open_piece(key, file, 7, sealed) == piece);
    CHECK_FALSE(open_piece(key, file, 8, sealed));
    auto other = key;
    other.bytes[0] ^= 1;
    CHECK_FALSE(open_piece(other, file, 7, sealed));
    CHECK(blob_id(other, file) != blob_id(key, file));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto damaged = sealed;
        damaged[i] ^= 1;
        CHECK_FALSE(open_piece(key, file, 7, damaged));
    }
    CHECK_FALSE(open_piece(key, file, 7, {}));
}
