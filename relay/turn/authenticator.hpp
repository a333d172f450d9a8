// SPDX-License-Identifier: Apache-2.0
// Who is asking (RFC 8489 section 9.2.4), with time-limited credentials (rest.hpp). Stateless: what a stranger says is
// judged from what it says.
//
//   no integrity ...................................... 401 with a challenge
//   integrity, and USERNAME, REALM or NONCE missing ... 400
//   PASSWORD-ALGORITHM(S) that were not offered so .... 400
//   a user that is none, or a wrong password .......... 401 with a challenge; one computation, one answer for both
//   expired (when an allocation is to be made) ........ the same
//   an account that may not be relayed for ............ the same
//   a nonce that is not, or no longer, ours ........... 438 with a challenge
#pragma once

#include "relay/turn/allocation.hpp"
#include "relay/turn/nonces.hpp"
#include "relay/turn/rest.hpp"

#include <variant>

namespace godwit::relay::turn {

struct Caller {
    std::string username;
    std::string account;
    stun::PasswordAlgorithm algorithm{};
    crypto::WipedBytes key;
    bool sha256 = false; ///< It uses MESSAGE-INTEGRITY-SHA256, so do we.
};

struct Refusal {
    int code = 0;
    bool challenge = false;
};

class Authenticator {
public:
    Authenticator(const Config& config, port::Entropy& entropy) : config_(config), nonces_(entropy) {}

    /// `known`: the allocation that the request is about, or nullptr. Its own credential serves it for as long as it
    /// lives, so that a call does not end with the day that the credential was good for.
    [[nodiscard]] std::variant<Caller, Refusal> judge(const stun::Message& request, const FiveTuple& client,
                                                      const Allocation* known, Moment now) const;
    [[nodiscard]] const Nonces& nonces() const noexcept { return nonces_; }

private:
    const Config& config_;
    Nonces nonces_;
};

} // namespace godwit::relay::turn
