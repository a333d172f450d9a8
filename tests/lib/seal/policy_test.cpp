// SPDX-License-Identifier: Apache-2.0
// Who may do what, as a debate: somebody moves that something be done, and everybody says yes, or why not.
#include "lib/seal/policy_extension.hpp"

#include "lib/mls/codec.hpp"
#include "lib/policy/outline.hpp"
#include "lib/wire/mls_walker.hpp"
#include "tests/lib/seal/crew.hpp"

using namespace godwit;
using namespace godwit::test;
using seal::Policy;
using seal::policy::Act;
using seal::policy::Speech;

namespace {

struct Motion {
    Policy before = crew();
    Policy after = crew();
    Act act;
    /// What was so before as well.
    void since_ever(void (*change)(Policy&))
    {
        change(before);
        change(after);
    }
    void leaf_comes(const char* user) { act.added.push_back(account_key(user)); }
    void leaf_goes(const char* user, bool delisted = false) { act.removed.push_back({account_key(user), delisted}); }
    void leaf_stays(const char* user) { act.left.push_back(account_key(user)); }
    /// With all leaves.
    void goes(const char* user)
    {
        take_out(after, user);
        leaf_goes(user);
    }
    [[nodiscard]] std::string verdict(const char* actor)
    {
        act.actor = account_key(actor);
        return seal::policy::judge(before, after, act).value_or("yes");
    }
};

struct Row {
    const char* actor;
    const char* motion;
    const char* verdict;
    void (*make)(Motion&);
};

void promote(Motion& m)
{
    m.before.kind = ConversationKind::discussion;
    m.before.expires_ms = 7;
}
void dissolve(Motion& m)
{
    m.after.dissolved = true;
}
void rename(Motion& m)
{
    m.after.profile = Bytes{9};
}
void bob_out(Motion& m)
{
    m.goes("bob");
}
void eve_in(Motion& m)
{
    take_in(m.after, "eve");
    m.leaf_comes("eve");
}
void anybody_invites(Motion& m)
{
    m.since_ever([](Policy& p) { p.invite = Role::member; });
    eve_in(m);
}
template <std::int64_t until_ms>
void mute_bob(Motion& m)
{
    row(m.after, "bob").muted_until_ms = until_ms;
}
void lost_phone_of_ben(Motion& m)
{
    m.leaf_goes("ben");
    m.leaf_stays("ben");
}

constexpr const char* yes = "yes";
constexpr const char* no_member = "who is no member changes nothing";
constexpr const char* over = "the group is dissolved";
constexpr const char* rules = "only admins change a group's profile and rules";
constexpr const char* roles = "only the owner gives roles";
constexpr const char* not_withdrawn = "a member's device goes out that its account has not withdrawn";
constexpr const char* stays = "somebody goes who knows the secret, and it stays";
constexpr const char* alone = "a device that joins by itself changes nothing else";

const Row debate[]{
    // ---- nobody, nothing
    {"ann", "a fresh key and nothing else", yes, [](Motion&) {}},
    {"bob", "a fresh key and nothing else", yes, [](Motion&) {}},
    {"eve", "a fresh key and nothing else", no_member, [](Motion&) {}},
    {"eve", "lets herself in", no_member, eve_in},
    {"ann", "a fresh key, after it is over", over,
     [](Motion& m) { m.since_ever([](Policy& p) { p.dissolved = true; }); }},
    {"ann", "opens again what is over", over, [](Motion& m) { m.before.dissolved = true; }},

    // ---- the owner's own
    {"ann", "dissolve", yes, dissolve},
    {"ada", "dissolve", "only the owner dissolves a group", dissolve},
    {"bob", "dissolve", "only the owner dissolves a group", dissolve},
    {"ann", "the discussion becomes a group", yes, promote},
    {"ada", "the discussion becomes a group", "only the owner promotes a discussion", promote},
    {"ann", "the group becomes a channel", "a discussion becomes a group, and nothing else becomes another kind",
     [](Motion& m) { m.after.kind = ConversationKind::channel; }},
    {"ann", "the channel becomes a group", "a discussion becomes a group, and nothing else becomes another kind",
     [](Motion& m) { m.before.kind = ConversationKind::channel; }},
    {"ann", "the discussion lasts longer", yes,
     [](Motion& m) {
         m.since_ever([](Policy& p) { p.kind = ConversationKind::discussion, p.expires_ms = 7; });
         m.after.expires_ms = 8;
     }},
    {"ada", "the discussion lasts longer", "only the owner says when a discussion ends",
     [](Motion& m) {
         m.since_ever([](Policy& p) { p.kind = ConversationKind::discussion, p.expires_ms = 7; });
         m.after.expires_ms = 8;
     }},
    {"ann", "the discussion is dissolved", yes,
     [](Motion& m) {
         m.since_ever([](Policy& p) { p.kind = ConversationKind::discussion, p.expires_ms = 7; });
         m.after.dissolved = true;
         m.after.expires_ms = 0;
     }},
    {"ann", "Bob becomes an admin", yes, [](Motion& m) { row(m.after, "bob").role = Role::admin; }},
    {"ann", "Ada becomes a member", yes, [](Motion& m) { row(m.after, "ada").role = Role::member; }},
    {"ada", "Bob becomes an admin", roles, [](Motion& m) { row(m.after, "bob").role = Role::admin; }},
    {"ada", "Abe becomes a member", roles, [](Motion& m) { row(m.after, "abe").role = Role::member; }},
    {"ada", "she becomes a member", roles, [](Motion& m) { row(m.after, "ada").role = Role::member; }},
    {"bob", "he becomes an admin", roles, [](Motion& m) { row(m.after, "bob").role = Role::admin; }},
    {"ann", "Bob owns it now", yes,
     [](Motion& m) { row(m.after, "bob").role = Role::owner, row(m.after, "ann").role = Role::admin; }},
    {"ann", "Ada owns it now", yes,
     [](Motion& m) { row(m.after, "ada").role = Role::owner, row(m.after, "ann").role = Role::admin; }},
    {"ann", "Bob owns it now, and she is a member", "who hands a group over is an admin of it then",
     [](Motion& m) { row(m.after, "bob").role = Role::owner, row(m.after, "ann").role = Role::member; }},
    {"ada", "she owns it now", roles,
     [](Motion& m) { row(m.after, "ada").role = Role::owner, row(m.after, "ann").role = Role::admin; }},
    {"ann", "Bob owns it, and she leaves", "the owner hands the group over before leaving it",
     [](Motion& m) {
         row(m.after, "bob").role = Role::owner;
         take_out(m.after, "ann");
         m.leaf_stays("ann");
     }},

    // ---- admins
    {"ann", "another name", yes, rename},
    {"ada", "another name", yes, rename},
    {"bob", "another name", rules, rename},
    {"ada", "members take others in", yes, [](Motion& m) { m.after.invite = Role::member; }},
    {"bob", "members take others in", rules, [](Motion& m) { m.after.invite = Role::member; }},
    {"ada", "by link", yes, [](Motion& m) { m.after.join = JoinRule::link; }},
    {"bob", "by link", rules, [](Motion& m) { m.after.join = JoinRule::link; }},
    {"ada", "all be quiet", yes, [](Motion& m) { m.after.all_muted = true; }},
    {"bob", "all speak", rules, [](Motion& m) { m.before.all_muted = true; }},
    {"ada", "no receipts", yes, [](Motion& m) { m.after.receipts = false; }},
    {"bob", "no receipts", rules, [](Motion& m) { m.after.receipts = false; }},
    {"ann", "Bob be quiet", yes, mute_bob<9>},
    {"ada", "Bob be quiet", yes, mute_bob<9>},
    {"ben", "Bob be quiet", "only admins mute others", mute_bob<9>},
    {"ada", "Bob speak again", yes, [](Motion& m) { row(m.before, "bob").muted_until_ms = 9; }},
    {"bob", "he speaks again", "only admins mute others", [](Motion& m) { row(m.before, "bob").muted_until_ms = 9; }},
    {"ann", "Ada be quiet", yes, [](Motion& m) { row(m.after, "ada").muted_until_ms = 9; }},
    {"abe", "Ada be quiet", "only the owner mutes admins", [](Motion& m) { row(m.after, "ada").muted_until_ms = 9; }},
    {"ada", "she speaks again", "only the owner mutes admins",
     [](Motion& m) { row(m.before, "ada").muted_until_ms = 9; }},
    {"ada", "Ann be quiet", "only the owner mutes admins", [](Motion& m) { row(m.after, "ann").muted_until_ms = 9; }},
    {"ann", "Bob out", yes, bob_out},
    {"ada", "Bob out", yes, bob_out},
    {"ben", "Bob out", "only admins take others out", bob_out},
    {"ann", "Ada out", yes, [](Motion& m) { m.goes("ada"); }},
    {"abe", "Ada out", "only the owner takes admins out", [](Motion& m) { m.goes("ada"); }},
    {"ada", "Ann out, and she owns it now", roles,
     [](Motion& m) { row(m.after, "ada").role = Role::owner, m.goes("ann"); }},
    {"ada", "Bob out, and one of his devices stays", "somebody is taken out whose devices stay",
     [](Motion& m) { m.goes("bob"), m.leaf_stays("bob"); }},
    {"ada", "Bob out, who has no devices here", yes, [](Motion& m) { take_out(m.after, "bob"); }},

    // ---- who comes in
    {"ann", "Eve in", yes, eve_in},
    {"ada", "Eve in", yes, eve_in},
    {"bob", "Eve in", "only admins take others in", eve_in},
    {"bob", "Eve in, where anybody invites", yes, anybody_invites},
    {"bob", "Eve in, as soon as anybody invites", rules, [](Motion& m) { m.after.invite = Role::member, eve_in(m); }},
    {"bob", "Eve in, and another name", rules, [](Motion& m) { anybody_invites(m), rename(m); }},
    {"ann", "Eve in as an admin", "who comes in is a member, and not muted",
     [](Motion& m) { take_in(m.after, "eve", Role::admin); }},
    {"ann", "Eve in, muted", "who comes in is a member, and not muted",
     [](Motion& m) { take_in(m.after, "eve"), row(m.after, "eve").muted_until_ms = 9; }},
    {"ann", "Eve in, whose devices come later", yes, [](Motion& m) { take_in(m.after, "eve"); }},
    {"ann", "a device of Eve, who is not in it", "a device of no member comes in",
     [](Motion& m) { m.leaf_comes("eve"); }},
    {"ada", "Bob out, and a device of his in", "a device of no member comes in",
     [](Motion& m) { m.goes("bob"), m.leaf_comes("bob"); }},
    {"ann", "Bob is called bert", "an account's name does not change",
     [](Motion& m) { row(m.after, "bob").user = "bert"; }},
    {"ann", "Bob under a new key", yes,
     [](Motion& m) {
         m.goes("bob");
         m.after.members.push_back({"bob", account_key("bob again"), Role::member, 0});
         sort_members(m.after);
     }},

    // ---- members
    {"bob", "he leaves", yes, [](Motion& m) { take_out(m.after, "bob"), m.leaf_stays("bob"); }},
    {"bob", "he leaves, with his other device", yes, [](Motion& m) { m.goes("bob"), m.leaf_stays("bob"); }},
    {"bob", "he leaves, and his other device stays", "somebody leaves whose other devices stay",
     [](Motion& m) { take_out(m.after, "bob"), m.leaf_stays("bob"), m.leaf_stays("bob"); }},
    {"ada", "she leaves", yes, [](Motion& m) { take_out(m.after, "ada"), m.leaf_stays("ada"); }},
    {"ann", "she leaves", "the owner hands the group over before leaving it",
     [](Motion& m) { take_out(m.after, "ann"), row(m.after, "ada").role = Role::owner; }},
    {"bob", "he leaves, and takes Ben along", "only admins take others out",
     [](Motion& m) { take_out(m.after, "bob"), m.goes("ben"); }},
    {"bob", "a new phone of his", yes, [](Motion& m) { m.leaf_comes("bob"); }},
    {"bob", "his old phone goes", yes, [](Motion& m) { m.leaf_goes("bob"), m.leaf_stays("bob"); }},
    {"bob", "a new phone of Ben's", yes, [](Motion& m) { m.leaf_comes("ben"); }},
    {"bob", "Ben's phone goes, which is lost, as Ben's list says", yes,
     [](Motion& m) { m.leaf_goes("ben", true), m.leaf_stays("ben"); }},
    {"bob", "Ben's phone goes", not_withdrawn, lost_phone_of_ben},
    {"ada", "Ben's phone goes", not_withdrawn, lost_phone_of_ben},
    {"ann", "Ben's phone goes", not_withdrawn, lost_phone_of_ben},
    {"ben", "a device of Eve goes, who left", yes, [](Motion& m) { m.leaf_goes("eve"); }},
    {"ada", "a device of Eve goes, who left and comes back", yes, [](Motion& m) { m.leaf_goes("eve"), eve_in(m); }},
    {"ben", "a device of Eve, who left, is still there", yes, [](Motion& m) { m.leaf_stays("eve"); }},

    // ---- the secret
    {"ada", "Bob out, and a fresh secret", yes, [](Motion& m) { bob_out(m), rename(m), m.after.stale = false; }},
    {"ada", "Bob out, and a fresh secret is due", yes, bob_out},
    {"ada", "Bob out, and all stays as it is", stays, [](Motion& m) { bob_out(m), m.after.stale = false; }},
    {"ann", "Bob out, and all stays as it is", stays, [](Motion& m) { bob_out(m), m.after.stale = false; }},
    {"bob", "he leaves, and all stays as it is", stays,
     [](Motion& m) { take_out(m.after, "bob"), m.leaf_stays("bob"), m.after.stale = false; }},
    {"bob", "he leaves, and chooses the secret", rules,
     [](Motion& m) { take_out(m.after, "bob"), m.leaf_stays("bob"), rename(m); }},
    {"ada", "a fresh secret where one is due", yes, [](Motion& m) { m.before.stale = true, rename(m); }},
    {"bob", "a fresh secret where one is due", rules, [](Motion& m) { m.before.stale = true, rename(m); }},
    {"ada", "another name where a fresh secret is due, under the old one", yes,
     [](Motion& m) { m.since_ever([](Policy& p) { p.stale = true; }), rename(m); }},
    {"ada", "it was due, and is not any more", "a secret that others know is not renewed by saying so",
     [](Motion& m) { m.before.stale = true; }},
    {"bob", "it was due, and is not any more", "a secret that others know is not renewed by saying so",
     [](Motion& m) { m.before.stale = true; }},
    {"bob", "a fresh secret is due, and nobody goes", "nobody goes who knows the secret",
     [](Motion& m) { m.after.stale = true; }},
    {"ben", "he leaves, as Bob did", yes,
     [](Motion& m) { m.before.stale = true, take_out(m.after, "ben"), m.leaf_stays("ben"); }},
    {"ann", "a device of hers joins, and says that a secret is due", alone,
     [](Motion& m) { m.act.external = true, m.after.stale = true; }},

    // ---- from outside
    {"bob", "a device of his joins", yes, [](Motion& m) { m.act.external = true; }},
    {"eve", "a device of hers joins", no_member, [](Motion& m) { m.act.external = true; }},
    {"ann", "a device of hers joins, and Bob goes", alone, [](Motion& m) { m.act.external = true, m.goes("bob"); }},
    {"ann", "a device of hers joins, and renames it", alone, [](Motion& m) { m.act.external = true, rename(m); }},
    {"ann", "a device of hers joins, and brings one", alone,
     [](Motion& m) { m.act.external = true, m.leaf_comes("ann"); }},
    {"ann", "a device of hers joins where it is over", over,
     [](Motion& m) { m.act.external = true, m.since_ever([](Policy& p) { p.dissolved = true; }); }},
};

struct Saying {
    const char* user;
    Speech what;
    std::int64_t at_ms;
    const char* verdict;
    void (*where)(Policy&);
};

void plain(Policy&) {}
void channel(Policy& p)
{
    p.kind = ConversationKind::channel;
}
void quiet(Policy& p)
{
    p.all_muted = true;
}
void bob_muted(Policy& p)
{
    row(p, "bob").muted_until_ms = 100;
}
void discussion(Policy& p)
{
    p.kind = ConversationKind::discussion;
    p.expires_ms = 100;
}

constexpr const char* muted = "muted in the group";
constexpr const char* all_muted = "all who are no admins are muted in the group";
constexpr const char* admins_write = "in a channel only admins write";
constexpr const char* admins_rule = "only admins do that to what all see";

const Saying sayings[]{
    {"bob", Speech::post, 5, yes, plain},
    {"bob", Speech::react, 5, yes, plain},
    {"bob", Speech::rule, 5, admins_rule, plain},
    {"ada", Speech::rule, 5, yes, plain},
    {"ann", Speech::rule, 5, yes, plain},
    {"eve", Speech::post, 5, "not a member of the group", plain},
    {"eve", Speech::react, 5, "not a member of the group", plain},
    {"eve", Speech::rule, 5, "not a member of the group", plain},
    {"bob", Speech::post, 5, admins_write, channel},
    {"bob", Speech::react, 5, yes, channel},
    {"ada", Speech::post, 5, yes, channel},
    {"ann", Speech::post, 5, yes, channel},
    {"bob", Speech::post, 5, all_muted, quiet},
    {"bob", Speech::react, 5, all_muted, quiet},
    {"ada", Speech::post, 5, yes, quiet},
    {"bob", Speech::post, 99, muted, bob_muted},
    {"bob", Speech::react, 99, muted, bob_muted},
    {"bob", Speech::post, 100, yes, bob_muted},
    {"ben", Speech::post, 99, yes, bob_muted},
    {"ada", Speech::post, 5, muted, [](Policy& p) { row(p, "ada").muted_until_ms = 9; }},
    {"ada", Speech::rule, 5, yes, [](Policy& p) { row(p, "ada").muted_until_ms = 9; }},
    {"bob", Speech::post, 99, yes, discussion},
    {"bob", Speech::post, 100, "the discussion is over", discussion},
    {"ann", Speech::rule, 100, "the discussion is over", discussion},
    {"ann", Speech::post, 5, over, [](Policy& p) { p.dissolved = true; }},
};

struct Flaw {
    const char* name;
    void (*make)(Policy&);
};

const Flaw flaws[]{
    {"nobody", [](Policy& p) { p.members.clear(); }},
    {"no owner", [](Policy& p) { row(p, "ann").role = Role::admin; }},
    {"two owners", [](Policy& p) { row(p, "bob").role = Role::owner; }},
    {"of two", [](Policy& p) { p.kind = ConversationKind::direct; }},
    {"of itself", [](Policy& p) { p.kind = ConversationKind::self; }},
    {"of no kind", [](Policy& p) { p.kind = static_cast<ConversationKind>(6); }},
    {"nobody invites", [](Policy& p) { p.invite = Role::none; }},
    {"the owner invites", [](Policy& p) { p.invite = Role::owner; }},
    {"a fourth way in", [](Policy& p) { p.join = static_cast<JoinRule>(3); }},
    {"a group that ends", [](Policy& p) { p.expires_ms = 1; }},
    {"an end before time", [](Policy& p) { p.kind = ConversationKind::discussion, p.expires_ms = -1; }},
    {"a discussion without end", [](Policy& p) { p.kind = ConversationKind::discussion; }},
    {"a dissolved discussion that ends", [](Policy& p) { discussion(p), p.dissolved = true; }},
    {"no profile", [](Policy& p) { p.profile.clear(); }},
    {"a role that is none", [](Policy& p) { row(p, "bob").role = Role::none; }},
    {"a fourth role", [](Policy& p) { row(p, "bob").role = static_cast<Role>(4); }},
    {"muted before time", [](Policy& p) { row(p, "bob").muted_until_ms = -1; }},
    {"no name", [](Policy& p) { row(p, "bob").user.clear(); }},
    {"not a name", [](Policy& p) { row(p, "bob").user = "Bob"; }},
    {"one name twice", [](Policy& p) { row(p, "bob").user = "ben"; }},
    {"one account twice", [](Policy& p) { p.members[1].account_key = p.members[0].account_key; }},
    {"out of order", [](Policy& p) { std::swap(p.members[0], p.members[1]); }},
};

} // namespace

