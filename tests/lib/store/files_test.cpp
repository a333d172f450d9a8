// SPDX-License-Identifier: Apache-2.0
// What is known about files: the store and its simulated twin under the same random orders, with rollbacks.
#include "lib/sqlite/fault_disk.hpp"
#include "lib/store/store.hpp"
#include "tests/support/memory_store.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using namespace godwit::store;

namespace {

template <class T>
T numbered(std::uint64_t number)
{
    T out;
    out.bytes.fill(static_cast<std::uint8_t>(number + 1));
    return out;
}

std::string tell(const port::StoredFile& f)
{
    return to_hex(f.id.view()) + "|" + std::to_string(f.size_bytes) + "|" + f.name + "|" + f.media_type + "|" +
           to_hex(f.key.view()) + "|" + std::string(file_state_name(f.state)) + "|" + to_hex(f.slot.name.view()) + "|" +
           to_hex(f.slot.key.view()) + "|" + to_hex(f.pieces) + "|" + std::to_string(f.added_ms) + "|" + f.wanted_by +
           "|" + std::to_string(f.wanted_ms) + "|" + std::to_string(f.turn) + "\n";
}

std::string tell(const port::FileGrant& g)
{
    return to_hex(g.file.view()) + "|" + to_hex(g.conversation.view()) + "|" + to_hex(g.post.view()) + "|" + g.author +
           "|" + std::to_string(g.mine) + std::to_string(g.served) + "|" + std::to_string(g.size_bytes) + "|" +
           to_hex(g.key.view()) + "|" + std::to_string(g.posted_ms) + "|" + std::to_string(g.left_until_ms) + "\n";
}

template <class T>
std::string tell(const std::vector<T>& rows)
{
    std::string out = "[";
    for (const auto& row : rows)
        out += tell(row);
    return out + "]";
}

std::string order(port::Store& store, std::uint64_t roll)
{
    std::mt19937_64 dice(roll);
    const auto pick = [&](std::uint64_t n) { return dice() % n; };
    const auto file = numbered<FileId>(pick(6));
    switch (pick(8)) {
    case 0:
    case 1: {
        port::StoredFile row;
        row.id = file;
        row.size_bytes = pick(3) == 0 ? std::uint64_t{1} << 40 : pick(100);
        row.name = "näme " + std::to_string(pick(9));
        row.media_type = pick(2) == 0 ? "" : "image/png";
        row.key = numbered<FileKey>(pick(9));
        row.state = static_cast<FileState>(1 + pick(4));
        if (pick(2) == 0) row.slot = {numbered<port::SlotName>(pick(50)), numbered<port::SlotKey>(pick(50))};
        row.pieces = Bytes(pick(4), 0x0f);
        row.added_ms = static_cast<std::int64_t>(pick(5));
        row.wanted_by = pick(2) == 0 ? "" : pick(2) == 0 ? "ann" : "bo";
        row.wanted_ms = static_cast<std::int64_t>(pick(5));
        row.turn = static_cast<std::int64_t>(pick(5));
        store.put_file(row);
        return "";
    }
    case 2: return store.remove_file(file), "";
    case 3:
        store.put_file_grant({file, numbered<ConversationId>(pick(3)), numbered<MessageId>(pick(8)), "ann",
                              pick(2) == 0, pick(4) == 0, pick(100), numbered<FileKey>(pick(3)),
                              static_cast<std::int64_t>(pick(5)), static_cast<std::int64_t>(pick(5))});
        return "";
    case 4: return store.set_grants_served(file, numbered<ConversationId>(pick(3))), "";
    case 5: return store.set_grants_left(file, numbered<FileKey>(pick(3)), static_cast<std::int64_t>(pick(9))), "";
    case 6: return store.put_file_had(file, pick(2) == 0 ? "ann" : "bo"), "";
    default: return tell(store.remove_file_grants(numbered<ConversationId>(pick(3)), numbered<MessageId>(pick(8))));
    }
}

std::string everything(port::Store& store)
{
    std::string out = tell(store.files({}, 100)) + tell(store.files(numbered<FileId>(2), 2));
    for (int state = 1; state <= 4; ++state)
        out += tell(store.files_in(static_cast<FileState>(state), 100)) +
               tell(store.files_in(static_cast<FileState>(state), 1));
    for (std::uint64_t i = 0; i < 6; ++i) {
        const auto row = store.file(numbered<FileId>(i));
        out += (row ? tell(*row) : "none") + tell(store.file_grants(numbered<FileId>(i)));
        for (const auto& user : store.file_had(numbered<FileId>(i)))
            out += user + ",";
    }
    for (std::uint64_t i = 0; i < 50; ++i)
        out += store.has_slot(numbered<port::SlotName>(i)) ? "y" : "n";
    for (const auto limit : {1U, 100U})
        out += tell(store.files_wanted(true, limit)) + tell(store.files_wanted(false, limit));
    for (const auto* user : {"ann", "bo"}) {
        const auto all = store.automatic_files(user);
        out += std::to_string(all.waiting) + "/" + std::to_string(all.bytes_total) + ",";
    }
    const auto left = store.next_left_until(3);
    out += left ? std::to_string(*left) : "none";
    return out + tell(store.unserved_grants({}, 4, 100)) + tell(store.unserved_grants(numbered<FileId>(1), 9, 2));
}

} // namespace

TEST_CASE("files: the twin and the store answer alike, through rollbacks and crashes")
{
    const auto key = sqlite::Key::raw(Bytes(32, 5));
    REQUIRE(key.ok());
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        sqlite::FaultDisk disk;
        testing::MemoryStore twin;
        const auto open = [&] {
            auto opened = SqliteStore::open({"home.db", &*key, {}, disk.name()});
            REQUIRE(opened.ok());
            return std::move(*opened);
        };
        auto store = open();
        for (int tick = 0; tick < 60; ++tick) {
            twin.begin();
            store->begin();
            for (std::uint64_t i = dice() % 12; i > 0; --i) {
                const std::uint64_t roll = dice();
                const auto expected = order(twin, roll);
                REQUIRE(order(*store, roll) == expected);
            }
            REQUIRE(everything(*store) == everything(twin));
            if (dice() % 4 == 0) {
                twin.rollback();
                store->rollback();
            } else {
                REQUIRE(twin.commit().ok());
                REQUIRE(store->commit().ok());
            }
            if (dice() % 8 == 0) {
                store.reset();
                store = open();
            }
            REQUIRE(everything(*store) == everything(twin));
        }
    }
}
