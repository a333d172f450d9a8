// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: keys, a small schema, a scratch directory.
#pragma once

#include "lib/sqlite/database.hpp"
#include "lib/sqlite/fault_disk.hpp"

#include <filesystem>
#include <string>

namespace godwit::sqlite::test {

/// Cheap on purpose: these tests are about the store, not about Argon2id.
inline constexpr KdfCost quick{1, 8192};

[[nodiscard]] Key raw_key(std::uint8_t fill = 7);
[[nodiscard]] Key passphrase(std::string_view text);
/// table note(id INTEGER PRIMARY KEY, text TEXT NOT NULL).
[[nodiscard]] const Schema& schema();
[[nodiscard]] OpenOptions options(const FaultDisk& disk, const Key* key);
Database must(Result<Database> result);
void must(const Result<void>& result);
[[nodiscard]] Result<void> add_note(Database& database, std::int64_t id, std::string_view text);
[[nodiscard]] Result<std::int64_t> count_notes(Database& database);
/// `size` bytes that do not compress and differ by `seed`.
[[nodiscard]] std::string filler(std::size_t size, std::uint64_t seed);

class ScratchDirectory {
public:
    ScratchDirectory();
    ~ScratchDirectory();
    [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }
    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

private:
    std::filesystem::path root_;
};

[[nodiscard]] Bytes read_file(const std::string& path);

} // namespace godwit::sqlite::test
