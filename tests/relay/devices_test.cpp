// SPDX-License-Identifier: Apache-2.0
// Signed device lists: how they grow and shrink, and what is refused.
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("logout removes the device and its mailbox, and tells who should know")
{
    World world;
    Device ann(world, 1), phone(world, 2), bo(world, 3);
    ann.join("ann", 100);
    phone.enter("ann", 100);
    bo.join("bo", 300);
    befriend(ann, "ann", bo, "bo");
    phone.drop();
    CHECK(bo.put(phone, 1) == ErrorCode::ok);
    phone.resume();
    CHECK(phone.take<frame::MailboxDeliver>().size() == 1);
    ann.forget_frames();
    bo.forget_frames();

    CHECK(phone.code(phone.leaving("ann", 100)) == ErrorCode::ok);
    CHECK(phone.is_closed());
    CHECK(devices_in(ann.take<frame::OwnDevices>().at(0).device_list) == std::vector<DeviceId>{ann.id});
    const auto change = bo.take<frame::RosterChange>();
    REQUIRE(change.size() == 1);
    CHECK(devices_in(change[0].entry.device_list) == std::vector<DeviceId>{ann.id});
    CHECK(change[0].entry.online == std::vector<DeviceId>{ann.id});
    CHECK(bo.put(phone, 2) == ErrorCode::device_revoked);
    phone.connect();
    CHECK(phone.code(frame::Resume{}) == ErrorCode::device_revoked);
    CHECK(phone.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::device_revoked);
    Device fresh(world, 4); // it may come back by password as a new device, with an empty mailbox
    fresh.enter("ann", 100);
    CHECK(fresh.take<frame::MailboxDeliver>().empty());
}

TEST_CASE("devices of an account end at their limit")
{
    World world;
    Device first(world, 1);
    first.join("ann", 100);
    for (std::uint64_t i = 2; i <= wire::devices_per_account_max; ++i) {
        Device device(world, i);
        device.enter("ann", 100);
        device.drop();
    }
    Device more(world, 50);
    more.connect();
    CHECK(more.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::ok);
    auto devices = devices_in(world.list("ann").encoded);
    devices[1] = more.id; // in the place of another one, which the account would have to revoke first
    CHECK(more.code(frame::AddDevice{"ann", certify(signing_key(100), "ann", more.id),
                                     list_of(signing_key(100), "ann", 17, devices).encoded}) == ErrorCode::conflict);
    Device known(world, 2);
    known.enter("ann", 100); // one of the sixteen renews itself
    CHECK(known.code(known.leaving("ann", 100)) == ErrorCode::ok);
    more.enter("ann", 100);
}

namespace {

struct Ann {
    World world;
    Device laptop{world, 1};
    crypto::SigningKey account = signing_key(100);

    explicit Ann(Config config = {}) : world(std::move(config)) { laptop.join("ann", 100); }

    frame::AddDevice addition(const DeviceId& own, std::uint64_t version, const std::vector<DeviceId>& devices,
                              const std::string& user = "ann")
    {
        return {user, certify(account, user, own), list_of(account, user, version, devices).encoded};
    }
};

/// With another creation time: the same list otherwise.
Bytes list_at(WallMs created_ms, const crypto::SigningKey& account, const std::string& user, std::uint64_t version,
              const std::vector<DeviceId>& devices)
{
    std::vector<wire::DeviceCertificate> certificates;
    for (const auto& device : devices)
        certificates.push_back(certificate(account, user, device));
    return identity::sign_device_list(user, account.seed(), version, certificates, created_ms).encoded;
}

} // namespace