TEST_CASE("policy: who may do what")
{
    for (const Row& one : debate) {
        CAPTURE(std::string(one.actor));
        CAPTURE(std::string(one.motion));
        Motion motion;
        one.make(motion);
        CHECK(motion.verdict(one.actor) == one.verdict);
    }
}

TEST_CASE("policy: who joins again by a GroupInfo and has not seen what led there doubts power that nobody could give")
{
    struct Doubt {
        const char* signer;
        const char* what;
        const char* verdict;
        void (*make)(Policy&);
        bool back = false;
    };
    constexpr const char* none = "none";
    const Doubt table[]{
        {"bob", "nothing", none, [](Policy&) {}},
        {"eve", "nothing, by a member who has come since", none, [](Policy& p) { take_in(p, "eve"); }},
        {"bob", "somebody has come, and somebody gone", none, [](Policy& p) { take_in(p, "eve"), take_out(p, "ben"); }},
        {"bob", "another name", none, [](Policy& p) { p.profile = Bytes{9}; }},
        {"bob", "Ada is a member now", none, [](Policy& p) { row(p, "ada").role = Role::member; }},
        {"bob", "Bob is an admin", "bob has another role, and not by the owner's word",
         [](Policy& p) { row(p, "bob").role = Role::admin; }},
        {"ada", "Bob is an admin", "bob has another role, and not by the owner's word",
         [](Policy& p) { row(p, "bob").role = Role::admin; }},
        {"ann", "Bob is an admin", none, [](Policy& p) { row(p, "bob").role = Role::admin; }},
        {"bob", "Bob owns it", "bob has another role, and not by the owner's word",
         [](Policy& p) { row(p, "ann").role = Role::admin, row(p, "bob").role = Role::owner; }},
        {"ann", "Bob owns it", none,
         [](Policy& p) { row(p, "ann").role = Role::admin, row(p, "bob").role = Role::owner; }},
        {"eve", "Eve comes, and is an admin", "eve has another role, and not by the owner's word",
         [](Policy& p) { take_in(p, "eve", Role::admin); }},
        {"ada", "it is over", "dissolved, and not by its owner's word", [](Policy& p) { p.dissolved = true; }},
        {"ann", "it is over", none, [](Policy& p) { p.dissolved = true; }},
        {"ann", "from before: Eve is in it again", "eve is in it again", [](Policy& p) { take_in(p, "eve"); }, true},
        {"ann", "from before: fewer", none, [](Policy& p) { take_out(p, "ben"); }, true},
    };
    for (const auto& one : table) {
        CAPTURE(one.what);
        CAPTURE(one.signer);
        Policy shown = crew();
        one.make(shown);
        CHECK(seal::policy::doubt(crew(), shown, account_key(one.signer), one.back).value_or(none) ==
              std::string(one.verdict));
    }
}

