// SPDX-License-Identifier: Apache-2.0
// What people type into a search, over what strangers have written; and an index that something wrote over.
#include "tests/fuzz/target.hpp"

#include "lib/store/search/block.hpp"
#include "lib/store/search/query.hpp"
#include "lib/store/search/words.hpp"

#include <algorithm>

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::store::search;

namespace {

sqlite::Tokenizer& tokenizer()
{
    static auto made = sqlite::Tokenizer::make();
    FUZZ_CHECK(made.ok());
    return *made;
}

Bytes typed(std::string_view query, std::string_view text)
{
    Bytes out{static_cast<std::uint8_t>(query.size())};
    append(out, as_bytes(query));
    append(out, as_bytes(text));
    return out;
}

std::vector<Bytes> typed_texts()
{
    return {typed("咖啡", "我们去咖啡馆吧"), typed("qui bro", "The quick brown fox"),
            typed("iphone手机", "iPhone手机壳3个"), typed("👍 @", "ok 👍 @bob"), typed("か", "か\xe3\x82\x99")};
}

std::vector<Bytes> chunks()
{
    std::vector<Bytes> out;
    for (const auto& chunk : encode_chunks({{"咖", encode_places({0, 1, 8191})},
                                            {"咖啡", encode_places({1})},
                                            {"tea", encode_places({3, 4, 300})},
                                            {"teapot", {}}}))
        out.push_back(chunk.entries);
    return out;
}

} // namespace

/// The first byte is the length of the query; the rest is the text.
FUZZ_TARGET(search_text, "", 2048, typed_texts)
{
    if (input.empty()) return;
    const auto length = std::min<std::size_t>(input[0], input.size() - 1);
    const auto text = as_text(input.subspan(1 + length));
    const auto query = parse_query(tokenizer(), as_text(input.subspan(1, length)));
    if (!query) return;
    FUZZ_CHECK(!query->empty() && query->size() <= search_words_max);
    sqlite::Units units;
    tokenizer().split(text, units);
    const auto matches = match(*query, units);
    if (!matches) return;
    // What matches, the index must offer: it knows every form that the query wants, or one that begins so.
    const auto forms = index_forms(units);
    for (const auto& term : *query)
        for (const auto& wanted : index_forms(term))
            FUZZ_CHECK(std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
                return term.prefix ? form.starts_with(wanted) : form == wanted;
            }));
    std::size_t end = 0;
    for (const auto& one : *matches) {
        FUZZ_CHECK(one.length > 0 && one.begin >= end && one.begin + one.length <= text.size());
        end = one.begin + one.length;
    }
    const auto snippet = snippet_of(text, *matches);
    FUZZ_CHECK(snippet.text.size() <= search_snippet_bytes_max);
    for (const auto& one : snippet.matches)
        FUZZ_CHECK(one.length > 0 && one.begin + one.length <= snippet.text.size());
}

FUZZ_TARGET(search_chunk, "", 2048, chunks)
{
    const auto entries = decode_chunk(input);
    if (!entries) return;
    Places places;
    for (std::size_t i = 0; i < entries->size(); ++i) {
        FUZZ_CHECK(i == 0 || (*entries)[i - 1].form < (*entries)[i].form);
        const auto list = decode_places((*entries)[i].posts);
        FUZZ_CHECK(list.has_value() == mark_places((*entries)[i].posts, places));
        if (list) FUZZ_CHECK(decode_places(encode_places(*list)) == list);
    }
    std::vector<Entry> again;
    for (const auto& chunk : encode_chunks(*entries)) {
        const auto some = decode_chunk(chunk.entries);
        FUZZ_CHECK(some && some->front().form == chunk.first);
        again.insert(again.end(), some->begin(), some->end());
    }
    FUZZ_CHECK(again == *entries);
}

/// Of a message whose body was made by a stranger.
FUZZ_TARGET(search_words, "wire", 2048, nullptr)
{
    const auto words = words_of("text", input);
    FUZZ_CHECK(words.starts_with("text") && words.size() <= words_bytes_max);
}
