// SPDX-License-Identifier: Apache-2.0
// Of file_fetch: whom to ask, what they give, and how it becomes durable.
#include "lib/engine/file_fetch.hpp"

#include "lib/transfer/blob.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace godwit::engine {

namespace {

using transfer::Rank;
using transfer::relay_source;
using Verdict = transfer::Downloads::Verdict;

constexpr std::size_t liars_max = 1024;
/// Keys under which the relay is asked for one file, one after the other.
constexpr std::size_t blobs_max = 64;
/// Devices that are told, each time the relay was asked in vain, that it has nothing.
constexpr std::size_t authors_told_max = 16;

Rank rank_of(Path path)
{
    return path == Path::direct ? Rank::direct : Rank::turned;
}

} // namespace

// ---- what posts say -----------------------------------------------------------------------------

bool FileFetch::is_proven(const FileId& id) const
{
    return !downloads_.leaves(id).empty() || downloads_.have(id).count() > 0;
}

bool FileFetch::try_size(const FileId& id, std::uint64_t size_bytes)
{
    auto& fetch = fetches_.at(id);
    if (fetch.automatic && size_bytes > automatic_bytes_max_) return false;
    const auto grants = context_.store.file_grants(id);
    if (std::none_of(grants.begin(), grants.end(), [&](const auto& one) { return one.size_bytes == size_bytes; }))
        return false;
    auto row = *shelf_.find(id);
    if (!shelf_.room_for(size_bytes).ok()) return false; // It begins anew when there is some.
    row.size_bytes = size_bytes;
    row.pieces.clear();
    if (row.slot.name.is_zero()) row.slot = shelf_.new_slot();
    shelf_.put(row);
    shelf_.promise(row.slot, size_bytes);
    const transfer::Layout layout{size_bytes};
    downloads_.end(id);
    downloads_.begin(id, layout, transfer::PieceSet(layout.pieces()), {});
    return true;
}

/// Of each author the newest first, and of all authors in turns, so that nobody's many hide another's.
std::vector<FileFetch::Fetch::Blob> FileFetch::blobs_of(const FileId& id)
{
    auto grants = context_.store.file_grants(id);
    std::sort(grants.begin(), grants.end(), [](const auto& a, const auto& b) {
        return std::tie(b.posted_ms, a.conversation, a.post) < std::tie(a.posted_ms, b.conversation, b.post);
    });
    std::set<Fetch::Blob> seen;
    std::map<std::string, std::size_t> of_author;
    std::multimap<std::size_t, Fetch::Blob> order; // what is equal stays as it came
    for (const auto& grant : grants)
        if (const Fetch::Blob blob{grant.key, grant.size_bytes};
            !relay_liars_.contains({id, blob}) && seen.insert(blob).second)
            order.emplace(of_author[grant.author]++, blob);
    std::vector<Fetch::Blob> out;
    for (const auto& [rank, blob] : order)
        if (out.size() < blobs_max) out.push_back(blob);
    return out;
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
        fetch.relay_asked || downloads_.served(id, Rank::relay, now.mono))
        return;
    auto* session = reach.blobs();
    if (session == nullptr) return;
    const auto blobs = blobs_of(id);
    if (blobs.empty()) return;
    fetch.blob = blobs[fetch.blob_turn % blobs.size()];
    downloads_.source_up(relay_source, Rank::relay);
    fetch.relay_asked = session->request(wire::relay::BlobQuery{transfer::blob_id(fetch.blob.key, id)},
                                         purpose::BlobFetch{id, std::nullopt, fetch.blob.key}, now);
}

