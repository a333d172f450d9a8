// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/script.hpp"

#include <algorithm>
#include <iterator>

namespace godwit::sqlite {
namespace {

struct Range {
    char32_t first, last;
    Script script;
};

// In order. What stands in none is Script::word. Blocks: https://www.unicode.org/Public/UNIDATA/Blocks.txt
constexpr Range ranges[] = {
    {0x23, 0x23, Script::symbol},                                         // #
    {0x40, 0x40, Script::symbol},                                         // @
    {0xa9, 0xa9, Script::symbol},        {0xad, 0xad, Script::ignored},   // soft hyphen
    {0xae, 0xae, Script::symbol},        {0x300, 0x36f, Script::ignored}, // accents
    {0x591, 0x5bd, Script::ignored},                                      // Hebrew points
    {0x5bf, 0x5bf, Script::ignored},                                      //
    {0x5c1, 0x5c2, Script::ignored},                                      //
    {0x5c4, 0x5c5, Script::ignored},                                      //
    {0x610, 0x61a, Script::ignored},                                      // Arabic vowels
    {0x640, 0x640, Script::ignored},                                      // tatweel
    {0x64b, 0x65f, Script::ignored},                                      //
    {0x670, 0x670, Script::ignored},                                      //
    {0xe00, 0xe7f, Script::dense},                                        // Thai
    {0xe80, 0xeff, Script::dense},                                        // Lao
    {0xf00, 0xfff, Script::dense},                                        // Tibetan
    {0x1000, 0x109f, Script::dense},                                      // Myanmar
    {0x1100, 0x11ff, Script::dense},                                      // Hangul Jamo
    {0x1780, 0x17ff, Script::dense},                                      // Khmer
    {0x1950, 0x1aaf, Script::dense},   // Tai Le, New Tai Lue, Khmer symbols, Tai Tham
    {0x1ab0, 0x1aff, Script::ignored}, // accents
    {0x1dc0, 0x1dff, Script::ignored}, //
    {0x200b, 0x200f, Script::ignored}, // zero width space, joiners, direction marks
    {0x202a, 0x202e, Script::ignored}, // direction
    {0x203c, 0x203c, Script::symbol},  //
    {0x2049, 0x2049, Script::symbol},  //
    {0x2060, 0x206f, Script::ignored}, // word joiner, isolates
    {0x20d0, 0x20ff, Script::ignored}, // accents for symbols, keycap
    {0x2122, 0x2122, Script::symbol},  //
    {0x2190, 0x21ff, Script::symbol},  // arrows
    {0x2300, 0x23ff, Script::symbol},  // watches, keys
    {0x25a0, 0x27bf, Script::symbol},  // shapes, signs, dingbats
    {0x2900, 0x297f, Script::symbol},  //
    {0x2b00, 0x2bff, Script::symbol},  //
    {0x2e80, 0x2fdf, Script::dense},   // radicals
    {0x3005, 0x3007, Script::dense},   // 々〆〇
    {0x3021, 0x302d, Script::dense},   //
    {0x3030, 0x3030, Script::symbol},  //
    {0x3031, 0x3035, Script::dense},   //
    {0x3038, 0x303c, Script::dense},   //
    {0x303d, 0x303d, Script::symbol},  //
    {0x3041, 0x309f, Script::dense},   // Hiragana
    {0x30a1, 0x30fa, Script::dense},   // Katakana, without the middle dot
    {0x30fc, 0x318f, Script::dense},   // …, Bopomofo, Hangul letters
    {0x31a0, 0x31ff, Script::dense},   //
    {0x3297, 0x3297, Script::symbol},  //
    {0x3299, 0x3299, Script::symbol},  //
    {0x3400, 0x4dbf, Script::dense},   // Han, extension A
    {0x4e00, 0xa4cf, Script::dense},   // Han, Yi
    {0xa960, 0xa97f, Script::dense},   // Hangul Jamo
    {0xa9e0, 0xa9ff, Script::dense},   // Myanmar
    {0xaa60, 0xaadf, Script::dense},   // Myanmar, Tai Viet
    {0xac00, 0xd7ff, Script::dense},   // Hangul
    {0xf900, 0xfaff, Script::dense},   // Han, compatibility
    {0xfe00, 0xfe0f, Script::ignored}, // variation selectors
    {0xfe20, 0xfe2f, Script::ignored}, // accents
    {0xfeff, 0xfeff, Script::ignored}, //
    {0x16fe0, 0x18dff, Script::dense}, // Tangut, Khitan, Nushu marks
    {0x1aff0, 0x1b2ff, Script::dense}, // kana, Nushu
    {0x1f000, 0x1faff, Script::symbol},  {0x20000, 0x3ffff, Script::dense}, // Han, extensions B and on
    {0xe0000, 0xe0fff, Script::ignored},                                    // tags, variation selectors
};

struct Fold {
    char32_t first, count, becomes;
};

constexpr Fold folds[] = {
#include "lib/sqlite/folds.inc"
};

// Hangul by arithmetic: the Unicode Standard, section 3.12.
constexpr char32_t l_base = 0x1100, v_base = 0x1161, t_base = 0x11a7, s_base = 0xac00;
constexpr char32_t l_count = 19, v_count = 21, t_count = 28, s_count = l_count * v_count * t_count;

constexpr char32_t voiced = 0x3099, half_voiced = 0x309a;

/// Hiragana か…ぽ that take a mark, by the distance to the next: each is followed by its voiced form.
constexpr bool takes_voice(char32_t hiragana)
{
    if (hiragana >= 0x304b && hiragana <= 0x3062) return hiragana % 2 == 1; // か … ぢ
    if (hiragana >= 0x3064 && hiragana <= 0x3069) return hiragana % 2 == 0; // つ … ど
    return hiragana >= 0x306f && hiragana <= 0x307d && hiragana % 3 == 0;   // は … ぽ
}

} // namespace

Script script_of(char32_t c) noexcept
{
    const auto* const at = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                            [](const Range& r, char32_t x) { return r.last < x; });
    return at != std::end(ranges) && at->first <= c ? at->script : Script::word;
}