TEST_CASE("policy: who may say what")
{
    for (const Saying& one : sayings) {
        CAPTURE(std::string(one.user));
        CAPTURE(static_cast<int>(one.what));
        CAPTURE(std::string(one.verdict));
        Policy policy = crew();
        one.where(policy);
        REQUIRE(seal::policy::is_sound(policy));
        CHECK(seal::policy::hush(policy, account_key(one.user), one.what, one.at_ms).value_or("yes") == one.verdict);
    }
}

TEST_CASE("policy: what is sound goes into a GroupContext and comes out the same")
{
    Policy discussed = crew(), muted_crew = crew(), dissolved = crew(), full = crew();
    discussion(discussed);
    bob_muted(muted_crew);
    quiet(muted_crew);
    dissolved.dissolved = true;
    dissolved.receipts = false;
    full.profile = Bytes(seal::policy_profile_bytes_max, 1);
    for (const Policy& one :
         {policy_of("ann"), crew(), discussed, muted_crew, dissolved, full, crowd(group_members_max)}) {
        REQUIRE(seal::policy::is_sound(one));
        const auto extensions = seal::policy::encode(one);
        REQUIRE(extensions.size() == 3);
        CHECK(extensions[1].extension_type == seal::accounts_extension);
        CHECK(extensions[2].extension_type == seal::policy::extension);
        CHECK(seal::policy::decode(extensions) == one);
        // The relay reads the same, without lib/mls.
        mls::Writer io;
        io(extensions);
        const Bytes written = to_bytes(io.view());
        CHECK(policy::read_outline(wire::MlsWalker(written).opaque()) == one);
    }
    CHECK(to_hex(seal::policy::encode(policy_of("ann"))[2].extension_data) == "01"
                                                                              "03"
                                                                              "02"
                                                                              "00"
                                                                              "02"
                                                                              "0000000000000000"
                                                                              "03010203"
                                                                              "0d"
                                                                              "03616e6e"
                                                                              "03"
                                                                              "0000000000000000");
}

