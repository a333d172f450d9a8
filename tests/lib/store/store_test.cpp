// SPDX-License-Identifier: Apache-2.0
// What the twin test cannot say: opening, sticky errors, bounds, plans, speed of the shapes that matter.
#include "samples.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "lib/store/schema.hpp"
#include "lib/store/store.hpp"

#include <doctest/doctest.h>
#include <functional>
#include <sqlite3.h>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;

namespace {

sqlite::Key test_key()
{
    auto key = sqlite::Key::raw(Bytes(32, 5));
    REQUIRE(key.ok());
    return std::move(*key);
}

std::unique_ptr<SqliteStore> in_memory()
{
    auto store = SqliteStore::open_in_memory();
    REQUIRE(store.ok());
    return std::move(*store);
}

std::unique_ptr<SqliteStore> on(const sqlite::FaultDisk& disk)
{
    const auto key = test_key();
    auto store = SqliteStore::open({"home.db", &key, {}, disk.name()});
    REQUIRE_MESSAGE(store.ok(), store.error().detail);
    return std::move(*store);
}

void in_tick(port::Store& store, const std::function<void()>& body)
{
    store.begin();
    body();
    auto done = store.commit();
    REQUIRE_MESSAGE(done.ok(), done.error().detail);
}

} // namespace

TEST_CASE("what is remembered of conversations is what the file will say, whatever happens to the transaction")
{
    const auto heads_of = [](port::Store& store, std::uint64_t n) {
        const auto heads = store.heads(cid(n));
        return heads.empty() ? std::int64_t{0} : heads.front().hlc_ms;
    };
    sqlite::FaultDisk disk;
    auto store = on(disk);
    constexpr std::uint64_t many = 200; // more than are remembered
    in_tick(*store, [&] {
        for (std::uint64_t n = 1; n <= many; ++n) {
            store->put_heads(cid(n), {{mid(n), static_cast<std::int64_t>(n)}});
            store->put_conversation({cid(n), ConversationKind::direct, "ann", static_cast<std::int64_t>(n)});
            CHECK(store->dirty());
        }
        CHECK(store->conversations().size() == many); // also those that no statement has written yet
        CHECK(heads_of(*store, 1) == 1);
    });
    store->begin();
    store->put_heads(cid(1), {{mid(1), 77}});
    store->put_conversation({cid(1), ConversationKind::direct, "ann", 77});
    store->remove_conversation(cid(2));
    CHECK(store->annotations(cid(1), mid(1)).empty());
    CHECK(store->put_annotation({cid(1), mid(1), "pin", "ann", 5, mid(9), Bytes{1}, Role::owner}));
    CHECK(store->annotations(cid(1), mid(1)).size() == 1);
    CHECK_FALSE(store->value("one"));
    store->put_value("one", Bytes{1});
    CHECK(store->value("one"));
    CHECK(heads_of(*store, 1) == 77);
    CHECK(store->conversation(cid(1))->activity_ms == 77);
    CHECK_FALSE(store->conversation(cid(2)));
    store->rollback();
    CHECK(heads_of(*store, 1) == 1);
    CHECK(store->conversation(cid(1))->activity_ms == 1);
    CHECK(store->conversation(cid(2)));
    CHECK(store->annotations(cid(1), mid(1)).empty());
    CHECK_FALSE(store->value("one"));

    in_tick(*store, [&] {
        store->put_conversation({cid(3), ConversationKind::direct, "ann", 33});
        store->remove_conversation(cid(3));
        store->put_heads(cid(4), {{mid(4), 44}});
        store->put_heads(cid(4), {{mid(4), 45}});
    });
    store.reset();
    store = on(disk);
    CHECK(store->conversations().size() == many - 1);
    CHECK_FALSE(store->conversation(cid(3)));
    CHECK(heads_of(*store, 4) == 45);
    CHECK(heads_of(*store, many) == static_cast<std::int64_t>(many));
}

