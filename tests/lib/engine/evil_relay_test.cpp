// SPDX-License-Identifier: Apache-2.0
// Stories of a relay that turned evil: each of its tricks has a name that the victim is told, nothing false comes into
// a history, and once it is honest again the conversation goes on.
#include "tests/lib/engine/evil_relay.hpp"

#include "lib/crypto/signing.hpp"
#include "lib/identity/conversation_id.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/identity/safety_number.hpp"
#include "tests/support/memory_store.hpp"

using namespace godwit;
using namespace godwit::testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = seal::Label::Kind;

namespace {

using Texts = std::vector<std::string>;

std::size_t told(const Client& client, SecurityKind kind)
{
    std::size_t out = 0;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::Security>(&event)) out += one->kind == kind ? 1 : 0;
    return out;
}

const event::Security* last_told(const Client& client, SecurityKind kind)
{
    const event::Security* out = nullptr;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::Security>(&event); one != nullptr && one->kind == kind) out = one;
    return out;
}

/// Of the kinds that accuse somebody.
std::size_t alarms(const Client& client)
{
    std::size_t out = 0;
    for (const auto kind : {SecurityKind::account_key_changed, SecurityKind::device_list_rollback,
                            SecurityKind::device_list_conflict, SecurityKind::key_package_invalid,
                            SecurityKind::commit_rejected, SecurityKind::group_forked, SecurityKind::commit_withheld,
                            SecurityKind::message_forged, SecurityKind::device_unlisted, SecurityKind::group_invalid})
        out += told(client, kind);
    return out;
}

DeviceId id_of(Client& client)
{
    return client.store.identity()->device;
}

Texts texts(Client& client, const std::string& with)
{
    Texts out;
    for (const auto& message : client.history(with))
        out.push_back(message.text);
    return out;
}

/// Alice, Bob, and a relay that is honest for now. Devices of Alice's and of strangers come when a story needs them.
struct Story {
    World world;
    EvilRelay evil;
    Client& alice;
    Client& bob;

    explicit Story(std::uint64_t seed, const engine::Config& config = {})
        : world(seed), evil(world), alice(world.client("alice", config)), bob(world.client("bob", config))
    {
    }
    void befriend()
    {
        world.befriend(alice, bob);
        say(alice, "bob", "hello");
        said.emplace_back("hello");
        world.run_for(seconds(15)); // The group is made, and has nothing to do.
    }
    Client& enter(const std::string& name, bool create)
    {
        auto& out = world.client(name);
        out.start();
        REQUIRE(out.wait(out.enter(create)).error.code == ErrorCode::ok);
        return out;
    }
    void by_mailbox()
    {
        for (auto* one : {&alice, &bob})
            one->wait(one->ask(request::SetPolicy{PathPolicy::relay_only}));
        world.run_for(seconds(1));
    }
    void by_link()
    {
        (void)alice.history("bob");
        REQUIRE(world.run_until([&] { return alice.live_peer_links(Path::direct) == 1; }));
        world.run_for(seconds(1));
    }
    MessageId send(Client& from, const std::string& to, const std::string& text)
    {
        said.push_back(text);
        return from.send(to, text);
    }
    [[nodiscard]] bool hears(Client& victim, SecurityKind kind, Duration within = seconds(30))
    {
        return world.run_until([&] { return told(victim, kind) > 0; }, within);
    }
    ConversationId conversation() { return *World::conversation_of({&alice, &bob}); }

    /// The relay is honest: words go both ways, and what was said, and nothing else, is in both histories.
    void goes_on()
    {
        evil.turn_honest();
        send(alice, "bob", "are you there");
        CHECK(world.run_until([&] { return world.all_terminal(alice); }, minutes(3)));
        send(bob, "alice", "I am");
        CHECK(world.run_until([&] { return world.all_terminal(alice) && world.all_terminal(bob); }, minutes(3)));
        auto expected = said;
        auto got = texts(bob, "alice");
        std::sort(expected.begin(), expected.end());
        std::sort(got.begin(), got.end());
        CHECK(got == expected);
        CHECK(world.check_conversation(alice, bob) == "");
    }
    Texts said;

private:
    void say(Client& from, const std::string& to, const std::string& text)
    {
        const auto id = from.send(to, text);
        REQUIRE(world.run_until([&] { return from.state(id) == MessageState::delivered; }, seconds(30)));
    }
};

