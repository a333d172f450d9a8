// SPDX-License-Identifier: Apache-2.0
// Remains of a plain database. Its pages prove nothing: lost is what cannot be read, and what a tree points to and is
// no page of a tree. SQLite's log has checksums, each going on from the one that the frame before it names:
//
//   frame      0 1 2c x 4 5c 6 7c 8    c: ends a transaction, which is synced before the next one begins. So frames up
//   committed  y y y    y y  y y       to and with 5 were committed, and x is lost. 7 counts because all frames of its
//                                      transaction are of this generation: were one still an older log's, it may be a
//                                      transaction that a power cut tore, and that nobody was told of
#include "lib/sqlite/remains_impl.hpp"

#include "lib/sqlite/errors.hpp"
#include "lib/sqlite/row_scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace godwit::sqlite {
namespace {

/// https://www.sqlite.org/fileformat2.html section 1.3.
constexpr std::string_view file_magic("SQLite format 3\0", 16);
constexpr std::size_t at_page_size = 16;
/// The lowest bit is the word order of checksums, section 4.1.
constexpr std::uint32_t wal_magic = 0x377f0682;

struct Plain final : Remains::Impl {
    Plain() : Impl(0, page_bytes) {}

    Result<void> read_log();
    Result<std::vector<LoggedFrame>> read_frames(std::uint64_t count, const std::optional<WalHeader>& header);
    bool read_frame(std::uint64_t index, std::array<std::uint8_t, frame_bytes>& out) const;
    bool open_main_page(std::uint32_t number, std::uint8_t* out) const override;
    bool open_logged_page(std::uint64_t frame, std::uint8_t* out) const override;
};

bool is_sound(const WalHeader& header)
{
    const std::uint32_t magic = load_be32(header.data());
    WalChecksum sum;
    sum.add(header.data(), header_at_checksum, (magic & 1U) != 0);
    return (magic & ~1U) == wal_magic && load_be32(header.data() + 8) == page_bytes &&
           sum == stored_checksum(header.data() + header_at_checksum);
}

bool Plain::read_frame(std::uint64_t index, std::array<std::uint8_t, frame_bytes>& out) const
{
    return log.read(out.data(), frame_bytes, wal_header_bytes + index * frame_bytes) == SQLITE_OK;
}

Result<std::vector<LoggedFrame>> Plain::read_frames(std::uint64_t count, const std::optional<WalHeader>& header)
{
    std::vector<LoggedFrame> out(static_cast<std::size_t>(count));
    std::vector<std::uint64_t> salts(out.size());
    std::array<std::uint8_t, frame_bytes> raw;
    for (std::size_t i = 0; i < out.size(); ++i) {
        LoggedFrame& frame = out[i];
        if (!read_frame(i, raw)) continue;
        salts[i] = load_be64(raw.data() + frame_at_salts);
        frame.page = load_be32(raw.data());
        frame.commit_pages = load_be32(raw.data() + frame_at_commit);
        frame.checksum = stored_checksum(raw.data() + frame_at_checksum);
        const auto* const page = raw.data() + frame_header_bytes;
        if (i == 0)
            frame.follows = header && runs_on(stored_checksum(header->data() + header_at_checksum), raw.data(), page,
                                              frame.checksum);
        else
            frame.follows = salts[i] == salts[i - 1] && runs_on(out[i - 1].checksum, raw.data(), page, frame.checksum);
    }
    // Whose generation: the header's, or without it that of the first frames that run on, for a log is written from its
    // start.
    std::uint64_t wanted = header ? load_be64(header->data() + header_at_salts) : 0;
    for (std::size_t i = 1; i < out.size() && !header && wanted == 0; ++i)
        if (out[i].follows) wanted = salts[i];
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i].generation = salts[i] == wanted && wanted != 0;
        out[i].ours = out[i].generation && out[i].follows && out[i].page != 0;
    }
    if (out.size() > 1 && !header && out[1].follows) // from the header that is lost
        out[0].follows = out[0].ours = out[0].generation && out[0].page != 0;
    return out;
}

/// How many frames were synced for certain: see above.
std::uint64_t synced(const std::vector<LoggedFrame>& frames)
{
    const auto is_commit = [&](std::size_t i) { return frames[i].ours && frames[i].commit_pages != 0; };
    std::size_t last = frames.size();
    while (last > 0 && !is_commit(last - 1))
        --last;
    if (last == 0) return 0;
    for (std::size_t i = last - 1; i-- > 0 && !is_commit(i);)
        if (!frames[i].generation) {
            while (i > 0 && !is_commit(i - 1))
                --i;
            return i;
        }
    return last;
}

Result<void> Plain::read_log()
{
    if (!has_log) return {};
    std::uint64_t bytes = 0;
    if (const int rc = log.size(bytes); rc != SQLITE_OK) return to_error(rc, nullptr);
    if (bytes <= wal_header_bytes) return {};
    std::optional<WalHeader> header;
    WalHeader raw;
    if (log.read(raw.data(), raw.size(), 0) == SQLITE_OK && is_sound(raw)) header = raw;
    auto frames = read_frames((bytes - wal_header_bytes) / frame_bytes, header);
    if (!frames) return frames.error();
    // Nothing in it was ever whole: a log that a crash left unfinished.
    damage.log_header =
        !header && std::any_of(frames->begin(), frames->end(), [](const auto& one) { return one.ours; });
    take_committed(*frames, synced(*frames));
    return {};
}

bool Plain::open_main_page(std::uint32_t number, std::uint8_t* out) const
{
    if (number == 0 || number > main_pages) return false;
    if (main.read(out, page_bytes, std::uint64_t{number - 1} * page_bytes) != SQLITE_OK) return false;
    if (number != 1) return true;
    return std::memcmp(out, file_magic.data(), file_magic.size()) == 0 &&
           (std::size_t{out[at_page_size]} << 8 | out[at_page_size + 1]) == page_bytes;
}

bool Plain::open_logged_page(std::uint64_t frame, std::uint8_t* out) const
{
    std::array<std::uint8_t, frame_bytes> raw;
    if (!read_frame(frame, raw)) return false;
    std::memcpy(out, raw.data() + frame_header_bytes, page_bytes);
    return true;
}

} // namespace

Result<Remains> Remains::open_plain(const std::string& path, const char* vfs_name)
{
    auto impl = std::make_unique<Plain>();
    auto done = impl->open_files(path, vfs_name);
    std::uint64_t bytes = 0;
    if (done)
        if (const int rc = impl->main.size(bytes); rc != SQLITE_OK) return to_error(rc, nullptr);
    if (done && bytes == 0) impl->damage.unborn = true;
    if (done) done = impl->read_log();
    if (done) done = impl->read_main();
    if (!done) return done.error();
    auto& damage = impl->damage;
    if (damage.unborn && damage.log_frames == 0 && damage.log_frames_lost == 0) {
        damage = Damage();
        damage.unborn = true;
        return Remains(std::move(impl));
    }
    damage.unborn = false;
    Impl& shared = *impl;
    Remains out(std::move(impl));
    for (const std::uint32_t page : senseless_pages(out))
        if (shared.senseless.insert(page).second) damage.lost_pages.push_back(page);
    std::sort(damage.lost_pages.begin(), damage.lost_pages.end());
    return out;
}

} // namespace godwit::sqlite
