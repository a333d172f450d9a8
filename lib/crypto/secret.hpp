// SPDX-License-Identifier: Apache-2.0
// crypto: verbs over libsodium that are hard to use wrongly. A key has a type that wipes itself, a nonce is chosen
// inside where it can be, a failed check gives nothing that could be used by mistake, every hash and key derivation
// names its context.
//
//   secret.hpp, wiped.hpp   memory that holds keys; comparing    exchange.hpp   X25519
//   secret_pages.hpp        that memory locked, out of swap and core dumps
//   signing.hpp             Ed25519                              hash.hpp       BLAKE2b: transcripts, key derivation
//   aead.hpp                XChaCha20- and ChaCha20-Poly1305     password.hpp   Argon2id: a password to two keys
//   vault.hpp               the account seed under a key that only the password gives
//   hpke.hpp, hkdf.hpp, aead_suite.hpp, aes.hpp, ed25519.hpp   what suites of MLS and SFrame name; a library of their
//   own, with what STUN asks for (legacy.hpp)
//
// Lengths of keys are promises of the caller (asserted); bytes from outside only ever make a verb say no.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/wiped.hpp"
#include "lib/port/entropy.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace godwit::crypto {

/// A secret that lives long: guard pages around it, locked into memory where the system allows, wiped on destruction.
/// Costs some system calls and a page or three each: for keys of devices and accounts, not for keys of one message.
class SecretBytes {
public:
    SecretBytes() noexcept = default;
    /// Zeroed. Aborts when the system has no memory for it.
    explicit SecretBytes(std::size_t size_bytes);
    SecretBytes(SecretBytes&& other) noexcept;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    [[nodiscard]] static SecretBytes copy_of(BytesView bytes);
    [[nodiscard]] static SecretBytes random(std::size_t size_bytes, port::Entropy& entropy);

    [[nodiscard]] BytesView view() const noexcept { return {data_, size_}; }
    [[nodiscard]] std::span<std::uint8_t> span() noexcept { return {data_, size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A secret that lives for one call: inline, wiped on destruction and when moved from.
template <std::size_t N>
class SecretArray {
public:
    SecretArray() noexcept = default;
    SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { wipe_memory(other.bytes_.data(), N); }
    SecretArray& operator=(SecretArray&& other) noexcept
    {
        if (this != &other) {
            bytes_ = other.bytes_;
            wipe_memory(other.bytes_.data(), N);
        }
        return *this;
    }
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    ~SecretArray() { wipe_memory(bytes_.data(), N); }

    [[nodiscard]] BytesView view() const noexcept { return bytes_; }
    [[nodiscard]] std::span<std::uint8_t> span() noexcept { return bytes_; }

private:
    std::array<std::uint8_t, N> bytes_{};
};

} // namespace godwit::crypto
