// SPDX-License-Identifier: Apache-2.0
// Files that are not what somebody says, that nobody has, that more want than there is room for; and who has to get
// them.
#include "tests/lib/engine/file_party.hpp"

#include "lib/transfer/blob.hpp"
#include "lib/wire/content.hpp"

using namespace godwit;
using namespace godwit::engine;
using namespace godwit::engine::test;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t chunk = transfer::chunk_bytes;

Bytes bytes(std::size_t size, std::uint8_t salt = 0)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(i * 29 + i / 251 + salt);
    return out;
}

MessageId numbered_post(std::size_t number)
{
    MessageId out;
    out.bytes.fill(0xee);
    out.bytes[0] = static_cast<std::uint8_t>(number);
    out.bytes[1] = static_cast<std::uint8_t>(number >> 8);
    return out;
}

/// References to files that there are not.
void post_dead(FileWorld& world, FileParty& to, std::size_t count, const std::string& author)
{
    to.tick([&](Files& files) {
        for (std::size_t i = 0; i < count; ++i) {
            content::FileRef dead;
            for (auto& byte : dead.id.bytes)
                byte = static_cast<std::uint8_t>(world.random());
            dead.size_bytes = 1000;
            files.posted(engine::test::conversation(), numbered_post(i), author, dead, false, world.now);
        }
    });
}

std::size_t count_in(FileParty& who, FileState state)
{
    std::size_t out = 0;
    for (const auto& row : who.store.files({}, 10'000))
        if (row.state == state) ++out;
    return out;
}

content::FileRef otherwise(content::FileRef file, std::uint64_t size_bytes, std::uint8_t key = 0)
{
    file.size_bytes = size_bytes;
    if (key != 0) file.key.bytes.fill(key);
    return file;
}

struct Three {
    FileWorld world;
    FileParty& ann = world.party("ann");
    FileParty& bo = world.party("bo");
    FileParty& cy = world.party("cy");

    bool whole(FileParty& who, const content::FileRef& file, Duration within = minutes(10))
    {
        return world.run([&] { return who.state(file.id) == FileState::whole; }, within);
    }
};

} // namespace

// ---- nobody has it ------------------------------------------------------------------------------

TEST_CASE("files: however many that nobody has: what comes, and what is asked for, comes")
{
    for (const auto waiting_max : {64U, 10'000U}) {
        CAPTURE(waiting_max);
        Three three;
        auto& bo = three.bo;
        bo.config.auto_fetch_waiting_max = waiting_max;
        bo.config.auto_fetch_bytes_max = 5 * chunk;
        bo.crash();
        bo.start();
        post_dead(three.world, bo, 300, "eve");
        CHECK(count_in(bo, FileState::fetching) == std::min<std::size_t>(waiting_max, 300));
        three.world.settle(minutes(2));
        three.world.link(three.ann, bo);
        const auto small = three.ann.add("/small", bytes(3 * chunk));
        three.ann.post(small, 1);
        bo.post(small, 1, false);
        // Each has its turn; with few that may wait it comes soon.
        CHECK(three.whole(bo, small, waiting_max == 64 ? minutes(1) : minutes(60)));
        const auto large = three.ann.add("/large", bytes(9 * chunk));
        three.ann.post(large, 2);
        bo.post(large, 2, false);
        CHECK(bo.state(large.id) == FileState::known);
        CHECK(bo.code(request::FileFetch{large.id}) == ErrorCode::ok);
        CHECK(three.whole(bo, large, seconds(5)));
    }
}

TEST_CASE("files: what comes by itself and nobody has for long waits until it is asked for")
{
    Three three;
    three.bo.config.auto_fetch_wait_ms = 3'600'000; // a week as a rule
    post_dead(three.world, three.bo, 40, "eve");
    const auto asked = three.bo.store.files({}, 1).front().id;
    CHECK(three.bo.code(request::FileFetch{asked}) == ErrorCode::ok);
    three.world.settle(minutes(50));
    CHECK(count_in(three.bo, FileState::fetching) == 40);
    three.world.settle(minutes(20));
    CHECK(count_in(three.bo, FileState::fetching) == 1);
    CHECK(three.bo.state(asked) == FileState::fetching);
}

TEST_CASE("files: a contact has so many waiting at most, and all together so many bytes")
{
    Three three;
    auto& bo = three.bo;
    bo.config.auto_fetch_waiting_max = 10;
    post_dead(three.world, bo, 10, "eve");
    CHECK(count_in(bo, FileState::fetching) == 10);
    post_dead(three.world, bo, 1, "eve");
    CHECK(count_in(bo, FileState::fetching) == 10);
    post_dead(three.world, bo, 1, "mallory");
    CHECK(count_in(bo, FileState::fetching) == 11);
    bo.config.auto_fetch_total_bytes_max = 12'000;
    post_dead(three.world, bo, 1, "trent"); // reaches it
    CHECK(count_in(bo, FileState::fetching) == 12);
    CHECK(bo.count<event::Warning>() == 0);
    post_dead(three.world, bo, 2, "trent");
    CHECK(count_in(bo, FileState::fetching) == 12);
    CHECK(bo.count<event::Warning>() == 1);
    CHECK(bo.last<event::Warning>().what.code == ErrorCode::quota_exceeded);
}

// ---- what posts say -----------------------------------------------------------------------------

TEST_CASE("files: somebody names it first, with another size: it comes as its owner says")
{
    for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{7 * chunk + 1}, std::uint64_t{9 * chunk}})
        for (const bool direct : {true, false}) {
            CAPTURE(size);
            CAPTURE(direct);
            Three three;
            const auto file = three.ann.add("/f", bytes(8 * chunk));
            three.bo.post(otherwise(file, size), 1, false, "eve");
            three.world.settle(seconds(40));
            if (direct) three.world.link(three.ann, three.bo);
            three.ann.post(file, 2);
            three.bo.post(file, 2, false);
            REQUIRE(three.whole(three.bo, file));
            CHECK(three.bo.content(file.id) == bytes(8 * chunk));
            CHECK(three.bo.store.file_grants(file.id).size() == 2);
            // And never again.
            three.bo.post(otherwise(file, size), 3, false, "eve");
            CHECK(three.bo.store.file_grants(file.id).size() == 2);
        }
}

