// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/notice.hpp"
#include "lib/sqlite/fault_disk.hpp"
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

constexpr int sqlite_full = 13; // SQLITE_FULL
constexpr WallMs day_ms = 24 * 3600 * 1000;

const crypto::SigningKey& relay_key()
{
    static const auto out = signing_key(9'999);
    return out;
}

Config signing(Config config = {})
{
    config.sign_notice = [](wire::OperatorNotice notice) {
        return identity::sign_notice(std::move(notice), relay_key().seed());
    };
    return config;
}

NoticeDraft to_all(std::uint64_t id)
{
    NoticeDraft out;
    out.id = filled<NoticeId>(id);
    out.to_all = true;
    out.title = "notice " + std::to_string(id);
    out.lifetime_ms = day_ms;
    return out;
}

NoticeDraft to(std::uint64_t id, std::vector<std::string> users)
{
    auto out = to_all(id);
    out.to_all = false;
    out.users = std::move(users);
    out.kind = NoticeKind::account;
    return out;
}

struct Town {
    World world;
    Device ann{world, 1};
    Device bo{world, 2};

    explicit Town(Config config = {}, std::optional<Store> on = std::nullopt)
        : world(signing(std::move(config)), std::move(on))
    {
        ann.join("ann", 100);
        bo.join("bo", 200);
        world.advance(std::chrono::seconds(1));
    }

    /// As the control socket does it: the operator hears of it after the commit.
    Result<StoredNotice> say(const NoticeDraft& draft)
    {
        auto said = world.core->notices().send(draft, world.now);
        const auto committed = world.tick();
        return committed.ok() ? said : Result<StoredNotice>(committed.error());
    }
    ErrorCode code(const NoticeDraft& draft)
    {
        const auto said = say(draft);
        return said.ok() ? ErrorCode::ok : said.error().code;
    }
    Result<StoredNotice> withdraw(std::uint64_t id)
    {
        auto done = world.core->notices().withdraw(filled<NoticeId>(id), world.now);
        CHECK(world.tick().ok());
        return done;
    }
    NoticeReach reach(std::uint64_t id)
    {
        const auto state = world.core->notices().state(filled<NoticeId>(id), world.now);
        CHECK(world.tick().ok());
        REQUIRE(state.ok());
        return state->reach;
    }
};

struct Heard {
    std::uint64_t sequence = 0;
    wire::OperatorNotice notice;
};

/// What came, and is what this account would take.
std::vector<Heard> heard(Device& device, std::uint64_t account)
{
    std::vector<Heard> out;
    for (const auto& one : device.take<frame::NoticeDeliver>()) {
        auto notice = identity::verify_notice(one.notice, relay_key().public_key(), signing_key(account).public_key());
        REQUIRE(notice.ok());
        out.push_back({one.sequence, *std::move(notice)});
    }
    return out;
}

std::vector<std::string> titles(const std::vector<Heard>& all)
{
    std::vector<std::string> out;
    for (const auto& one : all)
        out.push_back(one.notice.title);
    return out;
}

void acknowledge(Device& device, std::uint64_t sequence)
{
    device.world->give(device.link, frame::NoticeAck{sequence});
    (void)device.world->tick();
}

using Titles = std::vector<std::string>;

} // namespace

