// SPDX-License-Identifier: Apache-2.0
// A member's commit that all others follow, with a GroupInfo that is not what it leads to: the relay judges by that,
// and who joins from outside begins with it; members do not see it.
#include "tests/lib/engine/league.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Signed by the one whose group it is.
mls::GroupInfo signed_again(mls::GroupInfo info, const mls::Group& group)
{
    mls::sign_group_info(info, mls::GroupTestAccess::signer(group));
    return info;
}

/// Keys only, valid for all; what it says of its rules is `says`.
struct ValidCommit {
    MessageId id;
    mls::Group before;
    mls::CommitOutput made;
    ValidCommit(Siege& siege, Client& by, BytesView says)
        : id(siege.fresh_id()), before(group_of(by, siege.conversation)), made(make(siege, before, id, says))
    {
    }
    [[nodiscard]] mls::GroupInfo info(Siege& siege) const { return made.next.group_info(siege.lawless(), true, true); }

private:
    static mls::CommitOutput make(Siege& siege, mls::Group group, const MessageId& id, BytesView says)
    {
        mls::CommitOptions options;
        options.authenticated_data = seal::bind(seal::commit_purpose, id, {}, says);
        return must(group.commit(siege.lawless(), options));
    }
};

std::vector<const event::Security*> of_false_infos(const Client& client)
{
    std::vector<const event::Security*> out;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::Security>(&event);
            one != nullptr && one->kind == SecurityKind::group_invalid &&
            one->detail.find("not what its members have") != std::string::npos)
            out.push_back(one);
    return out;
}

} // namespace

TEST_CASE("a plain member's good commit with a GroupInfo of other rules: refused, or taken back; the owner goes on")
{
    League l(961);
    const auto before = group_of(l.mallory, l.conversation);
    const auto truth = Siege::rules_of(before.context().extensions);
    const auto lies = l.false_rules(before); // Without Mallory: the relay would let nobody commit after it.
    const auto lying = [&](const ValidCommit& commit) {
        auto info = commit.info(l);
        info.group_context.extensions = lies;
        return signed_again(std::move(info), commit.made.next);
    };
    const auto malformed = l.world.relay_counters().group_commits_malformed;
    for (const auto& says : {truth, Bytes()}) {
        const ValidCommit commit(l, l.mallory, says);
        const auto answer = l.commit(l.mallory, commit.before, commit.id, commit.made.commit, lying(commit));
        CHECK(answer.error.code == ErrorCode::malformed);
    }
    CHECK(l.world.relay_counters().group_commits_malformed == malformed + 2);
    CHECK(l.epoch() == before.epoch());

    // It says what the GroupInfo says: then members see that it does something else.
    const ValidCommit commit(l, l.mallory, Siege::rules_of(lies));
    const auto rejected = l.world.relay_counters().group_rejects;
    REQUIRE(l.commit(l.mallory, commit.before, commit.id, commit.made.commit, lying(commit)).error.code ==
            ErrorCode::ok);
    REQUIRE(l.world.run_until([&] { return l.world.relay_counters().group_rejects == rejected + 1; }));
    REQUIRE(l.all_told(SecurityKind::commit_rejected));
    for (auto* one : l.honest) {
        const auto* told = l.last(*one, SecurityKind::commit_rejected);
        CHECK(told->device == id_of(l.mallory));
        CHECK_MESSAGE(told->detail.find("other rules") != std::string::npos, told->detail);
    }
    const auto put_out = l.alice.wait(l.alice.ask(request::GroupRemove{l.conversation, {"mallory"}}));
    CHECK_MESSAGE(put_out.error.code == ErrorCode::ok, put_out.error.detail);
    l.all_hear(l.carol, "and we go on");
}

