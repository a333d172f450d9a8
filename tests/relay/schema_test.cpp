// SPDX-License-Identifier: Apache-2.0
// A relay.db of the first schema goes on in this one with all that was in it.
#include "tests/relay/rig.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "relay/store/schema.hpp"

#include <cstdlib>
#include <functional>
#include <set>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("an older database: accounts, waiting mail and groups are there; packages of unknown age are not")
{
    sqlite::FaultDisk disk;
    const auto ann = signing_key(1).public_key(), bo = signing_key(2).public_key();
    const auto conversation = filled<ConversationId>(5);
    {
        sqlite::OpenOptions options;
        options.path = "relay.db";
        options.vfs_name = disk.name();
        options.schema = schema();
        options.schema.steps = options.schema.steps.first(1);
        auto old = sqlite::Database::open(options);
        REQUIRE(old.ok());
        REQUIRE(old->begin().ok());
        for (const auto& [row, device] : {std::pair(1, ann), std::pair(2, bo)})
            REQUIRE(old->run("INSERT INTO devices VALUES(?1, ?1, ?2, '', '', 1, 7, 1)", row, device).ok());
        for (const auto row : {std::uint64_t{3}, std::uint64_t{4}}) {
            REQUIRE(old->run("INSERT INTO envelopes VALUES(?1, ?2, 1, 0, ?3, 9, 100, ?4)", row, ann, envelope(row).id,
                             envelope(row).sealed)
                        .ok());
            REQUIRE(old->run("INSERT INTO mailbox VALUES(2, ?1, ?1)", row).ok());
        }
        // Of an account that was removed, and had the newest number.
        REQUIRE(old->run("INSERT INTO envelopes VALUES(5, ?1, 9, 0, ?2, 9, 100, ?3)", ann, envelope(5).id,
                         envelope(5).sealed)
                    .ok());
        REQUIRE(old->run("INSERT INTO key_packages VALUES(1, 1, ?1, ?2)", Bytes(32, 1), Bytes(9, 1)).ok());
        REQUIRE(old->run("INSERT INTO last_resorts VALUES(1, ?1)", Bytes(9, 2)).ok());
        REQUIRE(old->run("INSERT INTO groups VALUES(1, ?1, 1, 2, 3, 4, 5)", conversation).ok());
        REQUIRE(old->commit().ok());
    }
    auto store = Store::open("relay.db", disk.name());
    REQUIRE(store.ok());
    CHECK(store->device(bo)->row == 2);
    std::vector<StoredMail> mail;
    store->each_mail(2, 0, [&](StoredMail&& one) {
        mail.push_back(std::move(one));
        return true;
    });
    REQUIRE(mail.size() == 2);
    CHECK(mail[0].from == ann);
    CHECK(mail[0].stored_ms == 9);
    CHECK(mail[0].envelope.id == envelope(3).id);
    CHECK(mail[1].envelope.sealed == envelope(4).sealed);
    CHECK(store->envelope(ann, envelope(4).id)->row == 4);
    StoredAccount newcomer;
    newcomer.user = "newcomer";
    CHECK(store->add_account(newcomer, 10) == 10);
    CHECK(store->group(conversation).incarnation == 3);
    CHECK(store->group(conversation).epoch == 4);
    CHECK(store->standing_commits(store->group(conversation), 9).empty());
    CHECK(store->key_package_count(1).one_time == 1);
    CHECK(store->expire_key_packages(1, 1, 500) == 1);
    CHECK(store->key_package_count(1).one_time == 0);
    CHECK(store->expire_key_packages(7, 7, 500) == 0);
    CHECK(store->last_resort(1) == Bytes(9, 2)); // it may be all that its device has
    CHECK(store->expire_key_packages(8, 8, 500) == 1);
    REQUIRE(store->commit().ok());
}

TEST_CASE(
    "from every past schema: the process or the power goes at each operation of the migration; the next start ends it")
{
    const auto bo = signing_key(2).public_key();
    for (std::size_t from = 1; from < schema().steps.size(); ++from) {
        CAPTURE(from);
        sqlite::FaultDisk disk;
        {
            sqlite::OpenOptions options;
            options.path = "relay.db";
            options.vfs_name = disk.name();
            options.schema = schema();
            options.schema.steps = options.schema.steps.first(from);
            auto old = sqlite::Database::open(options);
            REQUIRE(old.ok());
            REQUIRE(old->begin().ok());
            const Bytes secret(32, 3);
            constexpr std::size_t with_apps = 13;
            REQUIRE(old->run(from < with_apps ? "INSERT INTO accounts VALUES(1, 'bo', ?1, ?1, ?1, ?1, ?1, 1)"
                                              : "INSERT INTO accounts VALUES(1, 'bo', ?1, ?1, ?1, ?1, ?1, 1, 0)",
                             secret)
                        .ok());
            REQUIRE(old->run("INSERT INTO devices VALUES(1, 1, ?1, '', '', 1, 7, 31)", bo).ok());
            for (std::uint64_t n = 1; n <= 30; ++n) {
                REQUIRE(
                    old->run(
                           "INSERT INTO envelopes(id, from_device, sender, kind, envelope_id, stored_ms, size, sealed) "
                           "VALUES(?1, ?2, 1, 0, ?3, 9, 100, ?4)",
                           n, bo, envelope(n).id, envelope(n).sealed)
                        .ok());
                REQUIRE(old->run("INSERT INTO mailbox VALUES(1, ?1, ?1)", n).ok());
            }
            REQUIRE(old->commit().ok());
        }
        std::vector<sqlite::DiskImage> images;
        std::set<std::size_t> seen; // between two syncs the synced image is the same: once is enough
        std::size_t taken = 0;
        const auto keep = [&](sqlite::DiskImage image) {
            ++taken;
            std::size_t hash = 0;
            for (const auto& [path, content] : image)
                hash = hash * 31 + std::hash<std::string_view>()(as_text(content)) + std::hash<std::string>()(path);
            if (seen.insert(hash).second) images.push_back(std::move(image));
        };
        sqlite::FaultDisk migrating(disk.image_killed());
        migrating.observe(sqlite::disk_op_mutations, [&](sqlite::DiskOp, const std::string&) {
            keep(migrating.image_killed());
            keep(migrating.image_synced());
            keep(migrating.image_torn(taken));
        });
        REQUIRE(Store::open("relay.db", migrating.name()).ok());
        migrating.observe(0, nullptr);
        CHECK(taken > 30);
        CHECK(images.size() > 10);
        // The first schema's way is all of it, and every operation there is cut; the others' ways are its ends, of
        // which each schema looks at other ones. All of them: GODWIT_IMAGES=1.
        const std::size_t every = from == 1 || std::getenv("GODWIT_IMAGES") != nullptr ? 1 : 4;
        for (std::size_t n = from % every; n < images.size(); n += every) {
            CAPTURE(n);
            sqlite::FaultDisk after(images[n]);
            auto store = Store::open("relay.db", after.name());
            REQUIRE_MESSAGE(store.ok(), store.error().detail);
            CHECK(store->look_over().ok());
            CHECK(store->account("bo")->row == 1);
            std::uint64_t mail = 0;
            store->each_mail(1, 0, [&](StoredMail&& one) {
                CHECK(one.envelope.sealed == envelope(++mail).sealed);
                return true;
            });
            CHECK(mail == 30);
        }
    }
}
