// SPDX-License-Identifier: Apache-2.0
// Refused when they come from outside.
#include "tests/lib/mls/kinds.hpp"
#include "tests/lib/mls/refusal.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using namespace godwit::testing::refusal;

const std::vector<Case>& godwit::testing::refusal::external_commit_cases()
{
    static const std::vector<Case> cases{
        {"external: a proposal by reference", MlsError::external_commit_by_reference,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.proposals.push_back({Bytes(32, 1)}); }); }},
        {"external: no ExternalInit", MlsError::external_init_count,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.proposals.clear(); }); }},
        {"external: two ExternalInits", MlsError::external_init_count,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.proposals.push_back(c.proposals[0]); }); }},
        {"external: an Add", MlsError::external_commit_proposal_not_allowed,
         [](Stage& s) {
             const auto package = s.world.package(s.world.newcomer("friend")).key_package;
             return s.from_outside([&](Commit& c) { c.proposals.push_back(by_value(Proposal{Add{package}})); });
         }},
        {"external: two Removes", MlsError::external_commit_multiple_removes,
         [](Stage& s) {
             return s.from_outside([](Commit& c) {
                 c.proposals.push_back(by_value(Proposal{Remove{2}}));
                 c.proposals.push_back(by_value(Proposal{Remove{3}}));
             });
         }},
        {"external: a Remove of nobody", MlsError::remove_blank_leaf,
         [](Stage& s) {
             return s.from_outside([](Commit& c) { c.proposals.push_back(by_value(Proposal{Remove{70}})); });
         }},
        {"external: no path", MlsError::external_path_missing,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.path.reset(); }); }},
        {"external: a KEM output of low order", MlsError::bad_external_init,
         [](Stage& s) {
             return s.from_outside([](Commit& c) { c.proposals[0] = by_value(Proposal{ExternalInit{Bytes(32, 0)}}); });
         }},
        {"external: a KEM output of another group", MlsError::bad_confirmation_tag,
         [](Stage& s) {
             const Bytes other = generate_hpke_key_pair(suite_1, s.world.entropy).public_key;
             return s.from_outside([&](Commit& c) { c.proposals[0] = by_value(Proposal{ExternalInit{other}}); });
         }},
        {"external: a refused credential", MlsError::invalid_credential,
         [](Stage& s) {
             return s.from_outside(
                 [&](Commit& c) { c.path->leaf_node.credential.content = s.world.service.refused_identity; }, {}, true);
         }},
        {"external: a resync with a foreign credential", MlsError::invalid_credential_successor,
         [](Stage& s) {
             Bytes out = s.from_outside([](Commit&) {}, LeafIndex{2});
             s.world.service.accept_successors = false;
             return out;
         }},
        {"external: a leaf for another group", MlsError::bad_leaf_signature,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.path->leaf_node.signature[0] ^= 1; }); }},
        {"external: signed by another key than the leaf's", MlsError::bad_signature,
         [](Stage& s) {
             Bytes out = s.from_outside([](Commit&) {});
             auto message = must_decode<MLSMessage>(out);
             message.as<PublicMessage>()->auth.signature[5] ^= 1;
             return encode(message);
         }},
        {"external: capabilities that lack a requirement", MlsError::required_capability_missing,
         [](Stage& s) {
             return s.from_outside([](Commit& c) { c.path->leaf_node.capabilities.proposals.clear(); }, {}, true);
         }},
    };
    return cases;
}

std::vector<Kind> godwit::testing::external_commit_kinds()
{
    return kinds_of(external_commit_cases());
}

TEST_CASE("refused: external commits")
{
    std::printf("refusals: external commits %d kinds\n", run(external_commit_cases()));
}
