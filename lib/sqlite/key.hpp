// SPDX-License-Identifier: Apache-2.0
// What opens an encrypted database: a 32-byte key of the embedder, or a passphrase. Both live in guarded memory
// (sodium_malloc: locked, between guard pages) and are wiped when the owner goes.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"

#include <memory>

namespace godwit::sqlite {

/// Bytes in guarded, self-wiping memory. Move-only.
class SecretBytes {
public:
    SecretBytes() = default;
    /// `size` bytes of zeros; aborts when the system has no memory left for keys.
    explicit SecretBytes(std::size_t size);
    explicit SecretBytes(BytesView copy_of);

    [[nodiscard]] std::uint8_t* data() noexcept { return bytes_.get(); }
    [[nodiscard]] const std::uint8_t* data() const noexcept { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] BytesView view() const noexcept { return BytesView(bytes_.get(), size_); }

private:
    struct Wipe {
        void operator()(std::uint8_t* bytes) const noexcept;
    };
    std::unique_ptr<std::uint8_t, Wipe> bytes_;
    std::size_t size_ = 0;
};

inline constexpr std::size_t key_bytes = 32;
/// Longest passphrase, in bytes: far above what a person types, and it bounds the copy in locked memory.
inline constexpr std::size_t passphrase_bytes_max = 1024;

/// Cost of Argon2id. The default is RFC 9106 section 4, second recommended option (t=3, 64 MiB), which a phone can pay.
/// Bounds: a forged superblock must not make us compute for hours or allocate the machine away.
struct KdfCost {
    std::uint64_t ops = 3;
    std::uint64_t memory_bytes = 64ULL * 1024 * 1024;

    static constexpr std::uint64_t ops_max = 64;
    static constexpr std::uint64_t memory_bytes_min = 8192; // libsodium's own floor
    static constexpr std::uint64_t memory_bytes_max = 1024ULL * 1024 * 1024;

    [[nodiscard]] bool within_bounds() const noexcept
    {
        return ops >= 1 && ops <= ops_max && memory_bytes >= memory_bytes_min && memory_bytes <= memory_bytes_max;
    }
};

enum class KeyKind : std::uint32_t { raw_key = 0, passphrase = 1 };

class Key {
public:
    /// `invalid_argument` unless exactly 32 bytes, not all zero.
    [[nodiscard]] static Result<Key> raw(BytesView key);
    /// `invalid_argument` when empty, longer than passphrase_bytes_max, or `cost` is out of bounds. `cost` is used when
    /// a database is created or rekeyed; opening uses what its superblock says.
    [[nodiscard]] static Result<Key> passphrase(std::string_view text, KdfCost cost = {});

    [[nodiscard]] KeyKind kind() const noexcept { return kind_; }
    [[nodiscard]] const KdfCost& cost() const noexcept { return cost_; }
    [[nodiscard]] const SecretBytes& secret() const noexcept { return secret_; }

private:
    Key(KeyKind kind, BytesView secret, KdfCost cost) : kind_(kind), secret_(secret), cost_(cost) {}

    KeyKind kind_;
    SecretBytes secret_;
    KdfCost cost_;
};

} // namespace godwit::sqlite
