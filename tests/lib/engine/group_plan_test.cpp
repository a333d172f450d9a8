// SPDX-License-Identifier: Apache-2.0
// What an application asks of a group, as the policy that follows: pure.
#include "lib/engine/group_rules.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::engine;

namespace {

PublicKey key(std::uint8_t byte)
{
    PublicKey out;
    out.bytes.fill(byte);
    return out;
}

const Self ann{"ann", key(5)};

/// bo and cy are contacts; of dan the relay shows another key.
Result<PublicKey> key_of(const std::string& user)
{
    if (user == "bo") return key(9);
    if (user == "cy") return key(1);
    if (user == "dan") return Error{ErrorCode::account_key_changed, "compare", 0};
    return Error{ErrorCode::not_a_contact, "who?", 0};
}

request::GroupCreate wanted(std::vector<std::string> members = {"bo", "cy"})
{
    return {ConversationKind::group, "crew", std::move(members)};
}

ErrorCode code(const Result<NextGroup>& result)
{
    return result ? ErrorCode::ok : result.error().code;
}

struct Standing {
    seal::Policy policy;
    wire::GroupProfile profile{"crew", "", "", {}, {}};
    test::SeededEntropy entropy{7};

    Standing()
    {
        policy = new_group(wanted(), ann, key_of, 1000)->policy;
        policy.profile = {1, 2, 3};
    }
    Result<NextGroup> as(const Self& who, const GroupAct& act)
    {
        return next_group(policy, &profile, act, who, key_of, entropy);
    }
};

const ConversationId any;

} // namespace

TEST_CASE("a new group: its maker owns it, members stand in the order of their keys")
{
    const auto made = new_group(wanted(), ann, key_of, 1000);
    REQUIRE(made.ok());
    REQUIRE(made->policy.members.size() == 3);
    CHECK(made->policy.members[0].user == "cy");
    CHECK(made->policy.members[1].user == "ann");
    CHECK(made->policy.members[1].role == Role::owner);
    CHECK(made->policy.members[2].user == "bo");
    CHECK(made->joined.size() == 3); // The secret is sealed for the maker, too.
    CHECK(made->profile->name == "crew");
    CHECK(new_group(wanted({"bo", "bo"}), ann, key_of, 1000)->policy.members.size() == 2);
}

TEST_CASE("what a new group may not be")
{
    CHECK(code(new_group(wanted({"eve"}), ann, key_of, 0)) == ErrorCode::not_a_contact);
    CHECK(code(new_group(wanted({"dan"}), ann, key_of, 0)) == ErrorCode::account_key_changed);
    CHECK(code(new_group(wanted(std::vector<std::string>(group_invites_max, "bo")), ann, key_of, 0)) == ErrorCode::ok);
    CHECK(code(new_group(wanted(std::vector<std::string>(group_invites_max + 1, "bo")), ann, key_of, 0)) ==
          ErrorCode::invalid_argument);
    auto one = wanted();
    one.name.clear();
    CHECK(code(new_group(one, ann, key_of, 0)) == ErrorCode::invalid_argument);
    one.name = "\xff";
    CHECK(code(new_group(one, ann, key_of, 0)) == ErrorCode::invalid_argument);
    one = wanted();
    one.about.assign(group_about_bytes_max + 1, 'x');
    CHECK(code(new_group(one, ann, key_of, 0)) == ErrorCode::invalid_argument);
    one = wanted();
    one.kind = ConversationKind::direct;
    CHECK(code(new_group(one, ann, key_of, 0)) == ErrorCode::invalid_argument);
    one = wanted();
    one.expires_ms = 5000;
    CHECK(code(new_group(one, ann, key_of, 1000)) == ErrorCode::invalid_argument);
    one.kind = ConversationKind::discussion;
    CHECK(code(new_group(one, ann, key_of, 1000)) == ErrorCode::ok);
    CHECK(code(new_group(one, ann, key_of, 5000)) == ErrorCode::invalid_argument);
    one.expires_ms = 1000 + discussion_ms_max + 1;
    CHECK(code(new_group(one, ann, key_of, 1000)) == ErrorCode::invalid_argument);
}

