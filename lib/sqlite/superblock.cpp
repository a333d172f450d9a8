// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/superblock.hpp"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

constexpr std::size_t at_version = 12;
constexpr std::size_t at_generation = 16;
constexpr std::size_t at_kind = 24;
constexpr std::size_t at_ops = 32;
constexpr std::size_t at_memory = 40;
constexpr std::size_t at_salt = 48;
constexpr std::size_t at_nonce = 64;
constexpr std::size_t at_wrapped = 88;
constexpr std::size_t at_tag = 120;
constexpr std::size_t at_born = 136;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t at_hash = slot_bytes - hash_bytes;
constexpr std::size_t salt_bytes = at_nonce - at_salt;

static_assert(superblock_magic.size() == at_version);
static_assert(salt_bytes == crypto_pwhash_SALTBYTES);
static_assert(at_wrapped - at_nonce == nonce_bytes);
static_assert(at_tag - at_wrapped == key_bytes);

void hash_of(const Slot& slot, std::uint8_t* out)
{
    crypto_generichash(out, hash_bytes, slot.data(), at_hash, nullptr, 0);
}

/// The key that wraps the data key.
Result<SecretBytes> wrapping_key(const Key& key, KdfCost cost, const std::uint8_t* salt)
{
    SecretBytes out(key_bytes);
    const SecretBytes& secret = key.secret();
    if (key.kind() == KeyKind::raw_key) {
        // A keyed hash of the salt: an embedder that uses its key for something else too loses nothing here.
        static constexpr char label[] = "godwit store wrapping key";
        crypto_generichash_state state;
        crypto_generichash_init(&state, secret.data(), secret.size(), out.size());
        crypto_generichash_update(&state, reinterpret_cast<const std::uint8_t*>(label), sizeof label - 1);
        crypto_generichash_update(&state, salt, salt_bytes);
        crypto_generichash_final(&state, out.data(), out.size());
        sodium_memzero(&state, sizeof state);
        return out;
    }
    if (crypto_pwhash(out.data(), out.size(), reinterpret_cast<const char*>(secret.data()), secret.size(), salt,
                      cost.ops, static_cast<std::size_t>(cost.memory_bytes), crypto_pwhash_ALG_ARGON2ID13) != 0)
        return Error{ErrorCode::storage_failed, "not enough memory to derive the key from the passphrase: free some"};
    return out;
}

} // namespace

SlotHealth slot_health(const Slot& slot)
{
    if (std::memcmp(slot.data(), superblock_magic.data(), at_version) != 0) return SlotHealth::damaged;
    std::uint8_t hash[hash_bytes];
    hash_of(slot, hash);
    if (std::memcmp(hash, slot.data() + at_hash, hash_bytes) != 0) return SlotHealth::damaged;
    return load_be32(slot.data() + at_version) > superblock_version ? SlotHealth::newer_version : SlotHealth::whole;
}

bool is_stillborn(const Slot& first, std::uint64_t file_bytes)
{
    constexpr std::size_t sector = 512;
    if (file_bytes > slot_bytes) return false;
    const auto zero = [](std::uint8_t b) { return b == 0; };
    const auto* const begin = first.data();
    // A slot is zeros between its first and its last sector; in flight a sector or two may have become garbage.
    int zeros = 0;
    int others = 0;
    for (std::size_t at = sector; at + sector < slot_bytes && at < file_bytes; at += sector)
        ++(std::all_of(begin + at, begin + at + sector, zero) ? zeros : others);
    const bool started = std::memcmp(begin, superblock_magic.data(), at_version) == 0;
    if (started || std::all_of(begin, begin + sector, zero)) return others <= 2;
    return std::memcmp(begin, "SQLite format 3", 15) != 0 && zeros >= 4;
}

std::uint64_t slot_generation(const Slot& slot)
{
    return load_be64(slot.data() + at_generation);
}

Slot as_born(Slot slot)
{
    store_be32(slot.data() + at_born, 1);
    hash_of(slot, slot.data() + at_hash);
    return slot;
}

