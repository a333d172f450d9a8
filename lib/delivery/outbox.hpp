// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/delivery/lane.hpp"
#include "lib/wire/frames.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace godwit::delivery {

struct Recipient {
    DeviceId device;
    std::string user;
};

/// A way that one device's envelopes shall take now, as the router decided.
struct Route {
    std::uint64_t link = 0; ///< 0: the mailbox.
    Path path = Path::none;
    std::string reason;
};

/// One envelope to hand to one way now. The mailbox takes it for several devices at once.
struct Offer {
    std::uint64_t link = 0;
    Path path = Path::none;
    std::vector<DeviceId> devices;
    wire::Envelope envelope;
    std::uint64_t order = 0;
    bool urgent = false;
};

/// urgent: before all that is not, however much of that waits.
enum class Rank : std::uint8_t { usual, urgent };

/// Whether an envelope can leave for a device, as whoever seals says.
enum class Fitness : std::uint8_t {
    ready,
    sealed, ///< It was sealed (again) for that: the outbox stores it so.
    wait,   ///< Not now: groups_changed() will say when.
    never,  ///< The conversation is over: fails with not_a_contact.
};
using Fit = std::function<Fitness(port::OutboxEnvelope&, const DeviceId&)>;

/// A message that was sealed this often and still does not open is not going to: a receiver that always says so must
/// not keep us sealing.
/// Over a link these follow each other several times a second, and a sender that has missed a change of the group takes
/// some seconds to find that out.
inline constexpr std::uint32_t sealings_max = 32;

/// Progress to further accounts that is remembered until it is asked for; more is forgotten.
inline constexpr std::size_t further_max = 65'536;

/// What became of an outgoing message, already written to the store.
struct Progress {
    MessageId id;
    std::string with;
    MessageState state = MessageState::accepted;
    Path path = Path::none;
    std::string reason;
    std::string failure; ///< error_name; empty unless failed.
    /// False: to one more account; the message as a whole has come so far before, or has not failed.
    bool first = true;
    ConversationId conversation;
};

/// Everything that was accepted and is not settled. Writes to the store in the tick's transaction; speaks to nobody.
class Outbox {
public:
    explicit Outbox(Limits limits) : limits_(limits) {}

    /// Counts what is open. `own_user`: deliveries to it are copies for the account's other devices and decide nothing.
    void load(port::Store& store, std::string own_user);

    [[nodiscard]] std::uint64_t message_count() const { return messages_; }
    /// Of so many more messages the device gets all. Who stays away fills what is theirs, and nobody else's.
    [[nodiscard]] bool has_room(const DeviceId& device, std::size_t messages = 1) const;
    /// Recipients not empty. Whether they have room is the caller's to ask: what there are few of needs none.
    void accept(port::Store& store, const port::OutboxEnvelope& envelope, const std::vector<Recipient>& recipients,
                Rank rank = Rank::usual);

    /// Of a message that is open: further devices. Who is named already stays so.
    void add(port::Store& store, const MessageId& id, const std::vector<Recipient>& recipients);

    /// Likewise, whatever has become of it there, and urgent.
    void renew(port::Store& store, const MessageId& id, const std::vector<Recipient>& recipients);

    /// Devices with anything open, for the router.
    [[nodiscard]] std::vector<DeviceId> open_devices() const;
    /// Envelopes for the device that no path has taken: worth waiting or looking for a path.
    [[nodiscard]] bool waits(const DeviceId& device) const;
    /// Un-receipted envelopes on this link: the far side owes a frame.
    [[nodiscard]] bool owes(const DeviceId& device, std::uint64_t link) const;

    /// Decides the device's lanes: new ones start at the first open delivery, others end. Same link, same life.
    void use(const DeviceId& device, const std::vector<Route>& routes);
    /// The relay session is new: what was asked of the old one may be lost.
    void restart_mailbox();

    struct Batch {
        std::vector<Offer> offers; ///< In order per lane; mailbox offers in order of acceptance; urgent ones first.
        std::vector<Progress> progress;
        bool more = false; ///< The budget ended it, not the windows.
    };
    /// What one tick may read and the relay session may take.
    struct Budget {
        std::size_t bytes = 0;
        std::size_t mailbox_bytes = 0;
        std::size_t mailbox_puts = 0;
    };
    [[nodiscard]] Batch collect(port::Store& store, Moment now, Budget budget, const Fit& fit);
    /// Keys came or went: what could not leave may be able to.
    void groups_changed();

    /// `device` has `ids` durably. `link`: the one the receipt came by; 0: by the mailbox. `quiet`: its account does
    /// not want that to be shown, so they are done with and no more than sent.
    [[nodiscard]] std::vector<Progress> receipt(port::Store& store, const DeviceId& device,
                                                const std::vector<MessageId>& ids, std::uint64_t link,
                                                bool quiet = false);
    /// `device` has `ids` and cannot open them: they are sealed anew and offered again.
    [[nodiscard]] std::vector<Progress> unopened(port::Store& store, const DeviceId& device,
                                                 const std::vector<MessageId>& ids);
    /// The relay's answer to a mailbox offer, one code per device.
    [[nodiscard]] std::vector<Progress> put_answered(port::Store& store, const MessageId& id,
                                                     const std::vector<DeviceId>& devices,
                                                     const std::vector<ErrorCode>& results, Moment now);
    /// Whoever answers for the device has it, and nothing more will be heard of it: done with, and no more than sent.
    [[nodiscard]] std::vector<Progress> handed_over(port::Store& store, const MessageId& id, const DeviceId& device);
    /// It will not have it.
    [[nodiscard]] std::vector<Progress> fail_one(port::Store& store, const MessageId& id, const DeviceId& device,
                                                 ErrorCode reason);
    /// How far messages have come to further accounts, since last asked.
    [[nodiscard]] std::vector<Progress> take_further() { return std::exchange(further_, {}); }

