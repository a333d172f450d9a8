// SPDX-License-Identifier: Apache-2.0
// Real files, real processes: the second opener, kill -9, a directory that may not be written.
#include "support.hpp"

#include <csignal>
#include <doctest/doctest.h>
#include <random>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

OpenOptions on_disk(const std::string& path, const Key* key)
{
    OpenOptions out;
    out.path = path;
    out.key = key;
    out.schema = schema();
    return out;
}

/// Runs `body` in a child process; its exit status is what body returns.
template <class F>
int in_child(F&& body)
{
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) _exit(body());
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

} // namespace

TEST_CASE("one process a store: the second gets storage_in_use, and the store when the first is gone")
{
    ScratchDirectory scratch;
    const Key key = raw_key();
    const Key wrong = raw_key(9);
    for (const Key* with : {&key, static_cast<const Key*>(nullptr)}) {
        const std::string path = scratch.path(with != nullptr ? "sealed.db" : "plain.db");
        const auto try_open = [&](const Key* k) {
            return in_child([&] {
                auto database = Database::open(on_disk(path, k));
                return database ? 0 : static_cast<int>(database.error().code);
            });
        };
        {
            auto database = must(Database::open(on_disk(path, with)));
            CHECK(try_open(with) == static_cast<int>(ErrorCode::storage_in_use));
            if (with != nullptr) CHECK(try_open(&wrong) == static_cast<int>(ErrorCode::storage_in_use));
            CHECK(Database::open(on_disk(path, with)).error().code == ErrorCode::storage_in_use); // same process
            must(add_note(database, 1, "still works"));
        }
        CHECK(try_open(with) == 0);
    }
    for (const auto& entry : std::filesystem::directory_iterator(scratch.root()))
        CHECK(entry.path().extension() == ".db"); // no -wal, -shm or -journal stays behind
}

TEST_CASE("kill -9 in mid-work: every reported commit is there")
{
    constexpr std::uint64_t seed = 20240607;
    std::mt19937_64 dice(seed);
    ScratchDirectory scratch;
    const Key key = raw_key();
    const std::string path = scratch.path("home.db");
    std::int64_t told = 0; // rows reported by all children so far
    for (int round = 0; round < 15; ++round) {
        CAPTURE(seed);
        CAPTURE(round);
        int pipe_ends[2];
        REQUIRE(pipe(pipe_ends) == 0);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            close(pipe_ends[0]);
            auto database = Database::open(on_disk(path, &key));
            if (!database) _exit(1);
            std::int64_t id = *count_notes(*database);
            for (;; ++id) {
                if (!add_note(*database, id, filler(500, static_cast<std::uint64_t>(id)))) _exit(2);
                const std::int64_t rows = id + 1;
                if (write(pipe_ends[1], &rows, sizeof rows) != sizeof rows) _exit(3);
            }
        }
        close(pipe_ends[1]);
        const std::uint64_t patience = 1 + dice() % 120;
        std::int64_t rows = 0;
        for (std::uint64_t i = 0; i < patience && read(pipe_ends[0], &rows, sizeof rows) == sizeof rows; ++i)
            told = rows;
        REQUIRE(rows > 0);
        kill(child, SIGKILL);
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        while (read(pipe_ends[0], &rows, sizeof rows) == sizeof rows)
            told = rows;
        close(pipe_ends[0]);

        auto database = must(Database::open(on_disk(path, &key)));
        must(database.check());
        const std::int64_t found = *count_notes(database);
        CHECK(found >= told);
        CHECK(found <= told + 1);
    }
}

TEST_CASE("a home that may not be written: a clear error")
{
    ScratchDirectory scratch;
    const std::string home = scratch.path("home");
    std::filesystem::create_directory(home);
    const Key key = raw_key();
    chmod(home.c_str(), 0555);
    chmod(scratch.root().c_str(), 0755);
    const int code = in_child([&] {
        if (geteuid() == 0 && seteuid(65534) != 0) return 200; // root may write anywhere
        auto database = Database::open(on_disk(home + "/store.db", &key));
        if (database) return 201;
        if (database.error().detail.find("writable") == std::string::npos) return 202;
        return static_cast<int>(database.error().code);
    });
    chmod(home.c_str(), 0755);
    CHECK(code == static_cast<int>(ErrorCode::storage_failed));

    auto missing = Database::open(on_disk(scratch.path("no/such/directory/store.db"), &key));
    CHECK(missing.error().code == ErrorCode::storage_failed);
    CHECK(missing.error().detail.find("No such file") != std::string::npos);
}
