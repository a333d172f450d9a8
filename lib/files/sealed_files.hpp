// SPDX-License-Identifier: Apache-2.0
// files: the FileStore and UserFiles ports on a file system.
//
//   home/files/           mode 0700
//   home/files/6b1f…      one file, named at random; piece n at n × 65,552 bytes, sealed with XChaCha20-Poly1305 under
//   a
//                         key of this file alone, which the encrypted store keeps; the nonce is the piece's number
//
// A piece that is damaged, moved, or of another file does not open. Sizes show.
#pragma once

#include "lib/port/background_sync.hpp"

#include <list>

namespace godwit::files {

class SealedFiles final : public port::FileStore, public port::BackgroundSync {
public:
    /// Makes the folder when it is missing, at the first write.
    explicit SealedFiles(std::string folder) : folder_(std::move(folder)) {}
    ~SealedFiles() override;
    SealedFiles(const SealedFiles&) = delete;
    SealedFiles& operator=(const SealedFiles&) = delete;

    port::BackgroundSync* background_sync() override { return this; }
    Result<void> write(const port::FileSlot& slot, std::uint32_t piece, BytesView bytes) override;
    Result<Bytes> read(const port::FileSlot& slot, std::uint32_t piece, std::size_t size_bytes) override;
    Result<void> sync(const port::FileSlot& slot) override;
    Result<Syncing> begin_sync(const port::FileSlot& slot) override;
    void synced(const port::SlotName& name, bool ok) override;
    Result<void> remove(const port::SlotName& name) override;
    Result<std::vector<port::SlotName>> names() override;
    Result<std::uint64_t> room_bytes() override;

private:
    struct Open {
        port::SlotName name;
        int fd = -1;
        bool fresh = false;              ///< Made since the last sync: its entry in the folder may not be durable.
        std::uint64_t waiting_bytes = 0; ///< Written since the disk was last told to begin.
    };
    /// -1, and errno says why. Keeps it open.
    [[nodiscard]] int descriptor(const port::SlotName& name, bool make);
    void close(const port::SlotName& name);
    [[nodiscard]] std::string path(const port::SlotName& name) const;

    std::string folder_;
    std::list<Open> open_; ///< The one that was used last is the first.
};

} // namespace godwit::files
