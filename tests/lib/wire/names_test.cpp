// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/names.hpp"

#include "lib/base/bytes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <tuple>

using namespace godwit;
using namespace godwit::wire;

namespace {

const std::string key_text = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

} // namespace

TEST_CASE("user names: what is one")
{
    for (const char* good : {"a", "0", "ann", "a.b_c-d", "9lives", "a2345678901234567890123456789012"}) {
        CAPTURE(good);
        CHECK(is_user_name(good));
    }
    for (const char* bad :
         {"", "A", "-a", ".a", "_a", "a b", "ann@relay", "\xc3\xa9", "a\n", "a23456789012345678901234567890123"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_user_name(bad));
    }
    CHECK_FALSE(is_user_name(std::string_view("a\0b", 3)));
}

TEST_CASE("relay addresses: text and back")
{
    const std::pair<std::string, std::string> hosts[] = {{"relay.example", "relay.example"},
                                                         {"127.0.0.1", "127.0.0.1"},
                                                         {"[::1]", "::1"},
                                                         {"[fe80::1%eth0]", "fe80::1%eth0"},
                                                         {"[::ffff:192.0.2.1]", "::ffff:192.0.2.1"}};
    for (const auto& [written, host] : hosts) {
        const auto text = "godwit://" + written + ":4433#" + key_text;
        CAPTURE(text);
        const auto parsed = parse_relay_address(text);
        REQUIRE(parsed.ok());
        CHECK(parsed->host == host);
        CHECK(parsed->port == 4433);
        CHECK(to_hex(parsed->key.view()) == "0101010101010101010101010101010101010101010101010101010101010101");
        CHECK(parsed->to_text() == text);
    }
}

TEST_CASE("relay addresses: the key of an application stands behind the port")
{
    const auto text = "godwit://[::1]:4433/K_ey-1#" + key_text;
    const auto parsed = parse_relay_address(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->app == "K_ey-1");
    CHECK(parsed->host == "::1");
    CHECK(parsed->port == 4433);
    CHECK(parsed->to_text() == text);
    CHECK(parse_relay_address("godwit://h:1/" + std::string(64, 'a') + "#" + key_text).ok());
    CHECK(parse_relay_address("godwit://h:1#" + key_text)->app.empty());
}

TEST_CASE("relay addresses: each wrong part is named")
{
    const std::tuple<std::string, const char*> table[] = {
        {"", "godwit://"},
        {"https://h:1#" + key_text, "godwit://"},
        {"GODWIT://h:1#" + key_text, "godwit://"},
        {"godwit://h:1", "key is missing"},
        {"godwit://h:1#", "43 characters"},
        {"godwit://h:1#" + key_text.substr(1), "43 characters"},
        {"godwit://h:1#" + key_text + "A", "43 characters"},
        {"godwit://h:1#" + std::string(43, 'A'), "43 characters"}, // the zero key is nobody's
        {"godwit://h:80/#" + key_text, "1 to 64 of A-Z"},
        {"godwit://h:80/a/b#" + key_text, "1 to 64 of A-Z"},
        {"godwit://h:80/a b#" + key_text, "1 to 64 of A-Z"},
        {"godwit://h:80/" + std::string(65, 'a') + "#" + key_text, "1 to 64 of A-Z"},
        {"godwit://h/app#" + key_text, "port is missing"},
        {"godwit://h#" + key_text, "port is missing"},
        {"godwit://[::1]#" + key_text, "port is missing"},
        {"godwit://h:#" + key_text, "1 to 65535"},
        {"godwit://h:0#" + key_text, "1 to 65535"},
        {"godwit://h:65536#" + key_text, "1 to 65535"},
        {"godwit://h:080#" + key_text, "1 to 65535"},
        {"godwit://h:80x#" + key_text, "1 to 65535"},
        {"godwit://h:+80#" + key_text, "1 to 65535"},
        {"godwit://:80#" + key_text, "name or an address"},
        {"godwit://h h:80#" + key_text, "name or an address"},
        {"godwit://user@h:80#" + key_text, "name or an address"},
        {"godwit://" + std::string(256, 'h') + ":80#" + key_text, "name or an address"},
        {"godwit://::1:80#" + key_text, "[brackets]"},
        {"godwit://[h]:80#" + key_text, "not an IPv6 address"},
        {"godwit://[]:80#" + key_text, "not an IPv6 address"},
        {"godwit://[::1:80#" + key_text, "not an IPv6 address"},
        {"godwit://[::1%]:80#" + key_text, "not an IPv6 address"},
    };
    for (const auto& [text, part] : table) {
        CAPTURE(text);
        const auto parsed = parse_relay_address(text);
        REQUIRE_FALSE(parsed.ok());
        CHECK(parsed.error().code == ErrorCode::invalid_argument);
        CHECK(parsed.error().detail.find(part) != std::string::npos);
        CHECK(parsed.error().detail.find("godwit://HOST:PORT#KEY") != std::string::npos);
    }
}
