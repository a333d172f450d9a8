// SPDX-License-Identifier: Apache-2.0
#include "lib/store/search/index.hpp"

#include "lib/store/search/statements.hpp"
#include "lib/store/search/words.hpp"

#include <algorithm>
#include <iterator>

namespace godwit::store::search {
namespace {

Error damaged()
{
    return {ErrorCode::storage_corrupt, "the index of the history is damaged: godwit repair makes it anew", 0};
}

std::vector<std::string> without(const std::vector<std::string>& all, const std::vector<std::string>& some)
{
    std::vector<std::string> out;
    std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(out));
    return out;
}

/// False: it is there already, or is not.
bool put_place(Entry& entry, Place place, bool in)
{
    auto places = decode_places(entry.posts);
    if (!places) return false;
    const auto at = std::lower_bound(places->begin(), places->end(), place);
    if ((at != places->end() && *at == place) == in) return false;
    if (in)
        places->insert(at, place);
    else
        places->erase(at);
    entry.posts = encode_places(*places);
    return true;
}

/// False: the chunk was not as it should be.
bool put_place(std::vector<Entry>& chunk, const std::string& form, Place place, bool in)
{
    const auto at = std::lower_bound(chunk.begin(), chunk.end(), form,
                                     [](const Entry& entry, const std::string& wanted) { return entry.form < wanted; });
    const bool there = at != chunk.end() && at->form == form;
    if (!there && !in) return false;
    if (!there) return chunk.insert(at, {form, encode_places({place})}), true;
    if (!put_place(*at, place, in)) return false;
    if (at->posts.empty()) chunk.erase(at);
    return true;
}

} // namespace

Result<Index::State*> Index::load()
{
    if (state_) return &*state_;
    State state;
    auto done = each_row(
        database_,
        "SELECT (SELECT first + posts FROM search_block ORDER BY first DESC LIMIT 1), (SELECT max(arrival) FROM "
        "message), EXISTS(SELECT 1 FROM search_block WHERE units != ?1)",
        [&](const sqlite::Statement& row) { state = {row.integer(0), row.integer(1), row.integer(2) != 0}; },
        sqlite::units_version);
    if (!done) return done.error();
    return &state_.emplace(state);
}

Result<sqlite::Tokenizer*> Index::tokenizer()
{
    if (tokenizer_) return &*tokenizer_;
    auto made = sqlite::Tokenizer::make();
    if (!made) return made.error();
    return &tokenizer_.emplace(*std::move(made));
}

Result<std::vector<std::string>> Index::forms_of(std::string_view words)
{
    if (words.empty()) return std::vector<std::string>();
    auto splitter = tokenizer();
    if (!splitter) return splitter.error();
    (*splitter)->split(words, units_);
    return index_forms(units_);
}

void Index::arrived(std::int64_t arrival)
{
    if (state_) state_->newest = arrival;
}

// ---- blocks ----

Result<std::vector<Entry>> Index::made_of_rows(const Block& block)
{
    BlockMaker maker;
    std::optional<Error> failed;
    auto done = each_row(
        database_,
        "SELECT arrival, text, extra FROM message WHERE arrival >= ?1 AND arrival < ?2 AND shown = 1 AND "
        "recalled_ms = 0 ORDER BY arrival",
        [&](const sqlite::Statement& row) {
            if (failed) return;
            const auto forms = forms_of(words_of(row.text(1), row.bytes(2)));
            if (forms)
                maker.add(static_cast<Place>(row.integer(0) - block.first), *forms);
            else
                failed = forms.error();
        },
        block.first, block.first + block.posts);
    if (!done) return done.error();
    if (failed) return *failed;
    return std::move(maker).take();
}

Result<std::vector<Entry>> Index::entries_of(const Block& block)
{
    std::vector<Entry> out;
    bool sound = true;
    auto done = each_row(
        database_, "SELECT entries FROM search_chunk WHERE block = ?1 ORDER BY first",
        [&](const sqlite::Statement& row) {
            auto some = decode_chunk(row.bytes(0));
            sound = sound && some.has_value();
            if (some)
                out.insert(out.end(), std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()));
        },
        block.first);
    if (!done) return done.error();
    if (!sound) return damaged();
    return out;
}

