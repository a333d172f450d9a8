// SPDX-License-Identifier: Apache-2.0
// Stories of the history: into a file and back, and from one device of an account to a new one.
#include "tests/lib/engine/heard.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

template <class E>
const E* last(const Client& client)
{
    const E* out = nullptr;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<E>(&event)) out = one;
    return out;
}

event::Reply ask(Client& client, Request what)
{
    return client.wait(client.ask(std::move(what)));
}
void ok(Client& client, Request what)
{
    const auto reply = ask(client, std::move(what));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
}

/// What a person would see of a conversation.
std::string view(Client& client, const std::string& with)
{
    std::string out;
    for (const auto& m : client.history(with)) {
        out += m.from + ": " + m.text + (m.edited_ms != 0 ? " (edited)" : "") +
               (m.recalled_ms != 0 ? " (recalled)" : "") + (m.pinned ? " (pinned)" : "");
        for (const auto& one : m.reactions)
            out += " " + one.emoji + std::to_string(one.users.size());
        out += "\n";
    }
    return out;
}

struct Story {
    World world;
    Client& alice;
    Client& bob;
    std::vector<MessageId> said;

    explicit Story(std::uint64_t seed, int messages = 40)
        : world(seed), alice(world.client("alice")), bob(world.client("bob"))
    {
        world.befriend(alice, bob);
        for (int n = 0; n < messages; ++n)
            said.push_back(
                (n % 2 != 0 ? alice : bob)
                    .send(n % 2 != 0 ? "bob" : "alice", "words " + std::to_string(n) + std::string(300, '.')));
        world.run_for(seconds(20));
        ok(bob, request::Edit{said[2], "other words", {}, {}});
        ok(alice, request::React{said[2], "+", true});
        ok(alice, request::Recall{said[3]});
        ok(alice, request::PinMessage{said[4], true});
        ok(alice, request::MarkRead{{"bob", {}}, said[6]});
        ok(alice, request::SetContact{"bob", "Bobby", {}});
        world.run_for(seconds(10));
    }
    Client& enter(const std::string& name)
    {
        auto& out = world.client(name);
        out.start();
        REQUIRE(out.wait(out.enter(false)).error.code == ErrorCode::ok);
        world.run_for(seconds(15));
        return out;
    }
    void same(Client& there)
    {
        CHECK(view(there, "bob") == view(alice, "bob"));
        CHECK(there.contacts().at(0).remark == "Bobby");
        const auto unread = [](Client& client) {
            const auto list = std::get<std::vector<Conversation>>(ask(client, request::Conversations{}).value);
            return list.empty() ? 0U : list[0].unread;
        };
        CHECK(unread(there) == unread(alice));
    }
};

} // namespace