/// Whoever posted it counts an account as served with any of its devices, and does not see that this one is cut off
/// from all others.
std::size_t FileFetch::ask_authors(FileReach& reach, const FileId& id, Moment now)
{
    std::set<DeviceId> devices;
    for (const auto& grant : context_.store.file_grants(id))
        for (const auto& device : reach.members(grant.conversation))
            if (reach.owner(device) == grant.author && !reach.way(device)) devices.insert(device);
    std::size_t told = 0;
    for (const auto& device : devices)
        if (told < authors_told_max && reach.sought(device, id, now)) ++told;
    return told;
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
        const auto& key = fetches_.at(ask.file).blob.key;
        const auto blob = transfer::blob_id(key, ask.file);
        for (const auto& range : ask.pieces)
            for (std::uint32_t i = 0; i < range.count; ++i)
                if (session == nullptr || !session->request(wire::relay::BlobGet{blob, range.first + i},
                                                            purpose::BlobFetch{ask.file, range.first + i, key}, now))
                    return relay_gone();
    }
}

void FileFetch::source_lost(transfer::SourceId source)
{
    for (auto& [id, fetch] : fetches_) {
        if (fetch.path == Path::none || fetch.source != source) continue;
        fetch.path = Path::none;
        fetch.changed = true;
    }
}

void FileFetch::link_down(LinkId link)
{
    downloads_.source_down(link);
    source_lost(link);
    owners_.erase(link);
    for (auto& [id, fetch] : fetches_)
        if (fetch.via.erase(link) > 0) look_ = true;
}

void FileFetch::relay_gone()
{
    downloads_.source_down(relay_source);
    source_lost(relay_source);
    for (auto& [id, fetch] : fetches_)
        fetch.relay_asked = false;
}

// ---- what comes ---------------------------------------------------------------------------------

