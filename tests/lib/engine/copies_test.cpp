// SPDX-License-Identifier: Apache-2.0
// Stories of what is sent, what is sent on, and names that others chose.
#include "lib/conversation/copies.hpp"
#include "lib/transfer/tree.hpp"
#include "lib/wire/content.hpp"
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::seconds;

namespace {

/// alice and bob, bob and carol are friends.
struct Chain {
    World world{71};
    Client& alice = world.client("alice");
    Client& bob = world.client("bob");
    Client& carol = world.client("carol");

    Chain()
    {
        world.befriend(alice, bob);
        world.befriend(bob, carol);
    }
    event::Reply ask(Client& who, Request what)
    {
        auto reply = who.wait(who.ask(std::move(what)));
        world.run_for(seconds(2));
        return reply;
    }
    MessageId say(const std::string& text, content::Lifetime lifetime)
    {
        request::Send send{"bob", text, {}};
        send.lifetime = lifetime;
        return std::get<MessageId>(ask(alice, std::move(send)).value);
    }
};

} // namespace

TEST_CASE("what is sent on lives no longer than what it was made of, singly and in a bundle")
{
    using From = content::Lifetime::From;
    Chain c;
    const auto burns = c.say("burns", {30, From::read});
    const auto goes = c.say("goes", {60, From::sent});
    const auto stays = c.say("stays", {0, From::sent});
    for (const bool merged : {false, true}) {
        CHECK(c.ask(c.bob, request::Forward{{stays, burns}, {"carol", {}}, merged, ""}).error.code ==
              ErrorCode::not_allowed);
        CHECK(c.ask(c.bob, request::Forward{{stays, goes}, {"carol", {}}, merged, ""}).error.code == ErrorCode::ok);
    }
    CHECK(c.carol.history("bob").size() == 3);
    c.world.run_for(seconds(61));
    for (auto* one : {&c.bob, &c.carol}) {
        const auto left = one->history(one == &c.bob ? "carol" : "bob");
        REQUIRE(left.size() == 1);
        CHECK(left[0].text == "stays");
    }
    // Its time has begun, and it burns all the same.
    (void)c.ask(c.bob, request::MarkRead{{"alice", {}}, {}});
    CHECK(c.ask(c.bob, request::Forward{{burns}, {"carol", {}}, false, ""}).error.code == ErrorCode::not_allowed);
}

TEST_CASE("a copy goes where things live shorter still: as they live there")
{
    Chain c;
    const auto goes = c.say("goes", {600, content::Lifetime::From::sent});
    CHECK(c.ask(c.bob, request::SetTimer{{"carol", {}}, {20, content::Lifetime::From::sent}}).error.code ==
          ErrorCode::ok);
    CHECK(c.ask(c.bob, request::Forward{{goes}, {"carol", {}}, false, ""}).error.code == ErrorCode::ok);
    CHECK(c.carol.history("bob").size() == 1);
    c.world.run_for(seconds(21));
    CHECK(c.carol.history("bob").empty());
    CHECK(c.bob.history("alice").size() == 1);
}

TEST_CASE("a copy goes where things burn after reading: by its own time, or it would stay for who does not read")
{
    Chain c;
    const auto goes = c.say("goes", {30, content::Lifetime::From::sent});
    CHECK(c.ask(c.bob, request::SetTimer{{"carol", {}}, {20, content::Lifetime::From::read}}).error.code ==
          ErrorCode::ok);
    CHECK(c.ask(c.bob, request::Forward{{goes}, {"carol", {}}, false, ""}).error.code == ErrorCode::ok);
    CHECK(c.carol.history("bob").size() == 1);
    c.world.run_for(seconds(31));
    CHECK(c.carol.history("bob").empty());
}

TEST_CASE("what has lived its time on the way is not told")
{
    Chain c;
    c.bob.crash();
    (void)c.say("over", {5, content::Lifetime::From::sent});
    c.world.run_for(seconds(10));
    c.bob.start();
    c.world.run_for(seconds(10));
    CHECK(c.bob.heard.received.empty());
    CHECK(c.bob.history("alice").empty());
}

