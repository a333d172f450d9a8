// SPDX-License-Identifier: Apache-2.0
//   chain -> full copy -> the pages of each further one over it -> every page is what the last pages.sum says
//         -> a database that opens, migrates and is sound -> numbers skipped -> swapped in (lib/sqlite/file_swap.hpp)
#include "relay/backup/restore.hpp"

#include "lib/sqlite/file_swap.hpp"
#include "relay/backup/files.hpp"
#include "relay/store/rescue.hpp"
#include "relay/store/store.hpp"

namespace godwit::relay::backup {

namespace fs = std::filesystem;

namespace {

Error corrupt(const fs::path& where, const std::string& why)
{
    return {ErrorCode::storage_corrupt, where.string() + ": " + why, 0};
}

/// Calls `page(number, bytes)` for each that the copy has, after comparing it with its sum.
Result<void> each_page(const Manifest& manifest, const Sums& sums,
                       const std::function<Result<void>(std::uint64_t, const Page&)>& page)
{
    const auto path = manifest.folder / (manifest.is_full ? "relay.db" : "pages.bin");
    auto from = PageReader::open(path);
    if (!from.ok()) return corrupt(path, from.error().detail);
    std::uint64_t count = 0, least = 0;
    for (;; ++count) {
        Record record;
        Page bytes;
        auto more = manifest.is_full ? from->next(bytes) : from->next(record);
        if (!more.ok()) return more.error();
        if (!*more) break;
        auto number = count;
        if (!manifest.is_full) {
            number = number_of(record);
            if (number < least) return corrupt(path, "its pages are not in order");
            least = number + 1;
            std::copy(record.begin() + 4, record.end(), bytes.begin());
        }
        if (number >= sums.size() || sum_of(bytes) != sums[static_cast<std::size_t>(number)])
            return corrupt(path, "page " + std::to_string(number) + " is damaged");
        if (auto done = page(number, bytes); !done.ok()) return done;
    }
    if (count != manifest.changed)
        return corrupt(path, "has " + std::to_string(count) + " pages and not " + std::to_string(manifest.changed));
    return {};
}

/// All of one copy; `before`: the sums of the one that it stands on.
Result<Sums> look_through(const Manifest& manifest, const Sums& before)
{
    auto sums = read_sums(manifest);
    if (!sums.ok()) return sums;
    std::vector<bool> is_here(sums->size(), false);
    auto read = each_page(manifest, *sums, [&](std::uint64_t number, const Page&) -> Result<void> {
        is_here[static_cast<std::size_t>(number)] = true;
        return {};
    });
    if (!read.ok()) return read.error();
    for (std::size_t i = 0; i < sums->size(); ++i)
        if (!is_here[i] && (i >= before.size() || before[i] != (*sums)[i]))
            return corrupt(manifest.folder, "page " + std::to_string(i) + " is missing");
    auto identity = read_small(manifest.folder / "identity.key", identity_bytes_max);
    if (!identity.ok()) return identity.error();
    if (sum_text(*identity) != manifest.identity_sum)
        return corrupt(manifest.folder / "identity.key", "is not what the manifest says");
    return sums;
}

Result<void> is_sound(const fs::path& database)
{
    auto remains = sqlite::Remains::open_plain(database.string());
    if (!remains.ok()) return remains.error();
    auto findings = sqlite::examine(*remains, catalogue());
    if (!findings.ok()) return findings.error();
    if (findings->sentences.empty()) return {};
    return corrupt(database, findings->sentences.front());
}

} // namespace

Result<void> assemble(const std::vector<Manifest>& links, const fs::path& to)
{
    auto out = NewFile::make(to);
    if (!out.ok()) return out.error();
    Sums sums;
    for (const auto& link : links) {
        auto now = look_through(link, sums);
        if (!now.ok()) return now.error();
        sums = *std::move(now);
        auto put = each_page(link, sums,
                             [&](std::uint64_t number, const Page& page) { return out->write_page(number, page); });
        if (!put.ok()) return put;
        if (auto cut = out->cut(link.pages * page_bytes); !cut.ok()) return cut;
    }
    if (auto synced = out->sync(); !synced.ok()) return synced;
    auto written = PageReader::open(to);
    if (!written.ok()) return written.error();
    Page page;
    for (const auto& sum : sums) {
        auto read = written->next(page);
        if (!read.ok()) return read.error();
        if (!*read || sum_of(page) != sum) return corrupt(to, "was not written as it should be");
    }
    return {};
}

Result<std::vector<Manifest>> verify(const fs::path& folder)
{
    auto all = list(folder);
    if (!all.ok()) return all;
    auto newest = chain(*all, 0);
    if (!newest.ok()) return newest.error();
    Sums sums;
    std::uint32_t sums_of = 0;
    for (const auto& one : *all) {
        if (auto links = chain(*all, one.number); !links.ok()) return links.error();
        if (!one.is_full && one.previous != sums_of) {
            const auto before = std::find_if(all->begin(), all->end(),
                                             [&](const Manifest& other) { return other.number == one.previous; });
            auto read = read_sums(*before);
            if (!read.ok()) return read.error();
            sums = *std::move(read);
        }
        auto now = look_through(one, sums);
        if (!now.ok()) return now.error();
        sums = *std::move(now);
        sums_of = one.number;
    }
    const auto aside = folder / ".verify.db";
    std::error_code ignored;
    fs::remove(aside, ignored);
    auto done = assemble(*newest, aside);
    if (done.ok()) done = is_sound(aside);
    fs::remove(aside, ignored);
    if (!done.ok()) return done.error();
    return all;
}

Result<Restored> restore(const fs::path& folder, std::uint32_t number, const fs::path& data)
{
    auto all = list(folder);
    if (!all.ok()) return all.error();
    auto links = chain(*all, number);
    if (!links.ok()) return links.error();
    const auto& manifest = links->back();
    auto identity = read_small(manifest.folder / "identity.key", identity_bytes_max);
    if (!identity.ok()) return identity.error();
    if (sum_text(*identity) != manifest.identity_sum)
        return corrupt(manifest.folder / "identity.key", "is not what the manifest says");

    std::error_code ignored;
    const auto key = data / "identity.key";
    const bool has_key = fs::exists(key, ignored);
    if (has_key) {
        auto mine = read_small(key, identity_bytes_max);
        if (!mine.ok()) return mine.error();
        if (*mine != *identity)
            return Error{
                ErrorCode::invalid_argument,
                key.string() +
                    " is another relay's key than the backup's: restore to another directory, or move it away first",
                0};
    }
    const auto database = data / "relay.db";
    auto lock = sqlite::SwapLock::take(data);
    if (!lock.ok()) return lock.error();
    if (const auto pending = sqlite::swap_pending(database))
        if (auto finished = sqlite::finish_swap(database, *pending); !finished.ok()) return finished.error();
    // Holds the lock of the database until the end. Whatever else is wrong with it is why it is replaced.
    const bool had = fs::exists(database, ignored);
    std::optional<sqlite::Remains> old;
    if (had) {
        auto remains = sqlite::Remains::open_plain(database.string());
        if (remains.ok())
            old.emplace(*std::move(remains));
        else if (remains.error().code == ErrorCode::storage_in_use)
            return Error{ErrorCode::storage_in_use, "the relay runs on " + data.string() + ": stop it first", 0};
    }
    const auto kept = sqlite::swap_in(database, [&](const fs::path& aside) -> Result<void> {
        if (auto done = assemble(*links, aside); !done.ok()) return done;
        auto store = Store::open(aside.string());
        if (!store.ok()) return store.error();
        if (auto sound = store->look_over(); !sound.ok()) return sound;
        return store->skip_numbers();
    });
    if (!kept.ok()) return kept.error();
    if (!has_key) {
        const auto fresh = data / "identity.key.new";
        fs::remove(fresh, ignored);
        if (auto done = write_file(fresh, *identity); !done.ok()) return done.error();
        std::error_code fault;
        fs::rename(fresh, key, fault);
        if (fault) return sqlite::cannot("name", key, fault);
        if (auto done = sqlite::sync_folder(data); !done.ok()) return done.error();
    }
    return Restored{manifest, had ? *kept : fs::path()};
}

} // namespace godwit::relay::backup
