// SPDX-License-Identifier: Apache-2.0
// The calls of applications, from several threads.
#include "lib/client/facade.hpp"

#include "tests/lib/client/fake_shell.hpp"
#include "tests/lib/client/fake_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <poll.h>

#include <thread>

using namespace godwit;
using namespace std::chrono_literals;

namespace {

class NoTrace final : public port::Trace {
public:
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

client::FacadeParts some_parts(std::size_t events_max = 4096, std::function<void()> trim = {})
{
    client::FacadeParts parts;
    parts.store = std::make_unique<test::FakeStore>();
    parts.entropy = std::make_unique<test::SeededEntropy>(1);
    parts.trace = std::make_unique<NoTrace>();
    parts.make_shell = [] { return std::make_unique<test::FakeShell>(); };
    parts.derive = [](auto, const auto&, auto) { return client::PasswordKeys{Bytes(32, 7), Bytes(32, 8)}; };
    parts.events_max = events_max;
    parts.trim = std::move(trim);
    return parts;
}

std::unique_ptr<client::Facade> open(std::size_t events_max = 4096, std::function<void()> trim = {})
{
    auto facade = client::Facade::start(some_parts(events_max, std::move(trim)));
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

TEST_CASE("who takes events ahead of those who are to see them says by a call what is dealt with")
{
    int attended = 0;
    client::EventQueue queue(8, [&] { ++attended; }, true);
    const auto message = [](int number) {
        event::MessageReceived out;
        out.message.id.bytes[0] = static_cast<std::uint8_t>(number);
        return out;
    };
    for (const int number : {1, 2, 3})
        CHECK(queue.push(message(number)));
    for (int i = 0; i < 3; ++i)
        CHECK(queue.poll());
    CHECK_FALSE(queue.poll());
    CHECK_FALSE(queue.wait(0ms));
    CHECK_FALSE(queue.anything_dealt_with()); // however many were taken
    CHECK(queue.shown().size() == 3);         // and a client that starts anew does not show them again
    CHECK(queue.deal(0));
    CHECK_FALSE(queue.deal(4));
    CHECK_FALSE(queue.anything_dealt_with());
    CHECK(queue.deal(2));
    CHECK(attended == 1);
    const auto dealt = queue.take_dealt_with();
    REQUIRE(dealt.size() == 2);
    CHECK(dealt[0].first == message(1).message.id);
    CHECK(dealt[1].first == message(2).message.id);
    CHECK_FALSE(queue.deal(2));
    CHECK(queue.deal(1));
    CHECK(attended == 2);
    queue.close();
    CHECK(queue.deal(0));
}

TEST_CASE("what could not be handed on comes again, before what came after it, and is not dealt with by asking")
{
    client::EventQueue queue(8, [] {});
    const int fd = queue.wake_fd();
    for (const auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
        event::MessageReceived message;
        message.message.id.bytes[0] = number;
        CHECK(queue.push(std::move(message)));
    }
    const auto take = [&] {
        std::list<Event> out;
        out.push_back(queue.poll().value());
        return out;
    };
    const auto number = [](const Event& event) { return std::get<event::MessageReceived>(event).message.id.bytes[0]; };
    for (int tries = 0; tries < 3; ++tries) {
        auto event = take();
        CHECK(number(event.front()) == 1);
        queue.give_back(std::move(event));
        CHECK(readable(fd, 0));
        CHECK(queue.shown().size() == 2);
    }
    CHECK_FALSE(queue.anything_dealt_with());
    (void)take();
    auto second = take();
    CHECK(number(second.front()) == 2);
    CHECK(queue.take_dealt_with().size() == 1); // the first one
    CHECK_FALSE(readable(fd, 0));
    queue.give_back(std::move(second));
    CHECK(readable(fd, 0)); // nothing else waits
    CHECK(number(take().front()) == 2);
}

TEST_CASE("lists that are watched go on after a client was suspended")
{
    auto client = open();
    CHECK(client->submit(request::Watch{}).ok());
    CHECK(client->wait(10s));
    for (int life = 0; life < 2; ++life) {
        REQUIRE(client->halt(std::chrono::milliseconds::max()));
        REQUIRE(client->resume(some_parts()).ok());
        const auto event = client->wait(10s);
        REQUIRE(event);
        CHECK(std::holds_alternative<event::ViewChanged>(*event));
    }
}

TEST_CASE("what nobody ever calls dealt with is bounded: the oldest counts as that")
{
    client::EventQueue queue(8, [] {}, true);
    for (std::uint32_t number = 0; number < client::in_hand_max + 2; ++number) {
        event::MessageReceived message;
        std::memcpy(message.message.id.bytes.data(), &number, sizeof number);
        REQUIRE(queue.push(std::move(message)));
        REQUIRE(queue.poll());
    }
    CHECK(queue.take_dealt_with().size() == 2);
    CHECK(queue.shown().size() == client::in_hand_max);
}

TEST_CASE("memory is given back on the client's own thread, when it is asked for, and also of a client that is idle")
{
    std::promise<std::thread::id> given_back;
    auto client = open(4096, [&] { given_back.set_value(std::this_thread::get_id()); });
    CHECK(client->submit(request::Status{}).ok());
    CHECK(client->wait(10s));
    auto where = given_back.get_future();
    CHECK(where.wait_for(0s) == std::future_status::timeout); // ringing alone gives nothing back
    client->trim();
    REQUIRE(where.wait_for(10s) == std::future_status::ready);
    CHECK(where.get() != std::this_thread::get_id());
}

TEST_CASE("the mailbox's bytes are those of every kind of request, wherever in it they are")
{
    const std::string long_text(100'000, 'x');
    content::Attachment picture;
    picture.thumbnail.resize(100'000);
    content::Forwarded bundle;
    bundle.items.resize(2);
    bundle.items[1].body.resize(100'000);
    const Request holding[] = {
        request::Edit{{}, long_text},
        request::Send{.to = "bob", .body = picture},
        request::Send{.to = "bob", .body = bundle},
        request::Send{.to = "bob", .body = content::Card{"order", "", {{"label", long_text}}, ""}},
        request::SetConversation{.where = {}, .draft = long_text},
        request::SetContact{.user = "bob", .labels = std::vector<std::string>{"", long_text}},
        request::GroupCreate{.members = {"bob", long_text}},
        request::GroupSet{.avatar = content::FileRef{{}, 0, long_text, "", {}}},
        request::Forward{.messages = std::vector<MessageId>(7'000)},
        request::Watch{.where = {long_text, {}}},
        request::ContactAdd{long_text},
        request::ContactBlock{long_text},
        request::Typing{{long_text, {}}},
        request::Search{.text = "a", .where = {long_text, {}}},
        request::ArchiveRead{"path", long_text},
        request::CallAnswer{.devices = {.audio_source = long_text}},
        request::Report{.text = long_text},
    };
    for (const auto& one : holding) {
        CHECK_MESSAGE(client::request_bytes(one) >= 100'000, one.index());
        client::Mailbox mailbox;
        bool first = false;
        std::size_t taken = 0;
        while (taken < client::mailbox_requests_max && mailbox.put(Request(one), first))
            ++taken;
        CHECK_MESSAGE(taken < 170, one.index());
    }
    CHECK(client::request_bytes(request::Status{}) == 0);
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