/// Somebody with an account of their own making, who knows everything about sealing and nothing secret of others.
struct Mallory final : seal::Directory {
    Bytes account_seed = Bytes(32, 0x66);
    PublicKey account = crypto::SigningKey::from_seed(account_seed).public_key();
    Bytes device_seed = Bytes(32, 0x67);
    DeviceId device = crypto::SigningKey::from_seed(device_seed).public_key();
    MemoryStore store;
    test::SeededEntropy entropy{666};

    /// Made out for any user.
    [[nodiscard]] wire::DeviceCertificate certificate(const std::string& user) const
    {
        wire::DeviceCertificate out;
        out.user = user;
        out.device = device;
        out.created_ms = 1;
        out.device_name = "mallory";
        return identity::sign_certificate(out, account_seed);
    }
    [[nodiscard]] seal::Groups groups(const std::string& user)
    {
        return {seal::DeviceKeys{device, device_seed, wire::encode(certificate(user))}, store, entropy, *this};
    }
    [[nodiscard]] std::optional<seal::Circle> circle_of(const ConversationId&) const override { return std::nullopt; }
};

} // namespace

TEST_CASE("it replays a message: under its own id nobody notices, under another it is forged")
{
    Story story(101);
    story.befriend();
    story.by_mailbox();
    auto& [world, evil, alice, bob, said] = story;
    const auto id = story.send(alice, "bob", "once");
    REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }));
    const auto row = *evil.newest(bob, Kind::message, story.conversation());
    REQUIRE(row.envelope.id == id);
    REQUIRE(alarms(bob) == 0);

    evil.deliver(bob, row.from, row.envelope);
    world.run_for(seconds(5));
    CHECK(alarms(bob) == 0); // Mail may come twice; it is in the history and is not looked at.
    CHECK(bob.heard.received.size() == 2);

    auto other = row.envelope;
    other.id.bytes[0] ^= 1;
    evil.deliver(bob, row.from, other);
    REQUIRE(story.hears(bob, SecurityKind::message_forged));
    CHECK(last_told(bob, SecurityKind::message_forged)->user == "alice");
    CHECK(bob.heard.received.size() == 2);
    story.goes_on();
}

TEST_CASE("it says that a message is from another device: forged, and not shown")
{
    engine::Config config;
    config.mailbox_reoffer_ms = 60'000; // Dropped mail is offered again, a day later as a rule.
    Story story(102, config);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone", false);
    world.run_for(seconds(15));
    REQUIRE(alarms(bob) == 0);
    story.by_mailbox();
    const auto phone_id = id_of(phone);
    bool changed = false;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail == nullptr || &to != &bob || mail->from != id_of(alice)) return true;
        mail->from = phone_id;
        return changed = true;
    };
    story.send(alice, "bob", "from the desk");
    REQUIRE(story.hears(bob, SecurityKind::message_forged));
    CHECK(changed);
    CHECK(last_told(bob, SecurityKind::message_forged)->device == phone_id);
    world.run_for(seconds(5));
    CHECK(bob.heard.received.size() == 1);
    story.goes_on();
}

TEST_CASE("it delivers a commit twice: known; also under another id: named; it takes no effect again")
{
    Story story(103);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return evil.newest(bob, Kind::commit, story.conversation()) != nullptr; }));
    const auto row = *evil.newest(bob, Kind::commit, story.conversation());
    world.run_for(seconds(10));
    const auto commits = evil.commits.size();
    for (int n = 0; n < 3; ++n)
        evil.deliver(bob, row.from, row.envelope);
    world.run_for(seconds(10));
    CHECK(alarms(bob) == 0); // Any delivery service repeats what it is not sure to have delivered.
    auto other = row.envelope;
    other.id.bytes[0] ^= 1;
    evil.deliver(bob, row.from, other);
    REQUIRE(story.hears(bob, SecurityKind::commit_rejected));
    world.run_for(seconds(20));
    CHECK(told(bob, SecurityKind::commit_rejected) == 1);
    CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    CHECK(evil.commits.size() == commits); // Nobody had to mend anything.
    CHECK(evil.rejects == 0);
    story.goes_on();
}

