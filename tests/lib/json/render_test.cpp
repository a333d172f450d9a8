// SPDX-License-Identifier: Apache-2.0
// Every event and reply, byte for byte: scripts rely on these lines.
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace godwit;
using json::render_event;
using json::render_reply;

namespace {

MessageId message_id()
{
    MessageId id;
    for (std::size_t i = 0; i < 16; ++i)
        id.bytes[i] = static_cast<std::uint8_t>(i);
    return id;
}
PublicKey key(std::uint8_t fill)
{
    PublicKey out;
    out.bytes.fill(fill);
    return out;
}
std::string repeat(std::string_view text, int times)
{
    std::string out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}
const std::string id_hex = "000102030405060708090a0b0c0d0e0f";

Message message()
{
    Message m;
    m.id = message_id();
    m.conversation.bytes.fill(0xcc);
    m.with = "bob";
    m.from = "bob";
    m.from_device = key(0xab);
    m.text = "hi \"you\"\n\xc3\xa9";
    m.sent_ms = 1700000000123;
    m.received_ms = 1700000000456;
    m.path = Path::direct;
    m.path_reason = "direct path open";
    return m;
}
const std::string message_fields = R"("message":")" + id_hex + R"(","conversation":")" + repeat("cc", 16) +
                                   R"(","with":"bob","from":"bob","from_device":")" + repeat("ab", 32) +
                                   R"(","kind":"text","text":"hi \"you\"\n)"
                                   "\xc3\xa9"
                                   R"(","state":"received","path":"direct",)"
                                   R"("reason":"direct path open","sent_ms":1700000000123,)"
                                   R"("received_ms":1700000000456,"gap_before":false)";

} // namespace

TEST_CASE("replies")
{
    CHECK(render_reply({1, {ErrorCode::ok, {}, 0}, {}}, "1") == R"({"id":1,"ok":true})");
    CHECK(render_reply({1, {ErrorCode::ok, {}, 0}, message_id()}, "\"a\"") ==
          R"({"id":"a","ok":true,"message":")" + id_hex + R"("})");
    CHECK(render_reply({1, {ErrorCode::rate_limited, "wait", 1500}, message_id()}, "null") ==
          R"({"id":null,"ok":false,"error":{"code":"rate_limited","detail":"wait","retry":1500}})");
    CHECK(render_reply({1, {ErrorCode::ok, {}, 0}, std::vector<Contact>{}}, "2") ==
          R"({"id":2,"ok":true,"contacts":[]})");
    Contact bob;
    bob.user = "bob";
    bob.state = ContactState::accepted;
    bob.online = true;
    bob.device_count = 2;
    bob.path = Path::turned;
    bob.path_reason = "no direct pair";
    Contact eve = bob;
    eve.user = "eve";
    eve.state = ContactState::incoming;
    eve.account_key = key(1);
    eve.key_changed = true;
    bob.verified = true;
    CHECK(
        render_reply({1, {ErrorCode::ok, {}, 0}, std::vector<Contact>{bob, eve}}, "2") ==
        R"({"id":2,"ok":true,"contacts":[{"user":"bob","state":"accepted","online":true,"devices":2,"path":"turned",)"
        R"("reason":"no direct pair","key_changed":false,"account_key":null,"verified":true,"remark":"","labels":[]},{"user":"eve","state":"incoming",)"
        R"("online":true,"devices":2,"path":"turned","reason":"no direct pair","key_changed":true,"account_key":")" +
            repeat("01", 32) + R"(","verified":false,"remark":"","labels":[]}]})");
    CHECK(render_reply({1, {ErrorCode::ok, {}, 0}, std::vector<Message>{message()}}, "3") ==
          R"({"id":3,"ok":true,"messages":[{)" + message_fields + "}]}");
    StatusReport status;
    status.user = "ann";
    status.relay = "godwit://r:1#k";
    status.device = key(2);
    status.connected = true;
    status.over = RelayTransport::tls;
    status.connection_detail = "192.0.2.1:9";
    status.policy = PathPolicy::race;
    status.outbox_messages = 3;
    status.content_bytes_direct = 4;
    status.content_bytes_turned = 5;
    status.content_bytes_mailbox = 6;
    status.frames_rejected = 7;
    status.client_version = "0.1.0";
    CHECK(
        render_reply({1, {ErrorCode::ok, {}, 0}, status}, "4") ==
        R"({"id":4,"ok":true,"user":"ann","relay":"godwit://r:1#k","device":")" + repeat("02", 32) +
            R"(","connected":true,"over":"tls","connection_detail":"192.0.2.1:9","policy":"race","outbox_messages":3,)"
            R"("content_bytes_direct":4,"content_bytes_turned":5,"content_bytes_mailbox":6,"frames_rejected":7,)"
            R"("client_version":"0.1.0"})");
}

