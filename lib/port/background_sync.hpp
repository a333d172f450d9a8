// SPDX-License-Identifier: Apache-2.0
// BackgroundSync: what a FileStore has beside when its syncs need not hold up the loop thread. Whoever wants one asks
// for it (FileStore::background_sync); without, FileStore::sync() does it on the spot.
#pragma once

#include "lib/port/file_store.hpp"

#include <functional>

namespace godwit::port {

class BackgroundSync {
public:
    /// Called once, on any thread: has all durable that was written before begin_sync(), when ok. It needs nothing of
    /// the store any more, which may go on meanwhile, remove the file, or end. storage_failed: as FileStore::sync().
    using Syncing = std::function<Result<void>()>;
    [[nodiscard]] virtual Result<Syncing> begin_sync(const FileSlot& slot) = 0;
    /// What that came to. On the loop thread, as begin_sync().
    virtual void synced(const SlotName& name, bool ok) = 0;

protected:
    ~BackgroundSync() = default;
};

} // namespace godwit::port
