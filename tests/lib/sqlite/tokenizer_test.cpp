// SPDX-License-Identifier: Apache-2.0
// Text to units, in the scripts of the world and in bytes of no script.
#include "lib/sqlite/script.hpp"
#include "lib/sqlite/tokenizer.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace godwit::sqlite;

namespace {

/// "手+机 iphone@3-9": units apart by spaces, joined ones by '+'.
std::string units_of(std::string_view text, bool with_bytes = false)
{
    static auto tokenizer = Tokenizer::make();
    REQUIRE(tokenizer.ok());
    Units units;
    tokenizer->split(text, units);
    std::string out;
    for (const Unit& unit : units.all) {
        if (!out.empty()) out += unit.joined ? "+" : " ";
        out += units.form(unit);
        if (with_bytes) out += "@" + std::to_string(unit.begin) + "-" + std::to_string(unit.end);
    }
    return out;
}

struct Example {
    std::string_view text, units;
};

} // namespace

TEST_CASE("scripts without spaces come as characters, the others as words")
{
    const Example examples[] = {
        {"", ""},
        {" .,!？。 ", ""},
        {"字", "字"},
        {"咖啡馆", "咖+啡+馆"},
        {"咖啡，咖啡", "咖+啡 咖+啡"},
        {"中 文", "中 文"},
        {"iPhone手机壳3个", "iphone 手+机+壳 3 个"},
        {"カフェでコーヒー", "カ+フ+ェ+で+コ+ー+ヒ+ー"},
        {"한국어 글", "한+국+어 글"},
        {"สวัสดี", "ส+ว+ั+ส+ด+ี"},
        {"ສະບາຍ", "ສ+ະ+ບ+າ+ຍ"},
        {"ភាសា", "ភ+ា+ស+ា"},
        {"𠮷野家", "𠮷+野+家"}, // extension B
        {"㐀㐁", "㐀+㐁"},      // extension A
        {"Привет, мир", "привет мир"},
        {"हिन्दी में", "हिन्दी में"},
        {"don't STOP me_now", "don t stop me now"},
        {"https://example.com/a?x=1", "https example com a x 1"},
        {"@bob 你好 #tag", "@ bob 你+好 # tag"},
        {"C# 3.40.1", "c # 3 40 1"},
    };
    for (const auto& [text, units] : examples)
        CHECK(units_of(text) == units);
}

TEST_CASE("one spelling for what people take for the same")
{
    const Example examples[] = {
        {"ＡＢＣ１２３", "abc123"},                                   // full width
        {"ﾊﾟﾋﾟ ｶﾞ", "パ+ピ ガ"},                                      // half width
        {"か\xe3\x82\x99 は\xe3\x82\x9a う\xe3\x82\x99", "が ぱ ゔ"}, // kana and its mark, as two
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf", "한+글"}, // Hangul in parts
        {"Café Cafe\xcc\x81 CAFÉ", "cafe cafe cafe"},
        {"Ёлка Елка Е\xcc\x88лка", "елка елка елка"},
        {"Ελλάδα ΕΛΛΆΔΑ", "ελλαδα ελλαδα"},
        {"مُحَمَّد محمد", "محمد محمد"}, // vowel marks
        {"שָׁלוֹם", "שלום"},
        {"𝐇𝐞𝐥𝐥𝐨 ⓗⓔⓛⓛⓞ", "hello hello"},
        {"⼀⼆", "一+二"}, // radicals
        {"金", "金"},      // a compatibility ideograph
        {"soft\xc2\xadhyphen zero\xe2\x80\x8bwidth", "softhyphen zerowidth"},
        {"＠bob", "@ bob"},
    };
    for (const auto& [text, units] : examples)
        CHECK(units_of(text) == units);
}

TEST_CASE("emoji are found one by one; what only changes their looks is not there")
{
    CHECK(units_of("好👍🏽ok") == "好 👍 🏽 ok");
    CHECK(units_of("👨‍👩‍👧") == "👨 👩 👧");
    CHECK(units_of("❤️ ❤ ☎︎") == "❤ ❤ ☎");
    CHECK(units_of("🇨🇳") == "🇨 🇳");
}

TEST_CASE("a unit says which bytes it stands for")
{
    CHECK(units_of("Ｃafé@咖啡", true) == "cafe@0-7 @@7-8 咖@8-11+啡@11-14");
    CHECK(units_of("ﾊﾟ x", true) == "パ@0-6 x@7-8");
    CHECK(units_of("e\xcc\x81t\xc3\xa9!", true) == "ete@0-6");
}

TEST_CASE("bytes that are no UTF-8 separate, and nothing else happens")
{
    CHECK(units_of("a\xff\xfe"
                   "b") == "a b");
    CHECK(units_of("咖\xe5\x92") == "咖");
    CHECK(units_of("\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80") == "");
    CHECK(units_of(std::string("a\0b", 3)) == "a b");
}

TEST_CASE("long words are cut, between characters; long texts are not")
{
    CHECK(units_of(std::string(1000, 'a')) == std::string(unit_bytes_max, 'a'));
    std::string cyrillic = "a";
    for (int i = 0; i < 100; ++i)
        cyrillic += "ж";
    CHECK(units_of(cyrillic).size() == unit_bytes_max - 1);
    std::string han;
    while (han.size() + 3 <= 64 * 1024)
        han += "字";
    auto tokenizer = Tokenizer::make();
    Units units;
    tokenizer->split(han, units);
    CHECK(units.all.size() == han.size() / 3);
    CHECK(units.pair(1) == "字字");
}

TEST_CASE("folding: no character becomes one that folds again, and none changes twice")
{
    for (char32_t c = 0; c < 0x110000; ++c) {
        const char32_t once = folded(c);
        if (folded(once) != once) {
            CAPTURE(static_cast<unsigned>(c));
            CHECK(folded(once) == once);
        }
    }
}

TEST_CASE("characters to UTF-8 and back")
{
    for (const char32_t c : {U'a', U'é', U'字', U'𠮷', char32_t{0x7f}, char32_t{0x80}, char32_t{0x7ff}, char32_t{0x800},
                             char32_t{0xffff}, char32_t{0x10000}, char32_t{0x10ffff}}) {
        std::string text;
        append_utf8(text, c);
        std::size_t at = 0;
        CHECK(next_character(text, at) == c);
        CHECK(at == text.size());
    }
}
