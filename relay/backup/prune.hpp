// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relay/backup/manifest.hpp"

namespace godwit::relay::backup {

/// Removes all but the newest `full_kept` full copies and what stands on them, the newest first, so that whenever it
/// dies what is left can be relied on. One is kept in any case. The folder is this process's alone meanwhile. Returns
/// what it has removed. Errors: storage_corrupt, storage_failed.
[[nodiscard]] Result<std::vector<Manifest>> prune(const std::filesystem::path& folder, std::size_t full_kept);

} // namespace godwit::relay::backup
