// SPDX-License-Identifier: Apache-2.0
// Of file_fetch: which files are fetched now, and when that ends.
#include "lib/engine/file_fetch.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

using transfer::Rank;
using transfer::relay_source;

constexpr std::string_view turn_name = "files/turn"; ///< 8 bytes, big-endian.

} // namespace

// ---- begin and end ------------------------------------------------------------------------------

void FileFetch::load()
{
    if (const auto turn = context_.store.value(turn_name); turn && turn->size() == 8)
        for (const auto byte : *turn)
            turn_ = (turn_ << 8) | byte;
}

void FileFetch::wanted(const FileId& file)
{
    look_ = true;
    const auto at = fetches_.find(file);
    if (at == fetches_.end()) return;
    at->second.automatic = false;
    at->second.via.clear(); // Asked again: what was too long to come by itself may come now.
}

/// Whoever has waited longest first: files that nobody has must not keep others out for ever.
std::vector<port::StoredFile> FileFetch::waiting(bool asked, Moment now)
{
    const auto most = std::size_t{context_.config.files_at_once_max};
    const auto limit = static_cast<std::uint32_t>(most + fetches_.size() + shelf_.checks());
    std::vector<port::StoredFile> out;
    for (auto& row : context_.store.files_wanted(asked, limit)) {
        if (shelf_.is_checked(row.id)) continue;
        const bool is_active = active(row.id);
        if (asked || row.wanted_ms + context_.config.auto_fetch_wait_ms > now.wall_ms ||
            (is_active && downloads_.served(row.id, Rank::relay, now.mono))) {
            if (!is_active) out.push_back(std::move(row));
            continue;
        }
        if (is_active) {
            stop(FileId(row.id));
            row = *shelf_.find(row.id);
        }
        row.state = FileState::known; // Nobody had it for so long: the user may ask for it.
        row.wanted_by.clear();
        shelf_.put(row);
        look_ = true; // The next ones may have waited as long.
    }
    return out;
}

/// Those that nobody gives have had their turn; one that comes by itself gives way to one that the user waits for.
void FileFetch::make_room(std::size_t asked, std::size_t automatic, Moment now)
{
    const auto most = std::size_t{context_.config.files_at_once_max};
    auto wanted = asked + automatic;
    wanted -= std::min(wanted, most - std::min(most, fetches_.size()));
    std::vector<FileId> idle;
    std::vector<FileId> yielding; // Idle ones first.
    std::size_t automatic_ones = 0;
    for (const auto& [id, fetch] : fetches_) {
        const bool served = downloads_.served(id, Rank::relay, now.mono);
        if (!served && fetch.since + context_.config.file_ask_again <= now.mono)
            idle.push_back(id);
        else if (fetch.automatic)
            yielding.insert(served ? yielding.end() : yielding.begin(), id);
        if (fetch.automatic) ++automatic_ones;
    }
    for (const auto& id : idle) {
        if (wanted == 0) return;
        --wanted;
        if (fetches_.at(id).automatic) --automatic_ones;
        stop(FileId(id));
    }
    // One place stays with those that come by themselves, when there is more than one.
    const std::size_t kept = most > 1 ? 1 : 0;
    for (const auto& id : yielding) {
        if (std::min(wanted, asked) == 0 || fetches_.size() < most || automatic_ones <= kept) return;
        --wanted;
        --asked;
        --automatic_ones;
        stop(FileId(id));
    }
}

void FileFetch::begin_some(Moment now)
{
    auto asked = waiting(true, now);
    auto automatic = waiting(false, now);
    if (asked.empty() && automatic.empty()) return;
    make_room(asked.size(), automatic.size(), now);
    const auto most = std::size_t{context_.config.files_at_once_max};
    const bool some_automatic =
        std::any_of(fetches_.begin(), fetches_.end(), [](const auto& one) { return one.second.automatic; });
    const std::size_t left_free = most > 1 && !some_automatic && !automatic.empty() ? 1 : 0;
    // One for which there is no room lets others go before it.
    bool room = true;
    for (auto& row : asked) {
        if (fetches_.size() + left_free >= most) break;
        room = begin(std::move(row), now) && room;
    }
    for (auto& row : automatic) {
        if (fetches_.size() >= most) break;
        room = begin(std::move(row), now) && room;
    }
    if (!room && fetches_.empty()) disk_trouble(FileShelf::no_room(), now);
}

void FileFetch::give_turn(port::StoredFile& row)
{
    row.turn = ++turn_;
    shelf_.put(row);
    Bytes turn;
    for (int shift = 56; shift >= 0; shift -= 8)
        turn.push_back(static_cast<std::uint8_t>(turn_ >> shift));
    context_.store.put_value(turn_name, turn);
}

