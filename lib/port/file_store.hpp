// SPDX-License-Identifier: Apache-2.0
// FileStore: pieces of files, kept encrypted on this device. lib/files implements it in the home's folder.
// UserFiles: files of the user's, outside of the home, which are read once or written once.
//
// A FileStore takes no part in the transaction of a tick. Pieces are written and synced before the Store says that they
// are there, and files removed after it has said that they are not; so after a crash at any point the Store is right,
// and what it does not know is rubbish (names()).
//
// All calls on the loop thread; each blocks for one piece at most, or for a sync. storage_failed: the disk refused
// (full, failing); what was written since the last sync counts as not written.
#pragma once

#include <godwit/ids.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace godwit::port {

using SlotName = FixedBytes<16, struct SlotNameTag>;
using SlotKey = FixedBytes<32, struct SlotKeyTag>;

/// Where one file lies.
struct FileSlot {
    SlotName name; ///< Random: it says nothing about the file.
    SlotKey key;   ///< Random, for this file alone. Who forgets it has destroyed the file.
};

class BackgroundSync;

class FileStore {
public:
    virtual ~FileStore() = default;

    /// nullptr: there is none, and sync() does it on the spot.
    [[nodiscard]] virtual BackgroundSync* background_sync() { return nullptr; }

    /// Makes the file when it is not there. The caller promises: a place never gets other bytes under the same key.
    [[nodiscard]] virtual Result<void> write(const FileSlot& slot, std::uint32_t piece, BytesView bytes) = 0;
    /// storage_corrupt: not there, or not what was written.
    [[nodiscard]] virtual Result<Bytes> read(const FileSlot& slot, std::uint32_t piece, std::size_t size_bytes) = 0;
    /// All that was written is durable when ok.
    [[nodiscard]] virtual Result<void> sync(const FileSlot& slot) = 0;
    /// What is not there is removed already.
    [[nodiscard]] virtual Result<void> remove(const SlotName& name) = 0;
    [[nodiscard]] virtual Result<std::vector<SlotName>> names() = 0;
    /// What the disk would still take.
    [[nodiscard]] virtual Result<std::uint64_t> room_bytes() = 0;
};

class UserFiles {
public:
    virtual ~UserFiles() = default;

    class Source {
    public:
        virtual ~Source() = default;
        [[nodiscard]] virtual std::uint64_t size_bytes() const = 0; ///< When it was opened.
        /// The next bytes, `size_bytes` of them. conflict: it has changed meanwhile and has no so many.
        [[nodiscard]] virtual Result<Bytes> read(std::size_t size_bytes) = 0;
    };
    /// invalid_argument: no such file, or no ordinary one, or not readable.
    [[nodiscard]] virtual Result<std::unique_ptr<Source>> open(const std::string& path) = 0;

    /// Nobody sees the file before finish(); destroyed without, nothing is left of it.
    class Target {
    public:
        virtual ~Target() = default;
        [[nodiscard]] virtual Result<void> write(BytesView bytes) = 0;
        /// Durable, under its name. conflict: meanwhile there is one.
        [[nodiscard]] virtual Result<void> finish() = 0;
        [[nodiscard]] virtual const std::string& path() const = 0;
    };
    /// Into `path`, or as `name` into the folder `path`. conflict: there is one, and not `replace`. invalid_argument:
    /// the folder is not there or takes no files.
    [[nodiscard]] virtual Result<std::unique_ptr<Target>> create(const std::string& path, const std::string& name,
                                                                 bool replace) = 0;
};

/// Where a client keeps files, if it does.
struct FileDoors {
    FileStore* kept = nullptr;
    UserFiles* user = nullptr;
};

} // namespace godwit::port
