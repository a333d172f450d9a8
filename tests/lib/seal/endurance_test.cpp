// SPDX-License-Identifier: Apache-2.0
// What has to go on for years, whatever one member puts into the tree and whatever clocks have said: commits, healing,
// forgetting.
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

#include "lib/seal/key_packages.hpp"
#include "lib/seal/state.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using CommitVerdict = seal::CommitOutcome::Verdict;
using Verdict = seal::Opened::Verdict;

namespace {

constexpr auto ballast_extension = static_cast<mls::ExtensionType>(0xf0b0);

mls::LeafNodeOptions with_ballast(const Member& member, std::size_t bytes)
{
    auto out = seal::leaf_options(member.certificate);
    out.grease = false; // Of random length.
    out.capabilities.extensions.push_back(ballast_extension);
    out.extensions.push_back({ballast_extension, Bytes(bytes, 7)});
    return out;
}

std::size_t leaf_bytes(const mls::Group& group)
{
    return mls::encode(*group.tree().leaf(group.own_leaf())).size();
}

/// A commit of `by` that makes its own leaf so long.
mls::CommitOutput stretch(Four& f, Member& by, std::size_t bytes, const MessageId& id)
{
    auto group = group_of(by, f.conversation);
    std::size_t ballast = bytes / 2;
    for (;;) {
        mls::CommitOptions options;
        options.leaf = with_ballast(by, ballast);
        options.authenticated_data = seal::bind(seal::commit_purpose, id);
        auto out = must(group.commit(lawless(by), options));
        const std::size_t size = leaf_bytes(out.next);
        if (size == bytes) return out;
        ballast += bytes - size;
    }
}

CommitVerdict hear(Member& at, const Member& from, const MessageId& id, BytesView commit)
{
    return at.tick([&](Groups& g) { return g.commit(id, from.id, commit, start_ms); }).verdict;
}

std::size_t packages_in(const Member& member)
{
    const auto names = member.store.value_names();
    return static_cast<std::size_t>(std::count_if(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("mls/kp/") && name != "mls/kp/index";
    }));
}

} // namespace

TEST_CASE("endurance: a leaf as long as may be is taken, and a longer one by nobody")
{
    Four f;
    const auto good = stretch(f, f.bob2, seal::leaf_bytes_max, message_id(1));
    const auto bad = stretch(f, f.bob2, seal::leaf_bytes_max + 1, message_id(2));
    const auto huge = stretch(f, f.bob2, 170 * 1024, message_id(3)); // Its own GroupInfo still fits a frame.
    for (Member* member : {&f.ann1, &f.ann2, &f.bob1}) {
        CHECK(hear(*member, f.bob2, message_id(2), bad.commit) == CommitVerdict::rejected);
        CHECK(hear(*member, f.bob2, message_id(3), huge.commit) == CommitVerdict::rejected);
        CHECK(hear(*member, f.bob2, message_id(1), good.commit) == CommitVerdict::applied);
    }
    f.change(f.ann1); // And commits.
}

TEST_CASE("endurance: a leaf that is too long comes in by no other door either")
{
    Four f;
    Member& ann3 = f.world.device("ann", "ann3");
    const auto signer = crypto::Ed25519KeyPair::from_seed(ann3.seed);
    const auto bundle = must(mls::create_key_package(seal::suite, signer, with_ballast(ann3, seal::leaf_bytes_max),
                                                     seal::lifetime_from(start_ms), ann3.entropy));
    const Bytes package = mls::encode(mls::MLSMessage{bundle.key_package});
    std::vector<DeviceId> bad;
    const auto made = f.ann1.tick(
        [&](Groups& g) { return g.change(f.world.circle("ann", "bob"), {{ann3.id, package}}, bad, start_ms); });
    REQUIRE(made.ok());
    CHECK(bad == std::vector{ann3.id});
    f.ann1.tick([&](Groups& g) { return g.refused(f.conversation), 0; });

    SUBCASE("added by a member who does not look")
    {
        auto group = group_of(f.ann1, f.conversation);
        mls::CommitOptions options;
        options.proposals = {mls::Proposal{mls::Add{bundle.key_package}}};
        options.authenticated_data = seal::bind(seal::commit_purpose, message_id(1));
        const auto out = must(group.commit(lawless(f.ann1), options));
        CHECK(hear(f.bob1, f.ann1, message_id(1), out.commit) == CommitVerdict::rejected);
    }
    SUBCASE("from outside")
    {
        const auto message = must(mls::decode<mls::MLSMessage>(f.world.group_info));
        mls::ExternalJoinOptions join{with_ballast(ann3, seal::leaf_bytes_max), signer, {}, {}, {}};
        join.authenticated_data = seal::bind(seal::commit_purpose, message_id(1));
        const auto out = must(mls::Group::join_external(lawless(ann3), *message.as<mls::GroupInfo>(), join));
        CHECK(hear(f.bob1, ann3, message_id(1), out.commit) == CommitVerdict::rejected);
    }
    SUBCASE("of a group that somebody made with it")
    {
        const auto out = stretch(f, f.bob2, seal::leaf_bytes_max + 1, message_id(1));
        const Bytes info = mls::encode(mls::MLSMessage{out.next.group_info(lawless(f.bob2), true, true)});
        const auto joined = ann3.tick(
            [&](Groups& g) { return g.rejoin(f.world.circle("ann", "bob"), info, {1, out.next.epoch()}, start_ms); });
        REQUIRE_FALSE(joined.ok());
        CHECK(joined.error().detail == "group info: of a group with a leaf that is too long");
        // And by a Welcome to it.
        Member& ann4 = f.world.device("ann", "ann4");
        auto group = out.next;
        mls::CommitOptions options;
        const auto added = must(mls::decode<mls::MLSMessage>(f.world.packages({&ann4})[ann4.id]));
        options.proposals = {mls::Proposal{mls::Add{*added.as<mls::KeyPackage>()}}};
        const auto welcome = *must(group.commit(lawless(f.bob2), options)).welcome;
        const auto entered = ann4.tick([&](Groups& g) { return g.welcome(welcome, start_ms); });
        REQUIRE_FALSE(entered.ok());
        CHECK(entered.error().detail == "welcome: to a group with a leaf that is too long");
    }
}

