// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/wire/samples.hpp"

namespace godwit::wire::test {
namespace {

relay::Request request(std::uint64_t id, relay::RequestBody body)
{
    return {id, std::move(body)};
}

} // namespace

std::vector<Sample> client_samples()
{
    const Envelope envelope{message(0xee), {0x5e, 0xa1}};
    const auto conversation = filled<ConversationId>(0xc0);
    const Bytes list{0xde, 0x11};
    const auto secret = filled<FixedBytes<32, relay::LoginSecretTag>>(0x15);

    std::vector<Sample> out;
    out.push_back({"hello", encode(relay::ClientFrame(relay::Hello{1, 1, "0.1.0", "linux"})),
                   "95300101a5302e312e30a56c696e7578", again_client});
    out.push_back({"hello.app", encode(relay::ClientFrame(relay::Hello{1, 1, "0.1.0", "linux", "K_ey-1"})),
                   "96300101a5302e312e30a56c696e7578a64b5f65792d31", again_client});
    out.push_back({"request.register",
                   encode(relay::ClientFrame(
                       request(1, relay::RegisterAccount{"ann", secret, key(0xaa), {0x0a, 0x0b}, {0xce, 0x27}, list}))),
                   "9331019740a3616e6ec4201515151515151515151515151515151515151515151515151515151515151515c420aa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac4020a0bc402ce27c402de11",
                   again_client});
    out.push_back({"request.login", encode(relay::ClientFrame(request(2, relay::Login{"ann", secret}))),
                   "9331029341a3616e6ec4201515151515151515151515151515151515151515151515151515151515151515",
                   again_client});
    out.push_back({"request.add_device",
                   encode(relay::ClientFrame(request(3, relay::AddDevice{"ann", {0xce, 0x27}, list}))),
                   "9331039442a3616e6ec402ce27c402de11", again_client});
    out.push_back(
        {"request.resume", encode(relay::ClientFrame(request(4, relay::Resume{}))), "9331049143", again_client});
    out.push_back({"request.logout", encode(relay::ClientFrame(request(5, relay::Logout{list}))), "9331059244c402de11",
                   again_client});
    out.push_back({"request.contact_add", encode(relay::ClientFrame(request(6, relay::ContactAdd{"bo"}))),
                   "9331069245a2626f", again_client});
    out.push_back({"request.contact_accept", encode(relay::ClientFrame(request(7, relay::ContactAccept{"bo"}))),
                   "9331079246a2626f", again_client});
    out.push_back({"request.contact_remove", encode(relay::ClientFrame(request(8, relay::ContactRemove{"bo"}))),
                   "9331089247a2626f", again_client});
    out.push_back({"request.contact_block", encode(relay::ClientFrame(request(9, relay::ContactBlock{"bo"}))),
                   "9331099248a2626f", again_client});
    out.push_back({"request.contact_unblock", encode(relay::ClientFrame(request(10, relay::ContactUnblock{"bo"}))),
                   "93310a9249a2626f", again_client});
    out.push_back({"request.mailbox_put",
                   encode(relay::ClientFrame(request(11, relay::MailboxPut{{key(0xd1), key(0xd2)}, envelope}))),
                   "93310b934a92c420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1c420d2d2d2d2"
                   "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d292c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                   "eec4025ea1",
                   again_client});
    out.push_back({"request.signal", encode(relay::ClientFrame(request(12, relay::Signal{key(0xd1), {0x51}}))),
                   "93310c934bc420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1c40151",
                   again_client});
    out.push_back({"request.fetch_session", encode(relay::ClientFrame(request(70000, relay::FetchSession{}))),
                   "9331ce00011170914c", again_client});
    out.push_back({"request.key_package_publish",
                   encode(relay::ClientFrame(request(13, relay::KeyPackagePublish{{{0xb1}, {0xb2}}, {0xbf}}))),
                   "93310d937092c401b1c401b2c401bf", again_client});
    out.push_back({"request.key_package_fetch",
                   encode(relay::ClientFrame(request(14, relay::KeyPackageFetch{"bo", {key(0xd2)}}))),
                   "93310e9371a2626f91c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2",
                   again_client});
    out.push_back(
        {"request.group_commit",
         encode(relay::ClientFrame(request(
             15,
             relay::GroupCommit{"bo", conversation, 1, 7, {key(0xd1)}, envelope, {key(0xd2)}, {0x77}, {0x88, 0x89}}))),
         "93310f9d72a2626fc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0010791c420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
         "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d192c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeec4025ea191c420d2d2d2"
         "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2c40177c40288899090c420000000000000"
         "0000000000000000000000000000000000000000000000000000",
         again_client});
    out.push_back({"request.group_commit_of_many",
                   encode(relay::ClientFrame(request(15, relay::GroupCommit{"",
                                                                            conversation,
                                                                            1,
                                                                            7,
                                                                            {},
                                                                            envelope,
                                                                            {key(0xd2)},
                                                                            {0x77},
                                                                            {0x88, 0x89},
                                                                            {"ann", "bo"},
                                                                            {{"bo", {0x5c}}},
                                                                            filled<TreeId>(0xb0)}))),
                   "93310f9d72a0c410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c001079092c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                   "c4025ea191c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2c40177c4028889"
                   "92a3616e6ea2626f9192a2626fc4015cc420b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
                   "b0b0b0b0",
                   again_client});
    out.push_back({"request.group_fetch",
                   encode(relay::ClientFrame(request(16, relay::GroupFetch{"bo", conversation}))),
                   "9331109373a2626fc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0", again_client});
    out.push_back({"request.group_reject",
                   encode(relay::ClientFrame(
                       request(17, relay::GroupReject{"bo", conversation, 1, 7, message(0xee), 12, message(0xef)}))),
                   "9331119874a2626fc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c00107c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                   "0cc410efefefefefefefefefefefefefefefef",
                   again_client});
    out.push_back({"request.devices_put", encode(relay::ClientFrame(request(18, relay::DevicesPut{list}))),
                   "9331129275c402de11", again_client});
    out.push_back(
        {"request.link_wait", encode(relay::ClientFrame(request(19, relay::LinkWait{}))), "9331139176", again_client});
    out.push_back({"request.link_grant", encode(relay::ClientFrame(request(20, relay::LinkGrant{key(0xd2), {0x51}}))),
                   "9331149377c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2c40151",
                   again_client});
    out.push_back({"request.blob_put",
                   encode(relay::ClientFrame(request(21, relay::BlobPut{filled<BlobId>(0xb0), 5, 3, {0x50, 0x1e}}))),
                   "9331159568c420b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b00503c402501e",
                   again_client});
    out.push_back({"request.blob_query",
                   encode(relay::ClientFrame(request(22, relay::BlobQuery{filled<BlobId>(0xb0)}))),
                   "9331169269c420b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", again_client});
    out.push_back({"request.blob_get", encode(relay::ClientFrame(request(23, relay::BlobGet{filled<BlobId>(0xb0), 3}))),
                   "933117936ac420b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b003", again_client});
    out.push_back({"request.blob_drop", encode(relay::ClientFrame(request(24, relay::BlobDrop{filled<BlobId>(0xb0)}))),
                   "933118926dc420b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", again_client});
    out.push_back({"request.group_put",
                   encode(relay::ClientFrame(request(25, relay::GroupPut{conversation, envelope, {key(0xd2)}}))),
                   "933119944dc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c092c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeec4025ea1"
                   "91c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2",
                   again_client});
    out.push_back({"request.group_roster_fetch",
                   encode(relay::ClientFrame(request(26, relay::GroupRosterFetch{conversation, 300}))),
                   "93311a934ec410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0cd012c", again_client});
    out.push_back({"request.group_join",
                   encode(relay::ClientFrame(request(27, relay::GroupJoin{conversation, {0x51}}))),
                   "93311b934fc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c40151", again_client});
    out.push_back({"request.group_joins_fetch",
                   encode(relay::ClientFrame(request(28, relay::GroupJoinsFetch{conversation}))),
                   "93311c9278c410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0", again_client});
    out.push_back({"request.group_join_refuse",
                   encode(relay::ClientFrame(request(29, relay::GroupJoinRefuse{conversation, "bo", {}}))),
                   "93311d9379c410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0a2626f", again_client});
    out.push_back({"request.group_join_refuse.stale_link",
                   encode(relay::ClientFrame(request(
                       29, relay::GroupJoinRefuse{conversation, "bo",
                                                  relay::GroupJoinRefuse::StaleLink{1, 7, 1'700'000'000'000}}))),
                   "93311d9679c410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0a2626f0107cf0000018bcfe56800", again_client});
    out.push_back({"request.group_tree_put",
                   encode(relay::ClientFrame(
                       request(30, relay::GroupTreePut{conversation, filled<TreeId>(0xb0), 2, 1, {0x50, 0x1e}}))),
                   "93311e967ac410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c420b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"
                   "b0b0b0b0b0b0b0b0b0b0b00201c402501e",
                   again_client});
    out.push_back({"request.group_tree_get",
                   encode(relay::ClientFrame(request(31, relay::GroupTreeGet{conversation, 1, 7, 1}))),
                   "93311f957bc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0010701", again_client});
    out.push_back({"notice_ack", encode(relay::ClientFrame(relay::NoticeAck{7})), "923507", again_client});
    out.push_back({"mailbox_ack", encode(relay::ClientFrame(relay::MailboxAck{{1, 128, std::uint64_t{1} << 32}})),
                   "92329301cc80cf0000000100000000", again_client});
    out.push_back({"ping", encode(relay::ClientFrame(relay::Ping{std::uint64_t{1} << 63})), "9233cf8000000000000000",
                   again_client});
    out.push_back({"request.report",
                   encode(relay::ClientFrame(request(
                       40,
                       relay::ReportFile{
                           "bo", conversation, ReportReason::abuse, "why", {{message(0xee), "bo", 7, true, "hi"}}}))),
                   "933128967ca2626fc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c002a37768799195c410eeeeeeeeeeeeeeeeeeeeeeeeeeeee"
                   "eeea2626f07c3a26869",
                   again_client});
    out.push_back({"request.directory", encode(relay::ClientFrame(request(41, relay::DirectoryFetch{5, "an", "ann"}))),
                   "933129947d05a2616ea3616e6e", again_client});
    return out;
}

} // namespace godwit::wire::test
