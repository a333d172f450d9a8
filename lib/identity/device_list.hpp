// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/identity/certificate.hpp"

#include <optional>
#include <set>

namespace godwit::identity {

/// A verified list.
struct DeviceList {
    std::uint64_t version = 0;
    std::vector<wire::DeviceCertificate> devices; ///< In the list's order; no device twice.
    Bytes encoded;
    WallMs created_ms = 0; ///< By the clock of the device that signed it.

    [[nodiscard]] const wire::DeviceCertificate* find(const DeviceId& device) const;
};

/// Decodes and verifies: signed by `account_key`, for `user`; every certificate verifies; at least version 1 and one
/// device. Errors: malformed, authentication_failed.
[[nodiscard]] Result<DeviceList> verify_device_list(BytesView encoded, std::string_view user,
                                                    const PublicKey& account_key);

/// Signs a list of these devices. Precondition: not more than wire::devices_per_account_max, none twice.
[[nodiscard]] DeviceList sign_device_list(std::string_view user, BytesView account_seed, std::uint64_t version,
                                          const std::vector<wire::DeviceCertificate>& devices, WallMs created_ms);

/// The next version with `added`, in the place of a certificate of the same device when there is one. Errors:
/// quota_exceeded (devices_per_account_max).
[[nodiscard]] Result<DeviceList> with_device(const DeviceList& list, const wire::DeviceCertificate& added,
                                             std::string_view user, BytesView account_seed, WallMs created_ms);
/// The next version without `removed`.
[[nodiscard]] DeviceList without_device(const DeviceList& list, const DeviceId& removed, std::string_view user,
                                        BytesView account_seed, WallMs created_ms);

/// How a list that is shown relates to the one that is known.
enum class Succession : std::uint8_t {
    same,     ///< The one that is known.
    newer,    ///< Take it.
    rollback, ///< Older than what is known: the relay shows an old one, or restored a backup.
    conflict, ///< Another list of the same version: the account key signed two, or somebody else has it.
};
[[nodiscard]] Succession judge(const DeviceList& known, const DeviceList& shown);

/// A list that mends is at least this much newer than the one that it takes the place of, so that nobody takes it for
/// an ordinary change. At most so much, because versions must never run out.
inline constexpr std::uint64_t mending_step_min = 2;
inline constexpr std::uint64_t mending_step_max = 4096;
[[nodiscard]] bool mends(const DeviceList& stored, const DeviceList& next);

/// The account's own answer to a relay that shows `shown`, which is older than `known` or another one of its version:
/// the relay was restored from a backup (docs/adr/0022-lost-relay.md). All devices of `known`, and of `shown` those
/// that were certified after `known` was signed; without `removed`. The newer of two certificates of one device. Its
/// version is above both. Never empty: nullopt then.
[[nodiscard]] std::optional<DeviceList> mend(const DeviceList& known, const DeviceList& shown,
                                             const std::set<DeviceId>& removed, std::string_view user,
                                             BytesView account_seed, WallMs created_ms);

} // namespace godwit::identity
