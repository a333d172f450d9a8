// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

namespace {

const std::string id_hex(32, 'c');
const std::string conversation_hex(32, 'd');

CallInfo call()
{
    CallInfo out;
    out.id.bytes.fill(0xcc);
    out.conversation.bytes.fill(0xdd);
    out.with = "bob";
    out.incoming = true;
    out.video = true;
    out.state = CallState::active;
    out.own.muted = true;
    out.own.vp9 = true;
    out.theirs.camera = true;
    out.active_ms = 61'000;
    return out;
}
const std::string members =
    R"("call":")" + id_hex + R"(","conversation":")" + conversation_hex +
    R"(","with":"bob","device":null,"incoming":true,"video":true,"state":"active",)"
    R"("own":{"muted":true,"held":false,"camera":false,"screen":false,"vp9":true},)"
    R"("theirs":{"muted":false,"held":false,"camera":true,"screen":false,"vp9":false},"active_ms":61000,"group":false,"members":[])";

template <class T>
T expect(const std::string& line)
{
    const auto parsed = json::parse_request(line);
    REQUIRE_MESSAGE(parsed.request.ok(), line);
    const auto* held = std::get_if<T>(&parsed.request.value());
    REQUIRE(held != nullptr);
    return *held;
}

} // namespace

TEST_CASE("requests about calls")
{
    const auto plain = expect<request::CallPlace>(R"({"do":"call","to":"bob"})");
    CHECK(plain.to == "bob");
    CHECK_FALSE(plain.conversation);
    CHECK_FALSE(plain.video);
    CHECK(plain.devices == CallDevices{"app", "app", "app", "app"});

    const auto full = expect<request::CallPlace>(
        R"({"do":"call","conversation":")" + conversation_hex +
        R"(","video":true,"audio_source":"tone","audio_sink":"a.wav","video_source":"pattern","video_sink":"none"})");
    CHECK(full.conversation == call().conversation);
    CHECK(full.video);
    CHECK(full.devices == CallDevices{"tone", "a.wav", "pattern", "none"});

    CHECK(plain.devices.video_codec == VideoCodec::vp8);
    CHECK(expect<request::CallPlace>(R"({"do":"call","to":"bob","video_codec":"vp9"})").devices.video_codec ==
          VideoCodec::vp9);
    CHECK(expect<request::CallAnswer>(R"({"do":"answer","video_codec":"vp9"})").devices.video_codec == VideoCodec::vp9);
    CHECK(expect<request::CallAnswer>(R"({"do":"answer","video_codec":"vp8"})").devices.video_codec == VideoCodec::vp8);

    const auto answer = expect<request::CallAnswer>(R"({"do":"answer","audio_sink":"b.wav"})");
    CHECK_FALSE(answer.call);
    CHECK(answer.devices.audio_sink == "b.wav");
    CHECK(expect<request::CallAnswer>(R"({"do":"answer","call":")" + id_hex + "\"}").call == call().id);
    CHECK(expect<request::CallReject>(R"({"do":"reject","call":")" + id_hex + "\"}").call == call().id);
    CHECK_FALSE(expect<request::CallHangUp>(R"({"do":"hangup"})").call);
    CHECK_FALSE(expect<request::CallStats>(R"({"do":"call_stats"})").call);
    (void)expect<request::Calls>(R"({"do":"calls"})");

    const auto media = expect<request::CallSetMedia>(R"({"do":"call_media","muted":true,"camera":false})");
    CHECK(media.muted == true);
    CHECK(media.camera == false);
    CHECK_FALSE(media.held);
    CHECK_FALSE(media.screen);

    const std::string longest(call_device_bytes_max, 'a');
    CHECK(
        expect<request::CallPlace>(R"({"do":"call","to":"bob","audio_sink":")" + longest + "\"}").devices.audio_sink ==
        longest);
    for (const std::string& bad :
         {std::string(R"({"do":"call"})"), std::string(R"({"do":"call","to":"bob","audio_source":""})"),
          R"({"do":"call","to":"bob","audio_sink":")" + longest + "a\"}",
          std::string(R"({"do":"call","to":"bob","video_codec":"h264"})"),
          std::string(R"({"do":"answer","video_codec":9})"), std::string(R"({"do":"call","to":"bob","video":1})"),
          std::string(R"({"do":"answer","call":"12"})"), std::string(R"({"do":"call_media"})"),
          std::string(R"({"do":"call_media","muted":"yes"})")})
        CHECK_MESSAGE(json::parse_request(bad).request.error().code == ErrorCode::invalid_argument, bad);
}

TEST_CASE("answers and events about calls")
{
    event::Reply reply;
    reply.value = call().id;
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,"call":")" + id_hex + "\"}");
    reply.value = std::vector<CallInfo>{call()};
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,"calls":[{)" + members + "}]}");

    CHECK(json::render_event(event::CallIncoming{call()}) == R"({"event":"call_incoming",)" + members + "}");
    CHECK(json::render_event(event::CallChanged{call()}) == R"({"event":"call_state",)" + members + "}");
    CHECK(json::render_event(event::CallPeerMedia{call(), true}) ==
          R"({"event":"call_media",)" + members + R"(,"upgrade":true})");
    CHECK(json::render_event(event::CallEnded{call(), CallOutcome::answered_elsewhere}) ==
          R"({"event":"call_ended",)" + members + R"(,"outcome":"answered_elsewhere"})");

    CallStatistics statistics;
    statistics.path = Path::turned;
    statistics.mos = 4.25;
    statistics.datagrams_sent = 7;
    statistics.codec_sent = VideoCodec::vp9;
    const auto line = json::render_event(event::CallQuality{call().id, statistics});
    CHECK(line.find(R"({"event":"call_quality","call":")" + id_hex + "\"") == 0);
    CHECK(line.find(R"("active_ms":0,"path":"turned")") != std::string::npos);
    CHECK(line.find(R"("mos":4.25)") != std::string::npos);
    CHECK(line.find(R"("datagrams_sent":7)") != std::string::npos);
    CHECK(line.find(R"("codec_sent":"vp9","codec_received":null)") != std::string::npos);
}

TEST_CASE("the record of a call in the history")
{
    Message message;
    message.body =
        content::Card{std::string(call_card_name),
                      "Call",
                      {{"caller", "alice"}, {"outcome", "no_answer"}, {"video", "true"}, {"active_ms", "12"}},
                      {}};
    CHECK(call_record_of(message) == CallRecord{"alice", CallOutcome::no_answer, true, 12});
    std::get<content::Card>(message.body).fields[1].value = "teleported"; // of a later version
    CHECK_FALSE(call_record_of(message));
    std::get<content::Card>(message.body).name = "order";
    CHECK_FALSE(call_record_of(message));
    message.body = content::Text{};
    CHECK_FALSE(call_record_of(message));
}
