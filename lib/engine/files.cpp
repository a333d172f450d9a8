// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/files.hpp"

#include "lib/base/harmless.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/wire/bundles.hpp"
#include "lib/wire/content.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

/// All references in it, to look at or to change.
template <class Visit>
void each_file(content::Body& body, const Visit& visit, int depth = 0)
{
    if (auto* attachment = std::get_if<content::Attachment>(&body)) visit(attachment->file);
    if (auto* sticker = std::get_if<content::Sticker>(&body)) visit(sticker->pack);
    auto* forwarded = std::get_if<content::Forwarded>(&body);
    if (forwarded == nullptr || depth >= wire::bundle_levels_max) return;
    for (auto& item : forwarded->items) {
        if (item.body.empty()) continue;
        auto inner = wire::decode_body(item.body);
        if (!inner) continue;
        const auto before = *inner;
        each_file(*inner, visit, depth + 1);
        if (*inner != before) item.body = wire::encode(*inner);
    }
}

} // namespace

std::vector<content::FileRef> files_of(content::Body body)
{
    std::vector<content::FileRef> out;
    each_file(body, [&](const content::FileRef& file) {
        if (out.size() < files_per_post_max &&
            std::none_of(out.begin(), out.end(), [&](const auto& one) { return one.id == file.id; }))
            out.push_back(file);
    });
    return out;
}

Files::Files(Context& context, port::FileDoors doors)
    : context_(context), shelf_(context, doors), jobs_(context, shelf_), fetch_(context, shelf_),
      serve_(context, shelf_), upload_(context, shelf_), drop_(context),
      auto_fetch_bytes_max_(context.config.auto_fetch_bytes_max)
{
}

void Files::start()
{
    load_settings();
    shelf_.load();
    if (!shelf_.open()) return;
    fetch_.load();
    drop_.load();
    load_awaited();
}

// ---- posts --------------------------------------------------------------------------------------

void Files::share(std::uint64_t bytes_per_s)
{
    if (std::exchange(share_, bytes_per_s) != bytes_per_s) set_rates();
}

bool Files::sends() const
{
    return serve_.serving().waits() || upload_.is_under_way();
}

Result<void> Files::may_refer(const content::Body& body)
{
    const auto files = files_of(body);
    if (files.size() >= files_per_post_max)
        return Error{ErrorCode::invalid_argument,
                     "one message refers to fewer than " + std::to_string(files_per_post_max) +
                         " files: forward them in several",
                     0};
    if (!shelf_.open()) return {};
    for (const auto& file : files) {
        const auto* row = shelf_.find(file.id);
        if (row == nullptr && file.size_bytes > 0)
            return Error{ErrorCode::no_such_file,
                         "file: no file of this id is known here, so nobody could get it: file_add makes one", 0};
        if (row != nullptr && !is_key_of(*row, file.key))
            return Error{ErrorCode::invalid_argument,
                         "file: this is not its key: send the reference that file_add, or the message that it came "
                         "with, gives",
                         0};
        if (file.size_bytes <= file_bytes_max &&
            (row == nullptr || !FileShelf::is_proven(*row) || row->size_bytes == file.size_bytes) &&
            (file.size_bytes > 0 || transfer::root_of(0, {}) == file.id))
            continue;
        return Error{ErrorCode::invalid_argument,
                     "file: this one has not " + std::to_string(file.size_bytes) +
                         " bytes: send the reference that file_add, or the message that it came with, gives",
                     0};
    }
    if (const auto* sticker = std::get_if<content::Sticker>(&body)) return may_send(*sticker);
    return {};
}

/// Of its blobs: this device's, or that of a post that refers to it.
bool Files::is_key_of(const port::StoredFile& row, const FileKey& key)
{
    if (row.key == key) return true;
    const auto grants = context_.store.file_grants(row.id);
    return std::any_of(grants.begin(), grants.end(), [&](const auto& one) { return one.key == key; });
}

