// SPDX-License-Identifier: Apache-2.0
// apps: applications, tenants of one relay that see nothing of each other.
//
//   Hello names an application by its key -> register, log in and add a device look names up among its accounts alone
//   -> from then on the account says which one it is (a device that comes back needs no key)
//
// So two applications may each have an "ann". Whatever a client names is looked for within its own application; what it
// cannot name it cannot reach: contacts, groups, presence and mail follow from names. Those who run the relay, its log
// and TURN say "ann@name" of an account of an application, and "ann" of one of the default application, which has no
// row and is what the configuration says.
#pragma once

#include "relay/store/app_tables.hpp"

#include <godwit/result.hpp>

#include <map>
#include <string>
#include <string_view>

namespace godwit::port {
class Entropy;
}

namespace godwit::relay {

inline constexpr std::size_t apps_max = 1000;
inline constexpr std::size_t app_name_bytes_max = 32;
/// "user@app"
inline constexpr std::size_t account_name_bytes_max = 32 + 1 + app_name_bytes_max;

/// What is to be changed of an application; absent: stays as it is.
struct AppChange {
    std::optional<bool> registration_open;
    std::optional<bool> directory_shown;
    std::optional<AppLimits> limits; ///< All of them.
};

struct AccountName {
    AppRow app = 0;
    std::string_view user;
};

class Apps {
public:
    explicit Apps(Ledger& ledger) : table_(ledger), ledger_(ledger) {}

    /// nullptr: there is none of this row; the default one has none.
    [[nodiscard]] const StoredApp* find(AppRow row);
    [[nodiscard]] const StoredApp* named(std::string_view name);
    /// Of this key; 0 of an empty one, no_app of one that is not known.
    [[nodiscard]] AppRow of_key(std::string_view key);
    [[nodiscard]] std::vector<StoredApp> all();

    /// "ann", "ann@name".
    [[nodiscard]] std::string full_name(AppRow app, std::string_view user);
    /// nullopt: there is no such application.
    [[nodiscard]] std::optional<AccountName> parse(std::string_view full_name);
    /// Of an account of it: what it may have where it has no quotas of its own.
    [[nodiscard]] AppLimits limits(AppRow row);
    [[nodiscard]] std::uint64_t accounts(AppRow row);
    void registered(AppRow row)
    {
        if (const auto found = counts_.find(row); found != counts_.end()) ++found->second;
    }
    void removed() { counts_.clear(); }
    /// Why nobody of it is served now.
    [[nodiscard]] std::optional<Error> refuses(AppRow row);

    // The operator's. Errors: invalid_argument, no_such_file (there is none of this name), conflict, quota_exceeded.
    [[nodiscard]] Result<StoredApp> add(std::string_view name, port::Entropy& entropy, WallMs now_ms);
    [[nodiscard]] Result<StoredApp> change(std::string_view name, const AppChange& change);
    /// Another key in the place of the old one. Devices that are logged in stay so.
    [[nodiscard]] Result<StoredApp> renew_key(std::string_view name, port::Entropy& entropy);
    [[nodiscard]] Result<StoredApp> disable(std::string_view name, bool disabled, WallMs now_ms);
    /// One without accounts.
    [[nodiscard]] Result<void> remove(std::string_view name);

    /// What is remembered is read anew: the tick was rolled back, or something was changed.
    void forget();

private:
    void read();
    [[nodiscard]] Result<StoredApp> of_name(std::string_view name);

    AppTable table_;
    Ledger& ledger_;
    bool is_read_ = false;
    std::map<AppRow, StoredApp> apps_;
    std::map<AppRow, std::uint64_t> counts_; ///< Accounts, of those that were asked about.
};

} // namespace godwit::relay
