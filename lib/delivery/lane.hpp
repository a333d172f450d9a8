// SPDX-License-Identifier: Apache-2.0
// delivery: the outbox keeps offering sealed envelopes until each device's receipt is durable; the inbox takes each
// once, holds it for its parents, and owes receipts.
//
//   lane.hpp      one device by one way (a link, or the mailbox): a cursor over the store and a window in flight
//   outbox.hpp    all lanes; envelopes in, offers out; receipts, answers, deadlines → what became of each message
//   causal_hold.hpp  incoming messages that wait for their parents
//   receipts.hpp  what is owed to whom, batched
//   due.hpp       what only the newest state of matters: names of it, per device, in the place of envelopes
//
// Envelopes stay in the store: memory holds windows and counters, whatever the backlog.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/port/store.hpp"

#include <deque>
#include <unordered_map>

namespace godwit::delivery {

/// Rows of one page of the outbox: enough to fill a window in few reads, 8 KiB of memory.
inline constexpr std::uint32_t lane_page_max = 64;

struct Limits {
    std::uint32_t messages_max = 50'000; ///< Open messages in the outbox; more only as assured.
    /// Open envelopes for one device: whoever stays away for long takes nobody else's room.
    std::uint32_t device_messages_max = 10'000;
    /// And so many every device has room for, however full the outbox is.
    std::uint32_t device_messages_assured = 256;
    std::uint32_t window_messages_max = 256; ///< Un-receipted envelopes in flight on one lane.
    std::uint32_t window_bytes_max = 2 * 1024 * 1024;
    /// In flight without a receipt for this long although the link lives: the far side does not want it. Frees the
    /// window; the next link, or the mailbox after its time, offers again.
    Duration receipt_wait_max = std::chrono::seconds(30);
    std::int64_t deadline_ms = 30LL * 24 * 3600 * 1000;
    std::int64_t mailbox_reoffer_ms = 24LL * 3600 * 1000;
    /// The relay refused one envelope for a device (quota): its mailbox rests, at first for mailbox_retry_min (somebody
    /// who is there empties it in a moment), each time twice as long up to mailbox_retry.
    Duration mailbox_retry = std::chrono::seconds(30);
    Duration mailbox_retry_min = std::chrono::milliseconds(200);
};

/// One device by one way. Offers each open delivery once per life, in order. A new life (`restart`) begins at the first
/// open one.
class Lane {
public:
    Lane(const DeviceId& device, bool mailbox) : device_(device), mailbox_(mailbox) {}

    void restart();
    /// Looks again from the first open delivery; what is in flight stays so.
    void rescan();
    /// The outbox has something new for the device.
    void wake(bool urgent)
    {
        all_.exhausted = false;
        if (urgent) urgent_.exhausted = false;
    }

    /// What to offer next, or nullptr: nothing, or the window is full. Stays next until offered().
    [[nodiscard]] const port::Delivery* peek(port::Store& store, const Limits& limits, Moment now);
    void offered(Instant now);
    /// The one that peek() named cannot leave yet: later ones may.
    void skip();
    /// What was skipped may be able to leave now.
    void retry_skipped();
    /// Receipted, failed, or (mailbox) stored: forget it.
    void settled(const MessageId& id);

    [[nodiscard]] bool in_flight(const MessageId& id) const { return flights_.contains(id); }
    [[nodiscard]] std::size_t in_flight_count() const { return flights_.size(); }
    [[nodiscard]] bool owes() const { return !flights_.empty(); }
    /// Links only: gives up waiting for receipts that are overdue; returns how many.
    std::size_t drop_overdue(const Limits& limits, Instant now);

private:
    struct Flight {
        std::uint32_t size_bytes = 0;
        Instant since{};
    };
    [[nodiscard]] bool wanted(const port::Delivery& delivery, const Limits& limits, WallMs wall_ms) const;
    /// A walk over the open deliveries in order.
    struct Walk {
        std::uint64_t cursor = 0; ///< Order of the last row read.
        bool exhausted = false;   ///< Nothing after the cursor when last looked.
        std::deque<port::Delivery> page;
    };
    /// False: nothing is to be offered on this walk now.
    [[nodiscard]] bool advance(port::Store& store, Walk& walk, const Limits& limits, Moment now) const;
    [[nodiscard]] std::deque<port::Delivery>& front_page() { return urgent_.page.empty() ? all_.page : urgent_.page; }

    DeviceId device_;
    bool mailbox_;
    Walk urgent_; ///< Goes first. The other one meets its rows, too, and passes over them.
    Walk all_;
    bool skipped_ = false; ///< Something was passed over that is to be offered.
    std::unordered_map<MessageId, Flight, FixedBytesHash> flights_;
    std::uint64_t flight_bytes_ = 0;
};

} // namespace godwit::delivery
