// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the parts, and the lines between them. Parts do not know each other; these functions, grouped
// by file, carry results from one to the next.
//
//   engine.cpp    what comes in goes to its part
//   requests.cpp  what the application asks; devices.cpp what it asks about devices and trust, chat_requests.cpp about
//                 conversations, search_requests.cpp what is in them, removals.cpp what is to leave them
//   entering.cpp  register, log in, be linked, come back
//   returning.cpp what a relay has lost, and how it is mended
//   relay_side.cpp  what the relay says, and what a new or lost session means
//   groups.cpp    a group has moved: what waited for it
//   group_side.cpp  groups of many: what the relay says of them, and who gets what is said there; group_requests.cpp
//                 what the application asks
//   sender.cpp    content on its way out: routes, offers, progress
//   receiver.cpp  content on its way in: open, dedupe, hold, file, receipt
//   signalling.cpp  ICE signals in and out, and what paths do
//   call_requests.cpp  what calls need of all this, group_call_reach.cpp what those of groups do
//   file_side.cpp   what files need of all this; archive_side.cpp what archives bring
#pragma once

#include "lib/conversation/conversation.hpp"
#include "lib/delivery/causal_hold.hpp"
#include "lib/delivery/outbox.hpp"
#include "lib/delivery/receipts.hpp"
#include "lib/delivery/unopened.hpp"
#include "lib/engine/account.hpp"
#include "lib/engine/ahead.hpp"
#include "lib/engine/archives.hpp"
#include "lib/engine/call_side.hpp"
#include "lib/engine/chats.hpp"
#include "lib/engine/circles.hpp"
#include "lib/engine/files.hpp"
#include "lib/engine/group_acts.hpp"
#include "lib/engine/group_call_side.hpp"
#include "lib/engine/group_keeper.hpp"
#include "lib/engine/history.hpp"
#include "lib/engine/notices.hpp"
#include "lib/engine/notifier.hpp"
#include "lib/engine/peer_sessions.hpp"
#include "lib/engine/relay_dialer.hpp"
#include "lib/engine/relay_session.hpp"
#include "lib/engine/roster.hpp"
#include "lib/engine/unsynced.hpp"
#include "lib/engine/views.hpp"
#include "lib/route/path_table.hpp"
#include "lib/seal/groups.hpp"

namespace godwit::engine {

/// Nonsense on one peer link before it is closed: one frame may be a version's difference, this many are not.
inline constexpr std::uint32_t link_rejects_max = 8;
/// Dedupe marks outlive every sender's deadline (30 days) by far.
/// What the relay could not do now: receipts for a device rest this long.
inline constexpr Duration receipt_rest = std::chrono::seconds(5);
/// How often it is looked whether we are in the group again, to tell who sealed in vain.
inline constexpr Duration unopened_rest = std::chrono::seconds(1);
inline constexpr std::size_t forks_mentioned_max = 256;
inline constexpr std::int64_t seen_kept_ms = 90LL * 24 * 3600 * 1000;

struct Engine::State {
    State(Config config, port::Store& store, port::Entropy& entropy, port::Trace& trace, port::FileDoors doors,
          port::MediaDoor* media);

    // engine.cpp
    void start(Moment now);
    void end_tick(Moment now);
    [[nodiscard]] Instant deadline() const;