TEST_CASE("names of files are harmless wherever they are shown, also in bundles")
{
    Chain c;
    c.alice.user_files.files["/a"] = Bytes(9, 7);
    const auto added = std::get<FileInfo>(c.ask(c.alice, request::FileAdd{"/a", "", ""}).value);
    request::Send send{"bob", "", {}};
    send.body =
        content::Attachment{content::AttachmentKind::file,
                            {added.id, added.size_bytes, "../../etc/a\xe2\x80\xaegpj\nb", "text/x\ny", added.key},
                            0,
                            0,
                            0,
                            {},
                            {}};
    const auto id = std::get<MessageId>(c.ask(c.alice, std::move(send)).value);
    const auto name_in = [](const content::Body& body) { return std::get<content::Attachment>(body).file.name; };
    CHECK(name_in(c.bob.history("alice").back().body) == "a_gpj_b");
    CHECK(std::get<content::Attachment>(c.bob.history("alice").back().body).file.media_type ==
          "application/octet-stream");
    CHECK(c.ask(c.bob, request::Forward{{id}, {"carol", {}}, true, "t"}).error.code == ErrorCode::ok);
    const auto bundle = std::get<content::Forwarded>(c.carol.history("bob").back().body);
    CHECK(name_in(*wire::decode_body(bundle.items.at(0).body)) == "a_gpj_b");
}

