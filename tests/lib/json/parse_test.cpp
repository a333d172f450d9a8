// SPDX-License-Identifier: Apache-2.0
#include "lib/json/json.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace godwit;
using json::parse_request;

namespace {

/// The request of kind T in `line`, or a failed test.
template <class T>
T expect(std::string_view line)
{
    const auto parsed = parse_request(line);
    REQUIRE_MESSAGE(parsed.request.ok(), line << ": " << parsed.request.error().detail);
    const auto* held = std::get_if<T>(&parsed.request.value());
    REQUIRE_MESSAGE(held != nullptr, line);
    return *held;
}

std::string nested(std::size_t depth)
{
    return R"({"do":"status","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

} // namespace

TEST_CASE("every request by its name")
{
    const auto made = expect<request::RegisterAccount>(
        R"({"id":1,"do":"register","relay":"godwit://r:1#k","user":"ann","password":"p w","device_name":"desk"})");
    CHECK(made.relay == "godwit://r:1#k");
    CHECK(made.user == "ann");
    CHECK(made.password == "p w");
    CHECK(made.device_name == "desk");
    const auto login = expect<request::Login>(R"({"do":"login","relay":"r","user":"u","password":"p"})");
    CHECK(login.user == "u");
    CHECK(login.device_name.empty());
    expect<request::Logout>(R"({"do":"logout"})");
    CHECK(expect<request::ContactAdd>(R"({"do":"contact_add","user":"bob"})").user == "bob");
    CHECK(expect<request::ContactAccept>(R"({"do":"contact_accept","user":"bob"})").user == "bob");
    CHECK(expect<request::ContactRemove>(R"({"do":"contact_remove","user":"bob"})").user == "bob");
    CHECK(expect<request::ContactBlock>(R"({"do":"contact_block","user":"bob"})").user == "bob");
    CHECK(expect<request::ContactUnblock>(R"({"do":"contact_unblock","user":"bob"})").user == "bob");
    expect<request::Contacts>(R"({"do":"contacts"})");
    const auto send = expect<request::Send>(R"({"do":"send","to":"bob","text":"h\u00e9 \ud83d\ude00","key":"k1"})");
    CHECK(send.to == "bob");
    CHECK(send.text == "h\xc3\xa9 \xf0\x9f\x98\x80");
    CHECK(send.key == "k1");
    CHECK_FALSE(send.conversation);
    const auto rich = expect<request::Send>(
        R"({"do":"send","conversation":"000102030405060708090a0b0c0d0e0f","text":"hi @ann","mentions":[{"user":"ann","begin":3,"length":4}],)"
        R"("links":[{"begin":0,"length":2}],"reply_to":"000102030405060708090a0b0c0d0eff","lifetime":{"seconds":60,"from":"read"}})");
    REQUIRE(rich.conversation);
    CHECK(rich.conversation->bytes[15] == 0x0f);
    CHECK(rich.to.empty());
    REQUIRE(rich.reply_to);
    CHECK(rich.lifetime == content::Lifetime{60, content::Lifetime::From::read});
    CHECK(rich.body == content::Body(content::Text{{{"ann", {3, 4}}}, {{0, 2}}}));
    const auto where = expect<request::Send>(
        R"({"do":"send","to":"bob","body":{"kind":"location","latitude":-48.1234567,"longitude":2,"place":"quay"}})");
    CHECK(where.body == content::Body(content::Location{-481234567, 20000000, 0, "quay", 0}));
    const auto card = expect<request::Send>(
        R"({"do":"send","to":"bob","text":"t","body":{"kind":"card","name":"order","fields":[{"label":"sum","value":"9"}]}})");
    CHECK(card.body == content::Body(content::Card{"order", "", {{"sum", "9"}}, ""}));
    const auto custom = expect<request::Send>(
        R"({"do":"send","to":"bob","body":{"kind":"custom","type":"com.example.poll","data":"0aFF"}})");
    CHECK(custom.body == content::Body(content::Custom{"com.example.poll", {0x0a, 0xff}}));
    const auto edit =
        expect<request::Edit>(R"({"do":"edit","message":"000102030405060708090a0b0c0d0eff","text":"new"})");
    CHECK(edit.text == "new");
    CHECK_FALSE(
        expect<request::React>(R"({"do":"react","message":"000102030405060708090a0b0c0d0eff","emoji":"+","on":false})")
            .on);
    expect<request::Recall>(R"({"do":"recall","message":"000102030405060708090a0b0c0d0eff"})");
    CHECK(expect<request::RemoveMessages>(R"({"do":"remove_messages","messages":["000102030405060708090a0b0c0d0eff"]})")
              .messages.size() == 1);
    CHECK(expect<request::ClearConversation>(R"({"do":"clear_conversation","with":"bob"})").where.with == "bob");
    expect<request::PinMessage>(R"({"do":"pin","message":"000102030405060708090a0b0c0d0eff"})");
    const auto move = expect<request::MoveLocation>(
        R"({"do":"move_location","message":"000102030405060708090a0b0c0d0eff","latitude":-48.1234567,"longitude":2})");
    CHECK(move.latitude_e7 == -481234567);
    CHECK(move.accuracy_m == 0);
    expect<request::EndLocation>(R"({"do":"end_location","message":"000102030405060708090a0b0c0d0eff"})");
    expect<request::Versions>(R"({"do":"versions","message":"000102030405060708090a0b0c0d0eff"})");
    CHECK(expect<request::SetVersions>(R"({"do":"set_versions","kept":64})").kept == 64);
    CHECK(expect<request::SetTimer>(R"({"do":"set_timer","with":"bob","lifetime":{"seconds":5}})").lifetime.seconds ==
          5);
    const auto forward = expect<request::Forward>(
        R"({"do":"forward","messages":["000102030405060708090a0b0c0d0eff"],"to":"bob","merged":true,"title":"t"})");
    CHECK(forward.messages.size() == 1);
    CHECK(forward.merged);
    CHECK_FALSE(expect<request::MarkRead>(R"({"do":"mark_read","with":"bob"})").up_to);
    CHECK_FALSE(expect<request::Typing>(R"({"do":"typing","with":"bob","on":false})").on);
    CHECK(expect<request::Conversations>(R"({"do":"conversations","hidden":true})").hidden);
    const auto set = expect<request::SetConversation>(
        R"({"do":"set_conversation","with":"bob","pinned":true,"draft":"x","muted_until_ms":9223372036854775807})");
    CHECK(set.pinned == true);
    CHECK_FALSE(set.hidden);
    CHECK(set.draft == "x");
    CHECK(set.muted_until_ms == INT64_MAX);
    CHECK(expect<request::Send>(R"({"do":"send","to":"b","text":"x","at_ms":5})").at_ms == 5);
    expect<request::Scheduled>(R"({"do":"scheduled"})");
    expect<request::Unschedule>(R"({"do":"unschedule","message":"000102030405060708090a0b0c0d0eff"})");
    const auto named = expect<request::SetContact>(R"({"do":"set_contact","user":"bob","labels":["a","b"]})");
    CHECK_FALSE(named.remark);
    CHECK(named.labels == std::vector<std::string>{"a", "b"});
    const auto watched = expect<request::Watch>(R"({"do":"watch","what":"messages","with":"bob","limit":7})");
    CHECK(watched.where.with == "bob");
    CHECK(watched.limit == 7);
    CHECK(expect<request::Unwatch>(R"({"do":"unwatch","watch":3})").watch == 3);
    const auto receipts = expect<request::SetReceipts>(R"({"do":"set_receipts","on":false})");
    CHECK(receipts.on == false);
    CHECK_FALSE(receipts.delivery);
    CHECK(expect<request::SetReceipts>(R"({"do":"set_receipts","delivery":false})").delivery == false);
    CHECK(expect<request::Send>(R"({"do":"send","to":"bob","text":""})").key.empty());
    const auto page = expect<request::History>(
        R"({"do":"history","with":"bob","limit":1000,"before":"000102030405060708090a0b0c0d0eFF"})");
    CHECK(page.limit == 1000);
    REQUIRE(page.before);
    CHECK(page.before->bytes[15] == 0xff);
    CHECK_FALSE(page.after);
    CHECK(
        expect<request::History>(R"({"do":"history","with":"bob","after":"000102030405060708090a0b0c0d0eFF"})").after);
    CHECK(expect<request::History>(R"({"do":"history","with":"bob","around":"000102030405060708090a0b0c0d0eFF"})")
              .around);
    const auto newest = expect<request::History>(R"({"do":"history","with":"bob","limit":null,"before":null})");
    CHECK(newest.limit == 50);
    CHECK_FALSE(newest.before);
    const auto pins = expect<request::Pinned>(
        R"({"do":"pinned","with":"bob","limit":7,"before":"000102030405060708090a0b0c0d0eFF"})");
    CHECK(pins.where.with == "bob");
    CHECK(pins.limit == 7);
    CHECK(pins.before);
    expect<request::Status>(R"({"do":"status"})");
    expect<request::NetworkChanged>(R"({"do":"network_changed"})");
    CHECK(expect<request::SetPolicy>(R"({"do":"set_policy","path":"race"})").path == PathPolicy::race);
    CHECK(expect<request::SetPolicy>(R"({"do":"set_policy","path":"direct_only"})").path == PathPolicy::direct_only);
    CHECK(expect<request::SetPolicy>(R"({"do":"set_policy","path":"relay_only"})").path == PathPolicy::relay_only);
    CHECK(expect<request::SetPolicy>(R"({"do":"set_policy","path":"direct_first"})").path == PathPolicy::direct_first);
    CHECK(expect<request::Fault>(R"({"do":"fault","drop_direct":true})").drop_direct);
    CHECK_FALSE(expect<request::Fault>(R"({"do":"fault","drop_direct":false})").drop_direct);
}

TEST_CASE("requests about devices and safety numbers")
{
    expect<request::Devices>(R"({"do":"devices"})");
    CHECK(expect<request::DeviceLink>(R"({"do":"device_link","code":"godwit-link:2:x"})").code == "godwit-link:2:x");
    const auto named =
        expect<request::LinkCode>(R"({"do":"device_link_code","relay":"godwit://r:1#k","device_name":"phone"})");
    CHECK(named.relay == "godwit://r:1#k");
    CHECK(named.device_name == "phone");
    CHECK(expect<request::LinkCode>(R"({"do":"device_link_code","relay":"r"})").device_name.empty());
    const std::string device = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF";
    const auto revoke = expect<request::DeviceRevoke>(R"({"do":"device_revoke","device":")" + device + "\"}");
    CHECK(revoke.device.bytes[0] == 0);
    CHECK(revoke.device.bytes[30] == 0x1e);
    CHECK(revoke.device.bytes[31] == 0xff);
    CHECK(expect<request::SafetyNumber>(R"({"do":"safety_number","with":"bob"})").with == "bob");
    const auto verify = expect<request::Verify>(R"({"do":"verify","with":"bob","code":"12345 67890"})");
    CHECK(verify.with == "bob");
    CHECK(verify.verified);
    CHECK(verify.code == "12345 67890");
    CHECK(expect<request::Verify>(R"({"do":"verify","with":"bob","verified":null,"code":"c"})").verified);
    CHECK(expect<request::Verify>(R"({"do":"verify","with":"bob","verified":true,"code":"c"})").code == "c");
    CHECK_FALSE(expect<request::Verify>(R"({"do":"verify","with":"bob","verified":false})").verified);
}

TEST_CASE("quit is marked for the host")
{
    const auto parsed = parse_request(R"({"id":"bye","do":"quit"})");
    CHECK(parsed.quit);
    CHECK(parsed.id == "\"bye\"");
}

TEST_CASE("unknown fields are ignored, whatever they hold")
{
    expect<request::Status>(R"({"future":{"a":[1,2,{"b":null}]},"do":"status","more":1.5,"note":"x"})");
}

TEST_CASE("the id comes back unchanged")
{
    struct Row {
        const char* in;
        std::string out;
    };
    for (const Row& row : {
             Row{"1", "1"},
             Row{"-7", "-7"},
             Row{"18446744073709551615", "18446744073709551615"},
             Row{"-9223372036854775808", "-9223372036854775808"},
             Row{R"("a\"b")", R"("a\"b")"},
             Row{R"("\u00e9")", "\"\xc3\xa9\""},
             Row{"null", "null"},
         }) {
        const auto parsed = parse_request(std::string(R"({"do":"status","id":)") + row.in + "}");
        CHECK(parsed.request.ok());
        CHECK(parsed.id == row.out);
    }
    CHECK(parse_request(R"({"do":"status"})").id == "null");
    CHECK(parse_request(R"({"do":"status","id":")" + std::string(json::id_bytes_max, 'x') + "\"}").request.ok());
}

TEST_CASE("what is wrong is named, with the code that fits")
{
    struct Row {
        std::string line;
        ErrorCode code;
        const char* says;
        const char* id = "null";
    };
    const std::string deep_id = R"({"do":"status","id":")" + std::string(json::id_bytes_max + 1, 'x') + "\"}";
    for (const Row& row : {
             Row{"", ErrorCode::invalid_argument, "not valid JSON"},
             Row{"hello", ErrorCode::invalid_argument, "not valid JSON"},
             Row{"null", ErrorCode::invalid_argument, "one JSON object"},
             Row{"[1]", ErrorCode::invalid_argument, "one JSON object"},
             Row{"\"do\"", ErrorCode::invalid_argument, "one JSON object"},
             Row{"{}", ErrorCode::invalid_argument, "\"do\" must be given"},
             Row{R"({"id":4,"do":)", ErrorCode::invalid_argument, "not valid JSON", "4"},
             Row{R"({"id":4,"do":"status"} x)", ErrorCode::invalid_argument, "not valid JSON", "4"},
             Row{R"({"id":4,"do":"status"}{"id":5})", ErrorCode::invalid_argument, "not valid JSON", "4"},
             Row{R"({"id":4,"do":"status",})", ErrorCode::invalid_argument, "not valid JSON", "4"},
             Row{R"({"id":4,"do":17})", ErrorCode::invalid_argument, "\"do\" must be a string", "4"},
             Row{R"({"id":4,"do":"fly"})", ErrorCode::unknown_request, "\"fly\"", "4"},
             Row{R"({"id":4,"do":"Status"})", ErrorCode::unknown_request, "\"Status\"", "4"},
             Row{R"({"id":4,"do":"status","do":"logout"})", ErrorCode::invalid_argument, "\"do\" appears twice", "4"},
             Row{R"({"id":4,"do":"status","x":{"y":1,"y":2}})", ErrorCode::invalid_argument, "\"y\" appears twice",
                 "4"},
             Row{R"({"id":1.5,"do":"status"})", ErrorCode::invalid_argument, "\"id\""},
             Row{R"({"id":18446744073709551616,"do":"status"})", ErrorCode::invalid_argument, "\"id\""},
             Row{R"({"id":true,"do":"status"})", ErrorCode::invalid_argument, "\"id\""},
             Row{R"({"id":{},"do":"status"})", ErrorCode::invalid_argument, "\"id\""},
             Row{deep_id, ErrorCode::invalid_argument, "\"id\""},
             Row{R"({"id":4,"do":"send","text":"x"})", ErrorCode::invalid_argument, "send: field \"to\" must be given",
                 "4"},
             Row{R"({"id":4,"do":"send","to":"bob"})", ErrorCode::invalid_argument, "\"text\" must be given", "4"},
             Row{R"({"id":4,"do":"send","to":null,"text":"x"})", ErrorCode::invalid_argument, "\"to\"", "4"},
             Row{R"({"id":4,"do":"send","to":["bob"],"text":"x"})", ErrorCode::invalid_argument,
                 "\"to\" must be a string", "4"},
             Row{R"({"id":4,"do":"send","to":"bob","text":"x","key":1})", ErrorCode::invalid_argument, "\"key\"", "4"},
             Row{R"({"id":4,"do":"history","with":"b","limit":0})", ErrorCode::invalid_argument, "from 1 to 1000", "4"},
             Row{R"({"id":4,"do":"history","with":"b","limit":1001})", ErrorCode::invalid_argument, "from 1 to 1000",
                 "4"},
             Row{R"({"id":4,"do":"history","with":"b","limit":-1})", ErrorCode::invalid_argument, "from 1 to 1000",
                 "4"},
             Row{R"({"id":4,"do":"history","with":"b","limit":1e1})", ErrorCode::invalid_argument, "from 1 to 1000",
                 "4"},
             Row{R"({"id":4,"do":"history","with":"b","limit":"9"})", ErrorCode::invalid_argument, "from 1 to 1000",
                 "4"},
             Row{R"({"id":4,"do":"history","with":"b","before":"abc"})", ErrorCode::invalid_argument, "32 hexadecimal",
                 "4"},
             Row{R"({"id":4,"do":"history","with":"b","before":"0g0102030405060708090a0b0c0d0eff"})",
                 ErrorCode::invalid_argument, "32 hexadecimal", "4"},
             Row{R"({"id":4,"do":"set_policy","path":"fastest"})", ErrorCode::invalid_argument, "direct_first", "4"},
             Row{R"({"id":4,"do":"set_policy"})", ErrorCode::invalid_argument, "\"path\"", "4"},
             Row{R"({"id":4,"do":"fault","drop_direct":1})", ErrorCode::invalid_argument, "true or false", "4"},
             Row{R"({"id":4,"do":"fault"})", ErrorCode::invalid_argument, "true or false", "4"},
             Row{R"({"id":4,"do":"device_link"})", ErrorCode::invalid_argument, "\"code\" must be given", "4"},
             Row{R"({"id":4,"do":"device_link","code":7})", ErrorCode::invalid_argument, "\"code\" must be a string",
                 "4"},
             Row{R"({"id":4,"do":"device_link_code"})", ErrorCode::invalid_argument, "\"relay\" must be given", "4"},
             Row{R"({"id":4,"do":"device_link_code","relay":"r","device_name":1})", ErrorCode::invalid_argument,
                 "\"device_name\"", "4"},
             Row{R"({"id":4,"do":"device_revoke"})", ErrorCode::invalid_argument, "\"device\" must be given", "4"},
             Row{R"({"id":4,"do":"device_revoke","device":""})", ErrorCode::invalid_argument, "64 hexadecimal", "4"},
             Row{R"({"id":4,"do":"device_revoke","device":"0001"})", ErrorCode::invalid_argument, "64 hexadecimal",
                 "4"},
             Row{R"({"id":4,"do":"device_revoke","device":")" + std::string(64, 'g') + "\"}",
                 ErrorCode::invalid_argument, "64 hexadecimal", "4"},
             Row{R"({"id":4,"do":"device_revoke","device":")" + std::string(66, '0') + "\"}",
                 ErrorCode::invalid_argument, "64 hexadecimal", "4"},
             Row{R"({"id":4,"do":"safety_number","user":"bob"})", ErrorCode::invalid_argument, "\"with\" must be given",
                 "4"},
             Row{R"({"id":4,"do":"verify"})", ErrorCode::invalid_argument, "verify: field \"with\"", "4"},
             Row{R"({"id":4,"do":"verify","with":"bob","verified":"yes"})", ErrorCode::invalid_argument,
                 "true or false", "4"},
             Row{R"({"id":4,"do":"verify","with":"bob","code":""})", ErrorCode::invalid_argument, "\"code\"", "4"},
             Row{R"({"id":4,"do":"verify","with":"bob","code":null})", ErrorCode::invalid_argument, "\"code\"", "4"},
             Row{R"({"id":4,"do":"verify","with":"bob","code":1})", ErrorCode::invalid_argument, "\"code\"", "4"},
             Row{"{\"id\":4,\"do\":\"send\",\"to\":\"bob\",\"text\":\"\xff\"}", ErrorCode::invalid_argument,
                 "not valid JSON", "4"},
             Row{"{\"id\":4,\"do\":\"send\",\"to\":\"bob\",\"text\":\"\xed\xa0\x80\"}", ErrorCode::invalid_argument,
                 "not valid JSON", "4"},
             Row{R"({"id":4,"do":"send","to":"bob","text":"\ud800"})", ErrorCode::invalid_argument, "not valid JSON",
                 "4"},
         }) {
        CAPTURE(row.line);
        const auto parsed = parse_request(row.line);
        REQUIRE_FALSE(parsed.request.ok());
        CHECK(parsed.request.error().code == row.code);
        CHECK_MESSAGE(parsed.request.error().detail.find(row.says) != std::string::npos, parsed.request.error().detail);
        CHECK(parsed.id == row.id);
    }
}

