// SPDX-License-Identifier: Apache-2.0
// check_home and repair_home: what they refuse, what they leave alone, and that a repair happens whole or not at all.
#include <godwit/client.hpp>
#include <godwit/rescue.hpp>

#include "lib/sqlite/file_swap.hpp"
#include "lib/sqlite/layout.hpp"
#include "lib/store/store.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"
#include "tests/lib/store/samples.hpp"

#include <fstream>
#include <iterator>
#include <map>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace godwit;
namespace fs = std::filesystem;

namespace {

const Bytes secret(32, 9);

ClientOptions options(const std::string& home)
{
    ClientOptions out;
    out.home = home;
    out.store_key = secret;
    return out;
}

void fill(const std::string& home)
{
    fs::create_directories(home);
    const auto key = sqlite::Key::raw(secret);
    auto store = store::SqliteStore::open({home + "/godwit.db", &*key, {}, nullptr});
    REQUIRE(store.ok());
    (*store)->begin();
    (*store)->put_value("policy", Bytes{1});
    for (std::uint64_t n = 0; n < 200; ++n)
        (*store)->add_message(store::test::sample_message(n, n % 3));
    REQUIRE((*store)->commit().ok());
}

std::size_t messages_in(const std::string& home)
{
    const auto key = sqlite::Key::raw(secret);
    auto store = store::SqliteStore::open({home + "/godwit.db", &*key, {}, nullptr});
    REQUIRE(store.ok());
    std::size_t out = 0;
    for (std::uint64_t n = 0; n < 3; ++n)
        out += (*store)->history(store::test::cid(n), 1000, {}).size();
    return out;
}

using Files = std::map<std::string, std::string>;

Files files_of(const std::string& home)
{
    Files out;
    for (const auto& entry : fs::directory_iterator(home)) {
        std::ifstream file(entry.path(), std::ios::binary);
        out[entry.path().filename().string()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return out;
}

void flip(const std::string& home, std::uint64_t page)
{
    std::fstream file(home + "/godwit.db", std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(sqlite::prefix_bytes + (page - 1) * sqlite::page_bytes + 100);
    file.seekg(at);
    const char byte = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
}

/// A byte of a page with rows of the history.
void damage(const std::string& home)
{
    for (std::uint64_t page = (fs::file_size(home + "/godwit.db") - sqlite::prefix_bytes) / sqlite::page_bytes;
         page > 1; --page) {
        flip(home, page);
        const auto checked = check_home(options(home));
        REQUIRE(checked.ok());
        REQUIRE(checked->findings.size() > 0);
        if (checked->findings.front().find("rows of message") != std::string::npos) return;
        flip(home, page);
    }
    FAIL("no page has rows of messages");
}

const HomeTable& table(const HomeRepair& repair, const std::string& name)
{
    for (const auto& entry : repair.tables)
        if (entry.table == name) return entry;
    throw std::runtime_error(name);
}

template <class Report>
ErrorCode refusal(const Result<Report>& result)
{
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().detail.size() > 10);
    return result.error().code;
}

} // namespace

TEST_CASE("check changes nothing and makes nothing; what it refuses, it says why")
{
    const test::TemporaryFolder folder;
    const auto home = folder / "a";
    CHECK(refusal(check_home(options(home))) == ErrorCode::storage_failed);
    CHECK(refusal(repair_home(options(home))) == ErrorCode::storage_failed);
    CHECK_FALSE(fs::exists(home));
    CHECK(refusal(check_home({})) == ErrorCode::invalid_argument);
    fill(home);
    const Files before = files_of(home);
    auto checked = check_home(options(home));
    REQUIRE_MESSAGE(checked.ok(), checked.error().detail);
    CHECK(checked->findings == std::vector<std::string>{});
    auto repaired = repair_home(options(home));
    REQUIRE(repaired.ok());
    CHECK(repaired->was_sound);
    CHECK(repaired->kept_as.empty());
    auto other = options(home);
    other.store_key[0] ^= 1;
    CHECK(refusal(check_home(other)) == ErrorCode::wrong_key);
    CHECK(refusal(repair_home(other)) == ErrorCode::wrong_key);
    const auto keyless = check_home({.home = home}); // no store.key beside it
    CHECK(refusal(keyless) == ErrorCode::wrong_key);
    CHECK(keyless.error().detail.find("its store.key has gone") != std::string::npos);
    CHECK(files_of(home) == before);
    damage(home);
    const Files damaged = files_of(home);
    checked = check_home(options(home));
    REQUIRE(checked.ok());
    CHECK_FALSE(checked->sound());
    CHECK(checked->pages_lost == 1);
    CHECK(files_of(home) == damaged);
}

TEST_CASE("a home that is in use is left alone, by this process and by others")
{
    const test::TemporaryFolder folder;
    const auto home = folder / "a";
    auto client = Client::open(options(home));
    REQUIRE(client.ok());
    CHECK(refusal(check_home(options(home))) == ErrorCode::storage_in_use);
    CHECK(refusal(repair_home(options(home))) == ErrorCode::storage_in_use);
    CHECK(refusal(Client::open(options(home))) == ErrorCode::storage_in_use);
    // None of the refused ones has taken the lock with it: POSIX locks go when any descriptor of the file is closed.
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const int fd = ::open((home + "/godwit.db").c_str(), O_RDWR | O_CLOEXEC);
        struct flock lock{};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        ::_exit(fd >= 0 && ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    client->reset();
    CHECK(check_home(options(home)).ok());
}

TEST_CASE("repair saves what is undamaged, keeps the damaged store, and the home works")
{
    const test::TemporaryFolder folder;
    const auto home = folder / "a";
    fill(home);
    damage(home);
    const Files damaged = files_of(home);
    auto repaired = repair_home(options(home));
    REQUIRE_MESSAGE(repaired.ok(), repaired.error().detail);
    CHECK_FALSE(repaired->was_sound);
    CHECK_FALSE(repaired->complete);
    CHECK(repaired->kept_as == home + "/godwit.db.damaged-1");
    const auto& messages = table(*repaired, "message");
    CHECK(messages.pages_lost == 1);
    CHECK(messages.rows_lost > 0);
    CHECK(messages.rows + messages.rows_lost == 200);
    const Files after = files_of(home);
    CHECK(after.size() == 2);
    CHECK(after.at("godwit.db.damaged-1") == damaged.at("godwit.db"));
    CHECK((fs::status(home + "/godwit.db").permissions() & fs::perms::mask) ==
          (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(check_home(options(home))->sound());
    CHECK(messages_in(home) == messages.rows);
    CHECK(Client::open(options(home)).ok());
    CHECK(repair_home(options(home))->was_sound);
}

TEST_CASE("a repair that dies leaves the damaged store, or is finished by whoever opens the home next")
{
    const test::TemporaryFolder folder;
    const auto model = folder / "model";
    fill(model);
    damage(model);
    const auto repaired = folder / "repaired";
    fs::copy(model, repaired);
    REQUIRE(repair_home(options(repaired)).ok());
    const std::string good = files_of(repaired).at("godwit.db");
    const std::string bad = files_of(model).at("godwit.db");
    const auto write = [](const std::string& path, const std::string& content) {
        std::ofstream(path, std::ios::binary) << content;
    };
    for (int died_at = 0; died_at < 5; ++died_at) {
        CAPTURE(died_at);
        const auto home = folder / ("home" + std::to_string(died_at));
        const fs::path database = home + "/godwit.db";
        fs::copy(model, home);
        write(database.string() + "-wal", "");
        write(sqlite::repair_path(database).string(), died_at == 0 ? good.substr(0, 9000) : good);
        if (died_at >= 1) REQUIRE(sqlite::begin_swap(database, 1).ok());
        if (died_at >= 2) fs::rename(database, sqlite::damaged_path(database, 1));
        if (died_at >= 3) fs::rename(database.string() + "-wal", sqlite::damaged_path(database, 1).string() + "-wal");
        if (died_at >= 4) fs::rename(sqlite::repaired_path(database, 1), database);
        const bool happened = died_at >= 1;
        auto checked = check_home(options(home));
        REQUIRE_MESSAGE(checked.ok(), checked.error().detail);
        CHECK(checked->sound() == happened);
        if (died_at % 2 == 0) CHECK(repair_home(options(home)).ok());
        if (died_at % 2 == 1) CHECK(Client::open(options(home)).ok());
        CHECK(check_home(options(home))->sound());
        const Files files = files_of(home);
        CHECK(files.at("godwit.db.damaged-1") == bad);
        for (const auto& [name, content] : files)
            CHECK_MESSAGE(name.find(".repair") == std::string::npos, name);
        CHECK(messages_in(home) == messages_in(repaired));
    }
}

TEST_CASE("damaged stores that are kept: nine, and then a word about it; one repair at a time")
{
    const test::TemporaryFolder folder;
    const auto home = folder / "a";
    fill(home);
    for (int n = 1; n <= sqlite::damaged_kept_max; ++n) {
        damage(home);
        auto repaired = repair_home(options(home));
        REQUIRE_MESSAGE(repaired.ok(), repaired.error().detail);
        CHECK(repaired->kept_as.ends_with("damaged-" + std::to_string(n)));
    }
    damage(home);
    const Files before = files_of(home);
    auto refused = repair_home(options(home));
    CHECK(refusal(refused) == ErrorCode::storage_failed);
    CHECK(refused.error().detail.find("remove") != std::string::npos);
    CHECK(files_of(home) == before);
    fs::remove(home + "/godwit.db.damaged-4");
    const auto lock = sqlite::SwapLock::take(home);
    REQUIRE(lock.ok());
    CHECK(refusal(repair_home(options(home))) == ErrorCode::storage_in_use);
    {
        auto released = sqlite::SwapLock::take(home);
        CHECK_FALSE(released.ok());
    }
}