TEST_CASE("files: the first to name it takes that back: it is as the others say")
{
    Three three;
    three.bo.config.auto_fetch_bytes_max = 4 * chunk;
    three.bo.crash();
    three.bo.start();
    const auto file = three.ann.add("/f", bytes(8 * chunk));
    three.bo.post(otherwise(file, 100), 1, false, "eve");
    three.bo.post(file, 2, false);
    CHECK(three.bo.state(file.id) == FileState::fetching);
    three.bo.withdraw(1);
    CHECK(three.bo.state(file.id) == FileState::known); // longer than what comes by itself
    CHECK(three.bo.store.file(file.id)->size_bytes == 8 * chunk);
}

TEST_CASE("files: a small size that somebody names does not make a large file come by itself")
{
    Three three;
    three.bo.config.auto_fetch_bytes_max = 4 * chunk;
    three.bo.crash();
    three.bo.start();
    three.world.link(three.ann, three.bo);
    const auto file = three.ann.add("/f", bytes(8 * chunk));
    three.ann.post(file, 2);
    three.bo.post(otherwise(file, 100), 1, false, "eve");
    three.bo.post(file, 2, false);
    three.world.settle(minutes(5));
    CHECK(three.bo.state(file.id) == FileState::fetching);
    CHECK(three.bo.wanted == 0);
    CHECK(three.bo.code(request::FileFetch{file.id}) == ErrorCode::ok);
    CHECK(three.whole(three.bo, file));
}