/// Instead of all blocks that lie in it.
Result<void> Index::write(const Block& block, const std::vector<Entry>& entries)
{
    const auto end = block.first + block.posts;
    auto done = database_.run("DELETE FROM search_chunk WHERE block >= ?1 AND block < ?2", block.first, end);
    if (done) done = database_.run("DELETE FROM search_block WHERE first >= ?1 AND first < ?2", block.first, end);
    if (done)
        done = database_.run("INSERT INTO search_block(first, posts, units) VALUES(?1, ?2, ?3)", block.first,
                             block.posts, sqlite::units_version);
    for (const auto& chunk : encode_chunks(entries))
        if (done)
            done = database_.run("INSERT INTO search_chunk(block, first, entries) VALUES(?1, ?2, ?3)", block.first,
                                 as_bytes(chunk.first), chunk.entries);
    return done;
}

Result<void> Index::make(const Block& block)
{
    auto entries = made_of_rows(block);
    if (!entries) return entries.error();
    return write(block, *entries);
}

/// The slices from `first` on are one block now.
Result<void> Index::put_together(std::int64_t first)
{
    BlockMaker maker;
    bool sound = true;
    auto done = each_row(
        database_, "SELECT block, entries FROM search_chunk WHERE block >= ?1 AND block < ?2 ORDER BY block, first",
        [&](const sqlite::Statement& row) {
            ChunkReader chunk(row.bytes(1));
            const auto shift = static_cast<std::uint32_t>(row.integer(0) - first);
            while (chunk.next())
                sound = maker.add(chunk.form(), chunk.posts(), shift) && sound;
            sound = sound && !chunk.broken();
        },
        first, first + block_posts);
    if (!done) return done;
    if (!sound) return damaged();
    return write({first, block_posts, sqlite::units_version}, std::move(maker).take());
}

Result<bool> Index::due()
{
    auto state = load();
    if (!state) return state.error();
    return (*state)->outdated || (*state)->newest - (*state)->end >= slice_posts - 1;
}

Result<void> Index::step()
{
    auto loaded = load();
    if (!loaded) return loaded.error();
    State& state = **loaded;
    if (state.outdated) {
        std::optional<Block> old;
        auto done = each_row(
            database_, "SELECT first, posts, units FROM search_block WHERE units != ?1 LIMIT 1",
            [&](const sqlite::Statement& row) { old = Block{row.integer(0), row.integer(1), row.integer(2)}; },
            sqlite::units_version);
        if (!done) return done;
        state.outdated = old.has_value();
        return old ? make(*old) : Result<void>();
    }
    // Arrivals may leave out many numbers: a repaired history has holes.
    std::optional<std::int64_t> oldest;
    auto done = each_row(
        database_, "SELECT arrival FROM message WHERE arrival >= ?1 ORDER BY arrival LIMIT 1",
        [&](const sqlite::Statement& row) { oldest = row.integer(0); }, state.end);
    if (!done) return done;
    const auto first = oldest.value_or(state.newest) / slice_posts * slice_posts;
    state.end = std::max(state.end, first);
    if (state.newest - first < slice_posts - 1) return {};
    done = make({first, slice_posts, sqlite::units_version});
    if (!done) return done;
    state.end = first + slice_posts;
    if (state.end % block_posts == 0) return put_together(state.end - block_posts);
    return {};
}

// ---- what a post says otherwise ----

Result<std::optional<Index::Block>> Index::block_of(std::int64_t arrival)
{
    std::optional<Block> out;
    auto done = each_row(
        database_, "SELECT first, posts, units FROM search_block WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
        [&](const sqlite::Statement& row) { out = Block{row.integer(0), row.integer(1), row.integer(2)}; }, arrival);
    if (!done) return done.error();
    if (out && arrival >= out->first + out->posts) out.reset();
    return out;
}

