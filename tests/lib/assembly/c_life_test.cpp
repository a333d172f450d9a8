// SPDX-License-Identifier: Apache-2.0
// The C ABI where it hurts: handles that are none, ends in the middle of something, hosts that turn the loop, hooks.
#include "tests/lib/assembly/c_support.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

using namespace godwit::test;

namespace {

/// Of this process.
std::ptrdiff_t threads()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

/// Whether `home` can be opened, hence is nobody's.
bool is_free(const std::string& home)
{
    return opened(home) != nullptr;
}

/// While one lives the system gives no thread: none has so much room for a stack.
class NoThreads {
public:
    NoThreads()
    {
        ::pthread_getattr_default_np(&before_);
        pthread_attr_t huge = before_;
        ::pthread_attr_setstacksize(&huge, std::size_t{1} << 46);
        refused_ = ::pthread_setattr_default_np(&huge) != 0;
    }
    ~NoThreads() { ::pthread_setattr_default_np(&before_); }
    NoThreads(const NoThreads&) = delete;
    NoThreads& operator=(const NoThreads&) = delete;
    [[nodiscard]] bool refused() const { return refused_; }

private:
    pthread_attr_t before_{};
    bool refused_ = false;
};

void none_of_ours(godwit_client* handle)
{
    char* error = nullptr;
    CHECK(ask(handle, "{}") == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_next(handle, -1) == nullptr);
    CHECK(godwit_wake_fd(handle) == -1);
    CHECK(godwit_network_changed(handle) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_push_received(handle, nullptr, 0) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_trim_memory(handle) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_suspend(handle, 0) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_resume(handle, &error) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_stop(handle) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_run_once(handle, 0) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_next_deadline(handle) == -2);
    CHECK(godwit_driver_fd(handle) == -1);
    CHECK(taken(error).find("invalid_argument") != std::string::npos);
    godwit_close(handle);
}

} // namespace

TEST_CASE("C: NULL, a closed client and a stranger's pointer are found out, and nothing is touched")
{
    const TemporaryFolder folder;
    std::uint64_t stranger[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    none_of_ours(nullptr);
    none_of_ours(reinterpret_cast<godwit_client*>(stranger));
    none_of_ours(reinterpret_cast<godwit_client*>(std::uintptr_t{7}));
    none_of_ours(reinterpret_cast<godwit_client*>(UINTPTR_MAX));
    auto closed = opened(folder / "home");
    REQUIRE(closed != nullptr);
    auto* handle = closed.get();
    closed.reset();
    none_of_ours(handle);
    const auto another = opened(folder / "home"); // no handle is given out twice
    CHECK(another.get() != handle);
    none_of_ours(handle);
    CHECK(ask(another.get(), R"({"do":"status"})") == 0);
    for (std::uint64_t i = 0; i < 8; ++i)
        CHECK(stranger[i] == i + 1);
}

TEST_CASE("C: sizes and bytes that are no good get an error")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    auto options = options_for(home);
    options.size = SIZE_MAX; // of a header that is very new
    const CHandle client(godwit_open(&options, nullptr));
    REQUIRE(client != nullptr);
    CHECK(godwit_request(client.get(), "{}", SIZE_MAX) == 0); // answered: the line is too long
    CHECK(next(client.get()).starts_with(R"({"id":null,"ok":false,"error":{"code":"message_too_large")"));
    CHECK(ask(client.get(), "{\"do\":\"\xff\xfe\"}") == 0);
    CHECK(next(client.get()).starts_with(R"({"id":null,"ok":false,"error":{"code":"invalid_argument")"));
    CHECK(godwit_request(client.get(), nullptr, SIZE_MAX) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_push_received(client.get(), nullptr, 1) == GODWIT_ERROR_INVALID_ARGUMENT);
    CHECK(godwit_push_received(client.get(), "", SIZE_MAX) == GODWIT_ERROR_MESSAGE_TOO_LARGE);
    const std::string payload(GODWIT_PUSH_BYTES_MAX + 1, 'x');
    CHECK(godwit_push_received(client.get(), payload.data(), GODWIT_PUSH_BYTES_MAX) == 0);
    CHECK(godwit_push_received(client.get(), payload.data(), GODWIT_PUSH_BYTES_MAX + 1) ==
          GODWIT_ERROR_MESSAGE_TOO_LARGE);
    CHECK(godwit_network_changed(client.get()) == 0);
    CHECK(godwit_trim_memory(client.get()) == 0);
    CHECK(next(client.get(), 200).empty()); // what nobody asked for in JSON has no reply in JSON
}

