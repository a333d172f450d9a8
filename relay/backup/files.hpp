// SPDX-License-Identifier: Apache-2.0
// Private to this room: files that are written once, and are durable before anything rests on them.
#pragma once

#include "relay/backup/manifest.hpp"

#include "lib/sqlite/folder.hpp"

#include <cstdio>

namespace godwit::relay::backup {

class NewFile {
public:
    /// Mode 0600. Where one is: storage_failed.
    [[nodiscard]] static Result<NewFile> make(const std::filesystem::path& path);
    NewFile(NewFile&& other) noexcept : file_(std::exchange(other.file_, nullptr)), path_(std::move(other.path_)) {}
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile()
    {
        if (file_ != nullptr) std::fclose(file_);
    }
    [[nodiscard]] Result<void> write(BytesView bytes);
    /// Elsewhere than at its end.
    [[nodiscard]] Result<void> write_page(std::uint64_t number, const Page& page);
    [[nodiscard]] Result<void> cut(std::uint64_t bytes);
    [[nodiscard]] Result<void> sync();

private:
    NewFile(std::FILE* file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
    std::FILE* file_;
    std::filesystem::path path_;
};

/// make, write, sync.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, BytesView bytes);

class PageReader {
public:
    [[nodiscard]] static Result<PageReader> open(const std::filesystem::path& path);
    PageReader(PageReader&& other) noexcept : file_(std::exchange(other.file_, nullptr)), path_(std::move(other.path_))
    {
    }
    PageReader& operator=(PageReader&&) = delete;
    ~PageReader()
    {
        if (file_ != nullptr) std::fclose(file_);
    }
    /// False: the end. storage_corrupt when it ends inside.
    [[nodiscard]] Result<bool> next(std::span<std::uint8_t> out);

private:
    PageReader(std::FILE* file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
    std::FILE* file_;
    std::filesystem::path path_;
};

/// A record of pages.bin.
using Record = std::array<std::uint8_t, 4 + page_bytes>;
[[nodiscard]] inline std::uint32_t number_of(const Record& record)
{
    return static_cast<std::uint32_t>(record[0]) << 24U | static_cast<std::uint32_t>(record[1]) << 16U |
           static_cast<std::uint32_t>(record[2]) << 8U | record[3];
}

} // namespace godwit::relay::backup
