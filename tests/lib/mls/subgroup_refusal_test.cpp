// SPDX-License-Identifier: Apache-2.0
// Reinitialised groups and branches that are none, and GroupInfos that nobody should join by.
#include "tests/lib/mls/invitation.hpp"
#include "tests/lib/mls/kinds.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

/// Alice has made a new group out of the old one, and Bob, with his view of the old one, is to join it.
struct Rebirth {
    World world{43};
    ReInit agreed{Bytes{7}, ProtocolVersion::mls10, suite_1, {{custom_extension, {}}}};
    KeyPackageBundle bundle;
    Group bobs;
    Bytes welcome;

    explicit Rebirth(bool reinit, bool same_id = false) : bobs(start(reinit, same_id))
    {
        bundle = world.package(*world.members[1]);
        make(reinit, {bundle.key_package, world.package(*world.members[2]).key_package});
    }
    Group start(bool reinit, bool same_id)
    {
        world.found("alice");
        if (same_id) agreed.group_id = to_bytes(world.group(0).group_id());
        world.add(0, {"bob", "carol"});
        CommitOptions options;
        if (reinit) options.proposals = {Proposal{agreed}};
        world.commit(0, options);
        return world.group(1);
    }
    void make(bool reinit, const std::vector<KeyPackage>& members)
    {
        const Member& alice = *world.members[0];
        auto out = reinit
                       ? must(alice.group->reinitialize(world.env(), alice.leaf, alice.signer, world_lifetime, members))
                       : must(alice.group->branch(world.env(), Bytes(32, 5), alice.leaf, alice.signer, world_lifetime,
                                                  members));
        welcome = *out.welcome;
    }
    /// Carol is left out and Mallory is in; Alice does not look.
    void swap_carol(bool reinit)
    {
        world.service.all_are_one_client = true;
        make(reinit, {bundle.key_package, world.package(world.newcomer("mallory")).key_package});
        world.service.all_are_one_client = false;
    }
    /// With all that the ReInit says, and nothing that only old members know.
    void unrelated()
    {
        const Member& alice = *world.members[0];
        auto fresh = must(Group::create(world.env(), suite_1, agreed.group_id, alice.leaf, alice.signer, world_lifetime,
                                        agreed.extensions));
        CommitOptions options;
        options.proposals = {Proposal{Add{bundle.key_package}}};
        welcome = *must(fresh.commit(world.env(), options)).welcome;
    }
    MlsError join()
    {
        const Group* old[] = {&bobs};
        Environment env = world.env();
        env.groups = old;
        auto message = must_decode<MLSMessage>(welcome);
        return Group::join(env, *message.as<Welcome>(), bundle).error();
    }
    std::optional<ReInit>& reinit() { return GroupTestAccess::reinit(bobs); }
};

struct Case {
    const char* name;
    MlsError expected;
    bool reinit;
    void (*spoil)(Rebirth&);
};

const Case cases[]{
    {"a reinitialised group as agreed", MlsError::none, true, [](Rebirth&) {}},
    {"a reinitialised group of another id", MlsError::reinit_mismatch, true,
     [](Rebirth& r) { r.reinit()->group_id = {8}; }},
    {"a reinitialised group with other extensions", MlsError::reinit_mismatch, true,
     [](Rebirth& r) { r.reinit()->extensions.clear(); }},
    {"a reinitialised group of another suite", MlsError::reinit_mismatch, true,
     [](Rebirth& r) { r.reinit()->cipher_suite = suite_3; }},
    {"a reinitialised group that nobody agreed to", MlsError::reinit_not_committed, true,
     [](Rebirth& r) { r.reinit().reset(); }},
    {"a reinitialised group with a PSK of before the ReInit", MlsError::reinit_wrong_epoch, true,
     [](Rebirth& r) { GroupTestAccess::set_epoch(r.bobs, r.bobs.epoch() + 1); }},
    {"a reinitialised group without Carol", MlsError::reinit_member_missing, true,
     [](Rebirth& r) { r.swap_carol(true); }},
    {"a reinitialised group with one more", MlsError::reinit_member_foreign, true,
     [](Rebirth& r) { GroupTestAccess::forget_leaf(r.bobs, 2); }},
    {"an unrelated group under the id that was agreed", MlsError::reinit_mismatch, true,
     [](Rebirth& r) { r.unrelated(); }},
    {"a branch of members", MlsError::none, false, [](Rebirth&) {}},
    {"a branch of another suite", MlsError::branch_mismatch, false,
     [](Rebirth& r) { GroupTestAccess::set_suite(r.bobs, suite_3); }},
    {"a branch with a stranger", MlsError::branch_member_foreign, false, [](Rebirth& r) { r.swap_carol(false); }},
};

