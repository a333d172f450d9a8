// SPDX-License-Identifier: Apache-2.0
// Applications: tenants of one relay. What they mean: relay/core/apps.hpp.
#pragma once

#include "lib/base/time.hpp"
#include "relay/store/ledger.hpp"

#include <vector>

namespace godwit::relay {

/// 0: the default one, which has no row: the configuration says what is to be said of it.
using AppRow = std::int64_t;
/// Of those who administer: of no application, the relay's own people.
inline constexpr AppRow relays_own = 0;
/// Of a key that this relay does not know.
inline constexpr AppRow no_app = -1;

struct AppLimits {
    std::optional<std::uint64_t> accounts;
    std::optional<std::uint64_t> sessions; ///< Devices that are connected.
    // Of each of its accounts, where the account has none of its own; the configuration's where these are absent.
    std::optional<std::uint64_t> mailbox_messages;
    std::optional<std::uint64_t> mailbox_bytes;
    std::optional<std::uint64_t> blob_bytes;
    std::optional<std::uint64_t> blob_bytes_all; ///< Of all its accounts together.

    friend bool operator==(const AppLimits&, const AppLimits&) = default;
};

struct StoredApp {
    AppRow row = 0;
    std::string name;
    std::string key; ///< What clients say to be its.
    WallMs created_ms = 0;
    WallMs disabled_ms = 0; ///< Since when; 0: it is not.
    bool registration_open = true;
    bool directory_shown = true;
    AppLimits limits;
};

class AppTable {
public:
    explicit AppTable(Ledger& ledger) : ledger_(ledger) {}

    [[nodiscard]] std::vector<StoredApp> all(); ///< By name.
    [[nodiscard]] std::int64_t add(const StoredApp& app);
    void set(const StoredApp& app); ///< All but row, name and created_ms.
    void remove(AppRow row);        ///< With its directory, its tokens, and what was said to it alone.
    [[nodiscard]] std::uint64_t account_count(AppRow row);

private:
    Ledger& ledger_;
};

} // namespace godwit::relay
