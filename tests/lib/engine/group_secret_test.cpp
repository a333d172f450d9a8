// SPDX-License-Identifier: Apache-2.0
// Stories of a group's secret (docs/adr/0046-fresh-secrets.md): who is out, and has the relay on their side, reads no
// name and no link that came later; and whoever is in reads them, whatever was lost on the way.
#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/group_story.hpp"

#include "lib/engine/group_book.hpp"
#include "lib/mls/group.hpp"
#include "lib/seal/group_secret.hpp"
#include "lib/seal/policy_extension.hpp"

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

namespace {

std::optional<frame::GroupRoster*> roster_in(frame::ServerFrame& what)
{
    auto* answer = std::get_if<frame::Response>(&what);
    auto* page = answer == nullptr ? nullptr : std::get_if<frame::GroupRoster>(&answer->body);
    if (page == nullptr) return std::nullopt;
    return page;
}

/// Alice owns a group with Bob, who is an admin, and Carol; the relay reads and keeps everything.
struct Told {
    Crew crew;
    EvilRelay evil;
    Client &alice, &bob, &carol;
    ConversationId group;

    explicit Told(std::uint64_t seed)
        : crew(seed, {"bob", "carol"}), evil(crew.world), alice(crew.alice), bob(crew["bob"]), carol(crew["carol"])
    {
        group = crew.create(
            request::GroupCreate{ConversationKind::group, "first", {"bob", "carol"}, "", Role::admin, JoinRule::link});
        crew.must(alice, request::GroupRole{group, "bob", Role::admin});
        crew.must(alice, request::GroupLink{group});
        crew.settle();
        REQUIRE(name_at(carol) == "first");
    }
    /// What a device has: the secret that opens the profile, and the others.
    std::vector<Bytes> secrets_of(Client& who)
    {
        const auto record = who.store.value("groups/" + to_hex(group.view())).value();
        std::vector<Bytes> out;
        const auto take = [&](std::size_t at) {
            out.push_back(to_bytes(BytesView(record).subspan(at, seal::group_secret_bytes)));
        };
        REQUIRE(record.at(11) == seal::group_secret_bytes);
        take(12);
        const std::size_t spare = record.at(12 + seal::group_secret_bytes);
        for (std::size_t i = 0; i < spare; ++i)
            take(13 + (1 + i) * seal::group_secret_bytes);
        return out;
    }
    /// The policy of the newest epoch, as the relay shows it to whoever it likes.
    seal::Policy policy()
    {
        const frame::GroupCommit* newest = nullptr;
        for (const auto& one : evil.commits)
            if (one.what.conversation == group &&
                (newest == nullptr || newest->epoch < one.what.epoch)) // the first of an epoch wins it
                newest = &one.what;
        REQUIRE(newest != nullptr);
        const auto message = mls::decode<mls::MLSMessage>(newest->group_info);
        REQUIRE(message.ok());
        const auto* info = message->as<mls::GroupInfo>();
        REQUIRE(info != nullptr);
        auto policy = seal::policy::decode(info->group_context.extensions);
        REQUIRE(policy.has_value());
        return *policy;
    }
    std::optional<wire::GroupProfile> read_with(const std::vector<Bytes>& secrets)
    {
        const auto sealed = policy().profile;
        for (const auto& secret : secrets)
            if (auto profile = seal::open_profile(secret, group, sealed)) return std::move(*profile);
        return std::nullopt;
    }
    /// And what is at the relay for anybody, by the account's key.
    bool opens_any(Client& who)
    {
        const auto seed = who.store.identity()->account_seed;
        return std::any_of(evil.commits.begin(), evil.commits.end(), [&](const auto& commit) {
            return std::any_of(commit.what.joined.begin(), commit.what.joined.end(), [&](const auto& one) {
                const auto secret = seal::open_group_secret(seed, group, one.secret);
                return secret && read_with({Bytes(secret->begin(), secret->end())});
            });
        });
    }
    std::string name_at(Client& who) { return crew.about(who, group).name; }
    void rename(Client& by, const std::string& name)
    {
        auto set = request::GroupSet{group};
        set.name = name;
        crew.must(by, set);
        crew.settle();
    }
};

} // namespace

