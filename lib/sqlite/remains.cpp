// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/remains_impl.hpp"

#include "lib/sqlite/errors.hpp"
#include "lib/sqlite/layout.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

/// SQLite's database header: pages in the file, https://www.sqlite.org/fileformat2.html section 1.3.
constexpr std::size_t at_page_count = 28;

/// A database that claims to have lost more than this (1 GiB) does not know its own length.
constexpr std::uint64_t missing_pages_max = 1U << 18;

} // namespace

WalChecksum stored_checksum(const std::uint8_t* at) noexcept
{
    return {load_be32(at), load_be32(at + 4)};
}

/// Both word orders: the header that says which may be lost.
bool runs_on(const WalChecksum& before, const std::uint8_t* frame_header, const std::uint8_t* page,
             const WalChecksum& after)
{
    for (const bool big_endian : {false, true}) {
        WalChecksum run = before;
        run.add(frame_header, frame_at_salts, big_endian);
        run.add(page, page_bytes, big_endian);
        if (run == after) return true;
    }
    return false;
}

Result<void> Remains::Impl::open_files(const std::string& path, const char* vfs_name)
{
    vfs = sqlite3_vfs_find(vfs_name);
    if (vfs == nullptr) return Error{ErrorCode::internal, "store: no such VFS"};
    name.reset(sqlite3_create_filename(path.c_str(), (path + "-journal").c_str(), (path + "-wal").c_str(), 0, nullptr));
    if (!name) return to_error(SQLITE_NOMEM, nullptr);
    int there = 0;
    if (const int rc = vfs->xAccess(vfs, name.get(), SQLITE_ACCESS_EXISTS, &there); rc != SQLITE_OK)
        return to_error(rc, nullptr);
    if (there == 0) return Error{ErrorCode::storage_failed, "there is no store at " + path + ": check the name"};
    int got = 0;
    if (const int rc = main.open(vfs, name.get(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, &got); rc != SQLITE_OK)
        return to_error(rc, nullptr);
    int rc = main.lock(SQLITE_LOCK_SHARED);
    // A file that nobody may write cannot be locked against writers, and needs not be.
    if (rc == SQLITE_OK && (got & SQLITE_OPEN_READONLY) == 0) rc = main.lock(SQLITE_LOCK_EXCLUSIVE);
    if (rc != SQLITE_OK) return to_error(rc, nullptr);

    const char* const log_name = sqlite3_filename_wal(name.get());
    rc = vfs->xAccess(vfs, log_name, SQLITE_ACCESS_EXISTS, &there);
    if (rc == SQLITE_OK && there != 0) rc = log.open(vfs, log_name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, &got);
    if (rc != SQLITE_OK) return to_error(rc, nullptr);
    has_log = there != 0;
    return {};
}

void Remains::Impl::take_committed(const std::vector<LoggedFrame>& frames, std::uint64_t witnessed)
{
    std::uint64_t end = std::min<std::uint64_t>(witnessed, frames.size()); // behind the last frame that was committed
    for (std::uint64_t i = 0; i < frames.size(); ++i) {
        const LoggedFrame& frame = frames[static_cast<std::size_t>(i)];
        if (i >= witnessed && !frame.follows) break;
        if (frame.commit_pages != 0) end = std::max(end, i + 1);
    }
    for (std::uint64_t i = 0; i < frames.size(); ++i) {
        const LoggedFrame& frame = frames[static_cast<std::size_t>(i)];
        if (i >= end) {
            damage.log_frames_tail += frame.ours ? 1 : 0;
        } else if (!frame.ours) {
            ++damage.log_frames_lost;
        } else {
            ++damage.log_frames;
            frame_of[frame.page] = i;
            if (frame.commit_pages != 0) damage.pages = frame.commit_pages;
        }
    }
    if (witnessed > frames.size()) damage.log_frames_lost += witnessed - frames.size(); // the log was cut off
}

Result<void> Remains::Impl::read_main()
{
    std::uint64_t bytes = 0;
    if (const int rc = main.size(bytes); rc != SQLITE_OK) return to_error(rc, nullptr);
    const std::uint64_t physical = bytes > prefix ? (bytes - prefix + page_bytes - 1) / page_bytes : 0;
    main_pages = std::min<std::uint64_t>(physical, std::numeric_limits<std::uint32_t>::max() - 1);
    std::array<std::uint8_t, page_bytes> page;
    std::uint64_t claimed = damage.pages; // by the last commit
    if (claimed == 0) {
        damage.length = !open_main_page(1, page.data());
        if (!damage.length) claimed = load_be32(page.data() + at_page_count);
    }
    const std::uint64_t in_log = frame_of.empty() ? 1 : frame_of.rbegin()->first;
    const std::uint64_t there = std::max(main_pages, std::min(in_log, main_pages + missing_pages_max));
    // The file may have been cut off, but a number may also be nonsense.
    if (claimed > there + missing_pages_max) damage.length = true;
    if (damage.pages == 0 || damage.length) damage.pages = damage.length ? there : std::max(claimed, there);
    for (std::uint64_t n = 1; n <= damage.pages; ++n) {
        const auto number = static_cast<std::uint32_t>(n);
        if (!frame_of.contains(number) && !open_main_page(number, page.data())) damage.lost_pages.push_back(number);
    }
    sodium_memzero(page.data(), page.size());
    return {};
}

Remains::Remains(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Remains::Remains(Remains&&) noexcept = default;
Remains& Remains::operator=(Remains&&) noexcept = default;
Remains::~Remains() = default;

const Damage& Remains::damage() const noexcept
{
    return impl_->damage;
}

bool Remains::authenticates() const noexcept
{
    return impl_->usable < page_bytes;
}

std::size_t Remains::usable_bytes() const noexcept
{
    return impl_->usable;
}

bool Remains::read_page(std::uint32_t number, std::uint8_t* out) const
{
    if (number == 0 || number > impl_->damage.pages || impl_->senseless.contains(number)) return false;
    const auto at = impl_->frame_of.find(number);
    return at == impl_->frame_of.end() ? impl_->open_main_page(number, out) : impl_->open_logged_page(at->second, out);
}

std::vector<std::uint32_t> Remains::newest_first() const
{
    std::vector<std::pair<std::uint64_t, std::uint32_t>> logged;
    for (const auto& [page, frame] : impl_->frame_of)
        if (page <= impl_->damage.pages) logged.emplace_back(frame, page);
    std::sort(logged.rbegin(), logged.rend());
    std::vector<std::uint32_t> out;
    for (const auto& [frame, page] : logged)
        out.push_back(page);
    for (std::uint64_t n = 1; n <= impl_->damage.pages; ++n)
        if (!impl_->frame_of.contains(static_cast<std::uint32_t>(n))) out.push_back(static_cast<std::uint32_t>(n));
    return out;
}

} // namespace godwit::sqlite
