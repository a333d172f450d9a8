// SPDX-License-Identifier: Apache-2.0
// Ann and Bob, two devices each, in one group: where most stories begin.
#pragma once

#include "tests/lib/seal/world.hpp"

namespace godwit::test {

struct Four {
    World world;
    Member &ann1, &ann2, &bob1, &bob2;
    std::vector<Member*> all;
    seal::Circle circle;
    ConversationId conversation;

    explicit Four(std::uint64_t seed = 1)
        : world(seed), ann1(world.device("ann", "ann1")), ann2(world.device("ann", "ann2")),
          bob1(world.device("bob", "bob1")), bob2(world.device("bob", "bob2")), all{&ann1, &ann2, &bob1, &bob2}
    {
        world.pairs = {{"ann", "bob"}};
        circle = world.circle("ann", "bob");
        conversation = circle.conversation;
        world.accept(ann1, found(ann1, 1));
    }
    seal::Outgoing found(Member& by, std::uint64_t incarnation)
    {
        std::vector<Member*> others;
        for (Member* member : all)
            if (member != &by) others.push_back(member);
        const auto packages = world.packages(others);
        std::vector<DeviceId> bad;
        auto out = by.tick([&](seal::Groups& g) {
            return g.create(world.circle(by.user, by.user == "ann" ? "bob" : "ann"), incarnation, packages, bad,
                            world.now_ms);
        });
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().detail));
        CHECK(bad.empty());
        return *out;
    }
    /// Fails the test when it does not work.
    seal::Outgoing change(Member& by, const std::map<DeviceId, Bytes>& packages = {})
    {
        std::vector<DeviceId> bad;
        auto out =
            by.tick([&](seal::Groups& g) { return g.change(world.circle("ann", "bob"), packages, bad, world.now_ms); });
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().detail));
        CHECK(bad.empty());
        return *out;
    }
    seal::Sealed seal(Member& by, const MessageId& id, std::string_view text,
                      seal::Purpose purpose = seal::Purpose::content)
    {
        auto out =
            by.tick([&](seal::Groups& g) { return g.seal(world.circle("ann", "bob"), purpose, id, as_bytes(text)); });
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().detail));
        return *out;
    }
    seal::Opened open(Member& at, const Member& from, const MessageId& id, BytesView sealed,
                      seal::Purpose purpose = seal::Purpose::content)
    {
        return at.tick([&](seal::Groups& g) { return g.open(purpose, id, from.id, sealed); });
    }
    seal::CommitOutcome commit(Member& at, const Member& from, const seal::Outgoing& what)
    {
        return at.tick([&](seal::Groups& g) { return g.commit(what.id, from.id, what.commit, world.now_ms); });
    }
    seal::Changes accepted(Member& by)
    {
        auto out = by.tick([&](seal::Groups& g) { return g.accepted(conversation, world.now_ms); });
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().detail));
        return *out;
    }
    seal::Outgoing rejoin(Member& by)
    {
        auto out = by.tick([&](seal::Groups& g) {
            return g.rejoin(world.circle("ann", "bob"), world.group_info, world.at_relay, world.now_ms);
        });
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().detail));
        CHECK(out->external);
        return *out;
    }
    void everybody_talks()
    {
        world.agree(conversation, all);
        for (Member* from : all)
            talk(world, *from, world.circle("ann", "bob"), all);
    }
};

} // namespace godwit::test
