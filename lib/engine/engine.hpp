// SPDX-License-Identifier: Apache-2.0
// engine: the one sans-IO machine of a client. It routes; rooms compute.
//
//   commands ─┐                       ┌─> effects (dial, open path, send frame, close)   for the shell around it
//   links    ─┼─> Engine ── Store ──> ┤
//   deadlines─┘    (one transaction)  └─> events                                          for the application
//
// The shell (lib/client on real sockets, tests on a simulated world) keeps the tick rule "gather → engine → commit →
// speak":
//
//   store.begin(); engine.submit/link_frame/…; engine.handle_deadline(now); store.commit();
//       (handle_deadline closes every tick, due or not: receipts, acknowledgements and candidates are batched there)
//   ok:     take every effect and event, perform them
//   failed: discard_outputs(); store.rollback(); throw this Engine away, close every link, make a new one (its
//           `start` reads the store), answer the tick's commands with the commit's error. Peers and relay offer again
//           what was not acknowledged.
//
// The engine owns no thread, socket or clock. LinkIds are its own: it names a link in a DialRelay or OpenPath effect,
// the shell reports on that name until CloseLink or link_down.
#pragma once

#include <godwit/event.hpp>
#include <godwit/request.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/base/wiping.hpp"
#include "lib/port/entropy.hpp"
#include "lib/port/file_store.hpp"
#include "lib/port/link.hpp"
#include "lib/port/media.hpp"
#include "lib/port/store.hpp"
#include "lib/port/trace.hpp"
#include "lib/wire/frames.hpp"
#include "lib/wire/names.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <variant>

namespace godwit::engine {

using LinkId = std::uint64_t;

/// RegisterAccount and Login as the engine sees them: the shell has run Argon2id (lib/crypto), so the password never
/// gets here.
struct Credentials {
    bool create = false; ///< true: RegisterAccount.
    wire::RelayAddress relay;
    std::string relay_text; ///< As given by the user.
    std::string user;
    WipingBytes login_secret; ///< 32 bytes.
    WipingBytes vault_key;    ///< 32 bytes: opens or makes the account vault.
    std::string device_name;
};

struct Command {
    RequestId id = 0;
    /// RegisterAccount and Login never appear here: they come as Credentials.
    std::variant<Credentials, Request> what;
};

// ---- effects: what the shell shall do, in this order ----------------------------------------------------------------

struct DialRelay {
    LinkId link = 0;
    wire::RelayAddress address;
    RelayTransport transport = RelayTransport::quic;
    WipingBytes device_seed; ///< Ed25519 seed for the TLS raw public key.
};
/// Start ICE with one peer device; when a pair works, run QUIC over it (client role = controlling) with `peer` as
/// pinned key.
struct OpenPath {
    LinkId link = 0;
    DeviceId peer;
    WipingBytes device_seed;
    bool controlling = false;
    bool allow_direct = true; ///< host and srflx candidates may be gathered and leave the device.
    bool allow_turn = true;
    std::vector<wire::TurnServer> turn_servers;
    std::string stun_host;
    std::uint16_t stun_port = 0;
};
struct SetRemoteDescription {
    LinkId link = 0;
    std::string ufrag;
    std::string pwd;
};
struct AddRemoteCandidate {
    LinkId link = 0;
    std::string candidate;
};
struct RemoteGatheringDone {
    LinkId link = 0;
};
/// When the link refuses the frame (full, too long): close it and report link_down(busy). The engine's windows make
/// that rare.
struct SendFrame {
    LinkId link = 0;
    Bytes frame;
    port::Lane lane = port::Lane::prompt;
};
/// No report about this link any more.
struct CloseLink {
    LinkId link = 0;
};
struct DropDirect {
    bool drop = false;
};
/// Something that takes long: run it on another thread, then call Engine::computed(). It touches nothing that anybody
/// else does.
struct Compute {
    std::uint64_t job = 0; ///< Drawn at random: an engine that was made anew does not know it.
    std::shared_ptr<const std::function<void()>> run;
};

/// Of a call, for who has its media.
struct DirectMedia {
    CallId call;
    port::MediaOrder order;
};

using Effect = std::variant<DialRelay, OpenPath, SetRemoteDescription, AddRemoteCandidate, RemoteGatheringDone,
                            SendFrame, CloseLink, DropDirect, Compute, DirectMedia>;

/// Every figure that shapes behaviour, in one place, so that tests can turn each knob.
struct Config {
    std::string client_version = "0.1.0";
    std::string platform = "unknown";

