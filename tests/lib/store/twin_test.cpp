// SPDX-License-Identifier: Apache-2.0
// The store and its simulated twin (tests/support/memory_store.hpp) under the same random orders, with rollbacks and
// crashes: every answer must be the same, field by field. So the engine's tests, which run on the twin, speak for the
// real one.
#include "samples.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "lib/store/store.hpp"
#include "tests/support/memory_store.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;

namespace {

class Orders {
public:
    explicit Orders(std::uint64_t seed) : dice_(seed) {}

    /// One random order to `store`, and its answer.
    std::string next(port::Store& store, std::uint64_t roll)
    {
        dice_.seed(roll);
        switch (pick(40)) {
        case 0: return store.put_identity(sample_identity(pick(5))), "";
        case 1: return pick(4) == 0 ? (store.clear_identity(), "") : "";
        case 2: return store.put_value(name(), Bytes(pick(40), 7)), "";
        case 3: return store.remove_value(name()), "";
        case 4: return store.put_contact(sample_contact(name(), pick(9))), "";
        case 5: return store.remove_contact(name()), "";
        case 6:
        case 7: {
            auto row = sample_message(pick(40), pick(3));
            row.quiet = pick(4) == 0;
            row.notified = row.notified || row.quiet;
            return tell(store.add_message(row));
        }
        case 8: {
            const std::uint64_t n = 40 + pick(40);
            auto message = sample_message(n, n % 3, MessageState::accepted);
            message.send_key = "key-" + tell(message.message.id);
            return tell(store.add_message(message));
        }
        case 9:
        case 10:
            return tell(store.set_message_state(cid(pick(3)), mid(40 + pick(40)), static_cast<MessageState>(pick(5)),
                                                static_cast<Path>(pick(4)), "because", pick(2) != 0 ? "expired" : ""));
        case 11: return store.mark_notified(cid(pick(3)), mid(pick(80))), "";
        case 12: {
            std::vector<port::Store::Head> heads;
            for (std::uint64_t i = pick(5); i > 0; --i)
                heads.push_back({mid(pick(99)), static_cast<std::int64_t>(i) - 2});
            return store.put_heads(cid(pick(3)), heads), "";
        }
        case 13: return store.hold(sample_held(pick(20), pick(3))), "";
        case 14: return store.release(cid(pick(3)), mid(pick(20))), "";
        case 15:
        case 16: return store.mark_seen(did(pick(4)), mid(pick(30)), static_cast<std::int64_t>(pick(1000))), "";
        case 17: return store.forget_seen_before(static_cast<std::int64_t>(pick(300))), "";
        case 18: return store.put_envelope(sample_envelope(pick(30))), "";
        case 19: return store.remove_envelope(mid(pick(30))), "";
        case 20:
        case 21:
        case 22: return tell(store.put_delivery(sample_delivery(pick(30), pick(4))));
        case 23: {
            auto post = sample_message(pick(80), pick(3));
            post.message.text = pick(2) != 0 ? "" : "other";
            post.extra = Bytes(pick(5), 3);
            post.annotated = pick(2) != 0;
            post.shown = pick(3) != 0;
            post.message.expires_ms = static_cast<std::int64_t>(pick(500));
            post.message.edited_ms = static_cast<std::int64_t>(pick(9));
            post.message.recalled_ms = static_cast<std::int64_t>(pick(3));
            post.message.recalled_by = pick(2) != 0 ? "bob" : "";
            return store.update_post(post), "";
        }
        case 24:
        case 25:
            return tell(store.put_annotation({cid(pick(3)), mid(pick(9)), pick(3) == 0 ? "pin" : name(),
                                              pick(2) != 0 ? "ann" : "", static_cast<std::int64_t>(pick(9)),
                                              mid(pick(4)), Bytes(pick(4), 8), static_cast<Role>(pick(4))}));
        case 26:
            if (pick(4) == 0)
                return tell(store.remove_annotations("name-" + std::to_string(pick(6)),
                                                     1 + static_cast<std::uint32_t>(pick(3) * 100)));
            return store.remove_annotation(cid(pick(3)), mid(pick(9)), name(), pick(2) != 0 ? "ann" : ""), "";
        case 27:
        case 28:
            return tell(store.put_register({name() + "/" + std::to_string(pick(3)), static_cast<std::int64_t>(pick(9)),
                                            Bytes(pick(3), static_cast<std::uint8_t>(pick(256)))}));
        case 29:
            return store.put_conversation({cid(pick(9)), static_cast<ConversationKind>(1 + pick(5)), name(),
                                           static_cast<std::int64_t>(pick(99))}),
                   "";
        case 30: return store.remove_conversation(cid(pick(9))), "";
        case 31:
        case 32:
            return store.put_notice({*NoticeId::from(mid(pick(12)).view()), static_cast<std::int64_t>(pick(20)),
                                     static_cast<std::int64_t>(pick(9)), pick(4) == 0, Bytes(1 + pick(5), 9)}),
                   "";
        case 36:
        case 37: return store.put_due({did(pick(4)), name(), pick(2) != 0 ? mid(pick(9)) : MessageId{}}), "";
        case 38: return store.remove_due(did(pick(4)), name()), "";
        case 39: return pick(4) == 0 ? (store.remove_due_to(did(pick(4))), "") : "";
        case 33: return store.forget_notices(static_cast<std::uint32_t>(4 + pick(8))), "";
        default:
            return store.set_delivery(mid(pick(30)), did(pick(4)), static_cast<port::DeliveryState>(pick(4)),
                                      static_cast<std::int64_t>(pick(99))),
                   "";
        }
    }

private:
    std::uint64_t pick(std::uint64_t n) { return dice_() % n; }
    std::string name() { return "name-" + std::to_string(pick(6)); }

