// SPDX-License-Identifier: Apache-2.0
// Welcomes and GroupInfos that are not what they should be; and joining all the same.
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

#include <limits>

using namespace godwit;
using namespace godwit::test;
using seal::Groups;

namespace {

constexpr mls::Lifetime lifetime{start_ms / 1000 - 3600, start_ms / 1000 + 24 * 3600};

mls::KeyPackage decoded_package(const Bytes& bytes)
{
    auto message = must(mls::decode<mls::MLSMessage>(bytes));
    REQUIRE(message.as<mls::KeyPackage>() != nullptr);
    return *message.as<mls::KeyPackage>();
}

Bytes one_package(Member& member)
{
    return member.tick([&](Groups& g) { return g.make_key_packages(1, member.world.now_ms); }).at(0);
}

/// A Welcome into a group that `by` makes as it likes.
struct LawlessGroup {
    Bytes id;
    mls::Extensions extensions;
    mls::CipherSuite suite = seal::suite;
    std::vector<mls::KeyPackage> also;
    bool psk = false;
};
Bytes lawless_welcome(Member& by, const LawlessGroup& what, const Bytes& package)
{
    auto environment = lawless(by);
    auto group = must(mls::Group::create(environment, what.suite, what.id, seal::leaf_options(by.certificate),
                                         mls::SignatureKeyPair::from_seed(by.seed), lifetime, what.extensions));
    mls::CommitOptions options;
    options.proposals.push_back({mls::Add{decoded_package(package)}});
    for (const auto& one : what.also)
        options.proposals.push_back({mls::Add{one}});
    if (what.psk) {
        mls::PreSharedKeyID id;
        id.psk_id = Bytes(4, 1);
        id.psk_nonce = Bytes(mls::kdf_nh, 2);
        options.proposals.push_back({mls::PreSharedKey{id}});
    }
    auto made = must(group.commit(environment, options));
    REQUIRE(made.welcome.has_value());
    return *made.welcome;
}

struct WelcomeAttack {
    const char* name;
    ErrorCode code; ///< ok: an honest one, for comparison.
    Bytes (*make)(World&, Member& bob, Member& ann, Member& eve);
};

LawlessGroup honest_group()
{
    return {seal::encode_group_id(identity::conversation_of(account_key("ann"), account_key("bob")), 1),
            seal::context_extensions(
                {std::min(account_key("ann"), account_key("bob")), std::max(account_key("ann"), account_key("bob"))}),
            seal::suite,
            {},
            false};
}

const WelcomeAttack welcome_attacks[]{
    {"an honest one", ErrorCode::ok,
     [](World&, Member& bob, Member& ann, Member&) { return lawless_welcome(ann, honest_group(), one_package(bob)); }},
    {"by a stranger", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member&, Member& eve) { return lawless_welcome(eve, honest_group(), one_package(bob)); }},
    {"a stranger is in it", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member& eve) {
         auto what = honest_group();
         what.also.push_back(decoded_package(one_package(eve)));
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"a stranger's account is named", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         std::vector<PublicKey> accounts{account_key("ann"), account_key("bob"), account_key("eve")};
         std::sort(accounts.begin(), accounts.end());
         what.extensions = seal::context_extensions(accounts);
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"no accounts are named", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         what.extensions.clear();
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"somebody outside may propose", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member& eve) {
         auto what = honest_group();
         const mls::ExternalSenders senders{{{to_bytes(eve.id.view()), mls::Credential::basic(eve.certificate)}}};
         what.extensions.push_back(mls::make_extension(mls::ExtensionType::external_senders, senders));
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"a group of another kind", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         what.id.push_back(0);
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"a conversation that we do not have", ErrorCode::not_a_contact,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         what.id[0] ^= 1;
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"an incarnation that nobody could follow", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         what.id = seal::encode_group_id(identity::conversation_of(account_key("ann"), account_key("bob")),
                                         std::numeric_limits<std::uint64_t>::max());
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"an incarnation that the relay would not follow", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         what.id = seal::encode_group_id(identity::conversation_of(account_key("ann"), account_key("bob")),
                                         (std::uint64_t{1} << 31) + 1);
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"a PSK that we do not have", ErrorCode::authentication_failed,
     [](World&, Member& bob, Member& ann, Member&) {
         auto what = honest_group();
         what.psk = true;
         return lawless_welcome(ann, what, one_package(bob));
     }},
    {"for another device", ErrorCode::authentication_failed,
     [](World&, Member&, Member& ann, Member& eve) { return lawless_welcome(ann, honest_group(), one_package(eve)); }},
    {"nothing", ErrorCode::malformed, [](World&, Member&, Member&, Member&) { return Bytes{}; }},
    {"a KeyPackage", ErrorCode::malformed, [](World&, Member& bob, Member&, Member&) { return one_package(bob); }},
    {"more than a Welcome may be", ErrorCode::malformed,
     [](World&, Member&, Member&, Member&) { return Bytes(wire::welcome_bytes_max + 1); }},
};

} // namespace

