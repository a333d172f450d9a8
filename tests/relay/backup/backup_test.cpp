// SPDX-License-Identifier: Apache-2.0
#include "relay/backup/keep.hpp"
#include "relay/backup/prune.hpp"
#include "relay/backup/restore.hpp"
#include "relay/store/store.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace godwit;
using namespace godwit::relay;
namespace fs = std::filesystem;

namespace {

/// A data directory with a database that grows, and a folder of copies.
struct Rig {
    fs::path root = [] {
        char name[] = "/tmp/godwit-backup-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return fs::path(name);
    }();
    fs::path data = root / "data", folder = root / "copies", snapshot = root / "snapshot.db";

    Rig()
    {
        fs::create_directory(data);
        fs::create_directory(folder);
        std::ofstream(data / "identity.key") << std::string(64, 'a') << "\n";
    }
    ~Rig() { fs::remove_all(root); }

    [[nodiscard]] std::string database() const { return (data / "relay.db").string(); }
    /// Accounts `from` to `to`.
    void add(int from, int to) const
    {
        auto store = Store::open(database());
        REQUIRE(store.ok());
        for (int i = from; i < to; ++i) {
            StoredAccount account;
            account.user = "user" + std::to_string(i);
            account.account_key = *PublicKey::from(Bytes(32, static_cast<std::uint8_t>(i)));
            account.device_list = Bytes(2000, static_cast<std::uint8_t>(i));
            (void)store->add_account(account, 1);
        }
        REQUIRE(store->commit().ok());
    }
    [[nodiscard]] bool has(int number, const fs::path& database) const
    {
        auto store = Store::open(database.string());
        REQUIRE(store.ok());
        return store->account("user" + std::to_string(number)).has_value();
    }
    Result<backup::Manifest> keep(bool incremental, std::size_t incrementals_max = 0)
    {
        fs::remove(snapshot);
        {
            auto store = Store::open(database());
            REQUIRE(store.ok());
            auto copy = store->copy_to(snapshot.string());
            REQUIRE(copy.ok());
            for (;;) {
                const auto whole = (*copy)->step(3);
                REQUIRE(whole.ok());
                if (*whole) break;
            }
        }
        return backup::keep(folder, {snapshot, data / "identity.key", "test", 1'800'000'000'000},
                            {incremental, incrementals_max});
    }
};

void flip(const fs::path& file, std::int64_t at)
{
    std::fstream in(file, std::ios::binary | std::ios::in | std::ios::out);
    in.seekg(at);
    const auto one = static_cast<char>(in.get() ^ 1);
    in.seekp(at);
    in.put(one);
}

} // namespace

TEST_CASE("full and incremental copies; each can be restored, the newest by default")
{
    Rig rig;
    rig.add(0, 10);
    const auto first = rig.keep(true); // nothing is there yet: a full one
    REQUIRE_MESSAGE(first.ok(), first.error().detail);
    CHECK(first->is_full);
    rig.add(10, 200);
    const auto second = rig.keep(true);
    REQUIRE_MESSAGE(second.ok(), second.error().detail);
    CHECK(!second->is_full);
    CHECK(second->pages > first->pages); // it grew
    const auto third = rig.keep(true);
    REQUIRE(third.ok());
    CHECK(third->changed < second->changed); // next to nothing happened
    rig.add(200, 201);
    const auto fourth = rig.keep(false);
    REQUIRE(fourth.ok());
    CHECK(fourth->is_full);
    const auto sound = backup::verify(rig.folder);
    REQUIRE_MESSAGE(sound.ok(), sound.error().detail);
    CHECK(sound->size() == 4);

    struct Row {
        std::uint32_t number;
        int newest; ///< The last account that is in it.
    };
    for (const auto& row : {Row{1, 9}, Row{2, 199}, Row{3, 199}, Row{4, 200}, Row{0, 200}}) {
        CAPTURE(row.number);
        const auto to = rig.root / ("restored" + std::to_string(row.number));
        fs::create_directory(to);
        const auto out = backup::restore(rig.folder, row.number, to);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        CHECK(out->kept.empty());
        CHECK(rig.has(row.newest, to / "relay.db"));
        CHECK(!rig.has(row.newest + 1, to / "relay.db"));
        CHECK(fs::exists(to / "identity.key"));
    }
}

