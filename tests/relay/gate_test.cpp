// SPDX-License-Identifier: Apache-2.0
// Disabled accounts, bans, invitations, quotas and removal, as the devices on the other side meet them.
#include "lib/sqlite/fault_disk.hpp"
#include "relay/core/gate.hpp"
#include "relay/store/rescue.hpp"
#include "tests/relay/rig.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

constexpr int sqlite_full = 13; // SQLITE_FULL

struct Town {
    std::vector<std::string> ended;
    World world;
    Device ann{world, 1};
    Device bo{world, 2};

    explicit Town(Config config = {}, std::optional<Store> on = std::nullopt)
        : world(listening(std::move(config)), std::move(on))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
    }
    Config listening(Config config)
    {
        config.account_ended = [this](std::string_view user) { ended.emplace_back(user); };
        return config;
    }
    Gate& gate() { return world.core->gate(); }
};

ErrorCode goodbye_of(Device& device)
{
    const auto said = device.take<frame::Goodbye>();
    return said.size() == 1 ? said[0].what.code : ErrorCode::ok;
}

/// Links carry the address in `ip`, too.
LinkId knock(World& world, std::uint64_t number, Bytes ip)
{
    const auto link = world.next_link++;
    world.core->link_up(link, {signing_key(number).public_key(), "a:1", "a", std::move(ip)}, world.now);
    CHECK(world.tick().ok());
    return link;
}

} // namespace

TEST_CASE("a disabled account: its sessions end at once, every door says why, its mail waits, and enabling undoes it")
{
    Town town;
    CHECK(town.gate().disable("nobody", "", town.world.now).error().code == ErrorCode::no_such_user);
    REQUIRE(town.gate().disable("bo", "spam", town.world.now).ok());
    // Not before it is stored; and in this very tick nothing more is done for it.
    town.bo.send(frame::ContactRemove{"ann"});
    CHECK_FALSE(town.bo.is_closed());
    CHECK(town.world.tick().ok());
    CHECK(goodbye_of(town.bo) == ErrorCode::not_allowed);
    CHECK(town.bo.is_closed());
    CHECK(town.ended == std::vector<std::string>{"bo"});
    CHECK_FALSE(town.world.core->may_relay("bo"));
    CHECK(town.world.core->may_relay("ann"));

    town.bo.connect();
    CHECK(town.bo.code(frame::Resume{}) == ErrorCode::not_allowed);
    CHECK(town.bo.code(frame::Login{"bo", secret_of("bo")}) == ErrorCode::not_allowed);
    CHECK(town.bo.code(frame::Login{"bo", secret_of("guess")}) == ErrorCode::wrong_credentials);
    CHECK(town.bo.code(town.bo.registration("bo", 200)) == ErrorCode::not_allowed);
    town.bo.drop();
    Device second(town.world, 3);
    second.connect();
    CHECK(second.code(frame::Login{"bo", secret_of("bo")}) == ErrorCode::not_allowed);
    CHECK(second.code(second.addition("bo", 200, town.world.store.device_list(2))) == ErrorCode::not_allowed);

    CHECK(town.ann.put(town.bo, 7) == ErrorCode::ok);
    town.world.restart();
    town.bo.connect();
    CHECK(town.bo.code(frame::Resume{}) == ErrorCode::not_allowed); // it stands over a restart
    REQUIRE(town.gate().enable("bo").ok());
    CHECK(town.world.tick().ok());
    CHECK(town.bo.code(frame::Resume{}) == ErrorCode::ok);
    const auto mail = town.bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    CHECK(mail[0].envelope.id == envelope(7).id);
}

TEST_CASE("when it cannot be stored that an account is disabled, it is not, and its session goes on")
{
    sqlite::FaultDisk disk;
    auto store = Store::open("relay.db", disk.name());
    REQUIRE(store.ok());
    Town town({}, *std::move(store));
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    REQUIRE(town.gate().disable("bo", "", town.world.now).ok());
    CHECK_FALSE(town.world.tick().ok());
    disk.fail(0, 0, 0);
    CHECK_FALSE(town.bo.is_closed());
    CHECK(town.ended.empty());
    CHECK(town.bo.code(frame::FetchSession{}) == ErrorCode::ok);
    CHECK(town.world.core->may_relay("bo"));
}

