// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

struct Friends {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};

    explicit Friends(Config config = {}) : world(std::move(config))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
    }
};

Bytes package(std::uint64_t number, std::size_t bytes = 300)
{
    Bytes out(bytes, 0x4b);
    for (std::size_t i = 0; i < 8; ++i)
        out[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return out;
}

std::vector<Bytes> packages(std::uint64_t first, std::uint64_t count)
{
    std::vector<Bytes> out;
    for (std::uint64_t i = 0; i < count; ++i)
        out.push_back(package(first + i));
    return out;
}

/// The stock after a publication; or its error as a negative number.
int publish(Device& device, std::vector<Bytes> some, Bytes last_resort = {})
{
    const auto response = device.ask(frame::KeyPackagePublish{std::move(some), std::move(last_resort)});
    if (response.error.code != ErrorCode::ok) return -static_cast<int>(response.error.code);
    return static_cast<int>(std::get<frame::KeyPackageStock>(response.body).key_packages);
}

/// The package for the one device; empty: none.
Bytes fetch(Device& by, const std::string& user, const DeviceId& device)
{
    const auto response = by.ask(frame::KeyPackageFetch{user, {device}});
    REQUIRE(response.error.code == ErrorCode::ok);
    const auto& got = std::get<frame::KeyPackages>(response.body).packages;
    if (got.empty()) return {};
    CHECK(got.size() == 1);
    CHECK(got[0].device == device);
    return got[0].package;
}

frame::Session session_of(Device& device)
{
    return std::get<frame::Session>(device.ask(frame::FetchSession{}).body);
}

constexpr int quota = -static_cast<int>(ErrorCode::quota_exceeded);

} // namespace

TEST_CASE("published, counted, handed out once each in their order, then the last resort, again and again")
{
    Friends f;
    CHECK(session_of(f.ann).key_packages == 0);
    CHECK_FALSE(session_of(f.ann).last_resort);
    CHECK(fetch(f.bo, "ann", f.ann.id).empty());
    CHECK(publish(f.ann, packages(1, 3), package(99)) == 3);
    CHECK(session_of(f.ann).key_packages == 3);
    CHECK(session_of(f.ann).last_resort);
    for (std::uint64_t i = 1; i <= 3; ++i)
        CHECK(fetch(f.bo, "ann", f.ann.id) == package(i));
    CHECK(session_of(f.ann).key_packages == 0);
    for (int i = 0; i < 3; ++i)
        CHECK(fetch(f.bo, "ann", f.ann.id) == package(99));
    CHECK(publish(f.ann, {}, package(98)) == 0); // the last resort is replaced
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(98));
    CHECK(publish(f.ann, packages(4, 1)) == 1); // and stays when none comes
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(4));
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(98));
    f.world.restart();
    f.ann.resume();
    f.bo.resume();
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(98));
    CHECK(f.world.core->counters().last_resorts_handed_out == 1); // since the start
}

TEST_CASE(
    "what grows old is dropped before its end: the stock sinks, the device publishes anew, nobody gets an expired one")
{
    using std::chrono::hours;
    Friends f;
    const auto days = [&](int n) {
        for (int i = 0; i < n; ++i)
            f.world.advance(hours(24));
        for (auto* const one : {&f.ann, &f.bo})
            one->resume();
    };
    CHECK(publish(f.ann, packages(1, 3), package(99)) == 3);
    days(100);
    CHECK(publish(f.ann, packages(4, 2)) == 5);
    days(49);
    CHECK(session_of(f.ann).key_packages == 5);
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(1));
    days(2);
    CHECK(session_of(f.ann).key_packages == 2);
    CHECK(session_of(f.ann).last_resort);
    CHECK(f.world.core->counters().key_packages_expired == 2);
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(4));
    days(27); // the last resort is 178 days old
    CHECK(session_of(f.ann).last_resort);
    days(2);
    CHECK(session_of(f.ann).key_packages == 1);
    CHECK_FALSE(session_of(f.ann).last_resort);
    CHECK(publish(f.ann, packages(10, 1), package(98)) == 2);
    days(100); // a renewed one begins anew
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(10));
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(98));
    f.world.restart();
    days(1);
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(98));
}

