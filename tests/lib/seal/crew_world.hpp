// SPDX-License-Identifier: Apache-2.0
// A group of many with its devices, and a relay that delivers to all of them.
#pragma once

#include "tests/lib/seal/crew.hpp"

namespace godwit::test {

struct CrewWorld {
    using Verdict = seal::CommitOutcome::Verdict;

    World world;
    ConversationId conversation{{0xc4, 0xe3}};
    std::map<std::string, Member*> by_name;

    explicit CrewWorld(std::uint64_t seed = 1) : world(seed) { world.followed = {"ann", "ada", "ben"}; }

    Member& device(const std::string& user, const std::string& name)
    {
        return *(by_name[name] = &world.device(user, name));
    }
    Member& at(const std::string& name) { return *by_name.at(name); }

    /// As `user` has it: the own account, and the members whose lists are known.
    seal::Circle circle(const std::string& user, const seal::Policy& policy, bool planned = false)
    {
        seal::Circle out;
        out.conversation = conversation;
        out.many = true;
        out.parties.push_back({user, account_key(user), world.lists.at(user)});
        for (const GroupMember& member : policy.members)
            if (member.user != user && world.lists.contains(member.user) && !world.unknown.contains(member.user))
                out.parties.push_back({member.user, member.account_key, world.lists.at(member.user)});
        if (planned) out.plan = seal::GroupPlan{policy, {}};
        return out;
    }
    /// Precondition: it is in the group.
    seal::Circle circle(Member& by)
    {
        const auto policy = policy_at(by);
        REQUIRE(policy != nullptr);
        return circle(by.user, *policy);
    }
    std::shared_ptr<const seal::Policy> policy_at(Member& by) { return by.groups->policy(conversation); }
    seal::Policy policy_now(Member& by)
    {
        const auto policy = policy_at(by);
        REQUIRE(policy != nullptr);
        return *policy;
    }
    std::map<DeviceId, Bytes> packages_for(Member& by, const seal::Circle& wanted)
    {
        std::vector<Member*> missing;
        for (const DeviceId& one : by.groups->needs(wanted, world.now_ms).missing)
            if (one != by.id) missing.push_back(&world.by_id(one));
        return world.packages(missing);
    }
    seal::Changes create(Member& by, const seal::Policy& policy)
    {
        const auto wanted = circle(by.user, policy, true);
        const auto packages = packages_for(by, wanted);
        std::vector<DeviceId> bad;
        const auto made = by.tick([&](seal::Groups& g) { return g.create(wanted, 1, packages, bad, world.now_ms); });
        REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().detail));
        CHECK(bad.empty());
        return deliver(by, *made);
    }
    /// What the policy says already, or what it shall be.
    Result<seal::Outgoing> try_change(Member& by, const std::optional<seal::Policy>& next = {})
    {
        const auto wanted = next ? circle(by.user, *next, true) : circle(by);
        const auto packages = packages_for(by, wanted);
        std::vector<DeviceId> bad;
        auto out = by.tick([&](seal::Groups& g) { return g.change(wanted, packages, bad, world.now_ms); });
        CHECK(bad.empty());
        return out;
    }
    seal::Changes change(Member& by, const std::optional<seal::Policy>& next = {})
    {
        const auto made = try_change(by, next);
        REQUIRE_MESSAGE(made.ok(), by.name << ": " << (made.ok() ? "" : made.error().detail));
        return deliver(by, *made);
    }
    [[nodiscard]] bool is_in(Member& member) { return member.groups->version(conversation).has_value(); }
    std::vector<Member*> inside()
    {
        std::vector<Member*> out;
        for (const auto& one : world.devices)
            if (is_in(*one)) out.push_back(one.get());
        return out;
    }
    /// To everybody who is in it; each must follow.
    seal::Changes deliver(Member& by, const seal::Outgoing& what)
    {
        for (const auto& [name, outcome] : commit_at_all(by, what.id, what.commit)) {
            CHECK_MESSAGE(outcome.verdict == Verdict::applied,
                          name << ": " << test::name(outcome.verdict) << ' ' << outcome.detail);
            last[name] = outcome.changes;
        }
        for (const DeviceId& newcomer : what.newcomers) {
            Member& who = world.by_id(newcomer);
            const auto got =
                who.tick([&](seal::Groups& g) { return g.welcome(what.welcome, world.now_ms, what.tree); });
            CHECK_MESSAGE(got.ok(), who.name << ": " << (got.ok() ? "" : got.error().detail));
        }
        auto out = by.tick([&](seal::Groups& g) { return g.accepted(conversation, world.now_ms); });
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().detail));
        world.group_info = what.group_info;
        tree = what.tree;
        world.at_relay = {what.from.incarnation, what.from.epoch + 1};
        return *out;
    }
    std::map<std::string, seal::CommitOutcome> commit_at_all(Member& by, const MessageId& id, const Bytes& commit)
    {
        std::map<std::string, seal::CommitOutcome> out;
        for (Member* member : inside())
            if (member != &by)
                out[member->name] =
                    member->tick([&](seal::Groups& g) { return g.commit(id, by.id, commit, world.now_ms); });
        return out;
    }
    Result<seal::Outgoing> try_rejoin(Member& by, const seal::Policy& policy)
    {
        const auto wanted = circle(by.user, policy);
        return by.tick(
            [&](seal::Groups& g) { return g.rejoin(wanted, world.group_info, world.at_relay, world.now_ms, tree); });
    }
    /// All are in the same epoch of the same policy, and each is understood by all.
    void everybody_talks(const std::vector<std::string>& names)
    {
        std::vector<Member*> members;
        for (const std::string& one : names)
            members.push_back(&at(one));
        CHECK(inside().size() == members.size());
        world.agree(conversation, members);
        for (Member* from : members) {
            CHECK(policy_now(*from) == policy_now(*members.front()));
            talk(world, *from, circle(*from), members);
        }
    }
    /// What each made of the commit that was delivered last.
    std::map<std::string, seal::Changes> last;
    Bytes tree; ///< Beside the GroupInfo.
};

} // namespace godwit::test
