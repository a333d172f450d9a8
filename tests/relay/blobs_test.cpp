// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/fault_disk.hpp"
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

using wire::BlobId;

constexpr int sqlite_full = 13; // SQLITE_FULL

struct Strangers {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};

    explicit Strangers(Config config = {}) : world(std::move(config))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
    }
};

Bytes piece(std::uint8_t byte, std::size_t bytes = 1000)
{
    return Bytes(bytes, byte);
}

ErrorCode put(Device& by, std::uint64_t blob, std::uint32_t pieces, std::uint32_t which, Bytes sealed)
{
    return by.code(frame::BlobPut{filled<BlobId>(blob), pieces, which, std::move(sealed)});
}

frame::BlobState state(Device& by, std::uint64_t blob)
{
    const auto response = by.ask(frame::BlobQuery{filled<BlobId>(blob)});
    REQUIRE(response.error.code == ErrorCode::ok);
    return std::get<frame::BlobState>(response.body);
}

/// Empty: there is none.
Bytes get(Device& by, std::uint64_t blob, std::uint32_t which)
{
    const auto response = by.ask(frame::BlobGet{filled<BlobId>(blob), which});
    if (response.error.code == ErrorCode::no_such_file) return {};
    REQUIRE(response.error.code == ErrorCode::ok);
    return std::get<frame::BlobPiece>(response.body).sealed;
}

/// As the daemon does when the deadline comes, until there is nothing to do any more.
void clean(World& world)
{
    for (int i = 0; i < 50; ++i) {
        world.advance(std::chrono::minutes(10));
        world.core->handle_deadline(world.now);
        REQUIRE(world.tick().ok());
    }
}

} // namespace

TEST_CASE("pieces are stored in any order, found by whoever knows the name, and are there after a crash")
{
    Strangers s;
    CHECK(s.bo.code(frame::BlobQuery{filled<BlobId>(7)}) == ErrorCode::no_such_file);
    CHECK(put(s.ann, 7, 5, 4, piece(4)) == ErrorCode::ok);
    CHECK(put(s.ann, 7, 5, 0, piece(1)) == ErrorCode::ok);
    CHECK(put(s.ann, 7, 5, 1, piece(2)) == ErrorCode::ok);
    s.world.restart();
    s.ann.resume();
    s.bo.resume();
    const auto there = state(s.bo, 7);
    CHECK(there.pieces == 5);
    CHECK(there.stored == std::vector<wire::PieceRange>{{0, 2}, {4, 1}});
    CHECK(there.expires_ms > s.world.now.wall_ms);
    CHECK_FALSE(there.own);
    CHECK(state(s.ann, 7).own);
    CHECK(get(s.bo, 7, 1) == piece(2));
    CHECK(get(s.bo, 7, 4) == piece(4));
    CHECK(get(s.bo, 7, 2).empty());
    CHECK(get(s.bo, 8, 0).empty());
}

TEST_CASE("the same piece again changes nothing; another owner or shape is a conflict; nonsense is refused")
{
    Strangers s;
    CHECK(put(s.ann, 7, 3, 0, piece(1)) == ErrorCode::ok);
    CHECK(put(s.ann, 7, 3, 0, piece(9)) == ErrorCode::ok);
    CHECK(get(s.bo, 7, 0) == piece(1));
    CHECK(put(s.bo, 7, 3, 1, piece(2)) == ErrorCode::conflict);
    CHECK(put(s.ann, 7, 4, 1, piece(2)) == ErrorCode::conflict);
    CHECK(put(s.ann, 8, 3, 3, piece(2)) == ErrorCode::invalid_argument);
    CHECK(put(s.ann, 8, 0, 0, piece(2)) == ErrorCode::invalid_argument);
    CHECK(put(s.ann, 8, wire::pieces_max + 1, 0, piece(2)) == ErrorCode::invalid_argument);
    Device stranger{s.world, 3};
    stranger.connect();
    CHECK(stranger.code(frame::BlobGet{filled<BlobId>(7), 0}) == ErrorCode::not_registered);
}

TEST_CASE("quota: of an account, and of all; a file that cannot fit is refused at its first piece")
{
    Config config;
    config.limits.blob_bytes_per_account_max = 10'000;
    config.limits.blob_bytes_max = 15'000;
    Strangers s(config);
    CHECK(put(s.ann, 30, 50, 0, piece(1)) == ErrorCode::quota_exceeded);
    for (std::uint32_t i = 0; i < 7; ++i)
        CHECK(put(s.ann, i, 2, 0, piece(1)) == ErrorCode::ok);
    CHECK(put(s.ann, 7, 2, 0, piece(1)) == ErrorCode::quota_exceeded); // 8 × 1,256
    CHECK(put(s.ann, 6, 2, 0, piece(1)) == ErrorCode::ok);             // is there
    for (std::uint32_t i = 20; i < 24; ++i)                            // 11 × 1,256
        CHECK(put(s.bo, i, 2, 0, piece(1)) == ErrorCode::ok);
    CHECK(put(s.bo, 24, 2, 0, piece(1)) == ErrorCode::quota_exceeded); // 12 × 1,256
    s.world.restart();                                                 // counted anew
    s.ann.resume();
    s.bo.resume();
    CHECK(put(s.ann, 7, 2, 0, piece(1)) == ErrorCode::quota_exceeded);
    CHECK(put(s.bo, 24, 2, 0, piece(1)) == ErrorCode::quota_exceeded);
    CHECK(s.world.core->counters().blob_pieces_refused == 2);
}

