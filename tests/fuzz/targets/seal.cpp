// SPDX-License-Identifier: Apache-2.0
// What says who is who, and what is sealed: device lists, vaults, link codes and grants, and a device's groups against
// whatever arrives in an envelope.
#include "tests/fuzz/target.hpp"
#include "tests/lib/seal/crew.hpp"
#include "tests/lib/seal/four.hpp"

#include "lib/crypto/vault.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/identity/safety_number.hpp"
#include "lib/policy/outline.hpp"
#include "lib/seal/evidence.hpp"
#include "lib/seal/group_secret.hpp"
#include "lib/seal/label.hpp"
#include "lib/seal/link_grant.hpp"
#include "lib/seal/policy_extension.hpp"
#include "lib/wire/mls_walker.hpp"

using namespace godwit;
using namespace godwit::fuzz;

namespace {

Bytes bytes_of(std::string_view text)
{
    return to_bytes(as_bytes(text));
}

// ---- device lists ----

const identity::DeviceList& list_sample()
{
    static const identity::DeviceList made = [] {
        std::vector<wire::DeviceCertificate> devices;
        for (std::uint8_t n = 1; n <= 2; ++n) {
            wire::DeviceCertificate one;
            one.user = "ann";
            one.device.bytes.fill(n);
            one.device_name = "laptop";
            devices.push_back(identity::sign_certificate(one, test::account_seed("ann")));
        }
        return identity::sign_device_list("ann", test::account_seed("ann"), 3, devices, 1'700'000'000'000);
    }();
    return made;
}

std::vector<Bytes> lists()
{
    return {list_sample().encoded};
}

// ---- vaults ----

struct VaultSample {
    Bytes seed = Bytes(32, 1);
    Bytes key = Bytes(32, 2);
    PublicKey account = crypto::SigningKey::from_seed(seed).public_key();
};

std::vector<Bytes> vaults()
{
    const VaultSample sample;
    test::SeededEntropy entropy(1);
    return {crypto::seal_vault(sample.key, "ann", sample.account, sample.seed, entropy)};
}

// ---- linking ----

struct LinkSample {
    test::SeededEntropy entropy{2};
    seal::LinkOffer offer = seal::make_link_offer(DeviceId{}, entropy);
    std::string code = seal::link_code(offer);
    Bytes grant = [&] {
        const auto parsed = seal::parse_link_code(code);
        return seal::seal_link_grant(
            *parsed, {"ann", test::account_key("ann"), test::account_seed("ann"), list_sample().encoded}, entropy);
    }();
};

const LinkSample& link_sample()
{
    static const LinkSample* const made = new LinkSample;
    return *made;
}

std::vector<Bytes> codes()
{
    const identity::Named ann{"ann", test::account_key("ann")};
    const identity::Named bob{"bob", test::account_key("bob")};
    return {bytes_of(link_sample().code), bytes_of(identity::verification_code(ann, bob))};
}

std::vector<Bytes> grants()
{
    return {link_sample().grant};
}

// ---- groups of many ----

std::vector<Bytes> policies()
{
    auto discussion = test::crew();
    discussion.kind = ConversationKind::discussion;
    discussion.expires_ms = 7;
    discussion.all_muted = true;
    auto one = test::policy_of("ann");
    one.dissolved = true;
    std::vector<Bytes> out;
    for (const auto& policy : {test::crew(), discussion, one})
        out.push_back(mls::encode(seal::policy::encode(policy)));
    return out;
}

struct GroupSample {
    test::SeededEntropy entropy{6};
    ConversationId conversation = test::Four(4).conversation;
    wire::SecretVector secret = wire::SecretVector(seal::group_secret_bytes, 3);
    seal::Applicant applicant{"bob", test::account_key("bob")};
    std::string link = seal::encode_group_link({conversation, secret, test::account_key("relay")});
    Bytes sealed_secret = *seal::seal_group_secret(test::account_key("ann"), conversation, secret, entropy);
    Bytes sealed_profile = seal::seal_profile(secret, conversation, {"name", "about", "news", {}, secret}, entropy);
    Bytes sealed_join = seal::seal_join(secret, conversation, applicant, {"let me in"}, entropy);
};

const GroupSample& group_sample()
{
    static const GroupSample* const made = new GroupSample;
    return *made;
}

std::vector<Bytes> group_secrets()
{
    const auto& sample = group_sample();
    std::vector<Bytes> out{bytes_of(sample.link), sample.sealed_secret, sample.sealed_profile, sample.sealed_join};
    out.push_back(wire::encode(wire::GroupProfile{"name", "about", "news", {}, sample.secret}));
    out.push_back(wire::encode(wire::GroupJoinText{"let me in"}));
    return out;
}

// ---- groups ----

/// Ann and Bob, two devices each, and what may be on its way to Bob's first.
struct Mail {
    test::Four four{3};
    MessageId id = test::message_id(77);
    std::vector<Bytes> sealed; ///< A message, a commit, a GroupInfo, a Welcome.
    MessageId commit_id;
    testing::MemoryStore store; ///< Bob's: none of it has come.
    Mail()
    {
        four.everybody_talks();
        sealed.push_back(four.seal(four.ann1, id, "hello").bytes);
        const auto change = four.change(four.ann1);
        sealed.push_back(change.commit);
        commit_id = change.id;
        sealed.push_back(four.world.group_info);
        four.ann2.groups->abandon(four.conversation);
        sealed.push_back(four.found(four.ann2, 2).welcome);
        store = four.bob1.store;
    }
};

Mail& mail()
{
    static Mail* const made = new Mail;
    return *made;
}

std::vector<Bytes> letters()
{
    std::vector<Bytes> out;
    for (std::uint8_t which = 0; which < 4; ++which) {
        out.push_back({which, 0, 0, 200, 0, 1});
        out.push_back({static_cast<std::uint8_t>(which | 0x40)});
    }
    return out;
}

} // namespace

