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
    phone.enter("ann", 100); // and may come back by password, with an empty mailbox
    CHECK(phone.take<frame::MailboxDeliver>().empty());
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
