// SPDX-License-Identifier: Apache-2.0
// Power cuts under the whole store, in the shape of a client's ticks: the outbox row, the ratchet and the mark of a
// message stand or fall together, and what commit() reported is there.
#include "samples.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "lib/sqlite/layout.hpp"
#include "lib/store/store.hpp"
#include "tests/support/power_cuts.hpp"

#include <doctest/doctest.h>
#include <set>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;

namespace {

const sqlite::Key& key()
{
    static const auto out = sqlite::Key::raw(Bytes(32, 5));
    return *out;
}

Result<std::unique_ptr<SqliteStore>> open(const sqlite::FaultDisk& disk)
{
    StoreOptions options;
    options.path = "home.db";
    options.key = &key();
    options.vfs_name = disk.name();
    options.cache_kib_max = 64; // pages spill into the log before their commit
    return SqliteStore::open(options);
}

/// What the store must say after each tick.
struct Model {
    std::uint64_t sent = 0;     ///< Messages n = 0, 1, … of ours.
    std::uint64_t received = 0; ///< Likewise, of others.
    std::set<std::uint64_t> open;
};

Bytes number(std::uint64_t n)
{
    Bytes out(8);
    for (unsigned i = 0; i < 8; ++i)
        out[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return out;
}

MessageId sent_id(std::uint64_t n)
{
    return mid(2 * n);
}
MessageId received_id(std::uint64_t n)
{
    return mid(2 * n + 1);
}

void tick(SqliteStore& store, Model& model, std::uint64_t number_of_tick, std::mt19937_64& dice)
{
    store.put_value("tick", number(number_of_tick));
    store.put_value("mls/ratchets",
                    Bytes(dice() % 9000, static_cast<std::uint8_t>(number_of_tick))); // one generation a tick
    for (std::uint64_t n = dice() % 4; n > 0; --n, ++model.sent) {
        auto message = sample_message(2 * model.sent, 1, MessageState::accepted);
        message.message.text = std::string(dice() % 7 == 0 ? 30000 : 200, 's');
        store.add_message(message);
        auto envelope = sample_envelope(2 * model.sent);
        envelope.message = sent_id(model.sent);
        envelope.sealed = number(number_of_tick);
        store.put_envelope(envelope);
        store.put_delivery(sample_delivery(2 * model.sent, 7));
        model.open.insert(model.sent);
    }
    for (std::uint64_t n = dice() % 4; n > 0; --n, ++model.received) {
        store.add_message(sample_message(2 * model.received + 1, 1));
        store.mark_seen(did(7), received_id(model.received), 1);
        store.put_heads(cid(1), {{received_id(model.received), 1}});
    }
    while (!model.open.empty() && dice() % 3 == 0) {
        const auto done = *model.open.begin();
        model.open.erase(done);
        store.set_message_state(cid(1), sent_id(done), MessageState::delivered, Path::direct, "", "");
        store.remove_envelope(sent_id(done));
    }
}

std::uint64_t number_in(const Bytes& bytes)
{
    std::uint64_t out = 0;
    for (std::size_t i = bytes.size(); i > 0; --i)
        out = (out << 8) | bytes[i - 1];
    return out;
}

/// Tick 0: nothing but an empty store, or none.
void check_image(const sqlite::DiskImage& image, const std::vector<Model>& models, std::uint64_t acknowledged)
{
    const sqlite::FaultDisk disk(image);
    auto store = open(disk);
    // A first sector so torn that it may be the file of somebody else is refused, not written over (superblock.hpp).
    // Nothing was ever in it.
    if (!store.ok() && models.size() == 1 && image.at("home.db").size() <= sqlite::slot_bytes) {
        CHECK(store.error().code == ErrorCode::storage_corrupt);
        return;
    }
    REQUIRE_MESSAGE(store.ok(), store.error().detail);
    auto& s = **store;
    const auto checked = s.check();
    CHECK_MESSAGE(checked.ok(), (checked.ok() ? "" : checked.error().detail));
    const auto stored = s.value("tick");
    const std::uint64_t at = stored ? number_in(*stored) : 0;
    REQUIRE(at >= acknowledged);
    REQUIRE(at <= acknowledged + 1);
    const Model& model = models.at(static_cast<std::size_t>(at));
    // The whole tick or nothing of it.
    if (at > 0) {
        const auto ratchets = s.value("mls/ratchets");
        REQUIRE(ratchets.has_value());
        CHECK((ratchets->empty() || ratchets->back() == static_cast<std::uint8_t>(at)));
    }
    CHECK(s.history(cid(1), 100000, {}).size() == model.sent + model.received);
    CHECK(s.open_message_count() == model.open.size());
    for (const auto open : model.open) {
        CHECK(s.envelope(sent_id(open)).has_value());
        CHECK(s.message(sent_id(open))->message.state == MessageState::accepted);
    }
    if (model.sent > 0) CHECK(s.has_message(cid(1), sent_id(model.sent - 1)));
    CHECK_FALSE(s.has_message(cid(1), sent_id(model.sent)));
    if (model.received > 0) CHECK(s.seen(did(7), received_id(model.received - 1)));
    CHECK_FALSE(s.seen(did(7), received_id(model.received)));
    // And it can go on.
    s.begin();
    s.put_value("tick", number(at + 1));
    CHECK(s.commit().ok());
}

} // namespace

TEST_CASE("power cuts under a client's ticks: what was reported is there, a tick is whole or absent")
{
    std::vector<Model> models;
    std::uint64_t acknowledged = 0;
    const auto images = godwit::test::cut_power(
        godwit::test::images_wanted(1200), 1, 9,
        [&](sqlite::FaultDisk& disk, std::uint64_t seed) {
            std::mt19937_64 dice(seed);
            models.assign(1, Model{});
            acknowledged = 0;
            Model model;
            std::unique_ptr<SqliteStore> store;
            for (std::uint64_t t = 1; t <= 25; ++t) {
                if (!store || dice() % 6 == 0) { // opening folds the log
                    store.reset();
                    auto opened = open(disk);
                    REQUIRE(opened.ok());
                    store = std::move(*opened);
                }
                store->begin();
                tick(*store, model, t, dice);
                if (dice() % 8 == 0) { // and changes its mind
                    store->rollback();
                    model = models.back();
                    store->begin();
                    tick(*store, model, t, dice);
                }
                models.push_back(model); // may be there from now on
                REQUIRE(store->commit().ok());
                acknowledged = t;
            }
        },
        [&](const sqlite::DiskImage& image, const godwit::test::Cut& cut) {
            INFO("cut ", static_cast<int>(cut.kind), " tear ", cut.seed, " acknowledged ", acknowledged);
            check_image(image, models, acknowledged);
        });
    MESSAGE("images: ", images);
}
