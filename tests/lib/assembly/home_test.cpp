// SPDX-License-Identifier: Apache-2.0
// Opening a client: the home, its keys, and several at once. No relay here; tests/integration has that.
#include <godwit/client.hpp>

#include "tests/lib/assembly/temporary_folder.hpp"

#include <fstream>

using namespace godwit;
using namespace std::chrono_literals;

namespace {

ErrorCode refused(ClientOptions options)
{
    auto client = Client::open(std::move(options));
    if (client.ok()) return ErrorCode::ok;
    CHECK(client.error().detail.size() > 10);
    return client.error().code;
}

event::Reply ask(Client& client, Request request)
{
    const auto id = client.submit(std::move(request));
    REQUIRE(id.ok());
    while (auto event = client.wait(30s))
        if (const auto* reply = std::get_if<event::Reply>(&*event); reply != nullptr && reply->id == *id) return *reply;
    FAIL("no reply");
    return {};
}

std::unique_ptr<Client> open(ClientOptions options)
{
    auto client = Client::open(std::move(options));
    REQUIRE_MESSAGE(client.ok(), (client.ok() ? "" : client.error().detail));
    return *std::move(client);
}

} // namespace

TEST_CASE("three clients in one process, each in its own home; none shares a home")
{
    const test::TemporaryFolder folder;
    std::vector<std::unique_ptr<Client>> clients;
    for (const char* name : {"a", "b", "c"})
        clients.push_back(open({.home = folder / name}));
    for (auto& client : clients) {
        const auto reply = ask(*client, request::Status{});
        REQUIRE(std::holds_alternative<StatusReport>(reply.value));
        CHECK(std::get<StatusReport>(reply.value).user.empty());
        CHECK(ask(*client, request::Send{"bob", "hi", {}}).error.code == ErrorCode::not_registered);
    }
    CHECK(refused({.home = folder / "b"}) == ErrorCode::storage_in_use);
    clients.erase(clients.begin() + 1);
    clients.push_back(open({.home = folder / "b"}));
    for (auto& client : clients)
        CHECK(ask(*client, request::Status{}).error.code == ErrorCode::ok);
}

TEST_CASE("keys: beside the store, from the embedder, from a passphrase; each opens only what it made")
{
    const test::TemporaryFolder folder;
    const std::vector<std::uint8_t> key(32, 7);
    const std::vector<std::uint8_t> other(32, 8);
    open({.home = folder / "key", .store_key = key});
    CHECK(refused({.home = folder / "key", .store_key = other}) == ErrorCode::wrong_key);
    CHECK(refused({.home = folder / "key"}) == ErrorCode::wrong_key);
    CHECK(refused({.home = folder / "key", .passphrase = "words"}) == ErrorCode::wrong_key);
    open({.home = folder / "key", .store_key = key, .passphrase = "the key wins"});

    open({.home = folder / "words", .passphrase = "correct horse"});
    CHECK(refused({.home = folder / "words", .passphrase = "battery staple"}) == ErrorCode::wrong_key);
    open({.home = folder / "words", .passphrase = "correct horse"});

    open({.home = folder / "own"});
    CHECK(std::filesystem::file_size(folder / "own/store.key") == 32);
    CHECK(std::filesystem::status(folder / "own/store.key").permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    CHECK(std::filesystem::status(folder / "own").permissions() == std::filesystem::perms::owner_all);
    open({.home = folder / "own"});
    for (const auto& entry : std::filesystem::directory_iterator(folder / "own"))
        CHECK(entry.path().filename().string().find("store.key.") == std::string::npos); // nothing is left aside
}

TEST_CASE("a damaged end of the log is cut off, and the application is told before anything else")
{
    const test::TemporaryFolder folder;
    auto client = open({.home = folder / "live"});
    for (const auto path : {PathPolicy::race, PathPolicy::relay_only, PathPolicy::direct_only})
        REQUIRE(ask(*client, request::SetPolicy{path}).error.code == ErrorCode::ok);
    // As a power failure would leave it: the files of a running client.
    for (const char* home : {"whole", "torn"})
        std::filesystem::copy(folder / "live", folder / home);
    const auto log = folder / "torn/godwit.db-wal";
    REQUIRE(std::filesystem::file_size(log) > 100);
    {
        std::fstream bytes(log, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(-50, std::ios::end);
        bytes.write("torn", 4);
    }
    CHECK(std::get<StatusReport>(ask(*open({.home = folder / "whole"}), request::Status{}).value).policy ==
          PathPolicy::direct_only);
    const auto torn = open({.home = folder / "torn"});
    const auto first = torn->wait(30s);
    REQUIRE(first);
    REQUIRE(std::holds_alternative<event::Warning>(*first));
    CHECK(std::get<event::Warning>(*first).what.code == ErrorCode::storage_corrupt);
    CHECK(std::get<StatusReport>(ask(*torn, request::Status{}).value).policy == PathPolicy::relay_only);
}

TEST_CASE("a home whose store is gone while its key is there says so")
{
    const test::TemporaryFolder folder;
    const auto warned = [&](const std::string& name) {
        const auto client = open({.home = folder / name});
        const auto id = client->submit(request::Status{});
        bool out = false;
        while (auto event = client->wait(30s)) {
            if (std::holds_alternative<event::Reply>(*event)) return out;
            if (const auto* one = std::get_if<event::Warning>(&*event))
                out = out || one->what.code == ErrorCode::storage_corrupt;
        }
        FAIL("no reply");
        return out;
    };
    CHECK_FALSE(warned("home"));
    CHECK_FALSE(warned("home"));
    std::filesystem::resize_file(folder / "home/godwit.db", 0);
    CHECK(warned("home"));
    CHECK_FALSE(warned("home")); // It is a new one now.
    std::filesystem::remove(folder / "home/godwit.db");
    CHECK(warned("home"));
}

TEST_CASE("options out of bounds are named")
{
    const test::TemporaryFolder folder;
    CHECK(refused({}) == ErrorCode::invalid_argument);
    CHECK(refused({.home = folder / "x", .store_key = std::vector<std::uint8_t>(31, 1)}) ==
          ErrorCode::invalid_argument);
    CHECK(refused({.home = folder / "x", .client_version = std::string(33, '1')}) == ErrorCode::invalid_argument);
    CHECK(refused({.home = folder / "x", .passphrase = std::string(2000, 'p')}) == ErrorCode::invalid_argument);
    std::ofstream(folder / "file") << "x";
    CHECK(refused({.home = folder / "file"}) == ErrorCode::invalid_argument);
    CHECK(refused({.home = folder / "file/below"}) != ErrorCode::ok);
}

TEST_CASE("closing at any time, also while a password is being stretched")
{
    const test::TemporaryFolder folder;
    for (int i = 0; i < 3; ++i) {
        auto client = open({.home = folder / "home"});
        REQUIRE(client
                    ->submit(request::RegisterAccount{
                        "godwit://127.0.0.1:9#" + std::string(42, 'B') + "A", "ann", "a long password", {}})
                    .ok());
        if (i == 1) CHECK_FALSE(client->wait(20ms));
    }
    CHECK(ask(*open({.home = folder / "home"}), request::Status{}).error.code == ErrorCode::ok);
}
