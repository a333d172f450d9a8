// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the user's files, into the home and out of it, a slice in each tick, so that messages do not
// wait for a film.
//
//   add    read a chunk ──> hash, seal, write ──> … ──> leaves ──> sync ──> row, reply: the reference
//   save   read a piece ──> write ──> … ──> durable and named ──> reply
#pragma once

#include "lib/engine/file_shelf.hpp"

#include <functional>
#include <list>

namespace godwit::engine {

class FileJobs {
public:
    FileJobs(Context& context, FileShelf& shelf) : context_(context), shelf_(shelf) {}

    void add(RequestId id, const request::FileAdd& add, Moment now);
    /// Bytes that are not the user's file.
    class Feed {
    public:
        virtual ~Feed() = default;
        /// The next `size_bytes`; fewer when these are the last.
        [[nodiscard]] virtual Result<Bytes> next(std::size_t size_bytes) = 0;
    };
    using Done = std::function<void(const Result<FileInfo>&, Moment)>;
    /// Errors: busy, storage_failed. `done` is called in a later tick.
    [[nodiscard]] Result<void> add(std::unique_ptr<Feed> feed, const std::string& name, Done done);
    void save(RequestId id, const request::FileSave& save);
    /// Does a slice. Returns the files that are whole now.
    [[nodiscard]] std::vector<FileId> end_tick(Moment now);
    [[nodiscard]] bool pending() const { return !adding_.empty() || !saving_.empty(); }

private:
    struct Adding {
        std::unique_ptr<Feed> feed;
        Done done;
        bool read = false;
        std::string name;
        std::string media_type;
        port::FileSlot slot;
        transfer::FileHasher hasher;
        std::uint64_t unsynced = 0;
    };
    struct Saving {
        RequestId request = 0;
        FileId file;
        std::unique_ptr<port::UserFiles::Target> target;
        std::uint32_t next = 0;
    };
    [[nodiscard]] bool full() const { return adding_.size() + saving_.size() >= context_.config.file_jobs_max; }
    /// nullopt: not done yet.
    [[nodiscard]] std::optional<Result<FileId>> step(Adding& job, std::uint64_t& budget, Moment now);
    [[nodiscard]] Result<FileId> finish(Adding& job, Moment now);
    [[nodiscard]] std::optional<Result<void>> step(Saving& job, std::uint64_t& budget);

    Context& context_;
    FileShelf& shelf_;
    std::list<Adding> adding_;
    std::list<Saving> saving_;
};

} // namespace godwit::engine