TEST_CASE("opening: never in the clear; errors come through")
{
    sqlite::FaultDisk disk;
    CHECK(SqliteStore::open({"home.db", nullptr, {}, disk.name()}).error().code == ErrorCode::invalid_argument);
    auto store = on(disk);
    const auto key = test_key();
    CHECK(SqliteStore::open({"home.db", &key, {}, disk.name()}).error().code == ErrorCode::storage_in_use);
    store.reset();
    const auto wrong = sqlite::Key::raw(Bytes(32, 6));
    CHECK(SqliteStore::open({"home.db", &*wrong, {}, disk.name()}).error().code == ErrorCode::wrong_key);
    store = on(disk);
    CHECK(store->rekey(*wrong).ok());
    CHECK(store->compact().ok());
    store.reset();
    CHECK(SqliteStore::open({"home.db", &*wrong, {}, disk.name()}).ok());
}

TEST_CASE("a tick that writes nothing costs no disk operation, and is not dirty")
{
    sqlite::FaultDisk disk;
    auto store = on(disk);
    in_tick(*store, [&] { store->mark_seen(did(1), mid(1), 100); });
    const auto before = disk.count(sqlite::disk_op_mutations);
    store->begin();
    CHECK_FALSE(store->dirty());
    CHECK(store->seen(did(1), mid(1)));
    store->forget_seen_before(50);
    CHECK_FALSE(store->set_message_state(cid(1), mid(5), MessageState::sent, Path::direct, "", ""));
    CHECK_FALSE(store->dirty());
    CHECK(store->commit().ok());
    CHECK(disk.count(sqlite::disk_op_mutations) == before);
    store->begin();
    store->mark_seen(did(1), mid(2), 100);
    CHECK(store->dirty());
    CHECK(store->commit().ok());
    CHECK_FALSE(store->dirty());
    CHECK(disk.count(sqlite::disk_op_mutations) > before);
}

TEST_CASE("errors are sticky until rollback, and nothing of the failed tick remains")
{
    sqlite::FaultDisk disk;
    auto store = on(disk);
    in_tick(*store, [&] { store->put_value("kept", Bytes{1}); });

    // By a value out of bounds, in the middle.
    store->begin();
    store->put_value("lost", Bytes{2});
    store->put_value("too large", Bytes(value_bytes_max + 1));
    CHECK(store->failed());
    CHECK_FALSE(store->value("kept"));
    CHECK_FALSE(store->add_message(sample_message(1, 1)));
    CHECK(store->put_delivery(sample_delivery(1, 1)) == 0);
    CHECK(store->contacts().empty());
    CHECK(store->open_message_count() == 0);
    CHECK(store->commit().error().code == ErrorCode::invalid_argument);
    CHECK(store->failed());
    CHECK(store->commit().error().code == ErrorCode::invalid_argument);
    store->rollback();
    CHECK_FALSE(store->failed());
    CHECK(store->value("kept") == Bytes{1});
    CHECK_FALSE(store->value("lost"));

    // By a full disk at commit; afterwards the store goes on.
    disk.limit(0);
    store->begin();
    store->put_value("lost", Bytes(5000, 2));
    CHECK(store->commit().error().code == ErrorCode::storage_failed);
    store->rollback();
    CHECK(store->value("kept") == Bytes{1});
    CHECK_FALSE(store->value("lost"));
    disk.limit(10000000);
    in_tick(*store, [&] { store->put_value("again", Bytes{3}); });

    // By a failed sync: every later tick fails, until the store is opened anew.
    disk.fail(sqlite::disk_op_bit(sqlite::DiskOp::sync), 1, SQLITE_IOERR_FSYNC);
    store->begin();
    store->put_value("lost", Bytes{2});
    CHECK(store->commit().error().code == ErrorCode::storage_failed);
    store->rollback();
    store->begin();
    store->put_value("lost too", Bytes{2});
    CHECK(store->commit().error().code == ErrorCode::storage_failed);
    store->rollback();
    store.reset();
    store = on(disk);
    CHECK(store->value("again") == Bytes{3});
}

