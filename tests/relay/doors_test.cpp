// SPDX-License-Identifier: Apache-2.0
// Who may bring a device list (docs/adr/0025-doors.md). The thief has been a device of the account, and has kept its
// key: every signature is right.
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

struct Theft {
    World world;
    Device laptop{world, 1}, stolen{world, 2}, bo{world, 3};
    crypto::SigningKey account = signing_key(100);

    Theft()
    {
        laptop.join("ann", 100);
        stolen.enter("ann", 100);
        bo.join("bo", 300);
        befriend(laptop, "ann", bo, "bo");
    }
    void revoke()
    {
        REQUIRE(laptop.code(laptop.revoking("ann", 100, stolen.id)) == ErrorCode::ok);
        bo.forget_frames();
        laptop.forget_frames();
    }
    [[nodiscard]] frame::AddDevice list_with(const DeviceId& own, std::uint64_t version,
                                             const std::vector<DeviceId>& devices) const
    {
        return {"ann", certify(account, "ann", own), list_of(account, "ann", version, devices).encoded};
    }
    /// Nobody has come in, and nobody was told anything.
    void check_nothing_happened()
    {
        CHECK(devices_in(world.list("ann").encoded) == std::vector{laptop.id});
        CHECK(world.list("ann").version == 3);
        CHECK(world.store.devices(world.store.account("ann")->row).size() == 1);
        CHECK(bo.take<frame::RosterChange>().empty());
        CHECK(laptop.take<frame::OwnDevices>().empty());
        CHECK_FALSE(laptop.is_closed());
    }
};

} // namespace

TEST_CASE("a thief with the account key, revoked: what it has said before the tick ended is not done")
{
    Theft t;
    t.bo.forget_frames();
    Device fresh(t.world, 9);
    const auto jump = t.list_with(fresh.id, 40, {t.stolen.id, fresh.id});
    t.laptop.send(t.laptop.revoking("ann", 100, t.stolen.id));
    t.stolen.send(frame::DevicesPut{list_of(t.account, "ann", 40, {t.stolen.id}).encoded});
    t.stolen.send(frame::Logout{list_of(t.account, "ann", 4, {t.laptop.id}).encoded});
    t.stolen.send(frame::LinkGrant{fresh.id, {1}});
    t.stolen.send(frame::AddDevice{"ann", certify(t.account, "ann", t.stolen.id),
                                   list_of(t.account, "ann", 40, {t.stolen.id}).encoded});
    t.stolen.send(frame::Resume{});
    t.stolen.send(frame::MailboxPut{{t.bo.id}, envelope(1)});
    CHECK(t.world.tick().ok());
    const auto answers = t.stolen.take<frame::Response>();
    REQUIRE(answers.size() == 6);
    for (const auto& one : answers) {
        CHECK(one.error.code == ErrorCode::device_revoked);
        CHECK(std::holds_alternative<std::monostate>(one.body));
    }
    CHECK(t.stolen.is_closed());
    CHECK(t.bo.take<frame::MailboxDeliver>().empty());
    t.bo.forget_frames();
    t.laptop.forget_frames();
    t.check_nothing_happened();
}