TEST_CASE("endurance: what is opened while a commit waits for its answer cannot be opened with what is stored of it")
{
    Four f;
    const auto made = f.change(f.ann1);
    const auto sealed = f.seal(f.bob1, message_id(1), "soon gone");
    REQUIRE(f.open(f.ann1, f.bob1, message_id(1), sealed.bytes).verdict == Verdict::opened);
    const auto waiting = must(mls::decode<seal::Pending>(*stored(f.ann1, f.conversation, "pending")));
    auto next = must(mls::Group::deserialize(waiting.epoch, waiting.ratchets));
    CHECK(next.process(lawless(f.ann1), sealed.bytes).error() == mls::MlsError::epoch_too_old);

    // What was not opened yet is, when the commit has been accepted.
    const auto late = f.seal(f.bob1, message_id(2), "late");
    for (Member* member : {&f.ann2, &f.bob1, &f.bob2})
        REQUIRE(f.commit(*member, f.ann1, made).verdict == CommitVerdict::applied);
    f.accepted(f.ann1);
    CHECK(f.open(f.ann1, f.bob1, message_id(1), sealed.bytes).verdict == Verdict::repeated);
    CHECK(f.open(f.ann1, f.bob1, message_id(2), late.bytes).verdict == Verdict::opened);
    f.everybody_talks();
}

TEST_CASE(
    "endurance: a clock that was a year ahead, once, does not keep a leaf or a last resort from getting fresh keys")
{
    Four f;
    const WallMs ahead = start_ms + 365 * day_ms;
    f.world.now_ms = ahead;
    f.world.accept(f.ann1, f.change(f.ann1));
    static_cast<void>(f.ann1.tick([&](Groups& g) { return g.make_last_resort(ahead); }));
    CHECK_FALSE(f.ann1.groups->needs(f.circle, ahead - seal::clock_slack_ms).update);
    CHECK(f.ann1.groups->needs(f.circle, ahead - seal::clock_slack_ms - 1).update);
    CHECK_FALSE(f.ann1.groups->last_resort_is_old(ahead - seal::clock_slack_ms));
    CHECK(f.ann1.groups->last_resort_is_old(ahead - seal::clock_slack_ms - 1));

    f.world.now_ms = start_ms;
    static_cast<void>(f.ann1.tick([](Groups& g) { return g.make_last_resort(start_ms); }));
    CHECK_FALSE(f.ann1.groups->last_resort_is_old(start_ms));
    f.world.accept(f.ann1, f.change(f.ann1));
    CHECK_FALSE(f.ann1.groups->needs(f.circle, start_ms).update);
}

TEST_CASE("endurance: a last resort that another one has long replaced opens nothing any more")
{
    World world;
    Member& ann = world.device("ann", "ann1");
    const auto make = [&](WallMs now_ms) { (void)ann.tick([&](Groups& g) { return g.make_last_resort(now_ms); }); };
    const auto look = [&](WallMs now_ms) {
        static_cast<void>(ann.tick([&](Groups& g) { return g.last_resort_is_old(now_ms); }));
        return packages_in(ann);
    };
    make(start_ms);
    CHECK(look(start_ms + seal::replaced_last_resort_kept_ms + day_ms) == 1); // No other one.
    const WallMs second = start_ms + 70 * day_ms;
    make(second);
    CHECK(look(second + seal::replaced_last_resort_kept_ms) == 2);
    CHECK(look(second + seal::replaced_last_resort_kept_ms + 1) == 1);
}
