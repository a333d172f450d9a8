// SPDX-License-Identifier: Apache-2.0
// What a removed account has left for its contacts: each of their devices knows it until it has that, and no longer.
#include "lib/sqlite/fault_disk.hpp"
#include "relay/store/departed_table.hpp"
#include "tests/relay/rig.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;
using wire::RosterState;

namespace {

struct Town {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};
    Device phone{world, 3}; ///< ann's other one.

    explicit Town(Config config = {}, std::optional<Store> on = std::nullopt) : world(std::move(config), std::move(on))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        befriend(ann, "ann", bo, "bo");
        phone.enter("ann", 100);
        for (auto* const one : {&ann, &bo, &phone})
            one->forget_frames();
    }
    void remove_bo()
    {
        REQUIRE(world.core->gate().remove("bo", false, world.now, relays_own).ok());
        CHECK(world.tick().ok());
    }
    /// Somebody else of that name.
    void register_another_bo(Device& device) { device.join("bo", 300); }
    [[nodiscard]] std::uint64_t departed() { return DepartedTable(world.store).of(1).size(); }
};

/// Of the only page.
std::vector<wire::RosterEntry> contacts_at_login(Device& device)
{
    device.resume();
    const auto pages = device.take<frame::Roster>();
    REQUIRE(pages.size() == 1);
    return pages[0].entries;
}

std::vector<RosterState> states_told(Device& device)
{
    std::vector<RosterState> out;
    for (const auto& change : device.take<frame::RosterChange>()) {
        CHECK(change.entry.user == "bo");
        out.push_back(change.entry.state);
    }
    return out;
}

std::vector<std::uint64_t> sequences(Device& device)
{
    std::vector<std::uint64_t> out;
    for (const auto& mail : device.take<frame::MailboxDeliver>())
        out.push_back(mail.sequence);
    return out;
}

using States = std::vector<RosterState>;

} // namespace

TEST_CASE("who comes after a contact was removed has it, with its keys, until the last of its mail is acknowledged")
{
    Town town;
    town.ann.drop();
    town.phone.drop();
    for (std::uint64_t n = 1; n <= 2; ++n)
        CHECK(town.bo.put(town.ann, n) == ErrorCode::ok);
    const auto list = town.world.store.account("bo")->device_list;
    town.remove_bo();

    // Not on a device for which there is nothing.
    CHECK(contacts_at_login(town.phone).empty());
    // As often as it comes, also after a restart.
    CHECK(contacts_at_login(town.ann).size() == 1);
    town.ann.drop();
    town.world.restart();
    const auto known = contacts_at_login(town.ann);
    REQUIRE(known.size() == 1);
    CHECK(known[0].user == "bo");
    CHECK(known[0].state == RosterState::accepted);
    CHECK(known[0].account_key == signing_key(200).public_key());
    CHECK(known[0].device_list == list);
    CHECK(known[0].online.empty());
    const auto mail = sequences(town.ann);
    REQUIRE(mail.size() == 2);
    // Nobody can be written to, and nothing is there to be asked for.
    CHECK(town.ann.put(town.bo, 9) == ErrorCode::device_revoked);
    CHECK(town.ann.code(frame::ContactAdd{"bo"}) == ErrorCode::no_such_user);
    town.ann.acknowledge({mail[0]});
    CHECK(town.world.tick().ok());
    CHECK(states_told(town.ann).empty());
    CHECK(town.departed() == 1);
    town.ann.acknowledge({mail[1]});
    CHECK(town.world.tick().ok());
    CHECK(states_told(town.ann) == States{RosterState::none});
    // Before the word that all is there: what a client does then it does not do with who is gone.
    REQUIRE(town.ann.take<frame::MailboxEmpty>().size() == 1);
    CHECK(town.departed() == 0);
    CHECK(contacts_at_login(town.ann).empty());
}

TEST_CASE("who is there when a contact is removed, with its mail on the way: told when it is acknowledged, each device "
          "for itself")
{
    Town town;
    CHECK(town.bo.put(town.ann, 1) == ErrorCode::ok);
    town.remove_bo();
    CHECK(states_told(town.phone) == States{RosterState::none});
    CHECK(town.ann.take<frame::RosterChange>().empty() == false); // as it was: accepted
    const auto mail = sequences(town.ann);
    REQUIRE(mail.size() == 1);
    town.ann.acknowledge(mail);
    CHECK(town.world.tick().ok());
    CHECK(states_told(town.ann) == States{RosterState::none});
    CHECK(states_told(town.phone).empty());
    CHECK(town.departed() == 0);
}

TEST_CASE("when the acknowledgement cannot be stored the contact stays, and goes with the next one")
{
    constexpr int sqlite_full = 13; // SQLITE_FULL
    sqlite::FaultDisk disk;
    auto store = Store::open("relay.db", disk.name());
    REQUIRE(store.ok());
    Town town({}, *std::move(store));
    town.ann.drop();
    CHECK(town.bo.put(town.ann, 1) == ErrorCode::ok);
    town.remove_bo();
    CHECK(contacts_at_login(town.ann).size() == 1);
    const auto mail = sequences(town.ann);
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    town.world.give(town.ann.link, frame::MailboxAck{mail});
    CHECK_FALSE(town.world.tick().ok());
    disk.fail(0, 0, 0);
    CHECK(states_told(town.ann).empty());
    CHECK(town.departed() == 1);
    CHECK(contacts_at_login(town.ann).size() == 1);
    town.ann.acknowledge(sequences(town.ann));
    CHECK(town.world.tick().ok());
    CHECK(states_told(town.ann) == States{RosterState::none});
}

