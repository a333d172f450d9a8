// SPDX-License-Identifier: Apache-2.0
// What is no commit, or another one than its frame says, costs no epoch: the relay sees it without keys.
#include "tests/relay/chat.hpp"
#include "tests/relay/circle.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

const auto filler_info = [](const wire::GroupName& group, std::uint64_t epoch) {
    return group_info_bytes(group, epoch);
};

} // namespace

TEST_CASE("a commit that is none, or another one: malformed, no epoch, no mail; the right one comes after it")
{
    struct Row {
        const char* name;
        std::function<void(frame::GroupCommit&, Chat&)> spoil;
    };
    const auto id = envelope(9).id;
    const wire::GroupName right = Chat::group(1), later = Chat::group(2);
    const wire::GroupName elsewhere{conversation(100, 100), 1};
    const Row table[] = {
        {"filler", [](auto& r, Chat&) { r.envelope.sealed = Bytes(100, 1); }},
        {"one byte", [](auto& r, Chat&) { r.envelope.sealed = {0}; }},
        {"a Welcome", [](auto& r, Chat&) { r.envelope.sealed = welcome_bytes(); }},
        {"a GroupInfo", [](auto& r, Chat&) { r.envelope.sealed = r.group_info; }},
        {"a trailing byte", [](auto& r, Chat&) { r.envelope.sealed.push_back(0); }},
        {"another version of MLS", [](auto& r, Chat&) { r.envelope.sealed[1] = 2; }},
        {"an application message", [](auto& r, Chat&) { r.envelope.sealed[4 + 25 + 8] = 1; }},
        {"a proposal", [](auto& r, Chat&) { r.envelope.sealed[4 + 25 + 8] = 2; }},
        {"another purpose", [](auto& r, Chat&) { r.envelope.sealed[4 + 25 + 8 + 2] = 1; }},
        {"another envelope", [&](auto& r, Chat&) { r.envelope.sealed = commit_bytes(right, 1, envelope(8).id); }},
        {"another epoch", [&](auto& r, Chat&) { r.envelope.sealed = commit_bytes(right, 2, id); }},
        {"another incarnation", [&](auto& r, Chat&) { r.envelope.sealed = commit_bytes(later, 1, id); }},
        {"another conversation", [&](auto& r, Chat&) { r.envelope.sealed = commit_bytes(elsewhere, 1, id); }},
        {"somebody else joins",
         [&](auto& r, Chat& c) { r.envelope.sealed = external_commit_bytes(right, 1, id, c.bo.id); }},
        {"no Welcome", [](auto& r, Chat&) { r.welcome = Bytes(50, 0x3e); }},
        {"a Welcome for nobody", [](auto& r, Chat&) { r.welcome = welcome_bytes(0); }},
        {"a commit as the Welcome", [](auto& r, Chat&) { r.welcome = r.envelope.sealed; }},
        {"no GroupInfo", [](auto& r, Chat&) { r.group_info = Bytes(50, 1); }},
        {"a GroupInfo of the epoch before", [&](auto& r, Chat&) { r.group_info = filler_info(right, 1); }},
        {"a GroupInfo of another incarnation", [&](auto& r, Chat&) { r.group_info = filler_info(later, 2); }},
        {"a GroupInfo of another conversation", [&](auto& r, Chat&) { r.group_info = filler_info(elsewhere, 2); }},
        {"a GroupInfo without a tree", [&](auto& r, Chat&) { r.group_info = group_info_bytes(right, 2, 1, 0); }},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Chat c;
        CHECK(c.commit(c.ann, "bo", 1, 0, 1, {}, {c.bo.id}) == ErrorCode::ok);
        c.bo.forget_frames();
        const auto good = c.request("bo", 1, 1, 9, {c.bo.id}, {c.phone.id});
        auto bad = good;
        row.spoil(bad, c);
        const auto refused = c.ann.ask(bad);
        CHECK(refused.error.code == ErrorCode::malformed);
        CHECK_FALSE(refused.error.detail.empty());
        CHECK_FALSE(c.ann.is_closed());
        CHECK(c.bo.take<frame::MailboxDeliver>().empty());
        CHECK(c.phone.take<frame::MailboxDeliver>().empty());
        CHECK(c.world.core->counters().group_commits_malformed == 1);
        const auto state = c.state(c.bo, "ann");
        CHECK(state.epoch == 1);
        CHECK(state.commit == envelope(1).id);
        CHECK(state.group_info == c.info(1));
        CHECK(c.ann.code(good) == ErrorCode::ok);
        CHECK(c.bo.take<frame::MailboxDeliver>().size() == 1);
    }
}

