// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/engine/file_party.hpp"

#include "lib/transfer/blob.hpp"

using namespace godwit;
using namespace godwit::engine;
using namespace godwit::engine::test;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

Bytes bytes(std::size_t size, std::uint8_t salt = 0)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(i * 31 + i / 257 + salt);
    return out;
}

constexpr std::size_t chunk = transfer::chunk_bytes;

struct Two {
    FileWorld world;
    FileParty& ann = world.party("ann");
    FileParty& bo = world.party("bo");

    explicit Two(std::uint64_t seed = 1) : world(seed) {}
    /// Ann posts a file, and Bo has the post.
    content::FileRef sent(Bytes content, std::uint8_t post = 1)
    {
        auto file = ann.add("/tmp/photo.png", std::move(content));
        ann.post(file, post);
        bo.post(file, post, false);
        return file;
    }
    bool whole(FileParty& who, const content::FileRef& file)
    {
        return world.run([&] { return who.state(file.id) == FileState::whole; });
    }
};

} // namespace

TEST_CASE("files: added, named by content, saved again, never over what is there")
{
    FileWorld world;
    auto& ann = world.party("ann");
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, chunk, 5 * chunk + 3}) {
        CAPTURE(size);
        const auto file = ann.add("/x/../..secret\n.txt", bytes(size));
        CHECK(file.size_bytes == size);
        CHECK(file.name == "_.secret_.txt");
        CHECK(file.media_type == "image/png");
        CHECK_FALSE(file.key.is_zero());
        CHECK(ann.content(file.id) == bytes(size));
        CHECK(ann.add("/again", bytes(size)).id == file.id);
        CHECK(ann.add("/again", bytes(size)).key == file.key);
    }
    const auto file = ann.add("/a", bytes(10));
    ann.outside.files["there"] = {};
    CHECK(ann.code(request::FileSave{file.id, "there", false}) == ErrorCode::conflict);
    CHECK(ann.code(request::FileSave{file.id, "there", true}) == ErrorCode::ok);
    CHECK(ann.ask<SavedFile>(request::FileSave{file.id, "folder/", false}).path == "folder/a");
    CHECK(ann.code(request::FileAdd{"/no/such", {}, {}}) == ErrorCode::invalid_argument);
    CHECK(ann.code(request::FileSave{FileId{}, "x", false}) == ErrorCode::no_such_file);
    CHECK(ann.code(request::FileFetch{FileId{}}) == ErrorCode::no_such_file);
    CHECK(ann.kept.count() == 4); // an empty file has no bytes, and the same one lies there once
    CHECK(ann.ask<std::vector<FileInfo>>(request::Files{}).size() == 5);
    ann.kept.full = true;
    CHECK(ann.code(request::FileAdd{"/a", {}, {}}) == ErrorCode::storage_failed);
}

TEST_CASE("files: a post with one, a direct link: it comes by itself, and its sender leaves nothing at the relay")
{
    Two two;
    two.world.link(two.ann, two.bo);
    const auto file = two.sent(bytes(40 * chunk + 1));
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.content(file.id) == bytes(40 * chunk + 1));
    const auto& done = two.bo.last<event::FileDone>().file;
    CHECK(done.from == "ann");
    CHECK(done.path == Path::direct);
    CHECK(done.name == "photo.png");
    CHECK(done.done_bytes == done.size_bytes);
    two.world.unlink(two.ann, two.bo);
    two.world.settle();
    CHECK(two.world.blobs.empty());
    CHECK(two.bo.wanted == 42);
}

TEST_CASE("files: larger than what comes by itself: known, until it is asked for")
{
    Two two;
    two.bo.config.auto_fetch_bytes_max = 1000;
    two.bo.crash();
    two.bo.start();
    two.world.link(two.ann, two.bo);
    const auto file = two.sent(bytes(1001));
    two.world.settle(seconds(4));
    CHECK(two.bo.state(file.id) == FileState::known);
    CHECK(two.bo.code(request::FileSave{file.id, "x", false}) == ErrorCode::no_such_file);
    CHECK(two.bo.code(request::FileFetch{file.id}) == ErrorCode::ok);
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.code(request::SetAutoFetch{5000}) == ErrorCode::ok);
    two.bo.crash();
    two.bo.start();
    two.world.link(two.ann, two.bo);
    CHECK(two.whole(two.bo, two.sent(bytes(2000, 9), 2)));
}

