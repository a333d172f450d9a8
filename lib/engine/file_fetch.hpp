// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: files on their way here.
//
//   asked for ──> devices of the conversations that refer to it: a link? what do you have? ──┐
//             └─> nobody for a while: the relay's blob ─────────────────────────────────────┤
//   pieces ──> judged (lib/transfer) ──> written ──> synced and marked now and then ──> whole ◄┘
//
// The disk is waited for on another thread (Compute), one sync a file at a time; what was written when it began is then
// marked, and more comes meanwhile.
//
// Up to files_at_once_max at a time; the others wait in the store, and those that nobody gives make room. What the user
// asked for goes before what comes by itself. Disk full: all rest, and go on by themselves.
//
// What a post says of a file, its size and its key, need not be so: posts of others may say otherwise. Until pieces
// were held against the root, whoever offers something is heard, one size after the other, and the relay is asked under
// one key after the other.
#pragma once

#include "lib/engine/file_reach.hpp"
#include "lib/engine/file_shelf.hpp"
#include "lib/transfer/downloads.hpp"

#include <set>

namespace godwit::engine {

class FileFetch {
public:
    FileFetch(Context& context, FileShelf& shelf) : context_(context), shelf_(shelf) {}

    void load();
    /// Its row says fetching now, because the user has asked: begins, or waits its turn.
    void wanted(const FileId& file);
    /// What is here stays and is marked; nothing more is asked for.
    void stop(const FileId& file);
    /// What is here is of no use any more.
    void drop(const FileId& file);
    /// Who has it may have changed: a post came, a link.
    void look() { look_ = true; }
    void set_rate(std::uint64_t bytes_per_s) { downloads_.set_rate(bytes_per_s); }
    /// Longer ones do not come by themselves.
    void set_automatic_max(std::uint64_t bytes) { automatic_bytes_max_ = bytes; }

    void link_down(LinkId link);
    void relay_gone();
    /// The far side of this link owes pieces: whether it is still there is worth asking.
    [[nodiscard]] bool owes(LinkId link) const { return downloads_.owes(link); }
    // Frames of a peer. False: nonsense.
    bool have(LinkId link, const wire::peer::FileHave& have, Moment now);
    void gone(LinkId link, const wire::peer::FileGone& gone);
    bool piece(LinkId link, const DeviceId& device, const wire::peer::FilePiece& piece, Moment now);
    /// A sync of ours has come to an end. False: it is none.
    bool synced(std::uint64_t job, Moment now);
    /// Of a BlobQuery or BlobGet of ours.
    void answered(const purpose::BlobFetch& what, const wire::relay::Response& response, Moment now);

    void end_tick(FileReach& reach, Moment now);
    [[nodiscard]] Instant deadline(Instant now) const;

    [[nodiscard]] bool active(const FileId& file) const { return fetches_.contains(file); }
    /// Its size is what the root says. Precondition: active.
    [[nodiscard]] bool is_proven(const FileId& id) const;
    /// Of one that is active; the row's otherwise.
    [[nodiscard]] FileInfo info(const port::StoredFile& row) const;
    /// Which have become whole, or more, in this tick: others may be told.
    [[nodiscard]] std::vector<FileId> take_grown() { return std::exchange(grown_, {}); }

private:
    struct Fetch {
        bool automatic = false;
        Instant since{}; ///< Begun, or lost its last device.
        struct Via {
            DeviceId device;
            Instant asked_at{};
        };
        std::map<LinkId, Via> via; ///< Asked what they have.
        std::uint32_t unmarked_bytes = 0;
        Instant mark_at = never;
        std::uint64_t sync = 0; ///< Under way; 0: none.
        Instant shown_at{};
        bool changed = false;          ///< Since it was shown.
        transfer::SourceId source = 0; ///< Of the last piece, while it gives more; `path` says by which way it came.
        std::string from;
        Path path = Path::none; ///< none: nobody gives it now.
        struct Blob {
            FileKey key;
            std::uint64_t size_bytes = 0;
            friend auto operator<=>(const Blob&, const Blob&) = default;
        };
        Blob blob;                 ///< Asked for last.
        std::size_t blob_turn = 0; ///< Which of those that posts name is asked for next.
        bool relay_asked = false;  ///< And not answered.
        bool missed = false;       ///< Nor is it there under any key: who posted it is to be told.
        Instant relay_retry_at{};
        Duration relay_retry{};
    };
    using Fetches = std::map<FileId, Fetch>;
    struct Sync {
        FileId file;
        port::FileSlot slot;
        transfer::PieceSet pieces; ///< Written when it began.
        /// Empty: it has not run. Set on another thread, before the job is reported.
        std::shared_ptr<std::optional<Result<void>>> outcome;
    };
    /// What is being left at the relay just now is asked for so much sooner.
    static constexpr int growing_sooner = 5;

    void begin_some(Moment now);
    [[nodiscard]] std::vector<port::StoredFile> waiting(bool asked, Moment now);
    void make_room(std::size_t asked, std::size_t automatic, Moment now);
    /// Precondition: active, not proven. False: no post says so, or it is not to come by itself.
    [[nodiscard]] bool try_size(const FileId& id, std::uint64_t size_bytes);
    /// Whoever was asked lied: another post may name another key, or size.
    [[nodiscard]] std::vector<Fetch::Blob> blobs_of(const FileId& id);
    /// False: the disk has no room for this one.
    [[nodiscard]] bool begin(port::StoredFile row, Moment now);
    void give_turn(port::StoredFile& row);
    void ask_around(FileReach& reach, Moment now);
    void ask_relay(FileReach& reach, const FileId& id, Fetch& fetch, Moment now);
    /// Returns how many were told.
    std::size_t ask_authors(FileReach& reach, const FileId& id, Moment now);
    /// What comes from there comes no more.
    void source_lost(transfer::SourceId source);
    void send_asks(FileReach& reach, Moment now);
    /// Judged, written. False: bad.
    bool take(const FileId& id, transfer::SourceId source, std::uint32_t piece, BytesView bytes, Moment now);
    [[nodiscard]] bool write(const FileId& id, std::uint32_t piece, BytesView bytes, Moment now);
    /// Has what was written synced, and then marked: at once where nothing was.
    void mark(const FileId& id, Moment now);
    /// These are durable.
    void marked(const FileId& id, const transfer::PieceSet& pieces, Moment now);
    void done(const FileId& id);
    void disk_trouble(const Error& why, Moment now);
    void show(const FileId& id, Fetch& fetch, Moment now);

    Context& context_;
    FileShelf& shelf_;
    transfer::Downloads downloads_;
    Fetches fetches_;
    std::map<std::uint64_t, Sync> syncs_;         ///< By job; their fetch may be gone.
    std::set<std::pair<FileId, DeviceId>> liars_; ///< Gave what the file has not: not asked for it again.
    std::set<std::pair<FileId, Fetch::Blob>> relay_liars_;
    std::map<LinkId, std::string> owners_; ///< Of links that are asked.
    std::vector<FileId> grown_;
    bool look_ = true;
    Instant look_at_ = never;
    Instant disk_rests_until_{};
    bool disk_told_ = false;
    std::int64_t turn_ = 0; ///< The last one given.
    std::uint64_t automatic_bytes_max_ = 0;
};

} // namespace godwit::engine
