// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("register: a new account, its session, its empty roster")
{
    World world;
    Device ann(world, 1);
    ann.connect();
    const auto welcome = ann.take<frame::Welcome>();
    REQUIRE(welcome.size() == 1);
    CHECK(welcome[0].observed_address == "198.51.100.1:4000");
    CHECK(welcome[0].mailbox_messages_max == 1000);
    const auto response = ann.ask(ann.registration("ann", 100));
    CHECK(response.error.code == ErrorCode::ok);
    CHECK(std::get<frame::Session>(response.body).user == "ann");
    const auto pages = ann.take<frame::Roster>();
    REQUIRE(pages.size() == 1);
    CHECK(pages[0].last);
    CHECK(pages[0].entries.empty());
    CHECK(pages[0].own_device_list == ann.registration("ann", 100).device_list);
    CHECK(world.core->counters().registrations == 1);
    CHECK(world.core->counters().sessions == 1);
}

TEST_CASE("register: each way it is refused")
{
    World world;
    Device ann(world, 1);
    ann.join("ann", 100);
    Device mallory(world, 2);
    mallory.connect();

    CHECK(mallory.code(mallory.registration("ann", 200)) == ErrorCode::name_taken);
    CHECK(mallory.code(mallory.registration("Ann", 200)) == ErrorCode::invalid_argument);
    auto request = mallory.registration("mal", 200);
    request.certificate = {1, 2, 3};
    CHECK(mallory.code(request) == ErrorCode::malformed);
    request.certificate = certify(signing_key(200), "other", mallory.id);
    CHECK(mallory.code(request) == ErrorCode::authentication_failed);
    request.certificate = certify(signing_key(200), "mal", ann.id); // another device's key
    CHECK(mallory.code(request) == ErrorCode::authentication_failed);
    request.certificate = certify(signing_key(201), "mal", mallory.id); // another account's key
    CHECK(mallory.code(request) == ErrorCode::authentication_failed);
    auto certificate = *wire::decode_certificate(certify(signing_key(200), "mal", mallory.id));
    certificate.signature.bytes[5] ^= 1;
    request.certificate = wire::encode(certificate);
    CHECK(mallory.code(request) == ErrorCode::authentication_failed);
    CHECK_FALSE(world.store.account("mal"));

    CHECK(ann.code(ann.registration("ann2", 100)) == ErrorCode::already_registered); // logged in already
    Device same_key(world, 1);
    same_key.connect();
    CHECK(same_key.code(same_key.registration("ann2", 100)) == ErrorCode::already_registered);
}