TEST_CASE("hostile: Welcomes")
{
    for (const auto& attack : welcome_attacks) {
        SUBCASE(attack.name)
        {
            CAPTURE(attack.name);
            World world;
            world.pairs = {{"ann", "bob"}};
            Member &ann = world.device("ann", "ann"), &bob = world.device("bob", "bob"),
                   &eve = world.device("eve", "eve");
            const auto circle = world.circle("bob", "ann");
            const Bytes welcome = attack.make(world, bob, ann, eve);
            const auto got = bob.tick([&](Groups& g) { return g.welcome(welcome, start_ms); });
            CHECK_MESSAGE((got.ok() ? ErrorCode::ok : got.error().code) == attack.code,
                          (got.ok() ? "ok" : got.error().detail));
            CHECK(bob.groups->version(circle.conversation).has_value() == (attack.code == ErrorCode::ok));
            if (attack.code == ErrorCode::ok) continue;
            // The same KeyPackage serves an honest one still, unless it was not Bob's.
            std::vector<DeviceId> bad;
            const auto packages = world.packages({&bob});
            const auto made =
                ann.tick([&](Groups& g) { return g.create(world.circle("ann", "bob"), 1, packages, bad, start_ms); });
            REQUIRE(made.ok());
            world.accept(ann, *made);
            talk(world, bob, circle, {&ann});
        }
    }
}

TEST_CASE("hostile: a Welcome again, an older one, one whose bytes were touched")
{
    Four f;
    Member& bob3 = f.world.device("bob", "bob3");
    const Bytes last = bob3.tick([&](Groups& g) { return g.make_last_resort(start_ms); });
    const auto made = f.change(f.ann1, {{bob3.id, last}});
    for (std::size_t i = 0; i < made.welcome.size(); i += 7) {
        Bytes bad = made.welcome;
        bad[i] ^= 0x11;
        CHECK_FALSE(bob3.groups->welcome(bad, start_ms).ok());
    }
    f.world.accept(f.ann1, made);
    f.all.push_back(&bob3);
    f.everybody_talks();
    // The last resort is there still, so the Welcome opens: but to the group that we are in.
    CHECK(bob3.groups->welcome(made.welcome, start_ms).error().code == ErrorCode::conflict);
    const auto second = f.found(f.bob1, 2);
    f.world.accept(f.bob1, second);
    CHECK(bob3.groups->welcome(made.welcome, start_ms).error().code == ErrorCode::conflict);
    bob3.tick([&](Groups& g) {
        g.abandon(f.conversation);
        return 0;
    });
    CHECK(bob3.groups->welcome(made.welcome, start_ms).error().code == ErrorCode::conflict);
    // A one-time package is gone with the first; that it has served is known.
    CHECK(f.ann2.groups->welcome(second.welcome, start_ms).error().code == ErrorCode::conflict);
}

namespace {

struct InfoAttack {
    const char* name;
    ErrorCode code;
    Bytes (*make)(Four&, mls::GroupInfo);
    seal::Version at{1, 1};
};

Bytes signed_by(Member& member, mls::GroupInfo info)
{
    mls::sign_group_info(info, mls::SignatureKeyPair::from_seed(member.seed));
    return mls::encode(mls::MLSMessage{std::move(info)});
}

const InfoAttack info_attacks[]{
    {"touched", ErrorCode::authentication_failed,
     [](Four&, mls::GroupInfo info) {
         info.confirmation_tag[0] ^= 1;
         return mls::encode(mls::MLSMessage{std::move(info)});
     }},
    {"signed by nobody", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) { return signed_by(f.world.device("eve", "eve"), std::move(info)); }},
    {"signed by a blank leaf", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         info.signer = 77;
         return signed_by(f.ann1, std::move(info));
     }},
    {"of another conversation", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         info.group_context.group_id = seal::encode_group_id(ConversationId{}, 1);
         return signed_by(f.ann1, std::move(info));
     }},
    {"of another epoch than the relay says",
     ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) { return signed_by(f.ann1, std::move(info)); },
     {1, 2}},
    {"of another incarnation than the relay says",
     ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) { return signed_by(f.ann1, std::move(info)); },
     {2, 1}},
    {"for other accounts", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         info.group_context.extensions = seal::context_extensions({account_key("ann"), account_key("eve")});
         return signed_by(f.ann1, std::move(info));
     }},
    {"without external_pub", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         std::erase_if(info.extensions,
                       [](const auto& e) { return e.extension_type == mls::ExtensionType::external_pub; });
         return signed_by(f.ann1, std::move(info));
     }},
    {"without the tree", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         std::erase_if(info.extensions,
                       [](const auto& e) { return e.extension_type == mls::ExtensionType::ratchet_tree; });
         return signed_by(f.ann1, std::move(info));
     }},
    {"with another tree", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         for (auto& e : info.extensions)
             if (e.extension_type == mls::ExtensionType::ratchet_tree)
                 e.extension_data = mls::encode(mls::RatchetTree());
         return signed_by(f.ann1, std::move(info));
     }},
    {"of another suite", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         info.group_context.cipher_suite = mls::CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519;
         return signed_by(f.ann1, std::move(info));
     }},
    {"a stranger's whole group", ErrorCode::authentication_failed,
     [](Four& f, mls::GroupInfo info) {
         Member& eve = f.world.device("eve", "eve");
         auto group = must(mls::Group::create(
             lawless(eve), seal::suite, info.group_context.group_id, seal::leaf_options(eve.certificate),
             mls::SignatureKeyPair::from_seed(eve.seed), lifetime, info.group_context.extensions));
         group = must(group.commit(lawless(eve), {})).next;
         return mls::encode(mls::MLSMessage{group.group_info(lawless(eve), true, true)});
     }},
    {"that is a KeyPackage", ErrorCode::malformed, [](Four& f, mls::GroupInfo) { return one_package(f.ann1); }},
    {"that is nothing", ErrorCode::malformed, [](Four&, mls::GroupInfo) { return Bytes{}; }},
    {"that is too long", ErrorCode::malformed,
     [](Four&, mls::GroupInfo) { return Bytes(wire::group_info_bytes_max + 1); }},
};

} // namespace

