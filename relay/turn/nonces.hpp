// SPDX-License-Identifier: Apache-2.0
// Nonces that nobody has to remember: a nonce is a MAC over who it was given to and the half hour that it was given in.
//
//   offer   "obMatJos2" "AAAB" MAC(96 bits)   RFC 8489 section 9.2: the nonce cookie, and the security features of
//   which
//                                             bit 0 says that PASSWORD-ALGORITHMS came with it
//   short   MAC(24 bits)                      to who has not shown that its address is its own and asked in so few
//   bytes
//                                             that the other would make us a lever
//
// 24 bits are little, and enough: who guesses one has an address that is not its own in our hands, and still needs a
// credential that we made.
#pragma once

#include "lib/base/time.hpp"
#include "lib/port/entropy.hpp"
#include "relay/turn/five_tuple.hpp"

namespace godwit::relay::turn {

/// A nonce is good in the slot that it was made in and the next: 30 to 60 minutes (RFC 8656 section 5: at most an
/// hour).
inline constexpr Duration nonce_slot = std::chrono::minutes(30);

class Nonces {
public:
    explicit Nonces(port::Entropy& entropy) { entropy.fill(key_); }

    [[nodiscard]] std::string offer(const FiveTuple& client, Instant now) const;
    [[nodiscard]] std::string brief(const FiveTuple& client, Instant now) const;
    [[nodiscard]] bool is_fresh(BytesView nonce, const FiveTuple& client, Instant now) const;
    /// It says that PASSWORD-ALGORITHMS came with it, whoever made it.
    [[nodiscard]] static bool has_password_algorithms(BytesView nonce);

private:
    [[nodiscard]] std::string make(bool with_offer, const FiveTuple& client, std::int64_t slot) const;

    std::array<std::uint8_t, 32> key_{};
};

} // namespace godwit::relay::turn
