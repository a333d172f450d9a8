// SPDX-License-Identifier: Apache-2.0
#include <godwit/godwit.h>

#include "tests/lib/assembly/temporary_folder.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

namespace {

struct Closed {
    void operator()(godwit_client* client) const { godwit_close(client); }
};
using Client = std::unique_ptr<godwit_client, Closed>;

Client open(const std::string& home)
{
    godwit_options options{};
    options.size = sizeof options;
    options.home = home.c_str();
    return Client(godwit_open(&options, nullptr));
}

std::string refusal(const godwit_options* options)
{
    char* error = nullptr;
    const Client client(godwit_open(options, &error));
    CHECK(client == nullptr);
    const std::string out = error == nullptr ? "" : error;
    godwit_free(error);
    return out;
}

int request(const Client& client, const std::string& line)
{
    return godwit_request(client.get(), line.data(), line.size());
}

std::string next(const Client& client, int timeout_ms = 30'000)
{
    char* text = godwit_next(client.get(), timeout_ms);
    const std::string out = text == nullptr ? "" : text;
    godwit_free(text);
    return out;
}

} // namespace

TEST_CASE("options: the size tells which fields there are, errors are JSON")
{
    const godwit::test::TemporaryFolder folder;
    const std::string home = folder / "home";
    CHECK(refusal(nullptr).find("invalid_argument") != std::string::npos);
    godwit_options options{};
    CHECK(refusal(&options).find("sizeof") != std::string::npos);
    options.size = sizeof options;
    CHECK(refusal(&options).starts_with(R"({"code":"invalid_argument","detail":"home)"));
    CHECK(godwit_open(nullptr, nullptr) == nullptr);

    // A program built when there were no trace fields: what lies behind its options is not looked at.
    options.home = home.c_str();
    options.size = offsetof(godwit_options, trace);
    options.trace = reinterpret_cast<decltype(options.trace)>(std::uintptr_t{1});
    const Client old(godwit_open(&options, nullptr));
    REQUIRE(old != nullptr);
    CHECK(request(old, R"({"do":"status"})") == 0);
    CHECK(next(old).starts_with(R"({"id":null,"ok":true,"user":"")"));

    options.size = sizeof options + 64; // and one built against a newer header
    options.trace = nullptr;
    CHECK(refusal(&options).find("storage_in_use") != std::string::npos);
}

TEST_CASE("requests and replies keep their ids and their order, nonsense included")
{
    const godwit::test::TemporaryFolder folder;
    const auto client = open(folder / "home");
    REQUIRE(client != nullptr);
    CHECK(std::string(godwit_version()).find('.') != std::string::npos);
    CHECK(next(client, 0).empty());
    for (const char* line : {R"({"id":"a","do":"status"})", "nonsense",
                             R"({"id":18446744073709551615,"do":"contacts"})", R"({"id":-3,"do":"fly"})", ""})
        CHECK(request(client, line) == 0);
    CHECK(next(client).starts_with(R"({"id":"a","ok":true,)"));
    CHECK(next(client).starts_with(R"({"id":null,"ok":false,"error":{"code":"invalid_argument")"));
    CHECK(next(client).starts_with(R"({"id":18446744073709551615,"ok":false,"error":{"code":"not_registered")"));
    CHECK(next(client).starts_with(R"({"id":-3,"ok":false,"error":{"code":"unknown_request")"));
    CHECK(next(client).starts_with(R"({"id":null,"ok":false)"));
    CHECK(request(client, R"({"id":9,"do":"quit"})") == GODWIT_QUIT);
    CHECK(next(client) == R"({"id":9,"ok":true})");
    CHECK(next(client, 0).empty());

    CHECK(godwit_request(nullptr, "{}", 2) == 1);
    CHECK(godwit_request(client.get(), nullptr, 2) == 1);
    CHECK(godwit_next(nullptr, 0) == nullptr);
    CHECK(godwit_wake_fd(nullptr) == -1);
    godwit_close(nullptr);
    godwit_free(nullptr);
}

TEST_CASE("wake_fd is readable while events wait")
{
    const godwit::test::TemporaryFolder folder;
    const auto client = open(folder / "home");
    pollfd entry{godwit_wake_fd(client.get()), POLLIN, 0};
    CHECK(::poll(&entry, 1, 0) == 0);
    CHECK(request(client, R"({"do":"status"})") == 0);
    CHECK(::poll(&entry, 1, 30'000) == 1);
    CHECK_FALSE(next(client, 0).empty());
    CHECK(::poll(&entry, 1, 0) == 0);
}

TEST_CASE("a full queue says busy, and every request that was taken is answered")
{
    const godwit::test::TemporaryFolder folder;
    const auto client = open(folder / "home");
    int taken = 0;
    int busy = 0;
    while (busy == 0 && taken < 200'000)
        (request(client, R"({"do":"status"})") == 0 ? taken : busy)++;
    CHECK(busy == 1); // nobody takes events, so it must fill up
    for (int i = 0; i < taken; ++i)
        REQUIRE(next(client).starts_with(R"({"id":null,"ok":true)"));
    CHECK(next(client, 0).empty());
    CHECK(request(client, R"({"do":"status"})") == 0);
}

TEST_CASE("close wakes whoever waits, from any thread")
{
    const godwit::test::TemporaryFolder folder;
    auto client = open(folder / "home");
    std::vector<std::thread> waiters;
    for (int i = 0; i < 3; ++i)
        waiters.emplace_back([raw = client.get()] { CHECK(godwit_next(raw, -1) == nullptr); });
    pollfd nothing{-1, 0, 0};
    ::poll(&nothing, 1, 50); // let them wait; were they late, "no call may follow" would be broken
    client.reset();
    for (auto& waiter : waiters)
        waiter.join();
    CHECK(open(folder / "home") != nullptr);
}
