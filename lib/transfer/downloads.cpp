// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/downloads.hpp"

#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::transfer {

// ---- files and sources --------------------------------------------------------------------------

void Downloads::begin(const FileId& file, Layout layout, PieceSet have, Leaves leaves)
{
    GODWIT_ASSERT(!begun(file) && have.pieces() == layout.pieces());
    File made;
    made.layout = layout;
    made.have = std::move(have);
    made.leaves = std::move(leaves);
    files_.emplace(file, std::move(made));
}

void Downloads::end(const FileId& file)
{
    const auto at = files_.find(file);
    if (at == files_.end()) return;
    for (const auto& [piece, outs] : at->second.out)
        for (const auto& one : outs)
            --sources_.at(one.source).out;
    files_.erase(at);
}

void Downloads::source_up(SourceId source, Rank rank)
{
    auto& one = sources_[source];
    one.rank = rank;
    if (one.window == 0) one.window = limits_.window_start;
}

void Downloads::source_down(SourceId source)
{
    for (auto& [id, file] : files_) {
        take_back(file, source);
        file.offered.erase(source);
        file.liars.erase(source);
    }
    sources_.erase(source);
}

bool Downloads::owes(SourceId source) const
{
    const auto at = sources_.find(source);
    return at != sources_.end() && at->second.out > 0;
}

void Downloads::offers(const FileId& file, SourceId source, const std::vector<PieceRange>& pieces)
{
    const auto at = files_.find(file);
    if (at == files_.end() || !is_up(source)) return;
    auto& offered = at->second.offered.try_emplace(source, at->second.layout.pieces()).first->second;
    for (const auto& range : pieces)
        offered.add(range);
}

void Downloads::lacks(const FileId& file, SourceId source)
{
    const auto at = files_.find(file);
    if (at == files_.end()) return;
    take_back(at->second, source);
    at->second.offered.erase(source);
}

void Downloads::forgive(const FileId& file, SourceId source)
{
    if (const auto at = files_.find(file); at != files_.end()) at->second.liars.erase(source);
}

bool Downloads::usable(const File& file, SourceId id, Instant now) const
{
    const auto source = sources_.find(id);
    return source != sources_.end() && source->second.rests_until <= now && !file.liars.contains(id);
}

bool Downloads::offers_missing(const File& file, const PieceSet& offered) const
{
    if (file.needs_leaves()) { // Whole lists only: half of one cannot be judged.
        for (auto piece = file.layout.chunks(); piece < file.layout.pieces(); ++piece)
            if (!offered.has(piece)) return false;
        return true;
    }
    return offered.first_beyond(file.have) < file.layout.chunks();
}

std::vector<SourceId> Downloads::best(const File& file, Instant now) const
{
    std::vector<SourceId> out;
    auto rank = Rank::relay;
    for (const auto& [id, offered] : file.offered) {
        if (!usable(file, id, now) || !offers_missing(file, offered)) continue;
        const auto its = sources_.at(id).rank;
        if (its < rank) out.clear();
        if (out.empty()) rank = its;
        if (its == rank) out.push_back(id);
    }
    return out;
}

bool Downloads::served(const FileId& file, Rank rank, Instant now) const
{
    const auto at = files_.find(file);
    if (at == files_.end()) return false;
    const auto sources = best(at->second, now);
    return !sources.empty() && sources_.at(sources.front()).rank <= rank;
}

// ---- whom to ask for what -----------------------------------------------------------------------

std::uint32_t Downloads::room(SourceId source) const
{
    const auto& one = sources_.at(source);
    return one.asking && one.window > one.out ? one.window - one.out : 0;
}

void Downloads::ask(const FileId& id, File& file, SourceId source, std::uint32_t piece, Instant now,
                    std::vector<Ask>& out)
{
    auto& one = sources_.at(source);
    if (one.out++ == 0) one.heard = now;
    file.out[piece].push_back({source, now});
    bucket_.take(file.layout.piece_bytes(piece), now);

    auto at = std::find_if(out.rbegin(), out.rend(),
                           [&](const Ask& known) { return known.source == source && known.file == id; });
    if (at != out.rend() && at->pieces.back().first + at->pieces.back().count == piece) {
        ++at->pieces.back().count;
        return;
    }
    if (at == out.rend() || at->pieces.size() >= limits_.ranges_max) {
        out.push_back({id, source, {}});
        at = out.rbegin();
    }
    at->pieces.push_back({piece, 1});
}

