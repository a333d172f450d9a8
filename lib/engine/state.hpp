// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: the parts, and the lines between them. Parts do not know each other; these functions, grouped
// by file, carry results from one to the next.
//
//   engine.cpp    what comes in goes to its part
//   requests.cpp  what the application asks
//   relay_side.cpp  what the relay says, and what a new or lost session means
//   sender.cpp    content on its way out: routes, offers, progress
//   receiver.cpp  content on its way in: open, dedupe, hold, file, receipt
//   signalling.cpp  ICE signals in and out, and what paths do
#pragma once

#include "lib/conversation/conversation.hpp"
#include "lib/delivery/causal_hold.hpp"
#include "lib/delivery/outbox.hpp"
#include "lib/delivery/receipts.hpp"
#include "lib/engine/account.hpp"
#include "lib/engine/notifier.hpp"
#include "lib/engine/peer_sessions.hpp"
#include "lib/engine/relay_dialer.hpp"
#include "lib/engine/relay_session.hpp"
#include "lib/engine/roster.hpp"
#include "lib/route/path_table.hpp"
#include "lib/seal/sealer.hpp"

namespace godwit::engine {

/// Nonsense on one peer link before it is closed: one frame may be a version's difference, this many are not.
inline constexpr std::uint32_t link_rejects_max = 8;
/// Dedupe marks outlive every sender's deadline (30 days) by far.
inline constexpr std::int64_t seen_kept_ms = 90LL * 24 * 3600 * 1000;

struct Engine::State {
    State(Config config, port::Store& store, port::Entropy& entropy, port::Trace& trace);

    // engine.cpp
    void start(Moment now);
    void end_tick(Moment now);
    [[nodiscard]] Instant deadline() const;

    // requests.cpp
    void enter(RequestId id, Credentials credentials, Moment now);
    void ask(RequestId id, Request request, Moment now);
    void on(RequestId id, request::Send& send, Moment now);
    void on(RequestId id, const request::History& history, Moment now);
    void on(RequestId id, const request::Contacts&, Moment now);
    void on(RequestId id, const request::Status&, Moment now);
    void on(RequestId id, const request::Logout&, Moment now);
    void on(RequestId id, const request::NetworkChanged&, Moment now);
    void on(RequestId id, const request::SetPolicy& policy, Moment now);
    void on(RequestId id, const request::Fault& fault, Moment now);
    void contact_request(RequestId id, const std::string& user, wire::relay::RequestBody body, Moment now);

    // relay_side.cpp
    void relay_up(LinkId link, Moment now);
    void relay_frame(RelaySession& session, BytesView bytes, Moment now);
    void relay_notes(LinkId link, std::vector<Note> notes, Moment now);
    void relay_lost(LinkId link, Error reason, bool close_it, Moment now);
    void entered(RelaySession& session, const wire::relay::Session& info, Moment now);
    void ready(RelaySession& session);
    void session_over(RelaySession& session);
    void refused(LinkId link, const Error& why, Moment now);
    void answered(const Purpose& what, const wire::relay::Response& response, Moment now);
    void pushed(RelaySession& session, wire::relay::ServerFrame& frame, Moment now);
    void roster_changed(const Roster::Change& change, Moment now);
    void device_withdrawn(ErrorCode reason);
    void set_means(const wire::relay::Session& info);
    [[nodiscard]] RelaySession* session_on(LinkId link);
    /// The logged-in session; nullptr: not connected.
    [[nodiscard]] RelaySession* ready_session();
    [[nodiscard]] bool relay_ready() const;

    // sender.cpp
    void route_content(Moment now);
    [[nodiscard]] route::Choice choose(const Person& person, const DeviceId& device, bool content_waits, Moment now);
    void offer_content(Moment now);
    void announce(std::vector<delivery::Progress> progress, Moment now);
    void count_content(Path path, std::size_t bytes);
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
    bool take_content(const Person& person, const DeviceId& from, const MessageId& id, Bytes content,
                      const Arrival& arrival, Moment now);
    void show(std::vector<delivery::CausalHold::Ready> ready, Moment now);
    void send_receipts(Moment now);
    /// The relay may forget the mail that these receipts are for.
    void release_mail(const delivery::Receipts::Parcel& parcel);

    // signalling.cpp
    void peer_up(const DeviceId& device, LinkId link, Moment now);
    void signal_push(const wire::relay::SignalPush& push, Moment now);
    void send_signals(Moment now);
    void paths_happened(Moment now);
    void seek_for_interest(Moment now);

    Config config;
    Context context;
    PathPolicy policy = PathPolicy::direct_first;

    std::optional<port::StoredIdentity> identity;
    std::unique_ptr<seal::Sealer> sealer;
    /// RegisterAccount or Login under way.
    struct Entering {
        RequestId request = 0;
        Credentials credentials;
        port::StoredIdentity identity;
    };
    std::optional<Entering> entering;

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
    Notifier notifier;

    std::vector<std::uint64_t> mailbox_acks;              ///< To send at the end of this tick.
    std::map<std::string, Instant, std::less<>> interest; ///< Conversations that the application looks at.
    std::map<std::string, PathShown, std::less<>> shown_paths;
    std::unordered_map<MessageId, Instant, FixedBytesHash> accepted_at;
    std::unordered_map<LinkId, std::uint32_t> rejects;
    std::unordered_map<DeviceId, std::uint64_t, FixedBytesHash> signal_generations;
    std::uint64_t content_bytes[4] = {}; ///< By Path.
    Instant forget_seen_at{};
    Instant last_tick{};
    bool tick_open = false; ///< Something came in since the last end_tick.
    bool more_to_offer = false;
};

} // namespace godwit::engine
