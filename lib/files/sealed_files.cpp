// SPDX-License-Identifier: Apache-2.0
#include "lib/files/sealed_files.hpp"

#include "lib/crypto/counter_nonce.hpp"
#include "lib/crypto/hash.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace godwit::files {
namespace {

constexpr std::size_t open_files_max = 16;
/// Written and not yet on its way to the disk.
constexpr std::uint64_t waiting_bytes_max = 1024 * 1024;
/// Of a piece and the tag of its seal.
constexpr std::uint64_t place_bytes = 64 * 1024 + crypto::aead_tag_bytes;

crypto::SecretArray<32> key_of(const port::FileSlot& slot)
{
    return crypto::derive_key(slot.key.view(), "godwit kept piece 1", {slot.name.view()});
}

off_t place_of(std::uint32_t piece)
{
    return static_cast<off_t>(piece * place_bytes);
}

Error refused(const char* what)
{
    const int why = errno;
    return {ErrorCode::storage_failed, std::string("files: cannot ") + what + ": " + std::strerror(why), 0};
}

/// Has the disk begin with what was written, without waiting for it: a sync that comes later finds little left to do.
/// A mere wish: what cannot be written is told by that sync.
void write_back([[maybe_unused]] int fd)
{
#ifdef SYNC_FILE_RANGE_WRITE
    (void)::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
}

bool sync_folder(const std::string& folder)
{
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = ::fsync(fd) == 0;
    ::close(fd);
    return done;
}

} // namespace

SealedFiles::~SealedFiles()
{
    for (const auto& one : open_)
        ::close(one.fd);
}

std::string SealedFiles::path(const port::SlotName& name) const
{
    return folder_ + "/" + to_hex(name.view());
}