TEST_CASE("files: a false key hides nothing of what its sender left at the relay")
{
    Three three;
    const auto file = three.ann.add("/f", bytes(5 * chunk));
    three.ann.post(file, 1);
    REQUIRE(three.world.run([&] { return three.world.blobs.size() == 1; }));
    three.world.settle(minutes(1));
    three.ann.crash();
    // Rubbish lies under one of the false ones.
    const auto rubbish = otherwise(file, file.size_bytes, 0x77);
    for (std::uint32_t piece = 0; piece < 6; ++piece)
        three.world.blobs[transfer::blob_id(rubbish.key, file.id)][piece] = Bytes(100, 1);
    three.world.blobs[transfer::blob_id(rubbish.key, file.id)][UINT32_MAX] = {6};
    three.world.blob_owners[transfer::blob_id(rubbish.key, file.id)] = "eve";
    three.bo.post(rubbish, 9, false, "eve");
    three.bo.post(file, 1, false);
    for (std::uint8_t i = 2; i < 9; ++i)
        three.bo.post(otherwise(file, file.size_bytes, i), i, false, "eve");
    REQUIRE(three.whole(three.bo, file, minutes(2)));
    CHECK(three.bo.content(file.id) == bytes(5 * chunk));
}

TEST_CASE("files: what a post of ours says of a file is so")
{
    Three three;
    const auto file = three.ann.add("/f", bytes(100));
    three.ann.tick([&](Files& files) {
        content::Attachment attachment;
        attachment.file = file;
        CHECK(files.may_refer(attachment).ok());
        attachment.file.size_bytes = 101;
        CHECK(files.may_refer(attachment).error().code == ErrorCode::invalid_argument);
        attachment.file.size_bytes = 0;
        CHECK_FALSE(files.may_refer(attachment).ok());
    });
    // An empty file has one name.
    auto empty = otherwise(file, 0);
    three.bo.post(empty, 1, false);
    CHECK(three.bo.state(file.id) == FileState{});
    empty = three.ann.add("/empty", {});
    three.bo.post(empty, 2, false);
    CHECK(three.whole(three.bo, empty));
}

// ---- room ---------------------------------------------------------------------------------------

TEST_CASE("files: many at once leave messages their room, and go on when there is more")
{
    Three three;
    auto& bo = three.bo;
    bo.config.disk_reserve_bytes = 20 * chunk;
    bo.config.room_asked_every_bytes = 4 * chunk;
    bo.kept.room = 45 * chunk;
    three.world.link(three.ann, bo);
    std::vector<content::FileRef> files;
    for (std::uint8_t i = 1; i <= 10; ++i) {
        files.push_back(three.ann.add("/f", bytes(10 * chunk, i)));
        three.ann.post(files.back(), i);
        bo.post(files.back(), i, false);
    }
    three.world.settle(minutes(5));
    CHECK(count_in(bo, FileState::whole) == 2);
    CHECK(*bo.kept.room_bytes() >= 20 * chunk);
    CHECK(bo.count<event::Warning>() == 1);
    // Smaller than what is left: those that do not fit let it go first.
    const auto small = three.ann.add("/s", bytes(2 * chunk));
    three.ann.post(small, 11);
    bo.post(small, 11, false);
    CHECK(three.whole(bo, small, minutes(2)));
    CHECK(*bo.kept.room_bytes() >= 20 * chunk);
    bo.kept.room = 1000 * chunk;
    for (const auto& file : files)
        CHECK(three.whole(bo, file));
}

