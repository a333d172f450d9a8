// SPDX-License-Identifier: Apache-2.0
// Remains of an encrypted database: superblock -> data key -> each page and each unit of the log authenticates, or is
// lost.
#include "lib/sqlite/remains_impl.hpp"

#include "lib/sqlite/errors.hpp"
#include "lib/sqlite/sealer.hpp"
#include "lib/sqlite/superblock.hpp"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

using Salts = std::array<std::uint8_t, salts_bytes>;
using Plain = std::array<std::uint8_t, unit_plain_bytes>;

/// As runs_on(): SQLite's checksum goes over a page whose reserved bytes are zero.
bool unit_runs_on(const WalChecksum& before, const Plain& plain, const WalChecksum& after)
{
    std::array<std::uint8_t, page_bytes> page{};
    std::memcpy(page.data(), plain.data() + frame_header_bytes, body_bytes);
    const bool out = runs_on(before, plain.data(), page.data(), after);
    sodium_memzero(page.data(), page.size());
    return out;
}

struct Sealed final : Remains::Impl {
    Sealed() : Impl(prefix_bytes, body_bytes) {}

    Result<void> enter(const Key& key);
    Result<void> read_log();
    Result<std::optional<WalHeader>> log_header();
    Result<Salts> newest_salts(std::uint64_t units);
    /// False: not authentic.
    Result<bool> read_unit(std::uint64_t index, Plain& plain) const;
    Result<std::vector<LoggedFrame>> read_units();
    bool open_main_page(std::uint32_t number, std::uint8_t* out) const override;
    bool open_logged_page(std::uint64_t frame, std::uint8_t* out) const override;

    std::optional<Sealer> sealer;
    std::uint64_t witnessed = 0;
};

Result<void> Sealed::enter(const Key& key)
{
    Superblock block;
    if (const int rc = block.read(main); rc != SQLITE_OK) return to_error(rc, nullptr);
    if (block.any(SlotHealth::newer_version))
        return Error{ErrorCode::storage_too_new, "a newer godwit wrote this store: update; the file is untouched"};
    for (const auto health : block.health)
        if (health == SlotHealth::damaged) ++damage.superblocks;
    if (block.lost()) {
        std::uint64_t bytes = 0;
        std::uint64_t log_bytes = 0;
        int rc = main.size(bytes);
        if (rc == SQLITE_OK && has_log) rc = log.size(log_bytes);
        if (rc != SQLITE_OK) return to_error(rc, nullptr);
        if (log_bytes <= prefix_bytes && (bytes == 0 || is_stillborn(block.slots[0], bytes))) {
            damage.superblocks = 0;
            damage.unborn = true;
            return {};
        }
        return damaged_store(
            "this is no godwit store, or both copies of its superblock, which hold its key, are damaged, and "
            "nothing in it can be read");
    }
    auto opened = block.open(key);
    if (!opened) return opened.error();
    sealer.emplace(std::move(opened->data_key));
    damage.unborn = !block.born();
    return {};
}

/// The newer of the two that authenticate.
Result<std::optional<WalHeader>> Sealed::log_header()
{
    std::optional<WalHeader> out;
    for (unsigned slot = 0; slot < 2; ++slot) {
        std::array<std::uint8_t, slot_bytes> raw;
        const int rc = log.read(raw.data(), raw.size(), std::uint64_t{slot} * slot_bytes);
        if (rc == SQLITE_IOERR_SHORT_READ) continue;
        if (rc != SQLITE_OK) return to_error(rc, nullptr);
        WalHeader header;
        if (!sealer->open_wal_header(slot, raw.data(), header.data())) continue;
        if (!out || static_cast<std::int32_t>(wal_salt(header) - wal_salt(*out)) > 0) out = header;
    }
    return out;
}

/// The salts of the log's generation, when its header is lost: SQLite counts the first salt up at each restart of the
/// log, and what the restart before left lies behind.
Result<Salts> Sealed::newest_salts(std::uint64_t units)
{
    std::optional<Salts> out;
    Plain plain;
    for (std::uint64_t i = 0; i < units; ++i) {
        auto read = read_unit(i, plain);
        if (!read) return read.error();
        if (!*read) continue;
        const std::uint8_t* const salts = plain.data() + frame_at_salts;
        if (out && static_cast<std::int32_t>(load_be32(salts) - load_be32(out->data())) <= 0) continue;
        out.emplace();
        std::memcpy(out->data(), salts, salts_bytes);
    }
    sodium_memzero(plain.data(), plain.size());
    return out.value_or(Salts{});
}