TEST_CASE("hostile: GroupInfos")
{
    for (const auto& attack : info_attacks) {
        SUBCASE(attack.name)
        {
            CAPTURE(attack.name);
            Four f;
            Member& ann3 = f.world.device("ann", "ann3");
            const auto message = must(mls::decode<mls::MLSMessage>(f.world.group_info));
            const Bytes info = attack.make(f, *message.as<mls::GroupInfo>());
            const auto circle = f.world.circle("ann", "bob");
            const auto got = ann3.tick([&](Groups& g) { return g.rejoin(circle, info, attack.at, start_ms); });
            REQUIRE_FALSE(got.ok());
            CHECK_MESSAGE(got.error().code == attack.code, got.error().detail);
            CHECK(ann3.groups->pending().empty());
            f.world.accept(ann3, f.rejoin(ann3));
            f.all.push_back(&ann3);
            f.everybody_talks();
        }
    }
}

TEST_CASE("hostile: a relay that shows a GroupInfo of long ago, or of an incarnation that is over")
{
    Four f;
    const auto info = f.world.group_info;
    const auto at = f.world.at_relay;
    for (std::uint64_t i = 0; i <= seal::taken_back_max; ++i)
        f.world.accept(f.ann1, f.change(f.ann1));
    const auto rolled_back = f.bob1.groups->rejoin(f.circle, info, at, start_ms);
    REQUIRE_FALSE(rolled_back.ok());
    CHECK(rolled_back.error().code == ErrorCode::authentication_failed);
    f.world.accept(f.ann1, f.found(f.ann1, 2));
    CHECK(f.bob1.groups->rejoin(f.circle, info, at, start_ms).error().code == ErrorCode::authentication_failed);
    f.everybody_talks();
}

TEST_CASE("joining: clocks do not decide who follows")
{
    Four f;
    Member& bob3 = f.world.device("bob", "bob3");
    const auto packages = f.world.packages({&bob3});
    const auto made = f.change(f.ann1, packages);
    // bob1's clock stands in the year 2001; ann2's leaf has long expired for bob2, whose clock is three years ahead.
    for (const auto& [member, now] : {std::pair(&f.bob1, WallMs{1'000'000'000'000}),
                                      std::pair(&f.bob2, start_ms + 3 * 365 * day_ms), std::pair(&f.ann2, start_ms)})
        CHECK(member->tick([&](Groups& g) { return g.commit(made.id, f.ann1.id, made.commit, now); }).verdict ==
              seal::CommitOutcome::Verdict::applied);
    CHECK(bob3.tick([&](Groups& g) { return g.welcome(made.welcome, start_ms + 3 * 365 * day_ms); }).ok());
    f.accepted(f.ann1);
    f.all.push_back(&bob3);
    f.everybody_talks();
    f.world.now_ms = start_ms + 400 * day_ms;
    f.world.group_info = made.group_info;
    f.world.at_relay = {1, made.from.epoch + 1};
    Member& ann3 = f.world.device("ann", "ann3");
    f.world.accept(ann3, f.rejoin(ann3));
    f.all.push_back(&ann3);
    f.everybody_talks();
}

TEST_CASE("joining: everything under mls goes when the device is withdrawn")
{
    Four f;
    static_cast<void>(f.change(f.ann1));
    static_cast<void>(f.ann1.tick([&](Groups& g) { return g.make_key_packages(3, start_ms); }));
    static_cast<void>(f.ann1.tick([&](Groups& g) { return g.make_last_resort(start_ms); }));
    f.ann1.store.begin();
    Groups::forget_all(f.ann1.store);
    REQUIRE(f.ann1.store.commit().ok());
    for (const auto& name : f.ann1.store.value_names())
        CHECK_MESSAGE(!name.starts_with("mls/"), name);
    f.ann1.crash();
    CHECK(f.ann1.groups->pending().empty());
    CHECK_FALSE(f.ann1.groups->version(f.conversation).has_value());
}
