// SPDX-License-Identifier: Apache-2.0
// One call's media: a thread, and on it its devices and a Peer for each other device.
//
//   every 10 ms   source -> echo, noise, gain -> each peer; peers -> mixed -> sink
//   every picture source -> each peer
//   a datagram    its peer, then pictures -> sink
//   afterwards    what leaves -> Out; once a second, how it goes -> Out
#pragma once

#include "lib/port/media.hpp"
#include "media/host/devices.hpp"
#include "media/host/peer.hpp"

#include <condition_variable>
#include <deque>
#include <set>
#include <thread>

namespace godwit::media_host {

/// Datagrams that wait for the media thread; of more the oldest are dropped. Half a second of 8 Mbit/s.
inline constexpr std::size_t inbox_datagrams_max = 512;
/// Steps of 10 ms that are made up for at once when the thread was held up; beyond, time is skipped.
inline constexpr int catch_up_max = 20;

class CallThread {
public:
    /// Errors: those of Devices::open; internal (no thread).
    [[nodiscard]] static Result<std::unique_ptr<CallThread>> start(const CallId& call, port::MediaBegin begin,
                                                                   const PeerEntropy& entropy, Out& out);
    /// As end().
    ~CallThread();
    CallThread(const CallThread&) = delete;
    CallThread& operator=(const CallThread&) = delete;

    /// `entropy`: for a MediaJoin.
    void order(port::MediaOrder order, const PeerEntropy& entropy);
    /// Ignored when `from` is not in this call.
    void datagram(const DeviceId& from, BytesView bytes);
    /// Files are whole afterwards, and nothing comes to Out any more, whoever still holds this: a thread of the
    /// application may be in app(), and must neither keep the call alive nor wait for its end. By one thread.
    void end();

    [[nodiscard]] AppSide& app() noexcept { return devices_->app(); }
    [[nodiscard]] const OfApp& of_app() const noexcept { return devices_->of_app(); }

    struct Order {
        port::MediaOrder what;
        PeerEntropy entropy{};
    };
    struct Datagram {
        DeviceId from;
        Bytes bytes;
    };

private:
    CallThread(const CallId& call, Out& out) : call_(call), out_(out) {}
    void run(port::MediaBegin begin, const PeerEntropy& entropy);

    const CallId call_;
    Out& out_;
    std::unique_ptr<Devices> devices_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Datagram> datagrams_;
    std::vector<Order> orders_;
    std::set<DeviceId> peers_;
    std::uint64_t dropped_ = 0;
    bool stop_ = false;
    std::thread thread_;
};

} // namespace godwit::media_host
