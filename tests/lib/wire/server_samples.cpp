// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/wire/samples.hpp"

namespace godwit::wire::test {

std::vector<Sample> server_samples()
{
    const Envelope envelope{message(0xee), {0x5e, 0xa1}};
    const auto conversation = filled<ConversationId>(0xc0);
    const Bytes list{0xde, 0x11};
    const Error ok{ErrorCode::ok, "", 0};

    std::vector<Sample> out;
    out.push_back({"pong", encode(relay::ServerFrame(relay::Pong{65535})), "9234cdffff", again_server});
    out.push_back({"welcome",
                   encode(relay::ServerFrame(
                       relay::Welcome{1, "0.1.0", "192.0.2.1:4000", t, false, "0.2.0", 1000, 64 * 1024 * 1024})),
                   "995001a5302e312e30ae3139322e302e322e313a34303030cf0000018bcfe56800c2a5302e322e30cd03e8ce0400"
                   "0000",
                   again_server});
    out.push_back({"response.none",
                   encode(relay::ServerFrame(relay::Response{4, {ErrorCode::name_taken, "this name is taken", 0}, {}})),
                   "9451049315b274686973206e616d652069732074616b656e009160", again_server});
    out.push_back(
        {"response.login_ok",
         encode(relay::ServerFrame(relay::Response{2, ok, relay::LoginOk{key(0xaa), {0x0a, 0x0b}, list, false}})),
         "9451029300a0009561c420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac4020a"
         "0bc402de11c2",
         again_server});
    out.push_back(
        {"response.session",
         encode(relay::ServerFrame(relay::Response{3, ok,
                                                   relay::Session{"ann",
                                                                  {{"turn.example", 3478, TurnServer::Transport::tcp,
                                                                    "1700003600:ann", "cGFzcw==", 1700003600000}},
                                                                  "",
                                                                  0,
                                                                  40,
                                                                  true}})),
         "9451039300a0009762a3616e6e9196ac7475726e2e6578616d706c65cd0d9601ae313730303030333630303a616e"
         "6ea86347467a63773d3dcf0000018bd01c5680a00028c3",
         again_server});
    out.push_back(
        {"response.mailbox_put_ok",
         encode(relay::ServerFrame(relay::Response{
             11, ok, relay::MailboxPutOk{{ErrorCode::ok, ErrorCode::quota_exceeded, ErrorCode::not_a_contact}}})),
         "94510b9300a000926393002a16", again_server});
    out.push_back({"response.key_package_stock",
                   encode(relay::ServerFrame(relay::Response{13, ok, relay::KeyPackageStock{42}})),
                   "94510d9300a00092642a", again_server});
    out.push_back({"response.key_packages",
                   encode(relay::ServerFrame(relay::Response{14, ok, relay::KeyPackages{{{key(0xd2), {0xb1}}}}})),
                   "94510e9300a00092659192c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2c4"
                   "01b1",
                   again_server});
    out.push_back(
        {"response.group_state",
         encode(relay::ServerFrame(relay::Response{
             15, {ErrorCode::conflict, "another commit came first", 0}, relay::GroupState{1, 8, message(0xee), {}}})),
         "94510f932eb9616e6f7468657220636f6d6d69742063616d652066697273740096660108c410eeeeeeeeeeeeeeee"
         "eeeeeeeeeeeeeeeec40000",
         again_server});
    out.push_back({"response.blob_state",
                   encode(relay::ServerFrame(relay::Response{22, ok, relay::BlobState{5, {{0, 2}, {4, 1}}, t, true}})),
                   "9451169300a000956b0592920002920401cf0000018bcfe56800c3", again_server});
    out.push_back({"response.blob_piece",
                   encode(relay::ServerFrame(relay::Response{23, ok, relay::BlobPiece{{0x50, 0x1e}}})),
                   "9451179300a000926cc402501e", again_server});
    out.push_back({"response.group_put_ok",
                   encode(relay::ServerFrame(relay::Response{25, ok, relay::GroupPutOk{3, {key(0xd2)}}})),
                   "9451199300a00093670391c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2",
                   again_server});
    out.push_back(
        {"response.group_roster",
         encode(relay::ServerFrame(relay::Response{
             26, ok,
             relay::GroupRoster{300, {{"bo", true, key(0xab), list, {0x5c}}, {"cy", false, {}, {}, {}}}, true}})),
         "94511a9300a000946ecd012c9295a2626fc3c420abababababababababababababababababababababababababab"
         "ababababababc402de11c4015c95a26379c2c4200000000000000000000000000000000000000000000000000000"
         "000000000000c400c400c3",
         again_server});
    out.push_back(
        {"response.group_joins",
         encode(relay::ServerFrame(relay::Response{28, ok, relay::GroupJoins{{{"bo", key(0xab), list, {0x51}, t}}}})),
         "94511c9300a000926f9195a2626fc420abababababababababababababababababababababababababababababab"
         "ababc402de11c40151cf0000018bcfe56800",
         again_server});
    out.push_back({"response.group_tree_piece",
                   encode(relay::ServerFrame(relay::Response{31, ok, relay::GroupTreePiece{2, {0x50, 0x1e}}})),
                   "94511f9300a00093cc8002c402501e", again_server});
    out.push_back(
        {"response.directory_page",
         encode(relay::ServerFrame(relay::Response{
             41, ok, relay::DirectoryPage{{{1, 0, "Sales", 2}}, {{"ann", 1, "Ann Lee", "Head", "", true}}, true}})),
         "9451299300a00094cc8191940100a553616c6573029196a3616e6e01a7416e6e204c6565a448656164a0c3c3", again_server});
    out.push_back({"roster",
                   encode(relay::ServerFrame(relay::Roster{{{"bo", RosterState::accepted, key(0xab), list, {key(0xd2)}},
                                                            {"cy", RosterState::requested, {}, {}, {}}},
                                                           {0xde, 0x12},
                                                           true})),
                   "94529295a2626f03c420ababababababababababababababababababababababababababababababababc402de11"
                   "91c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d295a2637901c42000000000"
                   "00000000000000000000000000000000000000000000000000000000c40090c402de12c3",
                   again_server});
    out.push_back(
        {"roster_change", encode(relay::ServerFrame(relay::RosterChange{{"bo", RosterState::none, {}, {}, {}}})),
         "925395a2626f00c4200000000000000000000000000000000000000000000000000000000000000000c40090", again_server});
    out.push_back(
        {"own_devices", encode(relay::ServerFrame(relay::OwnDevices{{0xde, 0x12}})), "9254c402de12", again_server});
    out.push_back({"presence", encode(relay::ServerFrame(relay::Presence{"bo", {key(0xd2)}})),
                   "9355a2626f91c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2", again_server});
    out.push_back({"mailbox_deliver", encode(relay::ServerFrame(relay::MailboxDeliver{9, key(0xd1), t, envelope})),
                   "955609c420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1cf0000018bcfe56800"
                   "92c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeec4025ea1",
                   again_server});
    out.push_back({"signal_push", encode(relay::ServerFrame(relay::SignalPush{key(0xd1), {0x51}})),
                   "9357c420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1c40151", again_server});
    out.push_back(
        {"goodbye",
         encode(relay::ServerFrame(relay::Goodbye{{ErrorCode::device_revoked, "a newer session of this device", 0}})),
         "9258931cbe61206e657765722073657373696f6e206f6620746869732064657669636500", again_server});
    out.push_back({"notice_deliver", encode(relay::ServerFrame(relay::NoticeDeliver{7, {0x0b, 0x0c}})),
                   "935f07c4020b0c", again_server});
    out.push_back({"link_granted", encode(relay::ServerFrame(relay::LinkGranted{{0x51}})), "9259c40151", again_server});
    out.push_back({"group_changed", encode(relay::ServerFrame(relay::GroupChanged{conversation, 1, 7, message(0xed)})),
                   "955ac410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c00107c410edededededededededededededededed", again_server});
    out.push_back({"group_news", encode(relay::ServerFrame(relay::GroupNews{conversation, 300, 2, true})),
                   "955cc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0cd012c02c3", again_server});
    out.push_back({"group_join_refused", encode(relay::ServerFrame(relay::GroupJoinRefused{conversation, 0})),
                   "925dc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0", again_server});
    out.push_back(
        {"group_join_refused.stale_link",
         encode(relay::ServerFrame(relay::GroupJoinRefused{conversation, relay::GroupJoinRefused::stale_link})),
         "935dc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c001", again_server});
    out.push_back({"mailbox_empty", encode(relay::ServerFrame(relay::MailboxEmpty{})), "915b", again_server});
    return out;
}

} // namespace godwit::wire::test
