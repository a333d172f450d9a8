// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_fetch.hpp"

#include "lib/transfer/blob.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

using transfer::Rank;
using transfer::relay_source;
using Verdict = transfer::Downloads::Verdict;

/// Rows that are looked through when more files wait than may be fetched at once.
constexpr std::uint32_t waiting_rows_max = 256;
constexpr std::size_t liars_max = 1024;

Rank rank_of(Path path)
{
    return path == Path::direct ? Rank::direct : Rank::turned;
}

} // namespace

// ---- begin and end ------------------------------------------------------------------------------

/// Those that wait, in turns: files that nobody has must not keep others out for ever.
void FileFetch::begin_some(Moment now)
{
    auto rows = context_.store.files_in(FileState::fetching, waiting_rows_max);
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::erase_if(rows, [&](const auto& row) { return active(row.id); });
    if (rows.empty()) return;
    if (fetches_.size() >= context_.config.files_at_once_max) {
        const auto idle = std::find_if(fetches_.begin(), fetches_.end(), [&](const auto& one) {
            return !downloads_.served(one.first, Rank::relay, now.mono) &&
                   one.second.since + context_.config.file_ask_again <= now.mono;
        });
        if (idle != fetches_.end()) stop(FileId(idle->first));
    }
    const auto from = std::upper_bound(rows.begin(), rows.end(), turn_,
                                       [](const FileId& id, const auto& row) { return id < row.id; });
    std::rotate(rows.begin(), from, rows.end());
    for (auto& row : rows) {
        if (fetches_.size() >= context_.config.files_at_once_max) return;
        turn_ = row.id;
        if (!begin(std::move(row), now)) return;
    }
}

bool FileFetch::begin(port::StoredFile row, Moment now)
{
    const transfer::Layout layout{row.size_bytes};
    auto have = FileShelf::pieces(row);
    if (auto room = shelf_.room_for(row.size_bytes - FileShelf::done_bytes(row, have)); !room.ok()) {
        disk_trouble(room.error(), now);
        return false;
    }
    auto leaves = shelf_.leaves(row, have);
    if (leaves.empty())
        for (auto piece = layout.chunks(); piece < layout.pieces(); ++piece)
            have.remove(piece); // All of them or none: half a list proves nothing.
    if (row.slot.name.is_zero() && layout.pieces() > 0) {
        row.slot = shelf_.new_slot();
        shelf_.put(row);
    }
    const auto id = row.id;
    downloads_.begin(id, layout, std::move(have), std::move(leaves));
    auto& fetch = fetches_[id];
    fetch.since = now.mono;
    if (downloads_.have(id).full()) mark(id, now);
    return true;
}

void FileFetch::stop(const FileId& file)
{
    const auto at = fetches_.find(file);
    if (at == fetches_.end()) return;
    if (at->second.unmarked_bytes > 0)
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
    look_ = true;
}

// ---- whom to ask --------------------------------------------------------------------------------

void FileFetch::ask_around(FileReach& reach, Moment now)
{
    bool all_served = true;
    for (auto& [id, fetch] : fetches_) {
        std::set<DeviceId> devices;
        for (const auto& grant : context_.store.file_grants(id))
            for (const auto& device : reach.members(grant.conversation))
                if (!liars_.contains({id, device})) devices.insert(device);
        for (const auto& device : devices) {
            const auto way = reach.way(device);
            if (!way) {
                reach.seek(device, now);
                continue;
            }
            downloads_.source_up(way->link, rank_of(way->path));
            owners_[way->link] = reach.owner(device);
            auto& via = fetch.via[way->link];
            if (via.device == device && (via.asked_at + context_.config.file_ask_again > now.mono ||
                                         downloads_.served(id, Rank::turned, now.mono)))
                continue;
            via = {device, now.mono};
            context_.effect(SendFrame{way->link, wire::encode(wire::peer::Frame(wire::peer::FileQuery{id}))});
        }
        all_served = all_served && downloads_.served(id, Rank::turned, now.mono);
    }
    look_at_ = fetches_.empty() || all_served ? never : now.mono + context_.config.file_look_every;
}

