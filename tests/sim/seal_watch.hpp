// SPDX-License-Identifier: Apache-2.0
// Listens on every wire: no content in the clear, and no ciphertext that the sender's store does not have.
//
// What leaves is what is stored: a message's envelope is the sealing that stands in the outbox at that moment, so no
// generation is used that a crash could use again. Its other sealings (later epochs, readers without keys) are bounded,
// and no two share their encrypted_sender_data: fresh_part() is the one place that knows the format. That no generation
// is used twice inside the seal is proven where it can be seen, in tests/lib/seal/crash_test.cpp.
#pragma once

#include "lib/port/store.hpp"
#include "lib/wire/frames.hpp"
#include "tests/sim/trace_hash.hpp"

#include <map>
#include <optional>
#include <string>

namespace godwit::testing {

/// What every text of the simulator begins with.
inline constexpr std::string_view plain_marker = "godwit says ";

/// What the bytes of its files are full of. Between devices a piece is sealed by the link alone, which is theirs; what
/// goes to the relay shows nothing.
inline constexpr std::string_view file_marker = "godwit files ";

/// The part of a sealed envelope that must never come again with other bytes around it; nullopt: this sealing shows
/// none to an outsider.
[[nodiscard]] std::optional<Bytes> fresh_part(BytesView sealed);

class SealWatch {
public:
    /// `store`: the sender's. Returns the envelope in the frame, when there is one.
    std::optional<wire::Envelope> peer_frame(const std::string& from, port::Store& store, BytesView frame);
    std::optional<wire::Envelope> frame_to_relay(const std::string& from, port::Store& store, BytesView frame);
    void frame_of_relay(BytesView frame) { no_plaintext(frame, "the relay"); }
    [[nodiscard]] std::uint64_t envelopes() const { return seen_.size(); }

private:
    static void no_plaintext(BytesView frame, const std::string& from);
    void envelope(const std::string& from, port::Store& store, const wire::Envelope& envelope);

    std::map<std::pair<std::string, MessageId>, std::vector<Print>> seen_; ///< Every sealing.
    std::map<Bytes, Print> fresh_;
};

} // namespace godwit::testing