FUZZ_TARGET(seal_device_list, "wire", 2048, lists)
{
    const auto verified = identity::verify_device_list(input, "ann", test::account_key("ann"));
    if (!verified.ok()) return;
    // Signed: nobody else can make one, and it has one spelling.
    FUZZ_CHECK(verified->encoded == list_sample().encoded);
    FUZZ_CHECK(identity::judge(list_sample(), *verified) == identity::Succession::same);
}

FUZZ_TARGET(seal_vault, "", 128, vaults)
{
    static const VaultSample sample;
    static const Bytes whole = vaults().front();
    const auto opened = crypto::open_vault(sample.key, "ann", sample.account, input);
    FUZZ_CHECK(opened.ok() == std::equal(input.begin(), input.end(), whole.begin(), whole.end()));
}

FUZZ_TARGET(seal_code, "code", 512, codes)
{
    const auto text = as_text(input);
    const auto parsed = seal::parse_link_code(text);
    if (!parsed.ok()) FUZZ_CHECK(parsed.error().code == ErrorCode::invalid_argument && !parsed.error().detail.empty());
    const identity::Named ann{"ann", test::account_key("ann")};
    const identity::Named bob{"bob", test::account_key("bob")};
    if (identity::verification_matches(text, bob, ann)) FUZZ_CHECK(text == identity::verification_code(ann, bob));
    if (const auto name = seal::parse_group_id(input))
        FUZZ_CHECK(seal::encode_group_id(name->conversation, name->incarnation) == to_bytes(input));
}

FUZZ_TARGET(seal_link_grant, "", 1024, grants)
{
    const auto& sample = link_sample();
    const auto opened = seal::open_link_grant(sample.offer, input);
    FUZZ_CHECK(opened.ok() == (to_bytes(input) == sample.grant));
}

/// One policy has one form; what is accepted is within its bounds, and a commit judges by it without a thought of how
/// it came about.
FUZZ_TARGET(seal_policy, "mls", 4096, policies)
{
    // The relay reads it without lib/mls: all that members take, and as they do; other spellings too.
    wire::MlsWalker walker(input);
    const auto inner = walker.opaque();
    const auto outline = walker.done() ? godwit::policy::read_outline(inner) : std::nullopt;
    FUZZ_CHECK(!outline || seal::policy::is_sound(*outline));
    const auto decoded = mls::decode<mls::Extensions>(input);
    if (!decoded) return;
    const mls::Extensions& extensions = *decoded;
    const auto policy = seal::policy::decode(extensions);
    if (!policy) return;
    FUZZ_CHECK(outline == policy);
    FUZZ_CHECK(seal::policy::is_there(extensions) && seal::policy::is_sound(*policy));
    FUZZ_CHECK(seal::policy::encode(*policy) == extensions);
    const auto crew = test::crew();
    for (const auto& member : policy->members) {
        FUZZ_CHECK(policy->find(member.account_key) == &member && policy->find(member.user) == &member);
        seal::policy::Act act;
        act.actor = member.account_key;
        // Nothing changes: everybody may, where it goes on.
        FUZZ_CHECK(seal::policy::judge(*policy, *policy, act).has_value() == policy->dissolved);
        (void)seal::policy::judge(crew, *policy, act);
        (void)seal::policy::judge(*policy, crew, act);
        for (const auto what : {seal::policy::Speech::post, seal::policy::Speech::react, seal::policy::Speech::rule})
            (void)seal::policy::hush(*policy, member.account_key, what, 100);
    }
}

