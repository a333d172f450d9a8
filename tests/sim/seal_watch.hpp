// SPDX-License-Identifier: Apache-2.0
// Listens on every wire: no content in the clear, and no message sealed twice.
//
// "Sealed once" is judged from outside: one sender's envelope of one message id is the same bytes wherever and whenever
// it goes. What makes two ciphertexts differ safely (a key or nonce that is fresh) is the business of whatever seals:
// fresh_part() is the one place that knows its format.
#pragma once

#include "lib/wire/frames.hpp"

#include <map>
#include <optional>
#include <string>

namespace godwit::testing {

/// What every text of the simulator begins with.
inline constexpr std::string_view plain_marker = "godwit says ";

/// The part of a sealed envelope that must never come again with other bytes around it; nullopt: this sealing shows
/// none to an outsider.
[[nodiscard]] std::optional<Bytes> fresh_part(BytesView sealed);

class SealWatch {
public:
    void peer_frame(const std::string& from, BytesView frame);
    void frame_to_relay(const std::string& from, BytesView frame);
    void frame_of_relay(BytesView frame) { no_plaintext(frame, "the relay"); }
    [[nodiscard]] std::uint64_t envelopes() const { return seen_.size(); }

private:
    static void no_plaintext(BytesView frame, const std::string& from);
    void envelope(const std::string& from, const wire::Envelope& envelope);

    struct Print {
        std::size_t size = 0;
        std::uint64_t hash = 0;
        friend bool operator==(const Print&, const Print&) = default;
    };
    std::map<std::pair<std::string, MessageId>, Print> seen_;
    std::map<Bytes, Print> fresh_;
};

} // namespace godwit::testing
