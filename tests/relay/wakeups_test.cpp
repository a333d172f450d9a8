// SPDX-License-Identifier: Apache-2.0
// Two relays on one database, each with links of its own: what a commit of the one means for sessions of the other.
// Their ticks take turns, so one Ledger serves both.
#include "relay/store/schema.hpp"
#include "relay/store/sqlite_backend.hpp"
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

/// The wire between them: what one publishes waits for the other, until it is carried there, lost or repeated.
struct Wire final : WakeUps {
    void publish(const Wake& wake) override { waiting.push_back(wake); }
    std::vector<Wake> waiting;
};

struct Pair {
    World first, second;
    Wire from_first, from_second;

    Pair()
    {
        first.core = std::make_unique<Core>(first.config, first.store, first.entropy, &from_first);
        second.core = std::make_unique<Core>(second.config, first.store, second.entropy, &from_second);
        second.next_link = 1; // LinkIds are each relay's own
    }
    /// What was published goes where it belongs, until nobody has anything to say.
    void carry(int times = 1)
    {
        for (bool any = true; std::exchange(any, false);) {
            for (const auto& [wire, to] : {std::pair{&from_first, &second}, std::pair{&from_second, &first}})
                for (const auto& wake : std::exchange(wire->waiting, {})) {
                    any = true;
                    for (int i = 0; i < times; ++i)
                        to->core->woken(wake);
                }
            CHECK(first.tick().ok());
            CHECK(second.tick().ok());
        }
    }
};

/// ann at the one, bo at the other, who know each other.
struct Town : Pair {
    Device ann{first, 1}, bo{second, 2, "203.0.113.2"};

    Town()
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        REQUIRE(ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
        carry();
        const auto asked = bo.take<frame::RosterChange>();
        REQUIRE(asked.size() == 1);
        CHECK(asked[0].entry.state == wire::RosterState::incoming);
        REQUIRE(bo.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
        carry();
        REQUIRE_FALSE(ann.take<frame::RosterChange>().empty());
        ann.forget_frames();
        bo.forget_frames();
    }
    [[nodiscard]] static std::optional<ErrorCode> goodbye_of(Device& who)
    {
        const auto all = who.take<frame::Goodbye>();
        return all.empty() ? std::nullopt : std::optional(all.back().what.code);
    }
};

} // namespace

TEST_CASE("two relays on one database: mail reaches who is connected to the other one, once, in order")
{
    Town town;
    for (std::uint64_t n = 1; n <= 3; ++n)
        CHECK(town.ann.put(town.bo, n) == ErrorCode::ok);
    CHECK(town.bo.take<frame::MailboxDeliver>().empty()); // not heard of yet
    town.carry(2);                                        // and heard of twice
    const auto mail = town.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 3);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(mail[i].envelope.id == envelope(i + 1).id);
    town.bo.acknowledge({mail[0].sequence, mail[1].sequence, mail[2].sequence});
    town.carry();
    CHECK(town.bo.put(town.ann, 9) == ErrorCode::ok);
    town.carry();
    CHECK(town.ann.take<frame::MailboxDeliver>().size() == 1);
    CHECK(town.bo.take<frame::MailboxDeliver>().empty());
}

TEST_CASE("two relays on one database: a wake-up that is lost costs a delay, and no mail")
{
    Town town;
    CHECK(town.ann.put(town.bo, 1) == ErrorCode::ok);
    town.from_first.waiting.clear();
    town.carry();
    CHECK(town.bo.take<frame::MailboxDeliver>().empty());
    CHECK(town.ann.put(town.bo, 2) == ErrorCode::ok); // the next one brings both
    town.carry();
    CHECK(town.bo.take<frame::MailboxDeliver>().size() == 2);
    CHECK(town.ann.put(town.bo, 3) == ErrorCode::ok);
    town.from_first.waiting.clear();
    town.bo.resume(); // or coming back does
    CHECK(town.bo.take<frame::MailboxDeliver>().size() == 3);
}

TEST_CASE("two relays on one database: mailboxes have one size, whoever fills them")
{
    Town town;
    Device other(town.second, 3);
    other.enter("ann", 100); // ann's second device, at the other relay
    town.carry();
    const auto quota =
        town.first.config.limits.mailbox_messages_max * town.first.config.limits.mailbox_sender_percent_max / 100;
    for (std::uint64_t n = 1; n <= quota; ++n) {
        auto& from = n % 2 == 0 ? other : town.ann;
        REQUIRE(from.put(town.bo, n) == ErrorCode::ok);
        town.carry();
    }
    CHECK(town.ann.put(town.bo, quota + 1) == ErrorCode::quota_exceeded);
    CHECK(other.put(town.bo, quota + 2) == ErrorCode::quota_exceeded);
}

TEST_CASE("two relays on one database: a device that is revoked at the one ends at the other")
{
    Town town;
    Device second(town.second, 3);
    second.enter("ann", 100);
    town.carry();
    CHECK_FALSE(town.ann.take<frame::OwnDevices>().empty()); // it is told of its new sibling
    second.forget_frames();
    CHECK(town.ann.code(town.ann.revoking("ann", 100, second.id)) == ErrorCode::ok);
    CHECK_FALSE(second.is_closed());
    town.carry();
    CHECK(Town::goodbye_of(second) == ErrorCode::device_revoked);
    CHECK(second.is_closed());
    CHECK_FALSE(town.bo.is_closed());
}