TEST_CASE("who was put out, and the relay, read nothing that came later; who is in does, on every device")
{
    Told t(741);
    const auto known = t.secrets_of(t.carol);
    REQUIRE(t.read_with(known)->name == "first");
    const auto link_before = t.read_with(known)->link_secret;
    t.crew.must(t.alice, request::GroupRemove{t.group, {"carol"}});
    t.crew.settle();
    CHECK_FALSE(t.read_with(known).has_value()); // Neither the name again, nor the fresh link.
    CHECK_FALSE(t.opens_any(t.carol));
    t.rename(t.bob, "second");
    CHECK_FALSE(t.read_with(known).has_value());
    CHECK_FALSE(t.opens_any(t.carol));

    CHECK(t.name_at(t.alice) == "second");
    CHECK(t.name_at(t.bob) == "second");
    CHECK(t.secrets_of(t.alice).front() == t.secrets_of(t.bob).front());
    CHECK(t.read_with(t.secrets_of(t.bob))->link_secret != link_before);
    auto& phone = t.crew.enter("bob.phone");
    t.crew.settle(seconds(30));
    CHECK(t.name_at(phone) == "second");
    t.rename(phone, "third");
    CHECK(t.name_at(t.alice) == "third");
}

TEST_CASE("who leaves chooses no secret: an admin does, by itself")
{
    Told t(742);
    const auto known = t.secrets_of(t.carol);
    t.crew.must(t.carol, request::GroupLeave{t.group});
    t.crew.settle(seconds(20));
    CHECK_FALSE(t.policy().stale);
    CHECK_FALSE(t.read_with(known).has_value());
    CHECK_FALSE(t.opens_any(t.carol));
    CHECK(t.name_at(t.alice) == "first");
    CHECK(t.name_at(t.bob) == "first");
    // Two admins were there, and one renewed it.
    const auto renewals = std::count_if(t.evil.commits.begin(), t.evil.commits.end(), [&](const auto& one) {
        return one.what.conversation == t.group && one.what.members.size() == 2 && one.what.joined.size() == 2;
    });
    CHECK(renewals >= 1);
    t.rename(t.bob, "second");
    CHECK(t.name_at(t.alice) == "second");
}

TEST_CASE("nobody is there who may renew it: it is done when an admin comes, before anything new is said")
{
    Told t(743);
    const auto known = t.secrets_of(t.carol);
    t.alice.crash();
    t.bob.crash();
    t.crew.must(t.carol, request::GroupLeave{t.group});
    t.crew.settle(seconds(20));
    CHECK(t.policy().stale);
    t.bob.start();
    t.crew.settle(seconds(30));
    CHECK_FALSE(t.policy().stale);
    CHECK_FALSE(t.read_with(known).has_value());
    t.alice.start();
    t.crew.settle(seconds(30));
    CHECK(t.secrets_of(t.alice).front() == t.secrets_of(t.bob).front());
}

TEST_CASE("a relay that hands out a secret of its own, or none: nothing is ever sealed with it")
{
    Told t(744);
    const Bytes made_up(seal::group_secret_bytes, 0x5a);
    test::SeededEntropy entropy(5);
    SUBCASE("of its own")
    {
        t.evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
            if (const auto page = roster_in(what); page && &to == &t.bob)
                for (auto& entry : (*page)->entries)
                    if (!entry.secret.empty())
                        entry.secret =
                            *seal::seal_group_secret(t.bob.store.identity()->account_key, t.group, made_up, entropy);
            return true;
        };
    }
    SUBCASE("none")
    {
        t.evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
            if (const auto page = roster_in(what); page && &to == &t.bob)
                for (auto& entry : (*page)->entries)
                    entry.secret.clear();
            return true;
        };
    }
    t.crew.must(t.alice, request::GroupRemove{t.group, {"carol"}});
    t.crew.settle();
    t.rename(t.alice, "second");
    CHECK(t.name_at(t.bob) == "first"); // As far as he can tell.
    // He goes on from what he knows, and gives everybody a secret for that.
    t.rename(t.bob, "third");
    CHECK_FALSE(t.read_with({made_up}).has_value());
    CHECK(t.name_at(t.bob) == "third");
    t.evil.turn_honest();
    CHECK(t.name_at(t.alice) == "third");
    t.rename(t.alice, "fourth");
    CHECK(t.name_at(t.bob) == "fourth");
}