TEST_CASE("files: what is added stops at the reserve, also when others fill the disk meanwhile")
{
    Three three;
    auto& ann = three.ann;
    ann.config.disk_reserve_bytes = 10 * chunk;
    ann.config.room_asked_every_bytes = 2 * chunk;
    ann.config.file_slice_bytes_max = chunk;
    ann.kept.room = 40 * chunk;
    ann.outside.files["/one"] = bytes(20 * chunk);
    ann.outside.files["/two"] = bytes(20 * chunk, 1);
    ann.tick([&](Files& files) { files.ask(70, request::FileAdd{"/one", {}, {}}, three.world.now); });
    CHECK(ann.code(request::FileAdd{"/two", {}, {}}) == ErrorCode::storage_failed); // promised to the first
    for (int i = 0; i < 5; ++i)
        ann.tick();
    ann.kept.room = 15 * chunk; // somebody else
    three.world.settle(minutes(1));
    CHECK(ann.last<event::Reply>().error.code == ErrorCode::storage_failed);
    ann.tick();
    CHECK(*ann.kept.room_bytes() == 15 * chunk);
}

// ---- who has to get it --------------------------------------------------------------------------

TEST_CASE("files: of three, the first who has it does not end it for the third")
{
    Three three;
    three.world.link(three.ann, three.bo);
    const auto file = three.ann.add("/f", bytes(5 * chunk));
    three.ann.post(file, 1);
    three.bo.post(file, 1, false);
    three.cy.on = false;
    REQUIRE(three.whole(three.bo, file));
    three.world.settle(minutes(1));
    CHECK(three.ann.store.file_had(file.id) == std::vector<std::string>{"bo"});
    REQUIRE(three.world.blobs.size() == 1);
    three.ann.crash();
    three.bo.crash();
    three.cy.start();
    three.cy.post(file, 1, false);
    REQUIRE(three.whole(three.cy, file));
    // When all have said that they have it, nothing is left there.
    FileWorld two;
    auto& ann = two.party("ann");
    auto& bo = two.party("bo");
    auto& cy = two.party("cy");
    two.link(ann, bo);
    two.link(ann, cy);
    const auto other = ann.add("/g", bytes(3 * chunk));
    ann.post(other, 1);
    bo.post(other, 1, false);
    cy.post(other, 1, false);
    REQUIRE(two.run([&] { return bo.state(other.id) == FileState::whole && cy.state(other.id) == FileState::whole; }));
    two.settle(seconds(1));
    two.unlink(ann, bo);
    two.unlink(ann, cy);
    two.settle(minutes(2));
    CHECK(two.blobs.empty());
}

TEST_CASE("files: forwarded, and its first sender takes it back: who it was forwarded to gets it")
{
    Three three;
    const auto file = three.ann.add("/f", bytes(5 * chunk));
    three.ann.post(file, 1);
    three.bo.post(file, 1, false);
    REQUIRE(three.whole(three.bo, file));
    content::Attachment body;
    body.file = file;
    const auto forwarded = three.bo.say(body, 2);
    REQUIRE(forwarded.size() == 1);
    CHECK(forwarded[0].key != file.key);
    CHECK(three.bo.say(body, 3)[0].key == forwarded[0].key); // one blob for all of Bo's
    REQUIRE(three.world.run([&] { return three.world.blobs.size() == 2; }));
    three.world.settle(minutes(1));
    three.ann.withdraw(1);
    three.world.settle(minutes(1));
    REQUIRE(three.world.blobs.size() == 1);
    three.ann.crash();
    three.bo.crash();
    three.cy.post(forwarded[0], 2, false, "bo");
    CHECK(three.whole(three.cy, file));
}

TEST_CASE("files: what the relay lost is left there again, for as long as a message waits")
{
    Three three;
    const auto file = three.ann.add("/f", bytes(5 * chunk));
    three.ann.post(file, 1);
    REQUIRE(three.world.run([&] { return three.world.blobs.size() == 1; }));
    three.world.settle(minutes(5));
    three.world.blobs.clear();
    three.world.blob_owners.clear();
    three.world.settle(hours(25));
    CHECK(three.world.blobs.size() == 1);
    three.world.settle(hours(24 * 31));
    three.world.blobs.clear();
    three.world.blob_owners.clear();
    three.world.settle(hours(48));
    CHECK(three.world.blobs.empty());
}

