// SPDX-License-Identifier: Apache-2.0
// front: the thin shell around the core. Links on one side, LinkIds on the other, and the tick between them:
//
//   frames of one turn of the loop -> core (gather) -> next turn: commit -> frames to links (speak)
//
// So whatever arrives together is stored together.
#pragma once

#include "relay/core/core.hpp"
#include "transport/loop/loop.hpp"
#include "transport/tls/link_options.hpp"

namespace godwit::relay {

/// Waits for a link whose own queue (port::link_queue_bytes_max) is full: a long contact list on a slow line. Beyond,
/// the link is closed; whatever it missed comes again when it is back.
inline constexpr std::size_t backlog_bytes_max = 16 * 1024 * 1024;
/// Between the last word and the end: for the last datagrams to leave and be heard.
inline constexpr Duration goodbye_time = std::chrono::milliseconds(200);

class Front final : public tls::LinkAcceptor, public port::LinkObserver {
public:
    /// `commit_failed` hears of each tick that could not be stored.
    Front(loop::Loop& loop, Core& core, std::function<void(const Error&)> commit_failed);
    ~Front();

    /// Tells everyone, waits goodbye_time, closes everything, calls `done`.
    void drain(std::function<void()> done);

    /// Called after each tick: how long it took, its commit alone, and whether that could be stored.
    void observe_ticks(std::function<void(Duration, Duration, const Result<void>&)> ticked)
    {
        ticked_ = std::move(ticked);
    }

    /// Ends the core's tick now. The error of its commit.
    Result<void> tick();

    port::LinkObserver& link_accepted(std::unique_ptr<port::Link> link, const loop::Address& from) override;

private:
    struct Entry {
        LinkId id = 0;
        std::unique_ptr<port::Link> link;
        std::deque<Bytes> backlog;
        std::size_t backlog_bytes = 0;
    };

    void link_up(port::Link&) override {}
    void link_frame(port::Link& link, BytesView frame) override;
    void link_writable(port::Link& link) override;
    void link_down(port::Link& link, const Error& reason) override;

    void plan();
    void deliver(Output&& output);
    void drop(LinkId link);
    [[nodiscard]] Entry* find(LinkId link);

    Core& core_;
    std::function<void(const Error&)> commit_failed_;
    loop::Timer tick_;
    loop::Timer deadline_;
    loop::Timer goodbye_;
    std::unordered_map<LinkId, Entry> links_;
    std::unordered_map<const port::Link*, LinkId> ids_;
    LinkId last_id_ = 0;
    bool draining_ = false;
    std::function<void()> drained_;
    std::function<void(Duration, Duration, const Result<void>&)> ticked_;
    Instant gathering_since_ = never; ///< When the first input of this tick came.
};

} // namespace godwit::relay
