// SPDX-License-Identifier: Apache-2.0
// Both doors to files, in memory. What was written and not synced is lost with the process, as a power cut would have
// it; the disk fills up and refuses when told to.
#pragma once

#include "lib/port/background_sync.hpp"

#include <cstdlib>
#include <map>

namespace godwit::testing {

class MemoryFiles final : public port::FileStore, public port::BackgroundSync {
public:
    std::uint64_t room = std::uint64_t{1} << 40; ///< Of the empty disk.
    bool full = false;                           ///< Writes fail.
    bool sync_fails = false;                     ///< And what was written since the last one is gone.
    std::size_t writes = 0;
    std::size_t syncs = 0;

    void crash()
    {
        for (auto& [name, file] : files_)
            file.written.clear();
        std::erase_if(files_, [](const auto& one) { return one.second.synced.empty(); });
    }
    /// A piece that rots.
    void damage(std::uint32_t piece)
    {
        for (auto& [name, file] : files_)
            if (const auto at = file.synced.find(piece); at != file.synced.end()) at->second.second[0] ^= 1;
    }
    /// All that lies there is gone.
    void lose() { files_.clear(); }
    [[nodiscard]] std::size_t count() const { return files_.size(); }

    port::BackgroundSync* background_sync() override { return this; }
    Result<void> write(const port::FileSlot& slot, std::uint32_t piece, BytesView bytes) override
    {
        if (full) return refused();
        ++writes;
        auto& file = files_[slot.name];
        // What every caller promises, for the cipher's sake: one place under one key, one content.
        for (const auto* pieces : {&file.written, &file.synced})
            if (const auto at = pieces->find(piece); at != pieces->end() && at->second.first != to_bytes(bytes))
                std::abort();
        file.written[piece] = {to_bytes(bytes), to_bytes(bytes)};
        file.key = slot.key;
        return {};
    }
    Result<Bytes> read(const port::FileSlot& slot, std::uint32_t piece, std::size_t size_bytes) override
    {
        const auto file = files_.find(slot.name);
        const Error damaged{ErrorCode::storage_corrupt, "simulated: damaged", 0};
        if (file == files_.end() || file->second.key != slot.key) return damaged;
        for (const auto* pieces : {&file->second.written, &file->second.synced})
            if (const auto at = pieces->find(piece); at != pieces->end())
                return at->second.first == at->second.second && at->second.first.size() == size_bytes
                           ? Result<Bytes>(at->second.first)
                           : Result<Bytes>(damaged);
        return damaged;
    }
    Result<void> sync(const port::FileSlot& slot) override
    {
        const auto file = files_.find(slot.name);
        if (file == files_.end()) return refused();
        ++syncs;
        if (sync_fails) {
            file->second.written.clear();
            return refused();
        }
        for (auto& [piece, bytes] : file->second.written)
            file->second.synced[piece] = std::move(bytes);
        file->second.written.clear();
        return {};
    }
    Result<Syncing> begin_sync(const port::FileSlot& slot) override
    {
        const auto file = files_.find(slot.name);
        if (file == files_.end()) return refused();
        std::vector<std::uint32_t> pieces;
        for (const auto& [piece, bytes] : file->second.written)
            pieces.push_back(piece);
        return Syncing([this, name = slot.name, pieces = std::move(pieces)]() -> Result<void> {
            ++syncs;
            const auto at = files_.find(name);
            if (at == files_.end()) return {}; // removed meanwhile
            if (sync_fails) {
                at->second.written.clear();
                return refused();
            }
            for (const auto piece : pieces)
                if (auto written = at->second.written.extract(piece); !written.empty())
                    at->second.synced[piece] = std::move(written.mapped());
            return {};
        });
    }
    void synced(const port::SlotName&, bool) override {}
    Result<void> remove(const port::SlotName& name) override
    {
        files_.erase(name);
        return {};
    }
    Result<std::vector<port::SlotName>> names() override
    {
        std::vector<port::SlotName> out;
        for (const auto& [name, file] : files_)
            out.push_back(name);
        return out;
    }
    Result<std::uint64_t> room_bytes() override
    {
        std::uint64_t used = 0;
        for (const auto& [name, file] : files_)
            for (const auto* pieces : {&file.written, &file.synced})
                for (const auto& [piece, bytes] : *pieces)
                    used += bytes.first.size();
        return full || used > room ? 0 : room - used;
    }

private:
    using Pieces = std::map<std::uint32_t, std::pair<Bytes, Bytes>>; ///< As written, and as it lies there.
    struct File {
        port::SlotKey key;
        Pieces synced;
        Pieces written;
    };
    static Error refused() { return {ErrorCode::storage_failed, "simulated: the disk is full", 0}; }

    std::map<port::SlotName, File> files_;
};

class MemoryUserFiles final : public port::UserFiles {
public:
    std::map<std::string, Bytes> files; ///< By path.

    Result<std::unique_ptr<Source>> open(const std::string& path) override
    {
        const auto at = files.find(path);
        if (at == files.end()) return Error{ErrorCode::invalid_argument, path + ": no such file", 0};
        return std::unique_ptr<Source>(std::make_unique<MemorySource>(*this, path, at->second.size()));
    }
    Result<std::unique_ptr<Target>> create(const std::string& path, const std::string& name, bool replace) override
    {
        const auto target = path.ends_with('/') ? path + name : path;
        if (files.contains(target) && !replace) return Error{ErrorCode::conflict, target + " is there", 0};
        return std::unique_ptr<Target>(std::make_unique<MemoryTarget>(*this, target));
    }

private:
    class MemorySource final : public Source {
    public:
        MemorySource(MemoryUserFiles& files, std::string path, std::size_t size)
            : files_(files), path_(std::move(path)), size_(size)
        {
        }
        std::uint64_t size_bytes() const override { return size_; }
        Result<Bytes> read(std::size_t size_bytes) override
        {
            const auto& content = files_.files[path_];
            if (at_ + size_bytes > content.size()) return Error{ErrorCode::conflict, path_ + " became shorter", 0};
            const auto begin = content.begin() + static_cast<std::ptrdiff_t>(at_);
            at_ += size_bytes;
            return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size_bytes));
        }

    private:
        MemoryUserFiles& files_;
        std::string path_;
        std::size_t size_;
        std::size_t at_ = 0;
    };
    class MemoryTarget final : public Target {
    public:
        MemoryTarget(MemoryUserFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
        Result<void> write(BytesView bytes) override
        {
            append(content_, bytes);
            return {};
        }
        Result<void> finish() override
        {
            files_.files[path_] = std::move(content_);
            return {};
        }
        const std::string& path() const override { return path_; }

    private:
        MemoryUserFiles& files_;
        std::string path_;
        Bytes content_;
    };
};

} // namespace godwit::testing
