// SPDX-License-Identifier: Apache-2.0
#include "relay/backup/prune.hpp"

#include "relay/backup/files.hpp"

#include <algorithm>

namespace godwit::relay::backup {

namespace fs = std::filesystem;

Result<std::vector<Manifest>> prune(const fs::path& folder, std::size_t full_kept)
{
    std::error_code fault;
    const auto aside = folder / ".old";
    fs::remove_all(aside, fault); // of one that died
    auto all = list(folder);
    if (!all.ok()) return all.error();
    std::size_t full = 0;
    full_kept = std::max<std::size_t>(full_kept, 1);
    auto kept = all->rbegin();
    while (kept != all->rend() && full < full_kept)
        if ((kept++)->is_full) ++full;
    std::vector<Manifest> out;
    if (full < full_kept) return out;
    for (; kept != all->rend(); ++kept) {
        // Half of a copy under its name would be a damaged one.
        fs::rename(kept->folder, aside, fault);
        if (fault) return sqlite::cannot("put aside", kept->folder, fault);
        fs::remove_all(aside, fault);
        if (fault) return sqlite::cannot("remove", aside, fault);
        out.push_back(*kept);
    }
    if (auto done = sqlite::sync_folder(folder); !done.ok()) return done.error();
    return out;
}

} // namespace godwit::relay::backup