TEST_CASE("a failing read outside a transaction is not forgotten")
{
    sqlite::FaultDisk disk;
    on(disk).reset();
    auto store = on(disk);
    disk.fail(sqlite::disk_op_bit(sqlite::DiskOp::read), 1, SQLITE_IOERR_READ, true);
    std::vector<port::StoredMessage> rows = store->history(cid(1), 10, std::nullopt);
    for (int i = 0; i < 5 && !store->failed(); ++i)
        rows = store->unnotified(10);
    if (store->failed()) { // the page may have been in the cache
        disk.fail(0, 0, 0);
        store->begin();
        CHECK(store->commit().error().code == ErrorCode::storage_failed);
        store->rollback();
    }
    CHECK(rows.empty());
}

TEST_CASE("bounds: names, values, heads and parents at their limit and one more")
{
    auto store = in_memory();
    const std::string name(value_name_bytes_max, 'n');
    in_tick(*store, [&] {
        store->put_value(name, Bytes(value_bytes_max, 1));
        store->put_heads(cid(1), std::vector<port::Store::Head>(ids_per_row_max, {mid(1), 1}));
        auto held = sample_held(1, 1);
        held.parents.assign(ids_per_row_max, mid(2));
        store->hold(held);
    });
    CHECK(store->value(name)->size() == value_bytes_max);
    CHECK(store->heads(cid(1)).size() == ids_per_row_max);
    CHECK(store->held(cid(1)).at(0).parents.size() == ids_per_row_max);

    const std::function<void()> too_much[] = {
        [&] { store->put_value(name + "n", Bytes{1}); },
        [&] { store->put_heads(cid(1), std::vector<port::Store::Head>(ids_per_row_max + 1, {mid(1), 1})); },
        [&] {
            auto held = sample_held(1, 1);
            held.parents.assign(ids_per_row_max + 1, mid(2));
            store->hold(held);
        }};
    for (const auto& body : too_much) {
        store->begin();
        body();
        CHECK_FALSE(store->commit().ok());
        store->rollback();
    }
}

TEST_CASE("history: pages by (hlc_ms, id) without gap or overlap")
{
    auto store = in_memory();
    in_tick(*store, [&] {
        for (std::uint64_t n = 0; n < 100; ++n)
            CHECK(store->add_message(sample_message(n, 1)));
        CHECK(store->add_message(sample_message(7, 2))); // the same id in another conversation is another message
        CHECK_FALSE(store->add_message(sample_message(7, 1)));
    });
    std::vector<port::StoredMessage> all;
    std::optional<MessageId> before;
    for (;;) {
        auto page = store->history(cid(1), 7, before);
        if (page.empty()) break;
        CHECK(page.size() <= 7);
        before = page.front().message.id;
        all.insert(all.begin(), page.begin(), page.end());
    }
    REQUIRE(all.size() == 100);
    for (std::size_t i = 1; i < all.size(); ++i)
        CHECK(std::pair(all[i - 1].hlc_ms, all[i - 1].message.id) < std::pair(all[i].hlc_ms, all[i].message.id));
    std::vector<port::StoredMessage> forwards;
    for (auto at = all.front().message.id;; at = forwards.back().message.id) {
        auto page = store->history_after(cid(1), 7, at);
        CHECK(page.size() <= 7);
        if (page.empty()) break;
        forwards.insert(forwards.end(), page.begin(), page.end());
    }
    all.erase(all.begin());
    CHECK(tell(forwards) == tell(all));
    CHECK(store->history_after(cid(2), 7, mid(7)).empty());
    CHECK(store->history_after(cid(1), 7, mid(1000)).empty());
    CHECK(store->history(cid(1), 0, std::nullopt).empty());
    CHECK(store->history(cid(3), 10, std::nullopt).empty());
}

