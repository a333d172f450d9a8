// SPDX-License-Identifier: Apache-2.0
// Files that something other than us wrote over: superblocks, write-ahead logs, whole images.
#include "tests/fuzz/target.hpp"
#include "tests/lib/sqlite/support.hpp"

#include "lib/sqlite/row_scan.hpp"
#include "lib/sqlite/superblock.hpp"
#include "lib/sqlite/wal_scan.hpp"

#include <cstring>
#include <sodium.h>

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

constexpr std::int64_t notes = 12;
constexpr std::size_t superblock_used_bytes = 140;
constexpr std::size_t units_max = 12;

// ---- superblocks ----

std::vector<Bytes> superblocks()
{
    std::vector<Bytes> out;
    for (const auto& key : {raw_key(), passphrase("open sesame")}) {
        auto slot = wrap(key, SecretBytes(BytesView(Bytes(key_bytes, 5))), 3);
        FUZZ_CHECK(slot.ok());
        Bytes one{1};
        append(one, BytesView(*slot).first(superblock_used_bytes));
        out.push_back(one);
        one[0] = 0;
        out.push_back(std::move(one));
    }
    return out;
}

// ---- logs ----

const Sealer& sealer()
{
    static const Sealer made(SecretBytes(BytesView(Bytes(key_bytes, 5))));
    return made;
}

/// SQLite's header of a log of ours.
WalHeader wal_header(std::uint32_t salt, std::uint32_t sequence)
{
    WalHeader out{};
    store_be32(out.data(), 0x377f0682);
    store_be32(out.data() + 4, 3007000);
    store_be32(out.data() + 8, page_bytes);
    store_be32(out.data() + 12, sequence);
    store_be32(out.data() + 16, salt);
    store_be32(out.data() + 20, 7);
    WalChecksum sum;
    sum.add(out.data(), 24, false);
    store_be32(out.data() + 24, sum.a);
    store_be32(out.data() + 28, sum.b);
    return out;
}

std::vector<Bytes> logs()
{
    // Two bytes of headers, then a byte of kind and one of mark for each unit.
    return {{},
            {1, 0},
            {1, 0, 0, 0, 1, 1, 1, 2},
            {3, 1, 0, 0, 1, 2, 2, 2},
            {1, 0, 1, 1, 3, 0, 1, 1},
            {1, 0, 1, 1, 4, 9, 9}};
}

// ---- images ----

struct Images {
    Key key = raw_key();
    DiskImage closed;
    DiskImage killed;
    DiskImage older; ///< Killed, some transactions earlier.
    Images()
    {
        FaultDisk disk;
        auto how = options(disk, &key);
        {
            auto database = test::must(Database::open(how));
            test::must(database.checkpoint());
            for (std::int64_t id = 0; id < notes; ++id) {
                test::must(add_note(database, id, filler(700, static_cast<std::uint64_t>(id))));
                if (id == notes / 2) older = disk.image_killed();
            }
            killed = disk.image_killed();
        }
        closed = disk.image_killed();
    }
};

const Images& images()
{
    static const Images made;
    return made;
}

std::vector<Bytes> damages()
{
    return {{0, 0}, {1, 0}, {1, 1, 0, 0, 9}, {0, 1, 0, 40, 0, 7}, {1, 3, 1, 16, 0}, {1, 2, 1, 5, 2, 1, 4, 0}};
}

/// What is left of an image is looked at without touching it; rows that it gives are rows that were written.
void look_at_remains(const DiskImage& image)
{
    FaultDisk disk(image);
    const auto remains = Remains::open("home.db", images().key, disk.name());
    if (!remains.ok()) return;
    scan_rows(*remains, [](const Row& row) {
        if (row.keyed || !row.whole || row.columns.size() != 2 || row.columns[1].size != 700) return;
        FUZZ_CHECK(as_text(row.columns[1].bytes) == filler(700, static_cast<std::uint64_t>(row.rowid)));
    });
    FUZZ_CHECK(place_lost_pages(*remains).size() == remains->damage().lost_pages.size());
    FUZZ_CHECK(disk.image_killed() == image);
}

const Sealer& image_sealer()
{
    static const Sealer made([] {
        Slot slot;
        std::copy_n(images().closed.at("home.db").begin(), slot_bytes, slot.begin());
        return *unwrap(slot, images().key);
    }());
    return made;
}

std::vector<Bytes> page_changes()
{
    return {{0}, {1, 0, 8, 0, 13}, {2, 1, 0, 3, 255, 255}, {1, 0, 8, 0, 5, 2, 0, 12, 1, 1}, {0, 0, 0, 100, 2}};
}

} // namespace

