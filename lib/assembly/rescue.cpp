// SPDX-License-Identifier: Apache-2.0
// check_home and repair_home: the home's files and key around lib/store's rescue.
//
//   options -> home (must be there) -> key -> Remains (locked from here on) -> examine
//                                                                            -> salvage aside -> swap (file_swap.hpp)
#include <godwit/rescue.hpp>

#include "lib/assembly/client_impl.hpp"
#include "lib/assembly/home.hpp"
#include "lib/base/wiping.hpp"
#include "lib/crypto/secret_pages.hpp"
#include "lib/sqlite/file_swap.hpp"
#include "lib/store/rescue.hpp"

#include <exception>

namespace godwit {

namespace fs = std::filesystem;

namespace {

struct Opened {
    fs::path database;
    sqlite::Key key;
    sqlite::Remains remains;
};

Result<sqlite::Key> key_of(const ClientOptions& options)
{
    if (!options.store_key.empty()) return sqlite::Key::raw(options.store_key);
    if (!options.passphrase.empty()) return sqlite::Key::passphrase(options.passphrase);
    auto own = assembly::read_own_key(options.home);
    if (!own.ok()) return std::move(own).error();
    return sqlite::Key::raw(*own);
}

Result<fs::path> database_of(const ClientOptions& options)
{
    if (options.home.empty())
        return Error{ErrorCode::invalid_argument, "home: give the folder of this device's account", 0};
    if (!options.store_key.empty() && options.store_key.size() != assembly::store_key_bytes)
        return Error{ErrorCode::invalid_argument, "store_key: exactly 32 bytes, or none", 0};
    const fs::path out = fs::path(options.home) / assembly::database_name;
    std::error_code ignored;
    if (!fs::exists(out, ignored) && !sqlite::swap_pending(out))
        return Error{ErrorCode::storage_failed, "there is no store in " + options.home + ": check the name of the home",
                     0};
    return out;
}

/// `at`: the file to read, which a repair that died may have left under another name.
Result<Opened> open(const ClientOptions& options, const fs::path& database, const fs::path& at)
{
    crypto::lock_secrets();
    auto key = key_of(options);
    if (!key.ok()) return std::move(key).error();
    auto remains = sqlite::Remains::open(at.string(), *key);
    if (!remains.ok()) return std::move(remains).error();
    return Opened{database, std::move(*key), std::move(*remains)};
}

std::vector<HomeTable> tables_of(const std::vector<store::TableReport>& reports)
{
    std::vector<HomeTable> out;
    for (const auto& report : reports)
        out.push_back({report.table, report.rows, report.rows_lost, report.pages_lost});
    return out;
}

Result<HomeCheck> check(const ClientOptions& options)
{
    auto database = database_of(options);
    if (!database.ok()) return std::move(database).error();
    const auto pending = sqlite::swap_pending(*database);
    auto opened = open(options, *database, pending ? sqlite::repaired_path(*database, *pending) : *database);
    if (!opened.ok()) return std::move(opened).error();
    auto findings = store::examine(opened->remains);
    if (!findings.ok()) return std::move(findings).error();
    const auto& damage = opened->remains.damage();
    HomeCheck out;
    out.findings = std::move(findings->sentences);
    out.tables = tables_of(findings->tables);
    out.pages = damage.pages;
    out.pages_lost = damage.lost_pages.size();
    out.log_frames = damage.log_frames;
    out.log_frames_tail = damage.log_frames_tail;
    return out;
}

HomeRepair report_of(const store::Salvage& salvage)
{
    HomeRepair out;
    out.tables = tables_of(salvage.tables);
    out.pages_lost_unknown = salvage.pages_lost_unknown;
    out.messages_failed = salvage.messages_failed;
    out.newest_lost = salvage.stale;
    out.identity = salvage.identity;
    out.groups = salvage.groups;
    out.complete = salvage.complete();
    return out;
}

Result<HomeRepair> repair(const ClientOptions& options)
{
    auto database = database_of(options);
    if (!database.ok()) return std::move(database).error();
    auto lock = sqlite::SwapLock::take(database->parent_path());
    if (!lock.ok()) return std::move(lock).error();
    if (const auto pending = sqlite::swap_pending(*database))
        if (auto done = sqlite::finish_swap(*database, *pending); !done.ok()) return std::move(done).error();
    auto opened = open(options, *database, *database);
    if (!opened.ok()) return std::move(opened).error();
    auto findings = store::examine(opened->remains);
    if (!findings.ok()) return std::move(findings).error();
    if (findings->sentences.empty()) {
        HomeRepair out;
        out.was_sound = true;
        out.tables = tables_of(findings->tables);
        return out;
    }

    std::optional<HomeRepair> out;
    auto kept = sqlite::swap_in(*database, [&](const fs::path& aside) -> Result<void> {
        if (auto made = assembly::make_private(aside); !made.ok()) return made;
        auto salvage = store::salvage(opened->remains, aside.string(), opened->key);
        if (!salvage.ok()) return std::move(salvage).error();
        out = report_of(*salvage);
#if defined(_WIN32)
        const auto closed = std::move(opened->remains); // a file that is open cannot be renamed there
#endif
        return {};
    });
    if (!kept.ok()) return std::move(kept).error();
    out->kept_as = kept->string();
    return *std::move(out);
}

template <class Report>
Result<Report> guarded(const ClientOptions& options, Result<Report> (*work)(const ClientOptions&))
{
    try {
        assembly::OwnOptions own(options);
        if (auto taken = assembly::take_key(own.of); !taken.ok()) return std::move(taken).error();
        return work(own.of);
    } catch (const std::exception& trouble) {
        return Error{ErrorCode::internal, std::string("cannot look into the home: ") + trouble.what(), 0};
    }
}

} // namespace

Result<HomeCheck> check_home(const ClientOptions& options)
{
    return guarded(options, check);
}

Result<HomeRepair> repair_home(const ClientOptions& options)
{
    return guarded(options, repair);
}

} // namespace godwit
