// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"
#include "lib/wire/content.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace godwit;
using Json = nlohmann::json;

namespace {

Json shown(const Message& message)
{
    return Json::parse(json::render_event(event::MessageReceived{message}));
}

content::Forwarded around(const content::Body& body)
{
    return {"t", {{"ann", 1, "", wire::encode(body)}}};
}

} // namespace

TEST_CASE("what is forwarded is shown as it was: files too, and what was forwarded before, to a depth")
{
    content::Attachment attachment;
    attachment.kind = content::AttachmentKind::image;
    attachment.file.id.bytes.fill(7);
    attachment.file.size_bytes = 9;
    Message message;
    message.body = content::Forwarded{
        "trip",
        {{"ann", 5, "look", wire::encode(content::Body(attachment))}, {"ann", 6, "words", {}}, {"ann", 7, "", {1}}}};
    const auto out = shown(message);
    const auto& items = out["body"]["items"];
    CHECK(items[0]["body"]["kind"] == "attachment");
    CHECK(items[0]["body"]["as"] == "image");
    CHECK(items[0]["body"]["file"]["size"] == 9);
    CHECK_FALSE(items[0].contains("raw_body"));
    CHECK_FALSE(items[1].contains("body"));
    CHECK(items[2]["raw_body"] == "01");

    content::Body deep = attachment;
    for (int i = 0; i < 50; ++i)
        deep = around(deep);
    message.body = deep;
    const auto nested = shown(message);
    const auto* at = &nested["body"];
    int depth = 0;
    for (; (*at)["items"][0].contains("body"); ++depth)
        at = &(*at)["items"][0]["body"];
    CHECK(depth == 4);
    CHECK((*at)["items"][0].contains("raw_body"));
}
