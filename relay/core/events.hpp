// SPDX-License-Identifier: Apache-2.0
// events: what accounts have done that other programs may want to hear of (webhooks). Written in the tick's
// transaction, when the configuration names the kind; kept until there are events_kept_max newer ones.
#pragma once

#include "relay/core/tick.hpp"
#include "relay/store/event_table.hpp"

#include <array>

namespace godwit::relay {

inline constexpr std::array<std::string_view, 4> event_names = {"account.created", "account.removed", "report.filed",
                                                                "device.wanted"};

[[nodiscard]] constexpr std::string_view event_name(EventKind kind) noexcept
{
    return event_names[static_cast<std::size_t>(kind)];
}

/// `target` as Apps::full_name; `detail`: JSON.
inline void record_event(Context& context, EventKind kind, std::string_view target, std::string_view detail, Moment now)
{
    if (!context.config.events.contains(kind)) return;
    EventTable(context.store)
        .add({0, now.wall_ms, std::string(event_name(kind)), std::string(target), std::string(detail)});
    ++context.counters.events_recorded;
}

} // namespace godwit::relay