/// Nobody who has it is linked, for as long as content waits for a direct path: the relay may have it.
void FileFetch::ask_relay(FileReach& reach, const FileId& id, Fetch& fetch, Moment now)
{
    if (downloads_.served(id, Rank::turned, now.mono)) fetch.since = now.mono;
    if (fetch.since + context_.config.direct_attempt_max > now.mono || fetch.relay_retry_at > now.mono ||
        fetch.relay_asked || relay_liars_.contains(id) || downloads_.served(id, Rank::relay, now.mono))
        return;
    auto* session = reach.blobs();
    const auto* row = shelf_.find(id);
    if (session == nullptr || row == nullptr) return;
    downloads_.source_up(relay_source, Rank::relay);
    fetch.relay_asked = session->request(wire::relay::BlobQuery{transfer::blob_id(row->key, id)},
                                         purpose::BlobFetch{id, std::nullopt}, now);
}

void FileFetch::send_asks(FileReach& reach, Moment now)
{
    for (auto& ask : downloads_.plan(now.mono)) {
        if (ask.source != relay_source) {
            context_.effect(SendFrame{
                ask.source, wire::encode(wire::peer::Frame(wire::peer::FileWant{ask.file, std::move(ask.pieces)}))});
            continue;
        }
        auto* session = reach.blobs();
        const auto* row = shelf_.find(ask.file);
        for (const auto& range : ask.pieces)
            for (std::uint32_t i = 0; i < range.count; ++i)
                if (session == nullptr || row == nullptr ||
                    !session->request(wire::relay::BlobGet{transfer::blob_id(row->key, ask.file), range.first + i},
                                      purpose::BlobFetch{ask.file, range.first + i}, now))
                    return relay_gone();
    }
}

void FileFetch::link_down(LinkId link)
{
    downloads_.source_down(link);
    owners_.erase(link);
    for (auto& [id, fetch] : fetches_)
        if (fetch.via.erase(link) > 0) look_ = true;
}

void FileFetch::relay_gone()
{
    downloads_.source_down(relay_source);
    for (auto& [id, fetch] : fetches_)
        fetch.relay_asked = false;
}

// ---- what comes ---------------------------------------------------------------------------------

bool FileFetch::have(LinkId link, const wire::peer::FileHave& have)
{
    const auto at = fetches_.find(have.file);
    if (at == fetches_.end() || !at->second.via.contains(link)) return true; // Of one that is not wanted any more.
    const auto* row = shelf_.find(have.file);
    if (row == nullptr || row->size_bytes != have.size_bytes) return false;
    downloads_.offers(have.file, link, have.pieces);
    return true;
}

void FileFetch::gone(LinkId link, const wire::peer::FileGone& gone)
{
    downloads_.lacks(gone.file, link);
}

bool FileFetch::piece(LinkId link, const DeviceId& device, const wire::peer::FilePiece& piece, Moment now)
{
    if (take(piece.file, link, piece.piece, piece.bytes, now)) return true;
    if (liars_.size() >= liars_max) liars_.clear();
    liars_.insert({piece.file, device});
    return false;
}

bool FileFetch::take(const FileId& id, transfer::SourceId source, std::uint32_t piece, BytesView bytes, Moment now)
{
    switch (downloads_.judge(id, source, piece, bytes, now.mono)) {
    case Verdict::good:
        if (!write(id, piece, bytes, now)) return true;
        break;
    case Verdict::list_done: {
        const auto leaves = downloads_.leaves(id);
        const transfer::Layout layout{shelf_.find(id)->size_bytes};
        for (auto leaf = layout.chunks(); leaf < layout.pieces(); ++leaf)
            if (!write(id, leaf, transfer::leaf_piece(layout, leaves, leaf), now)) return true;
        break;
    }
    case Verdict::listed:
    case Verdict::unasked: return true;
    case Verdict::bad:
    case Verdict::bad_list: return false;
    }
    auto& fetch = fetches_.at(id);
    const auto at = fetch.via.find(source);
    fetch.from = at == fetch.via.end() ? std::string() : owners_[source];
    fetch.path = source == relay_source                    ? Path::mailbox
                 : downloads_.rank(source) == Rank::direct ? Path::direct
                                                           : Path::turned;
    fetch.changed = true;
    if (downloads_.have(id).full() || fetch.unmarked_bytes >= context_.config.file_mark_bytes) mark(id, now);
    return true;
}

bool FileFetch::write(const FileId& id, std::uint32_t piece, BytesView bytes, Moment now)
{
    const auto* row = shelf_.find(id);
    if (auto written = shelf_.kept().write(row->slot, piece, bytes); !written.ok()) {
        disk_trouble(written.error(), now);
        return false;
    }
    disk_told_ = false;
    downloads_.keep(id, piece);
    auto& fetch = fetches_.at(id);
    if (fetch.unmarked_bytes == 0) fetch.mark_at = now.mono + context_.config.file_mark_after;
    fetch.unmarked_bytes += static_cast<std::uint32_t>(bytes.size());
    return true;
}

