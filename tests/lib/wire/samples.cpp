// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/wire/samples.hpp"

namespace godwit::wire::test {
namespace {

template <class R>
std::optional<Bytes> again(const R& decoded)
{
    if (!decoded.ok()) return std::nullopt;
    return encode(*decoded);
}

PublicKey key(std::uint8_t byte)
{
    return filled<PublicKey>(byte);
}

MessageId message(std::uint8_t byte)
{
    return filled<MessageId>(byte);
}

relay::Request request(std::uint64_t id, relay::RequestBody body)
{
    return {id, std::move(body)};
}

} // namespace

std::optional<Bytes> again_content(BytesView bytes)
{
    return again(decode_content(bytes));
}

std::optional<Bytes> again_certificate(BytesView bytes)
{
    return again(decode_certificate(bytes));
}

std::optional<Bytes> again_ice_signal(BytesView bytes)
{
    return again(decode_ice_signal(bytes));
}

std::optional<Bytes> again_peer(BytesView bytes)
{
    return again(decode_peer_frame(bytes));
}

std::optional<Bytes> again_client(BytesView bytes)
{
    return again(decode_client_frame(bytes));
}

std::optional<Bytes> again_server(BytesView bytes)
{
    return again(decode_server_frame(bytes));
}

std::vector<Sample> samples()
{
    constexpr std::int64_t t = 1700000000000;
    const Envelope envelope{message(0xee), {0x5e, 0xa1}};
    const auto secret = filled<FixedBytes<32, relay::LoginSecretTag>>(0x15);
    const Error ok{ErrorCode::ok, "", 0};

    std::vector<Sample> out;
    out.push_back({"content.text",
                   encode(content::Any(content::Text{"bo", t, t - 5, {message(0x11), message(0x12)}, "h\xc3\xa9"})),
                   "9601a2626fcf0000018bcfe56800cf0000018bcfe567fb92c41011111111111111111111111111111111c4101212"
                   "1212121212121212121212121212a368c3a9",
                   again_content});
    out.push_back({"content.receipt", encode(content::Any(content::Receipt{{message(0x11)}})),
                   "920291c41011111111111111111111111111111111", again_content});
    out.push_back({"certificate",
                   encode(DeviceCertificate{"ann", key(0xaa), key(0xd1), filled<SealingKey>(0x5e), t, "laptop",
                                            filled<Signature>(0x51)}),
                   "9820a3616e6ec420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac420d1d1d1d1"
                   "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1c4205e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"
                   "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5ecf0000018bcfe56800a66c6170746f70c440515151515151515151515151"
                   "51515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151"
                   "515151515151",
                   again_certificate});
    out.push_back({"ice_signal",
                   encode(IceSignal{IceSignal::Kind::offer,
                                    0x0102030405060708,
                                    "ufrg",
                                    "pwdpwdpwdpwdpwdpwdpwdpwd",
                                    {"1 1 udp 2130706431 192.0.2.1 4000 typ host"},
                                    true}),
                   "972101cf0102030405060708a475667267b870776470776470776470776470776470776470776470776491d92a31"
                   "2031207564702032313330373036343331203139322e302e322e3120343030302074797020686f7374c3",
                   again_ice_signal});
    out.push_back({"peer.deliver", encode(peer::Frame(peer::Deliver{envelope})),
                   "922892c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeec4025ea1", again_peer});
    out.push_back({"peer.receipt", encode(peer::Frame(peer::Receipt{{message(0x11), message(0x12)}})),
                   "922992c41011111111111111111111111111111111c41012121212121212121212121212121212", again_peer});
    out.push_back({"peer.ping", encode(peer::Frame(peer::Ping{7})), "922a07", again_peer});
    out.push_back({"peer.pong", encode(peer::Frame(peer::Pong{300})), "922bcd012c", again_peer});
    out.push_back({"hello", encode(relay::ClientFrame(relay::Hello{1, 1, "0.1.0", "linux"})),
                   "95300101a5302e312e30a56c696e7578", again_client});
    out.push_back({"request.register",
                   encode(relay::ClientFrame(
                       request(1, relay::RegisterAccount{"ann", secret, key(0xaa), {0x0a, 0x0b}, {0xce, 0x27}}))),
                   "9331019640a3616e6ec4201515151515151515151515151515151515151515151515151515151515151515c420aa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac4020a0bc402ce27",
                   again_client});
    out.push_back({"request.login", encode(relay::ClientFrame(request(2, relay::Login{"ann", secret}))),
                   "9331029341a3616e6ec4201515151515151515151515151515151515151515151515151515151515151515",
                   again_client});
    out.push_back({"request.add_device", encode(relay::ClientFrame(request(3, relay::AddDevice{{0xce, 0x27}}))),
                   "9331039242c402ce27", again_client});
    out.push_back(
        {"request.resume", encode(relay::ClientFrame(request(4, relay::Resume{}))), "9331049143", again_client});
    out.push_back(
        {"request.logout", encode(relay::ClientFrame(request(5, relay::Logout{}))), "9331059144", again_client});
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
    out.push_back({"mailbox_ack", encode(relay::ClientFrame(relay::MailboxAck{{1, 128, std::uint64_t{1} << 32}})),
                   "92329301cc80cf0000000100000000", again_client});
    out.push_back({"ping", encode(relay::ClientFrame(relay::Ping{std::uint64_t{1} << 63})), "9233cf8000000000000000",
                   again_client});
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
    out.push_back({"response.login_ok",
                   encode(relay::ServerFrame(relay::Response{2, ok, relay::LoginOk{key(0xaa), {0x0a, 0x0b}}})),
                   "9451029300a0009361c420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac4020a"
                   "0b",
                   again_server});
    out.push_back(
        {"response.session",
         encode(relay::ServerFrame(relay::Response{3, ok,
                                                   relay::Session{"ann",
                                                                  {{"turn.example", 3478, TurnServer::Transport::tcp,
                                                                    "1700003600:ann", "cGFzcw==", 1700003600000}},
                                                                  "",
                                                                  0}})),
         "9451039300a0009562a3616e6e9196ac7475726e2e6578616d706c65cd0d9601ae313730303030333630303a616e"
         "6ea86347467a63773d3dcf0000018bd01c5680a000",
         again_server});
    out.push_back(
        {"response.mailbox_put_ok",
         encode(relay::ServerFrame(relay::Response{
             11, ok, relay::MailboxPutOk{{ErrorCode::ok, ErrorCode::quota_exceeded, ErrorCode::not_a_contact}}})),
         "94510b9300a000926393002a16", again_server});
    out.push_back(
        {"roster",
         encode(relay::ServerFrame(relay::Roster{{{"bo", RosterState::accepted, key(0xab), {{0xce, 0x27}}, {key(0xd2)}},
                                                  {"cy", RosterState::requested, {}, {}, {}}},
                                                 {{0xce, 0x28}},
                                                 true})),
         "94529295a2626f03c420abababababababababababababababababababababababababababababababab91c402ce"
         "2791c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d295a2637901c420000000"
         "0000000000000000000000000000000000000000000000000000000000909091c402ce28c3",
         again_server});
    out.push_back(
        {"roster_change", encode(relay::ServerFrame(relay::RosterChange{{"bo", RosterState::none, {}, {}, {}}})),
         "925395a2626f00c42000000000000000000000000000000000000000000000000000000000000000009090", again_server});
    out.push_back(
        {"own_devices", encode(relay::ServerFrame(relay::OwnDevices{{{0xce, 0x28}}})), "925491c402ce28", again_server});
    out.push_back({"presence", encode(relay::ServerFrame(relay::Presence{"bo", {key(0xd2)}})),
                   "9355a2626f91c420d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2", again_server});
    out.push_back({"mailbox_deliver", encode(relay::ServerFrame(relay::MailboxDeliver{9, key(0xd1), t, envelope})),
                   "955609c420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1cf0000018bcfe56800"
                   "92c410eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeec4025ea1",
                   again_server});
    out.push_back({"signal_push", encode(relay::ServerFrame(relay::SignalPush{key(0xd1), {0x51}})),
                   "9357c420d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1c40151", again_server});
    out.push_back(
        {"notice",
         encode(relay::ServerFrame(relay::Notice{{ErrorCode::device_revoked, "a newer session of this device", 0}})),
         "9258931cbe61206e657765722073657373696f6e206f6620746869732064657669636500", again_server});
    return out;
}

} // namespace godwit::wire::test
