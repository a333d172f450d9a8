// SPDX-License-Identifier: Apache-2.0
// The calls of applications, from several threads.
#include "lib/client/facade.hpp"

#include "tests/lib/client/fake_shell.hpp"
#include "tests/lib/client/fake_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <poll.h>

#include <thread>

using namespace godwit;
using namespace std::chrono_literals;

namespace {

class NoTrace final : public port::Trace {
public:
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

std::unique_ptr<client::Facade> open(std::size_t events_max = 4096)
{
    client::FacadeParts parts;
    parts.store = std::make_unique<test::FakeStore>();
    parts.entropy = std::make_unique<test::SeededEntropy>(1);
    parts.trace = std::make_unique<NoTrace>();
    parts.make_shell = [] { return std::make_unique<test::FakeShell>(); };
    parts.derive = [](auto, const auto&, auto) { return client::PasswordKeys{Bytes(32, 7), Bytes(32, 8)}; };
    parts.events_max = events_max;
    auto facade = client::Facade::start(std::move(parts));
    REQUIRE(facade.ok());
    return *std::move(facade);
}

bool readable(int fd, int timeout_ms)
{
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, timeout_ms) == 1;
}

} // namespace

TEST_CASE("a request from one thread, its reply on another")
{
    auto client = open();
    CHECK_FALSE(client->poll());
    CHECK_FALSE(client->wait(0ms));
    CHECK_FALSE(readable(client->wake_fd(), 0));
    const auto id = client->submit(request::Status{});
    REQUIRE(id.ok());
    CHECK(readable(client->wake_fd(), 10'000));
    const auto event = client->wait(10s);
    REQUIRE(event);
    CHECK(std::get<event::Reply>(*event).id == *id);
    CHECK_FALSE(readable(client->wake_fd(), 0));
}

TEST_CASE("the descriptor of who asks for it late says what waits already")
{
    client::EventQueue queue(8, [] {});
    CHECK(queue.push(event::Warning{}));
    const int fd = queue.wake_fd();
    CHECK(readable(fd, 0));
    CHECK(queue.wake_fd() == fd);
    CHECK(queue.poll());
    CHECK_FALSE(readable(fd, 0));
}

TEST_CASE("events that belong together wake at their end, and are there before")
{
    client::EventQueue queue(2, [] {});
    const int fd = queue.wake_fd();
    {
        const client::EventQueue::Together together(queue);
        CHECK(queue.push(event::Warning{}));
        CHECK_FALSE(readable(fd, 0));
        CHECK(queue.wait(0ms)); // who looks finds it
        CHECK(queue.push(event::Warning{}));
        CHECK(queue.push(event::Warning{}));
        CHECK_FALSE(queue.push(event::Warning{})); // as full as ever
    }
    CHECK(readable(fd, 0));
    CHECK(queue.poll());
    CHECK(queue.poll());
    CHECK_FALSE(readable(fd, 0));
    {
        const client::EventQueue::Together nothing(queue);
    }
    CHECK_FALSE(readable(fd, 0));
}

TEST_CASE("four threads ask, one listens: every request is answered once, each thread's in its order")
{
    constexpr int threads_count = 4;
    constexpr int requests = 2000;
    auto client = open(64);
    std::vector<std::vector<RequestId>> asked(threads_count);
    std::vector<std::thread> threads;
    for (int t = 0; t < threads_count; ++t)
        threads.emplace_back([&, t] {
            while (asked[static_cast<std::size_t>(t)].size() < requests) {
                const auto id = client->submit(request::Status{});
                if (id.ok())
                    asked[static_cast<std::size_t>(t)].push_back(*id);
                else
                    std::this_thread::yield(); // busy: the documented answer
            }
        });
    std::vector<RequestId> answered;
    while (answered.size() < threads_count * requests) {
        const auto event = client->wait(30s);
        REQUIRE(event);
        answered.push_back(std::get<event::Reply>(*event).id);
    }
    for (auto& thread : threads)
        thread.join();
    for (std::size_t i = 0; i < answered.size(); ++i)
        REQUIRE(answered[i] == i + 1);
    for (const auto& mine : asked)
        CHECK(std::is_sorted(mine.begin(), mine.end()));
}

TEST_CASE("end_waits wakes who waits; closing at once is legal, with requests under way")
{
    auto client = open();
    std::thread waiter([&] { CHECK_FALSE(client->wait(1h)); });
    client->end_waits();
    waiter.join();
    for (int i = 0; i < 100; ++i) {
        auto another = open();
        if (i % 2 == 0) CHECK(another->submit(request::Status{}).ok());
    }
}

TEST_CASE("the mailbox is bounded in number and in bytes")
{
    client::Mailbox mailbox;
    bool first = false;
    SUBCASE("number")
    {
        for (std::size_t i = 0; i < client::mailbox_requests_max; ++i)
            REQUIRE(mailbox.put(Request(request::Status{}), first));
        CHECK_FALSE(mailbox.put(Request(request::Status{}), first));
        CHECK(mailbox.take(10).size() == 10);
        CHECK(mailbox.put(Request(request::Status{}), first));
    }
    SUBCASE("bytes")
    {
        const std::string text(client::mailbox_bytes_max, 'x');
        CHECK(mailbox.put(Request(request::Send{"", text, ""}), first));
        CHECK(first);
        CHECK_FALSE(mailbox.put(Request(request::Send{"", "x", ""}), first));
        CHECK(mailbox.take(1).size() == 1);
        CHECK(mailbox.put(Request(request::Send{"", "x", ""}), first));
        CHECK(first);
    }
}