    // requests.cpp
    void ask(RequestId id, Request request, Moment now);
    void on(RequestId id, const request::Contacts&, Moment now);
    [[nodiscard]] Contact contact_of(const Person& person, Moment now);
    void on(RequestId id, const request::Status&, Moment now);
    void on(RequestId id, const request::Logout&, Moment now);
    void on(RequestId id, const request::Devices&, Moment now);
    void on(RequestId id, const request::DeviceLink& link, Moment now);
    void on(RequestId id, const request::LinkCode& code, Moment now);
    void on(RequestId id, const request::DeviceRevoke& revoke, Moment now);
    void on(RequestId id, const request::SafetyNumber& number, Moment now);
    void on(RequestId id, const request::Verify& verify, Moment now);
    void on(RequestId id, const request::NetworkChanged&, Moment now);
    void on(RequestId id, const request::SetPolicy& policy, Moment now);
    void on(RequestId id, const request::Fault& fault, Moment now);
    template <class What>
        requires requires(Files& all, const What& what) { all.ask(RequestId{}, what, Moment{}); }
    void on(RequestId id, const What& what, Moment now)
    {
        if (!identity) return context.refuse(id, {ErrorCode::not_registered, "no account on this device", 0});
        files.ask(id, what, now);
    }
    void on(RequestId id, const request::ArchiveMake& make, Moment now);
    void on(RequestId id, const request::ArchiveRead& read, Moment now);
    void on(RequestId id, const request::ArchiveCancel& cancel, Moment now);
    void on(RequestId id, const request::HistoryAsk& ask, Moment now);
    void on(RequestId id, const request::HistorySend& send, Moment now);
    void on(RequestId id, const request::Notices& wanted, Moment now);
    void on(RequestId id, const request::MarkNoticesRead& read, Moment now);
    // operator_requests.cpp
    void on(RequestId id, const request::Report& report, Moment now);
    void on(RequestId id, const request::Directory& wanted, Moment now);
    // call_requests.cpp
    [[nodiscard]] bool may_ask_calls(RequestId id);
    /// Which half a request is for. nullopt: refused, since it may mean several.
    [[nodiscard]] std::optional<bool> is_for_group(RequestId id, const std::optional<CallId>& call, bool ringing,
                                                   bool any);
    /// False: it is none of a group's call. `from`: whoever sealed it.
    bool group_call_signal(const DeviceId& from, const ConversationId& conversation, BytesView bytes, Moment now);
    /// Of a contact, or in the call that this device is in: paths to it are of use.
    [[nodiscard]] bool may_link(const DeviceId& device) const;
    /// In what signals to it are sealed; nullptr: nothing that it could open.
    [[nodiscard]] const seal::Circle* signal_circle(const DeviceId& device) const;
    bool call_signal(const Person& from, const DeviceId& device, const ConversationId& conversation, BytesView bytes,
                     Moment now);
    struct CallReachOf final : CallReach {
        explicit CallReachOf(State& state_in) : state(state_in) {}
        State& state;
        void signal(const ConversationId& conversation, const std::optional<DeviceId>& to, BytesView signal,
                    Moment now) override;
        std::optional<Way> way(const DeviceId& device) override;
        void seek(const DeviceId& device, Moment now) override;
        void doubt(const DeviceId& device) override;
        void used(LinkId link, Moment now) override;
        std::optional<port::CallKeys> keys(const ConversationId& conversation, const CallId& call,
                                           std::uint64_t known) override;
        void record(const call::out::Record& what, Moment now) override;
        bool may_talk(const ConversationId& conversation) override;
        bool is_alone() override;
        void signal_group(const ConversationId& conversation, const std::vector<DeviceId>& to, BytesView signal,
                          Moment now) override;
        std::vector<call::Device> members(const ConversationId& conversation) override;
        bool has_files() override;
        void share_files(std::uint64_t bytes_per_s, Moment now) override;
    };
    void on(RequestId id, const request::CallPlace& place, Moment now);
    void on(RequestId id, const request::CallAnswer& answer, Moment now);
    void on(RequestId id, const request::CallReject& reject, Moment now);
    void on(RequestId id, const request::CallHangUp& hang_up, Moment now);
    void on(RequestId id, const request::CallSetMedia& what, Moment now);
    void on(RequestId id, const request::CallStats& wanted, Moment now);
    void on(RequestId id, const request::Calls& wanted, Moment now);
    void on(RequestId id, const request::CallDeviceList&, Moment now);
    // group_requests.cpp
    template <class What>
        requires std::is_constructible_v<GroupAct, What>
    void on(RequestId id, What& what, Moment now)
    {
        act(id, GroupAct(std::move(what)), now);
    }
    void act(RequestId id, GroupAct what, Moment now);
    void on(RequestId id, const request::GroupAbout& about, Moment now);
    void on(RequestId id, const request::GroupJoin& join, Moment now);
    void on(RequestId id, const request::GroupAnswer& answer, Moment now);
    void on(RequestId id, const request::Deliveries& wanted, Moment now);
    void contact_request(RequestId id, const std::string& user, wire::relay::RequestBody body, Moment now);
    void accept(RequestId id, const std::string& user, Moment now);
    void relay_request(RequestId id, wire::relay::RequestBody body, Moment now);