TEST_CASE("said to all: at once to who is there, at login to who was away, and once only when acknowledged")
{
    Town town;
    town.bo.drop();
    auto draft = to_all(1);
    draft.kind = NoticeKind::maintenance;
    draft.text = "Back at six.";
    draft.link = "https://relay.example/status";
    const auto said = town.say(draft);
    REQUIRE(said.ok());

    const auto at_ann = heard(town.ann, 100);
    REQUIRE(at_ann.size() == 1);
    const auto& notice = at_ann[0].notice;
    CHECK(notice.id == draft.id);
    CHECK(notice.account.is_zero());
    CHECK(notice.kind == NoticeKind::maintenance);
    CHECK(notice.text == "Back at six.");
    CHECK(notice.link == "https://relay.example/status");
    CHECK(notice.expires_ms - notice.created_ms == day_ms);
    CHECK(town.reach(1).devices_reached == 0);
    acknowledge(town.ann, at_ann[0].sequence);
    auto reach = town.reach(1);
    CHECK(reach.accounts == 2);
    CHECK(reach.accounts_reached == 1);
    CHECK(reach.devices == 2);
    CHECK(reach.devices_reached == 1);

    // The relay dies. Who has acknowledged does not get it again, who was away does, and who does not acknowledge
    // gets it each time.
    town.world.restart();
    town.ann.resume();
    CHECK(heard(town.ann, 100).empty());
    for (int times = 0; times < 2; ++times) {
        town.bo.resume();
        CHECK(titles(heard(town.bo, 200)) == Titles{"notice 1"});
        CHECK(town.reach(1).devices_reached == 1);
    }
    acknowledge(town.bo, said->sequence);
    town.bo.resume();
    CHECK(heard(town.bo, 200).empty());
    CHECK(town.reach(1).accounts_reached == 2);
}

TEST_CASE("said to one account: all its devices get it, signed for this account, and nobody else does")
{
    Town town;
    Device tablet{town.world, 3};
    tablet.enter("bo", 200);
    tablet.forget_frames();
    REQUIRE(town.code(to(1, {"bo", "bo"})) == ErrorCode::ok);
    CHECK(heard(town.ann, 100).empty());
    for (auto* const device : {&town.bo, &tablet}) {
        const auto got = heard(*device, 200);
        REQUIRE(got.size() == 1);
        CHECK(got[0].notice.account == signing_key(200).public_key());
        acknowledge(*device, got[0].sequence);
    }
    const auto reach = town.reach(1);
    CHECK(reach.accounts == 1);
    CHECK(reach.devices == 2);
    CHECK(reach.devices_reached == 2);

    // A device that comes later is the account's too.
    Device laptop{town.world, 4};
    laptop.enter("bo", 200);
    CHECK(titles(heard(laptop, 200)) == Titles{"notice 1"});
    CHECK(town.reach(1).devices == 3);
    // What was acknowledged goes with its device.
    REQUIRE(laptop.code(laptop.revoking("bo", 200, tablet.id)) == ErrorCode::ok);
    CHECK(town.reach(1).devices_reached == 1);
}

TEST_CASE("a new account gets what is said to all from then on, not what was said before it was there")
{
    Town town;
    REQUIRE(town.code(to_all(1)) == ErrorCode::ok);
    town.world.advance(std::chrono::seconds(1));
    Device cy{town.world, 3};
    cy.connect();
    REQUIRE(cy.ask(cy.registration("cy", 300)).error.code == ErrorCode::ok);
    CHECK(heard(cy, 300).empty());
    CHECK(town.reach(1).accounts == 2);
    town.world.advance(std::chrono::seconds(1));
    REQUIRE(town.code(to_all(2)) == ErrorCode::ok);
    CHECK(titles(heard(cy, 300)) == Titles{"notice 2"});
    // An account that was there has a new device: it gets both.
    Device tablet{town.world, 4};
    tablet.enter("ann", 100);
    CHECK(titles(heard(tablet, 100)) == Titles{"notice 1", "notice 2"});
}

