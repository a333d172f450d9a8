// SPDX-License-Identifier: Apache-2.0
#include "relay/core/wanted.hpp"
#include "tests/relay/circle.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("a contact who calls a device that sleeps has that said to the operator, now and then; nobody else has")
{
    Config config;
    config.events = {EventKind::device_wanted};
    Circle c(config);
    EventTable events(c.world.store);
    const auto wanted = [&] { return events.after(0, 100).size(); };
    const auto signal = [&](Device& from, Device& to) { return from.code(frame::Signal{to.id, {1}}); };
    CHECK(signal(c.ann, c.bo) == ErrorCode::ok);
    CHECK(wanted() == 0);
    c.bo.drop();
    CHECK(signal(c.ann, c.bo) == ErrorCode::not_connected);
    REQUIRE(wanted() == 1);
    const auto said = events.after(0, 1)[0];
    CHECK(said.kind == "device.wanted");
    CHECK(said.target == "bo");
    CHECK(said.detail == R"({"device":")" + to_hex(c.bo.id.view()) + R"("})"); // and not who calls
    // The offer is repeated every three seconds.
    for (int i = 0; i < 6; ++i) {
        c.world.advance(std::chrono::seconds(3));
        CHECK(signal(c.ann, c.bo) == ErrorCode::not_connected);
    }
    CHECK(wanted() == 1);
    c.world.advance(std::chrono::seconds(3));
    CHECK(signal(c.ann, c.bo) == ErrorCode::not_connected);
    CHECK(wanted() == 2);
    // A stranger reaches nobody; and who is blocked wakes nobody, nor hears that it is so.
    c.world.advance(wanted_every);
    CHECK(signal(c.dee, c.bo) == ErrorCode::not_a_contact);
    c.bo.resume();
    CHECK(c.bo.code(frame::ContactBlock{"ann"}) == ErrorCode::ok);
    c.bo.drop();
    CHECK(signal(c.ann, c.bo) == ErrorCode::not_connected);
    CHECK(wanted() == 2);
}