TEST_CASE("files: nobody linked: left at the relay, sealed, and fetched from there while the sender is away")
{
    Two two;
    const auto file = two.sent(bytes(5 * chunk, 7));
    REQUIRE(two.world.run([&] { return two.ann.store.unserved_grants({}, two.world.now.wall_ms, 9).empty(); }));
    REQUIRE(two.world.blobs.size() == 1);
    for (const auto& [piece, sealed] : two.world.blobs.begin()->second)
        CHECK(std::search(sealed.begin(), sealed.end(), file.id.bytes.begin(), file.id.bytes.begin() + 8) ==
              sealed.end());
    two.ann.crash();
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.content(file.id) == bytes(5 * chunk, 7));
    CHECK(two.bo.last<event::FileDone>().file.path == Path::mailbox);
}

TEST_CASE("files: who seeks what is left at the relay already, and looks linked, is thought of for some seconds")
{
    Two two;
    const auto file = two.sent(bytes(9 * chunk));
    REQUIRE(two.whole(two.bo, file));
    two.world.link(two.ann, two.bo);
    two.world.settle();
    const auto until = two.world.now.mono + 2 * two.ann.config.link_silence_max;
    REQUIRE(two.ann.deadline() > until);
    (void)two.bo.sought(two.ann.device, file.id, two.world.now);
    CHECK(two.ann.deadline() <= until);
    two.world.settle(seconds(10));
    CHECK(two.ann.deadline() > until);
}

TEST_CASE("files: policy keeps content away from the relay: it waits for a direct link")
{
    Two two;
    two.ann.content_by_relay = two.bo.content_by_relay = false;
    const auto file = two.sent(bytes(3 * chunk));
    two.world.settle(minutes(3));
    CHECK(two.world.blobs.empty());
    CHECK(two.bo.state(file.id) == FileState::fetching);
    two.world.link(two.ann, two.bo);
    CHECK(two.whole(two.bo, file));
}

TEST_CASE("files: from the blob to the direct link as soon as there is one")
{
    Two two;
    const auto file = two.sent(bytes(60 * chunk));
    REQUIRE(two.world.run([&] { return two.bo.count<event::FileProgress>() > 0; }));
    two.world.link(two.ann, two.bo);
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.last<event::FileDone>().file.path == Path::direct);
    CHECK(two.ann.served > 0);
}

TEST_CASE("files: several devices give it at once, own ones too")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    auto& phone = world.party("bo");
    world.link(ann, bo);
    const auto file = ann.add("/f", bytes(80 * chunk));
    ann.post(file, 1);
    bo.post(file, 1, false);
    REQUIRE(world.run([&] { return bo.state(file.id) == FileState::whole; }));
    ann.served = bo.served = 0;
    world.link(ann, phone);
    world.link(bo, phone);
    phone.post(file, 1, false);
    REQUIRE(world.run([&] { return phone.state(file.id) == FileState::whole; }));
    CHECK(ann.served > 15 * chunk);
    CHECK(bo.served > 15 * chunk);
    CHECK(phone.content(file.id) == bytes(80 * chunk));
}

TEST_CASE("files: who is still fetching gives what is there, and tells of more")
{
    FileWorld world;
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    auto& phone = world.party("bo");
    world.link(ann, bo);
    world.link(bo, phone);
    bo.config.file_mark_bytes = 4 * chunk;
    const auto file = ann.add("/f", bytes(40 * chunk));
    ann.post(file, 1);
    phone.post(file, 1, false); // asks first, when nothing is there
    bo.post(file, 1, false);
    REQUIRE(world.run([&] { return phone.state(file.id) == FileState::whole; }));
    CHECK(phone.content(file.id) == bytes(40 * chunk));
}

TEST_CASE(
    "files: strangers get nothing, and do not learn whether it is there; nor does who had the post, once it is gone")
{
    Two two;
    auto& eve = two.world.party("stranger");
    two.world.link(two.ann, eve);
    two.world.link(two.ann, two.bo);
    const auto file = two.sent(bytes(3 * chunk));
    REQUIRE(two.whole(two.bo, file));
    eve.post(file, 1, false); // she has the reference from somewhere
    two.world.settle(seconds(20));
    CHECK(eve.state(file.id) == FileState::fetching);
    CHECK(eve.wanted == 0);

    two.ann.withdraw(1);
    two.ann.tick();
    CHECK(two.ann.kept.count() == 0);
    CHECK(two.ann.state(file.id) == FileState{});
    two.bo.withdraw(1);
    two.bo.tick();
    CHECK(two.bo.kept.count() == 0);
    two.bo.post(file, 2, false);
    two.world.settle(seconds(20));
    CHECK(two.bo.state(file.id) == FileState::fetching); // nobody gives it any more
}

