// SPDX-License-Identifier: Apache-2.0
#include "relay/backup/files.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace godwit::relay::backup {

Result<NewFile> NewFile::make(const std::filesystem::path& path)
{
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    std::FILE* const file = fd < 0 ? nullptr : ::fdopen(fd, "w+b");
    if (file == nullptr) return sqlite::cannot("make", path, sqlite::last_error());
    return NewFile(file, path);
}

Result<void> NewFile::write(BytesView bytes)
{
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return {};
    return sqlite::cannot("write", path_, sqlite::last_error());
}

Result<void> NewFile::write_page(std::uint64_t number, const Page& page)
{
    if (::fseeko(file_, static_cast<off_t>(number * page_bytes), SEEK_SET) != 0)
        return sqlite::cannot("write", path_, sqlite::last_error());
    return write(page);
}

Result<void> NewFile::cut(std::uint64_t bytes)
{
    if (std::fflush(file_) == 0 && ::ftruncate(::fileno(file_), static_cast<off_t>(bytes)) == 0) return {};
    return sqlite::cannot("write", path_, sqlite::last_error());
}

Result<void> NewFile::sync()
{
    if (std::fflush(file_) == 0 && ::fsync(::fileno(file_)) == 0) return {};
    return sqlite::cannot("sync", path_, sqlite::last_error());
}

Result<void> write_file(const std::filesystem::path& path, BytesView bytes)
{
    auto file = NewFile::make(path);
    if (!file.ok()) return file.error();
    if (auto done = file->write(bytes); !done.ok()) return done;
    return file->sync();
}

Result<PageReader> PageReader::open(const std::filesystem::path& path)
{
    std::FILE* const file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr) return sqlite::cannot("read", path, sqlite::last_error());
    return PageReader(file, path);
}

Result<bool> PageReader::next(std::span<std::uint8_t> out)
{
    const auto got = std::fread(out.data(), 1, out.size(), file_);
    if (got == out.size()) return true;
    if (std::ferror(file_) != 0) return sqlite::cannot("read", path_, sqlite::last_error());
    if (got == 0) return false;
    return Error{ErrorCode::storage_corrupt, path_.string() + ": is cut short", 0};
}

} // namespace godwit::relay::backup