TEST_CASE("nearly full: the oldest goes before its days are over; a relay that keeps none says so")
{
    Config config;
    config.limits.blob_bytes_max = 15'000;
    Strangers s(config);
    for (std::uint32_t i = 0; i < 11; ++i) {
        CHECK(put(s.ann, i, 2, 0, piece(1)) == ErrorCode::ok);
        s.world.advance(std::chrono::seconds(1));
    }
    clean(s.world);
    CHECK(get(s.bo, 0, 0).empty()); // 11 × 1,256 is more than 13,500
    for (std::uint32_t i = 1; i < 11; ++i)
        CHECK_FALSE(get(s.bo, i, 0).empty());
    CHECK(s.world.core->counters().blob_pieces_expired == 1);

    Config none;
    none.limits.blob_bytes_max = 0;
    Strangers without(none);
    CHECK(put(without.ann, 1, 2, 0, piece(1)) == ErrorCode::unsupported);
}

TEST_CASE("days over: gone for all at once, removed bit by bit, and the room is there again")
{
    Config config;
    config.limits.blob_bytes_per_account_max = 100'000'000;
    config.limits.blob_requests = {5'000, std::chrono::milliseconds(1)};
    Strangers s(config);
    for (std::uint32_t i = 0; i < 600; ++i)
        REQUIRE(put(s.ann, 7, 600, i, piece(1, 10)) == ErrorCode::ok);
    s.world.advance(std::chrono::hours(24 * 14));
    CHECK(get(s.bo, 7, 0).empty());
    CHECK(s.bo.code(frame::BlobQuery{filled<BlobId>(7)}) == ErrorCode::no_such_file);
    CHECK(put(s.ann, 7, 600, 0, piece(1)) == ErrorCode::relay_unavailable); // while it is removed
    clean(s.world);
    CHECK(s.world.core->counters().blob_pieces_expired == 600);
    CHECK(put(s.ann, 7, 2, 0, piece(1)) == ErrorCode::ok);
    CHECK(get(s.bo, 7, 0) == piece(1));
}

TEST_CASE("dropped by its owner: gone for all at once, also after a crash, and the room is there again")
{
    Config config;
    config.limits.blob_bytes_per_account_max = 3'000;
    Strangers s(config);
    for (std::uint32_t i = 0; i < 2; ++i)
        REQUIRE(put(s.ann, 7, 2, i, piece(1)) == ErrorCode::ok);
    CHECK(s.bo.code(frame::BlobDrop{filled<BlobId>(7)}) == ErrorCode::conflict);
    CHECK(s.bo.code(frame::BlobDrop{filled<BlobId>(8)}) == ErrorCode::ok); // there is none
    CHECK_FALSE(get(s.bo, 7, 0).empty());
    CHECK(s.ann.code(frame::BlobDrop{filled<BlobId>(7)}) == ErrorCode::ok);
    s.world.restart();
    s.ann.resume();
    s.bo.resume();
    CHECK(get(s.bo, 7, 0).empty());
    CHECK(s.bo.code(frame::BlobQuery{filled<BlobId>(7)}) == ErrorCode::no_such_file);
    CHECK(s.ann.code(frame::BlobDrop{filled<BlobId>(7)}) == ErrorCode::ok); // again
    CHECK(put(s.ann, 9, 2, 0, piece(1)) == ErrorCode::quota_exceeded);      // while it is removed
    clean(s.world);
    CHECK(s.world.core->counters().blob_pieces_expired == 2);
    CHECK(put(s.ann, 9, 2, 0, piece(1)) == ErrorCode::ok);
}

TEST_CASE("a full disk: not acknowledged, not stored, and no room is lost by it")
{
    sqlite::FaultDisk disk;
    Config config;
    config.limits.blob_bytes_per_account_max = 2'000;
    World world(config, *Store::open("relay.db", disk.name()));
    Device ann{world, 1};
    ann.join("ann", 100);
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    CHECK(put(ann, 7, 2, 0, piece(1)) == ErrorCode::relay_unavailable);
    CHECK(get(ann, 7, 0).empty());
    disk.fail(0, 0, 0);
    CHECK(put(ann, 7, 2, 0, piece(1)) == ErrorCode::ok);
    CHECK(get(ann, 7, 0) == piece(1));
}

TEST_CASE("fast, and not faster")
{
    Config config;
    config.limits.blob_requests = {3, std::chrono::seconds(1)};
    Strangers s(config);
    for (int i = 0; i < 3; ++i)
        CHECK(get(s.ann, 7, 0).empty());
    CHECK(s.ann.code(frame::BlobGet{filled<BlobId>(7), 0}) == ErrorCode::rate_limited);
    s.world.advance(std::chrono::seconds(1));
    CHECK(get(s.ann, 7, 0).empty());
}