std::vector<Downloads::Ask> Downloads::plan(Instant now)
{
    std::vector<Ask> out;
    for (auto& [id, source] : sources_)
        source.asking = source.out + std::max(1U, source.window / limits_.window_parts) <= source.window;
    auto at = files_.upper_bound(last_planned_);
    for (std::size_t turns = files_.size(); turns > 0 && bucket_.open(now); --turns, ++at) {
        if (at == files_.end()) at = files_.begin();
        auto& [id, file] = *at;
        const auto sources = best(file, now);
        if (sources.empty()) continue;
        last_planned_ = id;
        if (file.needs_leaves())
            plan_leaves(id, file, sources, now, out);
        else
            plan_chunks(id, file, sources, now, out);
    }
    return out;
}

void Downloads::plan_leaves(const FileId& id, File& file, const std::vector<SourceId>& sources, Instant now,
                            std::vector<Ask>& out)
{
    if (file.listing && std::find(sources.begin(), sources.end(), file.lister) == sources.end()) {
        take_back(file, file.lister);
        file.listing = false;
    }
    if (!file.listing) {
        file.listing = true;
        file.lister = sources.front();
        file.list.assign(file.layout.chunks(), Leaf{});
        file.listed = PieceSet(file.layout.pieces());
    }
    for (auto piece = file.layout.chunks(); piece < file.layout.pieces(); ++piece) {
        if (room(file.lister) == 0 || !bucket_.open(now)) return;
        if (!file.listed.has(piece) && !file.out.contains(piece)) ask(id, file, file.lister, piece, now, out);
    }
}

void Downloads::plan_chunks(const FileId& id, File& file, const std::vector<SourceId>& sources, Instant now,
                            std::vector<Ask>& out)
{
    for (auto piece = file.have.next_missing(0); piece < file.layout.chunks();
         piece = file.have.next_missing(piece + 1)) {
        if (!bucket_.open(now)) return;
        if (file.out.contains(piece)) continue;
        // To whoever has it and the most room: the quicker ones get more.
        SourceId chosen = 0;
        std::uint32_t room_most = 0;
        bool full = true;
        for (const auto source : sources) {
            const auto left = room(source);
            full = full && left == 0;
            if (left <= room_most || !file.offered.at(source).has(piece)) continue;
            room_most = left;
            chosen = source;
        }
        if (full) return;
        if (room_most > 0) ask(id, file, chosen, piece, now, out);
    }
    plan_again(id, file, sources, now, out);
}

/// Everything that is missing is on its way: whoever has nothing to do is asked for what is late elsewhere.
void Downloads::plan_again(const FileId& id, File& file, const std::vector<SourceId>& sources, Instant now,
                           std::vector<Ask>& out)
{
    for (const auto source : sources) {
        if (sources_.at(source).out > 0) continue;
        for (auto& [piece, outs] : file.out) {
            if (room(source) == 0 || !bucket_.open(now)) break;
            const bool late = std::all_of(outs.begin(), outs.end(), [&](const Out& one) {
                return one.source != source && one.since + limits_.again_after <= now;
            });
            if (late && file.offered.at(source).has(piece)) ask(id, file, source, piece, now, out);
        }
    }
}

// ---- what comes ---------------------------------------------------------------------------------

/// A piece came by `by`: nobody owes it any more.
void Downloads::settle(File& file, std::uint32_t piece, SourceId by, Instant now)
{
    for (const auto& one : file.out.at(piece)) {
        auto& source = sources_.at(one.source);
        --source.out;
        if (one.source != by) continue;
        source.heard = now;
        source.rest = Duration::zero();
        const auto took = now - one.since;
        if (took <= limits_.quick && source.window < limits_.window_max) ++source.window;
        if (took > limits_.slow && source.window > 1) --source.window;
    }
    file.out.erase(piece);
}

