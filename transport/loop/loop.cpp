// SPDX-License-Identifier: Apache-2.0
// One turn: prepare (arm the one system timer for the earliest deadline) -> poll -> due timers, sockets, bells ->
// closes.
#include "transport/loop/loop.hpp"

#include "lib/base/check.hpp"
#include "transport/loop/loop_impl.hpp"

#include <algorithm>
#include <chrono>

#ifdef __linux__
#include <sys/timerfd.h>
#include <unistd.h>
#endif

namespace godwit::loop {
namespace {

std::unique_ptr<PollHandle> open_precise_clock(Loop& loop, LoopImpl& impl)
{
#ifdef __linux__
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) return nullptr;
    auto out = std::make_unique<PollHandle>(loop, fd, [&impl](int) {
        std::uint64_t expirations = 0;
        static_cast<void>(read(impl.precise->fd(), &expirations, sizeof expirations)); // all of them, in one number
        impl.alarm();
    });
    if (!out->valid()) return nullptr;
    out->watch(UV_READABLE);
    return out;
#else
    static_cast<void>(loop);
    static_cast<void>(impl);
    return nullptr;
#endif
}

/// How much later the alarm must ring to be put off, and how long until that is done again.
constexpr Duration put_off_least = std::chrono::seconds(1);

struct BackgroundJob {
    uv_work_t request{};
    LoopImpl* loop = nullptr;
    std::function<void()> work;
    std::function<void()> done;
};

} // namespace

// ---------------------------------------------------------------------------------------------- timers

void LoopImpl::arm()
{
    const Instant earliest = timers.empty() ? never : timers.begin()->first.first;
    const Instant now = Loop::now().mono;
    if (earliest <= now) {
        // Due already: an active idle handle keeps the next poll from waiting, without a word to the system.
        if (uv_is_active(reinterpret_cast<uv_handle_t*>(&hurry)) == 0) uv_idle_start(&hurry, [](uv_idle_t*) {});
        return;
    }
    uv_idle_stop(&hurry);
    // Armed too early costs one idle turn; deadlines that move on with every datagram would cost a system call each. So
    // it is put off only when that saves a sleeping device a wake-up, and not more than once in a while.
    if (earliest >= armed) {
        if (earliest - armed < put_off_least || now < put_off_after) return;
        put_off_after = now + put_off_least;
    }
    armed = earliest;
    if (earliest == never) {
        disarm();
        return;
    }
    const Duration wait = earliest - now;
#ifdef __linux__
    if (precise) {
        itimerspec spec{}; // not zero, that would disarm: a due deadline does not come here
        spec.it_value.tv_sec = static_cast<time_t>(wait.count() / 1'000'000);
        spec.it_value.tv_nsec = static_cast<long>(wait.count() % 1'000'000) * 1000;
        timerfd_settime(precise->fd(), 0, &spec, nullptr);
        return;
    }
#endif
    uv_update_time(&uv);
    const auto wait_ms = static_cast<std::uint64_t>((wait.count() + 999) / 1000);
    uv_timer_start(&coarse, [](uv_timer_t* t) { static_cast<LoopImpl*>(t->data)->alarm(); }, wait_ms, 0);
}

void LoopImpl::disarm()
{
#ifdef __linux__
    if (precise) {
        const itimerspec nothing{};
        timerfd_settime(precise->fd(), 0, &nothing, nullptr);
        return;
    }
#endif
    uv_timer_stop(&coarse);
}

void LoopImpl::prepare_turn()
{
    if (!timers.empty() && timers.begin()->first.first <= Loop::now().mono) fire_due();
    arm();
}

void LoopImpl::alarm()
{
    armed = never;
    fire_due();
}

void LoopImpl::fire_due()
{
    const Instant now = Loop::now().mono;
    const std::uint64_t order_end = next_order; // a timer set by a callback waits for the next turn
    while (!timers.empty()) {
        const auto first = timers.begin();
        if (first->first.first > now || first->first.second >= order_end) break;
        const std::shared_ptr<TimerState> timer = first->second; // survives its own destruction inside the call
        timers.erase(first);
        timer->deadline = never;
        timer->fired();
    }
}

Timer::Timer(Loop& loop, std::function<void()> fired) : state_(std::make_shared<TimerState>())
{
    state_->loop = &loop.impl();
    state_->fired = std::move(fired);
    ++state_->loop->timers_alive;
}

Timer::~Timer()
{
    cancel();
    --state_->loop->timers_alive;
}

Instant Timer::deadline() const noexcept
{
    return state_->deadline;
}

void Timer::set(Instant deadline)
{
    if (deadline == state_->deadline) return;
    LoopImpl& loop = *state_->loop;
    LoopImpl::TimerMap::node_type node;
    if (state_->deadline != never) node = loop.timers.extract({state_->deadline, state_->order});
    state_->deadline = deadline;
    if (deadline != never) {
        state_->order = loop.next_order++;
        if (node.empty()) {
            loop.timers.emplace(LoopImpl::TimerMap::key_type{deadline, state_->order}, state_);
        } else {
            node.key() = {deadline, state_->order};
            loop.timers.insert(std::move(node));
        }
    }
    if (!loop.inside_run) loop.arm(); // a host that polls between turns must see this deadline too
}

// ------------------------------------------------------------------------------------------------ loop

