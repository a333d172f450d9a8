// SPDX-License-Identifier: Apache-2.0
// Private to lib/assembly: the folder of one device's account.
//
//   home/               mode 0700 when made here
//   home/godwit.db*     the encrypted store (lib/store); its lock keeps a second process out. What a repair makes and
//                       leaves beside it: lib/sqlite/file_swap.hpp
//   home/files/         what is kept of files, encrypted (lib/files)
//   home/store.key      32 random bytes, mode 0600, only when the embedder gives neither key nor passphrase
#pragma once

#include <godwit/result.hpp>

#include "lib/base/wiping.hpp"
#include "lib/port/entropy.hpp"

#include <filesystem>
#include <string>

namespace godwit::assembly {

inline constexpr std::size_t store_key_bytes = 32;
inline constexpr const char* database_name = "godwit.db";
inline constexpr const char* files_name = "files";

struct Home {
    std::string database; ///< Path of the store.
    std::string files;    ///< Folder; made when it is needed.
    bool emptied = false; ///< There was a key, and no store: it is lost, or the first start was cut short.
    WipingBytes key;      ///< From store.key; empty when the embedder brings a key or passphrase.
};

/// `folder` has a store, whole or not.
[[nodiscard]] bool has_store(const std::string& folder);
/// The same folder wherever the program goes meanwhile.
[[nodiscard]] std::string absolute_home(const std::string& folder);
/// Makes the folder when it is missing, and finds or makes store.key when `own_key`. Errors: invalid_argument (no name,
/// not a folder), storage_failed (read-only, full, not allowed), wrong_key (the store is there, its store.key is not).
[[nodiscard]] Result<Home> open_home(const std::string& folder, bool own_key, port::Entropy& entropy);

/// store.key, which must be there. Errors: wrong_key.
[[nodiscard]] Result<WipingBytes> read_own_key(const std::string& folder);
/// Makes the file when it is missing, empty; nobody but its owner reads or writes it.
[[nodiscard]] Result<void> make_private(const std::filesystem::path& database);

} // namespace godwit::assembly
