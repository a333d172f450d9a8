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

void Store::add_key_package(DeviceRow device, const KeyPackageDigest& digest, const Bytes& package, WallMs now_ms)
{
    write("INSERT INTO key_packages(device, digest, package, received_ms) VALUES(?1, ?2, ?3, ?4)", device, digest,
          package, now_ms);
}

void Store::set_last_resort(DeviceRow device, const Bytes& package, WallMs now_ms)
{
    write("INSERT INTO last_resorts(device, package, received_ms) VALUES(?1, ?2, ?3)"
          " ON CONFLICT(device) DO UPDATE SET package = ?2, received_ms = ?3",
          device, package, now_ms);
}

std::uint64_t Store::expire_key_packages(WallMs before_ms, WallMs last_resorts_before_ms, std::uint32_t limit)
{
    const auto count = [&](std::string_view sql, WallMs before) {
        return static_cast<std::uint64_t>(read_integer(sql, before, limit).value_or(0));
    };
    const auto packages = count("SELECT count(*) FROM (SELECT 1 FROM key_packages"
                                " WHERE received_ms < ?1 AND package IS NOT NULL LIMIT ?2)",
                                before_ms);
    const auto last_resorts = count("SELECT count(*) FROM (SELECT 1 FROM last_resorts WHERE received_ms < ?1 LIMIT ?2)",
                                    last_resorts_before_ms);
    if (packages > 0)
        write("DELETE FROM key_packages WHERE id IN (SELECT id FROM key_packages"
              " WHERE received_ms < ?1 AND package IS NOT NULL LIMIT ?2)",
              before_ms, limit);
    if (last_resorts > 0)
        write("DELETE FROM last_resorts WHERE device IN"
              " (SELECT device FROM last_resorts WHERE received_ms < ?1 LIMIT ?2)",
              last_resorts_before_ms, limit);
    return packages + last_resorts;
}

Bytes Store::take_key_package(DeviceRow device)
{
    Bytes out;
    std::int64_t row = 0;
    read(
        "SELECT id, package FROM key_packages WHERE device = ?1 AND package IS NOT NULL ORDER BY id LIMIT 1",
        [&](const Row& s) {
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
        [&](const Row& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        device);
    return out;
}

} // namespace godwit::relay
