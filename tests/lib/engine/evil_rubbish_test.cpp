// SPDX-License-Identifier: Apache-2.0
// Rubbish on rubbish in a conversation of two, and a relay that counts no votes, or shows what it has refused.
#include "tests/lib/engine/evil_member.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

mls::LeafIndex leaf_of(const mls::Group& group, Client& client)
{
    const auto leaf = seal::find_device(group.tree(), id_of(client));
    REQUIRE(leaf.has_value());
    return *leaf;
}

} // namespace

TEST_CASE("a member commits rubbish, and rubbish on that: both are gone, in the same group, as often as it likes")
{
    Siege siege(612);
    const auto incarnation = [&] {
        return seal::parse_group_id(group_of(siege.alice, siege.conversation).group_id())->incarnation;
    };
    const auto before = incarnation();
    const auto rejected = siege.world.relay_counters().group_rejects;
    for (std::uint64_t n = 1; n <= 4; ++n) {
        siege.rubbish_on_rubbish(siege.mallory, siege.mallory);
        CHECK(siege.world.run_until([&] { return siege.world.relay_counters().group_rejects == rejected + 2 * n; }));
        siege.world.run_for(seconds(3));
    }
    REQUIRE(siege.all_told(SecurityKind::commit_rejected));
    for (auto* one : siege.honest) {
        CHECK(siege.last(*one, SecurityKind::commit_rejected)->device == id_of(siege.mallory));
        CHECK(told(*one, SecurityKind::commit_withheld) == 0);
    }
    siege.goes_on();
    CHECK(incarnation() == before);
}

TEST_CASE("a relay hears no rejection, and says that it has: named, nothing is followed; honest again, it goes on")
{
    Siege siege(613);
    siege.deaf = true;
    const auto epoch = group_of(siege.alice, siege.conversation).epoch();
    siege.rubbish_on_rubbish(siege.mallory, siege.mallory);
    REQUIRE(siege.all_told(SecurityKind::commit_rejected));
    CHECK(siege.world.relay_counters().group_rejects == 0);
    CHECK(group_of(siege.alice, siege.conversation).epoch() == epoch);
    siege.deaf = false;
    siege.goes_on(minutes(10));
}

TEST_CASE("a commit that put a device out and was taken back comes again: refused, named, also after a restart")
{
    Siege siege(614);
    auto& tablet = siege.world.client("alice.tablet");
    siege.enter(tablet);
    siege.honest.push_back(&tablet);
    siege.silent.clear();
    REQUIRE(siege.world.run_until([&] {
        const auto group = seal::load_group(siege.mallory.store, siege.conversation);
        return group && group->tree().member_count() == 4;
    }));
    siege.world.run_for(seconds(15));
    siege.silent.insert(&siege.mallory);
    const auto before = group_of(siege.mallory, siege.conversation);
    const auto id = siege.fresh_id();
    Lie lie;
    const auto out = leaf_of(before, siege.phone);
    lie.proposals = {mls::Proposal{mls::Remove{out}}};
    lie.tree = [out](mls::RatchetTree& tree) { tree.remove_leaf(out); };
    lie.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
    const auto sealed = siege.lie(before, id, lie);
    REQUIRE(siege.commit(siege.mallory, before, id, sealed, siege.false_info(before)).error.code == ErrorCode::ok);
    REQUIRE(siege.world.run_until([&] { return told(siege.phone, SecurityKind::group_rejoined) == 1; }));
    CHECK(told(siege.phone, SecurityKind::commit_rejected) == 0);
    const auto show = [&] {
        const frame::MailboxDeliver row{1ULL << 41, id_of(siege.mallory), siege.world.wall_ms(), {id, sealed}};
        siege.world.inject(siege.phone, wire::encode(frame::ServerFrame(row)));
        siege.world.run_for(seconds(2));
    };
    show();
    CHECK(told(siege.phone, SecurityKind::commit_rejected) == 1);
    siege.phone.crash();
    siege.phone.start();
    siege.world.run_for(seconds(5));
    show();
    CHECK(told(siege.phone, SecurityKind::commit_rejected) >= 1);
    CHECK(siege.head(siege.phone) == siege.head(siege.alice)); // It was not out for a moment.
    CHECK(told(siege.phone, SecurityKind::group_rejoined) <= 1);
    siege.goes_on();
}

TEST_CASE("a relay shows a commit that it has refused to a device that a good one put out: named, not followed")
{
    Siege siege(615);
    auto before = group_of(siege.mallory, siege.conversation);
    auto another = before;
    const auto id = siege.fresh_id(), refused = siege.fresh_id();
    mls::CommitOptions options;
    options.authenticated_data = seal::bind(seal::commit_purpose, refused);
    const auto shown = must(another.commit(siege.lawless(), options));
    options.proposals = {mls::Proposal{mls::Remove{leaf_of(before, siege.phone)}}};
    options.authenticated_data = seal::bind(seal::commit_purpose, id);
    const auto made = must(before.commit(siege.lawless(), options));
    bool was_shown = false;
    siege.and_then = [&](Client& to, const frame::MailboxDeliver& mail) -> std::optional<frame::MailboxDeliver> {
        if (&to != &siege.phone || mail.envelope.id != id || was_shown) return std::nullopt;
        was_shown = true;
        auto out = mail;
        out.envelope = {refused, shown.commit};
        return out;
    };
    REQUIRE(siege.commit(siege.mallory, before, id, made.commit, made.next.group_info(siege.lawless(), true, true))
                .error.code == ErrorCode::ok);
    REQUIRE(siege.world.run_until([&] { return told(siege.phone, SecurityKind::group_forked) > 0; }));
    CHECK(was_shown);
    CHECK(siege.last(siege.phone, SecurityKind::group_forked)->device == id_of(siege.mallory));
    siege.goes_on();
    CHECK(told(siege.phone, SecurityKind::group_rejoined) >= 1);
}
