// SPDX-License-Identifier: Apache-2.0
// seal: content in, one sealed envelope out, and back. The only door to end-to-end encryption: today a signed,
// per-device hybrid public-key construction on libsodium (docs/adr/0007-interim-sealing.md), tomorrow MLS behind the
// same verbs.
//
// The door is cut for MLS: sealing and opening may change state, that state lives in the store under "seal/…" and
// commits in the tick's transaction, with the outbox row or the dedupe mark it belongs to. One call to seal() makes the
// one ciphertext that every path and every retransmission uses: a generation is never sealed twice.
#pragma once

#include <godwit/ids.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/port/entropy.hpp"
#include "lib/port/store.hpp"
#include "lib/wire/content.hpp"

#include <memory>
#include <vector>

namespace godwit::seal {

/// What the sealed bytes are for; bound into signature and keys, so one kind never passes for another.
enum class Purpose : std::uint8_t {
    content = 1, ///< Messages: stored, retransmitted.
    receipt = 2, ///< Receipts that go by the mailbox.
    signal = 3,  ///< ICE signalling: forwarded, never stored.
};

/// Our side. Seeds are copied into guarded memory and wiped on destruction.
struct DeviceKeys {
    DeviceId device;
    Bytes device_seed;    ///< Ed25519 seed, 32 bytes.
    Bytes sealing_secret; ///< X25519 secret, 32 bytes.
};

struct Opened {
    Bytes content;
    std::uint64_t generation = 0; ///< Per sender device and purpose, strictly increasing at the sender.
};

/// Bound: recipients of one envelope.
inline constexpr std::size_t seal_recipients_max = 128;
/// Bound: content of one envelope, in bytes. With padding and every slot it fits wire::envelope_bytes_max.
inline constexpr std::size_t seal_content_bytes_max = wire::content_bytes_max;

class Sealer {
public:
    Sealer(DeviceKeys keys, port::Entropy& entropy);
    ~Sealer();
    Sealer(const Sealer&) = delete;
    Sealer& operator=(const Sealer&) = delete;

    /// Seals `content` once for every recipient device. `id` is bound. Writes the next generation into `store`,
    /// inside the caller's transaction: what it returns may leave after that commits.
    /// Errors: invalid_argument (no recipients, more than seal_recipients_max, one twice, an unusable sealing key),
    /// message_too_large, storage_failed, storage_corrupt.
    [[nodiscard]] Result<Bytes> seal(Purpose purpose, const MessageId& id, BytesView content,
                                     const std::vector<wire::DeviceCertificate>& recipients, port::Store& store);

    /// Opens what `sender` sealed for this device. Errors: malformed, authentication_failed (not for us, wrong sender,
    /// altered, other id or purpose). Constant outcome for every kind of forgery.
    [[nodiscard]] Result<Opened> open(Purpose purpose, const MessageId& id, const wire::DeviceCertificate& sender,
                                      BytesView sealed, port::Store& store);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Length of what seal() makes, in bytes: content is padded, so that lengths tell little (lib/seal/envelope.hpp).
[[nodiscard]] std::size_t sealed_bytes(std::size_t content_bytes, std::size_t recipients) noexcept;

} // namespace godwit::seal
