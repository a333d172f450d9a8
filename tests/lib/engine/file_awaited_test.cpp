// SPDX-License-Identifier: Apache-2.0
// Files of posts that an account has removed from its history: gone from there, and given to whoever is to have them.
#include "tests/lib/engine/file_party.hpp"

using namespace godwit;
using namespace godwit::engine;
using namespace godwit::engine::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

Bytes some_bytes(std::size_t size, std::uint8_t seed = 1)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(seed + i * 31 + (i >> 8));
    return out;
}

struct Two {
    FileWorld world;
    FileParty& ann = world.party("ann");
    FileParty& bo = world.party("bo");

    content::FileRef sent(Bytes what, std::uint8_t number = 1)
    {
        const auto file = ann.add("/" + std::to_string(number), std::move(what));
        ann.post(file, number);
        bo.post(file, number, false);
        return file;
    }
    void remove(FileParty& who, std::uint8_t number = 1, bool of_others = true)
    {
        who.tick(
            [&](Files& files) { files.removed(engine::test::conversation(), post_id(number), of_others, world.now); });
        who.tick();
    }
    std::size_t known(FileParty& who) { return who.ask<std::vector<FileInfo>>(request::Files{}).size(); }
};

} // namespace

TEST_CASE("files: removed by who got it: gone at once, and told of one that was on its way")
{
    Two two;
    const auto whole = two.sent(some_bytes(100'000));
    two.world.link(two.ann, two.bo);
    REQUIRE(two.world.run([&] { return two.bo.state(whole.id) == FileState::whole; }));
    two.world.unlink(two.ann, two.bo);
    const auto open = two.sent(some_bytes(200, 9), 2);
    two.remove(two.bo, 1);
    two.remove(two.bo, 2);
    CHECK(two.known(two.bo) == 0);
    CHECK(two.bo.kept.count() == 0);
    CHECK(two.bo.last<event::FileFailed>().file.id == open.id);
    CHECK(two.bo.last<event::FileFailed>().why.code == ErrorCode::cancelled);
}

TEST_CASE("files: removed by who sent it: given to those who have not got it, through a restart, and then gone")
{
    Two two;
    bool by_relay = false;
    SUBCASE("by a link") {}
    SUBCASE("by the relay, from where nothing is withdrawn")
    {
        by_relay = true;
    }
    two.world.set_relay(false);
    const auto file = two.sent(some_bytes(300'000));
    const auto other = two.sent(some_bytes(100, 7), 2);
    two.remove(two.ann);
    CHECK(two.known(two.ann) == 2);
    two.ann.crash();
    two.ann.start();
    two.world.settle();
    CHECK(two.known(two.ann) == 2);
    if (by_relay)
        two.world.set_relay(true);
    else
        two.world.link(two.ann, two.bo);
    REQUIRE(two.world.run([&] { return two.bo.state(file.id) == FileState::whole; }));
    CHECK(two.bo.content(file.id) == some_bytes(300'000));
    if (by_relay) { // Nobody says that they have it.
        const auto blobs = two.world.blobs.size();
        two.world.now.wall_ms += two.ann.config.delivery_deadline_ms;
        two.world.settle();
        CHECK(two.world.blobs.size() == blobs);
    }
    two.world.settle();
    two.ann.tick();
    CHECK(two.known(two.ann) == 1);
    CHECK(two.ann.state(other.id) == FileState::whole);
    CHECK(two.bo.state(file.id) == FileState::whole);
}

TEST_CASE("files: removed by who sent it when all have it, or nobody else is there: gone at once")
{
    Two two;
    const auto file = two.sent(some_bytes(100'000));
    two.world.link(two.ann, two.bo);
    REQUIRE(two.world.run([&] { return two.bo.state(file.id) == FileState::whole; }));
    two.world.settle();
    two.remove(two.ann);
    CHECK(two.known(two.ann) == 0);
    two.world.unlink(two.ann, two.bo);
    (void)two.sent(some_bytes(50, 3), 2);
    two.remove(two.ann, 2, false);
    CHECK(two.known(two.ann) == 0);
}

TEST_CASE("files: another post that stands keeps what a removed one referred to, and taken back it is gone at once")
{
    Two two;
    two.world.set_relay(false);
    const auto file = two.sent(some_bytes(1000));
    two.ann.post(file, 2);
    two.remove(two.ann);
    two.ann.withdraw(2);
    two.ann.tick();
    CHECK(two.ann.state(file.id) == FileState::whole); // Awaited by the first.
    two.ann.withdraw(1);
    two.ann.tick();
    CHECK(two.known(two.ann) == 0);
    two.world.now.mono += minutes(2);
    two.ann.tick();
    CHECK_FALSE(two.ann.store.value("files/awaited"));
}
