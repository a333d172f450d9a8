// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/files.hpp"

#include "lib/transfer/file_name.hpp"

namespace godwit::engine {

namespace {

constexpr std::string_view rate_name = "files/rate"; ///< Up, then down: 8 bytes each, big-endian.
constexpr std::string_view auto_fetch_name = "files/auto";
constexpr std::uint32_t rows_a_page = 256;

void put_number(Bytes& out, std::uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::uint64_t number_at(const Bytes& bytes, std::size_t at)
{
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i)
        out = (out << 8) | bytes[at + i];
    return out;
}

} // namespace

std::optional<content::FileRef> file_of(const content::Body& body)
{
    if (const auto* attachment = std::get_if<content::Attachment>(&body)) return attachment->file;
    if (const auto* sticker = std::get_if<content::Sticker>(&body)) return sticker->pack;
    return std::nullopt;
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
    if (shelf_.open()) drop_.load();
}

void Files::load_settings()
{
    if (const auto rate = context_.store.value(rate_name); rate && rate->size() == 16) {
        serve_.serving().set_rate(number_at(*rate, 0));
        fetch_.set_rate(number_at(*rate, 8));
    }
    if (const auto bound = context_.store.value(auto_fetch_name); bound && bound->size() == 8)
        auto_fetch_bytes_max_ = number_at(*bound, 0);
}

// ---- posts --------------------------------------------------------------------------------------

void Files::posted(const ConversationId& conversation, const MessageId& post, const std::string& author,
                   const content::FileRef& file, bool mine, Moment now)
{
    if (!shelf_.open() || file.size_bytes > file_bytes_max) return;
    const auto* known = shelf_.find(file.id);
    if (known == nullptr) {
        port::StoredFile row;
        row.id = file.id;
        row.size_bytes = file.size_bytes;
        row.name = transfer::harmless_name(file.name);
        row.media_type = file.media_type;
        row.key = file.key;
        row.added_ms = now.wall_ms;
        if (!mine && file.size_bytes <= auto_fetch_bytes_max_ && auto_fetch_bytes_max_ > 0)
            row.state = FileState::fetching;
        shelf_.put(row);
    } else if (known->size_bytes != file.size_bytes) {
        return context_.reject("a reference to a file of another size");
    } else if (known->state != FileState::whole && known->key != file.key) {
        auto row = *known; // whoever sent it last is the likeliest to have left a blob
        row.key = file.key;
        shelf_.put(row);
    }
    context_.store.put_file_grant({file.id, conversation, post, author, mine, false});
    fetch_.look();
    if (!mine) return;
    drop_.keep(*shelf_.find(file.id));
    upload_.look(now);
}

void Files::withdrawn(const ConversationId& conversation, const MessageId& post)
{
    if (!shelf_.open()) return;
    for (const auto& grant : context_.store.remove_file_grants(conversation, post)) {
        const auto& file = grant.file;
        serve_.changed(file);
        if (!context_.store.file_grants(file).empty()) continue;
        fetch_.drop(file);
        upload_.stop(file);
        const auto* row = shelf_.find(file);
        if (row == nullptr) continue;
        if (row->state == FileState::fetching || row->state == FileState::paused)
            context_.event(event::FileFailed{
                FileShelf::info(*row), {ErrorCode::cancelled, "the message that referred to it was taken back", 0}});
        if (grant.mine) drop_.drop(*row);
        shelf_.remove(file);
    }
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
    if (row->state == FileState::whole || row->state == FileState::fetching) return true;
    auto wanted = *row;
    wanted.state = FileState::fetching;
    shelf_.put(wanted);
    fetch_.look();
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

// ---- what the application asks ------------------------------------------------------------------

bool Files::refused(RequestId id)
{
    if (shelf_.open()) return false;
    context_.refuse(id, {ErrorCode::unsupported, "this client keeps no files", 0});
    return true;
}

const port::StoredFile* Files::known(RequestId id, const FileId& file)
{
    if (refused(id)) return nullptr;
    const auto* row = shelf_.find(file);
    if (row == nullptr)
        context_.refuse(id, {ErrorCode::no_such_file, "no message here refers to such a file, and none was added", 0});
    return row;
}

void Files::ask(RequestId id, const request::FileAdd& add, Moment now)
{
    if (!refused(id)) jobs_.add(id, add, now);
}

void Files::ask(RequestId id, const request::FileSave& save, Moment)
{
    if (!refused(id)) jobs_.save(id, save);
}

void Files::ask(RequestId id, const request::FileFetch& fetch, Moment)
{
    const auto* row = known(id, fetch.file);
    if (row == nullptr) return;
    if (row->state == FileState::whole) context_.event(event::FileDone{FileShelf::info(*row)});
    this->fetch(fetch.file);
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::FileResume& resume, Moment now)
{
    ask(id, request::FileFetch{resume.file}, now);
}

void Files::ask(RequestId id, const request::FilePause& pause, Moment)
{
    if (known(id, pause.file) == nullptr) return;
    fetch_.stop(pause.file);
    auto row = *shelf_.find(pause.file);
    if (row.state == FileState::fetching) {
        row.state = FileState::paused;
        shelf_.put(row);
    }
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::FileCancel& cancel, Moment)
{
    const auto* row = known(id, cancel.file);
    if (row == nullptr) return;
    fetch_.drop(cancel.file);
    upload_.stop(cancel.file);
    serve_.changed(cancel.file);
    auto left = *row;
    if (left.state == FileState::fetching || left.state == FileState::paused)
        context_.event(event::FileFailed{FileShelf::info(left), {ErrorCode::cancelled, "cancelled", 0}});
    if (context_.store.file_grants(cancel.file).empty()) {
        shelf_.remove(cancel.file);
    } else {
        shelf_.let_go(left.slot);
        left.slot = {};
        left.pieces.clear();
        left.state = FileState::known;
        shelf_.put(left);
    }
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::Files&, Moment)
{
    if (refused(id)) return;
    std::vector<FileInfo> out;
    FileId after;
    for (;;) {
        const auto rows = context_.store.files(after, rows_a_page);
        for (const auto& row : rows)
            out.push_back(fetch_.info(row));
        if (rows.size() < rows_a_page) break;
        after = rows.back().id;
    }
    context_.reply(id, std::move(out));
}

void Files::ask(RequestId id, const request::SetRate& rate, Moment)
{
    if (refused(id)) return;
    Bytes value;
    put_number(value, rate.up_bytes_per_s);
    put_number(value, rate.down_bytes_per_s);
    context_.store.put_value(rate_name, value);
    load_settings();
    context_.reply_ok(id);
}

void Files::ask(RequestId id, const request::SetAutoFetch& bound, Moment)
{
    if (refused(id)) return;
    Bytes value;
    put_number(value, bound.bytes_max);
    context_.store.put_value(auto_fetch_name, value);
    load_settings();
    context_.reply_ok(id);
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
        return fetch_.have(link, *have);
    } else if (const auto* piece = std::get_if<p::FilePiece>(&frame)) {
        reach.used(link, 0, now);
        return fetch_.piece(link, device, *piece, now);
    } else if (const auto* gone = std::get_if<p::FileGone>(&frame)) {
        fetch_.gone(link, *gone);
    }
    return true;
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
    fetch_.end_tick(reach, now);
    for (const auto& file : fetch_.take_grown())
        grown.push_back(file);
    serve_.end_tick(reach, grown, now);
    if (shelf_.take_damaged()) fetch_.look();
    upload_.end_tick(reach, serve_.serving(), now);
    drop_.end_tick(reach, now);
}

Instant Files::deadline(Instant now) const
{
    if (!shelf_.open()) return never;
    if (jobs_.pending() || shelf_.pending()) return Instant{};
    return earlier(earlier(fetch_.deadline(now), serve_.deadline()),
                   earlier(upload_.deadline(serve_.serving()), drop_.deadline(now)));
}

} // namespace godwit::engine