TEST_CASE("a restore keeps what was there, skips numbers that may have been given, and refuses another relay's key")
{
    Rig rig;
    rig.add(0, 2);
    std::uint64_t floor = 0;
    {
        auto store = Store::open(rig.database());
        REQUIRE(store.ok());
        StoredDevice device;
        device.key = *DeviceId::from(Bytes(32, 7));
        device.account = store->account("user0")->row;
        const auto row = store->add_device(device, 1);
        store->set_sequence_floor(row, 65);
        REQUIRE(store->commit().ok());
        floor = 65;
    }
    REQUIRE(rig.keep(false).ok());
    rig.add(2, 4);
    const auto out = backup::restore(rig.folder, 0, rig.data);
    REQUIRE_MESSAGE(out.ok(), out.error().detail);
    CHECK(out->kept.filename() == "relay.db.damaged-1");
    CHECK(!rig.has(2, rig.data / "relay.db"));
    CHECK(rig.has(2, out->kept));
    {
        auto store = Store::open(rig.database());
        REQUIRE(store.ok());
        CHECK(store->sequence_floor(store->device(*DeviceId::from(Bytes(32, 7)))->row) == floor + 1'000'000);
    }
    std::ofstream(rig.data / "identity.key") << std::string(64, 'b') << "\n";
    const auto refused = backup::restore(rig.folder, 0, rig.data);
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == ErrorCode::invalid_argument);
    const auto mixed = rig.keep(true);
    REQUIRE(!mixed.ok());
    CHECK(mixed.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("whatever is damaged, missing or put together from two is found, and is not restored")
{
    struct Row {
        const char* what;
        std::function<void(const fs::path&)> damage;
    };
    const Row rows[] = {
        {"a page of the full copy", [](const fs::path& f) { flip(f / "000001-full/relay.db", 5000); }},
        {"a page of an increment", [](const fs::path& f) { flip(f / "000002-incremental/pages.bin", 100); }},
        {"a page's number", [](const fs::path& f) { flip(f / "000002-incremental/pages.bin", 3); }},
        {"sums", [](const fs::path& f) { flip(f / "000002-incremental/pages.sum", 40); }},
        {"the key", [](const fs::path& f) { flip(f / "000002-incremental/identity.key", 1); }},
        {"a manifest", [](const fs::path& f) { flip(f / "000001-full/manifest.toml", 3); }},
        {"cut short", [](const fs::path& f) { fs::resize_file(f / "000002-incremental/pages.bin", 4100); }},
        {"cut inside", [](const fs::path& f) { fs::resize_file(f / "000001-full/relay.db", 5000); }},
        {"no full copy", [](const fs::path& f) { fs::remove_all(f / "000001-full"); }},
        {"no manifest", [](const fs::path& f) { fs::remove(f / "000002-incremental/manifest.toml"); }},
        {"another name", [](const fs::path& f) { fs::rename(f / "000002-incremental", f / "000003-incremental"); }},
    };
    Rig rig;
    rig.add(0, 5);
    REQUIRE(rig.keep(false).ok());
    rig.add(5, 60);
    REQUIRE(rig.keep(true).ok());
    REQUIRE(backup::verify(rig.folder).ok());
    const auto to = rig.root / "restored";
    fs::create_directory(to);
    for (const auto& row : rows) {
        CAPTURE(row.what);
        const auto copy = rig.root / "copy";
        fs::remove_all(copy);
        fs::copy(rig.folder, copy, fs::copy_options::recursive);
        row.damage(copy);
        const auto verified = backup::verify(copy);
        REQUIRE(!verified.ok());
        CHECK(verified.error().code == ErrorCode::storage_corrupt);
        CHECK(!verified.error().detail.empty());
        CHECK(!backup::restore(copy, 0, to).ok());
        CHECK(!fs::exists(to / "relay.db"));
        CHECK(!fs::exists(to / "relay.db.repair"));
        CHECK(!fs::exists(copy / ".verify.db"));
    }
}

TEST_CASE("what a backup that died has left is neither a copy nor in the way")
{
    Rig rig;
    rig.add(0, 5);
    REQUIRE(rig.keep(false).ok());
    fs::create_directory(rig.folder / ".new");
    std::ofstream(rig.folder / ".new/relay.db") << "half";
    CHECK(backup::verify(rig.folder).ok());
    const auto next = rig.keep(true);
    REQUIRE(next.ok());
    CHECK(next->number == 2);
    CHECK(!fs::exists(rig.folder / ".new"));
}

TEST_CASE("a copy of a database that is written to meanwhile is the database of its end")
{
    Rig rig;
    rig.add(0, 100);
    auto store = Store::open(rig.database());
    REQUIRE(store.ok());
    auto copy = store->copy_to(rig.snapshot.string());
    REQUIRE(copy.ok());
    int next = 100;
    for (;;) {
        StoredAccount account;
        account.user = "user" + std::to_string(next++);
        account.account_key = *PublicKey::from([&] {
            Bytes out(32, 1);
            out[0] = static_cast<std::uint8_t>(next);
            out[1] = static_cast<std::uint8_t>(next / 256);
            return out;
        }());
        (void)store->add_account(account, 1);
        const auto inside = (*copy)->step(1000); // a transaction is open: nothing is copied
        REQUIRE(inside.ok());
        CHECK(!*inside);
        REQUIRE(store->commit().ok());
        const auto whole = (*copy)->step(2);
        REQUIRE(whole.ok());
        if (*whole) break;
        REQUIRE(next < 1000);
    }
    copy->reset();
    CHECK(rig.has(next - 1, rig.snapshot));
    auto there = store->copy_to(rig.snapshot.string());
    REQUIRE(!there.ok()); // nothing is written over
    CHECK(there.error().code == ErrorCode::storage_failed);
}

TEST_CASE("a full copy after so many incremental ones; of the old ones go those that nothing newer stands on")
{
    Rig rig;
    std::string kinds;
    for (int i = 0; i < 10; ++i) {
        rig.add(i, i + 1);
        const auto kept = rig.keep(true, 2);
        REQUIRE(kept.ok());
        kinds += kept->is_full ? 'f' : 'i';
    }
    CHECK(kinds == "fiifiifiif");
    const auto numbers = [&] {
        std::string out;
        const auto all = backup::list(rig.folder);
        REQUIRE(all.ok());
        for (const auto& one : *all)
            out += std::to_string(one.number) + " ";
        return out;
    };
    CHECK(backup::prune(rig.folder, 5)->empty());
    CHECK(backup::prune(rig.folder, 4)->empty());
    // One that died: a copy was put aside, and half of it is gone.
    fs::create_directory(rig.folder / ".old");
    std::ofstream(rig.folder / ".old" / "pages.sum") << "x";
    const auto gone = backup::prune(rig.folder, 3);
    REQUIRE(gone.ok());
    CHECK(gone->size() == 3);
    CHECK(gone->front().number == 3); // so that what is left at any moment is whole
    CHECK_FALSE(fs::exists(rig.folder / ".old"));
    CHECK(numbers() == "4 5 6 7 8 9 10 ");
    CHECK(backup::verify(rig.folder).ok());
    CHECK(backup::prune(rig.folder, 1)->size() == 6);
    CHECK(numbers() == "10 ");
    CHECK(backup::prune(rig.folder, 0)->empty()); // a folder without any is no backup
    CHECK(numbers() == "10 ");
    fs::create_directory(rig.root / "again");
    REQUIRE(backup::restore(rig.folder, 0, rig.root / "again").ok());
    CHECK(rig.has(9, rig.root / "again" / "relay.db"));
    const auto next = rig.keep(true, 2);
    REQUIRE(next.ok());
    CHECK(next->number == 11);
    CHECK_FALSE(next->is_full);
}