    // chat_requests.cpp
    void on(RequestId id, request::Send& send, Moment now);
    void on(RequestId id, request::Edit& edit, Moment now);
    void on(RequestId id, const request::Recall& recall, Moment now);
    void on(RequestId id, const request::RemoveMessages& what, Moment now); // removals.cpp
    void on(RequestId id, const request::ClearConversation& what, Moment now);
    void on(RequestId id, request::React& react, Moment now);
    void on(RequestId id, const request::PinMessage& pin, Moment now);
    void on(RequestId id, const request::SetTimer& timer, Moment now);
    void on(RequestId id, const request::MoveLocation& move, Moment now); // live_places.cpp
    void on(RequestId id, const request::EndLocation& end, Moment now);
    void on(RequestId id, const request::Versions& wanted, Moment now); // search_requests.cpp
    void on(RequestId id, const request::SetVersions& what, Moment now);
    void on(RequestId id, const request::SetRecallWindow& what, Moment now);
    void typing_in(const conversation::Parties& parties, bool on, Moment now);
    void on(RequestId id, request::Forward& forward, Moment now);
    void on(RequestId id, const request::MarkRead& read, Moment now);
    void on(RequestId id, const request::Typing& typing, Moment now);
    void on(RequestId id, const request::Conversations& wanted, Moment now);
    void on(RequestId id, const request::SetConversation& what, Moment now);
    void on(RequestId id, const request::SetReceipts& receipts_wanted, Moment now);
    void on(RequestId id, const request::History& history, Moment now);
    void on(RequestId id, const request::Pinned& wanted, Moment now);
    /// Which conversation is looked into; nullopt: the request was answered.
    [[nodiscard]] std::optional<conversation::Parties> looked_into(RequestId id, const request::Where& where,
                                                                   std::uint32_t limit);
    void on(RequestId id, const request::Search& search, Moment now); // search_requests.cpp
    void on(RequestId id, const request::Scheduled&, Moment now);
    void on(RequestId id, const request::Unschedule& what, Moment now);
    void on(RequestId id, const request::SetContact& what, Moment now);
    void on(RequestId id, const request::Watch& what, Moment now);
    void on(RequestId id, const request::Unwatch& what, Moment now);
    void say(RequestId id, const Result<conversation::Parties>& parties, conversation::Draft draft, Moment now);
    void note_interest(const conversation::Parties& parties, Moment now);
    /// False: the request was refused.
    [[nodiscard]] bool is_ready_to_talk(RequestId id);
    /// Whether a request to say something there waits for what the relay knows of them; it is refused at once where too
    /// many wait already. False: what is known here holds.
    template <class What>
    [[nodiscard]] bool waits_for_roster(RequestId id, const request::Where& where, What& what, Moment now);
    void ask_unsynced(Moment now);

    // entering.cpp
    void enter(RequestId id, Credentials credentials, Moment now);
    void relay_up(LinkId link, Moment now);
    void vault_came(RelaySession& session, const wire::relay::LoginOk& login, Moment now);
    void waiting(RelaySession& session);
    void granted(RelaySession& session, BytesView sealed, Moment now);
    void entered(RelaySession& session, const wire::relay::Session& info, Moment now);
    void refused(LinkId link, const note::Refused& no, Moment now);
    void entering_failed(Error why);
    void live(const port::StoredIdentity& who);
    using Withdrawn = account::Withdrawn;
    void device_withdrawn(ErrorCode reason = ErrorCode::device_revoked, Withdrawn what = Withdrawn::account);
    void stop_serving(const Error& why);

    // archive_side.cpp
    void archives_happened(Moment now);
    void take_setting(const wire::content::Register& value, Moment now);

    // returning.cpp
    /// False: this refusal is final, or has another reason.
    bool come_back(RelaySession& session, const note::Refused& no, Moment now);
    /// The account itself has put this device out: what it has signed says so, be it in this refusal or known before;
    /// or the user has asked for it here. A relay's word is no reason to destroy a key.
    [[nodiscard]] bool revoked_by(const note::Refused* no) const;
    void came_back(const RelaySession& session);
    void account_lost();
    void device_lost();
    void lay_by(const Error& why);
    void mend_own_list(const identity::DeviceList& shown, Moment now);

    // groups.cpp
    void groups_moved(Moment now);
    void gossip(const DeviceId& device, LinkId link, const ConversationId& conversation);
    void group_head(const DeviceId& device, const wire::peer::GroupHead& head);
    void take_ahead(const Ahead::Item& item, Moment now);
    void withheld(Moment now);
    [[nodiscard]] delivery::Fitness fit(port::OutboxEnvelope& envelope, const DeviceId& device);
    [[nodiscard]] delivery::Fitness fit_group(port::OutboxEnvelope& envelope, const Group& group,
                                              const DeviceId& device);
    [[nodiscard]] delivery::Fitness seal_envelope(const seal::Circle& circle, port::OutboxEnvelope& envelope);

