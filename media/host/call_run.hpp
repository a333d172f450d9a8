// SPDX-License-Identifier: Apache-2.0
// What the media thread of a call does. Everything here is that thread's; it is told the time and says when it wants to
// be asked again.
#pragma once

#include "media/host/call_thread.hpp"
#include "media/host/mix.hpp"

#include <map>

namespace godwit::media_host {

class CallRun {
public:
    CallRun(const CallId& call, Devices& devices, Out& out);

    /// Errors: internal, those of Peer::create.
    [[nodiscard]] Result<void> begin(port::MediaBegin begin, const PeerEntropy& entropy, Instant now);
    void order(CallThread::Order& order, Instant now);
    void datagram(const CallThread::Datagram& datagram, Instant now);
    /// After those: what is due by now. `dropped`: datagrams that did not get here.
    void work(std::uint64_t dropped, Instant now);
    [[nodiscard]] Instant deadline() const;

private:
    void take(port::MediaBegin&, const PeerEntropy&) {} // once
    void take(port::MediaKeys& what, const PeerEntropy&);
    void take(port::MediaJoin& what, const PeerEntropy& entropy);
    void take(port::MediaLeave& what, const PeerEntropy&);
    void take(port::MediaWay& what, const PeerEntropy&);
    void take(port::MediaParts& what, const PeerEntropy&);
    void take(port::MediaFiles& what, const PeerEntropy&);
    void take(port::MediaEnd&, const PeerEntropy&) {} // the host ends the thread

    [[nodiscard]] Result<void> add(const DeviceId& device, bool offerer, const CallMedia& theirs,
                                   const PeerEntropy& entropy);
    /// Zero: the only one.
    [[nodiscard]] Peer* find(const DeviceId& device);
    [[nodiscard]] bool sends_pictures() const { return (own_.camera || own_.screen) && !own_.held; }
    void sound();
    void pictures();
    void fail(Error why);

    const CallId call_;
    Devices& devices_;
    Out& out_;
    std::map<DeviceId, std::unique_ptr<Peer>> peers_;
    std::vector<port::CallKeys> keys_; ///< The newest two, the older one first.
    bool in_group_ = false;
    CallMedia own_;
    Mixer mixer_;
    Level level_in_;
    Instant now_{}, next_step_{}, next_picture_{}, next_report_{};
    bool failed_ = false;
    bool told_ = false; ///< That a picture could not be sent.
};

} // namespace godwit::media_host
