// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_upload.hpp"

#include "lib/transfer/blob.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

constexpr std::uint32_t grants_at_once = 64;
constexpr std::size_t rests_max = 1024;
constexpr std::int64_t own_wait_ms = 10'000;
constexpr std::size_t sought_max = 256; ///< Who finds no room here says it again.

} // namespace

void FileUpload::choose(FileReach& reach, Moment now)
{
    look_at_ = never;
    if (upload_ || reach.blobs() == nullptr || begin_sought(reach, now)) return;
    for (FileId after;;) {
        const auto grants = context_.store.unserved_grants(after, now.wall_ms, grants_at_once);
        for (const auto& grant : grants)
            if (consider(reach, grant, now)) return;
        // Of the last file there may be more; a file that is referred to so often is found by any of its posts.
        if (grants.size() < grants_at_once) break;
        after = grants.back().file;
    }
    if (const auto next = context_.store.next_left_until(now.wall_ms))
        look_at_ = earlier(look_at_, now.mono + std::chrono::milliseconds(std::clamp<std::int64_t>(
                                                    *next - now.wall_ms, 1000, context_.config.blob_look_every_ms)));
}

bool FileUpload::is_over(const port::FileGrant& grant, Moment now) const
{
    return grant.posted_ms + context_.config.delivery_deadline_ms <= now.wall_ms; // as the message itself
}

bool FileUpload::rests(const port::FileGrant& grant, Moment now)
{
    const auto resting = rests_.find({grant.file, grant.key});
    if (resting == rests_.end() || resting->second <= now.mono) return false;
    look_at_ = earlier(look_at_, resting->second);
    return true;
}

void FileUpload::begin(const port::FileGrant& grant, std::uint64_t size_bytes)
{
    upload_ = Upload{};
    upload_->file = grant.file;
    upload_->key = grant.key;
    upload_->size_bytes = size_bytes;
    upload_->stored = transfer::PieceSet(transfer::Layout{size_bytes}.pieces());
}

// ---- what is sought -----------------------------------------------------------------------------

/// By what I posted it is that device's to have.
bool FileUpload::is_due(FileReach& reach, const port::FileGrant& grant, const DeviceId& device, Moment now)
{
    if (!grant.mine || is_over(grant, now)) return false;
    const auto members = reach.members(grant.conversation);
    return std::find(members.begin(), members.end(), device) != members.end();
}

void FileUpload::sought(FileReach& reach, const DeviceId& device, const FileId& file, Moment now)
{
    const auto grants = context_.store.file_grants(file);
    if (sought_.size() >= sought_max ||
        std::none_of(grants.begin(), grants.end(), [&](const auto& one) { return is_due(reach, one, device, now); }))
        return;
    // A link that looks alive from here may have died there; that shows within link_silence_max.
    sought_[{file, device}] = now.mono + 2 * context_.config.link_silence_max;
    look_at_ = earlier(look_at_, now.mono);
}

bool FileUpload::begin_sought(FileReach& reach, Moment now)
{
    for (auto at = sought_.begin(); at != sought_.end();) {
        const auto [file, device] = at->first;
        if (reach.way(device) && at->second > now.mono) { // link_down() looks again, or it is let go then.
            look_at_ = earlier(look_at_, at->second);
            ++at;
            continue;
        }
        at = sought_.erase(at);
        const auto* row = shelf_.find(file);
        if (reach.way(device) || row == nullptr || row->state != FileState::whole || row->size_bytes == 0) continue;
        for (const auto& grant : context_.store.file_grants(file))
            if (is_due(reach, grant, device, now) && !rests(grant, now)) return begin(grant, row->size_bytes), true;
    }
    return false;
}

// ---- what others may lack -----------------------------------------------------------------------

/// True: its upload begins.
bool FileUpload::consider(FileReach& reach, const port::FileGrant& grant, Moment now)
{
    const auto* row = shelf_.find(grant.file);
    if (row == nullptr || row->state != FileState::whole) return false;
    if (is_over(grant, now)) {
        context_.store.set_grants_served(grant.file, grant.conversation);
        return false;
    }
    if (rests(grant, now)) return false;
    // One device of an account gives it to the others.
    const auto had = context_.store.file_had(grant.file);
    std::map<std::string, bool> linked;
    const auto members = reach.members(grant.conversation);
    for (const auto& device : members)
        if (!reach.is_own(device)) {
            auto& its = linked[reach.owner(device)];
            its =
                its || reach.way(device).has_value() || std::binary_search(had.begin(), had.end(), reach.owner(device));
        }
    // Among own devices each has to get it; a path to it may be a moment away.
    if (linked.empty() && !members.empty()) {
        const auto waits_ms = row->added_ms + own_wait_ms - now.wall_ms;
        if (waits_ms > 0) {
            look_at_ = earlier(look_at_, now.mono + std::chrono::milliseconds(std::min(waits_ms, own_wait_ms)));
            return false;
        }
        for (const auto& device : members)
            linked[to_hex(device.view())] = reach.way(device).has_value();
    }
    if (std::all_of(linked.begin(), linked.end(), [](const auto& one) { return one.second; })) {
        if (!linked.empty()) look_at_ = earlier(look_at_, now.mono + context_.config.blob_retry_min);
        return false;
    }
    if (row->size_bytes == 0) {
        context_.store.set_grants_served(grant.file, grant.conversation);
        return false;
    }
    begin(grant, row->size_bytes);
    return true;
}