Result<bool> Sealed::read_unit(std::uint64_t index, Plain& plain) const
{
    std::array<std::uint8_t, unit_bytes> disk;
    const int rc = log.read(disk.data(), unit_bytes, prefix_bytes + index * unit_bytes);
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return to_error(rc, nullptr);
    return rc == SQLITE_OK && sealer->open_unit(index, disk.data(), plain.data());
}

Result<std::vector<LoggedFrame>> Sealed::read_units()
{
    std::uint64_t bytes = 0;
    if (const int rc = log.size(bytes); rc != SQLITE_OK) return to_error(rc, nullptr);
    const std::uint64_t count = bytes > prefix_bytes ? (bytes - prefix_bytes + unit_bytes - 1) / unit_bytes : 0;
    auto header = log_header();
    if (!header) return header.error();
    Salts salts{};
    if (*header) {
        std::memcpy(salts.data(), (*header)->data() + header_at_salts, salts_bytes);
        // The header of a unit's generation was synced before the unit was written: a newer one than ours is lost.
        auto newest = newest_salts(count);
        if (!newest) return newest.error();
        damage.log_header = load_be32(newest->data()) == load_be32(salts.data()) + 1;
        if (damage.log_header) salts = *newest;
    } else if (count > 0) {
        damage.log_header = true;
        auto newest = newest_salts(count);
        if (!newest) return newest.error();
        salts = *newest;
    }

    std::vector<LoggedFrame> out(static_cast<std::size_t>(count));
    Plain plain;
    for (std::size_t i = 0; i < out.size(); ++i) {
        auto read = read_unit(i, plain);
        if (!read) return read.error();
        if (!*read || std::memcmp(plain.data() + frame_at_salts, salts.data(), salts_bytes) != 0) continue;
        LoggedFrame& unit = out[i];
        unit.ours = true;
        unit.page = load_be32(plain.data());
        unit.commit_pages = load_be32(plain.data() + frame_at_commit);
        unit.checksum = stored_checksum(plain.data() + frame_at_checksum);
        witnessed = std::max(witnessed, load_be64(plain.data() + frame_header_bytes + body_bytes));
        if (i > 0)
            unit.follows = out[i - 1].ours && unit_runs_on(out[i - 1].checksum, plain, unit.checksum);
        else
            unit.follows = damage.log_header ||
                           unit_runs_on(stored_checksum((*header)->data() + header_at_checksum), plain, unit.checksum);
    }
    sodium_memzero(plain.data(), plain.size());
    return out;
}

Result<void> Sealed::read_log()
{
    if (!has_log) return {};
    std::uint64_t bytes = 0;
    if (const int rc = log.size(bytes); rc != SQLITE_OK) return to_error(rc, nullptr);
    if (bytes == 0) return {};
    auto units = read_units();
    if (!units) return units.error();
    take_committed(*units, witnessed);
    return {};
}

bool Sealed::open_main_page(std::uint32_t number, std::uint8_t* out) const
{
    std::uint8_t disk[page_bytes];
    if (number == 0 || number > main_pages) return false;
    if (main.read(disk, page_bytes, prefix_bytes + std::uint64_t{number - 1} * page_bytes) != SQLITE_OK) return false;
    return sealer->open_page(number - 1, disk, out);
}

bool Sealed::open_logged_page(std::uint64_t frame, std::uint8_t* out) const
{
    Plain plain;
    const auto read = read_unit(frame, plain);
    if (!read || !*read) return false;
    std::memcpy(out, plain.data() + frame_header_bytes, body_bytes);
    std::memset(out + body_bytes, 0, reserved_bytes);
    sodium_memzero(plain.data(), plain.size());
    return true;
}

} // namespace

Result<Remains> Remains::open(const std::string& path, const Key& key, const char* vfs_name)
{
    auto impl = std::make_unique<Sealed>();
    auto done = impl->open_files(path, vfs_name);
    if (done) done = impl->enter(key);
    if (done && !impl->damage.unborn) done = impl->read_log();
    if (done && !impl->damage.unborn) done = impl->read_main();
    if (!done) return done.error();
    return Remains(std::move(impl));
}

} // namespace godwit::sqlite