TEST_CASE("policy: what is not sound is none")
{
    for (const Flaw& flaw : flaws) {
        CAPTURE(std::string(flaw.name));
        Policy policy = crew();
        flaw.make(policy);
        CHECK_FALSE(seal::policy::is_sound(policy));
    }
    CHECK(seal::policy::is_sound(crowd(group_members_max)));
    CHECK_FALSE(seal::policy::is_sound(crowd(group_members_max + 1)));
    Policy long_profile = crew();
    long_profile.profile = Bytes(seal::policy_profile_bytes_max + 1, 1);
    CHECK_FALSE(seal::policy::is_sound(long_profile));
}

TEST_CASE("policy: one policy has one form")
{
    const auto good = seal::policy::encode(crew());
    const auto damaged = [&](auto damage) {
        auto extensions = good;
        damage(extensions);
        return seal::policy::decode(extensions).has_value();
    };
    CHECK(damaged([](mls::Extensions&) {}));
    Policy stale = crew();
    stale.stale = true;
    CHECK(seal::policy::encode(stale)[2].extension_data[4] == (good[2].extension_data[4] | 8));
    CHECK(seal::policy::decode(seal::policy::encode(stale)) == stale);
    CHECK_FALSE(damaged([](mls::Extensions& e) { e.pop_back(); }));
    CHECK_FALSE(damaged([](mls::Extensions& e) { e.erase(e.begin()); }));
    CHECK_FALSE(damaged([](mls::Extensions& e) { e.erase(e.begin() + 1); }));
    CHECK_FALSE(damaged([](mls::Extensions& e) { std::swap(e[1], e[2]); }));
    CHECK_FALSE(damaged([](mls::Extensions& e) { e.push_back({mls::ExtensionType{0xf0d3}, {}}); }));
    CHECK_FALSE(damaged([](mls::Extensions& e) {
        e[1].extension_data.back() ^= 1;
        e[2].extension_data[0] = 2;
    }));
    CHECK_FALSE(damaged([](mls::Extensions& e) { e[2].extension_data[4] |= 16; }));  // a flag that is none
    CHECK_FALSE(damaged([](mls::Extensions& e) { e[2].extension_data[5] = 0x80; })); // ends past the end of time
    CHECK_FALSE(damaged([](mls::Extensions& e) { e[2].extension_data.push_back(0); }));
    for (std::size_t cut = 0; cut < good[2].extension_data.size(); ++cut)
        CHECK_FALSE(damaged([&](mls::Extensions& e) { e[2].extension_data.resize(cut); }));
    // Other accounts than rows.
    Policy fewer = crew();
    take_out(fewer, "bob");
    CHECK_FALSE(damaged([&](mls::Extensions& e) { e[1] = seal::policy::encode(fewer)[1]; }));
    CHECK_FALSE(damaged([&](mls::Extensions& e) { e[2] = seal::policy::encode(fewer)[2]; }));
}