TEST_CASE("an external commit goes in the open, and joins the device that sends it")
{
    for (const bool removes : {false, true}) {
        Chat c;
        CHECK(c.commit(c.ann, "bo", 1, 0, 1) == ErrorCode::ok);
        auto join = c.request("ann", 1, 1, 2, {c.ann.id});
        join.envelope.sealed = external_commit_bytes(c.group(1), 1, join.envelope.id, c.bo.id, removes);
        CHECK(c.ann.code(join) == ErrorCode::malformed);
        CHECK(c.bo.code(join) == ErrorCode::ok);
        CHECK(c.ann.take<frame::MailboxDeliver>().size() == 1);
        auto early = c.request("ann", 2, 0, 3);
        early.envelope.sealed = external_commit_bytes(c.group(2), 0, early.envelope.id, c.bo.id);
        CHECK(c.bo.code(early) == ErrorCode::malformed); // there is nothing to join yet
        CHECK(c.state(c.ann).epoch == 2);
    }
}

TEST_CASE("every byte of a commit, a Welcome and a GroupInfo: cut anywhere it is none; changed anywhere nothing breaks")
{
    const auto group = Chat::group(1);
    const auto id = envelope(1).id;
    const auto device = signing_key(1).public_key();
    const Bytes commits[] = {commit_bytes(group, 1, id), external_commit_bytes(group, 1, id, device, true)};
    const auto welcome = welcome_bytes(2), info = group_info_bytes(group, 2);
    const auto readable = [](const Bytes& bytes) {
        return int{wire::read_mls_commit(bytes).has_value()} + int{wire::is_mls_welcome(bytes)} +
               int{wire::read_mls_group_info(bytes).has_value()};
    };
    for (const auto& whole : {commits[0], commits[1], welcome, info}) {
        CHECK(readable(whole) == 1);
        for (std::size_t n = 0; n < whole.size(); ++n) {
            CHECK(readable(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))) == 0);
            for (const int bit : {0, 5, 6, 7}) {
                auto other = whole;
                other[n] = static_cast<std::uint8_t>(other[n] ^ (1 << bit));
                CHECK(readable(other) <= 1);
            }
        }
        auto longer = whole;
        longer.push_back(0);
        CHECK(readable(longer) == 0);
    }
    CHECK(wire::read_mls_commit(commits[0])->envelope == id);
    CHECK_FALSE(wire::read_mls_commit(commits[0])->joins);
    CHECK(wire::read_mls_commit(commits[1])->joins == device);
    CHECK(wire::read_mls_group_info(info)->group == group);
    CHECK(wire::read_mls_group_info(info)->epoch == 2);
    CHECK(wire::read_mls_group_info(info)->has_ratchet_tree);
    CHECK(wire::read_mls_group_info(info)->has_external_pub);
}