TEST_CASE("it gives a commit another id: rejected; the group is found again by what the others say in it")
{
    Story story(104);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail != nullptr && &to == &bob && EvilRelay::is(mail->envelope, Kind::commit, story.conversation()))
            mail->envelope.id.bytes[0] ^= 1;
        return true;
    };
    story.enter("alice.phone", false);
    REQUIRE(story.hears(bob, SecurityKind::commit_rejected));
    CHECK(evil.rejects >= 1);
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE(
    "it delivers a message before the commit that leads to its epoch: unopenable, then sealed anew and shown once")
{
    Story story(105);
    story.befriend();
    story.by_mailbox();
    auto& [world, evil, alice, bob, said] = story;
    std::vector<frame::ServerFrame> kept;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail == nullptr || &to != &bob || !EvilRelay::is(mail->envelope, Kind::commit, story.conversation()))
            return true;
        kept.push_back(what);
        return false;
    };
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return !kept.empty(); }));
    world.run_for(seconds(1));
    story.send(alice, "bob", "of the new epoch");
    REQUIRE(story.hears(bob, SecurityKind::message_unopenable));
    CHECK(bob.heard.received.size() == 1);
    evil.turn_honest();
    for (const auto& one : kept)
        evil.push(bob, one);
    REQUIRE(world.run_until([&] { return bob.heard.received.size() == 2; }));
    CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    story.goes_on();
    CHECK(bob.heard.received.size() == 3);
}

TEST_CASE("it withholds a commit while the others move on directly: named; with the relay honest, Bob joins again")
{
    Story story(106);
    story.befriend();
    story.by_link();
    auto& [world, evil, alice, bob, said] = story;
    bool lies = true;
    SUBCASE("and says that nothing has happened") {}
    SUBCASE("and admits that something has happened")
    {
        lies = false;
    }
    const auto before = EvilRelay::state_after(evil.commits.back().what);
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        if (&to != &bob) return true;
        if (auto* answer = std::get_if<frame::Response>(&what); answer != nullptr && lies)
            if (auto* state = std::get_if<frame::GroupState>(&answer->body)) *state = before;
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        return mail == nullptr || !EvilRelay::is(mail->envelope, Kind::commit, story.conversation());
    };
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return evil.newest(alice, Kind::commit, story.conversation()) != nullptr; }));
    world.run_for(milliseconds(200));
    story.send(alice, "bob", "where are you");
    REQUIRE(story.hears(bob, SecurityKind::commit_withheld, minutes(1)));
    if (lies) {
        world.run_for(seconds(20));
        CHECK(bob.heard.received.size() == 1);
        CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    }
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE("KeyPackages are used up while a device stays connected: it asks once an hour, and publishes what lacks")
{
    Story story(121);
    auto& [world, evil, alice, bob, said] = story;
    story.befriend();
    const auto published = [&] { return evil.packages["bob"].size(); };
    const auto kept = bob.config().key_packages_kept;
    auto left = kept / 2;
    std::uint64_t answers = 0;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* answer = std::get_if<frame::Response>(&what);
        auto* stock = answer != nullptr ? std::get_if<frame::KeyPackageStock>(&answer->body) : nullptr;
        if (stock == nullptr || &to != &bob) return true;
        ++answers;
        stock->key_packages = left;
        return true;
    };
    const auto before = published();
    REQUIRE(before > 0);
    world.run_for(minutes(150));
    CHECK(answers >= 1);
    CHECK(answers <= 3);
    CHECK(published() == before); // half is left
    --left;
    REQUIRE(world.run_until([&] { return published() > before; }, minutes(90)));
    CHECK(published() == before + kept);
    // A relay that says so for ever is not served for ever.
    world.run_for(seconds(30));
    CHECK(published() == before + kept);
    story.goes_on();
}