void Downloads::take_back(File& file, SourceId source)
{
    for (auto at = file.out.begin(); at != file.out.end();) {
        const auto gone = std::erase_if(at->second, [&](const Out& one) { return one.source == source; });
        if (gone > 0) sources_.at(source).out -= static_cast<std::uint32_t>(gone);
        at = at->second.empty() ? file.out.erase(at) : std::next(at);
    }
    if (file.listing && file.lister == source) file.listing = false;
}

Downloads::Verdict Downloads::judge(const FileId& id, SourceId source, std::uint32_t piece, BytesView bytes,
                                    Instant now)
{
    const auto at = files_.find(id);
    if (at == files_.end()) return Verdict::unasked;
    auto& file = at->second;
    const auto out = file.out.find(piece);
    if (out == file.out.end() ||
        std::none_of(out->second.begin(), out->second.end(), [&](const Out& one) { return one.source == source; }))
        return Verdict::unasked;

    const auto lies = [&](Verdict verdict) {
        take_back(file, source);
        file.liars.insert(source);
        return verdict;
    };
    if (bytes.size() != file.layout.piece_bytes(piece)) return lies(Verdict::bad);
    if (!file.layout.is_chunk(piece)) {
        settle(file, piece, source, now);
        const auto verdict = judge_leaves(id, file, source, piece, bytes);
        return verdict == Verdict::bad_list ? lies(verdict) : verdict;
    }
    const auto leaf = leaf_of(bytes);
    const bool right =
        file.leaves.empty() ? root_of(file.layout.size_bytes, std::span(&leaf, 1)) == id : file.leaves[piece] == leaf;
    if (!right) return lies(Verdict::bad);
    settle(file, piece, source, now);
    return Verdict::good;
}

Downloads::Verdict Downloads::judge_leaves(const FileId& id, File& file, SourceId source, std::uint32_t piece,
                                           BytesView bytes)
{
    GODWIT_ASSERT(file.listing && file.lister == source); // Nobody else is asked for leaves.
    const auto first = std::size_t{piece - file.layout.chunks()} * leaves_per_piece;
    for (std::size_t i = 0; i < bytes.size() / leaf_bytes; ++i)
        std::copy_n(bytes.data() + i * leaf_bytes, leaf_bytes, file.list[first + i].begin());
    file.listed.add(piece);
    if (file.listed.count() < file.layout.leaf_pieces()) return Verdict::listed;
    file.listing = false;
    if (root_of(file.layout.size_bytes, file.list) != id) return Verdict::bad_list;
    file.leaves = std::exchange(file.list, {});
    return Verdict::list_done;
}

void Downloads::keep(const FileId& file, std::uint32_t piece)
{
    files_.at(file).have.add(piece);
}

// ---- silence ------------------------------------------------------------------------------------

std::vector<SourceId> Downloads::handle_deadline(Instant now)
{
    std::vector<SourceId> silent;
    for (auto& [id, source] : sources_) {
        if (source.out == 0 || source.heard + limits_.silence_max > now) continue;
        for (auto& [name, file] : files_)
            take_back(file, id);
        source.rest = std::clamp(source.rest * 2, limits_.rest_min, limits_.rest_max);
        source.rests_until = now + source.rest;
        source.window = limits_.window_start;
        silent.push_back(id);
    }
    return silent;
}

Instant Downloads::deadline(Instant now) const
{
    Instant out = never;
    bool owed = false;
    for (const auto& [id, source] : sources_) {
        if (source.out > 0) out = earlier(out, source.heard + limits_.silence_max);
        if (source.rests_until > now && !files_.empty()) out = earlier(out, source.rests_until);
        owed = owed || source.out > 0;
    }
    if (files_.empty()) return out;
    if (!bucket_.open(now)) return earlier(out, bucket_.opens());
    // For plan_again: only while there is somebody with nothing to do.
    const bool idle = std::any_of(sources_.begin(), sources_.end(), [&](const auto& one) {
        return one.second.out == 0 && one.second.rests_until <= now;
    });
    if (owed && idle) out = earlier(out, now + limits_.again_after);
    return out;
}

} // namespace godwit::transfer
