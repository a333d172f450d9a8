// SPDX-License-Identifier: Apache-2.0
// relay.db when it is damaged. Nothing on the disk proves a page: what contradicts itself is found and named, what was
// not touched is saved, and what is made is a sound database that a relay can run on.
#include "relay/store/admin_tables.hpp"
#include "relay/store/departed_table.hpp"
#include "relay/store/directory_tables.hpp"
#include "relay/store/event_table.hpp"
#include "relay/store/policy_tables.hpp"
#include "relay/store/rescue.hpp"
#include "relay/store/schema.hpp"
#include "relay/store/store.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "lib/sqlite/layout.hpp"
#include "tests/support/power_cuts.hpp"
#include "tests/support/table_rows.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using namespace godwit::relay;
using godwit::test::Rows;
using sqlite::DiskImage;
using sqlite::FaultDisk;

namespace {

// As many as give each table of some size several pages, and envelopes a tree of them: each page is lost in turn, and
// what that takes grows with the square.
constexpr std::uint64_t accounts = 40;
constexpr std::uint64_t letters = 240;

template <class Id>
Id id_of(std::uint64_t n)
{
    Id out;
    std::mt19937_64 random(n + 1);
    for (auto& byte : out.bytes)
        byte = static_cast<std::uint8_t>(random());
    return out;
}

Bytes filler(std::size_t size, std::uint64_t n)
{
    Bytes out(size);
    std::mt19937_64 random(n + 7);
    for (auto& byte : out)
        byte = static_cast<std::uint8_t>(random());
    return out;
}

void fill(Store& store)
{
    std::vector<DeviceRow> devices;
    std::vector<AccountRow> rows;
    for (std::uint64_t n = 0; n < accounts; ++n) {
        StoredAccount account;
        account.user = "user" + std::to_string(n);
        account.app = n % 5 == 0 ? 1 : 0;
        account.account_key = id_of<PublicKey>(n);
        account.vault = filler(120, n);
        account.device_list = filler(300, n);
        rows.push_back(store.add_account(account, 1));
        for (std::uint64_t d = 0; d < 2; ++d) {
            StoredDevice device;
            device.account = rows.back();
            device.key = id_of<DeviceId>(1000 + 2 * n + d);
            device.client_version = "0.1.0";
            device.platform = "test";
            devices.push_back(store.add_device(device, 2));
            for (std::uint64_t k = 0; k < 3; ++k)
                store.add_key_package(devices.back(), id_of<KeyPackageDigest>(9000 + 10 * n + 3 * d + k),
                                      filler(500, n * 10 + k), 3);
            store.set_last_resort(devices.back(), filler(500, n), 3);
            store.remember_removed(rows.back(), id_of<DeviceId>(90'000 + 2 * n + d));
        }
        for (std::uint64_t other = n > 3 ? n - 3 : 0; other < n; ++other) {
            store.set_contact(rows[n], rows[other], RosterState::accepted, 4);
            store.set_contact(rows[other], rows[n], RosterState::accepted, 4);
        }
        if (n > 0) {
            const auto group = store.add_group(id_of<ConversationId>(n), rows[n], rows[n - 1], 5);
            for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
                StoredCommit commit;
                commit.incarnation = 1;
                commit.epoch = epoch;
                commit.from = id_of<DeviceId>(1000 + 2 * n);
                commit.id = id_of<MessageId>(50'000 + n * 10 + epoch);
                commit.rules = filler(32, n);
                const auto row = store.add_group_commit(group, commit, filler(900, n));
                store.set_commit_voters(group, row, {devices[2 * n], devices[2 * n - 1]}, {});
            }
            store.set_group(group, 1, 3, 6);
            if (n % 4 == 0) {
                const auto id = id_of<ConversationId>(1000 + n);
                const auto many = store.add_group(id, rows[n], 0, 5);
                const Bytes secret = filler(96, n);
                for (std::uint64_t member = n - 4; member <= n; ++member)
                    store.set_member(many, rows[member], member % 3 != 0, &secret, 1, 6);
                store.set_join(many, rows[(n + 1) % n], filler(200, n), 6);
                const auto tree = store.add_tree(rows[n], id, id_of<wire::TreeId>(n), 2, 6);
                for (std::uint32_t piece = 0; piece < 2; ++piece)
                    store.add_tree_piece(tree, piece, filler(700, n + piece));
            }
        }
        REQUIRE(store.commit().ok());
    }
    std::map<DeviceRow, std::uint64_t> next;
    for (std::uint64_t n = 0; n < letters; ++n) {
        // Some run over several pages.
        const wire::Envelope envelope{id_of<MessageId>(n), filler(n % 9 == 0 ? 9000 + n : 300 + n, n)};
        const auto row = store.add_envelope(id_of<DeviceId>(1000 + n % 7), rows[n % 7],
                                            n % 5 == 0 ? EnvelopeKind::handshake : EnvelopeKind::content, envelope, 7);
        for (std::uint64_t d = 0; d <= n % 3; ++d) {
            const auto to = devices[(n * 3 + d) % devices.size()];
            store.add_mail(to, ++next[to], row);
        }
        if (n % 10 == 9) REQUIRE(store.commit().ok());
    }
    for (std::uint64_t n = 0; n < 5; ++n) {
        const auto blob = store.add_blob(id_of<wire::BlobId>(70'000 + n), rows[n], 2, 5);
        for (std::uint32_t piece = 0; piece < 2; ++piece)
            store.add_blob_piece(blob, piece, filler(600 + 700 * n, n), 856 + 700 * n);
    }
    for (std::uint64_t n = 0; n < 12; ++n) {
        StoredNotice notice;
        notice.id = id_of<NoticeId>(80'000 + n);
        notice.to_all = n % 3 == 0;
        notice.created_ms = static_cast<WallMs>(10 + n);
        notice.expires_ms = 100;
        notice.title = "notice " + std::to_string(n);
        notice.text = std::string(n * 300, 'x');
        const auto sequence =
            store.add_notice(notice, notice.to_all ? std::vector<AccountRow>() : std::vector{rows[n], rows[n + 1]});
        store.advance_notice_cursor(devices[n], sequence);
    }
    for (std::uint64_t n = 1; n <= 20; ++n) {
        PolicyTable(store).set(rows[n], {5, std::string(n * 10, 'x'), {n, std::nullopt, 7}});
        BanTable(store).add({0,
                             BanKind::address,
                             "10.0." + std::to_string(n) + ".0/24",
                             {{10, 0, static_cast<std::uint8_t>(n), 0}, 24},
                             std::string(n * 10, 'y'),
                             5,
                             0});
        InvitationTable(store).add(
            {"guest" + std::to_string(n), n % 2 == 0 ? std::optional(id_of<PublicKey>(n)) : std::nullopt, 5, 9});
        StoredReport report{0, "user1", "user2", "spam", std::string(n * 30, 'z'), 5, 0, "", ""};
        report.conversation = id_of<ConversationId>(n);
        report.messages = {{id_of<MessageId>(n), "user2", 5, n % 2 == 0, std::string(n, 'm')}};
        (void)ReportTable(store).add(report);
        StoredApp app;
        app.name = "app" + std::to_string(n);
        app.key = "key" + std::to_string(n);
        const auto of = AppTable(store).add(app);
        StoredNotice to_app;
        to_app.id = id_of<NoticeId>(81'000 + n);
        to_app.to_all = true;
        to_app.app = of;
        to_app.created_ms = static_cast<WallMs>(30 + n);
        to_app.expires_ms = 100;
        to_app.title = "to " + app.name;
        (void)store.add_notice(to_app, {});
        EventTable(store).add({0, 5, "account.created", "user" + std::to_string(n), "{}"});
        UptimeTable(store).add(static_cast<std::int64_t>(472'000 + n), 60, n);
        const auto department = DirectoryTable(store).add_department(n > 1 ? static_cast<DepartmentRow>(n / 2) : 0,
                                                                     "department " + std::to_string(n), 5);
        DirectoryTable(store).set_member(
            {"user" + std::to_string(n), department, "Some One", "", std::string(n * 5, 'm')});
        CursorTable(store).set("hook" + std::to_string(n), n);
        TokenTable(store).add({"token" + std::to_string(n), 3, id_of<TokenHash>(n), 5, 0});
        AuditTable(store).add({n, 5, "token1", 3, "bans.write", std::string(n * 40, 'x'), "{}", id_of<AuditLink>(n)});
    }
    for (std::uint64_t n = 0; n < 40; ++n) {
        StoredAccount gone;
        gone.row = static_cast<AccountRow>(1000 + n);
        gone.user = "gone" + std::to_string(n);
        gone.account_key = id_of<PublicKey>(60'000 + n);
        gone.device_list = filler(300, n);
        DepartedTable(store).add(gone, {rows[n], rows[(n + 1) % accounts]}, 5);
    }
    for (const auto& [device, sequence] : next)
        store.set_sequence_floor(device, sequence + 1);
    REQUIRE(store.commit().ok());
}

/// What a kill leaves: main file and log.
const DiskImage& killed()
{
    static const DiskImage out = [] {
        FaultDisk disk;
        auto store = Store::open("relay.db", disk.name());
        REQUIRE(store.ok());
        fill(*store);
        return disk.image_killed();
    }();
    return out;
}

/// All in the main file.
const DiskImage& closed()
{
    static const DiskImage out = [] {
        FaultDisk disk(killed());
        REQUIRE(Store::open("relay.db", disk.name()).ok());
        return DiskImage{{"relay.db", disk.image_killed().at("relay.db")}};
    }();
    return out;
}

sqlite::OpenOptions reading(const FaultDisk& disk, const char* path)
{
    sqlite::OpenOptions out;
    out.path = path;
    out.schema = schema();
    out.vfs_name = disk.name();
    return out;
}

const Rows& before()
{
    static const Rows out = [] {
        FaultDisk disk(closed());
        auto database = sqlite::Database::open(reading(disk, "relay.db"));
        REQUIRE(database.ok());
        return godwit::test::rows_of(*database, catalogue().tables);
    }();
    return out;
}

struct Outcome {
    std::vector<std::string> findings;
    Salvage salvage;
    Rows rows;
};

/// Examines and repairs; the new database must be a sound one that a relay can use.
Result<Outcome> rescue(const DiskImage& image)
{
    FaultDisk disk(image);
    Outcome out;
    {
        auto remains = sqlite::Remains::open_plain("relay.db", disk.name());
        if (!remains.ok()) return remains.error();
        auto findings = sqlite::examine(*remains, catalogue());
        if (!findings.ok()) return findings.error();
        out.findings = findings->sentences;
        auto saved = salvage(*remains, "new.db", disk.name());
        REQUIRE_MESSAGE(saved.ok(), saved.error().detail);
        out.salvage = *saved;
    }
    const auto after = disk.image_killed();
    for (const auto& [path, content] : image)
        CHECK_MESSAGE(after.at(path) == content, path << " was touched");
    auto database = sqlite::Database::open(reading(disk, "new.db"));
    REQUIRE_MESSAGE(database.ok(), database.error().detail);
    auto checked = database->check();
    CHECK_MESSAGE(checked.ok(), (checked.ok() ? "" : checked.error().detail));
    CHECK(sqlite::broken_rules(*database, catalogue()).value() == std::vector<std::string>{});
    out.rows = godwit::test::rows_of(*database, catalogue().tables);
    return out;
}

std::size_t pages_of(const DiskImage& image)
{
    return image.at("relay.db").size() / sqlite::page_bytes;
}

DiskImage with_page(DiskImage image, std::size_t page, std::uint8_t byte)
{
    auto& file = image.at("relay.db");
    std::fill_n(file.begin() + static_cast<std::ptrdiff_t>((page - 1) * sqlite::page_bytes), sqlite::page_bytes, byte);
    return image;
}

std::size_t missing(const Rows& rows, const std::string& table)
{
    std::size_t out = 0;
    for (const auto& row : before().at(table))
        if (!rows.contains(table) || !rows.at(table).contains(row)) ++out;
    return out;
}

std::size_t invented(const Rows& rows, const std::string& table)
{
    std::size_t out = 0;
    if (rows.contains(table))
        for (const auto& row : rows.at(table))
            if (!before().at(table).contains(row)) ++out;
    return out;
}

/// Does the relay notice when it opens it?
Result<void> opens(const DiskImage& image)
{
    FaultDisk disk(image);
    auto store = Store::open("relay.db", disk.name());
    if (!store.ok()) return store.error();
    return store->look_over();
}

} // namespace

TEST_CASE("a sound database is found sound, with its log and without, and would be carried over whole")
{
    CHECK(before().size() == catalogue().tables.size()); // the database above has a row in each
    for (const DiskImage& image : {killed(), closed()}) {
        CHECK(opens(image).ok());
        auto out = rescue(image);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        CHECK(out->findings == std::vector<std::string>{});
        CHECK(out->salvage.complete());
        CHECK(out->rows == before());
    }
}

TEST_CASE(
    "one page gone, each in turn: noticed at the start, named, and it costs what stood in it and what refers to it")
{
    std::size_t pages_without_loss = 0;
    for (std::size_t page = 1; page <= pages_of(closed()); ++page) {
        CAPTURE(page);
        const auto image = with_page(closed(), page, 0);
        auto out = rescue(image);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        std::size_t lost = 0;
        for (const auto& table : catalogue().tables) {
            // Numbers are skipped on purpose where some may be lost.
            const std::string_view name = table.name;
            CAPTURE(name);
            // The last page of what is long and sealed says nothing of itself, and ends where it would without it.
            const bool sealed = name == "envelopes" || name == "blob_pieces";
            // A blob that has lost a piece has fewer bytes.
            const bool counts = name == "blobs" && missing(out->rows, "blob_pieces") > 0;
            // Cursors go back to the newest notice that is left.
            const bool behind =
                (name == "notice_cursors" && missing(out->rows, "notices") > 0) ||
                // Nobody is dropped because their application or department is lost.
                (name == "apps" && missing(out->rows, "apps") > 0) ||
                ((name == "directory_members" || name == "departments") && missing(out->rows, "departments") > 0);
            if (name != "devices" && !behind) CHECK(invented(out->rows, table.name) <= (sealed || counts ? 1U : 0U));
            if (name != "devices" && name != "mailbox") lost += missing(out->rows, table.name);
            CHECK(out->rows[table.name].size() <= before().at(table.name).size());
        }
        pages_without_loss += lost == 0 ? 1 : 0;
        // Sealed bytes say nothing of themselves: that a page of them is gone shows nowhere.
        if (out->findings.empty()) {
            CHECK(lost <= 1);
            CHECK(lost == missing(out->rows, "envelopes") + missing(out->rows, "blob_pieces"));
            continue;
        }
        if (lost > 0) CHECK_FALSE(out->salvage.complete());
        const bool quickly = !opens(image).ok();
        const bool only_rows = std::all_of(out->findings.begin(), out->findings.end(), [](const std::string& one) {
            return one.find("index") != std::string::npos || one.find("unused") != std::string::npos;
        });
        CHECK((quickly || only_rows));
    }
    CHECK(pages_without_loss > 5); // inner pages, indexes
}

TEST_CASE("the log is damaged: what lies behind the damage is saved, and the newest counts as doubtful")
{
    const auto& log = killed().at("relay.db-wal");
    const std::size_t frames = (log.size() - sqlite::wal_header_bytes) / sqlite::frame_bytes;
    REQUIRE(frames > 100);
    for (std::size_t frame = 0; frame < frames; frame += 7) {
        CAPTURE(frame);
        auto image = killed();
        image.at("relay.db-wal")[sqlite::wal_header_bytes + frame * sqlite::frame_bytes + 2000] ^= 0x40;
        auto out = rescue(image);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        if (out->findings.empty()) continue; // of the last transaction: it cannot be told from one that was torn
        CHECK(out->salvage.stale);
        // SQLite would have ended at the damage; here only rows of that page can be missing or older.
        CHECK(missing(out->rows, "accounts") <= 8);
        // A page of the mailbox has hundreds of rows, and an envelope that nobody waits for goes.
        CHECK(missing(out->rows, "envelopes") <= std::max<std::size_t>(12, missing(out->rows, "mailbox")));
    }
}

TEST_CASE("many damages at once: never undefined, and what is made is a sound database")
{
    // GODWIT_IMAGES=N: a campaign.
    std::mt19937_64 random(11);
    const auto images = godwit::test::images_wanted(120);
    std::size_t unreadable = 0;
    for (std::uint64_t n = 0; n < images; ++n) {
        CAPTURE(n);
        auto image = random() % 2 == 0 ? killed() : closed();
        for (std::uint64_t damages = 1 + random() % 12; damages > 0; --damages) {
            auto at = std::next(image.begin(), static_cast<std::ptrdiff_t>(random() % image.size()));
            auto& file = at->second;
            if (file.empty()) continue;
            const auto begin = random() % file.size();
            const auto size = std::min<std::size_t>(file.size() - begin, 1 + random() % 5000);
            switch (random() % 4) {
            case 0: file[begin] ^= static_cast<std::uint8_t>(1U << (random() % 8)); break;
            case 1: std::fill_n(file.begin() + static_cast<std::ptrdiff_t>(begin), size, std::uint8_t{0}); break;
            case 2:
                for (std::size_t i = 0; i < size; ++i)
                    file[begin + i] = static_cast<std::uint8_t>(random());
                break;
            case 3: file.resize(file.size() - std::min(file.size() - 1, size)); break;
            }
        }
        (void)opens(image);
        if (!rescue(image).ok()) ++unreadable;
    }
    MESSAGE(images << " images, " << unreadable << " of which nothing could be read");
    CHECK(unreadable <= images / 20);
}