    /// architecture.md "The path rule": how long content waits for a direct path before it may go by mailbox.
    Duration direct_attempt_max = std::chrono::seconds(2);
    /// No frame for this long while the far side owes one (receipt or pong): the link is dead, offer elsewhere.
    Duration link_silence_max = std::chrono::milliseconds(2500);
    /// A ping goes out when a frame is owed for this long.
    Duration link_probe_after = std::chrono::milliseconds(800);
    /// NAT bindings live 30 s or longer (RFC 4787 REQ-5 asks 2 min; the field gives 30 s): ping an idle peer link this
    /// often.
    Duration peer_keepalive = std::chrono::seconds(15);
    Duration relay_keepalive = std::chrono::seconds(25);
    /// A relay that has not answered a ping for this long is gone.
    Duration relay_silence_max = std::chrono::seconds(10);
    /// An idle peer link without a conversation is closed after this.
    Duration peer_link_idle_max = std::chrono::minutes(10);
    /// TLS/TCP is dialled beside QUIC when QUIC has not come up by then (RFC 8305's idea).
    Duration relay_tls_after = std::chrono::milliseconds(400);
    Duration relay_dial_max = std::chrono::seconds(10);
    Duration backoff_min = std::chrono::milliseconds(250);
    Duration backoff_max = std::chrono::seconds(30);
    /// An offer without an answer for this long was lost, or the peer is not there any more.
    Duration offer_answer_max = std::chrono::seconds(5);
    /// ICE and the QUIC handshake over it take at most this long (goals.md N1: connected within 10 s).
    Duration peer_dial_max = std::chrono::seconds(12);
    /// While turned or by mailbox: try ICE again this often (doubling up to the max).
    Duration direct_retry_min = std::chrono::seconds(5);
    Duration direct_retry_max = std::chrono::minutes(5);
    Duration request_timeout = std::chrono::seconds(15);
    /// A message held for its parents is shown with a gap after this.
    Duration parent_wait_max = std::chrono::seconds(30);
    /// The same in a conversation that is older than this device and still empty here; then it is no gap.
    Duration first_parent_wait_max = std::chrono::seconds(2);
    /// An open link that does not get its receipts: how long before the window moves on without them.
    Duration receipt_wait_max = std::chrono::seconds(30);
    /// The relay refused an envelope (quota): how long its recipient's mailbox rests.
    Duration mailbox_retry = std::chrono::seconds(30);
    std::int64_t delivery_deadline_ms = 30LL * 24 * 3600 * 1000;
    /// A stored envelope whose receipt has not come is offered again after this (the relay may have lost it).
    std::int64_t mailbox_reoffer_ms = 24LL * 3600 * 1000;

    /// How long an own message may be taken back until the user says something else; others take it for
    /// conversation::recall_ms_max.
    std::int64_t recall_window_ms = std::int64_t{request::recall_seconds_usual} * 1000;

    std::uint32_t outbox_messages_max = 50'000; ///< In all; more only as assured.
    /// Waiting for one device. Whoever stays away fills what is theirs; others are sent to as ever.
    std::uint32_t outbox_device_messages_max = 10'000;
    std::uint32_t outbox_device_messages_assured = 256; ///< However full the outbox is.
    std::uint32_t held_messages_max = 1'000;
    std::uint32_t held_bytes_max = 4 * 1024 * 1024;
    std::uint32_t in_flight_messages_max = 256; ///< Un-receipted envelopes on one link.
    std::uint32_t in_flight_bytes_max = 2 * 1024 * 1024;
    /// What is said in a group of more accounts than these the relay fans out.
    std::uint32_t group_direct_members_max = godwit::group_direct_members_max;
    std::uint32_t contacts_max = 2'000;
    std::uint32_t peer_links_max = 256;
    std::uint32_t pending_requests_max = 256;
    std::uint32_t relay_in_flight_bytes_max = 2 * 1024 * 1024; ///< Envelopes put and not answered.
    std::uint32_t tick_bytes_max = 4 * 1024 * 1024;            ///< Envelopes read from the store in one tick.
    std::uint32_t remote_candidates_max = 20;                  ///< Per ICE session (goals.md "Limits").
    std::uint32_t key_packages_kept = 16; ///< One-time KeyPackages at the relay; renewed at half of that.