FUZZ_TARGET(seal_group_secret, "code", 4096, group_secrets)
{
    const auto& sample = group_sample();
    const auto text = as_text(input);
    const auto link = seal::parse_group_link(text);
    if (link.ok())
        FUZZ_CHECK(seal::encode_group_link(*link) == text);
    else
        FUZZ_CHECK(link.error().code == ErrorCode::invalid_argument && !link.error().detail.empty());
    // Nobody without the secrets makes what opens.
    const Bytes bytes = to_bytes(input);
    FUZZ_CHECK(seal::open_group_secret(test::account_seed("ann"), sample.conversation, input).ok() ==
               (bytes == sample.sealed_secret));
    FUZZ_CHECK(seal::open_profile(sample.secret, sample.conversation, input).ok() == (bytes == sample.sealed_profile));
    FUZZ_CHECK(seal::open_join(sample.secret, sample.conversation, sample.applicant, input).ok() ==
               (bytes == sample.sealed_join));
    if (const auto profile = wire::decode_group_profile(input)) {
        const auto once = wire::encode(*profile);
        const auto twice = wire::decode_group_profile(once);
        FUZZ_CHECK(once.size() <= input.size() && twice.ok() && wire::encode(*twice) == once);
        // A member makes any: it seals, and every other member opens it.
        test::SeededEntropy entropy(7);
        const auto sealed = seal::seal_profile(sample.secret, sample.conversation, *profile, entropy);
        FUZZ_CHECK(sealed.size() <= seal::policy_profile_bytes_max);
        FUZZ_CHECK(seal::open_profile(sample.secret, sample.conversation, sealed).ok());
    }
    if (const auto join = wire::decode_group_join_text(input)) {
        test::SeededEntropy entropy(8);
        const auto sealed = seal::seal_join(sample.secret, sample.conversation, sample.applicant, *join, entropy);
        FUZZ_CHECK(seal::open_join(sample.secret, sample.conversation, sample.applicant, sealed)->text == join->text);
    }
}

/// Lists that a commit brings take nobody out but whom their own account has withdrawn.
FUZZ_TARGET(seal_evidence, "wire", 4096, lists)
{
    Choices choices(input);
    std::vector<Bytes> brought;
    for (int n = 0; n < 4 && !choices.empty(); ++n)
        brought.push_back(choices.flag() ? mutated(list_sample().encoded, choices) : to_bytes(choices.bytes(2000)));
    brought.push_back(to_bytes(input));
    const seal::Evidence evidence(brought);
    for (const auto& listed : list_sample().devices)
        FUZZ_CHECK(!evidence.withdraws(listed));
}

FUZZ_TARGET(seal_groups, "mls", 1024, letters)
{
    Choices choices(input);
    auto& all = mail();
    auto store = all.store;
    test::SeededEntropy entropy(5);
    auto& bob = all.four.bob1;
    seal::Groups groups({bob.id, bob.seed, bob.certificate}, store, entropy, all.four.world);
    const auto which = choices.byte();
    const auto& honest = all.sealed[which % 4];
    const bool whole = (which & 0x40) != 0;
    const Bytes letter = (which & 0x80) != 0 ? to_bytes(choices.rest()) : whole ? honest : mutated(honest, choices);
    const auto from = choices.dice(4) == 3 ? all.four.bob2.id : all.four.ann1.id;
    (void)seal::read_label(letter);
    store.begin();
    const auto opened = groups.open(seal::Purpose::content, all.id, from, letter);
    const bool is_opened = opened.verdict == seal::Opened::Verdict::opened;
    if (is_opened) FUZZ_CHECK(as_text(opened.content) == "hello" && from == all.four.ann1.id);
    groups.flush();
    // What is not opened leaves no trace.
    if (!is_opened) FUZZ_CHECK(!store.dirty());
    const auto commit = groups.commit(all.commit_id, from, letter, all.four.world.now_ms);
    if (commit.verdict == seal::CommitOutcome::Verdict::applied) FUZZ_CHECK(letter == all.sealed[1]);
    (void)groups.welcome(letter, all.four.world.now_ms);
    (void)groups.rejoin(all.four.circle, letter, all.four.world.at_relay, all.four.world.now_ms);
    groups.flush();
    FUZZ_CHECK(store.commit().ok());
    // And it starts again from what it stored.
    seal::Groups again({bob.id, bob.seed, bob.certificate}, store, entropy, all.four.world);
    FUZZ_CHECK(again.version(all.four.conversation).has_value() ||
               groups.version(all.four.conversation) == std::nullopt);
}
