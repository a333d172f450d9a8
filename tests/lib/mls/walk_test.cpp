// SPDX-License-Identifier: Apache-2.0
// A random walk of many members: every kind of change, messages late, doubled and out of order, members that restart
// from their stored state. After every step all members agree. GODWIT_SEED repeats a walk, GODWIT_WALK_STEPS sets
// its length.
#include "tests/lib/mls/world.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);
constexpr std::size_t members_max = 14;

class Walk {
public:
    explicit Walk(std::uint64_t seed)
        : random_(seed * 77 + 1), world_(seed, seed % 2 == 0 ? suite_1 : suite_3),
          directory_(generate_signature_key_pair(world_.entropy))
    {
        const ExternalSenders senders{{{directory_.public_key, Credential::basic(as_bytes("directory"))}}};
        extensions_ = {make_extension(ExtensionType::external_senders, senders)};
        world_.psks.psks[Bytes{1}] = Bytes(32, 1);
        world_.found("m0", extensions_,
                     seed % 3 == 0 ? HandshakeFormat::private_message : HandshakeFormat::public_message);
    }

    void step()
    {
        switch (dice(14)) {
        case 0:
        case 1: add(); break;
        case 2: remove(); break;
        case 3: propose_updates(); break;
        case 4: world_.commit(any()); break;
        case 5: external_join(); break;
        case 6: resync(); break;
        case 7: psk(); break;
        case 8: mixed_proposals(); break;
        case 9: change_context(); break;
        case 10: branch(); break;
        case 11:
            if (dice(4) == 0) reinitialize();
            break;
        case 12: custom(); break;
        default: switch_format(); break;
        }
        talk();
        restart_some();
    }

private:
    std::uint64_t dice(std::uint64_t sides) { return random_.next_u64() % sides; }
    std::size_t any() { return dice(world_.members.size()); }
    std::string name() { return "m" + std::to_string(++named_); }
    bool full() const { return world_.members.size() >= members_max; }