TEST_CASE("a thief with the account key, revoked: no list brings in its device again, nor a new one")
{
    Theft t;
    t.revoke();
    Device fresh(t.world, 9);
    SUBCASE("its own key: not without the password, and not with it")
    {
        const auto with_it = std::vector{t.laptop.id, t.stolen.id};
        t.stolen.connect();
        CHECK(t.stolen.code(frame::Resume{}) == ErrorCode::device_revoked);
        for (const std::uint64_t version : {2ULL, 3ULL, 4ULL, 5ULL, 4000ULL})
            CHECK(t.stolen.code(t.list_with(t.stolen.id, version, with_it)) == ErrorCode::device_revoked);
        t.stolen.connect();
        CHECK(t.stolen.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::device_revoked);
        CHECK(t.stolen.code(t.list_with(t.stolen.id, 4, with_it)) == ErrorCode::device_revoked);
        CHECK(t.stolen.code(frame::LinkWait{}) == ErrorCode::ok);
        CHECK(t.laptop.code(frame::LinkGrant{t.stolen.id, {1}}) == ErrorCode::ok); // a slip of the owner's
        CHECK(t.stolen.code(t.list_with(t.stolen.id, 4, with_it)) == ErrorCode::device_revoked);
    }
    SUBCASE("a new key: the next version, one that jumps, one without the owner")
    {
        fresh.connect();
        const auto refused = fresh.ask(t.list_with(fresh.id, 4, {t.laptop.id, fresh.id}));
        CHECK(refused.error.code == ErrorCode::device_revoked);
        CHECK(std::get<frame::LoginOk>(refused.body).vault.empty());
        CHECK(fresh.code(t.list_with(fresh.id, 40, {t.laptop.id, fresh.id})) == ErrorCode::device_revoked);
        CHECK(fresh.code(t.list_with(fresh.id, 3 + identity::mending_step_max, {fresh.id})) ==
              ErrorCode::device_revoked);
        CHECK(fresh.code(frame::DevicesPut{list_of(t.account, "ann", 40, {fresh.id}).encoded}) ==
              ErrorCode::not_registered);
        CHECK(fresh.code(frame::Resume{}) == ErrorCode::device_revoked);
    }
    SUBCASE("a wrong password takes away what a right one gave; another account's opens nothing")
    {
        fresh.connect_as("ann");
        CHECK(fresh.code(frame::Login{"ann", secret_of("guess")}) == ErrorCode::wrong_credentials);
        CHECK(fresh.code(t.list_with(fresh.id, 4, {t.laptop.id, fresh.id})) == ErrorCode::device_revoked);
        fresh.connect_as("bo");
        CHECK(fresh.code(t.list_with(fresh.id, 4, {t.laptop.id, fresh.id})) == ErrorCode::device_revoked);
    }
    SUBCASE("another account's device grants: its own account, not this one")
    {
        fresh.connect();
        CHECK(fresh.code(frame::LinkWait{}) == ErrorCode::ok);
        CHECK(t.bo.code(frame::LinkGrant{fresh.id, {1}}) == ErrorCode::ok);
        CHECK(fresh.code(t.list_with(fresh.id, 4, {t.laptop.id, fresh.id})) == ErrorCode::device_revoked);
    }
    SUBCASE("the account key under another name")
    {
        fresh.connect();
        CHECK(fresh.code(fresh.registration("mallory", 100)) == ErrorCode::already_registered);
        CHECK_FALSE(t.world.store.account("mallory"));
    }
    SUBCASE("also after the relay was started anew")
    {
        t.world.restart();
        for (auto* const one : {&t.laptop, &t.bo}) {
            one->resume();
            one->forget_frames();
        }
        t.stolen.connect();
        CHECK(t.stolen.code(t.list_with(t.stolen.id, 5, {t.stolen.id})) == ErrorCode::device_revoked);
        CHECK(t.stolen.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::device_revoked);
    }
    t.check_nothing_happened();
}

TEST_CASE("what a device has granted ends with it")
{
    Theft t;
    Device fresh(t.world, 9);
    fresh.connect();
    CHECK(fresh.code(frame::LinkWait{}) == ErrorCode::ok);
    CHECK(t.stolen.code(frame::LinkGrant{fresh.id, {1}}) == ErrorCode::ok);
    t.revoke();
    CHECK(fresh.code(t.list_with(fresh.id, 4, {t.laptop.id, fresh.id})) == ErrorCode::device_revoked);
    t.check_nothing_happened();
    // The owner's grant counts, whatever others have granted besides.
    CHECK(t.laptop.code(frame::LinkGrant{fresh.id, {1}}) == ErrorCode::ok);
    for (int i = 0; i < 7; ++i)
        CHECK(t.bo.code(frame::LinkGrant{fresh.id, {1}}) == ErrorCode::ok);
    CHECK(fresh.code(t.list_with(fresh.id, 4, {t.laptop.id, fresh.id})) == ErrorCode::ok);
}

