// SPDX-License-Identifier: Apache-2.0
// Searching the history: what is found of a text, by which filters, in which pages.
#include "search_support.hpp"

#include "lib/store/search/index.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;

TEST_CASE("what is found of a text, and where in it")
{
    struct Example {
        std::string_view text, query, wanted; // wanted empty: not found
    };
    const Example examples[] = {
        {"我们去咖啡馆吧", "咖啡", "我们去[咖啡]馆吧"},
        {"我们去咖啡馆吧", "啡", "我们去咖[啡]馆吧"},
        {"我们去咖啡馆吧", "咖啡馆", "我们去[咖啡馆]吧"},
        {"我们去咖啡馆吧", "咖馆", ""},
        {"我们去咖啡馆吧", "吧 咖啡", "我们去[咖啡]馆[吧]"},
        {"咖啡，啡馆", "咖啡馆", ""}, // in a row, not somewhere
        {"啡馆里的咖啡", "咖啡馆", ""},
        {"咖 啡", "咖啡", ""},
        {"iPhone手机壳3个", "iphone手机", "[iPhone手机]壳3个"},
        {"iPhone手机壳3个", "手机 iph", "[iPhone手机]壳3个"},
        {"The quick brown fox", "QUI bro", "The [quick] [brown] fox"},
        {"The quick brown fox", "uick", ""}, // words begin so
        {"The quick brown fox", "quick slow", ""},
        {"naïve Café", "cafe naive", "[naïve] [Café]"},
        {"cafe", "café", "[cafe]"},
        {"Ｆｕｌｌ ｗｉｄｔｈ", "full", "[Ｆｕｌｌ] ｗｉｄｔｈ"},
        {"한국어를 배워요", "국어", "한[국어]를 배워요"},
        {"สวัสดีครับ", "ดีค", "สวัส[ดีค]รับ"},
        {"東京タワー", "タワ", "東京[タワ]ー"},
        {"Привет, мир", "прив", "[Привет], мир"},
        {"ok 👍 done", "👍", "ok [👍] done"},
        {"mail bob@example.com", "@", "mail bob[@]example.com"},
        {"一二三一二", "一二", "[一二]三[一二]"},
        {"哈哈哈哈", "哈哈", "[哈哈哈哈]"},
        {"two\nlines", "lines", "two [lines]"},
    };
    for (const auto& [text, query, wanted] : examples) {
        CAPTURE(text);
        CAPTURE(query);
        for (const bool indexed : {false, true}) {
            CAPTURE(indexed);
            auto store = *SqliteStore::open_in_memory();
            store->begin();
            add(*store, post(1, std::string(text)));
            for (std::uint64_t n = 2; indexed && n < 300; ++n)
                add(*store, post(n, "filling"));
            commit(*store);
            index_all(*store);
            const auto page = find(*store, std::string(query));
            CHECK(page.hits.size() == (wanted.empty() ? 0 : 1));
            if (!page.hits.empty()) CHECK(marked(page.hits.front()) == wanted);
        }
    }
}

TEST_CASE("what a post says besides its text is searched too")
{
    content::Attachment file;
    file.file.name = "Quarterly_Report 2026.pdf";
    content::Location place;
    place.place = "Café de Flore";
    content::Card card{"order", "两杯咖啡", {{"Table", "terrace"}}, "https://example.com/secret"};
    content::Forwarded nested{"inner", {{"dora", 5, "too deep", {}}}};
    content::Forwarded bundle{"minutes",
                              {{"carol", 5, "we agree", {}},
                               {"dave", 6, "", wire::encode(content::Body(file))},
                               {"erin", 7, "", wire::encode(content::Body(nested))}}};
    auto store = *SqliteStore::open_in_memory();
    store->begin();
    add(*store, post(1, "see this", content::Body(file)));
    add(*store, post(2, "", content::Body(place)));
    add(*store, post(3, "", content::Body(content::ContactCard{"frank", {}})));
    add(*store, post(4, "", content::Body(card)));
    add(*store, post(5, "", content::Body(bundle)));
    auto reply = post(6, "yes");
    wire::content::Extra extra;
    extra.reply.push_back({mid(1), "bob", "quotedword"});
    reply.extra = wire::encode(extra);
    add(*store, reply);
    auto unknown = post(7, "its text");
    unknown.extra = Bytes{1, 2, 3};
    add(*store, unknown);
    commit(*store);
    const auto ids = [&](const char* text) {
        std::string out;
        for (const auto& hit : find(*store, text).hits)
            out += std::to_string(hit.row.hlc_ms);
        return out;
    };
    CHECK(ids("quarterly") == "51");
    CHECK(ids("this report") == "1");
    CHECK(ids("flore") == "2");
    CHECK(ids("frank") == "3");
    CHECK(ids("咖啡") == "4");
    CHECK(ids("table terrace") == "4");
    CHECK(ids("agree minutes") == "5");
    CHECK(ids("inner") == "");
    CHECK(ids("deep") == "");
    CHECK(ids("secret") == "");
    CHECK(ids("quotedword") == "");
    CHECK(ids("text") == "7");
    CHECK(marked(find(*store, "report").hits.back()) == "see this Quarterly_[Report] 2026.pdf");
}

