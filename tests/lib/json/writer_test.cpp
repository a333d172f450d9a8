// SPDX-License-Identifier: Apache-2.0
// Beside nlohmann's: what it reads back, and how it deals with what is no UTF-8.
#include "lib/json/writer.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace godwit;
using Json = nlohmann::json;

namespace {

std::string in_quotes(std::string_view text)
{
    std::string out;
    json::append_quoted(out, text);
    return out;
}

std::string number(double value)
{
    json::Writer out;
    out.number(value);
    return out.take();
}

} // namespace

TEST_CASE("a text, whatever its bytes: one U+FFFD for each part that could have begun a character")
{
    CHECK(in_quotes("") == "\"\"");
    CHECK(in_quotes("a\"\\\b\f\n\r\t\x01\x1f\x7f") == "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    CHECK(in_quotes("plain \xe8\xa5 and \"plain\" \xf0\x9f\xa6\x8a again") ==
          "\"plain \xef\xbf\xbd and \\\"plain\\\" \xf0\x9f\xa6\x8a again\"");
    CHECK(in_quotes("\xe8\xa5\xbf\xf0\x9f\xa6\x8a") == "\"\xe8\xa5\xbf\xf0\x9f\xa6\x8a\"");
    CHECK(in_quotes("\xe8\xa5") == "\"\xef\xbf\xbd\"");
    CHECK(in_quotes("\xe8\xa5x") == "\"\xef\xbf\xbdx\"");
    // Bytes that lead, follow and end characters, and such as never do, in any order.
    constexpr unsigned char bytes[] = {'a',  '"',  0x00, 0x1f, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
                                       0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
    std::minstd_rand dice(1);
    for (int n = 0; n < 20'000; ++n) {
        std::string text;
        for (auto length = dice() % 9; length > 0; --length)
            text += static_cast<char>(bytes[dice() % std::size(bytes)]);
        const auto expected = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
        REQUIRE_MESSAGE(in_quotes(text) == expected, expected);
    }
}

TEST_CASE("a number with a fraction reads back as itself, and is seen to have one")
{
    CHECK(number(0) == "0.0");
    CHECK(number(-127) == "-127.0");
    CHECK(number(100000) == "100000.0");
    CHECK(number(59.9) == "59.9");
    CHECK(number(0.0001) == "0.0001");
    CHECK(number(1e-7) == "1e-07");
    CHECK(number(1e300) == "1e+300");
    CHECK(number(std::nan("")) == "null");
    CHECK(number(-std::numeric_limits<double>::infinity()) == "null");
    std::minstd_rand dice(1);
    for (int n = 0; n < 20'000; ++n) {
        const double mantissa = static_cast<double>(dice()) / 7 - 1e8;
        const double value = std::ldexp(mantissa, static_cast<int>(dice() % 200) - 100);
        REQUIRE(Json::parse(number(value)).get<double>() == value);
    }
}

TEST_CASE("objects and lists within each other, empty ones too")
{
    json::Writer out;
    out.begin_object();
    out.key("a");
    out.begin_list();
    out.end_list();
    out.key("b");
    out.begin_list();
    out.begin_object();
    out.end_object();
    out.number(std::int64_t{-5});
    out.number(std::numeric_limits<std::uint64_t>::max());
    out.null();
    out.boolean(true);
    out.raw("[1]");
    out.end_list();
    out.key("c\n");
    out.text("d");
    out.end_object();
    CHECK(out.take() == R"({"a":[],"b":[{},-5,18446744073709551615,null,true,[1]],"c\n":"d"})");
}