/// One for all posts of this device's, so that the relay keeps one blob.
FileKey Files::own_key(const content::FileRef& file)
{
    const auto grants = context_.store.file_grants(file.id);
    const auto theirs = [&](const FileKey& key) {
        return std::any_of(grants.begin(), grants.end(), [&](const auto& one) { return !one.mine && one.key == key; });
    };
    if (!theirs(file.key)) return file.key;
    for (const auto& one : grants)
        if (one.mine && !theirs(one.key)) return one.key;
    FileKey out;
    context_.entropy.fill(out.bytes);
    return out;
}

std::vector<content::FileRef> Files::refer(content::Body& body)
{
    std::map<FileId, FileKey> keys;
    if (shelf_.open())
        each_file(body, [&](content::FileRef& file) {
            if (!keys.contains(file.id)) keys.emplace(file.id, own_key(file));
            file.key = keys.at(file.id);
        });
    return files_of(body);
}

bool Files::comes_by_itself(const std::string& author, const content::FileRef& file)
{
    if (file.size_bytes > auto_fetch_bytes_max_ || auto_fetch_bytes_max_ == 0) return false;
    const auto known = context_.store.automatic_files(author);
    if (known.waiting >= context_.config.auto_fetch_waiting_max) return false;
    if (known.bytes_total + file.size_bytes <= context_.config.auto_fetch_total_bytes_max) return true;
    if (!std::exchange(total_told_, true))
        context_.event(event::Warning{{ErrorCode::quota_exceeded,
                                       "files do not come by themselves any more, because those that did have " +
                                           std::to_string(known.bytes_total) +
                                           " bytes: file_fetch gets one, file_cancel removes one from here",
                                       0}});
    return false;
}

void Files::posted(const ConversationId& conversation, const MessageId& post, const std::string& author,
                   const content::FileRef& file, bool mine, Moment now)
{
    if (!shelf_.open() || file.size_bytes > file_bytes_max) return;
    if (file.size_bytes == 0 && transfer::root_of(0, {}) != file.id)
        return context_.reject("a reference to an empty file that is none");
    const auto* known = shelf_.find(file.id);
    const bool proven = known != nullptr && FileShelf::is_proven(*known);
    if (proven && known->size_bytes != file.size_bytes) return context_.reject("a reference to a file of another size");
    port::StoredFile row;
    if (known != nullptr) {
        row = *known;
    } else {
        row.id = file.id;
        row.size_bytes = file.size_bytes;
        row.name = harmless_name(file.name);
        row.media_type = file.media_type;
        row.key = file.key;
        row.added_ms = now.wall_ms;
    }
    if (row.state == FileState::known || known == nullptr) {
        if (mine) // What this device sends and has not got is fetched, to be given on.
            row.state = FileState::fetching;
        else if (comes_by_itself(author, file)) {
            row.state = FileState::fetching;
            row.wanted_by = author;
        }
        // One of which others have said something else comes as this one says it.
        if (row.state == FileState::fetching) {
            row.wanted_ms = now.wall_ms;
            if (!proven) row.size_bytes = file.size_bytes;
        }
        if (known == nullptr || row.state == FileState::fetching) shelf_.put(row);
    }
    const port::FileGrant grant{file.id, conversation,    post,     author,      mine,
                                false,   file.size_bytes, file.key, now.wall_ms, 0};
    shelf_.put_grant(grant);
    fetch_.look();
    if (!mine) return;
    drop_.keep(grant);
    upload_.look(now);
}

void Files::avatar(const ConversationId& group, const content::FileRef* file, const GroupBook::Picture& about,
                   const std::string& own_user, Moment now)
{
    if (!shelf_.open()) return;
    const auto hash = crypto::transcript_hash("godwit group avatar 1", {group.view()});
    const auto post = *MessageId::from(BytesView(hash).first(MessageId::size_bytes));
    if (file != nullptr)
        for (const auto& grant : context_.store.file_grants(file->id)) {
            if (grant.conversation != group || grant.post != post) continue;
            if (!grant.mine || !about.more) return;
            // Who has come in since wants it, too.
            (void)shelf_.remove_grants(group, post);
            return posted(group, post, own_user, *file, true, now);
        }
    withdrawn(group, post);
    if (file == nullptr) return;
    // Whoever has chosen it need not have it, and gets nothing for that. Where it is not known who has, nobody does.
    const auto author = about.by.empty() ? std::string(unknown_author) : about.by;
    posted(group, post, author, *file, about.by == own_user && is_whole(file->id), now);
}

