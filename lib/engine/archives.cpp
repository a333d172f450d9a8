// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/archives.hpp"

#include "lib/crypto/password.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

namespace record = wire::archive;

constexpr std::string_view mark_name = "archive/mark";
constexpr std::string_view read_name = "archive/read"; ///< Ids of 16 bytes, the newest last.
constexpr std::uint32_t rows_a_tick = 200;
/// Chunks, and the lengths before them.
constexpr int pushes_a_tick = 4;
constexpr std::uint64_t told_every_bytes = 1024 * 1024;

Result<Bytes> head_of(port::UserFiles::Source& source)
{
    if (source.size_bytes() < archive::head_bytes) return Error{ErrorCode::malformed, "this is no godwit archive", 0};
    return source.read(archive::head_bytes);
}

Error busy()
{
    return {ErrorCode::busy, "another archive is being made or read: wait for it, or archive_cancel", 1000};
}

} // namespace

std::optional<archive::Mark> last_archive(port::Store& store)
{
    const auto stored = store.value(mark_name);
    return stored ? archive::decode_mark(*stored) : std::nullopt;
}

void put_last_archive(port::Store& store, const archive::Mark& mark)
{
    store.put_value(mark_name, archive::encode(mark));
}

bool was_archive_read(port::Store& store, const record::Id& id)
{
    const auto known = store.value(read_name).value_or(Bytes());
    for (std::size_t at = 0; at + record::Id::size_bytes <= known.size(); at += record::Id::size_bytes)
        if (std::ranges::equal(BytesView(known).subspan(at, record::Id::size_bytes), id.view())) return true;
    return false;
}

void note_archive_read(port::Store& store, const record::Id& id)
{
    if (was_archive_read(store, id)) return;
    auto known = store.value(read_name).value_or(Bytes());
    append(known, id.view());
    constexpr auto most = static_cast<std::ptrdiff_t>(archives_known_max * record::Id::size_bytes);
    if (std::ssize(known) > most) known.erase(known.begin(), known.end() - most);
    store.put_value(read_name, known);
}

ArchiveInfo info_of(const record::Head& head, const record::End& counts)
{
    ArchiveInfo out;
    out.id = to_hex(head.id.view());
    if (!head.parent.is_zero()) out.continues = to_hex(head.parent.view());
    out.made_ms = head.created_ms;
    out.posts = counts.posts;
    out.notes = counts.notes;
    out.settings = counts.settings;
    return out;
}

bool Archives::refused(RequestId id, const port::StoredIdentity* identity)
{
    if (user_ == nullptr)
        context_.refuse(id, {ErrorCode::unsupported, "this client has no way to the user's files", 0});
    else if (identity == nullptr || identity->account_key.is_zero())
        context_.refuse(id, {ErrorCode::not_registered, "no account on this device: register or log in first", 0});
    else if (pending())
        context_.refuse(id, busy());
    else
        return false;
    return true;
}

void Archives::ask(RequestId id, const request::ArchiveMake& make, const port::StoredIdentity* identity, Moment now)
{
    if (refused(id, identity)) return;
    const auto since = make.changes_only ? last_archive(context_.store) : archive::Mark{};
    if (!since)
        return context_.refuse(id, {ErrorCode::invalid_argument,
                                    "changes_only: this home has made no archive yet that could be continued", 0});
    if (auto fine = crypto::check_password("passphrase", as_bytes(make.passphrase)); !fine)
        return context_.refuse(id, fine.error());
    auto target = user_->create(make.path, "godwit.archive", make.replace);
    if (!target) return context_.refuse(id, std::move(target).error());
    Stretching what;
    what.request = id;
    what.target = *std::move(target);
    what.head = {identity->user, identity->account_key, {}, {}, now.wall_ms};
    what.since = *since;
    stretch(std::move(what), archive::Stretching::begin(context_.entropy), make.passphrase);
}

void Archives::ask(RequestId id, const request::ArchiveRead& read, const port::StoredIdentity* identity)
{
    if (refused(id, identity)) return;
    if (auto fine = crypto::check_password("passphrase", as_bytes(read.passphrase)); !fine)
        return context_.refuse(id, fine.error());
    auto source = user_->open(read.path);
    if (!source) return context_.refuse(id, std::move(source).error());
    const auto head = head_of(**source);
    auto how = head ? archive::Stretching::of(*head) : Result<archive::Stretching>(head.error());
    if (!how) return context_.refuse(id, std::move(how).error());
    Stretching what;
    what.request = id;
    what.source = *std::move(source);
    what.account_key = identity->account_key;
    what.check_only = read.check_only;
    stretch(std::move(what), *std::move(how), read.passphrase);
}

/// Argon2id takes seconds, and everybody else would wait for it.
void Archives::stretch(Stretching what, archive::Stretching how, std::string_view passphrase)
{
    what.job = context_.entropy.next_u64();
    what.stretch = std::make_shared<Stretch>();
    what.stretch->passphrase = WipingBytes::copy_of(as_bytes(passphrase));
    what.stretch->how = std::move(how);
    context_.effect(Compute{what.job, std::make_shared<const std::function<void()>>([one = what.stretch] {
                                one->root = one->how.run(one->passphrase);
                                one->passphrase = WipingBytes();
                            })});
    stretching_.emplace(std::move(what));
}