TEST_CASE("files: forwarded as a bundle: each item's file is referred to, under a key of the forwarder's")
{
    Three three;
    const auto photo = three.ann.add("/photo", bytes(3 * chunk));
    const auto pack = three.ann.add("/pack", bytes(2 * chunk, 4));
    content::Attachment attachment;
    attachment.file = photo;
    content::Sticker sticker;
    sticker.pack = pack;
    sticker.name = "bird";
    const content::Forwarded inner{"older", {{"ann", 1, "", wire::encode(content::Body(sticker))}}};
    const content::Forwarded bundle{"trip",
                                    {{"ann", 1, "look", wire::encode(content::Body(attachment))},
                                     {"ann", 2, "no file", {}},
                                     {"ann", 3, "", wire::encode(content::Body(inner))}}};
    for (const auto* file : {&photo, &pack}) {
        three.ann.post(*file, file == &photo ? 1 : 2);
        three.bo.post(*file, file == &photo ? 1 : 2, false);
    }
    three.world.link(three.ann, three.bo);
    REQUIRE(three.whole(three.bo, photo));
    REQUIRE(three.whole(three.bo, pack));
    const auto said = three.bo.say(bundle, 3);
    REQUIRE(said.size() == 2);
    CHECK(said[0].id == photo.id);
    CHECK(said[1].id == pack.id);
    CHECK(said[0].key != photo.key);
    three.world.link(three.bo, three.cy);
    for (const auto& file : said)
        three.cy.post(file, 3, false, "bo");
    CHECK(three.whole(three.cy, photo));
    CHECK(three.whole(three.cy, pack));
}

TEST_CASE("files: forwarded before it was here: it is fetched, and given on")
{
    Three three;
    three.bo.config.auto_fetch_bytes_max = 100;
    three.bo.crash();
    three.bo.start();
    const auto file = three.ann.add("/f", bytes(5 * chunk));
    three.ann.post(file, 1);
    three.bo.post(file, 1, false);
    CHECK(three.bo.state(file.id) == FileState::known);
    content::Attachment body;
    body.file = file;
    const auto forwarded = three.bo.say(body, 2);
    three.cy.post(forwarded[0], 2, false, "bo");
    three.world.link(three.ann, three.bo);
    REQUIRE(three.whole(three.bo, file));
    three.ann.crash();
    CHECK(three.whole(three.cy, file)); // by the relay, which has Bo's
    CHECK(three.cy.last<event::FileDone>().file.path == Path::mailbox);
}

// ---- damage -------------------------------------------------------------------------------------

TEST_CASE("files: all of it rots, or is removed: one warning, and it comes again in one go")
{
    for (const bool removed : {true, false}) {
        CAPTURE(removed);
        Three three;
        three.ann.config.file_slice_bytes_max = 4 * chunk;
        three.world.link(three.ann, three.bo);
        const auto file = three.ann.add("/f", bytes(30 * chunk));
        three.ann.post(file, 1);
        three.bo.post(file, 1, false);
        REQUIRE(three.whole(three.bo, file));
        auto& laptop = three.world.party("ann");
        three.world.link(three.ann, laptop);
        laptop.post(file, 1, false);
        REQUIRE(three.whole(laptop, file));
        if (removed)
            three.ann.kept.lose();
        else
            for (std::uint32_t piece = 3; piece < 31; ++piece)
                three.ann.kept.damage(piece);
        CHECK(three.ann.code(request::FileSave{file.id, "out", false}) == ErrorCode::storage_corrupt);
        REQUIRE(three.whole(three.ann, file));
        CHECK(three.ann.content(file.id) == bytes(30 * chunk));
        CHECK(three.ann.count<event::Warning>() == 1);
        CHECK(three.ann.count<event::FileDone>() == 1);
    }
}