TEST_CASE("files: to post a reference is not to get the file")
{
    Two two;
    two.world.link(two.ann, two.bo);
    const auto file = two.ann.add("/secret", bytes(3 * chunk));
    two.ann.post(file, 1, false, "bo"); // Bo knows its id from somewhere, and pretends to send it
    two.bo.post(file, 1, false, "ann");
    two.world.settle(seconds(20));
    CHECK(two.bo.state(file.id) == FileState::fetching);
    CHECK(two.ann.served == 0);
    two.ann.post(file, 2);
    CHECK(two.whole(two.bo, file));
}

TEST_CASE("files: two posts refer to it, one is taken back: it stays")
{
    Two two;
    two.world.link(two.ann, two.bo);
    const auto file = two.sent(bytes(100));
    two.sent(bytes(100), 2);
    two.ann.withdraw(1);
    two.ann.tick();
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.ann.kept.count() == 1);
}

TEST_CASE("files: a post of the same id is taken back in another conversation: it stays")
{
    Two two;
    two.world.link(two.ann, two.bo);
    const auto file = two.sent(bytes(100));
    REQUIRE(two.whole(two.bo, file));
    two.bo.tick([&](Files& files) { files.withdrawn(ConversationId(), post_id(1)); });
    two.bo.tick();
    CHECK(two.bo.content(file.id) == bytes(100));
}

TEST_CASE("files: taken back after it was left at the relay: it goes from there, also when the relay is away meanwhile")
{
    Two two;
    auto& bystander = two.world.party("ann"); // another device of the author's: it has left nothing there
    const auto file = two.sent(bytes(3 * chunk));
    bystander.post(file, 1, false);
    const auto other = two.sent(bytes(2 * chunk, 5), 2);
    REQUIRE(two.world.run([&] { return two.ann.store.unserved_grants({}, two.world.now.wall_ms, 9).empty(); }));
    REQUIRE(two.world.blobs.size() == 2);
    bystander.withdraw(1);
    two.world.settle();
    CHECK(two.world.blobs.size() == 2);
    two.world.set_relay(false);
    two.ann.withdraw(1);
    two.world.settle();
    two.ann.crash();
    two.ann.start();
    two.world.settle();
    CHECK(two.world.blobs.size() == 2);
    two.world.set_relay(true);
    two.world.settle();
    CHECK(two.world.blobs.size() == 1);
    CHECK(two.world.blobs.contains(transfer::blob_id(other.key, other.id)));
    CHECK(two.ann.kept.count() == 1);
}

TEST_CASE("files: taken back and sent again at once: what is left at the relay stays there")
{
    Two two;
    const auto file = two.sent(bytes(3 * chunk));
    REQUIRE(two.world.run([&] {
        return two.world.blobs.size() == 1 && two.ann.store.unserved_grants({}, two.world.now.wall_ms, 9).empty();
    }));
    two.world.set_relay(false);
    two.ann.withdraw(1);
    two.ann.post(file, 2);
    two.world.set_relay(true);
    two.world.settle();
    CHECK(two.world.blobs.size() == 1);
}

TEST_CASE("files: paused stays paused through a restart, cancelled is gone, resumed asks only for the rest")
{
    Two two;
    two.world.link(two.ann, two.bo);
    CHECK(two.ann.code(request::SetRate{10 * chunk, 0}) == ErrorCode::ok);
    const auto file = two.sent(bytes(50 * chunk));
    REQUIRE(two.world.run([&] { return two.bo.count<event::FileProgress>() >= 3; }));
    CHECK(two.bo.code(request::FilePause{file.id}) == ErrorCode::ok);
    const auto wanted = two.bo.wanted;
    CHECK(wanted < 45);
    two.bo.crash();
    two.bo.start();
    two.world.link(two.ann, two.bo);
    two.world.settle(seconds(30));
    CHECK(two.bo.state(file.id) == FileState::paused);
    CHECK(two.bo.wanted == wanted);
    CHECK(two.ann.code(request::SetRate{0, 0}) == ErrorCode::ok);
    CHECK(two.bo.code(request::FileResume{file.id}) == ErrorCode::ok);
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.wanted < 51 + 20); // those that were on their way when it paused came again
    CHECK(two.bo.content(file.id) == bytes(50 * chunk));

    CHECK(two.bo.code(request::FileCancel{file.id}) == ErrorCode::ok);
    two.bo.tick();
    CHECK(two.bo.kept.count() == 0);
    CHECK(two.bo.state(file.id) == FileState::known);
    CHECK(two.bo.code(request::FileFetch{file.id}) == ErrorCode::ok);
    CHECK(two.whole(two.bo, file));
}

