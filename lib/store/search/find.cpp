// SPDX-License-Identifier: Apache-2.0
// One page of a search.
#include "lib/store/message_row.hpp"
#include "lib/store/search/index.hpp"
#include "lib/store/search/statements.hpp"
#include "lib/store/search/words.hpp"

#include <algorithm>

namespace godwit::store::search {

class Index::Finder {
public:
    Finder(sqlite::Database& database, sqlite::Tokenizer& tokenizer, const port::SearchQuery& wanted, Query query,
           std::int64_t over_ms)
        : database_(database), tokenizer_(tokenizer), wanted_(wanted), query_(std::move(query)), over_ms_(over_ms)
    {
        for (const Term& term : query_)
            forms_.push_back(index_forms(term));
    }

    Result<port::SearchPage> run(const State& state)
    {
        std::int64_t from = state.newest;
        if (wanted_.before > 0 && wanted_.before <= static_cast<std::uint64_t>(from))
            from = static_cast<std::int64_t>(wanted_.before) - 1;
        while (from >= state.end && !ended_) {
            const auto to = std::max(state.end, from - slice_posts + 1);
            work_ += static_cast<std::uint32_t>(from - to + 1);
            if (auto done = read(to, from); !done) return done.error();
            rest_after(to);
            from = to - 1;
        }
        if (ended_) return std::move(page_);
        std::optional<Error> failed;
        auto done = each_row(
            database_, "SELECT first, posts FROM search_block WHERE first <= ?1 ORDER BY first DESC",
            [&](const sqlite::Statement& row) {
                if (auto looked = look({row.integer(0), row.integer(1), 0}, from); !looked) failed = looked.error();
                rest_after(row.integer(0));
                return !failed && !ended_;
            },
            from);
        if (!done) return done.error();
        if (failed) return *failed;
        return std::move(page_);
    }

private:
    /// Everything from there on was looked at.
    void rest_after(std::int64_t arrival)
    {
        if (ended_ || work_ < page_work_max) return;
        ended_ = true;
        page_.next = static_cast<std::uint64_t>(std::max<std::int64_t>(arrival, 0));
    }

    /// The posts of a block that have all terms, from the newest; those after `from` do not count.
    Result<void> look(const Block& block, std::int64_t from)
    {
        Places left;
        left.set();
        for (std::size_t i = 0; i < query_.size() && left.any(); ++i)
            for (const auto& form : forms_[i]) {
                Places there;
                if (auto done = mark(block, form, query_[i].prefix, there); !done) return done;
                left &= there;
            }
        if (left.none()) return {};
        for (auto place = static_cast<std::int64_t>(block_posts) - 1; place >= 0 && !ended_; --place) {
            if (!left.test(static_cast<std::size_t>(place)) || block.first + place > from) continue;
            ++work_;
            const auto arrival = block.first + place;
            if (auto done = read(arrival, arrival); !done) return done;
            rest_after(arrival);
        }
        return {};
    }

    Result<void> mark(const Block& block, const std::string& form, bool prefix, Places& out)
    {
        bool sound = true;
        auto done = each_row(
            database_,
            "SELECT entries FROM search_chunk WHERE block = ?1 AND first >= coalesce((SELECT max(first) FROM "
            "search_chunk WHERE block = ?1 AND first <= ?2), ?2) ORDER BY first",
            [&](const sqlite::Statement& row) {
                ++work_;
                ChunkReader chunk(row.bytes(0));
                while (chunk.next()) {
                    const bool is_it = prefix ? chunk.form().starts_with(form) : chunk.form() == form;
                    if (is_it) sound = mark_places(chunk.posts(), out) && sound;
                    if (!is_it && chunk.form() > form) return false;
                }
                sound = sound && !chunk.broken();
                return prefix && sound;
            },
            block.first, as_bytes(form));
        if (done && !sound)
            return Error{ErrorCode::storage_corrupt, "the index of the history is damaged: godwit repair makes it anew",
                         0};
        return done;
    }

    /// Rows in this range, from the newest.
    Result<void> read(std::int64_t first, std::int64_t last)
    {
        bool sound = true;
        const auto from = wanted_.from.empty() ? std::nullopt : std::optional<std::string_view>(wanted_.from);
        auto done = each_row(
            database_,
            "SELECT " GODWIT_MESSAGE_COLUMNS ", arrival FROM message WHERE arrival BETWEEN ?1 AND ?2 AND shown = 1 AND "
            "recalled_ms = 0 AND (?3 IS NULL OR conversation = ?3) AND (?4 IS NULL OR from_user = ?4) AND "
            "sent_ms >= ?5 AND sent_ms < ?6 AND " GODWIT_NOT_OVER "?7 ORDER BY arrival DESC",
            [&](const sqlite::Statement& row) {
                sound = judge(row) && sound;
                return sound && !ended_;
            },
            first, last, wanted_.conversation, from, wanted_.since_ms, wanted_.until_ms, over_ms_);
        if (done && !sound)
            return Error{ErrorCode::storage_corrupt,
                         "a row of the store makes no sense (message): restore the store "
                         "from a backup",
                         0};
        return done;
    }

    /// False: no row of ours.
    bool judge(const sqlite::Statement& row)
    {
        const auto kind = static_cast<std::uint32_t>(row.integer(3));
        if (!wanted_.kinds.empty() && std::ranges::find(wanted_.kinds, kind) == wanted_.kinds.end()) return true;
        const auto words = words_of(row.text(8), row.bytes(9));
        tokenizer_.split(words, units_);
        const auto matches = match(query_, units_);
        if (!matches) return true;
        if (page_.hits.size() == wanted_.limit) { // One more than asked for: there is a next page.
            ended_ = true;
            page_.next = static_cast<std::uint64_t>(last_hit_);
            return true;
        }
        auto message = message_of(row);
        if (!message) return false;
        auto snippet = snippet_of(words, *matches);
        page_.hits.push_back({*std::move(message), std::move(snippet.text), std::move(snippet.matches)});
        last_hit_ = row.integer(message_columns);
        return true;
    }

    sqlite::Database& database_;
    sqlite::Tokenizer& tokenizer_;
    const port::SearchQuery& wanted_;
    Query query_;
    std::int64_t over_ms_;
    std::vector<std::vector<std::string>> forms_; ///< Of each term, what the index must have.
    sqlite::Units units_;
    port::SearchPage page_;
    std::int64_t last_hit_ = 0;
    std::uint32_t work_ = 0;
    bool ended_ = false;
};

Result<port::SearchPage> Index::find(const port::SearchQuery& query, std::int64_t over_ms)
{
    auto state = load();
    if (!state) return state.error();
    auto splitter = tokenizer();
    if (!splitter) return splitter.error();
    auto parsed = parse_query(**splitter, query.text);
    if (!parsed) return parsed.error();
    return Finder(database_, **splitter, query, *std::move(parsed), over_ms).run(**state);
}

} // namespace godwit::store::search