TEST_CASE("a new device asks for the history, another one gives it, and what is said then follows what was said before")
{
    Story story(510);
    auto& [world, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone");
    REQUIRE(phone.history("bob").empty());
    bool restarts = false;
    SUBCASE("directly") {}
    SUBCASE("over the relay, which sees only its size")
    {
        for (auto* one : {&alice, &phone})
            ok(*one, request::SetPolicy{PathPolicy::relay_only});
    }
    SUBCASE("although the new one dies in between")
    {
        restarts = true;
    }
    ok(phone, request::HistoryAsk{});
    REQUIRE(world.run_until([&] { return last<event::HistoryWanted>(alice) != nullptr; }, seconds(30)));
    const auto wanted = *last<event::HistoryWanted>(alice);
    CHECK(wanted.device == id_of(phone));
    CHECK(last<event::HistoryWanted>(bob) == nullptr);
    ok(alice, request::HistorySend{wanted.device});
    if (restarts) {
        world.run_for(std::chrono::milliseconds(30));
        phone.crash();
        world.run_for(seconds(20));
        phone.start();
    }
    REQUIRE(world.run_until([&] { return last<event::HistoryReceived>(phone) != nullptr; }, minutes(5)));
    REQUIRE(world.run_until([&] { return last<event::HistoryTaken>(alice) != nullptr; }, minutes(5)));
    CHECK(last<event::HistoryReceived>(phone)->from == id_of(alice));
    CHECK(last<event::HistoryReceived>(phone)->archive.added == 40);
    story.same(phone);
    world.run_for(seconds(5));
    for (auto* one : {&alice, &phone})
        CHECK(std::get<std::vector<FileInfo>>(ask(*one, request::Files{}).value).empty()); // Nothing is left of it.

    const auto next = phone.send("bob", "from the phone");
    REQUIRE(world.run_until([&] { return phone.state(next) == MessageState::delivered; }, minutes(1)));
    world.run_for(seconds(5));
    CHECK(bob.history("alice").back().text == "from the phone");
    CHECK(view(phone, "bob") == view(alice, "bob"));
    // Once more changes nothing.
    const auto before = view(phone, "bob");
    ok(alice, request::HistorySend{id_of(phone)});
    REQUIRE(world.run_until([&] { return last<event::HistoryReceived>(phone)->archive.added == 0; }, minutes(5)));
    CHECK(view(phone, "bob") == before);
}

TEST_CASE("the history is given to own devices only")
{
    Story story(511, 8);
    CHECK(ask(story.alice, request::HistorySend{id_of(story.bob)}).error.code == ErrorCode::invalid_argument);
    CHECK(ask(story.alice, request::HistorySend{id_of(story.alice)}).error.code == ErrorCode::invalid_argument);
    CHECK(ask(story.alice, request::HistoryAsk{}).error.code == ErrorCode::invalid_argument);
}

TEST_CASE("a backup and the one after it, into a new home")
{
    Story story(512);
    auto& [world, alice, bob, said] = story;
    CHECK(ask(alice, request::ArchiveMake{"/a", "a passphrase", true, false}).error.code ==
          ErrorCode::invalid_argument);
    CHECK(ask(alice, request::ArchiveMake{"/a", "short", false, false}).error.code == ErrorCode::invalid_argument);
    const auto first =
        std::get<ArchiveInfo>(ask(alice, request::ArchiveMake{"/a", "a passphrase", false, false}).value);
    CHECK(first.posts == 40);
    CHECK(ask(alice, request::ArchiveMake{"/a", "a passphrase", false, false}).error.code == ErrorCode::conflict);
    (void)bob.send("alice", "after the backup");
    ok(alice, request::Recall{said[39]});
    world.run_for(seconds(10));
    const auto second =
        std::get<ArchiveInfo>(ask(alice, request::ArchiveMake{"/b", "a passphrase", true, false}).value);
    CHECK(second.continues == first.id);
    CHECK(second.posts < 5);

    auto& phone = story.enter("alice.phone");
    phone.user_files.files = alice.user_files.files;
    CHECK(ask(phone, request::ArchiveRead{"/a", "wrong phrase", false}).error.code == ErrorCode::wrong_key);
    CHECK(ask(phone, request::ArchiveRead{"/none", "a passphrase", false}).error.code == ErrorCode::invalid_argument);
    CHECK(std::get<ArchiveInfo>(ask(phone, request::ArchiveRead{"/a", "a passphrase", true}).value).posts == 40);
    CHECK(phone.history("bob").empty()); // It was only checked.
    const auto later = std::get<ArchiveInfo>(ask(phone, request::ArchiveRead{"/b", "a passphrase", false}).value);
    CHECK_FALSE(later.complete);
    const auto whole = std::get<ArchiveInfo>(ask(phone, request::ArchiveRead{"/a", "a passphrase", false}).value);
    CHECK(whole.complete);
    CHECK(std::get<ArchiveInfo>(ask(phone, request::ArchiveRead{"/b", "a passphrase", false}).value).complete);
    story.same(phone);

    bob.user_files.files = alice.user_files.files;
    CHECK(ask(bob, request::ArchiveRead{"/a", "a passphrase", false}).error.code == ErrorCode::invalid_argument);
    auto& damaged = phone.user_files.files["/a"];
    damaged[damaged.size() / 2] ^= 1;
    CHECK(ask(phone, request::ArchiveRead{"/a", "a passphrase", true}).error.code != ErrorCode::ok);
    damaged.resize(20);
    CHECK(ask(phone, request::ArchiveRead{"/a", "a passphrase", true}).error.code == ErrorCode::malformed);
    story.same(phone);
}

TEST_CASE("a backup that is older than the conversation: what comes next is neither waited for nor told with a gap")
{
    Story story(517, 8);
    auto& [world, alice, bob, said] = story;
    ok(alice, request::ArchiveMake{"/a", "a passphrase", false, false});
    (void)bob.send("alice", "after the backup");
    (void)alice.send("bob", "and this");
    world.run_for(seconds(10));
    auto& phone = story.enter("alice.phone");
    phone.user_files.files = alice.user_files.files;
    ok(phone, request::ArchiveRead{"/a", "a passphrase", false});
    REQUIRE(phone.history("bob").size() == 8);
    (void)bob.send("alice", "new to all");
    REQUIRE(world.run_until([&] { return phone.history("bob").size() == 9; }, seconds(4)));
    CHECK(phone.history("bob").back().text == "new to all");
    CHECK_FALSE(phone.history("bob").back().gap_before);
    // Later ones are waited for, as everywhere.
    (void)alice.send("bob", "yes");
    (void)bob.send("alice", "good");
    world.run_for(seconds(10));
    CHECK(phone.history("bob").size() == 11);
}

TEST_CASE("one archive at a time, and it may be called off")
{
    Story story(513);
    auto& alice = story.alice;
    const auto making = alice.ask(request::ArchiveMake{"/a", "a passphrase", false, false});
    const auto other = alice.ask(request::ArchiveMake{"/b", "a passphrase", false, false});
    const auto cancel = alice.ask(request::ArchiveCancel{});
    CHECK(alice.wait(other).error.code == ErrorCode::busy);
    CHECK(alice.wait(cancel).error.code == ErrorCode::ok);
    CHECK(alice.wait(making).error.code == ErrorCode::cancelled);
    CHECK(alice.user_files.files.empty());
}

TEST_CASE("burnt words do not come back, whichever archive is read first; nor do notes about them")
{
    Story story(515);
    auto& [world, alice, bob, said] = story;
    request::Send send{"bob", "canary", {}};
    send.lifetime = content::Lifetime{60, content::Lifetime::From::sent};
    const auto gone = std::get<MessageId>(ask(alice, send).value);
    world.run_for(seconds(5));
    ok(alice, request::Edit{gone, "canary, edited"});
    ok(alice, request::ArchiveMake{"/a0", "a passphrase", false, false});
    world.run_for(minutes(2));
    ok(alice, request::ArchiveMake{"/a1", "a passphrase", true, false});

    auto& phone = story.enter("alice.phone");
    phone.user_files.files = alice.user_files.files;
    for (const char* path : {"/a1", "/a0", "/a1", "/a0"}) {
        (void)ask(phone, request::ArchiveRead{path, "a passphrase", false});
        for (const auto& row : phone.store.sorted(alice.store.message(said[0])->message.conversation))
            CHECK(row.message.text.find("canary") == std::string::npos);
        CHECK(phone.store.annotations(alice.store.message(said[0])->message.conversation, gone).empty());
    }
    story.same(phone);
}

TEST_CASE("messages to come are of the device that was told: no archive has them")
{
    Story story(516);
    auto& [world, alice, bob, said] = story;
    request::Send send{"bob", std::string(text_bytes_max, 'x'), {}};
    send.at_ms = world.wall_ms() + 600'000;
    const auto id = std::get<MessageId>(ask(alice, send).value);
    ok(alice, request::ArchiveMake{"/a", "a passphrase", false, false});
    auto& phone = story.enter("alice.phone");
    phone.user_files.files = alice.user_files.files;
    CHECK(std::get<ArchiveInfo>(ask(phone, request::ArchiveRead{"/a", "a passphrase", false}).value).complete);
    CHECK(std::get<std::vector<ScheduledMessage>>(ask(phone, request::Scheduled{}).value).empty());
    ok(alice, request::Unschedule{id});
    world.run_for(minutes(15));
    CHECK(bob.history("alice").size() == 40);
    story.same(phone);
}

TEST_CASE("a passphrase is stretched beside the loop: others are answered meanwhile, and it can be cancelled")
{
    for (const auto drive : {Drive::engine, Drive::ticker}) {
        World world(209);
        ClientOptions options;
        options.drive = drive;
        auto& alice = world.client("alice", options);
        auto& bob = world.client("bob");
        world.befriend(alice, bob);
        const auto make = alice.ask(request::ArchiveMake{"history", "a passphrase", false, true});
        const auto meanwhile = alice.ask(request::Contacts{});
        const auto second = alice.ask(request::ArchiveMake{"other", "a passphrase", false, true});
        CHECK(alice.wait(meanwhile).error.code == ErrorCode::ok);
        CHECK(alice.reply(make) == nullptr);
        CHECK(alice.wait(second).error.code == ErrorCode::busy);
        const auto cancel = alice.ask(request::ArchiveCancel{});
        CHECK(alice.wait(make).error.code == ErrorCode::cancelled);
        CHECK(alice.wait(cancel).error.code == ErrorCode::ok);
        ok(alice, request::ArchiveMake{"history", "a passphrase", false, true});
        CHECK(ask(alice, request::ArchiveRead{"history", "another passphrase", true}).error.code ==
              ErrorCode::wrong_key);
        ok(alice, request::ArchiveRead{"history", "a passphrase", true});
        CHECK(ask(alice, request::ArchiveMake{"short", "short", false, true}).error.code ==
              ErrorCode::invalid_argument);
    }
}
