// SPDX-License-Identifier: Apache-2.0
// The C++ face as a program outside has it: against the shared library, by public headers alone. What C can, it can.
#include "tests/lib/assembly/temporary_folder.hpp"

#include <godwit/client.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <poll.h>

using namespace godwit;
using godwit::test::TemporaryFolder;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds at_most{60};
constexpr const char* nobody_there = "godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

std::unique_ptr<Client> opened(ClientOptions options)
{
    auto client = Client::open(std::move(options));
    REQUIRE_MESSAGE(client.ok(), client.error().detail);
    return *std::move(client);
}

/// Of this process.
std::ptrdiff_t threads()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

bool answers(const std::optional<Event>& event, RequestId id)
{
    const auto* reply = event ? std::get_if<event::Reply>(&*event) : nullptr;
    return reply != nullptr && reply->id == id && reply->error.code == ErrorCode::ok;
}

/// As a host's own loop would: until an event is there.
std::optional<Event> turned(Client& client)
{
    for (int turns = 0; turns < 1000; ++turns) {
        if (auto event = client.poll()) return event;
        pollfd entry{client.driver_fd(), POLLIN, 0};
        REQUIRE(entry.fd >= 0);
        const auto quiet = client.next_deadline();
        ::poll(&entry, 1, static_cast<int>(std::min(quiet.value_or(milliseconds(1000)), milliseconds(1000)).count()));
        CHECK(client.run_once().ok());
    }
    return std::nullopt;
}

} // namespace

TEST_CASE("C++: driven by its host, nothing happens but when the host says so")
{
    const TemporaryFolder folder;
    const auto before = threads();
    const auto client = opened({.home = folder / "home", .driven_by_host = true});
    CHECK(threads() == before);
    const auto first = client->submit(request::Status{});
    REQUIRE(first.ok());
    CHECK_FALSE(client->poll());
    CHECK(answers(turned(*client), *first));
    CHECK(client->run_once(milliseconds::min()).ok()); // as 0

    CHECK(client->suspend(milliseconds(0)).ok());
    CHECK_FALSE(client->next_deadline());
    CHECK(client->driver_fd() == -1);
    CHECK(client->run_once(milliseconds::max()).ok()); // there is nothing to wait for
    CHECK(client->resume().ok());
    const auto second = client->submit(request::Status{});
    REQUIRE(second.ok());
    CHECK(answers(turned(*client), *second));
    CHECK(threads() == before);

    const auto own = opened({.home = folder / "other"});
    CHECK(own->run_once().error().code == ErrorCode::unsupported);
    CHECK_FALSE(own->next_deadline());
    CHECK(own->driver_fd() == -1);
}

TEST_CASE("C++: what time it is the program may say")
{
    const TemporaryFolder folder;
    std::atomic<int> asked = 0;
    const auto client = opened({.home = folder / "home", .wall_ms = [&asked] {
                                    ++asked;
                                    return std::int64_t{1'900'000'000'000};
                                }});
    const auto id = client->submit(request::Status{});
    REQUIRE(id.ok());
    CHECK(answers(client->wait(at_most), *id));
    CHECK(asked > 0);
    asked = 0;
    CHECK(client->suspend().ok());
    CHECK(client->resume().ok()); // and goes on saying it
    const auto again = client->submit(request::Status{});
    REQUIRE(again.ok());
    CHECK(answers(client->wait(at_most), *again));
    CHECK(asked > 0);
}

TEST_CASE("C++: pushes and changes of the network are told without a reply, and a suspended client says so")
{
    const TemporaryFolder folder;
    const auto client = opened({.home = folder / "home"});
    const std::vector<std::uint8_t> payload(push_bytes_max + 1, 'x');
    const std::span all(payload);
    CHECK(client->push_received().ok());
    CHECK(client->push_received(all.first(push_bytes_max)).ok());
    CHECK(client->push_received(all).error().code == ErrorCode::message_too_large);
    CHECK(client->network_changed().ok());
    const auto id = client->submit(request::Status{});
    REQUIRE(id.ok());
    CHECK(answers(client->wait(at_most), *id)); // and nothing before it
    CHECK_FALSE(client->poll());

    CHECK(client->suspend().ok());
    CHECK(client->push_received().error().code == ErrorCode::not_connected);
    CHECK(client->network_changed().ok()); // looked at when it goes on
    CHECK(client->resume().ok());
    CHECK(client->push_received().ok());
    CHECK(client->stop().ok());
    CHECK(client->push_received().error().code == ErrorCode::not_connected);
    CHECK(client->network_changed().error().code == ErrorCode::cancelled);
}

TEST_CASE("C++: dealing with events by a call is an option, and counts what was given out")
{
    const TemporaryFolder folder;
    const auto client = opened({.home = folder / "home"});
    CHECK(client->dealt_with(0).error().code == ErrorCode::unsupported);
    const auto by_call = opened({.home = folder / "by call", .dealt_by_call = true});
    CHECK(by_call->dealt_with(0).ok());
    CHECK(by_call->dealt_with(1).error().code == ErrorCode::invalid_argument);
    CHECK(by_call->dealt_with(SIZE_MAX).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("C++: out of a hook nothing waits for the hook's own end, whoever turns the loop")
{
    const TemporaryFolder folder;
    for (const bool driven : {false, true}) {
        Client* own = nullptr;
        std::atomic<Client*> given = nullptr;
        std::atomic<int> refused = 0;
        std::atomic<bool> told = false;
        ClientOptions options{.home = folder / (driven ? "driven" : "own"), .driven_by_host = driven};
        options.trace = [&](int, std::string_view, std::string_view) {
            auto* const client = given.exchange(nullptr);
            if (client == nullptr) return;
            refused += client->suspend().error().code == ErrorCode::unsupported;
            refused += client->resume().error().code == ErrorCode::unsupported;
            refused += client->stop().error().code == ErrorCode::unsupported;
            refused += client->run_once().error().code == ErrorCode::unsupported;
            refused += client->push_received().ok();
            told = true;
        };
        const auto client = opened(options);
        own = client.get();
        REQUIRE(client->submit(request::LinkCode{nobody_there}).ok());
        given = own;
        // Another thread may be in the middle of a change meanwhile.
        std::thread changes;
        if (!driven) changes = std::thread([&] { CHECK(client->suspend().ok()); });
        for (int turns = 0; driven && !told && turns < 1000; ++turns)
            CHECK(client->run_once(milliseconds(10)).ok());
        if (changes.joinable()) changes.join();
        // Suspended before anything was traced, it traces nothing.
        CHECK((given != nullptr || refused == 5));
        if (driven) CHECK(told);
    }
}

TEST_CASE("C++: the hook that gives the key cannot change the client that asks it")
{
    const TemporaryFolder folder;
    Client* own = nullptr;
    int refused = 0;
    ClientOptions options{.home = folder / "home"};
    options.provide_key = [&](std::span<std::uint8_t> key) {
        std::fill(key.begin(), key.end(), std::uint8_t{7});
        if (own == nullptr) return true;
        refused += own->suspend().error().code == ErrorCode::unsupported;
        refused += own->resume().error().code == ErrorCode::unsupported;
        refused += own->push_received().error().code == ErrorCode::not_connected;
        return true;
    };
    const auto client = opened(options);
    CHECK(client->suspend().ok());
    own = client.get();
    CHECK(client->resume().ok());
    CHECK(refused == 3);
}