TEST_CASE("message states move forward only")
{
    struct Row {
        MessageState from;
        Path from_path;
        MessageState to;
        Path to_path;
        bool moves;
    };
    using S = MessageState;
    using P = Path;
    const Row table[] = {
        {S::accepted, P::none, S::sent, P::direct, true},      {S::accepted, P::none, S::delivered, P::direct, true},
        {S::accepted, P::none, S::failed, P::none, true},      {S::accepted, P::none, S::accepted, P::direct, false},
        {S::sent, P::mailbox, S::sent, P::direct, true},       {S::sent, P::direct, S::sent, P::direct, false},
        {S::sent, P::direct, S::accepted, P::none, false},     {S::sent, P::direct, S::delivered, P::direct, true},
        {S::sent, P::direct, S::failed, P::none, true},        {S::delivered, P::direct, S::failed, P::none, false},
        {S::delivered, P::direct, S::sent, P::mailbox, false}, {S::failed, P::none, S::sent, P::direct, false},
        {S::failed, P::none, S::delivered, P::direct, false},  {S::received, P::direct, S::delivered, P::direct, false},
        {S::received, P::direct, S::failed, P::none, false},   {S::accepted, P::none, S::received, P::none, false},
    };
    auto store = in_memory();
    std::uint64_t n = 0;
    for (const auto& row : table) {
        CAPTURE(n);
        store->begin();
        auto message = sample_message(++n, 1, row.from);
        message.message.path = row.from_path;
        REQUIRE(store->add_message(message));
        CHECK(store->set_message_state(cid(1), mid(n), row.to, row.to_path, "why", "what") == row.moves);
        const auto after = store->message(mid(n));
        REQUIRE(after);
        CHECK(after->message.state == (row.moves ? row.to : row.from));
        CHECK(after->message.path == (row.moves && row.to_path != P::none ? row.to_path : row.from_path));
        CHECK(store->commit().ok());
    }
}

TEST_CASE("the same id received elsewhere does not hide an outgoing message from its state")
{
    auto store = in_memory();
    in_tick(*store, [&] {
        REQUIRE(store->add_message(sample_message(1, 1, MessageState::received)));
        REQUIRE(store->add_message(sample_message(1, 2, MessageState::accepted)));
        CHECK(store->set_message_state(cid(2), mid(1), MessageState::delivered, Path::direct, "", ""));
    });
    CHECK(store->history(cid(1), 1, std::nullopt).at(0).message.state == MessageState::received);
    CHECK(store->history(cid(2), 1, std::nullopt).at(0).message.state == MessageState::delivered);
}

TEST_CASE("unnotified: incoming only, in order of arrival")
{
    auto store = in_memory();
    in_tick(*store, [&] {
        for (const std::uint64_t n : {5U, 3U, 9U})
            REQUIRE(store->add_message(sample_message(n, 1)));
        auto outgoing = sample_message(4, 1, MessageState::accepted);
        outgoing.notified = false;
        REQUIRE(store->add_message(outgoing));
    });
    const auto rows = store->unnotified(10);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].message.id == mid(5));
    CHECK(rows[1].message.id == mid(3));
    CHECK(rows[2].message.id == mid(9));
    in_tick(*store, [&] { store->mark_notified(cid(1), mid(3)); });
    CHECK(store->unnotified(10).size() == 2);
    CHECK(store->unnotified(1).at(0).message.id == mid(5));
}

TEST_CASE("an idempotency key names one message of a conversation")
{
    auto store = in_memory();
    auto message = sample_message(1, 1, MessageState::accepted);
    message.send_key = "k";
    in_tick(*store, [&] { REQUIRE(store->add_message(message)); });
    CHECK(store->message_by_key(cid(1), "k") == mid(1));
    CHECK_FALSE(store->message_by_key(cid(2), "k"));
    CHECK_FALSE(store->message_by_key(cid(1), ""));
    store->begin();
    auto second = sample_message(2, 1, MessageState::accepted);
    second.send_key = "k";
    CHECK_FALSE(store->add_message(second)); // the caller asks message_by_key first: this is its bug
    CHECK(store->commit().error().code == ErrorCode::internal);
    store->rollback();
}

