// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/route/choice.hpp"

#include <unordered_map>

namespace godwit::route {

/// Live links to one device: one in use, one that replaces it, one that the peer replaces, and one for luck.
inline constexpr std::size_t ways_per_device_max = 4;

/// What is known about the ways to every device. Entries exist for devices with a link or an experience; forget() drops
/// them.
class PathTable {
public:
    struct Device {
        std::vector<Way> ways;
        Instant patience_until = never;
        std::string trouble;
    };

    /// A link came up. A direct one restores patience and ends all trouble. False when ways_per_device_max are there
    /// already.
    [[nodiscard]] bool add(const DeviceId& device, std::uint64_t link, Path path);
    void set_health(const DeviceId& device, std::uint64_t link, Health health);
    void set_path(const DeviceId& device, std::uint64_t link, Path path);
    void remove(const DeviceId& device, std::uint64_t link);

    /// A direct path was lost or not found: content does not wait for another until the slate is wiped.
    void lose_patience(const DeviceId& device, std::string trouble, Instant now);
    /// Only says what is in the way, for the reason shown when patience ends by itself.
    void note_trouble(const DeviceId& device, std::string trouble);
    /// Things have changed (the peer came online, the network did): a direct path may be had again, worth the full
    /// wait.
    void wipe_slate(const DeviceId& device);
    void wipe_all_slates();
    void forget(const DeviceId& device) { devices_.erase(device); }

    struct Outside {
        PathPolicy policy = PathPolicy::direct_first;
        bool relay_ready = false;
        bool peer_online = false;
        bool turn_available = false;
        Duration direct_attempt_max{};
    };
    /// As choose(); `content_waits`: there is content for the device, so the wait for a direct path may begin.
    [[nodiscard]] Choice choose(const DeviceId& device, const Outside& outside, bool content_waits, Instant now);

    /// When a decision changes by time alone.
    [[nodiscard]] Instant patience_until(const DeviceId& device) const;
    [[nodiscard]] const Device* find(const DeviceId& device) const;
    /// Best live link, ignoring the mailbox; nullptr when none.
    [[nodiscard]] const Way* best_link(const DeviceId& device, PathPolicy policy) const;

private:
    void restore_patience(Device& device);

    std::unordered_map<DeviceId, Device, FixedBytesHash> devices_;
    std::uint64_t born_ = 0;
};

} // namespace godwit::route
