// SPDX-License-Identifier: Apache-2.0
// The tick rule, gather → engine → commit → speak, on the loop thread.
//
//   anything happens ─> gather(): begin a transaction if none is open ─> engine.…(now)
//   the turn ends    ─> finish(): commit
//        committed:  events to the application's queue, then effects to the shell
//        refused:    nobody is told anything; every link closes, the engine is made anew from the store,
//                    waiting requests get the error. Peers and relay offer again what was not acknowledged.
//
// Back-pressure: when the application's queue is full, the ticker holds still. No request is taken, no deadline
// handled, no frame processed, hence none receipted, so peers and relay stop by themselves at their windows. What
// arrives meanwhile is held up to a bound, past which the links are closed. No event is lost.
//
// While the disk refuses, a tick in which there were only requests is committed without what the engine does by itself,
// which writes: its events are told, its effects go out with the next tick. What else arrives is held until the disk is
// to be tried again: its tick would fail, or be committed by halves.
#pragma once

#include "lib/client/event_queue.hpp"
#include "lib/client/mailbox.hpp"
#include "lib/client/shell.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <set>
#include <unordered_set>

namespace godwit::client {

/// Requests taken in one tick, so that one transaction stays short.
inline constexpr std::size_t tick_requests_max = 256;
/// Passwords being stretched at once: 64 MiB of memory each.
inline constexpr std::size_t derivations_max = 2;
/// What may be held while the application does not take its events: two windows of one peer
/// (engine::Config::in_flight_*).
inline constexpr std::size_t held_reports_max = 4096;
inline constexpr std::size_t held_bytes_max = 4 * 1024 * 1024;
/// Marks "dealt with" ride on the next commit; when there is none, one is made after this.
inline constexpr Duration dealt_with_flush_after = std::chrono::milliseconds(100);
/// After a refused commit no link is opened for this long, doubling: a full disk must not become a storm of reconnects.
inline constexpr Duration storage_backoff_min = std::chrono::milliseconds(250);
inline constexpr Duration storage_backoff_max = std::chrono::seconds(30);

/// What a password gives; lib/assembly brings Argon2id. Runs on a background thread.
struct PasswordKeys {
    WipingBytes login_secret; ///< 32 bytes
    WipingBytes vault_key;    ///< 32 bytes
};
using DerivePassword =
    std::function<Result<PasswordKeys>(std::string_view user, const PublicKey& relay_key, std::string_view password)>;

struct TickerParts {
    engine::Config config;
    port::Store& store;
    port::Entropy& entropy;
    port::Trace& trace;
    Shell& shell;
    Mailbox& mailbox;
    EventQueue& events;
    DerivePassword derive;
    port::FileDoors files{};
    port::MediaDoor* media = nullptr;
    std::vector<EventQueue::Shown> shown{}; ///< Received messages that the application has been shown already.
    std::function<void()> woken{};          ///< Whenever the application has rung, before its requests are taken.
    std::shared_ptr<const engine::Watches> watches{}; ///< Of the ticker before.
};

class Ticker final : public Reports {
public:
    explicit Ticker(TickerParts parts);
    ~Ticker();

    /// First call, on the loop thread: the engine reads the store and dials.
    void start();
    /// Last call: ends calls, marks what the application has dealt with, says goodbye to every link.
    void close();
    /// After close(): what was committed and not told for want of room, then `cancelled` to every request that has no
    /// answer.
    [[nodiscard]] std::vector<Event> take_rest();
    /// As committed.
    [[nodiscard]] std::shared_ptr<const engine::Watches> watches() const { return watches_; }

    void woken() override;
    void turn_ended() override;
    void deadline_reached() override;
    void link_up(LinkId link, const PublicKey& peer, Path path, std::string_view detail) override;
    void link_frame(LinkId link, BytesView frame) override;
    void link_down(LinkId link, const Error& reason) override;
    void link_path_changed(LinkId link, Path path, std::string_view detail) override;
    void ice_local_description(LinkId link, std::string_view ufrag, std::string_view pwd) override;
    void ice_local_candidate(LinkId link, std::string_view candidate) override;
    void ice_gathering_done(LinkId link) override;
    void media_report(const CallId& call, port::MediaReport report) override;
    void network_changed() override;

private:
    using Input = std::function<void(engine::Engine&, Moment)>;