/// A Welcome into the middle of a group that claims to start a subgroup of another one.
MlsError middle_as_subgroup(ResumptionPSKUsage usage)
{
    Invitation i(true);
    World elsewhere(45);
    elsewhere.found("x");
    const Group* old[] = {&elsewhere.group(0)};
    Environment env = i.world.env();
    env.groups = old;
    auto psk = i.world.resumption_psk(elsewhere.group(0), 0);
    psk.usage = usage;
    i.secrets.psks = {psk};
    i.psks = must(resolve_psk_list(env, nullptr, i.secrets.psks));
    const auto epoch = derive_epoch(i.secrets.joiner_secret, compute_psk_secret(i.psks), encode(i.info.group_context));
    i.info.confirmation_tag = mac(epoch.secrets.confirmation_key, i.info.group_context.confirmed_transcript_hash);
    i.seal();
    return Group::join(env, i.welcome, i.bundle).error();
}

} // namespace

std::vector<Kind> godwit::testing::subgroup_kinds()
{
    auto out = kinds_of(cases);
    out.push_back({"the middle of a group as the start of a subgroup", MlsError::subgroup_wrong_epoch});
    return out;
}

TEST_CASE("refused: subgroups that are none")
{
    for (const Case& c : cases) {
        Rebirth rebirth(c.reinit);
        c.spoil(rebirth);
        const MlsError got = rebirth.join();
        CHECK_MESSAGE(got == c.expected,
                      c.name << ": expected " << mls_error_name(c.expected) << ", got " << mls_error_name(got));
    }
    CHECK(middle_as_subgroup(ResumptionPSKUsage::branch) == MlsError::subgroup_wrong_epoch);
    CHECK(middle_as_subgroup(ResumptionPSKUsage::reinit) == MlsError::subgroup_wrong_epoch);
}

TEST_CASE("refused: GroupInfos for external joins")
{
    World world(44);
    world.found("alice");
    world.add(0, {"bob", "carol"});
    const Member eve = world.newcomer("eve");
    ExternalJoinOptions join;
    join.leaf = eve.leaf;
    join.signer = eve.signer;
    const GroupInfo good = world.group(0).group_info(world.env(), true, true);
    const auto error_of = [&](const GroupInfo& info) { return Group::join_external(world.env(), info, join).error(); };
    CHECK(error_of(good) == MlsError::none);
    CHECK(error_of(world.group(0).group_info(world.env(), true, false)) == MlsError::external_pub_missing);
    CHECK(error_of(world.group(0).group_info(world.env(), false, true)) == MlsError::tree_missing);
    GroupInfo bad = good;
    bad.signature[3] ^= 1;
    CHECK(error_of(bad) == MlsError::bad_group_info_signature);
    bad = good;
    bad.signer = 3;
    CHECK(error_of(bad) == MlsError::group_info_signer_blank);
    bad = good;
    bad.group_context.tree_hash[0] ^= 1;
    CHECK(error_of(bad) == MlsError::tree_hash_mismatch);
    bad = good;
    bad.group_context.cipher_suite = static_cast<CipherSuite>(7);
    CHECK(error_of(bad) == MlsError::unsupported_cipher_suite);
    bad = good;
    for (Extension& e : bad.extensions)
        if (e.extension_type == ExtensionType::external_pub) e.extension_data = encode(ExternalPub{Bytes(32, 0)});
    sign_group_info(bad, GroupTestAccess::signer(world.group(0)));
    CHECK(error_of(bad) == MlsError::external_pub_invalid);
    // What the members would refuse is not sent.
    world.service.refused_identity = to_bytes(as_bytes("eve"));
    CHECK(error_of(good) == MlsError::invalid_credential);
    world.service.refused_identity.clear();
    world.service.accept_successors = false;
    CHECK(error_of(good) == MlsError::none);
    join.remove = 1;
    CHECK(error_of(good) == MlsError::invalid_credential_successor);
    world.service.accept_successors = true;
    const Group* ours[] = {&world.group(1)};
    Environment env = world.env();
    env.groups = ours;
    CHECK(Group::join_external(env, good, join).ok()); // A resync.
    join.remove.reset();
    CHECK(Group::join_external(env, good, join).error() == MlsError::group_id_in_use);
    join.leaf.capabilities.cipher_suites = {suite_3};
    CHECK(error_of(good) == MlsError::cipher_suite_not_supported);
}

TEST_CASE("a reinitialised group may have the id of the old one, which is over")
{
    Rebirth rebirth(true, true);
    CHECK(rebirth.join() == MlsError::none);
}