TEST_CASE("files: a rate is kept, up and down")
{
    Two two;
    two.world.link(two.ann, two.bo);
    CHECK(two.bo.code(request::SetRate{0, 20 * chunk}) == ErrorCode::ok);
    const auto begin = two.world.now.mono;
    const auto file = two.sent(bytes(100 * chunk));
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.world.now.mono - begin > seconds(4));
    CHECK(two.world.now.mono - begin < seconds(8));
}

TEST_CASE("files: a call in the way leaves them a share, whatever rate the user has set, and gives it back")
{
    Two two;
    two.world.link(two.ann, two.bo);
    const auto sends = [&] {
        bool out = false;
        two.ann.tick([&](Files& files) { out = files.sends(); });
        return out;
    };
    CHECK_FALSE(sends());
    two.ann.tick([](Files& files) { files.share(20 * chunk); });
    auto begin = two.world.now.mono;
    const auto file = two.sent(bytes(100 * chunk));
    REQUIRE(two.world.run([&] { return sends(); }));
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.world.now.mono - begin > seconds(4));
    CHECK(two.ann.code(request::SetRate{10 * chunk, 0}) == ErrorCode::ok); // the user's is less than the share
    begin = two.world.now.mono;
    REQUIRE(two.whole(two.bo, two.sent(bytes(60 * chunk, 3))));
    CHECK(two.world.now.mono - begin > seconds(5));
    CHECK(two.ann.code(request::SetRate{0, 0}) == ErrorCode::ok);
    two.ann.tick([](Files& files) { files.share(0); });
    begin = two.world.now.mono;
    REQUIRE(two.whole(two.bo, two.sent(bytes(100 * chunk, 5))));
    CHECK(two.world.now.mono - begin < seconds(4));
    two.world.settle();
    CHECK_FALSE(sends());
}

TEST_CASE("files: the disk is full: a warning, a pause, nothing lost, and it goes on by itself")
{
    Two two;
    two.world.link(two.ann, two.bo);
    CHECK(two.ann.code(request::SetRate{20 * chunk, 0}) == ErrorCode::ok);
    const auto file = two.sent(bytes(60 * chunk));
    REQUIRE(two.world.run([&] { return two.bo.count<event::FileProgress>() >= 2; }));
    two.bo.kept.full = true;
    REQUIRE(two.world.run([&] { return two.bo.count<event::Warning>() == 1; }));
    CHECK(two.bo.last<event::Warning>().what.code == ErrorCode::storage_failed);
    two.world.settle(minutes(3));
    CHECK(two.bo.count<event::Warning>() == 1);
    CHECK(two.bo.state(file.id) == FileState::fetching);
    two.bo.kept.full = false;
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.content(file.id) == bytes(60 * chunk));
}

TEST_CASE("files: a sync that fails takes what it was for with it, and that is fetched again")
{
    Two two;
    two.world.link(two.ann, two.bo);
    two.bo.kept.sync_fails = true;
    const auto file = two.sent(bytes(20 * chunk));
    REQUIRE(two.world.run([&] { return two.bo.count<event::Warning>() == 1; }));
    two.bo.kept.sync_fails = false;
    REQUIRE(two.whole(two.bo, file));
    CHECK(two.bo.content(file.id) == bytes(20 * chunk));
}

TEST_CASE("files: a device that lies is asked no more for that file, and an honest one is")
{
    FileWorld world(5);
    auto& ann = world.party("ann");
    auto& bo = world.party("bo");
    auto& phone = world.party("bo");
    world.link(ann, bo);
    const auto file = ann.add("/f", bytes(30 * chunk));
    ann.post(file, 1);
    bo.post(file, 1, false);
    REQUIRE(world.run([&] { return bo.state(file.id) == FileState::whole; }));
    world.liar = &ann;
    world.lie_percent = 40;
    world.link(ann, phone);
    phone.post(file, 1, false);
    world.settle(seconds(20));
    CHECK(phone.state(file.id) == FileState::fetching);
    const auto served = ann.served;
    world.settle(minutes(2));
    CHECK(ann.served == served);
    world.link(bo, phone);
    REQUIRE(world.run([&] { return phone.state(file.id) == FileState::whole; }));
    CHECK(phone.content(file.id) == bytes(30 * chunk));
}