    /// Somebody wants to know what becomes of an open delivery: an entry of take_settled(). False: nothing is open to
    /// the device.
    bool watch(const DeviceId& device, const MessageId& id);
    struct Settled {
        DeviceId device;
        MessageId id;
        ErrorCode result = ErrorCode::ok; ///< ok: it is there.
    };
    [[nodiscard]] std::vector<Settled> take_settled() { return std::exchange(settled_, {}); }
    /// No answer, or refused: offer again after a rest, one at first, more with each that is taken.
    void put_failed(const MessageId& id, const std::vector<DeviceId>& devices, Instant now);

    /// The message was taken back: who does not have it yet gets this in its place, under the same id and sealed anew.
    void empty_content(port::Store& store, const MessageId& id, Bytes content);

    /// The device may not have it any more (revoked, contact ended).
    [[nodiscard]] std::vector<Progress> fail_device(port::Store& store, const DeviceId& device, ErrorCode reason);
    /// In a conversation of which `goes_on` says so it may have it all the same.
    using GoesOn = std::function<bool(const ConversationId&)>;
    [[nodiscard]] std::vector<Progress> fail_device(port::Store& store, const DeviceId& device, ErrorCode reason,
                                                    const GoesOn& goes_on);
    [[nodiscard]] std::vector<Progress> fail_all(port::Store& store, ErrorCode reason);
    /// Fails what is past its deadline, and looks when the next one is.
    [[nodiscard]] std::vector<Progress> expire(port::Store& store, Moment now);
    /// When collect or expire has something to do by time alone.
    [[nodiscard]] Instant deadline() const;
    /// Receipts that did not come although the link lived: their windows are freed.
    std::size_t drop_overdue(Instant now);

private:
    struct Entry {
        std::string user;
        std::uint32_t open = 0;
        std::uint32_t queued = 0;
        struct Used {
            Route route;
            Lane lane;
        };
        std::vector<Used> lanes;
        std::vector<MessageId> watched;     ///< Few.
        Instant mailbox_after{};            ///< Not before: the relay refused.
        Duration mailbox_rest{};            ///< The last rest; zero: taken since.
        std::uint32_t mailbox_window = ~0U; ///< Puts at once: one after a refusal, one more with each that is taken.
    };

    /// `quietly`: the state of the message stays as it is.
    void settle(port::Store& store, const MessageId& id, const DeviceId& device, port::DeliveryState state,
                const Route& by, ErrorCode failure, std::vector<Progress>& out, bool quietly = false);
    /// Into `out`, or among the further ones.
    void tell(bool first, Progress progress, std::vector<Progress>& out);
    void open(port::Store& store, const port::OutboxEnvelope& envelope, const Recipient& to, Rank rank);
    void note_sent(port::Store& store, const MessageId& id, const ConversationId& conversation, const Entry& entry,
                   const Route& by, std::vector<Progress>& out);
    [[nodiscard]] Route route_of(const Entry& entry, const MessageId& id, std::uint64_t link, bool stored) const;
    /// What one collect() carries from lane to lane.
    struct Gathering {
        Budget budget;
        const Fit& fit;
        /// Read in this tick: one message goes to many devices. nullopt: its row is not there.
        std::unordered_map<MessageId, std::optional<port::OutboxEnvelope>, FixedBytesHash> envelopes;
        /// Mailbox offers by message: one for many devices.
        std::unordered_map<MessageId, std::size_t, FixedBytesHash> puts;
        /// Deliveries that will not leave: the envelope is not there, or its conversation is over.
        struct Orphan {
            MessageId id;
            DeviceId device;
            ErrorCode why;
        };
        std::vector<Orphan> orphans;
        bool starved = false;             ///< The relay had room for less than there is.
        std::optional<DeviceId> put_last; ///< Who comes after it begins next time.
    };
    /// Rows of the store that are read at once.
    static constexpr std::uint32_t scan_page = 256;
    /// Looks for stored envelopes that are due for the mailbox again.
    void rescan(port::Store& store, Moment now);
    /// One was stored now.
    void rescan_in_time(Moment now);
    void queue_overdue(port::Store& store, const DeviceId& device, Entry& entry, Moment now);
    [[nodiscard]] bool collect_lane(port::Store& store, Moment now, Entry& entry, const DeviceId& device,
                                    Entry::Used& used, Gathering& gathering, Batch& out);

    Limits limits_;
    std::string own_user_;
    std::map<DeviceId, Entry> devices_;
    std::vector<Progress> further_; ///< At most further_max.
    std::vector<Settled> settled_;
    std::uint64_t messages_ = 0;
    DeviceId served_last_;         ///< Where the budget ended, so that everybody has a turn.
    Instant expire_after_{};       ///< Look at deadlines then.
    Instant rescan_after_ = never; ///< Stored envelopes may be due for the mailbox again.
};

} // namespace godwit::delivery
