// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_jobs.hpp"

#include "lib/base/harmless.hpp"

namespace godwit::engine {

namespace {

/// A sync of everything at the end would hold up the tick for as long as it takes to write a film.
constexpr std::uint64_t sync_every_bytes = 16 * 1024 * 1024;

/// What the application gives.
class SourceFeed final : public FileJobs::Feed {
public:
    explicit SourceFeed(std::unique_ptr<port::UserFiles::Source> source) : source_(std::move(source)) {}

    Result<Bytes> next(std::size_t size_bytes) override
    {
        const auto left = source_->size_bytes() - done_;
        auto out = source_->read(static_cast<std::size_t>(std::min<std::uint64_t>(left, size_bytes)));
        if (out.ok()) done_ += out->size();
        return out;
    }

private:
    std::unique_ptr<port::UserFiles::Source> source_;
    std::uint64_t done_ = 0;
};

Error too_busy()
{
    return {ErrorCode::busy, "other files are being added or saved: repeat when one is done", 1000};
}

} // namespace

// ---- in -----------------------------------------------------------------------------------------

void FileJobs::add(RequestId id, const request::FileAdd& add, Moment)
{
    if (full()) return context_.refuse(id, too_busy());
    if (!is_utf8(add.media_type) || add.media_type.size() > content::media_type_bytes_max)
        return context_.refuse(
            id, {ErrorCode::invalid_argument,
                 "media_type: UTF-8, at most " + std::to_string(content::media_type_bytes_max) + " bytes", 0});
    auto source = shelf_.user().open(add.path);
    if (!source.ok()) return context_.refuse(id, std::move(source).error());
    const auto size = (*source)->size_bytes();
    if (size > file_bytes_max)
        return context_.refuse(
            id, {ErrorCode::quota_exceeded, "files have at most " + std::to_string(file_bytes_max) + " bytes", 0});
    if (auto room = shelf_.room_for(size); !room.ok()) return context_.refuse(id, room.error());
    Adding job;
    job.feed = std::make_unique<SourceFeed>(*std::move(source));
    job.done = [this, id](const Result<FileInfo>& info, Moment) {
        if (info.ok())
            context_.reply(id, *info);
        else
            context_.refuse(id, info.error());
    };
    job.name = harmless_name(add.name.empty() ? add.path : add.name);
    job.media_type = add.media_type;
    job.slot = shelf_.new_slot();
    shelf_.promise(job.slot, size);
    adding_.push_back(std::move(job));
}

Result<void> FileJobs::add(std::unique_ptr<Feed> feed, const std::string& name, Done done)
{
    if (full()) return too_busy();
    Adding job;
    job.feed = std::move(feed);
    job.done = std::move(done);
    job.name = name;
    job.slot = shelf_.new_slot();
    adding_.push_back(std::move(job));
    return {};
}

std::optional<Result<FileId>> FileJobs::step(Adding& job, std::uint64_t& budget, Moment now)
{
    while (!job.read) {
        if (budget == 0) return std::nullopt;
        const auto chunk = job.feed->next(transfer::chunk_bytes);
        if (!chunk.ok()) return Result<FileId>(chunk.error());
        job.read = chunk->size() < transfer::chunk_bytes;
        if (chunk->empty()) break;
        if (job.hasher.size_bytes() + chunk->size() > file_bytes_max)
            return Result<FileId>(
                Error{ErrorCode::quota_exceeded, "files have at most " + std::to_string(file_bytes_max) + " bytes", 0});
        const auto piece = static_cast<std::uint32_t>(job.hasher.leaves().size());
        job.hasher.chunk(*chunk);
        if (auto written = shelf_.write(job.slot, piece, *chunk); !written.ok()) return Result<FileId>(written.error());
        job.unsynced += chunk->size();
        if (job.unsynced >= sync_every_bytes) {
            job.unsynced = 0;
            if (auto synced = shelf_.kept().sync(job.slot); !synced.ok()) return Result<FileId>(synced.error());
        }
        budget -= std::min<std::uint64_t>(budget, chunk->size());
    }
    return finish(job, now);
}

Result<FileId> FileJobs::finish(Adding& job, Moment now)
{
    const auto id = job.hasher.root();
    const auto* known = shelf_.find(id);
    if (known != nullptr && known->state == FileState::whole) {
        shelf_.let_go(job.slot);
        return id;
    }
    const transfer::Layout layout{job.hasher.size_bytes()};
    for (auto piece = layout.chunks(); piece < layout.pieces(); ++piece)
        if (auto written = shelf_.write(job.slot, piece, transfer::leaf_piece(layout, job.hasher.leaves(), piece));
            !written.ok())
            return written.error();
    if (layout.pieces() > 0)
        if (auto synced = shelf_.kept().sync(job.slot); !synced.ok()) return synced.error();

    shelf_.release(job.slot);
    port::StoredFile row;
    if (known != nullptr) {
        row = *known; // somebody's reference: its key and name stay
        row.size_bytes = layout.size_bytes;
        row.wanted_by.clear();
        shelf_.let_go(row.slot);
    } else {
        row.id = id;
        row.size_bytes = layout.size_bytes;
        row.name = job.name;
        row.media_type = job.media_type;
        row.added_ms = now.wall_ms;
        context_.entropy.fill(row.key.bytes);
    }
    row.state = FileState::whole;
    row.slot = layout.pieces() > 0 ? job.slot : port::FileSlot{};
    row.pieces = transfer::PieceSet::all(layout.pieces()).to_bytes();
    shelf_.put(row);
    return id;
}

// ---- out ----------------------------------------------------------------------------------------

void FileJobs::save(RequestId id, const request::FileSave& save)
{
    if (full()) return context_.refuse(id, too_busy());
    const auto* row = shelf_.find(save.file);
    if (row == nullptr || row->state != FileState::whole)
        return context_.refuse(id,
                               {ErrorCode::no_such_file, "this file is not here, or not whole yet: fetch it first", 0});
    auto target = shelf_.user().create(save.path, row->name, save.replace);
    if (!target.ok()) return context_.refuse(id, std::move(target).error());
    saving_.push_back({id, save.file, *std::move(target), 0});
}

std::optional<Result<void>> FileJobs::step(Saving& job, std::uint64_t& budget)
{
    const auto* row = shelf_.find(job.file);
    if (row == nullptr || row->state != FileState::whole)
        return Result<void>(Error{ErrorCode::no_such_file, "the file was removed while it was saved", 0});
    const transfer::Layout layout{row->size_bytes};
    for (; job.next < layout.chunks(); ++job.next) {
        if (budget == 0) return std::nullopt;
        const auto chunk = shelf_.read(job.file, job.next);
        if (!chunk.ok()) return Result<void>(chunk.error());
        if (auto written = job.target->write(*chunk); !written.ok()) return written;
        budget -= std::min<std::uint64_t>(budget, chunk->size());
    }
    return job.target->finish();
}

// ---- the tick -----------------------------------------------------------------------------------

std::vector<FileId> FileJobs::end_tick(Moment now)
{
    std::vector<FileId> whole;
    std::uint64_t budget = context_.config.file_slice_bytes_max;
    for (auto at = adding_.begin(); at != adding_.end();) {
        const auto done = step(*at, budget, now);
        if (!done) {
            ++at;
            continue;
        }
        if (done->ok()) {
            auto info = FileShelf::info(*shelf_.find(**done));
            info.name = at->name; // as it is called here; the reference may say so
            if (!at->media_type.empty()) info.media_type = at->media_type;
            at->done(info, now);
            whole.push_back(**done);
        } else {
            shelf_.let_go(at->slot);
            at->done(done->error(), now);
        }
        at = adding_.erase(at);
    }
    for (auto at = saving_.begin(); at != saving_.end();) {
        const auto done = step(*at, budget);
        if (!done) {
            ++at;
            continue;
        }
        if (done->ok())
            context_.reply(at->request, SavedFile{at->target->path()});
        else
            context_.refuse(at->request, done->error());
        at = saving_.erase(at);
    }
    return whole;
}

} // namespace godwit::engine
