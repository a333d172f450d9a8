// SPDX-License-Identifier: Apache-2.0
// The superblock: how a key becomes the data key. Two copies, each in its own sector:
//
//   0 magic "godwit store" | 12 version | 16 generation (8) | 24 kind of key | 28 zero | 32 ops (8) | 40 memory (8)
//   48 salt (16) | 64 nonce (24) | 88 wrapped data key (32) | 120 tag (16) | 136 born | 140 zeros
//   4064 BLAKE2b-256 of all before
//
// The hash tells a torn or rotten copy from a wrong key; the tag (over everything before it) tells the right key. A
// rekey wraps the same data key anew and writes the copies one after the other, so one of them is whole at every
// moment. "Born" is set once the first page is durable: before that, a cut-short creation may start over; after that, a
// file without pages is damage. It stands outside the tag because it changes when the key is not at hand.
#pragma once

#include <godwit/result.hpp>

#include "lib/sqlite/key.hpp"
#include "lib/sqlite/layout.hpp"
#include "lib/sqlite/raw_file.hpp"

#include <array>

namespace godwit::sqlite {

inline constexpr std::string_view superblock_magic = "godwit store";
inline constexpr std::uint32_t superblock_version = 1;

using Slot = std::array<std::uint8_t, slot_bytes>;

enum class SlotHealth { whole, damaged, newer_version };

/// What one copy says without a key.
[[nodiscard]] SlotHealth slot_health(const Slot& slot);
/// True when a file of `file_bytes`, whose first slot is damaged, can only be a creation that a power cut tore: the
/// first copy is synced before the second is begun, so the file is no longer than one slot; and a torn slot still shows
/// its zeros. Anything else may be a file of someone else, and is not written over.
[[nodiscard]] bool is_stillborn(const Slot& first, std::uint64_t file_bytes);
/// Precondition of the next two: the slot is whole.
[[nodiscard]] std::uint64_t slot_generation(const Slot& slot);
[[nodiscard]] bool slot_born(const Slot& slot);

/// A fresh random data key.
[[nodiscard]] SecretBytes new_data_key();

/// Wraps `data_key` for `key`. `storage_failed` when there is no memory for Argon2id.
[[nodiscard]] Result<Slot> wrap(const Key& key, const SecretBytes& data_key, std::uint64_t generation);
/// The same slot, marked as born.
[[nodiscard]] Slot as_born(Slot slot);

/// Precondition: whole. `wrong_key` when `key` does not open it; `storage_corrupt` when the cost in it is absurd.
[[nodiscard]] Result<SecretBytes> unwrap(const Slot& slot, const Key& key);

/// Both copies, as they stand in the file.
struct Superblock {
    Slot slots[2]{};
    SlotHealth health[2]{};

    /// SQLite's result code; a file that ends before is zeros, hence damaged.
    [[nodiscard]] int read(RawFile& file);
    [[nodiscard]] bool any(SlotHealth of) const { return health[0] == of || health[1] == of; }
    [[nodiscard]] bool lost() const { return health[0] == SlotHealth::damaged && health[1] == SlotHealth::damaged; }
    /// Birth is a fact about the file, whichever copy recorded it.
    [[nodiscard]] bool born() const;

    struct Opened {
        unsigned slot = 0;
        SecretBytes data_key;
    };
    /// Two whole copies that differ are a rekey that was cut short: whichever `key` opens first decides. Precondition:
    /// not lost(). Errors: as unwrap() of the last one tried.
    [[nodiscard]] Result<Opened> open(const Key& key) const;
};

} // namespace godwit::sqlite