TEST_CASE("a snippet is cut between characters around the first match")
{
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += "前";
    text += "目标";
    for (int i = 0; i < 200; ++i)
        text += "后";
    auto store = *SqliteStore::open_in_memory();
    store->begin();
    add(*store, post(1, text));
    add(*store, post(2, "目标" + text));
    add(*store, post(3, text.substr(0, 300) + "目标"));
    commit(*store);
    const auto page = find(*store, "目标");
    REQUIRE(page.hits.size() == 3);
    for (const auto& hit : page.hits) {
        CHECK(is_utf8(hit.snippet));
        CHECK(hit.snippet.size() <= search_snippet_bytes_max);
        CHECK(hit.snippet.size() > search_snippet_bytes_max - 8);
        REQUIRE_FALSE(hit.matches.empty());
        for (const auto& match : hit.matches)
            CHECK(hit.snippet.substr(match.begin, match.length) == "目标");
    }
    CHECK(page.hits[0].matches.back().begin + 6 == page.hits[0].snippet.size());
    CHECK(page.hits[1].matches.front().begin == 0);
    CHECK(page.hits[2].matches.front().begin >= 57);
}

TEST_CASE("filters: who, where, of what kind, when; all of them together")
{
    auto store = *SqliteStore::open_in_memory();
    store->begin();
    std::uint64_t n = 0;
    for (const char* from : {"alice", "bob"})
        for (const std::uint64_t where : {1U, 2U})
            for (const bool is_place : {false, true})
                for (const std::int64_t when : {100, 200}) {
                    auto row = post(++n, "needle", is_place ? content::Body(content::Location{}) : content::Body());
                    row.message.from = from;
                    row.message.conversation = cid(where);
                    row.message.sent_ms = when;
                    add(*store, row);
                }
    commit(*store);
    const auto count = [&](auto set) {
        port::SearchQuery query;
        query.text = "needle";
        set(query);
        return find(*store, query).hits.size();
    };
    const auto place = wire::body_kind(wire::encode(content::Body(content::Location{})));
    CHECK(count([](auto&) {}) == 16);
    CHECK(count([](auto& q) { q.from = "bob"; }) == 8);
    CHECK(count([](auto& q) { q.from = "bo"; }) == 0);
    CHECK(count([](auto& q) { q.conversation = cid(2); }) == 8);
    CHECK(count([](auto& q) { q.conversation = cid(3); }) == 0);
    CHECK(count([&](auto& q) { q.kinds = {place}; }) == 8);
    CHECK(count([&](auto& q) { q.kinds = {place, 160}; }) == 16);
    CHECK(count([](auto& q) { q.since_ms = 200; }) == 8);
    CHECK(count([](auto& q) { q.until_ms = 200; }) == 8);
    CHECK(count([](auto& q) { q.since_ms = 101, q.until_ms = 200; }) == 0);
    CHECK(count([&](auto& q) { q.from = "bob", q.conversation = cid(1), q.kinds = {place}, q.since_ms = 150; }) == 1);
}