Result<void> Index::changed(std::int64_t arrival, std::string_view before, std::string_view after)
{
    auto state = load();
    if (!state) return state.error();
    if (arrival >= (*state)->end) return {};
    const auto block = block_of(arrival);
    if (!block) return block.error();
    if (!*block) return damaged();
    if ((*block)->units != sqlite::units_version) return make(**block);
    const auto old_forms = forms_of(before);
    if (!old_forms) return old_forms.error();
    const auto new_forms = forms_of(after);
    if (!new_forms) return new_forms.error();
    const auto place = static_cast<Place>(arrival - (*block)->first);
    const auto sound = edit(**block, place, without(*old_forms, *new_forms), without(*new_forms, *old_forms));
    if (!sound) return sound.error();
    return *sound ? Result<void>() : make(**block);
}

Result<bool> Index::edit(const Block& block, Place place, const std::vector<std::string>& gone,
                         const std::vector<std::string>& come)
{
    struct Change {
        std::string form;
        bool in;
    };
    std::vector<Change> changes;
    for (const auto& form : gone)
        changes.push_back({form, false});
    for (const auto& form : come)
        changes.push_back({form, true});
    std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.form < b.form; });

    for (auto at = changes.begin(); at != changes.end();) {
        // The chunk that the form stands in, or would, and where the next one begins.
        std::optional<std::string> first;
        std::optional<std::string> next;
        std::optional<std::vector<Entry>> entries;
        auto done = each_row(
            database_,
            "SELECT first, entries FROM search_chunk WHERE block = ?1 AND first >= coalesce((SELECT max(first) FROM "
            "search_chunk WHERE block = ?1 AND first <= ?2), x'') ORDER BY first LIMIT 2",
            [&](const sqlite::Statement& row) {
                (first ? next : first) = std::string(row.text(0));
                if (!next) entries = decode_chunk(row.bytes(1));
            },
            block.first, as_bytes(at->form));
        if (!done) return done.error();
        if (!first) entries.emplace();
        if (!entries) return false;
        for (; at != changes.end() && (!next || at->form < *next); ++at)
            if (!put_place(*entries, at->form, place, at->in)) return false;
        if (first)
            done = database_.run("DELETE FROM search_chunk WHERE block = ?1 AND first = ?2", block.first,
                                 as_bytes(*first));
        for (const auto& chunk : encode_chunks(*entries))
            if (done)
                done = database_.run("INSERT INTO search_chunk(block, first, entries) VALUES(?1, ?2, ?3)", block.first,
                                     as_bytes(chunk.first), chunk.entries);
        if (!done) return done.error();
    }
    return true;
}

// ---- check ----

Result<std::uint64_t> Index::broken_blocks()
{
    std::vector<Block> blocks;
    auto done = each_row(
        database_, "SELECT first, posts, units FROM search_block ORDER BY first",
        [&](const sqlite::Statement& row) { blocks.push_back({row.integer(0), row.integer(1), row.integer(2)}); });
    if (!done) return done.error();
    std::uint64_t out = 0;
    std::int64_t end = 0;
    for (const auto& block : blocks) {
        const bool fits = block.first >= end && block.first % slice_posts == 0 &&
                          (block.posts == slice_posts || block.posts == block_posts);
        if (block.first > end) // There may be a hole, but no row in it.
            done = each_row(
                database_, "SELECT 1 FROM message WHERE arrival >= ?1 AND arrival < ?2 LIMIT 1",
                [&](const sqlite::Statement&) { ++out; }, end, block.first);
        if (!done) return done.error();
        end = block.first + block.posts;
        if (!fits) {
            ++out;
            continue;
        }
        if (block.units != sqlite::units_version) continue; // The next opening makes it anew.
        const auto wanted = made_of_rows(block);
        if (!wanted) return wanted.error();
        const auto there = entries_of(block);
        if (!there && there.error().code != ErrorCode::storage_corrupt) return there.error();
        if (!there || *there != *wanted) ++out;
    }
    done = each_row(
        database_, "SELECT count(DISTINCT block) FROM search_chunk WHERE block NOT IN (SELECT first FROM search_block)",
        [&](const sqlite::Statement& row) { out += static_cast<std::uint64_t>(row.integer(0)); });
    if (!done) return done.error();
    return out;
}

} // namespace godwit::store::search
