// SPDX-License-Identifier: Apache-2.0
// Stories of files between real engines and a real relay: a message refers to one, and the bytes follow.
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

Bytes bytes(std::size_t size)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(i * 13 + i / 253);
    return out;
}

struct Pair {
    World world;
    Client& alice;
    Client& bob;

    explicit Pair(std::uint64_t seed, ClientOptions options = {})
        : world(seed), alice(world.client("alice", options)), bob(world.client("bob", options))
    {
        world.befriend(alice, bob);
    }
    FileInfo add(Client& who, Bytes content)
    {
        who.user_files.files["/photo.png"] = std::move(content);
        const auto reply = who.wait(who.ask(request::FileAdd{"/photo.png", {}, "image/png"}));
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        return std::get<FileInfo>(reply.value);
    }
    MessageId send(Client& from, const FileInfo& file, const std::string& to = "bob")
    {
        request::Send send;
        send.to = to;
        content::Attachment attachment;
        attachment.kind = content::AttachmentKind::image;
        attachment.file = {file.id, file.size_bytes, file.name, file.media_type, file.key};
        send.body = std::move(attachment);
        const auto reply = from.wait(from.ask(std::move(send)));
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        return std::get<MessageId>(reply.value);
    }
};

/// Its own program would not send a reference to what it knows nothing of: this one has been told by its owner.
void believe(World& world, Client& who, const FileInfo& file)
{
    who.crash();
    port::StoredFile row;
    row.id = file.id;
    row.size_bytes = file.size_bytes;
    row.name = file.name;
    row.key = file.key;
    who.store.begin();
    who.store.put_file(row);
    REQUIRE(who.store.commit().ok());
    who.start();
    world.run_for(seconds(5));
}

const event::FileDone* done(const Client& client, const FileId& file)
{
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::FileDone>(&event); one != nullptr && one->file.id == file) return one;
    return nullptr;
}

Bytes saved(Client& client, const FileId& file)
{
    client.user_files.files.erase("out");
    const auto reply = client.wait(client.ask(request::FileSave{file, "out", false}));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    return client.user_files.files.at("out");
}

} // namespace

TEST_CASE("a photo goes directly, and nothing of it touches the relay")
{
    for (const auto drive : {Drive::engine, Drive::ticker}) {
        ClientOptions options;
        options.drive = drive;
        Pair pair(1, options);
        const auto file = pair.add(pair.alice, bytes(700'000));
        (void)pair.send(pair.alice, file);
        REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }));
        CHECK(done(pair.bob, file.id)->file.path == Path::direct);
        CHECK(done(pair.bob, file.id)->file.from == "alice");
        CHECK(saved(pair.bob, file.id) == bytes(700'000));
        pair.world.run_for(minutes(2));
        CHECK(pair.world.relay_counters().blob_pieces_stored == 0);
        CHECK(pair.world.relay_counters().content_envelopes_stored == 0);
        CHECK(pair.alice.status().content_bytes_direct > 700'000);
    }
}

TEST_CASE("no NAT opens: the photo is left at the relay, and is there when its sender is not")
{
    Pair pair(2);
    pair.world.network.direct_possible = false;
    pair.bob.crash();
    const auto file = pair.add(pair.alice, bytes(300'000));
    (void)pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] { return pair.alice.store.unserved_grants({}, 0, 9).empty(); }, minutes(2)));
    CHECK(pair.world.relay_counters().blob_pieces_stored == 6); // five chunks and their leaves
    pair.alice.crash();
    pair.world.run_for(minutes(10));
    pair.bob.start();
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }, minutes(2)));
    CHECK(done(pair.bob, file.id)->file.path == Path::mailbox);
    CHECK(saved(pair.bob, file.id) == bytes(300'000));
}

TEST_CASE("the receiver dies in the middle, the path is another one afterwards: it goes on")
{
    Pair pair(3);
    pair.alice.wait(pair.alice.ask(request::SetRate{400'000, 0}));
    const auto file = pair.add(pair.alice, bytes(3'000'000));
    (void)pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] {
        const auto row = pair.bob.store.file(file.id);
        return row && !row->pieces.empty() && row->pieces[0] == 0xff;
    }));
    pair.bob.crash();
    pair.world.network.direct_possible = false;
    pair.world.network.turn_possible = true;
    pair.bob.start();
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }, minutes(5)));
    CHECK(saved(pair.bob, file.id) == bytes(3'000'000));
}

