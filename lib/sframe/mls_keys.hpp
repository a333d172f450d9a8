// SPDX-License-Identifier: Apache-2.0
// Keys of a group call from its MLS group (RFC 9605 section 5.2). Every epoch has one base key, which all members
// export from the group; the KID says epoch, leaf and, for a sender with several streams, context:
//
//   | context (64-S-E bits) | leaf index (S bits) | epoch (low E bits) |
//
// This room does not know lib/mls: the caller exports (base_key_label, no context, base_key_bytes(suite)) and gives it
// to add_epoch(). Any member of the group could send under another's leaf (section 7.2): SFrame keeps strangers out,
// not members from posing as each other.
#pragma once

#include "lib/sframe/frame_key.hpp"

#include <deque>
#include <map>
#include <set>

namespace godwit::sframe {

inline constexpr std::string_view base_key_label = "SFrame 1.0 Base Key";
/// AEAD.Nk. Precondition: parameters_of(suite).
[[nodiscard]] std::size_t base_key_bytes(CipherSuite suite) noexcept;

/// E: how many low bits of the epoch a KID carries, so 16 epochs can be told apart ...
inline constexpr unsigned epoch_bits = 4;
/// ... and of so many the keys are kept: media of an older epoch is late beyond use.
inline constexpr std::size_t epochs_kept_max = 4;
/// Contexts that one device may send under in one epoch.
inline constexpr std::size_t contexts_max = 64;
/// Keys by which something was opened, an epoch: a call of a hundred with forty streams each fits. Further ones are
/// refused rather than an old one dropped: with it would go what it has seen, and that could be played again.
inline constexpr std::size_t receive_keys_max = 4096;
/// As many leaves as an MLS group of ours may have.
inline constexpr std::uint32_t group_leaves_max = 65'536;

/// S: the least with leaves <= 1 << S.
[[nodiscard]] unsigned index_bits(std::uint32_t leaves) noexcept;

struct MlsKid {
    std::uint64_t context = 0;
    std::uint32_t leaf = 0;
    std::uint64_t epoch = 0; ///< Of a parsed KID: its low epoch_bits.
};
/// nullopt: the context has more than the bits that are left, or the leaf is none of `leaves`.
[[nodiscard]] std::optional<std::uint64_t> make_kid(const MlsKid& parts, std::uint32_t leaves) noexcept;
[[nodiscard]] MlsKid parse_kid(std::uint64_t kid, std::uint32_t leaves) noexcept;

/// One device's keys of one call.
class MlsKeys {
public:
    /// Precondition: parameters_of(suite).
    explicit MlsKeys(CipherSuite suite) : suite_(suite) {}

    /// `leaves`: of the group's tree in that epoch, the same at all members. Epochs come in their order; an older one
    /// with the same low bits goes, as the RFC demands. False: this epoch or a later one is here, a length is wrong, or
    /// there are more leaves than group_leaves_max.
    [[nodiscard]] bool add_epoch(std::uint64_t epoch, BytesView base_key, std::uint32_t leaves, std::uint32_t own_leaf);
    /// Before its time, for instance when somebody was removed.
    void forget_epochs_before(std::uint64_t epoch);

    /// The key for sending in the newest epoch under one context. Once each: a second one would count from 0 again.
    /// nullopt: it was given out, does not fit, there are contexts_max, or there is no epoch.
    [[nodiscard]] std::optional<SendKey> take_send_key(std::uint64_t context = 0);

    /// unknown_key also for our own leaf, which is for sending only, for a leaf outside the tree, and beyond the bounds
    /// above. `leaf`: under whose it was sent, when opened.
    struct Opened : Decrypted {
        std::uint64_t epoch = 0;
        std::uint32_t leaf = 0;
        std::uint64_t context = 0;
    };
    [[nodiscard]] Opened decrypt(BytesView metadata, BytesView ciphertext);

    [[nodiscard]] std::size_t epochs() const noexcept { return epochs_.size(); }

private:
    struct Epoch {
        std::uint64_t number = 0;
        WipedBytes base_key;
        std::uint32_t leaves = 0;
        std::uint32_t own_leaf = 0;
        std::set<std::uint64_t> contexts_taken;
        std::map<std::uint64_t, ReceiveKey> receive;           ///< By KID.
        std::map<std::uint32_t, std::size_t> contexts_of_leaf; ///< How many of them.
    };
    [[nodiscard]] Epoch* epoch_of(std::uint64_t low_bits) noexcept;

    CipherSuite suite_;
    std::deque<Epoch> epochs_; ///< Newest first.
};

} // namespace godwit::sframe
