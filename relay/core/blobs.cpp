// SPDX-License-Identifier: Apache-2.0
#include "relay/core/blobs.hpp"

#include "relay/store/policy_tables.hpp"

namespace godwit::relay {
namespace {

Error no_such_blob()
{
    return {ErrorCode::no_such_file, "this relay keeps no such piece (any more)", 0};
}

std::uint64_t counted(std::size_t sealed_bytes)
{
    return sealed_bytes + blob_piece_overhead_bytes;
}

/// The least that a blob of so many pieces comes to: all its chunks but the last one are full.
std::uint64_t bytes_least(std::uint32_t pieces)
{
    const std::uint32_t not_full = 2 + pieces / 2048;
    return pieces <= not_full ? 0 : std::uint64_t{pieces - not_full} * counted(wire::blob_piece_bytes_max);
}

} // namespace

Blobs::Usage& Blobs::usage()
{
    if (usage_) return *usage_;
    usage_ = Usage{};
    for (const auto& [account, app, bytes] : context_.store.blob_usage()) {
        usage_->all += bytes;
        usage_->by_account[account] += bytes;
        usage_->by_app[app] += bytes;
        usage_->app_of[account] = app;
    }
    return *usage_;
}

std::optional<StoredBlob> Blobs::living(const Session& session, const wire::BlobId& id, Moment now)
{
    auto blob = context_.store.blob(id);
    if (blob && (blob->created_ms + context_.config.limits.blob_age_ms_max <= now.wall_ms || blob->app != session.app))
        return std::nullopt;
    return blob;
}

std::optional<Error> Blobs::too_fast(const Session& session, Moment now)
{
    const auto who = session.account;
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    return std::nullopt;
}

std::optional<Error> Blobs::no_room(const Session& session, const frame::BlobPut& request)
{
    const auto& limits = context_.config.limits;
    auto& now = usage();
    const auto bytes = counted(request.sealed.size());
    const auto of_app = context_.apps.limits(session.app);
    auto quota = now.quotas.find(session.account);
    if (quota == now.quotas.end())
        quota = now.quotas.emplace(session.account, PolicyTable(context_.store).find(session.account).quotas.blob_bytes)
                    .first;
    const auto own_max = quota->second.value_or(of_app.blob_bytes.value_or(limits.blob_bytes_per_account_max));
    if (now.by_account[session.account] + bytes > own_max || bytes_least(request.pieces) > own_max)
        return Error{ErrorCode::quota_exceeded,
                     "this relay keeps " + std::to_string(own_max / (1024 * 1024)) +
                         " MiB of files for an account: they go by themselves",
                     0};
    if (of_app.blob_bytes_all && now.by_app[session.app] + bytes > *of_app.blob_bytes_all)
        return Error{ErrorCode::quota_exceeded, "this application has no room for files now", 0};
    if (now.all + bytes > limits.blob_bytes_max)
        return Error{ErrorCode::quota_exceeded, "this relay has no room for files now", 0};
    return std::nullopt;
}

Answer Blobs::put(const Session& session, const frame::BlobPut& request, Moment now)
{
    if (auto wait = too_fast(session, now)) return *std::move(wait);
    if (context_.config.limits.blob_bytes_max == 0) return {ErrorCode::unsupported, "this relay keeps no files"};
    if (request.pieces == 0 || request.pieces > wire::pieces_max || request.piece >= request.pieces)
        return {ErrorCode::invalid_argument, "a blob has 1 to " + std::to_string(wire::pieces_max) + " pieces"};

    auto blob = context_.store.blob(request.blob);
    if (blob && blob->created_ms + context_.config.limits.blob_age_ms_max <= now.wall_ms)
        return Error{ErrorCode::relay_unavailable, "what is left of an older blob is being removed: try again", 5'000};
    if (blob && (blob->account != session.account || blob->pieces != request.pieces))
        return {ErrorCode::conflict, "there is another blob of this name"};
    if (blob && context_.store.has_blob_piece(blob->row, request.piece)) return {};
    if (auto full = no_room(session, request)) {
        ++context_.counters.blob_pieces_refused;
        return *std::move(full);
    }
    const auto row =
        blob ? blob->row : context_.store.add_blob(request.blob, session.account, request.pieces, now.wall_ms);
    const auto bytes = counted(request.sealed.size());
    context_.store.add_blob_piece(row, request.piece, request.sealed, bytes);
    usage().all += bytes;
    usage().by_account[session.account] += bytes;
    usage().by_app[session.app] += bytes;
    usage().app_of[session.account] = session.app;
    ++context_.counters.blob_pieces_stored;
    context_.counters.blob_bytes_stored += request.sealed.size();
    return {};
}

Answer Blobs::query(const Session& session, const frame::BlobQuery& request, Moment now)
{
    if (auto wait = too_fast(session, now)) return *std::move(wait);
    const auto blob = living(session, request.blob, now);
    if (!blob) return no_such_blob();
    return frame::ResponseBody(
        frame::BlobState{blob->pieces, context_.store.blob_pieces(blob->row, wire::piece_ranges_max),
                         blob->created_ms + context_.config.limits.blob_age_ms_max, blob->account == session.account});
}

Answer Blobs::get(const Session& session, const frame::BlobGet& request, Moment now)
{
    if (auto wait = too_fast(session, now)) return *std::move(wait);
    const auto blob = living(session, request.blob, now);
    if (!blob) return no_such_blob();
    auto sealed = context_.store.blob_piece(blob->row, request.piece);
    if (sealed.empty()) return no_such_blob();
    ++context_.counters.blob_pieces_delivered;
    context_.counters.blob_bytes_delivered += sealed.size();
    return frame::ResponseBody(frame::BlobPiece{std::move(sealed)});
}

Answer Blobs::drop(const Session& session, const frame::BlobDrop& request, Moment now)
{
    if (auto wait = too_fast(session, now)) return *std::move(wait);
    const auto blob = context_.store.blob(request.blob);
    if (!blob) return {};
    if (blob->account != session.account) return {ErrorCode::conflict, "this blob is somebody else's"};
    context_.store.condemn_blob(blob->row);
    return {};
}

bool Blobs::expire(Moment now)
{
    const auto& limits = context_.config.limits;
    const auto before_ms = now.wall_ms - limits.blob_age_ms_max;
    const auto removed = context_.store.expire_blobs(before_ms, blob_pieces_expired_per_tick_max);
    for (const auto& [account, bytes] : removed.bytes) {
        usage().all -= bytes;
        usage().by_account[account] -= bytes;
        usage().by_app[usage().app_of[account]] -= bytes;
    }
    context_.counters.blob_pieces_expired += removed.pieces;
    if (removed.pieces > 0) return true;
    if (usage().all <= limits.blob_bytes_max / 100 * limits.blob_percent_full) return false;
    context_.store.condemn_oldest_blob(before_ms); // its pieces go next time
    return true;
}

} // namespace godwit::relay