TEST_CASE("register: the first list is version 1 with this device alone, signed by the account")
{
    World world;
    Device ann(world, 1);
    ann.connect();
    const auto account = signing_key(100);
    const auto other = signing_key(2).public_key();
    const auto with_list = [&](Bytes list) {
        auto request = ann.registration("ann", 100);
        request.device_list = std::move(list);
        ann.connect();
        return ann.code(request);
    };
    CHECK(with_list({1}) == ErrorCode::malformed);
    CHECK(with_list(list_of(account, "ann", 2, {other}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(account, "ann", (1ULL << 32) + 1, {ann.id}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(account, "ann", 0, {ann.id}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(account, "ann", 1, {ann.id, other}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(account, "ann", 1, {other}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(account, "ann", 1, {}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(account, "bo", 1, {ann.id}).encoded) == ErrorCode::authentication_failed);
    CHECK(with_list(list_of(signing_key(101), "ann", 1, {ann.id}).encoded) == ErrorCode::authentication_failed);
    CHECK_FALSE(world.store.account("ann"));
    CHECK(with_list(list_of(account, "ann", 1, {ann.id}).encoded) == ErrorCode::ok);
    CHECK(world.list("ann").version == 1);
    // Registered; another first list, also of the same account and password, would be a fork.
    CHECK(with_list(list_at(2, account, "ann", 1, {ann.id})) == ErrorCode::conflict);
}

TEST_CASE("add_device: the account's signature, on a connection where its password was shown")
{
    Ann a;
    Device phone(a.world, 2);
    phone.connect_as("ann");
    CHECK(phone.code(a.addition(phone.id, 2, {a.laptop.id, phone.id})) == ErrorCode::ok);
    CHECK(a.world.list("ann").version == 2);
    CHECK(devices_in(a.laptop.take<frame::OwnDevices>().at(0).device_list).size() == 2);
    CHECK(phone.code(frame::FetchSession{}) == ErrorCode::ok);
    CHECK(a.world.core->counters().devices_added == 1);
}

TEST_CASE("add_device: each way it is refused, and nothing is stored")
{
    Ann a;
    Device phone(a.world, 2);
    Device bo(a.world, 3);
    bo.join("bo", 300);
    const auto third = signing_key(77).public_key();
    const auto try_with = [&](const frame::AddDevice& request) {
        Device device(a.world, 2, "192.0.2." + std::to_string(a.world.next_link));
        device.connect_as("ann");
        return device.code(request);
    };
    const auto both = std::vector{a.laptop.id, phone.id};
    auto request = a.addition(phone.id, 2, both);

    SUBCASE("credentials: an unknown user, another account's key, a broken signature, nonsense: one answer")
    {
        const auto refusal = [&](const frame::AddDevice& one) {
            Device device(a.world, 2, "192.0.2." + std::to_string(a.world.next_link));
            device.connect();
            const auto response = device.ask(one);
            CHECK(response.error.detail == "the user name or the password is wrong");
            return response.error.code;
        };
        CHECK(refusal(a.addition(phone.id, 2, both, "nobody")) == ErrorCode::wrong_credentials);
        CHECK(refusal({"bo", request.certificate, request.device_list}) == ErrorCode::wrong_credentials);
        CHECK(refusal({"Not A Name", request.certificate, request.device_list}) == ErrorCode::wrong_credentials);
        CHECK(refusal({"ann", request.certificate, list_of(signing_key(5), "ann", 2, both).encoded}) ==
              ErrorCode::wrong_credentials);
        auto broken = *wire::decode_device_list(request.device_list);
        broken.signature.bytes[7] ^= 1;
        CHECK(refusal({"ann", request.certificate, wire::encode(broken)}) == ErrorCode::wrong_credentials);
        broken = *wire::decode_device_list(request.device_list);
        broken.version = 3;
        CHECK(refusal({"ann", request.certificate, wire::encode(broken)}) == ErrorCode::wrong_credentials);
        CHECK(refusal({"ann", request.certificate, {1, 2, 3}}) == ErrorCode::wrong_credentials);
        CHECK(a.world.core->counters().logins_refused == 7);
    }
    SUBCASE("the certificate: of another device, another one than in the list, not in the list")
    {
        CHECK(try_with({"ann", certify(a.account, "ann", third), request.device_list}) ==
              ErrorCode::authentication_failed);
        CHECK(try_with({"ann", {9}, request.device_list}) == ErrorCode::authentication_failed);
        auto renamed = certificate(a.account, "ann", phone.id);
        renamed.device_name = "other";
        renamed = identity::sign_certificate(renamed, a.account.seed());
        CHECK(try_with({"ann", wire::encode(renamed), request.device_list}) == ErrorCode::authentication_failed);
        CHECK(try_with(a.addition(phone.id, 2, {a.laptop.id, third})) == ErrorCode::authentication_failed);
    }
    SUBCASE("the version: stale, the present one, much too far")
    {
        for (const std::uint64_t version : {std::uint64_t{1}, 1 + identity::mending_step_max + 1, ~std::uint64_t{0}})
            CHECK(try_with(a.addition(phone.id, version, both)) == ErrorCode::conflict);
    }
    SUBCASE("the devices: a third one, one that is missing, a certificate that was changed")
    {
        CHECK(try_with(a.addition(phone.id, 2, {a.laptop.id, phone.id, third})) == ErrorCode::conflict);
        CHECK(try_with(a.addition(phone.id, 2, {phone.id})) == ErrorCode::conflict);
        auto renamed = certificate(a.account, "ann", a.laptop.id);
        renamed.device_name = "stolen";
        renamed = identity::sign_certificate(renamed, a.account.seed());
        const auto list = identity::sign_device_list("ann", a.account.seed(), 2,
                                                     {renamed, certificate(a.account, "ann", phone.id)}, 1);
        CHECK(try_with({"ann", request.certificate, list.encoded}) == ErrorCode::conflict);
    }
    SUBCASE("a device of another account")
    {
        bo.connect();
        CHECK(bo.code(a.addition(bo.id, 2, {a.laptop.id, bo.id})) == ErrorCode::already_registered);
    }
    CHECK(a.world.list("ann").version == 1);
    CHECK(a.world.store.devices(a.world.store.account("ann")->row).size() == 1);
    CHECK(a.laptop.take<frame::OwnDevices>().empty());
    CHECK(try_with(request) == ErrorCode::ok);
}

TEST_CASE("add_device again after a lost answer: the same; a certificate is renewed with the next version")
{
    Ann a;
    Device phone(a.world, 2);
    phone.connect_as("ann");
    const auto request = a.addition(phone.id, 2, {a.laptop.id, phone.id});
    phone.send(request);
    CHECK(a.world.tick(true).ok()); // committed, and never heard
    phone.drop();
    a.laptop.forget_frames();
    phone.connect(); // listed: no door is needed
    CHECK(phone.code(request) == ErrorCode::ok);
    CHECK(a.world.list("ann").version == 2);
    CHECK(a.laptop.take<frame::OwnDevices>().empty()); // no news
    CHECK(a.world.core->counters().devices_added == 1);

    auto renamed = certificate(a.account, "ann", phone.id);
    renamed.device_name = "new name";
    renamed = identity::sign_certificate(renamed, a.account.seed());
    const auto list = identity::sign_device_list("ann", a.account.seed(), 3,
                                                 {certificate(a.account, "ann", a.laptop.id), renamed}, 1);
    phone.connect();
    CHECK(phone.code(frame::AddDevice{"ann", wire::encode(renamed), list.encoded}) == ErrorCode::device_revoked);
    phone.connect_as("ann");
    CHECK(phone.code(frame::AddDevice{"ann", wire::encode(renamed), list.encoded}) == ErrorCode::ok);
    CHECK(a.world.list("ann").find(phone.id)->device_name == "new name");
    // A list that is known, in the hand of one whom it does not name, is no way in.
    Device other(a.world, 9);
    other.connect();
    CHECK(other.code(frame::AddDevice{"ann", certify(a.account, "ann", other.id), list.encoded}) ==
          ErrorCode::authentication_failed);
}

TEST_CASE("two new devices at once: one is first, the other logs in again")
{
    Ann a;
    Device phone(a.world, 2), tablet(a.world, 3);
    phone.connect_as("ann");
    tablet.connect_as("ann");
    phone.send(a.addition(phone.id, 2, {a.laptop.id, phone.id}));
    tablet.send(a.addition(tablet.id, 2, {a.laptop.id, tablet.id}));
    CHECK(a.world.tick().ok());
    CHECK(phone.take_response(2).error.code == ErrorCode::ok);
    CHECK(tablet.take_response(2).error.code == ErrorCode::conflict);
    // on the same connection: a stranger's allowance has room for it
    const auto half = tablet.ask(frame::Login{"ann", secret_of("ann")});
    CHECK(tablet.code(tablet.addition("ann", 100, std::get<frame::LoginOk>(half.body).device_list)) == ErrorCode::ok);
    CHECK(devices_in(a.world.list("ann").encoded) == std::vector<DeviceId>{a.laptop.id, phone.id, tablet.id});
}

TEST_CASE("wrong lists are slowed by address, together with wrong passwords")
{
    Config config;
    config.limits.login_per_address = {3, std::chrono::seconds(6)};
    Ann a(config);
    Device guesser(a.world, 9, "203.0.113.1");
    guesser.connect();
    const auto wrong = frame::AddDevice{"ann", certify(signing_key(5), "ann", guesser.id),
                                        list_of(signing_key(5), "ann", 2, {guesser.id}).encoded};
    for (int i = 0; i < 3; ++i)
        CHECK(guesser.code(wrong) == ErrorCode::wrong_credentials);
    const auto slowed = guesser.ask(wrong);
    CHECK(slowed.error.code == ErrorCode::rate_limited);
    CHECK(slowed.error.retry_after_ms == 6'000);
    CHECK(guesser.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::rate_limited);
    Device phone(a.world, 2, "198.51.100.9");
    phone.enter("ann", 100); // elsewhere
}

TEST_CASE("this relay's own limit of devices; changes of lists are paced per account")
{
    Config config;
    config.limits.devices_per_account_max = 2;
    config.limits.device_changes = {3, std::chrono::seconds(60)};
    Ann a(config);
    Device phone(a.world, 2), tablet(a.world, 3);
    phone.enter("ann", 100);
    tablet.connect_as("ann");
    CHECK(tablet.code(a.addition(tablet.id, 3, {a.laptop.id, phone.id, tablet.id})) == ErrorCode::quota_exceeded);
    CHECK(a.laptop.code(a.laptop.revoking("ann", 100, phone.id)) == ErrorCode::ok);
    CHECK(tablet.code(tablet.addition("ann", 100, a.world.list("ann").encoded)) == ErrorCode::ok);
    const auto slowed = a.laptop.ask(a.laptop.revoking("ann", 100, tablet.id));
    CHECK(slowed.error.code == ErrorCode::rate_limited);
    CHECK(slowed.error.retry_after_ms == 60'000);
    CHECK(tablet.code(tablet.leaving("ann", 100)) == ErrorCode::ok); // leaving is always possible
    a.world.advance(std::chrono::seconds(60));
    Device fresh(a.world, 4);
    fresh.enter("ann", 100);
}

TEST_CASE("devices_put: who is missing is revoked; mailbox, key packages and session go with it")
{
    Ann a;
    Device phone(a.world, 2), tablet(a.world, 3), bo(a.world, 4);
    bo.join("bo", 300);
    befriend(a.laptop, "ann", bo, "bo");
    phone.enter("ann", 100);
    tablet.enter("ann", 100);
    CHECK(phone.code(frame::KeyPackagePublish{{{1}, {2}}, {3}}) == ErrorCode::ok);
    CHECK(bo.put(phone, 1) == ErrorCode::ok);
    const auto phone_row = a.world.store.device(phone.id)->row;
    for (auto* const one : {&a.laptop, &phone, &tablet, &bo})
        one->forget_frames();

    const auto request = a.laptop.revoking("ann", 100, phone.id);
    phone.send(frame::FetchSession{});
    a.laptop.send(request);
    phone.send(frame::FetchSession{}); // in the same tick, too late
    CHECK(a.world.tick().ok());
    CHECK(a.laptop.take<frame::Response>().at(0).error.code == ErrorCode::ok);
    const auto at_phone = phone.take<frame::Response>();
    REQUIRE(at_phone.size() == 2);
    CHECK(at_phone[0].error.code == ErrorCode::ok);
    CHECK(at_phone[1].error.code == ErrorCode::device_revoked);
    CHECK(phone.take<frame::Goodbye>().at(0).what.code == ErrorCode::device_revoked);
    CHECK(phone.is_closed());

    const auto remaining = std::vector<DeviceId>{a.laptop.id, tablet.id};
    CHECK(devices_in(phone.take<frame::OwnDevices>().at(0).device_list) == remaining); // by whom it was revoked
    CHECK(devices_in(tablet.take<frame::OwnDevices>().at(0).device_list) == remaining);
    CHECK(devices_in(a.laptop.take<frame::OwnDevices>().at(0).device_list) == remaining);
    const auto change = bo.take<frame::RosterChange>();
    REQUIRE(change.size() == 1);
    CHECK(devices_in(change[0].entry.device_list) == remaining);
    CHECK(change[0].entry.online == std::vector<DeviceId>{a.laptop.id, tablet.id});
    CHECK(a.world.core->counters().devices_revoked == 1);
    CHECK_FALSE(a.world.store.device(phone.id));
    CHECK_FALSE(a.world.store.has_mail(phone_row));
    CHECK(a.world.store.key_package_count(phone_row).one_time == 0);
    CHECK_FALSE(a.world.store.key_package_count(phone_row).last_resort);
    CHECK(bo.put(phone, 2) == ErrorCode::device_revoked);

    CHECK(a.laptop.code(request) == ErrorCode::ok); // the answer was lost: again
    CHECK(a.laptop.take<frame::OwnDevices>().empty());
    phone.connect();
    CHECK(phone.code(frame::Resume{}) == ErrorCode::device_revoked);
}

TEST_CASE("a device that is revoked in the tick in which it comes back")
{
    Ann a;
    Device phone(a.world, 2);
    phone.enter("ann", 100);
    phone.drop();
    phone.connect();
    phone.send(frame::Resume{});
    a.laptop.send(a.laptop.revoking("ann", 100, phone.id));
    CHECK(a.world.tick().ok());
    CHECK(phone.is_closed());
    CHECK(phone.take<frame::Roster>().empty());
    CHECK(a.world.core->counters().sessions == 1);
}

TEST_CASE("devices_put and logout: each way they are refused")
{
    Ann a;
    Device phone(a.world, 2), tablet(a.world, 3);
    phone.enter("ann", 100);
    tablet.enter("ann", 100);
    const auto third = signing_key(77).public_key();
    const auto put = [&](std::uint64_t version, const std::vector<DeviceId>& devices) {
        return a.laptop.code(frame::DevicesPut{list_of(a.account, "ann", version, devices).encoded});
    };
    CHECK(put(4, {a.laptop.id, phone.id, tablet.id}) == ErrorCode::conflict); // nobody is missing
    CHECK(put(3, {a.laptop.id, phone.id}) == ErrorCode::conflict);
    CHECK(put(3 + identity::mending_step_max + 1, {a.laptop.id, phone.id}) == ErrorCode::conflict);
    CHECK(put(4, {a.laptop.id, third}) == ErrorCode::conflict);
    CHECK(put(4, {phone.id, tablet.id}) == ErrorCode::invalid_argument); // that is logging out
    CHECK(put(4, {}) == ErrorCode::authentication_failed);
    CHECK(a.laptop.code(frame::DevicesPut{{1}}) == ErrorCode::malformed);
    CHECK(a.laptop.code(frame::DevicesPut{list_of(signing_key(5), "ann", 4, {a.laptop.id}).encoded}) ==
          ErrorCode::authentication_failed);

    const auto leave = [&](std::uint64_t version, const std::vector<DeviceId>& devices) {
        return a.laptop.code(frame::Logout{list_of(a.account, "ann", version, devices).encoded});
    };
    CHECK(leave(4, {a.laptop.id, phone.id}) == ErrorCode::conflict);
    CHECK(leave(4, {phone.id}) == ErrorCode::conflict);
    CHECK(leave(5, {phone.id, tablet.id}) == ErrorCode::conflict);
    CHECK(leave(4, {phone.id, third}) == ErrorCode::conflict);
    CHECK(a.laptop.code(frame::Logout{a.world.list("ann").encoded}) == ErrorCode::conflict); // not the last one
    CHECK(a.laptop.code(frame::Logout{list_of(signing_key(5), "ann", 4, {phone.id, tablet.id}).encoded}) ==
          ErrorCode::authentication_failed);
    CHECK(a.world.list("ann").version == 3);
    CHECK_FALSE(a.laptop.is_closed());
    CHECK(leave(4, {phone.id, tablet.id}) == ErrorCode::ok);
    CHECK(a.laptop.is_closed());
}

TEST_CASE(
    "a relay that was restored: a list two versions newer or more takes the place of its own, whatever it changes")
{
    Ann a;
    Device phone(a.world, 2), tablet(a.world, 3), bo(a.world, 4);
    phone.enter("ann", 100);
    bo.join("bo", 300);
    befriend(a.laptop, "ann", bo, "bo");
    bo.forget_frames();
    SUBCASE("by DevicesPut: devices that it does not know are listed, one that it knows is revoked")
    {
        const frame::DevicesPut request{list_of(a.account, "ann", 4, {a.laptop.id, tablet.id}).encoded};
        CHECK(a.laptop.code(request) == ErrorCode::ok);
        CHECK(phone.is_closed());
        CHECK(a.laptop.code(request) == ErrorCode::ok); // the answer was lost: again
        CHECK(devices_in(bo.take<frame::RosterChange>().at(0).entry.device_list) ==
              std::vector<DeviceId>{a.laptop.id, tablet.id});
        // The listed one comes with the list that it knows, older or newer by one.
        tablet.connect();
        CHECK(tablet.code(frame::Resume{}) == ErrorCode::device_revoked);
        CHECK(tablet.code(a.addition(tablet.id, 3, {a.laptop.id, phone.id, tablet.id})) == ErrorCode::ok);
        CHECK(a.world.list("ann").version == 4);
    }
    SUBCASE("by AddDevice: as far as it may jump")
    {
        tablet.connect_as("ann");
        CHECK(tablet.code(a.addition(tablet.id, 2 + identity::mending_step_max, {a.laptop.id, tablet.id})) ==
              ErrorCode::ok);
        CHECK(phone.is_closed());
        CHECK(a.world.list("ann").version == 2 + identity::mending_step_max);
    }
    SUBCASE("the relay's own limit of devices holds for these too")
    {
        std::vector<DeviceId> many{a.laptop.id};
        for (std::uint64_t n = 1; n < wire::devices_per_account_max; ++n)
            many.push_back(signing_key(500 + n).public_key());
        a.world.config.limits.devices_per_account_max = 3;
        a.world.restart();
        a.laptop.resume();
        CHECK(a.laptop.code(frame::DevicesPut{list_of(a.account, "ann", 9, many).encoded}) ==
              ErrorCode::quota_exceeded);
    }
}

TEST_CASE("a refused addition that is well signed is told the stored list; any other one learns nothing")
{
    Ann a;
    Device phone(a.world, 2), tablet(a.world, 3);
    phone.enter("ann", 100);
    SUBCASE("for want of a door")
    {
        tablet.connect();
    }
    SUBCASE("for its version")
    {
        tablet.connect_as("ann");
    }
    const auto refused = tablet.ask(a.addition(tablet.id, 2, {a.laptop.id, tablet.id}));
    CHECK(refused.error.code == (refused.id == 1 ? ErrorCode::device_revoked : ErrorCode::conflict));
    const auto* const told = std::get_if<frame::LoginOk>(&refused.body);
    REQUIRE(told != nullptr);
    CHECK(told->device_list == a.world.list("ann").encoded);
    CHECK(told->vault.empty());
    CHECK_FALSE(told->vacant);
    const auto wrong = tablet.ask(frame::AddDevice{"ann", certify(signing_key(5), "ann", tablet.id),
                                                   list_of(signing_key(5), "ann", 9, {tablet.id}).encoded});
    CHECK(wrong.error.code == ErrorCode::wrong_credentials);
    CHECK(std::holds_alternative<std::monostate>(wrong.body));
}

TEST_CASE("register: an account that this relay has lost comes with a later version and its other devices")
{
    World world;
    Device ann(world, 1), phone(world, 2);
    const auto account = signing_key(100);
    ann.connect();
    auto request = ann.registration("ann", 100);
    request.device_list = list_of(account, "ann", 9, {ann.id, phone.id}).encoded;
    CHECK(ann.code(request) == ErrorCode::ok);
    CHECK(world.list("ann").version == 9);
    phone.connect();
    CHECK(phone.code(frame::Resume{}) == ErrorCode::device_revoked);
    CHECK(phone.code(frame::AddDevice{"ann", certify(account, "ann", phone.id),
                                      list_of(account, "ann", 7, {ann.id, phone.id}).encoded}) == ErrorCode::ok);
    CHECK(world.list("ann").version == 9);
    CHECK(phone.code(frame::FetchSession{}) == ErrorCode::ok);
}

TEST_CASE("the last device logs out with the list as it is; the next one may leave it out, and versions go on")
{
    Ann a;
    Device phone(a.world, 2);
    CHECK(a.laptop.code(frame::Logout{list_of(a.account, "ann", 2, {a.laptop.id}).encoded}) == ErrorCode::conflict);
    CHECK(a.laptop.code(a.laptop.leaving("ann", 100)) == ErrorCode::ok);
    CHECK(a.laptop.is_closed());
    CHECK(a.world.list("ann").version == 1);

    // The list alone is no way back: its device was removed.
    a.laptop.connect();
    CHECK(a.laptop.code(frame::Resume{}) == ErrorCode::device_revoked);
    CHECK(a.laptop.code(frame::AddDevice{"ann", certify(a.account, "ann", a.laptop.id), a.world.list("ann").encoded}) ==
          ErrorCode::device_revoked);
    CHECK(a.laptop.code(a.laptop.registration("ann", 100)) == ErrorCode::conflict);

    phone.connect();
    const auto half = phone.ask(frame::Login{"ann", secret_of("ann")});
    const auto& ok = std::get<frame::LoginOk>(half.body);
    CHECK(ok.vacant);
    CHECK(ok.device_list == a.world.list("ann").encoded);
    SUBCASE("left out")
    {
        CHECK(phone.code(a.addition(phone.id, 2, {phone.id})) == ErrorCode::ok);
        CHECK(devices_in(a.world.list("ann").encoded) == std::vector<DeviceId>{phone.id});
    }
    SUBCASE("kept: then it may be revoked")
    {
        CHECK(phone.code(a.addition(phone.id, 2, {a.laptop.id, phone.id})) == ErrorCode::ok);
        CHECK(phone.code(phone.revoking("ann", 100, a.laptop.id)) == ErrorCode::ok);
        CHECK(a.world.list("ann").version == 3);
    }
    SUBCASE("the same device again: it has gone for good")
    {
        CHECK(a.laptop.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::device_revoked);
        CHECK(a.laptop.code(a.addition(a.laptop.id, 2, {a.laptop.id})) == ErrorCode::device_revoked);
        CHECK(phone.code(a.addition(phone.id, 2, {phone.id})) == ErrorCode::ok);
    }
    Device third(a.world, 3);
    third.connect();
    CHECK_FALSE(std::get<frame::LoginOk>(third.ask(frame::Login{"ann", secret_of("ann")}).body).vacant);
}