TEST_CASE("the same by a join from outside: refused at the relay, whatever it says")
{
    League l(962);
    const auto before = group_of(l.erin, l.conversation);
    const auto lies = l.false_rules(before, &l.erin);
    for (const auto& says : {Siege::rules_of(before.context().extensions), Siege::rules_of(lies), Bytes()}) {
        const auto id = l.fresh_id();
        mls::ExternalJoinOptions join;
        join.leaf = seal::leaf_options(l.erin.store.identity()->certificate);
        join.signer = mls::GroupTestAccess::signer(before);
        join.remove = before.own_leaf();
        join.authenticated_data = seal::bind(seal::commit_purpose, id, {}, says);
        const auto made =
            must(mls::Group::join_external(l.lawless(), before.group_info(l.lawless(), true, true), join));
        auto info = made.group.group_info(l.lawless(), true, true);
        info.group_context.extensions = lies;
        const auto answer = l.commit(l.erin, before, id, made.commit, signed_again(std::move(info), made.group));
        const bool agree = says == Siege::rules_of(lies);
        CHECK(answer.error.code == (agree ? ErrorCode::not_allowed : ErrorCode::malformed));
    }
    CHECK(l.epoch() == before.epoch());
    l.all_hear(l.dave, "as before");
}

TEST_CASE("a good commit with a GroupInfo that nobody can join by: who tries is refused, the liar named, and it heals")
{
    std::function<void(mls::GroupInfo&)> spoil;
    SUBCASE("another confirmation tag")
    {
        spoil = [](mls::GroupInfo& info) { info.confirmation_tag[0] ^= 1; };
    }
    SUBCASE("another history")
    {
        spoil = [](mls::GroupInfo& info) { info.group_context.confirmed_transcript_hash[0] ^= 1; };
    }
    SUBCASE("another external key")
    {
        spoil = [](mls::GroupInfo& info) {
            for (auto& one : info.extensions)
                if (one.extension_type == mls::ExtensionType::external_pub)
                    one = mls::make_extension(mls::ExtensionType::external_pub, mls::ExternalPub{Bytes(32, 9)});
        };
    }
    League l(963);
    const ValidCommit commit(l, l.mallory, Siege::rules_of(group_of(l.mallory, l.conversation).context().extensions));
    auto info = commit.info(l);
    spoil(info);
    REQUIRE(l.commit(l.mallory, commit.before, commit.id, commit.made.commit,
                     signed_again(std::move(info), commit.made.next))
                .error.code == ErrorCode::ok);
    REQUIRE(l.world.run_until([&] {
        return std::all_of(l.honest.begin(), l.honest.end(), [&](auto* one) {
            return group_of(*one, l.conversation).epoch() == commit.before.epoch() + 1;
        });
    }));
    auto& tablet = l.world.client("carol.tablet");
    l.enter(tablet); // Joins by itself.
    const auto is_in = [&] {
        const auto there = seal::load_group(tablet.store, l.conversation);
        return there && there->epoch() == l.epoch() && l.head(tablet) == l.head(l.alice);
    };
    CHECK(l.world.run_until(is_in, minutes(2)));
    std::size_t named = 0;
    for (auto* one : l.honest)
        for (const auto* told : of_false_infos(*one)) {
            ++named;
            CHECK(told->device == id_of(l.mallory));
        }
    CHECK(named > 0);
    l.honest.push_back(&tablet);
    l.all_hear(tablet, "here I am");
    l.all_hear(l.dave, "welcome");
}