TEST_CASE("the path swallows everything in the middle: the rest comes another way within seconds")
{
    Pair pair(31);
    SUBCASE("by the relay") {}
    SUBCASE("by the relay or a TURN server")
    {
        pair.world.network.turn_possible = true;
    }
    pair.alice.wait(pair.alice.ask(request::SetRate{200'000, 0}));
    const auto file = pair.add(pair.alice, bytes(3'000'000));
    (void)pair.send(pair.alice, file);
    const auto shown = [&] { // What the application was told last.
        FileInfo out;
        for (const auto& event : pair.bob.heard.others)
            if (const auto* one = std::get_if<event::FileProgress>(&event); one != nullptr && one->file.id == file.id)
                out = one->file;
        return out;
    };
    REQUIRE(pair.world.run_until([&] { return shown().done_bytes > 500'000; }));
    REQUIRE(shown().path == Path::direct);
    pair.world.network.direct_blackholed = true;
    pair.world.run_for(seconds(4));
    CHECK(shown().path != Path::direct); // Not what it was once.
    const auto before = shown().done_bytes;
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr || shown().done_bytes > before; },
                                 seconds(10)));
    CHECK((shown().path == Path::mailbox || shown().path == Path::turned));
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }, minutes(2)));
    CHECK(saved(pair.bob, file.id) == bytes(3'000'000));
}

TEST_CASE("a photo that is taken back goes from every disk")
{
    Pair pair(4);
    const auto file = pair.add(pair.alice, bytes(100'000));
    const auto message = pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }));
    CHECK(pair.bob.files.count() == 1);
    CHECK(pair.alice.wait(pair.alice.ask(request::Recall{message})).error.code == ErrorCode::ok);
    pair.world.run_for(seconds(10));
    CHECK(pair.alice.files.count() == 0);
    CHECK(pair.bob.files.count() == 0);
    CHECK_FALSE(pair.bob.store.file(file.id));
    CHECK(pair.bob.wait(pair.bob.ask(request::FileFetch{file.id})).error.code == ErrorCode::no_such_file);
}

TEST_CASE("the account's other device gets it too; somebody else's does not, whatever they know")
{
    Pair pair(5);
    auto& phone = pair.world.client("bob.phone");
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    auto& carol = pair.world.client("carol");
    pair.world.befriend(pair.alice, carol);
    const auto file = pair.add(pair.alice, bytes(200'000));
    (void)pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr && done(phone, file.id) != nullptr; },
                                 minutes(3)));
    CHECK(saved(phone, file.id) == bytes(200'000));
    // Carol has the reference from somewhere, and even a message of Alice's.
    believe(pair.world, carol, file);
    pair.send(carol, file, "alice");
    pair.world.run_for(minutes(1));
    CHECK(carol.wait(carol.ask(request::FileFetch{file.id})).error.code == ErrorCode::ok);
    pair.world.run_for(minutes(1));
    CHECK(done(carol, file.id) == nullptr);
}

TEST_CASE("a device that can be linked with nobody gets by the relay what its account has already")
{
    Pair pair(6);
    auto& phone = pair.world.client("bob.phone");
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    pair.bob.nat = Nat::udp_blocked; // The relay by TLS, and no TURN.
    const auto file = pair.add(pair.alice, bytes(200'000));
    pair.bob.crash();
    (void)pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] { return done(phone, file.id) != nullptr; }, minutes(3)));
    pair.world.run_for(minutes(1));
    CHECK(pair.alice.store.unserved_grants({}, 0, 9).empty());
    CHECK(pair.world.relay_counters().blob_pieces_stored == 0);
    pair.bob.start();
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }, minutes(3)));
    CHECK(done(pair.bob, file.id)->file.path == Path::mailbox);
    CHECK(saved(pair.bob, file.id) == bytes(200'000));
}

TEST_CASE("likewise the sender's own other device")
{
    Pair pair(7);
    auto& tablet = pair.world.client("alice.tablet");
    tablet.start();
    REQUIRE(tablet.wait(tablet.enter(false)).error.code == ErrorCode::ok);
    tablet.nat = Nat::udp_blocked;
    const auto file = pair.add(pair.alice, bytes(90'000));
    (void)pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr && done(tablet, file.id) != nullptr; },
                                 minutes(3)));
    CHECK(done(pair.bob, file.id)->file.path == Path::direct);
    CHECK(done(tablet, file.id)->file.path == Path::mailbox);
}

TEST_CASE("a file that is sought is left at the relay for nobody who is not to have it")
{
    Pair pair(8);
    auto& carol = pair.world.client("carol");
    pair.world.befriend(pair.alice, carol);
    const auto file = pair.add(pair.alice, bytes(90'000));
    (void)pair.send(pair.alice, file);
    REQUIRE(pair.world.run_until([&] { return done(pair.bob, file.id) != nullptr; }));
    // Carol knows the reference, and says that Alice has sent it to her.
    carol.nat = Nat::udp_blocked;
    believe(pair.world, carol, file);
    pair.send(carol, file, "alice");
    CHECK(carol.wait(carol.ask(request::FileFetch{file.id})).error.code == ErrorCode::ok);
    pair.world.run_for(minutes(3));
    CHECK(done(carol, file.id) == nullptr);
    CHECK(pair.world.relay_counters().blob_pieces_stored == 0);
}