TEST_CASE("the relay does not get to say a group's secret: it is asked again, and nothing is put over what it opens")
{
    Told t(747);
    bool silent = true;
    std::size_t asked = 0;
    ErrorCode says = ErrorCode::relay_unavailable;
    SUBCASE("it says that it cannot now") {}
    SUBCASE("what was asked is lost")
    {
        says = ErrorCode::ok;
    }
    t.evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        if (&from != &t.bob || request == nullptr || !std::holds_alternative<frame::GroupRosterFetch>(request->body))
            return true;
        ++asked;
        if (silent && says != ErrorCode::ok) t.evil.push(from, frame::Response{request->id, {says, "not now", 0}, {}});
        return !silent;
    };
    t.crew.must(t.alice, request::GroupRemove{t.group, {"carol"}});
    t.crew.settle(seconds(40));
    t.rename(t.alice, "second");
    CHECK(asked > 1);
    CHECK(asked < 40);
    CHECK(t.name_at(t.bob) == "first");
    auto set = request::GroupSet{t.group};
    set.name = "first again";
    CHECK(t.crew.code(t.bob, set) != ErrorCode::ok); // He does not know what he would put it over.
    silent = false;
    t.crew.settle(seconds(20));
    CHECK(t.name_at(t.bob) == "second");
    CHECK(t.name_at(t.alice) == "second");
    t.rename(t.bob, "third");
    CHECK(t.name_at(t.alice) == "third");
}

TEST_CASE("the connection is another one before the relay has said what was asked: it is asked again by that one")
{
    Told t(748);
    bool silent = true;
    t.evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        return &from != &t.bob || request == nullptr || !silent ||
               !std::holds_alternative<frame::GroupRosterFetch>(request->body);
    };
    t.crew.must(t.alice, request::GroupRemove{t.group, {"carol"}});
    t.crew.settle(seconds(5));
    silent = false;
    t.crew.must(t.bob, request::NetworkChanged{});
    t.crew.settle(minutes(1));
    t.rename(t.alice, "second");
    CHECK(t.name_at(t.bob) == "second");
}

TEST_CASE("a relay that hands out secrets of its own without end: those that have opened something stay")
{
    Told t(746);
    t.crew.must(t.alice, request::GroupRemove{t.group, {"carol"}});
    t.crew.settle();
    const auto known = t.secrets_of(t.bob);
    REQUIRE(known.size() >= 2); // That of before, too.
    test::SeededEntropy entropy(5);
    std::uint8_t given = 0;
    t.evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto page = roster_in(what);
        if (!page || &to != &t.bob) return true;
        (*page)->entries.push_back({"bob",
                                    true,
                                    t.bob.store.identity()->account_key,
                                    {},
                                    *seal::seal_group_secret(t.bob.store.identity()->account_key, t.group,
                                                             Bytes(seal::group_secret_bytes, ++given), entropy)});
        return true;
    };
    const auto size = t.bob.store.value("groups/" + to_hex(t.group.view())).value().size();
    for (std::uint64_t n = 1; n <= 12; ++n) {
        t.evil.push(t.bob, frame::ServerFrame(frame::GroupNews{t.group, 1'000 + n, 0, true}));
        t.crew.settle(seconds(2));
    }
    CHECK(given >= 10);
    CHECK(t.secrets_of(t.bob) == known);
    CHECK(t.bob.store.value("groups/" + to_hex(t.group.view())).value().size() <=
          size + engine::group_given_secrets_max * seal::group_secret_bytes);
    t.evil.turn_honest();
    t.rename(t.bob, "second");
    CHECK(t.name_at(t.alice) == "second");
}

TEST_CASE("the device that renews it dies before it hears that it has")
{
    Told t(745);
    const auto known = t.secrets_of(t.carol);
    bool lost = false;
    t.evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* answer = std::get_if<frame::Response>(&what);
        if (&to != &t.alice || answer == nullptr || !std::holds_alternative<frame::GroupState>(answer->body))
            return true;
        lost = true;
        return false;
    };
    (void)t.alice.ask(request::GroupRemove{t.group, {"carol"}});
    REQUIRE(t.crew.world.run_until([&] { return lost; }));
    t.alice.crash();
    // Nothing of it at the relay, so that only what she has kept is left.
    t.evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        if (const auto page = roster_in(what); page && &to == &t.alice)
            for (auto& entry : (*page)->entries)
                entry.secret.clear();
        return true;
    };
    t.alice.start();
    t.crew.settle(seconds(30));
    CHECK(t.crew.members(t.alice, t.group) == "alice* bob+");
    t.rename(t.alice, "second");
    CHECK(t.name_at(t.bob) == "second");
    CHECK_FALSE(t.read_with(known).has_value());
}