TEST_CASE("what is never fetched is over one day, and with it who sent it")
{
    Config config;
    config.limits.mailbox_age_ms_max = WallMs{24} * 3600 * 1000;
    Town town(config);
    town.ann.drop();
    CHECK(town.bo.put(town.ann, 1) == ErrorCode::ok);
    town.remove_bo();
    CHECK(town.departed() == 1);
    town.world.advance(std::chrono::milliseconds(town.world.config.limits.mailbox_age_ms_max) + expiry_interval * 2);
    CHECK(town.departed() == 0);
    CHECK(contacts_at_login(town.ann).empty());
}

TEST_CASE("the name is given anew while mail of the removed one waits: a device meets them one after the other")
{
    Town town;
    town.ann.drop();
    CHECK(town.bo.put(town.ann, 1) == ErrorCode::ok);
    town.remove_bo();
    Device other(town.world, 4);
    town.register_another_bo(other);
    CHECK(town.world.store.account("bo")->row == 3); // no number is given twice
    CHECK(other.code(frame::ContactAdd{"ann"}) == ErrorCode::ok);
    // The phone has nothing to wait for.
    CHECK(states_told(town.phone) == States{RosterState::none, RosterState::incoming});
    const auto known = contacts_at_login(town.ann);
    REQUIRE(known.size() == 1);
    CHECK(known[0].account_key == signing_key(200).public_key());
    CHECK(town.phone.code(frame::ContactAccept{"bo"}) == ErrorCode::ok);
    CHECK(states_told(town.phone) == States{RosterState::accepted});
    CHECK(states_told(town.ann).empty());
    town.ann.acknowledge(sequences(town.ann));
    CHECK(town.world.tick().ok());
    const auto changes = town.ann.take<frame::RosterChange>();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].entry.state == RosterState::none);
    CHECK(changes[1].entry.state == RosterState::accepted);
    CHECK(changes[1].entry.account_key == signing_key(300).public_key());
    CHECK(other.put(town.ann, 7) == ErrorCode::ok);
}

TEST_CASE("two of one name, both removed with mail waiting: one after the other")
{
    Town town;
    town.ann.drop();
    town.phone.drop();
    CHECK(town.bo.put(town.ann, 1) == ErrorCode::ok);
    town.remove_bo();
    Device other(town.world, 4);
    town.register_another_bo(other);
    CHECK(other.code(frame::ContactAdd{"ann"}) == ErrorCode::ok);
    town.phone.resume();
    CHECK(town.phone.code(frame::ContactAccept{"bo"}) == ErrorCode::ok);
    town.phone.drop();
    CHECK(other.put(town.ann, 2) == ErrorCode::ok);
    town.remove_bo();
    CHECK(town.departed() == 2);
    const auto known = contacts_at_login(town.ann);
    REQUIRE(known.size() == 1);
    CHECK(known[0].account_key == signing_key(200).public_key());
    const auto mail = sequences(town.ann);
    REQUIRE(mail.size() == 2);
    town.ann.acknowledge({mail[0]});
    CHECK(town.world.tick().ok());
    auto changes = town.ann.take<frame::RosterChange>();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].entry.state == RosterState::none);
    CHECK(changes[1].entry.account_key == signing_key(300).public_key());
    town.ann.acknowledge({mail[1]});
    CHECK(town.world.tick().ok());
    CHECK(states_told(town.ann) == States{RosterState::none});
    CHECK(town.departed() == 0);
}

TEST_CASE("a user who does not want to wait removes who is gone")
{
    Town town;
    CHECK(town.bo.put(town.ann, 1) == ErrorCode::ok);
    town.remove_bo();
    town.ann.forget_frames();
    CHECK(town.ann.code(frame::ContactRemove{"bo"}) == ErrorCode::ok);
    CHECK(states_told(town.ann) == States{RosterState::none});
    CHECK(town.departed() == 0);
}

TEST_CASE("who leaves nothing behind, asked only, or was blocked: gone at once; who waits goes too, with what it waits "
          "for")
{
    Town town;
    Device cy(town.world, 5), dee(town.world, 6);
    cy.join("cy", 500);
    dee.join("dee", 600);
    CHECK(town.bo.code(frame::ContactAdd{"cy"}) == ErrorCode::ok);
    befriend(town.bo, "bo", dee, "dee");
    CHECK(town.bo.put(dee, 1) == ErrorCode::ok);
    CHECK(dee.code(frame::ContactBlock{"bo"}) == ErrorCode::ok);
    cy.forget_frames();
    dee.forget_frames();
    town.ann.drop();
    CHECK(town.bo.put(town.ann, 2) == ErrorCode::ok);
    town.remove_bo();
    CHECK(states_told(cy) == States{RosterState::none});
    CHECK(states_told(dee) == States{RosterState::none});
    CHECK(town.departed() == 1);
    REQUIRE(town.world.core->gate().remove("ann", false, town.world.now, relays_own).ok());
    CHECK(town.world.tick().ok());
    CHECK(town.departed() == 0);
    REQUIRE(town.world.core->gate().remove("dee", false, town.world.now, relays_own).ok());
    REQUIRE(town.world.core->gate().remove("cy", false, town.world.now, relays_own).ok());
    CHECK(town.world.tick().ok());
    Device eve(town.world, 7);
    eve.join("eve", 700);
    CHECK(town.world.store.account("eve")->row == 5);
}
