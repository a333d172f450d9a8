// SPDX-License-Identifier: Apache-2.0
// Applications: tenants of one relay, who may have the same names and meet nowhere.
#include "lib/policy/outline.hpp"
#include "lib/sqlite/fault_disk.hpp"
#include "relay/store/policy_tables.hpp"
#include "tests/relay/circle.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

constexpr int sqlite_full = 13; // SQLITE_FULL

struct Tenants {
    std::vector<std::string> ended;
    World world;
    StoredApp acme = add("acme");
    StoredApp zenith = add("zenith");

    explicit Tenants(Config config = {}, std::optional<Store> on = std::nullopt)
        : world(listening(std::move(config)), std::move(on))
    {
    }
    Config listening(Config config)
    {
        config.account_ended = [this](std::string_view user) { ended.emplace_back(user); };
        return config;
    }
    Gate& gate() { return world.core->gate(); }
    StoredApp add(const std::string& name)
    {
        const auto made = gate().add_app(name, world.now);
        REQUIRE(made.ok());
        REQUIRE(world.tick().ok());
        return *made;
    }
    Device device(std::uint64_t number, const std::string& key)
    {
        Device out(world, number);
        out.app = key;
        return out;
    }
    void limit(const std::string& name, const AppLimits& limits)
    {
        REQUIRE(gate().change_app(name, {std::nullopt, std::nullopt, limits}).ok());
        REQUIRE(world.tick().ok());
    }
};

ErrorCode try_to_join(Device& device, const std::string& user, std::uint64_t account)
{
    device.connect();
    return device.code(device.registration(user, account));
}

ErrorCode goodbye_of(Device& device)
{
    const auto said = device.take<frame::Goodbye>();
    return said.size() == 1 ? said[0].what.code : ErrorCode::ok;
}

} // namespace

TEST_CASE("three people of one name, in two applications and in none: each logs in to the own account alone")
{
    Tenants t;
    auto here = t.device(1, ""), acme = t.device(2, t.acme.key), zenith = t.device(3, t.zenith.key);
    here.join("ann", 100);
    acme.join("ann", 200);
    zenith.join("ann", 300);
    CHECK(t.world.store.account(0, "ann")->account_key == signing_key(100).public_key());
    CHECK(t.world.store.account(t.acme.row, "ann")->account_key == signing_key(200).public_key());
    CHECK(t.world.store.account(t.zenith.row, "ann")->account_key == signing_key(300).public_key());

    // The same name and password: it is the key that says whose.
    for (const auto& [key, account] : {std::pair(std::string(), 100U), std::pair(t.acme.key, 200U)}) {
        auto second = t.device(10 + account, key);
        second.connect();
        const auto half = second.ask(frame::Login{"ann", secret_of("ann")});
        REQUIRE(half.error.code == ErrorCode::ok);
        CHECK(std::get<frame::LoginOk>(half.body).account_key == signing_key(account).public_key());
        CHECK(second.code(second.addition("ann", account, std::get<frame::LoginOk>(half.body).device_list)) ==
              ErrorCode::ok);
    }
    // An account of one application is nobody in another.
    auto cy = t.device(4, t.acme.key);
    cy.join("cy", 400);
    for (const auto& key : {std::string(), t.zenith.key}) {
        auto stranger = t.device(20, key);
        stranger.connect();
        CHECK(stranger.code(frame::Login{"cy", secret_of("cy")}) == ErrorCode::wrong_credentials);
        stranger.drop();
    }
    // A device that comes back needs no key, and a wrong one changes nothing.
    for (const auto& key : {std::string(), t.zenith.key, std::string("nobodys-key")}) {
        cy.drop();
        cy.app = key;
        cy.connect();
        const auto back = cy.ask(frame::Resume{});
        REQUIRE(back.error.code == ErrorCode::ok);
        CHECK(std::get<frame::Session>(back.body).user == "cy");
        CHECK(cy.code(frame::ContactAdd{"ann"}) == ErrorCode::ok); // that of acme
    }
}

