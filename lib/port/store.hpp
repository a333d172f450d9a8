// SPDX-License-Identifier: Apache-2.0
// Store: everything a client must not forget, behind one door; what conversations stand on is in timeline.hpp,
// finding posts in search.hpp.
// lib/store implements it on encrypted SQLite.
//
// One transaction a tick: begin() … reads and writes … commit(). Nothing the client says rests on state before commit()
// returned ok.
//
// Errors are sticky: after the first failed call inside a transaction every further write is ignored, every read
// answers "nothing", and commit() returns that first error. The caller then calls rollback() and rebuilds its memory
// from the store. So the core reads as if storage never failed, and one place knows that it did. Reads outside a
// transaction are legal.
#pragma once

#include <godwit/event.hpp>
#include <godwit/message.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/base/wiping.hpp"
#include "lib/port/due_rows.hpp"
#include "lib/port/file_rows.hpp"
#include "lib/port/notice_rows.hpp"
#include "lib/port/search.hpp"
#include "lib/port/timeline.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::port {

/// Who we are. One account a store.
struct StoredIdentity {
    std::string relay; ///< Address as given.
    std::string user;
    PublicKey account_key;
    WipingBytes account_seed; ///< Ed25519 seed, 32 bytes, of the account key.
    DeviceId device;
    WipingBytes device_seed; ///< Ed25519 seed, 32 bytes.
    Bytes certificate;       ///< Encoded wire::DeviceCertificate of this device.
    Bytes device_list;       ///< Encoded wire::DeviceList of the account: the newest known. Empty: none yet.
    bool logged_in = false;  ///< False: the relay does not know this device (not confirmed yet, or logged out).
};

struct StoredContact {
    std::string user;
    ContactState state = ContactState::requested;
    PublicKey account_key;       ///< Pinned at first sight; zero until known.
    PublicKey shown_account_key; ///< What the relay shows now when it differs; zero otherwise.
    Bytes device_list;           ///< Encoded wire::DeviceList, verified against account_key: the newest known.
    bool verified = false;       ///< The user has compared the safety number of account_key.
};

/// Incoming content that waits for its parents. Durable, hence receipted.
struct HeldMessage {
    StoredMessage message;
    std::vector<MessageId> parents; ///< All that it names; at least one was not in the history when it came.
    std::int64_t held_since_ms = 0; ///< Wall clock.
};

enum class DeliveryState : std::uint8_t {
    queued = 0,    ///< No path has it.
    stored = 1,    ///< Durable in the relay's mailbox; waiting for the receipt.
    delivered = 2, ///< The device's receipt is durable here.
    failed = 3,
};

/// One envelope to one device.
struct Delivery {
    MessageId message;
    DeviceId device;
    std::string user; ///< Account of the device.
    DeliveryState state = DeliveryState::queued;
    std::int64_t accepted_ms = 0; ///< Wall clock: what the deadline counts from.
    std::int64_t stored_ms = 0;   ///< When the relay took it; 0 = never.
    std::uint32_t size_bytes = 0; ///< Of the sealed envelope.
    std::uint64_t order = 0;      ///< Position in the outbox: envelopes go out in this order.
    ConversationId conversation;
    bool urgent = false; ///< Goes out before all that is not.
};

/// What is open to one device.
struct OpenCount {
    DeviceId device;
    std::string user;
    std::uint32_t queued = 0;
    std::uint32_t stored = 0;
};

/// The sealed bytes, once for all devices: retransmission sends these. `content` is kept beside them, because a device
/// that joined later, or whose keys for that epoch are gone, needs another sealing of the same message.
struct OutboxEnvelope {
    MessageId message;
    ConversationId conversation;
    std::int64_t accepted_ms = 0;
    Bytes content;                 ///< What is sealed: encoded wire::content.
    Bytes sealed;                  ///< Empty: not yet.
    std::uint64_t incarnation = 0; ///< Of the group in which it was sealed.
    std::uint64_t epoch = 0;
    std::uint32_t sealings = 0; ///< How often it has been sealed.
};

