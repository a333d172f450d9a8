// SPDX-License-Identifier: Apache-2.0
// What search needs to know of one character. Pure; the tokenizer (tokenizer.hpp) walks a text with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::sqlite {

enum class Script : std::uint8_t {
    word,    ///< Of scripts that put spaces between words; also what separates: unicode61 tells the two apart.
    dense,   ///< Of scripts without: Han, kana, Hangul, Thai, Lao, Khmer, Myanmar, Tibetan, Yi …: found character by
             ///< character.
    symbol,  ///< Found by itself: emoji, '@', '#'.
    ignored, ///< As if it was not there: joiners, variation selectors, accents, vowel points.
};

/// Of a folded character.
[[nodiscard]] Script script_of(char32_t c) noexcept;

/// Compatibility forms (full width, half width, circled, …) and letters with accents become the plain character. Case
/// stays. The same character when there is nothing to fold.
[[nodiscard]] char32_t folded(char32_t c) noexcept;

/// What `first` and `then`, typed as two, are as one: parts of a Hangul syllable, kana and its voicing mark.
[[nodiscard]] std::optional<char32_t> composed(char32_t first, char32_t then) noexcept;
/// A mark that has no meaning but through composed().
[[nodiscard]] bool is_voicing_mark(char32_t c) noexcept;

/// The character at `at`, and `at` behind it. nullopt for a byte that begins none; `at` is behind that byte then.
/// Precondition: at < text.size().
[[nodiscard]] std::optional<char32_t> next_character(std::string_view text, std::size_t& at) noexcept;
void append_utf8(std::string& out, char32_t c);

} // namespace godwit::sqlite
