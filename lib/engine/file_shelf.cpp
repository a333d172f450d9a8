// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_shelf.hpp"

#include "lib/base/harmless.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

constexpr std::size_t known_max = 256;

} // namespace

void FileShelf::load()
{
    if (!open()) return;
    const auto names = kept().names();
    if (!names.ok()) return context_.log("files: " + names.error().detail);
    // Not removed before this tick is committed: a Store that cannot read knows of none, and then commits nothing
    // either.
    for (const auto& name : *names)
        if (!context_.store.has_slot(name)) let_go_.push_back(name);
}

void FileShelf::end_tick()
{
    for (std::size_t i = 0; i < let_go_earlier_; ++i)
        (void)kept().remove(let_go_[i]);
    let_go_.erase(let_go_.begin(), let_go_.begin() + static_cast<std::ptrdiff_t>(let_go_earlier_));
    let_go_earlier_ = let_go_.size();
    std::uint64_t budget = context_.config.file_slice_bytes_max;
    while (!checks_.empty() && budget > 0 && step(checks_.front(), budget))
        checks_.pop_front();
}

const port::StoredFile* FileShelf::find(const FileId& id)
{
    if (const auto at = known_.find(id); at != known_.end()) return &at->second;
    auto row = context_.store.file(id);
    if (!row) return nullptr;
    if (known_.size() >= known_max) known_.clear();
    return &known_.emplace(id, *std::move(row)).first->second;
}

void FileShelf::put(const port::StoredFile& row)
{
    context_.store.put_file(row);
    if (known_.size() >= known_max) known_.clear();
    known_.insert_or_assign(row.id, row);
}

void FileShelf::remove(const FileId& id)
{
    if (const auto* row = find(id)) let_go(row->slot);
    context_.store.remove_file(id);
    known_.erase(id);
}

const std::vector<port::FileGrant>& FileShelf::grants(const FileId& id)
{
    if (const auto at = grants_.find(id); at != grants_.end()) return at->second;
    if (grants_.size() >= known_max) grants_.clear();
    return grants_.emplace(id, context_.store.file_grants(id)).first->second;
}

void FileShelf::put_grant(const port::FileGrant& grant)
{
    context_.store.put_file_grant(grant);
    grants_.erase(grant.file);
}

std::vector<port::FileGrant> FileShelf::remove_grants(const ConversationId& conversation, const MessageId& post)
{
    auto gone = context_.store.remove_file_grants(conversation, post);
    for (const auto& grant : gone)
        grants_.erase(grant.file);
    return gone;
}

port::FileSlot FileShelf::new_slot()
{
    port::FileSlot out;
    context_.entropy.fill(out.name.bytes);
    context_.entropy.fill(out.key.bytes);
    return out;
}

void FileShelf::let_go(const port::FileSlot& slot)
{
    if (slot.name.is_zero()) return;
    let_go_.push_back(slot.name);
    release(slot);
}

transfer::PieceSet FileShelf::pieces(const port::StoredFile& row)
{
    const auto count = transfer::Layout{row.size_bytes}.pieces();
    return transfer::PieceSet::from_bytes(count, row.pieces).value_or(transfer::PieceSet(count));
}

std::uint64_t FileShelf::done_bytes(const port::StoredFile& row, const transfer::PieceSet& pieces)
{
    const transfer::Layout layout{row.size_bytes};
    std::uint64_t out = 0;
    for (const auto& range : pieces.ranges(pieces.pieces())) {
        if (!layout.is_chunk(range.first)) break;
        const auto end = std::min(layout.chunks(), range.first + range.count);
        out += std::min(row.size_bytes, layout.chunk_offset(end)) - layout.chunk_offset(range.first);
    }
    return out;
}

FileInfo FileShelf::info(const port::StoredFile& row)
{
    FileInfo out;
    out.id = row.id;
    out.key = row.key;
    out.size_bytes = row.size_bytes;
    out.name = row.name;
    out.media_type = harmless_media_type(row.media_type); // As in messages.
    out.state = row.state;
    out.done_bytes = row.state == FileState::whole ? row.size_bytes : done_bytes(row, pieces(row));
    return out;
}

Result<Bytes> FileShelf::read(const FileId& file, std::uint32_t piece)
{
    const auto* row = find(file);
    if (row == nullptr) return Error{ErrorCode::no_such_file, "the file was removed", 0};
    auto bytes = kept().read(row->slot, piece, transfer::Layout{row->size_bytes}.piece_bytes(piece));
    if (bytes.ok() || bytes.error().code != ErrorCode::storage_corrupt) return bytes;
    if (pieces(*row).has(piece) && !is_checked(file)) begin_check(*row, piece);
    return Error{ErrorCode::storage_corrupt,
                 bytes.error().detail +
                     "; what is missing is fetched again from whoever has it: wait until the file is whole",
                 0};
}

// ---- damage -------------------------------------------------------------------------------------

