// SPDX-License-Identifier: Apache-2.0
// Power cuts under the relay's store, in the shape of its ticks: an envelope that was acknowledged waits for its
// device, once, in order; a tick is whole or absent.
#include "relay/store/store.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "tests/support/power_cuts.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay;

namespace {

MessageId id_of(std::uint64_t n)
{
    MessageId out;
    for (std::size_t i = 0; i < 8; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return out;
}

struct Model {
    std::uint64_t first = 1; ///< Sequence of the oldest that waits.
    std::uint64_t next = 1;  ///< Of the next to be stored.
};

DeviceId device_of(std::uint8_t n)
{
    DeviceId out;
    out.bytes[0] = n;
    return out;
}

constexpr DeviceRow reader = 1;

void register_reader(Store& store)
{
    StoredAccount account;
    account.user = "bob";
    const auto row = store.add_account(account, 1);
    StoredDevice device;
    device.account = row;
    device.key = device_of(1);
    CHECK(store.add_device(device, 1) == reader);
}

void tick(Store& store, Model& model, std::mt19937_64& dice)
{
    for (std::uint64_t n = 1 + dice() % 3; n > 0; --n, ++model.next) {
        const wire::Envelope envelope{id_of(model.next), Bytes(dice() % 9 == 0 ? 20000 : 300, 7)};
        const auto row = store.add_envelope(device_of(2), 1, EnvelopeKind::content, envelope, 5);
        store.add_mail(reader, model.next, row);
    }
    store.set_sequence_floor(reader, model.next);
    for (; model.first < model.next && dice() % 2 == 0; ++model.first)
        CHECK(store.remove_mail(reader, model.first).has_value());
}

void check_image(const sqlite::DiskImage& image, const std::vector<Model>& models, std::uint64_t acknowledged)
{
    const sqlite::FaultDisk disk(image);
    auto opened = Store::open("relay.db", disk.name());
    REQUIRE_MESSAGE(opened.ok(), opened.error().detail);
    Store& store = *opened;
    const std::uint64_t floor = store.device(device_of(1)) ? store.sequence_floor(reader) : 0;
    std::size_t at = static_cast<std::size_t>(acknowledged);
    while (at < models.size() && models[at].next != floor)
        ++at;
    REQUIRE(at <= acknowledged + 1);
    REQUIRE(at < models.size());
    std::uint64_t wanted = models[at].first;
    store.each_mail(reader, 0, [&](StoredMail&& mail) {
        CHECK(mail.sequence == wanted);
        CHECK(mail.envelope.id == id_of(wanted));
        CHECK_FALSE(mail.envelope.sealed.empty());
        ++wanted;
        return true;
    });
    CHECK(wanted == models[at].next);
    CHECK(store.alive().ok());
}

} // namespace

TEST_CASE("power cuts under the relay's ticks: an acknowledged envelope waits, once, in order")
{
    std::vector<Model> models;
    std::uint64_t acknowledged = 0;
    bool born = false; // plain SQLite promises nothing about torn sectors while it makes its file
    const auto images = godwit::test::cut_power(
        godwit::test::images_wanted(1200), 1, 5,
        [&](sqlite::FaultDisk& disk, std::uint64_t seed) {
            std::mt19937_64 dice(seed);
            born = false;
            auto store = Store::open("relay.db", disk.name());
            REQUIRE(store.ok());
            register_reader(*store);
            REQUIRE(store->commit().ok());
            born = true;
            models.assign(1, Model{});
            acknowledged = 0;
            for (std::uint64_t t = 1; t <= 40; ++t) {
                if (dice() % 6 == 0) store->reclaim_log();
                Model model = models.back();
                tick(*store, model, dice);
                models.push_back(model);
                REQUIRE(store->commit().ok());
                acknowledged = t;
            }
            born = false;
        },
        [&](const sqlite::DiskImage& image, const godwit::test::Cut& cut) {
            if (!born) return;
            INFO("cut ", static_cast<int>(cut.kind), " tear ", cut.seed, " acknowledged ", acknowledged);
            check_image(image, models, acknowledged);
        });
    MESSAGE("images: ", images);
}