TEST_CASE("bounds: depth and length, at the limit and one past it")
{
    CHECK(parse_request(nested(json::depth_max - 1)).request.ok());
    const auto deep = parse_request(nested(json::depth_max));
    REQUIRE_FALSE(deep.request.ok());
    CHECK(deep.request.error().detail.find("nested deeper than 16") != std::string::npos);
    CHECK_FALSE(parse_request(nested(100'000)).request.ok());

    const std::string head = R"({"do":"status","x":")";
    const std::string line = head + std::string(json::line_bytes_max - head.size() - 2, 'a') + "\"}";
    REQUIRE(line.size() == json::line_bytes_max);
    CHECK(parse_request(line).request.ok());
    const auto longer = parse_request(line + " ");
    REQUIRE_FALSE(longer.request.ok());
    CHECK(longer.request.error().code == ErrorCode::message_too_large);
    CHECK(longer.id == "null");
    const auto named = parse_request(R"({"id":"n 7",)" + line.substr(1));
    CHECK(named.request.error().code == ErrorCode::message_too_large);
    CHECK(named.id == R"("n 7")"); // it stands first
}

TEST_CASE("every prefix and every flipped byte of a request is answered")
{
    const std::string line =
        R"({"id":9,"do":"history","with":"bob","limit":10,"before":"000102030405060708090a0b0c0d0eff","x":[{"y":-1.5e3}]})";
    for (std::size_t length = 0; length < line.size(); ++length)
        CHECK_FALSE(parse_request(std::string_view(line).substr(0, length)).request.ok());
    std::size_t refused = 0;
    for (std::size_t at = 0; at < line.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string damaged = line;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            const auto parsed = parse_request(damaged);
            if (!parsed.request.ok()) {
                ++refused;
                CHECK_FALSE(parsed.request.error().detail.empty());
            }
        }
    CHECK(refused > line.size());
}
