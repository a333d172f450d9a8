// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/file_shelf.hpp"

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
    for (const auto& name : *names)
        if (!context_.store.has_slot(name)) (void)kept().remove(name); // else it is rubbish for longer
}

void FileShelf::end_tick()
{
    for (std::size_t i = 0; i < let_go_earlier_; ++i)
        (void)kept().remove(let_go_[i]);
    let_go_.erase(let_go_.begin(), let_go_.begin() + static_cast<std::ptrdiff_t>(let_go_earlier_));
    let_go_earlier_ = let_go_.size();
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

port::FileSlot FileShelf::new_slot()
{
    port::FileSlot out;
    context_.entropy.fill(out.name.bytes);
    context_.entropy.fill(out.key.bytes);
    return out;
}

void FileShelf::let_go(const port::FileSlot& slot)
{
    if (!slot.name.is_zero()) let_go_.push_back(slot.name);
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
    out.media_type = row.media_type;
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
    auto mended = *row;
    auto left = pieces(mended);
    if (!left.has(piece)) return bytes;
    left.remove(piece);
    mended.pieces = left.to_bytes();
    if (mended.state == FileState::whole) mended.state = FileState::fetching; // somebody else may have it
    put(mended);
    damaged_ = true;
    context_.event(event::Warning{{ErrorCode::storage_corrupt,
                                   "a part of the file " + mended.name + " is damaged here, and is fetched again", 0}});
    return bytes;
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

Result<void> FileShelf::room_for(std::uint64_t bytes)
{
    const auto room = kept().room_bytes();
    if (!room.ok()) return room.error();
    if (*room < bytes + context_.config.disk_reserve_bytes)
        return Error{ErrorCode::storage_failed, "the disk has no room for it: make some", 0};
    return {};
}

} // namespace godwit::engine