void FileFetch::mark(const FileId& id, Moment now)
{
    auto row = *shelf_.find(id);
    if (downloads_.have(id).pieces() > 0)
        if (auto synced = shelf_.kept().sync(row.slot); !synced.ok()) return disk_trouble(synced.error(), now);
    row.pieces = downloads_.have(id).to_bytes();
    if (downloads_.have(id).full()) row.state = FileState::whole;
    shelf_.put(row);
    grown_.push_back(id);
    auto& fetch = fetches_.at(id);
    fetch.unmarked_bytes = 0;
    fetch.mark_at = never;
    if (row.state == FileState::whole) done(id);
}

void FileFetch::done(const FileId& id)
{
    auto shown = info(*shelf_.find(id));
    shown.state = FileState::whole;
    // Its sender need not leave it at the relay.
    const wire::peer::FileHave all{id, shown.size_bytes, {{0, downloads_.have(id).pieces()}}};
    for (const auto& [link, via] : fetches_.at(id).via)
        context_.effect(SendFrame{link, wire::encode(wire::peer::Frame(all))});
    drop(id);
    relay_liars_.erase(id);
    context_.event(event::FileDone{std::move(shown)});
}

/// What was not marked counts as not written. Nothing that was is lost, and it goes on by itself.
void FileFetch::disk_trouble(const Error& why, Moment now)
{
    for (auto& [id, fetch] : fetches_)
        downloads_.end(id);
    fetches_.clear();
    disk_rests_until_ = now.mono + context_.config.disk_retry;
    look_ = true;
    if (!std::exchange(disk_told_, true))
        context_.event(event::Warning{
            {ErrorCode::storage_failed, "files wait, and go on by themselves: " + why.detail,
             static_cast<std::uint64_t>(
                 std::chrono::duration_cast<std::chrono::milliseconds>(context_.config.disk_retry).count())}});
}

void FileFetch::answered(const purpose::BlobFetch& what, const wire::relay::Response& response, Moment now)
{
    const auto at = fetches_.find(what.file);
    if (at == fetches_.end()) return;
    auto& fetch = at->second;
    const auto* row = shelf_.find(what.file);
    if (!what.piece) fetch.relay_asked = false;
    const auto later = [&](Duration wait) {
        downloads_.lacks(what.file, relay_source);
        fetch.relay_retry_at = now.mono + wait;
    };
    if (response.error.code != ErrorCode::ok || row == nullptr) {
        const auto& config = context_.config;
        if (is_temporary(response.error.code))
            return later(
                std::max<Duration>(std::chrono::seconds(1), std::chrono::milliseconds(response.error.retry_after_ms)));
        fetch.relay_retry = std::clamp(fetch.relay_retry * 2, config.blob_retry_min, config.blob_retry_max);
        return later(fetch.relay_retry);
    }
    if (const auto* state = std::get_if<wire::relay::BlobState>(&response.body); state != nullptr && !what.piece) {
        if (state->pieces != transfer::Layout{row->size_bytes}.pieces()) return later(context_.config.blob_retry_max);
        downloads_.offers(what.file, relay_source, state->stored);
        // It may still be growing; asked again when what there is has come.
        fetch.relay_retry_at = now.mono + context_.config.blob_retry_min;
        return;
    }
    const auto* sealed = std::get_if<wire::relay::BlobPiece>(&response.body);
    if (sealed == nullptr || !what.piece) return;
    const auto bytes = transfer::open_piece(row->key, what.file, *what.piece, sealed->sealed);
    if (bytes && take(what.file, relay_source, *what.piece, *bytes, now)) return;
    context_.reject("a file at the relay is not what its reference says");
    relay_liars_.insert(what.file);
    downloads_.lacks(what.file, relay_source);
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
    for (const auto source : downloads_.handle_deadline(now.mono))
        context_.log("a device that gives a file is silent: link " + std::to_string(source));
    if (reach.blobs() == nullptr && downloads_.is_up(relay_source)) relay_gone();
    std::vector<FileId> due;
    for (auto& [id, fetch] : fetches_) {
        ask_relay(reach, id, fetch, now);
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
