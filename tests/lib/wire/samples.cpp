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

} // namespace

std::optional<Bytes> again_content(BytesView bytes)
{
    return again(decode_content(bytes));
}

std::optional<Bytes> again_certificate(BytesView bytes)
{
    return again(decode_certificate(bytes));
}

std::optional<Bytes> again_device_list(BytesView bytes)
{
    return again(decode_device_list(bytes));
}

std::optional<Bytes> again_notice(BytesView bytes)
{
    return again(decode_notice(bytes));
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
    const Envelope envelope{message(0xee), {0x5e, 0xa1}};
    const auto conversation = filled<ConversationId>(0xc0);
    const auto file = filled<FileId>(0xf1);

    std::vector<Sample> out;
    out.push_back({"content.receipt", encode(wire::content::Any(wire::content::Receipt{{message(0x11)}})),
                   "920291c41011111111111111111111111111111111", again_content});
    out.push_back({"content.receipt_quiet", encode(wire::content::Any(wire::content::Receipt{{message(0x11)}, true})),
                   "930291c41011111111111111111111111111111111c3", again_content});
    out.push_back({"content.unopened", encode(wire::content::Any(wire::content::Unopened{{message(0x11)}})),
                   "920391c41011111111111111111111111111111111", again_content});
    out.push_back({"certificate",
                   encode(DeviceCertificate{"ann", key(0xaa), key(0xd1), t, "laptop", filled<Signature>(0x51)}),
                   "9720a3616e6ec420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac420d1d1d1d1"
                   "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1cf0000018bcfe56800a66c6170746f70c440"
                   "51515151515151515151515151515151515151515151515151515151515151515151515151515151515151515151"
                   "515151515151515151515151515151515151",
                   again_certificate});
    out.push_back({"device_list",
                   encode(DeviceList{"ann", key(0xaa), 2, t, {{0xce, 0x27}, {0xce, 0x28}}, filled<Signature>(0x52)}),
                   "9722a3616e6ec420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa02cf0000018b"
                   "cfe5680092c402ce27c402ce28c44052525252525252525252525252525252525252525252525252525252525252"
                   "525252525252525252525252525252525252525252525252525252525252525252",
                   again_device_list});
    out.push_back(
        {"notice",
         encode(OperatorNotice{filled<NoticeId>(0x0b), key(0xaa), NoticeKind::maintenance, t, t + 86'400'000, false,
                               "Moving", "Back at six.", "https://relay.example/status", filled<Signature>(0x53)}),
         "9b2fc4100b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0bc420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaa02cf0000018bcfe56800cf0000018bd50bc400c2a64d6f76696e67ac4261636b206174207369"
         "782ebc68747470733a2f2f72656c61792e6578616d706c652f737461747573c44053535353535353535353535353"
         "53535353535353535353535353535353535353535353535353535353535353535353535353535353535353535353"
         "5353535353",
         again_notice});
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
    out.push_back({"peer.receipt_quiet", encode(peer::Frame(peer::Receipt{{message(0x11)}, true})),
                   "932991c41011111111111111111111111111111111c3", again_peer});
    out.push_back({"peer.unopened", encode(peer::Frame(peer::Unopened{{message(0x11)}})),
                   "922c91c41011111111111111111111111111111111", again_peer});
    out.push_back({"peer.group_head",
                   encode(peer::Frame(peer::GroupHead{conversation, 1, 7, filled<peer::EpochAuthenticator>(0xea)})),
                   "952dc410c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c00107c410eaeaeaeaeaeaeaeaeaeaeaeaeaeaeaea", again_peer});
    out.push_back({"peer.ping", encode(peer::Frame(peer::Ping{7})), "922a07", again_peer});
    out.push_back({"peer.pong", encode(peer::Frame(peer::Pong{300})), "922bcd012c", again_peer});
    out.push_back({"peer.file_query", encode(peer::Frame(peer::FileQuery{file})),
                   "9236c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1", again_peer});
    out.push_back({"peer.file_have", encode(peer::Frame(peer::FileHave{file, 196'613, {{0, 2}, {4, 1}}})),
                   "9437c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1ce000300059292000292"
                   "0401",
                   again_peer});
    out.push_back({"peer.file_want", encode(peer::Frame(peer::FileWant{file, {{1, 3}}})),
                   "9338c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f191920103", again_peer});
    out.push_back({"peer.file_piece", encode(peer::Frame(peer::FilePiece{file, 3, {0x50, 0x1e}})),
                   "9439c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f103c402501e", again_peer});
    out.push_back({"peer.file_gone", encode(peer::Frame(peer::FileGone{file})),
                   "923ac420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1", again_peer});
    for (auto& one : content_samples())
        out.push_back(std::move(one));
    for (auto& one : client_samples())
        out.push_back(std::move(one));
    for (auto& one : server_samples())
        out.push_back(std::move(one));
    return out;
}

} // namespace godwit::wire::test