FUZZ_TARGET(sqlite_rows, "", 256, page_changes)
{
    // Pages that authenticate and make no sense, as a bug of SQLite's or ours could write them: read within bounds.
    Choices choices(input);
    DiskImage image = images().closed;
    auto& file = image["home.db"];
    const std::size_t pages = (file.size() - prefix_bytes) / page_bytes;
    while (!choices.empty()) {
        const std::size_t page = choices.dice(pages);
        const auto at = file.begin() + static_cast<std::ptrdiff_t>(prefix_bytes + page * page_bytes);
        std::array<std::uint8_t, page_bytes> disk;
        std::array<std::uint8_t, page_bytes> plain;
        std::copy_n(at, page_bytes, disk.begin());
        FUZZ_CHECK(image_sealer().open_page(page, disk.data(), plain.data()));
        for (std::size_t n = 1 + choices.dice(4); n > 0 && !choices.empty(); --n) {
            const auto where = choices.number(2) % body_bytes;
            plain[choices.flag() ? where % 120 : where] = choices.byte();
        }
        image_sealer().seal_page(page, plain.data(), disk.data());
        std::copy_n(disk.begin(), page_bytes, at);
    }
    FaultDisk disk(image);
    const auto remains = Remains::open("home.db", images().key, disk.name());
    FUZZ_CHECK(remains.ok());
    scan_rows(*remains, [](const Row& row) { FUZZ_CHECK(row.columns.size() <= 100); });
    FUZZ_CHECK(place_lost_pages(*remains).size() == remains->damage().lost_pages.size());
}

FUZZ_TARGET(sqlite_superblock, "", superblock_used_bytes + 1, superblocks)
{
    Choices choices(input);
    const bool fix_hash = choices.flag();
    const auto used = choices.rest();
    Slot slot{};
    std::copy(used.begin(), used.end(), slot.begin());
    if (fix_hash) crypto_generichash(slot.data() + slot_bytes - 32, 32, slot.data(), slot_bytes - 32, nullptr, 0);
    (void)is_stillborn(slot, slot_bytes);
    if (slot_health(slot) != SlotHealth::whole) return;
    FUZZ_CHECK(slot_health(as_born(slot)) == SlotHealth::whole && slot_born(as_born(slot)));
    (void)slot_generation(slot);
    static const Key raw = raw_key();
    static const Key phrase = passphrase("open sesame");
    if (const auto opened = unwrap(slot, raw); opened.ok())
        FUZZ_CHECK(opened->size() == key_bytes);
    else
        FUZZ_CHECK(opened.error().code == ErrorCode::wrong_key);
    // Bounds hold the cost down (key.hpp); a run of the fuzzer wants it lower still.
    const auto ops = load_be64(slot.data() + 32);
    const auto memory = load_be64(slot.data() + 40);
    if (ops > 4 && ops <= KdfCost::ops_max) return;
    if (memory > 65536 && memory <= KdfCost::memory_bytes_max) return;
    if (const auto opened = unwrap(slot, phrase); !opened.ok())
        FUZZ_CHECK(opened.error().code == ErrorCode::wrong_key || opened.error().code == ErrorCode::storage_corrupt);
}

