// SPDX-License-Identifier: Apache-2.0
// The C ABI where it ends while others are inside it: hosts that wait in godwit_run_once, traces that close one
// another, children of a fork; and texts that are none.
#include "tests/lib/assembly/c_support.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <godwit/client.hpp>
#include <godwit/rescue.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace godwit::test;

namespace {

constexpr const char* nobody_answers =
    R"({"do":"device_link_code","relay":"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"})";

/// A client that a thread of its host turns, an hour at a time if it may.
class Driven {
public:
    explicit Driven(const std::string& home)
    {
        auto options = options_for(home);
        options.driven_by_host = 1;
        client_ = godwit_open(&options, nullptr);
        REQUIRE(client_ != nullptr);
        host_ = std::thread([this] {
            while (godwit_run_once(client_, 3'600'000) == 0 && !ended_) {}
        });
    }
    ~Driven()
    {
        ended_ = true;
        godwit_close(client_);
        host_.join();
    }
    Driven(const Driven&) = delete;
    Driven& operator=(const Driven&) = delete;

    [[nodiscard]] godwit_client* get() const { return client_; }
    /// Until the host is inside a wait: what was asked for has been answered, and nothing else is due soon.
    void settle() const
    {
        REQUIRE(ask(client_, R"({"id":1,"do":"status"})") == 0);
        REQUIRE(next(client_).starts_with(R"({"id":1,"ok":true)"));
    }

private:
    godwit_client* client_ = nullptr;
    std::atomic<bool> ended_ = false;
    std::thread host_;
};

/// What a child of this process found, as the bits of its exit status.
int in_a_child(int (*work)(void*), void* context)
{
    const auto child = ::fork();
    if (child == 0) {
        ::alarm(60); // where it would wait for ever
        ::_exit(work(context));
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

} // namespace

TEST_CASE("C: whoever waits inside godwit_run_once lets go of a client that is to end")
{
    const TemporaryFolder folder;
    {
        const Driven client(folder / "closed"); // by its destructor
        client.settle();
    }
    CHECK(opened(folder / "closed") != nullptr);
    {
        const Driven client(folder / "suspended");
        client.settle();
        CHECK(godwit_driver_fd(client.get()) >= 0);
        CHECK(godwit_next_deadline(client.get()) >= -1);
        // A deadline that is too short is told; it goes on, and the host does nothing more meanwhile.
        int deadline_ms = 1;
        for (int result = -1; result != 0; deadline_ms *= 2) {
            result = godwit_suspend(client.get(), deadline_ms);
            REQUIRE((result == 0 || (result == GODWIT_ERROR_TIMED_OUT && deadline_ms < 60'000)));
        }
        CHECK(opened(folder / "suspended") != nullptr);
        CHECK(godwit_driver_fd(client.get()) == -1);
        CHECK(godwit_next_deadline(client.get()) == -1);
        CHECK(godwit_resume(client.get(), nullptr) == 0);
        client.settle();
        CHECK(godwit_stop(client.get()) == 0);
    }
}

TEST_CASE("C: two clients whose traces close one another both go")
{
    struct Hook {
        std::atomic<godwit_client*> other = nullptr;
        std::barrier<>* both = nullptr;
    };
    std::barrier both(2);
    Hook hooks[2] = {{nullptr, &both}, {nullptr, &both}};
    const TemporaryFolder folder;
    const std::string homes[2] = {folder / "one", folder / "two"};
    godwit_client* clients[2];
    for (int i = 0; i < 2; ++i) {
        auto options = options_for(homes[i]);
        options.trace_context = &hooks[i];
        options.trace = [](void* context, int, const char*, const char*) {
            auto& own = *static_cast<Hook*>(context);
            auto* other = own.other.exchange(nullptr);
            if (other == nullptr) return;
            own.both->arrive_and_wait(); // both are in their traces now
            godwit_close(other);
        };
        clients[i] = godwit_open(&options, nullptr);
        REQUIRE(clients[i] != nullptr);
    }
    hooks[0].other = clients[1];
    hooks[1].other = clients[0];
    for (auto* client : clients)
        (void)ask(client, nobody_answers); // is traced; the first may have closed the second already
    pollfd nothing{-1, 0, 0};
    int tries = 0;
    for (const auto& home : homes)
        while (opened(home) == nullptr && ++tries < 1000)
            ::poll(&nothing, 1, 10);
    CHECK(tries < 1000);
}

TEST_CASE("C, C++: in the child of a fork the parent's clients are nobody's, and the parent's go on")
{
    const TemporaryFolder folder;
    auto client = opened(folder / "home");
    REQUIRE(client != nullptr);
    auto typed = godwit::Client::open({.home = folder / "typed"});
    REQUIRE(typed.ok());
    struct Both {
        godwit_client* client;
        std::unique_ptr<godwit::Client>* typed;
    } both{client.get(), &*typed};
    const int found = in_a_child(
        [](void* context) {
            auto& given = *static_cast<Both*>(context);
            int wrong = 0;
            if (godwit_request(given.client, "{}", 2) != GODWIT_ERROR_INVALID_ARGUMENT) wrong |= 1;
            if (godwit_next(given.client, 0) != nullptr) wrong |= 2;
            if (godwit_suspend(given.client, -1) != GODWIT_ERROR_INVALID_ARGUMENT) wrong |= 4;
            godwit_close(given.client);
            given.typed->reset();
            return wrong;
        },
        &both);
    CHECK(found == 0);
    REQUIRE(ask(client.get(), R"({"id":2,"do":"status"})") == 0);
    CHECK(next(client.get()).starts_with(R"({"id":2,"ok":true)"));
    CHECK((*typed)->submit(godwit::request::Status{}).ok());
    CHECK(opened(folder / "home") == nullptr); // the child has let go of nothing
}

TEST_CASE("C: a home or passphrase that is no UTF-8 is refused, and errors are JSON in any case")
{
    const TemporaryFolder folder;
    const std::string home = folder / "\xff\xfe";
    auto options = options_for(home);
    char* error = nullptr;
    CHECK(godwit_open(&options, &error) == nullptr);
    CHECK(taken(error) == R"({"code":"invalid_argument","detail":"home: UTF-8","retry":0})");
    CHECK(godwit_check(&options, &error) == nullptr);
    CHECK(taken(error).find("home: UTF-8") != std::string::npos);
    const std::string good = folder / "home";
    options = options_for(good);
    options.passphrase = "\xc3\x28 and more";
    CHECK(godwit_open(&options, &error) == nullptr);
    CHECK(taken(error).find("passphrase: UTF-8") != std::string::npos);
}

TEST_CASE("C: dealing with events by a call is an option, and counts what was given out")
{
    const TemporaryFolder folder;
    const auto client = opened(folder / "home");
    CHECK(godwit_dealt_with(client.get(), 0) == GODWIT_ERROR_UNSUPPORTED);
    CHECK(godwit_dealt_with(nullptr, 0) == GODWIT_ERROR_INVALID_ARGUMENT);
    const std::string home = folder / "by call";
    auto options = options_for(home);
    options.dealt_by_call = 1;
    const CHandle by_call(godwit_open(&options, nullptr));
    REQUIRE(by_call != nullptr);
    CHECK(godwit_dealt_with(by_call.get(), 0) == 0);
    CHECK(godwit_dealt_with(by_call.get(), 1) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_dealt_with(by_call.get(), SIZE_MAX) == GODWIT_ERROR_INVALID_ARGUMENT);
}

TEST_CASE("C++: suspended, resumed, stopped; the key is asked for each time, and no home is made anew")
{
    using namespace godwit;
    const TemporaryFolder folder;
    int asked = 0;
    bool locked = false;
    ClientOptions options;
    options.home = folder / "home";
    options.provide_key = [&](std::span<std::uint8_t> key) {
        ++asked;
        std::fill(key.begin(), key.end(), std::uint8_t{7});
        return !locked && key.size() == 32;
    };
    auto opened = Client::open(options);
    REQUIRE(opened.ok());
    auto& client = **opened;
    const auto answered = [&](RequestId id) {
        const auto event = client.wait(std::chrono::seconds(30));
        const auto* reply = event ? std::get_if<event::Reply>(&*event) : nullptr;
        return reply != nullptr && reply->id == id && reply->error.code == ErrorCode::ok;
    };
    CHECK(client.resume().ok());
    CHECK(client.suspend().ok());
    CHECK(client.suspend(std::chrono::milliseconds(0)).ok());
    const auto meanwhile = client.submit(request::Status{});
    REQUIRE(meanwhile.ok());
    CHECK(check_home(options).ok()); // nobody has it
    locked = true;
    CHECK(client.resume().error().code == ErrorCode::wrong_key);
    locked = false;
    CHECK(client.resume().ok());
    CHECK(answered(*meanwhile));
    client.trim_memory();
    const auto last = client.submit(request::Status{});
    REQUIRE(last.ok());
    CHECK(answered(*last));
    CHECK(client.stop().ok());
    CHECK_FALSE(client.wait(std::chrono::seconds(30)));
    CHECK(client.resume().error().code == ErrorCode::cancelled);
    CHECK(asked == 4);
    options.passphrase = "two of them";
    CHECK(Client::open(options).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("C++: a client that is destroyed inside its own trace goes all the same")
{
    using namespace godwit;
    const TemporaryFolder folder;
    std::atomic<Client*> given = nullptr;
    std::atomic<bool> refused = false;
    ClientOptions options;
    options.home = folder / "home";
    options.trace = [&](int, std::string_view, std::string_view) {
        auto* const own = given.exchange(nullptr);
        if (own == nullptr) return;
        refused = own->suspend().error().code == ErrorCode::unsupported;
        delete own;
    };
    auto opened = Client::open(options);
    REQUIRE(opened.ok());
    REQUIRE(
        (*opened)->submit(request::LinkCode{"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"}).ok());
    given = opened->release();
    pollfd nothing{-1, 0, 0};
    int tries = 0;
    for (options.trace = {}; !Client::open(options).ok() && ++tries < 1000;)
        ::poll(&nothing, 1, 10);
    CHECK(tries < 1000);
    CHECK(given == nullptr);
    CHECK(refused);
}