    void add()
    {
        if (full()) return remove();
        std::vector<Member> fresh;
        for (std::uint64_t i = 0; i <= dice(3); ++i)
            fresh.push_back(world_.newcomer(name()));
        CommitOptions options;
        options.tree_in_welcome = dice(2) == 0;
        options.force_path = dice(2) == 0;
        world_.commit(any(), options, fresh);
    }
    void remove()
    {
        if (world_.members.size() < 2) return;
        const std::size_t by = any(), victim = any();
        if (by == victim) return;
        CommitOptions options;
        options.proposals = {Proposal{Remove{world_.group(victim).own_leaf()}}};
        std::vector<Member> fresh;
        if (dice(3) == 0) fresh.push_back(world_.newcomer(name()));
        world_.commit(by, options, fresh);
    }
    void propose_updates()
    {
        for (std::size_t i = 0; i < world_.members.size(); ++i)
            if (dice(3) == 0) world_.deliver(must(world_.group(i).propose_update(world_.env())), i);
        world_.commit(any());
    }
    void mixed_proposals()
    {
        if (world_.members.size() < 3) return add();
        const std::size_t committer = any();
        const std::size_t by = any();
        std::size_t victim = any();
        if (victim == committer) victim = (victim + 1) % world_.members.size();
        const LeafIndex leaf = world_.group(victim).own_leaf();
        if (dice(2) == 0) {
            world_.deliver(must(world_.group(by).propose(world_.env(), Proposal{Remove{leaf}})), by);
        } else {
            const Group& group = world_.group(0);
            world_.deliver(must(external_proposal(group.group_id(), group.epoch(), Proposal{Remove{leaf}},
                                                  {SenderType::external, 0}, directory_)),
                           nobody);
        }
        const std::size_t updater = any();
        world_.deliver(must(world_.group(updater).propose_update(world_.env())), updater);
        world_.deliver(must(world_.group(by).propose(world_.env(), Proposal{PreSharedKey{world_.external_psk({1})}})),
                       by);
        world_.commit(committer);
    }
    void external_join()
    {
        if (full()) return remove();
        Member fresh = world_.newcomer(name());
        join_outside(std::move(fresh), std::nullopt);
    }
    void resync()
    {
        const LeafIndex old_leaf = world_.group(any()).own_leaf();
        join_outside(world_.newcomer(name()), old_leaf);
    }
    void join_outside(Member fresh, std::optional<LeafIndex> old_leaf)
    {
        if (old_leaf && world_.members.size() < 2) return;
        ExternalJoinOptions join;
        join.leaf = fresh.leaf;
        join.signer = fresh.signer;
        join.remove = old_leaf;
        if (dice(2) == 0) join.psks = {world_.external_psk({1})};
        const Group& source = world_.group(any());
        auto joined = must(Group::join_external(world_.env(), source.group_info(world_.env(), true, true), join, {},
                                                source.options()));
        world_.deliver(joined.commit, nobody);
        fresh.group = std::move(joined.group);
        world_.members.push_back(std::make_unique<Member>(std::move(fresh)));
        world_.drop_removed();
        world_.agree();
    }
    void psk()
    {
        CommitOptions options;
        options.proposals = {Proposal{PreSharedKey{world_.external_psk({1})}}};
        // A resumption PSK works only for those who were there: the current epoch's is everybody's.
        const Group& group = world_.group(0);
        options.proposals.push_back(Proposal{PreSharedKey{world_.resumption_psk(group, group.epoch())}});
        options.force_path = dice(2) == 0;
        world_.commit(any(), options);
    }
    void custom()
    {
        CommitOptions options;
        options.proposals = {Proposal{CustomProposal::opaque(custom_proposal, Bytes(dice(90), 3))}};
        world_.commit(any(), options);
    }
    void change_context()
    {
        Extensions extensions = extensions_;
        if (dice(2) == 0) extensions.push_back({custom_extension, Bytes(dice(9), 1)});
        CommitOptions options;
        options.proposals = {Proposal{GroupContextExtensions{extensions}}};
        std::vector<Member> fresh;
        if (!full() && dice(2) == 0) fresh.push_back(world_.newcomer(name()));
        world_.commit(any(), options, fresh);
    }
    void switch_format()
    {
        for (auto& member : world_.members)
            member->group->set_options(
                {dice(2) == 0 ? HandshakeFormat::public_message : HandshakeFormat::private_message,
                 static_cast<std::uint32_t>(dice(3) * 32)});
    }
    std::vector<KeyPackageBundle> packages_but(std::size_t by)
    {
        std::vector<KeyPackageBundle> out;
        for (std::size_t i = 0; i < world_.members.size(); ++i)
            if (i != by) out.push_back(world_.package(*world_.members[i]));
        return out;
    }
    void branch()
    {
        const std::size_t by = any();
        const auto bundles = packages_but(by);
        if (bundles.empty()) return;
        Member& branching = *world_.members[by];
        Bytes id(16);
        world_.entropy.fill(id);
        auto out = must(branching.group->branch(world_.env(), id, branching.leaf, branching.signer, world_lifetime,
                                                {bundles[0].key_package}));
        auto welcome = must_decode<MLSMessage>(*out.welcome);
        const Group* old[] = {&world_.group(by == 0 ? 1 : 0)};
        Environment env = world_.env();
        env.groups = old;
        const Group side = must(Group::join(env, *welcome.as<Welcome>(), bundles[0]));
        CHECK(std::ranges::equal(side.epoch_authenticator(), out.next.epoch_authenticator()));
    }
    void reinitialize()
    {
        Bytes id(32);
        world_.entropy.fill(id);
        CommitOptions options;
        options.proposals = {Proposal{ReInit{id, ProtocolVersion::mls10, world_.group(0).cipher_suite(), extensions_}}};
        world_.commit(any(), options);
        const std::size_t by = any();
        const auto bundles = packages_but(by);
        std::vector<KeyPackage> packages;
        for (const auto& bundle : bundles)
            packages.push_back(bundle.key_package);
        Member& leader = *world_.members[by];
        auto out = must(leader.group->reinitialize(world_.env(), leader.leaf, leader.signer, world_lifetime, packages));
        std::size_t next = 0;
        for (std::size_t i = 0; i < world_.members.size(); ++i) {
            if (i == by) continue;
            auto welcome = must_decode<MLSMessage>(*out.welcome);
            const Group* old[] = {&world_.group(i)};
            Environment env = world_.env();
            env.groups = old;
            world_.members[i]->group =
                must(Group::join(env, *welcome.as<Welcome>(), bundles[next++], {}, world_.group(i).options()));
        }
        leader.group = std::move(out.next);
        late_.clear();
        world_.agree();
    }