    // Files.
    std::uint64_t auto_fetch_bytes_max = 10 * 1024 * 1024; ///< Until the application says something else.
    /// Files of one contact that come by themselves and are not whole; further ones wait until they are asked for.
    std::uint32_t auto_fetch_waiting_max = 64;
    /// All that came by itself and is kept. Beyond, files wait until they are asked for.
    std::uint64_t auto_fetch_total_bytes_max = std::uint64_t{8} * 1024 * 1024 * 1024;
    /// What comes by itself and got no further for so long waits until it is asked for.
    std::int64_t auto_fetch_wait_ms = 7LL * 24 * 3600 * 1000;
    std::uint32_t files_at_once_max = 32;             ///< Fetched; the others wait their turn.
    std::uint32_t file_jobs_max = 4;                  ///< Added and saved at once; more are refused (busy).
    std::uint32_t file_slice_bytes_max = 1024 * 1024; ///< Served, added and saved in one tick, each.
    /// What is lost of a file that is coming in when the process dies: it is synced and marked this often.
    std::uint32_t file_mark_bytes = 8 * 1024 * 1024;
    Duration file_mark_after = std::chrono::seconds(1);
    Duration file_progress_every = std::chrono::milliseconds(500);
    /// A sender leaves a file at the relay when nobody of the others has been linked for so long.
    Duration blob_upload_after = std::chrono::seconds(5);
    Duration blob_retry_min = std::chrono::seconds(15);
    Duration blob_retry_max = std::chrono::minutes(10);
    std::uint32_t blob_puts_max = 4; ///< Not answered.
    /// Whether the relay still has what was left there is looked at again this often.
    std::int64_t blob_look_every_ms = 24LL * 3600 * 1000;
    /// Whoever may have a file is looked for this often while nobody gives it.
    Duration file_look_every = std::chrono::seconds(5);
    Duration file_ask_again = std::chrono::seconds(30); ///< Of who had nothing.
    /// Room that files leave to messages.
    std::uint64_t disk_reserve_bytes = 64 * 1024 * 1024;
    std::uint32_t room_asked_every_bytes = 8 * 1024 * 1024; ///< Written, and the disk is asked for its room again.
    Duration disk_retry = std::chrono::seconds(30);

    std::uint32_t events_untaken_max = 1024; ///< Received messages shown and not taken; more wait in the store.
};

/// Lists that the application watches, as far as it was told of them.
struct Watches;

class Engine {
public:
    /// Without `files` every request about files is refused (unsupported), and none are served; without `media`
    /// likewise calls.
    Engine(Config config, port::Store& store, port::Entropy& entropy, port::Trace& trace, port::FileDoors files = {},
           port::MediaDoor* media = nullptr);
    ~Engine();

    /// Reads the store; emits events that the application has not taken; dials when an account is logged in.
    void start(Moment now);

    void submit(Command command, Moment now);
    /// The application has taken this message's event (and will not be shown it again).
    void message_taken(const ConversationId& conversation, const MessageId& id);

    // what the shell reports about links
    /// `path`: for peer links direct or turned; `detail` for display ("host 10.0.0.2 ↔ srflx 192.0.2.7").
    void link_up(LinkId link, const PublicKey& peer, Path path, std::string_view detail, Moment now);
    void link_frame(LinkId link, BytesView frame, Moment now);
    void link_down(LinkId link, const Error& reason, Moment now);
    /// The ICE pair under a live link changed.
    void link_path_changed(LinkId link, Path path, std::string_view detail, Moment now);
    /// When the transport last heard authenticated bytes of the far side (port::LinkQuality::last_heard;
    /// acknowledgements count). Reported before handle_deadline: without it a large frame on a slow uplink looks like
    /// silence.
    void link_heard(LinkId link, Instant at);
    void ice_local_description(LinkId link, std::string_view ufrag, std::string_view pwd, Moment now);
    void ice_local_candidate(LinkId link, std::string_view candidate, Moment now);
    void ice_gathering_done(LinkId link, Moment now);
    /// The program stops, or is about to be frozen: hangs up the call that this device is in, and ends here what rings;
    /// the account's other devices ring on. False: there was no call. Last but handle_deadline().
    [[nodiscard]] bool end_calls(Moment now);
    /// What has become of a call's media.
    void media_report(const CallId& call, const port::MediaReport& report, Moment now);

    /// A Compute effect has run.
    void computed(std::uint64_t job, Moment now);

    /// Ends every tick, whether or not deadline() has passed.
    void handle_deadline(Moment now);
    [[nodiscard]] Instant deadline() const;

    /// To be asked for after a commit, and given to an Engine that is made anew from the same store: lists that are
    /// watched go on from what was told of them. The same pointer as before: nothing has changed.
    [[nodiscard]] std::shared_ptr<const Watches> watches() const;
    /// Before start().
    void resume(std::shared_ptr<const Watches> watches);

    [[nodiscard]] std::optional<Effect> next_effect();
    [[nodiscard]] std::optional<Event> next_event();
    void discard_outputs();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace godwit::engine