void Archives::stretched(std::uint64_t job)
{
    if (!stretching_ || stretching_->job != job) return; // Cancelled.
    auto what = *std::exchange(stretching_, std::nullopt);
    const auto& root = what.stretch->root;
    if (!root) return context_.refuse(what.request, root.error());
    if (what.target)
        making_.emplace(
            Making{what.request,
                   archive::Exporter(context_.store, archive::Writer::begin(what.stretch->how, root->view()),
                                     std::move(what.head), what.since, context_.entropy),
                   std::move(what.target), 0});
    else
        reading_.emplace(
            Reading{what.request,
                    archive::Importer(context_.store, archive::Reader::begin(what.stretch->how, root->view()),
                                      what.account_key, what.check_only),
                    std::move(what.source), what.check_only, archive::head_bytes});
}

void Archives::read_offered(std::unique_ptr<port::UserFiles::Source> source, BytesView key,
                            const PublicKey& account_key)
{
    const auto head = head_of(*source);
    auto reader =
        head ? archive::Reader::begin(*head, {archive::Secret::Kind::key, key}) : Result<archive::Reader>(head.error());
    if (!reader)
        failed_ = std::move(reader).error();
    else
        reading_.emplace(Reading{std::nullopt,
                                 archive::Importer(context_.store, *std::move(reader), account_key, false),
                                 std::move(source), false, archive::head_bytes});
}

void Archives::ask(RequestId id, const request::ArchiveCancel&)
{
    const Error cancelled{ErrorCode::cancelled, "archive_cancel", 0};
    if (making_) context_.refuse(making_->request, cancelled);
    making_.reset();
    if (stretching_) context_.refuse(stretching_->request, cancelled);
    stretching_.reset();
    if (reading_ && reading_->request) { // What a sibling sent is not the user's to cancel here.
        context_.refuse(*reading_->request, cancelled);
        reading_.reset();
    }
    context_.reply_ok(id);
}

Archives::Happened Archives::end_tick(Moment now)
{
    Happened out;
    if (making_)
        if (const auto done = make_slice(); !done) {
            context_.refuse(making_->request, done.error());
            making_.reset();
        }
    if (failed_) out.offered = *std::exchange(failed_, std::nullopt);
    if (!reading_) return out;
    auto done = read_slice(out, now);
    if (!done) return out;
    if (!reading_->request)
        out.offered = std::move(done);
    else if (*done)
        context_.reply(*reading_->request, **std::move(done));
    else
        context_.refuse(*reading_->request, done->error());
    reading_.reset();
    return out;
}

Result<void> Archives::make_slice()
{
    auto& job = *making_;
    job.exporter.step(rows_a_tick);
    const auto bytes = job.exporter.take();
    if (auto written = job.target->write(bytes); !written) return written;
    job.bytes += bytes.size();
    progress(false, job.bytes - bytes.size(), job.bytes, 0);
    if (!job.exporter.finished() || context_.store.failed()) return {};
    if (auto named = job.target->finish(); !named) return named;
    put_last_archive(context_.store, job.exporter.mark());
    auto info = info_of(job.exporter.head(), job.exporter.counts());
    info.bytes = job.bytes;
    context_.reply(job.request, std::move(info));
    making_.reset();
    return {};
}

std::optional<Result<ArchiveInfo>> Archives::read_slice(Happened& happened, Moment now)
{
    auto& job = *reading_;
    const auto total = job.source->size_bytes();
    for (int n = 0; n < pushes_a_tick && !job.importer.finished(); ++n) {
        const auto wants = job.importer.wants();
        if (total - job.bytes < wants)
            return Result<ArchiveInfo>(Error{
                ErrorCode::storage_corrupt,
                "this archive is cut off after " + std::to_string(total) + " bytes; what stands before was read", 0});
        const auto bytes = job.source->read(wants);
        if (!bytes) return Result<ArchiveInfo>(bytes.error());
        auto step = job.importer.push(*bytes, now);
        if (!step) return Result<ArchiveInfo>(std::move(step).error());
        job.bytes += wants;
        progress(true, job.bytes - wants, job.bytes, total);
        const auto append_to = [](auto& to, auto& from) {
            to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
        };
        append_to(happened.step.added, step->added);
        append_to(happened.step.changed, step->changed);
        append_to(happened.step.settings, step->settings);
    }
    if (job.check_only) happened = {};
    if (!job.importer.finished() || context_.store.failed()) return std::nullopt;
    if (total != job.bytes)
        return Result<ArchiveInfo>(Error{ErrorCode::malformed, "something follows the end of this archive", 0});
    const auto& head = job.importer.head();
    auto info = info_of(head, job.importer.counts());
    info.bytes = total;
    info.added = job.importer.added();
    info.complete = head.parent.is_zero() || was_archive_read(context_.store, head.parent);
    if (!job.check_only) {
        note_archive_read(context_.store, head.id);
        happened.complete = job.importer.conversations();
        happened.begun = job.importer.begun();
    }
    return Result<ArchiveInfo>(std::move(info));
}

void Archives::progress(bool reading, std::uint64_t before, std::uint64_t after, std::uint64_t total)
{
    if (before / told_every_bytes != after / told_every_bytes)
        context_.event(event::ArchiveProgress{reading, after, total});
}

} // namespace godwit::engine
