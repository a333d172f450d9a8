// SPDX-License-Identifier: Apache-2.0
// x509 credentials (RFC 9420 section 5.3): what of them is judged here, and what the application is asked.
#include "tests/lib/mls/story.hpp"
#include "tests/lib/mls/x509.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

/// Everybody lists x509; who is named gets this credential and key.
Member member_of(World& world, const std::string& name, std::optional<Credential> credential = {},
                 std::optional<SignatureKeyPair> signer = {})
{
    Member out = world.newcomer(name);
    out.leaf.capabilities.credentials.push_back(CredentialType::x509);
    if (credential) out.leaf.credential = *credential;
    if (signer) out.signer = *signer;
    return out;
}

} // namespace

TEST_CASE("x509: a chain goes through whole, and what is none is told")
{
    const std::vector<Bytes> chain{ed25519_certificate(), Bytes(300, 7)};
    const Credential credential = Credential::x509(chain);
    CHECK(must(credential.certificates()) == chain);
    CHECK(must(decode<Credential>(encode(credential))) == credential);
    const auto refused = [](Bytes content) {
        return Credential{CredentialType::x509, std::move(content)}.certificates().error();
    };
    CHECK(refused({}) == MlsError::x509_chain_malformed);
    CHECK(refused({0}) == MlsError::x509_chain_malformed);
    CHECK(refused({1, 9, 0}) == MlsError::x509_chain_malformed);
    CHECK(refused({2, 9}) == MlsError::x509_chain_malformed);
    CHECK(refused({0x40, 1, 9}) == MlsError::x509_chain_malformed); // A length in more bytes than needed.
    CHECK(Credential::basic(as_bytes("x")).certificates().error() == MlsError::x509_chain_malformed);
    CHECK(Credential::x509(std::vector<Bytes>(certificates_max, Bytes{1})).certificates().ok());
    CHECK(Credential::x509(std::vector<Bytes>(certificates_max + 1, Bytes{1})).certificates().error() ==
          MlsError::x509_chain_malformed);
}

TEST_CASE("x509: the end entity's certificate is for the leaf's key, in its suite, and is read to the letter")
{
    const Bytes ed = ed25519_certificate(), p256 = p256_certificate();
    const auto check = [](const Bytes& certificate, CipherSuite suite, const SignatureKeyPair& key) {
        return check_credential_form(Credential::x509({certificate, Bytes{1}}), suite, key.public_key);
    };
    CHECK(check(ed, suite_1, ed25519_certified()) == MlsError::none);
    CHECK(check(ed, suite_3, ed25519_certified()) == MlsError::none);
    CHECK(check(p256, suite_2, p256_certified()) == MlsError::none);
    CHECK(check(p256, suite_2, ed25519_certified()) == MlsError::x509_key_mismatch);
    CHECK(check(ed, suite_1, p256_certified()) == MlsError::x509_key_mismatch);
    CHECK(check(ed, suite_2, ed25519_certified()) == MlsError::x509_key_mismatch); // The same bytes, of another kind.
    CHECK(check_credential_form(Credential::basic({}), suite_1, {}) == MlsError::none);
    // Cut anywhere it is no certificate; changed anywhere it is none, or for another key, or the change is elsewhere.
    for (const auto& [certificate, suite, key] :
         {std::tuple(ed, suite_1, ed25519_certified()), std::tuple(p256, suite_2, p256_certified())}) {
        for (std::size_t size = 0; size < certificate.size(); ++size)
            CHECK(check(to_bytes(BytesView(certificate).first(size)), suite, key) == MlsError::x509_chain_malformed);
        Bytes longer = certificate;
        longer.push_back(0);
        CHECK(check(longer, suite, key) == MlsError::x509_chain_malformed);
        int found = 0;
        for (std::size_t at = 0; at < certificate.size(); ++at)
            for (const int bit : {0x01, 0x10, 0x80}) {
                Bytes changed = certificate;
                changed[at] = static_cast<std::uint8_t>(changed[at] ^ bit);
                if (check(changed, suite, key) != MlsError::none) ++found;
            }
        CHECK(found >= 3 * static_cast<int>(key.public_key.size()));
    }
}

