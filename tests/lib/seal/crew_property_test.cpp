// SPDX-License-Identifier: Apache-2.0
// Random acts by random members: what its committer may do, all follow; what it may not, all refuse, even when it asks
// nobody. After each step all who are in it have the same epoch and the same policy.
#include "lib/seal/policy_extension.hpp"
#include "tests/lib/seal/crew_world.hpp"
#include "tests/lib/seal/insider.hpp"

using namespace godwit;
using namespace godwit::test;
using seal::Policy;
using Verdict = seal::CommitOutcome::Verdict;

namespace {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : entropy_(seed) {}
    /// 0…sides - 1.
    std::size_t of(std::size_t sides)
    {
        Bytes roll(2);
        entropy_.fill(roll);
        return (std::size_t{roll[0]} * 256 + roll[1]) % sides;
    }

private:
    SeededEntropy entropy_;
};

constexpr const char* users[]{"ann", "ada", "bob", "ben", "eve", "ida"};

struct Debate : CrewWorld {
    Dice dice;
    int done = 0, refused = 0;

    explicit Debate(std::uint64_t seed) : CrewWorld(seed), dice(seed)
    {
        for (const char* user : users)
            device(user, std::string(user) + "1");
        device("ben", "ben2");
        world.followed.insert(std::begin(users), std::end(users));
        Policy policy = policy_of("ann", {"ada", "bob", "ben"});
        row(policy, "ada").role = Role::admin;
        if (dice.of(2) == 1) policy.invite = Role::member;
        create(at("ann1"), policy);
    }
    std::string somebody() { return users[dice.of(std::size(users))]; }

    /// One to three changes of what there is; may well be unsound, then nothing comes of it.
    Policy proposal(Member& by)
    {
        Policy out = policy_now(by);
        for (std::size_t i = 0; i <= dice.of(2); ++i) {
            const std::string whom = dice.of(3) == 0 ? by.user : somebody();
            const bool in = out.find(whom) != nullptr;
            switch (dice.of(9)) {
            case 0: out.profile = Bytes{static_cast<std::uint8_t>(1 + dice.of(200))}; break;
            case 1: out.invite = dice.of(2) == 0 ? Role::member : Role::admin; break;
            case 2: out.all_muted = !out.all_muted; break;
            case 3:
            case 4: in ? take_out(out, whom) : take_in(out, whom); break;
            case 5:
                if (in) row(out, whom).role = dice.of(2) == 0 ? Role::member : Role::admin;
                break;
            case 6:
                if (in) row(out, whom).muted_until_ms = static_cast<std::int64_t>(dice.of(3));
                break;
            case 7:
                if (in && out.find(by.user) != nullptr) {
                    for (GroupMember& one : out.members)
                        if (one.role == Role::owner) one.role = Role::admin;
                    row(out, whom).role = Role::owner;
                }
                break;
            default: break; // A fresh path.
            }
        }
        return out;
    }
    void lawless_commit(Member& by, const Policy& next)
    {
        auto group = group_of(by, conversation);
        mls::CommitOptions options;
        const auto extensions = seal::policy::encode(next);
        if (extensions != group.context().extensions)
            options.proposals.push_back(mls::Proposal{mls::GroupContextExtensions{extensions}});
        group.tree().for_each_member([&](mls::LeafIndex index, const mls::LeafNode& leaf) {
            if (next.find(seal::certificate_of(leaf).account_key) == nullptr && index != group.own_leaf())
                options.proposals.push_back(mls::Proposal{mls::Remove{index}});
        });
        const auto id = message_id(world.next_seed());
        options.authenticated_data = seal::bind(seal::commit_purpose, id);
        const auto made = must(group.commit(lawless(by), options));
        for (const auto& [name, outcome] : commit_at_all(by, id, made.commit))
            CHECK_MESSAGE(outcome.verdict == Verdict::rejected, name << ": " << test::name(outcome.verdict));
    }
    void step()
    {
        const auto members = inside();
        REQUIRE_FALSE(members.empty());
        Member& by = *members[dice.of(members.size())];
        const Policy next = proposal(by);
        if (!seal::policy::is_sound(next)) return;
        const auto made = try_change(by, next);
        if (made.ok()) {
            ++done;
            deliver(by, *made);
        } else {
            ++refused;
            CHECK_MESSAGE(made.error().code == ErrorCode::not_allowed, made.error().detail);
            lawless_commit(by, next);
        }
        const auto now = inside();
        REQUIRE_FALSE(now.empty());
        for (Member* member : now) {
            CHECK(member->groups->head(conversation)->authenticator ==
                  now.front()->groups->head(conversation)->authenticator);
            CHECK(policy_now(*member) == policy_now(*now.front()));
        }
    }
};

} // namespace

TEST_CASE("crew: whatever is moved, all say the same")
{
    int done = 0, refused = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Debate debate(seed);
        for (int i = 0; i < 25; ++i) {
            CAPTURE(i);
            debate.step();
        }
        done += debate.done;
        refused += debate.refused;
    }
    // The dice have tried both.
    CHECK(done > 60);
    CHECK(refused > 60);
}