bool slot_born(const Slot& slot)
{
    return load_be32(slot.data() + at_born) != 0;
}

SecretBytes new_data_key()
{
    SecretBytes out(key_bytes);
    randombytes_buf(out.data(), out.size());
    return out;
}

Result<Slot> wrap(const Key& key, const SecretBytes& data_key, std::uint64_t generation)
{
    Slot out{};
    std::memcpy(out.data(), superblock_magic.data(), at_version);
    store_be32(out.data() + at_version, superblock_version);
    store_be64(out.data() + at_generation, generation);
    store_be32(out.data() + at_kind, static_cast<std::uint32_t>(key.kind()));
    if (key.kind() == KeyKind::passphrase) {
        store_be64(out.data() + at_ops, key.cost().ops);
        store_be64(out.data() + at_memory, key.cost().memory_bytes);
    }
    randombytes_buf(out.data() + at_salt, salt_bytes);
    randombytes_buf(out.data() + at_nonce, nonce_bytes);
    auto wrapper = wrapping_key(key, key.cost(), out.data() + at_salt);
    if (!wrapper) return wrapper.error();
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out.data() + at_wrapped, out.data() + at_tag, nullptr,
                                                        data_key.data(), data_key.size(), out.data(), at_wrapped,
                                                        nullptr, out.data() + at_nonce, wrapper->data());
    hash_of(out, out.data() + at_hash);
    return out;
}

Result<SecretBytes> unwrap(const Slot& slot, const Key& key)
{
    const std::uint32_t kind = load_be32(slot.data() + at_kind);
    if (kind != static_cast<std::uint32_t>(key.kind()))
        return Error{ErrorCode::wrong_key, kind == static_cast<std::uint32_t>(KeyKind::raw_key)
                                               ? "this store is opened by a key, not by a passphrase"
                                               : "this store is opened by a passphrase, not by a key"};
    KdfCost cost;
    if (key.kind() == KeyKind::passphrase) {
        cost.ops = load_be64(slot.data() + at_ops);
        cost.memory_bytes = load_be64(slot.data() + at_memory);
        if (!cost.within_bounds())
            return Error{ErrorCode::storage_corrupt, "the store's key parameters are absurd: restore it from a backup"};
    }
    auto wrapper = wrapping_key(key, cost, slot.data() + at_salt);
    if (!wrapper) return wrapper.error();
    SecretBytes data_key(key_bytes);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(data_key.data(), nullptr, slot.data() + at_wrapped,
                                                            key_bytes, slot.data() + at_tag, slot.data(), at_wrapped,
                                                            slot.data() + at_nonce, wrapper->data()) != 0)
        return Error{ErrorCode::wrong_key, key.kind() == KeyKind::passphrase
                                               ? "the passphrase does not open this store: try again"
                                               : "the key does not open this store"};
    return data_key;
}

int Superblock::read(RawFile& file)
{
    for (unsigned i = 0; i < 2; ++i) {
        slots[i].fill(0);
        const int rc = file.read(slots[i].data(), slot_bytes, std::uint64_t{i} * slot_bytes);
        if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return rc;
        health[i] = slot_health(slots[i]);
    }
    return SQLITE_OK;
}

bool Superblock::born() const
{
    for (unsigned i = 0; i < 2; ++i)
        if (health[i] == SlotHealth::whole && slot_born(slots[i])) return true;
    return false;
}

Result<Superblock::Opened> Superblock::open(const Key& key) const
{
    Error refusal;
    for (unsigned i = 0; i < 2; ++i) {
        if (health[i] != SlotHealth::whole) continue;
        auto opened = unwrap(slots[i], key);
        if (opened) return Opened{i, std::move(*opened)};
        refusal = opened.error();
        if (i == 0 && slots[0] == slots[1]) break; // no second Argon2id for the same answer
    }
    return refusal;
}

} // namespace godwit::sqlite