TEST_CASE("a key that nobody has: neither registering nor logging in, and not found by trying")
{
    Config config;
    config.limits.login_per_address = {3, std::chrono::seconds(60)};
    Tenants t(config);
    auto guest = t.device(1, "nobodys-key");
    for (int n = 0; n < 3; ++n) {
        CHECK(try_to_join(guest, "ann", 100) == ErrorCode::not_allowed);
        guest.drop();
    }
    CHECK(try_to_join(guest, "ann", 100) == ErrorCode::rate_limited);
    t.world.advance(std::chrono::minutes(10));
    guest.connect();
    CHECK(guest.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::not_allowed);
}

TEST_CASE("what a client can name or guess of another application leads nowhere")
{
    Tenants t;
    auto ann = t.device(1, t.acme.key), bo = t.device(2, t.acme.key), eve = t.device(3, t.zenith.key);
    ann.join("ann", 100);
    bo.join("bo", 200);
    eve.join("eve", 300);
    befriend(ann, "ann", bo, "bo");

    SUBCASE("contacts, mail, signals, key packages")
    {
        for (const auto* const name : {"ann", "bo", "ann@acme"})
            CHECK(eve.code(frame::ContactAdd{name}) == ErrorCode::no_such_user);
        CHECK(eve.put(ann, 1) == ErrorCode::not_a_contact);
        CHECK(eve.code(frame::Signal{ann.id, {1}}) != ErrorCode::ok);
        CHECK(eve.code(frame::KeyPackageFetch{"ann", {ann.id}}) == ErrorCode::not_a_contact);
        CHECK(bo.put(ann, 2) == ErrorCode::ok);
    }
    SUBCASE("a group whose link got out")
    {
        const auto id = filled<ConversationId>(77);
        frame::GroupCommit create;
        create.conversation = id;
        create.incarnation = 1;
        create.welcome = welcome_bytes(1);
        create.newcomers = {bo.id};
        PolicyShape policy;
        policy.flags = 2 | 8;
        policy.profile = Bytes(20, 0x9f);
        policy.members = {{"ann", signing_key(100).public_key(), 3}, {"bo", signing_key(200).public_key(), 1}};
        const auto extensions = policy_extensions(policy);
        create.envelope = {envelope(1).id,
                           commit_bytes({id, 1}, 0, envelope(1).id, 1, 60, godwit::policy::rules_digest(extensions))};
        create.group_info = group_info_bytes({id, 1}, 1, 1, 40, extensions);
        create.members = {"ann", "bo"};
        REQUIRE(ann.code(create) == ErrorCode::ok);
        auto cy = t.device(4, t.acme.key);
        cy.join("cy", 400);
        CHECK(eve.code(frame::GroupJoin{id, Bytes(30, 7)}) == ErrorCode::no_such_user);
        CHECK(cy.code(frame::GroupJoin{id, Bytes(30, 7)}) == ErrorCode::ok);
        CHECK(eve.code(frame::GroupFetch{"", id}) == ErrorCode::not_allowed);
        CHECK(eve.code(frame::ReportFile{"", id, ReportReason::spam, "", {}}) == ErrorCode::invalid_argument);
    }
    SUBCASE("a file whose name got out")
    {
        const auto blob = filled<wire::BlobId>(5);
        REQUIRE(ann.code(frame::BlobPut{blob, 1, 0, Bytes(100, 1)}) == ErrorCode::ok);
        CHECK(bo.code(frame::BlobGet{blob, 0}) == ErrorCode::ok);
        CHECK(eve.code(frame::BlobGet{blob, 0}) == ErrorCode::no_such_file);
        CHECK(eve.code(frame::BlobQuery{blob}) == ErrorCode::no_such_file);
    }
    SUBCASE("a report about somebody there")
    {
        CHECK(eve.code(frame::ReportFile{"bo", {}, ReportReason::spam, "", {}}) == ErrorCode::no_such_user);
        CHECK(ann.code(frame::ReportFile{"bo", {}, ReportReason::spam, "", {}}) == ErrorCode::ok);
        const auto open = ReportTable(t.world.store).open(0, 10);
        REQUIRE(open.size() == 1);
        CHECK(open[0].reporter == "ann@acme");
        CHECK(open[0].subject == "bo@acme");
    }
    SUBCASE("a device that is granted by somebody there")
    {
        auto tablet = t.device(9, t.zenith.key);
        tablet.connect();
        REQUIRE(tablet.code(frame::LinkWait{}) == ErrorCode::ok);
        REQUIRE(ann.code(frame::LinkGrant{tablet.id, {1}}) == ErrorCode::ok);
        const auto list = t.world.store.account(t.acme.row, "ann")->device_list;
        CHECK(tablet.code(tablet.addition("ann", 100, list)) == ErrorCode::wrong_credentials);
    }
}

