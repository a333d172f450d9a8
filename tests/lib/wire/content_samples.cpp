// SPDX-License-Identifier: Apache-2.0
// Posts, marks, registers, and what posts can be.
#include "lib/wire/group.hpp"
#include "tests/lib/wire/samples.hpp"

namespace godwit::wire::test {
namespace {

namespace c = godwit::content;
namespace w = godwit::wire::content;
using c::Body;

template <class R>
std::optional<Bytes> again(const R& decoded)
{
    if (!decoded.ok()) return std::nullopt;
    return encode(*decoded);
}

c::FileRef file(const char* name)
{
    return {filled<FileId>(0xf1), 4096, name, "image/png", filled<FileKey>(0xf2)};
}

} // namespace

std::optional<Bytes> again_body(BytesView bytes)
{
    return bytes.empty() ? std::nullopt : again(decode_body(bytes)); // An empty body is a plain text.
}

std::optional<Bytes> again_extra(BytesView bytes)
{
    return bytes.empty() ? std::nullopt : again(decode_extra(bytes));
}

std::optional<Bytes> again_edition(BytesView bytes)
{
    return again(decode_edition(bytes));
}

std::optional<Bytes> again_signal(BytesView bytes)
{
    return again(decode_signal(bytes));
}

std::vector<Sample> content_samples()
{
    std::vector<Sample> out;
    out.push_back({"content.post",
                   encode(w::Any(w::Post{"bo",
                                         t,
                                         t - 5,
                                         {message(0x11), message(0x12)},
                                         "h\xc3\xa9",
                                         {encode(Body(c::Text{{{"ann", {0, 2}}}, {{0, 3}}})),
                                          {{message(0x13), "bo", "hm"}},
                                          {60, c::Lifetime::From::read},
                                          true}})),
                   "9701a2626fcf0000018bcfe56800cf0000018bcfe567fb92c41011111111111111111111111111111111c4101212"
                   "1212121212121212121212121212a368c3a994c41093cca09192a3616e6e920002919200039193c4101313131313"
                   "1313131313131313131313a2626fa2686d923c01c3",
                   again_content});
    out.push_back({"content.plain", encode(w::Any(w::Post{"bo", t, t, {}, "x", {}})),
                   "9701a2626fcf0000018bcfe56800cf0000018bcfe5680090a17894c40090920000c2", again_content});
    out.push_back({"content.read", encode(w::Any(w::Mark{"bo", t, w::mark::Read{t, message(0x11)}})),
                   "9404a2626fcf0000018bcfe5680093ccb8cf0000018bcfe56800c41011111111111111111111111111111111",
                   again_content});
    out.push_back({"content.read_late",
                   encode(w::Any(w::Mark{"bo", t, w::mark::Read{t, message(0x11), {message(0x12)}}})),
                   "9404a2626fcf0000018bcfe5680094ccb8cf0000018bcfe56800c4101111111111111111111111111111111191c41012121"
                   "21212121212"
                   "1212121212121212",
                   again_content});
    out.push_back({"content.opened", encode(w::Any(w::Mark{"bo", t, w::mark::Opened{{message(0x11)}}})),
                   "9404a2626fcf0000018bcfe5680092ccb991c41011111111111111111111111111111111", again_content});
    out.push_back(
        {"content.moved", encode(w::Any(w::Mark{"", t, w::mark::Moved{message(0x11), -481234567, 23456789, 12, true}})),
         "9404a0cf0000018bcfe5680096ccbac41011111111111111111111111111111111d2e350f179ce0165ec150cc3", again_content});
    out.push_back({"content.history_wanted", encode(w::Any(w::Mark{"bo", t, w::mark::HistoryWanted{}})),
                   "9404a2626fcf0000018bcfe5680091ccbb", again_content});
    out.push_back({"content.history_offer",
                   encode(w::Any(w::Mark{"bo", t, w::mark::HistoryOffer{file("history"), Bytes(32, 0x21)}})),
                   "9404a2626fcf0000018bcfe5680093ccbc95c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1"
                   "f1f1f1f1f1f1f1cd1000a7686973746f7279a9696d6167652f706e67c420f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2"
                   "f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2c4202121212121212121212121212121212121212121212121212121"
                   "212121212121",
                   again_content});
    out.push_back({"content.history_taken", encode(w::Any(w::Mark{"bo", t, w::mark::HistoryTaken{message(0x11)}})),
                   "9404a2626fcf0000018bcfe5680092ccbdc41011111111111111111111111111111111", again_content});
    out.push_back({"content.register", encode(w::Any(w::Register{t, "account/receipts", {1}})),
                   "9405cf0000018bcfe56800b06163636f756e742f7265636569707473c40101", again_content});
    out.push_back({"body.text", encode(Body(c::Text{{{"ann", {0, 2}}, {"", {3, 1}}}, {{0, 3}}})),
                   "93cca09292a3616e6e92000292a092030191920003", again_body});
    out.push_back(
        {"body.attachment",
         encode(Body(c::Attachment{c::AttachmentKind::image, file("a.png"), 640, 480, 0, {0x89, 0x50}, {1, 2}})),
         "98cca10295c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1cd1000a5612e70"
         "6e67a9696d6167652f706e67c420f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2"
         "cd0280cd01e000c4028950c4020102",
         again_body});
    c::Attachment captioned{c::AttachmentKind::image, file("a.png"), 640, 480, 0, {}, {}};
    captioned.mentions = {{"ann", {0, 2}}};
    out.push_back({"body.attachment_captioned", encode(Body(captioned)),
                   "9acca10295c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1cd1000a5612e70"
                   "6e67a9696d6167652f706e67c420f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2"
                   "cd0280cd01e000c400c4009192a3616e6e92000290",
                   again_body});
    out.push_back({"body.group_note", encode(Body(c::GroupNote{c::GroupNote::What::muted, "ann", {"bob"}, "", t})),
                   "96cca80aa3616e6e91a3626f62a0cf0000018bcfe56800", again_body});
    out.push_back({"body.sticker", encode(Body(c::Sticker{file("pack"), "fox", "\xf0\x9f\xa6\x8a", true})),
                   "95cca295c420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1cd1000a47061636b"
                   "a9696d6167652f706e67c420f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2a366"
                   "6f78a4f09fa68ac3",
                   again_body});
    out.push_back({"body.location", encode(Body(c::Location{-481234567, 23456789, 12, "quay", 600})),
                   "96cca3d2e350f179ce0165ec150ca471756179cd0258", again_body});
    out.push_back({"body.contact_card", encode(Body(c::ContactCard{"ann", key(0xaa)})),
                   "93cca4a3616e6ec420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", again_body});
    out.push_back({"body.forwarded", encode(Body(c::Forwarded{"talk", {{"ann", t, "hi", {}}}})),
                   "93cca5a474616c6b9194a3616e6ecf0000018bcfe56800a26869c400", again_body});
    out.push_back({"body.card", encode(Body(c::Card{"order", "No. 7", {{"sum", "9"}}, "https://example.org/7"})),
                   "95cca6a56f72646572a54e6f2e20379192a373756da139b568747470733a2f2f6578616d706c652e6f72672f37",
                   again_body});
    out.push_back({"body.custom", encode(Body(c::Custom{"com.example.poll", {1, 2}})),
                   "93cca7b0636f6d2e6578616d706c652e706f6c6cc4020102", again_body});
    out.push_back({"body.edit", encode(Body(c::Edit{message(0x11), {{"ann", {0, 2}}}, {}})),
                   "94ccb0c410111111111111111111111111111111119192a3616e6e92000290", again_body});
    out.push_back({"body.recall", encode(Body(c::Recall{message(0x11)})), "92ccb1c41011111111111111111111111111111111",
                   again_body});
    out.push_back({"body.reaction", encode(Body(c::Reaction{message(0x11), "\xf0\x9f\x91\x8d", true})),
                   "94ccb2c41011111111111111111111111111111111a4f09f918dc3", again_body});
    out.push_back({"body.pin", encode(Body(c::Pin{message(0x11), false})),
                   "93ccb3c41011111111111111111111111111111111c2", again_body});
    out.push_back(
        {"body.timer", encode(Body(c::Timer{{86400, c::Lifetime::From::sent}})), "92ccb492ce0001518000", again_body});
    out.push_back({"extra", encode(w::Extra{encode(Body(c::Recall{message(0x11)})), {}, {}, true}),
                   "9524c41592ccb1c4101111111111111111111111111111111190920000c3", again_extra});
    out.push_back({"edition", encode(w::Edition{"new", {}, {{0, 3}}}), "9425a36e65779091920003", again_edition});
    out.push_back({"group.profile", encode(GroupProfile{"crew", "a", "", {}, {0x1c}}), "9626a463726577a161a090c4011c",
                   [](BytesView bytes) { return again(decode_group_profile(bytes)); }});
    out.push_back({"group.join_text", encode(GroupJoinText{"hi"}), "9227a26869",
                   [](BytesView bytes) { return again(decode_group_join_text(bytes)); }});
    out.push_back({"signal.typing", encode(Signal(TypingSignal{true})), "9223c3", again_signal});
    ConversationId group;
    group.bytes.fill(0x22);
    out.push_back({"signal.typing_in_group", encode(Signal(TypingSignal{true, group})),
                   "9323c3c41022222222222222222222222222222222", again_signal});
    FileId file;
    file.bytes.fill(0xf1);
    out.push_back({"signal.file_sought", encode(Signal(FileSoughtSignal{file})),
                   "923bc420f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1", again_signal});
    return out;
}

} // namespace godwit::wire::test
