// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

using namespace godwit;

namespace {

constexpr std::string_view group = "000102030405060708090a0b0c0d0e0f";

std::string ask(std::string_view name, std::string_view rest)
{
    return R"({"do":")" + std::string(name) + R"(","conversation":")" + std::string(group) + "\"" + std::string(rest) +
           "}";
}

template <class T>
T expect(std::string_view line)
{
    const auto parsed = json::parse_request(line);
    REQUIRE_MESSAGE(parsed.request.ok(), line << ": " << parsed.request.error().detail);
    const auto* held = std::get_if<T>(&parsed.request.value());
    REQUIRE_MESSAGE(held != nullptr, line);
    return *held;
}

std::string refusal(std::string_view line)
{
    const auto parsed = json::parse_request(line);
    return parsed.request.ok() ? "" : parsed.request.error().detail;
}

} // namespace

TEST_CASE("requests about groups by their names")
{
    const auto made = expect<request::GroupCreate>(
        R"({"do":"group_create","name":"crew","members":["ann","bo"],"kind":"discussion","invite":"member","join":"link","expires_ms":9})");
    CHECK(made.kind == ConversationKind::discussion);
    CHECK(made.name == "crew");
    CHECK(made.members == std::vector<std::string>{"ann", "bo"});
    CHECK(made.invite == Role::member);
    CHECK(made.join == JoinRule::link);
    CHECK(made.expires_ms == 9);
    const auto plain = expect<request::GroupCreate>(R"({"do":"group_create","name":"n"})");
    CHECK(plain.kind == ConversationKind::group);
    CHECK(plain.invite == Role::admin);
    CHECK(plain.join == JoinRule::closed);
    CHECK(expect<request::GroupInvite>(ask("group_invite", R"(,"users":["cy"])")).users.size() == 1);
    CHECK(expect<request::GroupRemove>(ask("group_remove", R"(,"users":["cy"])")).conversation.bytes[15] == 0x0f);
    expect<request::GroupLeave>(ask("group_leave", ""));
    CHECK(expect<request::GroupRole>(ask("group_role", R"(,"user":"cy","role":"owner")")).role == Role::owner);
    CHECK(expect<request::GroupMute>(ask("group_mute", R"(,"until_ms":5)")).user.empty());
    const auto set = expect<request::GroupSet>(ask("group_set", R"(,"name":"x","avatar":null,"receipts":false)"));
    CHECK(set.name == "x");
    CHECK_FALSE(set.about);
    REQUIRE(set.avatar);
    CHECK(set.avatar->id.is_zero());
    CHECK(set.receipts == false);
    expect<request::GroupPromote>(ask("group_promote", ""));
    expect<request::GroupDissolve>(ask("group_dissolve", ""));
    expect<request::GroupAbout>(ask("group_about", ""));
    CHECK(expect<request::GroupLink>(ask("group_link", R"(,"renew":true)")).renew);
    CHECK(expect<request::GroupJoin>(R"({"do":"group_join","link":"godwit-group:1:x"})").text.empty());
    CHECK_FALSE(expect<request::GroupAnswer>(ask("group_answer", R"(,"user":"cy","accept":false)")).accept);
    expect<request::Deliveries>(R"({"do":"deliveries","message":"000102030405060708090a0b0c0d0e0f"})");

    CHECK(refusal(R"({"do":"group_create","name":"n","kind":"club"})").find("group, discussion or channel") !=
          std::string::npos);
    CHECK(refusal(ask("group_role", R"(,"user":"cy","role":"king")")).find("member, admin or owner") !=
          std::string::npos);
    CHECK(refusal(ask("group_role", R"(,"user":"cy")")).find("role") != std::string::npos);
    CHECK(refusal(ask("group_set", R"(,"join":"open")")).find("closed, request or link") != std::string::npos);
    CHECK(refusal(R"({"do":"group_leave","conversation":"00"})").find("32 hexadecimal digits") != std::string::npos);
}

TEST_CASE("what groups are told in")
{
    GroupInfo info;
    info.name = "crew";
    info.own_role = Role::owner;
    info.members.push_back({"ann", {}, Role::owner, 0});
    info.applicants.push_back({"cy", "hi", 7});
    event::Reply reply;
    reply.value = info;
    const std::string none(32, '0'), key(64, '0');
    CHECK(json::render_reply(reply, "1") ==
          R"({"id":1,"ok":true,"group":{"conversation":")" + none +
              R"(","kind":"group","active":true,"dissolved":false,"expires_ms":0,"name":"crew","about":"",)"
              R"("announcement":"","avatar":null,"own_role":"owner","invite":"admin","join":"closed",)"
              R"("all_muted":false,"receipts":true,"members":[{"user":"ann","account_key":")" +
              key + R"(","role":"owner","muted_until_ms":0}],"applicants":[{"user":"cy","text":"hi","asked_ms":7}]}})");
    reply.value = std::vector{DeliveryReport{"bo", MessageState::delivered, Path::direct}};
    CHECK(json::render_reply(reply, "2") ==
          R"({"id":2,"ok":true,"deliveries":[{"user":"bo","state":"delivered","path":"direct"}]})");
    reply.value = ConversationId{};
    CHECK(json::render_reply(reply, "3") == R"({"id":3,"ok":true,"conversation":")" + none + R"("})");
    CHECK(json::render_event(event::GroupChanged{event::GroupChanged::What::removed, {}, "crew", "ann", {"bo"}}) ==
          R"({"event":"group","what":"removed","conversation":")" + none +
              R"(","name":"crew","by":"ann","users":["bo"]})");
    CHECK(json::render_event(event::GroupAsked{{}, "crew", {"cy", "hi", 7}}) ==
          R"({"event":"group_asked","conversation":")" + none +
              R"(","name":"crew","user":"cy","text":"hi","asked_ms":7})");
    CHECK(json::render_event(event::GroupRefused{}) ==
          R"({"event":"group_refused","conversation":")" + none + R"(","why":"refused"})");
    CHECK(json::render_event(event::GroupRefused{{}, event::GroupRefused::Why::stale_link}) ==
          R"({"event":"group_refused","conversation":")" + none + R"(","why":"stale_link"})");
}