TEST_CASE("limits of an application at the limit and one beyond, and nobody else feels them")
{
    Tenants t;
    SUBCASE("accounts, also after a tick that failed")
    {
        t.limit("acme", {.accounts = 2});
        auto one = t.device(1, t.acme.key), two = t.device(2, t.acme.key), three = t.device(3, t.acme.key);
        auto other = t.device(4, t.zenith.key), here = t.device(5, "");
        one.join("one", 100);
        two.join("two", 200);
        CHECK(try_to_join(three, "three", 300) == ErrorCode::quota_exceeded);
        CHECK(try_to_join(other, "three", 400) == ErrorCode::ok);
        CHECK(try_to_join(here, "three", 500) == ErrorCode::ok);
        REQUIRE(t.gate().remove("two@acme", false, t.world.now, relays_own).ok());
        REQUIRE(t.world.tick().ok());
        CHECK(three.code(three.registration("three", 300)) == ErrorCode::ok);
    }
    SUBCASE("connected devices; one that comes back takes its own place")
    {
        t.limit("acme", {.sessions = 2});
        auto one = t.device(1, t.acme.key), two = t.device(2, t.acme.key), three = t.device(3, t.acme.key);
        one.join("one", 100);
        two.join("two", 200);
        three.connect();
        const auto full = three.ask(three.registration("three", 300));
        CHECK(full.error.code == ErrorCode::quota_exceeded);
        CHECK(full.error.retry_after_ms > 0);
        CHECK_FALSE(t.world.store.account(t.acme.row, "three"));
        // In one tick, too: the second of two who come together for one place.
        one.drop();
        one.connect();
        three.send(three.registration("three", 300));
        CHECK(one.code(frame::Resume{}) == ErrorCode::quota_exceeded);
        three.drop();
        one.resume();
        CHECK(t.world.core->sessions_of(t.acme.row) == 2);
        two.drop();
        three.connect();
        CHECK(three.code(frame::Resume{}) == ErrorCode::ok);
        CHECK(t.world.core->sessions_of(t.acme.row) == 2);
    }
    SUBCASE("mail: the application's in the place of the relay's, the account's in the place of both")
    {
        Config config;
        auto ann = t.device(1, t.acme.key), bo = t.device(2, t.acme.key);
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
        bo.drop();
        t.limit("acme", {.mailbox_messages = 8}); // of which one sender has a quarter
        for (std::uint64_t n = 1; n <= 2; ++n)
            CHECK(ann.put(bo, n) == ErrorCode::ok);
        CHECK(ann.put(bo, 3) == ErrorCode::quota_exceeded);
        REQUIRE(t.gate().set_quotas("bo@acme", {.mailbox_messages = 12, .mailbox_bytes = {}, .blob_bytes = {}}).ok());
        REQUIRE(t.world.tick().ok());
        CHECK(ann.put(bo, 3) == ErrorCode::ok);
        CHECK(ann.put(bo, 4) == ErrorCode::quota_exceeded);
    }
    SUBCASE("files: of one account, and of all of the application")
    {
        auto ann = t.device(1, t.acme.key), bo = t.device(2, t.acme.key), eve = t.device(3, t.zenith.key);
        ann.join("ann", 100);
        bo.join("bo", 200);
        eve.join("eve", 300);
        const auto put = [](Device& by, std::uint64_t number) {
            return by.code(frame::BlobPut{filled<wire::BlobId>(number), 1, 0, Bytes(1000, 1)});
        };
        const auto one = std::uint64_t{1000} + blob_piece_overhead_bytes;
        t.limit("acme", {.blob_bytes = 2 * one, .blob_bytes_all = 3 * one});
        CHECK(put(ann, 1) == ErrorCode::ok);
        CHECK(put(ann, 2) == ErrorCode::ok);
        CHECK(put(ann, 3) == ErrorCode::quota_exceeded);
        CHECK(put(bo, 4) == ErrorCode::ok);
        CHECK(put(bo, 5) == ErrorCode::quota_exceeded);
        CHECK(put(eve, 6) == ErrorCode::ok);
        t.world.restart(); // counted anew
        ann.resume();
        CHECK(put(ann, 7) == ErrorCode::quota_exceeded);
    }
}

