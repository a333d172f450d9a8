// SPDX-License-Identifier: Apache-2.0
// The index of the history (docs/adr/0033-search.md), in two tables beside it.
//
//   arrivals   1 ············· 8191 | 8192 ··· 16383 | 16384 · 16640 · 16896 ···
//              a block              | a block        | slices, each a block  | what came last: read, not looked up
//
//   step     the oldest posts that are in no block become a slice; slices that fill a block become one
//   find     newest first: what is in no block is read; of each block, the posts that have all terms; those are read,
//            and judged by their text: the index only says which
//   changed  what a post has lost is taken out of its block at once, byte by byte: chunks that had it are written anew,
//            and SQLite wipes the old ones (secure_delete)
//
// A block is a function of its rows: what is damaged or was made by another version of the tokenizer is made anew.
#pragma once

#include "lib/port/search.hpp"
#include "lib/sqlite/database.hpp"
#include "lib/sqlite/tokenizer.hpp"
#include "lib/store/search/block.hpp"
#include "lib/store/search/query.hpp"

#include <optional>

namespace godwit::store::search {

/// Rows and chunks that one page of a search reads, about: some tens of milliseconds.
inline constexpr std::uint32_t page_work_max = 8192;

class Index {
public:
    /// `database` outlives it.
    explicit Index(sqlite::Database& database) : database_(database) {}

    /// A row has come.
    void arrived(std::int64_t arrival);
    /// A row, which is written already, says something else in words_of().
    [[nodiscard]] Result<void> changed(std::int64_t arrival, std::string_view before, std::string_view after);
    /// step() has something to do.
    [[nodiscard]] Result<bool> due();
    /// The next slice. In a transaction.
    [[nodiscard]] Result<void> step();
    /// Errors: port::Search::search; of the store.
    [[nodiscard]] Result<port::SearchPage> find(const port::SearchQuery& query, std::int64_t over_ms);
    /// After a rollback: what is known of the tables is not certain.
    void forget() { state_.reset(); }
    /// Blocks that are not what their rows make. Reads everything.
    [[nodiscard]] Result<std::uint64_t> broken_blocks();

private:
    struct Block {
        std::int64_t first = 0; ///< Arrival of the place 0.
        std::int64_t posts = 0; ///< Arrivals that it covers.
        std::int64_t units = 0; ///< sqlite::units_version that it was made with.
    };
    struct State {
        std::int64_t end = 0;    ///< Arrivals before this are in blocks.
        std::int64_t newest = 0; ///< Arrival; 0: none.
        bool outdated = false;   ///< There may be blocks of another units_version.
    };
    class Finder;

    [[nodiscard]] Result<State*> load();
    [[nodiscard]] Result<sqlite::Tokenizer*> tokenizer();
    [[nodiscard]] Result<std::optional<Block>> block_of(std::int64_t arrival);
    [[nodiscard]] Result<std::vector<Entry>> made_of_rows(const Block& block);
    [[nodiscard]] Result<std::vector<Entry>> entries_of(const Block& block);
    [[nodiscard]] Result<void> write(const Block& block, const std::vector<Entry>& entries);
    [[nodiscard]] Result<void> make(const Block& block);
    [[nodiscard]] Result<void> put_together(std::int64_t first);
    /// False: the block is not what its rows made.
    [[nodiscard]] Result<bool> edit(const Block& block, Place place, const std::vector<std::string>& gone,
                                    const std::vector<std::string>& come);
    [[nodiscard]] Result<std::vector<std::string>> forms_of(std::string_view words);

    sqlite::Database& database_;
    std::optional<sqlite::Tokenizer> tokenizer_; ///< Made when it is needed.
    std::optional<State> state_;
    sqlite::Units units_;
};

} // namespace godwit::store::search
