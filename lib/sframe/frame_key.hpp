// SPDX-License-Identifier: Apache-2.0
// One key of SFrame. RFC 9605 section 4.4.1: a base key is usable for encryption or decryption, never both; so each has
// a type of its own. Neither can be copied: two counters of one key would meet.
#pragma once

#include "lib/sframe/cipher_suite.hpp"
#include "lib/sframe/header.hpp"

#include <array>

namespace godwit::sframe {

/// One frame, and its metadata.
inline constexpr std::size_t frame_bytes_max = std::size_t{16} << 20;
/// Counters behind the newest one that may still come; RFC 3711 section 3.3.2 wants 64 at least.
inline constexpr std::uint64_t replay_window = 1024;

/// For encrypting. Persisting one means storing next_ctr() before what it numbered leaves (section 9.1).
class SendKey {
public:
    /// Precondition: parameters_of(suite).
    SendKey(CipherSuite suite, std::uint64_t kid, BytesView base_key, std::uint64_t next_ctr = 0);
    SendKey(SendKey&&) noexcept = default;
    SendKey& operator=(SendKey&&) noexcept = default;
    SendKey(const SendKey&) = delete;
    SendKey& operator=(const SendKey&) = delete;

    /// An SFrame ciphertext, under a CTR that is used up by it. nullopt: frame or metadata is longer than
    /// frame_bytes_max, or the counter is exhausted.
    [[nodiscard]] std::optional<Bytes> encrypt(BytesView metadata, BytesView frame);
    [[nodiscard]] std::uint64_t kid() const noexcept { return kid_; }
    [[nodiscard]] std::uint64_t next_ctr() const noexcept { return next_ctr_; }

private:
    CipherSuite suite_;
    std::uint64_t kid_;
    KeyAndSalt keys_; ///< Empty once moved from: encrypting with it is an assertion.
    std::uint64_t next_ctr_;
};

/// What became of a ciphertext.
struct Decrypted {
    enum class Verdict : std::uint8_t {
        opened,
        malformed,   ///< No SFrame ciphertext, or longer than any.
        unknown_key, ///< Of a KID without a key (here: of another KID): it may be kept until the key comes.
        replayed,    ///< Of a CTR that was opened before, or that lies behind the window.
        forged,      ///< The tag does not verify.
    } verdict = Verdict::malformed;
    Header header;
    Bytes frame; ///< When opened.
};

/// For decrypting.
class ReceiveKey {
public:
    ReceiveKey(CipherSuite suite, std::uint64_t kid, BytesView base_key);
    ReceiveKey(ReceiveKey&&) noexcept = default;
    ReceiveKey& operator=(ReceiveKey&&) noexcept = default;
    ReceiveKey(const ReceiveKey&) = delete;
    ReceiveKey& operator=(const ReceiveKey&) = delete;

    /// What is not opened changes nothing.
    [[nodiscard]] Decrypted decrypt(BytesView metadata, BytesView ciphertext);
    [[nodiscard]] std::uint64_t kid() const noexcept { return kid_; }

private:
    [[nodiscard]] bool is_replay(std::uint64_t ctr) const noexcept;
    void mark(std::uint64_t ctr) noexcept;

    CipherSuite suite_;
    std::uint64_t kid_;
    KeyAndSalt keys_;
    /// A ring: bit ctr % ring_bits stands for ctr. A word more than the window, which is being cleared.
    static constexpr std::size_t ring_words = replay_window / 64 + 1;
    std::array<std::uint64_t, ring_words> seen_{};
    std::uint64_t newest_ = 0; ///< Nothing has come while no bit is set.
};

} // namespace godwit::sframe