TEST_CASE("it hands out somebody else's KeyPackage: refused, and never a member")
{
    Story story(107);
    auto& [world, evil, alice, bob, said] = story;
    Mallory mallory;
    auto attackers = mallory.groups("bob");
    mallory.store.begin();
    auto package = attackers.make_key_packages(1, world.wall_ms()).at(0);
    REQUIRE(mallory.store.commit().ok());
    bool of_another_device = false;
    SUBCASE("one of the attacker's key, made out for Bob") {}
    SUBCASE("one of another device of Bob's")
    {
        of_another_device = true;
    }
    for (auto* one : {&alice, &bob}) {
        one->start();
        REQUIRE(one->wait(one->enter(true)).error.code == ErrorCode::ok);
    }
    if (of_another_device) {
        story.enter("bob.phone", false);
        REQUIRE(world.run_until([&] { return !evil.packages["bob.phone"].empty(); }));
        package = evil.packages["bob.phone"].back();
    }
    bool swapped = false;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* answer = std::get_if<frame::Response>(&what);
        auto* packages = answer != nullptr ? std::get_if<frame::KeyPackages>(&answer->body) : nullptr;
        if (packages == nullptr || World::account(to.name) != "alice") return true;
        for (auto& one : packages->packages)
            if (one.device == id_of(bob)) {
                one.package = package;
                swapped = true;
            }
        return true;
    };
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) { // So that Alice is the one who makes the group.
        const auto* request = std::get_if<frame::Request>(&what);
        return swapped || World::account(from.name) != "bob" || request == nullptr ||
               !std::holds_alternative<frame::GroupFetch>(request->body);
    };
    world.befriend(alice, bob);
    story.send(alice, "bob", "first");
    REQUIRE(story.hears(alice, SecurityKind::key_package_invalid));
    CHECK(swapped);
    CHECK(last_told(alice, SecurityKind::key_package_invalid)->device == id_of(bob));
    CHECK(last_told(alice, SecurityKind::key_package_invalid)->user == "bob");
    for (const auto& commit : evil.commits)
        for (const auto& newcomer : commit.what.newcomers) {
            CHECK(newcomer != mallory.device);
            if (commit.by == &alice) CHECK(newcomer != id_of(bob));
        }
    story.goes_on();
}

