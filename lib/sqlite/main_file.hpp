// SPDX-License-Identifier: Apache-2.0
// The main file of an encrypted database: superblock, then pages (see layout.hpp).
//
// open -> lock exclusively, before anything is read -> superblock: create | unwrap the data key -> serve pages
#pragma once

#include "lib/sqlite/crypt_file.hpp"
#include "lib/sqlite/raw_file.hpp"
#include "lib/sqlite/sealer.hpp"
#include "lib/sqlite/superblock.hpp"

#include <optional>

namespace godwit::sqlite {

class CryptVfs;

class MainFile final : public CryptFile {
public:
    explicit MainFile(CryptVfs& vfs) : vfs_(vfs) {}
    ~MainFile() override;

    /// The exclusive lock is ours from here to the destructor: one process, one connection, a file.
    int open(const char* name, int flags, int* out_flags, const Key& key);

    int read(std::uint8_t* out, std::size_t size, std::uint64_t offset) override;
    int write(const std::uint8_t* in, std::size_t size, std::uint64_t offset) override;
    int truncate(std::uint64_t size) override;
    int sync(int flags) override;
    int size(std::uint64_t& out) override;
    int control(int op, void* arg) override;
    int sector_bytes() override;
    int characteristics() override;

    [[nodiscard]] const Sealer& sealer() const noexcept { return *sealer_; }
    [[nodiscard]] bool sync_failed() const noexcept { return file_.sync_failed(); }
    [[nodiscard]] bool born() const noexcept { return slot_born(slot_); }
    [[nodiscard]] Result<void> mark_born();
    [[nodiscard]] Result<void> rekey(const Key& key);

private:
    int size_of_log(const char* name, std::uint64_t& bytes);
    int create(const Key& key);
    /// `may_be_new`: a file that is short and damaged may be a creation cut short, and then starts over.
    int enter(const Key& key, std::uint64_t physical_bytes, bool may_be_new);
    int write_both_slots(const Slot& slot, unsigned first);
    int load_page(std::uint64_t page, std::uint8_t* plain, bool& missing);

    CryptVfs& vfs_;
    RawFile file_;
    Slot slot_{};
    std::optional<Sealer> sealer_;
    SecretBytes data_key_; // for rekey
    std::uint8_t disk_[page_bytes]{};
    std::uint8_t plain_[page_bytes]{};
};

} // namespace godwit::sqlite
