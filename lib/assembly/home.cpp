// SPDX-License-Identifier: Apache-2.0
// store.key appears whole or not at all: written aside, made durable, then linked to its name, which fails if another
// process was first; whoever was first wins and all read that.
#include "lib/assembly/home.hpp"

#include "lib/sqlite/file_swap.hpp"
#include "lib/sqlite/folder.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace godwit::assembly {

using sqlite::cannot;
using sqlite::last_error;
using sqlite::sync_folder;

namespace fs = std::filesystem;

namespace {

#if defined(_WIN32)
/// The folder's access list protects the file.
Result<void> write_secret(const fs::path& path, BytesView bytes)
{
    std::FILE* file = std::fopen(path.string().c_str(), "wbx");
    if (file == nullptr) return cannot("write", path, last_error());
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if (std::fclose(file) != 0 || !written) return cannot("write", path, last_error());
    return {};
}
#else
Result<void> write_secret(const fs::path& path, BytesView bytes)
{
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return cannot("write", path, last_error());
    const bool written =
        ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
    const auto why = last_error();
    ::close(fd);
    if (!written) return cannot("write", path, why);
    return {};
}
#endif

Result<WipingBytes> read_key(const fs::path& path)
{
    std::FILE* file = std::fopen(path.string().c_str(), "rb");
    if (file == nullptr) return cannot("read", path, last_error());
    WipingBytes out(store_key_bytes + 1);
    out.resize(std::fread(out.data(), 1, out.size(), file));
    std::fclose(file);
    if (out.size() != store_key_bytes)
        return Error{ErrorCode::wrong_key, path.string() + " is damaged: it must have 32 bytes; restore it", 0};
    return out;
}

Result<void> make_key(const fs::path& folder, const fs::path& path, port::Entropy& entropy)
{
    WipingBytes key(store_key_bytes);
    entropy.fill(key);
    const fs::path aside = folder / ("store.key." + std::to_string(entropy.next_u64()));
    auto written = write_secret(aside, key);
    std::error_code why;
    if (written.ok()) {
        fs::create_hard_link(aside, path, why);
        std::error_code ignored;
        // No hard links here (FAT, some phones): then a plain rename, when nobody was first.
        if (why && !fs::exists(path, ignored)) fs::rename(aside, path, why);
        if (fs::exists(path, ignored)) why.clear();
    }
    std::error_code ignored;
    fs::remove(aside, ignored);
    if (!written.ok()) return written;
    if (why) return cannot("write", path, why);
    (void)sync_folder(folder); // Some file systems cannot; the key itself is durable.
    return {};
}

Error no_key(const std::string& folder)
{
    return Error{ErrorCode::wrong_key,
                 folder + " has a store but no store.key: give the passphrase or key that it was made with; if it was "
                          "made without, its store.key has gone: put it back, nothing else opens this store",
                 0};
}

} // namespace

#if defined(_WIN32)
Result<void> make_private(const fs::path&)
{
    return {};
}
#else
/// The store is its owner's alone, also in a folder that others may read: its log takes the same mode from it. A file
/// that is there is not opened: closing it would take away the lock of a client that has it open in this process
/// (POSIX).
Result<void> make_private(const fs::path& database)
{
    struct stat found{};
    if (::stat(database.c_str(), &found) != 0) {
        const int fd = ::open(database.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST) return cannot("open", database, last_error());
        if (fd >= 0) ::close(fd);
        return {};
    }
    if ((found.st_mode & 077) != 0 && ::chmod(database.c_str(), 0600) != 0)
        return cannot("protect", database, last_error());
    return {};
}
#endif

Result<WipingBytes> read_own_key(const std::string& folder)
{
    const fs::path key = fs::path(folder) / "store.key";
    std::error_code ignored;
    if (!fs::exists(key, ignored)) return no_key(folder);
    return read_key(key);
}

bool has_store(const std::string& folder)
{
    std::error_code ignored;
    return fs::exists(fs::path(folder) / database_name, ignored);
}

std::string absolute_home(const std::string& folder)
{
    if (folder.empty()) return {};
    std::error_code why;
    const auto path = fs::absolute(folder, why);
    return why ? folder : path.string();
}

Result<Home> open_home(const std::string& folder_text, bool own_key, port::Entropy& entropy)
{
    if (folder_text.empty())
        return Error{ErrorCode::invalid_argument, "home: give the folder of this device's account", 0};
    try {
        const fs::path folder(folder_text);
        std::error_code why;
        const bool made = fs::create_directories(folder, why);
        if (why && !fs::is_directory(folder)) {
            if (fs::exists(folder))
                return Error{ErrorCode::invalid_argument, "home: " + folder_text + " is not a folder", 0};
            return cannot("make", folder, why);
        }
        if (made) {
            fs::permissions(folder, fs::perms::owner_all, why);
            if (why) return cannot("protect", folder, why);
        }

        Home home;
        const fs::path database = folder / database_name;
        if (auto settled = sqlite::settle_swap(database); !settled.ok()) return std::move(settled).error();
        home.database = database.string();
        home.files = (folder / files_name).string();
        if (!own_key) {
            if (auto done = make_private(database); !done.ok()) return done.error();
            return home;
        }
        const fs::path key = folder / "store.key";
        if (!fs::exists(key)) {
            if (fs::exists(database) && fs::file_size(database) > 0) return no_key(folder_text);
            if (auto done = make_key(folder, key, entropy); !done.ok()) return done.error();
        } else {
            std::error_code none;
            home.emptied = !fs::exists(database, none) || fs::file_size(database, none) == 0;
        }
        auto bytes = read_key(key);
        if (!bytes.ok()) return std::move(bytes).error();
        home.key = *std::move(bytes);
        if (auto done = make_private(database); !done.ok()) return done.error();
        return home;
    } catch (const std::exception& trouble) {
        return Error{ErrorCode::storage_failed, std::string("cannot open the home: ") + trouble.what(), 0};
    }
}

} // namespace godwit::assembly
