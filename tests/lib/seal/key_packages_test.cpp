// SPDX-License-Identifier: Apache-2.0
// KeyPackages that are not what they should be, and the bounds of what waits for a Welcome.
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

#include "lib/seal/key_packages.hpp"

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

} // namespace

namespace {

struct PackageAttack {
    const char* name;
    Bytes (*make)(World&, Member& bob, Member& eve);
};

Bytes made_package(Member& member, const mls::LeafNodeOptions& leaf, mls::Lifetime valid = lifetime,
                   mls::CipherSuite suite = seal::suite)
{
    const auto signer = mls::SignatureKeyPair::from_seed(member.seed);
    auto bundle = must(mls::create_key_package(suite, signer, leaf, valid, member.entropy));
    return mls::encode(mls::MLSMessage{std::move(bundle.key_package)});
}

Bytes signed_again(Member& member, mls::KeyPackage package)
{
    mls::Writer io;
    mls::KeyPackage::tls_content(io, package);
    package.signature = mls::sign_with_label(mls::SignatureKeyPair::from_seed(member.seed), "KeyPackageTBS", io.view());
    return mls::encode(mls::MLSMessage{std::move(package)});
}

Bytes certificate_of(const Member& device, std::string_view user, std::string_view account)
{
    wire::DeviceCertificate certificate;
    certificate.user = user;
    certificate.device = device.id;
    return wire::encode(identity::sign_certificate(certificate, account_seed(account)));
}

const PackageAttack package_attacks[]{
    {"somebody else's", [](World&, Member&, Member& eve) { return one_package(eve); }},
    {"of another device of the account",
     [](World& w, Member&, Member&) { return one_package(w.device("bob", "bob2")); }},
    {"with a certificate by another account",
     [](World&, Member& bob, Member&) {
         return made_package(bob, seal::leaf_options(certificate_of(bob, "bob", "eve")));
     }},
    {"with a certificate for another user",
     [](World&, Member& bob, Member&) {
         return made_package(bob, seal::leaf_options(certificate_of(bob, "rob", "bob")));
     }},
    {"with the certificate of another device",
     [](World&, Member& bob, Member& eve) {
         return made_package(bob, seal::leaf_options(certificate_of(eve, "bob", "bob")));
     }},
    {"with a key of its own under Bob's certificate",
     [](World&, Member& bob, Member& eve) { return made_package(eve, seal::leaf_options(bob.certificate)); }},
    {"that has expired",
     [](World&, Member& bob, Member&) {
         return made_package(bob, seal::leaf_options(bob.certificate), {start_ms / 1000 - 9000, start_ms / 1000 - 1});
     }},
    {"that is not valid yet",
     [](World&, Member& bob, Member&) {
         return made_package(bob, seal::leaf_options(bob.certificate), {start_ms / 1000 + 60, start_ms / 1000 + 9000});
     }},
    {"that is valid for too long",
     [](World&, Member& bob, Member&) {
         return made_package(bob, seal::leaf_options(bob.certificate), {0, start_ms / 1000 + 9000});
     }},
    {"of another suite",
     [](World&, Member& bob, Member&) {
         return made_package(bob, seal::leaf_options(bob.certificate), lifetime,
                             mls::CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519);
     }},
    {"of a client that does not know accounts",
     [](World&, Member& bob, Member&) { return made_package(bob, mls::LeafNodeOptions::basic(bob.certificate)); }},
    {"with a low-order init key",
     [](World&, Member& bob, Member&) {
         auto package = decoded_package(one_package(bob));
         package.init_key = Bytes(32, 0);
         return signed_again(bob, std::move(package));
     }},
    {"with the init key as leaf key",
     [](World&, Member& bob, Member&) {
         auto package = decoded_package(one_package(bob));
         package.init_key = package.leaf_node.encryption_key;
         return signed_again(bob, std::move(package));
     }},
    {"whose signature does not verify",
     [](World&, Member& bob, Member&) {
         auto package = decoded_package(one_package(bob));
         package.signature[5] ^= 1;
         return mls::encode(mls::MLSMessage{std::move(package)});
     }},
    {"whose leaf is not signed",
     [](World&, Member& bob, Member&) {
         auto package = decoded_package(one_package(bob));
         package.leaf_node.signature[5] ^= 1;
         return signed_again(bob, std::move(package));
     }},
    {"that is none", [](World&, Member&, Member&) { return Bytes(100, 3); }},
    {"that is empty", [](World&, Member&, Member&) { return Bytes{}; }},
    {"with a byte more",
     [](World&, Member& bob, Member&) {
         auto out = one_package(bob);
         out.push_back(0);
         return out;
     }},
    {"that is too long",
     [](World&, Member& bob, Member&) {
         auto leaf = seal::leaf_options(bob.certificate);
         leaf.capabilities.extensions.push_back(static_cast<mls::ExtensionType>(0xf123));
         leaf.extensions.push_back({static_cast<mls::ExtensionType>(0xf123), Bytes(2000)});
         return made_package(bob, leaf);
     }},
};

} // namespace

