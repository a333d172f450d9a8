// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

/// Digests of packages that were handed out, per device: two full publications. A device whose publication was stored
/// while the answer was lost publishes the same again.
constexpr std::size_t handed_out_kept = 2 * wire::key_packages_max;

} // namespace

KeyPackageCount Store::key_package_count(DeviceRow device)
{
    KeyPackageCount out;
    out.one_time = static_cast<std::uint32_t>(
        read_integer("SELECT count(*) FROM key_packages WHERE device = ?1 AND package IS NOT NULL", device)
            .value_or(0));
    out.last_resort = read_integer("SELECT 1 FROM last_resorts WHERE device = ?1", device).has_value();
    return out;
}

bool Store::knows_key_package(DeviceRow device, const KeyPackageDigest& digest)
{
    return read_integer("SELECT 1 FROM key_packages WHERE device = ?1 AND digest = ?2", device, digest).has_value();
}

void Store::add_key_package(DeviceRow device, const KeyPackageDigest& digest, const Bytes& package)
{
    write("INSERT INTO key_packages(device, digest, package) VALUES(?1, ?2, ?3)", device, digest, package);
}

void Store::set_last_resort(DeviceRow device, const Bytes& package)
{
    write("INSERT INTO last_resorts(device, package) VALUES(?1, ?2) ON CONFLICT(device) DO UPDATE SET package = ?2",
          device, package);
}

Bytes Store::take_key_package(DeviceRow device)
{
    Bytes out;
    std::int64_t row = 0;
    read(
        "SELECT id, package FROM key_packages WHERE device = ?1 AND package IS NOT NULL ORDER BY id LIMIT 1",
        [&](const sqlite::Statement& s) {
            row = s.integer(0);
            out = to_bytes(s.bytes(1));
            return false;
        },
        device);
    if (row == 0) return out;
    write("UPDATE key_packages SET package = NULL WHERE id = ?1", row);
    write("DELETE FROM key_packages WHERE device = ?1 AND package IS NULL AND id <="
          " (SELECT id FROM key_packages WHERE device = ?1 AND package IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?2)",
          device, handed_out_kept);
    return out;
}

Bytes Store::last_resort(DeviceRow device)
{
    Bytes out;
    read(
        "SELECT package FROM last_resorts WHERE device = ?1",
        [&](const sqlite::Statement& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        device);
    return out;
}

} // namespace godwit::relay
