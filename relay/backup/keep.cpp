// SPDX-License-Identifier: Apache-2.0
//   .new made -> pages (all, or those whose sum changed) -> pages.sum, identity.key, manifest.toml -> synced -> rename
#include "relay/backup/keep.hpp"

#include "relay/backup/files.hpp"

namespace godwit::relay::backup {

namespace fs = std::filesystem;

namespace {

struct Base {
    Manifest manifest;
    Sums sums;
};

/// What an incremental copy stands on; nullopt: nothing is there yet, or enough stands on it.
Result<std::optional<Base>> newest(const std::vector<Manifest>& all, std::size_t incrementals_max)
{
    if (all.empty()) return std::optional<Base>();
    const auto links = chain(all, 0);
    if (!links.ok()) return links.error();
    if (incrementals_max > 0 && links->size() > incrementals_max) return std::optional<Base>();
    auto sums = read_sums(all.back());
    if (!sums.ok()) return sums.error();
    return std::optional<Base>(Base{all.back(), *std::move(sums)});
}

/// Fills in pages, changed, sums_sum.
Result<void> write_pages(const fs::path& into, const Source& source, const Sums& known, Manifest& out)
{
    auto from = PageReader::open(source.snapshot);
    if (!from.ok()) return from.error();
    auto to = NewFile::make(into / (out.is_full ? "relay.db" : "pages.bin"));
    if (!to.ok()) return to.error();
    Bytes sums;
    Page page;
    for (;;) {
        auto more = from->next(page);
        if (!more.ok()) return more.error();
        if (!*more) break;
        if (out.pages == pages_max) return Error{ErrorCode::unsupported, "the database is larger than 256 GiB", 0};
        const auto sum = sum_of(page);
        append(sums, sum);
        const auto number = out.pages++;
        if (!out.is_full && number < known.size() && known[static_cast<std::size_t>(number)] == sum) continue;
        ++out.changed;
        if (!out.is_full) {
            const std::array<std::uint8_t, 4> head = {
                static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
                static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
            if (auto done = to->write(head); !done.ok()) return done;
        }
        if (auto done = to->write(page); !done.ok()) return done;
    }
    if (out.pages == 0) return Error{ErrorCode::storage_corrupt, source.snapshot.string() + " is empty", 0};
    if (auto done = to->sync(); !done.ok()) return done;
    out.sums_sum = sum_text(sums);
    return write_file(into / "pages.sum", sums);
}

} // namespace

Result<Manifest> keep(const fs::path& folder, const Source& source, const How& how)
{
    auto all = list(folder);
    if (!all.ok()) return all.error();
    auto identity = read_small(source.identity, identity_bytes_max);
    if (!identity.ok()) return identity.error();

    Manifest out;
    out.identity_sum = sum_text(*identity);
    out.number = all->empty() ? 1 : all->back().number + 1;
    out.created_ms = source.now_ms;
    out.relay_version = source.relay_version;
    if (!all->empty() && all->back().identity_sum != out.identity_sum)
        return Error{ErrorCode::invalid_argument,
                     folder.string() + " has backups of a relay with another key: begin another folder", 0};
    Sums known;
    if (how.incremental) {
        auto base = newest(*all, how.incrementals_max);
        if (!base.ok()) return base.error();
        if (*base) {
            out.is_full = false;
            out.previous = (*base)->manifest.number;
            out.previous_sum = (*base)->manifest.sum;
            known = std::move((*base)->sums);
        }
    }

    const auto aside = folder / ".new";
    std::error_code fault;
    fs::remove_all(aside, fault); // of one that died
    if (!fs::create_directory(aside, fault)) return sqlite::cannot("make", aside, fault);
    fs::permissions(aside, fs::perms::owner_all, fault);
    if (auto done = write_pages(aside, source, known, out); !done.ok()) return done.error();
    if (auto done = write_file(aside / "identity.key", *identity); !done.ok()) return done.error();
    const auto text = written(out);
    if (auto done = write_file(aside / "manifest.toml", as_bytes(text)); !done.ok()) return done.error();
    if (auto done = sqlite::sync_folder(aside); !done.ok()) return done.error();
    out.folder = folder / folder_name(out.number, out.is_full);
    out.sum = sum_text(as_bytes(text));
    fs::rename(aside, out.folder, fault);
    if (fault) return sqlite::cannot("name", out.folder, fault);
    if (auto done = sqlite::sync_folder(folder); !done.ok()) return done.error();
    return out;
}

} // namespace godwit::relay::backup
