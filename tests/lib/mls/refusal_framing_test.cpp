// SPDX-License-Identifier: Apache-2.0
// Refused for how they are framed, sealed or signed.
#include "tests/lib/mls/kinds.hpp"
#include "tests/lib/mls/refusal.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using namespace godwit::testing::refusal;

namespace {

Bytes flipped(Bytes bytes, std::size_t at)
{
    bytes.at(at) ^= 1;
    return bytes;
}

} // namespace

const std::vector<Case>& godwit::testing::refusal::framing_cases()
{
    static const std::vector<Case> cases{
        {"cut off", MlsError::truncated,
         [](Stage& s) { return Bytes(s.good_commit.begin(), s.good_commit.end() - 1); }},
        {"one byte more", MlsError::trailing_bytes,
         [](Stage& s) {
             Bytes out = s.good_commit;
             out.push_back(0);
             return out;
         }},
        {"another protocol version", MlsError::unsupported_version, [](Stage& s) { return flipped(s.good_commit, 0); }},
        {"an unknown wire format", MlsError::unknown_wire_format,
         [](Stage& s) {
             Bytes out = s.good_commit;
             out[3] = 9;
             return out;
         }},
        {"a KeyPackage where a message belongs", MlsError::wrong_wire_format,
         [](Stage& s) { return encode(MLSMessage{s.world.package(s.world.newcomer("x")).key_package}); }},
        {"a length in more bytes than needed", MlsError::invalid_varint,
         [](Stage& s) {
             Bytes out = s.good_commit; // group_id is 32 bytes: 20 becomes 40 20.
             out[4] = 0x40;
             out.insert(out.begin() + 5, 0x20);
             return out;
         }},
        {"a sender type that does not exist", MlsError::invalid_enum,
         [](Stage& s) {
             Bytes out = s.good_commit; // version, format, group_id, epoch, then the sender type.
             out[4 + 33 + 8] = 9;
             return out;
         }},
        {"a presence octet of 2", MlsError::invalid_optional,
         [](Stage& s) {
             Bytes out = s.good_commit; // ..., sender, authenticated_data, content type, proposals<V>, path.
             out[4 + 33 + 8 + 5 + 1 + 1 + 1] = 2;
             return out;
         }},
        {"another group", MlsError::wrong_group,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.group_id[0] ^= 1; }); }},
        {"a commit of the next epoch", MlsError::wrong_epoch,
         [](Stage& s) { return s.with_content([](auto& c) { ++c.content.epoch; }); }},
        {"a commit of the last epoch", MlsError::wrong_epoch,
         [](Stage& s) { return s.with_content([](auto& c) { --c.content.epoch; }); }},
        {"application data in the open", MlsError::public_application_message,
         [](Stage& s) { return publish(s.alice(), own_content(s.alice(), Bytes{1, 2})); }},
        {"a member that does not exist", MlsError::unknown_sender,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.sender.index = 70000; }); }},
        {"in the name of another member", MlsError::bad_signature,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.sender.index = 2; }); }},
        {"a commit by an external sender", MlsError::sender_not_allowed,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.sender = {SenderType::external, 0}; }); }},
        {"a commit by a new_member_proposal sender", MlsError::new_member_proposal_not_add,
         [](Stage& s) {
             return s.with_content([](auto& c) { c.content.sender = {SenderType::new_member_proposal, 0}; });
         }},
        {"a proposal by a new_member_commit sender", MlsError::new_member_commit_not_commit,
         [](Stage& s) { return s.directory_says(Proposal{Remove{2}}, {SenderType::new_member_commit, 0}); }},
        {"a membership tag that does not verify", MlsError::bad_membership_tag,
         [](Stage& s) { return flipped(s.good_commit, s.good_commit.size() - 1); }},
        {"no membership tag", MlsError::membership_tag_missing,
         [](Stage& s) {
             auto message = must_decode<MLSMessage>(s.good_commit);
             message.as<PublicMessage>()->membership_tag.clear();
             return encode(message);
         }},
        {"a signature that does not verify", MlsError::bad_signature,
         [](Stage& s) {
             AuthenticatedContent content = own_content(s.alice(), s.base);
             content.auth.signature = Bytes(64, 1);
             return encode(
                 MLSMessage{PublicMessage{content.content, content.auth, Access::membership_tag(s.alice(), content)}});
         }},
        {"an echo of our own proposal", MlsError::own_message,
         [](Stage& s) { return publish_proposal(s.bob(), Proposal{Remove{2}}); }},
        {"a replayed application message", MlsError::generation_used, [](Stage& s) { return s.replayed; }},
        {"a generation too far ahead", MlsError::generation_too_far,
         [](Stage& s) { return s.closed([](auto&, auto& sender) { sender.generation = forward_steps_max + 2; }); }},
        {"the end of the ratchet", MlsError::generation_exhausted,
         [](Stage& s) { return s.closed([](auto&, auto& sender) { sender.generation = 0xffffffff; }); }},
        {"sender data that does not open", MlsError::bad_sender_data,
         [](Stage& s) {
             return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.encrypted_sender_data[3] ^= 1; });
         }},
        {"content that does not open", MlsError::bad_ciphertext,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.ciphertext.back() ^= 1; }); }},
        {"authenticated data that was exchanged", MlsError::bad_ciphertext,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.authenticated_data = {7}; }); }},
        {"padding that is not zero", MlsError::nonzero_padding,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, {}, Bytes{0, 0, 4, 0}); }},
        {"a sealed message of a blank leaf", MlsError::unknown_sender,
         [](Stage& s) {
             return s.closed(
                 [](AuthenticatedContent& c, SenderData& d) { c.content.sender.index = d.leaf_index = 99; });
         }},
        {"a sealed message with a bad signature", MlsError::bad_signature,
         [](Stage& s) { return s.closed([](AuthenticatedContent& c, auto&) { c.auth.signature[9] ^= 1; }); }},
        {"a sealed message of a future epoch", MlsError::wrong_epoch,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.epoch += 1; }); }},
        {"a sealed message of an epoch long gone", MlsError::epoch_too_old,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.epoch = 0; }); }},
        {"a sealed handshake message of a past epoch", MlsError::wrong_epoch,
         [](Stage& s) {
             return s.closed([](auto&, auto&) {},
                             [](PrivateMessage& m) {
                                 m.epoch -= 1;
                                 m.content_type = ContentType::commit;
                             });
         }},
    };
    return cases;
}

std::vector<Kind> godwit::testing::framing_kinds()
{
    return kinds_of(framing_cases());
}

TEST_CASE("refused: framing")
{
    std::printf("refusals: framing %d kinds\n", run(framing_cases()));
}