TEST_CASE("it shows two halves different commits of one epoch: forked, told by the direct link; then one group again")
{
    Story story(108);
    story.befriend();
    story.by_link();
    auto& [world, evil, alice, bob, said] = story;
    const auto conversation = story.conversation();
    std::optional<frame::GroupState> bobs; // What a second Delivery Service, for Bob alone, has.
    bool to_alice = false;
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        auto* request = std::get_if<frame::Request>(&what);
        if (request == nullptr) return true;
        const auto* commit = std::get_if<frame::GroupCommit>(&request->body);
        const auto* fetch = std::get_if<frame::GroupFetch>(&request->body);
        // The phone cannot join by itself, so both others will add it.
        if (from.name == "alice.phone") return commit == nullptr && fetch == nullptr;
        // Bob's commit is first, so that Alice's is the one that comes to somebody who is elsewhere.
        if (&from == &alice && std::holds_alternative<frame::KeyPackageFetch>(request->body) && !bobs) return false;
        if (&from == &alice && commit != nullptr && commit->conversation == conversation) to_alice = true;
        if (&from != &bob) return true;
        if (commit != nullptr && commit->conversation == conversation) {
            bobs = EvilRelay::state_after(*commit);
            evil.push(bob, frame::Response{request->id, {ErrorCode::ok, {}, 0}, {}});
            return false;
        }
        if (fetch != nullptr && bobs) {
            evil.push(bob, frame::Response{request->id, {ErrorCode::ok, {}, 0}, *bobs});
            return false;
        }
        return true;
    };
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        return &to != &bob || mail == nullptr || !EvilRelay::is(mail->envelope, Kind::commit, conversation);
    };
    story.enter("alice.phone", false);
    REQUIRE(world.run_until(
        [&] { return told(alice, SecurityKind::group_forked) + told(bob, SecurityKind::group_forked) > 0; },
        minutes(1)));
    CHECK(to_alice);
    CHECK(bobs.has_value());
    CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    story.goes_on();
    CHECK(told(bob, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE("it shows device lists that are older, of the same number, or made up: each has its name and changes nothing")
{
    Story story(109);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto entry = evil.entries.at("alice");
    const auto old_list = entry.device_list;
    story.enter("alice.phone", false);
    world.run_for(seconds(15));
    REQUIRE(bob.contacts().at(0).device_count == 2);
    entry = evil.entries.at("alice");
    const auto who = *alice.store.identity();
    auto expected = SecurityKind::device_list_conflict;
    SUBCASE("older")
    {
        expected = SecurityKind::device_list_rollback;
        entry.device_list = old_list;
    }
    SUBCASE("of the same number")
    {
        const auto known = identity::verify_device_list(old_list, "alice", who.account_key);
        REQUIRE(known.ok());
        entry.device_list =
            identity::sign_device_list("alice", who.account_seed, 2, known->devices, world.wall_ms()).encoded;
    }
    SUBCASE("made up, with a device of the attacker's")
    {
        const Mallory mallory;
        entry.device_list = identity::sign_device_list("alice", mallory.account_seed, 3, {mallory.certificate("alice")},
                                                       world.wall_ms())
                                .encoded;
    }
    for (int n = 0; n < 3; ++n) {
        evil.push(bob, frame::RosterChange{entry});
        world.run_for(seconds(2));
    }
    CHECK(told(bob, expected) == 1);
    CHECK(alarms(bob) == 1);
    CHECK(bob.contacts().at(0).device_count == 2);
    story.goes_on();
}

TEST_CASE("it shows another account key: named, and nothing is sent until the right one is back")
{
    Story story(110);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const Mallory mallory;
    auto entry = evil.entries.at("alice");
    const auto honest = entry;
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("alice", mallory.account_seed, 9, {mallory.certificate("alice")}, world.wall_ms())
            .encoded;
    evil.push(bob, frame::RosterChange{entry});
    REQUIRE(story.hears(bob, SecurityKind::account_key_changed));
    CHECK(bob.contacts().at(0).key_changed);
    CHECK(bob.contacts().at(0).account_key == honest.account_key);
    const auto commits = evil.commits.size();
    CHECK(bob.wait(bob.ask(request::Send{"alice", "to whom", {}})).error.code == ErrorCode::account_key_changed);
    world.run_for(minutes(1));
    CHECK(evil.commits.size() == commits);
    evil.push(bob, frame::RosterChange{honest});
    world.run_for(seconds(1));
    CHECK_FALSE(bob.contacts().at(0).key_changed);
    story.goes_on();
}

TEST_CASE("it holds a device list back while its device joins: named when the list does not come, and not before")
{
    Story story(115);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    std::optional<frame::RosterChange> held;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* change = std::get_if<frame::RosterChange>(&what);
        if (&to != &bob || change == nullptr) return true;
        held = *change;
        return false;
    };
    const auto conversation = story.conversation();
    const auto commits = [&] {
        return std::count_if(evil.mail.begin(), evil.mail.end(), [&](const auto& one) {
            return one.to == &bob && EvilRelay::is(one.row.envelope, Kind::commit, conversation);
        });
    };
    const auto before = commits();
    auto& phone = story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return commits() > before; }, seconds(20)));
    REQUIRE(held);
    world.run_for(seconds(1));
    CHECK(alarms(bob) == 0);
    SUBCASE("a moment late")
    {
        evil.turn_honest();
        evil.push(bob, *held);
        world.run_for(seconds(20));
        CHECK(alarms(bob) == 0);
        CHECK(bob.contacts().at(0).device_count == 2);
        CHECK(texts(phone, "bob").empty());
        story.goes_on();
        CHECK(alarms(bob) == 0);
    }
    SUBCASE("never")
    {
        world.run_for(seconds(10));
        CHECK(told(bob, SecurityKind::device_unlisted) >= 1);
        // Bob puts out a device that Alice lists, as he would if he was evil: she is told, and so is the phone.
        REQUIRE(story.hears(alice, SecurityKind::device_evicted));
        const auto* event = last_told(alice, SecurityKind::device_evicted);
        CHECK(event->device == id_of(phone));
        CHECK(event->user == "alice");
        CHECK(event->detail.find("of bob") != std::string::npos);
        CHECK(told(bob, SecurityKind::device_evicted) == 0);
        CHECK(story.hears(phone, SecurityKind::group_rejoined, minutes(2)));
    }
}

