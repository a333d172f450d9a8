// SPDX-License-Identifier: Apache-2.0
// mailbox: envelopes that wait for a device.
//
//   put   -> who may? is it here already? is there room? -> stored -> (commit) -> answered, and pushed if the device is
//   there push  -> in order of sequence, a bounded window ahead of the acknowledgements ack   -> deleted -> (commit) ->
//   the window moves on
//
// An acknowledgement that could not be committed is forgotten with its tick; the window then goes back to what is
// stored and pushes it again (rewind), and the device, which knows it already, acknowledges again.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// Sequence numbers are reserved on disk so many at a time: a number is never used twice, and most puts write none.
inline constexpr std::uint64_t sequences_reserved = 256;
/// Mailboxes whose usage is kept in memory.
inline constexpr std::size_t usage_cache_max = 4096;
/// Envelopes that one tick lets expire.
inline constexpr std::uint32_t expired_per_tick_max = 500;

class Mailbox {
public:
    explicit Mailbox(Context& context) : context_(context) {}

    [[nodiscard]] Answer put(const Session& session, const frame::MailboxPut& request, Moment now);
    void acknowledge(Session& session, const frame::MailboxAck& ack);
    /// True when there may be more to expire.
    bool expire(Moment now);

    // After the commit.
    /// Calls send(frame) for each envelope that fits the session's window now.
    void push(Session& session, const std::function<void(frame::MailboxDeliver&&)>& send);
    void rewind(Session& session);
    /// The tick was rolled back, or a mailbox changed by other means: what is remembered about usage may be wrong.
    void forget_usage() { usage_.clear(); }
    void forget_usage(DeviceRow device) { usage_.erase(device); }

private:
    struct Usage {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
        std::unordered_map<AccountRow, MailUsage> by_sender;
        std::uint64_t sequence_next = 1;
        std::uint64_t sequence_floor = 1; ///< On disk: the first that is not reserved.
    };

    [[nodiscard]] ErrorCode put_one(const Session& session, const DeviceId& recipient, const wire::Envelope& envelope,
                                    std::int64_t& envelope_row, Moment now);
    [[nodiscard]] ErrorCode may_send(const Session& session, AccountRow to) const;
    [[nodiscard]] bool has_room(const Usage& usage, AccountRow sender, std::size_t bytes) const;
    [[nodiscard]] Usage& usage_of(DeviceRow device);

    Context& context_;
    std::unordered_map<DeviceRow, Usage> usage_;
};

} // namespace godwit::relay