TEST_CASE("files: a piece that rots is noticed when it is given, and mended by somebody who has it")
{
    Two two;
    two.world.link(two.ann, two.bo);
    const auto file = two.sent(bytes(10 * chunk));
    REQUIRE(two.whole(two.bo, file));
    auto& laptop = two.world.party("ann"); // somebody who may give it back
    two.world.link(two.ann, laptop);
    laptop.post(file, 1, false);
    REQUIRE(two.whole(laptop, file));
    two.ann.kept.damage(4);
    CHECK(two.ann.code(request::FileSave{file.id, "out", false}) == ErrorCode::storage_corrupt);
    auto& phone = two.world.party("ann");
    two.world.link(two.ann, phone);
    phone.post(file, 1, false);
    REQUIRE(two.world.run([&] { return phone.state(file.id) == FileState::whole; }));
    REQUIRE(two.whole(two.ann, file));
    CHECK(two.ann.content(file.id) == bytes(10 * chunk));
    CHECK(two.ann.count<event::Warning>() == 1);
}

TEST_CASE("files: what a crash leaves of a file that was being added is cleared away")
{
    FileWorld world;
    auto& ann = world.party("ann");
    const auto kept = ann.add("/kept", bytes(3 * chunk));
    ann.config.file_slice_bytes_max = chunk;
    ann.outside.files["/half"] = bytes(40 * chunk);
    ann.tick([&](Files& files) { files.ask(77, request::FileAdd{"/half", {}, {}}, world.now); });
    for (int i = 0; i < 20; ++i)
        ann.tick();
    port::FileSlot rubbish;
    rubbish.name.bytes.fill(0x33);
    REQUIRE(ann.kept.write(rubbish, 0, bytes(9)).ok());
    REQUIRE(ann.kept.sync(rubbish).ok());
    CHECK(ann.kept.count() == 3);
    ann.crash();
    ann.start();
    for (int i = 0; i < 2; ++i)
        ann.tick();
    CHECK(ann.kept.count() == 1);
    CHECK(ann.content(kept.id) == bytes(3 * chunk));
}

TEST_CASE("files: a start from a disk that cannot be read takes nothing for rubbish")
{
    FileWorld world;
    auto& ann = world.party("ann");
    const auto kept = ann.add("/kept", bytes(3 * chunk));
    ann.crash();
    ann.start_in_vain();
    CHECK(ann.kept.count() == 1);
    ann.start();
    CHECK(ann.content(kept.id) == bytes(3 * chunk));
}

// Links break, processes die and lose what was not synced, disks fill up; in the end everybody has it, and no place of
// a kept file ever got two contents (MemoryFiles would abort).
TEST_CASE("files: whatever breaks, it ends whole")
{
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        CAPTURE(seed);
        FileWorld world(seed);
        auto& ann = world.party("ann");
        auto& bo = world.party("bo");
        auto& phone = world.party("bo");
        const auto size = static_cast<std::size_t>(1 + world.random() % (60 * chunk));
        const auto file = ann.add("/f", bytes(size, static_cast<std::uint8_t>(seed)));
        ann.post(file, 1);
        bo.post(file, 1, false);
        phone.post(file, 1, false);
        FileParty* all[] = {&ann, &bo, &phone};
        for (int step = 0; step < 40; ++step) {
            auto& a = *all[world.random() % 3];
            auto& b = *all[world.random() % 3];
            switch (world.random() % 7) {
            case 0:
            case 1:
                if (&a != &b && a.on && b.on && !a.way(b.device))
                    world.link(a, b, world.random() % 2 == 0 ? Path::direct : Path::turned);
                break;
            case 2: world.unlink(a, b); break;
            case 3:
                if (a.on) a.crash();
                break;
            case 4:
                if (!a.on) a.start();
                break;
            case 5: a.kept.full = !a.kept.full; break;
            default: world.set_relay(!world.relay_on); break;
            }
            world.settle(std::chrono::milliseconds(world.random() % 3000));
        }
        world.set_relay(true);
        for (auto* one : all) {
            one->kept.full = false;
            if (!one->on) one->start();
        }
        for (auto* one : {&bo, &phone})
            if (!ann.way(one->device)) world.link(ann, *one);
        REQUIRE(world.run(
            [&] { return bo.state(file.id) == FileState::whole && phone.state(file.id) == FileState::whole; }));
        CHECK(bo.content(file.id) == bytes(size, static_cast<std::uint8_t>(seed)));
        CHECK(phone.content(file.id) == bytes(size, static_cast<std::uint8_t>(seed)));
    }
}