TEST_CASE("two relays on one database: what the operator says at the one holds at the other")
{
    Town town;
    REQUIRE(town.first.core->gate().disable("bo", "spam", town.first.now).ok());
    CHECK(town.first.tick().ok());
    CHECK_FALSE(town.bo.is_closed());
    town.carry();
    CHECK(Town::goodbye_of(town.bo) == ErrorCode::not_allowed);
    CHECK(town.bo.is_closed());
    CHECK_FALSE(town.ann.is_closed());
    REQUIRE(town.first.core->gate().enable("bo").ok());
    CHECK(town.first.tick().ok());
    town.bo.resume();

    const auto ip = Bytes{203, 0, 113, 2};
    REQUIRE(town.second.core->gate().refuses_address(ip, town.second.now) == std::nullopt); // and it remembers that
    REQUIRE(town.first.core->gate()
                .ban_address(AddressPrefix::of(ip, 24), "203.0.113.0/24", "flood", 0, town.first.now)
                .ok());
    CHECK(town.first.tick().ok());
    town.carry();
    CHECK(town.second.core->gate().refuses_address(ip, town.second.now).has_value());

    REQUIRE(town.first.core->gate().remove("bo", false, town.first.now, relays_own).ok());
    CHECK(town.first.tick().ok());
    town.carry();
    CHECK(town.bo.is_closed());
    const auto changes = town.ann.take<frame::RosterChange>();
    REQUIRE_FALSE(changes.empty());
    CHECK(changes.back().entry.state == wire::RosterState::none);
}

TEST_CASE("wake-ups: nothing is published of a tick that was not stored, nor of what was only heard")
{
    Town town;
    town.first.core->woken(Wake{.mail = {1, 2}});
    CHECK(town.first.tick().ok());
    CHECK(town.from_first.waiting.empty());
    town.ann.send(frame::MailboxPut{{town.bo.id}, envelope(1)});
    CHECK(town.from_first.waiting.empty()); // not before the commit
    CHECK(town.first.tick().ok());
    REQUIRE(town.from_first.waiting.size() == 1);
    CHECK(town.from_first.waiting[0].mail.size() == 1);
    CHECK(town.from_first.waiting[0].roster.empty());
}

namespace {

/// A database that is no file: everything goes through the port, and it is seen what.
struct Foreign final : Backend {
    explicit Foreign(sqlite::Database database) : inner(std::move(database)) {}
    Result<void> begin() override { return ++begun, inner.begin(); }
    Result<void> commit() override
    {
        if (refuses) return Error{ErrorCode::storage_failed, "no", 0};
        return ++committed, inner.commit();
    }
    void rollback() noexcept override { ++rolled_back, inner.rollback(); }
    Result<void> run(std::string_view sql, std::span<const Value> values) override { return inner.run(sql, values); }
    Result<void> query(std::string_view sql, std::span<const Value> values, RowSink& sink) override
    {
        return inner.query(sql, values, sink);
    }
    std::int64_t changes() const noexcept override { return inner.changes(); }
    std::int64_t inserted() const noexcept override { return inner.inserted(); }
    Result<void> alive() override { return inner.alive(); }
    void make_room() noexcept override { ++asked_for_room; }

    SqliteBackend inner;
    int begun = 0, committed = 0, rolled_back = 0, asked_for_room = 0;
    bool refuses = false;
};

} // namespace

TEST_CASE(
    "a database behind the port: one transaction a tick, none that writes nothing, and what only files have is said")
{
    auto backend = std::make_unique<Foreign>(sqlite::Database::open_in_memory(schema()).value());
    auto& database = *backend;
    World world({}, Store(std::move(backend)));
    Device ann(world, 1), bo(world, 2);
    ann.join("ann", 100);
    bo.join("bo", 200);
    befriend(ann, "ann", bo, "bo");
    CHECK(database.begun == database.committed);
    const auto before = database.committed;
    ann.send(frame::MailboxPut{{bo.id}, envelope(1)});
    ann.send(frame::MailboxPut{{bo.id}, envelope(2)});
    CHECK(world.tick().ok());
    CHECK(database.committed == before + 1);
    CHECK(bo.take<frame::MailboxDeliver>().size() == 2);
    world.advance(std::chrono::milliseconds(1));
    CHECK(world.tick().ok());
    CHECK(database.committed == before + 1);

    database.refuses = true;
    CHECK(ann.put(bo, 3) == ErrorCode::relay_unavailable);
    CHECK(database.rolled_back > 0);
    database.refuses = false;
    CHECK(ann.put(bo, 3) == ErrorCode::ok);

    CHECK(world.store.alive().ok());
    CHECK(world.store.look_over().ok());
    world.store.reclaim_log();
    CHECK(database.asked_for_room == 1);
    CHECK(world.store.skip_numbers().error().code == ErrorCode::internal);
    CHECK(world.store.copy_to("copy.db").error().code == ErrorCode::internal);
}
