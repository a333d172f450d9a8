// SPDX-License-Identifier: Apache-2.0
#include "examples/godwit/typed_line.hpp"
#include "examples/godwit/widths.hpp"
#include "examples/godwit/words.hpp"

#include <doctest/doctest.h>

namespace {

/// What the terminal shows behind the return and the erasing.
std::string drawn(const std::string& typed, std::size_t columns, const std::string& keys = {})
{
    TypedLine line;
    for (const char byte : typed + keys)
        line.key(byte);
    const auto out = line.drawn("me> ", columns);
    REQUIRE(out.starts_with("\r\x1b[K"));
    return out.substr(4);
}

} // namespace

TEST_CASE("columns: letters one, Chinese and emoji two, marks none")
{
    CHECK(columns_of("") == 0);
    CHECK(columns_of("abc") == 3);
    CHECK(columns_of("\xe4\xbd\xa0\xe5\xa5\xbd") == 4); // 你好
    CHECK(columns_of("\xf0\x9f\xa6\x8a") == 2);         // a fox
    CHECK(columns_of("e\xcc\x81") == 1);                // e and an accent
    CHECK(columns_of("\xe2\x9d\xa4\xef\xb8\x8f") == 1); // a heart, as an emoji
    CHECK(columns_of("\xef\xbc\x81") == 2);             // a full-width !
    CHECK(columns_of("\xed\x95\x9c") == 2);             // Hangul
    CHECK(columns_of("\xff\xfe") == 2);                 // no UTF-8
    CHECK(columns_of("\xe4\xbd") == 2);                 // cut off
    CHECK(first_columns("\xe4\xbd\xa0\xe5\xa5\xbd", 3) == "\xe4\xbd\xa0");
    CHECK(last_columns("\xe4\xbd\xa0\xe5\xa5\xbd", 3) == "\xe5\xa5\xbd");
    CHECK(last_columns("ae\xcc\x81", 1) == "e\xcc\x81");
    CHECK(last_columns("a\xbd", 1) == "\xbd");
    CHECK(first_columns("abc", 9) == "abc");
    CHECK(first_columns("abc", 0).empty());
}

TEST_CASE("a line of wide characters stays on its row, and the cursor where it was")
{
    const std::string ni = "\xe4\xbd\xa0";
    std::string nine;
    for (int i = 0; i < 9; ++i)
        nine += ni;
    CHECK(drawn(nine, 80) == "me> " + nine);
    // Twenty columns: four of the prompt, one of the cursor, seven characters.
    CHECK(drawn(nine, 20) == "me> " + nine.substr(0, 7 * 3));
    CHECK(drawn(nine, 20, "\x1b[D") == "me> " + nine.substr(0, 7 * 3) + "\x1b[2D"); // One of them behind the cursor.
    CHECK(drawn(nine, 80, "\x1b[D\x1b[D") == "me> " + nine + "\x1b[4D");
    CHECK(drawn(nine, 80, "\x7f") == "me> " + nine.substr(3));
    CHECK(drawn("abcdefghijklmnopqrstuvwxyz", 20) == "me> lmnopqrstuvwxyz");
    // In the middle of a long line both sides of the cursor are seen; at its beginning all of the room is for the rest.
    CHECK(drawn("abcdefghijklmnopqrstuvwxyz", 20, "\x1b[D\x1b[D") == "me> lmnopqrstuvwxyz\x1b[2D");
    std::string left;
    for (int i = 0; i < 13; ++i)
        left += "\x1b[D";
    CHECK(drawn("abcdefghijklmnopqrstuvwxyz", 20, left) == "me> defghijklmnopqr\x1b[5D");
    CHECK(drawn("abcdefghijklmnopqrstuvwxyz", 20, "\x01") == "me> abcdefghijklmno\x1b[15D");
    TypedLine line;
    const auto prompt = line.drawn("\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0> ", 14).substr(4);
    CHECK(prompt == "\xe4\xbd\xa0\xe4\xbd\xa0\xe4\xbd\xa0"); // Whole characters, and eight columns to write in.
}

TEST_CASE("the keys of terminals in terminals: home, end, delete")
{
    for (const char* home : {"\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"})
        CHECK(drawn("\xe4\xbd\xa0x", 80, std::string(home) + "y") == "me> y\xe4\xbd\xa0x\x1b[3D");
    for (const char* end : {"\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"})
        CHECK(drawn("ab", 80, "\x1b[D" + std::string(end) + "c") == "me> abc");
    CHECK(drawn("a\xe4\xbd\xa0x", 80, "\x1b[D\x1b[D\x1b[3~") == "me> ax\x1b[1D");
    CHECK(drawn("ab", 80, "\x1b[3~\x1b[2~\x1b[15~") == "me> ab"); // Nothing behind it, and keys that mean nothing.
}

TEST_CASE("a number is one from its first letter to its last")
{
    CHECK(number_of("12", 1, 20) == 12);
    CHECK(number_of("0", 0, 20) == 0);
    for (const char* none : {"", "x", "12x", " 12", "-1", "+1", "21", "99999999999999999999999", "1.5"}) {
        CAPTURE(none);
        CHECK_FALSE(number_of(none, 1, 20));
    }
}

TEST_CASE("what others write turns no line around")
{
    CHECK(printable("a\xe2\x80\xaegnp.exe") == "a?gnp.exe");
    CHECK(printable("\xe2\x81\xa6x\xe2\x81\xa9") == "?x?");
    CHECK(printable("\xe2\x80\x8d") == "\xe2\x80\x8d"); // Joins emoji.
    CHECK(printable("\xe2\x80") == "\xe2\x80");
}