TEST_CASE("C: every error has a name and a sentence")
{
    CHECK(std::string(godwit_error_name(GODWIT_ERROR_NOT_A_CONTACT)) == "not_a_contact");
    CHECK(std::string(godwit_error_text(GODWIT_ERROR_NOT_A_CONTACT)).find("contact request") != std::string::npos);
    for (const int unknown : {-1, 12345, INT32_MIN, INT32_MAX})
        CHECK(std::string(godwit_error_name(unknown)) == "internal");
}

TEST_CASE("C: stopped with a thousand requests under way, each is answered exactly once")
{
    const TemporaryFolder folder;
    const auto client = opened(folder / "home");
    std::map<std::string, int> answers;
    for (int i = 0; i < 1000; ++i) {
        // Some are refused, some take a password's time, most are quick.
        const auto id = "\"r" + std::to_string(i) + "\"";
        answers[id] = 0;
        const std::string line =
            i % 100 == 0
                ? R"({"do":"login","relay":"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA","user":"ann","password":"long enough","id":)"
            : i % 10 == 0 ? R"({"do":"fly","id":)"
                          : R"({"do":"status","id":)";
        REQUIRE(ask(client.get(), line + id + "}") == 0);
    }
    CHECK(godwit_stop(client.get()) == 0);
    CHECK(ask(client.get(), "{}") == GODWIT_ERROR_CANCELLED);
    CHECK(is_free(folder / "home"));
    int cancelled = 0;
    for (auto text = next(client.get(), -1); !text.empty(); text = next(client.get(), -1)) {
        if (!text.starts_with("{\"id\":")) continue;
        const auto id = text.substr(6, text.find(',') - 6);
        REQUIRE_MESSAGE(answers.contains(id), text);
        ++answers[id];
        cancelled += text.find("\"code\":\"cancelled\"") != std::string::npos;
    }
    for (const auto& [id, times] : answers)
        CHECK_MESSAGE(times == 1, id << ": " << times);
    MESSAGE(cancelled << " were cancelled");
    CHECK(godwit_stop(client.get()) == 0);
    CHECK(godwit_resume(client.get(), nullptr) == GODWIT_ERROR_CANCELLED);
}

TEST_CASE("C: suspended, there is no thread and no lock, and what is asked meanwhile is answered after it")
{
    const TemporaryFolder folder;
    const auto before = threads();
    const auto client = opened(folder / "home");
    const int fd = godwit_wake_fd(client.get());
    CHECK(threads() > before);
    CHECK_FALSE(is_free(folder / "home"));
    REQUIRE(ask(client.get(), R"({"id":1,"do":"status"})") == 0);
    for (int result = -1; result != 0;) { // a deadline that is too short is told, and may be tried again
        result = godwit_suspend(client.get(), 1);
        CHECK((result == 0 || result == GODWIT_ERROR_TIMED_OUT));
    }
    CHECK(godwit_suspend(client.get(), 0) == 0);
    CHECK(threads() == before);
    // It was answered, or cancelled; or nobody had taken it yet, then it is answered after godwit_resume.
    const bool first = next(client.get(), 0).starts_with(R"({"id":1,)");

    CHECK(godwit_push_received(client.get(), nullptr, 0) == GODWIT_ERROR_NOT_CONNECTED);
    CHECK(ask(client.get(), R"({"id":2,"do":"status"})") == 0);
    CHECK(next(client.get(), 0).empty());
    {
        const auto other = opened(folder / "home");
        REQUIRE(other != nullptr); // no lock is held
        char* error = nullptr;
        CHECK(godwit_resume(client.get(), &error) == GODWIT_ERROR_STORAGE_IN_USE);
        CHECK(taken(error).find("storage_in_use") != std::string::npos);
    }
    CHECK(godwit_resume(client.get(), nullptr) == 0);
    CHECK(godwit_resume(client.get(), nullptr) == 0);
    CHECK(godwit_wake_fd(client.get()) == fd);
    auto reply = next(client.get());
    if (!first) {
        CHECK(reply.starts_with(R"({"id":1,"ok":true)"));
        reply = next(client.get());
    }
    CHECK(reply.starts_with(R"({"id":2,"ok":true)"));
    CHECK(next(client.get(), 0).empty());
    CHECK_FALSE(is_free(folder / "home"));
    CHECK(godwit_suspend(client.get(), -1) == 0);
    CHECK(is_free(folder / "home")); // and closed while it is suspended
}

