// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/wire/content.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace godwit::delivery {

/// Receipts owed to one device; beyond this the oldest are forgotten, and the sender's next offer brings them back.
inline constexpr std::size_t receipts_owed_max = 4096;
/// How long a receipt on a link may still be on its way: when the link goes, younger ones are owed again.
inline constexpr Duration receipt_doubt = std::chrono::seconds(5);
/// Receipts by the mailbox cost the relay a transaction each: after one, the next waits this long and takes more along.
inline constexpr Duration receipt_mailbox_gap = std::chrono::milliseconds(100);

/// What this device owes to senders, in memory only: a lost receipt is owed again when the envelope is offered again.
///
/// A receipt goes back the way the envelope came. Who sends by the mailbox although a link looks alive from here knows
/// something about that link; a receipt on it would be lost.
class Receipts {
public:
    enum class Came : std::uint8_t { by_link, by_mailbox };

    /// Ids to acknowledge, and the relay's mailbox rows that may be deleted once the receipt is safely on its way.
    struct Parcel {
        std::vector<MessageId> ids;
        std::vector<std::uint64_t> sequences;
    };

    /// `sequence`: of the relay's mailbox row that brought it; 0: it came by a link.
    void owe(const DeviceId& device, const MessageId& id, std::uint64_t sequence);
    [[nodiscard]] std::vector<DeviceId> devices() const;
    [[nodiscard]] bool empty() const { return owed_.empty(); }
    /// At most receipt_ids_max of the oldest that came this way, or any way.
    [[nodiscard]] Parcel take(const DeviceId& device, std::optional<Came> came = std::nullopt);
    /// A parcel did not get through.
    void give_back(const DeviceId& device, const Parcel& parcel);

    void sent_on_link(std::uint64_t link, const DeviceId& device, const std::vector<MessageId>& ids, Instant now);
    void link_lost(std::uint64_t link, Instant now);

    [[nodiscard]] bool mailbox_ready(const DeviceId& device, Instant now) const;
    void sent_by_mailbox(const DeviceId& device, Instant now);
    /// The relay could not take it: nothing by mailbox for this device until then.
    void rest(const DeviceId& device, Instant until) { mailbox_after_[device] = until; }
    /// When mailbox_ready turns for somebody to whom something is owed.
    [[nodiscard]] Instant mailbox_deadline() const;

    /// The relay session ended: it delivers again what was not acknowledged, so its rows are named anew.
    void forget_sequences();

private:
    void add(const DeviceId& device, const MessageId& id, Came came);

    struct Id {
        MessageId id;
        Came came = Came::by_link;
    };
    struct Owed {
        std::deque<Id> ids;
        std::vector<std::uint64_t> sequences;
    };
    struct OnLink {
        DeviceId device;
        struct Sent {
            MessageId id;
            Instant at{};
        };
        std::deque<Sent> sent;
    };
    std::map<DeviceId, Owed> owed_;
    std::map<std::uint64_t, OnLink> links_;
    std::map<DeviceId, Instant> mailbox_after_;
};

} // namespace godwit::delivery
