// SPDX-License-Identifier: Apache-2.0
// What is looked for, and where a text has it. Pure.
//
//   "咖啡 caf 3"  ->  咖啡 (characters in a row) · caf… (a word that begins so) · 3…
//
// A text is found when it has every term, anywhere and in any order; characters of scripts without spaces only in a
// row.
#pragma once

#include <godwit/content.hpp>
#include <godwit/result.hpp>
#include <godwit/search.hpp>

#include "lib/sqlite/tokenizer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::store::search {

struct Term {
    bool prefix = false;            ///< One form: words begin with it. Otherwise: characters, joined.
    std::vector<std::string> forms; ///< Folded (lib/sqlite/tokenizer.hpp).
    friend bool operator==(const Term&, const Term&) = default;
};
using Query = std::vector<Term>;

/// Errors: invalid_argument (empty or over-long, not UTF-8, nothing but signs, more than search_words_max terms).
[[nodiscard]] Result<Query> parse_query(sqlite::Tokenizer& tokenizer, std::string_view text);

/// What the index has for a text (distinct, in order): every unit's form, and joined ones as pairs too.
[[nodiscard]] std::vector<std::string> index_forms(const sqlite::Units& units);
/// What of that every text must have that has this term, which is no prefix: the character, or all pairs.
[[nodiscard]] std::vector<std::string> index_forms(const Term& term);

/// In bytes of the text, in order, apart from each other; nullopt: a term is not there.
[[nodiscard]] std::optional<std::vector<content::Range>> match(const Query& query, const sqlite::Units& units);

struct Snippet {
    std::string text;
    std::vector<content::Range> matches; ///< In bytes of `text`.
};
/// The first match and what stands around it, on one line.
[[nodiscard]] Snippet snippet_of(std::string_view text, const std::vector<content::Range>& matches);

} // namespace godwit::store::search