    std::mt19937_64 dice_;
};

constexpr std::string_view left_out[] = {"name-2", "name-3", "pin"};

/// Everything that the port can tell.
std::string everything(port::Store& store)
{
    std::string out = tell(store.identity()) + "\n" + tell(store.contacts());
    for (int i = 0; i < 6; ++i)
        out += tell(store.value("name-" + std::to_string(i))) + "\n";
    for (std::uint64_t c = 0; c < 3; ++c) {
        out += "history\n" + tell(store.history(cid(c), 1000, std::nullopt)) + "page\n" +
               tell(store.history(cid(c), 5, std::nullopt));
        out += "pinned\n" + tell(store.pinned(cid(c), 1000, std::nullopt));
        for (std::uint64_t n = 0; n < 80; n += 7)
            out += "pinned\n" + tell(store.pinned(cid(c), 2, mid(n))) + "before\n" +
                   tell(store.history(cid(c), 4, mid(n))) + "after\n" + tell(store.history_after(cid(c), 4, mid(n)));
        out += "heads\n" + tell(store.heads(cid(c))) + "held\n" + tell(store.held(cid(c)));
        for (std::uint64_t n = 0; n < 80; ++n) {
            out += tell(store.has_message(cid(c), mid(n)));
            out += tell(store.held_message(cid(c), mid(n)));
            out += tell(store.message_by_key(cid(c), "key-" + tell(mid(n))));
            out += tell(store.message_in(cid(c), mid(n)));
        }
        out += "newest\n" + tell(store.newest(cid(c)));
        for (std::int64_t hlc : {0, 1010, 1030}) {
            out += tell(std::uint64_t{store.count_received_after(cid(c), hlc, mid(7), 10)});
            out +=
                tell(store.burning(cid(c), true, hlc, mid(9), 4)) + tell(store.burning(cid(c), false, hlc, mid(9), 4));
        }
        for (std::uint64_t n = 0; n < 9; ++n)
            out += tell(store.annotations(cid(c), mid(n))) + "some\n" +
                   tell(store.annotations_without(cid(c), mid(n), left_out)) + "named\n" +
                   tell(store.annotations_named(cid(c), mid(n), "name-")) +
                   tell(store.annotations_named(cid(c), mid(n), "name-3")) +
                   (store.annotation(cid(c), mid(n), "name-4", "ann") ? "there" : "");
    }
    for (const auto& one : store.arrivals(3, 40))
        out += std::to_string(one.arrival) + tell(std::vector{one.row});
    for (const auto& one : store.changes(5, 40))
        out += std::to_string(one.number) + tell(one.conversation) + tell(one.target) + "\n";
    out += std::to_string(store.arrival_of(cid(1), mid(7)).value_or(-1));
    out += "expiring\n" + tell(store.expiring(200, 5)) + std::to_string(store.next_expiry().value_or(-1));
    out += "registers\n" + tell(store.registers("name-", "", 100)) + tell(store.registers("name-3/", "name-3/0", 2));
    out += tell(store.register_named("name-2/1")) + tell(store.conversations()) + tell(store.conversation(cid(4)));
    out += "notices\n" + tell(store.notices(INT64_MAX, 100)) + tell(store.notices(11, 3));
    for (std::uint64_t n = 0; n < 12; ++n)
        out += tell(store.notice(*NoticeId::from(mid(n).view())));
    out += "\nunnotified\n" + tell(store.unnotified(1000)) + tell(store.unnotified(3)) +
           tell(store.conversations_with_held());
    for (const char* text : {"你", "text aft", "oth", "7"}) {
        port::SearchQuery query;
        query.text = text;
        query.limit = 4;
        if (*text == 'o') query.conversation = cid(1), query.kinds = {160, 161};
        if (*text == '7') query.from = "alice", query.before = 30;
        const auto page = store.search(query);
        out += "found " + std::to_string(page->next);
        for (const auto& hit : page->hits)
            out += tell(hit.row) + hit.snippet;
    }
    for (std::uint64_t n = 0; n < 80; ++n)
        out += tell(store.message(mid(n))) + "\n";
    for (std::uint64_t n = 0; n < 30; ++n) {
        out += tell(store.envelope(mid(n))) + "\n" + tell(store.deliveries(mid(n)));
        for (std::uint64_t d = 0; d < 4; ++d) {
            out += tell(store.seen(did(d), mid(n)));
            if (const auto open = store.open_delivery(mid(n), did(d))) out += tell(std::vector{*open});
            const auto others = store.other_deliveries(mid(n), did(d), "user-1", d % 2 == 0 ? "user-2" : "");
            out += tell(others.open) + tell(others.may_have) + tell(others.user_may_have);
        }
    }
    out += "\nopen\n" + tell(store.open_deliveries(0, 1000)) + tell(store.open_deliveries(9, 4));
    for (std::uint64_t d = 0; d < 4; ++d)
        out += "urgent\n" + tell(store.urgent_deliveries_to(did(d), 0, 100)) +
               tell(store.urgent_deliveries_to(did(d), 4, 2)) + "due\n" + tell(store.due(did(d), "", false, 100)) +
               tell(store.due(did(d), "name-2", true, 2));
    for (std::uint64_t d = 0; d < 4; ++d)
        for (std::uint64_t n = 0; n < 9; ++n)
            for (const auto& one : store.due_in(did(d), mid(n), 3))
                out += one + " ";
    out += "counts\n" + tell(store.open_counts());
    for (const auto& device : store.due_devices())
        out += to_hex(device.view()) + " ";
    for (std::uint64_t n = 0; n < 80; ++n)
        out += tell(store.messages(mid(n), 2));
    for (std::uint64_t c = 0; c < 3; ++c)
        out += tell(store.first_unsent(cid(c), 1003, mid(5), 1045, mid(70))) + "\n";
    for (std::uint64_t d = 0; d < 4; ++d)
        out += "to\n" + tell(store.open_deliveries_to(did(d), 0, 1000)) + tell(store.open_deliveries_to(did(d), 12, 3));
    return out + tell(store.open_message_count());
}

} // namespace