TEST_CASE("a reaction is one emoji or word; names are one line")
{
    Chain c;
    const auto id = c.say("x", {0, content::Lifetime::From::sent});
    for (const char* bad : {"plain text",
                            "a\xe2\x80\xae"
                            "b",
                            "\n"})
        CHECK(c.ask(c.bob, request::React{id, bad, true}).error.code == ErrorCode::invalid_argument);
    for (const char* good : {"+", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", ":godwit:"})
        CHECK(c.ask(c.bob, request::React{id, good, true}).error.code == ErrorCode::ok);
    for (const std::string bad : {"a\xe2\x80\xaegpj.exe", "a\nb"}) {
        CHECK(c.ask(c.bob, request::GroupCreate{ConversationKind::group, bad, {"carol"}}).error.code ==
              ErrorCode::invalid_argument);
        CHECK(c.ask(c.bob, request::SetContact{"carol", bad, {}}).error.code == ErrorCode::invalid_argument);
        CHECK(c.ask(c.bob, request::SetContact{"carol", {}, std::vector<std::string>{bad}}).error.code ==
              ErrorCode::invalid_argument);
    }
}

TEST_CASE("an edit that is under way when its message is taken back takes nothing back itself")
{
    Chain c;
    const auto id = c.say("first", {0, content::Lifetime::From::sent});
    c.world.run_for(seconds(60));
    c.world.cut(c.alice);
    CHECK(c.ask(c.alice, request::Edit{id, "second"}).error.code == ErrorCode::ok);
    CHECK(c.ask(c.alice, request::Recall{id}).error.code == ErrorCode::ok);
    c.world.restore(c.alice);
    c.world.run_for(seconds(120));
    const auto mine = c.alice.history("bob").back();
    const auto theirs = c.bob.history("alice").back();
    CHECK(theirs.id == id);
    CHECK(theirs.recalled_by == "alice");
    CHECK(theirs.recalled_ms == mine.recalled_ms);
    CHECK(theirs.recalled_ms >= theirs.sent_ms + 60'000);
}

TEST_CASE("what burnt at its author, with an edit of it under way, is no recall where nobody has read it")
{
    Chain c;
    request::Send send{"bob", "first", {}};
    send.lifetime = content::Lifetime{20, content::Lifetime::From::sent};
    const auto id = std::get<MessageId>(c.ask(c.alice, std::move(send)).value);
    c.bob.crash();
    c.world.run_for(seconds(1));
    CHECK(c.ask(c.alice, request::Edit{id, "second"}).error.code == ErrorCode::ok);
    c.world.run_for(seconds(30));
    c.bob.start();
    c.world.run_for(seconds(60));
    CHECK(c.bob.history("alice").empty());
    CHECK(c.alice.history("bob").empty());
}

TEST_CASE("every shown kind arrives as it was sent")
{
    Chain c;
    c.alice.user_files.files["/a.png"] = Bytes(9, 7);
    const auto added = std::get<FileInfo>(c.alice.wait(c.alice.ask(request::FileAdd{"/a.png", {}, "image/png"})).value);
    const content::FileRef file{added.id, added.size_bytes, added.name, added.media_type, added.key};
    const content::FileRef pack{transfer::root_of(0, {}), 0, "foxes.tar", "application/x-tar", {}};
    const content::Body bodies[] = {content::Text{{{"bob", {0, 2}}}, {{3, 3}}},
                                    content::Attachment{content::AttachmentKind::image, file, 640, 480, 0, {1, 2}, {}},
                                    content::Sticker{pack, "fox", "f", true},
                                    content::Location{-481234567, 20000000, 5, "quay", 600},
                                    content::ContactCard{"carol", {}},
                                    content::Card{"order", "No. 7", {{"sum", "9"}}, ""},
                                    content::Custom{"com.example.poll", {1, 2, 3}}};
    for (const auto& body : bodies) {
        request::Send send{"bob", "hi you", {}};
        send.body = body;
        (void)c.alice.wait(c.alice.ask(send));
        c.world.run_for(seconds(2));
        CHECK(c.bob.history("alice").back().body == body);
        CHECK(c.bob.history("alice").back().text == "hi you");
    }
    request::Send bad{"bob", "x", {}};
    bad.body = content::Recall{};
    CHECK(c.alice.wait(c.alice.ask(bad)).error.code == ErrorCode::invalid_argument);
    bad.body = content::Text{{{"bob", {0, 9}}}, {}};
    CHECK(c.alice.wait(c.alice.ask(bad)).error.code == ErrorCode::invalid_argument);
    auto elsewhere = file;
    elsewhere.id.bytes[0] ^= 1;
    bad.body = content::Attachment{content::AttachmentKind::image, elsewhere, 0, 0, 0, {}, {}};
    CHECK(c.alice.wait(c.alice.ask(bad)).error.code == ErrorCode::no_such_file);
    elsewhere = file;
    elsewhere.key.bytes[0] ^= 1;
    bad.body = content::Attachment{content::AttachmentKind::image, elsewhere, 0, 0, 0, {}, {}};
    CHECK(c.alice.wait(c.alice.ask(bad)).error.code == ErrorCode::invalid_argument);
    for (const char* url :
         {"javascript:alert(1)", " file:///etc/passwd", "DATA:text/html,x", "no scheme", "https://a\nb"}) {
        bad.body = content::Card{"order", "No. 7", {}, url};
        CHECK(c.alice.wait(c.alice.ask(bad)).error.code == ErrorCode::invalid_argument);
    }
    bad.body = content::Location{};
    bad.to = "nobody";
    CHECK(c.alice.wait(c.alice.ask(bad)).error.code == ErrorCode::not_a_contact);
}

TEST_CASE("bundles of bundles: as deep as they can be shown")
{
    Chain c;
    auto id = c.say("x", {0, content::Lifetime::From::sent});
    for (int level = 1; level <= wire::bundle_levels_max; ++level) {
        const auto reply = c.ask(c.bob, request::Forward{{id}, {"carol", {}}, true, "t"});
        REQUIRE(reply.error.code == ErrorCode::ok);
        id = std::get<std::vector<MessageId>>(reply.value).at(0);
    }
    CHECK(c.ask(c.bob, request::Forward{{id}, {"carol", {}}, true, "t"}).error.code == ErrorCode::invalid_argument);
    CHECK(c.ask(c.bob, request::Forward{{id}, {"carol", {}}, false, ""}).error.code == ErrorCode::ok);
}