TEST_CASE("each act, by who may and by who may not")
{
    Standing s;
    const Self bo{"bo", key(9)};
    CHECK(s.as(ann, request::GroupRole{any, "bo", Role::admin})->policy.find("bo")->role == Role::admin);
    CHECK(code(s.as(bo, request::GroupRole{any, "cy", Role::admin})) == ErrorCode::not_allowed);
    const auto handed = s.as(ann, request::GroupRole{any, "bo", Role::owner});
    REQUIRE(handed.ok());
    CHECK(handed->policy.find("ann")->role == Role::admin);
    CHECK(handed->policy.find("bo")->role == Role::owner);
    CHECK(code(s.as(ann, request::GroupRole{any, "eve", Role::admin})) == ErrorCode::invalid_argument);

    CHECK(s.as(ann, request::GroupRemove{any, {"bo"}})->policy.members.size() == 2);
    CHECK(s.as(ann, request::GroupRemove{any, {"bo"}})->renews);
    CHECK(code(s.as(bo, request::GroupRemove{any, {"cy"}})) == ErrorCode::not_allowed);
    CHECK(code(s.as(ann, request::GroupRemove{any, {"ann"}})) == ErrorCode::invalid_argument);
    CHECK(s.as(bo, request::GroupLeave{any})->policy.members.size() == 2);
    CHECK(s.as(bo, request::GroupLeave{any})->policy.stale);
    CHECK(code(s.as(ann, request::GroupLeave{any})) == ErrorCode::not_allowed);

    CHECK(s.as(ann, request::GroupMute{any, "bo", 77})->policy.find("bo")->muted_until_ms == 77);
    CHECK(s.as(ann, request::GroupMute{any, "", 1})->policy.all_muted);
    CHECK(code(s.as(bo, request::GroupMute{any, "cy", 77})) == ErrorCode::not_allowed);

    auto named = request::GroupSet{any};
    named.name = "new";
    CHECK(s.as(ann, named)->profile->name == "new");
    CHECK(code(s.as(bo, named)) == ErrorCode::not_allowed);
    named.name = "crew";
    CHECK_FALSE(s.as(ann, named)->changes(s.policy)); // As it is.
    named.name = "";
    CHECK(code(s.as(ann, named)) == ErrorCode::invalid_argument);

    CHECK(code(s.as(ann, request::GroupPromote{any})) == ErrorCode::invalid_argument);
    CHECK(s.as(ann, request::GroupDissolve{any})->policy.dissolved);
    CHECK(code(s.as(bo, request::GroupDissolve{any})) == ErrorCode::not_allowed);

    CHECK(code(s.as(ann, request::GroupLink{any})) == ErrorCode::not_allowed); // Closed.
    s.policy.join = JoinRule::link;
    const auto linked = s.as(ann, request::GroupLink{any});
    REQUIRE(linked.ok());
    CHECK(linked->profile->link_secret.size() == wire::group_link_secret_bytes);
    s.profile.link_secret = linked->profile->link_secret;
    CHECK_FALSE(s.as(ann, request::GroupLink{any})->changes(s.policy));
    CHECK(s.as(ann, request::GroupLink{any, true})->profile->link_secret != s.profile.link_secret);

    const auto taken = s.as(ann, TakeIn{any, "eve", key(7)});
    REQUIRE(taken.ok());
    CHECK(taken->joined.size() == 1);
    CHECK(taken->policy.find("eve")->role == Role::member);
    CHECK_FALSE(s.as(ann, TakeIn{any, "bo", key(9)})->changes(s.policy)); // In already.
}

TEST_CASE("a secret that somebody knows who is out: every profile that follows is sealed with another one")
{
    Standing s;
    CHECK_FALSE(s.as(ann, RenewSecret{any})->changes(s.policy)); // None is due.
    s.policy.stale = true;
    const auto renewed = s.as(ann, RenewSecret{any});
    REQUIRE(renewed.ok());
    CHECK(renewed->renews);
    CHECK_FALSE(renewed->policy.stale);
    CHECK(renewed->profile == s.profile);
    CHECK(code(s.as({"bo", key(9)}, RenewSecret{any})) == ErrorCode::not_allowed);
    auto named = request::GroupSet{any};
    named.name = "new";
    CHECK(s.as(ann, named)->renews);
    CHECK_FALSE(s.as(ann, named)->policy.stale);
    // What touches no profile leaves it to who comes after.
    CHECK(s.as(ann, request::GroupMute{any, "", 1})->policy.stale);
    CHECK_FALSE(s.as(ann, request::GroupMute{any, "", 1})->renews);
    s.policy.stale = false;
    CHECK_FALSE(s.as(ann, named)->renews);
}

TEST_CASE("where the profile cannot be read: somebody goes all the same, nobody comes, nothing is written over it")
{
    Standing s;
    const auto blindly = [&](const GroupAct& act) {
        return next_group(s.policy, nullptr, act, ann, key_of, s.entropy);
    };
    const auto out = blindly(request::GroupRemove{any, {"bo"}});
    REQUIRE(out.ok());
    CHECK(out->policy.stale);
    CHECK_FALSE(out->profile.has_value());
    CHECK_FALSE(out->renews);
    CHECK(blindly(request::GroupMute{any, "bo", 77}).ok());
    auto set = request::GroupSet{any};
    set.join = JoinRule::link;
    CHECK(blindly(set)->policy.join == JoinRule::link);
    CHECK_FALSE(blindly(set)->profile.has_value());
    set.name = "new";
    CHECK(code(blindly(set)) == ErrorCode::busy);
    s.policy.join = JoinRule::link;
    CHECK(code(blindly(request::GroupLink{any})) == ErrorCode::busy);
    s.policy.stale = true;
    CHECK(code(blindly(RenewSecret{any})) == ErrorCode::busy);
    CHECK(code(blindly(TakeIn{any, "eve", key(7)})) == ErrorCode::busy);
}