char32_t folded(char32_t c) noexcept
{
    if (c < 0x80 || (c >= 0x3040 && c <= 0x30ff) || (c >= 0x4e00 && c < 0xac00)) return c; // most texts
    if (c >= 0xff01 && c <= 0xff5e) return c - 0xfee0;                                     // full width, signs too
    const auto* const after =
        std::upper_bound(std::begin(folds), std::end(folds), c, [](char32_t x, const Fold& f) { return x < f.first; });
    if (after == std::begin(folds)) return c;
    const Fold& fold = *std::prev(after);
    return c - fold.first < fold.count ? fold.becomes + (c - fold.first) : c;
}

std::optional<char32_t> composed(char32_t first, char32_t then) noexcept
{
    if (first - l_base < l_count && then - v_base < v_count)
        return s_base + ((first - l_base) * v_count + (then - v_base)) * t_count;
    if (first - s_base < s_count && (first - s_base) % t_count == 0 && then - t_base - 1 < t_count - 1)
        return first + (then - t_base);
    if (!is_voicing_mark(then)) return std::nullopt;
    if (first == 0x3046 || first == 0x30a6) return then == voiced ? std::optional(first + 0x4e) : std::nullopt; // う
    const char32_t hiragana = first >= 0x30a1 && first <= 0x30fe ? first - 0x60 : first;
    if (!takes_voice(hiragana)) return std::nullopt;
    if (then == voiced) return first + 1;
    return hiragana >= 0x306f ? std::optional(first + 2) : std::nullopt;
}

bool is_voicing_mark(char32_t c) noexcept
{
    return c == voiced || c == half_voiced;
}

std::optional<char32_t> next_character(std::string_view text, std::size_t& at) noexcept
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(at);
    const std::size_t start = at++;
    if (lead < 0x80) return lead;
    const std::size_t more = lead >= 0xf0 && lead <= 0xf4  ? 3
                             : lead >= 0xe0 && lead < 0xf0 ? 2
                             : lead >= 0xc2 && lead < 0xe0 ? 1
                                                           : 0;
    if (more == 0 || text.size() - start <= more) return std::nullopt;
    char32_t c = lead & (0x3fU >> more);
    for (std::size_t i = start + 1; i <= start + more; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
        c = (c << 6) | (byte(i) & 0x3fU);
    }
    constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return std::nullopt;
    at = start + more + 1;
    return c;
}

void append_utf8(std::string& out, char32_t c)
{
    const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
        put(0xc0 | (c >> 6));
    } else {
        if (c < 0x10000) {
            put(0xe0 | (c >> 12));
        } else {
            put(0xf0 | (c >> 18));
            put(0x80 | ((c >> 12) & 0x3f));
        }
        put(0x80 | ((c >> 6) & 0x3f));
    }
    put(0x80 | (c & 0x3f));
}

} // namespace godwit::sqlite