    struct Late {
        Bytes message;
        std::string text;
        std::uint64_t epoch;
        LeafIndex sender;
    };
    void talk()
    {
        // Some say a few things each; delivery is shuffled and doubled, and some of it comes epochs later.
        std::vector<Late> wire;
        for (std::size_t from = 0; from < world_.members.size(); ++from)
            for (std::uint64_t i = dice(4); i > 0; --i) {
                const std::string text = world_.members[from]->name + " says " + std::to_string(random_.next_u64());
                const Bytes message = must(world_.group(from).encrypt(world_.env(), as_bytes(text)));
                wire.push_back({message, text, world_.group(from).epoch(), world_.group(from).own_leaf()});
            }
        for (std::size_t i = wire.size(); i > 1; --i)
            std::swap(wire[i - 1], wire[dice(i)]);
        while (!wire.empty()) {
            if (dice(5) == 0)
                late_.push_back(std::move(wire.back()));
            else
                hear(wire.back(), false);
            wire.pop_back();
        }
        std::vector<Late> keep;
        for (Late& late : late_) {
            if (dice(3) == 0)
                hear(late, true);
            else if (late_.size() < 64)
                keep.push_back(std::move(late));
        }
        late_ = std::move(keep);
    }
    void hear(const Late& sent, bool is_late)
    {
        for (std::size_t to = 0; to < world_.members.size(); ++to) {
            Group& group = world_.group(to);
            const auto got = group.process(world_.env(), sent.message);
            if (got.ok()) {
                ++heard_;
                CHECK(as_text(got->application_data) == sent.text);
                CHECK(got->epoch == sent.epoch);
                CHECK(group.process(world_.env(), sent.message).error() == MlsError::generation_used);
            } else if (!is_late) {
                CHECK(got.error() == MlsError::own_message);
                CHECK(group.own_leaf() == sent.sender);
            } else {
                // Joined since, too late, or one's own from before: nothing else.
                const bool fine = got.error() == MlsError::own_message || got.error() == MlsError::epoch_too_old ||
                                  got.error() == MlsError::generation_used;
                CHECK_MESSAGE(fine, mls_error_name(got.error()));
            }
        }
    }
    void restart_some()
    {
        for (auto& member : world_.members) {
            const Rows& rows = store_parts(*member);
            const auto fate = dice(8);
            if (fate > 1) continue;
            const WipedBytes epoch = member->group->serialize_epoch(), ratchets = member->group->serialize_ratchets();
            member->group = fate == 0 ? must(Group::deserialize(epoch, ratchets))
                                      : must(Group::deserialize(epoch, [&](std::uint64_t of, PartIndex part) {
                                            const auto row = rows.find({of, part});
                                            return row == rows.end() ? std::nullopt : std::optional(row->second);
                                        }));
            CHECK(member->group->serialize_epoch() == epoch);
            CHECK(member->group->serialize_ratchets() == ratchets);
        }
    }
    /// As a store would have them: what moved is written over what was there.
    using Rows = std::map<std::pair<std::uint64_t, PartIndex>, WipedBytes>;
    const Rows& store_parts(Member& member)
    {
        Group& group = *member.group;
        Rows& rows = stored_[{member.name, to_bytes(group.group_id())}];
        const auto epochs = group.ratchet_epochs();
        std::erase_if(rows, [&](const auto& row) {
            return std::none_of(epochs.begin(), epochs.end(),
                                [&](const RatchetEpoch& one) { return one.epoch == row.first.first; });
        });
        for (auto& [epoch, part, bytes] : group.take_moved_ratchets())
            if (bytes.empty())
                rows.erase({epoch, part});
            else
                rows[{epoch, part}] = std::move(bytes);
        return rows;
    }

    SeededEntropy random_;
    World world_;
    SignatureKeyPair directory_;
    Extensions extensions_;
    std::vector<Late> late_;
    std::map<std::pair<std::string, Bytes>, Rows> stored_; ///< By name and group.
    int named_ = 0;

public:
    int heard_ = 0;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise)
{
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

} // namespace

TEST_CASE("random walks: all members agree after every step")
{
    const std::uint64_t steps = from_environment("GODWIT_WALK_STEPS", 40);
    const std::uint64_t only = from_environment("GODWIT_SEED", 0);
    for (std::uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? 6 : only); ++seed) {
        std::printf("walk: seed %llu, %llu steps", static_cast<unsigned long long>(seed),
                    static_cast<unsigned long long>(steps));
        std::fflush(stdout);
        Walk walk(seed);
        for (std::uint64_t i = 0; i < steps; ++i) {
            CAPTURE(seed);
            CAPTURE(i);
            walk.step();
        }
        std::printf(", %d messages heard\n", walk.heard_);
        CHECK(walk.heard_ > 0);
    }
}