int SealedFiles::descriptor(const port::SlotName& name, bool make)
{
    const auto known = std::find_if(open_.begin(), open_.end(), [&](const Open& one) { return one.name == name; });
    if (known != open_.end()) {
        open_.splice(open_.begin(), open_, known);
        return open_.front().fd;
    }
    const auto file = path(name);
    int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    const bool fresh = fd < 0 && errno == ENOENT && make;
    if (fresh) {
        if (::mkdir(folder_.c_str(), 0700) == 0)
            (void)sync_folder(folder_.substr(0, folder_.rfind('/')));
        else if (errno != EEXIST)
            return -1;
        fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (fd < 0) return -1;
    // One that is new is closed only when it is durable, or its entry in the folder would be forgotten.
    for (auto at = open_.end(); open_.size() >= open_files_max && at != open_.begin();) {
        --at;
        if (at->fresh) continue;
        ::close(at->fd);
        at = open_.erase(at);
    }
    open_.push_front({name, fd, fresh});
    return fd;
}

void SealedFiles::close(const port::SlotName& name)
{
    std::erase_if(open_, [&](const Open& one) {
        if (one.name == name) ::close(one.fd);
        return one.name == name;
    });
}

Result<void> SealedFiles::write(const port::FileSlot& slot, std::uint32_t piece, BytesView bytes)
{
    const int fd = descriptor(slot.name, true);
    if (fd < 0) return refused("make a file");
    const auto key = key_of(slot);
    const auto sealed = crypto::xchacha_seal(key.view(), crypto::counter_nonce(piece), {}, bytes);
    for (std::size_t done = 0; done < sealed.size();) {
        const auto n =
            ::pwrite(fd, sealed.data() + done, sealed.size() - done, place_of(piece) + static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return refused("write");
        done += static_cast<std::size_t>(n);
    }
    auto& open = open_.front();
    open.waiting_bytes += sealed.size();
    if (open.waiting_bytes >= waiting_bytes_max) {
        write_back(fd);
        open.waiting_bytes = 0;
    }
    return {};
}

Result<Bytes> SealedFiles::read(const port::FileSlot& slot, std::uint32_t piece, std::size_t size_bytes)
{
    const Error damaged{ErrorCode::storage_corrupt, "files: a piece of a file is missing or damaged", 0};
    const int fd = descriptor(slot.name, false);
    if (fd < 0) return errno == ENOENT ? damaged : refused("open a file");
    Bytes sealed(size_bytes + crypto::aead_tag_bytes);
    for (std::size_t done = 0; done < sealed.size();) {
        const auto n =
            ::pread(fd, sealed.data() + done, sealed.size() - done, place_of(piece) + static_cast<off_t>(done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return refused("read");
        if (n == 0) return damaged;
        done += static_cast<std::size_t>(n);
    }
    const auto key = key_of(slot);
    auto opened = crypto::xchacha_open(key.view(), crypto::counter_nonce(piece), {}, sealed);
    if (!opened) return damaged;
    return *std::move(opened);
}

Result<void> SealedFiles::sync(const port::FileSlot& slot)
{
    const int fd = descriptor(slot.name, false);
    if (fd < 0) return refused("open a file");
    auto& open = open_.front();
    if (::fdatasync(fd) != 0 || (open.fresh && !sync_folder(folder_))) {
        const auto error = refused("make a file durable");
        // What the system could not write it may have dropped, and says so once.
        close(slot.name);
        return error;
    }
    open.fresh = false;
    open.waiting_bytes = 0;
    return {};
}

namespace {

/// A descriptor for one sync. Not a duplicate: the system tells an error once for each open file description, and both
/// sides are to hear of it.
class SyncedFile {
public:
    SyncedFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}
    ~SyncedFile() { ::close(fd_); }
    SyncedFile(const SyncedFile&) = delete;
    SyncedFile& operator=(const SyncedFile&) = delete;

    [[nodiscard]] Result<void> run() const
    {
        if (::fdatasync(fd_) != 0 || (!folder_.empty() && !sync_folder(folder_))) return refused("make a file durable");
        return {};
    }

private:
    int fd_;
    std::string folder_; ///< Empty: its entry is durable.
};

} // namespace

Result<port::BackgroundSync::Syncing> SealedFiles::begin_sync(const port::FileSlot& slot)
{
    if (descriptor(slot.name, false) < 0) return refused("open a file");
    auto& open = open_.front();
    const int fd = ::open(path(slot.name).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return refused("open a file");
    open.waiting_bytes = 0;
    return Syncing(
        [file = std::make_shared<const SyncedFile>(fd, open.fresh ? folder_ : std::string())] { return file->run(); });
}

void SealedFiles::synced(const port::SlotName& name, bool ok)
{
    if (!ok) return close(name); // as in sync()
    for (auto& open : open_)
        if (open.name == name) open.fresh = false;
}

Result<void> SealedFiles::remove(const port::SlotName& name)
{
    close(name);
    if (::unlink(path(name).c_str()) != 0 && errno != ENOENT) return refused("remove a file");
    return {};
}

Result<std::vector<port::SlotName>> SealedFiles::names()
{
    std::vector<port::SlotName> out;
    DIR* const folder = ::opendir(folder_.c_str());
    if (folder == nullptr) {
        if (errno == ENOENT) return out;
        return refused("look into the folder");
    }
    while (const auto* entry = ::readdir(folder))
        if (const auto raw = from_hex(entry->d_name))
            if (const auto name = port::SlotName::from(*raw)) out.push_back(*name);
    ::closedir(folder);
    return out;
}

Result<std::uint64_t> SealedFiles::room_bytes()
{
    struct statvfs about{};
    // Before the first file there is no folder; its parent is on the same disk.
    if (::statvfs(folder_.c_str(), &about) != 0 &&
        ::statvfs(folder_.substr(0, folder_.rfind('/')).c_str(), &about) != 0)
        return refused("ask the disk for its room");
    return std::uint64_t{about.f_bavail} * about.f_frsize;
}

} // namespace godwit::files
