// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: files as this device has them, their rows in the store and their pieces on the disk.
//
//   write ──> sync ──> mark (the row, with the tick's commit)        so what is marked is there
//   row gone or another slot (commit) ──> a later tick: removed      so what is removed is not marked
//
// What neither happened to, because the process died between, is rubbish that load() clears away.
#pragma once

#include "lib/engine/context.hpp"
#include "lib/port/file_rows.hpp"
#include "lib/transfer/piece_set.hpp"
#include "lib/transfer/tree.hpp"

#include <map>

namespace godwit::engine {

class FileShelf {
public:
    FileShelf(Context& context, port::FileDoors doors) : context_(context), doors_(doors) {}

    /// There is a place for files at all.
    [[nodiscard]] bool open() const { return doors_.kept != nullptr && doors_.user != nullptr; }
    [[nodiscard]] port::FileStore& kept() { return *doors_.kept; }
    [[nodiscard]] port::UserFiles& user() { return *doors_.user; }

    void load();
    /// Removes what earlier ticks have let go.
    void end_tick();
    [[nodiscard]] bool pending() const { return !let_go_.empty(); }

    [[nodiscard]] const port::StoredFile* find(const FileId& id);
    void put(const port::StoredFile& row);
    /// Its pieces go too.
    void remove(const FileId& id);
    [[nodiscard]] port::FileSlot new_slot();
    /// Nothing refers to it when this tick is committed.
    void let_go(const port::FileSlot& slot);

    [[nodiscard]] static transfer::PieceSet pieces(const port::StoredFile& row);
    [[nodiscard]] static std::uint64_t done_bytes(const port::StoredFile& row, const transfer::PieceSet& pieces);
    [[nodiscard]] static FileInfo info(const port::StoredFile& row);
    /// A piece that is damaged counts as missing from now on, and is fetched again.
    [[nodiscard]] Result<Bytes> read(const FileId& file, std::uint32_t piece);
    /// Something was found damaged since the last call.
    [[nodiscard]] bool take_damaged() { return std::exchange(damaged_, false); }
    /// The leaves, when all are here and right; empty otherwise.
    [[nodiscard]] transfer::Leaves leaves(const port::StoredFile& row, const transfer::PieceSet& pieces);
    /// storage_failed when files would leave less than the reserve.
    [[nodiscard]] Result<void> room_for(std::uint64_t bytes);

private:
    Context& context_;
    port::FileDoors doors_;
    std::map<FileId, port::StoredFile>
        known_; ///< As the store has them; serving asks for the same few again and again.
    bool damaged_ = false;
    std::vector<port::SlotName> let_go_;
    std::size_t let_go_earlier_ = 0; ///< The first so many are of committed ticks.
};

} // namespace godwit::engine