    // group_side.cpp
    /// What is to be asked of the relay about groups.
    void groups_asked(Moment now);
    /// never: the answer is final.
    [[nodiscard]] Instant asked_again_at(const Error& why, Moment now);
    void books_changed(Moment now);
    void keep_picture(const ConversationId& conversation, const GroupBook::Picture& picture, Moment now);
    void group_answered(const purpose::GroupRoster& what, const wire::relay::Response& response, Moment now);
    void group_answered(const purpose::GroupJoins& what, const wire::relay::Response& response, Moment now);
    void group_answered(const purpose::GroupJoin& what, const wire::relay::Response& response, Moment now);
    void fanned_out(const purpose::FanOut& what, const wire::relay::Response& response, Moment now);
    /// A recipient that stands for all devices of a group, at the relay.
    [[nodiscard]] const Group* fan_of(const DeviceId& device) const;
    void route_to_group(const DeviceId& device);
    void offer_to_group(delivery::Offer offer, const Group& group, RelaySession& session, Moment now);
    /// Whether this device gives a receipt for what it gets, or did give none by now.
    [[nodiscard]] bool receipts_from(const DeviceId& device) const;
    /// A message of a group is here: its sender gets a receipt, or the relay may forget it at once.
    void receipt_to_group(const Group& group, const DeviceId& from, const MessageId& id, std::uint64_t sequence);

    // relay_side.cpp
    void relay_frame(RelaySession& session, BytesView bytes, Moment now);
    void relay_notes(LinkId link, std::vector<Note> notes, Moment now);
    void relay_lost(LinkId link, Error reason, bool close_it, Moment now);
    void ready(RelaySession& session, Moment now);
    void session_over(RelaySession& session);
    void answered(const Purpose& what, const wire::relay::Response& response, Moment now);
    void pushed(RelaySession& session, wire::relay::ServerFrame& frame, Moment now);
    void acknowledge_notices();
    void roster_changed(const Roster::Change& change, Moment now);
    void set_means(const wire::relay::Session& info);
    [[nodiscard]] RelaySession* session_on(LinkId link);
    /// The logged-in session; nullptr: not connected.
    [[nodiscard]] RelaySession* ready_session();
    [[nodiscard]] bool relay_ready() const;

    // sender.cpp
    [[nodiscard]] bool can_seal(const Person& person, const DeviceId& device);
    void route_content(Moment now);
    [[nodiscard]] route::Choice choose(const Person& person, const DeviceId& device, bool content_waits, Moment now);
    void offer_content(Moment now);
    void announce(std::vector<delivery::Progress> progress, Moment now);
    /// Of a message in a group: who has it is kept.
    void note_delivery(delivery::Progress& progress, Moment now);
    /// When it was said: how long it takes is told.
    void note_accepted(const MessageId& id, Moment now);
    void count_content(Path path, std::size_t bytes);
    /// The far side of this link owes a receipt, or pieces of a file.
    [[nodiscard]] bool owes(const DeviceId& device, LinkId link) const
    {
        return outbox.owes(device, link) || files.owes(link);
    }
    void tell_path_changes(Moment now);
    struct PathShown {
        Path path = Path::none;
        std::string reason;
        friend bool operator==(const PathShown&, const PathShown&) = default;
    };
    [[nodiscard]] PathShown best_path(const Person& person, Moment now);

    // receiver.cpp
    void peer_frame(LinkId link, const DeviceId& device, BytesView bytes, Moment now);
    /// How an envelope came.
    struct Arrival {
        LinkId link = 0; ///< 0: by the mailbox.
        Path path = Path::mailbox;
        std::string reason;
        std::uint64_t sequence = 0; ///< Of the mailbox row.
    };
    /// False: nonsense (counted).
    bool receive(const DeviceId& from, const wire::Envelope& envelope, const Arrival& arrival, Moment now);
    bool receive_message(const DeviceId& from, const wire::Envelope& envelope, const seal::Label& label,
                         const Arrival& arrival, Moment now);
    bool take_control(const DeviceId& from, BytesView content, Moment now);
    void take_unopened(const DeviceId& from, const std::vector<MessageId>& ids, Moment now);
    bool take_content(const seal::Opened& opened, const MessageId& id, const Arrival& arrival, Moment now);
    [[nodiscard]] static std::optional<std::string> unheard(const wire::content::Any& content,
                                                            const seal::Opened& opened, const GroupMember* member);
    /// The application is told when that is news.
    void unopenable(const DeviceId& from, const MessageId& id, const seal::Label& label, const Arrival& arrival,
                    bool is_news = true);
    void send_receipts(Moment now);
    void send_unopened(Moment now);
    /// By the mailbox, sealed for the conversation that we have with the device's owner. False: not now.
    bool send_control(const DeviceId& device, const wire::content::Any& what, Purpose purpose, Moment now);
    /// The relay may forget the mail that these receipts are for.
    void release_mail(const delivery::Receipts::Parcel& parcel);