TEST_CASE("the twin and the store answer alike, through rollbacks and crashes")
{
    const auto key = sqlite::Key::raw(Bytes(32, 5));
    REQUIRE(key.ok());
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        Orders orders(seed);
        auto disk = std::make_unique<sqlite::FaultDisk>();
        testing::MemoryStore twin;
        std::int64_t over = 0;
        const auto open = [&] {
            auto opened = SqliteStore::open({"home.db", &*key, {}, disk->name()});
            REQUIRE(opened.ok());
            (*opened)->hide_over(over);
            return std::move(*opened);
        };
        auto store = open();
        for (int tick = 0; tick < 60; ++tick) {
            CAPTURE(tick);
            over = dice() % 2 == 0 ? static_cast<std::int64_t>(dice() % 500) : 0;
            twin.hide_over(over);
            store->hide_over(over);
            twin.begin();
            store->begin();
            for (std::uint64_t i = dice() % 12; i > 0; --i) {
                const std::uint64_t roll = dice();
                const std::string expected = orders.next(twin, roll);
                REQUIRE(orders.next(*store, roll) == expected);
            }
            if (dice() % 4 == 0) REQUIRE(everything(*store) == everything(twin)); // inside the transaction
            if (dice() % 5 == 0) {
                twin.rollback();
                store->rollback();
            } else {
                REQUIRE(twin.commit().ok());
                REQUIRE(store->commit().ok());
            }
            if (dice() % 6 == 0) { // a crash: sometimes a power cut, sometimes in the middle of a tick
                if (dice() % 2 == 0) {
                    store->begin();
                    (void)orders.next(*store, dice());
                }
                auto after = std::make_unique<sqlite::FaultDisk>(dice() % 2 == 0 ? disk->image_synced()
                                                                                 : disk->image_torn(dice()));
                store.reset();
                disk = std::move(after);
                store = open();
            }
            if (dice() % 3 == 0) REQUIRE(everything(*store) == everything(twin));
        }
        REQUIRE(everything(*store) == everything(twin));
        REQUIRE(store->check().ok());
    }
}