TEST_CASE("expiring is bounded per tick, and goes on")
{
    Config config;
    config.limits.key_package_age_ms_max = 3'600'000;
    World world(config);
    std::vector<std::unique_ptr<Device>> devices;
    const auto count = key_packages_expired_per_tick_max / wire::key_packages_max + 1;
    for (std::uint64_t i = 0; i < count; ++i) {
        devices.push_back(std::make_unique<Device>(world, 10 + i));
        devices.back()->join("p" + std::to_string(i), 200 + i);
        CHECK(publish(*devices.back(), packages(1, wire::key_packages_max)) == 64);
    }
    world.core->handle_deadline(world.now);
    REQUIRE(world.tick().ok());
    CHECK(world.core->counters().key_packages_expired == 0);
    world.now.mono += std::chrono::hours(2);
    world.now.wall_ms += 7'200'000;
    world.core->handle_deadline(world.now);
    REQUIRE(world.tick().ok());
    CHECK(world.core->counters().key_packages_expired == key_packages_expired_per_tick_max);
    world.advance(std::chrono::seconds(2));
    CHECK(world.core->counters().key_packages_expired == count * wire::key_packages_max);
}

TEST_CASE("the quota: all of a publication or nothing; what is known already takes no room")
{
    Config config;
    config.limits.key_packages_per_pair = {32, std::chrono::seconds(10)};
    Friends f(config);
    const auto full = packages(1, wire::key_packages_max);
    CHECK(publish(f.ann, full) == 64);
    CHECK(publish(f.ann, full) == 64); // the answer was lost: again
    CHECK(publish(f.ann, packages(64, 2)) == quota);
    CHECK(session_of(f.ann).key_packages == 64);
    for (std::uint64_t i = 1; i <= 10; ++i)
        CHECK(fetch(f.bo, "ann", f.ann.id) == package(i));
    CHECK(publish(f.ann, full) == 54); // handed out is handed out: none of the ten comes back
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(11));
    CHECK(publish(f.ann, packages(100, 11)) == 64);
    CHECK(publish(f.ann, packages(200, 1)) == quota);
    CHECK(publish(f.ann, {package(300), package(300)}, package(99)) == quota);
    CHECK_FALSE(session_of(f.ann).last_resort); // nothing of what was refused
    CHECK(f.world.core->counters().key_packages_stored == 75);
}

TEST_CASE("alike in one publication: one")
{
    Friends f;
    CHECK(publish(f.ann, {package(1), package(1), package(2)}) == 2);
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(1));
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(2));
    CHECK(fetch(f.bo, "ann", f.ann.id).empty());
}

TEST_CASE("what was handed out is remembered for two full publications, and no longer")
{
    Config config;
    config.limits.key_packages_per_pair = {100'000, std::chrono::milliseconds(1)};
    config.limits.key_package_requests = {100'000, std::chrono::milliseconds(1)};
    Friends f(config);
    for (std::uint64_t round = 0; round < 3; ++round) {
        CHECK(publish(f.ann, packages(1 + 64 * round, 64)) == 64);
        for (int i = 0; i < 64; ++i)
            CHECK_FALSE(fetch(f.bo, "ann", f.ann.id).empty());
    }
    CHECK(publish(f.ann, packages(65, 64)) == 0);
    CHECK(publish(f.ann, packages(129, 64)) == 0);
    CHECK(publish(f.ann, packages(1, 64)) == 64);
}

TEST_CASE("who may fetch: the account's own devices, and contacts whom both sides have accepted")
{
    Friends f;
    Device phone(f.world, 3), cy(f.world, 4);
    phone.enter("ann", 100);
    cy.join("cy", 300);
    CHECK(publish(f.ann, packages(1, 10), package(99)) == 10);
    CHECK(publish(phone, packages(50, 1)) == 1);
    CHECK(fetch(phone, "ann", f.ann.id) == package(1));
    CHECK(cy.code(frame::KeyPackageFetch{"ann", {f.ann.id}}) == ErrorCode::not_a_contact);
    CHECK(cy.code(frame::KeyPackageFetch{"nobody", {f.ann.id}}) == ErrorCode::not_a_contact);
    CHECK(f.ann.code(frame::ContactAdd{"cy"}) == ErrorCode::ok); // asked, not accepted
    CHECK(cy.code(frame::KeyPackageFetch{"ann", {f.ann.id}}) == ErrorCode::not_a_contact);
    CHECK(f.ann.code(frame::KeyPackageFetch{"cy", {cy.id}}) == ErrorCode::not_a_contact);

    // Several at once; strangers' devices, unknown ones and the same one twice are missing.
    const auto response = f.bo.ask(
        frame::KeyPackageFetch{"ann", {f.ann.id, phone.id, cy.id, signing_key(77).public_key(), f.ann.id, f.bo.id}});
    const auto& got = std::get<frame::KeyPackages>(response.body).packages;
    REQUIRE(got.size() == 2);
    CHECK(got[0].package == package(2));
    CHECK(got[1].package == package(50));
    CHECK(f.bo.code(frame::ContactRemove{"ann"}) == ErrorCode::ok);
    CHECK(f.bo.code(frame::KeyPackageFetch{"ann", {f.ann.id}}) == ErrorCode::not_a_contact);
}

TEST_CASE("a blocked person gets the last resort and uses nothing up: it looks like a device that ran out")
{
    Friends f;
    CHECK(publish(f.ann, packages(1, 3), package(99)) == 3);
    CHECK(f.ann.code(frame::ContactBlock{"bo"}) == ErrorCode::ok);
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(99));
    CHECK(session_of(f.ann).key_packages == 3);
    CHECK(f.ann.code(frame::KeyPackageFetch{"bo", {f.bo.id}}) == ErrorCode::not_a_contact); // she knows
}

TEST_CASE("a contact cannot use up what is there: after its allowance it gets the last resort, others do not")
{
    Config config;
    config.limits.key_packages_per_pair = {3, std::chrono::seconds(10)};
    Friends f(config);
    Device cy(f.world, 4);
    cy.join("cy", 300);
    befriend(cy, "cy", f.ann, "ann");
    CHECK(publish(f.ann, packages(1, 20), package(99)) == 20);
    for (std::uint64_t i = 1; i <= 3; ++i)
        CHECK(fetch(f.bo, "ann", f.ann.id) == package(i));
    for (int i = 0; i < 5; ++i)
        CHECK(fetch(f.bo, "ann", f.ann.id) == package(99));
    f.bo.drop();
    f.bo.resume(); // a new connection is no new allowance
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(99));
    CHECK(fetch(cy, "ann", f.ann.id) == package(4));
    CHECK(session_of(f.ann).key_packages == 16);
    f.world.advance(std::chrono::seconds(10));
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(5));
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(99));
}

