// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/wire/content.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace godwit::delivery {

/// Ids to name to one device; beyond this the oldest are forgotten, and come again when the envelope does.
inline constexpr std::size_t unopened_owed_max = 1024;
/// One sender is told at most this often: a receiver that opens nothing must not keep it sealing.
inline constexpr Duration unopened_gap = std::chrono::milliseconds(500);
/// Twice as long each time that what was sealed anew does not open either, and nothing else of the device; up to this.
inline constexpr Duration unopened_gap_max = std::chrono::minutes(10);
/// What a device was asked for is known so long after it was asked last, beyond its gap.
inline constexpr Duration unopened_known = std::chrono::hours(1);

/// What came and did not open, to be told to its senders, in memory only: what is offered again fails again.
class Unopened {
public:
    /// False: owed already, or asked for before, and it still does not open.
    bool owe(const DeviceId& device, const MessageId& id)
    {
        auto& owed = owed_[device];
        if (holds(owed.ids, id)) return false;
        push(owed.ids, id);
        if (!holds(owed.asked, id)) return true;
        owed.in_vain = true;
        return false;
    }
    /// Its sender was told before that it does not open.
    [[nodiscard]] bool was_asked(const DeviceId& device, const MessageId& id) const
    {
        const auto at = owed_.find(device);
        return at != owed_.end() && holds(at->second.asked, id);
    }
    /// Something of this device opened; `id` came once more, perhaps.
    void settle(const DeviceId& device, const MessageId& id)
    {
        const auto at = owed_.find(device);
        if (at == owed_.end()) return;
        auto& owed = at->second;
        std::erase(owed.ids, id);
        std::erase(owed.asked, id);
        owed.failures = 0;
        owed.in_vain = false;
    }
    /// Devices that may be told now.
    [[nodiscard]] std::vector<DeviceId> due(Instant now)
    {
        std::erase_if(owed_, [&](const auto& one) {
            const auto until = one.second.after + (one.second.asked.empty() ? Duration::zero() : unopened_known);
            return one.second.ids.empty() && until <= now;
        });
        std::vector<DeviceId> out;
        for (const auto& [device, owed] : owed_)
            if (!owed.ids.empty() && owed.after <= now) out.push_back(device);
        return out;
    }
    /// At most receipt_ids_max of the oldest: what becomes of them says told() or give_back().
    [[nodiscard]] std::vector<MessageId> take(const DeviceId& device)
    {
        auto& owed = owed_[device];
        const auto count = std::min(owed.ids.size(), wire::receipt_ids_max);
        const auto end = owed.ids.begin() + static_cast<std::ptrdiff_t>(count);
        std::vector<MessageId> out(owed.ids.begin(), end);
        owed.ids.erase(owed.ids.begin(), end);
        return out;
    }
    /// They are on their way to the device.
    void told(const DeviceId& device, const std::vector<MessageId>& ids, Instant now)
    {
        auto& owed = owed_[device];
        for (const auto& id : ids)
            if (!holds(owed.asked, id)) push(owed.asked, id);
        if (std::exchange(owed.in_vain, false)) ++owed.failures;
        Duration gap = unopened_gap;
        for (std::uint32_t n = 0; n < owed.failures && gap < unopened_gap_max; ++n)
            gap *= 2;
        owed.after = now + std::min(gap, unopened_gap_max);
    }
    /// Nothing could be sent: owed as before, and its sender was told nothing by it.
    void give_back(const DeviceId& device, const std::vector<MessageId>& ids)
    {
        auto& owed = owed_[device];
        for (const auto& id : ids)
            if (!holds(owed.ids, id)) push(owed.ids, id);
    }
    void rest(const DeviceId& device, Instant until) { owed_[device].after = until; }
    [[nodiscard]] Instant deadline() const
    {
        Instant out = never;
        for (const auto& [device, owed] : owed_)
            if (!owed.ids.empty()) out = earlier(out, owed.after);
        return out;
    }
    void clear() { owed_.clear(); }

private:
    using Ids = std::deque<MessageId>;
    struct Owed {
        Ids ids;
        Ids asked; ///< Told, and not opened since.
        Instant after{};
        std::uint32_t failures = 0; ///< In a row.
        bool in_vain = false;       ///< Something came again since it was told, and did not open.
    };
    [[nodiscard]] static bool holds(const Ids& ids, const MessageId& id)
    {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
    }
    static void push(Ids& ids, const MessageId& id)
    {
        ids.push_back(id);
        if (ids.size() > unopened_owed_max) ids.pop_front();
    }
    std::map<DeviceId, Owed> owed_;
};

} // namespace godwit::delivery
