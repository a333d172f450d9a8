// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/wire/content.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

namespace godwit::delivery {

/// Ids to name to one device; beyond this the oldest are forgotten, and come again when the envelope does.
inline constexpr std::size_t unopened_owed_max = 1024;
/// One sender is told at most this often: a receiver that opens nothing must not keep it sealing.
inline constexpr Duration unopened_gap = std::chrono::milliseconds(500);

/// What came and did not open, to be told to its senders, in memory only: what is offered again fails again.
class Unopened {
public:
    /// False: owed already.
    bool owe(const DeviceId& device, const MessageId& id)
    {
        auto& ids = owed_[device].ids;
        if (std::find(ids.begin(), ids.end(), id) != ids.end()) return false;
        ids.push_back(id);
        if (ids.size() > unopened_owed_max) ids.pop_front();
        return true;
    }
    /// It came once more, and opened.
    void settle(const DeviceId& device, const MessageId& id)
    {
        const auto at = owed_.find(device);
        if (at == owed_.end()) return;
        std::erase(at->second.ids, id);
    }
    /// Devices that may be told now.
    [[nodiscard]] std::vector<DeviceId> due(Instant now)
    {
        std::erase_if(owed_, [&](const auto& one) { return one.second.ids.empty() && one.second.after <= now; });
        std::vector<DeviceId> out;
        for (const auto& [device, owed] : owed_)
            if (!owed.ids.empty() && owed.after <= now) out.push_back(device);
        return out;
    }
    /// At most receipt_ids_max of the oldest.
    [[nodiscard]] std::vector<MessageId> take(const DeviceId& device, Instant now)
    {
        auto& owed = owed_[device];
        const auto count = std::min(owed.ids.size(), wire::receipt_ids_max);
        const auto end = owed.ids.begin() + static_cast<std::ptrdiff_t>(count);
        std::vector<MessageId> out(owed.ids.begin(), end);
        owed.ids.erase(owed.ids.begin(), end);
        owed.after = now + unopened_gap;
        return out;
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
    struct Owed {
        std::deque<MessageId> ids;
        Instant after{};
    };
    std::map<DeviceId, Owed> owed_;
};

} // namespace godwit::delivery
