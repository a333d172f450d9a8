// SPDX-License-Identifier: Apache-2.0
// The relay's data directory: its key and its database, which belong together. A relay that finds one without the other
// has lost something, and says so instead of becoming another relay, or an empty one, without a word.
//
//   neither there            a new relay: both are made, the key last
//   both there               the relay that it was
//   database without a key   accounts in it: refused, unless --new-key
//   key without a database   refused, unless --new-database
//
// What a repair makes and leaves beside relay.db: lib/sqlite/file_swap.hpp. A database that is damaged is not served.
//
// The key is made last, so a first start that is cut short leaves no key, and a database without accounts: a new relay.
#pragma once

#include "lib/crypto/secret.hpp"
#include "relay/daemon/options.hpp"
#include "relay/store/store.hpp"

namespace godwit::relay {

inline constexpr const char* database_file_name = "relay.db";

struct Home {
    crypto::SecretBytes seed;
    Store store;
};
/// Precondition: options.data is a directory (ensure_directory). Errors, which say what to do: storage_failed,
/// storage_corrupt, invalid_argument (a flag for a loss that did not happen).
[[nodiscard]] Result<Home> open_home(const Options& options, port::Entropy& entropy);

} // namespace godwit::relay
