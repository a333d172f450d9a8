// SPDX-License-Identifier: Apache-2.0
// accounts: registering, logging in, coming back. Which devices an account has: devices.hpp.
//
// A password is guessed against three paces, all of failures only:
//   (account, address)  the honest mistake: five quick tries, then one each ten seconds
//   (address)           one guesser, many accounts
//   (account)           many guessers, one account. It does not apply to an address where this account logged in
//   before, nor to
//                       a device that is the account's already: so a crowd of strangers slows strangers, not the user.
// Names are looked for among the accounts of the application that Hello has named (apps.hpp). An account key has one
// name, in one application: conversations are named after keys, and a second name would be a second way into them.
// Who comes back with a known device (Resume) shows no password and meets none of this. An unknown user costs the same
// work and gets the same answer as a wrong password. Registering a name that is taken is a failure of its address too.
// A device list with a wrong signature (devices.hpp) is a failure of its address: nobody guesses a signature, but it
// costs work.
#pragma once

#include "relay/core/gate.hpp"

#include <deque>
#include <unordered_set>

namespace godwit::relay {

class Accounts {
public:
    Accounts(Context& context, Gate& gate);

    [[nodiscard]] Answer register_account(Session& session, const frame::RegisterAccount& request, Moment now);
    [[nodiscard]] Answer login(Session& session, const frame::Login& request, Moment now);
    [[nodiscard]] Answer resume(Session& session, Moment now);
    [[nodiscard]] Answer session_info(const Session& session, Moment now);

    /// Logs the link in as this device of the account.
    void enter(Session& session, const StoredAccount& account, const StoredDevice& device, Moment now);
    /// How long this address has to wait before it may show credentials again.
    [[nodiscard]] Duration wait_at(const std::string& address, Moment now) const
    {
        return by_address_.wait(address, now.mono);
    }
    /// The account's own user may try again at once, from everywhere.
    void forget_failed_logins(const std::string& full_name);
    /// `device`: the one that logs in; nullptr: it shows the password only.
    [[nodiscard]] std::optional<Error> refuses(const StoredAccount& account, const StoredDevice* device = nullptr);
    void took_wrong_credentials(const std::string& address, Moment now);
    [[nodiscard]] static Answer wrong_credentials();
    [[nodiscard]] static Answer removed();

private:
    using Secret = FixedBytes<32, frame::LoginSecretTag>;

    [[nodiscard]] std::optional<Error> check_registration(const Session& session,
                                                          const frame::RegisterAccount& request) const;
    [[nodiscard]] static LoginHash hash(const LoginSalt& salt, const Secret& secret);
    [[nodiscard]] bool is_known_place(const std::string& place) const { return places_.contains(place); }
    void remember_place(const std::string& place);

    Context& context_;
    Gate& gate_;
    LoginSalt nobodys_salt_; ///< Of users that do not exist.
    PaceTable by_account_and_address_;
    PaceTable by_address_;
    PaceTable by_account_;
    PaceTable registrations_;
    std::unordered_set<std::string> places_; ///< (account, address) where a login succeeded.
    std::deque<std::string> places_in_order_;
};

} // namespace godwit::relay
