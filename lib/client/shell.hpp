// SPDX-License-Identifier: Apache-2.0
// client: the room between an application's threads and the engine on its own thread.
//
//   application threads                     |  loop thread
//   submit ──> Mailbox (bounded) ── wake ───┼──> Ticker: gather → Engine → Store::commit → speak ──> Shell (links,
//   timers) poll/wait <── EventQueue (bounded) <────┼──────┘                                    ^               │
//   wake_fd                                 |                                           └── Reports ────┘
//
//   mailbox.hpp, event_queue.hpp, wake_fd.hpp   what both sides share, each with its own lock
//   ticker.hpp                                  the tick rule, back-pressure, and what happens when a commit fails
//   facade.hpp                                  the thread, and the calls that an application makes
//   shell.hpp (this file)                       what the client needs of the outside: real in lib/assembly, scripted in
//   tests
#pragma once

#include "lib/engine/engine.hpp"

#include <functional>
#include <optional>

namespace godwit::client {

using engine::LinkId;

/// What a shell tells the client, on the loop thread. A report may come at any time, also while an effect is performed.
/// Nothing is reported about a link that was closed by CloseLink or close_links().
class Reports {
public:
    /// After Shell::wake(); many wakes may become one call.
    virtual void woken() = 0;
    /// After Shell::end_turn_soon().
    virtual void turn_ended() = 0;
    /// The deadline passed.
    virtual void deadline_reached() = 0;

    // As in engine.hpp.
    virtual void link_up(LinkId link, const PublicKey& peer, Path path, std::string_view detail) = 0;
    virtual void link_frame(LinkId link, BytesView frame) = 0;
    virtual void link_down(LinkId link, const Error& reason) = 0;
    virtual void link_path_changed(LinkId link, Path path, std::string_view detail) = 0;
    virtual void ice_local_description(LinkId link, std::string_view ufrag, std::string_view pwd) = 0;
    virtual void ice_local_candidate(LinkId link, std::string_view candidate) = 0;
    virtual void ice_gathering_done(LinkId link) = 0;
    virtual void media_report(const CallId& call, port::MediaReport report) = 0;
    /// The platform says that addresses or routes changed: as the request NetworkChanged, without a reply.
    virtual void network_changed() = 0;

protected:
    ~Reports() = default;
};

/// One loop, its thread's clock, and the links on it. Made, called and destroyed on the loop thread, except wake() and
/// stop(): any thread, as long as it lives.
class Shell {
public:
    virtual ~Shell() = default;

    /// Whom to report to, from the first call on. Before anything else.
    virtual void observe(Reports& reports) = 0;
    /// Dispatches until stop().
    virtual void run() = 0;
    virtual void stop() = 0;

    // In place of run(), by a host that turns the loop itself (Facade::run_once).
    /// Waits at most `wait_max` for something to happen and dispatches it.
    virtual void run_once(Duration wait_max) { (void)wait_max; }
    /// How long run_once() has nothing to do, unless driver_fd() becomes readable; nullopt: for ever.
    [[nodiscard]] virtual std::optional<Duration> quiet_for() const { return std::nullopt; }
    [[nodiscard]] virtual int driver_fd() const { return -1; }

    virtual void wake() = 0;

    [[nodiscard]] virtual Moment now() = 0;
    /// Replaces the deadline; `never` for none.
    virtual void set_deadline(Instant deadline) = 0;
    /// One turn_ended() after everything that is ready now has been reported.
    virtual void end_turn_soon() = 0;
    /// `work` on another thread, then `done` on the loop thread (not after stop()). False: too many under way.
    [[nodiscard]] virtual bool in_background(std::function<void()> work, std::function<void()> done) = 0;

    virtual void perform(engine::Effect effect) = 0;
    /// Every link that is up, and when authenticated bytes of the far side last arrived on it.
    struct Heard {
        LinkId link = 0;
        Instant at{};
    };
    [[nodiscard]] virtual std::vector<Heard> heard() = 0;
    /// Goodbye to every link, after what was written to it as far as the transport takes it now.
    virtual void close_links() = 0;
};

} // namespace godwit::client
