// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: files as this device has them, their rows in the store and their pieces on the disk.
//
//   write ──> sync ──> mark (the row, with the tick's commit)        so what is marked is there
//   row gone or another slot (commit) ──> a later tick: removed      so what is removed is not marked
//
// What neither happened to, because the process died between, is rubbish that load() clears away.
//
// Of a file that is found damaged all pieces are looked at, a slice in each tick, before it is fetched again: what is
// missing comes in one go.
#pragma once

#include "lib/engine/context.hpp"
#include "lib/port/background_sync.hpp"
#include "lib/port/file_rows.hpp"
#include "lib/transfer/piece_set.hpp"
#include "lib/transfer/tree.hpp"

#include <list>
#include <map>

namespace godwit::engine {

class FileShelf {
public:
    FileShelf(Context& context, port::FileDoors doors) : context_(context), doors_(doors) {}

    /// There is a place for files at all.
    [[nodiscard]] bool open() const { return doors_.kept != nullptr && doors_.user != nullptr; }
    [[nodiscard]] port::FileStore& kept() { return *doors_.kept; }
    /// nullptr: syncs are made on the spot.
    [[nodiscard]] port::BackgroundSync* elsewhere() { return doors_.kept->background_sync(); }
    [[nodiscard]] port::UserFiles& user() { return *doors_.user; }

    void load();
    /// Removes what earlier ticks have let go. Looks at a slice of what is damaged.
    void end_tick();
    [[nodiscard]] bool pending() const { return !let_go_.empty() || !checks_.empty(); }

    [[nodiscard]] const port::StoredFile* find(const FileId& id);
    void put(const port::StoredFile& row);
    /// Its pieces go too.
    void remove(const FileId& id);
    /// The posts that refer to it: serving asks before each piece. Valid until the next call about grants.
    [[nodiscard]] const std::vector<port::FileGrant>& grants(const FileId& id);
    void put_grant(const port::FileGrant& grant);
    /// Returns those that were there.
    std::vector<port::FileGrant> remove_grants(const ConversationId& conversation, const MessageId& post);
    [[nodiscard]] port::FileSlot new_slot();
    /// Nothing refers to it when this tick is committed.
    void let_go(const port::FileSlot& slot);

    [[nodiscard]] static transfer::PieceSet pieces(const port::StoredFile& row);
    [[nodiscard]] static std::uint64_t done_bytes(const port::StoredFile& row, const transfer::PieceSet& pieces);
    [[nodiscard]] static FileInfo info(const port::StoredFile& row);
    /// The row's size is the file's: pieces were held against the root, which stands on it. Otherwise it is what
    /// somebody has said.
    [[nodiscard]] static bool is_proven(const port::StoredFile& row);
    /// A piece that is damaged counts as missing from now on, and all the others are looked at.
    [[nodiscard]] Result<Bytes> read(const FileId& file, std::uint32_t piece);
    /// What is there of it is not certain: it is not to be fetched until that is known.
    [[nodiscard]] bool is_checked(const FileId& file) const;
    [[nodiscard]] std::size_t checks() const { return checks_.size(); }
    /// Files that were found damaged, or looked through, since the last call.
    [[nodiscard]] std::vector<FileId> take_damaged() { return std::exchange(damaged_, {}); }
    /// The leaves, when all are here and right; empty otherwise.
    [[nodiscard]] transfer::Leaves leaves(const port::StoredFile& row, const transfer::PieceSet& pieces);
    /// storage_failed when files would leave less than the reserve, all that is promised taken into account.
    [[nodiscard]] Result<void> room_for(std::uint64_t bytes);
    [[nodiscard]] static Error no_room();
    /// So much more will be written there. What is written is taken off it.
    void promise(const port::FileSlot& slot, std::uint64_t bytes);
    void release(const port::FileSlot& slot) { promised_.erase(slot.name); }
    /// As FileStore::write, but storage_failed already when the reserve is reached.
    [[nodiscard]] Result<void> write(const port::FileSlot& slot, std::uint32_t piece, BytesView bytes);

private:
    struct Check {
        FileId file;
        port::SlotName slot;
        std::uint32_t next = 0;
        transfer::PieceSet left;
        std::uint32_t lost = 0;
    };
    void begin_check(const port::StoredFile& row, std::uint32_t damaged);
    /// True: done.
    [[nodiscard]] bool step(Check& check, std::uint64_t& budget);

    Context& context_;
    port::FileDoors doors_;
    std::map<FileId, port::StoredFile>
        known_; ///< As the store has them; serving asks for the same few again and again.
    std::map<FileId, std::vector<port::FileGrant>> grants_; ///< Likewise, but for what became of them there (served).
    std::list<Check> checks_;
    std::vector<FileId> damaged_;
    std::map<port::SlotName, std::uint64_t> promised_;
    std::uint64_t unasked_bytes_ = UINT64_MAX; ///< Written since the disk was asked for its room.
    std::vector<port::SlotName> let_go_;
    std::size_t let_go_earlier_ = 0; ///< The first so many are of committed ticks.
};

} // namespace godwit::engine
