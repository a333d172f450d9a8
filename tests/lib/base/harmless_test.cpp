// SPDX-License-Identifier: Apache-2.0
#include "lib/base/harmless.hpp"

#include "lib/base/bytes.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace godwit;

TEST_CASE("names that others chose")
{
    const std::pair<std::string, std::string> table[] = {
        {"photo.jpg", "photo.jpg"},
        {"Ärger mit Übung 测试 🙂.pdf", "Ärger mit Übung 测试 🙂.pdf"},
        {"", "file"},
        {".", "file"},
        {"..", "file"},
        {"../../etc/passwd", "passwd"},
        {"..\\..\\boot.ini", "boot.ini"},
        {"a/b\\", "file"},
        {"/", "file"},
        {".bashrc", "_bashrc"},
        {" x", "_x"},
        {"name. . .", "name"},
        {std::string("nul\0l", 5), "nul_l"},
        {"line\nfeed\x7f\x1b[0m", "line_feed__[0m"},
        {"c:evil", "c_evil"},
        {"a<b>:\"|?*.txt", "a_b______.txt"},
        {"exe.\xe2\x80\xaegpj", "exe._gpj"}, // right-to-left override
        {"a\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa6"
         "b",
         "a___b"},                                                 // zero width, BOM, isolate
        {"\xc2\x85\xe2\x80\xa8", "__"},                            // C1 and line separator
        {"broken \xff\xc3(\xed\xa0\x80.txt", "broken __(___.txt"}, // no UTF-8: each byte by itself
        {"CON", "_CON"},
        {"con.txt", "_con.txt"},
        {"Aux .tar.gz", "_Aux .tar.gz"},
        {"LPT9", "_LPT9"},
        {"com\xc2\xb2.dat", "_com\xc2\xb2.dat"},
        {"COM10", "COM10"},
        {"console", "console"},
        {"conin$", "_conin$"},
    };
    for (const auto& [name, expected] : table)
        CHECK(harmless_name(name) == expected);
}

TEST_CASE("long names keep their suffix and whole characters")
{
    const auto long_name = harmless_name(std::string(500, 'x') + ".tar.gz");
    CHECK(long_name.size() == 200);
    CHECK(long_name.ends_with("x.gz"));
    std::string wide;
    for (int i = 0; i < 100; ++i)
        wide += "文";
    const auto cut = harmless_name(wide + ".pdf");
    CHECK(cut.size() <= 200);
    CHECK(is_utf8(cut));
    CHECK(cut.ends_with("文.pdf"));
    CHECK(harmless_name(std::string(300, 'x') + ".a suffix that is none").size() == 200);
}

TEST_CASE("whatever the bytes: harmless, and harmless stays as it is")
{
    std::mt19937_64 dice(11);
    const char* parts[] = {"..",           ".",    "/", "\\", " ",    "CON", "nul",
                           "\xe2\x80\xae", "\xff", "a", "文", ".txt", "\n",  "com1"};
    for (int round = 0; round < 20'000; ++round) {
        std::string name;
        for (auto n = dice() % 12; n > 0; --n)
            name += dice() % 4 == 0 ? std::string(1, static_cast<char>(dice())) : parts[dice() % std::size(parts)];
        if (dice() % 50 == 0) name += std::string(dice() % 400, '.') + "x";
        CAPTURE(to_hex(as_bytes(name)));
        const auto out = harmless_name(name);
        REQUIRE(harmless_name(out) == out);
        REQUIRE(!out.empty());
        REQUIRE(out.size() <= harmless_name_bytes_max + 1);
        REQUIRE(is_utf8(out));
        REQUIRE(out.find_first_of("/\\:\"<>|?*") == std::string::npos);
        REQUIRE(out.front() != '.');
        REQUIRE(out.back() != '.');
        REQUIRE(out.back() != ' ');
        for (const char c : out)
            REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
}

TEST_CASE("lines and media types that others chose")
{
    const std::pair<std::string, std::string> table[] = {
        {"Birds 鸟 👩‍👧 <:\"/\\|?*>", "Birds 鸟 👩‍👧 <:\"/\\|?*>"},
        {"", ""},
        {"a\nb\tc\r", "a b c "},
        {"a\xe2\x80\xaegpj.exe", "a_gpj.exe"},
        {std::string("x\0y\x1b[2J", 7), "x_y_[2J"},
        {"\xff", "_"}};
    for (const auto& [text, line] : table) {
        CHECK(harmless_line(text) == line);
        CHECK(is_harmless_line(line));
    }
    for (const char* url : {"", "https://a.example/x?y=1#z", "HTTP://a", "weixin://pay", "com.example.app:open/1"})
        CHECK(is_harmless_url(url));
    for (const char* url : {"javascript:x", "JavaScript:x", "data:text/html,x", "file:///etc", "x", ":x", "1a:x",
                            "ht tp://a", "https://a b", "https://a\nb",
                            "https://a\xe2\x80\xae"
                            "b"})
        CHECK_FALSE(is_harmless_url(url));
    CHECK(harmless_media_type("") == "");
    CHECK(harmless_media_type("image/png;x=1") == "image/png;x=1");
    CHECK(harmless_media_type("a\nb") == "application/octet-stream");
    CHECK(harmless_media_type("a b") == "application/octet-stream");
}