TEST_CASE("pages: each hit once, the newest first, through slices, a block and what is in none")
{
    constexpr std::uint64_t posts = 9000;
    auto store = *SqliteStore::open_in_memory();
    store->begin();
    for (std::uint64_t n = 1; n <= posts; ++n)
        add(*store, post(n, n % 7 == 0 ? "needle 针" : "hay 草"));
    commit(*store);
    const auto read_all = [&](std::uint32_t limit, const std::string& text) {
        std::vector<std::int64_t> out;
        port::SearchQuery query;
        query.text = text;
        query.limit = limit;
        for (int pages = 0; pages < 10'000; ++pages) {
            const auto page = find(*store, query);
            CHECK(page.hits.size() <= limit);
            for (const auto& hit : page.hits)
                out.push_back(hit.row.hlc_ms);
            if (page.next == 0) break;
            CHECK((query.before == 0 || page.next < query.before));
            query.before = page.next;
        }
        return out;
    };
    std::vector<std::int64_t> wanted;
    for (std::uint64_t n = posts; n > 0; --n)
        if (n % 7 == 0) wanted.push_back(static_cast<std::int64_t>(n));
    for (int round = 0; round < 3; ++round) { // without an index, with a part of one, with all of it
        CAPTURE(round);
        CHECK(read_all(1, "needle").size() == wanted.size());
        for (const std::uint32_t limit : {7U, 50U, 200U})
            for (const char* text : {"needle", "针", "need 针"})
                CHECK(read_all(limit, text) == wanted);
        CHECK(read_all(50, "nothing").empty());
        if (round == 0)
            for (int calls = 0; calls < 5; ++calls) {
                store->begin();
                CHECK(store->index_more());
                commit(*store);
            }
        if (round == 1) index_all(*store);
    }
    // Exactly as many as there are: the last page says so.
    port::SearchQuery query;
    query.text = "needle";
    query.limit = static_cast<std::uint32_t>(wanted.size());
    CHECK(find(*store, query).next == 0);
    --query.limit;
    const auto page = find(*store, query);
    CHECK(page.next != 0);
    query.before = page.next;
    CHECK(find(*store, query).hits.size() == 1);
    query.before = UINT64_MAX; // from somewhere else: as the first page
    CHECK(find(*store, query).hits.size() == query.limit);
}

TEST_CASE("one page looks at a bounded number of posts, and the next goes on")
{
    auto store = *SqliteStore::open_in_memory();
    store->begin();
    for (std::uint64_t n = 1; n <= 2 * search::page_work_max; ++n) {
        auto row = post(n, "common");
        row.message.from = n == 1 ? "alice" : "bob";
        add(*store, row);
    }
    commit(*store);
    for (const bool indexed : {false, true}) {
        if (indexed) index_all(*store);
        port::SearchQuery query;
        query.text = "common";
        query.from = "alice";
        int pages = 1;
        for (auto page = find(*store, query); page.hits.empty(); page = find(*store, query)) {
            REQUIRE(page.next != 0);
            query.before = page.next;
            ++pages;
        }
        CHECK(pages >= 2);
        CHECK(pages <= 4);
    }
}

TEST_CASE("a text that cannot be looked for is refused, at the limit and one past it")
{
    auto store = *SqliteStore::open_in_memory();
    const auto code = [&](const std::string& text) {
        port::SearchQuery query;
        query.text = text;
        const auto page = store->search(query);
        if (!page.ok()) CHECK(page.error().detail.starts_with("text: "));
        CHECK_FALSE(store->failed());
        return page.ok() ? ErrorCode::ok : page.error().code;
    };
    CHECK(code("") == ErrorCode::invalid_argument);
    CHECK(code(" ,.!? ") == ErrorCode::invalid_argument);
    CHECK(code("\xff\xfe") == ErrorCode::invalid_argument);
    CHECK(code(std::string(search_text_bytes_max, 'a')) == ErrorCode::ok);
    CHECK(code(std::string(search_text_bytes_max + 1, 'a')) == ErrorCode::invalid_argument);
    std::string words;
    for (std::size_t i = 0; i < search_words_max; ++i)
        words += "w" + std::to_string(i) + " ";
    CHECK(code(words) == ErrorCode::ok);
    CHECK(code(words + "more") == ErrorCode::invalid_argument);
    std::string longest; // one run of characters counts as one
    while (longest.size() + 3 <= search_text_bytes_max)
        longest += "字";
    CHECK(code(longest) == ErrorCode::ok);
}