void Files::withdrawn(const ConversationId& conversation, const MessageId& post)
{
    if (!shelf_.open()) return;
    for (const auto& grant : shelf_.remove_grants(conversation, post))
        let_go(grant, true);
}

void Files::let_go(const port::FileGrant& grant, bool nowhere)
{
    const auto& file = grant.file;
    serve_.changed(file);
    const auto left = context_.store.file_grants(file);
    const auto same_blob = [&](const port::FileGrant& one) { return one.mine && one.key == grant.key; };
    if (grant.mine && std::none_of(left.begin(), left.end(), same_blob)) {
        upload_.stop(file);
        if (nowhere) drop_.drop(grant);
    }
    if (!left.empty()) return settle_size(file);
    fetch_.drop(file);
    const auto* row = shelf_.find(file);
    if (row == nullptr) return;
    if (row->state == FileState::fetching || row->state == FileState::paused)
        context_.event(event::FileFailed{
            FileShelf::info(*row),
            {ErrorCode::cancelled,
             nowhere ? "the message that referred to it was taken back" : "the message that referred to it was removed",
             0}});
    shelf_.remove(file);
}

void Files::settle_size(const FileId& file)
{
    const auto* row = shelf_.find(file);
    if (row == nullptr || FileShelf::is_proven(*row) || (fetch_.active(file) && fetch_.is_proven(file))) return;
    const auto grants = context_.store.file_grants(file);
    if (std::any_of(grants.begin(), grants.end(), [&](const auto& one) { return one.size_bytes == row->size_bytes; }))
        return;
    auto settled = *row;
    fetch_.drop(file);
    settled.size_bytes = grants.front().size_bytes;
    settled.pieces.clear();
    if (!settled.wanted_by.empty() && settled.size_bytes > auto_fetch_bytes_max_) {
        settled.state = FileState::known;
        settled.wanted_by.clear();
    }
    shelf_.put(settled);
}

// ---- files of our own ---------------------------------------------------------------------------

namespace {

class KeptSource final : public port::UserFiles::Source {
public:
    KeptSource(FileShelf& shelf, const port::StoredFile& row) : shelf_(shelf), file_(row.id), layout_{row.size_bytes} {}

    std::uint64_t size_bytes() const override { return layout_.size_bytes; }
    Result<Bytes> read(std::size_t size_bytes) override
    {
        while (bytes_.size() < size_bytes) {
            if (next_ == layout_.chunks()) return Error{ErrorCode::conflict, "this file is shorter", 0};
            auto piece = shelf_.read(file_, next_);
            if (!piece.ok()) return piece;
            ++next_;
            append(bytes_, *piece);
        }
        const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(size_bytes);
        Bytes out(bytes_.begin(), end);
        bytes_.erase(bytes_.begin(), end);
        return out;
    }

private:
    FileShelf& shelf_;
    FileId file_;
    transfer::Layout layout_;
    std::uint32_t next_ = 0;
    Bytes bytes_;
};

} // namespace

bool Files::fetch(const FileId& file)
{
    const auto* row = shelf_.find(file);
    if (row == nullptr) return false;
    if (row->state == FileState::whole) return true;
    if (row->state == FileState::fetching && row->wanted_by.empty()) return true;
    auto wanted = *row;
    wanted.state = FileState::fetching;
    wanted.wanted_by.clear();
    shelf_.put(wanted);
    fetch_.wanted(file);
    return true;
}

bool Files::is_whole(const FileId& file)
{
    const auto* row = shelf_.open() ? shelf_.find(file) : nullptr;
    return row != nullptr && row->state == FileState::whole;
}

