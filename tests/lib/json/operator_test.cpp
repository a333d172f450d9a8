// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

namespace {

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

TEST_CASE("a report: about a user, a group, messages; nothing of them unless it is said")
{
    const auto plain = expect<request::Report>(R"({"do":"report","user":"bob"})");
    CHECK(plain.user == "bob");
    CHECK(plain.reason == ReportReason::other);
    CHECK_FALSE(plain.with_content);
    CHECK_FALSE(plain.conversation);
    const std::string id(32, 'b');
    const auto full =
        expect<request::Report>(R"({"do":"report","conversation":")" + id +
                                R"(","reason":"spam","text":"t","messages":[")" + id + R"("],"with_content":true})");
    CHECK(full.conversation->bytes[0] == 0xbb);
    CHECK(full.reason == ReportReason::spam);
    CHECK(full.text == "t");
    REQUIRE(full.messages.size() == 1);
    CHECK(full.messages[0].bytes[15] == 0xbb);
    CHECK(full.with_content);
    for (const auto* const wrong :
         {R"({"do":"report","user":"bob","reason":"rude"})", R"({"do":"report","messages":["12"]})",
          R"({"do":"report","messages":"x"})", R"({"do":"report","conversation":"12"})"})
        CHECK_FALSE(json::parse_request(wrong).request.ok());
}

TEST_CASE("the directory: what is asked, and a page of it")
{
    const auto top = expect<request::Directory>(R"({"do":"directory"})");
    CHECK(top.department == 0);
    CHECK(top.find.empty());
    const auto next = expect<request::Directory>(R"({"do":"directory","department":7,"find":"an","after":"anna"})");
    CHECK(next.department == 7);
    CHECK(next.find == "an");
    CHECK(next.after == "anna");
    CHECK_FALSE(json::parse_request(R"({"do":"directory","department":-1})").request.ok());

    event::Reply reply;
    reply.value = DirectoryPage{{{1, 0, "Sales", 2}}, {{"ann", 1, "Ann Lee", "Head", "ann@example.org", true}}, false};
    CHECK(json::render_reply(reply, "3") ==
          R"({"id":3,"ok":true,"departments":[{"id":1,"parent":0,"name":"Sales","members":2}],)"
          R"("members":[{"user":"ann","department":1,"full_name":"Ann Lee","title":"Head","email":"ann@example.org",)"
          R"("account":true}],"more":false})");
}