TEST_CASE("x509: members with certificates, beside others, and the application judges the chain")
{
    for (const CipherSuite suite : {suite_1, suite_2}) {
        World world(81, suite);
        const std::vector<Bytes> chain{suite == suite_1 ? ed25519_certificate() : p256_certificate(), Bytes(40, 3)};
        const SignatureKeyPair key = suite == suite_1 ? ed25519_certified() : p256_certified();
        Member alice = member_of(world, "alice");
        alice.group = must(Group::create(world.env(), suite, Bytes{1}, alice.leaf, alice.signer, world_lifetime));
        world.members.push_back(std::make_unique<Member>(std::move(alice)));
        world.commit(0, {}, {member_of(world, "bob")});
        const Member certified = member_of(world, "certified", Credential::x509(chain), key);
        world.service.chains_judged.clear();
        world.commit(1, {}, {certified});
        REQUIRE_FALSE(world.service.chains_judged.empty());
        for (const auto& judged : world.service.chains_judged)
            CHECK(judged == chain);
        everybody_talks(world);
        world.commit(2);
        everybody_talks(world);
    }
}

TEST_CASE("x509: refused where the application does not believe it, where it is for another key, where others lack it")
{
    World world(82);
    Member alice = member_of(world, "alice");
    alice.group = must(Group::create(world.env(), suite_1, Bytes{1}, alice.leaf, alice.signer, world_lifetime));
    world.members.push_back(std::make_unique<Member>(std::move(alice)));
    const Credential credential = Credential::x509({ed25519_certificate()});
    const auto add = [&](const Member& member) {
        auto package = create_key_package(suite_1, member.signer, member.leaf, world_lifetime, world.entropy);
        if (!package) return package.error();
        CommitOptions options;
        options.proposals = {Proposal{Add{package->key_package}}};
        return world.group(0).commit(world.env(), options).error();
    };
    const Member good = member_of(world, "good", credential, ed25519_certified());
    CHECK(add(good) == MlsError::none);
    world.service.accept_chains = false;
    CHECK(add(good) == MlsError::invalid_credential);
    world.service.accept_chains = true;
    CHECK(add(member_of(world, "other key", credential)) == MlsError::x509_key_mismatch);
    CHECK(add(member_of(world, "no chain", Credential::x509({}), ed25519_certified())) ==
          MlsError::x509_chain_malformed);
    Member unlisted = world.newcomer("unlisted");
    unlisted.leaf.credential = credential;
    unlisted.signer = ed25519_certified();
    CHECK(add(unlisted) == MlsError::credential_not_listed);
    world.commit(0, {}, {world.newcomer("bob, who knows basic ones only")}); // Nobody has used another: he fits.
    CHECK(add(good) == MlsError::credential_not_supported);

    // By default nobody's chain is believed.
    class Basic : public AuthenticationService {
        bool is_valid(const Credential&, BytesView) const override { return true; }
    };
    CHECK_FALSE(is_believed(Basic(), credential, ed25519_certified().public_key));
    CHECK(is_believed(Basic(), Credential::basic({}), {}));
    CHECK_FALSE(is_believed(world.service, Credential{CredentialType::x509, Bytes{1}}, {}));
}

TEST_CASE("x509: an external sender's, too")
{
    World world(83);
    const auto founded = [&](const ExternalSender& sender) {
        const Member alice = world.newcomer("alice");
        return Group::create(world.env(), suite_1, Bytes{1}, alice.leaf, alice.signer, world_lifetime,
                             {make_extension(ExtensionType::external_senders, ExternalSenders{{sender}})})
            .error();
    };
    const Credential credential = Credential::x509({ed25519_certificate()});
    CHECK(founded({ed25519_certified().public_key, credential}) == MlsError::none);
    CHECK(founded({Bytes(32, 1), credential}) == MlsError::x509_key_mismatch);
    world.service.accept_chains = false;
    CHECK(founded({ed25519_certified().public_key, credential}) == MlsError::external_sender_refused);
}