TEST_CASE("an application is disabled: its sessions end, its doors are shut, others go on; enabled, all is as before")
{
    Tenants t;
    auto ann = t.device(1, t.acme.key), eve = t.device(2, t.zenith.key);
    ann.join("ann", 100);
    eve.join("ann", 200);
    CHECK(t.world.core->may_relay("ann@acme"));
    REQUIRE(t.gate().disable_app("acme", true, t.world.now).ok());
    REQUIRE(t.world.tick().ok());
    CHECK(goodbye_of(ann) == ErrorCode::not_allowed);
    CHECK(ann.is_closed());
    CHECK_FALSE(eve.is_closed());
    CHECK(t.ended == std::vector<std::string>{"ann@acme"});
    CHECK_FALSE(t.world.core->may_relay("ann@acme"));
    CHECK(t.world.core->may_relay("ann@zenith"));
    CHECK_FALSE(t.world.core->may_relay("ann"));
    ann.connect();
    CHECK(ann.code(frame::Resume{}) == ErrorCode::not_allowed);
    CHECK(ann.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::not_allowed);
    CHECK(ann.code(ann.registration("ann", 100)) == ErrorCode::not_allowed);
    REQUIRE(t.gate().disable_app("acme", false, t.world.now).ok());
    REQUIRE(t.world.tick().ok());
    CHECK(ann.code(frame::Resume{}) == ErrorCode::ok);
}

TEST_CASE("another key: who has the old one registers no more, who is in stays in")
{
    Tenants t;
    auto ann = t.device(1, t.acme.key);
    ann.join("ann", 100);
    const auto fresh = t.gate().renew_app_key("acme");
    REQUIRE(fresh.ok());
    REQUIRE(t.world.tick().ok());
    CHECK(fresh->key != t.acme.key);
    auto old_key = t.device(2, t.acme.key), new_key = t.device(3, fresh->key);
    CHECK(try_to_join(old_key, "bo", 200) == ErrorCode::not_allowed);
    CHECK(try_to_join(new_key, "bo", 200) == ErrorCode::ok);
    ann.resume();
}

