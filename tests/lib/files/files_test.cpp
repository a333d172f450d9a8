// SPDX-License-Identifier: Apache-2.0
// The real disk under files: what is kept, what is read from the user, what is written for them.
#include "lib/files/sealed_files.hpp"
#include "lib/files/user_files.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

using namespace godwit;
namespace fs = std::filesystem;

namespace {

port::FileSlot slot(std::uint8_t byte)
{
    port::FileSlot out;
    out.name.bytes.fill(byte);
    out.key.bytes.fill(static_cast<std::uint8_t>(byte + 1));
    return out;
}

Bytes piece(std::uint8_t byte, std::size_t size = 64 * 1024)
{
    return Bytes(size, byte);
}

std::string content(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
}

} // namespace

TEST_CASE("pieces come back as they were written, in any order, and nothing of them is readable on the disk")
{
    const test::TemporaryFolder folder;
    files::SealedFiles kept(folder / "files");
    CHECK(kept.names()->empty());
    CHECK(*kept.room_bytes() > 0);
    const auto a = slot(1);
    REQUIRE(kept.write(a, 5, piece('x', 100)).ok());
    REQUIRE(kept.write(a, 0, piece('y')).ok());
    REQUIRE(kept.sync(a).ok());
    CHECK(*kept.read(a, 5, 100) == piece('x', 100));
    CHECK(*kept.read(a, 0, 64 * 1024) == piece('y'));
    CHECK(kept.read(a, 1, 64 * 1024).error().code == ErrorCode::storage_corrupt); // a hole
    CHECK(kept.read(a, 9, 64 * 1024).error().code == ErrorCode::storage_corrupt);
    CHECK(kept.read(slot(2), 0, 10).error().code == ErrorCode::storage_corrupt);
    CHECK(*kept.names() == std::vector{a.name});
    const auto file = fs::path(folder.path()) / "files" / to_hex(a.name.view());
    CHECK(content(file).find("yyyy") == std::string::npos);
    CHECK((fs::status(file).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK((fs::status(file.parent_path()).permissions() & fs::perms::all) == fs::perms::owner_all);

    REQUIRE(kept.remove(a.name).ok());
    REQUIRE(kept.remove(a.name).ok());
    CHECK(kept.names()->empty());
}

TEST_CASE("a sync runs on another thread while pieces are written and read, and needs nothing of the store")
{
    const test::TemporaryFolder folder;
    const auto a = slot(1);
    std::vector<port::BackgroundSync::Syncing> left;
    {
        files::SealedFiles kept(folder / "files");
        CHECK_FALSE(kept.begin_sync(a).ok()); // there is nothing
        for (std::uint32_t round = 0; round < 8; ++round) {
            REQUIRE(kept.write(a, round, piece(static_cast<std::uint8_t>(round))).ok());
            auto begun = kept.begin_sync(a);
            REQUIRE(begun.ok());
            Result<void> outcome = Error{};
            std::thread disk([&] { outcome = (*begun)(); });
            REQUIRE(kept.write(a, 100 + round, piece('x')).ok());
            CHECK(*kept.read(a, round, 64 * 1024) == piece(static_cast<std::uint8_t>(round)));
            disk.join();
            CHECK(outcome.ok());
            kept.synced(a.name, round != 4); // as if it had failed: it is opened anew
        }
        left.push_back(*kept.begin_sync(a));
        CHECK(kept.remove(a.name).ok());
        left.push_back(left.back());
    }
    for (const auto& one : left)
        CHECK(one().ok());
}

TEST_CASE("a piece that is damaged, moved, or under another key does not open")
{
    const test::TemporaryFolder folder;
    const auto a = slot(1);
    const auto file = (folder / "files/") + to_hex(a.name.view());
    {
        files::SealedFiles kept(folder / "files");
        REQUIRE(kept.write(a, 0, piece(1)).ok());
        REQUIRE(kept.write(a, 1, piece(2)).ok());
        REQUIRE(kept.sync(a).ok());
    }
    auto bytes = content(file);
    auto swapped = bytes.substr(65'552) + bytes.substr(0, 65'552);
    put(file, swapped);
    files::SealedFiles kept(folder / "files");
    CHECK(kept.read(a, 0, 64 * 1024).error().code == ErrorCode::storage_corrupt);
    bytes[70] = static_cast<char>(bytes[70] ^ 1);
    put(file, bytes);
    CHECK(kept.read(a, 0, 64 * 1024).error().code == ErrorCode::storage_corrupt);
    CHECK(*kept.read(a, 1, 64 * 1024) == piece(2));
    auto other = a;
    other.key.bytes[0] ^= 1;
    CHECK(kept.read(other, 1, 64 * 1024).error().code == ErrorCode::storage_corrupt);
}

TEST_CASE("more files than stay open")
{
    const test::TemporaryFolder folder;
    files::SealedFiles kept(folder / "files");
    for (std::uint8_t i = 0; i < 60; ++i)
        REQUIRE(kept.write(slot(i), 0, piece(i, 10)).ok());
    for (std::uint8_t i = 0; i < 60; ++i) {
        REQUIRE(kept.sync(slot(i)).ok());
        CHECK(*kept.read(slot(i), 0, 10) == piece(i, 10));
    }
    CHECK(kept.names()->size() == 60);
}

TEST_CASE("the user's file: ordinary ones are read, and one that shrinks is noticed")
{
    const test::TemporaryFolder folder;
    test::SeededEntropy entropy(1);
    files::DiskUserFiles user(entropy);
    const auto path = folder / "a";
    put(path, "0123456789");
    auto source = user.open(path);
    REQUIRE(source.ok());
    CHECK((*source)->size_bytes() == 10);
    CHECK(as_text(*(*source)->read(4)) == "0123");
    fs::resize_file(path, 6);
    CHECK((*source)->read(6).error().code == ErrorCode::conflict);
    CHECK(user.open(folder.path()).error().code == ErrorCode::invalid_argument);
    CHECK(user.open(path + "x").error().code == ErrorCode::invalid_argument);
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK(user.open(folder / "pipe").error().code == ErrorCode::invalid_argument); // and it does not wait
}

TEST_CASE("saving never overwrites without replace, and nobody sees half a file")
{
    const test::TemporaryFolder folder;
    test::SeededEntropy entropy(1);
    files::DiskUserFiles user(entropy);
    const auto path = folder / "out";
    {
        auto target = user.create(path, "ignored", false);
        REQUIRE(target.ok());
        REQUIRE((*target)->write(as_bytes("hel")).ok());
        CHECK_FALSE(fs::exists(path));
        REQUIRE((*target)->write(as_bytes("lo")).ok());
        REQUIRE((*target)->finish().ok());
        CHECK((*target)->path() == path);
    }
    CHECK(content(path) == "hello");
    CHECK(user.create(path, "", false).error().code == ErrorCode::conflict);
    {
        auto target = user.create(path, "", true);
        REQUIRE(target.ok());
        REQUIRE((*target)->write(as_bytes("new")).ok());
        REQUIRE((*target)->finish().ok());
    }
    CHECK(content(path) == "new");
    {
        auto target = user.create(folder / "late", "", false);
        REQUIRE(target.ok());
        put(folder / "late", "mine"); // somebody was faster
        CHECK((*target)->finish().error().code == ErrorCode::conflict);
    }
    CHECK(content(folder / "late") == "mine");
    (void)user.create(folder.path(), "named.txt", false); // given up
    auto into = user.create(folder.path(), "named.txt", false);
    REQUIRE(into.ok());
    CHECK((*into)->path() == folder / "named.txt");
    REQUIRE((*into)->finish().ok());
    into = Error{};
    std::size_t left = 0;
    for (const auto& entry : fs::directory_iterator(folder.path()))
        if (entry.path().extension() == ".part") ++left;
    CHECK(left == 0);
    CHECK(user.create(folder / "no/such", "", false).error().code == ErrorCode::invalid_argument);
    fs::create_symlink(path, folder / "link");
    CHECK(user.create(folder / "link", "", true).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("what a program that dies was saving leaves nothing in the user's folder, and is nowhere before it is whole")
{
    test::TemporaryFolder folder;
    godwit::test::SeededEntropy entropy(5);
    files::DiskUserFiles user(entropy);
    const auto there = [&] { return std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()); };
    const auto target = (fs::path(folder.path()) / "photo").string();
    for (const bool replace : {false, true}) {
        auto made = user.create(target, "x", replace);
        REQUIRE(made.ok());
        REQUIRE((*made)->write(piece(7)).ok());
        CHECK(there() == (replace ? 1 : 0)); // Killed here, the file goes with the process.
        REQUIRE((*made)->finish().ok());
        made->reset();
        CHECK(content(target).size() == piece(7).size());
        CHECK(there() == 1);
    }
    auto late = user.create((fs::path(folder.path()) / "late").string(), "x", false);
    REQUIRE(late.ok());
    put(fs::path(folder.path()) / "late", "somebody else's");
    CHECK((*late)->finish().error().code == ErrorCode::conflict);
    CHECK(content(fs::path(folder.path()) / "late") == "somebody else's");
}

TEST_CASE("a path with a zero byte is refused, and so are files of the system, which say that they are empty")
{
    test::TemporaryFolder folder;
    godwit::test::SeededEntropy entropy(6);
    files::DiskUserFiles user(entropy);
    const auto target = (fs::path(folder.path()) / "a").string();
    put(target, "text");
    const auto cut = target + std::string("\0b", 2);
    CHECK(user.open(cut).error().code == ErrorCode::invalid_argument);
    CHECK(user.create(cut, "x", true).error().code == ErrorCode::invalid_argument);
    CHECK(content(target) == "text");
    CHECK(user.open("/proc/self/status").error().code == ErrorCode::invalid_argument);
    put(target, "");
    CHECK(user.open(target).ok()); // Really empty.
}

TEST_CASE("nothing of the home is sent, and nothing is written into it, by whatever name")
{
    const test::TemporaryFolder folder;
    test::SeededEntropy entropy(1);
    fs::create_directories(folder / "account/files");
    put(folder / "account/store.key", "secret");
    put(folder / "mine", "mine");
    fs::create_directory_symlink(folder / "account/files", folder / "elsewhere");
    fs::create_symlink(folder / "account/store.key", folder / "key");
    files::DiskUserFiles user(entropy, folder / "account");
    for (const auto* path : {"account/store.key", "account/../account/store.key", "key"})
        CHECK(user.open(folder / path).error().code == ErrorCode::invalid_argument);
    for (const auto* path :
         {"account", "account/godwit.db", "account/files/x", "elsewhere", "elsewhere/x", "account/../account/new"})
        CHECK(user.create(folder / path, "store.key", true).error().code == ErrorCode::invalid_argument);
    CHECK(user.open(folder / "mine").ok());
    CHECK(user.create(folder / "account.godwit", "x", true).ok());
    CHECK(user.create(folder.path(), "x", true).ok());
    // Nor by somebody else who asks before.
    fs::create_symlink(folder / "account/new.db", folder / "nowhere");
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    for (const auto* path : {"account/store.key", "account/godwit.db", "account/new.wav", "elsewhere/x.wav", "key",
                             "account/../account/new.wav", "nowhere", "pipe", "no/such/folder.wav"}) {
        CAPTURE(path);
        const auto may = user.may_make(folder / path);
        REQUIRE_FALSE(may.ok());
        CHECK(may.error().code == ErrorCode::invalid_argument);
    }
    CHECK(user.may_make(folder / "new.wav").ok());
    CHECK(user.may_make(folder / "mine").ok());
}
