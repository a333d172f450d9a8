// SPDX-License-Identifier: Apache-2.0
//   DIR/relay.db -> Remains (locked from here on) -> examine -> report
//                                                 -> salvage aside -> swap (lib/sqlite/file_swap.hpp) -> report
#include "relay/daemon/rescue.hpp"

#include "lib/sqlite/file_swap.hpp"
#include "relay/daemon/home.hpp"
#include "relay/daemon/words.hpp"
#include "relay/store/rescue.hpp"

#include <sys/stat.h>

namespace godwit::relay {

namespace fs = std::filesystem;

namespace {

/// `at`: the file to read, which a repair that died may have left under another name.
Result<sqlite::Remains> open(const fs::path& at)
{
    auto out = sqlite::Remains::open_plain(at.string());
    if (!out.ok() && out.error().code == ErrorCode::storage_in_use)
        return Error{ErrorCode::storage_in_use, "the relay runs on " + at.string() + ": stop it first", 0};
    return out;
}

int check(const fs::path& database)
{
    const auto pending = sqlite::swap_pending(database);
    auto remains = open(pending ? sqlite::repaired_path(database, *pending) : database);
    if (!remains.ok()) return refused(remains.error());
    auto findings = sqlite::examine(*remains, catalogue());
    if (!findings.ok()) return refused(findings.error());
    for (const auto& table : findings->tables)
        say(table.table + ": " + std::to_string(table.rows) + " rows");
    const auto& damage = remains->damage();
    say(std::to_string(damage.pages) + " pages, " + std::to_string(damage.lost_pages.size()) + " of them damaged; " +
        std::to_string(damage.log_frames) + " frames in the log");
    for (const auto& sentence : findings->sentences)
        say("damaged: " + sentence);
    say(findings->sentences.empty()
            ? "sound"
            : "damaged: restore a copy, or `repair` saves what is left, and keeps this database beside it");
    return findings->sentences.empty() ? done : damaged;
}

void print(const Salvage& salvage)
{
    for (const auto& table : salvage.tables) {
        std::string line = table.table + ": " + std::to_string(table.rows) + " rows saved";
        if (table.rows_lost > 0) line += ", at least " + std::to_string(table.rows_lost) + " lost";
        if (table.pages_lost > 0) line += ", with " + std::to_string(table.pages_lost) + " damaged page(s)";
        say(line);
    }
    if (salvage.pages_lost_unknown > 0)
        say(std::to_string(salvage.pages_lost_unknown) + " damaged page(s) of which nobody can say what they held");
    if (salvage.rows_dropped > 0)
        say(std::to_string(salvage.rows_dropped) + " row(s) that referred to what is lost were dropped");
    if (salvage.stale)
        say("The log was damaged: the newest changes may be missing, and some rows are older than they were.");
}

int repair(const fs::path& database)
{
    auto lock = sqlite::SwapLock::take(database.parent_path());
    if (!lock.ok()) return refused(lock.error());
    if (const auto pending = sqlite::swap_pending(database))
        if (auto finished = sqlite::finish_swap(database, *pending); !finished.ok()) return refused(finished.error());
    auto remains = open(database);
    if (!remains.ok()) return refused(remains.error());
    auto findings = sqlite::examine(*remains, catalogue());
    if (!findings.ok()) return refused(findings.error());
    if (findings->sentences.empty()) {
        say("sound: nothing to repair");
        return done;
    }
    std::optional<Salvage> out;
    const auto kept = sqlite::swap_in(database, [&](const fs::path& aside) -> Result<void> {
        auto salvage = relay::salvage(*remains, aside.string());
        if (!salvage.ok()) return salvage.error();
        out = *std::move(salvage);
        return {};
    });
    if (!kept.ok()) return refused(kept.error());
    print(*out);
    say("The damaged database is kept as " + kept->string() + ": remove it when nothing is missed.");
    say("What is missing, the devices of the accounts bring back as far as they can when they connect.");
    say(out->complete() ? "repaired, nothing is lost" : "repaired, with the losses above");
    return out->complete() ? done : damaged;
}

} // namespace

int run_rescue(const Options& options)
{
    ::umask(077); // a copy of the database is nobody else's business either
    const fs::path database = fs::path(options.data) / database_file_name;
    std::error_code ignored;
    if (!fs::exists(database, ignored) && !sqlite::swap_pending(database))
        return refused({ErrorCode::storage_failed, "there is no " + database.string() + ": check --data", 0});
    return options.command == Options::Command::repair ? repair(database) : check(database);
}

} // namespace godwit::relay