TEST_CASE("over: not delivered any more, and how far it came stays as it was then")
{
    Town town;
    town.bo.drop();
    REQUIRE(town.code(to_all(1)) == ErrorCode::ok);
    auto longer = to_all(2);
    longer.lifetime_ms = 3 * day_ms;
    REQUIRE(town.code(longer) == ErrorCode::ok);
    const auto at_ann = heard(town.ann, 100);
    acknowledge(town.ann, at_ann.at(0).sequence);
    town.world.advance(std::chrono::milliseconds(day_ms - 1));
    town.bo.resume();
    CHECK(titles(heard(town.bo, 200)) == Titles{"notice 1", "notice 2"});
    town.bo.drop();
    town.world.advance(std::chrono::milliseconds(10));
    town.bo.resume();
    const auto at_bo = heard(town.bo, 200);
    CHECK(titles(at_bo) == Titles{"notice 2"});
    // What is said about a later one says nothing about the one that never came.
    acknowledge(town.bo, at_bo.at(0).sequence);
    CHECK(town.reach(1).devices_reached == 1);
    CHECK(town.reach(2).devices_reached == 1);
    CHECK(town.world.core->notices().recipients(filled<NoticeId>(1), "", 10, town.world.now).error().code ==
          ErrorCode::invalid_argument);
    CHECK(town.withdraw(1).error().code == ErrorCode::invalid_argument);

    // Looked back at for a while, and gone.
    CHECK(town.world.core->notices().list(~std::uint64_t{0} >> 1, 10).size() == 2);
    for (int days = 0; days < 40; ++days)
        town.world.advance(std::chrono::hours(24));
    CHECK(town.world.core->notices().list(~std::uint64_t{0} >> 1, 10).empty());
}

TEST_CASE("an acknowledgement that comes after the end does not count")
{
    Town town;
    REQUIRE(town.code(to_all(1)) == ErrorCode::ok);
    const auto got = heard(town.ann, 100);
    town.world.now.wall_ms += day_ms + 10; // no deadline has come between
    acknowledge(town.ann, got.at(0).sequence);
    CHECK(town.reach(1).devices_reached == 0);
    CHECK(town.reach(1).devices == 2);
}

TEST_CASE("withdrawn: whoever has it is told, whoever does not never sees it, and the text goes nowhere")
{
    Town town;
    town.bo.drop();
    auto draft = to(1, {"ann", "bo"});
    draft.text = "a mistake";
    REQUIRE(town.code(draft) == ErrorCode::ok);
    acknowledge(town.ann, heard(town.ann, 100).at(0).sequence);
    CHECK(town.reach(1).devices_reached == 1);
    const auto withdrawn = town.withdraw(1);
    REQUIRE(withdrawn.ok());
    const auto at_ann = heard(town.ann, 100);
    REQUIRE(at_ann.size() == 1);
    CHECK(at_ann[0].notice.id == draft.id);
    CHECK(at_ann[0].notice.withdrawn);
    CHECK(at_ann[0].notice.title.empty());
    CHECK(at_ann[0].notice.text.empty());
    town.bo.resume();
    const auto at_bo = heard(town.bo, 200);
    REQUIRE(at_bo.size() == 1);
    CHECK(at_bo[0].notice.withdrawn);
    // How far the withdrawal came.
    CHECK(town.reach(1).devices_reached == 0);
    acknowledge(town.bo, at_bo[0].sequence);
    CHECK(town.reach(1).devices_reached == 1);
    CHECK(town.withdraw(1)->sequence == withdrawn->sequence); // again
    CHECK(town.withdraw(7).error().code == ErrorCode::invalid_argument);
    CHECK(town.code(draft) == ErrorCode::conflict);
}

TEST_CASE("the same once more is answered as the first time; another under its id is a conflict")
{
    Town town;
    const auto first = town.say(to(1, {"ann", "bo"}));
    REQUIRE(first.ok());
    (void)heard(town.ann, 100);
    const auto again = town.say(to(1, {"bo", "ann"}));
    REQUIRE(again.ok());
    CHECK(again->sequence == first->sequence);
    CHECK(again->created_ms == first->created_ms);
    CHECK(heard(town.ann, 100).empty());
    CHECK(town.code(to(1, {"ann"})) == ErrorCode::conflict);
    CHECK(town.code(to_all(1)) == ErrorCode::conflict);
    auto other = to(1, {"ann", "bo"});
    other.text = "something else";
    CHECK(town.code(other) == ErrorCode::conflict);
    CHECK(town.world.core->counters().notices_made == 1);
}

