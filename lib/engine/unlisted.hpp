// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: devices in a group that no list known here names, and this device where others see that.
//
// A list may come a moment after the commit that brings its device: a device counts as unlisted when the wait is over,
// or when somebody has put it out, and no list has named it.
#pragma once

#include "lib/engine/context.hpp"
#include "lib/wire/content.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace godwit::engine {

class Unlisted {
public:
    void joined(const ConversationId& conversation, const wire::DeviceCertificate& who, Instant now)
    {
        suspects_[conversation].try_emplace(who.device, Suspect{who.user, now});
    }
    /// When the last of `surplus` has been waited for; never lies in the past: nobody is.
    [[nodiscard]] Instant wait_until(const ConversationId& conversation, const std::vector<DeviceId>& surplus,
                                     Duration wait) const
    {
        Instant out{};
        if (const auto at = suspects_.find(conversation); at != suspects_.end())
            for (const auto& device : surplus)
                if (const auto one = at->second.find(device); one != at->second.end())
                    out = std::max(out, one->second.since + wait);
        return out;
    }
    /// `surplus` is in the group, or was until now, and not listed: that is told, once. All others are suspects no
    /// more.
    void convict(Context& context, const ConversationId& conversation, const std::vector<DeviceId>& surplus)
    {
        for (const auto& device : surplus)
            convict_one(context, conversation, device);
        suspects_.erase(conversation);
    }
    void convict_one(Context& context, const ConversationId& conversation, const DeviceId& device)
    {
        const auto at = suspects_.find(conversation);
        if (at == suspects_.end()) return;
        const auto one = at->second.find(device);
        if (one == at->second.end()) return;
        context.security(SecurityKind::device_unlisted, one->second.user, device,
                         "a device that its account does not list joined: it is removed before anything is sealed");
        at->second.erase(one);
        if (at->second.empty()) suspects_.erase(at);
    }
    void acquit(const ConversationId& conversation) { suspects_.erase(conversation); }
    void clear() { suspects_.clear(); }

private:
    struct Suspect {
        std::string user;
        Instant since{};
    };
    std::map<ConversationId, std::map<DeviceId, Suspect>> suspects_; ///< Members, hence bounded as groups are.
};

/// Listed devices that another account has put out of a group. A list that no longer names them may come a moment after
/// the commit: who is still listed when the wait is over was evicted.
class Evicted {
public:
    void put_out(const ConversationId& conversation, const wire::DeviceCertificate& who,
                 const wire::DeviceCertificate& by, Instant judged_at)
    {
        suspects_.try_emplace({conversation, who.device}, Suspect{who, by.user, by.device, judged_at});
    }
    /// `is_listed(conversation, certificate)`: now.
    template <class IsListed>
    void judge(Context& context, Instant now, const IsListed& is_listed)
    {
        for (auto at = suspects_.begin(); at != suspects_.end();) {
            const auto& [where, one] = *at;
            if (now < one.judged_at) {
                ++at;
                continue;
            }
            if (is_listed(where.first, one.who))
                context.security(SecurityKind::device_evicted, one.who.user, one.who.device,
                                 "device " + to_hex(one.by.view()) + " of " + one.by_user +
                                     " put it out of the group, and its account lists it");
            at = suspects_.erase(at);
        }
    }
    [[nodiscard]] Instant deadline() const
    {
        Instant out = never;
        for (const auto& [where, one] : suspects_)
            out = std::min(out, one.judged_at);
        return out;
    }
    void clear() { suspects_.clear(); }

private:
    struct Suspect {
        wire::DeviceCertificate who;
        std::string by_user;
        DeviceId by;
        Instant judged_at{};
    };
    std::map<std::pair<ConversationId, DeviceId>, Suspect> suspects_; ///< Listed devices, hence bounded as lists are.
};

/// How often others have put this device out of a conversation of late: while lists disagree it would join again at
/// once, and they put it out again, for ever.
class Evictions {
public:
    /// The how manieth of a row it is. One long after the last begins a new row.
    [[nodiscard]] std::uint32_t count(const ConversationId& conversation, Instant now, Duration row_max)
    {
        auto& one = rows_[conversation];
        if (one.count == 0 || one.last + row_max <= now) one.count = 0;
        one.last = now;
        return ++one.count;
    }
    void clear() { rows_.clear(); }

private:
    struct Row {
        std::uint32_t count = 0;
        Instant last{};
    };
    std::map<ConversationId, Row> rows_;
};

} // namespace godwit::engine
