// SPDX-License-Identifier: Apache-2.0
#include "lib/store/search/query.hpp"

#include "lib/base/bytes.hpp"

#include <algorithm>

namespace godwit::store::search {
namespace {

/// What is shown before the first match.
constexpr std::size_t lead_bytes = 60;

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, "text: " + std::move(detail), 0};
}

/// How many units the term covers from `at` on; 0: it is not there.
std::size_t length_at(const Term& term, const sqlite::Units& units, std::size_t at)
{
    if (term.prefix) return !units.all[at].dense && units.form(units.all[at]).starts_with(term.forms.front()) ? 1 : 0;
    if (units.all.size() - at < term.forms.size()) return 0;
    for (std::size_t i = 0; i < term.forms.size(); ++i) {
        const auto& unit = units.all[at + i];
        if (!unit.dense || (i > 0 && !unit.joined) || units.form(unit) != term.forms[i]) return 0;
    }
    return term.forms.size();
}

bool is_character_start(char c)
{
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

} // namespace

Result<Query> parse_query(sqlite::Tokenizer& tokenizer, std::string_view text)
{
    if (text.empty() || text.size() > search_text_bytes_max)
        return invalid("what to look for, 1 to " + std::to_string(search_text_bytes_max) + " bytes");
    if (!is_utf8(text)) return invalid("not UTF-8");
    sqlite::Units units;
    tokenizer.split(text, units);
    Query out;
    for (const auto& unit : units.all) {
        const std::string form(units.form(unit));
        if (unit.joined)
            out.back().forms.push_back(form);
        else
            out.push_back({!unit.dense, {form}});
    }
    if (out.empty()) return invalid("nothing that can be looked for: give a word, or a part of one");
    if (out.size() > search_words_max)
        return invalid("at most " + std::to_string(search_words_max) + " words at a time");
    return out;
}

std::vector<std::string> index_forms(const sqlite::Units& units)
{
    std::vector<std::string> out;
    for (std::size_t i = 0; i < units.all.size(); ++i) {
        out.emplace_back(units.form(units.all[i]));
        if (units.all[i].joined) out.emplace_back(units.pair(i));
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::vector<std::string> index_forms(const Term& term)
{
    if (term.forms.size() == 1) return term.forms;
    std::vector<std::string> out;
    for (std::size_t i = 1; i < term.forms.size(); ++i)
        out.push_back(term.forms[i - 1] + term.forms[i]);
    return out;
}

std::optional<std::vector<content::Range>> match(const Query& query, const sqlite::Units& units)
{
    std::vector<content::Range> all;
    for (const Term& term : query) {
        bool found = false;
        for (std::size_t at = 0; at < units.all.size(); ++at) {
            const auto length = length_at(term, units, at);
            if (length == 0) continue;
            found = true;
            const auto begin = units.all[at].begin;
            all.push_back({begin, units.all[at + length - 1].end - begin});
        }
        if (!found) return std::nullopt;
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.length > b.length;
    });
    std::vector<content::Range> out;
    for (const auto& one : all) {
        if (out.empty() || one.begin > out.back().begin + out.back().length)
            out.push_back(one);
        else
            out.back().length =
                std::max(out.back().begin + out.back().length, one.begin + one.length) - out.back().begin;
    }
    return out;
}

Snippet snippet_of(std::string_view text, const std::vector<content::Range>& matches)
{
    Snippet out;
    std::size_t begin = 0;
    if (text.size() > search_snippet_bytes_max && !matches.empty()) {
        const std::size_t first = matches.front().begin;
        begin = first > lead_bytes ? first - lead_bytes : 0;
        begin = std::min(begin, text.size() - search_snippet_bytes_max);
    }
    while (begin < text.size() && !is_character_start(text[begin]))
        ++begin;
    std::size_t end = std::min(text.size(), begin + search_snippet_bytes_max);
    while (end < text.size() && end > begin && !is_character_start(text[end]))
        --end;
    out.text = text.substr(begin, end - begin);
    for (char& c : out.text)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    for (const auto& one : matches) {
        const std::size_t from = std::max<std::size_t>(one.begin, begin);
        const std::size_t to = std::min<std::size_t>(one.begin + one.length, end);
        if (from < to)
            out.matches.push_back({static_cast<std::uint32_t>(from - begin), static_cast<std::uint32_t>(to - from)});
    }
    return out;
}

} // namespace godwit::store::search