TEST_CASE("the outbox numbers envelopes upwards and never twice")
{
    sqlite::FaultDisk disk;
    auto store = on(disk);
    std::uint64_t last = 0;
    in_tick(*store, [&] { last = store->put_delivery(sample_delivery(1, 1)); });
    in_tick(*store, [&] { store->remove_envelope(mid(1)); });
    store.reset();
    store = on(disk);
    in_tick(*store, [&] { CHECK(store->put_delivery(sample_delivery(2, 1)) > last); });
    CHECK(store->open_message_count() == 1);
    in_tick(*store, [&] {
        (void)store->put_delivery(sample_delivery(2, 2));
        (void)store->put_delivery(sample_delivery(3, 1));
        CHECK(store->open_message_count() == 2);
        store->set_delivery(mid(2), did(1), port::DeliveryState::delivered, 9);
        CHECK(store->open_message_count() == 2);
        store->set_delivery(mid(2), did(2), port::DeliveryState::failed, 0);
        CHECK(store->open_message_count() == 1);
    });
    store->begin();
    store->remove_envelope(mid(3));
    CHECK(store->open_message_count() == 0);
    store->rollback();
    CHECK(store->open_message_count() == 1);
}

TEST_CASE("what a tick asks costs the same in a long history: a few pages, never a scan")
{
    sqlite::FaultDisk disk;
    {
        auto store = on(disk);
        store->begin();
        for (std::uint64_t n = 0; n < 4000; ++n) {
            auto message = sample_message(n, 1, n % 2 != 0 ? MessageState::accepted : MessageState::received);
            message.hlc_ms = static_cast<std::int64_t>(n);
            message.notified = true;
            if (n % 2 != 0) message.send_key = std::to_string(n);
            store->put_annotation({cid(1), mid(n), n % 1000 == 0 ? "pin" : "reaction/+", {}, 1, mid(n), {1}});
            REQUIRE(store->add_message(message));
            store->mark_seen(did(1), mid(n), static_cast<std::int64_t>(n));
            (void)store->put_delivery(sample_delivery(n, 1));
            if (n % 2 != 0) store->set_delivery(mid(n), did(1), port::DeliveryState::delivered, 1);
            store->put_annotation({cid(1), mid(7), "quoted/" + std::to_string(n), {}, 1, mid(n), {1}});
        }
        store->put_annotation({cid(1), mid(7), "recall", "ann", -1, mid(1), {1}});
        REQUIRE(store->commit().ok());
    }
    const auto key = test_key();
    StoreOptions small{"home.db", &key, {}, disk.name()};
    small.cache_kib_max = 64; // 16 pages: whatever is touched must be read
    auto opened = SqliteStore::open(small);
    REQUIRE(opened.ok());
    auto& store = **opened;
    CHECK(store.open_message_count() == 2000); // asked when a client starts, and by no tick
    constexpr std::string_view quotes[] = {"quoted/"};
    const std::pair<std::string, std::function<void()>> asks[] = {
        {"add", [&] { CHECK(store.add_message(sample_message(5000, 1))); }},
        {"add again", [&] { CHECK_FALSE(store.add_message(sample_message(77, 1))); }},
        {"message", [&] { CHECK(store.message(mid(1234))); }},
        {"has", [&] { CHECK(store.has_message(cid(1), mid(2222))); }},
        {"has not", [&] { CHECK_FALSE(store.has_message(cid(1), mid(9999))); }},
        {"key", [&] { CHECK(store.message_by_key(cid(1), "333")); }},
        {"state", [&] { CHECK(store.set_message_state(cid(1), mid(2001), MessageState::sent, Path::direct, "", "")); }},
        {"newest", [&] { CHECK(store.history(cid(1), 3, std::nullopt).size() == 3); }},
        {"page", [&] { CHECK(store.history(cid(1), 3, mid(2000)).size() == 3); }},
        {"pinned", [&] { CHECK(store.pinned(cid(1), 3, mid(3000)).size() == 3); }},
        {"what was said of what thousands quote",
         [&] { CHECK(store.annotations_without(cid(1), mid(7), quotes).size() == 2); }},
        {"one kind of it", [&] { CHECK(store.annotations_named(cid(1), mid(7), "reaction/").size() == 1); }},
        {"one of it", [&] { CHECK(store.annotation(cid(1), mid(7), "recall", "ann")); }},
        {"unnotified", [&] { CHECK(store.unnotified(3).size() == 1); }},
        {"notified", [&] { store.mark_notified(cid(1), mid(5000)); }},
        {"seen", [&] { CHECK(store.seen(did(1), mid(3000))); }},
        {"mark seen", [&] { store.mark_seen(did(1), mid(5000), 5000); }},
        {"forget", [&] { store.forget_seen_before(0); }},
        {"put delivery", [&] { (void)store.put_delivery(sample_delivery(5000, 1)); }},
        {"set delivery", [&] { store.set_delivery(mid(2000), did(1), port::DeliveryState::delivered, 1); }},
        {"open", [&] { CHECK(store.open_deliveries(3000, 3).size() == 3); }},
        {"open to", [&] { CHECK(store.open_deliveries_to(did(1), 3000, 3).size() == 3); }},
        {"open to nobody", [&] { CHECK(store.open_deliveries_to(did(2), 0, 3).empty()); }},
        {"deliveries", [&] { CHECK(store.deliveries(mid(2500)).size() == 1); }},
        {"remove", [&] { store.remove_envelope(mid(2500)); }},
    };
    for (const auto& [name, ask] : asks) {
        CAPTURE(name);
        store.begin();
        const auto before = disk.count(sqlite::disk_op_bit(sqlite::DiskOp::read));
        ask();
        CHECK(disk.count(sqlite::disk_op_bit(sqlite::DiskOp::read)) - before <= 30);
        REQUIRE(store.commit().ok());
    }
}