Loop::Loop(LoopOptions options) : impl_(std::make_unique<LoopImpl>())
{
    GODWIT_ASSERT(uv_loop_init(&impl_->uv) == 0);
    impl_->uv.data = impl_.get();
    GODWIT_ASSERT(uv_async_init(&impl_->uv, &impl_->stop_bell, [](uv_async_t* bell) { uv_stop(bell->loop); }) == 0);
    uv_timer_init(&impl_->uv, &impl_->coarse);
    impl_->coarse.data = impl_.get();
    uv_idle_init(&impl_->uv, &impl_->hurry);
    uv_prepare_init(&impl_->uv, &impl_->prepare);
    impl_->prepare.data = impl_.get();
    uv_prepare_start(&impl_->prepare, [](uv_prepare_t* p) { static_cast<LoopImpl*>(p->data)->prepare_turn(); });
    if (options.precise_timers) impl_->precise = open_precise_clock(*this, *impl_);
    uv_run(&impl_->uv, UV_RUN_NOWAIT); // registers the descriptors, so that backend_fd() is good at once
}

Loop::~Loop()
{
    impl_->closing = true;
    for (uv_req_t* request : impl_->requests)
        uv_cancel(request);
    impl_->precise.reset();
    for (auto* handle :
         {reinterpret_cast<uv_handle_t*>(&impl_->stop_bell), reinterpret_cast<uv_handle_t*>(&impl_->coarse),
          reinterpret_cast<uv_handle_t*>(&impl_->hurry), reinterpret_cast<uv_handle_t*>(&impl_->prepare)})
        uv_close(handle, nullptr);
    // A library that shares this loop may need turns to close what it has: some of its handles after others.
    constexpr int closing_turns_max = 16;
    for (int turn = 0; turn < closing_turns_max && uv_run(&impl_->uv, UV_RUN_NOWAIT) != 0; ++turn) {}
    int left_open = 0;
    uv_walk(
        &impl_->uv,
        [](uv_handle_t* handle, void* count) {
            if (uv_is_closing(handle) == 0) ++*static_cast<int*>(count);
        },
        &left_open);
    GODWIT_ASSERT(left_open == 0);
    GODWIT_ASSERT(impl_->timers_alive == 0);
    uv_run(&impl_->uv, UV_RUN_DEFAULT);
    GODWIT_ASSERT(uv_loop_close(&impl_->uv) == 0);
}

Moment Loop::now()
{
    using namespace std::chrono;
    return Moment{Instant(duration_cast<Duration>(steady_clock::now().time_since_epoch())),
                  duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

void Loop::run()
{
    impl_->inside_run = true;
    while (!impl_->stop_wanted.exchange(false))
        uv_run(&impl_->uv, UV_RUN_DEFAULT);
    impl_->inside_run = false;
    impl_->arm();
}

void Loop::run_once(Duration wait_max)
{
    if (wait_max <= Duration::zero()) {
        impl_->inside_run = true;
        uv_run(&impl_->uv, UV_RUN_NOWAIT);
        impl_->inside_run = false;
    } else {
        Timer limit(*this, [] {});
        limit.set(now().mono + wait_max);
        impl_->inside_run = true;
        uv_run(&impl_->uv, UV_RUN_ONCE);
        impl_->inside_run = false;
    }
    impl_->arm();
}

void Loop::stop()
{
    impl_->stop_wanted.store(true);
    uv_async_send(&impl_->stop_bell);
}

int Loop::backend_fd() const
{
    return uv_backend_fd(&impl_->uv);
}

std::optional<Duration> Loop::backend_timeout() const
{
    const int ms = uv_backend_timeout(&impl_->uv);
    if (ms < 0) return std::nullopt;
    return Duration(std::chrono::milliseconds(ms));
}

bool Loop::run_in_background(std::function<void()> work, std::function<void()> done)
{
    if (impl_->closing || impl_->jobs >= background_jobs_max) return false;
    auto job = std::make_unique<BackgroundJob>();
    job->loop = impl_.get();
    job->work = std::move(work);
    job->done = std::move(done);
    job->request.data = job.get();
    const int status = uv_queue_work(
        &impl_->uv, &job->request, [](uv_work_t* request) { static_cast<BackgroundJob*>(request->data)->work(); },
        [](uv_work_t* request, int outcome) {
            const std::unique_ptr<BackgroundJob> owned(static_cast<BackgroundJob*>(request->data));
            --owned->loop->jobs;
            owned->loop->requests.erase(reinterpret_cast<uv_req_t*>(request));
            if (outcome == 0 && !owned->loop->closing) owned->done();
        });
    if (status != 0) return false;
    ++impl_->jobs;
    impl_->requests.insert(reinterpret_cast<uv_req_t*>(&job->request));
    static_cast<void>(job.release());
    return true;
}

uv_loop_t* uv_loop_of(Loop& loop) noexcept
{
    return &loop.impl().uv;
}

// ---------------------------------------------------------------------------------------------- wakeup

struct Wakeup::Impl {
    uv_async_t bell{};
    std::function<void()> woken;
};

Wakeup::Wakeup(Loop& loop, std::function<void()> woken) : impl_(new Impl)
{
    impl_->woken = std::move(woken);
    impl_->bell.data = impl_;
    GODWIT_ASSERT(uv_async_init(&loop.impl().uv, &impl_->bell,
                                [](uv_async_t* bell) { static_cast<Impl*>(bell->data)->woken(); }) == 0);
}

Wakeup::~Wakeup()
{
    uv_close(reinterpret_cast<uv_handle_t*>(&impl_->bell), [](uv_handle_t* h) { delete static_cast<Impl*>(h->data); });
}

void Wakeup::notify() noexcept
{
    uv_async_send(&impl_->bell);
}

} // namespace godwit::loop
