// SPDX-License-Identifier: Apache-2.0
// gate: who may come in, and how much they may have, by the operator's word (docs/adr/0041-administration.md).
//
//   bans          addresses (prefixes), whose links are closed as they come; names, which nobody may register
//   disabled      an account whose sessions end, and who is refused until it is enabled again. Its mail waits
//   invitations   a name that may be registered although registration is closed; with a key, by that account alone
//   quotas        of one account, in the place of the configuration's
//   removal       an account goes with its data
//
// What is asked here by the other rooms is answered from the store, but for bans, which are kept in memory. A password
// is always checked first: who does not know it hears nothing about the account.
#pragma once

#include "relay/core/tick.hpp"
#include "relay/store/policy_tables.hpp"

namespace godwit::relay {

/// Whoever decides is given so long before the client asks again.
inline constexpr Duration registration_decided_after = std::chrono::seconds(2);
inline constexpr std::size_t bans_max = 10'000;
inline constexpr std::size_t invitations_max = 10'000;
inline constexpr std::size_t operator_reason_bytes_max = 500;
inline constexpr WallMs ban_lifetime_ms_max = WallMs{3650} * 24 * 3600 * 1000;
inline constexpr WallMs invitation_lifetime_ms_max = WallMs{365} * 24 * 3600 * 1000;

class Gate {
public:
    explicit Gate(Context& context) : context_(context) {}

    // What the other rooms ask.
    /// `ip`: 4 or 16 bytes; empty (unknown) is let in.
    [[nodiscard]] std::optional<Error> refuses_address(BytesView ip, Moment now);
    [[nodiscard]] std::optional<Error> refuses_account(AccountRow account);
    /// Why a session that is logged in may not go on, as far as the store knows now.
    [[nodiscard]] std::optional<Error> refuses_session(AccountRow account, AppRow app);
    [[nodiscard]] std::optional<Error> refuses_registration(AppRow app, const std::string& user, const PublicKey& key,
                                                            const std::string& subscriber, Moment now);
    void registered(AppRow app, const std::string& user);
    /// The account is there and not disabled, nor is its application. For whoever serves it beside the core (TURN).
    [[nodiscard]] bool may_relay(std::string_view full_name);

    // The operator's requests. Names of accounts as Apps::full_name. Errors: invalid_argument (and what),
    // quota_exceeded, no_such_user.
    [[nodiscard]] Result<void> disable(std::string_view user, std::string_view reason, Moment now);
    [[nodiscard]] Result<void> enable(std::string_view user);
    [[nodiscard]] Result<void> set_quotas(std::string_view user, const Quotas& quotas);
    // `by`: of which application whoever asks is, or relays_own. Bounds are each application's own, and its
    // own people may fill a tenth of one (relay/store/share_tables.hpp).
    /// `reserve`: nobody registers the name afterwards, until that ban is lifted.
    [[nodiscard]] Result<void> remove(std::string_view user, bool reserve, Moment now, AppRow by);
    /// Links of the prefix end. `lifetime_ms` 0: until it is lifted. `subject`: how it is written, for people.
    [[nodiscard]] Result<StoredBan> ban_address(const AddressPrefix& prefix, std::string_view subject,
                                                std::string_view reason, WallMs lifetime_ms, Moment now);
    [[nodiscard]] Result<StoredBan> ban_name(std::string_view user, std::string_view reason, WallMs lifetime_ms,
                                             Moment now, AppRow by);
    [[nodiscard]] Result<StoredBan> unban(std::int64_t id);
    [[nodiscard]] Result<StoredInvitation> invite(std::string_view user, std::optional<PublicKey> key,
                                                  WallMs lifetime_ms, Moment now, AppRow by);
    [[nodiscard]] Result<void> uninvite(std::string_view user);
    [[nodiscard]] Result<StoredAccount> account(std::string_view full_name);
    /// Of applications, with errors as of Apps: what changes for accounts of it takes effect at once; disabling ends
    /// their sessions.
    [[nodiscard]] Result<StoredApp> add_app(std::string_view name, Moment now);
    [[nodiscard]] Result<StoredApp> renew_app_key(std::string_view name);
    [[nodiscard]] Result<void> remove_app(std::string_view name);
    [[nodiscard]] Result<StoredApp> change_app(std::string_view name, const AppChange& change);
    [[nodiscard]] Result<StoredApp> disable_app(std::string_view name, bool disabled, Moment now);

    /// The tick was rolled back.
    void forget()
    {
        bans_.reset();
        context_.apps.forget();
    }

private:
    /// By how many bits; then one look-up each.
    struct Bans {
        std::map<AddressPrefix, WallMs> prefixes;           ///< Until when; 0: for good.
        std::set<std::pair<std::size_t, unsigned>> lengths; ///< (bytes of the address, bits) that there are.
    };
    [[nodiscard]] const Bans& bans();
    [[nodiscard]] Result<StoredBan> ban(StoredBan draft, WallMs lifetime_ms, Moment now, AppRow by);
    void end_sessions(AccountRow account, const Error& why);

    Context& context_;
    std::optional<Bans> bans_;
};

} // namespace godwit::relay
