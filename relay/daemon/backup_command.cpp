// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/backup_command.hpp"

#include "lib/sqlite/file_swap.hpp"
#include "relay/backup/keep.hpp"
#include "relay/backup/prune.hpp"
#include "relay/backup/restore.hpp"
#include "relay/daemon/control_client.hpp"
#include "relay/daemon/home.hpp"
#include "relay/daemon/identity_file.hpp"
#include "relay/daemon/log.hpp"
#include "relay/daemon/words.hpp"

#include <sys/stat.h>
#include <thread>

namespace godwit::relay {

namespace fs = std::filesystem;

namespace {

/// Between two questions how far the relay is.
constexpr auto ask_interval = std::chrono::milliseconds(20);

/// One folder, one process that writes to it.
Result<sqlite::SwapLock> lock(const fs::path& folder)
{
    auto out = sqlite::SwapLock::take(folder);
    if (!out.ok() && out.error().code == ErrorCode::storage_in_use)
        return Error{ErrorCode::storage_in_use, "another process works in " + folder.string() + ": wait for its end",
                     0};
    return out;
}

/// nullopt: no relay runs there.
Result<std::optional<toml::table>> ask(const std::string& data, const char* what)
{
    auto answer = ask_control(data, toml::table{{"do", what}});
    if (answer.ok()) return std::optional<toml::table>(*std::move(answer));
    if (answer.error().code == ErrorCode::not_connected) return std::optional<toml::table>();
    return answer.error();
}

/// A snapshot in the data directory, and its end.
class Snapshot {
public:
    explicit Snapshot(std::string data) : data_(std::move(data)), path_(data_ + "/" + snapshot_file_name) {}
    ~Snapshot()
    {
        if (is_asked_) (void)ask(data_, "snapshot_end");
        if (is_own_) {
            std::error_code ignored;
            fs::remove(path_, ignored);
        }
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    [[nodiscard]] Result<void> make()
    {
        auto begun = ask(data_, "snapshot_begin");
        if (!begun.ok()) return begun.error();
        if (!*begun) return make_here();
        is_asked_ = true;
        for (;;) {
            auto state = ask(data_, "snapshot_state");
            if (!state.ok()) return state.error();
            if (!*state)
                return Error{ErrorCode::not_connected,
                             "the relay stopped while its snapshot was made: repeat the backup", 0};
            if ((**state)["whole"].value_or(false)) return {};
            std::this_thread::sleep_for(ask_interval);
        }
    }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    /// Its database is locked meanwhile: a relay that starts says so.
    [[nodiscard]] Result<void> make_here()
    {
        const auto database = data_ + "/" + database_file_name;
        std::error_code ignored;
        if (!fs::exists(database, ignored))
            return Error{ErrorCode::storage_failed, "there is no " + database + ": check --data", 0};
        auto store = Store::open(database);
        if (!store.ok()) return Error{store.error().code, database + ": " + store.error().detail, 0};
        fs::remove(path_, ignored);
        is_own_ = true;
        auto copy = store->copy_to(path_);
        if (!copy.ok()) return copy.error();
        for (;;) {
            auto whole = (*copy)->step(1024);
            if (!whole.ok()) return whole.error();
            if (*whole) return {};
        }
    }

    std::string data_;
    std::string path_;
    bool is_asked_ = false;
    bool is_own_ = false;
};

std::string about(const backup::Manifest& one)
{
    auto out = backup::folder_name(one.number, one.is_full) + ": " + timestamp(one.created_ms) + ", " +
               std::to_string(one.pages) + " pages";
    if (!one.is_full)
        out += ", " + std::to_string(one.changed) + " of them changed since " + std::to_string(one.previous);
    return out;
}

int make_backup(const Options& options)
{
    const fs::path folder = options.backup.folder;
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (!fs::is_directory(folder, fault))
        return refused({ErrorCode::storage_failed, "cannot make " + folder.string(), 0});
    auto locked = lock(folder);
    if (!locked.ok()) return refused(locked.error());
    Snapshot snapshot(options.data);
    if (auto made = snapshot.make(); !made.ok()) return refused(made.error());
    const auto kept = backup::keep(
        folder,
        {snapshot.path(), fs::path(options.data) / identity_file_name, GODWIT_VERSION, loop::Loop::now().wall_ms},
        {options.backup.incremental, options.backup.full_after});
    if (!kept.ok()) return refused(kept.error());
    say(about(*kept));
    if (options.backup.keep == 0) return done;
    const auto gone = backup::prune(folder, options.backup.keep);
    if (!gone.ok()) return refused(gone.error());
    for (const auto& one : *gone)
        say("removed " + backup::folder_name(one.number, one.is_full));
    return done;
}

int verify(const Options& options)
{
    auto locked = lock(options.backup.folder);
    if (!locked.ok()) return refused(locked.error());
    const auto all = backup::verify(options.backup.folder);
    if (!all.ok()) return refused(all.error());
    for (const auto& one : *all)
        say(about(one));
    say("sound");
    return done;
}

int restore(const Options& options)
{
    if (auto made = ensure_directory(options.data); !made.ok()) return refused(made.error());
    auto locked = lock(options.backup.folder);
    if (!locked.ok()) return refused(locked.error());
    const auto out = backup::restore(options.backup.folder, options.backup.number, options.data);
    if (!out.ok()) return refused(out.error());
    say("restored " + about(out->manifest));
    if (!out->kept.empty())
        say("The database that was there is kept as " + out->kept.string() + ": remove it when nothing is missed.");
    say("Start the relay: the devices of the accounts bring back what came after the copy, as far as they can.");
    return done;
}

} // namespace

int run_backup(const Options& options)
{
    ::umask(077);
    if (options.command == Options::Command::backup) return make_backup(options);
    return options.command == Options::Command::verify ? verify(options) : restore(options);
}

} // namespace godwit::relay
