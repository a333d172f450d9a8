// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;
using wire::RosterState;

namespace {

struct Pair {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};

    explicit Pair(Config config = {}) : world(std::move(config))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
    }
};

/// The last thing a device was told about its only contact.
std::optional<wire::RosterEntry> told(Device& device)
{
    auto changes = device.take<frame::RosterChange>();
    if (changes.empty()) return std::nullopt;
    return changes.back().entry;
}

/// What a device sees of its only contact when it logs in afresh.
std::optional<wire::RosterEntry> seen(Device& device)
{
    device.drop();
    device.resume();
    const auto pages = device.take<frame::Roster>();
    REQUIRE(pages.size() == 1);
    device.forget_frames();
    if (pages[0].entries.empty()) return std::nullopt;
    return pages[0].entries[0];
}

} // namespace

TEST_CASE("request and accept: what each side is told, and when it learns the other's key")
{
    Pair p;
    CHECK(p.ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
    auto at_ann = told(p.ann);
    REQUIRE(at_ann);
    CHECK(at_ann->user == "bo");
    CHECK(at_ann->state == RosterState::requested);
    CHECK(at_ann->account_key.is_zero()); // bo has not agreed
    CHECK(at_ann->device_list.empty());
    CHECK(at_ann->online.empty());
    auto at_bo = told(p.bo);
    REQUIRE(at_bo);
    CHECK(at_bo->state == RosterState::incoming);
    CHECK(at_bo->account_key == signing_key(100).public_key());
    CHECK(at_bo->device_list.empty());
    CHECK(at_bo->online.empty());
    CHECK(p.ann.take<frame::Presence>().empty());

    CHECK(p.bo.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
    at_ann = told(p.ann);
    REQUIRE(at_ann);
    CHECK(at_ann->state == RosterState::accepted);
    CHECK(at_ann->account_key == signing_key(200).public_key());
    CHECK(devices_in(at_ann->device_list) == std::vector<DeviceId>{p.bo.id});
    CHECK(at_ann->online == std::vector<DeviceId>{p.bo.id});
    CHECK(told(p.bo)->online == std::vector<DeviceId>{p.ann.id});
    // and the same after logging in again, also after a restart of the relay
    CHECK(seen(p.bo)->state == RosterState::accepted);
    p.world.restart();
    p.ann.resume();
    CHECK(p.ann.take<frame::Roster>().at(0).entries.at(0).state == RosterState::accepted);
}

TEST_CASE("every change of a contact, from every state: a table")
{
    enum class Do { add, accept, remove, block, unblock };
    using enum RosterState;
    // ann does something to bo; both rows before and after, and the answer
    struct Row {
        RosterState mine, theirs;
        Do what;
        ErrorCode answer;
        RosterState mine_after, theirs_after;
    };
    const auto ok = ErrorCode::ok;
    const Row table[] = {
        {none, none, Do::add, ok, requested, incoming},
        {none, blocked, Do::add, ok, requested, blocked},   // she is not told
        {none, requested, Do::add, ok, accepted, accepted}, // both asked
        {requested, incoming, Do::add, ok, requested, incoming},
        {requested, blocked, Do::add, ok, requested, blocked},
        {incoming, requested, Do::add, ok, accepted, accepted},
        {accepted, accepted, Do::add, ok, accepted, accepted},
        {accepted, blocked, Do::add, ok, accepted, blocked},
        {blocked, none, Do::add, ErrorCode::blocked, blocked, none},
        {none, none, Do::accept, ErrorCode::not_a_contact, none, none},
        {requested, incoming, Do::accept, ErrorCode::not_a_contact, requested, incoming},
        {incoming, requested, Do::accept, ok, accepted, accepted},
        {accepted, accepted, Do::accept, ok, accepted, accepted},
        {blocked, requested, Do::accept, ErrorCode::blocked, blocked, requested},
        {none, none, Do::remove, ok, none, none},
        {requested, incoming, Do::remove, ok, none, none}, // withdrawn
        {incoming, requested, Do::remove, ok, none, none}, // declined
        {accepted, accepted, Do::remove, ok, none, none},
        {accepted, blocked, Do::remove, ok, none, blocked},
        {blocked, accepted, Do::remove, ErrorCode::blocked, blocked, accepted},
        {none, none, Do::block, ok, blocked, none},
        {requested, incoming, Do::block, ok, blocked, none},
        {incoming, requested, Do::block, ok, blocked, requested},
        {accepted, accepted, Do::block, ok, blocked, accepted},
        {accepted, blocked, Do::block, ok, blocked, blocked},
        {blocked, accepted, Do::block, ok, blocked, accepted},
        {blocked, accepted, Do::unblock, ok, accepted, accepted}, // as if it had never been
        {blocked, requested, Do::unblock, ok, incoming, requested},
        {blocked, none, Do::unblock, ok, none, none},
        {blocked, blocked, Do::unblock, ok, none, blocked},
        {accepted, accepted, Do::unblock, ok, accepted, accepted},
    };
    for (const auto& row : table) {
        CAPTURE(&row - table);
        Pair p;
        const auto ann = p.world.store.account("ann")->row;
        const auto bo = p.world.store.account("bo")->row;
        p.world.store.set_contact(ann, bo, row.mine, 1);
        p.world.store.set_contact(bo, ann, row.theirs, 1);
        REQUIRE(p.world.store.commit().ok());
        const auto code = [&] {
            switch (row.what) {
            case Do::add: return p.ann.code(frame::ContactAdd{"bo"});
            case Do::accept: return p.ann.code(frame::ContactAccept{"bo"});
            case Do::remove: return p.ann.code(frame::ContactRemove{"bo"});
            case Do::block: return p.ann.code(frame::ContactBlock{"bo"});
            default: return p.ann.code(frame::ContactUnblock{"bo"});
            }
        }();
        CHECK(code == row.answer);
        CHECK(p.world.store.contact(ann, bo) == row.mine_after);
        CHECK(p.world.store.contact(bo, ann) == row.theirs_after);
        // Each side is told exactly when its own row changed, and sees its own row only. Unblocked, a contact also
        // hears of the devices that came and went meanwhile.
        const auto at_ann = told(p.ann);
        CHECK(at_ann.has_value() == (row.mine != row.mine_after));
        if (at_ann) CHECK(at_ann->state == row.mine_after);
        const auto at_bo = told(p.bo);
        const bool again = row.mine == blocked && row.mine_after == accepted;
        CHECK(at_bo.has_value() == (again || row.theirs != row.theirs_after));
        if (at_bo) CHECK(at_bo->state == row.theirs_after);
    }
}

TEST_CASE("names that cannot be contacts")
{
    Pair p;
    CHECK(p.ann.code(frame::ContactAdd{"nobody"}) == ErrorCode::no_such_user);
    CHECK(p.ann.code(frame::ContactAdd{"No Body"}) == ErrorCode::no_such_user);
    CHECK(p.ann.code(frame::ContactAdd{"ann"}) == ErrorCode::invalid_argument);
    CHECK(p.ann.code(frame::ContactBlock{"nobody"}) == ErrorCode::no_such_user);
    CHECK(p.ann.code(frame::ContactRemove{"nobody"}) == ErrorCode::no_such_user);
}

TEST_CASE("presence: accepted contacts only, on change only")
{
    Pair p;
    Device cy(p.world, 3);
    cy.join("cy", 300);
    befriend(p.ann, "ann", p.bo, "bo");
    CHECK(p.ann.code(frame::ContactAdd{"cy"}) == ErrorCode::ok); // asked, not accepted
    cy.forget_frames();
    p.bo.forget_frames();

    p.ann.drop();
    auto at_bo = p.bo.take<frame::Presence>();
    REQUIRE(at_bo.size() == 1);
    CHECK(at_bo[0].user == "ann");
    CHECK(at_bo[0].online.empty());
    p.ann.resume();
    at_bo = p.bo.take<frame::Presence>();
    REQUIRE(at_bo.size() == 1);
    CHECK(at_bo[0].online == std::vector<DeviceId>{p.ann.id});
    CHECK(cy.take<frame::Presence>().empty());
    CHECK(cy.take<frame::RosterChange>().empty());

    // A second session of the same device, and a pause within one tick, are no news.
    Device again(p.world, 1);
    again.resume();
    CHECK(p.bo.take<frame::Presence>().empty());
    Device back(p.world, 1);
    back.connect();
    p.world.core->link_down(again.link, p.world.now);
    CHECK(back.code(frame::Resume{}) == ErrorCode::ok);
    CHECK(p.bo.take<frame::Presence>().empty());

    // A second device is.
    Device phone(p.world, 11);
    phone.enter("ann", 100);
    at_bo = p.bo.take<frame::Presence>();
    REQUIRE(at_bo.size() == 1);
    CHECK(at_bo[0].online.size() == 2);
}

TEST_CASE("a blocked person is not told, sees nothing, reaches nothing")
{
    Pair p;
    befriend(p.ann, "ann", p.bo, "bo");
    CHECK(p.ann.code(frame::ContactBlock{"bo"}) == ErrorCode::ok);
    CHECK(told(p.ann)->state == RosterState::blocked);
    CHECK_FALSE(told(p.bo));
    const auto presence = p.bo.take<frame::Presence>(); // looks as if ann went home
    REQUIRE(presence.size() == 1);
    CHECK(presence[0].online.empty());
    CHECK(p.bo.take<frame::Goodbye>().empty());

    // what bo sends looks stored and is not; what he signals meets someone who is away
    CHECK(p.bo.put(p.ann, 1) == ErrorCode::ok);
    CHECK(p.ann.take<frame::MailboxDeliver>().empty());
    CHECK(p.world.core->counters().content_envelopes_stored == 0);
    CHECK(p.bo.code(frame::Signal{p.ann.id, {1}}) == ErrorCode::not_connected);
    CHECK(p.ann.take<frame::SignalPush>().empty());
    // what ann would send him is refused openly: she knows
    CHECK(p.ann.put(p.bo, 2) == ErrorCode::not_a_contact);
    CHECK(p.ann.code(frame::Signal{p.bo.id, {1}}) == ErrorCode::not_a_contact);

    // comings and goings stay hidden, both ways; the contact still stands in his list, offline
    p.ann.drop();
    p.ann.resume();
    CHECK(p.bo.take<frame::Presence>().empty());
    const auto at_ann = p.ann.take<frame::Roster>().at(0).entries.at(0);
    CHECK(at_ann.state == RosterState::blocked);
    CHECK(at_ann.account_key.is_zero());
    CHECK(at_ann.device_list.empty());
    p.ann.forget_frames();
    const auto at_bo = seen(p.bo);
    CHECK(at_bo->state == RosterState::accepted);
    CHECK(at_bo->online.empty());
    CHECK(p.ann.take<frame::Presence>().empty());

    // asking again does not reach her either
    CHECK(p.bo.code(frame::ContactRemove{"ann"}) == ErrorCode::ok);
    CHECK(p.bo.code(frame::ContactAdd{"ann"}) == ErrorCode::ok);
    CHECK_FALSE(told(p.ann));
    CHECK(p.ann.code(frame::ContactUnblock{"bo"}) == ErrorCode::ok);
    CHECK(told(p.ann)->state == RosterState::incoming); // his wish stands
}

TEST_CASE("unblocking shows the contact as it was, with the devices of now")
{
    Pair p;
    befriend(p.ann, "ann", p.bo, "bo");
    CHECK(p.ann.code(frame::ContactBlock{"bo"}) == ErrorCode::ok);
    p.bo.forget_frames();
    Device phone(p.world, 77);
    phone.enter("ann", 100);
    CHECK_FALSE(told(p.bo));
    CHECK(p.ann.code(frame::ContactUnblock{"bo"}) == ErrorCode::ok);
    CHECK(told(p.ann)->state == RosterState::accepted);
    CHECK(told(p.bo)->device_list == p.world.store.device_list(p.world.store.account("ann")->row));
    CHECK(p.bo.take<frame::Presence>().at(0).online.size() == 2);
    CHECK(p.bo.put(p.ann, 1) == ErrorCode::ok);
    CHECK(p.ann.take<frame::MailboxDeliver>().size() == 1);
}

TEST_CASE("contacts and open requests end at their limits")
{
    Config config;
    config.limits.contacts_max = 3;
    config.limits.incoming_contacts_max = 2;
    config.limits.contact_changes = {1000, std::chrono::milliseconds(1)};
    World world(config);
    std::vector<std::unique_ptr<Device>> people;
    for (std::uint64_t i = 0; i < 6; ++i) {
        people.push_back(std::make_unique<Device>(world, 10 + i));
        people.back()->join("p" + std::to_string(i), 100 + i);
    }
    for (int i = 1; i <= 3; ++i)
        CHECK(people[0]->code(frame::ContactAdd{"p" + std::to_string(i)}) == ErrorCode::ok);
    CHECK(people[0]->code(frame::ContactAdd{"p4"}) == ErrorCode::quota_exceeded);
    CHECK(people[0]->code(frame::ContactBlock{"p4"}) == ErrorCode::quota_exceeded);
    CHECK(people[0]->code(frame::ContactRemove{"p1"}) == ErrorCode::ok);
    CHECK(people[0]->code(frame::ContactAdd{"p4"}) == ErrorCode::ok);
    CHECK(people[5]->code(frame::ContactAdd{"p4"}) == ErrorCode::ok); // two open requests at p4
    CHECK(people[1]->code(frame::ContactAdd{"p4"}) == ErrorCode::quota_exceeded);
    CHECK(people[4]->code(frame::ContactRemove{"p0"}) == ErrorCode::ok);
    CHECK(people[1]->code(frame::ContactAdd{"p4"}) == ErrorCode::ok);
}

TEST_CASE("contact changes are paced per account, not per connection")
{
    Config config;
    config.limits.contact_changes = {3, std::chrono::seconds(2)};
    Pair p(config);
    for (int i = 0; i < 3; ++i)
        CHECK(p.ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
    p.ann.drop();
    p.ann.resume();
    const auto refused = p.ann.ask(frame::ContactAdd{"bo"});
    CHECK(refused.error.code == ErrorCode::rate_limited);
    CHECK(refused.error.retry_after_ms == 2'000);
    CHECK(p.bo.code(frame::ContactAccept{"ann"}) == ErrorCode::ok);
    p.world.advance(std::chrono::seconds(2));
    CHECK(p.ann.code(frame::ContactAdd{"bo"}) == ErrorCode::ok);
}

TEST_CASE("a long contact list comes in pages that fit their frames")
{
    Config config;
    config.limits.contact_changes = {1000, std::chrono::milliseconds(1)};
    config.limits.registrations_per_address = {1000, std::chrono::milliseconds(1)};
    World world(config);
    Device ann(world, 1);
    ann.join("ann", 100);
    const auto me = world.store.account("ann")->row;
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
        Device other(world, 1000 + static_cast<std::uint64_t>(i));
        const auto name = "u" + std::to_string(1000 + i);
        other.join(name, 5000 + static_cast<std::uint64_t>(i));
        const auto them = world.store.account(name)->row;
        world.store.set_contact(me, them, RosterState::accepted, 1);
        world.store.set_contact(them, me, RosterState::accepted, 1);
    }
    REQUIRE(world.store.commit().ok());
    ann.drop();
    ann.resume();
    const auto pages = ann.take<frame::Roster>();
    CHECK(pages.size() == 4);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        CHECK(pages[i].last == (i + 1 == pages.size()));
        CHECK(pages[i].own_device_list.empty() != pages[i].last);
        CHECK(pages[i].entries.size() <= wire::roster_page_max);
        for (const auto& entry : pages[i].entries)
            names.push_back(entry.user);
    }
    CHECK(names.size() == count);
    CHECK(std::is_sorted(names.begin(), names.end()));
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == count);
}