TEST_CASE("hostile: KeyPackages are named and left out, when creating and when changing")
{
    for (const auto& attack : package_attacks) {
        SUBCASE(attack.name)
        {
            CAPTURE(attack.name);
            World world;
            world.pairs = {{"ann", "bob"}};
            Member &ann = world.device("ann", "ann"), &bob = world.device("bob", "bob"),
                   &eve = world.device("eve", "eve");
            const Bytes package = attack.make(world, bob, eve);
            world.lists["bob"] = {bob.id};
            const auto circle = world.circle("ann", "bob");
            std::vector<DeviceId> bad;
            const auto made =
                ann.tick([&](Groups& g) { return g.create(circle, 1, {{bob.id, package}}, bad, start_ms); });
            REQUIRE(made.ok());
            CHECK(bad == std::vector<DeviceId>{bob.id});
            CHECK(made->newcomers.empty());
            CHECK(made->welcome.empty());
            world.accept(ann, *made);
            bad.clear();
            const auto more = ann.tick([&](Groups& g) { return g.change(circle, {{bob.id, package}}, bad, start_ms); });
            REQUIRE(more.ok());
            CHECK(bad == std::vector<DeviceId>{bob.id});
            CHECK(more->newcomers.empty());
            world.accept(ann, *more);
            CHECK(ann.groups->needs(circle, start_ms).missing == std::vector<DeviceId>{bob.id});
            // With a good one it works.
            bad.clear();
            const auto good = world.packages({&bob});
            const auto last = ann.tick([&](Groups& g) { return g.change(circle, good, bad, start_ms); });
            REQUIRE(last.ok());
            CHECK(bad.empty());
            world.accept(ann, *last);
            talk(world, bob, circle, {&ann});
        }
    }
}

TEST_CASE("key packages: private halves wait, within bounds, and go")
{
    World world;
    Member& ann = world.device("ann", "ann");
    const auto halves = [&] {
        std::size_t out = 0;
        const auto value = ann.store.value("mls/kp/index");
        if (!value) return out;
        // Entries: ref (1 + 32), made_ms (8), two flags.
        return value->size() / 43;
    };
    CHECK(ann.groups->last_resort_is_old(start_ms));
    CHECK(ann.tick([&](Groups& g) { return g.make_key_packages(1000, start_ms); }).size() == wire::key_packages_max);
    CHECK(halves() == wire::key_packages_max);
    const Bytes first = ann.tick([&](Groups& g) { return g.make_last_resort(start_ms); });
    for (int i = 0; i < 4; ++i)
        static_cast<void>(ann.tick([&](Groups& g) { return g.make_key_packages(64, start_ms + i); }));
    CHECK(halves() == seal::one_time_packages_max + 1);
    CHECK_FALSE(ann.groups->last_resort_is_old(start_ms + 29 * day_ms));
    CHECK(ann.groups->last_resort_is_old(start_ms + 30 * day_ms));
    for (int i = 0; i < 12; ++i)
        static_cast<void>(ann.tick([&](Groups& g) { return g.make_last_resort(start_ms + 30 * day_ms); }));
    CHECK(halves() == seal::one_time_packages_max + seal::last_resorts_max);
    CHECK_FALSE(ann.groups->last_resort_is_old(start_ms + 30 * day_ms));
    // 180 days: and all of them are gone, from the store too.
    CHECK(ann.tick([&](Groups& g) { return g.last_resort_is_old(start_ms + 211 * day_ms); }));
    CHECK(halves() == 0);
    const auto package = decoded_package(first);
    CHECK_FALSE(ann.store.value("mls/kp/" + to_hex(mls::make_key_package_ref(package))).has_value());
    CHECK(package.cipher_suite == seal::suite);
    CHECK(package.leaf_node.lifetime.not_before == static_cast<std::uint64_t>(start_ms / 1000 - 24 * 3600));
    CHECK(package.leaf_node.lifetime.not_after == static_cast<std::uint64_t>(start_ms / 1000 + 180 * 24 * 3600));
    CHECK(first.size() <= wire::key_package_bytes_max);
}

TEST_CASE("key packages: a used last resort is renewed after a day; an older one serves until it expires")
{
    Four f;
    Member& ann3 = f.world.device("ann", "ann3");
    const Bytes old = ann3.tick([&](Groups& g) { return g.make_last_resort(start_ms); });
    const Bytes fresh = ann3.tick([&](Groups& g) { return g.make_last_resort(start_ms + 1); });
    f.world.accept(f.ann1, f.change(f.ann1, {{ann3.id, fresh}}));
    CHECK_FALSE(ann3.groups->last_resort_is_old(start_ms + day_ms));
    CHECK(ann3.groups->last_resort_is_old(start_ms + day_ms + 1));
    const auto packages = f.world.packages({&f.ann2, &f.bob1, &f.bob2});
    auto with_old = packages;
    with_old[ann3.id] = old;
    std::vector<DeviceId> bad;
    const auto next =
        f.ann1.tick([&](Groups& g) { return g.create(f.world.circle("ann", "bob"), 2, with_old, bad, start_ms); });
    REQUIRE(next.ok());
    CHECK(bad.empty());
    f.world.accept(f.ann1, *next);
    f.all.push_back(&ann3);
    f.everybody_talks();
}