TEST_CASE("a contact takes a revoked device out before the list that says so is here: no eviction; held for ever: one")
{
    Story story(122);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone", false);
    auto& desk = story.enter("alice.desk", false);
    world.run_for(seconds(30));
    const auto gone = id_of(phone);
    std::optional<frame::OwnDevices> held;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* own = std::get_if<frame::OwnDevices>(&what);
        if (&to != &desk || own == nullptr) return true;
        held = *own;
        return false;
    };
    // Alice does not take it out herself.
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        return &from != &alice || request == nullptr || !std::holds_alternative<frame::GroupCommit>(request->body);
    };
    const auto before = evil.commits.size();
    const auto by_bob = [&] {
        return std::any_of(evil.commits.begin() + static_cast<std::ptrdiff_t>(before), evil.commits.end(),
                           [&](const auto& commit) { return commit.by == &bob; });
    };
    REQUIRE(alice.wait(alice.ask(request::DeviceRevoke{gone})).error.code == ErrorCode::ok);
    REQUIRE(world.run_until(by_bob, minutes(1)));
    REQUIRE(held);
    SUBCASE("a moment late")
    {
        world.run_for(seconds(1));
        evil.push(desk, *held);
        world.run_for(seconds(20));
        CHECK(told(desk, SecurityKind::device_evicted) == 0);
    }
    SUBCASE("never")
    {
        REQUIRE(story.hears(desk, SecurityKind::device_evicted));
        CHECK(last_told(desk, SecurityKind::device_evicted)->device == gone);
    }
    CHECK(told(alice, SecurityKind::device_evicted) == 0);
    CHECK(told(bob, SecurityKind::device_evicted) == 0);
}

TEST_CASE(
    "it drops a contact and shows it again with another key: nothing is sealed for that until the user accepts it")
{
    Story story(116);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const Mallory mallory;
    const auto honest = evil.entries.at("alice");
    auto gone = honest;
    gone.state = wire::RosterState::none;
    auto entry = honest;
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("alice", mallory.account_seed, 9, {mallory.certificate("alice")}, world.wall_ms())
            .encoded;
    const auto number = [&] { return std::get<SafetyNumber>(bob.wait(bob.ask(request::SafetyNumber{"alice"})).value); };
    const auto known = number();
    evil.push(bob, frame::RosterChange{gone});
    evil.push(bob, frame::RosterChange{entry});
    world.run_for(seconds(5));
    CHECK(alarms(bob) == 1);
    CHECK(told(bob, SecurityKind::account_key_changed) == 1);
    REQUIRE(bob.contacts().size() == 1);
    CHECK(bob.contacts()[0].key_changed);
    CHECK(bob.contacts()[0].account_key == honest.account_key);
    const auto commits = evil.commits.size();
    const auto refused = bob.wait(bob.ask(request::Send{"alice", "to whom", {}}));
    CHECK(refused.error.code == ErrorCode::account_key_changed);
    CHECK(refused.error.detail.find("verify") != std::string::npos);
    world.run_for(minutes(1));
    CHECK(evil.commits.size() == commits);
    const auto other = number();
    CHECK(other.number != known.number);
    /// What the device of who has this key would show.
    const auto code_of = [&](const PublicKey& key) {
        return identity::verification_code({"alice", key}, {"bob", bob.store.identity()->account_key});
    };
    CHECK(bob.wait(bob.ask(request::Verify{"alice", true, code_of(honest.account_key)})).error.code ==
          ErrorCode::authentication_failed);
    CHECK(bob.contacts()[0].key_changed);
    SUBCASE("the right key comes back")
    {
        evil.push(bob, frame::RosterChange{honest});
        world.run_for(seconds(1));
        CHECK_FALSE(bob.contacts().at(0).key_changed);
        CHECK(number().number == known.number);
        story.goes_on();
    }
    SUBCASE("accepted")
    {
        CHECK(bob.wait(bob.ask(request::ContactAccept{"alice"})).error.code == ErrorCode::ok);
        CHECK_FALSE(bob.contacts().at(0).key_changed);
        CHECK_FALSE(bob.contacts()[0].verified);
        CHECK(bob.contacts()[0].account_key == mallory.account);
        CHECK(bob.contacts()[0].device_count == 1);
        CHECK(bob.wait(bob.ask(request::Send{"alice", "to the new key", {}})).error.code == ErrorCode::ok);
    }
    SUBCASE("compared")
    {
        CHECK(bob.wait(bob.ask(request::Verify{"alice", true, code_of(mallory.account)})).error.code == ErrorCode::ok);
        CHECK(bob.contacts().at(0).account_key == mallory.account);
        CHECK(bob.contacts()[0].verified);
    }
    CHECK(told(bob, SecurityKind::account_key_changed) == 1);
}