bool FileFetch::have(LinkId link, const wire::peer::FileHave& have, Moment now)
{
    const auto at = fetches_.find(have.file);
    if (at == fetches_.end()) return true; // Of one that is not wanted any more.
    const auto via = at->second.via.find(link);
    if (via == at->second.via.end() || liars_.contains({have.file, via->second.device})) return true;
    const auto* row = shelf_.find(have.file);
    if (row == nullptr) return true;
    if (row->size_bytes != have.size_bytes) {
        if (is_proven(have.file)) return false;
        // Whoever says otherwise is heard when nobody gives what was said so far.
        if (downloads_.served(have.file, Rank::turned, now.mono) || !try_size(have.file, have.size_bytes)) return true;
    }
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
    fetch.source = source;
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
    if (auto written = shelf_.write(row->slot, piece, bytes); !written.ok()) {
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
    auto& fetch = fetches_.at(id);
    fetch.mark_at = never;
    if (fetch.sync != 0) return; // synced() looks again
    const auto have = downloads_.have(id);
    const auto slot = shelf_.find(id)->slot;
    fetch.unmarked_bytes = 0;
    if (have.pieces() == 0) return marked(id, have, now);
    if (shelf_.elsewhere() == nullptr) {
        if (auto synced = shelf_.kept().sync(slot); !synced.ok()) return disk_trouble(synced.error(), now);
        return marked(id, have, now);
    }
    auto syncing = shelf_.elsewhere()->begin_sync(slot);
    if (!syncing.ok()) return disk_trouble(syncing.error(), now);
    const auto job = context_.entropy.next_u64() | 1;
    const auto outcome = std::make_shared<std::optional<Result<void>>>();
    syncs_.emplace(job, Sync{id, slot, have, outcome});
    fetch.sync = job;
    context_.effect(Compute{job, std::make_shared<const std::function<void()>>(
                                     [outcome, run = *std::move(syncing)] { *outcome = run(); })});
}

bool FileFetch::synced(std::uint64_t job, Moment now)
{
    const auto at = syncs_.find(job);
    if (at == syncs_.end()) return false;
    const auto sync = std::move(at->second);
    syncs_.erase(at);
    // Where too much else is under way, nobody has run it.
    const auto outcome = *sync.outcome ? **sync.outcome : shelf_.kept().sync(sync.slot);
    shelf_.elsewhere()->synced(sync.slot.name, outcome.ok());
    const auto fetch = fetches_.find(sync.file);
    if (fetch == fetches_.end() || fetch->second.sync != job) return true; // given up meanwhile, or begun anew
    fetch->second.sync = 0;
    if (!outcome.ok())
        disk_trouble(outcome.error(), now);
    else
        marked(sync.file, sync.pieces, now);
    return true;
}

void FileFetch::marked(const FileId& id, const transfer::PieceSet& pieces, Moment now)
{
    auto row = *shelf_.find(id);
    row.pieces = pieces.to_bytes();
    row.wanted_ms = now.wall_ms;
    if (pieces.full()) row.state = FileState::whole;
    shelf_.put(row);
    grown_.push_back(id);
    if (pieces.full()) return done(id);
    auto& fetch = fetches_.at(id);
    if (downloads_.have(id).full() || fetch.unmarked_bytes >= context_.config.file_mark_bytes)
        mark(id, now);
    else if (fetch.unmarked_bytes > 0)
        fetch.mark_at = now.mono + context_.config.file_mark_after;
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
    std::erase_if(relay_liars_, [&](const auto& one) { return one.first == id; });
    context_.event(event::FileDone{std::move(shown)});
}

/// What was not marked counts as not written. Nothing that was is lost, and it goes on by itself.
void FileFetch::disk_trouble(const Error& why, Moment now)
{
    while (!fetches_.empty())
        drop(FileId(fetches_.begin()->first));
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
    if (what.key != fetch.blob.key) return; // It was given up.
    const auto later = [&](Duration wait) {
        downloads_.lacks(what.file, relay_source);
        fetch.relay_retry_at = now.mono + wait;
    };
    const auto& config = context_.config;
    // The key of another post, at once; when all were tried, again after a while.
    const auto next = [&] {
        ++fetch.blob_turn;
        if (const auto count = blobs_of(what.file).size(); count > 0 && fetch.blob_turn % count != 0)
            return later(Duration::zero());
        fetch.missed = true;
        fetch.relay_retry = std::clamp(fetch.relay_retry * 2, config.blob_retry_min, config.blob_retry_max);
        later(fetch.relay_retry);
    };
    if (response.error.code != ErrorCode::ok || row == nullptr) {
        if (is_temporary(response.error.code))
            return later(
                std::max<Duration>(std::chrono::seconds(1), std::chrono::milliseconds(response.error.retry_after_ms)));
        return next();
    }
    if (const auto* state = std::get_if<wire::relay::BlobState>(&response.body); state != nullptr && !what.piece) {
        if (state->pieces != transfer::Layout{fetch.blob.size_bytes}.pieces()) return next();
        if (fetch.blob.size_bytes != row->size_bytes &&
            (is_proven(what.file) || downloads_.served(what.file, Rank::turned, now.mono) ||
             !try_size(what.file, fetch.blob.size_bytes)))
            return next();
        downloads_.offers(what.file, relay_source, state->stored);
        // Asked again when what there is has come: soon, where it is still growing. Or another key has more.
        ++fetch.blob_turn;
        std::uint64_t stored = 0;
        for (const auto& range : state->stored)
            stored += range.count;
        fetch.relay_retry_at = now.mono + config.blob_retry_min / (stored < state->pieces ? growing_sooner : 1);
        return;
    }
    const auto* sealed = std::get_if<wire::relay::BlobPiece>(&response.body);
    if (sealed == nullptr || !what.piece) return;
    const auto bytes = transfer::open_piece(what.key, what.file, *what.piece, sealed->sealed);
    if (bytes && take(what.file, relay_source, *what.piece, *bytes, now)) return;
    context_.reject("a file at the relay is not what its reference says");
    if (relay_liars_.size() >= liars_max) relay_liars_.clear();
    relay_liars_.insert({what.file, fetch.blob});
    downloads_.forgive(what.file, relay_source); // The next key is another blob.
    later(Duration::zero());
}

} // namespace godwit::engine