TEST_CASE("a commit of a group of many says, signed, which rules it leads to: its GroupInfo shows those, or it is none")
{
    struct Row {
        const char* name;
        std::function<void(frame::GroupCommit&, const Circle&)> spoil;
    };
    const auto says = [](frame::GroupCommit& r, BytesView rules) {
        r.envelope.sealed = commit_bytes({r.conversation, 1}, 1, r.envelope.id, 9, 60, rules);
    };
    const auto digest = [](const Circle& c, const std::vector<std::string>& members) {
        return policy::rules_digest(c.policy(members));
    };
    const auto without_bo = [](frame::GroupCommit& r, const Circle& c) {
        r.members = {"ann", "cy"};
        r.group_info = group_info_bytes({c.id, 1}, 2, 9, 40, c.policy(r.members));
    };
    const Row table[] = {
        // bo commits what all the others follow, and has the relay believe that bo has left: then nobody's commit would
        // be from the policy that the relay knows, and members could refuse none of it.
        {"the GroupInfo is without the committer", without_bo},
        {"the commit alone is without the committer", [&](auto& r, auto& c) { says(r, digest(c, {"ann", "cy"})); }},
        {"the commit says none", [&](auto& r, auto&) { says(r, {}); }},
        {"what it says is too short",
         [&](auto& r, auto&) {
             // As a list it would be of this length; nothing else is.
             auto bound = wire::bind(wire::commit_purpose, r.envelope.id, {Bytes(31, 7)});
             Bytes sealed = commit_bytes({r.conversation, 1}, 1, r.envelope.id);
             const auto plain = wire::bind(wire::commit_purpose, r.envelope.id);
             const auto at = std::search(sealed.begin(), sealed.end(), plain.begin(), plain.end());
             *(at - 1) = static_cast<std::uint8_t>(bound.size());
             sealed.insert(at + static_cast<std::ptrdiff_t>(plain.size()),
                           bound.begin() + static_cast<std::ptrdiff_t>(plain.size()), bound.end());
             r.envelope.sealed = std::move(sealed);
         }},
        {"it joins from outside, and the GroupInfo is without it",
         [&](auto& r, auto& c) {
             r.envelope.sealed =
                 external_commit_bytes({c.id, 1}, 1, r.envelope.id, c.bo.id, true, digest(c, {"ann", "bo", "cy"}));
             without_bo(r, c);
         }},
        {"it joins from outside and says none",
         [&](auto& r, auto& c) {
             r.envelope.sealed = external_commit_bytes({c.id, 1}, 1, r.envelope.id, c.bo.id, true);
         }},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Circle c;
        c.create();
        auto bad = c.request(1, 9, {"ann", "bo", "cy"});
        row.spoil(bad, c);
        const auto refused = c.bo.ask(bad);
        CHECK_MESSAGE(refused.error.code == ErrorCode::malformed, refused.error.detail);
        CHECK(c.ann.take<frame::MailboxDeliver>().empty());
        CHECK(c.world.core->counters().group_commits_malformed == 1);
        CHECK(c.state(c.ann).epoch == 1);
        // The owner goes on, and so does bo.
        CHECK(c.commit(c.ann, 1, 10, {"ann", "bo", "cy"}) == ErrorCode::ok);
        CHECK(c.commit(c.bo, 2, 11, {"ann", "bo", "cy"}) == ErrorCode::ok);
        auto join = c.request(3, 12, {"ann", "bo", "cy"});
        join.envelope.sealed =
            external_commit_bytes({c.id, 1}, 3, join.envelope.id, c.cy.id, true, digest(c, {"ann", "bo", "cy"}));
        CHECK(c.cy.code(join) == ErrorCode::ok);
    }
    Chat two;
    auto create = two.request("bo", 1, 0, 1, {}, {two.bo.id});
    create.envelope.sealed = commit_bytes(two.group(1), 0, create.envelope.id, 1, 60, Bytes(32, 7));
    CHECK(two.ann.code(create) == ErrorCode::malformed);
}

TEST_CASE("what was made by the rules of another epoch has come too late, whatever it does by those of now")
{
    Circle c;
    c.create();
    const auto late = c.request(1, 3, {"ann", "bo", "cy"}); // Keys only: bo knows cy as a member.
    c.admins = {"cy"};
    REQUIRE(c.commit(c.ann, 1, 2, {"ann", "bo", "cy"}) == ErrorCode::ok);
    const auto answer = c.bo.ask(late);
    CHECK(answer.error.code == ErrorCode::conflict);
    CHECK(std::get<frame::GroupState>(answer.body).epoch == 2);
    CHECK(c.dee.code(c.request(1, 4, {"ann", "bo", "cy"})) == ErrorCode::not_allowed); // Learns nothing of it.
}