TEST_CASE("it shows another key while a message waits: the message is not for that, and fails when the key is accepted")
{
    Story story(117);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    alice.crash();
    bob.wait(bob.ask(request::SetPolicy{PathPolicy::direct_only}));
    world.run_for(seconds(5));
    const auto id = bob.send("alice", "for the one I know");
    const Mallory mallory;
    auto entry = evil.entries.at("alice");
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("alice", mallory.account_seed, 9, {mallory.certificate("alice")}, world.wall_ms())
            .encoded;
    evil.push(bob, frame::RosterChange{entry});
    world.run_for(minutes(1));
    CHECK(bob.state(id) == MessageState::accepted);
    CHECK(bob.wait(bob.ask(request::ContactAccept{"alice"})).error.code == ErrorCode::ok);
    CHECK(bob.state(id) == MessageState::failed);
    CHECK(bob.heard.states.back().reason == "account_key_changed");
}

TEST_CASE(
    "it corrupts a commit on its way: rejected and reported; who is alone with that joins again, the group goes on")
{
    Story story(111);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const auto conversation = story.conversation();
    std::size_t corrupted = 0;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail == nullptr || &to != &bob || corrupted > 0 ||
            !EvilRelay::is(mail->envelope, Kind::commit, conversation))
            return true;
        mail->envelope.sealed[mail->envelope.sealed.size() / 2] ^= 1;
        ++corrupted;
        return true;
    };
    std::size_t of_that_epoch = 0;
    auto& phone = story.enter("alice.phone", false);
    REQUIRE(story.hears(bob, SecurityKind::commit_rejected));
    CHECK(corrupted == 1);
    CHECK(evil.rejects == 1);
    const auto& refused = evil.commits.back().what;
    world.run_for(seconds(20));
    for (const auto& commit : evil.commits)
        if (commit.what.conversation == conversation && commit.what.epoch == refused.epoch) ++of_that_epoch;
    CHECK(of_that_epoch == 1); // Bob's word alone does not undo what the others have applied.
    CHECK(told(bob, SecurityKind::group_rejoined) == 1);
    CHECK(told(alice, SecurityKind::group_rejoined) == 0);
    story.goes_on();
    CHECK(world.run_until([&] { return phone.heard.received.size() >= 1; }));
}

TEST_CASE("it delivers a Welcome to a group of other accounts: refused")
{
    Story story(112);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    Mallory mallory;
    auto groups = mallory.groups("alice");
    seal::Circle circle;
    SUBCASE("in the name of the conversation with Alice")
    {
        circle.conversation = story.conversation();
    }
    SUBCASE("of a conversation with the attacker")
    {
        circle.conversation = identity::conversation_of(mallory.account, bob.store.identity()->account_key);
    }
    circle.parties = {{"alice", mallory.account, {mallory.device}},
                      {"bob", bob.store.identity()->account_key, {id_of(bob)}}};
    std::vector<DeviceId> bad;
    mallory.store.begin();
    const auto made = groups.create(circle, 9, {{id_of(bob), evil.packages.at("bob").back()}}, bad, world.wall_ms());
    groups.flush();
    REQUIRE(mallory.store.commit().ok());
    REQUIRE(made.ok());
    REQUIRE(bad.empty());
    MessageId id;
    id.bytes[0] = 1;
    evil.deliver(bob, id_of(alice), {id, made->welcome});
    REQUIRE(story.hears(bob, SecurityKind::group_invalid));
    MessageId word;
    word.bytes[0] = 2;
    REQUIRE(groups.accepted(circle.conversation, world.wall_ms()).ok());
    const auto sealed = groups.seal(circle, seal::Purpose::content, word, as_bytes("nothing"));
    REQUIRE(sealed.ok());
    evil.deliver(bob, id_of(alice), {word, sealed->bytes});
    world.run_for(seconds(20));
    CHECK(bob.heard.received.size() == 1);
    story.goes_on();
}