TEST_CASE("names that are taken are tried at the pace of passwords, by address")
{
    Config config;
    config.limits.login_per_address = {3, std::chrono::seconds(6)};
    World world(config);
    Device ann(world, 1), mallory(world, 2, "203.0.113.1"), bo(world, 3, "198.51.100.9");
    ann.join("ann", 100);
    mallory.connect();
    for (int i = 0; i < 3; ++i)
        CHECK(mallory.code(mallory.registration("ann", 200)) == ErrorCode::name_taken);
    const auto slowed = mallory.ask(mallory.registration("ann", 200));
    CHECK(slowed.error.code == ErrorCode::rate_limited);
    CHECK(slowed.error.retry_after_ms == 6'000);
    CHECK(mallory.code(mallory.registration("free", 200)) == ErrorCode::rate_limited); // nor does it learn what is free
    CHECK(mallory.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::rate_limited);
    bo.join("bo", 300); // elsewhere
    world.advance(std::chrono::seconds(6));
    mallory.connect();
    CHECK(mallory.code(mallory.registration("free", 200)) == ErrorCode::ok);
}

TEST_CASE("registrations with wrong signatures are looked at at the pace of passwords, by address")
{
    Config config;
    config.limits.login_per_address = {3, std::chrono::seconds(6)};
    World world(config);
    Device mallory(world, 2, "203.0.113.1"), bo(world, 3, "198.51.100.9");
    mallory.connect();
    auto wrong = mallory.registration("mal", 200);
    wrong.certificate = certify(signing_key(201), "mal", mallory.id);
    for (int i = 0; i < 3; ++i)
        CHECK(mallory.code(wrong) == ErrorCode::authentication_failed);
    const auto slowed = mallory.ask(wrong);
    CHECK(slowed.error.code == ErrorCode::rate_limited);
    CHECK(slowed.error.retry_after_ms == 6'000);
    bo.join("bo", 300);
}

TEST_CASE("register again after a lost answer: the same account, not name_taken")
{
    World world;
    Device ann(world, 1);
    ann.connect();
    ann.send(ann.registration("ann", 100));
    CHECK(world.tick(true).ok()); // committed, and never heard
    ann.drop();
    ann.connect();
    CHECK(ann.code(ann.registration("ann", 100)) == ErrorCode::ok);
    auto other_secret = ann.registration("ann", 100);
    other_secret.login_secret.bytes[0] ^= 1;
    Device again(world, 1);
    again.connect();
    CHECK(again.code(other_secret) == ErrorCode::name_taken);
}

TEST_CASE("register: closed by the operator, paced by address")
{
    Config closed;
    closed.registration_open = false;
    World world(closed);
    Device ann(world, 1);
    ann.connect();
    CHECK(ann.code(ann.registration("ann", 100)) == ErrorCode::unsupported);

    Config paced;
    paced.limits.registrations_per_address = {2, std::chrono::seconds(10)};
    World busy(paced);
    for (std::uint64_t i = 0; i < 2; ++i)
        Device(busy, i).join("u" + std::to_string(i), 100 + i);
    Device third(busy, 3);
    third.connect();
    const auto refused = third.ask(third.registration("u3", 103));
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_after_ms == 10'000);
    Device elsewhere(busy, 4, "203.0.113.9");
    elsewhere.join("u4", 104);
    busy.advance(std::chrono::seconds(9));
    third.connect();
    CHECK(third.code(third.registration("u3", 103)) == ErrorCode::rate_limited);
    busy.advance(std::chrono::seconds(1));
    CHECK(third.code(third.registration("u3", 103)) == ErrorCode::ok);
}

TEST_CASE("login: the vault for the password, then a second device")
{
    World world;
    Device laptop(world, 1);
    laptop.join("ann", 100);
    Device phone(world, 2);
    phone.connect();
    const auto half = phone.ask(frame::Login{"ann", secret_of("ann")});
    CHECK(half.error.code == ErrorCode::ok);
    const auto& ok = std::get<frame::LoginOk>(half.body);
    CHECK(ok.account_key == signing_key(100).public_key());
    CHECK(ok.vault == Bytes{1, 2, 3});
    CHECK(phone.code(frame::ContactAdd{"ann"}) == ErrorCode::not_registered); // half a login is none
    CHECK(ok.device_list == world.list("ann").encoded);
    CHECK_FALSE(ok.vacant);
    CHECK(phone.code(phone.addition("ann", 100, ok.device_list)) == ErrorCode::ok);

    const auto told = laptop.take<frame::OwnDevices>();
    REQUIRE(told.size() == 1);
    CHECK(devices_in(told[0].device_list) == std::vector<DeviceId>{laptop.id, phone.id});
    const auto pages = phone.take<frame::Roster>();
    REQUIRE(pages.size() == 1);
    CHECK(pages[0].own_device_list == told[0].device_list);
    // Each sees the other of its own account, and not itself.
    const auto seen = laptop.take<frame::Presence>();
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back().user == "ann");
    CHECK(seen.back().online == std::vector<DeviceId>{phone.id});
    CHECK(phone.take<frame::Presence>().front().online == std::vector<DeviceId>{laptop.id});
}

TEST_CASE("wrong password and unknown user: one answer")
{
    World world;
    Device laptop(world, 1);
    laptop.join("ann", 100);
    Device guesser(world, 9, "203.0.113.1");
    guesser.connect();
    const auto wrong = guesser.ask(frame::Login{"ann", secret_of("nope")});
    const auto unknown = guesser.ask(frame::Login{"nobody", secret_of("nope")});
    CHECK(wrong.error.code == ErrorCode::wrong_credentials);
    CHECK(unknown.error.code == wrong.error.code);
    CHECK(unknown.error.detail == wrong.error.detail);
    CHECK(unknown.error.retry_after_ms == wrong.error.retry_after_ms);
    // also an all-zero hash, which is what an unknown user is compared with, opens nothing
    CHECK(guesser.code(frame::Login{"nobody", LoginSecret{}}) == ErrorCode::wrong_credentials);
}

TEST_CASE("wrong password and unknown user: the time that it takes, for the record")
{
    // No verdict: a machine that does other things as well tells nothing to the microsecond. What holds is by
    // construction (one hash, one look-up of fixed columns), and this shows it.
    Config config;
    config.limits.login_per_account_and_address = config.limits.login_per_address =
        config.limits.login_per_account = {1'000'000, Duration(1)};
    World world(config);
    Device laptop(world, 1);
    laptop.connect();
    auto registration = laptop.registration("ann", 100);
    registration.vault = Bytes(wire::vault_bytes_max, 1);
    REQUIRE(laptop.code(registration) == ErrorCode::ok);
    std::vector<double> took[2];
    for (int i = 0; i < 400; ++i)
        for (int unknown = 0; unknown < 2; ++unknown) {
            Device guesser(world, 9, "203.0.113.1");
            guesser.connect();
            const auto began = std::chrono::steady_clock::now();
            guesser.send(frame::Login{unknown == 0 ? "ann" : "amy", secret_of("nope")});
            (void)world.tick();
            took[unknown].push_back(
                std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
            CHECK(guesser.take_response(1).error.code == ErrorCode::wrong_credentials);
            guesser.drop();
        }
    for (auto& one : took)
        std::sort(one.begin(), one.end());
    MESSAGE("median of a login: wrong password " << took[0][200] << " us, unknown user " << took[1][200] << " us");
}

namespace {

/// Guesses until the pace says no; each on a fresh link, as a stranger may only ask so often. Returns how many were
/// judged.
int guess(World& world, const std::string& user, const std::string& address, int tries)
{
    int judged = 0;
    for (int i = 0; i < tries; ++i) {
        Device guesser(world, 9'000, address);
        guesser.connect();
        if (guesser.code(frame::Login{user, secret_of("nope")}) == ErrorCode::wrong_credentials) ++judged;
        guesser.drop();
    }
    return judged;
}

} // namespace

TEST_CASE("guessing is slowed by pair, by address and by account; the user gets in")
{
    World world;
    Device laptop(world, 1, "192.0.2.10");
    laptop.join("ann", 100);

    SUBCASE("one address, one account: five, then one each ten seconds")
    {
        CHECK(guess(world, "ann", "203.0.113.1", 20) == 5);
        Device guesser(world, 9, "203.0.113.1");
        guesser.connect();
        const auto throttled = guesser.ask(frame::Login{"ann", secret_of("ann")}); // even the right one waits
        CHECK(throttled.error.code == ErrorCode::rate_limited);
        CHECK(throttled.error.retry_after_ms == 10'000);
        world.advance(std::chrono::seconds(10));
        CHECK(guess(world, "ann", "203.0.113.1", 5) == 1);
        CHECK(guess(world, "nobody", "203.0.113.2", 20) == 5); // unknown users alike
        // meanwhile, elsewhere, the user logs in on a new device
        Device phone(world, 2, "198.51.100.7");
        phone.enter("ann", 100);
        CHECK(world.core->counters().logins_throttled > 20);
    }
    SUBCASE("one address, many accounts: twenty")
    {
        int judged = 0;
        for (int i = 0; i < 10; ++i)
            judged += guess(world, "user" + std::to_string(i), "203.0.113.1", 4);
        CHECK(judged == 20);
    }
    SUBCASE("many addresses, one account: fifty, and those who were here before are not concerned")
    {
        Device phone(world, 2, "198.51.100.7");
        phone.enter("ann", 100);
        int judged = 0;
        for (int i = 0; i < 40; ++i)
            judged += guess(world, "ann", "203.0.113." + std::to_string(i), 3);
        CHECK(judged == 50);
        Device same_place(world, 3, "198.51.100.7");
        same_place.enter("ann", 100);
        Device stranger(world, 4, "192.0.2.77");
        stranger.connect();
        CHECK(stranger.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::rate_limited);
        Device moved(world, 1, "192.0.2.78"); // a known device in a new place
        moved.connect();
        CHECK(moved.code(frame::Login{"ann", secret_of("ann")}) == ErrorCode::ok);
        moved.connect();
        CHECK(moved.code(frame::Resume{}) == ErrorCode::ok);
    }
    SUBCASE("a success forgives the mistakes of its own place")
    {
        CHECK(guess(world, "ann", "198.51.100.7", 4) == 4);
        Device phone(world, 2, "198.51.100.7");
        phone.enter("ann", 100);
        CHECK(guess(world, "ann", "198.51.100.7", 20) == 5);
    }
}

TEST_CASE("the tables of guessers end, and forget rather than grow")
{
    const Rate rate{1, std::chrono::seconds(10)};
    PaceTable table(rate, 100);
    const Instant now{std::chrono::hours(1)};
    for (int i = 0; i < 1'000; ++i)
        table.take(std::to_string(i), now);
    CHECK(table.size() == 100);
    CHECK(table.wait("999", now) == std::chrono::seconds(10));
    for (int i = 0; i < 50; ++i)
        table.take("late" + std::to_string(i), now + std::chrono::minutes(1));
    CHECK(table.size() == 50); // what had no effect any more went first
}

TEST_CASE("who has used up a pace is not forgotten because others come")
{
    const Rate rate{5, std::chrono::seconds(10)};
    PaceTable table(rate, 200);
    const Instant now{std::chrono::hours(1)};
    for (int who = 0; who < 100; ++who)
        for (int i = 0; i < 7; ++i)
            table.take("offender" + std::to_string(who), now);
    for (int i = 0; i < 20'000; ++i) // Names that are made up, to push those out.
        table.take("new" + std::to_string(i), now);
    CHECK(table.size() == 200);
    for (int who = 0; who < 100; ++who) {
        CAPTURE(who);
        CHECK(table.wait("offender" + std::to_string(who), now) == std::chrono::seconds(30));
    }
}

TEST_CASE("resume: by the key of the link; unknown devices are told to log in")
{
    World world;
    Device ann(world, 1);
    ann.join("ann", 100);
    ann.drop();
    CHECK(world.core->counters().sessions == 0);
    ann.resume();
    CHECK(ann.take<frame::Roster>().size() == 1);
    Device stranger(world, 5);
    stranger.connect();
    CHECK(stranger.code(frame::Resume{}) == ErrorCode::device_revoked);
    world.restart();
    ann.resume(); // it is on disk
}

TEST_CASE("a newer session of a device replaces the older, which is told")
{
    World world;
    Device ann(world, 1);
    ann.join("ann", 100);
    Device again(world, 1);
    again.resume();
    const auto told = ann.take<frame::Goodbye>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].what.code == ErrorCode::cancelled);
    CHECK(ann.is_closed());
    CHECK(world.core->counters().sessions == 1);
    CHECK(world.core->counters().sessions_replaced == 1);

    // Twice in one tick: the last one stays.
    Device x(world, 1), y(world, 1);
    x.connect();
    y.connect();
    x.send(frame::Resume{});
    y.send(frame::Resume{});
    CHECK(world.tick().ok());
    CHECK(x.is_closed());
    CHECK_FALSE(y.is_closed());
    CHECK(y.take<frame::Roster>().size() == 1);
    CHECK(world.core->counters().sessions == 1);
}

TEST_CASE("versions: told of a newer one, refused below the least one")
{
    Config config;
    config.client_version_latest = "1.4.0";
    config.client_version_min = "1.2";
    World world(config);
    const std::tuple<const char*, bool, const char*> table[] = {
        {"1.4.0", false, ""},      {"1.4", false, ""},        {"1.10.0", false, ""},      {"2.0", false, ""},
        {"1.3.9", false, "1.4.0"}, {"1.2.0", false, "1.4.0"}, {"1.1.9", true, "1.4.0"},   {"0.9", true, "1.4.0"},
        {"", true, "1.4.0"},       {"dev", true, "1.4.0"},    {"1.2-rc1", false, "1.4.0"}};
    std::uint64_t number = 10;
    for (const auto& [version, required, update] : table) {
        CAPTURE(version);
        Device device(world, ++number);
        device.connect(version);
        const auto welcome = device.take<frame::Welcome>();
        REQUIRE(welcome.size() == 1);
        CHECK(welcome[0].update_required == required);
        CHECK(welcome[0].update_version == update);
        const auto code = device.code(device.registration("u" + std::to_string(number), 1000 + number));
        CHECK(code == (required ? ErrorCode::update_required : ErrorCode::ok));
        device.drop();
    }
}

TEST_CASE("the client version is on record, and follows updates")
{
    World world;
    Device ann(world, 1);
    ann.join("ann", 100);
    CHECK(world.store.device(ann.id)->client_version == "0.1.0");
    ann.connect("0.2.0");
    CHECK(ann.code(frame::Resume{}) == ErrorCode::ok);
    CHECK(world.store.device(ann.id)->client_version == "0.2.0");
}

TEST_CASE("a session carries TURN credentials and the STUN address from the configuration")
{
    Config config;
    config.stun_host = "stun.example";
    config.stun_port = 3478;
    config.turn_servers = [](std::string_view user, WallMs now_ms) {
        return std::vector<wire::TurnServer>{{"turn.example", 3478, wire::TurnServer::Transport::udp,
                                              std::to_string(now_ms / 1000 + 60) + ":" + std::string(user), "p", 0}};
    };
    World world(config);
    Device ann(world, 1);
    ann.join("ann", 100);
    const auto first = std::get<frame::Session>(ann.ask(frame::FetchSession{}).body);
    CHECK(first.stun_host == "stun.example");
    CHECK(first.stun_port == 3478);
    CHECK(first.turn_servers.at(0).username == "1700000060:ann");
    world.advance(std::chrono::minutes(1));
    CHECK(std::get<frame::Session>(ann.ask(frame::FetchSession{}).body).turn_servers.at(0).username ==
          "1700000120:ann");
}
