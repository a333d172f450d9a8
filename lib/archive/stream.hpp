// SPDX-License-Identifier: Apache-2.0
// An archive as bytes: a head in the clear, then chunks that are sealed one by one (docs/archive.md).
//
//   head   "godwit archive\n" ‖ 1 (version) ‖ how the key is made (1) ‖ passes (4) ‖ KiB of memory (4) ‖ salt (16)
//   chunk  its length (4; the highest bit: the last one) ‖ XChaCha20-Poly1305(key, nonce, plaintext; length)
//   key    derived from the passphrase (Argon2id) or from a random key, and from the head
//   nonce  the chunk's number (8) ‖ zeros
//
// Numbers are big-endian. The salt is random, so each archive has its own key and no nonce comes twice. A chunk that is
// altered, missing, swapped or of another archive does not open, and an archive without its last chunk is not whole.
// Inside a chunk stand records (lib/wire/archive.hpp), each behind its length (4).
#pragma once

#include "lib/crypto/password.hpp"
#include "lib/crypto/secret.hpp"
#include "lib/port/entropy.hpp"
#include "lib/wire/archive.hpp"

#include <optional>

namespace godwit::archive {

inline constexpr std::size_t head_bytes = 15 + 1 + 1 + 4 + 4 + 16;
inline constexpr std::size_t key_bytes = 32;
/// A chunk is sealed when it has so much; one record may go beyond.
inline constexpr std::size_t chunk_bytes = 64 * 1024;
inline constexpr std::size_t chunk_bytes_max = chunk_bytes + wire::archive::record_bytes_max + 4;

/// What opens an archive.
struct Secret {
    enum class Kind : std::uint8_t {
        passphrase = 1, ///< crypto::check_password. A person's: Argon2id, RFC 9106's second recommended option.
        key = 2,        ///< key_bytes random bytes.
    };
    Kind kind = Kind::passphrase;
    BytesView bytes; ///< Borrowed.
};

/// A passphrase is stretched before it opens anything: for seconds, so not on a thread that must stay responsive.
struct Stretching {
    Bytes head; ///< head_bytes: of the archive that is written or read.
    crypto::PasswordParams cost;

    /// Of an archive to be written.
    [[nodiscard]] static Stretching begin(port::Entropy& entropy);
    /// Of one to be read. Errors: as Reader::begin.
    [[nodiscard]] static Result<Stretching> of(BytesView head);
    /// Argon2id. Errors: invalid_argument (length of the passphrase), quota_exceeded (no memory).
    [[nodiscard]] Result<crypto::SecretBytes> run(BytesView passphrase) const;
};

class Writer {
public:
    /// Errors: invalid_argument (length of the secret), storage_failed (no memory for Argon2id).
    [[nodiscard]] static Result<Writer> begin(const Secret& secret, port::Entropy& entropy);
    /// `root`: what stretching.run() gave.
    [[nodiscard]] static Writer begin(const Stretching& stretching, BytesView root);

    /// Precondition: not finished.
    void add(const wire::archive::Record& record);
    /// Ends it.
    void finish();
    /// What is to be written next; may be empty.
    [[nodiscard]] Bytes take() { return std::exchange(out_, {}); }

private:
    Writer() = default;
    void seal(bool last);

    crypto::SecretArray<key_bytes> key_;
    std::uint64_t number_ = 0;
    bool finished_ = false;
    Bytes chunk_;
    Bytes out_;
};

class Reader {
public:
    /// `head`: head_bytes, the first ones. Errors: malformed (no archive), unsupported (of a later version), and as
    /// Writer::begin. Whether the secret is the right one shows with the first chunk.
    [[nodiscard]] static Result<Reader> begin(BytesView head, const Secret& secret);
    [[nodiscard]] static Reader begin(const Stretching& stretching, BytesView root);

    /// How many bytes the next push() wants.
    [[nodiscard]] std::size_t wants() const noexcept { return wants_; }
    /// Exactly wants() bytes. Errors: authentication_failed (altered, or another secret), malformed.
    [[nodiscard]] Result<std::vector<wire::archive::Record>> push(BytesView bytes);
    /// The last chunk was read: nothing may follow it.
    [[nodiscard]] bool finished() const noexcept { return finished_; }

private:
    Reader() = default;

    crypto::SecretArray<key_bytes> key_;
    std::uint64_t number_ = 0;
    std::size_t wants_ = 0;
    Bytes length_; ///< Of the chunk that comes; empty: the length comes.
    bool finished_ = false;
};

} // namespace godwit::archive
