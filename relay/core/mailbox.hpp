// SPDX-License-Identifier: Apache-2.0
// mailbox: envelopes that wait for a device.
//
//   put   -> who may? is it here already? is there room? -> stored -> (commit) -> answered, and pushed if the device is
//            there
//   push  -> in order of sequence, a bounded window ahead of the acknowledgements; MailboxEmpty when nothing is left
//   ack   -> deleted -> (commit) -> the window moves on
//
// The same envelope id with other bytes is a message that was sealed anew: the new bytes take the place of the old ones
// for all who still wait and may still get mail from this sender, and come as new mail to those who are named and had
// the old ones. Who has closed the door meanwhile, or is out of the group of many, keeps the old ones.
//
// Handshakes (groups.hpp) come through here too, in the one order of the mailbox, but have room of their own: content
// does not crowd them out, nor they content. One that finds no room is skipped, not refused.
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
    /// To these devices of a group's members; stored once.
    [[nodiscard]] Answer put_group(const Session& session, GroupRow group, const std::vector<MemberDevice>& to,
                                   const wire::Envelope& envelope, Moment now);
    /// Into the mailboxes that have room for it: these. Precondition: this sender's envelopes have no such id.
    std::vector<DeviceRow> put_handshake(const Session& session, const std::vector<DeviceRow>& recipients,
                                         const wire::Envelope& envelope, Moment now);
    /// What keeps a handshake of so many bytes from this sender out of a mailbox.
    enum class Room { yes, over_share, full };
    [[nodiscard]] Room room_for_handshake(const Session& session, DeviceRow device, std::size_t bytes);
    /// Takes a handshake out of all mailboxes where it still waits.
    void withdraw(const DeviceId& from, const MessageId& id);
    void acknowledge(Session& session, const frame::MailboxAck& ack);
    /// True when there may be more to expire.
    bool expire(Moment now);

    // After the commit.
    /// Calls send(frame) for each envelope that fits the session's window now, or for MailboxEmpty.
    void push(Session& session, const std::function<void(wire::relay::ServerFrame&&)>& send);
    void rewind(Session& session);
    /// The tick was rolled back, or a mailbox changed by other means: what is remembered about usage may be wrong.
    void forget_usage() { usage_.clear(); }
    void forget_usage(DeviceRow device) { usage_.erase(device); }

private:
    struct Amount {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
    };
    /// Of one kind.
    struct Shelf {
        Amount all;
        std::unordered_map<AccountRow, Amount> by_sender;

        void add(AccountRow sender, std::uint64_t messages, std::uint64_t bytes);
        void remove(AccountRow sender, std::uint64_t bytes);
    };
    struct Usage {
        AccountRow owner = 0;
        std::uint64_t content_messages_max = 0; ///< The owner's own, or the relay's.
        std::uint64_t content_bytes_max = 0;
        Shelf content;
        Shelf handshakes;
        std::uint64_t sequence_next = 1;
        std::uint64_t sequence_floor = 1; ///< On disk: the first that is not reserved.

        [[nodiscard]] Shelf& shelf(EnvelopeKind kind) { return kind == EnvelopeKind::content ? content : handshakes; }
    };

    [[nodiscard]] ErrorCode put_one(const Session& session, const DeviceId& recipient, const wire::Envelope& envelope,
                                    std::optional<StoredEnvelope>& stored, Moment now);
    /// Into one mailbox. quota_exceeded: no room.
    [[nodiscard]] ErrorCode store_one(const Session& session, DeviceRow device, const wire::Envelope& envelope,
                                      std::optional<StoredEnvelope>& stored, Moment now);
    /// What is stored under this id, with these bytes; nullopt: nothing. Errors: invalid_argument, quota_exceeded (the
    /// new bytes find no room).
    [[nodiscard]] Result<std::optional<StoredEnvelope>> newest(const Session& session, const wire::Envelope& envelope,
                                                               const std::function<bool(AccountRow)>& reaches);
    /// True when all who wait for the old bytes have room for the new ones.
    [[nodiscard]] bool replace(const StoredEnvelope& stored, const Bytes& sealed);
    /// Something of its mail goes, but not by its own acknowledgement.
    void took_out(DeviceRow device);
    void store_mail(DeviceRow device, AccountRow sender, EnvelopeRow envelope, EnvelopeKind kind, std::size_t bytes);
    [[nodiscard]] std::uint64_t next_sequence(DeviceRow device, Usage& usage);
    [[nodiscard]] ErrorCode may_send(const Session& session, AccountRow to) const;
    [[nodiscard]] bool is_out_of(const std::optional<ConversationId>& conversation, AccountRow account) const;
    [[nodiscard]] bool has_room(const Usage& usage, AccountRow sender, EnvelopeKind kind, std::uint64_t messages,
                                std::uint64_t bytes) const;
    [[nodiscard]] Usage& usage_of(DeviceRow device);

    Context& context_;
    std::unordered_map<DeviceRow, Usage> usage_;
};

} // namespace godwit::relay