TEST_CASE("rows that no version of ours writes are corruption, not garbage handed on")
{
    const auto key = test_key();
    const char* const damages[] = {
        "UPDATE message SET state = 77",          "UPDATE message SET id = x'0102'",
        "UPDATE message SET path = -1",           "UPDATE contact SET state = 0",
        "UPDATE identity SET device = x''",       "UPDATE delivery SET state = 4",
        "UPDATE head SET heads = x'010203'",      "UPDATE held SET parents = x'01'",
        "UPDATE envelope SET conversation = x''", "UPDATE notice SET id = x'01'",
    };
    for (const char* damage : damages) {
        CAPTURE(damage);
        sqlite::FaultDisk disk;
        {
            auto store = on(disk);
            in_tick(*store, [&] {
                store->put_identity(sample_identity(1));
                store->put_contact(sample_contact("bob", 1));
                REQUIRE(store->add_message(sample_message(1, 1)));
                store->put_heads(cid(1), {{mid(1), 1}});
                store->hold(sample_held(1, 1));
                store->put_envelope(sample_envelope(1));
                (void)store->put_delivery(sample_delivery(1, 1));
                store->put_notice({*NoticeId::from(mid(1).view()), 1, 2, false, Bytes{1}});
            });
        }
        {
            sqlite::OpenOptions below;
            below.path = "home.db";
            below.key = &key;
            below.schema = schema();
            below.vfs_name = disk.name();
            auto database = sqlite::Database::open(below);
            REQUIRE(database.ok());
            auto done = database->execute(damage);
            REQUIRE_MESSAGE(done.ok(), done.error().detail);
        }
        auto store = on(disk);
        store->begin();
        (void)store->identity();
        (void)store->contacts();
        (void)store->history(cid(1), 10, std::nullopt);
        (void)store->message(mid(1));
        (void)store->unnotified(10);
        (void)store->heads(cid(1));
        (void)store->held(cid(1));
        (void)store->envelope(mid(1));
        (void)store->deliveries(mid(1));
        (void)store->notices(INT64_MAX, 10);
        CHECK(store->failed());
        CHECK(store->commit().error().code == ErrorCode::storage_corrupt);
        store->rollback();
    }
}