bool FileFetch::begin(port::StoredFile row, Moment now)
{
    if (!FileShelf::is_proven(row)) {
        const auto sizes = context_.store.file_grants(row.id);
        const auto same = [&](const auto& grant) { return grant.size_bytes == row.size_bytes; };
        if (!sizes.empty() && std::none_of(sizes.begin(), sizes.end(), same)) row.size_bytes = sizes.front().size_bytes;
    }
    const transfer::Layout layout{row.size_bytes};
    auto have = FileShelf::pieces(row);
    if (!shelf_.room_for(row.size_bytes - FileShelf::done_bytes(row, have)).ok()) {
        give_turn(row);
        return false;
    }
    auto leaves = shelf_.leaves(row, have);
    if (leaves.empty())
        for (auto piece = layout.chunks(); piece < layout.pieces(); ++piece)
            have.remove(piece); // All of them or none: half a list proves nothing.
    if (row.slot.name.is_zero() && layout.pieces() > 0) row.slot = shelf_.new_slot();
    give_turn(row);
    shelf_.promise(row.slot, row.size_bytes - FileShelf::done_bytes(row, have));
    const auto id = row.id;
    downloads_.begin(id, layout, std::move(have), std::move(leaves));
    auto& fetch = fetches_[id];
    fetch.since = now.mono;
    fetch.automatic = !row.wanted_by.empty();
    if (downloads_.have(id).full()) mark(id, now);
    return true;
}

void FileFetch::stop(const FileId& file)
{
    const auto at = fetches_.find(file);
    if (at == fetches_.end()) return;
    if (at->second.unmarked_bytes > 0 || at->second.sync != 0)
        if (const auto* row = shelf_.find(file); row != nullptr && shelf_.kept().sync(row->slot).ok()) {
            auto marked = *row;
            marked.pieces = downloads_.have(file).to_bytes();
            shelf_.put(marked);
        }
    drop(file);
}

void FileFetch::drop(const FileId& file)
{
    if (fetches_.erase(file) == 0) return;
    downloads_.end(file);
    if (const auto* row = shelf_.find(file)) shelf_.release(row->slot);
    look_ = true;
}

// ---- the tick -----------------------------------------------------------------------------------

FileInfo FileFetch::info(const port::StoredFile& row) const
{
    auto out = FileShelf::info(row);
    const auto at = fetches_.find(row.id);
    if (at == fetches_.end()) return out;
    out.done_bytes = FileShelf::done_bytes(row, downloads_.have(row.id));
    out.from = at->second.from;
    out.path = at->second.path;
    return out;
}

void FileFetch::show(const FileId& id, Fetch& fetch, Moment now)
{
    if (!fetch.changed || fetch.shown_at + context_.config.file_progress_every > now.mono) return;
    fetch.changed = false;
    fetch.shown_at = now.mono;
    context_.event(event::FileProgress{info(*shelf_.find(id))});
}

void FileFetch::end_tick(FileReach& reach, Moment now)
{
    if (disk_rests_until_ > now.mono) return;
    if (look_ || look_at_ <= now.mono) {
        look_ = false;
        begin_some(now);
        if (disk_rests_until_ > now.mono) return;
        ask_around(reach, now);
    }
    if (fetches_.empty()) return;
    for (const auto source : downloads_.handle_deadline(now.mono)) {
        context_.log("a device that gives a file is silent: link " + std::to_string(source));
        source_lost(source);
    }
    if (reach.blobs() == nullptr && downloads_.is_up(relay_source)) relay_gone();
    std::vector<FileId> due;
    for (auto& [id, fetch] : fetches_) {
        if (!downloads_.have(id).full()) ask_relay(reach, id, fetch, now); // else it is being synced
        if (std::exchange(fetch.missed, false) && !downloads_.served(id, Rank::relay, now.mono) &&
            ask_authors(reach, id, now) > 0) // Who was told begins to leave it there within seconds.
            fetch.relay_retry_at = earlier(fetch.relay_retry_at, now.mono + fetch.relay_retry / growing_sooner);
        show(id, fetch, now);
        if (fetch.mark_at <= now.mono) due.push_back(id);
    }
    for (const auto& id : due)
        if (active(id)) mark(id, now);
    send_asks(reach, now);
}

Instant FileFetch::deadline(Instant now) const
{
    if (disk_rests_until_ > now) return disk_rests_until_;
    if (look_) return Instant{};
    auto out = look_at_;
    if (fetches_.empty()) return out;
    out = earlier(out, downloads_.deadline(now));
    for (const auto& [id, fetch] : fetches_) {
        out = earlier(out, fetch.mark_at);
        if (fetch.changed) out = earlier(out, fetch.shown_at + context_.config.file_progress_every);
        // Later ones are looked at when the time has come; what has passed has had its consequence.
        for (const auto at : {fetch.since + context_.config.direct_attempt_max, fetch.relay_retry_at})
            if (at > now) out = earlier(out, at);
    }
    return out;
}

} // namespace godwit::engine
