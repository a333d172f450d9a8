// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

namespace {

const std::string id_hex(32, 'b');

Notice notice()
{
    Notice out;
    out.id.bytes.fill(0xbb);
    out.kind = NoticeKind::maintenance;
    out.to_all = true;
    out.title = "a \"title\"";
    out.text = "two\nlines";
    out.link = "https://relay.example/";
    out.created_ms = 1700000000123;
    out.expires_ms = 1700000600123;
    out.received_ms = 1700000000500;
    return out;
}
const std::string members = R"("notice":")" + id_hex +
                            R"(","kind":"maintenance","to_all":true,"title":"a \"title\"","text":"two\nlines",)"
                            R"("link":"https://relay.example/","created_ms":1700000000123,"expires_ms":1700000600123,)"
                            R"("received_ms":1700000000500,"read":false,"end_to_end":false)";

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

TEST_CASE("requests about notices")
{
    const auto plain = expect<request::Notices>(R"({"do":"notices"})");
    CHECK(plain.limit == 50);
    CHECK_FALSE(plain.before);
    const auto page = expect<request::Notices>(R"({"do":"notices","limit":256,"before":")" + id_hex + "\"}");
    CHECK(page.limit == 256);
    CHECK(page.before == notice().id);
    CHECK_FALSE(expect<request::MarkNoticesRead>(R"({"do":"notices_read"})").up_to);
    CHECK(expect<request::MarkNoticesRead>(R"({"do":"notices_read","up_to":")" + id_hex + "\"}").up_to == notice().id);
    for (const char* bad : {R"({"do":"notices","limit":0})", R"({"do":"notices","limit":257})",
                            R"({"do":"notices","before":"abc"})", R"({"do":"notices_read","up_to":7})"})
        CHECK(json::parse_request(bad).request.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("answers and events about notices")
{
    event::Reply reply;
    reply.value = std::vector<Notice>{notice()};
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,"notices":[{)" + members + "}]}");
    reply.value = std::vector<Notice>{};
    CHECK(json::render_reply(reply, "1") == R"({"id":1,"ok":true,"notices":[]})");
    CHECK(json::render_event(event::NoticeReceived{notice()}) == R"({"event":"notice_received",)" + members + "}");
    CHECK(json::render_event(event::NoticeWithdrawn{notice().id}) ==
          R"({"event":"notice_withdrawn","notice":")" + id_hex + "\"}");
    CHECK(json::render_event(event::NoticesRead{notice().id}) ==
          R"({"event":"notices_read","up_to":")" + id_hex + "\"}");
    auto later = notice();
    later.kind = static_cast<NoticeKind>(9); // of a later version
    CHECK(json::render_event(event::NoticeReceived{later}).find(R"("kind":"announcement")") != std::string::npos);
}
