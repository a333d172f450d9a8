// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/snapshot.hpp"

#include "relay/daemon/health.hpp"
#include "relay/daemon/home.hpp"

#include <filesystem>

namespace godwit::relay {

namespace fs = std::filesystem;

Snapshots::Snapshots(loop::Loop& loop, Store& store, std::string data)
    : store_(store), data_(std::move(data)), path_(data_ + "/" + snapshot_file_name), turn_(loop, [this] { step(); }),
      forget_(loop, [this] { end(); })
{
    end();
}

Snapshots::~Snapshots()
{
    end();
}

Result<Snapshots::State> Snapshots::begin(Instant now)
{
    if (copy_ || is_whole_)
        return Error{ErrorCode::storage_in_use,
                     "another backup of this relay is being made: wait for its end (at most ten minutes)", 0};
    std::error_code fault;
    const auto database = data_ + "/" + database_file_name;
    std::uint64_t bytes = fs::file_size(database, fault);
    if (const auto log = fs::file_size(database + "-wal", fault); !fault) bytes += log;
    if (const auto free = disk_free(data_); free && *free < bytes + snapshot_free_bytes_min)
        return Error{ErrorCode::storage_failed,
                     "a snapshot needs " + std::to_string((bytes + snapshot_free_bytes_min) / (1024 * 1024) + 1) +
                         " MiB free in " + data_ + ": make room",
                     0};
    end();
    auto copy = store_.copy_to(path_);
    if (!copy.ok()) return copy.error();
    copy_ = *std::move(copy);
    turn_.set(now);
    forget_.set(now + snapshot_unasked_max);
    return now_is();
}

Result<Snapshots::State> Snapshots::state(Instant now)
{
    if (error_) {
        auto out = *std::move(error_);
        end();
        return out;
    }
    if (!copy_ && !is_whole_)
        return Error{ErrorCode::no_such_file, "no snapshot is being made: begin the backup again", 0};
    forget_.set(now + snapshot_unasked_max);
    return now_is();
}

void Snapshots::end()
{
    turn_.cancel();
    forget_.cancel();
    copy_.reset();
    error_.reset();
    is_whole_ = false;
    std::error_code ignored;
    fs::remove(path_, ignored);
}

void Snapshots::step()
{
    auto whole = copy_->step(snapshot_pages_per_turn);
    if (!whole.ok()) {
        copy_.reset();
        error_ = whole.error();
        return;
    }
    if (!*whole) return turn_.set(loop::Loop::now().mono + snapshot_turn);
    is_whole_ = true;
}

Snapshots::State Snapshots::now_is() const
{
    if (!copy_) return {};
    return {copy_->pages_total(), copy_->pages_left(), is_whole_};
}

} // namespace godwit::relay