TEST_CASE(
    "the allowance as it is by default: a quarter of what a device keeps, for each device; the own account has none")
{
    Friends f;
    Device phone(f.world, 3);
    phone.enter("ann", 100);
    CHECK(publish(f.ann, packages(1, 16), package(99)) == 16);
    CHECK(publish(phone, packages(50, 16), package(98)) == 16);
    for (int i = 0; i < 40; ++i) {
        static_cast<void>(fetch(f.bo, "ann", f.ann.id));
        f.world.advance(std::chrono::seconds(1));
    }
    CHECK(session_of(f.ann).key_packages == 12);
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(99));
    CHECK(fetch(f.bo, "ann", phone.id) == package(50));
    for (std::uint64_t i = 5; i <= 13; ++i)
        CHECK(fetch(phone, "ann", f.ann.id) == package(i));
}

TEST_CASE("requests about key packages are paced per account")
{
    Config config;
    config.limits.key_package_requests = {3, std::chrono::seconds(2)};
    Friends f(config);
    Device phone(f.world, 3);
    phone.enter("ann", 100);
    CHECK(publish(f.ann, packages(1, 1)) == 1);
    CHECK(publish(phone, packages(1, 1)) == 1);
    CHECK(f.ann.code(frame::KeyPackageFetch{"bo", {f.bo.id}}) == ErrorCode::ok);
    const auto refused = phone.ask(frame::KeyPackagePublish{packages(2, 1), {}});
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_after_ms == 2'000);
    CHECK(f.ann.code(frame::KeyPackageFetch{"bo", {f.bo.id}}) == ErrorCode::rate_limited);
    CHECK(f.bo.code(frame::KeyPackageFetch{"ann", {f.ann.id}}) == ErrorCode::ok);
    f.world.advance(std::chrono::seconds(2));
    CHECK(publish(phone, packages(2, 1)) == 2);
}

TEST_CASE("two who fetch in one tick get two packages; a crash before the commit hands out none")
{
    Friends f;
    Device phone(f.world, 3);
    phone.enter("bo", 200);
    CHECK(publish(f.ann, packages(1, 4)) == 4);
    f.bo.send(frame::KeyPackageFetch{"ann", {f.ann.id}});
    phone.send(frame::KeyPackageFetch{"ann", {f.ann.id}});
    CHECK(f.world.tick().ok());
    const auto got = [](Device& device) {
        return std::get<frame::KeyPackages>(device.take<frame::Response>().at(0).body).packages.at(0).package;
    };
    CHECK(got(f.bo) == package(1));
    CHECK(got(phone) == package(2));
    f.bo.send(frame::KeyPackageFetch{"ann", {f.ann.id}});
    f.world.restart();
    f.bo.resume();
    CHECK(fetch(f.bo, "ann", f.ann.id) == package(3)); // nobody has seen it
    f.bo.send(frame::KeyPackageFetch{"ann", {f.ann.id}});
    CHECK(f.world.tick(true).ok()); // committed, and the answer was lost: gone
    CHECK(fetch(f.bo, "ann", f.ann.id).empty());
}