TEST_CASE("C: a client that cannot be resumed for want of a thread stays suspended, and holds nothing")
{
    const TemporaryFolder folder;
    const auto client = opened(folder / "home");
    CHECK(godwit_suspend(client.get(), -1) == 0);
    {
        const NoThreads here;
        REQUIRE_FALSE(here.refused());
        char* error = nullptr;
        CHECK(godwit_resume(client.get(), &error) == GODWIT_ERROR_INTERNAL);
        CHECK(taken(error).find("cannot start a thread") != std::string::npos);
    }
    CHECK(is_free(folder / "home"));
    CHECK(godwit_resume(client.get(), nullptr) == 0);
    REQUIRE(ask(client.get(), R"({"id":1,"do":"status"})") == 0);
    CHECK(next(client.get()).starts_with(R"({"id":1,"ok":true)"));
}

TEST_CASE("C: a home that was named relative to where the program was stays where it is; one that has gone is not made")
{
    namespace fs = std::filesystem;
    const TemporaryFolder folder;
    const auto before = fs::current_path();
    fs::current_path(fs::path(folder / "").parent_path());
    const auto client = opened("a-relative-home");
    fs::current_path(before);
    REQUIRE(client != nullptr);
    CHECK(fs::exists(folder / "a-relative-home/godwit.db"));
    CHECK(godwit_suspend(client.get(), -1) == 0);
    CHECK(godwit_resume(client.get(), nullptr) == 0);
    CHECK_FALSE(fs::exists("a-relative-home"));
    CHECK(godwit_suspend(client.get(), -1) == 0);
    fs::remove_all(folder / "a-relative-home");
    char* error = nullptr;
    CHECK(godwit_resume(client.get(), &error) == GODWIT_ERROR_STORAGE_FAILED);
    CHECK(taken(error).find("has no store any more") != std::string::npos);
    CHECK_FALSE(fs::exists(folder / "a-relative-home"));
}

TEST_CASE("C: where the process may open too few files a client is refused")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    const auto options = options_for(home);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (rlim_t most = 4; most < 32; ++most) {
        auto few = before;
        few.rlim_cur = most;
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
        char* error = nullptr;
        const CHandle client(godwit_open(&options, &error));
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        CHECK(client == nullptr);
        CHECK(taken(error).find("quota_exceeded") != std::string::npos);
    }
    CHECK(is_free(home));
}

TEST_CASE("C: driven by its host, nothing happens but when the host says so")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    const auto before = threads();
    auto options = options_for(home);
    options.driven_by_host = 1;
    const CHandle client(godwit_open(&options, nullptr));
    REQUIRE(client != nullptr);
    CHECK(threads() == before);
    REQUIRE(ask(client.get(), R"({"id":1,"do":"status"})") == 0);
    CHECK(next(client.get(), 0).empty());
    std::string reply;
    for (int turns = 0; reply.empty() && turns < 1000; ++turns) {
        const auto deadline = godwit_next_deadline(client.get());
        CHECK(deadline >= -1);
        pollfd entry{godwit_driver_fd(client.get()), POLLIN, 0};
        REQUIRE(entry.fd >= 0);
        ::poll(&entry, 1, deadline < 0 ? 1000 : static_cast<int>(std::min<std::int64_t>(deadline, 1000)));
        CHECK(godwit_run_once(client.get(), 0) == 0);
        reply = next(client.get(), 0);
    }
    CHECK(reply.starts_with(R"({"id":1,"ok":true)"));
    CHECK(godwit_suspend(client.get(), 0) == 0);
    CHECK(is_free(home));
    CHECK(godwit_next_deadline(client.get()) == -1);
    CHECK(godwit_run_once(client.get(), 0) == 0);
    CHECK(godwit_resume(client.get(), nullptr) == 0);
    REQUIRE(ask(client.get(), R"({"id":2,"do":"status"})") == 0);
    CHECK(godwit_stop(client.get()) == 0);
    CHECK(next(client.get(), -1).starts_with(R"({"id":2,)"));
    CHECK(next(client.get(), -1).empty());

    const auto own = opened(folder / "other");
    CHECK(godwit_run_once(own.get(), 0) == GODWIT_ERROR_UNSUPPORTED);
    CHECK(godwit_next_deadline(own.get()) == -2);
    CHECK(godwit_driver_fd(own.get()) == -1);
}