TEST_CASE("the operator's words take names with their application; one with accounts is not removed")
{
    Tenants t;
    auto ann = t.device(1, t.acme.key), other = t.device(2, "");
    ann.join("ann", 100);
    other.join("ann", 200);
    CHECK(t.gate().disable("ann@nowhere", "", t.world.now).error().code == ErrorCode::no_such_user);
    REQUIRE(t.gate().disable("ann@acme", "", t.world.now).ok());
    REQUIRE(t.world.tick().ok());
    CHECK(ann.is_closed());
    CHECK_FALSE(other.is_closed());
    CHECK(t.ended == std::vector<std::string>{"ann@acme"});

    CHECK(t.gate().remove_app("acme").error().code == ErrorCode::conflict);
    CHECK(t.gate().remove_app("nowhere").error().code == ErrorCode::no_such_file);
    CHECK(t.gate().add_app("acme", t.world.now).error().code == ErrorCode::conflict);
    for (const auto* const wrong : {"", "-a", "A", "a.b", "a@b", "a b", "123456789012345678901234567890123"})
        CHECK(t.gate().add_app(wrong, t.world.now).error().code == ErrorCode::invalid_argument);
    REQUIRE(t.gate().remove("ann@acme", true, t.world.now, relays_own).ok());
    REQUIRE(t.world.tick().ok());
    auto again = t.device(3, t.acme.key);
    CHECK(try_to_join(again, "ann", 300) == ErrorCode::name_taken); // kept from all of acme …
    again.drop();
    auto elsewhere = t.device(4, t.zenith.key);
    CHECK(try_to_join(elsewhere, "ann", 400) == ErrorCode::ok); // … and from nobody else
    CHECK(t.gate().remove_app("acme").ok());
    REQUIRE(t.world.tick().ok());
    again.app = t.acme.key;
    CHECK(try_to_join(again, "bo", 300) == ErrorCode::not_allowed);
}

TEST_CASE("registration of an application is its own: closed, with invitations to its names")
{
    Config config;
    config.registration_open = false;
    Tenants t(config);
    auto here = t.device(1, ""), acme = t.device(2, t.acme.key), guest = t.device(3, t.acme.key);
    CHECK(try_to_join(here, "ann", 100) == ErrorCode::unsupported);
    CHECK(try_to_join(acme, "ann", 200) == ErrorCode::ok);
    REQUIRE(t.gate().change_app("acme", {false, std::nullopt, std::nullopt}).ok());
    REQUIRE(t.gate().invite("cy@acme", std::nullopt, 60'000, t.world.now, relays_own).ok());
    REQUIRE(t.world.tick().ok());
    CHECK(try_to_join(guest, "bo", 300) == ErrorCode::unsupported);
    CHECK(guest.code(guest.registration("cy", 300)) == ErrorCode::ok);
    CHECK(here.code(here.registration("cy", 100)) == ErrorCode::unsupported);
}

TEST_CASE("failed logins of a name slow down that name of that application alone")
{
    Config config;
    config.limits.login_per_account = {2, std::chrono::minutes(10)};
    Tenants t(config);
    auto acme = t.device(1, t.acme.key), zenith = t.device(2, t.zenith.key);
    acme.join("ann", 100);
    zenith.join("ann", 200);
    for (std::uint64_t n = 0; n < 2; ++n) {
        Device guesser(t.world, 10 + n, "203.0.113." + std::to_string(n));
        guesser.app = t.acme.key;
        guesser.connect();
        CHECK(guesser.code(frame::Login{"ann", secret_of("guess")}) == ErrorCode::wrong_credentials);
    }
    Device third(t.world, 20, "203.0.113.20"), fourth(t.world, 21, "203.0.113.21");
    third.app = t.acme.key;
    fourth.app = t.zenith.key;
    third.connect();
    fourth.connect();
    CHECK(third.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::rate_limited);
    CHECK(fourth.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::ok);
    t.world.core->forget_failed_logins("ann@acme");
    CHECK(third.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::ok);
}

TEST_CASE("a disk that is full when an application is made or changed: nothing of it stays in memory either")
{
    sqlite::FaultDisk disk;
    auto store = Store::open("relay.db", disk.name());
    REQUIRE(store.ok());
    Tenants t({}, *std::move(store));
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    (void)t.gate().add_app("late", t.world.now);
    (void)t.gate().change_app("acme", {false, std::nullopt, AppLimits{.accounts = 0}});
    CHECK_FALSE(t.world.tick().ok());
    disk.fail(0, 0, 0);
    CHECK(t.world.core->apps().named("late") == nullptr);
    CHECK(t.world.core->apps().named("acme")->registration_open);
    REQUIRE(t.world.tick().ok());
    auto ann = t.device(1, t.acme.key);
    CHECK(try_to_join(ann, "ann", 100) == ErrorCode::ok);
}