TEST_CASE("a grant is for one link")
{
    Theft t;
    Device fresh(t.world, 9), again(t.world, 9);
    fresh.connect();
    CHECK(fresh.code(frame::LinkWait{}) == ErrorCode::ok);
    CHECK(t.laptop.code(frame::LinkGrant{fresh.id, {1}}) == ErrorCode::ok);
    again.connect();
    CHECK(again.code(t.list_with(fresh.id, 3, {t.laptop.id, t.stolen.id, fresh.id})) == ErrorCode::device_revoked);
    fresh.drop();
    again.connect();
    CHECK(again.code(frame::LinkWait{}) == ErrorCode::ok);
    CHECK(again.code(t.list_with(fresh.id, 3, {t.laptop.id, t.stolen.id, fresh.id})) == ErrorCode::device_revoked);
}

TEST_CASE("restored from an older copy: who is unknown waits for a device that is known, or shows the password")
{
    World world;
    const auto account = signing_key(100);
    Device laptop(world, 1), phone(world, 2);
    laptop.join("ann", 100); // The list here is 1; that of the account is 2, with the phone.
    const frame::AddDevice known{"ann", certify(account, "ann", phone.id),
                                 list_of(account, "ann", 2, {laptop.id, phone.id}).encoded};
    phone.connect();
    CHECK(phone.code(frame::Resume{}) == ErrorCode::device_revoked);
    const auto refused = phone.ask(known);
    CHECK(refused.error.code == ErrorCode::device_revoked);
    CHECK(std::get<frame::LoginOk>(refused.body).device_list == world.list("ann").encoded);
    const auto mended = list_of(account, "ann", 4, {laptop.id, phone.id}).encoded;
    SUBCASE("a device that is known mends: the same list, shown again, lets the other one in, and is not taken")
    {
        CHECK(laptop.code(frame::DevicesPut{mended}) == ErrorCode::ok);
        phone.connect();
        CHECK(phone.code(known) == ErrorCode::ok);
    }
    SUBCASE("nor is a newer one")
    {
        CHECK(laptop.code(frame::DevicesPut{mended}) == ErrorCode::ok);
        phone.connect();
        CHECK(phone.code(frame::AddDevice{"ann", known.certificate, list_of(account, "ann", 9, {phone.id}).encoded}) ==
              ErrorCode::ok);
        CHECK_FALSE(laptop.is_closed());
    }
    SUBCASE("the password")
    {
        phone.connect_as("ann");
        CHECK(phone.code(frame::AddDevice{"ann", known.certificate, mended}) == ErrorCode::ok);
    }
    CHECK(world.list("ann").encoded == mended);
    CHECK(phone.code(frame::FetchSession{}) == ErrorCode::ok);
}

TEST_CASE("who was removed is remembered per account, the newest ones, also who never was here")
{
    Theft t;
    const auto ann = t.world.store.account("ann")->row, bo = t.world.store.account("bo")->row;
    const auto elsewhere = signing_key(77).public_key();
    // Bo lists whom he likes, and removes them again: that is his account's affair.
    const auto own = signing_key(300);
    const auto list = [&](std::uint64_t version, const std::vector<DeviceId>& devices) {
        return frame::DevicesPut{list_of(own, "bo", version, devices).encoded};
    };
    CHECK(t.bo.code(list(3, {t.bo.id, t.laptop.id, elsewhere})) == ErrorCode::ok);
    CHECK(t.bo.code(list(4, {t.bo.id})) == ErrorCode::ok);
    CHECK(t.world.store.was_removed(bo, t.laptop.id));
    CHECK(t.world.store.was_removed(bo, elsewhere));
    CHECK_FALSE(t.world.store.was_removed(ann, t.laptop.id));
    CHECK_FALSE(t.laptop.is_closed());
    t.laptop.resume();

    for (std::uint64_t n = 0; n < removed_devices_max; ++n)
        t.world.store.remember_removed(bo, filled<DeviceId>(1000 + n));
    CHECK_FALSE(t.world.store.was_removed(bo, elsewhere));
    CHECK(t.world.store.was_removed(bo, filled<DeviceId>(1000)));
    t.world.store.remember_removed(bo, filled<DeviceId>(1000)); // is the newest now
    t.world.store.remember_removed(bo, elsewhere);
    CHECK(t.world.store.was_removed(bo, filled<DeviceId>(1000)));
    CHECK_FALSE(t.world.store.was_removed(bo, filled<DeviceId>(1001)));
    CHECK(t.world.store.commit().ok());
}