FUZZ_TARGET(sqlite_wal, "", 256, logs)
{
    Choices choices(input);
    const auto headers = choices.byte();
    const auto sequences = choices.byte();
    Bytes file(prefix_bytes);
    WalHeader current{};
    for (unsigned slot = 0; slot < 2; ++slot) {
        if ((headers >> slot & 1) == 0) continue;
        const auto header = wal_header(50 + slot, sequences + slot);
        sealer().seal_wal_header(slot, header.data(), file.data() + slot * slot_bytes);
        if ((headers >> (2 + slot) & 1) != 0) file[slot * slot_bytes + 30] ^= 1;
        current = header;
    }
    // Units: kind 0 good, 1 good and a commit, 2 of another generation, 3 wrong checksum, 4 not authentic, 5 of another
    // place, 6 short: the end.
    WalChecksum chain{load_be32(current.data() + 24), load_be32(current.data() + 28)};
    std::uint64_t good = 0;
    bool all_good = (headers & 15) == 1 || (headers & 15) == 2;
    std::uint64_t marked = 0;
    std::uint64_t units = 0;
    for (; units < units_max && !choices.empty(); ++units) {
        const auto kind = choices.dice(7);
        const auto mark = choices.dice(units_max + 4);
        Bytes plain(unit_plain_bytes);
        store_be32(plain.data(), static_cast<std::uint32_t>(units + 1));
        store_be32(plain.data() + 4, kind == 1 ? 5 : 0);
        store_be32(plain.data() + 8,
                   load_be32(current.data() + 16) + (kind == 2 ? static_cast<std::uint32_t>(mark + 1) : 0));
        store_be32(plain.data() + 12, 7);
        plain[frame_header_bytes + 5] = static_cast<std::uint8_t>(mark);
        auto next = chain;
        next.add(plain.data(), 8, false);
        next.add(plain.data() + frame_header_bytes, body_bytes, false);
        next.add(Bytes(reserved_bytes).data(), reserved_bytes, false);
        store_be32(plain.data() + 16, next.a + (kind == 3 ? 1 : 0));
        store_be32(plain.data() + 20, next.b);
        store_be64(plain.data() + frame_header_bytes + body_bytes, mark);
        Bytes disk(unit_bytes);
        sealer().seal_unit(units + (kind == 5 ? 1 : 0), plain.data(), disk.data());
        if (kind == 4) disk[100] ^= 1;
        if (kind == 6) disk.resize(1 + mark * 100);
        append(file, disk);
        if (kind == 0 || kind == 1 || kind == 3) marked = std::max<std::uint64_t>(marked, mark);
        all_good = all_good && (kind == 0 || kind == 1);
        if (all_good) {
            ++good;
            chain = next;
        }
        if (kind == 6) {
            ++units;
            break;
        }
    }
    if (choices.flag()) file.resize(choices.number(2) % (file.size() + 1));

    const auto bytes = file.size();
    FaultDisk disk(DiskImage{{"x-wal", file}});
    RawFile raw;
    auto* const vfs = sqlite3_vfs_find(disk.name());
    FUZZ_CHECK(raw.open(vfs, "x-wal", SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
    WalScan scan;
    FUZZ_CHECK(scan_wal(raw, sealer(), scan) == SQLITE_OK);
    FUZZ_CHECK(scan.frames_committed <= scan.frames_valid);
    FUZZ_CHECK(scan.frames_valid <= units && scan.frames_damaged <= units);
    // What is whole is taken, and what was synced is missed.
    if (bytes == prefix_bytes + units * unit_bytes && (headers & 15) == 1) {
        FUZZ_CHECK(scan.frames_valid == good);
        if (marked > good) FUZZ_CHECK(scan.corrupt.has_value());
        if (all_good && marked <= good) FUZZ_CHECK(!scan.corrupt.has_value());
    }
}

FUZZ_TARGET(sqlite_open, "", 128, damages)
{
    Choices choices(input);
    const bool killed = choices.flag();
    DiskImage image = killed ? images().killed : images().closed;
    bool shorter = false;  // A log that ends with an older commit is an older log: no log can tell (wal_scan.hpp).
    bool replayed = false; // Old bytes of our own put back: authentic, and not always to be told apart.
    for (std::size_t n = choices.dice(5); n > 0; --n) {
        const std::string path = choices.flag() && image.contains("home.db-wal") ? "home.db-wal" : "home.db";
        auto& file = image[path];
        const auto at = file.empty() ? 0 : choices.number(2) * 16 % file.size();
        switch (choices.dice(7)) {
        case 0:
            if (!file.empty()) file[at] ^= static_cast<std::uint8_t>(1u << choices.dice(8));
            break;
        case 1:
            file.resize(at);
            shorter = true;
            break;
        case 2: append(file, choices.bytes(40)); break;
        case 3: { // A page from elsewhere in the same file.
            const auto from = choices.dice(40) * unit_bytes;
            if (from + unit_bytes <= file.size() && at + unit_bytes <= file.size())
                std::memmove(file.data() + at / page_bytes * page_bytes, file.data() + from, page_bytes);
            replayed = true;
            break;
        }
        case 4: { // A part of an older moment.
            const auto& old = images().older.at(path == "home.db" ? "home.db" : "home.db-wal");
            const auto size = choices.dice(40) * page_bytes;
            for (std::size_t i = at; i < std::min({at + size, file.size(), old.size()}); ++i)
                file[i] = old[i];
            replayed = true;
            break;
        }
        case 5:
            std::fill(file.begin() + static_cast<std::ptrdiff_t>(at),
                      file.begin() + static_cast<std::ptrdiff_t>(std::min(file.size(), at + 512)), std::uint8_t{0});
            break;
        default:
            image.erase(path);
            replayed = true;
            if (path == "home.db") return;
        }
    }
    if (image.contains("home.db") && !replayed) look_at_remains(image);
    // No file, or short, damaged and alone: a creation that a power cut tore looks the same, and starts over
    // (superblock.hpp).
    const auto main_bytes = image["home.db"].size();
    const bool alone = !image.contains("home.db-wal") || image["home.db-wal"].empty();
    if (main_bytes == 0 || (main_bytes <= slot_bytes && alone)) replayed = true;
    FaultDisk disk(image);
    bool tail = false;
    auto how = options(disk, &images().key);
    how.on_wal_tail = [&](const WalTail& found) {
        tail = true;
        FUZZ_CHECK(found.frames_unfinished + found.frames_damaged > 0);
    };
    auto database = Database::open(how);
    if (!database.ok()) {
        FUZZ_CHECK(!database.error().detail.empty());
        FUZZ_CHECK(database.error().code == ErrorCode::storage_corrupt ||
                   database.error().code == ErrorCode::wrong_key ||
                   database.error().code == ErrorCode::storage_too_new);
        return;
    }
    if (const auto checked = database->check(); !checked.ok()) {
        FUZZ_CHECK(checked.error().code == ErrorCode::storage_corrupt);
        return;
    }
    // What can be read is what was written, from the first note to some last one.
    const auto count = count_notes(*database);
    if (!count.ok()) return;
    if (replayed) return;
    FUZZ_CHECK(*count == notes || tail || shorter);
    for (std::int64_t id = 0; id < *count; ++id) {
        auto statement = database->prepare("SELECT text FROM note WHERE id = ?1");
        FUZZ_CHECK(statement.ok());
        statement->bind(id);
        const auto row = statement->step();
        FUZZ_CHECK(row.ok() && *row && statement->text(0) == filler(700, static_cast<std::uint64_t>(id)));
    }
}
