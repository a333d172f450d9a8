// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the keys of an account and of this device, and the three ways to get them.
//
//   register:  account key, device keys, certificate, device list 1, vault ── committed ──> RegisterAccount. When the
//              answer is lost, the same keys are sent again and the relay recognises them.
//   login:     device keys ── Login ──> vault, device list ── opened by the password's key ──> account key ──>
//              certificate, next device list ── committed ──> AddDevice
//   link:      device keys, code ── LinkWait ──> grant of a device that has seen the code ──> account key, as above
#pragma once

#include "lib/engine/context.hpp"
#include "lib/seal/groups.hpp"
#include "lib/seal/link_grant.hpp"

namespace godwit::engine::account {

/// True when this home holds an account that a relay has confirmed once (its history is here).
[[nodiscard]] bool confirmed(port::Store& store);
void set_confirmed(port::Store& store);

/// Keys for `credentials`, taken up from an unfinished attempt or made, and stored. Errors: already_registered.
[[nodiscard]] Result<port::StoredIdentity> prepare_register(Context& context, const Credentials& credentials,
                                                            Moment now);
/// Device keys for a login; nothing is stored yet. Errors: already_registered.
[[nodiscard]] Result<port::StoredIdentity> prepare_login(Context& context, const Credentials& credentials);
/// Device keys for a link; nothing is stored yet. Errors: already_registered.
[[nodiscard]] Result<port::StoredIdentity> prepare_link(Context& context, const std::string& relay_text);

/// Completes `identity` from what the relay keeps, and stores it. Errors: authentication_failed (the vault does not
/// open, or is another account's; the device list is not the account's, or older than was known), quota_exceeded.
[[nodiscard]] Result<void> complete_login(Context& context, const Credentials& credentials,
                                          const wire::relay::LoginOk& login, port::StoredIdentity& identity,
                                          Moment now);
/// The same from what a device of the account has granted.
[[nodiscard]] Result<void> complete_link(Context& context, const seal::LinkGrant& grant, const std::string& device_name,
                                         port::StoredIdentity& identity, Moment now);

[[nodiscard]] wire::relay::RegisterAccount register_frame(Context& context, const Credentials& credentials,
                                                          const port::StoredIdentity& identity);
/// The device is withdrawn: its keys go, the history stays.
void forget_device(port::Store& store, port::StoredIdentity identity);

[[nodiscard]] seal::DeviceKeys device_keys(const port::StoredIdentity& identity);

} // namespace godwit::engine::account
