// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: files. The engine says what happens (a post, a link, a frame, a tick); the parts do the rest.
//
//   file_shelf   rows and pieces, and in which order they become durable
//   file_jobs    the user's files, in and out
//   file_fetch   on their way here: which, when    file_sources from whom, and what they give
//   file_serve   for others                        file_requests  what the application asks
//   file_upload  for those who cannot be reached   file_drop   and away from there when it was taken back
//   file_awaited  of posts that were removed here: what others are still to get
#pragma once

#include <godwit/content.hpp>

#include "lib/engine/file_drop.hpp"
#include "lib/engine/file_fetch.hpp"
#include "lib/engine/file_jobs.hpp"
#include "lib/engine/file_serve.hpp"
#include "lib/engine/file_upload.hpp"
#include "lib/engine/group_book.hpp"
#include "lib/transfer/sticker_pack.hpp"

namespace godwit::engine {

/// Files that one post may refer to: a forwarded one has those of its items.
inline constexpr std::size_t files_per_post_max = 128;
/// The files that a post of this body refers to, those of forwarded items too: each once, the first so many.
[[nodiscard]] std::vector<content::FileRef> files_of(content::Body body);

class Files {
public:
    Files(Context& context, port::FileDoors doors);

    void start();

    // Posts.
    /// Before a post of ours is made. Errors: invalid_argument when it says of a file what is not so, no_such_file when
    /// nothing is known of it here.
    [[nodiscard]] Result<void> may_refer(const content::Body& body);
    /// Gives each reference a key of this device's: what others left at the relay under theirs is theirs to take back.
    /// Returns the references.
    std::vector<content::FileRef> refer(content::Body& body);
    /// One that refers to a file is in the history now. `mine`: this device has sent it.
    void posted(const ConversationId& conversation, const MessageId& post, const std::string& author,
                const content::FileRef& file, bool mine, Moment now);
    /// The picture of a group is a file of its conversation's; nullptr: it has none, or this account is not in it any
    /// more.
    void avatar(const ConversationId& group, const content::FileRef* file, const GroupBook::Picture& about,
                const std::string& own_user, Moment now);
    /// It does not stand any more. What only it referred to goes from this device.
    void withdrawn(const ConversationId& conversation, const MessageId& post);
    /// It was removed here alone. `of_others`: somebody else is in its conversation, and what this device has sent them
    /// stays until they have it, or have had their time.
    void removed(const ConversationId& conversation, const MessageId& post, bool of_others, Moment now);

    // Files of our own.
    [[nodiscard]] bool open() const { return shelf_.open(); }
    /// As FileJobs::add. Precondition: open().
    [[nodiscard]] Result<void> add(std::unique_ptr<FileJobs::Feed> feed, const std::string& name, FileJobs::Done done)
    {
        return jobs_.add(std::move(feed), name, std::move(done));
    }
    /// False: nothing here refers to it.
    bool fetch(const FileId& file);
    [[nodiscard]] bool is_whole(const FileId& file);
    /// Precondition: whole.
    [[nodiscard]] std::unique_ptr<port::UserFiles::Source> open_kept(const FileId& file);
    /// No post ever referred to it.
    void forget(const FileId& file) { shelf_.remove(file); }

    // What the application asks.
    void ask(RequestId id, const request::FileAdd& add, Moment now);
    void ask(RequestId id, const request::FileFetch& fetch, Moment now);
    void ask(RequestId id, const request::FileSave& save, Moment now);
    void ask(RequestId id, const request::FilePause& pause, Moment now);
    void ask(RequestId id, const request::FileResume& resume, Moment now);
    void ask(RequestId id, const request::FileCancel& cancel, Moment now);
    void ask(RequestId id, const request::Files&, Moment now);
    void ask(RequestId id, const request::StickerPack& pack, Moment now);
    void ask(RequestId id, const request::StickerImage& sticker, Moment now);
    void ask(RequestId id, const request::SetRate& rate, Moment now);
    void ask(RequestId id, const request::SetAutoFetch& bound, Moment now);
    /// What files may take each way while a call takes the same path, bytes a second; 0: no call is in their way.
    void share(std::uint64_t bytes_per_s);
    /// Pieces are on their way from here, to other devices or to the relay.
    [[nodiscard]] bool sends() const;

    // What links say.
    [[nodiscard]] static bool is_about_files(const wire::peer::Frame& frame);
    /// False: nonsense.
    bool frame(FileReach& reach, LinkId link, const DeviceId& device, const wire::peer::Frame& frame, Moment now);
    /// That device finds this file nowhere.
    void sought(FileReach& reach, const DeviceId& device, const FileId& file, Moment now);
    /// Links or who is whose have changed.
    void look(Moment now);
    void link_down(LinkId link, Moment now);
    void relay_gone();
    /// As FileFetch::owes.
    [[nodiscard]] bool owes(LinkId link) const { return fetch_.owes(link); }
    void answered(const purpose::BlobFetch& what, const wire::relay::Response& response, Moment now);
    void answered(const purpose::BlobUpload& what, const wire::relay::Response& response, Moment now);
    void answered(const purpose::BlobDrop& what, const wire::relay::Response& response, Moment now);
    /// A Compute effect has run. False: none of files.
    bool computed(std::uint64_t job, Moment now) { return fetch_.synced(job, now); }

    void end_tick(FileReach& reach, Moment now);
    [[nodiscard]] Instant deadline(Instant now) const;

private:
    /// nullptr: refused, because there is no such file, or no place for any.
    [[nodiscard]] const port::StoredFile* known(RequestId id, const FileId& file);
    [[nodiscard]] bool refused(RequestId id);
    void load_settings();
    void set_rates();
    /// A file that nobody has asked for may come.
    [[nodiscard]] bool comes_by_itself(const std::string& author, const content::FileRef& file);
    /// What is left of the posts that say something of it is what it is taken for.
    void settle_size(const FileId& file);
    void take_damaged();
    /// What a post had granted is granted no more. `nowhere`: at the relay, too.
    void let_go(const port::FileGrant& grant, bool nowhere);
    [[nodiscard]] bool is_awaited(const port::FileGrant& grant, Moment now) const;
    void look_at_awaited(Moment now);
    void load_awaited();
    void save_awaited();
    [[nodiscard]] Result<void> may_send(const content::Sticker& sticker);
    /// What is in it; valid until the next call. Precondition: whole. Errors: of read_pack.
    [[nodiscard]] Result<const std::vector<transfer::PackedSticker>*> pack_of(const port::StoredFile& row);
    [[nodiscard]] bool is_key_of(const port::StoredFile& row, const FileKey& key);
    [[nodiscard]] FileKey own_key(const content::FileRef& file);

    Context& context_;
    FileShelf shelf_;
    FileJobs jobs_;
    FileFetch fetch_;
    FileServe serve_;
    FileUpload upload_;
    FileDrop drop_;
    std::uint64_t auto_fetch_bytes_max_;
    std::uint64_t rate_up_ = 0, rate_down_ = 0; ///< As the user wants them.
    std::uint64_t share_ = 0;
    /// The last pack that was looked into: who sends a sticker sends more of the same one. By its hash, so it is true.
    std::optional<std::pair<FileId, std::vector<transfer::PackedSticker>>> pack_;
    bool total_told_ = false; ///< That no more comes by itself.
    /// Of posts that were removed here, what others are still to get; as in the store, at most awaited_max.
    struct Awaited {
        FileId file;
        ConversationId conversation;
        MessageId post;
    };
    std::vector<Awaited> awaited_;
    Instant awaited_looked_{}; ///< Looked at again then.
};

} // namespace godwit::engine