class Store : public Timeline, public FileRows, public Search, public NoticeRows, public DueRows {
public:
    virtual void begin() = 0;
    /// Durable when ok (synchronous to disk). After an error: rollback(), rebuild.
    [[nodiscard]] virtual Result<void> commit() = 0;
    virtual void rollback() = 0;
    /// The transaction already failed.
    [[nodiscard]] virtual bool failed() const = 0;
    /// Anything written since begin(): a commit of nothing costs no disk write.
    [[nodiscard]] virtual bool dirty() const = 0;

    // identity and settings
    [[nodiscard]] virtual std::optional<StoredIdentity> identity() = 0;
    virtual void put_identity(const StoredIdentity& identity) = 0;
    virtual void clear_identity() = 0;
    /// Small named values: policy, migrations of meaning, groups of lib/seal ("mls/…"). Names ≤ 256 bytes,
    /// values ≤ 1 MiB.
    [[nodiscard]] virtual std::optional<Bytes> value(std::string_view name) = 0;
    virtual void put_value(std::string_view name, BytesView value) = 0;
    virtual void remove_value(std::string_view name) = 0;
    /// The same, and what it was is gone from the files when the commit has returned.
    virtual void wipe_value(std::string_view name) = 0;

    // contacts
    [[nodiscard]] virtual std::vector<StoredContact> contacts() = 0;
    virtual void put_contact(const StoredContact& contact) = 0;
    virtual void remove_contact(std::string_view user) = 0;

    // held for their parents
    virtual void hold(const HeldMessage& held) = 0;
    [[nodiscard]] virtual std::vector<HeldMessage> held(const ConversationId& conversation) = 0;
    [[nodiscard]] virtual std::optional<HeldMessage> held_message(const ConversationId& conversation,
                                                                  const MessageId& id) = 0;
    [[nodiscard]] virtual std::vector<ConversationId> conversations_with_held() = 0;
    virtual void release(const ConversationId& conversation, const MessageId& id) = 0;

    // dedupe marks of the inbox
    [[nodiscard]] virtual bool seen(const DeviceId& from, const MessageId& id) = 0;
    virtual void mark_seen(const DeviceId& from, const MessageId& id, std::int64_t now_ms) = 0;
    /// Marks older than this are dropped (they outlive the 30-day deadline of every sender by far).
    virtual void forget_seen_before(std::int64_t wall_ms) = 0;

    // outbox
    virtual void put_envelope(const OutboxEnvelope& envelope) = 0;
    [[nodiscard]] virtual std::optional<OutboxEnvelope> envelope(const MessageId& id) = 0;
    virtual void remove_envelope(const MessageId& id) = 0; ///< With its deliveries.
    /// Assigns `order`.
    virtual std::uint64_t put_delivery(const Delivery& delivery) = 0;
    virtual void set_delivery(const MessageId& id, const DeviceId& device, DeliveryState state,
                              std::int64_t stored_ms) = 0;
    /// States queued and stored, by `order`, after `after_order`, at most `limit`.
    [[nodiscard]] virtual std::vector<Delivery> open_deliveries(std::uint64_t after_order, std::uint32_t limit) = 0;
    /// The same for one device: what its lane of the outbox pages through, so it must not scan other devices' rows.
    [[nodiscard]] virtual std::vector<Delivery> open_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                                   std::uint32_t limit) = 0;
    /// Of those, the urgent ones.
    [[nodiscard]] virtual std::vector<Delivery> urgent_deliveries_to(const DeviceId& device, std::uint64_t after_order,
                                                                     std::uint32_t limit) = 0;
    /// By device.
    [[nodiscard]] virtual std::vector<OpenCount> open_counts() = 0;
    [[nodiscard]] virtual std::vector<Delivery> deliveries(const MessageId& id) = 0;
    /// That to one device, when it is open.
    [[nodiscard]] virtual std::optional<Delivery> open_delivery(const MessageId& id, const DeviceId& device) = 0;
    /// Those to all others.
    struct OtherDeliveries {
        bool open = false;          ///< One of them is.
        bool may_have = false;      ///< One to an account other than `own_user` is open or delivered.
        bool user_may_have = false; ///< One to `user` is; not looked for when that is empty.
    };
    [[nodiscard]] virtual OtherDeliveries other_deliveries(const MessageId& id, const DeviceId& device,
                                                           std::string_view own_user, std::string_view user) = 0;
    [[nodiscard]] virtual std::uint64_t open_message_count() = 0;
};

} // namespace godwit::port
