// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relay/backup/manifest.hpp"

#include <functional>

namespace godwit::relay::backup {

struct Source {
    std::filesystem::path snapshot; ///< relay.db without a log, that nobody changes.
    std::filesystem::path identity; ///< identity.key
    std::string relay_version;
    WallMs now_ms = 0;
};

struct How {
    bool incremental = false;
    /// With `incremental`: after so many on one full copy comes a full one. 0: never.
    std::size_t incrementals_max = 0;
};

/// Puts `source` into `folder`, which is there and is this process's alone meanwhile: as what changed since the newest
/// copy when it is to be incremental and there is one, else in full. Durable when it returns; dead in between it has
/// left .new. Errors: storage_corrupt (the copies that are there: begin another folder), invalid_argument (they are of
/// another relay), storage_failed.
[[nodiscard]] Result<Manifest> keep(const std::filesystem::path& folder, const Source& source, const How& how);

} // namespace godwit::relay::backup
