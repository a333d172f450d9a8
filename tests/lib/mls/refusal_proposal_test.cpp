// SPDX-License-Identifier: Apache-2.0
// Refused for what is proposed, alone or together.
#include "tests/lib/mls/kinds.hpp"
#include "tests/lib/mls/refusal.hpp"
#include "tests/lib/mls/x509.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using namespace godwit::testing::refusal;

const std::vector<Case>& godwit::testing::refusal::proposal_cases()
{
    static const std::vector<Case> cases{
        {"a proposal that nobody saw", MlsError::unknown_proposal,
         [](Stage& s) {
             Commit commit = s.base;
             commit.proposals.push_back({Bytes(32, 5)});
             return publish_commit(s.alice(), commit);
         }},
        {"the committer's own Update", MlsError::update_by_committer,
         [](Stage& s) { return s.with_proposals({Proposal{Update{*s.alice().tree().leaf(0)}}}); }},
        {"the committer removes itself", MlsError::remove_committer,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{0}}}); }},
        {"a Remove of nobody", MlsError::remove_blank_leaf,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{77}}}); }},
        {"two Removes of one member", MlsError::update_after_remove_or_update,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{2}}, Proposal{Remove{2}}}); }},
        {"two Adds of one client", MlsError::add_same_client_twice,
         [](Stage& s) {
             const Member erin = s.world.newcomer("erin");
             return s.with_proposals(
                 {Proposal{Add{s.world.package(erin).key_package}}, Proposal{Add{s.world.package(erin).key_package}}},
                 false);
         }},
        {"an Add of a member", MlsError::add_existing_member,
         [](Stage& s) {
             return s.with_proposals({Proposal{Add{s.world.package(*s.world.members[2]).key_package}}}, false);
         }},
        {"an Add with a member's encryption key", MlsError::duplicate_encryption_key,
         [](Stage& s) {
             return s.with_package(
                 [&](KeyPackage& p) { p.leaf_node.encryption_key = s.alice().tree().leaf(2)->encryption_key; });
         }},
        {"a KeyPackage signature that does not verify", MlsError::bad_key_package_signature,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.signature[0] ^= 1; }, false, false); }},
        {"a KeyPackage leaf signature that does not verify", MlsError::bad_leaf_signature,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.signature[0] ^= 1; }, false); }},
        {"a KeyPackage of another suite", MlsError::key_package_wrong_suite,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.cipher_suite = suite_3; }); }},
        {"a KeyPackage of another version", MlsError::key_package_wrong_version,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.version = static_cast<ProtocolVersion>(2); }); }},
        {"an init key that is the leaf key", MlsError::init_key_reused,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.init_key = p.leaf_node.encryption_key; }); }},
        {"an init key of low order", MlsError::invalid_init_key,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.init_key = Bytes(32, 0); }); }},
        {"an x509 credential without a certificate", MlsError::x509_chain_malformed,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) {
                 p.leaf_node.credential = Credential::x509({});
                 p.leaf_node.capabilities.credentials.push_back(CredentialType::x509);
             });
         }},
        {"a certificate for another key", MlsError::x509_key_mismatch,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) {
                 p.leaf_node.credential = Credential::x509({ed25519_certificate()});
                 p.leaf_node.capabilities.credentials.push_back(CredentialType::x509);
             });
         }},
        {"an expired KeyPackage", MlsError::leaf_expired,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.lifetime = {5, 6}; }); }},
        {"a KeyPackage that ends before it begins", MlsError::lifetime_backwards,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) { p.leaf_node.lifetime = {world_now_s + 60, world_now_s - 60}; });
         }},
        {"a KeyPackage from the future", MlsError::leaf_not_yet_valid,
         [](Stage& s) {
             return s.with_package(
                 [](KeyPackage& p) { p.leaf_node.lifetime = {world_now_s + 60, world_now_s + 3600}; });
         }},
        {"a KeyPackage that lives too long", MlsError::lifetime_too_long,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.lifetime.not_after = ~0ull; }); }},
        {"a KeyPackage leaf with source commit", MlsError::key_package_leaf_source,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) { p.leaf_node.leaf_node_source = LeafNodeSource::commit; });
         }},
        {"a KeyPackage extension twice", MlsError::duplicate_extension,
         [](Stage& s) {
             return s.with_package(
                 [](KeyPackage& p) { p.extensions = {{custom_extension, {}}, {custom_extension, {}}}; });
         }},
        {"a KeyPackage extension that its leaf does not list", MlsError::key_package_extension_unlisted,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) { p.extensions = {{static_cast<ExtensionType>(0xf777), {}}}; });
         }},
        {"an Add that lacks a required capability", MlsError::required_capability_missing,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.capabilities.proposals.clear(); }); }},
        {"an Add that lacks the group's extension", MlsError::group_extension_not_supported,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) {
                 p.leaf_node.capabilities.extensions.clear();
                 p.leaf_node.extensions.clear();
                 p.extensions.clear();
             });
         }},
        {"an Add of a refused credential", MlsError::invalid_credential,
         [](Stage& s) {
             return s.with_package(
                 [&](KeyPackage& p) { p.leaf_node.credential.content = s.world.service.refused_identity; });
         }},
        {"a PSK nonce that is too short", MlsError::psk_nonce_length,
         [](Stage& s) {
             auto psk = s.world.external_psk({1});
             psk.psk_nonce.pop_back();
             return s.with_proposals({Proposal{PreSharedKey{psk}}}, false);
         }},
        {"a PSK with usage branch", MlsError::psk_branch_not_allowed,
         [](Stage& s) {
             auto psk = s.world.resumption_psk(s.alice(), s.alice().epoch());
             psk.usage = ResumptionPSKUsage::branch;
             return s.with_proposals({Proposal{PreSharedKey{psk}}}, false);
         }},
        {"a PSK with usage reinit", MlsError::psk_reinit_not_allowed,
         [](Stage& s) {
             auto psk = s.world.resumption_psk(s.alice(), s.alice().epoch());
             psk.usage = ResumptionPSKUsage::reinit;
             return s.with_proposals({Proposal{PreSharedKey{psk}}}, false);
         }},
        {"one PSK twice", MlsError::psk_duplicate,
         [](Stage& s) {
             const auto psk = s.world.external_psk({1});
             return s.with_proposals({Proposal{PreSharedKey{psk}}, Proposal{PreSharedKey{psk}}}, false);
         }},
        {"more PSKs than a joiner could be told", MlsError::too_many_items,
         [](Stage& s) {
             std::vector<Proposal> proposals;
             for (std::size_t i = 0; i <= list_items_max<PreSharedKeyID>; ++i)
                 proposals.push_back(Proposal{PreSharedKey{s.world.external_psk({1})}});
             return s.with_proposals(std::move(proposals), false);
         }},
        {"a PSK that we do not have", MlsError::psk_not_found,
         [](Stage& s) { return s.with_proposals({Proposal{PreSharedKey{s.world.external_psk({66})}}}, false); }},
        {"two GroupContextExtensions", MlsError::multiple_group_context_extensions,
         [](Stage& s) {
             const Proposal same{GroupContextExtensions{s.alice().context().extensions}};
             return s.with_proposals({same, same});
         }},
        {"a known extension that does not decode", MlsError::invalid_extension,
         [](Stage& s) {
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{{ExtensionType::required_capabilities, Bytes{1, 2, 3}}}}}});
         }},
        {"a group extension twice", MlsError::duplicate_extension,
         [](Stage& s) {
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{{custom_extension, {}}, {custom_extension, {}}}}}});
         }},
        {"new requirements that members do not meet", MlsError::requirements_not_met,
         [](Stage& s) {
             RequiredCapabilities required;
             required.credential_types = {CredentialType::x509};
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{make_extension(ExtensionType::required_capabilities, required)}}}});
         }},
        {"a new extension that members do not support", MlsError::group_extension_not_supported,
         [](Stage& s) { return s.with_proposals({Proposal{GroupContextExtensions{{{foreign_extension, {}}}}}}); }},
        {"an external sender that the service refuses", MlsError::external_sender_refused,
         [](Stage& s) {
             const ExternalSenders senders{
                 {{s.directory.public_key, Credential::basic(s.world.service.refused_identity)}}};
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{make_extension(ExtensionType::external_senders, senders)}}}});
         }},
        {"an external sender with half a key", MlsError::external_sender_invalid_key,
         [](Stage& s) {
             const ExternalSenders senders{{{Bytes(16, 1), Credential::basic(as_bytes("directory"))}}};
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{make_extension(ExtensionType::external_senders, senders)}}}});
         }},
        {"a ReInit in company", MlsError::reinit_with_others,
         [](Stage& s) {
             return s.with_proposals({Proposal{ReInit{Bytes{1}, ProtocolVersion::mls10, suite_1, {}}},
                                      Proposal{PreSharedKey{s.world.external_psk({1})}}});
         }},
        {"a ReInit to a lower version", MlsError::reinit_version_lower,
         [](Stage& s) {
             return s.with_proposals({Proposal{ReInit{Bytes{1}, static_cast<ProtocolVersion>(0), suite_1, {}}}});
         }},
        {"a ReInit to a version that does not exist yet", MlsError::reinit_version_unsupported,
         [](Stage& s) {
             return s.with_proposals({Proposal{ReInit{Bytes{1}, static_cast<ProtocolVersion>(2), suite_1, {}}}});
         }},
        {"a ReInit to a suite that this build does not have", MlsError::reinit_suite_unsupported,
         [](Stage& s) {
             return s.with_proposals(
                 {Proposal{ReInit{Bytes{1}, ProtocolVersion::mls10, static_cast<CipherSuite>(0x0007), {}}}});
         }},
        {"an ExternalInit of a member", MlsError::external_init_not_allowed,
         [](Stage& s) { return s.with_proposals({Proposal{ExternalInit{Bytes(32, 9)}}}); }},
        {"a custom proposal that not all support", MlsError::proposal_type_not_supported,
         [](Stage& s) { return s.with_proposals({Proposal{CustomProposal::opaque(foreign_proposal, {})}}); }},
        // The same judgement when proposals arrive on their own.
        {"an Update that keeps its key", MlsError::update_same_key,
         [](Stage& s) {
             return s.with_update([&](LeafNode& l) { l.encryption_key = s.alice().tree().leaf(0)->encryption_key; });
         }},
        {"an Update with source commit", MlsError::update_leaf_source,
         [](Stage& s) { return s.with_update([](LeafNode& l) { l.leaf_node_source = LeafNodeSource::commit; }); }},
        {"an Update to a refused credential", MlsError::invalid_credential,
         [](Stage& s) {
             return s.with_update([&](LeafNode& l) { l.credential.content = s.world.service.refused_identity; });
         }},
        {"an Update to a credential that cannot follow", MlsError::invalid_credential_successor,
         [](Stage& s) {
             s.world.service.accept_successors = false;
             return s.with_update([](LeafNode& l) { l.credential.content = {'x'}; });
         }},
        {"an ExternalInit as a proposal", MlsError::external_init_not_allowed,
         [](Stage& s) { return publish_proposal(s.alice(), Proposal{ExternalInit{Bytes(32, 9)}}); }},
        {"an external sender outside the list", MlsError::unknown_external_sender,
         [](Stage& s) { return s.directory_says(Proposal{Remove{2}}, {SenderType::external, 1}); }},
        {"an Update by an external sender", MlsError::proposal_by_external_not_allowed,
         [](Stage& s) { return s.directory_says(Proposal{Update{*s.alice().tree().leaf(0)}}); }},
        {"a custom proposal by an external sender", MlsError::proposal_by_external_not_allowed,
         [](Stage& s) { return s.directory_says(Proposal{CustomProposal::opaque(custom_proposal, {})}); }},
        {"a newcomer that proposes a Remove", MlsError::new_member_proposal_not_add,
         [](Stage& s) { return s.directory_says(Proposal{Remove{2}}, {SenderType::new_member_proposal, 0}); }},
        {"a newcomer that nobody lets in", MlsError::newcomer_refused,
         [](Stage& s) {
             s.world.service.accept_newcomers = false;
             const Member x = s.world.newcomer("x");
             return s.directory_says(Proposal{Add{s.world.package(x).key_package}},
                                     {SenderType::new_member_proposal, 0}, &x.signer);
         }},
        {"a newcomer's Add, signed by somebody else", MlsError::bad_signature,
         [](Stage& s) {
             return s.directory_says(Proposal{Add{s.world.package(s.world.newcomer("x")).key_package}},
                                     {SenderType::new_member_proposal, 0});
         }},
    };
    return cases;
}

std::vector<Kind> godwit::testing::proposal_kinds()
{
    return kinds_of(proposal_cases());
}

TEST_CASE("refused: proposals")
{
    std::printf("refusals: proposals %d kinds\n", run(proposal_cases()));
}
