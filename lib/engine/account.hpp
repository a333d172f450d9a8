// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the keys of an account and of this device, and the three ways to get them.
//
//   register:  account key, device keys, certificate, device list 1, vault ── committed ──> RegisterAccount. When the
//              answer is lost, the same keys are sent again and the relay recognises them.
//   login:     device keys ── Login ──> vault, device list ── opened by the password's key ──> account key ──>
//              certificate, next device list ── committed ──> AddDevice
//   link:      device keys, code ── LinkWait ──> grant of a device that has seen the code ──> account key, as above
//
// A home whose relay has lost the account still has the keys: register then brings the same account back, and login or
// a mere connection mends what a relay that was restored from a backup has forgotten (docs/adr/0022-lost-relay.md).
#pragma once

#include "lib/engine/context.hpp"
#include "lib/seal/groups.hpp"
#include "lib/seal/link_grant.hpp"

#include <set>

namespace godwit::engine::account {

/// True when this home holds an account that a relay has confirmed once (its history is here).
[[nodiscard]] bool confirmed(port::Store& store);
void set_confirmed(port::Store& store);
/// The user has asked this device to log out, and no answer has come: a relay that does not know the device any more
/// has done it.
[[nodiscard]] bool leaving(port::Store& store);
void set_leaving(port::Store& store, bool leaves);

/// Keys for `credentials`, taken up from an unfinished attempt or from an account that the relay has lost, or made; and
/// stored. Errors: already_registered.
[[nodiscard]] Result<port::StoredIdentity> prepare_register(Context& context, const Credentials& credentials,
                                                            Moment now);
/// Device keys for a login; nothing is stored yet. Errors: already_registered.
[[nodiscard]] Result<port::StoredIdentity> prepare_login(Context& context, const Credentials& credentials);
/// Device keys for a link; nothing is stored yet. Errors: already_registered.
[[nodiscard]] Result<port::StoredIdentity> prepare_link(Context& context, const std::string& relay_text);

/// Completes `identity` from what the relay keeps, and stores it. Errors: authentication_failed (the vault does not
/// open, or is another account's; the device list is not the account's), quota_exceeded.
[[nodiscard]] Result<void> complete_login(Context& context, const Credentials& credentials,
                                          const wire::relay::LoginOk& login, port::StoredIdentity& identity,
                                          Moment now);
/// The same from what a device of the account has granted.
[[nodiscard]] Result<void> complete_link(Context& context, const seal::LinkGrant& grant, const std::string& device_name,
                                         port::StoredIdentity& identity, Moment now);
/// Certifies a device that was completed by a grant anew: the relay refused its list and showed `shown`, which others
/// have changed meanwhile. Errors: as complete_login.
[[nodiscard]] Result<void> complete_again(Context& context, BytesView shown, const std::string& device_name,
                                          port::StoredIdentity& identity, Moment now);

/// Precondition: 32 bytes.
[[nodiscard]] FixedBytes<32, wire::relay::LoginSecretTag> login_secret(const Credentials& credentials);
[[nodiscard]] wire::relay::RegisterAccount register_frame(Context& context, const Credentials& credentials,
                                                          const port::StoredIdentity& identity);
/// How much goes with a device that is withdrawn.
enum class Withdrawn : std::uint8_t {
    account, ///< The account's key as well: it was logged out, or the account has revoked it.
    device,  ///< Only its own keys: it needs new ones, because the relay refuses these.
};
/// The device is withdrawn: its keys go, the history stays.
void forget_device(port::Store& store, port::StoredIdentity identity, Withdrawn what);
/// The relay does not serve the device: all keys stay, so that login or register can bring it back.
void lay_by(port::Store& store, port::StoredIdentity identity);

/// Devices that were taken out of the account, as far as this home has seen that: no restored relay brings them back.
/// The newest removed_devices_max.
inline constexpr std::size_t removed_devices_max = 256;
[[nodiscard]] std::set<DeviceId> removed_devices(port::Store& store);
void note_removed(port::Store& store, const DeviceId& device);
/// One that came again is removed no more.
void note_added(port::Store& store, const DeviceId& device);

/// A list of `user` that is refused for the first time: what is shown at every connection is mentioned once.
[[nodiscard]] bool is_first_refusal(port::Store& store, std::string_view user, BytesView list);
void forget_refusal(port::Store& store, std::string_view user);

[[nodiscard]] seal::DeviceKeys device_keys(const port::StoredIdentity& identity);

} // namespace godwit::engine::account