TEST_CASE("replies about devices and safety numbers")
{
    const Error fine{ErrorCode::ok, {}, 0};
    CHECK(render_reply({1, fine, std::vector<Device>{}}, "5") == R"({"id":5,"ok":true,"devices":[]})");
    const Device desk{key(3), "d\"esk", 1700000000123, true, true};
    const Device phone{key(4), "", 0, false, false};
    CHECK(render_reply({1, fine, std::vector<Device>{desk, phone}}, "5") ==
          R"({"id":5,"ok":true,"devices":[{"device":")" + repeat("03", 32) +
              R"(","name":"d\"esk","created_ms":1700000000123,"current":true,"online":true},{"device":")" +
              repeat("04", 32) + R"(","name":"","created_ms":0,"current":false,"online":false}]})");
    CHECK(render_reply({1, fine, SafetyNumber{"00000 11111", "godwit-verify:1:a:b:c:d", true}}, "6") ==
          R"({"id":6,"ok":true,"number":"00000 11111","code":"godwit-verify:1:a:b:c:d","verified":true})");
    CHECK(render_reply({1, fine, std::string("godwit-link:2:AAAA")}, "7") ==
          R"({"id":7,"ok":true,"code":"godwit-link:2:AAAA"})");
    CHECK(render_reply({1, {ErrorCode::conflict, "another device changed it first", 250}, {}}, "8") ==
          R"({"id":8,"ok":false,"error":{"code":"conflict","detail":"another device changed it first","retry":250}})");
}

TEST_CASE("every kind of security event by its own name")
{
    std::set<std::string> names;
    for (int number = 1; number <= 15; ++number) {
        const auto kind = static_cast<SecurityKind>(number);
        const std::string line = render_event(event::Security{kind, "bob", {}, "x"});
        const std::string name(security_kind_name(kind));
        CHECK(line == R"({"event":"security","kind":")" + name + R"(","user":"bob","device":null,"detail":"x"})");
        CHECK(name != "unknown");
        names.insert(name);
    }
    CHECK(names.size() == 15);
    CHECK(security_kind_name(static_cast<SecurityKind>(16)) ==
          "unknown"); // a new kind: extend this test and docs/cli.md
}

TEST_CASE("events")
{
    const Error why{ErrorCode::timed_out, "no answer", 0};
    const std::string why_text = R"({"code":"timed_out","detail":"no answer","retry":0})";
    struct Row {
        Event event;
        std::string line;
    };
    for (
        const Row& row : {
            Row{event::MessageReceived{message()}, R"({"event":"message",)" + message_fields + "}"},
            Row{event::MessageStateChanged{message_id(), "bob", MessageState::delivered, Path::mailbox, "peer offline",
                                           42},
                R"({"event":"message_state","message":")" + id_hex +
                    R"(","with":"bob","state":"delivered","path":"mailbox","reason":"peer offline","elapsed_us":42,"conversation":")" +
                    std::string(32, '0') + R"("})"},
            Row{event::ViewChanged{7,
                                   {{event::ViewChanged::Step::Op::insert, 0, 0, message()},
                                    {event::ViewChanged::Step::Op::move, 1, 3, {}}}},
                R"({"event":"view","watch":7,"steps":[{"op":"insert","index":0,"item":{)" + message_fields +
                    R"(}},{"op":"move","index":1,"from":3}]})"},
            Row{event::ReadUpTo{*ConversationId::from(key(1).view().first(16)), "bob", "bob", message_id()},
                R"({"event":"read","conversation":")" + repeat("01", 16) + R"(","with":"bob","user":"bob","up_to":")" +
                    id_hex + R"("})"},
            Row{event::ConversationCleared{*ConversationId::from(key(1).view().first(16)), "bob", message_id()},
                R"({"event":"conversation_cleared","conversation":")" + repeat("01", 16) +
                    R"(","with":"bob","up_to":")" + id_hex + R"("})"},
            Row{event::Presence{"bob", true}, R"({"event":"presence","user":"bob","online":true})"},
            Row{event::ContactRequest{"bob"}, R"({"event":"contact_request","user":"bob"})"},
            Row{event::ContactAccepted{"bob"}, R"({"event":"contact_accepted","user":"bob"})"},
            Row{event::ContactRemoved{"bob"}, R"({"event":"contact_removed","user":"bob"})"},
            Row{event::Security{SecurityKind::device_added, "bob", key(5), "phone"},
                R"({"event":"security","kind":"device_added","user":"bob","device":")" + repeat("05", 32) +
                    R"(","detail":"phone"})"},
            Row{event::Linked{"ann"}, R"({"event":"linked","user":"ann"})"},
            Row{event::Connected{"r", RelayTransport::quic}, R"({"event":"connected","relay":"r","over":"quic"})"},
            Row{event::Disconnected{why, 250},
                R"({"event":"disconnected","error":)" + why_text + R"(,"retry_in_ms":250})"},
            Row{event::Update{true, "0.2.0"}, R"({"event":"update","required":true,"version":"0.2.0"})"},
            Row{event::PathChanged{"bob", Path::none, "offline"},
                R"({"event":"path","user":"bob","path":"none","reason":"offline"})"},
            Row{event::LoggedOut{why}, R"({"event":"logged_out","error":)" + why_text + "}"},
            Row{event::Warning{why}, R"({"event":"warning","error":)" + why_text + "}"},
        })
        CHECK(render_event(row.event) == row.line);
}

TEST_CASE("a failed message gives its failure as the reason")
{
    Message m = message();
    m.from = "ann";
    m.state = MessageState::failed;
    m.failure = "expired";
    const std::string line = render_event(event::MessageReceived{m});
    CHECK(line.find(R"("reason":"expired")") != std::string::npos);
    CHECK(line.find(R"("state":"failed")") != std::string::npos);
}

TEST_CASE("what goes out is valid UTF-8 and one line, whatever came in")
{
    const std::string line = json::render_error({ErrorCode::malformed, "bad \xff byte\nand \x01", 0});
    CHECK(line == "{\"code\":\"malformed\",\"detail\":\"bad \xef\xbf\xbd byte\\nand \\u0001\",\"retry\":0}");
}