TEST_CASE("who founds a group shows the relay other rules than its members: named as soon as they are in")
{
    Siege s(964);
    s.silent.clear();
    s.edit_commit = [&](Client& from, frame::GroupCommit& commit) {
        if (&from != &s.mallory || commit.epoch != 0 || !commit.with.empty()) return;
        const auto read = mls::decode<mls::MLSMessage>(commit.group_info);
        REQUIRE(read.ok());
        auto info = *read->as<mls::GroupInfo>();
        const auto truth = seal::policy::rules_of(info.group_context.extensions);
        auto policy = *seal::policy::decode(info.group_context.extensions);
        policy.all_muted = true;
        info.group_context.extensions = seal::policy::encode(policy);
        const auto lies = seal::policy::rules_of(info.group_context.extensions);
        mls::sign_group_info(info, mls::GroupTestAccess::signer(group_of(s.mallory, s.conversation)));
        commit.group_info = mls::encode(mls::MLSMessage{info});
        auto& sealed = commit.envelope.sealed; // Nobody sees this commit, and the relay verifies none.
        const auto at = std::search(sealed.begin(), sealed.end(), truth.begin(), truth.end());
        REQUIRE(at != sealed.end());
        std::copy(lies.begin(), lies.end(), at);
    };
    const auto made = s.mallory.wait(s.mallory.ask(request::GroupCreate{ConversationKind::group, "trap", {"alice"}}));
    REQUIRE_MESSAGE(made.error.code == ErrorCode::ok, made.error.detail);
    s.conversation = std::get<ConversationId>(made.value);
    REQUIRE(s.world.run_until([&] { return seal::load_group(s.phone.store, s.conversation).has_value(); }));
    CHECK(s.world.run_until([&] { return !of_false_infos(s.alice).empty() && !of_false_infos(s.phone).empty(); }));
    s.world.run_for(seconds(5));
    // Everybody may leave. As the relay has it, alice would unmute all the others by that.
    const auto left = s.alice.wait(s.alice.ask(request::GroupLeave{s.conversation}));
    CHECK(left.error.code == ErrorCode::not_allowed);
    s.world.run_for(minutes(1));
    CHECK(of_false_infos(s.alice).size() <= 2); // At first sight, and by what came of it.
    for (const auto* told : of_false_infos(s.alice)) {
        CHECK(told->device == id_of(s.mallory));
        CHECK_MESSAGE(told->detail.find("other rules") != std::string::npos, told->detail);
    }
}

TEST_CASE("a relay does not allow a change that the group's rules do: named once, and tried again later")
{
    League l(965);
    bool forbids = true;
    l.forbids = [&](const Client&) { return forbids; };
    auto& tablet = l.world.client("dave.tablet");
    l.enter(tablet); // It may not join by itself, and nobody may take it in.
    CHECK(l.world.run_until([&] { return told(l.dave, SecurityKind::group_invalid) > 0; }, minutes(3)));
    l.world.run_for(minutes(2));
    CHECK(told(l.dave, SecurityKind::group_invalid) == 1);
    CHECK(of_false_infos(l.dave).empty());
    const auto* named = l.last(l.dave, SecurityKind::group_invalid);
    REQUIRE(named != nullptr);
    CHECK_MESSAGE(named->detail.find("because I say so") != std::string::npos, named->detail);
    forbids = false;
    l.honest.push_back(&tablet);
    CHECK(l.world.run_until([&] { return group_of(l.alice, l.conversation).tree().member_count() == 7; }, minutes(10)));
}

TEST_CASE("who was not sent a commit that leads nowhere says so, by the epoch that it starts from")
{
    League l(966);
    const auto before = group_of(l.mallory, l.conversation);
    for (auto* one : {&l.alice, &l.phone, &l.carol})
        one->crash();
    const auto id = l.fresh_id();
    l.loses = [&](const Client& to, const frame::MailboxDeliver& mail) {
        return &to == &l.dave && mail.envelope.id == id;
    };
    Lie lie;
    lie.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
    auto info = l.false_info(before);
    info.signature[0] ^= 1;
    REQUIRE(l.commit(l.mallory, before, id, l.lie(before, id, lie), info).error.code == ErrorCode::ok);
    l.rejections.clear();
    l.dave.ask(request::GroupLeave{l.conversation}); // By a commit, which comes too late.
    CHECK(l.world.run_until(
        [&] {
            return std::any_of(l.rejections.begin(), l.rejections.end(), [&](const auto& said) {
                const auto& [by, what] = said;
                return by == &l.dave && what.conversation == l.conversation && what.commit.is_zero() &&
                       what.epoch == before.epoch();
            });
        },
        minutes(3)));
}