    // gather
    void take_requests();
    void gather(const Input& input, bool is_request = false);
    void report(LinkId link, std::size_t bytes, Input input);
    /// Wipes `password`.
    void derive(RequestId id, bool create, std::string relay, std::string user, std::string& password,
                std::string device_name);
    void submit(RequestId id, std::variant<engine::Credentials, Request> what);
    void answer(RequestId id, Error error);
    void answer_refused(RequestId before);
    // commit
    void finish();
    void mark_dealt_with(Moment now);
    void marks_committed();
    // speak
    void speak(bool answers_only = false);
    void tell(Event&& event);
    void perform(engine::Effect&& effect);
    // and when the commit failed
    void commit_failed(const Error& error);
    /// Runs what the engine does in a tick; false when memory ran out in it. Such a tick is one whose commit was
    /// refused. (Where there is not even memory to say so, the process ends, as by kill -9.)
    template <class Work>
    [[nodiscard]] static bool with_memory(Work&& work)
    {
        try {
            work();
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    [[nodiscard]] static Error out_of_memory();
    void make_engine();
    // back-pressure
    [[nodiscard]] bool holding_still() const { return !backlog_.empty(); }
    [[nodiscard]] bool disk_refuses() const { return storage_backoff_ != Duration::zero(); }
    /// What is no request waits: nobody listens, or the disk is to be tried again later.
    [[nodiscard]] bool holds() const
    {
        return holding_still() || (disk_refuses() && parts_.shell.now().mono < quiet_until_);
    }
    void drop_held();
    void go_on();
    void release();
    void arm();
    void trace(LinkId link, std::string_view what, std::string_view detail);
    void trace_shortage();

    struct Alive {};
    std::shared_ptr<Alive> alive_ = std::make_shared<Alive>(); // background work may outlive this object

    TickerParts parts_;
    std::unique_ptr<engine::Engine> engine_; // null only while the store refuses even to start one
    std::uint64_t engines_made_ = 0;
    std::shared_ptr<const engine::Watches> watches_; // as committed
    bool tick_open_ = false;
    bool exhausted_ = false; // memory ran out in this tick
    bool turn_asked_ = false;
    bool closed_ = false;

    std::unordered_set<RequestId> unanswered_;
    std::deque<event::Reply> refused_; // found wrong before the engine saw them; told in the order of requests
    std::set<RequestId> deriving_;     // not among the unanswered until their password is stretched
    std::unordered_set<LinkId> links_; // opened by effects, not closed or down
    SecretArena::Shortage shortage_told_ = SecretArena::Shortage::none;

    std::deque<Event> backlog_; // committed, waiting for room in the application's queue
    struct Held {
        LinkId link;
        std::size_t bytes;
        Input input;
    };
    std::deque<Held> held_;
    std::size_t held_bytes_ = 0;
    bool network_changed_held_ = false;
    std::vector<std::uint64_t> computed_held_; // few: an engine computes one thing at a time

    /// In this run, mark not committed yet. With its conversation: somebody may use the id of another message.
    std::set<std::pair<MessageId, ConversationId>> shown_;
    std::vector<std::pair<MessageId, ConversationId>> dealt_with_; // to be marked
    std::size_t marking_ = 0; // the first so many of dealt_with_ are in the open transaction
    Instant marks_due_ = never;

    Error storage_error_{ErrorCode::ok, {}, 0};
    Duration storage_backoff_{}; ///< Zero: the last commit of anything held.
    Instant quiet_until_{};
    Instant restart_due_ = never;
    bool only_requests_ = false; ///< In the open tick, so far.
};

} // namespace godwit::client