TEST_CASE("what may not be said is refused, with the field; a relay without a key says nothing")
{
    Town town;
    const auto refused = [&](auto change) {
        auto draft = to(1, {"ann"});
        change(draft);
        const auto said = town.say(draft);
        CHECK_FALSE(said.ok());
        CHECK(said.error().code == ErrorCode::invalid_argument);
        return said.error().detail.substr(0, said.error().detail.find(':'));
    };
    CHECK(refused([](NoticeDraft& d) { d.title.clear(); }) == "title");
    CHECK(refused([](NoticeDraft& d) { d.text = "\x1b[2J"; }) == "text");
    CHECK(refused([](NoticeDraft& d) { d.link = "http://relay.example"; }) == "link");
    CHECK(refused([](NoticeDraft& d) { d.id = {}; }) == "id");
    CHECK(refused([](NoticeDraft& d) { d.lifetime_ms = 0; }) == "expires");
    CHECK(refused([](NoticeDraft& d) { d.lifetime_ms = 90 * day_ms + 1; }) == "expires");
    CHECK(refused([](NoticeDraft& d) { d.users = {"ann", "nobody"}; }) == "to");
    CHECK(refused([](NoticeDraft& d) { d.users.clear(); }) == "to");
    CHECK(refused([](NoticeDraft& d) { d.to_all = true; }) == "to");
    CHECK(heard(town.ann, 100).empty());
    auto longest = to(1, {"ann"});
    longest.lifetime_ms = 90 * day_ms;
    CHECK(town.code(longest) == ErrorCode::ok);

    World silent;
    CHECK(silent.core->notices().send(to_all(1), silent.now).error().code == ErrorCode::unsupported);
}

TEST_CASE("bounds: accounts of one notice, and notices that are kept; what is over makes room")
{
    Config config;
    config.limits.notice_accounts_max = 2;
    config.limits.notices_max = 3;
    Town town(config);
    Device cy{town.world, 3};
    cy.join("cy", 300);
    CHECK(town.code(to(1, {"ann", "bo"})) == ErrorCode::ok);
    CHECK(town.code(to(2, {"ann", "bo", "cy"})) == ErrorCode::invalid_argument);
    CHECK(town.code(to_all(3)) == ErrorCode::ok);
    CHECK(town.code(to_all(4)) == ErrorCode::ok);
    CHECK(town.code(to_all(5)) == ErrorCode::quota_exceeded);
    town.world.advance(std::chrono::milliseconds(day_ms + 10));
    CHECK(town.code(to_all(5)) == ErrorCode::ok);
    CHECK(town.world.core->notices().list(~std::uint64_t{0} >> 1, 10).size() == 3);
}

