// SPDX-License-Identifier: Apache-2.0
// One call's media: a thread, and on it a pipeline::Session with its devices.
//
//   every 10 ms   source -> push_audio; pull_audio -> sink
//   every picture source -> push_picture
//   a datagram    receive, then pictures -> sink
//   afterwards    what leaves -> Out; once a second, how it goes -> Out
#pragma once

#include "lib/port/media.hpp"
#include "media/host/devices.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <thread>

namespace godwit::media_host {

/// Datagrams that wait for the media thread; of more the oldest are dropped. Half a second of 8 Mbit/s.
inline constexpr std::size_t inbox_datagrams_max = 512;
/// Steps of 10 ms that are made up for at once when the thread was held up; beyond, time is skipped.
inline constexpr int catch_up_max = 20;

/// What a call gives to the loop. Called on the media thread; short, never waits for anybody.
class Out {
public:
    /// False: dropped, because nobody fetches.
    virtual bool datagram(std::uint64_t link, Bytes bytes) = 0;
    virtual void report(const CallId& call, port::MediaReport report) = 0;

protected:
    ~Out() = default;
};

class CallThread {
public:
    /// `entropy`: 12 random bytes. Errors: those of Devices::open; internal (no thread).
    [[nodiscard]] static Result<std::unique_ptr<CallThread>>
    start(const CallId& call, port::MediaBegin begin, const std::array<std::uint8_t, 12>& entropy, Out& out);
    /// Ends it: files are whole afterwards.
    ~CallThread();
    CallThread(const CallThread&) = delete;
    CallThread& operator=(const CallThread&) = delete;

    void order(port::MediaOrder order);
    void datagram(BytesView bytes);
    [[nodiscard]] const DeviceId& peer() const noexcept { return begin_.peer; }
    [[nodiscard]] AppSide& app() noexcept { return devices_->app(); }
    [[nodiscard]] bool app_pictures() const noexcept { return devices_->app_pictures(); }

private:
    class Run;
    CallThread(const CallId& call, port::MediaBegin begin, const std::array<std::uint8_t, 12>& entropy, Out& out);

    const CallId call_;
    port::MediaBegin begin_;
    const std::array<std::uint8_t, 12> entropy_;
    Out& out_;
    std::unique_ptr<Devices> devices_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Bytes> datagrams_;
    std::vector<port::MediaOrder> orders_;
    std::uint64_t dropped_ = 0;
    bool stop_ = false;
    std::thread thread_;
};

} // namespace godwit::media_host
