// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/authenticator.hpp"

namespace godwit::relay::turn {

namespace attribute = stun::attribute;

namespace {

constexpr Refusal who_are_you{401, true};
constexpr Refusal malformed{400, false};

} // namespace

std::variant<Caller, Refusal> Authenticator::judge(const stun::Message& request, const FiveTuple& client,
                                                   const Allocation* known, Moment now) const
{
    Caller out;
    out.sha256 = request.has(attribute::message_integrity_sha256);
    if (!out.sha256 && !request.has(attribute::message_integrity)) return who_are_you;
    const auto* const username = request.find(attribute::username);
    const auto* const nonce = request.find(attribute::nonce);
    if (nonce == nullptr || !request.has(attribute::realm) ||
        (username == nullptr && !request.has(attribute::userhash)))
        return malformed;

    out.algorithm = stun::PasswordAlgorithm::md5;
    if (Nonces::has_password_algorithms(nonce->value)) {
        const auto* const chosen = request.find(attribute::password_algorithm);
        const auto* const offered = request.find(attribute::password_algorithms);
        if (chosen != nullptr || offered != nullptr) {
            const auto algorithm = chosen == nullptr ? std::nullopt : stun::read_password_algorithm(chosen->value);
            const bool as_offered = offered != nullptr && std::ranges::equal(offered->value, stun::password_algorithms);
            if (!algorithm || !as_offered) return malformed;
            out.algorithm = *algorithm;
        }
    }

    // USERHASH: we did not say that we can find names by their hash. It is treated as a name that nobody has.
    if (username != nullptr && username->value.size() <= username_bytes_max) out.username = as_text(username->value);
    const bool own = known != nullptr && known->username == out.username && known->algorithm == out.algorithm;
    if (own)
        out.key = known->key;
    else
        out.key = stun::long_term_key(out.algorithm, as_bytes(out.username), as_bytes(config_.realm),
                                      as_bytes(rest_password(config_.secret, out.username)));
    const auto name = parse_rest_username(out.username);
    const bool proved = stun::has_integrity(request, out.key);
    if (!proved || !name) return who_are_you;
    // A call may last longer than its credential; without accounts that are asked for, the credential is all there is.
    const bool may_be_over = own && config_.may_relay;
    if (!may_be_over && name->expires_s <= now.wall_ms / 1000) return who_are_you;
    if (!nonces_.is_fresh(nonce->value, client, now.mono)) return Refusal{438, true};
    out.account = name->account;
    if (config_.may_relay && !config_.may_relay(out.account)) return who_are_you;
    return out;
}

} // namespace godwit::relay::turn