TEST_CASE("many at once: a window ahead of the acknowledgements, in order")
{
    Config config;
    config.limits.notice_window_max = 3;
    Town town(config);
    town.ann.drop();
    Titles all;
    for (std::uint64_t n = 1; n <= 8; ++n) {
        REQUIRE(town.code(n % 2 == 0 ? to_all(n) : to(n, {"ann"})) == ErrorCode::ok);
        all.push_back("notice " + std::to_string(n));
    }
    town.ann.resume();
    Titles got;
    for (int rounds = 0; rounds < 4; ++rounds) {
        const auto some = heard(town.ann, 100);
        CHECK(some.size() <= 3);
        if (some.empty()) break;
        for (const auto& title : titles(some))
            got.push_back(title);
        acknowledge(town.ann, some.back().sequence);
    }
    CHECK(got == all);
    // What was not delivered is not acknowledged, nor what is acknowledged already.
    REQUIRE(town.code(to_all(9)) == ErrorCode::ok);
    acknowledge(town.ann, 1'000);
    CHECK(town.reach(9).devices_reached == 0);
    acknowledge(town.ann, 1);
    CHECK(town.world.core->counters().notices_acknowledged == 8);
}

TEST_CASE("said to all while many are connected: a few at a time, and everybody gets it")
{
    Config config;
    config.limits.notice_pushes_max = 10;
    Town town(config);
    std::vector<std::unique_ptr<Device>> crowd;
    for (std::uint64_t n = 0; n < 35; ++n) {
        crowd.push_back(std::make_unique<Device>(town.world, 1'000 + n));
        crowd.back()->join("user" + std::to_string(n), 5'000 + n);
    }
    const auto commits = town.world.core->counters().commits;
    const auto has_it = [&](const std::unique_ptr<Device>& one) {
        const auto& inbox = town.world.inbox[one->link];
        return std::any_of(inbox.begin(), inbox.end(),
                           [](const auto& what) { return std::holds_alternative<frame::NoticeDeliver>(what); });
    };
    const auto served = [&] { return std::count_if(crowd.begin(), crowd.end(), has_it); };
    REQUIRE(town.code(to_all(1)) == ErrorCode::ok);
    CHECK(served() <= 10);
    CHECK(town.world.core->counters().commits == commits + 1); // one row, whoever it is for
    town.world.advance(std::chrono::milliseconds(25));
    CHECK(served() <= 20);
    const auto waiting = std::find_if_not(crowd.begin(), crowd.end(), has_it);
    REQUIRE(waiting != crowd.end());
    (*waiting)->drop();
    town.world.advance(std::chrono::seconds(1));
    CHECK(served() == 34);
    CHECK(town.world.core->counters().commits == commits + 1);
    CHECK(town.world.core->counters().notices_delivered == 36); // and ann, and bo
}

TEST_CASE("who has it and who waits, in pages of accounts")
{
    Town town;
    Device tablet{town.world, 3};
    tablet.enter("ann", 100);
    town.bo.send(town.bo.leaving("bo", 200)); // the account stays, without a device
    REQUIRE(town.world.tick().ok());
    const auto said = town.say(to_all(1));
    acknowledge(town.ann, said->sequence);
    const auto page = [&](const std::string& after, std::size_t accounts) {
        auto out = town.world.core->notices().recipients(filled<NoticeId>(1), after, accounts, town.world.now);
        REQUIRE(out.ok());
        return *out;
    };
    const auto first = page("", 1);
    REQUIRE(first.size() == 2);
    CHECK(first[0].user == "ann");
    CHECK(first[0].device == town.ann.id);
    CHECK(first[0].reached);
    CHECK(first[1].device == tablet.id);
    CHECK_FALSE(first[1].reached);
    const auto second = page("ann", 1);
    REQUIRE(second.size() == 1);
    CHECK(second[0].user == "bo");
    CHECK_FALSE(second[0].device);
    CHECK_FALSE(second[0].reached);
    CHECK(page("bo", 1).empty());
    CHECK(page("", 100).size() == 3);
}

TEST_CASE("a full disk: nothing is said, nobody gets it, and it works when there is room again")
{
    sqlite::FaultDisk disk;
    Town town({}, *Store::open("relay.db", disk.name()));
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    CHECK_FALSE(town.say(to_all(1)).ok());
    CHECK(heard(town.ann, 100).empty());
    CHECK(town.world.core->counters().notices_made == 0);
    disk.fail(0, 0, 0);
    const auto said = town.say(to_all(1));
    REQUIRE(said.ok());
    CHECK(titles(heard(town.ann, 100)) == Titles{"notice 1"});
    disk.fail(sqlite::disk_op_mutations, 1, sqlite_full, true);
    acknowledge(town.ann, said->sequence); // not stored
    disk.fail(0, 0, 0);
    CHECK(town.reach(1).devices_reached == 0);
    town.ann.resume();
    const auto again = heard(town.ann, 100);
    REQUIRE(again.size() == 1);
    acknowledge(town.ann, again[0].sequence);
    CHECK(town.reach(1).devices_reached == 1);
}

TEST_CASE("the clock goes back: notices still have an order, and no two one time")
{
    Town town;
    const auto first = town.say(to_all(1));
    town.world.now.wall_ms -= 60'000;
    const auto second = town.say(to_all(2));
    REQUIRE(second.ok());
    CHECK(second->created_ms > first->created_ms);
    CHECK(second->sequence > first->sequence);
}
