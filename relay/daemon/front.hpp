// SPDX-License-Identifier: Apache-2.0
// front: the thin shell around the core. Links on one side, LinkIds on the other, and the tick between them:
//
//   frames of one turn of the loop -> core (gather) -> next turn: commit -> frames to links (speak)
//
// So whatever arrives together is stored together.
//
// And who does not read what it is told: its link's queue, then a backlog here, both bounded; the link is closed when
// the backlog is full, when all backlogs together are (the largest goes), or when nothing of it moves for stalled_max.
// Once a second it measures how things stand, for the core's shedding.
#pragma once

#include "relay/core/core.hpp"
#include "relay/daemon/strain.hpp"
#include "transport/loop/loop.hpp"
#include "transport/tls/link_options.hpp"

namespace godwit::relay {

/// Of a frame from who has not logged in: the longest way in (two longest device lists) fits. The core counts all of
/// them (Limits::unauthenticated_bytes_max); this keeps the transport from gathering more than that first.
inline constexpr std::size_t stranger_frame_bytes_max = Limits{}.unauthenticated_bytes_max;
/// Waits for a link whose own queue (port::link_queue_bytes_max) is full: a long contact list on a slow line. Beyond,
/// the link is closed; whatever it missed comes again when it is back.
inline constexpr std::size_t backlog_bytes_max = 16 * 1024 * 1024;
/// Between the last word and the end: for the last datagrams to leave and be heard.
inline constexpr Duration goodbye_time = std::chrono::milliseconds(200);

class Front final : public tls::LinkAcceptor, public port::LinkObserver {
public:
    /// `commit_failed` hears of each tick that could not be stored, `shed_changed` of each change of the core's shed().
    Front(loop::Loop& loop, Core& core, const OverloadLimits& limits, std::function<void(const Error&)> commit_failed,
          std::function<void(Shed)> shed_changed);
    ~Front();

    /// Tells everyone, waits goodbye_time, closes everything, calls `done`.
    void drain(std::function<void()> done);

    /// Once a second, by itself: who does not read goes, and the core hears how things stand.
    void look(Moment now);
    /// Called after each tick: how long it took, its commit alone, and whether that could be stored.
    void observe_ticks(std::function<void(Duration, Duration, const Result<void>&)> ticked)
    {
        ticked_ = std::move(ticked);
    }

    /// How a link ended.
    struct End {
        const loop::Address& from;
        std::string_view cause; ///< The name of an error; "closed" by the relay, "slow_reader", "drained".
        bool logged_in = false;
        Duration lasted{};
    };
    void observe_ends(std::function<void(const End&)> ended) { ended_ = std::move(ended); }

    /// Ends the core's tick now. The error of its commit.
    Result<void> tick();

    /// Links that were closed because they did not read.
    [[nodiscard]] std::uint64_t slow_readers_closed() const noexcept { return slow_readers_closed_; }

    port::LinkObserver& link_accepted(std::unique_ptr<port::Link> link, const loop::Address& from) override;

private:
    struct Entry {
        LinkId id = 0;
        std::unique_ptr<port::Link> link;
        loop::Address from;
        Instant since{};
        std::deque<Bytes> backlog;
        std::size_t backlog_bytes = 0;
        bool is_member = false;
        // When it last took something, and how it stood then.
        Instant moved{};
        std::uint64_t sent_bytes = 0;
        std::uint64_t queued_bytes = 0;
    };

    void link_up(port::Link&) override {}
    void link_frame(port::Link& link, BytesView frame) override;
    void link_writable(port::Link& link) override;
    void link_down(port::Link& link, const Error& reason) override;

    void plan();
    void deliver(Output&& output);
    void drop(LinkId link, std::string_view cause);
    void tell_end(const Entry& entry, std::string_view cause) const;
    void close_slow(LinkId link);
    void close_slowest();
    [[nodiscard]] Entry* find(LinkId link);

    Core& core_;
    StrainGauge gauge_;
    std::function<void(const Error&)> commit_failed_;
    std::function<void(Shed)> shed_changed_;
    loop::Timer tick_;
    loop::Timer deadline_;
    loop::Timer goodbye_;
    loop::Timer look_;
    std::unordered_map<LinkId, Entry> links_;
    std::unordered_map<const port::Link*, LinkId> ids_;
    LinkId last_id_ = 0;
    std::uint64_t backlogs_bytes_ = 0;
    std::uint64_t slow_readers_closed_ = 0;
    bool draining_ = false;
    std::function<void()> drained_;
    std::function<void(Duration, Duration, const Result<void>&)> ticked_;
    std::function<void(const End&)> ended_;
    Instant gathering_since_ = never; ///< When the first input of this tick came.
};

} // namespace godwit::relay
