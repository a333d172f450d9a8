// SPDX-License-Identifier: Apache-2.0
#include "relay/store/event_table.hpp"

namespace godwit::relay {

void EventTable::add(const StoredEvent& event)
{
    ledger_.write("INSERT INTO hook_events(at_ms, kind, target, detail) VALUES(?1, ?2, ?3, ?4)", event.at_ms,
                  event.kind, event.target, event.detail);
    ledger_.write("DELETE FROM hook_events WHERE id <= ?1",
                  ledger_.inserted() - static_cast<std::int64_t>(events_kept_max));
}

std::uint64_t EventTable::newest()
{
    return static_cast<std::uint64_t>(ledger_.read_integer("SELECT max(id) FROM hook_events").value_or(0));
}

bool EventTable::has(std::string_view kind, std::string_view detail, WallMs after_ms)
{
    return ledger_
        .read_integer("SELECT 1 FROM hook_events WHERE id > (SELECT max(id) FROM hook_events) - ?1 AND at_ms > ?2 "
                      "AND kind = ?3 AND detail = ?4 LIMIT 1",
                      static_cast<std::int64_t>(events_looked_at), after_ms, kind, detail)
        .has_value();
}

std::vector<StoredEvent> EventTable::after(std::uint64_t sequence, std::size_t limit)
{
    return ledger_.read_all(
        "SELECT id, at_ms, kind, target, detail FROM hook_events WHERE id > ?1 ORDER BY id LIMIT ?2",
        [](const Row& s) {
            return StoredEvent{static_cast<std::uint64_t>(s.integer(0)), s.integer(1), std::string(s.text(2)),
                               std::string(s.text(3)), std::string(s.text(4))};
        },
        sequence, limit);
}

} // namespace godwit::relay
