// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/until.hpp"
#include "transport/loop/local.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace godwit;
using namespace godwit::loop;
using godwit::test::until;

namespace fs = std::filesystem;

namespace {

struct Folder {
    fs::path path = [] {
        char name[] = "/tmp/godwit-local-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return fs::path(name);
    }();
    ~Folder() { fs::remove_all(path); }
    [[nodiscard]] std::string socket() const { return (path / "control.sock").string(); }
};

/// Answers with the question, twice.
std::unique_ptr<LocalServer> serve(Loop& loop, const std::string& path, LocalLimits limits = {})
{
    auto out = LocalServer::open(loop, path, limits, [](BytesView question) {
        Bytes twice = to_bytes(question);
        append(twice, question);
        return twice;
    });
    REQUIRE_MESSAGE(out.ok(), out.error().detail);
    return *std::move(out);
}

/// Asks on another thread while the loop turns.
Result<Bytes> ask(Loop& loop, const std::string& path, const Bytes& question, std::size_t answer_bytes_max = 1 << 20)
{
    Result<Bytes> out = Error{};
    std::atomic<bool> done = false;
    std::thread asker([&] {
        out = ask_local(path, question, answer_bytes_max, std::chrono::seconds(20));
        done = true;
    });
    CHECK(until(loop, [&] { return done.load(); }));
    asker.join();
    return out;
}

/// A connection by hand, that says nothing yet.
int connect_to(const std::string& path)
{
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
    return fd;
}

/// The far side has closed.
bool is_closed(int fd)
{
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

} // namespace

TEST_CASE("local: questions of every length up to the bound, one after another")
{
    const Folder folder;
    Loop loop;
    LocalLimits limits;
    limits.question_bytes_max = 200'000;
    const auto server = serve(loop, folder.socket(), limits);
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{5'000}, std::size_t{200'000}}) {
        const auto answer = ask(loop, folder.socket(), Bytes(bytes, 7));
        REQUIRE(answer.ok());
        CHECK(*answer == Bytes(2 * bytes, 7));
    }
    CHECK_FALSE(ask(loop, folder.socket(), Bytes(200'001, 7)).ok());
    CHECK(ask(loop, folder.socket(), Bytes(100, 7), 199).error().code == ErrorCode::message_too_large);
    CHECK(until(loop, [&] { return server->connections() == 0; }));
}

TEST_CASE("local: the file is its owner's alone, and goes with the server; one that was left behind is replaced")
{
    const Folder folder;
    Loop loop;
    {
        const auto server = serve(loop, folder.socket());
        struct stat about{};
        REQUIRE(::stat(folder.socket().c_str(), &about) == 0);
        CHECK(S_ISSOCK(about.st_mode));
        CHECK((about.st_mode & 0777) == 0600);
    }
    CHECK_FALSE(fs::exists(folder.socket()));
    CHECK(ask_local(folder.socket(), Bytes{1}, 100, std::chrono::seconds(1)).error().code == ErrorCode::not_connected);
    // As after a kill.
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    folder.socket().copy(name.sun_path, sizeof name.sun_path - 1);
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
    ::close(left);
    CHECK(ask_local(folder.socket(), Bytes{1}, 100, std::chrono::seconds(1)).error().code == ErrorCode::not_connected);
    const auto server = serve(loop, folder.socket());
    CHECK(ask(loop, folder.socket(), Bytes{1}).ok());
    // What is no socket is not ours to remove.
    const auto file = (folder.path / "file").string();
    ::close(::creat(file.c_str(), 0600));
    const auto refused = LocalServer::open(loop, file, {}, [](BytesView) { return Bytes(); });
    CHECK(refused.error().code == ErrorCode::storage_failed);
    CHECK(fs::exists(file));
    const auto long_path = (folder.path / std::string(120, 'x')).string();
    CHECK(LocalServer::open(loop, long_path, {}, [](BytesView) { return Bytes(); }).error().code ==
          ErrorCode::invalid_argument);
}

TEST_CASE("local: whoever says nothing, or does not take the answer, is closed in time, and keeps nobody else out")
{
    const Folder folder;
    Loop loop;
    LocalLimits limits;
    limits.connections_max = 2;
    limits.time_max = std::chrono::milliseconds(200);
    const auto server = serve(loop, folder.socket(), limits);
    const int silent = connect_to(folder.socket()), other = connect_to(folder.socket());
    CHECK(until(loop, [&] { return server->connections() == 2; }));
    const int third = connect_to(folder.socket());
    CHECK(until(loop, [&] { return is_closed(third); })); // at once
    CHECK(until(loop, [&] { return is_closed(silent) && is_closed(other); }));
    CHECK(server->connections() == 0);
    CHECK(ask(loop, folder.socket(), Bytes{1}).ok());
    for (const int fd : {silent, other, third})
        ::close(fd);
}
