// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

TEST_CASE("what is looked for")
{
    const auto parsed = json::parse_request(
        R"({"do":"search","text":"咖啡 caf","with":"bob","from":"alice","kinds":["text","attachment"],)"
        R"("since_ms":5,"until_ms":9,"limit":7,"before":123})");
    REQUIRE(parsed.request.ok());
    const auto& search = std::get<request::Search>(*parsed.request);
    CHECK(search.text == "咖啡 caf");
    CHECK(search.where.with == "bob");
    CHECK(search.from == "alice");
    CHECK(search.kinds == std::vector<std::string>{"text", "attachment"});
    CHECK(search.since_ms == 5);
    CHECK(search.until_ms == 9);
    CHECK(search.limit == 7);
    CHECK(search.before == 123);
    const auto plain = json::parse_request(R"({"do":"search","text":"x"})");
    REQUIRE(plain.request.ok());
    const auto& all = std::get<request::Search>(*plain.request);
    CHECK_FALSE(all.where.conversation);
    CHECK_FALSE(all.since_ms);
    CHECK(all.limit == 50);
    CHECK(all.before == 0);
    const auto where =
        json::parse_request(R"({"do":"search","text":"x","conversation":"000102030405060708090a0b0c0d0e0f"})");
    REQUIRE(where.request.ok());
    CHECK(std::get<request::Search>(*where.request).where.conversation->bytes[15] == 15);
    for (const char* bad :
         {R"({"do":"search"})", R"({"do":"search","text":5})", R"({"do":"search","text":"x","conversation":"00"})",
          R"({"do":"search","text":"x","limit":0})", R"({"do":"search","text":"x","limit":201})",
          R"({"do":"search","text":"x","kinds":"text"})", R"({"do":"search","text":"x","kinds":[5]})",
          R"({"do":"search","text":"x","before":-1})"}) {
        CAPTURE(bad);
        const auto refused = json::parse_request(bad);
        REQUIRE_FALSE(refused.request.ok());
        CHECK(refused.request.error().code == ErrorCode::invalid_argument);
    }
}

TEST_CASE("what was found: the message, the piece of it and what to highlight")
{
    event::Reply reply;
    SearchResults results;
    SearchHit hit;
    hit.message.text = "long text";
    hit.snippet = "text";
    hit.matches = {{0, 4}};
    results.hits.push_back(hit);
    results.next = 77;
    reply.value = results;
    const auto line = json::render_reply(reply, "3");
    CHECK(line.starts_with(R"({"id":3,"ok":true,"hits":[{"message":")"));
    CHECK(line.find(R"("text":"long text")") != std::string::npos);
    CHECK(line.ends_with(R"("snippet":"text","matches":[{"begin":0,"length":4}]}],"next":77})"));
    reply.value = SearchResults{};
    CHECK(json::render_reply(reply, "3") == R"({"id":3,"ok":true,"hits":[],"next":0})");
}
