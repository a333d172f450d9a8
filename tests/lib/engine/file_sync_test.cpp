// SPDX-License-Identifier: Apache-2.0
// Files while the disk is waited for elsewhere: what counts as durable, and when.
#include "tests/lib/engine/file_party.hpp"

using namespace godwit;
using namespace godwit::engine;
using namespace godwit::engine::test;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t chunk = transfer::chunk_bytes;
constexpr std::uint32_t chunks = 60;

Bytes bytes(std::size_t size)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(i * 31 + i / 257);
    return out;
}

/// Bo fetches from Ann, and his disk takes its time.
struct Slow {
    FileWorld world;
    FileParty& ann = world.party("ann");
    FileParty& bo = world.party("bo");
    content::FileRef file;

    Slow()
    {
        bo.config.file_mark_bytes = 8 * chunk;
        bo.disk_waits = true;
        world.link(ann, bo);
        file = ann.add("/film", bytes(chunks * chunk));
        ann.post(file, 1);
        bo.post(file, 1, false);
    }
    [[nodiscard]] std::uint32_t marked() const { return FileShelf::pieces(*bo.store.file(file.id)).count(); }
    [[nodiscard]] bool whole() { return bo.state(file.id) == FileState::whole; }
};

} // namespace

TEST_CASE("files: pieces come while the disk is waited for, and nothing counts as durable before it is")
{
    Slow slow;
    slow.world.settle(minutes(1));
    CHECK(slow.bo.kept.writes == chunks + 1); // and the leaves
    CHECK(slow.bo.kept.syncs == 1);           // one at a time
    CHECK(slow.marked() == 0);
    CHECK_FALSE(slow.whole());
    CHECK(slow.bo.count<event::FileDone>() == 0);
    CHECK(slow.world.blobs.empty()); // its author is not told that nobody gives it

    slow.bo.disk_waits = false;
    REQUIRE(slow.world.run([&] { return slow.whole(); }));
    CHECK(slow.bo.kept.syncs == 2); // what came meanwhile shares one
    CHECK(slow.bo.content(slow.file.id) == bytes(chunks * chunk));
}

TEST_CASE("files: what came after a sync began is not marked with it")
{
    Slow slow;
    slow.world.settle(minutes(1));
    slow.bo.disk_waits = false;
    REQUIRE(slow.world.run([&] { return slow.marked() > 0; }));
    CHECK(slow.marked() < chunks / 2);
    CHECK_FALSE(slow.whole());
    slow.bo.crash(); // and what was written after it began is gone
    slow.bo.start();
    slow.world.link(slow.ann, slow.bo);
    REQUIRE(slow.world.run([&] { return slow.whole(); }));
    CHECK(slow.bo.count<event::Warning>() == 0); // nothing was missing of what was marked
    CHECK(slow.bo.content(slow.file.id) == bytes(chunks * chunk));
}

TEST_CASE("files: who pauses while the disk is waited for keeps what is here")
{
    Slow slow;
    slow.world.settle(seconds(20));
    REQUIRE(slow.marked() == 0);
    CHECK(slow.bo.code(request::FilePause{slow.file.id}) == ErrorCode::ok);
    CHECK(slow.marked() == chunks + 1);
    slow.bo.disk_waits = false; // what was under way is of no matter any more
    slow.world.settle(seconds(20));
    CHECK(slow.bo.state(slow.file.id) == FileState::paused);
    const auto given = slow.ann.served;
    CHECK(slow.bo.code(request::FileResume{slow.file.id}) == ErrorCode::ok);
    REQUIRE(slow.world.run([&] { return slow.whole(); }));
    CHECK(slow.ann.served == given);
}

TEST_CASE("files: one that is cancelled, and asked for anew, is not marked by the sync of before")
{
    Slow slow;
    slow.world.settle(seconds(20));
    CHECK(slow.bo.code(request::FileCancel{slow.file.id}) == ErrorCode::ok);
    CHECK(slow.bo.code(request::FileFetch{slow.file.id}) == ErrorCode::ok);
    slow.bo.disk_waits = false;
    REQUIRE(slow.world.run([&] { return slow.whole(); }));
    CHECK(slow.bo.content(slow.file.id) == bytes(chunks * chunk));
    slow.bo.crash();
    slow.bo.start();
    CHECK(slow.bo.content(slow.file.id) == bytes(chunks * chunk));
}

TEST_CASE("files: a sync that fails elsewhere takes what it was for with it")
{
    Slow slow;
    slow.bo.kept.sync_fails = true;
    slow.bo.disk_waits = false;
    REQUIRE(slow.world.run([&] { return slow.bo.count<event::Warning>() == 1; }));
    CHECK(slow.marked() == 0);
    slow.bo.kept.sync_fails = false;
    REQUIRE(slow.world.run([&] { return slow.whole(); }));
    CHECK(slow.bo.content(slow.file.id) == bytes(chunks * chunk));
}

TEST_CASE("files: a post that comes after it was asked for in vain opens it")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    world.set_relay(false);
    world.link(ann, bo);
    const auto file = ann.add("/film", bytes(3 * chunk));
    bo.post(file, 1, false);
    world.settle(seconds(5));
    REQUIRE(bo.state(file.id) == FileState::fetching);
    ann.post(file, 1);
    REQUIRE(world.run([&] { return bo.state(file.id) == FileState::whole; }));
    ann.withdraw(1);
    CHECK(ann.state(file.id) == FileState{});
}
