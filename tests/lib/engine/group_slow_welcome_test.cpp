// SPDX-License-Identifier: Apache-2.0
// A Welcome that is slower than the patience of whom it is for: the device joins from outside, and still reads what was
// said to it from the Welcome on.
#include "lib/seal/record.hpp"
#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Alice, bob and carol are in a group that was made while bob's mailbox stood still; what is said there meanwhile
/// waits in it, behind the Welcome.
struct Slow : Crew {
    EvilRelay relay{world};
    Client& bob;
    bool holds_mail = true;
    bool holds_joins = true;   ///< Of bob.
    bool acknowledges = false; ///< What is held, in his place.
    std::vector<frame::MailboxDeliver> held;
    std::vector<Bytes> held_joins; ///< They go with what he says next.
    ConversationId group;

    explicit Slow(std::uint64_t seed) : Crew(seed, {"bob", "carol"}), bob((*this)["bob"])
    {
        bob.nat = Nat::udp_blocked; // What is said comes by the relay.
        world.break_links(bob);
        world.run_for(seconds(5));
        relay.on_way_down = [this](Client& to, frame::ServerFrame& what) {
            if (!holds_mail || &to != &bob || !std::holds_alternative<frame::MailboxDeliver>(what)) return true;
            held.push_back(std::get<frame::MailboxDeliver>(what));
            return false;
        };
        world.meddle_to_relay = [this, honest = world.meddle_to_relay](Client& from, Bytes bytes) {
            const auto frame = wire::decode_client_frame(bytes);
            const auto* request = frame.ok() ? std::get_if<frame::Request>(&*frame) : nullptr;
            auto out = honest(from, std::move(bytes));
            if (&from != &bob) return out;
            const bool joins = request != nullptr && std::holds_alternative<frame::GroupCommit>(request->body);
            if (holds_joins && joins)
                std::swap(held_joins, out);
            else if (!holds_joins)
                for (auto& join : std::exchange(held_joins, {}))
                    out.push_back(std::move(join));
            if (std::exchange(acknowledges, false)) {
                frame::MailboxAck taken;
                for (const auto& one : held)
                    taken.sequences.push_back(one.sequence);
                out.insert(out.begin(), wire::encode(frame::ClientFrame{taken}));
            }
            return out;
        };
        group = create({"bob", "carol"});
        request::Send send;
        send.conversation = group;
        send.text = "one";
        must(alice, send);
        REQUIRE(world.run_until([&] { return joins() > 0; }, minutes(5)));
        REQUIRE(epoch_of(alice) == 1);
    }
    [[nodiscard]] std::uint64_t epoch_of(Client& who) const
    {
        const auto there = seal::load_group(who.store, group);
        return there ? there->epoch() : 0;
    }
    void release(std::size_t count)
    {
        for (; count > 0 && !held.empty(); --count) {
            relay.push(bob, held.front());
            held.erase(held.begin());
        }
        if (held.empty()) holds_mail = false;
    }
    void bob_has_heard(const std::string& text)
    {
        settle(minutes(1));
        CHECK(texts(bob, group).find("alice:" + text) != std::string::npos);
        CHECK(told(bob, SecurityKind::message_unopenable) == 0);
        CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    }
    [[nodiscard]] std::size_t joins() const
    {
        return static_cast<std::size_t>(std::count_if(relay.commits.begin(), relay.commits.end(),
                                                      [this](const EvilRelay::Commit& one) { return one.by == &bob; }));
    }
};

} // namespace

TEST_CASE("a Welcome that comes after its device has joined from outside: what was said since it opens")
{
    Slow s(2562);
    s.holds_joins = false;
    s.acknowledges = true; // Or the relay would put the join off.
    s.must(s.bob, request::GroupCreate{ConversationKind::group, "another", {"alice"}});
    REQUIRE(s.world.run_until([&] { return s.epoch_of(s.bob) == 2; }, minutes(5)));
    s.release(s.held.size());
    s.bob_has_heard("one");
    s.say(s.bob, s.group, "two");
    CHECK(s.texts(s.alice, s.group).find("bob:two") != std::string::npos);
}

TEST_CASE("a Welcome that comes while its device joins from outside, and others are quicker: it is in by the Welcome")
{
    Slow s(2563);
    // The others go on, and what leads there is behind in bob's mailbox.
    request::GroupSet rule;
    rule.conversation = s.group;
    rule.invite = Role::member;
    s.must(s.alice, rule);
    REQUIRE(s.epoch_of(s.alice) == 2);
    s.holds_joins = false;
    s.release(1);
    REQUIRE(s.world.run_until([&] { return s.epoch_of(s.bob) == 1; }, seconds(10)));
    s.settle(seconds(5)); // His join is refused: it starts from an epoch that is over.
    REQUIRE(s.held_joins.empty());
    CHECK(s.epoch_of(s.bob) == 1);
    s.holds_mail = false; // What it has not delivered the relay delivers again.
    s.world.break_links(s.bob);
    s.bob_has_heard("one");
    CHECK(s.epoch_of(s.bob) == s.epoch_of(s.alice));
    CHECK(s.joins() == 1);
}

TEST_CASE("a join from outside is put off while the Welcome waits in the mailbox, and is not needed then")
{
    Slow s(2564);
    s.holds_joins = false;
    s.must(s.bob, request::GroupCreate{ConversationKind::group, "another", {"alice"}});
    s.settle(minutes(1));
    CHECK(s.epoch_of(s.bob) == 0);
    const auto others = s.say(s["carol"], s.group, "meanwhile");
    CHECK_FALSE(others.is_zero());
    s.holds_mail = false;
    SUBCASE("it comes in one go") {}
    SUBCASE("after a restart")
    {
        s.bob.crash();
        s.bob.start();
    }
    s.world.break_links(s.bob);
    s.bob_has_heard("one");
    CHECK(s.texts(s.bob, s.group).find("carol:meanwhile") != std::string::npos);
    CHECK(s.epoch_of(s.bob) == 1);
    CHECK(s.epoch_of(s.alice) == 1);
    s.say(s.bob, s.group, "two");
    CHECK(s.texts(s.alice, s.group).find("bob:two") != std::string::npos);
}
