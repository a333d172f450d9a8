// SPDX-License-Identifier: Apache-2.0
// What accounts have done, for webhooks: a queue that is read by cursors and forgets its oldest end.
#pragma once

#include "lib/base/time.hpp"
#include "relay/store/ledger.hpp"

#include <vector>

namespace godwit::relay {

inline constexpr std::uint64_t events_kept_max = 10'000;
inline constexpr std::uint64_t events_looked_at = 1000;

struct StoredEvent {
    std::uint64_t sequence = 0;
    WallMs at_ms = 0;
    std::string kind;   ///< "account.created"
    std::string target; ///< "ann", "ann@app", …
    std::string detail; ///< JSON.
};

class EventTable {
public:
    explicit EventTable(Ledger& ledger) : ledger_(ledger) {}

    void add(const StoredEvent& event);
    /// 0: there never was one.
    [[nodiscard]] std::uint64_t newest();
    /// One of this kind with this detail, later than that; looked for among the newest events_looked_at.
    [[nodiscard]] bool has(std::string_view kind, std::string_view detail, WallMs after_ms);
    /// In order, those after this sequence.
    [[nodiscard]] std::vector<StoredEvent> after(std::uint64_t sequence, std::size_t limit);

private:
    Ledger& ledger_;
};

} // namespace godwit::relay
