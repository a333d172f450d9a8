// SPDX-License-Identifier: Apache-2.0
#include "media/host/call_thread.hpp"

#include "media/host/call_run.hpp"

#include <exception>

namespace godwit::media_host {

namespace {

Instant clock_now()
{
    return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

} // namespace

void CallThread::run(port::MediaBegin begin, const PeerEntropy& entropy)
{
    Error why{ErrorCode::internal, "call media: out of memory", 0};
    try {
        CallRun run(call_, *devices_, out_);
        const auto begun = run.begin(std::move(begin), entropy, clock_now());
        std::deque<Datagram> datagrams;
        std::vector<Order> orders;
        for (std::uint64_t dropped = 0; begun;) {
            {
                const auto at = std::chrono::steady_clock::time_point(run.deadline().time_since_epoch());
                std::unique_lock lock(mutex_);
                changed_.wait_until(lock, at, [this] { return stop_ || !datagrams_.empty() || !orders_.empty(); });
                if (stop_) return;
                datagrams.swap(datagrams_);
                orders.swap(orders_);
                dropped = dropped_;
            }
            const auto now = clock_now();
            for (auto& one : orders)
                run.order(one, now);
            for (const auto& one : datagrams)
                run.datagram(one, now);
            orders.clear();
            datagrams.clear();
            run.work(dropped, now);
        }
        why = begun.error();
    } catch (const std::exception&) { // of a vendor, or no memory: this call ends, nothing else
    }
    out_.report(call_, port::MediaFailed{std::move(why)});
}

Result<std::unique_ptr<CallThread>> CallThread::start(const CallId& call, port::MediaBegin begin,
                                                      const PeerEntropy& entropy, Out& out)
{
    auto devices = Devices::open(begin.devices);
    if (!devices) return devices.error();
    std::unique_ptr<CallThread> made(new CallThread(call, out));
    made->devices_ = std::move(*devices);
    if (!begin.peer.is_zero()) made->peers_.insert(begin.peer);
    try {
        made->thread_ = std::thread(
            [self = made.get(), begin = std::move(begin), entropy]() mutable { self->run(std::move(begin), entropy); });
    } catch (const std::exception& trouble) {
        return Error{ErrorCode::internal, std::string("call media: no thread: ") + trouble.what(), 0};
    }
    return made;
}

CallThread::~CallThread()
{
    end();
}

void CallThread::end()
{
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
    devices_->close();
}

void CallThread::order(port::MediaOrder order, const PeerEntropy& entropy)
{
    {
        const std::lock_guard lock(mutex_);
        if (const auto* join = std::get_if<port::MediaJoin>(&order)) peers_.insert(join->peer);
        if (const auto* leave = std::get_if<port::MediaLeave>(&order)) peers_.erase(leave->peer);
        orders_.push_back({std::move(order), entropy});
    }
    changed_.notify_one();
}

void CallThread::datagram(const DeviceId& from, BytesView bytes)
{
    {
        const std::lock_guard lock(mutex_);
        if (!peers_.contains(from)) return;
        if (datagrams_.size() >= inbox_datagrams_max) {
            datagrams_.pop_front();
            ++dropped_;
        }
        datagrams_.push_back({from, to_bytes(bytes)});
    }
    changed_.notify_one();
}

} // namespace godwit::media_host