TEST_CASE("C: a key that the program provides is asked for when the store is opened, and only then")
{
    struct Keys {
        int asked = 0;
        std::uint8_t fill = 7;
        bool locked = false;
    } keys;
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    auto options = options_for(home);
    options.key_context = &keys;
    options.provide_key = [](void* context, std::uint8_t* key) {
        auto& own = *static_cast<Keys*>(context);
        ++own.asked;
        std::fill_n(key, 32, own.fill);
        return own.locked ? 1 : 0;
    };
    CHandle client(godwit_open(&options, nullptr));
    REQUIRE(client != nullptr);
    CHECK(keys.asked == 1);
    CHECK_FALSE(std::filesystem::exists(home + "/store.key"));
    CHECK(godwit_suspend(client.get(), -1) == 0);
    keys.locked = true;
    CHECK(godwit_resume(client.get(), nullptr) == GODWIT_ERROR_WRONG_KEY);
    keys.locked = false;
    CHECK(godwit_resume(client.get(), nullptr) == 0);
    CHECK(keys.asked == 3);
    client.reset();

    char* error = nullptr;
    CHECK(taken(godwit_check(&options, nullptr)).starts_with(R"({"sound":true)"));
    keys.fill = 8;
    CHECK(godwit_open(&options, &error) == nullptr);
    CHECK(taken(error).find("wrong_key") != std::string::npos);
    options.passphrase = "and another";
    CHECK(godwit_open(&options, &error) == nullptr);
    CHECK(taken(error).find("one of them") != std::string::npos);
}

TEST_CASE("C: what time it is the program may say")
{
    std::atomic<int> asked = 0;
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    auto options = options_for(home);
    options.clock_context = &asked;
    options.wall_ms = [](void* context) {
        ++*static_cast<std::atomic<int>*>(context);
        return std::int64_t{1'900'000'000'000};
    };
    const CHandle client(godwit_open(&options, nullptr));
    REQUIRE(ask(client.get(), R"({"id":1,"do":"status"})") == 0);
    CHECK(next(client.get()).starts_with(R"({"id":1,"ok":true)"));
    CHECK(asked > 0);
}

TEST_CASE("C: closed from inside its own trace, a client goes all the same")
{
    struct Hook {
        std::atomic<godwit_client*> client = nullptr;
        std::atomic<int> closed = 0;
    } hook;
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    auto options = options_for(home);
    options.trace_context = &hook;
    options.trace = [](void* context, int, const char*, const char*) {
        auto& own = *static_cast<Hook*>(context);
        auto* client = own.client.exchange(nullptr);
        if (client == nullptr) return;
        CHECK(godwit_suspend(client, -1) == GODWIT_ERROR_UNSUPPORTED);
        CHECK(godwit_stop(client) == GODWIT_ERROR_UNSUPPORTED);
        CHECK(godwit_resume(client, nullptr) == GODWIT_ERROR_UNSUPPORTED);
        godwit_close(client);
        own.closed = 1;
    };
    auto* client = godwit_open(&options, nullptr);
    REQUIRE(client != nullptr);
    hook.client = client;
    // Something that is traced: a relay is dialled, which is not there.
    REQUIRE(
        ask(client,
            R"({"do":"device_link_code","relay":"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"})") ==
        0);
    CHECK(next(client, -1).empty()); // until it is closed
    pollfd nothing{-1, 0, 0};
    int tries = 0;
    while (!is_free(home) && ++tries < 1000)
        ::poll(&nothing, 1, 10);
    CHECK(hook.closed == 1);
    CHECK(tries < 1000);
}

TEST_CASE("C: closed from inside a hook while there is no thread to end it, it is ended by the next who can")
{
    const TemporaryFolder folder;
    const std::string home = folder / "home";
    auto options = options_for(home);
    options.driven_by_host = 1;
    godwit_client* client = nullptr;
    options.trace_context = &client;
    options.trace = [](void* context, int, const char*, const char*) {
        if (auto* own = std::exchange(*static_cast<godwit_client**>(context), nullptr)) {
            const NoThreads here;
            godwit_close(own);
        }
    };
    auto* const handle = godwit_open(&options, nullptr);
    REQUIRE(handle != nullptr);
    client = handle;
    REQUIRE(
        ask(handle,
            R"({"do":"device_link_code","relay":"godwit://127.0.0.1:9#BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"})") ==
        0);
    for (int turns = 0; client != nullptr && turns < 1000; ++turns)
        (void)godwit_run_once(handle, 10);
    CHECK(client == nullptr);
    none_of_ours(handle);
    (void)opened(folder / "other"); // whoever opens or closes one ends it
    CHECK(is_free(home));
}