TEST_CASE("a banned prefix: who is there goes, who comes is turned away, others and the next address are not")
{
    Town town;
    const auto here = knock(town.world, 11, {198, 51, 100, 200});
    const auto next = knock(town.world, 12, {198, 51, 101, 0});
    const auto v6 = knock(town.world, 13, Bytes{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    const auto prefix = AddressPrefix::of(Bytes{198, 51, 100, 7}, 25 - 1);
    const auto made = town.gate().ban_address(prefix, "198.51.100.0/24", "flood", 60'000, town.world.now);
    REQUIRE(made.ok());
    CHECK(town.world.tick().ok());
    CHECK(town.world.closed.contains(here));
    CHECK_FALSE(town.world.closed.contains(next));
    CHECK_FALSE(town.world.closed.contains(v6));
    CHECK(town.world.closed.contains(knock(town.world, 14, {198, 51, 100, 0})));
    CHECK(town.world.closed.contains(knock(town.world, 14, {198, 51, 100, 255})));
    CHECK_FALSE(town.world.closed.contains(knock(town.world, 14, {198, 51, 99, 255})));
    CHECK_FALSE(town.world.closed.contains(knock(town.world, 14, {})));
    CHECK(town.world.core->counters().links_banned == 2);

    const auto v6_prefix = AddressPrefix::of(Bytes{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 48);
    REQUIRE(town.gate().ban_address(v6_prefix, "2001:db8::/48", "", 0, town.world.now).ok());
    CHECK(town.world.tick().ok());
    CHECK(town.world.closed.contains(v6));
    town.world.restart();
    CHECK(town.world.closed.contains(knock(town.world, 14, {198, 51, 100, 1})));
    town.world.advance(std::chrono::seconds(60));
    CHECK_FALSE(town.world.closed.contains(knock(town.world, 14, {198, 51, 100, 1}))); // its time was over

    REQUIRE(town.gate().ban_address(prefix, "198.51.100.0/24", "", 0, town.world.now).ok());
    const auto id = BanTable(town.world.store).find(BanKind::address, "198.51.100.0/24")->id;
    CHECK(town.world.closed.contains(knock(town.world, 14, {198, 51, 100, 1})));
    REQUIRE(town.gate().unban(id).ok());
    CHECK(town.gate().unban(id).error().code == ErrorCode::invalid_argument);
    CHECK_FALSE(town.world.closed.contains(knock(town.world, 14, {198, 51, 100, 1})));
}

TEST_CASE("bans are bounded, and so is why")
{
    Town town;
    auto& gate = town.gate();
    for (std::size_t n = 0; n < bans_max; ++n)
        REQUIRE(gate.ban_name("n" + std::to_string(n), "", 0, town.world.now, relays_own).ok());
    CHECK(gate.ban_name("more", "", 0, town.world.now, relays_own).error().code == ErrorCode::quota_exceeded);
    CHECK(gate.ban_name("n5", "in the place of the old one", 0, town.world.now, relays_own).ok());
    CHECK(gate.ban_name("No Name", "", 0, town.world.now, relays_own).error().code == ErrorCode::invalid_argument);
    CHECK(gate.ban_name("n5", "", ban_lifetime_ms_max, town.world.now, relays_own).ok());
    CHECK(gate.ban_name("n5", "", ban_lifetime_ms_max + 1, town.world.now, relays_own).error().code ==
          ErrorCode::invalid_argument);
    const std::string longest(operator_reason_bytes_max, 'x');
    CHECK(gate.disable("ann", longest, town.world.now).ok());
    CHECK(gate.disable("ann", longest + "x", town.world.now).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("an application's people fill a tenth of a bound of their own, and neither the relay's nor another's")
{
    Config config;
    config.limits.notices_max = 20;
    config.sign_notice = [](wire::OperatorNotice) { return Bytes{1}; };
    World world(config);
    auto& gate = world.core->gate();
    const auto acme = gate.add_app("acme", world.now).value().row;
    const auto zed = gate.add_app("zed", world.now).value().row;
    REQUIRE(world.tick().ok());
    Device eve{world, 11};
    eve.app = gate.renew_app_key("acme").value().key;
    REQUIRE(world.tick().ok());
    eve.join("eve", 1100);
    const auto now = world.now;
    const auto full = ErrorCode::quota_exceeded;

    for (std::size_t n = 0; n < bans_max / 10; ++n)
        REQUIRE(gate.ban_name("n" + std::to_string(n) + "@acme", "", 0, now, acme).ok());
    CHECK(gate.ban_name("more@acme", "", 0, now, acme).error().code == full);
    CHECK(gate.remove("eve@acme", true, now, acme).error().code == full); // reserving the name is a ban
    CHECK(gate.ban_name("more@zed", "", 0, now, zed).ok());
    CHECK(gate.ban_name("more", "", 0, now, relays_own).ok());
    CHECK(gate.ban_name("more@acme", "", 0, now, relays_own).ok());
    CHECK(gate.ban_address(AddressPrefix::of(Bytes{198, 51, 100, 0}, 24), "198.51.100.0/24", "", 0, now).ok());
    CHECK(gate.remove("eve@acme", true, now, relays_own).ok());

    for (std::size_t n = 0; n < invitations_max / 10; ++n)
        REQUIRE(gate.invite("i" + std::to_string(n) + "@acme", std::nullopt, 60'000, now, acme).ok());
    CHECK(gate.invite("less@acme", std::nullopt, 60'000, now, acme).error().code == full);
    CHECK(gate.invite("less@zed", std::nullopt, 60'000, now, zed).ok());
    CHECK(gate.invite("less", std::nullopt, 60'000, now, relays_own).ok());
    CHECK(gate.invite("less@acme", std::nullopt, 60'000, now, relays_own).ok());

    std::uint64_t id = 0;
    const auto says = [&](AppRow by, AppRow to) {
        NoticeDraft draft;
        draft.id = filled<NoticeId>(++id);
        draft.to_all = true;
        draft.app = to;
        draft.by = by;
        draft.title = "x";
        draft.lifetime_ms = 60'000;
        const auto done = world.core->notices().send(draft, now);
        return done ? ErrorCode::ok : done.error().code;
    };
    CHECK(says(acme, acme) == ErrorCode::ok);
    CHECK(says(acme, acme) == ErrorCode::ok);
    CHECK(says(acme, acme) == full);
    CHECK(says(zed, zed) == ErrorCode::ok);
    CHECK(says(0, acme) == ErrorCode::ok);
    for (int n = 0; n < 20; ++n)
        CHECK(says(0, no_app) == ErrorCode::ok);
    CHECK(says(0, no_app) == full);
    CHECK(world.tick().ok());
}

TEST_CASE(
    "closed registration lets in who is invited, once; a key keeps the name for its account; a banned name is nobody's")
{
    Config config;
    config.registration_open = false;
    World world(config);
    auto& gate = world.core->gate();
    Device cy(world, 3), dee(world, 4);
    cy.connect();
    dee.connect();
    CHECK(cy.code(cy.registration("cy", 300)) == ErrorCode::unsupported);
    const auto day_ms = WallMs{24} * 3600 * 1000;
    CHECK(gate.invite("cy", std::nullopt, 0, world.now, relays_own).error().code == ErrorCode::invalid_argument);
    CHECK(gate.invite("cy", std::nullopt, invitation_lifetime_ms_max + 1, world.now, relays_own).error().code ==
          ErrorCode::invalid_argument);
    REQUIRE(gate.invite("cy", signing_key(300).public_key(), day_ms, world.now, relays_own).ok());
    CHECK(world.tick().ok());
    CHECK(dee.code(dee.registration("cy", 400)) == ErrorCode::name_taken);
    CHECK(dee.code(dee.registration("dee", 400)) == ErrorCode::unsupported);
    CHECK(cy.code(cy.registration("cy", 300)) == ErrorCode::ok);
    CHECK(InvitationTable(world.store).after("", 1, "").empty());
    CHECK(gate.invite("cy", std::nullopt, day_ms, world.now, relays_own).error().code == ErrorCode::name_taken);

    REQUIRE(gate.invite("dee", std::nullopt, day_ms, world.now, relays_own).ok());
    REQUIRE(gate.ban_name("dee", "", 0, world.now, relays_own).ok());
    CHECK(dee.code(dee.registration("dee", 400)) == ErrorCode::name_taken);
    REQUIRE(gate.unban(BanTable(world.store).find(BanKind::name, "dee")->id).ok());
    CHECK(world.tick().ok());
    world.advance(std::chrono::hours(24));
    dee.connect();
    CHECK(dee.code(dee.registration("dee", 400)) == ErrorCode::unsupported); // its time was over
    REQUIRE(gate.invite("dee", std::nullopt, day_ms, world.now, relays_own).ok());
    CHECK(dee.code(dee.registration("dee", 400)) == ErrorCode::ok);
    REQUIRE(gate.invite("ed", std::nullopt, day_ms, world.now, relays_own).ok());
    REQUIRE(gate.uninvite("ed").ok());
    CHECK(gate.uninvite("ed").error().code == ErrorCode::invalid_argument);
}

TEST_CASE("a quota of one account: its mailbox takes so many and not one more, others' as many as ever, at once")
{
    Config config;
    config.limits.mailbox_sender_percent_max = 100;
    Town town(config);
    town.bo.drop();
    CHECK(town.world.tick().ok());
    CHECK(town.ann.put(town.bo, 1) == ErrorCode::ok);
    Quotas quotas;
    quotas.mailbox_messages = 3;
    REQUIRE(town.gate().set_quotas("bo", quotas).ok());
    CHECK(town.world.tick().ok());
    CHECK(town.ann.put(town.bo, 2) == ErrorCode::ok);
    CHECK(town.ann.put(town.bo, 3) == ErrorCode::ok);
    CHECK(town.ann.put(town.bo, 4) == ErrorCode::quota_exceeded);
    REQUIRE(town.gate().set_quotas("bo", {}).ok());
    CHECK(town.world.tick().ok());
    CHECK(town.ann.put(town.bo, 4) == ErrorCode::ok);
    quotas = {std::nullopt, 400, std::nullopt};
    REQUIRE(town.gate().set_quotas("bo", quotas).ok());
    CHECK(town.world.tick().ok());
    CHECK(town.ann.put(town.bo, 5) == ErrorCode::quota_exceeded);
    CHECK(PolicyTable(town.world.store).find(2).quotas == quotas);
}

TEST_CASE("a removed account leaves nothing that refers to it, its session ends, and its name is nobody's until the "
          "ban is lifted")
{
    Town town;
    CHECK(town.ann.put(town.bo, 1) == ErrorCode::ok);
    CHECK(town.bo.put(town.ann, 2) == ErrorCode::ok);
    REQUIRE(town.gate().set_quotas("bo", {5, 5, 5}).ok());
    town.bo.forget_frames();
    town.ann.forget_frames();
    REQUIRE(town.gate().remove("bo", true, town.world.now, relays_own).ok());
    CHECK(town.world.tick().ok());
    CHECK(goodbye_of(town.bo) == ErrorCode::not_allowed);
    CHECK(town.ended == std::vector<std::string>{"bo"});
    CHECK_FALSE(town.world.store.account("bo"));
    CHECK_FALSE(town.world.store.device(town.bo.id));
    CHECK(town.world.store.contact_count(1) == 0);
    CHECK(PolicyTable(town.world.store).totals().accounts == 1);
    CHECK(town.ann.take<frame::RosterChange>().at(0).entry.online.empty());
    town.ann.acknowledge({1}); // until then it knows whose it is
    CHECK(town.world.tick().ok());
    const auto changes = town.ann.take<frame::RosterChange>();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].entry.user == "bo");
    CHECK(changes[0].entry.state == RosterState::none);
    CHECK(town.ann.put(town.bo, 3) != ErrorCode::ok);

    town.bo.connect();
    CHECK(town.bo.code(frame::Resume{}) == ErrorCode::device_revoked);
    CHECK(town.bo.code(town.bo.registration("bo", 200)) == ErrorCode::name_taken);
    REQUIRE(town.gate().unban(BanTable(town.world.store).find(BanKind::name, "bo")->id).ok());
    CHECK(town.bo.code(town.bo.registration("bo", 200)) == ErrorCode::ok);
}

TEST_CASE("the operator helps a user whose guesses have run out: the next one is judged by itself")
{
    Town town;
    Device bo(town.world, 9, "203.0.113.9");
    bo.connect();
    ErrorCode last = ErrorCode::ok;
    for (int n = 0; n < 20 && last != ErrorCode::rate_limited; ++n) {
        if (bo.is_closed()) bo.connect();
        last = bo.code(frame::Login{"bo", secret_of("guess")});
    }
    CHECK(last == ErrorCode::rate_limited);
    bo.connect();
    CHECK(bo.code(frame::Login{"bo", secret_of("bo")}) == ErrorCode::rate_limited);
    town.world.core->forget_failed_logins("b"); // of another, whose name begins alike
    CHECK(bo.code(frame::Login{"bo", secret_of("bo")}) == ErrorCode::rate_limited);
    town.world.core->forget_failed_logins("bo");
    CHECK(bo.code(frame::Login{"bo", secret_of("bo")}) == ErrorCode::ok);
}