bool FileShelf::is_checked(const FileId& file) const
{
    return std::any_of(checks_.begin(), checks_.end(), [&](const Check& one) { return one.file == file; });
}

void FileShelf::begin_check(const port::StoredFile& damaged_row, std::uint32_t damaged)
{
    auto row = damaged_row;
    auto left = pieces(row);
    left.remove(damaged);
    row.pieces = left.to_bytes();
    if (row.state == FileState::whole) { // somebody else may have it
        row.state = FileState::fetching;
        row.wanted_by.clear();
    }
    put(row);
    damaged_.push_back(row.id);
    checks_.push_back({row.id, row.slot.name, 0, std::move(left), 1});
}

bool FileShelf::step(Check& check, std::uint64_t& budget)
{
    const auto* row = find(check.file);
    if (row == nullptr || row->slot.name != check.slot) return true; // Gone, or added anew.
    const transfer::Layout layout{row->size_bytes};
    if (check.next == 0) // Removed as a whole: no need to look for each.
        if (const auto names = kept().names();
            names.ok() && std::find(names->begin(), names->end(), check.slot) == names->end()) {
            check.lost += check.left.count();
            check.left = transfer::PieceSet(layout.pieces());
        }
    for (; check.next < layout.pieces(); ++check.next) {
        if (!check.left.has(check.next)) continue;
        if (budget == 0) return false;
        const auto size = layout.piece_bytes(check.next);
        budget -= std::min<std::uint64_t>(budget, size);
        if (const auto bytes = kept().read(row->slot, check.next, size);
            bytes.ok() || bytes.error().code != ErrorCode::storage_corrupt)
            continue;
        check.left.remove(check.next);
        ++check.lost;
    }
    auto mended = *row;
    mended.pieces = check.left.to_bytes();
    put(mended);
    damaged_.push_back(mended.id);
    context_.event(event::Warning{{ErrorCode::storage_corrupt,
                                   "of the file " + mended.name + " " + std::to_string(check.lost) + " of " +
                                       std::to_string(layout.pieces()) +
                                       " pieces are damaged here, and are fetched again from whoever has it; if nobody "
                                       "has, add it again",
                                   0}});
    return true;
}

transfer::Leaves FileShelf::leaves(const port::StoredFile& row, const transfer::PieceSet& pieces)
{
    const transfer::Layout layout{row.size_bytes};
    transfer::Leaves out(layout.chunks());
    for (auto piece = layout.chunks(); piece < layout.pieces(); ++piece) {
        const auto bytes =
            pieces.has(piece) ? kept().read(row.slot, piece, layout.piece_bytes(piece)) : Result<Bytes>(Error{});
        if (!bytes.ok()) return {};
        const auto first = std::size_t{piece - layout.chunks()} * transfer::leaves_per_piece;
        for (std::size_t i = 0; i < bytes->size() / transfer::leaf_bytes; ++i)
            std::copy_n(bytes->data() + i * transfer::leaf_bytes, transfer::leaf_bytes, out[first + i].begin());
    }
    if (layout.leaf_pieces() == 0 || transfer::root_of(row.size_bytes, out) != row.id) return {};
    return out;
}

bool FileShelf::is_proven(const port::StoredFile& row)
{
    return row.state == FileState::whole || pieces(row).count() > 0;
}

// ---- room ---------------------------------------------------------------------------------------

Error FileShelf::no_room()
{
    return {ErrorCode::storage_failed, "the disk has no room for it: make some", 0};
}

Result<void> FileShelf::room_for(std::uint64_t bytes)
{
    const auto room = kept().room_bytes();
    if (!room.ok()) return room.error();
    auto taken = context_.config.disk_reserve_bytes + bytes; // files have 4 GiB at most
    for (const auto& [slot, promised] : promised_)
        taken += promised;
    return *room < taken ? Result<void>(no_room()) : Result<void>();
}

void FileShelf::promise(const port::FileSlot& slot, std::uint64_t bytes)
{
    if (bytes > 0 && !slot.name.is_zero()) promised_[slot.name] = bytes;
}

Result<void> FileShelf::write(const port::FileSlot& slot, std::uint32_t piece, BytesView bytes)
{
    if (unasked_bytes_ >= context_.config.room_asked_every_bytes) {
        const auto room = kept().room_bytes();
        if (!room.ok()) return room.error();
        if (*room < context_.config.disk_reserve_bytes + bytes.size()) return no_room();
        unasked_bytes_ = 0;
    }
    auto written = kept().write(slot, piece, bytes);
    if (!written.ok()) {
        unasked_bytes_ = UINT64_MAX;
        return written;
    }
    unasked_bytes_ += bytes.size();
    if (const auto at = promised_.find(slot.name); at != promised_.end())
        at->second -= std::min<std::uint64_t>(at->second, bytes.size());
    return written;
}

} // namespace godwit::engine