void FileUpload::go_on(FileReach& reach, transfer::Serving& pace, Moment now)
{
    blocked_ = false;
    auto* session = reach.blobs();
    const auto* row = shelf_.find(upload_->file);
    if (row == nullptr || row->state != FileState::whole) return upload_.reset();
    if (session == nullptr) return;
    const auto& key = upload_->key;
    const auto blob = transfer::blob_id(key, row->id);
    if (!upload_->asked) {
        upload_->asked =
            session->request(wire::relay::BlobQuery{blob}, purpose::BlobUpload{row->id, std::nullopt}, now);
        return;
    }
    if (!upload_->answered) return;
    const auto pieces = upload_->stored.pieces();
    while (upload_->out.size() < context_.config.blob_puts_max) {
        const auto piece = upload_->stored.next_missing(upload_->next);
        if (piece >= pieces) break;
        if (!pace.open(now.mono)) {
            blocked_ = true;
            return;
        }
        const auto bytes = shelf_.read(upload_->file, piece);
        if (!bytes.ok()) return rest(context_.config.blob_retry_max, now);
        auto sealed = transfer::seal_piece(key, row->id, piece, *bytes);
        pace.sent(sealed.size(), now.mono);
        if (!session->request(wire::relay::BlobPut{blob, pieces, piece, std::move(sealed)},
                              purpose::BlobUpload{row->id, piece}, now))
            return rest(context_.config.blob_retry_min, now);
        upload_->out.insert(piece);
        upload_->next = piece + 1;
        upload_->put = true;
    }
    if (!upload_->stored.full()) return;
    if (std::exchange(upload_->put, false)) { // Has it all, and until when?
        upload_->asked = upload_->answered = false;
        upload_->stored = transfer::PieceSet(pieces);
        upload_->next = pieces; // What is not there then is put in another attempt.
        look_at_ = now.mono;
        return;
    }
    const auto& config = context_.config;
    const auto again_ms = std::chrono::duration_cast<std::chrono::milliseconds>(config.blob_retry_max).count();
    context_.store.set_grants_left(
        upload_->file, key,
        std::clamp(upload_->until_ms, now.wall_ms + again_ms, now.wall_ms + config.blob_look_every_ms));
    upload_.reset();
    look_at_ = now.mono; // the next one
}

void FileUpload::rest(Duration how_long, Moment now)
{
    if (rests_.size() >= rests_max) rests_.clear();
    rests_[{upload_->file, upload_->key}] = now.mono + how_long;
    upload_.reset();
    look_at_ = earlier(look_at_, now.mono);
}

void FileUpload::answered(const purpose::BlobUpload& what, const wire::relay::Response& response, Moment now)
{
    if (!upload_ || upload_->file != what.file) return;
    const auto code = response.error.code;
    const auto& config = context_.config;
    if (!what.piece) {
        const auto* state = std::get_if<wire::relay::BlobState>(&response.body);
        if (code == ErrorCode::ok && state != nullptr && state->pieces == upload_->stored.pieces()) {
            for (const auto& range : state->stored)
                upload_->stored.add(range);
            // Somebody else's, who may take it back at any time.
            if (!state->own) return rest(config.blob_retry_max, now);
            upload_->until_ms = state->expires_ms;
        } else if (code != ErrorCode::no_such_file) {
            return rest(config.blob_retry_min, now);
        }
        upload_->answered = true;
        if (upload_->next > 0 && !upload_->stored.full()) return rest(config.blob_retry_min, now);
        return;
    }
    upload_->out.erase(*what.piece);
    if (code == ErrorCode::ok) return upload_->stored.add(*what.piece);
    if (code == ErrorCode::quota_exceeded || code == ErrorCode::unsupported)
        context_.event(event::Warning{{code,
                                       "a file cannot be left at the relay for those who are away: " +
                                           response.error.detail + "; they get it directly when both are there",
                                       0}});
    rest(is_temporary(code) ? config.blob_retry_min : config.blob_retry_max, now);
}

void FileUpload::relay_gone()
{
    upload_.reset();
}

void FileUpload::stop(const FileId& file)
{
    if (!upload_ || upload_->file != file) return;
    upload_.reset();
    look_at_ = Instant{};
}

void FileUpload::end_tick(FileReach& reach, transfer::Serving& pace, Moment now)
{
    if (look_at_ <= now.mono) choose(reach, now);
    if (upload_) go_on(reach, pace, now);
}

Instant FileUpload::deadline(const transfer::Serving& pace) const
{
    return upload_ && blocked_ ? earlier(look_at_, pace.opens()) : look_at_;
}

} // namespace godwit::engine