    // signalling.cpp
    void peer_up(const DeviceId& device, LinkId link, Moment now);
    void signal_push(const wire::relay::SignalPush& push, Moment now);
    void send_signals(Moment now);
    bool send_signal(const seal::Circle& circle, const DeviceId& device, const wire::Signal& signal, Purpose purpose,
                     Moment now);
    void paths_happened(Moment now);
    void seek_for_interest(Moment now);

    // file_side.cpp
    struct Reach final : FileReach {
        explicit Reach(State& state_in) : state(state_in) {}
        State& state;
        std::vector<DeviceId> members(const ConversationId& conversation) override;
        bool is_own(const DeviceId& device) override;
        std::string owner(const DeviceId& device) override;
        std::optional<Way> way(const DeviceId& device) override;
        void seek(const DeviceId& device, Moment now) override;
        bool sought(const DeviceId& device, const FileId& file, Moment now) override;
        void used(LinkId link, std::size_t bytes, Moment now) override;
        RelaySession* blobs() override;
    };

    Config config;
    Context context;
    PathPolicy policy = PathPolicy::direct_first;

    std::optional<port::StoredIdentity> identity;
    std::unique_ptr<seal::Groups> groups; ///< While logged in.
    /// RegisterAccount, Login or LinkCode under way.
    struct Entering {
        RequestId request = 0;
        Credentials credentials; ///< Of a link: relay and device name only.
        port::StoredIdentity identity;
        std::optional<seal::LinkOffer> offer; ///< Being linked.
        bool answered = false;                ///< The request has its reply: the code.
        std::uint32_t conflicts = 0;
    };
    std::optional<Entering> entering;
    /// The relay does not know this device, which shows it the list that it stands in.
    struct Returning {
        LinkId link = 0;
        Instant since{};
    };
    std::optional<Returning> returning;

    RelayDialer dialer;
    std::vector<std::unique_ptr<RelaySession>> sessions; ///< The current one, and one that may replace it.
    bool announced_connected = false;
    std::string connection_detail = "not connected";
    RelayTransport announced_over = RelayTransport::none;
    std::optional<Error> goodbye; ///< Why the relay is going to close the current session.
    bool turn_available = false;
    WallMs turn_expires_ms = 0;
    Instant turn_refresh_at{};

    Roster roster;
    route::PathTable paths;
    PeerSessions peers;
    delivery::Outbox outbox;
    delivery::CausalHold hold;
    delivery::Receipts receipts;
    delivery::Unopened unopened;
    Ahead ahead;
    GroupBook book;
    Circles circles;
    GroupActs acts;
    GroupKeeper keeper;
    Instant group_end = never; ///< When the next discussion is over.
    std::set<std::pair<ConversationId, std::pair<std::uint64_t, std::uint64_t>>> forks_mentioned;
    Notifier notifier;
    Files files;
    Announcer announcer;
    Chats chats;
    Notices notices;
    Archives archives;
    History handover;
    Views views;
    Unsynced unsynced;
    Reach reach{*this};
    port::MediaDoor* media_door = nullptr; ///< nullptr: this build has no media.
    CallSide calls;
    GroupCallSide group_calls;
    CallReachOf call_reach{*this};

    std::vector<std::uint64_t> mailbox_acks;              ///< To send at the end of this tick.
    std::uint64_t notice_ack = 0;                         ///< Likewise; 0: none.
    std::map<std::string, Instant, std::less<>> interest; ///< Conversations that the application looks at.
    std::map<std::string, PathShown, std::less<>> shown_paths;
    /// Of messages that have not ended; those that end as `sent` stay in it.
    std::unordered_map<MessageId, Instant, FixedBytesHash> accepted_at;
    static constexpr std::size_t accepted_at_max = 65'536; ///< Then it begins anew.
    std::unordered_map<LinkId, std::uint32_t> rejects;
    std::uint64_t content_bytes[4] = {}; ///< By Path.
    Instant forget_seen_at{};
    Instant last_tick{};
    bool tick_open = false; ///< Something came in since the last end_tick.
    bool more_to_offer = false;
    bool more_to_index = false; ///< Of the history.
};

} // namespace godwit::engine