std::unique_ptr<port::UserFiles::Source> Files::open_kept(const FileId& file)
{
    return std::make_unique<KeptSource>(shelf_, *shelf_.find(file));
}

// ---- what links say -----------------------------------------------------------------------------

bool Files::is_about_files(const wire::peer::Frame& frame)
{
    namespace p = wire::peer;
    return std::holds_alternative<p::FileQuery>(frame) || std::holds_alternative<p::FileHave>(frame) ||
           std::holds_alternative<p::FileWant>(frame) || std::holds_alternative<p::FilePiece>(frame) ||
           std::holds_alternative<p::FileGone>(frame);
}

bool Files::frame(FileReach& reach, LinkId link, const DeviceId& device, const wire::peer::Frame& frame, Moment now)
{
    namespace p = wire::peer;
    if (const auto* query = std::get_if<p::FileQuery>(&frame)) {
        serve_.query(reach, link, device, *query);
    } else if (const auto* want = std::get_if<p::FileWant>(&frame)) {
        serve_.want(reach, link, device, *want);
    } else if (!shelf_.open()) {
        return true;
    } else if (const auto* have = std::get_if<p::FileHave>(&frame)) {
        serve_.have(reach, device, *have);
        awaited_looked_ = now.mono;
        return fetch_.have(link, *have, now);
    } else if (const auto* piece = std::get_if<p::FilePiece>(&frame)) {
        reach.used(link, 0, now);
        return fetch_.piece(link, device, *piece, now);
    } else if (const auto* gone = std::get_if<p::FileGone>(&frame)) {
        fetch_.gone(link, *gone);
    }
    return true;
}

void Files::sought(FileReach& reach, const DeviceId& device, const FileId& file, Moment now)
{
    if (shelf_.open()) upload_.sought(reach, device, file, now);
}

void Files::look(Moment now)
{
    fetch_.look();
    upload_.look(now);
}

void Files::link_down(LinkId link, Moment now)
{
    fetch_.link_down(link);
    serve_.link_down(link);
    upload_.look(now);
}

void Files::relay_gone()
{
    fetch_.relay_gone();
    upload_.relay_gone();
    drop_.relay_gone();
}

void Files::answered(const purpose::BlobFetch& what, const wire::relay::Response& response, Moment now)
{
    fetch_.answered(what, response, now);
}

void Files::answered(const purpose::BlobUpload& what, const wire::relay::Response& response, Moment now)
{
    upload_.answered(what, response, now);
}

void Files::answered(const purpose::BlobDrop& what, const wire::relay::Response& response, Moment now)
{
    drop_.answered(what, response, now);
}

// ---- the tick -----------------------------------------------------------------------------------

void Files::end_tick(FileReach& reach, Moment now)
{
    if (!shelf_.open()) return;
    shelf_.end_tick();
    auto grown = jobs_.end_tick(now);
    for (const auto& file : grown)
        fetch_.drop(file);
    take_damaged();
    fetch_.end_tick(reach, now);
    for (const auto& file : fetch_.take_grown()) {
        grown.push_back(file);
        if (is_whole(file)) upload_.look(now); // It may have been forwarded before it was here.
    }
    serve_.end_tick(reach, grown, now);
    take_damaged();
    upload_.end_tick(reach, serve_.serving(), now);
    drop_.end_tick(reach, now);
    look_at_awaited(now);
}

/// What a fetch believes to have is not there.
void Files::take_damaged()
{
    for (const auto& file : shelf_.take_damaged()) {
        fetch_.drop(file);
        fetch_.look();
    }
}

Instant Files::deadline(Instant now) const
{
    if (!shelf_.open()) return never;
    if (jobs_.pending() || shelf_.pending()) return Instant{};
    return earlier(earlier(fetch_.deadline(now), serve_.deadline()),
                   earlier(upload_.deadline(serve_.serving()), drop_.deadline(now)));
}

} // namespace godwit::engine
